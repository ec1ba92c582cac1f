//! From the energy of tenths of a second to integrated loudness and loudness range.
//!
//! What is kept is the weighted mean square of each *hop* (0.1 s). The gated measures follow from it for any gain,
//! without hearing the sound again: that is what lets the gain be found before anything is written.

/// Hops of a gating block: 0.4 s, overlapping by three quarters (ITU-R BS.1770).
const BLOCK: usize = 4;
/// Hops of a short-term block: 3 s (EBU Tech 3341), every 0.1 s (EBU Tech 3342).
const SHORT_TERM: usize = 30;
/// Quieter blocks count for nothing, in LUFS.
const ABSOLUTE_GATE: f64 = -70.0;
/// Blocks that are so much quieter than the mean do not count for the loudness, in LU.
const RELATIVE_GATE: f64 = -10.0;
/// The same for the range, in LU.
const RANGE_GATE: f64 = -20.0;
/// The range goes from this share of the blocks …
const RANGE_LOW: f64 = 0.10;
/// … to this one.
const RANGE_HIGH: f64 = 0.95;

/// Loudness of a weighted mean square, in LUFS.
pub(super) fn lufs(energy: f64) -> f64 {
    10.0 * energy.log10() - 0.691
}

fn energy(lufs: f64) -> f64 {
    10f64.powf((lufs + 0.691) / 10.0)
}

/// Integrated loudness of hops that are raised by `gain_db`, in LUFS; `None` where no block passes the gate.
pub(super) fn integrated(hops: &[f64], gain_db: f64) -> Option<f64> {
    let power = 10f64.powf(gain_db / 10.0);
    let blocks = || hops.windows(BLOCK).map(|block| block.iter().sum::<f64>() * power / BLOCK as f64);
    let absolute = energy(ABSOLUTE_GATE);
    let gate = mean(blocks().filter(|&block| block >= absolute))? * 10f64.powf(RELATIVE_GATE / 10.0);
    mean(blocks().filter(|&block| block >= absolute && block >= gate)).map(lufs)
}

/// Loudness range, in LU; `None` where no short-term block passes the gate.
pub(super) fn range(hops: &[f64]) -> Option<f64> {
    let absolute = energy(ABSOLUTE_GATE);
    let blocks = hops.windows(SHORT_TERM).map(|block| block.iter().sum::<f64>() / SHORT_TERM as f64);
    let mut blocks: Vec<f64> = blocks.filter(|&block| block >= absolute).collect();
    let gate = mean(blocks.iter().copied())? * 10f64.powf(RANGE_GATE / 10.0);
    blocks.retain(|&block| block >= gate);
    blocks.sort_unstable_by(f64::total_cmp);
    let last = blocks.len().checked_sub(1)? as f64;
    let at = |share: f64| blocks.get((last * share).round() as usize).copied();
    Some(lufs(at(RANGE_HIGH)?) - lufs(at(RANGE_LOW)?))
}

/// The gain that brings the hops to `target` LUFS, in dB; `None` where they have no loudness.
pub(super) fn gain_to(hops: &[f64], target: f64) -> Option<f64> {
    let mut gain_db = 0.0;
    // The absolute gate does not move with the gain, so that one step does not always arrive.
    for _ in 0..4 {
        gain_db += target - integrated(hops, gain_db)?;
    }
    Some(gain_db)
}

fn mean(blocks: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u64);
    for block in blocks {
        sum += block;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn hops(levels: &[(f64, usize)]) -> Vec<f64> {
        levels.iter().flat_map(|&(level, count)| std::iter::repeat_n(energy(level), count)).collect()
    }

    #[test]
    fn what_is_quiet_does_not_count() {
        let steady = integrated(&hops(&[(-23.0, 100)]), 0.0).unwrap();
        assert!((steady + 23.0).abs() < 1e-9, "{steady}");
        // 3 of the blocks lie across the step.
        let gated = integrated(&hops(&[(-23.0, 1_000), (-50.0, 1_000)]), 0.0).unwrap();
        assert!((gated + 23.0).abs() < 0.02, "{gated}");
        assert_eq!(integrated(&hops(&[(-71.0, 100)]), 0.0), None);
        assert_eq!(integrated(&hops(&[(-23.0, 3)]), 0.0), None, "shorter than a block");
        assert_eq!(range(&hops(&[(-23.0, 29)])), None);
    }

    #[test]
    fn the_gain_arrives_also_across_the_absolute_gate() {
        let hops = hops(&[(-60.0, 50), (-75.0, 300), (-55.0, 20)]);
        for target in [-16.0, -40.0, -66.0] {
            let gain = gain_to(&hops, target).unwrap();
            let reached = integrated(&hops, gain).unwrap();
            assert!((reached - target).abs() < 0.01, "{target}: {reached}");
        }
        assert_eq!(gain_to(&[], -16.0), None);
    }

    #[test]
    fn the_range_is_that_between_the_quiet_and_the_loud_parts() {
        let found = range(&hops(&[(-20.0, 200), (-30.0, 200)])).unwrap();
        assert!((found - 10.0).abs() < 0.1, "{found}");
        // EBU Tech 3342: what is 20 LU below the rest is no part of the programme.
        let found = range(&hops(&[(-20.0, 400), (-55.0, 400)])).unwrap();
        assert!(found < 2.0, "{found}");
    }
}
