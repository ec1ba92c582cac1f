//! The most that air time can hold: an upper bound, as if the campaign had the windows to itself.

use super::period::monday_of;
use crate::vocabulary::Window;
use jiff::SignedDuration;
use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Slots with at least this much silence between them belong to two sessions.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);

/// How long an airing is, and how far from the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Airing {
    pub(super) length: SignedDuration,
    pub(super) spacing: SignedDuration,
}

/// What one window, or several that touch, can hold in some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Room {
    /// Names of the windows.
    pub(super) windows: Vec<String>,
    pub(super) most: u64,
    /// What keeps it from holding more, one for each kind of day.
    pub(super) bounds: Vec<Bound>,
}

/// What keeps a room from holding more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The time that it is open.
    Open { minutes: u64, days: u64 },
    /// The minutes of a session, and how many sessions there can be.
    Sessions { minutes: u64, sessions: u64 },
    /// The number of sessions, where each airing is one, because of the spacing.
    OneEach { sessions: u64 },
    /// The minutes of a day, and on how many days.
    Days { minutes: u64, days: u64 },
    /// The minutes of a week, and in how many weeks.
    Week { minutes: u64, weeks: u64 },
}

/// What these days can hold, each with the windows that open on it; the most airings and the rooms that make
/// them up. Limits of a week count for the days of each week, Monday to Sunday.
pub(super) fn room(days: &[(Date, Vec<&Window>)], airing: Airing) -> (u64, Vec<Room>) {
    // Windows that touch are one: an airing may lie across them. Their limits are left out then, which makes
    // the bound weaker and never wrong.
    let mut groups: BTreeMap<(Date, Vec<usize>), Vec<Open<'_>>> = BTreeMap::new();
    let mut known: Vec<&Window> = Vec::new();
    for (date, windows) in days {
        for group in touching(windows) {
            let mut key: Vec<usize> = Vec::with_capacity(group.len());
            for &window in &group {
                let index = known.iter().position(|other| other.id == window.id).unwrap_or_else(|| {
                    known.push(window);
                    known.len() - 1
                });
                key.push(index);
            }
            groups.entry((monday_of(*date), key)).or_default().push(Open::of(&group));
        }
    }
    let mut rooms: BTreeMap<Vec<usize>, Room> = BTreeMap::new();
    for ((_, key), opens) in groups {
        let windows: Vec<&Window> = key.iter().filter_map(|&index| known.get(index).copied()).collect();
        let week = in_week(&windows, &opens, airing);
        match rooms.get_mut(&key) {
            Some(room) => room.add(week.most, &week.bounds),
            None => {
                rooms.insert(key, week);
            }
        }
    }
    let rooms: Vec<Room> = rooms.into_values().collect();
    (rooms.iter().fold(0, |all, room| all.saturating_add(room.most)), rooms)
}

impl Room {
    fn add(&mut self, most: u64, bounds: &[Bound]) {
        self.most = self.most.saturating_add(most);
        for &bound in bounds {
            if !self.bounds.iter_mut().any(|other| other.merge(bound)) {
                self.bounds.push(bound);
            }
        }
    }
}

impl Bound {
    /// Counts another day or week of the same kind; false when it is of another kind.
    fn merge(&mut self, other: Bound) -> bool {
        match (self, other) {
            (Bound::Open { minutes, days }, Bound::Open { minutes: same, days: more })
            | (Bound::Days { minutes, days }, Bound::Days { minutes: same, days: more })
            | (
                Bound::Sessions { minutes, sessions: days },
                Bound::Sessions { minutes: same, sessions: more },
            )
            | (Bound::Week { minutes, weeks: days }, Bound::Week { minutes: same, weeks: more })
                if *minutes == same =>
            {
                *days += more;
            }
            (Bound::OneEach { sessions }, Bound::OneEach { sessions: more }) => *sessions += more,
            _ => return false,
        }
        true
    }
}

/// One day's opening of a window, or of several that touch.
#[derive(Debug, Clone, Copy)]
struct Open<'a> {
    length: SignedDuration,
    /// None when there are several.
    alone: Option<&'a Window>,
}

