//! The height of the wave between the samples, where a converter's output swings beyond them: what is measured, and what
//! the limiter holds.
//!
//! ITU-R BS.1770, annex 2, four times oversampled, with a longer filter than its example's, so that peaks close to the
//! edge of the band are not read too low: the `ebur128` library's reads white noise 1 dB lower than ffmpeg does.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x16};

use crate::lanes::highest_here;

/// Samples that one interpolated point is made from.
pub(super) const TAPS: usize = 24;
/// Samples before an interpolated point among them; `TAPS - BEFORE` follow.
pub(super) const BEFORE: usize = TAPS / 2;
/// Points between two samples.
const POINTS: usize = 3;
/// Shape of the Kaiser window.
const BETA: f64 = 6.0;
/// Samples that are looked at together.
const LANES: usize = 16;
/// Samples that are skipped or computed together.
pub(super) const CHUNK: usize = 64;

/// Interpolates between samples.
#[derive(Clone, Debug)]
pub(super) struct Interpolator {
    #[cfg(test)]
    points: [[f32; TAPS]; POINTS],
    /// The point in the middle is the same from both ends, and the two others mirror each other: what samples at the same
    /// distance from the middle have in common, and what they have not, goes into both.
    middle: [f32; TAPS / 2],
    common: [f32; TAPS / 2],
    other: [f32; TAPS / 2],
    /// No interpolated point is higher than this times the highest of the samples that it is made from: the largest sum
    /// of a point's absolute coefficients. Where even that is too little to matter, nothing needs computing.
    pub(super) bound: f32,
}

impl Interpolator {
    pub(super) fn new() -> Self {
        let mut points = [[0.0; TAPS]; POINTS];
        let mut bound = 1.0f64;
        for (point, coefficients) in points.iter_mut().enumerate() {
            let at = (BEFORE - 1) as f64 + (point + 1) as f64 / (POINTS + 1) as f64;
            let exact: [f64; TAPS] = std::array::from_fn(|tap| {
                let distance = tap as f64 - at;
                sinc(distance) * kaiser(distance / BEFORE as f64)
            });
            // A constant stays what it is.
            let sum: f64 = exact.iter().sum();
            bound = bound.max(exact.iter().map(|value| (value / sum).abs()).sum());
            for (coefficient, value) in coefficients.iter_mut().zip(exact) {
                *coefficient = (value / sum) as f32;
            }
        }
        let half = |value: &dyn Fn(usize) -> f32| std::array::from_fn(value);
        Self {
            middle: half(&|tap| points[1][tap]),
            common: half(&|tap| (points[0][tap] + points[0][TAPS - 1 - tap]) / 2.0),
            other: half(&|tap| (points[0][tap] - points[0][TAPS - 1 - tap]) / 2.0),
            bound: bound as f32 * 1.000_01,
            #[cfg(test)]
            points,
        }
    }

    /// `heights[i]` becomes the highest point, as an absolute value, from sample `i + BEFORE - 1` up to the one after it, or
    /// zero where no point of its chunk can be above `floor`. `samples` has `TAPS - 1` more than `heights`.
    pub(super) fn heights_above(&self, floor: f32, samples: &[f32], heights: &mut [f32]) {
        dispatch!(Level::new(), simd => for (number, heights) in heights.chunks_mut(CHUNK).enumerate() {
            let window = &samples[number * CHUNK..][..heights.len() + TAPS - 1];
            if highest_here(simd, window) * self.bound > floor {
                self.heights(simd, window, heights);
            } else {
                heights.fill(0.0);
            }
        });
    }

    /// The highest of all points, or `peak` where that is higher. `samples` as for [`Self::heights_above`].
    fn highest_above(&self, mut peak: f32, samples: &[f32]) -> f32 {
        dispatch!(Level::new(), simd => {
            let mut heights = [0.0; CHUNK];
            for from in (0..(samples.len() + 1).saturating_sub(TAPS)).step_by(CHUNK) {
                let window = &samples[from..samples.len().min(from + CHUNK + TAPS - 1)];
                if highest_here(simd, window) * self.bound > peak {
                    let heights = &mut heights[..window.len() + 1 - TAPS];
                    self.heights(simd, window, heights);
                    peak = peak.max(highest_here(simd, heights));
                }
            }
            peak
        })
    }

    #[inline(always)]
    fn heights<S: Simd>(&self, simd: S, samples: &[f32], heights: &mut [f32]) {
        let (whole, rest) = heights.as_chunks_mut::<LANES>();
        for (number, heights) in whole.iter_mut().enumerate() {
            if let Some(window) = samples[number * LANES..].first_chunk() {
                self.lanes(simd, window).store_slice(heights);
            }
        }
        if !rest.is_empty() {
            let mut window = [0.0; LANES + TAPS - 1];
            let samples = &samples[whole.len() * LANES..];
            window[..samples.len()].copy_from_slice(samples);
            rest.copy_from_slice(&self.lanes(simd, &window).as_slice()[..rest.len()]);
        }
    }

