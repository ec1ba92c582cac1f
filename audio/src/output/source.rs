//! One clip as the renderer pulls it: verified samples from a bounded ring, never a disk or a lock.
//!
//! It gives whole stretches, not single frames: what is asked and told between threads is asked and told once for each
//! of them, and the arithmetic between is what the compiler turns into vectors.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::meter::Meter;

/// Fade of a clip that is cut, in milliseconds.
const FADE_MS: u32 = 10;
/// A clip that gets no samples for so long is given up.
const STARVED_SECONDS: u32 = 2;
/// Frames that are given at a time.
const STRETCH: usize = 512;
/// The level is told so many times a second, and of a long clip whenever a hundredth of it has been added: to measure anew goes
/// through all that was given.
const MEASURES_A_SECOND: u32 = 2;
const MEASURES_OF_ALL: u64 = 100;

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

/// The sound of one clip, at the device's rate, mono.
pub(crate) struct ClipSource {
    rate: u32,
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
    /// Frames since the level was told.
    unmeasured: u32,
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
            rate: rate.get(),
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
            meter: Box::new(Meter::new(rate.get(), frames)),
            unmeasured: 0,
            own: 0.0,
        }
    }

    /// Adds the clip's next frames to `out`. Where it ends before, the rest of `out` stays as it is.
    pub(crate) fn add_to(&mut self, out: &mut [f32]) {
        let mut rest = out;
        while !rest.is_empty() {
            if self.cutting.is_none() && self.state.cut.load(Ordering::Relaxed) {
                self.cutting = Some(0);
                self.remaining = self.remaining.min(self.cut_frames);
            }
            if self.remaining == 0 {
                return self.end();
            }
            let most = rest.len().min(STRETCH);
            let there = self.ring.slots().min(most).min(usize::try_from(self.remaining).unwrap_or(most));
            let passed = if there > 0 {
                self.give(&mut rest[..there]);
                there
            } else if self.cutting.is_some() {
                return self.end();
            } else {
                self.starve(most)
            };
            if passed == 0 {
                self.state.starved_out.store(true, Ordering::Release);
                return self.end();
            }
            rest = &mut rest[passed..];
        }
    }

    /// Lets up to `most` frames pass in silence; returns how many, 0 when it has starved for too long.
    fn starve(&mut self, most: usize) -> usize {
        let limit = u64::from(self.rate * STARVED_SECONDS);
        let frames = (most as u64).min(limit.saturating_sub(self.starved_in_a_row));
        self.starved_in_a_row += frames;
        self.state.starved.fetch_add(frames, Ordering::Relaxed);
        frames as usize
    }

    /// Adds frames that the ring has, no more than [`STRETCH`] and no more than remain.
    fn give(&mut self, out: &mut [f32]) {
        let Ok(stretch) = self.ring.read_chunk(out.len()) else { return };
        let mut recorded = [0_i16; STRETCH];
        let (before, after) = stretch.as_slices();
        let recorded = &mut recorded[..out.len()];
        recorded[..before.len()].copy_from_slice(before);
        recorded[before.len()..].copy_from_slice(after);
        stretch.commit_all();

        let frames = out.len() as u64;
        let mut given = [0.0_f32; STRETCH];
        let given = &mut given[..out.len()];
        let even = self.cutting.is_none()
            && self.given >= self.shape.rise
            && self.given + frames + self.shape.fall <= self.frames;
        if even {
            self.given += frames;
            given.iter_mut().zip(&*recorded).for_each(|(given, &own)| *given = f32::from(own) * self.scale);
        } else {
            for (given, &own) in given.iter_mut().zip(&*recorded) {
                self.given += 1;
                *given = f32::from(own) * self.scale * self.envelope();
            }
        }
        out.iter_mut().zip(&*given).for_each(|(out, given)| *out += given);

        self.starved_in_a_row = 0;
        self.remaining -= frames;
        self.state.given.store(self.given, Ordering::Relaxed);
        self.meter(recorded, given);
        // last: whoever sees the end sees what was measured until then
        self.state.remaining.store(self.remaining, Ordering::Release);
    }

    fn end(&mut self) {
        if self.remaining > 0 {
            self.remaining = 0;
            self.measure();
        }
        self.state.remaining.store(0, Ordering::Release);
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
        self.unmeasured = 0;
        self.state.lufs.store(self.meter.lufs().to_bits(), Ordering::Relaxed);
        self.state.peak.store(self.meter.peak().to_bits(), Ordering::Relaxed);
    }

    fn meter(&mut self, own: &[i16], given: &[f32]) {
        let squares: u64 = own.iter().map(|&own| u64::from(u32::from(own.unsigned_abs()).pow(2))).sum();
        self.own += squares as f64 / (32_768.0 * 32_768.0);
        self.state.own.store(self.own.to_bits(), Ordering::Relaxed);
        self.meter.push(given);
        self.unmeasured = self.unmeasured.saturating_add(u32::try_from(given.len()).unwrap_or(u32::MAX));
        let enough = u64::from(self.rate / MEASURES_A_SECOND).max(self.given / MEASURES_OF_ALL);
        if self.remaining == 0 || u64::from(self.unmeasured) >= enough {
            self.measure();
        }
    }
}

/// A fade's factor after `done` of `of` frames: quadratic, so that the ear hears an even change and no edge at silence.
fn curve(done: u64, of: u64) -> f32 {
    let part = done as f32 / of.max(1) as f32;
    part * part
}
