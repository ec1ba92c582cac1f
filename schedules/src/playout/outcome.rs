//! How an airing is closed: exactly once, by what was measured.

use super::Playout;
use super::airing::{Airing, Due, Heard};
use super::messages::Command;
use crate::plan::{Entry, SlotKey};
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};

/// Missing frames below this do not make an airing partial.
const WHOLE_TOLERANCE: SignedDuration = SignedDuration::from_millis(50);

/// Whether so much of `duration` counts as all of it.
pub(crate) fn whole(played: SignedDuration, duration: SignedDuration) -> bool {
    played > SignedDuration::ZERO && played.saturating_add(WHOLE_TOLERANCE) >= duration
}

impl Playout {
    pub(super) fn find(&self, slot: &SlotKey) -> Option<usize> {
        self.airings.iter().position(|airing| airing.slot.key == *slot)
    }

    /// Closes an entry that was never opened.
    pub(super) fn close_unaired(&mut self, entry: Entry, outcome: Outcome, reason: Reason) {
        self.agenda.close(entry.key().clone());
        self.emit(Command::RecordUnaired { entry, outcome, reason });
    }

    /// Closes an open airing with what is known of it. `ended` is when the output fell silent, measured.
    ///
    /// An emergency that a device failed is not closed but tried again, while it has not expired.
    pub(super) fn close(&mut self, index: usize, ended: Option<Timestamp>) {
        if self.tries_again(index, ended) {
            return;
        }
        let mut airing = self.airings.remove(index);
        let (mut outcome, mut reason) = self.judge(&airing, ended);
        let mut ended = ended;
        if let Some(best) = airing.urgent.as_mut().and_then(|urgent| urgent.best.take())
            && outcome != Outcome::Aired
            && best.played > airing.played
        {
            // An earlier attempt was heard longer than the last one.
            (airing.started, airing.played, airing.confirmed) = (best.started, best.played, best.confirmed);
            (ended, outcome) = (best.ended, best.outcome);
            reason = reason.or(Some(best.reason));
        }
        let confirmed = airing.confirmed;
        let began = airing.started.is_some() || airing.played > SignedDuration::ZERO;
        let before = |at: Timestamp| at.checked_sub(airing.played).ok();
        let started = airing.started.or_else(|| ended.filter(|_| began).and_then(before));
        let ended = ended.or_else(|| started.and_then(|at| at.checked_add(airing.played).ok()));
        let (played, ended, confirmed) = (airing.played, ended.filter(|_| began), confirmed && began);
        if airing.due == Due::Durable {
            self.agenda.close(airing.slot.key.clone());
            let slot = airing.slot.key;
            self.emit(Command::RecordEnded { slot, outcome, reason, played, started, ended, confirmed });
        } else if began {
            self.agenda.close(airing.slot.key.clone());
            let entry = Entry::Slot(airing.slot);
            self.emit(Command::RecordHeard { entry, outcome, reason, played, started, ended, confirmed });
        } else {
            let reason = reason.unwrap_or_else(Reason::unconfirmed);
            self.close_unaired(Entry::Slot(airing.slot), outcome, reason);
        }
    }

    /// What the measurements and the causes say.
    pub(super) fn judge(&self, airing: &Airing, ended: Option<Timestamp>) -> (Outcome, Option<Reason>) {
        let doom = airing.doom.clone();
        // An output that never said "started" says nothing about the amplifier at that moment.
        let muted = airing.heard == Heard::No && airing.started.is_some() && self.chain.amplifier_present;
        if muted && airing.played > SignedDuration::ZERO {
            let reason = match doom {
                Some(doom) => doom.reason,
                None => Reason::amplifier_not_ready("it stayed muted"),
            };
            return (Outcome::Failed, Some(reason));
        }
        // It began, and nobody measured how far it came.
        let unmeasured = airing.started.is_some() && ended.is_none();
        match doom {
            _ if whole(airing.played, airing.slot.duration) => match &airing.slot.yields {
                Some(to) => (Outcome::Preempted, Some(Reason::yielded(to))),
                None => (Outcome::Aired, (!airing.confirmed).then(Reason::unconfirmed)),
            },
            Some(doom) if airing.played > SignedDuration::ZERO || unmeasured => {
                (doom.heard, Some(doom.reason))
            }
            Some(doom) => (doom.unheard, Some(doom.reason)),
            None if airing.played > SignedDuration::ZERO => (Outcome::Partial, Some(Reason::ended_early())),
            None => (Outcome::Failed, Some(Reason::ended_early())),
        }
    }
}
