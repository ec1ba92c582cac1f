//! A value read from hardware, with the moment it was read.

use std::time::Duration;

use tokio::time::Instant;

/// What is known about one relay, contact or measured value of the amplifier.
///
/// There is no default value on purpose: before the first answer, and after every failed exchange, the only honest
/// thing to say is [`Reading::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<T = bool> {
    /// The hardware was asked and said so.
    Known {
        /// What it said.
        value: T,
        /// When its answer arrived.
        at: Instant,
    },
    /// Never asked, or the last exchange failed.
    Unknown,
}

impl<T: Copy> Reading<T> {
    /// A value that the hardware reported at `at`.
    pub const fn known(value: T, at: Instant) -> Self {
        Self::Known { value, at }
    }

    /// The value, or `None` when it is not known.
    pub const fn value(self) -> Option<T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown => None,
        }
    }

    /// How old the value is at `now`; `None` when it is not known. Never negative.
    pub fn age(self, now: Instant) -> Option<Duration> {
        match self {
            Self::Known { at, .. } => Some(now.saturating_duration_since(at)),
            Self::Unknown => None,
        }
    }
}

impl Reading {
    /// The value in words, for messages: `on`, `off` or `unknown`.
    pub const fn word(self) -> &'static str {
        match self.value() {
            Some(true) => "on",
            Some(false) => "off",
            None => "unknown",
        }
    }
}
