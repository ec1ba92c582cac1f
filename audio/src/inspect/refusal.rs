//! Why a recording is refused: stable codes, and sentences in both languages side by side.

use serde::{Deserialize, Serialize};

use super::foreign::{READ_EN, READ_VI};

/// Why a recording cannot be used. The set is closed; [`as_str`](Self::as_str) is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Zero bytes.
    EmptyFile,
    /// No recording at all.
    NotAudio,
    /// A recording in a format that is not read here.
    UnsupportedCodec,
    /// The file says that it is longer than what could be decoded.
    TruncatedAudio,
    /// Too much of it cannot be decoded.
    DamagedAudio,
    /// It decodes to nothing.
    NoSound,
    /// Longer than the station accepts.
    TooLong,
    /// Its prepared form would be larger than the station allows.
    TooBigToPrepare,
    /// The disk is full.
    StorageFull,
    /// The original is no longer the file that was received.
    OriginalChanged,
    /// The inspecting process died.
    InspectionCrashed,
    /// The inspection took too long.
    InspectionTimeout,
    /// The inspection needed more memory than it may have.
    InspectionOutOfMemory,
    /// The inspection could not be done, for a reason that is not the recording's.
    InspectionFailed,
}

impl RefusalCode {
    /// All of them, for documentation and tests.
    pub const ALL: [Self; 14] = [
        Self::EmptyFile,
        Self::NotAudio,
        Self::UnsupportedCodec,
        Self::TruncatedAudio,
        Self::DamagedAudio,
        Self::NoSound,
        Self::TooLong,
        Self::TooBigToPrepare,
        Self::StorageFull,
        Self::OriginalChanged,
        Self::InspectionCrashed,
        Self::InspectionTimeout,
        Self::InspectionOutOfMemory,
        Self::InspectionFailed,
    ];

    /// The stable snake_case word, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmptyFile => "empty_file",
            Self::NotAudio => "not_audio",
            Self::UnsupportedCodec => "unsupported_codec",
            Self::TruncatedAudio => "truncated_audio",
            Self::DamagedAudio => "damaged_audio",
            Self::NoSound => "no_sound",
            Self::TooLong => "too_long",
            Self::TooBigToPrepare => "too_big_to_prepare",
            Self::StorageFull => "storage_full",
            Self::OriginalChanged => "original_changed",
            Self::InspectionCrashed => "inspection_crashed",
            Self::InspectionTimeout => "inspection_timeout",
            Self::InspectionOutOfMemory => "inspection_out_of_memory",
            Self::InspectionFailed => "inspection_failed",
        }
    }

    /// Whether the fault is the station's, so that the same recording may pass later: worth trying again.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::StorageFull | Self::InspectionFailed)
    }
}

/// A refusal: what is wrong with the recording and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{en}")]
pub struct InspectRefusal {
    /// The stable reason.
    pub code: RefusalCode,
    /// The sentence in English.
    pub en: String,
    /// The sentence in Vietnamese.
    pub vi: String,
}

impl InspectRefusal {
    pub(super) fn new(code: RefusalCode, en: impl Into<String>, vi: impl Into<String>) -> Self {
        Self { code, en: en.into(), vi: vi.into() }
    }

    pub(crate) fn empty_file() -> Self {
        Self::new(
            RefusalCode::EmptyFile,
            "The file is empty. Export the recording again and upload the new file.",
            "Tệp rỗng. Hãy xuất lại bản ghi rồi tải tệp mới lên.",
        )
    }

    pub(crate) fn not_audio() -> Self {
        Self::new(
            RefusalCode::NotAudio,
            format!("This file is not an audio recording. Upload {READ_EN}."),
            format!("Tệp này không phải là bản ghi âm thanh. Hãy tải lên tệp {READ_VI}."),
        )
    }

    /// What says how the sound is stored did not arrive, so that nobody knows how much is missing.
    pub(crate) fn index_missing() -> Self {
        Self::new(
            RefusalCode::TruncatedAudio,
            "The file is cut off: the part that says how to read it is missing. Upload the whole file again.",
            "Tệp bị cụt: thiếu phần chỉ dẫn cách đọc âm thanh. Hãy tải lại toàn bộ tệp.",
        )
    }

