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
    /// Its peaks are cut off at full scale, or were beyond it.
    Clipped,
    /// Shorter than a second.
    VeryShort,
    /// The checksum in the file does not match its sound.
    ChecksumMismatch,
    /// It ends a little earlier than the file says.
    EndsEarly,
    /// It was raised by much.
    TooQuiet,
    /// It was lowered by much.
    TooLoud,
    /// It could not be raised enough, and stays quieter than other recordings.
    StaysQuiet,
    /// Its quiet passages will be lost outdoors.
    LargeRange,
    /// It has a constant part beside the sound.
    DcOffset,
    /// Silence before the sound.
    LeadingSilence,
    /// Silence after the sound.
    TrailingSilence,
    /// A long silence within the sound.
    InnerSilence,
    /// One of its two channels carries nothing.
    DroppedChannel,
    /// Its two channels cancel each other; one of them was taken alone.
    OppositePhase,
    /// It hums at the frequency of the mains.
    MainsHum,
    /// Its highest tones cannot be decoded here and are missing: HE-AAC.
    UpperTonesMissing,
}

impl WarningCode {
    /// All of them, for documentation and tests.
    pub const ALL: [Self; 18] = [
        Self::DamagedPackets,
        Self::Silent,
        Self::Clipped,
        Self::VeryShort,
        Self::ChecksumMismatch,
        Self::EndsEarly,
        Self::TooQuiet,
        Self::TooLoud,
        Self::StaysQuiet,
        Self::LargeRange,
        Self::DcOffset,
        Self::LeadingSilence,
        Self::TrailingSilence,
        Self::InnerSilence,
        Self::DroppedChannel,
        Self::OppositePhase,
        Self::MainsHum,
        Self::UpperTonesMissing,
    ];

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
            Self::TooQuiet => "too_quiet",
            Self::TooLoud => "too_loud",
            Self::StaysQuiet => "stays_quiet",
            Self::LargeRange => "large_range",
            Self::DcOffset => "dc_offset",
            Self::LeadingSilence => "leading_silence",
            Self::TrailingSilence => "trailing_silence",
            Self::InnerSilence => "inner_silence",
            Self::DroppedChannel => "dropped_channel",
            Self::OppositePhase => "opposite_phase",
            Self::MainsHum => "mains_hum",
            Self::UpperTonesMissing => "upper_tones_missing",
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
            "The recording was made too loud: its peaks are cut off. It may sound harsh; record it again with less \
             gain if you can.",
            "Bản ghi được thu quá to nên bị cắt đỉnh. Âm thanh có thể bị rè; nếu được, hãy thu lại với mức nhỏ hơn.",
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

    pub(crate) fn too_quiet(raised: f64) -> Self {
        Self::new(
            WarningCode::TooQuiet,
            format!(
                "The recording was very quiet and was raised by {raised:.0} dB; its noise was raised with it. Listen \
                 to it before approving."
            ),
            format!(
                "Bản ghi rất nhỏ nên đã được tăng {raised:.0} dB; tiếng ồn cũng tăng theo. Hãy nghe thử trước khi duyệt."
            ),
        )
    }

    pub(crate) fn too_loud(lowered: f64) -> Self {
        Self::new(
            WarningCode::TooLoud,
            format!("The recording was very loud and was lowered by {lowered:.0} dB to match the others."),
            format!("Bản ghi rất to nên đã được giảm {lowered:.0} dB cho bằng các bản ghi khác."),
        )
    }

    pub(crate) fn stays_quiet(raised: f64, missing: f64) -> Self {
        Self::new(
            WarningCode::StaysQuiet,
            format!(
                "Even raised by {raised:.0} dB, the recording stays {missing:.0} dB quieter than the others. Record it \
                 again closer to the microphone."
            ),
            format!(
                "Dù đã tăng {raised:.0} dB, bản ghi vẫn nhỏ hơn các bản ghi khác {missing:.0} dB. Hãy thu lại gần micrô hơn."
            ),
        )
    }

    pub(crate) fn large_range(range: f64) -> Self {
        Self::new(
            WarningCode::LargeRange,
            format!(
                "Loud and quiet passages lie {range:.0} LU apart. The quiet ones will not be heard outdoors; even \
                 them out before uploading."
            ),
            format!(
                "Đoạn to và đoạn nhỏ chênh nhau {range:.0} LU. Ngoài trời sẽ không nghe được đoạn nhỏ; hãy cân bằng \
                 âm lượng trước khi tải lên."
            ),
        )
    }