impl<'a> Open<'a> {
    fn of(group: &[&'a Window]) -> Open<'a> {
        let from = group.iter().map(|window| window.start.seconds()).min().unwrap_or(0);
        let until = group.iter().map(|window| window.end.seconds()).max().unwrap_or(0);
        let length = SignedDuration::from_secs(i64::from(until.saturating_sub(from)));
        Open { length, alone: group.first().copied().filter(|_| group.len() == 1) }
    }

    /// The most airings on this day, and what keeps it from more; the tightest bound is told.
    fn most(&self, airing: Airing) -> (u64, Bound) {
        let minutes = whole_minutes(self.length);
        let open = Bound::Open { minutes, days: 1 };
        let mut best = (fits(self.length, airing, SignedDuration::ZERO), open);
        let Some(limits) = self.alone.map(|window| window.limits) else { return best };
        let mut bind = |most: u64, bound: Bound| {
            if most < best.0 {
                best = (most, bound);
            }
        };
        if let Some(minutes) = limits.minutes_per_day {
            let bound = Bound::Days { minutes: u64::from(minutes), days: 1 };
            bind(whole(from_minutes(minutes), airing.length), bound);
        }
        if limits.minutes_per_session.is_some() || limits.sessions_per_day.is_some() {
            let (most, sessions) = self.by_sessions(airing);
            let bound = match limits.minutes_per_session {
                Some(minutes) if airing.spacing < SESSION_GAP => {
                    Bound::Sessions { minutes: u64::from(minutes), sessions }
                }
                Some(minutes) if from_minutes(minutes) < airing.length => {
                    Bound::Sessions { minutes: u64::from(minutes), sessions }
                }
                _ => Bound::OneEach { sessions },
            };
            bind(most, bound);
        }
        best
    }

    /// The most airings of a day whose sessions are limited, and in how many sessions.
    fn by_sessions(&self, airing: Airing) -> (u64, u64) {
        let Some(limits) = self.alone.map(|window| window.limits) else { return (u64::MAX, 0) };
        let in_session = limits
            .minutes_per_session
            .map_or(u64::MAX, |minutes| whole(from_minutes(minutes), airing.length));
        let allowed = limits.sessions_per_day.map_or(u64::MAX, u64::from);
        if airing.spacing >= SESSION_GAP {
            let sessions = fits(self.length, airing, SignedDuration::ZERO).min(allowed);
            return (if in_session == 0 { 0 } else { sessions }, sessions);
        }
        let mut best = (0, 1);
        // More sessions than half hours cannot be.
        let halves = whole(self.length, SESSION_GAP).saturating_add(1);
        for sessions in 1..=allowed.min(halves) {
            // The silence between two sessions is longer than the spacing by this much.
            let further = SESSION_GAP.saturating_sub(airing.spacing);
            let gaps = i32::try_from(sessions - 1).unwrap_or(i32::MAX);
            let lost = further.checked_mul(gaps).unwrap_or(SignedDuration::MAX);
            let most = fits(self.length, airing, lost).min(in_session.saturating_mul(sessions));
            if most > best.0 {
                best = (most, sessions);
            }
        }
        best
    }
}

/// What the openings of the same windows in one week can hold.
fn in_week(windows: &[&Window], opens: &[Open<'_>], airing: Airing) -> Room {
    let mut days: Vec<(u64, Bound)> = opens.iter().map(|open| open.most(airing)).collect();
    days.sort_by_key(|&(most, _)| Reverse(most));
    let limits = windows.first().filter(|_| windows.len() == 1).map(|window| window.limits);
    if let Some(allowed) = limits.and_then(|limits| limits.days_per_week) {
        days.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
    }
    let names = windows.iter().map(|window| window.name.clone()).collect();
    let mut room = Room { windows: names, most: 0, bounds: Vec::new() };
    for (most, bound) in days {
        room.add(most, &[bound]);
    }
    if let Some(minutes) = limits.and_then(|limits| limits.minutes_per_week) {
        let most = whole(from_minutes(minutes), airing.length);
        if most < room.most {
            room.most = most;
            room.bounds = vec![Bound::Week { minutes: u64::from(minutes), weeks: 1 }];
        }
    }
    room
}

/// Windows whose times overlap or meet, in groups.
fn touching<'a>(windows: &[&'a Window]) -> Vec<Vec<&'a Window>> {
    let mut sorted = windows.to_vec();
    sorted.sort_by_key(|window| (window.start, window.end, window.id));
    let mut groups: Vec<Vec<&'a Window>> = Vec::new();
    let mut until = None;
    for window in sorted {
        match groups.last_mut().filter(|_| until.is_some_and(|until| window.start <= until)) {
            Some(group) => group.push(window),
            None => groups.push(vec![window]),
        }
        until = until.max(Some(window.end));
    }
    groups
}

/// How many airings fit into a stretch of which `lost` is silent beyond the spacing.
fn fits(length: SignedDuration, airing: Airing, lost: SignedDuration) -> u64 {
    let left = length.saturating_sub(lost).saturating_add(airing.spacing);
    whole(left, airing.length.saturating_add(airing.spacing))
}

/// How often the part fits into the whole.
fn whole(all: SignedDuration, part: SignedDuration) -> u64 {
    let (all, part) = (all.as_nanos(), part.as_nanos());
    if part <= 0 || all <= 0 { 0 } else { u64::try_from(all / part).unwrap_or(u64::MAX) }
}

fn from_minutes(minutes: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(minutes))
}

fn whole_minutes(length: SignedDuration) -> u64 {
    u64::try_from(length.as_mins()).unwrap_or(0)
}
