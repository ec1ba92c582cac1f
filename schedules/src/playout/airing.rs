//! One slot between its due row and its outcome.

use super::clock::Mono;
use crate::plan::{Slot, SlotKey};
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};

/// A slot that came due and is not closed.
#[derive(Debug)]
pub(super) struct Airing {
    pub(super) slot: Slot,
    pub(super) due: Due,
    pub(super) pcm: Pcm,
    /// A `VerifyPcm` was given and never answered, even when nobody waits for the answer any more.
    pub(super) pcm_owed: bool,
    pub(super) phase: Phase,
    /// Measured; None until the output says that it began.
    pub(super) started: Option<Timestamp>,
    /// Measured at the output.
    pub(super) played: SignedDuration,
    /// How much of `played` was noted in the log.
    pub(super) noted: SignedDuration,
    /// Whether the row that says that it began was asked for.
    pub(super) told_started: bool,
    /// Whether the amplifier let sound through at any moment of it.
    pub(super) heard: Heard,
    /// Whether the amplifier was confirmed from the first frame on.
    pub(super) confirmed: bool,
    /// Set once it must not go on; the first cause stays.
    pub(super) doom: Option<Doom>,
    /// It yields at this moment, and the output does not know: it began late, or a new plan says so.
    pub(super) cut_at: Option<Mono>,
    /// What a new plan made of it, until output, log and disk are done with what it was.
    pub(super) replacement: Option<Box<Slot>>,
    /// Set for an emergency.
    pub(super) urgent: Option<Urgent>,
}

/// What an emergency has of its own.
#[derive(Debug)]
pub(super) struct Urgent {
    /// Emergencies are heard in the order in which they came.
    pub(super) number: u64,
    /// It does not begin any more from here on.
    pub(super) expires: Mono,
    /// After a failure it is not played again before this.
    pub(super) rests: Mono,
    /// The failed attempt of which most was heard.
    pub(super) best: Option<Attempt>,
}

/// An attempt at an emergency that output or amplifier failed.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) started: Option<Timestamp>,
    pub(super) played: SignedDuration,
    pub(super) ended: Option<Timestamp>,
    pub(super) confirmed: bool,
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
}

/// Whether the due row is durable. Nothing planned touches a device before it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Asked {
        until: Mono,
    },
    Durable,
    Failed,
    /// Only of an emergency: it sounds without, and is asked for again.
    Owed {
        again: Mono,
    },
}

/// Whether the prepared PCM was read and hashed for this arming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pcm {
    Unasked,
    Asked { until: Mono },
    Verified,
}

/// Whether anything of it came out of the loudspeakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    No,
    /// `Unmute` was given and not answered yet.
    Perhaps,
    Yes,
}

/// How far it is.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// Not handed to the output, or taken back unheard.
    Preparing,
    /// `Play` was given.
    Queued(Aim),
    /// The output said that it began.
    Sounding { ends: Mono, deadline: Mono, aim: Aim },
    /// `Cancel` was given; `cause` closes it if any of it was heard, else it may be prepared again.
    Cutting { until: Mono, cause: Doom },
}

impl Phase {
    pub(super) fn is_preparing(&self) -> bool {
        matches!(self, Phase::Preparing)
    }

    pub(super) fn is_cutting(&self) -> bool {
        matches!(self, Phase::Cutting { .. })
    }
}

/// When a `Play` was aimed, and from what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    /// When the first frame should sound.
    pub(super) at: Mono,
    /// The planned start when it was aimed.
    pub(super) planned: Mono,
}

impl Aim {
    pub(super) fn lateness(&self) -> SignedDuration {
        self.at.saturating_sub(self.planned)
    }
}

/// Why an airing ends before its time.
#[derive(Debug, Clone)]
pub(super) struct Doom {
    /// The outcome when nothing of it was heard.
    pub(super) unheard: Outcome,
    /// The outcome when some of it was heard.
    pub(super) heard: Outcome,
    pub(super) reason: Reason,
    /// Output or amplifier failed: an emergency is tried again.
    pub(super) fault: bool,
}

impl Doom {
    pub(super) fn new(unheard: Outcome, reason: Reason) -> Doom {
        Doom { unheard, heard: Outcome::Partial, reason, fault: false }
    }

    /// Output or amplifier failed.
    pub(super) fn fault(reason: Reason) -> Doom {
        Doom { fault: true, ..Doom::new(Outcome::Failed, reason) }
    }

    /// It gave way to something else.
    pub(super) fn yields(reason: Reason) -> Doom {
        Doom { heard: Outcome::Preempted, ..Doom::new(Outcome::Preempted, reason) }
    }
}

impl Airing {
    pub(super) fn new(slot: Slot, due_until: Mono) -> Airing {
        Airing {
            slot,
            due: Due::Asked { until: due_until },
            pcm: Pcm::Unasked,
            pcm_owed: false,
            phase: Phase::Preparing,
            started: None,
            played: SignedDuration::ZERO,
            noted: SignedDuration::ZERO,
            told_started: false,
            heard: Heard::No,
            confirmed: false,
            doom: None,
            cut_at: None,
            replacement: None,
            urgent: None,
        }
    }

    /// The `number`th emergency since start-up.
    pub(super) fn urgent(slot: Slot, due_until: Mono, number: u64, expires: Mono) -> Airing {
        let urgent = Urgent { number, expires, rests: Mono::MIN, best: None };
        Airing { urgent: Some(urgent), ..Airing::new(slot, due_until) }
    }

    /// Whether the log lets it touch a device: an emergency does not wait for it.
    pub(super) fn may_prepare(&self) -> bool {
        (self.due == Due::Durable || self.urgent.is_some()) && self.doom.is_none() && !self.handed_over()
    }

    /// Whether the log lets it sound: an emergency waits a moment, so that its row comes first where it can.
    pub(super) fn may_sound(&self) -> bool {
        matches!(self.due, Due::Durable | Due::Owed { .. })
    }

    /// The output has none of it any more, and the sound that it held is gone with it: it is read and hashed again.
    pub(super) fn taken_back(&mut self) {
        self.phase = Phase::Preparing;
        self.pcm = Pcm::Unasked;
        self.cut_at = None;
    }

    /// The first cause stays.
    pub(super) fn doom(&mut self, doom: Doom) {
        self.doom.get_or_insert(doom);
    }

    /// Its place among the others: with the output first, then emergencies as they came, then by start.
    pub(super) fn rank(&self) -> (bool, u64, Timestamp, &SlotKey) {
        let number = self.urgent.as_ref().map_or(u64::MAX, |urgent| urgent.number);
        (!self.handed_over(), number, self.slot.start, &self.slot.key)
    }

    /// In the hands of the output.
    pub(super) fn handed_over(&self) -> bool {
        !self.phase.is_preparing()
    }

    pub(super) fn sounding(&self) -> bool {
        matches!(self.phase, Phase::Sounding { .. })
    }

    pub(super) fn cutting(&self) -> bool {
        self.phase.is_cutting()
    }

    /// When it ends, if it is in the hands of the output and will not be cut.
    pub(super) fn ends(&self) -> Option<Mono> {
        if self.cut_at.is_some() {
            return None;
        }
        match &self.phase {
            Phase::Queued(aim) => Some(aim.at.saturating_add(self.slot.duration)),
            Phase::Sounding { ends, .. } => Some(*ends),
            Phase::Preparing | Phase::Cutting { .. } => None,
        }
    }
}
