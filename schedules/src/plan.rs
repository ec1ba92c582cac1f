//! What airs and what does not, and why: a pure function of a snapshot of the station.
//!
//! Rules, in the order in which they are asked:
//!
//! 1. Item *i* of an occurrence starts when the airable items before it have ended. An item whose segment is
//!    unknown, not approved, not prepared, not valid for the whole of its time, or an emergency takes no
//!    time; the rest follows at once.
//! 2. A slot lies wholly inside the union of the windows of **each** of its zones; touching windows are one.
//! 3. Of the slots of a day that overlap, the first in the order (class, highest first; start; programme;
//!    position) stays and the others are refused; what still sounds at midnight goes before what the new day
//!    would start meanwhile. There is one output, so the zones do not matter.
//! 4. The limits of every window that a slot touches are kept, counted in that same order, day after day: what
//!    is planned for Friday takes nothing from Monday.
//!
//! Where a window has limits, a week (Monday to Sunday in civil time) is planned from its Monday on, so that
//! the plan of a range is the concatenation of the plans of its days.

mod candidates;
mod difference;
mod permits;
mod placing;
mod types;

use candidates::{Candidate, Station};
pub use difference::{Difference, Move, difference};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use placing::{Carried, Placed, place_days};
use std::collections::BTreeMap;
pub use types::{
    AfterPreemption, Busy, DayPlan, Entry, HISTORY_DAYS, Origin, PastAiring, Permit, Refusal, Resumption,
    Slot, SlotKey, Snapshot, Yield,
};

/// The plan of every civil day in `from..to`.
///
/// The same snapshot gives the same plan, whatever the order of its vectors.
#[must_use]
pub fn plan(snapshot: &Snapshot, from: Date, to: Date) -> Vec<DayPlan> {
    let station = Station::new(snapshot);
    let mut days: BTreeMap<Date, DayPlan> = BTreeMap::new();
    let mut date = from;
    while date < to {
        days.insert(date, DayPlan { date, slots: Vec::new(), refusals: Vec::new() });
        date = date.saturating_add(1.day());
    }
    // Without limits no day depends on another but for what sounds across midnight.
    let (length, mut first) = if station.hours.limited() { (7, monday_of(from)) } else { (1, from) };
    while first < to {
        let carried = carried_into(&station, first, length);
        for (candidate, placed) in place_days(&station, first, length, &carried) {
            let date = candidate.start.to_zoned(snapshot.timezone.clone()).date();
            let Some(day) = days.get_mut(&date) else { continue };
            match placed {
                Placed::Slot(spot) => day.slots.push(candidate.slot(&station, &spot)),
                Placed::Refused(why) => day.refusals.push(candidate.refusal(&station, &why)),
            }
        }
        first = first.saturating_add(length.days());
    }
    let mut days: Vec<DayPlan> = days.into_values().collect();
    for day in &mut days {
        day.slots.sort_by_key(|slot| (slot.start, slot.origin, slot.position));
        day.refusals.sort_by_key(|refusal| (refusal.start, refusal.origin, refusal.position));
    }
    days
}

/// The slots of the days before that still sound when `first` begins.
///
/// Those days are planned as if nothing had been carried into them, so that the answer does not depend on
/// where a plan was asked to begin.
fn carried_into(station: &Station<'_>, first: Date, length: i64) -> Vec<Carried> {
    let begins = station.midnight(first);
    let crosses = |candidate: &Candidate<'_>| candidate.start < begins && begins < candidate.end();
    let recent = begins.saturating_sub(station.longest_programme()).unwrap_or(Timestamp::MIN);
    if !station.candidates(recent, begins).iter().any(crosses) {
        return Vec::new();
    }
    place_days(station, first.saturating_sub(length.days()), length, &[])
        .into_iter()
        .filter(|(candidate, placed)| crosses(candidate) && matches!(placed, Placed::Slot(_)))
        .map(|(candidate, _)| candidate.carried())
        .collect()
}

fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

#[cfg(test)]
mod tests;
