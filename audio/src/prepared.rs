//! Prepared PCM: the only container that the air path reads.
//!
//! A prepared file is made once, by this board, from an original whose SHA-256 it names, and never changed. It holds
//! mono signed 16-bit little-endian samples, cut into blocks of a quarter of a second, each with its SHA-256:
//!
//! ```text
//! offset  size  header (64 bytes; integers are little-endian)
//!      0     8  magic "LOAXAPCM" (zeros until the file is finished)
//!      8     2  version, 1
//!     10     2  channels, 1
//!     12     4  sample rate in Hz
//!     16     8  frames (one sample each)
//!     24     4  frames per block; the last block may be shorter
//!     28     4  zero
//!     32    32  SHA-256 of the original
//!     64     …  frames × 2 bytes of samples
//!      …     …  table: SHA-256 of each block's bytes, in order
//!      …    48  footer: magic "LOAXAEND", number of blocks (8 bytes), root (32 bytes)
//! ```
//!
//! The file's identity is its **root**: SHA-256 over header and table, written in hex. Whoever knows the root needs
//! nothing else: [`Prepared::open`] checks header, table and lengths against it, and [`Prepared::read_block`] hashes
//! each block as it is read, so a file that is changed, cut or exchanged after approval cannot be heard.

mod header;
mod reader;
mod working;
mod writer;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use reader::Prepared;
pub(crate) use working::{Working, WorkingWriter};
pub use writer::PreparedWriter;

/// Why a prepared file could not be written or must not be heard. Every message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedError {
    /// The operating system refused; a full disk is `ErrorKind::StorageFull` of `source`.
    #[error("prepared audio {}: {action}: {source}; check the disk, then prepare the recording again", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// Not a finished file of this format and version.
    #[error("prepared audio {}: {what}; prepare the recording again from its original", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A well-formed file, but another one than was asked for.
    #[error(
        "prepared audio {}: its root is {found}, but {expected} was approved; \
         prepare the recording again from its original and have it approved", path.display()
    )]
    WrongRoot {
        /// The file.
        path: PathBuf,
        /// The root that was asked for, in hex.
        expected: String,
        /// The root of what is there, in hex.
        found: String,
    },
    /// A block is not what it was when the file was prepared. Nothing of it may sound.
    #[error(
        "prepared audio {}: block {block} was altered after it was prepared; \
         check the disk, then prepare the recording again from its original", path.display()
    )]
    AlteredBlock {
        /// The file.
        path: PathBuf,
        /// Which block, from 0.
        block: u64,
    },
    /// A parameter that no prepared file can have.
    #[error("prepared audio {}: {what}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        what: String,
    },
}

/// What a prepared file is, as its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedInfo {
    /// The identity: SHA-256 over header and table, 64 lower-case hex digits.
    pub root: String,
    /// Length in frames (one sample each).
    pub frames: u64,
    /// In Hz.
    pub sample_rate: u32,
    /// Size of the whole file.
    pub bytes: u64,
    /// What this was made from: [`crate::inspect::KeptPart::made_from`], the SHA-256 of the original where all of it was taken.
    pub made_from: [u8; 32],
}

impl PreparedInfo {
    /// Playing time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        frames_to_duration(self.frames, self.sample_rate)
    }
}

/// Exact playing time of `frames` at `rate` Hz (zero for a rate of zero).
#[must_use]
pub fn frames_to_duration(frames: u64, rate: u32) -> Duration {
    let nanos = u128::from(frames) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Lower-case hex of `bytes`.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The 32 bytes of a SHA-256 written as 64 hex digits of either case; `None` for anything else.
#[must_use]
pub fn sha256_from_hex(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(hash)
}
