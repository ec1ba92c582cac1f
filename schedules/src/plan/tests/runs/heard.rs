//! What was heard, counted by its definition: windows, limits, holidays.

use super::forward::Run;
use super::*;
use std::collections::BTreeMap;

/// Less silence than this does not end a session.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);

type Stretch = (Timestamp, Timestamp);

/// When a row was heard, if it was.
pub(super) fn stretch(row: &PastAiring) -> Option<Stretch> {
    (row.played > SignedDuration::ZERO).then(|| (row.ended.saturating_sub(row.played).unwrap(), row.ended))
}

pub(super) fn opens_on(window: &Window, calendar: &Calendar<'_>, date: Date) -> bool {
    let day = calendar.day(date);
    let named = window.holidays.iter().any(|holiday| day.holidays.contains(holiday));
    named || (day.closed_by.is_none() && window.days.contains(&day.weekday))
}

pub(super) fn opening(snapshot: &Snapshot, window: &Window, date: Date) -> Stretch {
    let at = |time: TimeOfDay| {
        let midnight = date.to_zoned(snapshot.timezone.clone()).unwrap().timestamp();
        midnight.saturating_add(SignedDuration::from_secs(i64::from(time.seconds()))).unwrap()
    };
    (at(window.start), at(window.end))
}

/// Whether nothing of a stretch lies outside the windows of a zone.
fn inside(snapshot: &Snapshot, calendar: &Calendar<'_>, zone: ZoneId, (from, until): Stretch) -> bool {
    let mut reached = from;
    let date = from.to_zoned(snapshot.timezone.clone()).date();
    // Each round goes through one window at least, or none is left.
    for _ in 0..=2 * snapshot.windows.len() {
        for window in snapshot.windows.iter().filter(|window| window.opens(zone)) {
            for date in [date, date.saturating_add(1.day())] {
                let (opens, closes) = opening(snapshot, window, date);
                if opens_on(window, calendar, date) && opens <= reached && reached < closes {
                    reached = closes;
                }
            }
        }
    }
    until <= reached
}

/// What was heard outside of a window, on the wrong day, or beyond a limit.
pub(super) fn complaints(run: &Run) -> Vec<String> {
    let snapshot = &run.snapshot;
    let calendar = Calendar::new(&snapshot.holidays);
    let mut wrong = Vec::new();
    let mut heard: Vec<(&Slot, Stretch)> = Vec::new();
    for (entry, row) in &run.played {
        let (Entry::Slot(slot), Some(stretch)) = (entry, stretch(row)) else { continue };
        heard.push((slot, stretch));
        for &zone in &*slot.zones {
            if !inside(snapshot, &calendar, zone, stretch) {
                wrong.push(format!("{} was heard outside a window", slot.key));
            }
        }
        let day = calendar.day(run.date(stretch.0));
        let music = snapshot.segments.iter().any(|facts| facts.id == slot.segment && facts.music);
        if music && day.no_music_by.is_some() {
            wrong.push(format!("{} is music", slot.key));
        }
        // An occurrence of the day before may go on behind midnight; nothing that comes by itself may come.
        let programme =
            snapshot.programmes.iter().find(|programme| Some(programme.id) == slot.origin.programme());
        let own_day = run.date(slot.occurrence) == run.date(slot.start) || slot.key.attempt().1 > 0;
        let forbidden = match programme.map(|programme| programme.on_holidays) {
            Some(OnHolidays::Skip) => day.holiday.is_some(),
            Some(OnHolidays::Only) => day.holiday.is_none(),
            _ => false,
        };
        if own_day && forbidden && !slot.reason.is(ReasonCode::Resumes) {
            wrong.push(format!("{} does not keep the holiday", slot.key));
        }
    }
    heard.sort_by_key(|(_, stretch)| *stretch);
    for pair in heard.windows(2) {
        if pair[1].1.0 < pair[0].1.1 {
            wrong.push(format!("{} and {} at once", pair[0].0.key, pair[1].0.key));
        }
    }
    for window in &snapshot.windows {
        // What was missed in the middle of a session leaves two of them behind.
        wrong.extend(beyond(run, window, &heard).into_iter().filter(|what| !what.contains(SESSIONS)));
    }
    wrong
}

