//! Windows' limits, counted over what was heard, by their definition and not by the planner's code.
//!
//! What is promised when somebody edits while the station is on the air: a slot that begins when the edit has taken
//! effect keeps every limit as edited, counted over what was heard inside the windows as edited in that session, day
//! and week. So where a limit becomes smaller than what is used, nothing more begins in that session, day or week.
//! What was heard under the programmes and recordings of before an edit of those counts no more.

use super::super::Simulation;
use super::super::emergencies::TAKES_EFFECT;
use super::{Stretch, TOLERANCE, emergency, opening};
use crate::plan::SlotKey;
use crate::vocabulary::{Limits, WindowId, ZoneId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Slots with less silence than this between them are one session.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);
/// What lateness may add to a session, or take from a gap.
const SLACK: SignedDuration = SignedDuration::from_secs(5);
/// So many days are remembered: a week is counted whole.
const DAYS: usize = 16;

/// When something was heard, and in which zones.
type Sounded = (Stretch, Arc<[ZoneId]>);

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct HeardLately {
    /// In the order in which it was over.
    by_day: BTreeMap<Date, Vec<Sounded>>,
    /// The same inside each window that has limits; worked out anew when the windows change.
    inside: BTreeMap<WindowId, BTreeMap<Date, Used>>,
    counted: bool,
}

/// What was heard inside one window on one day.
#[derive(Debug, Default)]
struct Used {
    stretches: Vec<Stretch>,
    sum: SignedDuration,
    /// Sessions as long as lateness may have made them.
    long: Sessions,
    /// Sessions as many as lateness may have left them.
    few: Sessions,
}

#[derive(Debug, Default)]
struct Sessions {
    count: usize,
    /// The sound of the one that has most.
    longest: SignedDuration,
    sound: SignedDuration,
    until: Option<Timestamp>,
}

impl HeardLately {
    /// The windows are others.
    pub(super) fn recount(&mut self) {
        self.inside.clear();
        self.counted = false;
    }

    /// What was heard counts no more.
    pub(super) fn forget(&mut self) {
        self.by_day.clear();
        self.recount();
    }
}

impl Simulation {
    /// So much of it was consumed by the device, and no more will be; the log can know of `known`. What nobody
    /// can know counts in no limit: a power cut hides what was heard since the last note.
    pub(in super::super) fn was_heard(
        &mut self,
        key: &SlotKey,
        played: SignedDuration,
        known: SignedDuration,
    ) {
        if let Some(row) = self.log.rows.get_mut(key) {
            row.measured = row.measured.saturating_add(played);
        }
        let played = known;
        let Some(slot) = self.slots.get(key).filter(|slot| !emergency(slot)) else { return };
        let stretch = (slot.start, slot.start.saturating_add(played).unwrap_or(Timestamp::MAX));
        let zones = slot.zones.clone();
        let length = Duration::try_from(played).unwrap_or_default();
        let effective = self.promises.edited_at.map(|edited| edited.saturating_add(TAKES_EFFECT));
        let obeys = effective.is_none_or(|effective| self.mono.saturating_sub(length) > effective);
        if !self.promises.heard.counted {
            self.count_all();
        }
        self.count_one(stretch, &zones, obeys.then_some(key));
        let date = self.date(stretch.0);
        let by_day = &mut self.promises.heard.by_day;
        while by_day.len() > DAYS {
            by_day.pop_first();
        }
        by_day.entry(date).or_default().push((stretch, zones));
    }

    fn count_all(&mut self) {
        self.promises.heard.counted = true;
        if self.snapshot.windows.iter().all(|window| window.limits == Limits::default()) {
            return;
        }
        let by_day = std::mem::take(&mut self.promises.heard.by_day);
        for (stretch, zones) in by_day.values().flatten() {
            self.count_one(*stretch, zones, None);
        }
        self.promises.heard.by_day = by_day;
    }

