//! The original as the decoder sees it: a stream that cannot be sought, hashed on the way.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::sniff;
use super::wav_header::{self, WavDeclaration};

/// How much of the start is looked at before decoding.
const START_BYTES: usize = 64 << 10;

/// The original file, opened, with what can be known before decoding.
pub(crate) struct Original {
    /// Its first bytes, as they are in the file.
    pub(crate) start: Vec<u8>,
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// Bytes of the tags around the sound of an MP3.
    pub(crate) tag_bytes: u64,
    /// What a WAV header declares.
    pub(crate) wav: Option<WavDeclaration>,
    stream: Arc<Mutex<Stream>>,
}

struct Stream {
    file: Arc<File>,
    hasher: Sha256,
    /// The start, corrected where it is a WAV header that cannot be true.
    start: io::Cursor<Vec<u8>>,
}

/// A reader of the original; all of them share one position.
pub(crate) struct OriginalReader(Arc<Mutex<Stream>>);

impl Original {
    /// From its beginning, wherever `file` stands.
    pub(crate) fn read(mut file: Arc<File>) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(bytes.saturating_sub(160)))?;
        Read::by_ref(&mut file).take(160).read_to_end(&mut end)?;
        file.seek(SeekFrom::Start(0))?;
        let mut start = Vec::with_capacity(START_BYTES);
        Read::by_ref(&mut file).take(START_BYTES as u64).read_to_end(&mut start)?;
        let mut hasher = Sha256::new();
        hasher.update(&start);
        let mut corrected = start.clone();
        let wav = wav_header::correct(&mut corrected, bytes);
        let tag_bytes = sniff::id3v2_bytes(&start) + sniff::trailing_tag_bytes(&end);
        let stream = Stream { file, hasher, start: io::Cursor::new(corrected) };
        Ok(Self { start, bytes, tag_bytes, wav, stream: Arc::new(Mutex::new(stream)) })
    }

    pub(crate) fn reader(&self) -> OriginalReader {
        OriginalReader(Arc::clone(&self.stream))
    }

    /// Reads what the decoder left unread and returns the SHA-256 of the whole file.
    pub(crate) fn finish_hash(&self) -> io::Result<[u8; 32]> {
        let mut reader = self.reader();
        let mut buffer = vec![0; 64 << 10];
        while reader.read(&mut buffer)? > 0 {}
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stream.hasher.clone().finalize().into())
    }
}

impl Read for OriginalReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_start = stream.start.read(buffer)?;
        if from_start > 0 {
            return Ok(from_start);
        }
        let read = stream.file.read(buffer)?;
        stream.hasher.update(&buffer[..read]);
        Ok(read)
    }
}