/// The limits that are exceeded by what was heard and what lies ahead.
pub(super) fn too_much_ahead(run: &Run, ahead: &[Entry]) -> Vec<String> {
    let heard = run.played.iter().filter_map(|(entry, row)| match entry {
        Entry::Slot(slot) => Some((slot, stretch(row)?)),
        Entry::Refused(_) => None,
    });
    let heard: Vec<(&Slot, Stretch)> = heard.collect();
    let slots = ahead.iter().filter_map(|entry| match entry {
        Entry::Slot(slot) => Some((slot, (slot.start, slot.end()))),
        Entry::Refused(_) => None,
    });
    let mut all: Vec<(&Slot, Stretch)> = heard.iter().copied().chain(slots).collect();
    all.sort_by_key(|(_, stretch)| *stretch);
    let windows = run.snapshot.windows.iter();
    windows
        .flat_map(|window| {
            let before = beyond(run, window, &heard);
            beyond(run, window, &all).into_iter().filter(move |what| !before.contains(what))
        })
        .collect()
}

const SESSIONS: &str = "sessions on";

/// The limits of a window that are exceeded.
fn beyond(run: &Run, window: &Window, heard: &[(&Slot, Stretch)]) -> Vec<String> {
    let calendar = Calendar::new(&run.snapshot.holidays);
    let mut days: BTreeMap<Date, Vec<Stretch>> = BTreeMap::new();
    for (slot, (from, until)) in heard {
        if !slot.zones.iter().any(|&zone| window.opens(zone)) {
            continue;
        }
        let first = run.date(*from);
        for date in [first, first.saturating_add(1.day())] {
            let (opens, closes) = opening(&run.snapshot, window, date);
            let inside = (opens.max(*from), closes.min(*until));
            if opens_on(window, &calendar, date) && inside.0 < inside.1 {
                days.entry(date).or_default().push(inside);
            }
        }
    }
    let sum = |stretches: &[Stretch]| -> SignedDuration {
        stretches.iter().fold(SignedDuration::ZERO, |sum, (from, until)| sum + until.duration_since(*from))
    };
    let over = |limit: Option<u32>, sum: SignedDuration| {
        limit.is_some_and(|limit| sum > SignedDuration::from_mins(i64::from(limit)))
    };
    let more = |limit: Option<u32>, count: usize| limit.is_some_and(|limit| count > limit as usize);
    let limits = window.limits;
    let mut wrong = Vec::new();
    let mut weeks: BTreeMap<Date, (SignedDuration, usize)> = BTreeMap::new();
    for (date, stretches) in &days {
        let week = date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
        let (time, count) = weeks.entry(week).or_default();
        (*time, *count) = (*time + sum(stretches), *count + 1);
        let mut sessions: Vec<Vec<Stretch>> = Vec::new();
        for &stretch in stretches {
            match sessions.last_mut() {
                Some(session) if stretch.0.duration_since(session.last().unwrap().1) < SESSION_GAP => {
                    session.push(stretch);
                }
                _ => sessions.push(vec![stretch]),
            }
        }
        if over(limits.minutes_per_day, sum(stretches)) {
            wrong.push(format!("{}: {} on {date}", window.name, sum(stretches)));
        }
        if sessions.iter().any(|session| over(limits.minutes_per_session, sum(session))) {
            wrong.push(format!("{}: a session of {date} is too long", window.name));
        }
        if more(limits.sessions_per_day, sessions.len()) {
            wrong.push(format!("{}: {} {SESSIONS} {date}", window.name, sessions.len()));
        }
    }
    for (week, (time, count)) in weeks {
        if over(limits.minutes_per_week, time) || more(limits.days_per_week, count) {
            wrong.push(format!("{}: {time} on {count} days in the week of {week}", window.name));
        }
    }
    wrong
}
