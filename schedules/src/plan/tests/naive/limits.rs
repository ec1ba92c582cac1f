//! What the windows allow, counted again from the beginning every time.

use super::model::{DAY, Id, Span};
use super::*;

/// Less silence than this, in seconds, does not end a session.
const SESSION_GAP: i64 = 30 * 60;

/// Sound that counts, or will.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) id: Id,
    pub(super) zones: Vec<ZoneId>,
    pub(super) span: Span,
}

/// Which windows open, in seconds from a Monday at midnight.
#[derive(Clone)]
pub(super) struct Openings<'a> {
    snapshot: &'a Snapshot,
    /// The civil day of that Monday.
    monday: Date,
}

impl<'a> Openings<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, monday: Date) -> Openings<'a> {
        Openings { snapshot, monday }
    }

    /// When a window is open on a day, if it is.
    pub(super) fn on(&self, window: &Window, day: i64) -> Option<Span> {
        let date = self.monday.saturating_add(day.days());
        let seconds = |time: TimeOfDay| day * DAY + i64::from(time.seconds());
        let opens = window.days.contains(&Weekday::of(date));
        opens.then(|| Span { from: seconds(window.start), until: seconds(window.end) })
    }

    /// The windows in the order of their ids.
    pub(super) fn windows(&self) -> Vec<&'a Window> {
        let mut windows: Vec<&Window> = self.snapshot.windows.iter().collect();
        windows.sort_by_key(|window| window.id);
        windows
    }

    /// Where it is heard: every zone, when none is named.
    pub(super) fn zones(&self, programme: &Programme) -> Vec<ZoneId> {
        match programme.zones.as_slice() {
            [] => self.snapshot.zones.iter().map(|zone| zone.id).collect(),
            named => named.to_vec(),
        }
    }

    /// Whether every one of the zones may sound at this moment.
    pub(super) fn open(&self, zones: &[ZoneId], at: i64) -> bool {
        zones.iter().all(|&zone| {
            let mut windows = self.snapshot.windows.iter().filter(|window| window.opens(zone));
            windows.any(|window| {
                self.on(window, at.div_euclid(DAY)).is_some_and(|open| open.from <= at && at < open.until)
            })
        })
    }
}

/// The first limit that one more stretch of sound would exceed, by its code.
pub(super) fn exceeded(openings: &Openings<'_>, taken: &[&Taken], more: &Taken) -> Option<&'static str> {
    for window in openings.windows() {
        if !concerns(window, more) {
            continue;
        }
        for day in more.span.from.div_euclid(DAY)..=more.span.until.div_euclid(DAY) {
            let Some(open) = openings.on(window, day) else { continue };
            if !open.meets(more.span) {
                continue;
            }
            let sound = |day: i64| -> Vec<Span> {
                let Some(open) = openings.on(window, day) else { return Vec::new() };
                let all = taken.iter().copied().chain([more]).filter(|taken| concerns(window, taken));
                all.filter(|taken| open.meets(taken.span)).map(|taken| open.shared(taken.span)).collect()
            };
            let seconds = |day: i64| sound(day).iter().map(|span| span.until - span.from).sum::<i64>();
            let monday = day - day.rem_euclid(7);
            let week: i64 = (monday..monday + 7).map(seconds).sum();
            let days = (monday..monday + 7).filter(|&day| !sound(day).is_empty()).count();
            let sessions = sessions(sound(day));
            let longest = sessions.iter().copied().max().unwrap_or(0);
            let over = |limit: Option<u32>, sum: i64| limit.is_some_and(|limit| sum > i64::from(limit));
            let minutes = |limit: Option<u32>, sum: i64| over(limit.map(|limit| 60 * limit), sum);
            let limits = &window.limits;
            let found = [
                (minutes(limits.minutes_per_session, longest), "limit_minutes_per_session"),
                (minutes(limits.minutes_per_day, seconds(day)), "limit_minutes_per_day"),
                (minutes(limits.minutes_per_week, week), "limit_minutes_per_week"),
                (over(limits.sessions_per_day, sessions.len() as i64), "limit_sessions_per_day"),
                (over(limits.days_per_week, days as i64), "limit_days_per_week"),
            ];
            if let Some((_, code)) = found.into_iter().find(|(over, _)| *over) {
                return Some(code);
            }
        }
    }
    None
}

fn concerns(window: &Window, taken: &Taken) -> bool {
    taken.zones.iter().any(|&zone| window.opens(zone))
}

/// The seconds of sound in each session of a day.
fn sessions(mut sound: Vec<Span>) -> Vec<i64> {
    sound.sort_by_key(|span| span.from);
    let mut sessions: Vec<i64> = Vec::new();
    let mut silent_since = i64::MIN / 2;
    for span in sound {
        if span.from - silent_since >= SESSION_GAP {
            sessions.push(0);
        }
        *sessions.last_mut().unwrap() += span.until - span.from;
        silent_since = silent_since.max(span.until);
    }
    sessions
}
