//! What start-up and shutdown write for airings that nobody saw the end of.

use super::emergencies::is_emergency;
use crate::error::Result;
use crate::planning::{self, Site};
use crate::store::{LogJob, OpenRow, Store};
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{DayPlan, Entry, Interruption, Now, OpenAiring, Outcome, Reason, SlotKey, reconcile};
use std::collections::HashSet;

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
    let jobs = closings(store.open_rows()?, now, why);
    if !jobs.is_empty() {
        store.log(now.wall, &jobs)?;
    }
    Ok(jobs.len())
}

/// What a start would write by [`close_open`] and the disk refused, for whoever tries again; and the slots that it closes.
/// Emergencies stay open: what is owed of them is heard under the same keys, and closes them.
pub(super) fn left_open(store: &Store, now: Now) -> Result<(Vec<LogJob>, HashSet<SlotKey>)> {
    let mut rows = store.open_rows()?;
    rows.retain(|row| !is_emergency(&row.entry));
    let jobs = closings(rows, now, Interruption::PowerOrCrash);
    let slots = jobs.iter().filter_map(|job| match job {
        LogJob::Ended { slot, .. } => Some(slot.clone()),
        _ => None,
    });
    let slots = slots.collect();
    Ok((jobs, slots))
}

fn closings(rows: Vec<OpenRow>, now: Now, why: Interruption) -> Vec<LogJob> {
    let mut jobs = Vec::new();
    for row in rows {
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
    jobs
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
    // what is open is closed by who opened it, or by a start
    let open: HashSet<SlotKey> = store.open_rows()?.into_iter().map(|row| row.entry.key().clone()).collect();
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
            // one that begins just then is not behind it
            let behind = entry.start() < accounted_until;
            if behind || closed.contains(entry.key().as_str()) || open.contains(entry.key()) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AiringFilter, IdentityKind, NewIdentity};
    use jiff::ToSpan;
    use jiff::tz::TimeZone;
    use loaxa_schedules::{
        Class, MissedRule, OnHolidays, Programme, ProgrammeId, Recurrence, SegmentId, StartRule,
    };
    use std::collections::BTreeSet;

    /// A station with one slot, at this moment.
    fn station(folder: &std::path::Path, at: Timestamp) -> Store {
        let store = Store::open(folder, at).unwrap();
        let new = NewIdentity {
            id: "i".to_owned(),
            kind: IdentityKind::Token,
            name: "i",
            role: None,
            scopes: BTreeSet::new(),
            secret: "s".to_owned(),
            one_time: false,
            expires_at: None,
        };
        store.add_identity(&new, "console", at).unwrap();
        let programme = Programme {
            id: ProgrammeId(uuid::Uuid::from_u128(1)),
            name: "Thời sự".to_owned(),
            segments: vec![SegmentId(uuid::Uuid::from_u128(2))],
            recurrence: Recurrence::At(vec![at]),
            class: Class::Normal,
            zones: Vec::new(),
            valid_from: None,
            valid_until: None,
            start_rule: StartRule::AtOnce,
            missed: MissedRule::Skip,
            opening: None,
            closing: None,
            gap_seconds: 0,
            on_holidays: OnHolidays::Air,
            owner: None,
            order: 0,
        };
        store.create(&programme, "i", at).unwrap();
        store
    }

    fn back(at: Timestamp) -> Now {
        Now { wall: at + 120.hours(), mono: std::time::Duration::ZERO, trusted: true }
    }

    /// The disk refused its row, the note of what is accounted for stands at its start, and the board was off for days.
    #[test]
    fn a_slot_at_the_very_end_of_what_is_accounted_for_is_not_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let store = station(folder.path(), at);
        let site = Site::new(TimeZone::UTC);
        catch_up(&store, &site, at + 1.second(), back(at)).unwrap();
        let rows = || store.airings(&AiringFilter { limit: 9, ..AiringFilter::default() }).unwrap().len();
        assert_eq!(rows(), 0, "it is accounted for");
        catch_up(&store, &site, at, back(at)).unwrap();
        assert_eq!(rows(), 1);
        catch_up(&store, &site, at, back(at)).unwrap();
        assert_eq!(rows(), 1, "once");
    }

    #[test]
    fn what_a_start_could_not_close_is_closed_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let store = station(folder.path(), at);
        let site = Site::new(TimeZone::UTC);
        let snapshot = planning::snapshot(&store, &site, at).unwrap();
        let days = planning::days(&snapshot, planning::day_of(at, &site.timezone), 1).unwrap();
        let entry = days.into_iter().flat_map(DayPlan::into_entries).next().unwrap();
        let slot = entry.key().clone();
        store.log(at, &[LogJob::Due { entry: Box::new(entry), clock: "rtc" }]).unwrap();
        let (jobs, slots) = left_open(&store, back(at)).unwrap();
        assert_eq!((jobs.len(), slots.contains(&slot)), (1, true));
        catch_up(&store, &site, at, back(at)).unwrap();
        assert_eq!(store.open_rows().unwrap().len(), 1, "it waits for those jobs");
        store.log(at, &jobs).unwrap();
        assert!(store.open_rows().unwrap().is_empty());
        assert!(left_open(&store, back(at)).unwrap().0.is_empty());
    }
}
