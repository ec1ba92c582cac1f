//! Browser sessions: a random cookie, kept as its hash.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

/// Unused for so long, a session ends.
pub(super) const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// Used or not, it ends after so long.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Use is noted at most so often: every request would wear the board's card.
pub(super) const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// What is kept of a cookie.
pub(super) fn hash(cookie: &str) -> String {
    crate::ids::hex(&Sha256::digest(cookie.as_bytes()))
}
