//! From civil times to instants, without asking the time zone about each of them.
//!
//! Where the clock jumps from the offset *a* to the offset *b*, every civil time before (the jump + the larger of
//! both) belongs to *a*: in a gap it then comes later by the length of the gap, and what happens twice is its first.
//! So each stretch of constant offset owns one stretch of civil times.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// No time zone rule moves a civil time further than a day.
const WIDEST_SHIFT: SignedDuration = SignedDuration::from_hours(26);

/// A stretch of time with one offset; everything in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Its first instant; what a gap moves out of the stretch before it is later than that.
    pub(super) begins: i64,
    /// The civil times that it owns; the end is exclusive.
    civil_from: i64,
    civil_until: i64,
    offset: i64,
}

impl Stretch {
    /// The civil times of this stretch (the end is exclusive) whose instants lie in `from..to`.
    pub(super) fn civil_between(&self, from: i64, to: i64) -> (i64, i64) {
        let first = self.civil_from.max(from.saturating_add(self.offset));
        (first, self.civil_until.min(to.saturating_add(self.offset)))
    }

    pub(super) fn instant(&self, civil: i64) -> Option<Timestamp> {
        Timestamp::from_second(civil - self.offset).ok()
    }
}

/// The stretches that own any civil time whose instant is `from` or later.
pub(super) fn stretches(from: Timestamp, tz: &TimeZone) -> impl Iterator<Item = Stretch> + '_ {
    let from = from.saturating_sub(WIDEST_SHIFT).unwrap_or(Timestamp::MIN);
    let mut changes = tz.following(from);
    let mut next = Some((i64::MIN, i64::MIN, i64::from(tz.to_offset(from).seconds())));
    std::iter::from_fn(move || {
        let (begins, civil_from, offset) = next?;
        next = changes.next().map(|change| {
            let (at, to) = (change.timestamp().as_second(), i64::from(change.offset().seconds()));
            (at, at + offset.max(to), to)
        });
        Some(Stretch {
            begins,
            civil_from,
            civil_until: next.map_or(i64::MAX, |(_, civil, _)| civil),
            offset,
        })
    })
}
