//! What start-up and shutdown write for airings that nobody saw the end of.

use super::emergencies::is_emergency;
use crate::error::Result;
use crate::planning::{self, Site};
use crate::store::{LogJob, Store};
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{DayPlan, Entry, Interruption, Now, OpenAiring, Outcome, Reason, reconcile};

/// The two rows of a slot of which nothing was heard.
pub(super) fn unaired(entry: Entry, outcome: Outcome, reason: Reason, clock: &'static str) -> Vec<LogJob> {
    let slot = entry.key().clone();
    vec![
        LogJob::Due { entry: Box::new(entry), clock },
        LogJob::Ended {
            slot,
            outcome,
            reason: Some(reason),
            played: SignedDuration::ZERO,
            started: None,
            ended: None,
            confirmed: false,
            evidence: None,
        },
    ]
}

/// Writes the one outcome of every airing that is open, but for those whose time has not come: they can still air.
pub(super) fn close_open(store: &Store, now: Now, why: Interruption) -> Result<usize> {
    let mut jobs = Vec::new();
    for row in store.open_rows()? {
        // an emergency waits for no time: the clock was set back under it
        if row.started.is_none() && row.entry.start() > now.wall && !is_emergency(&row.entry) {
            continue;
        }
        let slot = row.entry.key().clone();
        let played = row.noted.map_or(SignedDuration::ZERO, |(played, _)| played);
        let open = OpenAiring { entry: row.entry, started: row.started, played_at_last_note: played };
        let closing = reconcile(&open, why);
        jobs.push(LogJob::Ended {
            slot,
            outcome: closing.outcome,
            reason: Some(closing.reason),
            played: closing.played,
            started: closing.started,
            ended: closing.ended,
            confirmed: closing.confirmed,
            evidence: row.evidence.map(Box::new),
        });
    }
    if !jobs.is_empty() {
        store.log(now.wall, &jobs)?;
    }
    Ok(jobs.len())
}

/// After a long absence: writes the outcome of every slot of the days that passed before yesterday, a day at a time, so
/// that a year without power is no burden on a small board's memory.
pub(super) fn catch_up(store: &Store, site: &Site, accounted_until: Timestamp, now: Now) -> Result<()> {
    let timezone = &site.timezone;
    let Ok(last) = planning::day_of(now.wall, timezone).yesterday() else {
        return Ok(());
    };
    let mut day = planning::day_of(accounted_until, timezone);
    if day >= last {
        return Ok(());
    }
    let mut reached = accounted_until;
    while day < last {
        let (Ok(from), Ok(next)) = (day.to_zoned(timezone.clone()), day.tomorrow()) else {
            return Ok(());
        };
        let Ok(to) = next.to_zoned(timezone.clone()) else {
            return Ok(());
        };
        // each day as it stood when it began: what the day before left unheard is known by then
        let snapshot = planning::snapshot(store, site, reached)?;
        let closed = store.closed_slots(from.timestamp(), to.timestamp())?;
        let mut jobs = Vec::new();
        for entry in planning::days(&snapshot, day, 1)?.into_iter().flat_map(DayPlan::into_entries) {
            if entry.start() <= accounted_until || closed.contains(entry.key().as_str()) {
                continue;
            }
            let open = OpenAiring { entry, started: None, played_at_last_note: SignedDuration::ZERO };
            let closing = reconcile(&open, Interruption::PowerOrCrash);
            jobs.extend(unaired(open.entry, closing.outcome, closing.reason, "after_absence"));
        }
        jobs.push(LogJob::AccountedUntil(to.timestamp().min(now.wall)));
        store.log(now.wall, &jobs)?;
        reached = to.timestamp().min(now.wall);
        day = next;
    }
    Ok(())
}
