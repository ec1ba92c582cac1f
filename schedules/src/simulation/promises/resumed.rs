//! What yielded is heard again as its class says.

use super::super::Simulation;
use super::TOLERANCE;
use crate::plan::{Origin, Resumption, Slot, SlotKey};
use crate::vocabulary::{Class, Outcome};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};

/// A new plan places nothing sooner than this after its moment.
const SOONEST: SignedDuration = SignedDuration::from_secs(20);

/// What is expected of the next attempt at what yielded.
#[derive(Debug, Default)]
pub(super) struct Resumptions {
    /// Where in the recording it begins; None when it is not heard again.
    offsets: HashMap<SlotKey, Option<SignedDuration>>,
    /// What the next plan must name, if it is made until then and nothing else happens.
    awaited: Vec<(SlotKey, Timestamp)>,
}

impl Resumptions {
    /// Rules, clock or power are no longer what they were: nothing is owed.
    pub(super) fn disturbed(&mut self) {
        self.awaited.clear();
    }

    pub(super) fn edited(&mut self) {
        self.awaited.clear();
        self.offsets.clear();
    }
}

impl Simulation {
    /// A planned slot has its outcome.
    pub(in super::super) fn expect_resumption(
        &mut self,
        slot: &Slot,
        outcome: Outcome,
        played: SignedDuration,
    ) {
        self.promises.resumptions.offsets.remove(&slot.key);
        let (Outcome::Preempted, Origin::Programme(id)) = (outcome, slot.origin) else { return };
        let programme = self.snapshot.programmes.iter().find(|programme| programme.id == id);
        let place = usize::try_from(slot.position).unwrap_or(usize::MAX);
        // An edit may have put something else in its place.
        if programme.and_then(|programme| programme.running_order().nth(place)) != Some(slot.segment) {
            return;
        }
        let by_class = match slot.class {
            Class::Priority => self.snapshot.after_preemption.priority,
            Class::Normal | Class::Emergency => self.snapshot.after_preemption.normal,
        };
        let offset = match slot.yields.as_ref().map_or(by_class, |yields| yields.then) {
            Resumption::Drop => None,
            Resumption::Restart => Some(SignedDuration::ZERO),
            Resumption::Continue => Some(slot.offset.saturating_add(played)),
        };
        let next = slot.key.with_attempt(slot.key.attempt().1 + 1);
        let segment = self.snapshot.segments.iter().find(|segment| segment.id == slot.segment);
        let whole = segment.and_then(|segment| segment.prepared.as_ref()).map(|prepared| prepared.duration);
        let rest = offset.and_then(|offset| Some(whole?.saturating_sub(offset)));
        if let Some(rest) = rest.filter(|&rest| rest > TOLERANCE)
            && self.playout.is_some()
            && self.trusted
        {
            let reach = rest.saturating_add(SOONEST);
            let until = slot.permitted.until.saturating_sub(reach).unwrap_or(Timestamp::MIN);
            self.promises.resumptions.awaited.push((next.clone(), until));
        }
        self.promises.resumptions.offsets.insert(next, offset);
    }

    /// What a plan made at `at` must name.
    pub(in super::super) fn check_resumptions(&mut self, at: Timestamp) {
        let awaited = std::mem::take(&mut self.promises.resumptions.awaited);
        if awaited.is_empty() || !self.trusted {
            return;
        }
        let slots = self.days.values().flat_map(|day| day.slots.iter().map(|slot| &slot.key));
        let refusals = self.days.values().flat_map(|day| day.refusals.iter().map(|refusal| &refusal.key));
        let named: HashSet<&SlotKey> = slots.chain(refusals).chain(self.log.closing()).collect();
        let missing = awaited
            .into_iter()
            .find(|(key, until)| at <= *until && !named.contains(key) && !self.log.ended(key));
        if let Some((key, until)) = missing {
            self.broken(format!("it yielded and does not come back until {until}: {key}"));
        }
    }

    /// It begins where its class says.
    pub(super) fn check_offset(&mut self, slot: &Slot) {
        match self.promises.resumptions.offsets.get(&slot.key) {
            Some(None) => self.broken(format!("it comes back although it is dropped: {}", slot.key)),
            Some(Some(offset)) if offset.saturating_sub(slot.offset).abs() > TOLERANCE => {
                let what = format!("it comes back at {:?}, not at {offset:?}: {}", slot.offset, slot.key);
                self.broken(what);
            }
            _ => {}
        }
    }
}
