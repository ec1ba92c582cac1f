//! Writing a prepared file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::header::{END_MAGIC, FOOTER_BYTES, HEADER_BYTES, Header, RATES, root_of};
use super::{PreparedError, PreparedInfo};

/// Writes one prepared file, front to back, in bounded memory (one block, and 32 bytes per block written).
///
/// Until [`finish`](Self::finish) has returned, the file is one that [`Prepared::open`](super::Prepared::open) refuses.
#[derive(Debug)]
pub struct PreparedWriter {
    path: PathBuf,
    file: BufWriter<File>,
    header: Header,
    block: Vec<u8>,
    table: Vec<u8>,
}

impl PreparedWriter {
    /// Starts a new file at `path`. One that is there is unlinked, not overwritten: it may be on the air.
    ///
    /// # Errors
    /// [`PreparedError::Invalid`] for a sample rate outside 4 kHz to 384 kHz; [`PreparedError::Io`].
    pub fn create(path: &Path, sample_rate: u32, original_sha256: [u8; 32]) -> Result<Self, PreparedError> {
        if !RATES.contains(&sample_rate) {
            return Err(PreparedError::Invalid {
                path: path.into(),
                what: format!("{sample_rate} Hz is no usable sample rate; choose one from 4000 to 384000"),
            });
        }
        let io = |action| move |source| PreparedError::Io { path: path.into(), action, source };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("replace")(error)),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let mut file = BufWriter::with_capacity(64 << 10, file.map_err(io("create"))?);
        file.write_all(&[0; HEADER_BYTES as usize]).map_err(io("write"))?;
        let block_frames = sample_rate.div_ceil(4);
        Ok(Self {
            path: path.into(),
            file,
            header: Header { sample_rate, frames: 0, block_frames, original_sha256 },
            block: Vec::with_capacity(block_frames as usize * 2),
            table: Vec::new(),
        })
    }

    /// Appends samples.
    ///
    /// # Errors
    /// [`PreparedError::Io`]; the file is then of no more use.
    pub fn push(&mut self, samples: &[i16]) -> Result<(), PreparedError> {
        let block_bytes = self.header.block_frames as usize * 2;
        for &sample in samples {
            self.block.extend_from_slice(&sample.to_le_bytes());
            if self.block.len() == block_bytes {
                self.flush_block()?;
            }
        }
        self.header.frames += samples.len() as u64;
        Ok(())
    }

    /// Frames pushed so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.header.frames
    }

    fn flush_block(&mut self) -> Result<(), PreparedError> {
        self.table.extend_from_slice(&Sha256::digest(&self.block));
        let written = self.file.write_all(&self.block);
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
        let mut footer = Vec::with_capacity(FOOTER_BYTES as usize);
        footer.extend_from_slice(&END_MAGIC);
        footer.extend_from_slice(&self.header.blocks().to_le_bytes());
        footer.extend_from_slice(&root);
        self.file.write_all(&self.table).map_err(io("write"))?;
        self.file.write_all(&footer).map_err(io("write"))?;
        self.file.flush().map_err(io("write"))?;
        let file = self.file.get_ref();
        file.write_all_at(&header, 0).map_err(io("write"))?;
        file.sync_all().map_err(io("fsync"))?;
        let bytes = HEADER_BYTES + self.header.data_bytes() + self.table.len() as u64 + FOOTER_BYTES;
        Ok(self.header.info(&root, bytes))
    }
}
