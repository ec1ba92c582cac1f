//! How loud a recording is, and what brings it to the station's loudness.
//!
//! Measured after ITU-R BS.1770 on what the loudspeaker plays: one channel, after the mix-down, at the station's rate.

mod bs1770;
mod channels;
mod correct;
mod hum;
mod judge;
mod limiter;
mod meter;
mod outline;
mod silence;
mod true_peak;
mod waveform;

use serde::{Deserialize, Serialize};

pub(crate) use bs1770::Bs1770;
pub(crate) use channels::{ChannelMeter, Mix};
pub(crate) use correct::Corrected;
pub(crate) use meter::{Measured, Meter};
pub(crate) use outline::Outline;

use crate::inspect::InspectWarning;
use crate::prepared::{PreparedError, Working};

/// Number of the way in which recordings are prepared. It rises with every change that changes the prepared bytes, so
/// that what was prepared otherwise can be told and prepared again.
const PREPARATION: u32 = 2;

/// What the station wants done to every recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Integrated loudness of the prepared form, in LUFS. `None` leaves the level alone.
    pub target_lufs: Option<f64>,
    /// The prepared form's true peak stays at or below this, in dBTP, whatever the target.
    pub max_true_peak_dbtp: f64,
    /// Whether silence before and after the sound is cut off.
    pub trim_silence: bool,
}

impl Default for Correction {
    /// -16 LUFS, -1 dBTP, silence kept.
    fn default() -> Self {
        Self { target_lufs: Some(-16.0), max_true_peak_dbtp: -1.0, trim_silence: false }
    }
}

impl Correction {
    /// A short stable text of everything that the prepared bytes depend on beside the original. Another text means that
    /// the recording would be prepared otherwise today.
    #[must_use]
    pub fn recipe(&self, sample_rate: u32) -> String {
        let target = self.target_lufs.map_or_else(|| "as-is".to_owned(), |target| format!("{target:.2}LUFS"));
        let trim = if self.trim_silence { " trimmed" } else { "" };
        format!("v{PREPARATION} {sample_rate}Hz {target} {:.2}dBTP{trim}", self.max_true_peak_dbtp)
    }
}

/// What was measured, and what was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated loudness before the correction, in LUFS. `None` for silence and for what is shorter than 0.4 s.
    pub original_lufs: Option<f64>,
    /// True peak before the correction, in dBTP; `None` for digital silence.
    pub original_true_peak_dbtp: Option<f64>,
    /// Loudness range (EBU Tech 3342), in LU; `None` where nothing was long and loud enough to have one.
    pub range_lu: Option<f64>,
    /// What every sample was raised by, in dB.
    pub gain_db: f64,
    /// The deepest that the limiter went below that, in dB, as a positive number.
    pub limited_db: f64,
    /// Integrated loudness of the prepared form, in LUFS; `None` as above.
    pub lufs: Option<f64>,
    /// True peak of the prepared form, in dBTP; `None` for digital silence.
    pub true_peak_dbtp: Option<f64>,
    /// Silence cut off before the sound, in seconds.
    pub trimmed_start_seconds: f64,
    /// Silence cut off after the sound, in seconds.
    pub trimmed_end_seconds: f64,
}

/// A recording that is prepared, and what is to be said about it.
#[derive(Debug)]
pub(crate) struct Sound {
    pub(crate) corrected: Corrected,
    pub(crate) warnings: Vec<InspectWarning>,
}

impl Sound {
    /// Overwrites the working form with the prepared one, and judges it.
    pub(crate) fn prepare(
        working: Working,
        measured: &Measured,
        channels: &ChannelMeter,
        mix: Mix,
        correction: &Correction,
    ) -> Result<Self, PreparedError> {
        let found = channels.findings();
        let corrected = correct::correct(working, measured, correction, found.dropped)?;
        let opposite = mix != Mix::All;
        let warnings = judge::warnings(measured, &found, opposite, correction, &corrected);
        Ok(Self { corrected, warnings })
    }
}
