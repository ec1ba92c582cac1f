//! Why: one constructor for each rule, in both languages, side by side.
//!
//! A reason carries a stable code for programs and a sentence for people that names the rule and the
//! object. Nothing else in this crate writes sentences for people.

use crate::plan::{Resumption, Yield};
use crate::vocabulary::{SegmentId, Standing};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Every code that a [`Reason`] can carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ReasonCode {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ReasonCode {
            /// Every code.
            pub const ALL: &'static [ReasonCode] = &[$(ReasonCode::$name,)+];

            /// The stable `snake_case` word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ReasonCode::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// Placed by a programme.
    Planned = "planned",
    /// Placed by a campaign.
    CampaignAiring = "campaign_airing",
    /// Placed by a campaign to repay what was missed.
    CampaignMakeGood = "campaign_make_good",
    /// It waits until what is on the air ends.
    Waits = "waits",
    /// It cuts what is on the air.
    Cuts = "cuts",
    /// It is cut by what comes after it.
    Yields = "yields",
    /// It is heard again, or goes on, after it was cut.
    Resumes = "resumes",
    /// It repays what was missed as soon as possible.
    RepeatedSoon = "repeated_soon",
    /// It repays what was missed in the next session.
    RepeatedNextSession = "repeated_next_session",
    /// It repays what was missed in a gap.
    MakeGood = "make_good",
    /// The programme names a segment that the station does not hold.
    UnknownSegment = "unknown_segment",
    /// Nobody has approved the segment.
    NotApproved = "not_approved",
    /// The segment was rejected.
    Rejected = "rejected",
    /// The segment was taken back.
    Withdrawn = "withdrawn",
    /// The segment's validity is over.
    Expired = "expired",
    /// The segment's validity has not begun.
    NotYetValid = "not_yet_valid",
    /// The segment is not decoded yet.
    NotPrepared = "not_prepared",
    /// An emergency is never planned.
    EmergencyClass = "emergency_class",
    /// None of the zones exists.
    UnknownZone = "unknown_zone",
    /// The station has no window at all.
    NoWindowDefined = "no_window_defined",
    /// No window is open at the start.
    OutsideWindow = "outside_window",
    /// The window closes before the end.
    BeyondWindowEnd = "beyond_window_end",
    /// Something that goes before it has the time.
    Overlap = "overlap",
    /// Something in other zones has the one output.
    OneOutput = "one_output",
    /// It may not wait any longer.
    WaitedTooLong = "waited_too_long",
    /// No gap of the day holds it.
    NoRoom = "no_room",
    /// The programme does not air on holidays.
    SkipsHoliday = "skips_holiday",
    /// A holiday closes the station.
    ClosedDay = "closed_day",
    /// Music is silent on that day.
    NoMusic = "no_music",
    /// The window's minutes of one session are used up.
    LimitMinutesPerSession = "limit_minutes_per_session",
    /// The window's minutes of the day are used up.
    LimitMinutesPerDay = "limit_minutes_per_day",
    /// The window's minutes of the week are used up.
    LimitMinutesPerWeek = "limit_minutes_per_week",
    /// The window's sessions of the day are used up.
    LimitSessionsPerDay = "limit_sessions_per_day",
    /// The window's days of the week are used up.
    LimitDaysPerWeek = "limit_days_per_week",
    /// The station was not running.
    StationOff = "station_off",
    /// The clock was set forward over it.
    ClockStep = "clock_step",
    /// The clock could not be trusted.
    ClockUntrusted = "clock_untrusted",
    /// The station was too late.
    Late = "late",
    /// Somebody pressed STOP.
    LocalStop = "local_stop",
    /// The plan changed.
    PlanChanged = "plan_changed",
    /// The airing log could not be written.
    LogUnwritable = "log_unwritable",
    /// The amplifier did not confirm.
    AmplifierNotReady = "amplifier_not_ready",
    /// The output could not be opened.
    OutputNotReady = "output_not_ready",
    /// The prepared PCM is not what was approved, or could not be read.
    PcmRefused = "pcm_refused",
    /// The amplifier failed during the airing.
    AmplifierLost = "amplifier_lost",
    /// The output failed during the airing.
    OutputLost = "output_lost",
    /// The output ended before the recording did.
    EndedEarly = "ended_early",
    /// The power was cut or the process died during the airing.
    Interrupted = "interrupted",
    /// The station was shut down during the airing.
    Shutdown = "shutdown",
    /// Played, but the amplifier did not confirm it throughout.
    Unconfirmed = "unconfirmed",
    /// Cut for another slot, as planned.
    Yielded = "yielded",
    /// It gave way to an emergency.
    YieldedToEmergency = "yielded_to_emergency",
    /// Sent at once, outside every plan.
    Emergency = "emergency",
    /// The emergency expired before it could be heard.
    EmergencyExpired = "emergency_expired",
    /// The emergency was taken back.
    EmergencyWithdrawn = "emergency_withdrawn",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something is as it is: a stable code and a sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// One of [`ReasonCode`], as text, so that old rows keep codes that no longer exist.
    pub code: String,
    /// The sentence in Vietnamese.
    pub vi: String,
    /// The sentence in English.
    pub en: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.en)
    }
}

