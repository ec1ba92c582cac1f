//! What a WAV header declares, and a header that says what is really there.
//!
//! Programs that write WAV into a pipe cannot go back to fill in the sizes: they leave 0, 0xFFFFFFFF or another huge
//! number. A file that was cut declares more than it holds. A decoder that believes either loses sound, so the decoder
//! is fed a corrected header, and what was declared is judged here.

/// Declared sizes from here on mean "unknown": they are what streaming programs write (`0x7fff_f000` and up).
const UNKNOWN_FROM: u32 = 0x7fff_0000;

/// What the header of a WAV file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WavDeclaration {
    /// Bytes of sound that the header promises; `None` when it promises nothing reliable.
    pub(crate) data_bytes: Option<u64>,
    /// Bytes from the data chunk to the end of the file.
    pub(crate) available_bytes: u64,
}

/// Reads the header in `start` (the first bytes of a file of `file_bytes`) and corrects its sizes in place to what is
/// there. `None` when it is no WAV file, or its data chunk lies beyond `start`: then nothing is changed.
///
/// RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) are WAV whose sizes of 64 bits stand in a chunk of their own: they become
/// WAV here.
pub(crate) fn correct(start: &mut [u8], file_bytes: u64) -> Option<WavDeclaration> {
    if start.len() < 12 || &start[8..12] != b"WAVE" {
        return None;
    }
    let is_long = &start[0..4] == b"RF64" || &start[0..4] == b"BW64";
    if !is_long && &start[0..4] != b"RIFF" {
        return None;
    }
    let riff_size = size_at(start, 4)?;
    let mut long_size = None;
    let mut at = 12;
    let (size_offset, declared) = loop {
        let size = size_at(start, at + 4)?;
        match start.get(at..at + 4)? {
            b"data" => break (at + 4, size),
            b"ds64" if is_long => {
                let bytes = start.get(at + 16..at + 24)?;
                long_size = Some(u64::from_le_bytes(bytes.try_into().ok()?));
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        at = at.checked_add(8)?.checked_add(usize::try_from(size).ok()?)?.checked_add((size & 1) as usize)?;
    };
    let available_bytes = file_bytes.saturating_sub(size_offset as u64 + 4);
    let data_bytes = match long_size {
        Some(size) if is_long && declared == u32::MAX => Some(size).filter(|&size| size > 0),
        _ => {
            let whole_and_empty =
                declared == 0 && u64::from(riff_size).abs_diff(file_bytes.saturating_sub(8)) <= 1;
            let unknown = declared >= UNKNOWN_FROM && u64::from(declared) > available_bytes;
            (!unknown && (declared != 0 || whole_and_empty)).then(|| u64::from(declared))
        }
    };
    let real = data_bytes.unwrap_or(available_bytes).min(available_bytes);
    // 0xFFFFFFFF says "to the end of the file", which is right for what is longer than 32 bits can say.
    let real = match u32::try_from(real) {
        Ok(real) => real.min(u32::MAX - 1),
        Err(_) if is_long => u32::MAX,
        Err(_) => u32::MAX - 1,
    };
    start[size_offset..size_offset + 4].copy_from_slice(&real.to_le_bytes());
    start[0..4].copy_from_slice(b"RIFF");
    start[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    Some(WavDeclaration { data_bytes, available_bytes })
}

fn size_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn header(riff: u32, data: u32) -> Vec<u8> {
        let mut bytes = b"RIFF----WAVEfmt \x10\0\0\0".to_vec();
        bytes.resize(36, 1);
        bytes.extend_from_slice(b"data----");
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        bytes[40..44].copy_from_slice(&data.to_le_bytes());
        bytes
    }

    /// Declared sizes, bytes of sound in the file → the declaration that is believed, and the corrected data size.
    fn check(riff: u32, data: u32, sound: u64, believed: Option<u64>, corrected: u32) {
        let mut bytes = header(riff, data);
        let found = correct(&mut bytes, 44 + sound).unwrap();
        assert_eq!(found, WavDeclaration { data_bytes: believed, available_bytes: sound });
        assert_eq!(size_at(&bytes, 40), Some(corrected));
    }

    #[test]
    fn believes_only_what_can_be_true() {
        check(1_036, 1_000, 1_000, Some(1_000), 1_000);
        check(1_036, 1_000, 400, Some(1_000), 400);
        check(u32::MAX, u32::MAX, 1_000, None, 1_000);
        check(0, 0, 1_000, None, 1_000);
        check(36, 0, 0, Some(0), 0);
        check(0x7fff_f024, 0x7fff_f000, 1_000, None, 1_000);
        check(70, 0, 34, Some(0), 0);
    }

    #[test]
    fn sizes_of_64_bits_are_read() {
        for (magic, said, sound, believed, corrected) in [
            (b"RF64", 1_000, 1_000, Some(1_000), 1_000),
            (b"BW64", 1_000, 400, Some(1_000), 400),
            (b"RF64", 0, 1_000, None, 1_000),
            (b"RF64", 5 << 32, 5 << 32, Some(5 << 32), u32::MAX),
        ] {
            let mut bytes = [&magic[..], b"\xff\xff\xff\xffWAVEds64\x1c\0\0\0"].concat();
            bytes.extend_from_slice(&[0; 8]);
            bytes.extend_from_slice(&u64::to_le_bytes(said));
            bytes.extend_from_slice(&[0; 12]);
            bytes.extend_from_slice(b"data\xff\xff\xff\xff");
            let found = correct(&mut bytes, 56 + sound).unwrap();
            assert_eq!(found, WavDeclaration { data_bytes: believed, available_bytes: sound });
            assert_eq!((size_at(&bytes, 52), &bytes[0..4]), (Some(corrected), &b"RIFF"[..]));
        }
    }

    #[test]
    fn leaves_alone_what_it_does_not_know() {
        for bytes in [&b""[..], b"RIFF", b"RIFF\0\0\0\0AVI ", b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff"] {
            let mut copy = bytes.to_vec();
            assert_eq!(correct(&mut copy, 100), None);
            assert_eq!(copy, bytes);
        }
    }
}
