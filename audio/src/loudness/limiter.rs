//! A look-ahead limiter that holds the true peak.
//!
//! Each sample asks for a gain at which neither it nor the wave around it passes the ceiling. The least gain asked for
//! within the look-ahead goes down at once and comes back slowly; two moving averages, together as long as the
//! look-ahead, make it smooth. An average of values that are all low enough is low enough itself, so nothing overshoots,
//! and nothing is ever clipped. The output is as long as the input and in step with it.

use std::collections::VecDeque;

use super::true_peak::{BEFORE, Interpolator, TAPS, highest};

/// How far ahead the gain starts to go down, in seconds.
const LOOK_AHEAD: f64 = 0.005;
/// How fast it comes back: the time constant in seconds.
const RELEASE: f64 = 0.15;
/// The gain itself moves, and converters interpolate with other filters than ours: the ceiling is aimed at from below.
const MARGIN_DB: f64 = 0.15;
/// Gains above this are as good as one (a hundredth of a dB).
const OPEN: f32 = 0.998_85;
/// Samples that are passed or limited together.
const CHUNK: usize = 64;

/// See the module. Samples in, the same number of samples out, later.
#[derive(Debug)]
pub(super) struct Limiter {
    interpolator: Interpolator,
    /// Linear, with the margin.
    ceiling: f32,
    look_ahead: usize,
    release: f32,
    /// What came in and is not out yet, after the samples that the interpolation needs before it.
    input: Vec<f32>,
    /// Where in `input` the next sample to go out is.
    next_out: usize,
    /// Where in `input` the next sample to be judged is.
    next_judged: usize,
    /// Samples judged and samples gone out, since the start.
    judged: u64,
    gone: u64,
    /// The height of the wave just before the next sample to be judged.
    height_before: f32,
    /// Gains below one that were asked for within the look-ahead, rising from front to back, with their samples.
    asked: VecDeque<(u64, f32)>,
    released: f32,
    averages: [Average; 2],
    lowest: f32,
}

impl Limiter {
    /// `ceiling` as a share of full scale.
    pub(super) fn new(rate: u32, ceiling: f64) -> Self {
        let look_ahead = ((f64::from(rate) * LOOK_AHEAD) as usize).max(2);
        let half = look_ahead / 2;
        Self {
            interpolator: Interpolator::new(),
            ceiling: (ceiling * 10f64.powf(-MARGIN_DB / 20.0)) as f32,
            look_ahead,
            release: (1.0 - (-1.0 / (RELEASE * f64::from(rate))).exp()) as f32,
            input: vec![0.0; BEFORE - 1],
            next_out: BEFORE - 1,
            next_judged: BEFORE - 1,
            judged: 0,
            gone: 0,
            height_before: 0.0,
            asked: VecDeque::new(),
            released: 1.0,
            averages: [Average::new(half), Average::new(look_ahead - half)],
            lowest: 1.0,
        }
    }

    /// Whether sound whose highest sample is `peak` can be limited at all.
    pub(super) fn may_act(&self, peak: f64) -> bool {
        peak * f64::from(self.interpolator.bound) > f64::from(self.ceiling)
    }

    /// Takes samples and appends what is ready.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.input.extend_from_slice(samples);
        self.advance(CHUNK, out);
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
    }

    /// The deepest reduction so far, in dB, as a positive number.
    pub(super) fn deepest_db(&self) -> f64 {
        (-20.0 * f64::from(self.lowest).log10()).max(0.0)
    }

    fn advance(&mut self, at_least: usize, out: &mut Vec<f32>) {
        let mut heights = [0.0; CHUNK];
        loop {
            let ready = (self.input.len() + BEFORE).saturating_sub(self.next_judged + TAPS);
            let count = ready.min(CHUNK);
            if count < at_least {
                break;
            }
            let from = self.next_judged + 1 - BEFORE;
            let window = &self.input[from..from + count + TAPS - 1];
            let cold = highest(window) * self.interpolator.bound <= self.ceiling;
            if cold {
                heights[..count].fill(0.0);
            } else {
                self.interpolator.heights(window, &mut heights[..count]);
            }
            if cold && self.height_before <= self.ceiling && self.is_idle() {
                self.pass(count, out);
            } else {
                for &height in &heights[..count] {
                    self.step(height, out);
                }
            }
            self.height_before = heights[count - 1];
        }
        // What was judged and is out is needed no more, but for the interpolation.
        let keep_from = self.next_out.min(self.next_judged + 1 - BEFORE);
        self.input.drain(..keep_from);
        self.next_out -= keep_from;
        self.next_judged -= keep_from;
    }

    fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.released >= 1.0 && self.averages.iter().all(Average::is_one)
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

    /// Judges one sample, between `height_before` and `height`, and lets the one go that the look-ahead is over for.
    fn step(&mut self, height: f32, out: &mut Vec<f32>) {
        let around = height.max(self.height_before);
        self.height_before = height;
        if around > self.ceiling {
            let gain = self.ceiling / around;
            while self.asked.back().is_some_and(|&(_, asked)| asked >= gain) {
                self.asked.pop_back();
            }
            self.asked.push_back((self.judged, gain));
        }
        self.next_judged += 1;
        self.judged += 1;
        let Some(leaving) = self.judged.checked_sub(self.look_ahead as u64 + 1) else {
            return;
        };
        let wanted = self.asked.front().map_or(1.0, |&(_, gain)| gain);
        if self.asked.front().is_some_and(|&(sample, _)| sample <= leaving) {
            self.asked.pop_front();
        }
        if wanted < self.released {
            self.released = wanted;
        } else {
            self.released += (wanted - self.released) * self.release;
            if wanted >= 1.0 && self.released > OPEN {
                self.released = 1.0;
            }
        }
        let gain = self.averages[0].push(self.released);
        let gain = self.averages[1].push(gain);
        if gain < 1.0 {
            self.lowest = self.lowest.min(gain);
        }
        out.push(self.input[self.next_out] * gain);
        self.next_out += 1;
        self.gone += 1;
    }
}

/// A moving average of gains.
#[derive(Debug)]
struct Average {
    values: Vec<f32>,
    at: usize,
    sum: f64,
    /// How many ones in a row came last.
    ones: usize,
}

impl Average {
    fn new(length: usize) -> Self {
        let length = length.max(1);
        Self { values: vec![1.0; length], at: 0, sum: length as f64, ones: length }
    }

    fn is_one(&self) -> bool {
        self.ones >= self.values.len()
    }

    fn push(&mut self, value: f32) -> f32 {
        self.sum += f64::from(value) - f64::from(self.values[self.at]);
        self.values[self.at] = value;
        self.at = (self.at + 1) % self.values.len();
        self.ones = if value >= 1.0 { self.ones.saturating_add(1) } else { 0 };
        if self.is_one() {
            // Whatever rounding left behind.
            self.sum = self.values.len() as f64;
        }
        (self.sum / self.values.len() as f64) as f32
    }
}
