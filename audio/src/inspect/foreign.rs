//! What people upload by mistake, by name, with what to do about it.

use super::refusal::{InspectRefusal, RefusalCode};

/// The formats that are read, for sentences in English.
pub(crate) const READ_EN: &str = "MP3, M4A, AAC, WAV, FLAC, Ogg, Opus, AIFF or WebM";
/// The formats that are read, for sentences in Vietnamese.
pub(crate) const READ_VI: &str = "MP3, M4A, AAC, WAV, FLAC, Ogg, Opus, AIFF hoặc WebM";

/// What to do about a file that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// It is sound: another program can save it in a format that is read.
    SaveAs,
    /// It is sound, and locked to its buyer.
    Unlocked,
    /// It has notes, not sound.
    Record,
    /// It is a picture without sound.
    WithSound,
    /// It may hold a recording.
    Unpack,
    /// It is something else altogether.
    Another,
}

/// A format that is known, and not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    en: &'static str,
    vi: &'static str,
    remedy: Remedy,
}

const fn sound(name: &'static str) -> Foreign {
    Foreign { en: name, vi: name, remedy: Remedy::SaveAs }
}

const fn other(en: &'static str, vi: &'static str) -> Foreign {
    Foreign { en, vi, remedy: Remedy::Another }
}

impl Foreign {
    pub(crate) const AMR: Self = sound("AMR");
    pub(crate) const SPEEX: Self = sound("Speex (Ogg)");
    pub(crate) const UNKNOWN_OGG: Self = Self {
        en: "Ogg with an unknown kind of sound",
        vi: "Ogg với kiểu âm thanh không rõ",
        remedy: Remedy::SaveAs,
    };
    pub(crate) const UNUSUAL_WAV: Self = Self {
        en: "WAV with a compressed or unusual sample format",
        vi: "WAV nén hoặc có kiểu mẫu lạ",
        remedy: Remedy::SaveAs,
    };
    pub(crate) const UNUSUAL_AIFF: Self = Self {
        en: "AIFF with a compressed or unusual sample format",
        vi: "AIFF nén hoặc có kiểu mẫu lạ",
        remedy: Remedy::SaveAs,
    };
    pub(crate) const UNUSUAL_CAF: Self =
        Self { en: "CAF of an unusual kind", vi: "CAF kiểu lạ", remedy: Remedy::SaveAs };
    pub(crate) const UNUSUAL_MP4: Self =
        Self { en: "M4A/MP4 of an unusual kind", vi: "M4A/MP4 kiểu lạ", remedy: Remedy::SaveAs };
    pub(crate) const UNUSUAL_MATROSKA: Self =
        Self {
            en: "WebM/Matroska of an unusual kind", vi: "WebM/Matroska kiểu lạ", remedy: Remedy::SaveAs
        };
    pub(crate) const OLD_QUICKTIME: Self =
        Self { en: "an old QuickTime movie", vi: "phim QuickTime kiểu cũ", remedy: Remedy::SaveAs };
    pub(crate) const UNUSUAL_RATE: Self =
        Self { en: "an unusual sample rate", vi: "tần số lấy mẫu lạ", remedy: Remedy::SaveAs };
    pub(crate) const OPUS_SURROUND: Self = Self {
        en: "Opus with more than two channels",
        vi: "Opus nhiều hơn hai kênh",
        remedy: Remedy::SaveAs,
    };
    pub(crate) const AAC_SURROUND: Self =
        Self {
            en: "AAC with more than two channels", vi: "AAC nhiều hơn hai kênh", remedy: Remedy::SaveAs
        };
    pub(crate) const AAC_UNUSUAL: Self = Self {
        en: "an unusual kind of AAC (not AAC-LC or HE-AAC)",
        vi: "một kiểu AAC lạ (không phải AAC-LC hay HE-AAC)",
        remedy: Remedy::SaveAs,
    };
    pub(crate) const PROTECTED: Self = Self {
        en: "sound that is locked to its buyer (DRM)",
        vi: "âm thanh bị khóa bản quyền (DRM)",
        remedy: Remedy::Unlocked,
    };
    pub(crate) const SILENT_VIDEO: Self =
        Self { en: "a video without sound", vi: "video không có tiếng", remedy: Remedy::WithSound };

