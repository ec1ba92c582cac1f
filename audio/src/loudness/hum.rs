//! Mains hum: narrow, steady lines at 50 or 60 Hz and their multiples.
//!
//! Speech and music have energy there too, but it moves. A line counts where, over windows of 0.8 s, it stands clear of
//! what is 2.5 Hz beside it, in a good part of all windows, and always about as high.

use std::f64::consts::TAU;

use fearless_simd::{Level, dispatch};

/// What is looked at is brought down to about this rate, in Hz.
const RATE: u32 = 1_500;
/// Length of a window in seconds; they overlap by half. Its Hann window is 2.5 Hz wide to its first zero.
const WINDOW: f64 = 0.8;
/// Distance to what a line is compared with, in Hz.
const BESIDE: f64 = 2.5;
/// The mains, in Hz.
const MAINS: [f64; 2] = [50.0, 60.0];
/// Multiples that are looked at. A rectifier hums at the second.
const MULTIPLES: usize = 4;
const LINES: usize = MAINS.len() * MULTIPLES;
/// A line is clear from this many times the power beside it.
const CLEAR: f64 = 10.0;
/// It counts if it is clear in this share of the windows …
const CLEAR_SHARE: f64 = 0.3;
/// … and in no fewer than this many …
const CLEAR_WINDOWS: usize = 5;
/// … and the upper quartile of its amplitudes is no more than this many times the lower one.
const STEADY: f32 = 1.6;

/// Collects the lines of what is pushed.
#[derive(Debug)]
pub(super) struct HumMeter {
    decimation: usize,
    /// Samples of the block that is being summed, their sum, and their sum weighted by a rising ramp.
    filled: usize,
    sum: f64,
    ramp: f64,
    ramp_before: f64,
    window: Vec<f64>,
    shape: Vec<f64>,
    /// `2 cos ω` for each line, and for what is below and above it.
    turns: [f64; 3 * LINES],
    windows: usize,
    clear: [Vec<f32>; LINES],
}

impl HumMeter {
    pub(super) fn new(rate: u32) -> Self {
        let decimation = (rate / RATE).max(1);
        let slow = f64::from(rate) / f64::from(decimation);
        let length = (slow * WINDOW).round() as usize;
        let shape = (0..length).map(|i| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()).collect();
        let turns = std::array::from_fn(|tone| {
            let (line, beside) = (tone % LINES, [0.0, -BESIDE, BESIDE][tone / LINES]);
            let frequency = MAINS[line / MULTIPLES] * (line % MULTIPLES + 1) as f64 + beside;
            2.0 * (TAU * frequency / slow).cos()
        });
        Self {
            decimation: decimation as usize,
            filled: 0,
            sum: 0.0,
            ramp: 0.0,
            ramp_before: 0.0,
            window: Vec::with_capacity(length),
            shape,
            turns,
            windows: 0,
            clear: Default::default(),
        }
    }

    pub(super) fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let (block, rest) = samples.split_at((self.decimation - self.filled).min(samples.len()));
            samples = rest;
            let (sum, ramp) = sums(block);
            self.sum += sum;
            self.ramp += ramp + sum * self.filled as f64;
            self.filled += block.len();
            if self.filled == self.decimation {
                self.take_block();
            }
        }
    }

    /// A triangle over two blocks keeps what would fold down onto the lines out of them.
    fn take_block(&mut self) {
        let length = self.decimation as f64;
        self.window.push((self.ramp_before + self.sum - self.ramp / length) / length);
        self.ramp_before = self.ramp / length;
        (self.filled, self.sum, self.ramp) = (0, 0.0, 0.0);
        if self.window.len() == self.shape.len() {
            self.take_window();
            self.window.drain(..self.shape.len() / 2);
        }
    }

    fn take_window(&mut self) {
        self.windows += 1;
        let powers = goertzel(&self.window, &self.shape, &self.turns);
        for line in 0..LINES {
            let [power, below, above] = [0, 1, 2].map(|beside| powers[beside * LINES + line]);
            if power > CLEAR * below.max(above) && power > 1e-18 {
                // The Hann window halves the sum.
                let amplitude = power.sqrt() * 4.0 / self.shape.len() as f64;
                self.clear[line].push(amplitude as f32);
            }
        }
    }

    /// The mains that hums, in Hz, and the hum's mean square.
    pub(super) fn finish(mut self) -> Option<(u32, f64)> {
        let amplitudes: Vec<f64> =
            self.clear.iter_mut().map(|clear| steady(clear, self.windows).unwrap_or(0.0)).collect();
        let mut found: Option<(u32, f64)> = None;
        for (mains, lines) in MAINS.iter().zip(amplitudes.chunks(MULTIPLES)) {
            let power = lines.iter().map(|amplitude| amplitude * amplitude / 2.0).sum::<f64>();
            // Its third and fourth multiple alone are no hum, but a tone.
            let hums = lines.iter().take(2).any(|&amplitude| amplitude > 0.0);
            if hums && found.is_none_or(|(_, other)| power > other) {
                found = Some((*mains as u32, power));
            }
        }
        found
    }
}

/// The sum, and the sum weighted by a ramp that rises from one, in lanes that the compiler turns into vectors.
fn sums(samples: &[f32]) -> (f64, f64) {
    const LANES: usize = 4;
    let (mut sums, mut ramps) = ([0.0; LANES], [0.0; LANES]);
    let mut place: [f64; LANES] = std::array::from_fn(|lane| (lane + 1) as f64);
    let (lanes, rest) = samples.as_chunks::<LANES>();
    for samples in lanes {
        for lane in 0..LANES {
            let sample = f64::from(samples[lane]);
            sums[lane] += sample;
            ramps[lane] += sample * place[lane];
            place[lane] += LANES as f64;
        }
    }
    for (lane, &sample) in rest.iter().enumerate() {
        sums[lane] += f64::from(sample);
        ramps[lane] += f64::from(sample) * place[lane];
    }
    (sums.iter().sum(), ramps.iter().sum())
}

/// The median amplitude of a line that is clear often enough and steady.
fn steady(clear: &mut [f32], windows: usize) -> Option<f64> {
    if clear.len() < CLEAR_WINDOWS || (clear.len() as f64) < windows as f64 * CLEAR_SHARE {
        return None;
    }
    clear.sort_unstable_by(f32::total_cmp);
    let quartile = |quarters: usize| clear[(clear.len() - 1) * quarters / 4];
    (quartile(3) <= quartile(1) * STEADY).then(|| f64::from(quartile(2)))
}

/// The power of so many tones side by side, by Goertzel's recursion.
fn goertzel<const TONES: usize>(window: &[f64], shape: &[f64], turns: &[f64; TONES]) -> [f64; TONES] {
    dispatch!(Level::new(), _ => {
        let mut last = [0.0f64; TONES];
        let mut before = [0.0f64; TONES];
        for (sample, weight) in window.iter().zip(shape) {
            let sample = sample * weight;
            for tone in 0..TONES {
                let next = turns[tone] * last[tone] - before[tone] + sample;
                before[tone] = last[tone];
                last[tone] = next;
            }
        }
        std::array::from_fn(|tone| {
            last[tone] * last[tone] + before[tone] * before[tone] - turns[tone] * last[tone] * before[tone]
        })
    })
}
