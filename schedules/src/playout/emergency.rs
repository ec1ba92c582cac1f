//! Emergencies: the opposite rules of failure. A programme that cannot be vouched for stays silent; an emergency
//! sounds unless somebody pressed STOP, and what fails under it is tried again until it expires.

use super::airing::{Airing, Attempt, Doom, Due, Phase};
use super::clock::{Moment, Mono};
use super::messages::Command;
use super::{Playout, zero};
use crate::plan::{Entry, Slot, SlotKey};
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};

impl Playout {
    /// Takes an emergency in. One that is known already, open or closed, is not taken twice.
    pub(super) fn emergency(&mut self, slot: Slot, now: Moment) {
        if self.agenda.is_closed(&slot.key) || self.find(&slot.key).is_some() {
            return;
        }
        let expires = now.mono_of(slot.permitted.until);
        if let Some(reason) = self.latches.reason() {
            self.close_unaired(Entry::Slot(slot), Outcome::Suppressed, reason);
        } else if expires <= now.mono {
            self.close_unaired(Entry::Slot(slot), Outcome::Missed, Reason::emergency_expired());
        } else {
            self.emergencies += 1;
            self.emit(Command::RecordDue(Entry::Slot(slot.clone())));
            let until = now.mono.saturating_add(self.settings.log_patience);
            self.insert(Airing::urgent(slot, until, self.emergencies, expires));
        }
    }

    /// Somebody took it back: it is cut, and not tried again.
    pub(super) fn withdraw(&mut self, slot: &SlotKey, now: Moment) {
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        if let Some(urgent) = &mut airing.urgent {
            urgent.expires = urgent.expires.min(now.mono);
            airing.doom(Doom::new(Outcome::Suppressed, Reason::emergency_withdrawn()));
        }
    }

    /// The emergency that has the air or waits for it: what is planned waits until it is over.
    pub(super) fn open_emergency(&self) -> Option<&Airing> {
        self.airings.iter().find(|airing| airing.urgent.is_some())
    }

    /// What becomes of a planned slot that gives way to the emergency which waits for the air; None when none waits.
    pub(super) fn way_for_emergency(&self) -> Option<Doom> {
        let waits = |airing: &&Airing| {
            airing.urgent.is_some() && airing.phase.is_preparing() && airing.doom.is_none()
        };
        let airing = self.airings.iter().find(waits)?;
        Some(Doom::yields(Reason::yielded_to_emergency(&airing.slot.title)))
    }

    /// Closes an emergency that waits when it is doomed or has expired. True when it is gone.
    pub(super) fn review_waiting_emergency(&mut self, index: usize, expires: Mono, now: Moment) -> bool {
        if now.mono >= expires && self.airings[index].doom.is_none() {
            let doom = self.what_kept_it(index);
            self.airings[index].doom(doom);
        }
        let airing = &self.airings[index];
        if airing.doom.is_some() && !matches!(airing.due, Due::Asked { .. }) {
            self.close(index, None);
            return true;
        }
        false
    }

    fn what_kept_it(&self, index: usize) -> Doom {
        let airing = &self.airings[index];
        let before = airing.urgent.as_ref().and_then(|urgent| urgent.best.as_ref());
        let reason = match (before, self.not_ready(airing)) {
            (Some(attempt), _) => attempt.reason.clone(),
            (None, Some(reason)) => reason,
            (None, None) => return Doom::new(Outcome::Missed, Reason::emergency_expired()),
        };
        Doom::new(Outcome::Failed, reason)
    }

    /// Queues an emergency as soon as the chain lets sound through and what is before it has ended.
    ///
    /// What is before it may be taken back, or cut: until its end is near nobody knows when that is, and whether this
    /// one has expired by then.
    pub(super) fn play_emergency(
        &mut self,
        index: usize,
        expires: Mono,
        before_ends: Option<Mono>,
        (soonest, now): (Mono, Moment),
    ) {
        let near = now.mono.saturating_add(self.settings.arm_lead);
        let at = soonest.max(before_ends.unwrap_or(soonest));
        if at < expires && before_ends.is_none_or(|ends| ends <= near) {
            self.hand_over(index, super::airing::Aim { at, planned: at });
        }
    }

    /// Instead of closing an emergency that output or amplifier failed: it is heard again from its beginning, until
    /// it expires. What was heard of it so far stays known.
    pub(super) fn tries_again(&mut self, index: usize, ended: Option<Timestamp>) -> bool {
        let Some(now) = self.last else { return false };
        let airing = &self.airings[index];
        let Some(urgent) = &airing.urgent else { return false };
        let by_fault = airing.doom.as_ref().is_none_or(|doom| doom.fault);
        if !by_fault || self.latches.hold() || now.mono >= urgent.expires {
            return false;
        }
        let (outcome, reason) = self.judge(airing, ended);
        if outcome == Outcome::Aired {
            return false;
        }
        let attempt = Attempt {
            started: airing.started,
            played: airing.played,
            ended,
            confirmed: airing.confirmed,
            outcome,
            reason: reason.unwrap_or_else(Reason::ended_early),
        };
        let rests = now.mono.saturating_add(self.settings.retry_pause);
        self.airings[index].begin_again(attempt, rests);
        self.done += 1;
        true
    }

    /// When the last of the emergencies that sound or wait will be over, in whole seconds.
    pub(super) fn busy_until(&self) -> Option<Timestamp> {
        let now = self.last?;
        let mut until: Option<Mono> = None;
        for airing in self.airings.iter().filter(|airing| airing.urgent.is_some()) {
            let free = until.unwrap_or(now.mono).max(now.mono);
            let ends = match &airing.phase {
                Phase::Preparing => free.saturating_add(airing.slot.duration),
                Phase::Queued(_) | Phase::Sounding { .. } => airing.ends().unwrap_or(free),
                Phase::Cutting { .. } => free,
            };
            until = until.max(Some(ends));
        }
        let left = until?.saturating_sub(now.mono).max(zero());
        let at = now.wall.checked_add(left).unwrap_or(Timestamp::MAX);
        // rounded up, so that it does not change with every look at it
        let seconds = at.as_second().saturating_add(i64::from(at.subsec_nanosecond() > 0));
        Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
    }

    /// Asks again for the rows that are owed.
    pub(super) fn ask_for_owed_rows(&mut self, now: Moment) {
        let again = self.patience(now);
        let mut owed = Vec::new();
        for airing in &mut self.airings {
            if let Due::Owed { again: at } = &mut airing.due
                && now.mono >= *at
            {
                *at = again;
                owed.push(airing.slot.clone());
            }
        }
        for slot in owed {
            self.emit(Command::RecordDue(Entry::Slot(slot)));
        }
    }
}

impl Airing {
    fn begin_again(&mut self, attempt: Attempt, rests: SignedDuration) {
        self.taken_back();
        self.started = None;
        self.played = zero();
        self.heard = super::airing::Heard::No;
        self.confirmed = false;
        self.doom = None;
        if let Some(urgent) = &mut self.urgent {
            urgent.rests = rests;
            if urgent.best.as_ref().is_none_or(|best| best.played <= attempt.played) {
                urgent.best = Some(attempt);
            }
        }
    }
}
