//! The fixed header, from which all else of a file follows.

use sha2::{Digest, Sha256};

use super::{PreparedInfo, to_hex};

const MAGIC: [u8; 8] = *b"LOAXAPCM";
pub(super) const END_MAGIC: [u8; 8] = *b"LOAXAEND";
const VERSION: u16 = 1;
pub(super) const HEADER_BYTES: u64 = 64;
pub(super) const FOOTER_BYTES: u64 = 48;
pub(super) const HASH_BYTES: u64 = 32;
/// Sample rates that a prepared file may have, in Hz.
pub(super) const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Longest block that a reader accepts, in frames: bounds the memory that a file can ask for.
const MAX_BLOCK_FRAMES: u32 = 1 << 20;

/// The header's fields; all else follows from them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) sample_rate: u32,
    pub(super) frames: u64,
    pub(super) block_frames: u32,
    pub(super) made_from: [u8; 32],
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&1u16.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.sample_rate.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.frames.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.block_frames.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.made_from);
        bytes
    }

    /// `Err` says what is wrong with it.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES as usize]) -> Result<Self, String> {
        if bytes[0..8] == [0; 8] {
            return Err("it was never finished".into());
        }
        if bytes[0..8] != MAGIC {
            return Err("it is no prepared audio".into());
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        if version != VERSION {
            return Err(format!("its version is {version}, this program reads version {VERSION}"));
        }
        let mut made_from = [0; 32];
        made_from.copy_from_slice(&bytes[32..64]);
        let mut frames = [0; 8];
        frames.copy_from_slice(&bytes[16..24]);
        let header = Self {
            sample_rate: u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            frames: u64::from_le_bytes(frames),
            block_frames: u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]),
            made_from,
        };
        if header.encode() != *bytes {
            return Err("its header has unknown fields".into());
        }
        if !RATES.contains(&header.sample_rate) || !(1..=MAX_BLOCK_FRAMES).contains(&header.block_frames) {
            return Err("its header is out of range".into());
        }
        Ok(header)
    }

    pub(super) fn blocks(&self) -> u64 {
        self.frames.div_ceil(u64::from(self.block_frames))
    }

    /// `None` when no file can be so long.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        let data = self.frames.checked_mul(2)?;
        let table = self.blocks().checked_mul(HASH_BYTES)?;
        data.checked_add(table)?.checked_add(HEADER_BYTES + FOOTER_BYTES)
    }

    pub(super) fn data_bytes(&self) -> u64 {
        self.frames * 2
    }

    pub(super) fn info(&self, root: &[u8; 32], bytes: u64) -> PreparedInfo {
        PreparedInfo {
            root: to_hex(root),
            frames: self.frames,
            sample_rate: self.sample_rate,
            bytes,
            made_from: self.made_from,
        }
    }
}

/// SHA-256 over header and table.
pub(super) fn root_of(header: &[u8], table: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(header);
    hasher.update(table);
    hasher.finalize().into()
}