    /// The heights of so many samples side by side.
    #[inline(always)]
    fn lanes<S: Simd>(&self, simd: S, window: &[f32; LANES + TAPS - 1]) -> f32x16<S> {
        let from = |place: usize| f32x16::from_slice(simd, &window[place..place + LANES]);
        let [mut middle, mut common, mut other] = [f32x16::splat(simd, 0.0); 3];
        for tap in 0..TAPS / 2 {
            let (before, after) = (from(tap), from(TAPS - 1 - tap));
            let (sum, difference) = (before + after, before - after);
            middle += sum * self.middle[tap];
            common += sum * self.common[tap];
            other += difference * self.other[tap];
        }
        let points = (common + other).abs().max((common - other).abs());
        from(BEFORE - 1).abs().max(middle.abs()).max(points)
    }
}

fn sinc(x: f64) -> f64 {
    let x = std::f64::consts::PI * x;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// The Kaiser window at `x`, -1 to 1.
fn kaiser(x: f64) -> f64 {
    bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        let factor = x / (2.0 * f64::from(k));
        term *= factor * factor;
        sum += term;
    }
    sum
}

/// Measures the true peak of what is pushed.
#[derive(Clone, Debug)]
pub(super) struct TruePeak {
    interpolator: Interpolator,
    /// What is not measured yet, after the samples that came before it.
    waiting: Vec<f32>,
    peak: f32,
}

impl TruePeak {
    pub(super) fn new() -> Self {
        Self { interpolator: Interpolator::new(), waiting: vec![0.0; BEFORE - 1], peak: 0.0 }
    }

    pub(super) fn push(&mut self, samples: &[f32]) {
        self.waiting.extend_from_slice(samples);
        self.measure(CHUNK);
    }

    /// The highest point so far and of what follows until silence.
    pub(super) fn finish(&mut self) -> f32 {
        self.waiting.extend_from_slice(&[0.0; TAPS - BEFORE]);
        self.measure(1);
        self.peak
    }

    /// Measures what is whole pieces of `at_least` samples.
    fn measure(&mut self, at_least: usize) {
        let ready = (self.waiting.len() + 1).saturating_sub(TAPS) / at_least * at_least;
        if ready == 0 {
            return;
        }
        self.peak = self.interpolator.highest_above(self.peak, &self.waiting[..ready + TAPS - 1]);
        self.waiting.drain(..ready);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::highest;

    fn heights(samples: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; BEFORE - 1];
        padded.extend_from_slice(samples);
        padded.extend_from_slice(&[0.0; TAPS - BEFORE]);
        let mut heights = vec![0.0; samples.len()];
        Interpolator::new().heights_above(0.0, &padded, &mut heights);
        heights
    }

    /// EBU Tech 3341, cases 15 to 18: a quarter, a sixth, an eighth and a tenth of the rate, between the samples.
    #[test]
    fn a_wave_is_as_high_between_its_samples_as_it_is() {
        for divisor in [4.0, 6.0, 8.0, 10.0, 48.0, 2.4] {
            for phase in [0.0, 0.1, 0.25, 0.5] {
                let samples: Vec<f32> = (0..4_800)
                    .map(|i| {
                        let fade = (f64::from(i) / 1_000.0).min((4_800.0 - f64::from(i)) / 1_000.0).min(1.0);
                        let angle = std::f64::consts::TAU * (f64::from(i) / divisor + phase / 2.0);
                        (0.5 * fade * angle.sin()) as f32
                    })
                    .collect();
                let found = 20.0 * f64::from(highest(&heights(&samples))).log10();
                let exact = 20.0 * 0.5f64.log10();
                // Annex 2: four points a sample read up to 0.7 dB too low near the edge of the band.
                let low = if divisor < 3.0 { 0.7 } else { 0.4 };
                assert!(
                    found - exact < 0.2 && exact - found < low,
                    "{divisor} {phase}: {:.3}",
                    found - exact
                );
            }
        }
    }

    #[test]
    fn what_is_skipped_never_holds_the_peak() {
        let mut state = 3u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 23) - 1.0
        };
        for _ in 0..50 {
            let samples: Vec<f32> = (0..500).map(|_| (random() * random().abs().powi(4)) as f32).collect();
            let mut meter = TruePeak::new();
            samples.chunks(33).for_each(|piece| meter.push(piece));
            assert_eq!(meter.finish(), highest(&heights(&samples)));
        }
    }

    #[test]
    fn no_wave_is_higher_than_its_bound() {
        let interpolator = Interpolator::new();
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 23) - 1.0
        };
        for _ in 0..50 {
            let samples: Vec<f32> = (0..500).map(|_| (random() * random().abs().powi(4)) as f32).collect();
            let found = highest(&heights(&samples));
            let samples = highest(&samples);
            assert!(found >= samples && found <= samples * interpolator.bound, "{found} {samples}");
        }
        // the worst that there is: every sample at full scale with the sign that adds up
        for point in &interpolator.points {
            let worst: Vec<f32> = point.iter().map(|coefficient| coefficient.signum()).collect();
            let found = highest(&heights(&worst));
            assert!(found > 1.2 && found <= interpolator.bound, "{found}");
        }
    }
}
