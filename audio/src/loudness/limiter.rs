//! A look-ahead limiter that holds the true peak.
//!
//! Each sample asks for a gain at which neither it nor the wave around it passes the ceiling. The least gain asked for
//! within the look-ahead goes down at once and comes back slowly; two moving averages, together as long as the
//! look-ahead, make it smooth. An average of values that are all low enough is low enough itself, so nothing overshoots,
//! and nothing is ever clipped. The output is as long as the input and in step with it.

use std::collections::VecDeque;

use super::true_peak::{BEFORE, CHUNK, Interpolator, TAPS};
use crate::lanes::highest;

/// How far ahead the gain starts to go down, in seconds.
const LOOK_AHEAD: f64 = 0.005;
/// How fast it comes back: the time constant in seconds.
const RELEASE: f64 = 0.15;
/// The gain itself moves, and converters interpolate with other filters than ours: the ceiling is aimed at from below.
const MARGIN_DB: f64 = 0.15;
/// Gains above this are as good as one (a hundredth of a dB).
const OPEN: f32 = 0.998_85;

/// See the module. Samples in, the same number of samples out, later.
#[derive(Debug)]
pub(super) struct Limiter {
    interpolator: Interpolator,
    /// Linear, with the margin.
    ceiling: f32,
    look_ahead: usize,
    release: f32,
    /// What is left of a reduction after so many samples in which nothing is asked for, less one.
    left: [f32; CHUNK],
    /// Of the samples that are judged now.
    heights: Vec<f32>,
    /// What came in and is not out yet, after the samples that the interpolation needs before it.
    input: Vec<f32>,
    /// Where in `input` the next sample to go out is.
    next_out: usize,
    /// Where in `input` the next sample to be judged is.
    next_judged: usize,
    /// Samples that are still to be dropped: the silence that is put before the first one, so that the gain is down
    /// already where a recording begins loud.
    lead: usize,
    /// Samples judged and samples gone out, since the start of that silence.
    judged: u64,
    gone: u64,
    /// The height of the wave just before the next sample to be judged.
    height_before: f32,
    /// Gains below one that were asked for within the look-ahead, rising from front to back, with their samples.
    asked: VecDeque<(u64, f32)>,
    released: f32,
    smoother: Smoother,
    lowest: f32,
}

impl Limiter {
    /// `ceiling` as a share of full scale.
    pub(super) fn new(rate: u32, ceiling: f64) -> Self {
        let look_ahead = ((f64::from(rate) * LOOK_AHEAD) as usize).max(2);
        let half = look_ahead / 2;
        let kept = (-1.0 / (RELEASE * f64::from(rate))).exp();
        Self {
            interpolator: Interpolator::new(),
            ceiling: (ceiling * 10f64.powf(-MARGIN_DB / 20.0)) as f32,
            look_ahead,
            release: (1.0 - kept) as f32,
            left: std::array::from_fn(|after| kept.powi(after as i32 + 1) as f32),
            heights: Vec::new(),
            input: vec![0.0; BEFORE - 1 + look_ahead],
            next_out: BEFORE - 1,
            next_judged: BEFORE - 1,
            lead: look_ahead,
            judged: 0,
            gone: 0,
            height_before: 0.0,
            asked: VecDeque::new(),
            released: 1.0,
            smoother: Smoother::new(half, look_ahead - half),
            lowest: 1.0,
        }
    }

    /// Whether sound whose highest sample is `peak` can be limited at all.
    pub(super) fn may_act(&self, peak: f64) -> bool {
        self.acts(peak * f64::from(self.interpolator.bound))
    }

    /// Whether sound that is as high as `true_peak` is limited.
    pub(super) fn acts(&self, true_peak: f64) -> bool {
        // what is multiplied first and interpolated then is rounded otherwise than the other way round
        const ROUNDING: f64 = 1e-4;
        true_peak * (1.0 + ROUNDING) > f64::from(self.ceiling)
    }

