//! Why a slot stands where it stands.

use super::words::moments;
use super::{Reason, ReasonCode, reason};
use crate::plan::Resumption;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;

impl Reason {
    pub(crate) fn planned(programme: &str, position: u32, windows: &str) -> Reason {
        let nth = (position + 1).to_string();
        // A year's plan says this of nearly every slot: put together in one piece.
        reason(
            ReasonCode::Planned,
            ["Mục ", &nth, " của chương trình \"", programme, "\", trong khung giờ \"", windows, "\"."]
                .concat(),
            ["Item ", &nth, " of programme \"", programme, "\", inside window \"", windows, "\"."].concat(),
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
        let code = if keeps { self.code } else { Cow::Borrowed(code.as_str()) };
        Reason { code, vi: format!("{} {vi}", self.vi), en: format!("{} {en}", self.en) }
    }
}
