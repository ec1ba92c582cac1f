//! When each zone may sound: windows turned into stretches of time.

use super::types::{Permit, Snapshot};
use crate::vocabulary::{Limits, Weekday, Window, ZoneId, instant_of};
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;

/// The station's windows in the order of their ids.
pub(super) struct WindowHours<'a> {
    snapshot: &'a Snapshot,
    windows: Vec<&'a Window>,
}

/// One opening of one window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) date: Date,
    pub(super) permit: Permit,
}

/// The openings of every window around some days.
pub(super) struct Openings {
    /// By window, each in order and not overlapping.
    by_window: Vec<Vec<Opening>>,
}

impl<'a> WindowHours<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> WindowHours<'a> {
        let mut windows: Vec<&Window> = snapshot.windows.iter().collect();
        windows.sort_by_key(|window| window.id);
        WindowHours { snapshot, windows }
    }

    /// Whether what airs on one day of a week may depend on the days before it.
    pub(super) fn limited(&self) -> bool {
        self.windows.iter().any(|window| window.limits != Limits::default())
    }

    pub(super) fn none_defined(&self) -> bool {
        self.windows.is_empty()
    }

    pub(super) fn windows(&self) -> &[&'a Window] {
        &self.windows
    }

    /// The openings on these days, with a day before them and two after them, so that what crosses midnight is
    /// seen whole.
    pub(super) fn openings(&self, first: Date, days: i64) -> Openings {
        let tz = &self.snapshot.timezone;
        let by_window = self.windows.iter().map(|window| {
            (-1..days + 2)
                .map(|offset| first.saturating_add(offset.days()))
                .filter(|&date| window.days.contains(&Weekday::of(date)))
                .map(|date| Opening {
                    date,
                    permit: Permit {
                        from: instant_of(window.start.on(date), tz),
                        until: instant_of(window.end.on(date), tz),
                    },
                })
                .filter(|opening| opening.permit.from < opening.permit.until)
                .collect()
        });
        Openings { by_window: by_window.collect() }
    }

    /// The stretches in which **every** one of the zones may sound, merged and in order.
    pub(super) fn permits(&self, openings: &Openings, zones: &[ZoneId]) -> Vec<Permit> {
        if zones.is_empty() {
            return self.union(openings, |window| window.zones.is_empty());
        }
        let mut each = zones.iter().map(|&zone| self.union(openings, |window| window.opens(zone)));
        let first = each.next().unwrap_or_default();
        each.fold(first, |all, one| intersect(&all, &one))
    }

    /// The windows that a slot touches in any of its zones, with the opening.
    pub(super) fn touched(
        &self,
        openings: &Openings,
        zones: &[ZoneId],
        slot: Permit,
    ) -> Vec<(usize, Opening)> {
        let mut touched = Vec::new();
        for (index, window) in self.windows.iter().enumerate() {
            let concerns = window.zones.is_empty() || zones.iter().any(|zone| window.zones.contains(zone));
            let Some(openings) = openings.by_window.get(index).filter(|_| concerns) else { continue };
            let first = openings.partition_point(|opening| opening.permit.until <= slot.from);
            let inside = openings.iter().skip(first).take_while(|opening| opening.permit.from < slot.until);
            touched.extend(inside.map(|&opening| (index, opening)));
        }
        touched
    }

    /// The loudest gain that all of these windows allow.
    pub(super) fn gain_db(&self, windows: &[usize]) -> f64 {
        let ceilings = windows.iter().filter_map(|&index| self.windows.get(index)?.volume_ceiling_db);
        ceilings.fold(0.0, f64::min)
    }

    pub(super) fn names(&self, windows: &[usize]) -> String {
        let names: Vec<&str> = windows
            .iter()
            .filter_map(|&index| self.windows.get(index))
            .map(|window| window.name.as_str())
            .collect();
        names.join("\", \"")
    }

    fn union(&self, openings: &Openings, wanted: impl Fn(&Window) -> bool) -> Vec<Permit> {
        let mut all: Vec<Permit> = self
            .windows
            .iter()
            .zip(&openings.by_window)
            .filter(|(window, _)| wanted(window))
            .flat_map(|(_, openings)| openings.iter().map(|opening| opening.permit))
            .collect();
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
}

/// The stretch that holds `at`, if any. `permits` is in order and does not overlap.
pub(super) fn holding(permits: &[Permit], at: Timestamp) -> Option<Permit> {
    let after = permits.partition_point(|permit| permit.from <= at);
    permits.get(after.checked_sub(1)?).copied().filter(|permit| at < permit.until)
}

fn intersect(left: &[Permit], right: &[Permit]) -> Vec<Permit> {
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
