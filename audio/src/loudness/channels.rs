//! The channels of the original: how they are mixed to one, and what is odd about them.

use crate::lanes::{highest, sums_of_two};

/// Equal neighbours at or above this were cut off, as a share of full scale. The greatest value of 8 bits is 0.992.
const FULL_SCALE: f32 = 0.99;
/// So many of them in a row.
const CUT_OFF: u32 = 3;
/// A channel that is so much quieter than the other carries nothing, as a share of the power (-40 dB).
const NOTHING: f64 = 1e-4;
/// Two channels whose correlation is below this cancel each other when they are mixed (to a tenth of their power).
const OPPOSITE: f64 = -0.8;
/// Below this mean square there is nothing to compare (-70 dBFS).
const SILENCE: f64 = 1e-7;
/// Channels that are looked at one by one; of more, the rest is only mixed.
const WATCHED: usize = 8;
/// Values that are summed in single precision before they are added up in double.
const CHUNK: usize = 256;

/// How the channels become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// All of them, each with its weight.
    All,
    /// One of them alone, from 0: the others would cancel it.
    Only(usize),
}

/// What is odd about the channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ChannelFindings {
    /// Places at which peaks are cut off at full scale.
    pub(super) cut_off: u64,
    /// One of two channels carries nothing.
    pub(super) dropped: bool,
}

/// Watches the channels of the original as they are decoded.
#[derive(Debug, Default)]
pub(crate) struct ChannelMeter {
    channels: usize,
    frames: u64,
    sums: [f64; 2],
    squares: [f64; 2],
    product: f64,
    runs: [(f32, u32); WATCHED],
    cut_off: u64,
}

impl ChannelMeter {
    /// Takes the same stretch of every channel.
    pub(crate) fn push(&mut self, planes: &[Vec<f32>]) {
        self.channels = self.channels.max(planes.len());
        for (plane, run) in planes.iter().zip(&mut self.runs) {
            if highest(plane) >= FULL_SCALE {
                self.cut_off += count_runs(plane, run);
            } else {
                *run = (0.0, 0);
            }
        }
        if let [left, right] = planes {
            self.frames += left.len() as u64;
            for (left, right) in left.chunks(CHUNK).zip(right.chunks(CHUNK)) {
                let [of_left, of_right, left_squared, right_squared, product] = sums_of_two(left, right);
                self.sums[0] += of_left;
                self.sums[1] += of_right;
                self.squares[0] += left_squared;
                self.squares[1] += right_squared;
                self.product += product;
            }
        }
    }

    /// The louder of two channels, if mixing them would cancel the sound.
    pub(crate) fn cancelling(&self) -> Option<usize> {
        let (powers, product) = self.powers()?;
        let audible = powers.iter().all(|&power| power > SILENCE);
        let opposite = product < OPPOSITE * (powers[0] * powers[1]).sqrt();
        (audible && opposite).then_some(usize::from(powers[1] > powers[0]))
    }

    pub(super) fn findings(&self) -> ChannelFindings {
        let dropped = self.powers().is_some_and(|([left, right], _)| {
            left.max(right) > SILENCE && left.min(right) < left.max(right) * NOTHING
        });
        ChannelFindings { cut_off: self.cut_off, dropped }
    }

    /// Power of the two channels and their product, without their constant parts; `None` unless there are two.
    fn powers(&self) -> Option<([f64; 2], f64)> {
        if self.channels != 2 || self.frames == 0 {
            return None;
        }
        let frames = self.frames as f64;
        let mean = self.sums.map(|sum| sum / frames);
        let power = |channel: usize| self.squares[channel] / frames - mean[channel] * mean[channel];
        Some(([power(0), power(1)], self.product / frames - mean[0] * mean[1]))
    }
}

/// Counts the runs that reach their length in `plane`; `run` is the value and the length of the one that is open.
fn count_runs(plane: &[f32], run: &mut (f32, u32)) -> u64 {
    let mut count = 0;
    for &sample in plane {
        if sample.abs() >= FULL_SCALE && sample == run.0 {
            run.1 += 1;
            count += u64::from(run.1 == CUT_OFF);
        } else {
            *run = (sample, 1);
        }
    }
    count
}
