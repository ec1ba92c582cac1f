//! Loudness after ITU-R BS.1770 and its range after EBU Tech 3342.
//!
//! The well-kept `ebur128` filters and sums each tenth of a second, once. Its own blocks are not asked for: it adds up every one
//! anew from its samples, each sample four times for the loudness and three times for the range. Here blocks and gates are
//! made of the tenths; the tests hold them to the library's.

use std::ops::Range;

use ebur128::{EbuR128, Mode};

/// What the library sums at a time, in milliseconds: a hop.
const HOP_MS: u32 = 100;
/// Hops of a gating block, 0.4 s; one begins with each hop.
const BLOCK: usize = 4;
/// Hops of a block of the range, 3 s, and from one to the next.
const RANGE_BLOCK: usize = 30;
const RANGE_STEP: usize = 10;
/// Blocks below this are left out, in LUFS …
const ABSOLUTE_GATE: f64 = -70.0;
/// … and then those so far below the loudness of the others, in LU; for the range the gate is lower.
const RELATIVE_GATE: f64 = -10.0;
const RANGE_GATE: f64 = -20.0;
/// The percentiles that the range lies between.
const RANGE_PERCENTILES: [f64; 2] = [0.10, 0.95];
/// A mean square of one in one channel, in LUFS.
const FULL: f64 = -0.691;

/// Measures one channel.
#[derive(Debug)]
pub(crate) struct Bs1770 {
    library: EbuR128,
    /// Frames of a hop, as the library counts them: at odd rates half a frame short.
    hop: usize,
    /// Frames of the hop that is being filled.
    filled: usize,
    /// The weighted mean square of each whole hop.
    energies: Vec<f64>,
}

impl Bs1770 {
    /// `Err` is the library's own message, for rates that it cannot measure.
    pub(crate) fn new(rate: u32) -> Result<Self, String> {
        let wrong = |error| format!("loudness cannot be measured at {rate} Hz: {error}");
        let mut library = EbuR128::new(1, rate, Mode::M).map_err(wrong)?;
        library.set_max_window(HOP_MS).map_err(wrong)?;
        Ok(Self { library, hop: (rate / 10).max(1) as usize, filled: 0, energies: Vec::new() })
    }

    /// As [`Self::new`]; no memory is asked for while no more than `frames` come.
    pub(crate) fn with_room(rate: u32, frames: u64) -> Result<Self, String> {
        let mut this = Self::new(rate)?;
        this.energies.reserve_exact(usize::try_from(frames).unwrap_or(0) / this.hop + 1);
        Ok(this)
    }

    /// Takes samples that follow those of the call before.
    pub(crate) fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at((self.hop - self.filled).min(samples.len()));
            // It fails only where the channels do not divide the samples, and there is one.
            let taken = self.library.add_frames_f32(now);
            debug_assert!(taken.is_ok());
            self.filled += now.len();
            samples = later;
            if self.filled == self.hop {
                let lufs = self.library.loudness_window(HOP_MS);
                debug_assert!(lufs.is_ok());
                self.energies.push(lufs.map_or(0.0, energy));
                self.filled = 0;
            }
        }
    }

    /// Integrated loudness in LUFS; `None` for silence and for what is shorter than 0.4 s.
    pub(crate) fn lufs(&self) -> Option<f64> {
        lufs(&self.energies, 1.0)
    }

    /// As [`Self::lufs`], of these hops only, and of all of them made louder by `gain_db`: the weighting is linear, the gates are
    /// not.
    pub(super) fn lufs_of(&self, hops: Range<usize>, gain_db: f64) -> Option<f64> {
        let end = hops.end.min(self.energies.len());
        lufs(self.energies.get(hops.start..end)?, ratio(gain_db))
    }

    /// Loudness range in LU; zero where nothing is long enough to vary, `None` for what has no loudness.
    pub(super) fn range_lu(&self) -> Option<f64> {
        range_lu(&self.energies)
    }
}

fn lufs(energies: &[f64], gain: f64) -> Option<f64> {
    let absolute = energy(ABSOLUTE_GATE);
    let blocks = || blocks(energies).map(|block| block * gain).filter(|&block| block >= absolute);
    let gate = mean(blocks())? * ratio(RELATIVE_GATE);
    mean(blocks().filter(|&block| block >= gate)).map(loudness)
}

