//! What the output can say of an airing, as the log keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Measured at the output while an airing was heard; written into its `ended` row. After a power cut, what was known until
/// the last note of progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The device, capture file or `null` that took the sound.
    pub device: String,
    /// Samples a second of the recording; what `frames` and `handed` are counted in.
    pub sample_rate: u32,
    /// When the first frame sounded, by the device's own timestamps.
    pub first: Option<Timestamp>,
    /// When the last frame sounded that was consumed.
    pub last: Option<Timestamp>,
    /// Frames that the device consumed.
    pub frames: u64,
    /// Frames that were handed to it; the rest of them was lost.
    pub handed: u64,
    /// Interruptions, in order; a long list is cut, and `gap_count` says how many there were.
    pub gaps: Vec<Gap>,
    /// How many interruptions there were.
    pub gap_count: u32,
    /// How long they were, together, in milliseconds.
    pub gap_ms: u64,
    /// Integrated loudness of what was sent, in LUFS, to two decimals; None of what is too short or too quiet.
    pub lufs: Option<f64>,
    /// Largest sample that was sent, in dB of full scale, to two decimals; None of silence.
    pub peak_dbfs: Option<f64>,
}

/// One interruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When the sound stopped.
    pub at: Timestamp,
    /// For how long, in milliseconds.
    pub ms: u64,
    /// `underrun`: the device was not filled in time. `starved`: storage was too slow.
    pub cause: String,
}
