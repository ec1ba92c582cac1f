//! ID3, read frame by frame from the file: what is larger than a text (a picture of 20 MB, say) is stepped over.

use std::io;

use super::{Field, Raw};
use crate::inspect::sniff;
use crate::inspect::source::Original;

/// Longest frame that is read; longer ones are no titles.
const MAX_TEXT_BYTES: u64 = 16 << 10;
/// Frames that are looked at in one tag.
const MAX_FRAMES: usize = 1_000;

/// Reads the ID3v2 tag at `at`, and returns where it ends.
pub(super) fn read_v2(original: &Original, at: u64, raw: &mut Vec<Raw>) -> io::Result<u64> {
    let head = original.look(at, 10)?;
    let length = sniff::id3v2_bytes(&head);
    let end = if length == 0 { u64::MAX } else { at.saturating_add(length) };
    read_tag(original, at, raw)?;
    Ok(end)
}

/// Reads the tag at `at`, which may also lie in a chunk of a WAV or AIFF file.
pub(super) fn read_tag(original: &Original, at: u64, raw: &mut Vec<Raw>) -> io::Result<()> {
    let head = original.look(at, 14)?;
    let length = sniff::id3v2_bytes(&head);
    let (Some(&version), Some(&flags)) = (head.get(3), head.get(5)) else { return Ok(()) };
    if length == 0 || !(2..=4).contains(&version) {
        return Ok(());
    }
    let end = at.saturating_add(length).min(original.bytes);
    let mut at = at + 10;
    // An extended header: its size counts itself in version 4 only.
    if flags & 0x40 != 0 && version > 2 && head.len() == 14 {
        let size = number(&head[10..14], version == 4);
        at = at.saturating_add(if version == 4 { size } else { size + 4 });
    }
    for _ in 0..MAX_FRAMES {
        let header_bytes = if version == 2 { 6 } else { 10 };
        if at + header_bytes > end {
            break;
        }
        let header = original.look(at, header_bytes as usize)?;
        if header.len() < header_bytes as usize || header[0] == 0 {
            break;
        }
        let (name, size, frame_flags) = if version == 2 {
            (&header[..3], number(&header[3..6], false), 0)
        } else {
            (&header[..4], frame_size(original, at, &header[4..8], version, end)?, header[9])
        };
        let body = at + header_bytes;
        at = body.saturating_add(size);
        // Compressed or encrypted text is nobody's title.
        let plain = match version {
            3 => frame_flags & 0xc0 == 0,
            4 => frame_flags & 0x0c == 0,
            _ => true,
        };
        if let Some(field) = field(name)
            && plain
            && size <= MAX_TEXT_BYTES
            && at <= end
        {
            let mut bytes = original.look(body, size as usize)?;
            if version == 4 && frame_flags & 0x01 != 0 {
                bytes.drain(..bytes.len().min(4));
            }
            if flags & 0x80 != 0 || (version == 4 && frame_flags & 0x02 != 0) {
                bytes = without_unsynchronisation(&bytes);
            }
            raw.extend(frame(field, &bytes));
        }
    }
    Ok(())
}

/// Some programs write sizes of version 3 into tags of version 4; the one that leads to another frame is right.
fn frame_size(original: &Original, at: u64, bytes: &[u8], version: u8, end: u64) -> io::Result<u64> {
    let (safe, plain) = (number(bytes, true), number(bytes, false));
    if version != 4 || safe == plain {
        return Ok(plain);
    }
    let leads_on = |size: u64| -> io::Result<bool> {
        let next = at.saturating_add(10).saturating_add(size);
        let name = if next < end { original.look(next, 4)? } else { Vec::new() };
        let is_name =
            name.len() == 4 && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        Ok(next == end || is_name || name.first() == Some(&0))
    };
    let safe_possible = bytes.iter().all(|byte| byte & 0x80 == 0);
    Ok(if safe_possible && (leads_on(safe)? || !leads_on(plain)?) { safe } else { plain })
}

