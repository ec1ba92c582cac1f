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
    /// In order.
    stretches: Vec<(Stretch, ItemId)>,
    /// What they make together, in order: it is asked far more often than it changes.
    sessions: Vec<Session>,
    sum: i64,
}

/// Sound with less than [`SESSION_GAP`] of silence in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    from: i64,
    until: i64,
    sound: i64,
}

impl Session {
    fn new((from, until): Stretch) -> Session {
        Session { from, until, sound: until - from }
    }

    /// Takes in what begins no earlier than this; gives it back when the silence before it is too long.
    fn join(&mut self, next: Session) -> Option<Session> {
        if next.from - self.until >= SESSION_GAP {
            return Some(next);
        }
        self.until = self.until.max(next.until);
        self.sound += next.sound;
        None
    }
}

impl Opened {
    fn count(&mut self) {
        self.sum = self.stretches.iter().map(|((from, until), _)| until - from).sum();
        self.sessions.clear();
        for (stretch, _) in &self.stretches {
            let next = Session::new(*stretch);
            let over = match self.sessions.last_mut() {
                Some(last) => last.join(next),
                None => Some(next),
            };
            self.sessions.extend(over);
        }
    }
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
                let place = used.stretches.partition_point(|(other, _)| *other <= stretch);
                used.stretches.insert(place, (stretch, id));
                used.count();
            }
        }
    }

    /// Gives back what an item took from `since` on.
    pub(super) fn release(&mut self, id: ItemId, since: Timestamp) {
        let since = nanoseconds(since);
        for used in self.by_opening.values_mut() {
            let first = used.stretches.partition_point(|((from, _), _)| *from < since);
            let before = used.stretches.len();
            let mut index = first;
            while let Some((_, of)) = used.stretches.get(index) {
                if *of == id {
                    used.stretches.remove(index);
                } else {
                    index += 1;
                }
            }
            if used.stretches.len() < before {
                used.count();
            }
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

    fn on(&self, window: usize, date: Date) -> Option<&Opened> {
        self.by_opening.get(&(window, date))
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
        let Some(window) = windows.get(opening.window).filter(|window| window.limits != Limits::default())
        else {
            continue;
        };
        let more = within(stretch, opening.permit);
        // What sounds across midnight is in two openings of a window, and often in one week.
        let monday = monday_of(opening.date);
        let week = touched.iter().filter(|other| {
            other.window == opening.window && other.date != opening.date && monday_of(other.date) == monday
        });
        let beside: Vec<(Date, Stretch)> =
            week.map(|other| (other.date, within(stretch, other.permit))).collect();
        if let Some((code, limit)) = exceeded(used, reserved, &window.limits, opening, more, &beside) {
            return Err(Exceeded { code, window: opening.window, limit });
        }
    }
    Ok(())
}

/// The first limit of a window that one more stretch would exceed; `beside` is what the same sound takes on other
/// days of the week.
fn exceeded(
    used: &Used,
    reserved: Option<&Used>,
    limits: &Limits,
    opening: &Opening,
    more: Stretch,
    beside: &[(Date, Stretch)],
) -> Option<(ReasonCode, u32)> {
    let (index, date) = (opening.window, opening.date);
    let length = more.1 - more.0;
    let today = [used.on(index, date), reserved.and_then(|reserved| reserved.on(index, date))];
    let sessions = if limits.minutes_per_session.is_some() || limits.sessions_per_day.is_some() {
        let [used, reserved] = today.map(|used| used.map_or(&[][..], |used| &used.sessions));
        Sessions::of(used, reserved, more)
    } else {
        Sessions::default()
    };
    let day = length + today.into_iter().flatten().map(|used| used.sum).sum::<i64>();
    let (mut week, mut days) = (length, day_of_week(date));
    if limits.minutes_per_week.is_some() || limits.days_per_week.is_some() {
        let monday = monday_of(date);
        for &(date, (from, until)) in beside {
            week += until - from;
            days |= day_of_week(date);
        }
        for all in [Some(used), reserved].into_iter().flatten() {
            for (date, used) in all.of(index, monday, monday.saturating_add(6.days())) {
                week += used.sum;
                days |= day_of_week(date);
            }
        }
    }
    let over = |limit: Option<u32>, code, sum: i64| {
        limit.filter(|&limit| sum > i64::from(limit) * MINUTE).map(|limit| (code, limit))
    };
    let too_many = |limit: Option<u32>, code, count: u32| {
        limit.filter(|&limit| count > limit).map(|limit| (code, limit))
    };
    over(limits.minutes_per_session, ReasonCode::LimitMinutesPerSession, sessions.longest)
        .or_else(|| over(limits.minutes_per_day, ReasonCode::LimitMinutesPerDay, day))
        .or_else(|| over(limits.minutes_per_week, ReasonCode::LimitMinutesPerWeek, week))
        .or_else(|| too_many(limits.sessions_per_day, ReasonCode::LimitSessionsPerDay, sessions.count))
        .or_else(|| too_many(limits.days_per_week, ReasonCode::LimitDaysPerWeek, days.count_ones()))
}

/// Whether a limit that one stretch of a day would exceed is exceeded by every other one that is as long and lies
/// in the same window on that day.
pub(super) fn wherever(code: ReasonCode) -> bool {
    use ReasonCode::{LimitDaysPerWeek, LimitMinutesPerDay, LimitMinutesPerWeek};
    matches!(code, LimitMinutesPerDay | LimitMinutesPerWeek | LimitDaysPerWeek)
}

/// A bit for each day of the week.
fn day_of_week(date: Date) -> u8 {
    1 << date.weekday().to_monday_zero_offset()
}

/// The Monday of a week.
pub(super) fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

/// The part of a stretch that lies inside a permit.
fn within(stretch: Permit, permit: Permit) -> Stretch {
    let from = nanoseconds(stretch.from.max(permit.from));
    (from, nanoseconds(stretch.until.min(permit.until)).max(from))
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

/// The sessions of a day, with one more stretch.
#[derive(Default)]
struct Sessions {
    count: u32,
    /// The sound of the one that has most.
    longest: i64,
}

impl Sessions {
    /// Goes through what is used, what is reserved and what would come, in order.
    fn of(used: &[Session], reserved: &[Session], more: Stretch) -> Sessions {
        let mut sessions = Sessions::default();
        let (mut used, mut reserved) = (used.iter().copied().peekable(), reserved.iter().copied().peekable());
        let mut more = Some(Session::new(more));
        let mut running: Option<Session> = None;
        loop {
            let first = [used.peek().copied(), reserved.peek().copied(), more].into_iter().flatten().min();
            let Some(next) = first else { break };
            if used.next_if_eq(&next).is_none() && reserved.next_if_eq(&next).is_none() {
                more = None;
            }
            let over = match &mut running {
                Some(running) => running.join(next),
                None => Some(next),
            };
            if let Some(next) = over {
                sessions.close(running.replace(next));
            }
        }
        sessions.close(running);
        sessions
    }

    fn close(&mut self, session: Option<Session>) {
        if let Some(session) = session {
            self.count += 1;
            self.longest = self.longest.max(session.sound);
        }
    }
}
