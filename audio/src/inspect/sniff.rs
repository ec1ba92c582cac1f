//! Tells what a file is by its first bytes, never by its name.
//!
//! Only what is known to be a container that is read here is given to a decoder; the rest is refused by name.

use super::foreign::Foreign;

/// A container that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// MPEG audio frames one after the other: MP3, MP2.
    Mpeg,
    /// AAC frames one after the other.
    Adts,
    /// Native FLAC.
    Flac,
    /// WAV, also RF64 and BW64.
    Wav,
    /// AIFF and AIFC.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
    /// M4A, MP4, MOV, 3GP.
    Mp4,
    /// Ogg.
    Ogg,
    /// WebM and Matroska.
    Matroska,
}

impl Container {
    /// Whether what describes the sound may lie behind it, so that it must be sought.
    pub(crate) fn needs_seeking(self) -> bool {
        matches!(self, Self::Aiff | Self::Caf | Self::Mp4)
    }
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is worth a try.
    Read(Container),
    /// It is known, and not read here.
    Foreign(Foreign),
    /// Nobody knows.
    Unknown,
}

/// Reads the first bytes of a file, after any ID3 tag.
pub(crate) fn kind(start: &[u8]) -> Kind {
    let at = |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let containers: [(bool, Container); 8] = [
        (at(0, b"fLaC"), Container::Flac),
        ((at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64")) && at(8, b"WAVE"), Container::Wav),
        (at(0, b"FORM") && at(8, b"AIF"), Container::Aiff),
        (at(0, b"caff"), Container::Caf),
        (at(4, b"ftyp"), Container::Mp4),
        (at(0, b"OggS"), Container::Ogg),
        (at(0, &[0x1a, 0x45, 0xdf, 0xa3]), Container::Matroska),
        (is_adts(start), Container::Adts),
    ];
    if let Some((_, container)) = containers.iter().find(|(is, _)| *is) {
        return match container {
            Container::Ogg => ogg(start),
            other => Kind::Read(*other),
        };
    }
    // They have no type, and begin with their index, their data or a filler.
    if at(4, b"moov") || at(4, b"mdat") || at(4, b"wide") || at(4, b"pnot") {
        return Kind::Foreign(Foreign::OLD_QUICKTIME);
    }
    if let Some(foreign) = Foreign::by_start(start) {
        return Kind::Foreign(foreign);
    }
    // A piece cut out of a stream begins in mid-frame: whatever is nothing else is searched for frames.
    if finds_mpeg_frame(start) { Kind::Read(Container::Mpeg) } else { Kind::Unknown }
}

fn ogg(start: &[u8]) -> Kind {
    let contains = |magic: &[u8]| start.windows(magic.len()).take(4_096).any(|window| window == magic);
    let readable = [&b"OpusHead"[..], b"\x01vorbis", b"\x7fFLAC"];
    if readable.iter().any(|magic| contains(magic)) {
        Kind::Read(Container::Ogg)
    } else if contains(b"Speex   ") {
        Kind::Foreign(Foreign::SPEEX)
    } else if contains(b"\x80theora") {
        Kind::Foreign(Foreign::SILENT_VIDEO)
    } else {
        Kind::Foreign(Foreign::UNKNOWN_OGG)
    }
}

/// A frame header of AAC, and another where the first one ends.
fn is_adts(start: &[u8]) -> bool {
    let header = |at: usize| {
        let bytes = start.get(at..at + 7)?;
        let sync = bytes[0] == 0xff && bytes[1] & 0xf6 == 0xf0 && bytes[2] & 0x3c <= 0x30;
        let length =
            usize::from(bytes[3] & 3) << 11 | usize::from(bytes[4]) << 3 | usize::from(bytes[5]) >> 5;
        (sync && length > 7).then_some(length)
    };
    header(0).is_some_and(|length| start.len() < length + 7 || header(length).is_some())
}

/// Whether some byte may begin a frame of MPEG audio: cheap, and wrong now and then; the reader looks closer.
fn finds_mpeg_frame(start: &[u8]) -> bool {
    start.windows(3).any(|bytes| {
        bytes[0] == 0xff
            && bytes[1] & 0xe0 == 0xe0
            && bytes[1] & 0x18 != 0x08
            && bytes[1] & 0x06 != 0
            && bytes[2] & 0xf0 != 0xf0
            && bytes[2] & 0x0c != 0x0c
    })
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
    fn tells_what_it_is() {
        let check = |start: &[u8], kind_of: Kind| assert_eq!(kind(start), kind_of, "{start:?}");
        let read = |container| Kind::Read(container);
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0aaaaaaaaaaaaaaOpusHead", read(Container::Ogg));
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0aaaaaaaaaaaaaaSpeex   1.2", Kind::Foreign(Foreign::SPEEX));
        check(b"\0\0\0\x20ftypM4A ", read(Container::Mp4));
        check(b"\0\0\0\x20ftyp3gp5", read(Container::Mp4));
        check(b"\0\0\0\x08wide\0\0\0\0mdat", Kind::Foreign(Foreign::OLD_QUICKTIME));
        check(b"FORM\0\0\0\0AIFF", read(Container::Aiff));
        check(b"RF64\xff\xff\xff\xffWAVEds64", read(Container::Wav));
        check(b"\xff\xf1\x50\x80\x02\x1f\xfc", read(Container::Adts));
        check(b"\xff\xfb\x90\x64", read(Container::Mpeg));
        check(b"junk before \xff\xfb\x90\x64", read(Container::Mpeg));
        check(b"#!AMR\n", Kind::Foreign(Foreign::AMR));
        check(b"hello", Kind::Unknown);
        check(b"\xff", Kind::Unknown);
        check(b"", Kind::Unknown);
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
