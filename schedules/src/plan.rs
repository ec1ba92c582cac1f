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

mod air;
mod chances;
mod days;
mod difference;
mod fill;
mod hours;
mod item;
mod limits;
mod owners;
mod past;
mod spacing;
mod station;
mod sweep;
mod types;
mod write;

pub use difference::{Difference, Move, difference};
use jiff::civil::Date;
use station::Station;
pub use types::{
    AfterPreemption, Busy, DayPlan, Entry, HISTORY_DAYS, Origin, PastAiring, Permit, Refusal, Resumption,
    Slot, SlotKey, Snapshot, Yield,
};

/// The plan of every civil day in `from..to`.
///
/// The same snapshot gives the same plan, whatever the order of its vectors.
#[must_use]
pub fn plan(snapshot: &Snapshot, from: Date, to: Date) -> Vec<DayPlan> {
    let mut days = Vec::new();
    plan_days(snapshot, from, to, |day| days.push(day));
    days
}

/// The same plan, day by day in order: nobody need hold a year of it.
pub fn plan_days(snapshot: &Snapshot, from: Date, to: Date, mut each: impl FnMut(DayPlan)) {
    days::plan_days(&Station::new(snapshot), from, to, &mut each);
}

#[cfg(test)]
mod tests;
