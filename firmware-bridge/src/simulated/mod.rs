//! An amplifier that exists only in memory, and behaves badly on command.

mod board;
mod driver;
mod handle;
mod senses;

use std::time::Duration;

use tokio::time::Instant;

pub use driver::SimulatedAmplifier;
pub use handle::SimulatedHandle;

/// How the simulated amplifier is built and how fast it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedSettings {
    /// From power on until it may be unmuted.
    pub settle: Duration,
    /// From a zone relay's order until its contact stands still.
    pub relay_settle: Duration,
    /// From an order to its answer, when nothing is wrong.
    pub latency: Duration,
    /// How long the driver waits for one answer.
    pub answer_limit: Duration,
    /// The zones it has relays for. `None`: every zone that is ever asked for.
    pub zones: Option<Vec<String>>,
    /// It drops everything by itself after so long without an order. `None`: it never does.
    pub dead_man: Option<Duration>,
}

impl Default for SimulatedSettings {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(400),
            relay_settle: Duration::from_millis(20),
            latency: Duration::from_millis(5),
            answer_limit: Duration::from_millis(300),
            zones: None,
            dead_man: Some(Duration::from_secs(3)),
        }
    }
}

/// Something that is wrong with the simulated amplifier. Faults add up, and stay until they are cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimulatedFault {
    /// The line is dead: orders neither arrive nor are answered.
    Silent,
    /// Orders are obeyed at once, but answered this much later. Longer than the driver's limit, this is the wicked
    /// case: it looks dead, and is on.
    Slow(Duration),
    /// Switching power on is refused with this code.
    RefusesPower(u8),
    /// The relay of this zone says yes, and does not move.
    LyingCoil(String),
    /// The power relay has welded: it says yes to "off", and stays on.
    WeldedPower,
    /// The relay of this zone has welded closed: it is on from now, whatever it is told, and whoever is in charge.
    WeldedZone(String),
    /// The relay of this zone obeys, reads back as ordered, and falls into the other position so much later.
    FickleCoil {
        /// Whose relay.
        zone: String,
        /// After how long.
        after: Duration,
    },
    /// So many of a hundred answers arrive garbled, drawn from the seed: the same seed garbles the same answers.
    Noise {
        /// Where the drawing begins.
        seed: u64,
        /// How many of a hundred.
        per_cent: u8,
    },
    /// One answer, the next, comes this much later; what is asked then finds it on the line.
    LateReply(Duration),
    /// The amplifier's own contact never says that it works.
    NotReady,
    /// The amplifier's own contact says that it works, also when its power is off.
    StaysOn,
}

/// An order as it reached the simulated controller's end of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Switch power.
    Power(bool),
    /// Cut (`true`) or let through (`false`) sound.
    Mute(bool),
    /// Connect or disconnect one zone.
    Zone {
        /// Its name.
        name: String,
        /// Whether to connect it.
        on: bool,
    },
    /// Stay as you are: somebody is in charge.
    Hold,
    /// Forget the faults that you keep.
    Clear,
    /// Say how everything stands.
    Read,
}

/// One line of the journal of what the simulated amplifier was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// When, on tokio's clock (which a test may have paused).
    pub at: Instant,
    /// What.
    pub told: Told,
}

/// How the simulated amplifier really stands, whatever it says on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Power is on.
    pub power: bool,
    /// Sound is cut.
    pub muted: bool,
    /// The connected zones, sorted by name.
    pub zones_on: Vec<String>,
    /// People in front of the loudspeakers would hear a signal at its input.
    pub audible: bool,
}
