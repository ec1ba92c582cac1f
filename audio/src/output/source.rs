//! One clip as the mixer pulls it: verified samples from a bounded ring, never a disk or a lock.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rodio::source::Source;

use super::meter::Meter;

/// Fade of a clip that is cut, in milliseconds.
const FADE_MS: u32 = 10;
/// A clip that gets no samples for so long is given up.
const STARVED_SECONDS: u32 = 2;
/// The level is told after so many chunks of the meter, about every half second.
const CHUNKS_A_MEASURE: u32 = 50;

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
    /// Bits of an f64: the sum of the squares of the recording's own samples so far, before any gain.
    own: AtomicU64,
    /// Bits of an f64: loudness of what was given, in LUFS; 0 while it was not measured, NaN while there is none.
    lufs: AtomicU64,
    /// Bits of an f32: the largest sample that was given.
    peak: AtomicU32,
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

    /// The sum of the squares of the recording's own samples so far, before any gain.
    pub(crate) fn own(&self) -> f64 {
        f64::from_bits(self.own.load(Ordering::Relaxed))
    }

    /// Integrated loudness of what was given, as it was measured last.
    pub(crate) fn lufs(&self) -> Option<f64> {
        let lufs = f64::from_bits(self.lufs.load(Ordering::Relaxed));
        (lufs.is_finite() && lufs < 0.0).then_some(lufs)
    }

    /// The largest sample that was given, linear.
    pub(crate) fn peak(&self) -> f32 {
        f32::from_bits(self.peak.load(Ordering::Relaxed))
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        if self.starved_out.load(Ordering::Acquire) {
            return Some("storage did not deliver for 2 s; check the disk or card".into());
        }
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How a clip is made quieter. Frames are the device's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Linear factor.
    pub(crate) gain: f32,
    /// Its first frames rise from silence; 0 begins as recorded.
    pub(crate) rise: u64,
    /// Its last frames fall to silence; 0 ends as recorded.
    pub(crate) fall: u64,
}

/// The mixer's source for one clip, at the device's rate, mono.
pub(crate) struct ClipSource {
    rate: NonZero<u32>,
    ring: rtrb::Consumer<i16>,
    state: std::sync::Arc<ClipState>,
    /// The clip's whole length.
    frames: u64,
    remaining: u64,
    given: u64,
    scale: f32,
    shape: Shape,
    cut_frames: u64,
    /// Frames since it was cut.
    cutting: Option<u64>,
    starved_in_a_row: u64,
    /// On the heap: requests wait in a ring of many.
    meter: Box<Meter>,
    chunks: u32,
    own: f64,
}

impl ClipSource {
    /// `frames` is the clip's length at `rate`.
    pub(crate) fn new(
        rate: NonZero<u32>,
        frames: u64,
        shape: Shape,
        ring: rtrb::Consumer<i16>,
        state: std::sync::Arc<ClipState>,
    ) -> Self {
        state.remaining.store(frames, Ordering::Release);
        Self {
            rate,
            ring,
            state,
            frames,
            remaining: frames,
            given: 0,
            scale: shape.gain / 32_768.0,
            // they fit, however short the clip is
            shape: Shape { rise: shape.rise.min(frames / 2), fall: shape.fall.min(frames), ..shape },
            cut_frames: u64::from(rate.get() * FADE_MS / 1_000).max(1),
            cutting: None,
            starved_in_a_row: 0,
            meter: Box::new(Meter::new(rate.get())),
            chunks: 0,
            own: 0.0,
        }
    }

    fn end(&mut self) -> Option<f32> {
        if self.remaining > 0 {
            self.remaining = 0;
            self.measure();
        }
        self.state.remaining.store(0, Ordering::Release);
        None
    }

    /// The factor of the frame that was counted in `given` last.
    fn envelope(&mut self) -> f32 {
        let mut factor = 1.0;
        if self.given <= self.shape.rise {
            factor *= curve(self.given, self.shape.rise);
        }
        let left = self.frames - self.given.min(self.frames);
        if left < self.shape.fall {
            factor *= curve(left, self.shape.fall);
        }
        if let Some(done) = &mut self.cutting {
            *done += 1;
            // Ten milliseconds are only there against the click; straight is short enough.
            factor *= self.cut_frames.saturating_sub(*done) as f32 / self.cut_frames as f32;
        }
        factor
    }

    /// Tells the level of what was given so far.
    fn measure(&mut self) {
        self.state.lufs.store(self.meter.lufs().to_bits(), Ordering::Relaxed);
        self.state.peak.store(self.meter.peak().to_bits(), Ordering::Relaxed);
    }

    fn meter(&mut self, own: f32, given: f32) {
        self.own += f64::from(own) * f64::from(own);
        self.state.own.store(self.own.to_bits(), Ordering::Relaxed);
        let measured = self.meter.push(given);
        self.chunks += u32::from(measured);
        let due = self.chunks >= CHUNKS_A_MEASURE;
        if due || self.remaining == 0 {
            self.chunks = 0;
            self.measure();
        }
    }
}

/// A fade's factor after `done` of `of` frames: quadratic, so that the ear hears an even change and no edge at silence.
fn curve(done: u64, of: u64) -> f32 {
    let part = done as f32 / of.max(1) as f32;
    part * part
}

impl Iterator for ClipSource {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.remaining == 0 {
            return self.end();
        }
        if self.cutting.is_none() && self.state.cut.load(Ordering::Relaxed) {
            self.cutting = Some(0);
            self.remaining = self.remaining.min(self.cut_frames);
        }
        let Ok(sample) = self.ring.pop() else {
            self.starved_in_a_row += 1;
            if self.starved_in_a_row > u64::from(self.rate.get() * STARVED_SECONDS) {
                self.state.starved_out.store(true, Ordering::Release);
                return self.end();
            }
            if self.cutting.is_some() {
                return self.end();
            }
            self.state.starved.fetch_add(1, Ordering::Relaxed);
            return Some(0.0);
        };
        self.starved_in_a_row = 0;
        self.remaining -= 1;
        self.given += 1;
        self.state.given.store(self.given, Ordering::Relaxed);
        let own = f32::from(sample);
        let given = own * self.scale * self.envelope();
        self.meter(own / 32_768.0, given);
        // last: whoever sees the end sees what was measured until then
        self.state.remaining.store(self.remaining, Ordering::Release);
        Some(given)
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