    /// Takes samples and appends what is ready.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.input.extend_from_slice(samples);
        let before = out.len();
        self.advance(CHUNK, out);
        self.drop_lead(before, out);
    }

    /// Appends the rest. Nothing may be pushed afterwards.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        let end = self.input.len();
        let taken = self.gone + (end - self.next_out) as u64;
        self.input.resize(end + self.look_ahead + TAPS - BEFORE, 0.0);
        let before = out.len();
        let wanted = usize::try_from(taken - self.gone).unwrap_or(usize::MAX);
        self.advance(1, out);
        out.truncate(before + wanted);
        self.drop_lead(before, out);
    }

    fn drop_lead(&mut self, before: usize, out: &mut Vec<f32>) {
        let dropped = self.lead.min(out.len() - before);
        out.drain(before..before + dropped);
        self.lead -= dropped;
    }

    /// The deepest reduction so far, in dB, as a positive number.
    pub(super) fn deepest_db(&self) -> f64 {
        (-20.0 * f64::from(self.lowest).log10()).max(0.0)
    }

    fn advance(&mut self, at_least: usize, out: &mut Vec<f32>) {
        let ready = (self.input.len() + BEFORE).saturating_sub(self.next_judged + TAPS) / at_least * at_least;
        if ready == 0 {
            return;
        }
        let from = self.next_judged + 1 - BEFORE;
        let mut heights = std::mem::take(&mut self.heights);
        heights.resize(ready, 0.0);
        let window = &self.input[from..from + ready + TAPS - 1];
        self.interpolator.heights_above(self.ceiling, window, &mut heights);
        for heights in heights.chunks(CHUNK) {
            let high = highest(heights).max(self.height_before);
            if high <= self.ceiling && self.is_idle() {
                self.pass(heights.len(), out);
            } else {
                self.limit(heights, high, out);
            }
            self.height_before = heights.last().copied().unwrap_or(0.0);
        }
        self.heights = heights;
        // What was judged and is out is needed no more, but for the interpolation.
        let keep_from = self.next_out.min(self.next_judged + 1 - BEFORE);
        self.input.drain(..keep_from);
        self.next_out -= keep_from;
        self.next_judged -= keep_from;
    }

    fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.released >= 1.0 && self.smoother.is_one()
    }

    /// Judges `count` samples that ask for nothing, while nothing is limited.
    fn pass(&mut self, count: usize, out: &mut Vec<f32>) {
        self.next_judged += count;
        self.judged += count as u64;
        let ready = self.judged.saturating_sub(self.look_ahead as u64) - self.gone;
        let ready = usize::try_from(ready).unwrap_or(0);
        out.extend_from_slice(&self.input[self.next_out..self.next_out + ready]);
        self.next_out += ready;
        self.gone += ready as u64;
    }

    /// Judges samples, each between the height before it and its own, and lets those go that the look-ahead is over for.
    /// None of these heights is above `high`.
    fn limit(&mut self, heights: &[f32], high: f32, out: &mut Vec<f32>) {
        let mut gains = [1.0f32; CHUNK];
        let leaving = if self.asked.is_empty() && high <= self.ceiling {
            self.let_go(heights.len(), &mut gains)
        } else {
            self.hold(heights, &mut gains)
        };
        self.next_judged += heights.len();
        let gains = &mut gains[..leaving];
        self.smoother.smooth(gains);
        self.lowest = self.lowest.min(lowest(gains));
        let samples = &self.input[self.next_out..self.next_out + leaving];
        out.extend(samples.iter().zip(gains).map(|(sample, gain)| sample * *gain));
        self.next_out += leaving;
        self.gone += leaving as u64;
    }

    /// The gains of the samples that leave while nothing is asked for and nothing new is.
    fn let_go(&mut self, count: usize, gains: &mut [f32; CHUNK]) -> usize {
        let look_ahead = self.look_ahead as u64;
        let before = self.judged.max(look_ahead);
        self.judged += count as u64;
        let leaving = usize::try_from(self.judged.saturating_sub(before)).unwrap_or(0).min(CHUNK);
        let missing = 1.0 - self.released;
        for (gain, left) in gains[..leaving].iter_mut().zip(&self.left) {
            let released = 1.0 - missing * left;
            *gain = if released > OPEN { 1.0 } else { released };
        }
        if let Some(&last) = gains[..leaving].last() {
            self.released = last;
        }
        leaving
    }

    /// The gains of the samples that leave, one after the other.
    fn hold(&mut self, heights: &[f32], gains: &mut [f32; CHUNK]) -> usize {
        let mut leaving = 0;
        let (mut before, mut released) = (self.height_before, self.released);
        for &height in heights {
            let around = if height > before { height } else { before };
            before = height;
            if around > self.ceiling {
                let gain = self.ceiling / around;
                while self.asked.back().is_some_and(|&(_, asked)| asked >= gain) {
                    self.asked.pop_back();
                }
                self.asked.push_back((self.judged, gain));
            }
            self.judged += 1;
            let Some(oldest) = self.judged.checked_sub(self.look_ahead as u64 + 1) else {
                continue;
            };
            let mut wanted = 1.0;
            if let Some(&(sample, gain)) = self.asked.front() {
                wanted = gain;
                if sample <= oldest {
                    self.asked.pop_front();
                }
            }
            if wanted < released {
                released = wanted;
            } else {
                released += (wanted - released) * self.release;
                if wanted >= 1.0 && released > OPEN {
                    released = 1.0;
                }
            }
            gains[leaving] = released;
            leaving += 1;
        }
        self.released = released;
        leaving
    }
}

