//! The working form of a recording: decoded, but not yet corrected.
//!
//! How loud a recording is is known only at its end. So it is first written as it is, in single precision, into the very
//! file that becomes the prepared one, then read again and overwritten with what it becomes. Four bytes a frame become
//! two: what is written stays behind what is still to be read. No third file is needed, and no second decoding.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::header::{HEADER_BYTES, Header, RATES};
use super::{PreparedError, PreparedWriter};

/// Bytes of a frame in the working form.
const WORKING_FRAME: u64 = size_of::<f32>() as u64;
/// Bytes that are written together.
const BUFFER: usize = 64 << 10;

/// Writes a working form; see the module.
#[derive(Debug)]
pub(crate) struct WorkingWriter {
    path: PathBuf,
    file: Arc<File>,
    header: Header,
    written: u64,
    buffer: Vec<u8>,
}

/// Reads a working form while a [`PreparedWriter`] overwrites it.
#[derive(Debug)]
pub(crate) struct Working {
    path: PathBuf,
    file: Arc<File>,
    header: Header,
    buffer: Vec<u8>,
}

/// Starts a new file at `path`. One that is there is unlinked, not overwritten: it may be on the air.
pub(super) fn create(
    path: &Path,
    sample_rate: u32,
    made_from: [u8; 32],
) -> Result<(Arc<File>, Header), PreparedError> {
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
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).map_err(io("create"))?;
    file.write_all_at(&[0; HEADER_BYTES as usize], 0).map_err(io("write"))?;
    let block_frames = sample_rate.div_ceil(4);
    Ok((Arc::new(file), Header { sample_rate, frames: 0, block_frames, made_from }))
}

impl WorkingWriter {
    pub(crate) fn create(path: &Path, sample_rate: u32, made_from: [u8; 32]) -> Result<Self, PreparedError> {
        let (file, header) = create(path, sample_rate, made_from)?;
        Ok(Self { path: path.into(), file, header, written: 0, buffer: Vec::with_capacity(BUFFER + 4096) })
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<(), PreparedError> {
        for piece in samples.chunks(BUFFER / WORKING_FRAME as usize) {
            self.buffer.extend(piece.iter().flat_map(|sample| sample.to_le_bytes()));
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Forgets what was pushed.
    pub(crate) fn begin_again(mut self) -> Result<Self, PreparedError> {
        let cut = self.file.set_len(HEADER_BYTES);
        cut.map_err(|source| PreparedError::Io { path: self.path.clone(), action: "shorten", source })?;
        self.buffer.clear();
        self.written = 0;
        Ok(self)
    }

    /// Bytes that the file takes, with what is not written yet.
    pub(crate) fn bytes(&self) -> u64 {
        HEADER_BYTES + self.written + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<(), PreparedError> {
        let written = self.file.write_all_at(&self.buffer, HEADER_BYTES + self.written);
        written.map_err(|source| PreparedError::Io { path: self.path.clone(), action: "write", source })?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Working, PreparedError> {
        self.flush()?;
        Ok(Working { path: self.path, file: self.file, header: self.header, buffer: self.buffer })
    }
}

impl Working {
    /// Fills `samples` with those from `first` on. Past the end, or where it was overwritten, it has nothing to say.
    pub(crate) fn read(&mut self, first: u64, samples: &mut [f32]) -> Result<(), PreparedError> {
        self.buffer.resize(samples.len() * WORKING_FRAME as usize, 0);
        let read = self.file.read_exact_at(&mut self.buffer, HEADER_BYTES + first * WORKING_FRAME);
        read.map_err(|source| PreparedError::Io { path: self.path.clone(), action: "read", source })?;
        let (quads, _) = self.buffer.as_chunks();
        for (sample, bytes) in samples.iter_mut().zip(quads) {
            *sample = f32::from_le_bytes(*bytes);
        }
        Ok(())
    }

    /// The error for what cannot be made of it.
    pub(crate) fn invalid(&self, what: String) -> PreparedError {
        PreparedError::Invalid { path: self.path.clone(), what }
    }

    /// Writes the prepared form over this. No more frames may be pushed than were read before.
    pub(crate) fn overwrite(&self) -> PreparedWriter {
        PreparedWriter::over(self.path.clone(), Arc::clone(&self.file), self.header)
    }
}
