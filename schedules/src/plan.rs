//! What airs and what does not, and why: a pure function of a snapshot of the station.
//!
//! A day is a sweep through time: a deterministic run of the station's one output. Rules, in the order in which
//! they are asked:
//!
//! 1. **Due.** An item of a programme comes due at the occurrence's start, or when the item before it has ended
//!    and the programme's gap is over; until then the air counts as taken. A programme that skips holidays is
//!    refused on them; one that airs on holidays only does not come due on other days.
//! 2. **Airable.** An item whose segment is unknown, not approved, not prepared, not valid for the whole of its
//!    time, an emergency, or music on a day without music is refused. Whatever is refused takes neither time nor
//!    gap; the rest of the running order is due at once.
//! 3. **Windows.** A slot lies wholly inside the union of the windows of **each** of its zones; touching windows
//!    are one. A holiday that closes the station closes every window that does not name it.
//! 4. **Start rules**, when something else has the air. An occurrence that starts *at once* cuts it, unless that is
//!    of a higher class or started at the same instant; then the item is refused. Every other item waits until
//!    the current item (and the gap behind it) is over: at most its minutes, and never beyond its window, its
//!    validity or its civil day. An occurrence that has begun cuts nothing; its later items wait. The zones do not
//!    matter, because there is one output.
//! 5. **Total order** of what wants the air at one instant, and of what waits when it becomes free: class
//!    (priority first), due time, the commune's `order` (the smaller first), owner (the station's own unit, then the
//!    higher tier, then the unit's code), kind (programme before campaign), id, occurrence, position, attempt. No
//!    two items are equal in it.
//! 6. **Cuts.** What is cut yields: by its class it is heard again, goes on, or is dropped, as an item of its own
//!    (`+1`) that is due when the occurrence that cut it is over and waits as long as its window is open. Its
//!    running order goes on behind it.
//! 7. **Limits** of every window that a slot touches are kept, in the order in which slots start, day after day:
//!    what is planned for Friday takes nothing from Monday. Within a day they are kept for priority items first: a
//!    sweep of those alone reserves what they will use. From the day of `as_of` on, everything that the log has heard
//!    in the week counts, also of programmes that were moved or deleted since; before it, what the plan has, or what
//!    was heard of it.
//! 8. **Second chances**, from the history, no sooner than ten seconds after `as_of` (rounded up to ten seconds):
//!    what was missed, failed or heard in part (then it is repeated whole) by the programme's rule: *within* so
//!    many minutes of the first start; at the opening of the *next session*; as a *make-good* in a gap of the next
//!    seven days; at most three attempts after the first. What was cut by something that no plan had comes back as
//!    under 6. What a person stopped, or what a new plan took away, does not. What finds no place is refused at the
//!    end of its time.
//! 9. **Gaps.** When the day is swept, make-goods and then campaigns of class normal fill its gaps: the first one at
//!    or after the wish that holds the recording, else (campaigns only) the latest one before it. Campaigns of
//!    class priority join the sweep at the opening of their window instead.
//!
//! Where a window has limits, a week (Monday to Sunday in civil time) is planned from its Monday on, or from the day of
//! `as_of` if that is later; where something is owed, the plan begins at `as_of`; and it begins where nothing sounds across midnight. So the plan of
//! a range is the concatenation of the plans of its days, unless something sounds around the clock.

mod air;
mod chances;
mod days;
mod difference;
mod fill;
mod hours;
mod item;
pub(crate) mod key;
mod limits;
mod past;
mod patience;
mod reach;
mod spacing;
mod station;
mod sweep;
mod types;
mod usage;
mod wants;
mod write;

pub use difference::{Difference, Move, Traces, difference};
use jiff::Timestamp;
use jiff::civil::Date;
pub use reach::{Reach, reach};
use station::Station;
use std::ops::ControlFlow;
pub use types::{
    AfterPreemption, Busy, DayPlan, Entry, HISTORY_DAYS, Origin, PastAiring, Permit, Refusal, Resumption,
    Saved, Slot, SlotKey, Snapshot, Yield,
};

/// The plan of every civil day in `from..to`.
///
/// The same snapshot gives the same plan, whatever the order of its vectors.
#[must_use]
pub fn plan(snapshot: &Snapshot, from: Date, to: Date) -> Vec<DayPlan> {
    let mut days = Vec::new();
    plan_days(
        snapshot,
        from,
        to,
        |_| true,
        |day| {
            days.push(day);
            ControlFlow::Continue(())
        },
    );
    days
}

/// The same plan, day by day in order, until `each` breaks off: nobody need hold a year of it.
///
/// Only what starts at a moment that is `wanted` is written out; it is asked of every slot and refusal in the order
/// of their starts. To write a slot with its sentences takes longer than to place it.
pub fn plan_days(
    snapshot: &Snapshot,
    from: Date,
    to: Date,
    mut wanted: impl FnMut(Timestamp) -> bool,
    mut each: impl FnMut(DayPlan) -> ControlFlow<()>,
) {
    days::plan_days(&Station::new(snapshot), from, to, &mut wanted, &mut each);
}

#[cfg(test)]
mod tests;