/// Two moving averages of gains, one of the other. They are summed as whole numbers: nothing is left behind by rounding,
/// and a processor adds those in a quarter of the time.
#[derive(Debug)]
struct Smoother {
    gains: Vec<i64>,
    averages: Vec<i64>,
    at: [usize; 2],
    sums: [i64; 2],
    /// The second sum where all gains are one, and one by it.
    full: i64,
    share: f64,
}

/// A gain of one as a whole number. The sums of the highest rate take 43 bits.
const ONE: f32 = 4_194_304.0;

impl Smoother {
    fn new(first: usize, second: usize) -> Self {
        let (first, second) = (first.max(1), second.max(1));
        let one = ONE as i64;
        let average = first as i64 * one;
        let full = second as i64 * average;
        Self {
            gains: vec![one; first],
            averages: vec![average; second],
            at: [0; 2],
            sums: [average, full],
            full,
            share: 1.0 / full as f64,
        }
    }

    /// Whether all gains that it remembers are one.
    fn is_one(&self) -> bool {
        self.sums[1] == self.full
    }

    /// Puts the average in each gain's place.
    fn smooth(&mut self, gains: &mut [f32]) {
        // Adding 1.5 × 2²³ leaves the rounded number in the low bits.
        const MAGIC: f32 = 12_582_912.0;
        let ([mut first, mut second], [mut sum, mut sum_of_sums]) = (self.at, self.sums);
        let mut rest = gains;
        while !rest.is_empty() {
            let (old_gains, old_averages) = (&mut self.gains[first..], &mut self.averages[second..]);
            let count = rest.len().min(old_gains.len()).min(old_averages.len());
            let (now, later) = rest.split_at_mut(count);
            for ((gain, old_gain), old_average) in now.iter_mut().zip(old_gains).zip(old_averages) {
                let value = i64::from((*gain * ONE + MAGIC).to_bits() as i32 - MAGIC.to_bits() as i32);
                sum += value - std::mem::replace(old_gain, value);
                sum_of_sums += sum - std::mem::replace(old_average, sum);
                *gain = (sum_of_sums as f64 * self.share) as f32;
            }
            first = (first + count) % self.gains.len();
            second = (second + count) % self.averages.len();
            rest = later;
        }
        (self.at, self.sums) = ([first, second], [sum, sum_of_sums]);
    }
}

