//! Names what a file is by its first bytes, for the sake of a helpful refusal, and finds the tags around an MP3.

/// Name of a recording format that is known but not read here; `None` when the bytes are no recording that we know.
pub(crate) fn unreadable_format(start: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let contains = |magic: &[u8]| start.windows(magic.len()).take(512).any(|window| window == magic);
    if at(0, b"OggS") {
        return Some(if contains(b"OpusHead") {
            "Opus (Ogg)"
        } else if contains(b"\x01vorbis") {
            "Vorbis (Ogg)"
        } else if contains(b"Speex") {
            "Speex (Ogg)"
        } else {
            "Ogg"
        });
    }
    if at(4, b"ftyp") {
        return Some(if at(8, b"3g") { "3GP" } else { "M4A/MP4 (AAC)" });
    }
    let adts = start.len() > 2 && start[0] == 0xff && start[1] & 0xf6 == 0xf0 && start[2] & 0x3c <= 0x30;
    let known: [(bool, &'static str); 14] = [
        (at(0, b"FORM") && at(8, b"AIF"), "AIFF"),
        (at(0, &[0x1a, 0x45, 0xdf, 0xa3]), "WebM/Matroska"),
        (at(0, b"#!AMR"), "AMR"),
        (at(0, &[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]), "WMA"),
        (at(0, b"wvpk"), "WavPack"),
        (at(0, b"MAC "), "Monkey's Audio"),
        (at(0, b"caff"), "CAF"),
        (at(0, b"MThd"), "MIDI"),
        (at(0, b".snd"), "AU"),
        (at(0, b"ADIF"), "AAC (ADIF)"),
        (at(0, b"RF64") || at(0, b"BW64"), "RF64 (WAV beyond 4 GB)"),
        (at(0, b"RIFF") && at(8, b"AVI "), "AVI"),
        (at(0, b"RIFF") && at(8, b"WAVE"), "WAV with a compressed or unusual sample format"),
        (adts, "AAC (ADTS)"),
    ];
    known.iter().find(|(is, _)| *is).map(|(_, name)| *name)
}

/// Bytes of the ID3v2 tag at the start of a file, 0 when there is none.
pub(crate) fn id3v2_bytes(start: &[u8]) -> u64 {
    if start.len() < 10 || !start.starts_with(b"ID3") || start[6..10].iter().any(|byte| byte & 0x80 != 0) {
        return 0;
    }
    let size = start[6..10].iter().fold(0u64, |size, &byte| size << 7 | u64::from(byte));
    let footer = if start[5] & 0x10 == 0 { 0 } else { 10 };
    10 + size + footer
}

/// Bytes of the ID3v1 and APE tags at the end of a file, given its last bytes.
pub(crate) fn trailing_tag_bytes(end: &[u8]) -> u64 {
    let mut rest = end;
    let mut tags = 0;
    if let Some(at) = rest.len().checked_sub(128)
        && rest[at..].starts_with(b"TAG")
    {
        rest = &rest[..at];
        tags += 128;
    }
    if let Some(at) = rest.len().checked_sub(32)
        && rest[at..].starts_with(b"APETAGEX")
    {
        let size = u32::from_le_bytes([rest[at + 12], rest[at + 13], rest[at + 14], rest[at + 15]]);
        tags += u64::from(size) + 32;
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_cannot_read() {
        let check = |start: &[u8], name: Option<&str>| assert_eq!(unreadable_format(start), name);
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0aaaaaaaaaaaaaaOpusHead", Some("Opus (Ogg)"));
        check(b"\0\0\0\x20ftypM4A ", Some("M4A/MP4 (AAC)"));
        check(b"\0\0\0\x20ftyp3gp5", Some("3GP"));
        check(b"FORM\0\0\0\0AIFF", Some("AIFF"));
        check(b"#!AMR\n", Some("AMR"));
        check(b"\xff\xf1\x50\x80", Some("AAC (ADTS)"));
        check(b"\x89PNG\r\n\x1a\n", None);
        check(b"hello", None);
        check(b"", None);
    }

    #[test]
    fn measures_tags() {
        assert_eq!(id3v2_bytes(b"ID3\x04\0\0\0\0\x02\x01rest"), 10 + 257);
        assert_eq!(id3v2_bytes(b"ID3\x04\0\x10\0\0\0\x01"), 10 + 1 + 10);
        assert_eq!(id3v2_bytes(b"ID3\x04\0\0\xff\xff\xff\xff"), 0);
        assert_eq!(id3v2_bytes(b"nothing at all"), 0);
        let mut end = vec![0; 64];
        end.extend_from_slice(b"TAG");
        end.resize(64 + 128, 0);
        assert_eq!(trailing_tag_bytes(&end), 128);
        assert_eq!(trailing_tag_bytes(b""), 0);
    }
}
