//! The only place of this crate that reads a clock.
//!
//! A sound card's position is meaningless without the instant at which it was read, so this device edge cannot be
//! handed `now` by its caller.

use std::time::Instant;

/// The monotonic clock, which all instants of this crate are of.
#[expect(
    clippy::disallowed_methods,
    reason = "a device's position belongs to the instant at which it was read"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
