//! What a listener would complain of, told to whoever approves the recording.

use super::Correction;
use super::channels::ChannelFindings;
use super::correct::{Corrected, DROPPED_CHANNEL_DB, OFFSET, SILENT_DBFS, decibels, seconds};
use super::meter::Measured;
use crate::inspect::InspectWarning;

/// Raised or lowered by this much is worth a remark, in dB.
const NOTABLE_DB: f64 = 10.0;
/// So far below the target is heard, in LU.
const STAYS_QUIET: f64 = 1.0;
/// Louder than this is beyond full scale by more than a codec's overshoot, in dBFS.
const BEYOND_DBFS: f64 = 1.0;
/// Peaks cut off in fewer places are not heard …
const CUT_OFF: u64 = 10;
/// … nor in fewer a minute.
const CUT_OFF_A_MINUTE: f64 = 6.0;
/// With a larger range the quiet passages are lost outdoors, in LU.
const LARGE_RANGE: f64 = 15.0;
/// So far below the loudness is heard as silence, in LU.
const SILENCE_LU: f64 = 36.0;
/// Silence before or after the sound is remarked from here, in hundredths of a second.
const LONG_AROUND: usize = 200;
/// Silence within it from here.
const LONG_INNER: usize = 500;
/// Hum is remarked from so far below the loudness, in LU.
const HUM_LU: f64 = 30.0;

pub(super) fn warnings(
    measured: &Measured,
    channels: &ChannelFindings,
    opposite: bool,
    correction: &Correction,
    corrected: &Corrected,
) -> Vec<InspectWarning> {
    let mut warnings = Vec::new();
    let mut warn = |is: bool, warning: InspectWarning| {
        if is {
            warnings.push(warning);
        }
    };
    let peak = decibels(f64::from(measured.peak));
    let silent = peak.is_none_or(|peak| peak < SILENT_DBFS);
    warn(silent, InspectWarning::silent());
    let minutes = measured.frames as f64 / f64::from(measured.rate) / 60.0;
    let cut_off = channels.cut_off >= CUT_OFF && channels.cut_off as f64 >= CUT_OFF_A_MINUTE * minutes;
    warn(cut_off || peak.is_some_and(|peak| peak > BEYOND_DBFS), InspectWarning::clipped());
    warn(channels.dropped, InspectWarning::dropped_channel());
    warn(opposite, InspectWarning::opposite_phase());
    warn(!silent && measured.offset.abs() >= OFFSET, InspectWarning::dc_offset(measured.offset * 100.0));

    let loudness = &corrected.loudness;
    // What half the channels lost in the mix was not quiet.
    let raised = loudness.gain_db - if channels.dropped { DROPPED_CHANNEL_DB } else { 0.0 };
    warn(raised >= NOTABLE_DB, InspectWarning::too_quiet(loudness.gain_db));
    warn(loudness.gain_db <= -NOTABLE_DB, InspectWarning::too_loud(-loudness.gain_db));
    let missing = correction.target_lufs.zip(loudness.lufs).map_or(0.0, |(target, lufs)| target - lufs);
    warn(!silent && missing >= STAYS_QUIET, InspectWarning::stays_quiet(loudness.gain_db, missing));
    let range = loudness.range_lu.unwrap_or(0.0);
    warn(range > LARGE_RANGE, InspectWarning::large_range(range));

    let Some(lufs) = loudness.original_lufs.filter(|_| !silent) else {
        return warnings;
    };
    if let Some(silences) = measured.levels.silences(lufs - SILENCE_LU) {
        let cut = |trimmed: f64| (trimmed * 100.0).round() as usize;
        let leading = silences.leading.saturating_sub(cut(loudness.trimmed_start_seconds));
        let trailing = silences.trailing.saturating_sub(cut(loudness.trimmed_end_seconds));
        warn(leading >= LONG_AROUND, InspectWarning::leading_silence(seconds(leading)));
        warn(trailing >= LONG_AROUND, InspectWarning::trailing_silence(seconds(trailing)));
        if let Some(inner) = silences.longest_inner.filter(|inner| inner.length >= LONG_INNER) {
            let from = (seconds(inner.from) - loudness.trimmed_start_seconds).max(0.0);
            warn(true, InspectWarning::inner_silence(from, seconds(inner.length)));
        }
    }
    if let Some((mains, power)) = measured.hum {
        let below = lufs - 10.0 * power.log10();
        warn(below < HUM_LU, InspectWarning::mains_hum(mains, below));
    }
    warnings
}