fn reason(code: ReasonCode, vi: String, en: String) -> Reason {
    Reason { code: code.as_str().to_owned(), vi, en }
}

impl Reason {
    /// Whether this reason carries that code.
    #[must_use]
    pub fn is(&self, code: ReasonCode) -> bool {
        self.code == code.as_str()
    }

    // ---- the plan ----

    pub(crate) fn planned(programme: &str, position: u32, windows: &str) -> Reason {
        let nth = position + 1;
        reason(
            ReasonCode::Planned,
            format!("Mục {nth} của chương trình \"{programme}\", trong khung giờ \"{windows}\"."),
            format!("Item {nth} of programme \"{programme}\", inside window \"{windows}\"."),
        )
    }

    pub(crate) fn campaign_airing(
        campaign: &str,
        phase: &str,
        number: u32,
        make_good: bool,
        windows: &str,
    ) -> Reason {
        if make_good {
            return reason(
                ReasonCode::CampaignMakeGood,
                format!(
                    "Phát bù lượt {number} của đợt tuyên truyền \"{campaign}\" (giai đoạn \"{phase}\"), trong khung giờ \"{windows}\"."
                ),
                format!(
                    "Make-good of airing {number} of campaign \"{campaign}\" (phase \"{phase}\"), inside window \"{windows}\"."
                ),
            );
        }
        reason(
            ReasonCode::CampaignAiring,
            format!(
                "Lượt {number} của đợt tuyên truyền \"{campaign}\" (giai đoạn \"{phase}\"), trong khung giờ \"{windows}\"."
            ),
            format!(
                "Airing {number} of campaign \"{campaign}\" (phase \"{phase}\"), inside window \"{windows}\"."
            ),
        )
    }

    pub(crate) fn resumes(
        programme: &str,
        position: u32,
        cut: Timestamp,
        whole: bool,
        tz: &TimeZone,
    ) -> Reason {
        let nth = position + 1;
        let (at_vi, at_en) = moments(cut, tz);
        let (vi, en) =
            if whole { ("phát lại từ đầu", "is heard again") } else { ("phát tiếp", "goes on") };
        reason(
            ReasonCode::Resumes,
            format!("Mục {nth} của chương trình \"{programme}\" {vi}, vì bị ngắt lúc {at_vi}."),
            format!("Item {nth} of programme \"{programme}\" {en}, for it was cut at {at_en}."),
        )
    }

