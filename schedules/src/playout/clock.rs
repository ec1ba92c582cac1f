//! What the playout knows about the clock: steps, trust, and why a time passed unheard.

use super::messages::Now;
use jiff::{SignedDuration, Timestamp};

/// An instant on the monotonic scale.
pub(super) type Mono = SignedDuration;

/// [`Now`] with the monotonic time as a signed length, so that differences cannot underflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Timestamp,
    pub(super) mono: Mono,
    pub(super) trusted: bool,
}

impl From<Now> for Moment {
    fn from(now: Now) -> Moment {
        let mono = SignedDuration::try_from(now.mono).unwrap_or(SignedDuration::MAX);
        Moment { wall: now.wall, mono, trusted: now.trusted }
    }
}

impl Moment {
    /// When the wall clock will show `at`, if nobody sets it.
    pub(super) fn mono_of(&self, at: Timestamp) -> Mono {
        self.mono.saturating_add(at.duration_since(self.wall))
    }
}

/// Why a time passed without the station being able to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    StationOff,
    Untrusted,
    Stepped,
}

/// What the last look at the clock brought.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    /// It may be believed, and could not be before.
    pub(super) regained: bool,
    /// It was set while it was trusted.
    pub(super) stepped: bool,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Timestamp,
    why: Passed,
}

/// More spans than this are not remembered; a plan that comes later than 64 clock steps is not expected.
const SPANS: usize = 64;

/// Follows the wall clock against the monotonic one.
#[derive(Debug)]
pub(super) struct ClockTrack {
    tolerance: SignedDuration,
    first_mono: Option<Mono>,
    last: Option<Moment>,
    last_trusted: Option<Timestamp>,
    spans: Vec<Span>,
}

impl ClockTrack {
    pub(super) fn new(tolerance: SignedDuration) -> ClockTrack {
        ClockTrack { tolerance, first_mono: None, last: None, last_trusted: None, spans: Vec::new() }
    }

    pub(super) fn observe(&mut self, now: Moment) -> Change {
        let first_mono = *self.first_mono.get_or_insert(now.mono);
        let mut change = Change::default();
        if now.trusted {
            match (self.last, self.last_trusted) {
                (_, None) => {
                    let up = now.mono.saturating_sub(first_mono);
                    let began = now.wall.saturating_sub(up).unwrap_or(Timestamp::MIN);
                    self.remember(Timestamp::MIN, began, Passed::StationOff);
                    self.remember(began, now.wall, Passed::Untrusted);
                    change.regained = true;
                }
                (Some(last), Some(believed)) if !last.trusted => {
                    self.remember(believed, now.wall, Passed::Untrusted);
                    change.regained = true;
                }
                (Some(last), Some(_)) => {
                    let drift = now.mono_of(last.wall).saturating_sub(last.mono);
                    if drift.abs() > self.tolerance {
                        self.remember(last.wall, now.wall, Passed::Stepped);
                        change.stepped = true;
                    }
                }
                (None, Some(_)) => {}
            }
            self.last_trusted = Some(now.wall);
        }
        self.last = Some(now);
        change
    }

    /// Why nothing could be done at `at`; None when the clock was right.
    pub(super) fn why_passed(&self, at: Timestamp) -> Option<Passed> {
        self.spans.iter().rev().find(|span| span.from <= at && at < span.until).map(|span| span.why)
    }

    fn remember(&mut self, from: Timestamp, until: Timestamp, why: Passed) {
        if from < until {
            self.spans.push(Span { from, until, why });
        }
        if self.spans.len() > SPANS {
            // The first is "before start-up", which stays true.
            self.spans.remove(1);
        }
    }
}