    pub(crate) fn dc_offset(percent: f64) -> Self {
        Self::new(
            WarningCode::DcOffset,
            format!(
                "The recording has a constant offset of {percent:.1} % beside the sound, usually from a faulty sound \
                 card. Check the recorder."
            ),
            format!(
                "Bản ghi bị lệch một chiều {percent:.1} % so với mức không, thường do card âm thanh bị lỗi. Hãy kiểm \
                 tra máy thu."
            ),
        )
    }

    pub(crate) fn leading_silence(seconds: f64) -> Self {
        Self::new(
            WarningCode::LeadingSilence,
            format!("Nothing is heard for the first {seconds:.1} s. Cut them off, or let the station do it."),
            format!("{seconds:.1} giây đầu không có tiếng. Hãy cắt bỏ hoặc để đài tự cắt."),
        )
    }

    pub(crate) fn trailing_silence(seconds: f64) -> Self {
        Self::new(
            WarningCode::TrailingSilence,
            format!("Nothing is heard for the last {seconds:.1} s. Cut them off, or let the station do it."),
            format!("{seconds:.1} giây cuối không có tiếng. Hãy cắt bỏ hoặc để đài tự cắt."),
        )
    }

    pub(crate) fn inner_silence(from: f64, seconds: f64) -> Self {
        let (minutes, second) = ((from / 60.0).floor(), (from % 60.0).floor());
        Self::new(
            WarningCode::InnerSilence,
            format!(
                "Nothing is heard for {seconds:.1} s from {minutes:.0}:{second:02.0} on. Listen there before approving."
            ),
            format!(
                "Từ {minutes:.0}:{second:02.0} có {seconds:.1} giây không có tiếng. Hãy nghe thử chỗ đó trước khi duyệt."
            ),
        )
    }

    pub(crate) fn dropped_channel() -> Self {
        Self::new(
            WarningCode::DroppedChannel,
            "Only one of the two stereo channels has sound. Check the cable if that was not meant.",
            "Chỉ một trong hai kênh âm thanh nổi có tiếng. Nếu không cố ý, hãy kiểm tra dây nối.",
        )
    }

    pub(crate) fn opposite_phase() -> Self {
        Self::new(
            WarningCode::OppositePhase,
            "The two stereo channels are opposite and would cancel each other; only one of them is used. Check the \
             wiring of the microphone.",
            "Hai kênh âm thanh nổi ngược pha, trộn lại sẽ triệt tiêu nhau nên chỉ dùng một kênh. Hãy kiểm tra dây micrô.",
        )
    }

    pub(crate) fn mains_hum(mains: u32, below: f64) -> Self {
        Self::new(
            WarningCode::MainsHum,
            format!(
                "The recording hums at {mains} Hz, {below:.0} dB below the sound. Check the earthing and keep cables \
                 away from mains."
            ),
            format!(
                "Bản ghi có tiếng ù {mains} Hz, thấp hơn âm thanh {below:.0} dB. Hãy kiểm tra tiếp đất và để dây xa nguồn điện."
            ),
        )
    }

    /// As [`Self::ends_early`], where nobody knows by how much.
    pub(crate) fn cut_off() -> Self {
        Self::new(
            WarningCode::EndsEarly,
            "The file has no proper end: the end of the recording may be missing. Listen to it before approving.",
            "Tệp không có phần kết thúc: có thể thiếu đoạn cuối của bản ghi. Hãy nghe đoạn cuối trước khi duyệt.",
        )
    }

    pub(crate) fn upper_tones_missing() -> Self {
        Self::new(
            WarningCode::UpperTonesMissing,
            "The recording is HE-AAC: its highest tones cannot be read here and are missing. Speech stays clear; for \
             music, save it as MP3 or AAC-LC.",
            "Bản ghi dạng HE-AAC: không đọc được các âm cao nhất nên bị thiếu. Tiếng nói vẫn rõ; nếu là nhạc, hãy lưu \
             lại thành MP3 hoặc AAC-LC.",
        )
    }
}
