//! What an amplifier's hardware senses and remembers beside its relays.

use tokio::time::Instant;

use crate::Reading;

/// What is sensed. `None` where this hardware has no such input; [`Reading::Unknown`] where it has one and did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signals {
    /// The button at the station: pressed, or latched since it was.
    pub stop: Option<Reading>,
    /// Whether there is mains voltage.
    pub mains: Option<Reading>,
    /// Whether the amplifier itself says that it works: its own contact, not the relay that feeds it.
    pub ready: Option<Reading>,
    /// Temperature in tenths of a degree Celsius.
    pub temperature: Option<Reading<i16>>,
    /// The controller's supply, in millivolts.
    pub supply: Option<Reading<u16>>,
    /// Whether the loudspeaker line of a zone is whole, by the zone's name, in the order of the names.
    pub lines: Vec<(String, Reading)>,
    /// Faults that the hardware keeps until they are [cleared](crate::Amplifier::clear_faults).
    pub faults: Option<Reading<Faults>>,
}

/// Faults that a controller keeps, a bit each; see [`Fault`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults(u16);

/// Something that went wrong in the hardware, whether or not it still does. The numbers are those of the bits in the
/// controller's register, and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fault {
    /// Nobody was in charge for too long, and it switched everything off.
    HeartbeatLost = 0,
    /// Its program hung and was started again by its own watchdog.
    WatchdogReset = 1,
    /// Its supply broke down so far that it started again.
    BrownOut = 2,
    /// Its supply is lower than it should be.
    SupplyLow = 3,
    /// It is too hot.
    Overheated = 4,
    /// Power was switched on, and the amplifier's own contact says that it does not work.
    NotReady = 5,
    /// Power was switched off, and the amplifier's own contact says that it still works: a relay that has welded.
    StaysOn = 6,
    /// Mains voltage was gone.
    MainsLost = 7,
    /// The line of a connected zone is broken or short-circuited.
    LineFault = 8,
    /// An order came while the button at the station was latched, and was refused.
    OrderedWhileStopped = 9,
}

impl Fault {
    /// Every one of them, by its bit.
    pub const ALL: [Self; 10] = [
        Self::HeartbeatLost,
        Self::WatchdogReset,
        Self::BrownOut,
        Self::SupplyLow,
        Self::Overheated,
        Self::NotReady,
        Self::StaysOn,
        Self::MainsLost,
        Self::LineFault,
        Self::OrderedWhileStopped,
    ];

    /// Its bit in a [`Faults`].
    pub const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// A stable word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HeartbeatLost => "heartbeat_lost",
            Self::WatchdogReset => "watchdog_reset",
            Self::BrownOut => "brown_out",
            Self::SupplyLow => "supply_low",
            Self::Overheated => "overheated",
            Self::NotReady => "not_ready",
            Self::StaysOn => "stays_on",
            Self::MainsLost => "mains_lost",
            Self::LineFault => "line_fault",
            Self::OrderedWhileStopped => "ordered_while_stopped",
        }
    }
}

impl Faults {
    /// From the controller's register. Bits that have no name here are kept: a newer controller knows more.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// As in the controller's register.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Nothing is kept.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is among them.
    pub const fn contains(self, fault: Fault) -> bool {
        self.0 & fault.bit() != 0
    }

    /// Those that have a name, by their bit.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.contains(*fault))
    }
}

/// Which hardware answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is, in the words of its profile.
    pub model: String,
    /// Its program's version, where it says.
    pub firmware: Option<String>,
    /// Why it last started, where it says: `power`, `watchdog`, `brown-out`, `button` or `unknown`.
    pub reset_cause: Option<&'static str>,
}

/// What happened on the line to the hardware, counted since the driver began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCounters {
    /// Exchanges that were begun, repetitions among them.
    pub exchanges: u64,
    /// Exchanges without an answer in time.
    pub no_answer: u64,
    /// Frames whose check sum was wrong, and bytes that were no frame.
    pub garbled: u64,
    /// Answers that refused (Modbus exceptions).
    pub refused: u64,
    /// Answers that were not to what was asked.
    pub foreign: u64,
    /// How often something was asked again.
    pub repeated: u64,
    /// How often the line was closed, drained and opened anew.
    pub reopened: u64,
    /// When the hardware last answered; `None`: never yet.
    pub last_answer: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_bit_and_a_word_of_its_own() {
        let mut bits = 0;
        let mut codes = std::collections::HashSet::new();
        for fault in Fault::ALL {
            assert_eq!(bits & fault.bit(), 0, "{fault:?}");
            bits |= fault.bit();
            assert!(codes.insert(fault.code()));
            assert_eq!(Faults::from_bits(fault.bit()).iter().collect::<Vec<_>>(), [fault]);
        }
        assert!(Faults::from_bits(0).is_empty());
        assert_eq!(Faults::from_bits(0x8001).bits(), 0x8001);
        assert_eq!(Faults::from_bits(0x8001).iter().count(), 1);
    }
}
