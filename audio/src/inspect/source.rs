//! The original as the decoder sees it: every byte that it is given was hashed.
//!
//! Most formats are read once, from front to back, and hashed on the way; whoever decodes compares the hash at the end.
//! Where a format must be sought, the file is hashed as a whole and in blocks first, and each block is compared again
//! when it is read: the file may not change between the two.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use symphonia::core::io::MediaSource;

use super::sniff::{self, Kind};
use super::wav_header::{self, WavDeclaration};

/// How much of the start is looked at before decoding.
const START_BYTES: usize = 64 << 10;
/// How much of the end is looked at: the largest page of Ogg fits.
const END_BYTES: u64 = 66 << 10;
/// What is hashed and read at a time where the format must be sought.
const BLOCK_BYTES: usize = 64 << 10;
/// ID3 tags that may stand one after the other.
const MAX_TAGS: usize = 8;

/// The original file, opened, with what can be known before decoding.
pub(crate) struct Original {
    /// What it is, by its content.
    pub(crate) kind: Kind,
    /// Its last bytes.
    pub(crate) end: Vec<u8>,
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// Where the sound's container begins: behind any ID3 tag.
    pub(crate) body: u64,
    /// Bytes of the tags around the sound of an MP3.
    pub(crate) tag_bytes: u64,
    /// What a WAV header declares.
    pub(crate) wav: Option<WavDeclaration>,
    file: File,
    state: State,
}

enum State {
    Once(Arc<Mutex<Once>>),
    /// The hash of the whole, and of each block.
    Sought([u8; 32], Arc<[[u8; 32]]>),
}

/// Reads the file once, and hashes on the way.
struct Once {
    file: File,
    hasher: Sha256,
    /// The start, corrected where it is a WAV header that cannot be true.
    start: io::Cursor<Vec<u8>>,
}

/// A reader of the original, from front to back; all of them share one position.
pub(crate) struct OnceReader(Arc<Mutex<Once>>);

/// A reader that can be sought, and compares each block with its hash.
pub(crate) struct SoughtReader {
    file: File,
    hashes: Arc<[[u8; 32]]>,
    bytes: u64,
    /// Where the reader stands.
    at: u64,
    /// The block that was read last, and its number.
    block: Vec<u8>,
    number: Option<u64>,
}

impl Original {
    /// Looks at a file that is open. What must be sought is read once here, for its hashes.
    pub(crate) fn read(mut file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let end = read_at(&file, bytes.saturating_sub(END_BYTES), END_BYTES as usize)?;
        let mut start = read_at(&file, 0, START_BYTES)?;
        let mut body = 0;
        for _ in 0..MAX_TAGS {
            let tag = sniff::id3v2_bytes(&start);
            if tag == 0 {
                break;
            }
            body += tag;
            start = read_at(&file, body, START_BYTES)?;
        }
        let kind = sniff::kind(&start);
        let looked_at = start.len() as u64;
        let wav = wav_header::correct(&mut start, bytes.saturating_sub(body));
        let tag_bytes = body + sniff::trailing_tag_bytes(&end);
        file.rewind()?;
        let state = if matches!(kind, Kind::Read(container) if container.needs_seeking()) {
            let (whole, blocks) = hash_blocks(&mut file)?;
            State::Sought(whole, blocks.into())
        } else {
            let mut hasher = Sha256::new();
            hash_exactly(&mut file, body + looked_at, &mut hasher)?;
            let file = file.try_clone()?;
            State::Once(Arc::new(Mutex::new(Once { file, hasher, start: io::Cursor::new(start) })))
        };
        Ok(Self { kind, end, bytes, body, tag_bytes, wav, file, state })
    }

    /// What the decoder reads from, beginning at the container.
    pub(crate) fn reader(&self) -> io::Result<Box<dyn MediaSource>> {
        Ok(match &self.state {
            State::Once(once) => {
                Box::new(symphonia::core::io::ReadOnlySource::new(OnceReader(Arc::clone(once))))
            }
            State::Sought(_, hashes) => Box::new(SoughtReader {
                file: self.file.try_clone()?,
                hashes: Arc::clone(hashes),
                bytes: self.bytes,
                at: self.body,
                block: Vec::new(),
                number: None,
            }),
        })
    }

