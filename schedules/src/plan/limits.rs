//! How much of each window is used, and what it still allows.

use super::hours::Opening;
use super::types::Permit;
use crate::reason::ReasonCode;
use crate::vocabulary::{Limits, Window};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;

/// Slots of one window and day with less silence than this between them belong to one session.
const SESSION_GAP: i64 = 30 * MINUTE;

/// Lengths are counted in nanoseconds here: limits are asked for every item and every gap.
const MINUTE: i64 = 60_000_000_000;

/// Tells one item from every other: show, occurrence, position, attempt.
pub(super) type ItemId = (usize, Timestamp, u32, u32);

/// The limit that one more stretch would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) code: ReasonCode,
    /// Index of the window.
    pub(super) window: usize,
    pub(super) limit: u32,
}

/// The sound inside each opening of the windows that have limits.
#[derive(Clone, Default)]
pub(super) struct Used {
    by_opening: BTreeMap<(usize, Date), Opened>,
}

/// The sound inside one opening.
#[derive(Clone, Default)]
struct Opened {
    stretches: Vec<(ItemId, Stretch)>,
    sum: i64,
}

/// From when to when, in nanoseconds.
type Stretch = (i64, i64);

impl Used {
    /// Takes the time of an item in every opening that it touches.
    pub(super) fn take(&mut self, windows: &[&Window], id: ItemId, stretch: Permit, touched: &[Opening]) {
        for opening in touched {
            if windows.get(opening.window).is_some_and(|window| window.limits != Limits::default()) {
                let used = self.by_opening.entry((opening.window, opening.date)).or_default();
                let stretch = within(stretch, opening.permit);
                used.sum += stretch.1 - stretch.0;
                used.stretches.push((id, stretch));
            }
        }
    }

    /// Gives back what an item took.
    pub(super) fn release(&mut self, id: ItemId) {
        for used in self.by_opening.values_mut() {
            used.stretches.retain(|(of, _)| *of != id);
            used.sum = used.stretches.iter().map(|(_, (from, until))| until - from).sum();
        }
    }

    /// Forgets the days before `date`.
    pub(super) fn forget_before(&mut self, date: Date) {
        self.by_opening.retain(|(_, day), _| *day >= date);
    }

    /// The use of a window on the days of a range.
    fn of(&self, window: usize, from: Date, to: Date) -> impl Iterator<Item = (Date, &Opened)> {
        let days = self.by_opening.range((window, from)..=(window, to));
        days.map(|(&(_, date), used)| (date, used)).filter(|(_, used)| !used.stretches.is_empty())
    }
}

/// Whether every opening that a stretch touches has room for it beside what is used and what is reserved.
pub(super) fn check(
    used: &Used,
    reserved: Option<&Used>,
    windows: &[&Window],
    stretch: Permit,
    touched: &[Opening],
) -> Result<(), Exceeded> {
    for opening in touched {
        let Some(window) = windows.get(opening.window) else { continue };
        if window.limits == Limits::default() {
            continue;
        }
        let (index, date) = (opening.window, opening.date);
        let all = [Some(used), reserved];
        let mut today = vec![within(stretch, opening.permit)];
        if window.limits.minutes_per_session.is_some() || window.limits.sessions_per_day.is_some() {
            for (_, used) in all.into_iter().flatten().flat_map(|used| used.of(index, date, date)) {
                today.extend(used.stretches.iter().map(|(_, stretch)| *stretch));
            }
        }
        let more = today.first().map_or(0, |(from, until)| until - from);
        let mut counted = Counted { sessions: sessions(today), day: more, week: more, days: vec![date] };
        let monday = monday_of(date);
        let week = all
            .into_iter()
            .flatten()
            .flat_map(|used| used.of(index, monday, monday.saturating_add(6.days())));
        for (day, used) in week {
            counted.week += used.sum;
            if day == date {
                counted.day += used.sum;
            }
            if !counted.days.contains(&day) {
                counted.days.push(day);
            }
        }
        if let Some((code, limit)) = counted.exceeds(&window.limits) {
            return Err(Exceeded { code, window: index, limit });
        }
    }
    Ok(())
}

/// The Monday of a week.
pub(super) fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

/// The part of a stretch that lies inside a permit.
fn within(stretch: Permit, permit: Permit) -> Stretch {
    let nanoseconds = |at: Timestamp| i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
    let from = nanoseconds(stretch.from.max(permit.from));
    (from, nanoseconds(stretch.until.min(permit.until)).max(from))
}

/// What a window would have had, with one more stretch.
struct Counted {
    /// The sound of each session of the day.
    sessions: Vec<i64>,
    day: i64,
    week: i64,
    /// The days of the week with any sound.
    days: Vec<Date>,
}

impl Counted {
    /// The first limit that is exceeded.
    fn exceeds(&self, limits: &Limits) -> Option<(ReasonCode, u32)> {
        let over = |limit: Option<u32>, code, sum: i64| {
            limit.filter(|&limit| sum > i64::from(limit) * MINUTE).map(|limit| (code, limit))
        };
        let too_many = |limit: Option<u32>, code, count: usize| {
            let limit = limit.filter(|&limit| count > usize::try_from(limit).unwrap_or(usize::MAX));
            limit.map(|limit| (code, limit))
        };
        let longest = self.sessions.iter().copied().max().unwrap_or(0);
        over(limits.minutes_per_session, ReasonCode::LimitMinutesPerSession, longest)
            .or_else(|| over(limits.minutes_per_day, ReasonCode::LimitMinutesPerDay, self.day))
            .or_else(|| over(limits.minutes_per_week, ReasonCode::LimitMinutesPerWeek, self.week))
            .or_else(|| {
                too_many(limits.sessions_per_day, ReasonCode::LimitSessionsPerDay, self.sessions.len())
            })
            .or_else(|| too_many(limits.days_per_week, ReasonCode::LimitDaysPerWeek, self.days.len()))
    }
}

/// The sound of each session of a day.
fn sessions(mut day: Vec<Stretch>) -> Vec<i64> {
    day.sort_unstable();
    let mut sessions: Vec<i64> = Vec::new();
    let mut last_end: Option<i64> = None;
    for (from, until) in day {
        match (last_end, sessions.last_mut()) {
            (Some(end), Some(session)) if from - end < SESSION_GAP => *session += until - from,
            _ => sessions.push(until - from),
        }
        last_end = Some(until);
    }
    sessions
}
