//! Writing a prepared file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::header::{END_MAGIC, FOOTER_BYTES, HEADER_BYTES, Header, root_of};
use super::{PreparedError, PreparedInfo, working};

/// Writes one prepared file, front to back, in bounded memory (one block, and 32 bytes per block written).
///
/// Until [`finish`](Self::finish) has returned, the file is one that [`Prepared::open`](super::Prepared::open) refuses.
#[derive(Debug)]
pub struct PreparedWriter {
    path: PathBuf,
    file: Arc<File>,
    header: Header,
    /// Bytes of samples in the file.
    written: u64,
    block: Vec<u8>,
    table: Vec<u8>,
}

impl PreparedWriter {
    /// Starts a new file at `path`. One that is there is unlinked, not overwritten: it may be on the air.
    ///
    /// # Errors
    /// [`PreparedError::Invalid`] for a sample rate outside 4 kHz to 384 kHz; [`PreparedError::Io`].
    pub fn create(path: &Path, sample_rate: u32, made_from: [u8; 32]) -> Result<Self, PreparedError> {
        let (file, header) = working::create(path, sample_rate, made_from)?;
        Ok(Self::over(path.into(), file, header))
    }

    /// Writes over what is in the file behind its (unfinished) header.
    pub(super) fn over(path: PathBuf, file: Arc<File>, header: Header) -> Self {
        let block = Vec::with_capacity(header.block_frames as usize * 2);
        Self { path, file, header, written: 0, block, table: Vec::new() }
    }

    /// Appends samples.
    ///
    /// # Errors
    /// [`PreparedError::Io`]; the file is then of no more use.
    pub fn push(&mut self, mut samples: &[i16]) -> Result<(), PreparedError> {
        let block_bytes = self.header.block_frames as usize * 2;
        self.header.frames += samples.len() as u64;
        while !samples.is_empty() {
            let room = (block_bytes - self.block.len()) / 2;
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.block.extend(now.iter().flat_map(|sample| sample.to_le_bytes()));
            if self.block.len() == block_bytes {
                self.flush_block()?;
            }
            samples = later;
        }
        Ok(())
    }

    /// Frames pushed so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.header.frames
    }

    fn flush_block(&mut self) -> Result<(), PreparedError> {
        self.table.extend_from_slice(&Sha256::digest(&self.block));
        let written = self.file.write_all_at(&self.block, HEADER_BYTES + self.written);
        self.written += self.block.len() as u64;
        self.block.clear();
        written.map_err(|source| PreparedError::Io { path: self.path.clone(), action: "write", source })
    }

    /// Completes the file and waits until it is on the disk (the caller makes its name durable: fsync of the folder).
    ///
    /// # Errors
    /// [`PreparedError::Io`].
    pub fn finish(mut self) -> Result<PreparedInfo, PreparedError> {
        if !self.block.is_empty() {
            self.flush_block()?;
        }
        let io = |action| {
            let path = self.path.clone();
            move |source| PreparedError::Io { path, action, source }
        };
        let header = self.header.encode();
        let root = root_of(&header, &self.table);
        let mut end = self.table;
        end.reserve_exact(FOOTER_BYTES as usize);
        end.extend_from_slice(&END_MAGIC);
        end.extend_from_slice(&self.header.blocks().to_le_bytes());
        end.extend_from_slice(&root);
        let end_at = HEADER_BYTES + self.written;
        let bytes = end_at + end.len() as u64;
        self.file.write_all_at(&end, end_at).map_err(io("write"))?;
        // What was longer while it was worked on.
        self.file.set_len(bytes).map_err(io("shorten"))?;
        self.file.write_all_at(&header, 0).map_err(io("write"))?;
        self.file.sync_all().map_err(io("fsync"))?;
        Ok(self.header.info(&root, bytes))
    }
}
