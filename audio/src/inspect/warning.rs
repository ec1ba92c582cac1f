//! What is odd about a recording that is accepted: stable codes, and sentences in both languages side by side.

use serde::{Deserialize, Serialize};

/// What is odd about an accepted recording. The set is closed; [`as_str`](Self::as_str) is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Some packets could not be decoded and are missing.
    DamagedPackets,
    /// Nothing in it is loud enough to be heard.
    Silent,
    /// Its loudest moments were beyond full scale and were limited.
    Clipped,
    /// Shorter than a second.
    VeryShort,
    /// The checksum in the file does not match its sound.
    ChecksumMismatch,
    /// It ends a little earlier than the file says.
    EndsEarly,
}

impl WarningCode {
    /// The stable snake_case word, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DamagedPackets => "damaged_packets",
            Self::Silent => "silent",
            Self::Clipped => "clipped",
            Self::VeryShort => "very_short",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::EndsEarly => "ends_early",
        }
    }
}

/// A remark on an accepted recording, for whoever approves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectWarning {
    /// The stable reason.
    pub code: WarningCode,
    /// The sentence in English.
    pub en: String,
    /// The sentence in Vietnamese.
    pub vi: String,
}

impl InspectWarning {
    fn new(code: WarningCode, en: impl Into<String>, vi: impl Into<String>) -> Self {
        Self { code, en: en.into(), vi: vi.into() }
    }

    pub(crate) fn damaged_packets(count: u64) -> Self {
        Self::new(
            WarningCode::DamagedPackets,
            format!("{count} damaged pieces were left out. Listen to it before approving."),
            format!("Đã bỏ qua {count} đoạn bị hỏng. Hãy nghe thử trước khi duyệt."),
        )
    }

    pub(crate) fn silent() -> Self {
        Self::new(
            WarningCode::Silent,
            "The recording is silent, or too quiet to be heard. Listen to it before approving.",
            "Bản ghi không có tiếng hoặc quá nhỏ để nghe được. Hãy nghe thử trước khi duyệt.",
        )
    }

    pub(crate) fn clipped() -> Self {
        Self::new(
            WarningCode::Clipped,
            "The recording is too loud in places and was limited there. It may sound harsh.",
            "Bản ghi có chỗ quá to và đã bị cắt đỉnh ở đó. Âm thanh có thể bị rè.",
        )
    }

    pub(crate) fn very_short() -> Self {
        Self::new(
            WarningCode::VeryShort,
            "The recording lasts less than one second.",
            "Bản ghi dài chưa đến một giây.",
        )
    }

    pub(crate) fn checksum_mismatch() -> Self {
        Self::new(
            WarningCode::ChecksumMismatch,
            "The checksum inside the file does not match its sound. Listen to it before approving.",
            "Mã kiểm tra trong tệp không khớp với âm thanh. Hãy nghe thử trước khi duyệt.",
        )
    }

    pub(crate) fn ends_early(missing: f64) -> Self {
        Self::new(
            WarningCode::EndsEarly,
            format!(
                "The recording ends {missing:.1} s earlier than the file says. Listen to its end before approving."
            ),
            format!(
                "Bản ghi kết thúc sớm hơn {missing:.1} giây so với tệp ghi. Hãy nghe đoạn cuối trước khi duyệt."
            ),
        )
    }
}
