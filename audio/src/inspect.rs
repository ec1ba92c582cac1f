//! Inspecting a recording: what is it, can it be aired, and its prepared form.
//!
//! [`inspect_file`] decodes every common format (told apart by content, never by file name; `docs/formats.md` lists
//! them), mixes down to mono, resamples to the station's rate and writes [`crate::prepared`] PCM, streaming, in bounded
//! memory. It trusts nothing in the file; even so, run it only inside [`crate::child`].

mod boxes;
mod checksum;
mod codec;
mod decode;
mod ebml;
mod ending;
mod files;
mod foreign;
mod mp4;
mod open;
mod part;
mod refusal;
mod sink;
mod sniff;
mod source;
mod tags;
mod trim;
mod warning;
mod wav_header;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::child::Confinement;
use crate::loudness::{Correction, Loudness};

pub use decode::inspect_file;
pub(crate) use decode::inspect_opened;
pub(crate) use files::InspectFiles;
pub use part::KeptPart;
pub use refusal::{InspectRefusal, RefusalCode};
pub use tags::{MAX_CHARS as MAX_TAG_CHARS, Tags};
pub use warning::{InspectWarning, WarningCode};

/// What to inspect and where its prepared form goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InspectRequest {
    /// The original. Its name tells nothing.
    pub original: PathBuf,
    /// SHA-256 of the original, 64 hex digits, as computed when it was received. What is decoded is hashed on the way
    /// and compared.
    pub original_sha256: String,
    /// The part that is prepared; `None` for all of it. The original is decoded and judged whole all the same.
    #[serde(default)]
    pub part: Option<KeptPart>,
    /// Where the prepared file goes: a new name in a folder on the final file system. Removed again after a refusal.
    pub output: PathBuf,
    /// The station's sample rate in Hz.
    pub sample_rate: u32,
    /// Longer recordings are refused ([`RefusalCode::TooLong`]).
    pub max_duration: Duration,
    /// What would need a larger file is refused ([`RefusalCode::TooBigToPrepare`]), in bytes. While it is made the
    /// prepared file is twice as large as in the end: 4 bytes a frame.
    pub max_output_bytes: u64,
    /// What is done to its level and its silences.
    pub correction: Correction,
}

/// What a usable recording is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InspectReport {
    /// For example `mp3`, `flac`, `pcm_s16le`.
    pub codec: String,
    /// For example `mp3`, `flac`, `wave`.
    pub container: String,
    /// Of the original, in Hz.
    pub original_rate: u32,
    /// Of the original.
    pub channels: u16,
    /// The station's sample rate, in Hz.
    pub sample_rate: u32,
    /// Length of the original, in frames at `original_rate`, whatever part of it was prepared.
    pub original_frames: u64,
    /// Peaks of the whole original, mixed down, for drawing it: as `waveform`.
    pub original_waveform: Vec<u8>,
    /// Length of the prepared form, in frames at `sample_rate`.
    pub frames: u64,
    /// Identity of the prepared form, hex: what an approval names and what [`crate::prepared::Prepared::open`] wants.
    pub root: String,
    /// Size of the prepared form.
    pub bytes: u64,
    /// Loudest sample of the prepared form against full scale, in dB; `None` when all is digital silence.
    pub peak_dbfs: Option<f64>,
    /// What was measured, and what was done about it.
    pub loudness: Loudness,
    /// Peaks of the prepared form for drawing it, 0 to 255 of full scale: at most 1000, evenly spaced.
    pub waveform: Vec<u8>,
    /// Packets that could not be decoded and are missing.
    pub damaged_packets: u64,
    /// What the file says of itself.
    #[serde(default)]
    pub tags: Tags,
    /// Remarks for whoever approves it.
    pub warnings: Vec<InspectWarning>,
    /// What its inspection was kept away from.
    pub confinement: Confinement,
}

impl InspectRequest {
    /// What the prepared file names as what it was made from, lower-case hexadecimal.
    #[must_use]
    pub fn made_from(&self) -> String {
        KeptPart::made_from(&self.original_sha256, self.part)
    }
}

impl InspectReport {
    /// Playing time of the original.
    #[must_use]
    pub fn original_duration(&self) -> Duration {
        crate::prepared::frames_to_duration(self.original_frames, self.original_rate)
    }

    /// Playing time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        crate::prepared::frames_to_duration(self.frames, self.sample_rate)
    }
}
