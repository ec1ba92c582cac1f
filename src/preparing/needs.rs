//! What must be ready, and when.

use crate::error::Result;
use crate::planning::{self, Site};
use crate::store::{SegmentRecord, Store};
use jiff::{Timestamp, ToSpan};
use loaxa_schedules::{Class, Entry, Now, SegmentId, Standing, plan_days};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

/// What must be ready.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Each recording with the first moment at which it is wanted, soonest first.
    pub(super) soonest: Vec<(Timestamp, SegmentRecord)>,
    /// Those whose prepared form is in use, or about to be: it is not exchanged for another one.
    pub(super) in_use: HashSet<SegmentId>,
    /// Root hashes of what is in use.
    pub(super) roots_in_use: HashSet<String>,
}

/// What is in use now: the slots that came due and are open, and emergencies that may still sound.
pub(super) fn in_use(store: &Store, now: Now) -> Result<(HashSet<SegmentId>, HashSet<String>)> {
    let (mut segments, mut roots) = (HashSet::new(), HashSet::new());
    for row in store.open_rows()? {
        if let Entry::Slot(slot) = row.entry {
            segments.insert(slot.segment);
            roots.insert(slot.pcm.to_string());
        }
    }
    let urgent = store.unsettled_emergencies(now.wall)?;
    segments.extend(urgent.iter().filter(|it| it.withdrawn_at.is_none()).map(|it| it.segment));
    Ok((segments, roots))
}

/// Whether it may sound without being approved first: an emergency also when a second person confirms it.
fn may_be_heard(store: &Store, record: &SegmentRecord) -> Result<bool> {
    let standing = store.leave(record)?.standing;
    let waits = standing == Standing::AwaitingApproval;
    Ok(standing == Standing::Approved || waits && record.pushed.class == Class::Emergency)
}

/// Everything that is planned until `until`, and every emergency recording that is approved or may be confirmed. Where the clock cannot be trusted
/// nobody knows what is planned when: everything that people plan with is wanted.
pub(super) fn find(store: &Store, site: &Site, now: Now, until: Timestamp) -> Result<Needs> {
    let (in_use, roots_in_use) = in_use(store, now)?;
    let mut first: BTreeMap<SegmentId, Timestamp> = in_use.iter().map(|id| (*id, now.wall)).collect();
    let snapshot = planning::snapshot(store, site, now.wall)?;
    if now.trusted {
        let mut note = |id: SegmentId, at: Timestamp| {
            first.entry(id).and_modify(|known| *known = at.min(*known)).or_insert(at);
        };
        let day = planning::day_of(now.wall, &site.timezone);
        let last = planning::day_of(until, &site.timezone).saturating_add(1.day());
        plan_days(
            &snapshot,
            day,
            last,
            |start| now.wall <= start && start < until,
            |day| {
                day.slots.iter().for_each(|slot| note(slot.segment, slot.start));
                ControlFlow::Continue(())
            },
        );
    } else {
        first.extend(snapshot.segments.iter().map(|facts| (facts.id, now.wall)));
    }
    let over = |record: &SegmentRecord| {
        let until = record.pushed.valid_until.as_ref();
        now.trusted && until.is_some_and(|until| until.ends(&site.timezone) <= now.wall)
    };
    for record in store.usable_segments(Some(Class::Emergency))? {
        if may_be_heard(store, &record)? && !over(&record) {
            first.insert(record.pushed.id, now.wall);
        }
    }
    let ids: BTreeSet<SegmentId> = first.keys().copied().collect();
    let mut soonest: Vec<(Timestamp, SegmentRecord)> = Vec::new();
    for record in store.segments_named(&ids)? {
        if may_be_heard(store, &record)?
            && let Some(at) = first.get(&record.pushed.id)
        {
            soonest.push((*at, record));
        }
    }
    soonest.sort_by_key(|(at, record)| (*at, record.pushed.id));
    Ok(Needs { soonest, in_use, roots_in_use })
}
