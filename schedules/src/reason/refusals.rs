//! Why something is not planned.

use super::words::{holder_of_air, moments};
use super::{Reason, ReasonCode, reason};
use crate::vocabulary::{SegmentId, Standing};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

impl Reason {
    pub(crate) fn one_output(winner: &str, start: Timestamp, tz: &TimeZone) -> Reason {
        let (vi, en) = moments(start, tz);
        reason(
            ReasonCode::OneOutput,
            format!(
                "Trạm chỉ có một đầu ra âm thanh: \"{winner}\" bắt đầu lúc {vi} ở cụm loa khác, được ưu tiên hơn."
            ),
            format!(
                "The station has one output: \"{winner}\", which starts at {en} in other zones, goes before it."
            ),
        )
    }

    pub(crate) fn emergency_on_air(until: Timestamp, tz: &TimeZone) -> Reason {
        let (vi, en) = moments(until, tz);
        reason(
            ReasonCode::Overlap,
            format!("Tin khẩn cấp đang phát đến {vi}."),
            format!("An emergency is on the air until {en}."),
        )
    }

    pub(crate) fn waited_minutes(minutes: u32, holder: Option<&str>) -> Reason {
        let (vi, en) = holder_of_air(holder);
        reason(
            ReasonCode::WaitedTooLong,
            format!("Chỉ được chờ {minutes} phút, mà {vi} vẫn chưa xong."),
            format!("It may wait for {minutes} minutes, and {en} had not ended by then."),
        )
    }

    pub(crate) fn waited_until(until: Timestamp, holder: Option<&str>, tz: &TimeZone) -> Reason {
        let (at_vi, at_en) = moments(until, tz);
        let (vi, en) = holder_of_air(holder);
        reason(
            ReasonCode::WaitedTooLong,
            format!("Phải bắt đầu chậm nhất lúc {at_vi}, mà {vi} vẫn chưa xong."),
            format!("It had to start by {at_en}, and {en} had not ended by then."),
        )
    }

    pub(crate) fn no_room(name: &str) -> Reason {
        reason(
            ReasonCode::NoRoom,
            format!("Không có chỗ trống nào đủ dài cho \"{name}\" trong các khung giờ của nó."),
            format!("No gap in its windows is long enough for \"{name}\"."),
        )
    }

    pub(crate) fn skips_holiday(programme: &str, holiday: &str) -> Reason {
        reason(
            ReasonCode::SkipsHoliday,
            format!("Chương trình \"{programme}\" không phát vào ngày lễ; hôm đó là \"{holiday}\"."),
            format!("Programme \"{programme}\" does not air on holidays; that day is \"{holiday}\"."),
        )
    }

    pub(crate) fn closed_day(holiday: &str, date: Date) -> Reason {
        let (y, m, d) = (date.year(), date.month(), date.day());
        reason(
            ReasonCode::ClosedDay,
            format!("Ngày {d:02}/{m:02}/{y} trạm nghỉ vì \"{holiday}\"; không có khung giờ nào mở lúc đó."),
            format!("\"{holiday}\" closes the station on {y}-{m:02}-{d:02}; no window is open at that time."),
        )
    }

    pub(crate) fn no_music(title: &str, holiday: &str) -> Reason {
        reason(
            ReasonCode::NoMusic,
            format!("\"{title}\" là âm nhạc, và \"{holiday}\" không phát nhạc."),
            format!("\"{title}\" is music, and \"{holiday}\" keeps music silent."),
        )
    }

    pub(crate) fn unknown_segment(segment: SegmentId) -> Reason {
        reason(
            ReasonCode::UnknownSegment,
            format!("Trạm không có bản ghi {segment}; hãy gửi lại hoặc bỏ nó khỏi chương trình."),
            format!(
                "The station does not hold segment {segment}; push it again or take it out of the programme."
            ),
        )
    }

    /// Why a segment of this standing may not sound.
    #[must_use]
    pub fn standing(title: &str, standing: Standing) -> Reason {
        match standing {
            Standing::Altered => Reason::approval_altered(title),
            Standing::Rejected => reason(
                ReasonCode::Rejected,
                format!("Bản ghi \"{title}\" đã bị từ chối."),
                format!("Segment \"{title}\" was rejected."),
            ),
            Standing::Withdrawn => reason(
                ReasonCode::Withdrawn,
                format!("Bản ghi \"{title}\" đã bị thu hồi."),
                format!("Segment \"{title}\" was withdrawn."),
            ),
            Standing::Expired => Reason::expired(title),
            Standing::Received | Standing::Inspecting => Reason::not_prepared(title),
            Standing::AwaitingApproval | Standing::Approved => reason(
                ReasonCode::NotApproved,
                format!("Bản ghi \"{title}\" chưa được duyệt; người duyệt phải khác người tải lên."),
                format!(
                    "Segment \"{title}\" is not approved; somebody other than its uploader must approve it."
                ),
            ),
        }
    }