    /// Counts it in every window that it touches, and looks at the limits if it had to keep them.
    fn count_one(&mut self, stretch: Stretch, zones: &[ZoneId], key: Option<&SlotKey>) {
        let (first, last) = (self.date(stretch.0), self.date(stretch.1));
        for index in 0..self.snapshot.windows.len() {
            let Some(window) = self.snapshot.windows.get(index) else { continue };
            let concerns = window.zones.is_empty() || zones.iter().any(|zone| window.zones.contains(zone));
            if !concerns || window.limits == Limits::default() {
                continue;
            }
            let mut date = first;
            while date <= last {
                self.count_in(index, date, stretch, key);
                date = date.saturating_add(1.day());
            }
        }
    }

    fn count_in(&mut self, index: usize, date: Date, stretch: Stretch, key: Option<&SlotKey>) {
        self.look_up(date);
        let (Some(window), Some(day)) = (self.snapshot.windows.get(index), self.promises.days.get(&date))
        else {
            return;
        };
        let Some(open) = opening(window, date, day, &self.snapshot.timezone) else { return };
        let inside = (stretch.0.max(open.0), stretch.1.min(open.1));
        if inside.0 >= inside.1 {
            return;
        }
        let used = self.promises.heard.inside.entry(window.id).or_default();
        while used.len() > DAYS {
            used.pop_first();
        }
        used.entry(date).or_default().take(inside);
        if let Some(key) = key
            && let Some(limit) = exceeded(&window.limits, used, date)
        {
            let what = format!("window \"{}\": more than its {limit} after {key}", window.name);
            self.broken(what);
        }
    }
}

impl Used {
    fn take(&mut self, stretch: Stretch) {
        let in_order = self.stretches.last().is_none_or(|last| *last <= stretch);
        self.stretches.push(stretch);
        self.sum = self.sum.saturating_add(stretch.1.duration_since(stretch.0));
        if in_order {
            self.add(stretch);
            return;
        }
        // The clock was set back.
        self.stretches.sort_unstable();
        (self.long, self.few) = (Sessions::default(), Sessions::default());
        for stretch in std::mem::take(&mut self.stretches) {
            self.add(stretch);
            self.stretches.push(stretch);
        }
    }

    fn add(&mut self, stretch: Stretch) {
        self.long.add(stretch, SESSION_GAP.saturating_sub(SLACK));
        self.few.add(stretch, SESSION_GAP.saturating_add(SLACK));
    }
}

impl Sessions {
    /// The next stretch, where sessions are so far apart.
    fn add(&mut self, (from, until): Stretch, apart: SignedDuration) {
        if self.until.is_none_or(|last| from.duration_since(last) >= apart) {
            self.count += 1;
            self.sound = SignedDuration::ZERO;
        }
        self.sound = self.sound.saturating_add(until.duration_since(from));
        self.longest = self.longest.max(self.sound);
        self.until = Some(until);
    }
}

/// The limit that is no longer kept on that date.
fn exceeded(limits: &Limits, used: &BTreeMap<Date, Used>, date: Date) -> Option<&'static str> {
    let today = used.get(&date)?;
    let monday = date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    let week = used.range(monday..monday.saturating_add(7.days()));
    let more = |limit: Option<u32>, sum: SignedDuration| {
        limit.is_some_and(|limit| sum > SignedDuration::from_mins(i64::from(limit)).saturating_add(TOLERANCE))
    };
    let many = |limit: Option<u32>, count: usize| {
        limit.is_some_and(|limit| count > usize::try_from(limit).unwrap_or(usize::MAX))
    };
    let in_week: SignedDuration = week.clone().map(|(_, day)| day.sum).sum();
    [
        (more(limits.minutes_per_session, today.long.longest), "minutes a session"),
        (more(limits.minutes_per_day, today.sum), "minutes a day"),
        (more(limits.minutes_per_week, in_week), "minutes a week"),
        (many(limits.sessions_per_day, today.few.count), "sessions a day"),
        (many(limits.days_per_week, week.count()), "days a week"),
    ]
    .into_iter()
    .find_map(|(exceeded, what)| exceeded.then_some(what))
}