    /// A kind of sound inside a container that is read, by its name there.
    pub(crate) const fn inside(name: &'static str) -> Self {
        sound(name)
    }

    /// Recognises what is known by its first bytes.
    pub(crate) fn by_start(start: &[u8]) -> Option<Self> {
        let at =
            |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        let text = |word: &str| {
            let head = start.get(..start.len().min(1_024)).unwrap_or_default();
            String::from_utf8_lossy(head)
                .trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t'])
                .get(..word.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
        };
        let known: [(bool, Self); 34] = [
            (at(0, b"#!AMR"), Self::AMR),
            (at(0, &[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]), sound("WMA")),
            (at(0, b"wvpk"), sound("WavPack")),
            (at(0, b"MAC "), sound("Monkey's Audio (APE)")),
            (at(0, b"DSD ") || (at(0, b"FRM8") && at(12, b"DSD ")), sound("DSD")),
            (at(0, b"TTA1"), sound("True Audio (TTA)")),
            (at(0, b"MPCK") || at(0, b"MP+"), sound("Musepack")),
            (at(0, b".snd"), sound("AU")),
            (at(0, b"ADIF"), sound("AAC (ADIF)")),
            (at(0, b"FORM") && at(8, b"8SVX"), sound("IFF (8SVX)")),
            (at(0, b".RMF") || at(0, b".ra\xfd"), sound("RealAudio")),
            (at(0, b"#!SILK") || at(1, b"#!SILK"), sound("SILK")),
            (at(0, &[0x0b, 0x77]), sound("AC-3")),
            (at(0, b"riff\x2e\x91\xcf\x11"), sound("Wave64")),
            (at(0, b"Creative Voice File"), sound("VOC")),
            (at(0, b"RIFF") && at(8, b"AVI "), sound("AVI")),
            (at(0, b"FLV"), sound("FLV")),
            (at(0, &[0, 0, 1, 0xba]), sound("MPEG video")),
            (at(0, b"G") && at(188, b"G") && at(376, b"G"), sound("MPEG transport stream")),
            (
                at(0, b"MThd") || (at(0, b"RIFF") && at(8, b"RMID")),
                Self { en: "MIDI", vi: "MIDI", remedy: Remedy::Record },
            ),
            (
                at(0, b"PK\x03\x04") && (at(30, b"[Content_Types]") || at(30, b"word/") || at(30, b"_rels/")),
                other("an Office document", "tài liệu Office"),
            ),
            (
                at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06"),
                Self { en: "a ZIP archive", vi: "tệp nén ZIP", remedy: Remedy::Unpack },
            ),
            (at(0, b"Rar!"), Self { en: "a RAR archive", vi: "tệp nén RAR", remedy: Remedy::Unpack }),
            (
                at(0, b"7z\xbc\xaf\x27\x1c"),
                Self { en: "a 7-Zip archive", vi: "tệp nén 7-Zip", remedy: Remedy::Unpack },
            ),
            (
                at(0, &[0x1f, 0x8b, 8]),
                Self { en: "a GZIP archive", vi: "tệp nén GZIP", remedy: Remedy::Unpack },
            ),
            (at(0, b"%PDF"), other("a PDF document", "tài liệu PDF")),
            (at(0, &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), other("an Office document", "tài liệu Office")),
            (at(0, b"{\\rtf"), other("a text document", "tài liệu văn bản")),
            (
                at(0, b"\x89PNG")
                    || at(0, b"GIF8")
                    || at(0, &[0xff, 0xd8, 0xff])
                    || at(0, b"BM") && at(6, &[0, 0, 0, 0]),
                other("a picture", "hình ảnh"),
            ),
            (
                at(0, b"II*\0") || at(0, b"MM\0*") || (at(0, b"RIFF") && at(8, b"WEBP")),
                other("a picture", "hình ảnh"),
            ),
            (text("<!doctype html") || text("<html"), other("a web page", "trang web")),
            (text("<?xml") || text("<svg"), other("an XML document", "tài liệu XML")),
            (text("#extm3u") || text("[playlist]"), other("a playlist", "danh sách phát")),
            (at(0, b"MZ") || at(0, b"\x7fELF"), other("a program", "chương trình máy tính")),
        ];
        known.iter().find(|(is, _)| *is).map(|(_, foreign)| *foreign)
    }

    /// The refusal, with what to do.
    pub(crate) fn refusal(self) -> InspectRefusal {
        let Self { en, vi, remedy } = self;
        let (code, en, vi) = match remedy {
            Remedy::SaveAs => (
                RefusalCode::UnsupportedCodec,
                format!("The recording is in a format that cannot be read here: {en}. Save it as {READ_EN}."),
                format!("Bản ghi ở định dạng không đọc được: {vi}. Hãy lưu lại thành {READ_VI}."),
            ),
            Remedy::Unlocked => (
                RefusalCode::UnsupportedCodec,
                format!("The file holds {en}. Upload a copy without that lock, as {READ_EN}."),
                format!("Tệp chứa {vi}. Hãy tải lên bản không bị khóa, dạng {READ_VI}."),
            ),
            Remedy::Record => (
                RefusalCode::UnsupportedCodec,
                format!(
                    "The file is {en}: it holds notes, not sound. Play it, record that, and save it as {READ_EN}."
                ),
                format!(
                    "Tệp là {vi}: chỉ có nốt nhạc, không có âm thanh. Hãy phát, thu âm lại rồi lưu thành {READ_VI}."
                ),
            ),
            Remedy::WithSound => (
                RefusalCode::NoSound,
                format!("The file is {en}. Upload a video with sound, or the sound alone as {READ_EN}."),
                format!("Tệp là {vi}. Hãy tải lên video có tiếng, hoặc riêng phần tiếng dạng {READ_VI}."),
            ),
            Remedy::Unpack => (
                RefusalCode::NotAudio,
                format!(
                    "This file is {en}, not an audio recording. Unpack it and upload the recording in it."
                ),
                format!(
                    "Tệp này là {vi}, không phải là bản ghi âm thanh. Hãy giải nén rồi tải bản ghi bên trong lên."
                ),
            ),
            Remedy::Another => (
                RefusalCode::NotAudio,
                format!("This file is {en}, not an audio recording. Upload {READ_EN}."),
                format!("Tệp này là {vi}, không phải là bản ghi âm thanh. Hãy tải lên tệp {READ_VI}."),
            ),
        };
        InspectRefusal::new(code, en, vi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_people_upload_by_mistake() {
        let check = |start: &[u8], code: RefusalCode, en: &str, vi: &str| {
            let refusal = Foreign::by_start(start).map(Foreign::refusal);
            let said =
                refusal.map(|refusal| (refusal.code, refusal.en.contains(en), refusal.vi.contains(vi)));
            assert_eq!(said, Some((code, true, true)), "{en}");
        };
        check(b"#!AMR-WB\n", RefusalCode::UnsupportedCodec, "AMR. Save it as MP3, M4A", "AMR. Hãy lưu lại");
        check(b"MThd\0\0\0\x06", RefusalCode::UnsupportedCodec, "notes, not sound", "nốt nhạc");
        check(b"wvpk", RefusalCode::UnsupportedCodec, "WavPack", "WavPack");
        check(b"MAC \x96\x0f", RefusalCode::UnsupportedCodec, "Monkey's Audio (APE)", "APE");
        check(b"DSD \x1c", RefusalCode::UnsupportedCodec, "DSD", "DSD");
        check(b"PK\x03\x04\x14\0", RefusalCode::NotAudio, "a ZIP archive", "Hãy giải nén");
        check(b"%PDF-1.7", RefusalCode::NotAudio, "a PDF document", "tài liệu PDF");
        check(b"\xff\xd8\xff\xe0", RefusalCode::NotAudio, "a picture", "hình ảnh");
        check(b"\xef\xbb\xbf\n<!DOCTYPE html><html>", RefusalCode::NotAudio, "a web page", "trang web");
        assert_eq!(Foreign::by_start("Kính gửi đồng bào".as_bytes()), None);
        assert_eq!(Foreign::by_start(b"\xff\xfb\x90\x64"), None);
        assert_eq!(Foreign::by_start(b""), None);
    }
}
