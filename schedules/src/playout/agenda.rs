//! What lies ahead, and what is closed for good.

use super::clock::Moment;
use crate::plan::{Entry, Slot, SlotKey};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};

/// How many closed keys are remembered; the log remembers all of them.
const CLOSED_KEYS: usize = 16_384;

/// Entries that have not come due, in the order of their starts, and the keys that are closed.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    ahead: VecDeque<Entry>,
    closed: HashSet<SlotKey>,
    closed_in_order: VecDeque<SlotKey>,
}

impl Agenda {
    /// Takes the entries whose time has come: slots at `start - arm_lead`, refusals at their start.
    pub(super) fn take_due(&mut self, now: Moment, arm_lead: SignedDuration) -> Vec<Entry> {
        let horizon = now.wall.saturating_add(arm_lead).unwrap_or(Timestamp::MAX);
        let mut due = Vec::new();
        let mut index = 0;
        while let Some(entry) = self.ahead.get(index).filter(|entry| entry.start() <= horizon) {
            if matches!(entry, Entry::Refused(_)) && entry.start() > now.wall {
                index += 1;
            } else {
                due.extend(self.ahead.remove(index));
            }
        }
        due
    }

    /// When the next entry comes due, by the wall clock.
    pub(super) fn next_due(&self, arm_lead: SignedDuration) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        for entry in &self.ahead {
            let arming = entry.start().saturating_sub(arm_lead).unwrap_or(Timestamp::MIN);
            if next.is_some_and(|next| arming >= next) {
                break;
            }
            let due = if matches!(entry, Entry::Slot(_)) { arming } else { entry.start() };
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        next
    }

    /// The earliest occurrence of what waits. The items of an occurrence that has begun may still be moved by
    /// a new plan, so it is not accounted for before all of them have come due.
    pub(super) fn earliest_occurrence(&self) -> Option<Timestamp> {
        self.ahead.iter().map(Entry::occurrence).min()
    }

    pub(super) fn next_slot(&self) -> Option<&Slot> {
        self.ahead.iter().find_map(|entry| match entry {
            Entry::Slot(slot) => Some(slot),
            Entry::Refused(_) => None,
        })
    }

    pub(super) fn close(&mut self, key: SlotKey) {
        if self.closed.insert(key.clone()) {
            self.closed_in_order.push_back(key);
        }
        if self.closed_in_order.len() > CLOSED_KEYS
            && let Some(oldest) = self.closed_in_order.pop_front()
        {
            self.closed.remove(&oldest);
        }
    }

    pub(super) fn is_closed(&self, key: &SlotKey) -> bool {
        self.closed.contains(key)
    }

    /// Replaces what lies ahead.
    ///
    /// An entry whose start was already accounted for is dropped (somebody saved it after its time), unless it
    /// was waiting here or says itself that it may still start. An item of an occurrence that has begun does not move forward: when an item before it
    /// falls out, it keeps the start that was announced.
    pub(super) fn replace(
        &mut self,
        entries: Vec<Entry>,
        settled_until: Timestamp,
        now: Moment,
        lead: SignedDuration,
    ) {
        let begun_before = now.wall.saturating_add(lead).unwrap_or(Timestamp::MAX);
        let mut waiting: HashMap<SlotKey, Entry> =
            std::mem::take(&mut self.ahead).into_iter().map(|entry| (entry.key().clone(), entry)).collect();
        let mut ahead: Vec<Entry> = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let before = waiting.remove(entry.key());
            let in_time =
                matches!(&entry, Entry::Slot(slot) if slot.latest_start.is_some_and(|at| at > now.wall));
            if before.is_none() && entry.start() < settled_until && !in_time {
                continue;
            }
            if let (Entry::Slot(slot), Some(before)) = (&mut entry, before)
                && slot.occurrence <= begun_before
                && before.start() > slot.start
                && covers(slot, before.start(), SignedDuration::ZERO)
            {
                slot.start = before.start();
            }
            ahead.push(entry);
        }
        ahead.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
        self.ahead = ahead.into();
    }
}

/// Whether the slot may sound from `start` plus `lateness` to its end.
pub(super) fn covers(slot: &Slot, start: Timestamp, lateness: SignedDuration) -> bool {
    let begins = start.saturating_add(lateness).unwrap_or(Timestamp::MAX);
    let ends = begins.saturating_add(slot.duration).unwrap_or(Timestamp::MAX);
    slot.permitted.from <= begins && ends <= slot.permitted.until
}