    /// `code` says how it repays.
    pub(crate) fn repays(
        code: ReasonCode,
        programme: &str,
        position: u32,
        missed: Timestamp,
        tz: &TimeZone,
    ) -> Reason {
        let nth = position + 1;
        let (at_vi, at_en) = moments(missed, tz);
        let (vi, en) = match code {
            ReasonCode::RepeatedSoon => ("sớm nhất có thể", "as soon as possible"),
            ReasonCode::RepeatedNextSession => ("trong buổi phát kế tiếp", "in the next session"),
            _ => ("vào chỗ trống của lịch phát", "in a gap of the plan"),
        };
        reason(
            code,
            format!("Phát bù mục {nth} của chương trình \"{programme}\" đã lỡ lúc {at_vi}, {vi}."),
            format!("It repays item {nth} of programme \"{programme}\", missed at {at_en}, {en}."),
        )
    }

    /// The same reason, and that it waits until what is on the air ends.
    pub(crate) fn and_waits(self, holder: Option<&str>, until: Timestamp, tz: &TimeZone) -> Reason {
        let (at_vi, at_en) = moments(until, tz);
        let vi = match holder {
            Some(name) => format!("Chờ \"{name}\" phát xong lúc {at_vi}."),
            None => format!("Chờ tin khẩn cấp phát xong lúc {at_vi}."),
        };
        let en = match holder {
            Some(name) => format!("It waits until \"{name}\" ends at {at_en}."),
            None => format!("It waits until the emergency ends at {at_en}."),
        };
        self.and(ReasonCode::Waits, &vi, &en)
    }

    /// The same reason, and that it cuts something.
    pub(crate) fn and_cuts(self, whom: &str) -> Reason {
        self.and(ReasonCode::Cuts, &format!("Ngắt \"{whom}\" đang phát."), &format!("It cuts \"{whom}\"."))
    }

    /// The same reason, and that it yields to something.
    pub(crate) fn and_yields(self, to: &str, at: Timestamp, then: Resumption, tz: &TimeZone) -> Reason {
        let (at_vi, at_en) = moments(at, tz);
        let (vi, en) = match then {
            Resumption::Restart => ("rồi phát lại từ đầu", "and is heard again afterwards"),
            Resumption::Continue => ("rồi phát tiếp phần còn lại", "and goes on afterwards"),
            Resumption::Drop => ("và bỏ phần còn lại", "and the rest is dropped"),
        };
        self.and(
            ReasonCode::Yields,
            &format!("Nhường cho \"{to}\" lúc {at_vi}, {vi}."),
            &format!("It yields to \"{to}\" at {at_en} {en}."),
        )
    }

    fn and(self, code: ReasonCode, vi: &str, en: &str) -> Reason {
        // What a second chance repays is more than that it waits for its turn.
        let keeps = code != ReasonCode::Yields
            && !self.is(ReasonCode::Planned)
            && !self.is(ReasonCode::CampaignAiring);
        let code = if keeps { self.code } else { code.as_str().to_owned() };
        Reason { code, vi: format!("{} {vi}", self.vi), en: format!("{} {en}", self.en) }
    }

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

