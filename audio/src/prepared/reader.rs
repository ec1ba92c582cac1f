//! Reading a prepared file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::header::{END_MAGIC, FOOTER_BYTES, HASH_BYTES, HEADER_BYTES, Header, root_of};
use super::{PreparedError, PreparedInfo};

/// A prepared file that is held open and whose header and table are those of its root.
#[derive(Debug)]
pub struct Prepared {
    path: PathBuf,
    file: File,
    header: Header,
    table: Vec<u8>,
    info: PreparedInfo,
}

impl Prepared {
    /// Opens the file that has the identity `expected_root` (hex). Reads header and table, not the samples: those are
    /// checked as they are read, or all at once by [`verify_all`](Self::verify_all).
    ///
    /// # Errors
    /// [`PreparedError::WrongRoot`] for another recording; [`PreparedError::Malformed`]; [`PreparedError::Io`].
    pub fn open(path: &Path, expected_root: &str) -> Result<Self, PreparedError> {
        let prepared = Self::open_any(path)?;
        if !prepared.info.root.eq_ignore_ascii_case(expected_root) {
            return Err(PreparedError::WrongRoot {
                path: path.into(),
                expected: expected_root.into(),
                found: prepared.info.root,
            });
        }
        Ok(prepared)
    }

    /// Opens whatever prepared file is there. For housekeeping; on the way to the air use [`open`](Self::open).
    ///
    /// # Errors
    /// As for [`open`](Self::open), without the comparison of the root.
    pub fn open_any(path: &Path) -> Result<Self, PreparedError> {
        let io = |action| move |source| PreparedError::Io { path: path.into(), action, source };
        let malformed = |what: &str| PreparedError::Malformed { path: path.into(), what: what.into() };
        let file = File::open(path).map_err(io("open"))?;
        let length = file.metadata().map_err(io("open"))?.len();
        if length < HEADER_BYTES + FOOTER_BYTES {
            return Err(malformed("it is cut short"));
        }
        let mut bytes = [0; HEADER_BYTES as usize];
        file.read_exact_at(&mut bytes, 0).map_err(io("read"))?;
        let header = Header::decode(&bytes).map_err(|what| malformed(&what))?;
        if header.file_bytes() != Some(length) {
            return Err(malformed("its length is not what its header says"));
        }
        // The length above is the file's own, so this cannot ask for more memory than the disk really holds.
        let table_bytes =
            usize::try_from(header.blocks() * HASH_BYTES).map_err(|_| malformed("it is too long"))?;
        let mut table = vec![0; table_bytes];
        let table_at = HEADER_BYTES + header.data_bytes();
        file.read_exact_at(&mut table, table_at).map_err(io("read"))?;
        let mut footer = [0; FOOTER_BYTES as usize];
        file.read_exact_at(&mut footer, length - FOOTER_BYTES).map_err(io("read"))?;
        let root = root_of(&bytes, &table);
        if footer[0..8] != END_MAGIC
            || footer[8..16] != header.blocks().to_le_bytes()
            || footer[16..48] != root
        {
            return Err(malformed("its footer does not belong to its header and table"));
        }
        let info = header.info(&root, length);
        Ok(Self { path: path.into(), file, header, table, info })
    }

    /// What the file is.
    #[must_use]
    pub fn info(&self) -> &PreparedInfo {
        &self.info
    }

    /// Where it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.header.blocks()
    }

    /// Frames of every block but the last, which may have fewer.
    #[must_use]
    pub fn block_frames(&self) -> u32 {
        self.header.block_frames
    }

    /// Reads every block, as the air path will.
    ///
    /// # Errors
    /// The first one of [`read_block`](Self::read_block).
    pub fn verify_all(&self) -> Result<(), PreparedError> {
        let mut samples = Vec::new();
        (0..self.blocks()).try_for_each(|block| self.read_block_into(block, &mut samples))
    }

    /// Reads block `block` (from 0) and hashes it; only what is still what was prepared is returned.
    ///
    /// # Errors
    /// [`PreparedError::AlteredBlock`]; [`PreparedError::Invalid`] for a block that the file does not have;
    /// [`PreparedError::Io`].
    pub fn read_block(&self, block: u64) -> Result<Vec<i16>, PreparedError> {
        let mut samples = Vec::new();
        self.read_block_into(block, &mut samples)?;
        Ok(samples)
    }

    /// [`read_block`](Self::read_block) into a vector that is used again. On an error it is left empty.
    ///
    /// # Errors
    /// As for [`read_block`](Self::read_block).
    pub fn read_block_into(&self, block: u64, samples: &mut Vec<i16>) -> Result<(), PreparedError> {
        samples.clear();
        if block >= self.blocks() {
            return Err(PreparedError::Invalid {
                path: self.path.clone(),
                what: format!("there is no block {block}; it has {}", self.blocks()),
            });
        }
        let block_frames = u64::from(self.header.block_frames);
        let first = block * block_frames;
        let frames = block_frames.min(self.header.frames - first);
        let mut bytes = vec![0; usize::try_from(frames * 2).unwrap_or_default()];
        self.file
            .read_exact_at(&mut bytes, HEADER_BYTES + first * 2)
            .map_err(|source| PreparedError::Io { path: self.path.clone(), action: "read", source })?;
        let at = usize::try_from(block * HASH_BYTES).unwrap_or(usize::MAX);
        let expected = self.table.get(at..at.saturating_add(HASH_BYTES as usize));
        if expected != Some(Sha256::digest(&bytes).as_slice()) {
            return Err(PreparedError::AlteredBlock { path: self.path.clone(), block });
        }
        samples.extend(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        Ok(())
    }
}
