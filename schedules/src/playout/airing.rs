//! One slot between its due row and its outcome.

use super::clock::Mono;
use crate::plan::Slot;
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};

/// A slot that came due and is not closed.
#[derive(Debug)]
pub(super) struct Airing {
    pub(super) slot: Slot,
    pub(super) due: Due,
    pub(super) pcm: Pcm,
    pub(super) phase: Phase,
    /// Measured; None until the output says that it began.
    pub(super) started: Option<Timestamp>,
    /// Measured at the output.
    pub(super) played: SignedDuration,
    /// How much of `played` was noted in the log.
    pub(super) noted: SignedDuration,
    /// Whether the amplifier let sound through at any moment of it.
    pub(super) heard: Heard,
    /// Whether the amplifier was confirmed from the first frame on.
    pub(super) confirmed: bool,
    /// Set once it must not go on; the first cause stays.
    pub(super) doom: Option<Doom>,
}

/// Whether the due row is durable. Nothing touches a device before it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Asked { until: Mono },
    Durable,
    Failed,
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
    pub(super) reason: Reason,
}

impl Doom {
    pub(super) fn new(unheard: Outcome, reason: Reason) -> Doom {
        Doom { unheard, reason }
    }
}

impl Airing {
    pub(super) fn new(slot: Slot, due_until: Mono) -> Airing {
        Airing {
            slot,
            due: Due::Asked { until: due_until },
            pcm: Pcm::Unasked,
            phase: Phase::Preparing,
            started: None,
            played: SignedDuration::ZERO,
            noted: SignedDuration::ZERO,
            heard: Heard::No,
            confirmed: false,
            doom: None,
        }
    }

    /// The first cause stays.
    pub(super) fn doom(&mut self, doom: Doom) {
        self.doom.get_or_insert(doom);
    }

    /// In the hands of the output.
    pub(super) fn handed_over(&self) -> bool {
        !matches!(self.phase, Phase::Preparing)
    }

    pub(super) fn sounding(&self) -> bool {
        matches!(self.phase, Phase::Sounding { .. })
    }

    pub(super) fn cutting(&self) -> bool {
        matches!(self.phase, Phase::Cutting { .. })
    }

    /// When it ends, if it is in the hands of the output and not being cut.
    pub(super) fn ends(&self) -> Option<Mono> {
        match &self.phase {
            Phase::Queued(aim) => Some(aim.at.saturating_add(self.slot.duration)),
            Phase::Sounding { ends, .. } => Some(*ends),
            Phase::Preparing | Phase::Cutting { .. } => None,
        }
    }
}