    /// Up to `length` bytes at `offset` of the file, not hashed: to look at what the file says of itself, before the
    /// decoder reads.
    pub(crate) fn look(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        read_at(&self.file, offset, length)
    }

    /// Reads what the decoder left unread and returns the SHA-256 of the whole file.
    pub(crate) fn finish_hash(&self) -> io::Result<[u8; 32]> {
        match &self.state {
            State::Sought(whole, _) => Ok(*whole),
            State::Once(once) => {
                let mut once = once.lock().unwrap_or_else(PoisonError::into_inner);
                let mut buffer = vec![0; BLOCK_BYTES];
                while once.read_on(&mut buffer)? > 0 {}
                Ok(once.hasher.clone().finalize().into())
            }
        }
    }
}

impl Once {
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

impl Read for OnceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut once = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_start = once.start.read(buffer)?;
        if from_start > 0 { Ok(from_start) } else { once.read_on(buffer) }
    }
}

impl Read for SoughtReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.bytes || buffer.is_empty() {
            return Ok(0);
        }
        let number = self.at / BLOCK_BYTES as u64;
        if self.number != Some(number) {
            self.number = None;
            self.block = read_at(&self.file, number * BLOCK_BYTES as u64, BLOCK_BYTES)?;
            let expected = usize::try_from(number).ok().and_then(|number| self.hashes.get(number));
            if expected != Some(&Sha256::digest(&self.block).into()) {
                return Err(io::Error::other("the file changed while it was read"));
            }
            self.number = Some(number);
        }
        let within = (self.at % BLOCK_BYTES as u64) as usize;
        let rest = self.block.get(within..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for SoughtReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl MediaSource for SoughtReader {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}

/// Up to `length` bytes at `offset`, fewer at the end of the file. The position of the file stays: it is shared.
fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn hash_exactly(file: &mut File, bytes: u64, hasher: &mut Sha256) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK_BYTES);
        let read = file.read(&mut buffer[..wanted])?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        left -= read as u64;
    }
    Ok(())
}

/// The hash of the whole file, and of each of its blocks.
fn hash_blocks(file: &mut File) -> io::Result<([u8; 32], Vec<[u8; 32]>)> {
    let mut whole = Sha256::new();
    let mut blocks = Vec::new();
    loop {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        Read::by_ref(file).take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok((whole.finalize().into(), blocks));
        }
        whole.update(&block);
        blocks.push(Sha256::digest(&block).into());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    #[test]
    fn what_is_sought_is_what_was_hashed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.m4a");
        let mut bytes = b"\0\0\0\x10ftypM4A \0\0\0\0".to_vec();
        bytes.extend((0..300_000u32).map(|i| (i / 7) as u8));
        std::fs::write(&path, &bytes).unwrap();
        let original = Original::read(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(original.finish_hash().unwrap(), <[u8; 32]>::from(Sha256::digest(&bytes)));
        let mut reader = original.reader().unwrap();
        let mut found = vec![0; 70_000];
        reader.seek(SeekFrom::Start(65_000)).unwrap();
        reader.read_exact(&mut found).unwrap();
        assert_eq!(found, bytes[65_000..135_000]);
        reader.seek(SeekFrom::End(-5)).unwrap();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes[bytes.len() - 5..]);
        // One bit in a block that is read later.
        bytes[200_000] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        reader.seek(SeekFrom::Start(65_000)).unwrap();
        assert!(reader.read_exact(&mut found).is_ok());
        reader.seek(SeekFrom::Start(150_000)).unwrap();
        assert!(reader.read_exact(&mut found).is_err());
    }

    #[test]
    fn what_is_read_once_is_hashed_with_its_tag() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp3");
        let mut bytes = b"ID3\x04\0\0\0\x08\0\0".to_vec();
        bytes.resize(10 + (8 << 14), b' ');
        bytes.extend_from_slice(b"ID3\x03\0\0\0\0\0\x02aa\xff\xfb\x90\x64");
        bytes.resize(400_000, 7);
        std::fs::write(&path, &bytes).unwrap();
        let original = Original::read(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(original.body, 10 + (8 << 14) + 12);
        let mut all = Vec::new();
        original.reader().unwrap().read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes[original.body as usize..]);
        assert_eq!(original.finish_hash().unwrap(), <[u8; 32]>::from(Sha256::digest(&bytes)));
    }
}
