//! What the simulated controller senses and remembers beside its relays.

use tokio::time::Instant;

use super::SimulatedFault;
use crate::{Fault, Faults, Reading, Signals};

/// Above this the controller keeps [`Fault::Overheated`], in tenths of a degree Celsius.
const HOT: i16 = 750;
/// Below this it keeps [`Fault::SupplyLow`], in millivolts.
const WEAK: u16 = 4_500;

/// Contacts, voltages, and the faults that are kept until somebody has seen them.
pub(super) struct Senses {
    /// The button at the station: it latches, and only the station releases it.
    pub(super) stop: bool,
    pub(super) mains: bool,
    pub(super) temperature: i16,
    pub(super) supply: u16,
    pub(super) reset_cause: &'static str,
    kept: u16,
}

impl Default for Senses {
    fn default() -> Self {
        Self { stop: false, mains: true, temperature: 350, supply: 5_000, reset_cause: "power", kept: 0 }
    }
}

impl Senses {
    pub(super) fn keep(&mut self, fault: Fault) {
        self.kept |= fault.bit();
    }

    pub(super) fn clear(&mut self) {
        self.kept = 0;
    }

    /// The amplifier's own contact: it follows its power, unless it is the contact or the amplifier that is broken.
    fn ready(&self, power: bool, wrong: &[SimulatedFault]) -> bool {
        if wrong.contains(&SimulatedFault::StaysOn) {
            return true;
        }
        power && self.mains && !wrong.contains(&SimulatedFault::NotReady)
    }

    /// Keeps what is wrong now. A contact is judged only when the amplifier had its settling time.
    pub(super) fn notice(&mut self, power: bool, settled: bool, wrong: &[SimulatedFault]) {
        let ready = self.ready(power, wrong);
        for (fault, is) in [
            (Fault::MainsLost, !self.mains),
            (Fault::Overheated, self.temperature > HOT),
            (Fault::SupplyLow, self.supply < WEAK),
            (Fault::NotReady, settled && !ready),
            (Fault::StaysOn, !power && ready),
        ] {
            if is {
                self.keep(fault);
            }
        }
    }

    pub(super) fn read(&self, power: bool, wrong: &[SimulatedFault], now: Instant) -> Signals {
        Signals {
            stop: Some(Reading::known(self.stop, now)),
            mains: Some(Reading::known(self.mains, now)),
            ready: Some(Reading::known(self.ready(power, wrong), now)),
            temperature: Some(Reading::known(self.temperature, now)),
            supply: Some(Reading::known(self.supply, now)),
            lines: Vec::new(),
            faults: Some(Reading::known(Faults::from_bits(self.kept), now)),
        }
    }
}
