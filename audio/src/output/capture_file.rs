//! A mono WAV file that is valid at any moment while it grows.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::synth::wav_header;

const HEADER_BYTES: u64 = 44;
/// Programs that read sizes as signed fail beyond this.
const MAX_DATA_BYTES: u64 = (1 << 31) - (1 << 20);

#[derive(Debug)]
pub(crate) struct CaptureFile {
    wanted: PathBuf,
    path: PathBuf,
    file: File,
    rate: u32,
    /// Frames in the file.
    frames: u64,
}

impl CaptureFile {
    /// Continues the file at `wanted` when it is one of ours at this rate with room left; otherwise begins the next
    /// free numbered name.
    pub(crate) fn open(wanted: &Path, rate: u32) -> io::Result<Self> {
        for number in 1..10_000 {
            let path = numbered(wanted, number);
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let length = file.metadata()?.len();
            let frames = if length == 0 {
                file.write_all_at(&wav_header(rate, 1, 0), 0)?;
                0
            } else if is_ours(&file, rate)? && length < HEADER_BYTES + MAX_DATA_BYTES {
                // What lies beyond the header's size was written before a power cut: it was heard.
                (length - HEADER_BYTES) / 2
            } else {
                continue;
            };
            return Ok(Self { wanted: wanted.into(), path, file, rate, frames });
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "all numbered names are taken"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Appends samples, then lets the header say so.
    pub(crate) fn append(&mut self, samples: &[i16]) -> io::Result<()> {
        if (self.frames * 2) >= MAX_DATA_BYTES {
            *self = Self::open(&self.wanted, self.rate)?;
        }
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.file.write_all_at(&bytes, HEADER_BYTES + self.frames * 2)?;
        self.frames += samples.len() as u64;
        self.write_sizes()
    }

    /// Takes back the last `frames`, which were handed over but never sounded.
    pub(crate) fn take_back(&mut self, frames: u64) -> io::Result<()> {
        self.frames = self.frames.saturating_sub(frames);
        self.file.set_len(HEADER_BYTES + self.frames * 2)?;
        self.write_sizes()
    }

    fn write_sizes(&self) -> io::Result<()> {
        let data = u32::try_from(self.frames * 2).unwrap_or(u32::MAX);
        self.file.write_all_at(&wav_header(self.rate, 1, data), 0)
    }
}

fn is_ours(file: &File, rate: u32) -> io::Result<bool> {
    let mut header = [0; HEADER_BYTES as usize];
    match file.read_exact_at(&mut header, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    let data = u32::from_le_bytes([header[40], header[41], header[42], header[43]]);
    Ok(header == wav_header(rate, 1, data))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.into();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    #[test]
    fn is_continued_and_never_overwrites_what_is_not_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("heard.wav");
        let mut file = CaptureFile::open(&path, 8_000).unwrap();
        file.append(&[1, 2, 3]).unwrap();
        file.take_back(1).unwrap();
        drop(file);
        let mut file = CaptureFile::open(&path, 8_000).unwrap();
        assert_eq!(file.frames(), 2);
        file.append(&[4]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..44], wav_header(8_000, 1, 6));
        assert_eq!(bytes[44..], [1, 0, 2, 0, 4, 0]);
        // Another rate is another file.
        let other = CaptureFile::open(&path, 16_000).unwrap();
        assert_eq!(other.path(), dir.path().join("heard-2.wav"));
        // A file of somebody else is left alone.
        let foreign = dir.path().join("letter.txt");
        std::fs::write(&foreign, "dear").unwrap();
        let capture = CaptureFile::open(&foreign, 8_000).unwrap();
        assert_eq!(capture.path(), dir.path().join("letter-2.txt"));
        assert_eq!(std::fs::read(&foreign).unwrap(), b"dear");
    }
}
