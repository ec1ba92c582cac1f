//! What airs and what does not, and why: a pure function of a snapshot of the station.
//!
//! Rules, in the order in which they are asked:
//!
//! 1. Item *i* of an occurrence starts when the airable items before it have ended. An item whose segment is
//!    unknown, not approved, not prepared, not valid for the whole of its time, or an emergency takes no
//!    time; the rest follows at once.
//! 2. A slot lies wholly inside the union of the windows of **each** of its zones; touching windows are one.
//! 3. Of slots that overlap, the first in the order (class, highest first; start; programme; position) stays
//!    and the others are refused. There is one output, so the zones do not matter.
//! 4. The limits of every window that a slot touches are kept, counted in that same order.
//!
//! A week (Monday to Sunday in civil time) is planned as a whole, so that the plan of a range is the
//! concatenation of the plans of its days. What still sounds at a week's end goes before what the new week
//! would start meanwhile.

mod candidates;
mod permits;
mod placing;
mod types;

use candidates::{Candidate, Station};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use placing::{Carried, Placed, place_week};
use std::collections::BTreeMap;
pub use types::{DayPlan, Entry, Permit, Refusal, Slot, SlotKey, Snapshot};

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
    let mut monday = monday_of(from);
    while monday < to {
        let carried = carried_into(&station, monday);
        for (candidate, placed) in place_week(&station, monday, &carried) {
            let date = candidate.start.to_zoned(snapshot.timezone.clone()).date();
            let Some(day) = days.get_mut(&date) else { continue };
            match placed {
                Placed::Slot(spot) => day.slots.push(candidate.slot(&station, &spot)),
                Placed::Refused(why) => day.refusals.push(candidate.refusal(&station, &why)),
            }
        }
        monday = monday.saturating_add(7.days());
    }
    let mut days: Vec<DayPlan> = days.into_values().collect();
    for day in &mut days {
        day.slots.sort_by_key(|slot| (slot.start, slot.programme, slot.position));
        day.refusals.sort_by_key(|refusal| (refusal.start, refusal.programme, refusal.position));
    }
    days
}

/// The slots of the week before that still sound when this week begins.
fn carried_into(station: &Station<'_>, monday: Date) -> Vec<Carried> {
    let begins = station.midnight(monday);
    let crosses = |candidate: &Candidate<'_>| candidate.start < begins && begins < candidate.end();
    let longest = station.longest_programme();
    let recent = begins.saturating_sub(longest).unwrap_or(Timestamp::MIN);
    if !station.candidates(recent, begins).iter().any(crosses) {
        return Vec::new();
    }
    let before = monday.saturating_sub(7.days());
    place_week(station, before, &[])
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