/// A number of seven or eight bits a byte.
fn number(bytes: &[u8], seven: bool) -> u64 {
    let shift = if seven { 7 } else { 8 };
    bytes.iter().fold(0, |number, &byte| number << shift | u64::from(byte))
}

fn field(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"TIT2" | b"TT2" => Field::Title,
        b"TPE1" | b"TP1" => Field::Artist,
        b"TALB" | b"TAL" => Field::Album,
        b"TDRC" | b"TYER" | b"TYE" | b"TDRL" => Field::Date,
        b"TLAN" | b"TLA" => Field::Language,
        b"COMM" | b"COM" => Field::Comment,
        _ => return None,
    })
}

fn frame(field: Field, bytes: &[u8]) -> Option<Raw> {
    let (&encoding, mut text) = bytes.split_first()?;
    if field == Field::Comment {
        // A language of three letters, a description, and then the remark. Programs hide their own in descriptions.
        let description;
        (description, text) = split_text(encoding, text.get(3..)?);
        if description.starts_with(b"iTun") {
            return None;
        }
    }
    // Of several texts the first.
    let (first, _) = split_text(encoding, text);
    match encoding {
        0 => Some(Raw::Unlabelled(field, first.to_vec())),
        1 => Some(Raw::Known(field, utf16(first, None)?)),
        2 => Some(Raw::Known(field, utf16(first, Some(u16::from_be_bytes))?)),
        3 => std::str::from_utf8(first).ok().map(|text| Raw::Known(field, text.to_owned())),
        _ => None,
    }
}

/// The text up to its end mark, and what follows.
fn split_text(encoding: u8, bytes: &[u8]) -> (&[u8], &[u8]) {
    let wide = matches!(encoding, 1 | 2);
    let step = if wide { 2 } else { 1 };
    let end = bytes.chunks_exact(step).position(|letter| letter.iter().all(|&byte| byte == 0));
    match end {
        Some(letters) => (&bytes[..letters * step], &bytes[(letters + 1) * step..]),
        None => (bytes, &[]),
    }
}

