//! The amplifier as the people in charge see it: what is wrong with it and what to do, and what it says of each airing.
//!
//! Pure: the playout's loop hands in what was read (`Seen`) and the time, and carries out what comes of it.

mod faults;
mod supervision;
mod wiring;
mod witness;

pub use faults::{AmplifierFault, Trouble};
pub(crate) use supervision::{Change, Supervision};
pub(crate) use wiring::Wiring;
pub(crate) use witness::Witness;

use loaxa_firmware_bridge::{AmplifierStatus, BridgeError, Identity, LineCounters, SelfTest};
use std::time::Duration;

/// How the amplifier is meant to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything off.
    Dark,
    /// Power for these zones, no sound.
    Muted(Vec<String>),
    /// Power for these zones, and sound.
    Live(Vec<String>),
}

impl Wanted {
    /// Fails unless it stands so, each value read.
    pub(crate) fn check(&self, status: &AmplifierStatus) -> Result<(), BridgeError> {
        match self {
            Self::Dark => status.confirm_dark(),
            Self::Muted(zones) => {
                status.confirm_energised(zones)?;
                status.confirm_muted(true)
            }
            Self::Live(zones) => {
                status.confirm_energised(zones)?;
                status.confirm_muted(false)
            }
        }
    }

    /// Whether it is meant to have power.
    pub(crate) const fn powered(&self) -> bool {
        !matches!(self, Self::Dark)
    }
}

/// What the amplifier's task found, or did not.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// Everything was read, and stands as wanted.
    Read { status: AmplifierStatus, wanted: Wanted },
    /// It failed, or is not as wanted.
    Failed(BridgeError),
    /// Something was on that nobody had ordered; it was told to be off.
    FoundOn { what: String, status: AmplifierStatus },
    /// A self-test was made.
    Tested(SelfTest),
    /// A person asked it to forget the faults that it keeps.
    Cleared { by: String },
    /// A person switched it on for so many zones and seconds, muted, or off again.
    Switched { by: String, zones: usize, seconds: u64 },
}

/// A [`Sight`], with what the bridge knows of its hardware and its line at that moment.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// When, by the monotonic clock.
    pub(crate) at: tokio::time::Instant,
    pub(crate) sight: Sight,
    pub(crate) about: About,
}

/// What the bridge knows of its hardware and its line.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Which hardware answers; None before its first word.
    pub identity: Option<Identity>,
    /// What happened on the line.
    pub line: LineCounters,
    /// After so long without a word it falls silent by itself; None: it never does.
    pub dead_man: Option<Duration>,
}
