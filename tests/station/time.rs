//! Waiting for things to become true, with a bound.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// What this machine's wall clock shows.
#[expect(clippy::disallowed_methods, reason = "a test of real time asks what time it is, here")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Time that is never set.
#[expect(clippy::disallowed_methods, reason = "a test bounds its waiting, here")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Between two looks.
#[expect(
    clippy::disallowed_methods,
    reason = "what another process does can only be looked at again and again"
)]
pub(crate) fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Looks until there is something; panics with `what` when `bound` is over.
pub(crate) fn wait_for<T>(what: &str, bound: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = instant();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed_until(instant()) < bound, "waited {bound:?} for {what}");
        pause(Duration::from_millis(20));
    }
}

/// The first whole second that is at least so far away.
pub(crate) fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds + 1).unwrap()
}

/// How long it is until then; nothing when it is past.
pub(crate) fn until(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now())).unwrap_or_default()
}

/// Seconds from one instant to another, negative when it is the other way round.
pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    SignedDuration::as_secs_f64(&to.duration_since(from))
}

trait Elapsed {
    fn elapsed_until(self, now: Instant) -> Duration;
}

impl Elapsed for Instant {
    fn elapsed_until(self, now: Instant) -> Duration {
        now.saturating_duration_since(self)
    }
}
