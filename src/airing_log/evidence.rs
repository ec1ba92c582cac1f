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
    /// What the amplifier said meanwhile; None where none is controlled, and in rows of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amplifier: Option<AmplifierEvidence>,
}

/// What the amplifier said of itself before, during and after an airing; each value was read, none copied from an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmplifierEvidence {
    /// Name of the driver.
    pub driver: String,
    /// Which hardware answered, and its program's version, where it says.
    pub held_by: Option<String>,
    /// How often it confirmed, while the airing sounded, that its zones had power and sound.
    pub samples: u32,
    /// The longest time without such a confirmation while it sounded, in milliseconds.
    pub longest_gap_ms: u64,
    /// The last reading before the first frame.
    pub before: Option<AmplifierReading>,
    /// The first reading while it sounded.
    pub begin: Option<AmplifierReading>,
    /// The last reading while it sounded or since.
    pub end: Option<AmplifierReading>,
    /// Lowest and highest temperature, in tenths of a degree Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<(i16, i16)>,
    /// Lowest and highest supply of its controller, in millivolts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply: Option<(u16, u16)>,
    /// Codes of the faults that there were meanwhile, sorted.
    pub faults: Vec<String>,
    /// Why the airing does not count as confirmed, in a few words; None when it does.
    pub unconfirmed: Option<String>,
}

/// One reading of the amplifier; None is what was not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmplifierReading {
    /// When it was read.
    pub at: Timestamp,
    /// Whether its power was on.
    pub power: Option<bool>,
    /// Whether it let sound through.
    pub sound: Option<bool>,
    /// The zones that were connected.
    pub zones: Vec<String>,
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