    /// What is kept under an approval is something else than what was approved.
    #[must_use]
    pub fn approval_altered(title: &str) -> Reason {
        reason(
            ReasonCode::ApprovalAltered,
            format!(
                "Bản ghi \"{title}\" không còn đúng như lúc được duyệt; hãy nghe và xem lại, rồi duyệt lại hoặc gỡ bỏ."
            ),
            format!(
                "Segment \"{title}\" is not what was approved any more; listen to it and look at it again, then approve it anew or withdraw it."
            ),
        )
    }

    pub(crate) fn expired(title: &str) -> Reason {
        reason(
            ReasonCode::Expired,
            format!("Bản ghi \"{title}\" đã hết hạn vào lúc đó."),
            format!("Segment \"{title}\" is past its validity at that time."),
        )
    }

    pub(crate) fn not_yet_valid(title: &str) -> Reason {
        reason(
            ReasonCode::NotYetValid,
            format!("Bản ghi \"{title}\" chưa đến ngày có hiệu lực vào lúc đó."),
            format!("Segment \"{title}\" is not yet valid at that time."),
        )
    }

    /// The station asks for a signed order, and none that is in force covers it.
    #[must_use]
    pub fn no_order(title: &str) -> Reason {
        reason(
            ReasonCode::NoOrder,
            format!(
                "Bản ghi \"{title}\" chưa có lệnh phát có chữ ký còn hiệu lực cho lúc đó; hãy xin cấp trên gửi lệnh phát."
            ),
            format!(
                "No signed order that is in force then lets segment \"{title}\" air; ask the publisher to send one."
            ),
        )
    }

    pub(crate) fn not_prepared(title: &str) -> Reason {
        reason(
            ReasonCode::NotPrepared,
            format!("Bản ghi \"{title}\" chưa được kiểm tra và chuẩn bị xong."),
            format!("Segment \"{title}\" is not inspected and prepared yet."),
        )
    }

    pub(crate) fn emergency_class(title: &str) -> Reason {
        reason(
            ReasonCode::EmergencyClass,
            format!(
                "Bản ghi \"{title}\" thuộc loại khẩn cấp, không phát theo lịch; hãy gửi dưới dạng tin khẩn cấp."
            ),
            format!(
                "Segment \"{title}\" is of class emergency and never airs by a plan; send it as an emergency."
            ),
        )
    }

    pub(crate) fn unknown_zone(programme: &str) -> Reason {
        reason(
            ReasonCode::UnknownZone,
            format!("Trạm không có cụm loa nào mà chương trình \"{programme}\" yêu cầu."),
            format!("The station has none of the zones that programme \"{programme}\" names."),
        )
    }

    pub(crate) fn no_window_defined() -> Reason {
        reason(
            ReasonCode::NoWindowDefined,
            "Trạm chưa có khung giờ phát nào, nên chỉ phát tin khẩn cấp; hãy tạo một khung giờ.".into(),
            "The station has no window, so it airs nothing but emergencies; define a window.".into(),
        )
    }

    pub(crate) fn outside_window(start: Timestamp, tz: &TimeZone) -> Reason {
        let (vi, en) = moments(start, tz);
        reason(
            ReasonCode::OutsideWindow,
            format!("Lúc {vi} không có khung giờ phát nào mở cho mọi cụm loa của chương trình."),
            format!("At {en} no window is open for every zone of the programme."),
        )
    }

    pub(crate) fn beyond_window_end(until: Timestamp, tz: &TimeZone) -> Reason {
        let (vi, en) = moments(until, tz);
        reason(
            ReasonCode::BeyondWindowEnd,
            format!("Bản ghi sẽ kết thúc sau khi khung giờ phát đóng lúc {vi}."),
            format!("It would end after its window closes at {en}."),
        )
    }

    pub(crate) fn overlap(winner: &str, start: Timestamp, tz: &TimeZone) -> Reason {
        let (vi, en) = moments(start, tz);
        reason(
            ReasonCode::Overlap,
            format!("Trùng giờ với \"{winner}\" bắt đầu lúc {vi}, được ưu tiên hơn."),
            format!("It overlaps \"{winner}\", which starts at {en} and goes before it."),
        )
    }

    pub(crate) fn limit(code: ReasonCode, window: &str, limit: u32) -> Reason {
        let (vi, en) = match code {
            ReasonCode::LimitMinutesPerSession => ("phút mỗi buổi", "minutes a session"),
            ReasonCode::LimitMinutesPerDay => ("phút mỗi ngày", "minutes a day"),
            ReasonCode::LimitMinutesPerWeek => ("phút mỗi tuần", "minutes a week"),
            ReasonCode::LimitSessionsPerDay => ("buổi mỗi ngày", "sessions a day"),
            _ => ("ngày mỗi tuần", "days a week"),
        };
        reason(
            code,
            format!("Khung giờ \"{window}\" chỉ cho phép {limit} {vi}, và đã dùng hết."),
            format!("Window \"{window}\" allows {limit} {en}, and they are used up."),
        )
    }
}
