//! One clip as the mixer pulls it: verified samples from a bounded ring, never a disk or a lock.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rodio::source::Source;

/// Fade of a clip that is cut, in milliseconds.
const FADE_MS: u32 = 10;
/// A clip that gets no samples for so long is given up.
const STARVED_SECONDS: u32 = 2;

/// What the source, the feeder and the renderer tell each other about one clip.
#[derive(Debug, Default)]
pub(crate) struct ClipState {
    /// Asks the source to fade out and end.
    cut: AtomicBool,
    /// Frames that the source still has to give; 0 when it is done.
    pub(crate) remaining: AtomicU64,
    /// Frames of the clip that the source has given.
    pub(crate) given: AtomicU64,
    /// Frames of silence given because the ring was empty.
    pub(crate) starved: AtomicU64,
    /// The source gave up for want of samples.
    pub(crate) starved_out: AtomicBool,
    /// Why the feeder gave up. Written before `cut` is set; never touched by the audio thread.
    refusal: Mutex<Option<String>>,
}

impl ClipState {
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    pub(crate) fn refuse(&self, why: String) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.cut();
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        if self.starved_out.load(Ordering::Acquire) {
            return Some("storage did not deliver for 2 s; check the disk or card".into());
        }
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How a clip sounds at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastFrames {
    /// It plays to the end of the recording.
    AsRecorded,
    /// It ends before, so that its last frames fade.
    Fade,
}

/// The mixer's source for one clip, at the device's rate, mono.
pub(crate) struct ClipSource {
    rate: NonZero<u32>,
    ring: rtrb::Consumer<i16>,
    state: std::sync::Arc<ClipState>,
    remaining: u64,
    given: u64,
    scale: f32,
    fade_frames: u64,
    ending: LastFrames,
    /// Frames since the fade began.
    fading: Option<u64>,
    starved_in_a_row: u64,
}

impl ClipSource {
    /// `frames` is the clip's length at `rate`.
    pub(crate) fn new(
        rate: NonZero<u32>,
        frames: u64,
        gain: f32,
        ending: LastFrames,
        ring: rtrb::Consumer<i16>,
        state: std::sync::Arc<ClipState>,
    ) -> Self {
        state.remaining.store(frames, Ordering::Release);
        Self {
            rate,
            ring,
            state,
            remaining: frames,
            given: 0,
            scale: gain / 32_768.0,
            fade_frames: u64::from(rate.get() * FADE_MS / 1_000).max(1),
            ending,
            fading: None,
            starved_in_a_row: 0,
        }
    }

    fn end(&mut self) -> Option<f32> {
        self.remaining = 0;
        self.state.remaining.store(0, Ordering::Release);
        None
    }
}

impl Iterator for ClipSource {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.remaining == 0 {
            return self.end();
        }
        if self.fading.is_none() && self.state.cut.load(Ordering::Relaxed) {
            self.fading = Some(0);
            self.remaining = self.remaining.min(self.fade_frames);
        }
        if self.fading.is_none() && self.ending == LastFrames::Fade && self.remaining <= self.fade_frames {
            // the fade's last frame is the clip's last frame, however short the clip is
            self.fading = Some(self.fade_frames - self.remaining);
        }
        let Ok(sample) = self.ring.pop() else {
            self.starved_in_a_row += 1;
            if self.starved_in_a_row > u64::from(self.rate.get() * STARVED_SECONDS) {
                self.state.starved_out.store(true, Ordering::Release);
                return self.end();
            }
            if self.fading.is_some() && self.state.is_cut() {
                return self.end();
            }
            self.state.starved.fetch_add(1, Ordering::Relaxed);
            return Some(0.0);
        };
        self.starved_in_a_row = 0;
        self.remaining -= 1;
        self.given += 1;
        self.state.given.store(self.given, Ordering::Relaxed);
        self.state.remaining.store(self.remaining, Ordering::Release);
        let mut sample = f32::from(sample) * self.scale;
        if let Some(done) = &mut self.fading {
            *done += 1;
            sample *= 1.0 - *done as f32 / self.fade_frames as f32;
        }
        Some(sample)
    }
}

impl Source for ClipSource {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> NonZero<u16> {
        NonZero::<u16>::MIN
    }

    fn sample_rate(&self) -> NonZero<u32> {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}
