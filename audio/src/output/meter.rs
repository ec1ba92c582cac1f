//! How loud what leaves is: per clip for the record, and all of it for whoever watches.

use crate::loudness::Bs1770;

/// Below this mean square nothing is heard: -60 dB of full scale.
const SILENCE: f64 = 1e-6;
/// A clip that is silent for so long is told of.
const SILENT_SECONDS: u64 = 5;
/// No level below this is told: it is silence.
const FLOOR_DBFS: f64 = -120.0;

/// Loudness and peak of one clip as it is handed over. Nothing here allocates after `new`: a tenth of a second takes eight
/// bytes, an hour 288 kB.
pub(crate) struct Meter {
    loudness: Option<Bs1770>,
    peak: f32,
}

impl Meter {
    /// For a clip of so many frames; none is measured at a rate that cannot be.
    pub(crate) fn new(rate: u32, frames: u64) -> Self {
        Self { loudness: Bs1770::with_room(rate, frames).ok(), peak: 0.0 }
    }

    /// Takes in samples that follow those of the call before.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        // numbers that are not negative are ordered as their bits are, and whole numbers are compared four at a time
        let bits = |sample: f32| sample.abs().to_bits() as i32;
        let highest = samples.iter().fold(bits(self.peak), |highest, &sample| highest.max(bits(sample)));
        self.peak = f32::from_bits(highest as u32);
        if let Some(loudness) = &mut self.loudness {
            loudness.push(samples);
        }
    }

    /// Integrated loudness so far, in LUFS; NaN while there is none. All tenths of a second are gone through.
    pub(crate) fn lufs(&self) -> f64 {
        let measured = self.loudness.as_ref().and_then(Bs1770::lufs);
        measured.filter(|lufs| lufs.is_finite()).unwrap_or(f64::NAN)
    }

    /// The largest sample so far.
    pub(crate) fn peak(&self) -> f32 {
        self.peak
    }
}

/// A linear sample value in dB of full scale; `None` for silence.
pub(crate) fn dbfs(sample: f32) -> Option<f64> {
    (sample > 0.0).then(|| 20.0 * f64::from(sample).log10())
}

/// What of one clip left the output in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Passed {
    pub(crate) id: u64,
    /// Frames in which it was playing.
    pub(crate) frames: u64,
    /// Sum of the squares of what left.
    pub(crate) out: f64,
    /// Sum of the squares of what the recording has there, before any gain.
    pub(crate) own: f64,
}

/// Why nothing is heard of a clip that plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The recording itself is silent there.
    Recording,
    /// The recording has sound there, and none of it leaves.
    Output,
}

/// What the level says after a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Heard {
    /// The mean level since the last one, in dB of full scale.
    Level(f64),
    /// Silence for five seconds; told once until sound returns.
    Silent(Silence),
}

/// Watches the level of what leaves.
#[derive(Debug)]
pub(crate) struct Watch {
    rate: u64,
    id: u64,
    /// Frames and sum of squares since the last level was told.
    frames: u64,
    squares: f64,
    /// Frames of silence in a row, and the recording's own sum of squares in them.
    quiet: u64,
    own: f64,
    told: bool,
}

impl Watch {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate: u64::from(rate), id: 0, frames: 0, squares: 0.0, quiet: 0, own: 0.0, told: false }
    }

    /// Takes in a period; what is to be told.
    pub(crate) fn take(&mut self, passed: Passed) -> [Option<Heard>; 2] {
        if passed.id != self.id {
            *self = Self {
                id: passed.id,
                rate: self.rate,
                frames: 0,
                squares: 0.0,
                quiet: 0,
                own: 0.0,
                told: false,
            };
        }
        self.frames += passed.frames;
        self.squares += passed.out;
        let level = (self.frames * 2 >= self.rate).then(|| {
            let mean = std::mem::take(&mut self.squares) / std::mem::take(&mut self.frames) as f64;
            Heard::Level((10.0 * mean.log10()).max(FLOOR_DBFS))
        });
        if passed.out >= SILENCE * passed.frames as f64 {
            (self.quiet, self.own, self.told) = (0, 0.0, false);
            return [level, None];
        }
        self.quiet += passed.frames;
        self.own += passed.own;
        let silent = self.quiet >= SILENT_SECONDS * self.rate && !self.told;
        self.told |= silent;
        let why = if self.own >= SILENCE * self.quiet as f64 { Silence::Output } else { Silence::Recording };
        [level, silent.then_some(Heard::Silent(why))]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    /// Tells of seconds at these levels (linear: what left, what the recording has), as the events that came of them.
    fn check(seconds: &[(f64, f64)]) -> Vec<Silence> {
        let mut watch = Watch::new(48_000);
        let tell = |&(out, own): &(f64, f64)| {
            let frames = 48_000;
            let squares = |level: f64| level * level * frames as f64;
            watch.take(Passed { id: 1, frames, out: squares(out), own: squares(own) })
        };
        let heard = seconds.iter().flat_map(tell).flatten();
        heard.filter_map(|heard| if let Heard::Silent(why) = heard { Some(why) } else { None }).collect()
    }

    #[test]
    fn five_seconds_of_silence_are_told_once_with_whose_they_are() {
        let (loud, quiet) = ((0.1, 0.1), (0.0, 0.0));
        assert_eq!(check(&[loud, quiet, quiet, quiet, quiet, loud, quiet, quiet, quiet, quiet]), []);
        assert_eq!(check(&[quiet; 12]), [Silence::Recording]);
        assert_eq!(check(&[(0.0, 0.1); 12]), [Silence::Output]);
        // A volume that leaves nothing audible is as good as none.
        assert_eq!(check(&[(0.0009, 0.1); 5]), [Silence::Output]);
        assert_eq!(check(&[(0.0011, 0.1); 30]), []);
        let twice = [[quiet; 5].as_slice(), &[loud], &[(0.0, 0.1); 5]].concat();
        assert_eq!(check(&twice), [Silence::Recording, Silence::Output]);
    }

    #[test]
    fn a_level_is_told_every_half_second() {
        let mut watch = Watch::new(48_000);
        let period = Passed { id: 1, frames: 8_192, out: 8_192.0 * 0.25, own: 8_192.0 };
        let levels: Vec<f64> = (0..6)
            .flat_map(|_| watch.take(period))
            .flatten()
            .filter_map(|heard| if let Heard::Level(level) = heard { Some(level) } else { None })
            .collect();
        assert_eq!(levels.len(), 2);
        assert!(levels.iter().all(|level| (level + 6.02).abs() < 0.01), "{levels:?}");
        let silent = watch.take(Passed { out: 0.0, frames: 24_000, ..period });
        assert_eq!(silent[0], Some(Heard::Level(-120.0)));
    }

    #[test]
    fn a_tone_has_the_loudness_of_the_standard() {
        // EBU Tech 3341, case 1, on one channel: 1 kHz at -23 dBFS is 3 LU less than on two.
        let mut meter = Meter::new(48_000, 480_000);
        for frame in 0..480_000 {
            let phase = f64::from(frame) / 48_000.0 * 1_000.0 * std::f64::consts::TAU;
            meter.push(&[(phase.sin() * 10_f64.powf(-23.0 / 20.0)) as f32]);
        }
        assert!((meter.lufs() + 26.0).abs() < 0.1, "{}", meter.lufs());
        assert!((dbfs(meter.peak()).unwrap() + 23.0).abs() < 0.01);
        assert!(Meter::new(48_000, 0).lufs().is_nan());
        assert_eq!(dbfs(0.0), None);
    }
}
