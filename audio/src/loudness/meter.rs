//! What is measured while the recording is decoded.

use super::bs1770::Bs1770;
use super::hum::HumMeter;
use super::silence::{Levels, WINDOWS};
use super::true_peak::TruePeak;
use crate::lanes::{highest, sum_and_squares};

/// Windows of [`Levels`] in a hop.
const WINDOWS_PER_HOP: usize = 10;

/// Frames of a window of [`Levels`] and of a hop, the piece in which sound is passed on, at `rate`.
pub(super) fn frames_of(rate: u32) -> (usize, usize) {
    let window = ((rate + WINDOWS / 2) / WINDOWS).max(1) as usize;
    (window, window * WINDOWS_PER_HOP)
}

/// Measures mono sound at the station's rate.
#[derive(Debug)]
pub(crate) struct Meter {
    window: usize,
    hop: usize,
    /// What does not fill a hop yet.
    pending: Vec<f32>,
    true_peak: TruePeak,
    hum: HumMeter,
    sum: f64,
    measured: Measured,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(super) rate: u32,
    pub(super) frames: u64,
    /// Highest sample, as a share of full scale.
    pub(super) peak: f32,
    /// Integrated loudness, in LUFS; `None` for silence and for what is shorter than 0.4 s.
    pub(super) lufs: Option<f64>,
    /// Loudness range, in LU; `None` where nothing was long and loud enough to have one.
    pub(super) range_lu: Option<f64>,
    pub(super) levels: Levels,
    /// As a share of full scale.
    pub(super) true_peak: f64,
    /// The constant part, as a share of full scale.
    pub(super) offset: f64,
    /// The mains that hums, in Hz, and the hum's mean square.
    pub(super) hum: Option<(u32, f64)>,
    pub(super) loudness: Bs1770,
}

impl Meter {
    /// `Err` is the loudness meter's own message, for rates that it cannot measure.
    pub(crate) fn new(rate: u32) -> Result<Self, String> {
        let (window, hop) = frames_of(rate);
        Ok(Self {
            window,
            hop,
            pending: Vec::with_capacity(2 * hop),
            true_peak: TruePeak::new(),
            hum: HumMeter::new(rate),
            sum: 0.0,
            measured: Measured {
                rate,
                frames: 0,
                peak: 0.0,
                lufs: None,
                range_lu: None,
                levels: Levels::default(),
                true_peak: 0.0,
                offset: 0.0,
                hum: None,
                loudness: Bs1770::new(rate)?,
            },
        })
    }

    pub(crate) fn push(&mut self, samples: &[f32]) {
        self.measured.frames += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let mut pending = std::mem::take(&mut self.pending);
        let whole = pending.len() / self.hop * self.hop;
        for hop in pending[..whole].chunks_exact(self.hop) {
            self.take(hop);
        }
        pending.drain(..whole);
        self.pending = pending;
    }

    pub(crate) fn finish(mut self) -> Measured {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.take(&rest);
        }
        self.measured.lufs = self.measured.loudness.lufs();
        self.measured.range_lu = self.measured.loudness.range_lu();
        self.measured.true_peak = f64::from(self.true_peak.finish());
        self.measured.offset = self.sum / self.measured.frames.max(1) as f64;
        self.measured.hum = self.hum.finish();
        self.measured
    }

    fn take(&mut self, samples: &[f32]) {
        self.measured.loudness.push(samples);
        self.true_peak.push(samples);
        self.hum.push(samples);
        self.measured.peak = self.measured.peak.max(highest(samples));
        for window in samples.chunks(self.window) {
            let (sum, squares) = sum_and_squares(window);
            self.sum += sum;
            let mean = sum / window.len() as f64;
            self.measured.levels.push(squares / window.len() as f64 - mean * mean);
        }
    }
}