/// The lowest of these gains, or one; in lanes that the compiler turns into vectors.
fn lowest(gains: &[f32]) -> f32 {
    let lower = |one: f32, other: f32| if other < one { other } else { one };
    let (lanes, rest) = gains.as_chunks::<8>();
    let lowest = lanes.iter().fold([1.0; 8], |lowest: [f32; 8], gains| {
        std::array::from_fn(|lane| lower(lowest[lane], gains[lane]))
    });
    lowest.iter().chain(rest).fold(1.0, |lowest, &gain| lower(lowest, gain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use ebur128::{EbuR128, Mode};

    use super::*;

    fn limited(samples: &[f32], rate: u32, ceiling_db: f64, piece: usize) -> Vec<f32> {
        let mut limiter = Limiter::new(rate, 10f64.powf(ceiling_db / 20.0));
        let mut out = Vec::new();
        for piece in samples.chunks(piece) {
            limiter.push(piece, &mut out);
        }
        limiter.finish(&mut out);
        out
    }

    fn true_peak_db(samples: &[f32], rate: u32) -> f64 {
        let mut meter = EbuR128::new(1, rate, Mode::TRUE_PEAK).unwrap();
        meter.add_frames_f32(samples).unwrap();
        meter.add_frames_f32(&[0.0; 64]).unwrap();
        20.0 * meter.true_peak(0).unwrap().log10()
    }

    struct Random(u32);

    impl Random {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(self.0 >> 8) / f64::from(1 << 24)
        }
    }

    /// A second of something unpleasant.
    fn sound(random: &mut Random, rate: u32) -> Vec<f32> {
        let gain = 10f64.powf(random.unit() * 2.0 - 0.5);
        let kind = (random.unit() * 6.0) as u32;
        let period = 3.0 + random.unit().powi(3) * 2_000.0;
        (0..rate)
            .map(|i| {
                let t = f64::from(i);
                let sine = (std::f64::consts::TAU * t / period).sin();
                let value = match kind {
                    0 => random.unit() * 2.0 - 1.0,
                    1 => sine.signum(),
                    2 => sine,
                    3 => {
                        if random.unit() < 0.001 {
                            random.unit() * 2.0 - 1.0
                        } else {
                            0.01 * sine
                        }
                    }
                    4 => sine * if (i / (rate / 7)).is_multiple_of(2) { 1.0 } else { 0.02 },
                    // Samples at full scale, of either sign.
                    _ => (random.unit() - 0.5).signum(),
                };
                (gain * value) as f32
            })
            .collect()
    }

    #[test]
    fn nothing_passes_the_ceiling_and_everything_stays_in_place() {
        let mut random = Random(5);
        let mut worst = f64::NEG_INFINITY;
        for round in 0..120 {
            let rate = [48_000, 44_100, 16_000, 8_000][round % 4];
            let ceiling = [-1.0, -3.0, -0.3][round % 3];
            let samples = sound(&mut random, rate);
            let out = limited(&samples, rate, ceiling, 1 + (random.unit() * 5_000.0) as usize);
            assert_eq!(out.len(), samples.len());
            worst = worst.max(true_peak_db(&out, rate) - ceiling);
            for (before, after) in samples.iter().zip(&out) {
                let gain = if *before == 0.0 { 1.0 } else { after / before };
                assert!((0.0..=1.0).contains(&gain), "{before} {after}");
            }
        }
        assert!(worst < 0.1, "{worst:.3} dB above the ceiling");
    }

    #[test]
    fn what_is_below_the_ceiling_passes_unchanged_to_the_bit() {
        let mut random = Random(9);
        let samples: Vec<f32> = (0..20_000).map(|_| (random.unit() * 0.6 - 0.3) as f32).collect();
        assert_eq!(limited(&samples, 48_000, -1.0, 333), samples);
        assert!(limited(&[], 48_000, -1.0, 1).is_empty());
        assert_eq!(limited(&samples[..10], 48_000, -1.0, 3), samples[..10]);
    }

    /// After a peak the gain is back, exactly, so that what follows is cheap and unchanged.
    #[test]
    fn one_peak_is_forgotten() {
        let mut samples: Vec<f32> = (0..96_000).map(|i| 0.1 * (i as f32 * 0.05).sin()).collect();
        samples[20_000] = 3.0;
        let out = limited(&samples, 48_000, -1.0, 1_000);
        assert_eq!(out[..19_700], samples[..19_700]);
        assert!(out[20_000] < 0.9 && out[20_000] > 0.8, "{}", out[20_000]);
        assert_eq!(out[80_000..], samples[80_000..]);
        // No step in the gain anywhere: no click.
        let gains: Vec<f32> = samples.iter().zip(&out).map(|(before, after)| after / before).collect();
        let steps = gains.windows(2).filter(|pair| pair.iter().all(|gain| gain.is_finite()));
        let steepest = steps.map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.02, "{steepest}");
    }
}
