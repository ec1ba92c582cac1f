//! When each zone may sound: windows and the calendar turned into stretches of time, day by day.

use super::types::{Permit, Snapshot};
use crate::calendar::{Calendar, Day};
use crate::vocabulary::{LONGEST_GAP, Limits, Window, WindowId, ZoneId, instant_of};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::Arc;

/// The hours around the day that is being planned.
pub(super) struct Hours<'a> {
    snapshot: &'a Snapshot,
    pub(super) calendar: Calendar<'a>,
    /// In the order of their ids.
    pub(super) windows: Vec<&'a Window>,
    zone_sets: &'a [Arc<[ZoneId]>],
    /// The day before, the day, the day after.
    around: Vec<OpenDay>,
    /// By set of zones, once it was asked for.
    permits: Vec<Option<Vec<Permit>>>,
}

/// A civil day and the openings of windows on it.
pub(super) struct OpenDay {
    pub(super) date: Date,
    pub(super) day: Day,
    /// Its first instant.
    pub(super) begins: Timestamp,
    pub(super) openings: Vec<Opening>,
}

/// One opening of one window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// Index of the window in the order of ids.
    pub(super) window: usize,
    pub(super) date: Date,
    pub(super) permit: Permit,
}

impl<'a> Hours<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, zone_sets: &'a [Arc<[ZoneId]>]) -> Hours<'a> {
        let mut windows: Vec<&Window> = snapshot.windows.iter().collect();
        windows.sort_by_key(|window| window.id);
        let calendar = Calendar::new(&snapshot.holidays);
        Hours { snapshot, calendar, windows, zone_sets, around: Vec::new(), permits: Vec::new() }
    }

    /// Whether what airs on one day of a week may depend on the days before it.
    pub(super) fn limited(&self) -> bool {
        self.windows.iter().any(|window| window.limits != Limits::default())
    }

    /// The first instant of a civil day.
    pub(super) fn midnight(&self, date: Date) -> Timestamp {
        instant_of(date.to_datetime(Time::midnight()), &self.snapshot.timezone)
    }

    /// Whether nothing of the day before can reach `date`: no window is open so late that the next item of a
    /// running order, behind the longest gap, would come due on `date`.
    pub(super) fn silent_midnight(&self, date: Date) -> bool {
        let gap = SignedDuration::from_secs(i64::from(LONGEST_GAP));
        let late = self.midnight(date).saturating_sub(gap).unwrap_or(Timestamp::MIN);
        let before = self.open_day(date.saturating_sub(1.day()));
        !before.openings.iter().any(|opening| late <= opening.permit.until)
    }

    /// Makes `date` the day that is being planned.
    pub(super) fn enter(&mut self, date: Date) {
        let wanted = [-1, 0, 1].map(|offset| date.saturating_add(offset.days()));
        let mut known = std::mem::take(&mut self.around);
        for date in wanted {
            let day = match known.iter().position(|day| day.date == date) {
                Some(index) => known.swap_remove(index),
                None => self.open_day(date),
            };
            self.around.push(day);
        }
        self.permits.clear();
        self.permits.resize(self.zone_sets.len(), None);
    }

    /// The day that is being planned.
    pub(super) fn today(&self) -> Option<&OpenDay> {
        self.around.get(1)
    }

    /// What a date is and which windows open on it.
    pub(super) fn open_day(&self, date: Date) -> OpenDay {
        let day = self.calendar.day(date);
        let tz = &self.snapshot.timezone;
        let mut openings = Vec::new();
        for (index, window) in self.windows.iter().enumerate() {
            let named = window.holidays.iter().any(|holiday| day.holidays.contains(holiday));
            if !named && (day.closed_by.is_some() || !window.days.contains(&day.weekday)) {
                continue;
            }
            let from = instant_of(window.start.on(date), tz);
            let until = instant_of(window.end.on(date), tz);
            if from < until {
                openings.push(Opening { window: index, date, permit: Permit { from, until } });
            }
        }
        OpenDay { date, day, begins: self.midnight(date), openings }
    }

    /// The stretches around the day in which **every** one of the zones may sound, merged and in order.
    pub(super) fn permits(&mut self, set: usize) -> &[Permit] {
        if self.permits.get(set).is_some_and(Option::is_none) {
            let permits = self.permits_among(set, |_| true);
            if let Some(slot) = self.permits.get_mut(set) {
                *slot = Some(permits);
            }
        }
        self.permits.get(set).and_then(Option::as_deref).unwrap_or_default()
    }

    /// The same, of some windows alone; empty means all of them.
    pub(super) fn permits_of(&mut self, set: usize, windows: &[WindowId]) -> Vec<Permit> {
        if windows.is_empty() {
            return self.permits(set).to_vec();
        }
        self.permits_among(set, |window| windows.contains(&window.id))
    }

    fn permits_among(&self, set: usize, wanted: impl Fn(&Window) -> bool) -> Vec<Permit> {
        let openings: Vec<Opening> = self.openings().copied().collect();
        self.shared(&openings, set, wanted)
    }

    /// The stretches of any day in which every one of the zones may sound.
    pub(super) fn permits_on(&self, day: &OpenDay, set: usize) -> Vec<Permit> {
        self.shared(&day.openings, set, |_| true)
    }

    fn shared(&self, openings: &[Opening], set: usize, wanted: impl Fn(&Window) -> bool) -> Vec<Permit> {
        let zones = self.zone_sets.get(set).map_or(&[][..], |zones| zones);
        let union = |opens: &dyn Fn(&Window) -> bool| {
            let wanted = |opening: &&Opening| {
                self.windows.get(opening.window).is_some_and(|window| wanted(window) && opens(window))
            };
            merged(openings.iter().filter(wanted).map(|opening| opening.permit).collect())
        };
        if zones.is_empty() {
            return union(&|window| window.zones.is_empty());
        }
        let mut each = zones.iter().map(|&zone| union(&|window| window.opens(zone)));
        let first = each.next().unwrap_or_default();
        each.fold(first, |all, one| intersect(&all, &one))
    }

    /// The openings of the day before, of the day and of the day after.
    fn openings(&self) -> impl Iterator<Item = &Opening> {
        self.around.iter().flat_map(|day| &day.openings)
    }

    /// The openings that a stretch touches in any of the zones, in the order of windows. Where nobody knows the
    /// zones any more (None), those of every zone.
    pub(super) fn touched(&self, set: Option<usize>, stretch: Permit) -> Vec<Opening> {
        let zones = set.map(|set| self.zone_sets.get(set).map_or(&[][..], |zones| zones));
        let concerns = |window: &Window| {
            let shares = |zones: &[ZoneId]| zones.iter().any(|zone| window.zones.contains(zone));
            window.zones.is_empty() || zones.is_none_or(shares)
        };
        let mut touched: Vec<Opening> = self
            .openings()
            .filter(|opening| opening.permit.from < stretch.until && stretch.from < opening.permit.until)
            .filter(|opening| self.windows.get(opening.window).is_some_and(|window| concerns(window)))
            .copied()
            .collect();
        touched.sort_by_key(|opening| (opening.window, opening.permit.from));
        touched
    }
}

/// The stretch that holds `at`, if any. `permits` is in order and does not overlap.
pub(super) fn holding(permits: &[Permit], at: Timestamp) -> Option<Permit> {
    let after = permits.partition_point(|permit| permit.from <= at);
    permits.get(after.checked_sub(1)?).copied().filter(|permit| at < permit.until)
}

/// The union of stretches, in order.
pub(super) fn merged(mut all: Vec<Permit>) -> Vec<Permit> {
    all.sort_by_key(|permit| (permit.from, permit.until));
    let mut merged: Vec<Permit> = Vec::new();
    for permit in all {
        match merged.last_mut() {
            Some(last) if permit.from <= last.until => last.until = last.until.max(permit.until),
            _ => merged.push(permit),
        }
    }
    merged
}

/// What lies in both; each in order and not overlapping.
pub(super) fn intersect(left: &[Permit], right: &[Permit]) -> Vec<Permit> {
    let mut both = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        let shared = Permit { from: a.from.max(b.from), until: a.until.min(b.until) };
        if shared.from < shared.until {
            both.push(shared);
        }
        if a.until <= b.until {
            i += 1;
        } else {
            j += 1;
        }
    }
    both
}
