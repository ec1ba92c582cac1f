//! Whether windows are open, by their definition and not by the planner's code.

use super::super::Simulation;
use super::Stretch;
use crate::calendar::{Calendar, Day};
use crate::plan::Slot;
use crate::vocabulary::{Window, ZoneId, instant_of};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

impl Simulation {
    /// Whether every zone of the slot is open from `at` for so long.
    pub(super) fn permitted(&mut self, slot: &Slot, at: Timestamp, length: SignedDuration) -> bool {
        let until = at.saturating_add(length).unwrap_or(Timestamp::MAX);
        if slot.zones.is_empty() {
            return self.opens_for(None, at, until);
        }
        slot.zones.iter().all(|&zone| self.opens_for(Some(zone), at, until))
    }

    fn opens_for(&mut self, zone: Option<ZoneId>, at: Timestamp, until: Timestamp) -> bool {
        let mut reached = at;
        while reached < until {
            match self.open_until(zone, reached) {
                Some(later) => reached = later,
                None => return false,
            }
        }
        true
    }

    /// Until when some window that is open at `at` keeps the zone open.
    fn open_until(&mut self, zone: Option<ZoneId>, at: Timestamp) -> Option<Timestamp> {
        let date = self.date(at);
        self.look_up(date);
        let day = self.promises.days.get(&date)?;
        let opens = |window: &&Window| match zone {
            Some(zone) => window.opens(zone),
            None => window.zones.is_empty(),
        };
        let windows = self.snapshot.windows.iter().filter(opens);
        let openings = windows.filter_map(|window| opening(window, date, day, &self.snapshot.timezone));
        openings.filter(|(from, until)| *from <= at && at < *until).map(|(_, until)| until).max()
    }

    pub(super) fn look_up(&mut self, date: Date) {
        if self.promises.days.len() > 16 {
            self.promises.days.pop_first();
        }
        let snapshot = &self.snapshot;
        self.promises.days.entry(date).or_insert_with(|| Calendar::new(&snapshot.holidays).day(date));
    }
}

/// From when to when the window is open on that date.
pub(super) fn opening(window: &Window, date: Date, day: &Day, tz: &jiff::tz::TimeZone) -> Option<Stretch> {
    let by_weekday = day.closed_by.is_none() && window.days.contains(&day.weekday);
    let by_holiday = window.holidays.iter().any(|holiday| day.holidays.contains(holiday));
    let opens = by_weekday || by_holiday;
    opens.then(|| (instant_of(window.start.on(date), tz), instant_of(window.end.on(date), tz)))
}