fn range_lu(energies: &[f64]) -> Option<f64> {
    lufs(energies, 1.0)?;
    let absolute = energy(ABSOLUTE_GATE);
    let mut blocks: Vec<f64> = energies
        .windows(RANGE_BLOCK)
        .step_by(RANGE_STEP)
        .map(|block| block.iter().sum::<f64>() / RANGE_BLOCK as f64)
        .filter(|&block| block >= absolute)
        .collect();
    let Some(mean) = mean(blocks.iter().copied()) else { return Some(0.0) };
    blocks.retain(|&block| block >= mean * ratio(RANGE_GATE));
    blocks.sort_unstable_by(f64::total_cmp);
    let last = blocks.len().saturating_sub(1) as f64;
    let [low, high] = RANGE_PERCENTILES
        .map(|share| blocks.get((last * share + 0.5) as usize).copied().map_or(0.0, loudness));
    Some(high - low)
}

fn blocks(energies: &[f64]) -> impl Iterator<Item = f64> {
    energies.windows(BLOCK).map(|block| block.iter().sum::<f64>() / BLOCK as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0u64, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

/// How loud a mean square is, in LUFS.
fn loudness(energy: f64) -> f64 {
    10.0 * energy.log10() + FULL
}

fn energy(lufs: f64) -> f64 {
    ratio(lufs - FULL)
}

fn ratio(decibels: f64) -> f64 {
    10f64.powf(decibels / 10.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    struct Random(u32);

    impl Random {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(self.0 >> 8) / f64::from(1 << 24)
        }
    }

    /// Noise and a tone over a constant part, whose levels change at random, with silences.
    fn sound(random: &mut Random, rate: u32, seconds: f64) -> Vec<f32> {
        let mut samples = Vec::new();
        let constant = random.unit() * 0.1;
        let frames = (f64::from(rate) * seconds) as usize;
        while samples.len() < frames {
            let level = if random.unit() < 0.15 { 0.0 } else { 10f64.powf(-4.0 * random.unit()) };
            let period = 3.0 + 2_000.0 * random.unit().powi(3);
            for i in 0..(f64::from(rate) * (0.05 + 4.0 * random.unit())) as usize {
                let sine = (std::f64::consts::TAU * i as f64 / period).sin();
                samples.push((constant + level * (sine + random.unit() - 0.5)) as f32);
            }
        }
        samples.truncate(frames);
        samples
    }

    #[test]
    fn the_library_says_the_same_of_every_rate_and_length() {
        let mut random = Random(11);
        for rate in [4_000, 8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            for seconds in [0.05, 0.39, 0.41, 0.5, 0.97, 2.95, 3.3, 4.04, 23.37, 60.0 * random.unit()] {
                // where a hop is no whole number of frames, ours begin a little earlier than the library's
                let within = if rate % 10 == 0 { 1e-4 } else { 0.1 };
                if rate % 10 > 0 && seconds < 20.0 {
                    continue;
                }
                let samples = sound(&mut random, rate, seconds);
                let mut library = EbuR128::new(1, rate, Mode::I | Mode::LRA).unwrap();
                library.add_frames_f32(&samples).unwrap();
                let mut ours = Bs1770::new(rate).unwrap();
                let mut rest = &samples[..];
                while !rest.is_empty() {
                    let (piece, after) =
                        rest.split_at(rest.len().min(1 + (random.unit() * 9_000.0) as usize));
                    ours.push(piece);
                    rest = after;
                }
                let theirs = library.loudness_global().ok().filter(|lufs| lufs.is_finite());
                let (ours, range) = (ours.lufs(), ours.range_lu());
                assert_eq!(ours.is_some(), theirs.is_some(), "{rate} Hz, {seconds} s: {ours:?} {theirs:?}");
                let (Some(ours), Some(range), Some(theirs)) = (ours, range, theirs) else { continue };
                assert!((ours - theirs).abs() < within, "{rate} Hz, {seconds} s: {ours} {theirs}");
                let theirs = library.loudness_range().unwrap();
                assert!((range - theirs).abs() < within, "{rate} Hz, {seconds} s: {range} {theirs}");
            }
        }
    }

    #[test]
    fn silence_has_neither() {
        for seconds in [0, 1, 10] {
            let mut meter = Bs1770::new(48_000).unwrap();
            meter.push(&vec![0.0; 48_000 * seconds]);
            assert_eq!((meter.energies.len(), meter.lufs(), meter.range_lu()), (10 * seconds, None, None));
        }
    }
}
