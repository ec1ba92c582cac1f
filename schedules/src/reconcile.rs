//! What start-up writes for the rows that a power cut or a shutdown left open.

use crate::plan::Entry;
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A row that was written as due and never ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenAiring {
    /// What came due.
    pub entry: Entry,
    /// When it began; None when no start was written.
    pub started: Option<Timestamp>,
    /// How much the last note of progress says was heard.
    pub played_at_last_note: SignedDuration,
}

/// How the station went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interruption {
    /// Without a word.
    PowerOrCrash,
    /// In good order.
    CleanShutdown,
}

/// How the row is to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What is known to have been heard: at least this much was.
    pub played: SignedDuration,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The last moment at which it is known to have sounded.
    pub ended: Option<Timestamp>,
    /// Nobody can vouch for the amplifier after the fact.
    pub confirmed: bool,
}

/// How to close a row that was left open.
///
/// What had begun is `partial` with the seconds of the last note, which is a lower bound (and `aired` when the
/// note covers the whole, or `preempted` where it was to yield after that); what had not begun is `missed`.
#[must_use]
pub fn reconcile(open: &OpenAiring, why: Interruption) -> Closing {
    let played = open.played_at_last_note.max(SignedDuration::ZERO);
    let cut = match why {
        Interruption::PowerOrCrash => Reason::interrupted(),
        Interruption::CleanShutdown => Reason::shutdown(),
    };
    let (outcome, reason, started) = match (&open.entry, open.started) {
        (Entry::Refused(refusal), _) => (Outcome::Suppressed, refusal.reason.clone(), None),
        (Entry::Slot(_), None) => (Outcome::Missed, Reason::station_off(), None),
        (Entry::Slot(slot), Some(at)) if crate::playout::whole(played, slot.duration) => match &slot.yields {
            Some(to) => (Outcome::Preempted, Reason::yielded(to), Some(at)),
            None => (Outcome::Aired, Reason::unconfirmed(), Some(at)),
        },
        (Entry::Slot(_), Some(at)) => (Outcome::Partial, cut, Some(at)),
    };
    let played = if started.is_some() { played } else { SignedDuration::ZERO };
    let ended = started.map(|at| at.saturating_add(played).unwrap_or(Timestamp::MAX));
    Closing { outcome, reason, played, started, ended, confirmed: false }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

    use super::*;
    use crate::plan::{Origin, Permit, Resumption, Slot, Yield};
    use crate::vocabulary::{Class, ProgrammeId, SegmentId};
    use uuid::Uuid;

    /// A slot of ten seconds, begun or not, with so many seconds noted.
    fn check(begun: bool, noted: f64, why: Interruption, expect: (Outcome, &str, f64)) {
        check_yielding(None, begun, noted, why, expect);
    }

    fn check_yielding(
        yields: Option<Yield>,
        begun: bool,
        noted: f64,
        why: Interruption,
        expect: (Outcome, &str, f64),
    ) {
        let start: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let seconds = |s: f64| SignedDuration::try_from_secs_f64(s).unwrap();
        let slot = Slot {
            key: "k".into(),
            origin: Origin::Programme(ProgrammeId(Uuid::nil())),
            name: "p".into(),
            occurrence: start,
            position: 0,
            segment: SegmentId(Uuid::nil()),
            title: "s".into(),
            class: Class::Normal,
            start,
            latest_start: None,
            offset: SignedDuration::ZERO,
            duration: seconds(10.0),
            yields,
            zones: [].into(),
            gain_db: 0.0,
            permitted: Permit { from: start, until: start },
            pcm: "".into(),
            original_sha256: "".into(),
            trim: None,
            approved_by: None,
            reason: Reason::planned("p", 0, "w"),
        };
        let open = OpenAiring {
            entry: Entry::Slot(slot),
            started: begun.then_some(start),
            played_at_last_note: seconds(noted),
        };
        let closing = reconcile(&open, why);
        assert_eq!((closing.outcome, &*closing.reason.code), (expect.0, expect.1));
        assert_eq!(closing.played, seconds(expect.2));
        assert_eq!(closing.ended.is_some(), begun);
        assert!(!closing.confirmed);
    }

    #[test]
    fn what_was_to_yield_is_preempted_when_it_was_heard_up_to_there() {
        let to = Yield { to: "b".into(), name: "b".into(), then: Resumption::Drop };
        let crash = Interruption::PowerOrCrash;
        check_yielding(Some(to.clone()), true, 9.96, crash, (Outcome::Preempted, "yielded", 9.96));
        check_yielding(Some(to), true, 4.0, crash, (Outcome::Partial, "interrupted", 4.0));
    }

    #[test]
    fn open_rows_are_closed_by_what_was_noted() {
        use Interruption::{CleanShutdown, PowerOrCrash};
        check(false, 0.0, PowerOrCrash, (Outcome::Missed, "station_off", 0.0));
        check(false, 3.0, PowerOrCrash, (Outcome::Missed, "station_off", 0.0));
        check(true, 0.0, PowerOrCrash, (Outcome::Partial, "interrupted", 0.0));
        check(true, 4.0, PowerOrCrash, (Outcome::Partial, "interrupted", 4.0));
        check(true, 4.0, CleanShutdown, (Outcome::Partial, "shutdown", 4.0));
        check(true, 9.96, PowerOrCrash, (Outcome::Aired, "unconfirmed", 9.96));
    }
}