/// UTF-16 with a byte order mark, or in the given order; without either, in the order of little machines.
fn utf16(bytes: &[u8], order: Option<fn([u8; 2]) -> u16>) -> Option<String> {
    let (order, bytes) = match (order, bytes) {
        (_, [0xff, 0xfe, rest @ ..]) => (u16::from_le_bytes as fn([u8; 2]) -> u16, rest),
        (_, [0xfe, 0xff, rest @ ..]) => (u16::from_be_bytes as fn([u8; 2]) -> u16, rest),
        (Some(order), rest) => (order, rest),
        (None, rest) => (u16::from_le_bytes as fn([u8; 2]) -> u16, rest),
    };
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

fn without_unsynchronisation(bytes: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(bytes.len());
    for (i, &byte) in bytes.iter().enumerate() {
        if !(byte == 0 && i > 0 && bytes[i - 1] == 0xff) {
            clean.push(byte);
        }
    }
    clean
}

/// Reads the ID3v1 tag in the last bytes of a file.
pub(super) fn read_v1(end: &[u8], raw: &mut Vec<Raw>) {
    let Some(tag) = end.len().checked_sub(128).map(|at| &end[at..]).filter(|tag| tag.starts_with(b"TAG"))
    else {
        return;
    };
    for (field, from, to) in [
        (Field::Title, 3, 33),
        (Field::Artist, 33, 63),
        (Field::Album, 63, 93),
        (Field::Date, 93, 97),
        (Field::Comment, 97, 125),
    ] {
        let (mut text, _) = split_text(0, &tag[from..to]);
        // Thirty bytes may end in the middle of a letter of UTF-8.
        if let Err(error) = std::str::from_utf8(text)
            && error.error_len().is_none()
        {
            text = &text[..error.valid_up_to()];
        }
        if !text.is_empty() {
            raw.push(Raw::Unlabelled(field, text.to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Raw> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp3");
        std::fs::write(&path, bytes).unwrap();
        let original = Original::read(std::fs::File::open(&path).unwrap()).unwrap();
        let mut raw = Vec::new();
        assert_eq!(read_v2(&original, 0, &mut raw).unwrap(), original.body);
        raw
    }

    fn tag(version: u8, flags: u8, frames: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, content) in frames {
            let size = content.len();
            body.extend_from_slice(name);
            match version {
                2 => body.extend_from_slice(&u32::try_from(size).unwrap().to_be_bytes()[1..]),
                3 => body.extend_from_slice(&u32::try_from(size).unwrap().to_be_bytes()),
                _ => body.extend((0..4).rev().map(|i| (size >> (7 * i) & 0x7f) as u8)),
            }
            if version > 2 {
                body.extend_from_slice(&[0, 0]);
            }
            body.extend_from_slice(content);
        }
        let size = body.len();
        let mut bytes = vec![b'I', b'D', b'3', version, 0, flags];
        bytes.extend((0..4).rev().map(|i| (size >> (7 * i) & 0x7f) as u8));
        bytes.extend(body);
        bytes.extend_from_slice(&[0xff, 0xfb, 0x90, 0x64]);
        bytes
    }

    #[test]
    fn texts_are_found_between_pictures() {
        let picture = vec![0xff; 300_000];
        let wide: Vec<u8> = "\u{feff}Bản tin".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let title = [&[1], &wide[..], &[0, 0]].concat();
        for version in [3, 4] {
            let bytes = tag(
                version,
                0,
                &[
                    (b"APIC", &picture),
                    (b"TIT2", &title),
                    (b"TPE1", b"\x03X\xc3\xa3\0Hai"),
                    (b"TYER", b"\x002026"),
                    (b"COMM", b"\0engiTunNORM\x000001"),
                    (b"COMM", b"\0vie\0loa"),
                ],
            );
            let expected = [
                Raw::Known(Field::Title, "Bản tin".into()),
                Raw::Known(Field::Artist, "Xã".into()),
                Raw::Unlabelled(Field::Date, b"2026".to_vec()),
                Raw::Unlabelled(Field::Comment, b"loa".to_vec()),
            ];
            assert_eq!(read(&bytes), expected, "version {version}");
        }
        let old = tag(2, 0, &[(b"TT2", b"\0Loa"), (b"TP1", b"\0X\xe3")]);
        let expected = [
            Raw::Unlabelled(Field::Title, b"Loa".to_vec()),
            Raw::Unlabelled(Field::Artist, b"X\xe3".to_vec()),
        ];
        assert_eq!(read(&old), expected);
        let unsynchronised = tag(3, 0x80, &[(b"TIT2", b"\x01\xff\0\xfeL\0o\0a\0")]);
        assert_eq!(read(&unsynchronised), [Raw::Known(Field::Title, "Loa".into())]);
    }

    #[test]
    fn lies_are_bounded() {
        let mut bytes = tag(4, 0, &[(b"TIT2", b"\0Loa")]);
        bytes[14..18].copy_from_slice(&[0x7f, 0x7f, 0x7f, 0x7f]);
        assert_eq!(read(&bytes), []);
        assert_eq!(read(&tag(4, 0x40, &[])), []);
        assert_eq!(read(&tag(3, 0, &[(b"TIT2", b"")])), []);
        assert_eq!(
            read(&tag(3, 0, &[(b"TIT2", b"\x01\xff"), (b"COMM", b"\0v")])),
            [Raw::Known(Field::Title, String::new())]
        );
    }

    #[test]
    fn the_old_tag_at_the_end_is_read() {
        let mut end = vec![0; 40];
        end.extend_from_slice(b"TAG");
        end.extend_from_slice(&"Bản tin chiều của xã Hải Sơn".as_bytes()[..30]);
        end.extend_from_slice(&[b' '; 60]);
        end.extend_from_slice(b"2026");
        end.resize(168, 0);
        let mut raw = Vec::new();
        read_v1(&end, &mut raw);
        assert_eq!(raw[0], Raw::Unlabelled(Field::Title, "Bản tin chiều của xã H".as_bytes().to_vec()));
        assert_eq!(raw[3], Raw::Unlabelled(Field::Date, b"2026".to_vec()));
    }
}
