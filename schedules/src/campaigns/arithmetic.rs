//! Why a quota cannot be, with the arithmetic, in both languages.

use super::capacity::{Airing, Bound, Room};
use crate::error::ScheduleError;
use crate::vocabulary::{Campaign, Period, Phase};
use jiff::SignedDuration;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'a> {
    pub(super) campaign: &'a Campaign,
    pub(super) phase: &'a Phase,
    pub(super) airing: Airing,
}

/// A sentence in both languages.
struct Both {
    en: String,
    vi: String,
}

/// `phase "peak": 12 airings a week of 180 s need 36 min, but window "Y" allows 15 min a session x 2 sessions =
/// 30 min a week: at most 10; …`
pub(super) fn impossible(needs: &Needs<'_>, most: u64, rooms: &[Room]) -> ScheduleError {
    let (per_en, per_vi) = per(needs.phase.airings.per);
    let count = needs.phase.airings.count;
    let (airings, need) = if count == 1 { ("airing", "needs") } else { ("airings", "need") };
    let length = decimal(needs.airing.length, 1_000);
    let all = needs.airing.length.checked_mul(i32::try_from(count).unwrap_or(i32::MAX));
    let all = decimal(all.unwrap_or(SignedDuration::MAX), 60_000);
    let (apart_en, apart_vi) = match needs.airing.spacing.as_mins() {
        0 => (String::new(), String::new()),
        spacing => (format!(", {spacing} min apart,"), format!(", cách nhau {spacing} phút")),
    };
    let each: Vec<Both> = rooms.iter().map(|room| held(needs, room, rooms.len() > 1)).collect();
    let en: Vec<&str> = each.iter().map(|room| room.en.as_str()).collect();
    let vi: Vec<&str> = each.iter().map(|room| room.vi.as_str()).collect();
    let (phase, name) = (&needs.phase.name, &needs.campaign.name);
    ScheduleError::Quota {
        name: name.clone(),
        problem: format!(
            "phase \"{phase}\": {count} {airings} {per_en} of {length} s{apart_en} {need} {all} min, but {}: at most {most}; lower the count, shorten the recording or add a window",
            en.join(", ")
        ),
        problem_vi: format!(
            "đợt tuyên truyền \"{name}\", giai đoạn \"{phase}\": {count} lượt {per_vi}, mỗi lượt {length} giây{apart_vi}, cần {all} phút, nhưng {}: nhiều nhất {most} lượt; hãy giảm số lượt, rút ngắn bản ghi hoặc thêm khung giờ",
            vi.join(", ")
        ),
    }
}

/// What one room holds: `window "Y" allows 15 min a session x 2 sessions = 30 min a week`.
fn held(needs: &Needs<'_>, room: &Room, several: bool) -> Both {
    let names = room.windows.join("\" + \"");
    let bounds: Vec<Both> =
        room.bounds.iter().map(|&bound| bounded(needs.phase.airings.per, bound)).collect();
    let en: Vec<&str> = bounds.iter().map(|bound| bound.en.as_str()).collect();
    let vi: Vec<&str> = bounds.iter().map(|bound| bound.vi.as_str()).collect();
    let (holds_en, holds_vi) = match several {
        true => (format!(" (room for {})", room.most), format!(" (đủ chỗ cho {} lượt)", room.most)),
        false => (String::new(), String::new()),
    };
    Both {
        en: format!("window \"{names}\" {}{holds_en}", en.join(" and ")),
        vi: format!("khung giờ \"{names}\" {}{holds_vi}", vi.join(" và ")),
    }
}

fn bounded(period: Period, bound: Bound) -> Both {
    let (per_en, per_vi) = per(period);
    let one_day = period == Period::Day;
    let (en, vi) = match bound {
        Bound::Open { minutes, .. } if one_day => {
            (format!("is open {minutes} min {per_en}"), format!("mở {minutes} phút {per_vi}"))
        }
        Bound::Open { minutes, days } => (
            format!("is open {minutes} min x {} = {} min {per_en}", plural(days, "day"), minutes * days),
            format!("mở {minutes} phút x {days} ngày = {} phút {per_vi}", minutes * days),
        ),
        Bound::Sessions { minutes, sessions } => (
            format!(
                "allows {minutes} min a session x {} = {} min {per_en}",
                plural(sessions, "session"),
                minutes * sessions
            ),
            format!(
                "chỉ cho {minutes} phút mỗi buổi x {sessions} buổi = {} phút {per_vi}",
                minutes * sessions
            ),
        ),
        Bound::OneEach { sessions } => (
            format!("allows {} {per_en}, each of one airing", plural(sessions, "session")),
            format!("chỉ cho {sessions} buổi {per_vi}, mỗi buổi một lượt"),
        ),
        Bound::Days { minutes, .. } if one_day => {
            (format!("allows {minutes} min {per_en}"), format!("chỉ cho {minutes} phút {per_vi}"))
        }
        Bound::Days { minutes, days } => (
            format!("allows {minutes} min a day x {} = {} min {per_en}", plural(days, "day"), minutes * days),
            format!("chỉ cho {minutes} phút mỗi ngày x {days} ngày = {} phút {per_vi}", minutes * days),
        ),
        Bound::Week { minutes, .. } if period != Period::Phase => {
            (format!("allows {minutes} min a week"), format!("chỉ cho {minutes} phút mỗi tuần"))
        }
        Bound::Week { minutes, weeks } => (
            format!(
                "allows {minutes} min a week x {} = {} min {per_en}",
                plural(weeks, "week"),
                minutes * weeks
            ),
            format!("chỉ cho {minutes} phút mỗi tuần x {weeks} tuần = {} phút {per_vi}", minutes * weeks),
        ),
    };
    Both { en, vi }
}

fn per(period: Period) -> (&'static str, &'static str) {
    match period {
        Period::Day => ("a day", "mỗi ngày"),
        Period::Week => ("a week", "mỗi tuần"),
        Period::Phase => ("in the phase", "trong cả giai đoạn"),
    }
}

fn plural(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// In units of so many milliseconds, rounded to one decimal, which is left out when it is 0.
fn decimal(length: SignedDuration, unit: i128) -> String {
    let tenths = (length.as_millis() * 10 + unit / 2) / unit;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}
