//! What is measured while the recording is decoded.

use super::gating;
use super::hum::HumMeter;
use super::k_weighting::KWeighting;
use super::silence::{Levels, WINDOWS};
use super::true_peak::{TruePeak, highest};

/// Windows of [`Levels`] in a hop of [`gating`].
const WINDOWS_PER_HOP: usize = 10;

/// Frames of a window and of a hop at `rate`.
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
    weighting: KWeighting,
    true_peak: TruePeak,
    hum: HumMeter,
    sum: f64,
    measured: Measured,
}

/// What was found, hop by hop and as a whole.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(super) rate: u32,
    pub(super) frames: u64,
    /// Weighted mean square of every whole hop.
    pub(super) hops: Vec<f64>,
    /// Highest sample of every hop, the last one included even if it is not whole.
    pub(super) peaks: Vec<f32>,
    pub(super) levels: Levels,
    pub(super) true_peak: f32,
    /// The constant part, as a share of full scale.
    pub(super) offset: f64,
    /// The mains that hums, in Hz, and the hum's mean square.
    pub(super) hum: Option<(u32, f64)>,
}

impl Meter {
    pub(crate) fn new(rate: u32) -> Self {
        let (window, hop) = frames_of(rate);
        Self {
            window,
            hop,
            pending: Vec::with_capacity(2 * hop),
            weighting: KWeighting::new(rate),
            true_peak: TruePeak::new(),
            hum: HumMeter::new(rate),
            sum: 0.0,
            measured: Measured {
                rate,
                frames: 0,
                hops: Vec::new(),
                peaks: Vec::new(),
                levels: Levels::default(),
                true_peak: 0.0,
                offset: 0.0,
                hum: None,
            },
        }
    }

    pub(crate) fn push(&mut self, samples: &[f32]) {
        self.measured.frames += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let mut pending = std::mem::take(&mut self.pending);
        let whole = pending.len() / self.hop * self.hop;
        for hop in pending[..whole].chunks_exact(self.hop) {
            self.measured.hops.push(self.weighting.energy(hop) / self.hop as f64);
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
        self.measured.true_peak = self.true_peak.finish();
        self.measured.offset = self.sum / self.measured.frames.max(1) as f64;
        self.measured.hum = self.hum.finish();
        self.measured
    }

    fn take(&mut self, samples: &[f32]) {
        self.true_peak.push(samples);
        self.hum.push(samples);
        self.measured.peaks.push(highest(samples));
        for window in samples.chunks(self.window) {
            let (sum, squares) = sums(window);
            self.sum += sum;
            let mean = sum / window.len() as f64;
            self.measured.levels.push(squares / window.len() as f64 - mean * mean);
        }
    }
}

impl Measured {
    /// The highest sample.
    pub(super) fn peak(&self) -> f32 {
        highest(&self.peaks)
    }

    pub(super) fn lufs(&self) -> Option<f64> {
        gating::integrated(&self.hops, 0.0)
    }
}

/// The sum and the sum of squares, in lanes that the compiler turns into vectors.
fn sums(samples: &[f32]) -> (f64, f64) {
    let (mut sums, mut squares) = ([0.0f32; 8], [0.0f32; 8]);
    let chunks = samples.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..8 {
            sums[lane] += chunk[lane];
            squares[lane] += chunk[lane] * chunk[lane];
        }
    }
    for (lane, sample) in rest.iter().enumerate() {
        sums[lane] += sample;
        squares[lane] += sample * sample;
    }
    let add = |lanes: [f32; 8]| lanes.iter().map(|&lane| f64::from(lane)).sum();
    (add(sums), add(squares))
}
