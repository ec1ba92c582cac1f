//! Programmes that are still being heard when they start again.

use crate::recurrence::Cron;
use crate::vocabulary::{Programme, Recurrence, SegmentFacts, SegmentId, StartRule};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Cron expressions are looked at for so long: a week has every weekday and every time of the day in it.
const LOOKED_AT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A running order that is longer than the time until it starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlong {
    /// How long the running order is, with the gaps between its items.
    pub length: SignedDuration,
    /// The shortest time from one of its starts to the next.
    pub every: SignedDuration,
}

/// Whether a programme that starts after the current item (`make_next`) waits behind itself: its running order is
/// longer than the shortest time between two of its starts, in its first week of validity from `from` on (of dates
/// that are named singly, all of them). Each occurrence then begins later than the one before it, until the window
/// closes. The other start rules cut or refuse it, and say so in the plan.
///
/// A recording counts with its prepared length, whoever has approved it; one that is unknown or not prepared takes
/// no time, as in the plan. None also for an expression that cannot be read.
#[must_use]
pub fn overlong(
    programme: &Programme,
    segments: &[SegmentFacts],
    timezone: &TimeZone,
    from: Timestamp,
) -> Option<Overlong> {
    if programme.start_rule != StartRule::MakeNext {
        return None;
    }
    let length = length(programme, segments);
    let every = shortest_distance(programme, timezone, from)?;
    (every < length).then_some(Overlong { length, every })
}

fn length(programme: &Programme, segments: &[SegmentFacts]) -> SignedDuration {
    let prepared = |facts: &SegmentFacts| Some((facts.id, facts.prepared.as_ref()?.duration));
    let lengths: HashMap<SegmentId, SignedDuration> = segments.iter().filter_map(prepared).collect();
    let gap = SignedDuration::from_secs(i64::from(programme.gap_seconds));
    let items = programme.running_order().filter_map(|id| lengths.get(&id));
    let whole = |sum: Option<SignedDuration>, item: &SignedDuration| match sum {
        Some(sum) => Some(sum.saturating_add(gap).saturating_add(*item)),
        None => Some(*item),
    };
    items.fold(None, whole).unwrap_or(SignedDuration::ZERO)
}

fn shortest_distance(programme: &Programme, timezone: &TimeZone, from: Timestamp) -> Option<SignedDuration> {
    let valid_from = programme.valid_from.as_ref().map_or(from, |bound| bound.begins(timezone));
    let from = from.max(valid_from);
    let until = programme.valid_until.as_ref().map_or(Timestamp::MAX, |bound| bound.ends(timezone));
    let starts = match &programme.recurrence {
        Recurrence::Cron(expression) => {
            let until = from.saturating_add(LOOKED_AT).unwrap_or(Timestamp::MAX).min(until);
            if until <= from {
                return None;
            }
            Cron::parse(expression).ok()?.occurrences(from, until, timezone)
        }
        Recurrence::At(instants) => {
            let mut starts: Vec<Timestamp> =
                instants.iter().copied().filter(|&at| from <= at && at < until).collect();
            starts.sort_unstable();
            starts.dedup();
            starts
        }
    };
    let pairs = starts.iter().zip(starts.iter().skip(1));
    pairs.map(|(start, next)| next.duration_since(*start)).min()
}

#[cfg(test)]
mod tests;