    pub(crate) fn standing(title: &str, standing: Standing) -> Reason {
        match standing {
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

    // ---- the playout ----

    pub(crate) fn station_off() -> Reason {
        reason(
            ReasonCode::StationOff,
            "Trạm không hoạt động vào giờ phát.".into(),
            "The station was not running at that time.".into(),
        )
    }

    pub(crate) fn clock_step() -> Reason {
        reason(
            ReasonCode::ClockStep,
            "Đồng hồ bị chỉnh nhảy qua giờ phát.".into(),
            "The clock was set over that time.".into(),
        )
    }

    pub(crate) fn clock_untrusted() -> Reason {
        reason(
            ReasonCode::ClockUntrusted,
            "Đồng hồ của trạm không đáng tin vào giờ phát; hãy kiểm tra đồng bộ giờ.".into(),
            "The station's clock could not be trusted at that time; check its synchronisation.".into(),
        )
    }

    pub(crate) fn late() -> Reason {
        reason(
            ReasonCode::Late,
            "Trạm bận hoặc chậm, nên giờ phát đã qua.".into(),
            "The station was busy or slow, and the time had passed.".into(),
        )
    }

    pub(crate) fn on_air_elsewhere() -> Reason {
        reason(
            ReasonCode::Overlap,
            "Lượt phát trước đó vẫn chưa kết thúc.".into(),
            "The airing before it had not ended.".into(),
        )
    }

    pub(crate) fn local_stop(by: &str) -> Reason {
        reason(ReasonCode::LocalStop, format!("\"{by}\" đã bấm DỪNG."), format!("\"{by}\" pressed STOP."))
    }

    pub(crate) fn plan_changed(because: Option<&Reason>) -> Reason {
        let (mut vi, mut en) = ("Lịch phát đã thay đổi.".to_owned(), "The plan was changed.".to_owned());
        if let Some(because) = because {
            vi = format!("{vi} {}", because.vi);
            en = format!("{en} {}", because.en);
        }
        reason(ReasonCode::PlanChanged, vi, en)
    }

    /// What was announced is no longer asked for: its programme, campaign or recording is gone or another.
    #[must_use]
    pub fn taken_out() -> Reason {
        Reason::plan_changed(None)
    }

    pub(crate) fn log_unwritable(why: &str) -> Reason {
        reason(
            ReasonCode::LogUnwritable,
            format!("Không ghi được nhật ký phát sóng ({why}), nên không phát."),
            format!("The airing log could not be written ({why}), so nothing was played."),
        )
    }

    pub(crate) fn amplifier_not_ready(why: &str) -> Reason {
        reason(
            ReasonCode::AmplifierNotReady,
            format!("Bộ khuếch đại không xác nhận đã bật ({why})."),
            format!("The amplifier did not confirm that it was on ({why})."),
        )
    }

    pub(crate) fn output_not_ready(why: &str) -> Reason {
        reason(
            ReasonCode::OutputNotReady,
            format!("Không mở được đầu ra âm thanh ({why})."),
            format!("The audio output was not ready ({why})."),
        )
    }

    pub(crate) fn pcm_refused(why: &str) -> Reason {
        reason(
            ReasonCode::PcmRefused,
            format!("Âm thanh đã chuẩn bị không đúng với bản được duyệt hoặc không đọc được ({why})."),
            format!("The prepared audio is not what was approved, or could not be read ({why})."),
        )
    }

    pub(crate) fn amplifier_lost(why: &str) -> Reason {
        reason(
            ReasonCode::AmplifierLost,
            format!("Bộ khuếch đại bị mất trong lúc phát ({why})."),
            format!("The amplifier was lost during the airing ({why})."),
        )
    }

    pub(crate) fn output_lost(why: &str) -> Reason {
        reason(
            ReasonCode::OutputLost,
            format!("Đầu ra âm thanh bị mất trong lúc phát ({why})."),
            format!("The audio output was lost during the airing ({why})."),
        )
    }

    pub(crate) fn ended_early() -> Reason {
        reason(
            ReasonCode::EndedEarly,
            "Đầu ra âm thanh kết thúc trước khi hết bản ghi.".into(),
            "The output ended before the recording did.".into(),
        )
    }

    pub(crate) fn overran() -> Reason {
        reason(
            ReasonCode::BeyondWindowEnd,
            "Bị cắt vì khung giờ phát đã đóng.".into(),
            "It was cut because its window had closed.".into(),
        )
    }

    pub(crate) fn would_overrun() -> Reason {
        reason(
            ReasonCode::BeyondWindowEnd,
            "Bắt đầu trễ nên không còn kịp trong khung giờ phát.".into(),
            "It would have begun late and no longer fitted into its window.".into(),
        )
    }

    pub(crate) fn interrupted() -> Reason {
        reason(
            ReasonCode::Interrupted,
            "Mất điện hoặc chương trình dừng đột ngột trong lúc phát.".into(),
            "The power was cut or the process died during the airing.".into(),
        )
    }

    pub(crate) fn shutdown() -> Reason {
        reason(
            ReasonCode::Shutdown,
            "Trạm được tắt trong lúc phát.".into(),
            "The station was shut down during the airing.".into(),
        )
    }

    pub(crate) fn unconfirmed() -> Reason {
        reason(
            ReasonCode::Unconfirmed,
            "Đã phát, nhưng bộ khuếch đại không xác nhận trong suốt lượt phát.".into(),
            "Played, but the amplifier did not confirm it throughout.".into(),
        )
    }

    pub(crate) fn yielded(to: &Yield) -> Reason {
        let name = &to.name;
        let (vi, en) = match to.then {
            Resumption::Continue => {
                ("phần còn lại được phát tiếp sau đó", "what is left is heard afterwards")
            }
            Resumption::Restart => ("sau đó được phát lại từ đầu", "it is heard again from its beginning"),
            Resumption::Drop => ("phần còn lại không phát nữa", "what is left is not heard"),
        };
        reason(
            ReasonCode::Yielded,
            format!("Bị ngắt theo lịch để nhường cho \"{name}\"; {vi}."),
            format!("It was cut, as planned, for \"{name}\"; {en}."),
        )
    }

    pub(crate) fn yielded_to_emergency(title: &str) -> Reason {
        reason(
            ReasonCode::YieldedToEmergency,
            format!("Nhường cho tin khẩn cấp \"{title}\"."),
            format!("It gave way to the emergency \"{title}\"."),
        )
    }

    /// Why an emergency stands in the log: somebody sent it.
    #[must_use]
    pub fn emergency(by: &str) -> Reason {
        reason(
            ReasonCode::Emergency,
            format!("Tin khẩn cấp do \"{by}\" gửi, phát ngay."),
            format!("Emergency sent by \"{by}\", to be heard at once."),
        )
    }

    /// As [`Reason::emergency`], of one that was sent to practise.
    #[must_use]
    pub fn emergency_exercise(by: &str) -> Reason {
        reason(
            ReasonCode::Emergency,
            format!("Diễn tập tin khẩn cấp do \"{by}\" gửi, phát ngay."),
            format!("Emergency exercise sent by \"{by}\", to be heard at once."),
        )
    }

    pub(crate) fn emergency_expired() -> Reason {
        reason(
            ReasonCode::EmergencyExpired,
            "Tin khẩn cấp đã hết hiệu lực trước khi phát được.".into(),
            "The emergency expired before it could be heard.".into(),
        )
    }

    pub(crate) fn emergency_withdrawn() -> Reason {
        reason(
            ReasonCode::EmergencyWithdrawn,
            "Tin khẩn cấp đã được thu hồi.".into(),
            "The emergency was taken back.".into(),
        )
    }

    /// What the station's own button is called where a name stands.
    pub(crate) const LOCAL_BUTTON: &str = "nút DỪNG tại trạm (STOP button)";

    pub(crate) fn local_button() -> Reason {
        reason(
            ReasonCode::LocalStop,
            "Nút DỪNG tại trạm đang được nhấn.".into(),
            "The STOP button at the station is pressed.".into(),
        )
    }
}

/// Who has the air, in both languages.
fn holder_of_air(holder: Option<&str>) -> (String, String) {
    match holder {
        Some(name) => (format!("\"{name}\""), format!("\"{name}\"")),
        None => ("tin khẩn cấp".to_owned(), "the emergency".to_owned()),
    }
}

/// The moment as a Vietnamese and as an English reader writes it, in the station's time.
fn moments(at: Timestamp, tz: &TimeZone) -> (String, String) {
    let civil = at.to_zoned(tz.clone()).datetime();
    let (h, mi, s) = (civil.hour(), civil.minute(), civil.second());
    let (y, mo, d) = (civil.year(), civil.month(), civil.day());
    (
        format!("{h:02}:{mi:02}:{s:02} ngày {d:02}/{mo:02}/{y}"),
        format!("{y}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}"),
    )
}