    pub(crate) fn truncated_audio(declared: f64, found: f64) -> Self {
        Self::new(
            RefusalCode::TruncatedAudio,
            format!(
                "The file is cut off: it says it lasts {declared:.1} s, but only {found:.1} s are there. \
                 Upload the whole file again."
            ),
            format!(
                "Tệp bị cụt: tệp ghi là dài {declared:.1} giây nhưng chỉ có {found:.1} giây. \
                 Hãy tải lại toàn bộ tệp."
            ),
        )
    }

    pub(crate) fn damaged_audio(percent: f64) -> Self {
        Self::new(
            RefusalCode::DamagedAudio,
            format!(
                "The recording is damaged: {percent:.0} % of it cannot be read. Export it again and upload it."
            ),
            format!("Bản ghi bị hỏng: {percent:.0} % không đọc được. Hãy xuất lại bản ghi rồi tải lên."),
        )
    }

    pub(crate) fn no_sound() -> Self {
        Self::new(
            RefusalCode::NoSound,
            "The file is audio, but holds no sound at all. Export the recording again and upload it.",
            "Tệp âm thanh này không có âm thanh nào. Hãy xuất lại bản ghi rồi tải lên.",
        )
    }

    pub(crate) fn too_long(seconds: f64, limit: f64) -> Self {
        Self::new(
            RefusalCode::TooLong,
            format!(
                "The recording lasts more than {:.0} minutes ({:.0} are allowed). Split it into shorter ones.",
                (seconds / 60.0).floor(),
                limit / 60.0
            ),
            format!(
                "Bản ghi dài hơn {:.0} phút (cho phép {:.0} phút). Hãy chia thành các bản ghi ngắn hơn.",
                (seconds / 60.0).floor(),
                limit / 60.0
            ),
        )
    }

    pub(crate) fn too_big_to_prepare() -> Self {
        Self::new(
            RefusalCode::TooBigToPrepare,
            "The recording would take more space than the station allows one recording. Split it into shorter ones.",
            "Bản ghi cần nhiều dung lượng hơn mức cho phép đối với một bản ghi. Hãy chia thành các bản ghi ngắn hơn.",
        )
    }

    pub(crate) fn storage_full() -> Self {
        Self::new(
            RefusalCode::StorageFull,
            "The station's storage is full. Delete recordings that are no longer needed, then try again.",
            "Bộ nhớ của đài đã đầy. Hãy xóa các bản ghi không còn cần đến rồi thử lại.",
        )
    }

    pub(crate) fn original_changed() -> Self {
        Self::new(
            RefusalCode::OriginalChanged,
            "The stored original is no longer the file that was received. Check the disk and upload it again.",
            "Tệp gốc đã lưu không còn đúng như khi nhận. Hãy kiểm tra ổ đĩa rồi tải lại tệp.",
        )
    }

    pub(crate) fn crashed(how: &str) -> Self {
        Self::new(
            RefusalCode::InspectionCrashed,
            format!("The recording made its inspection fail ({how}). Save it again as {READ_EN}."),
            format!("Bản ghi làm hỏng quá trình kiểm tra ({how}). Hãy lưu lại thành {READ_VI}."),
        )
    }

    pub(crate) fn timeout() -> Self {
        Self::new(
            RefusalCode::InspectionTimeout,
            "The inspection of the recording took too long and was stopped. Upload a shorter or simpler file.",
            "Việc kiểm tra bản ghi quá lâu nên đã bị dừng. Hãy tải lên tệp ngắn hơn hoặc đơn giản hơn.",
        )
    }

    pub(crate) fn out_of_memory() -> Self {
        Self::new(
            RefusalCode::InspectionOutOfMemory,
            format!(
                "The recording needs more memory than its inspection may have. Save it again as {READ_EN}."
            ),
            format!("Bản ghi cần nhiều bộ nhớ hơn mức cho phép khi kiểm tra. Hãy lưu lại thành {READ_VI}."),
        )
    }

    pub(crate) fn failed(why: &str) -> Self {
        Self::new(
            RefusalCode::InspectionFailed,
            format!(
                "The recording could not be inspected ({why}). Try again; if it happens again, tell the technician."
            ),
            format!("Không kiểm tra được bản ghi ({why}). Hãy thử lại; nếu vẫn lỗi, hãy báo kỹ thuật viên."),
        )
    }
}
