//! Which troubles there are just now: each begins once and ends once.

use super::{AmplifierFault, Seen, Sight, Trouble, Wanted};
use jiff::Timestamp;
use loaxa_firmware_bridge::{AmplifierStatus, BridgeError, Fault, Reading};
use std::collections::BTreeMap;

/// What electronics in a cabinet bear, in tenths of a degree Celsius (the industrial range, less a margin).
const TEMPERATURE: std::ops::RangeInclusive<i16> = -200..=700;
/// A controller of five volts works reliably between these, in millivolts.
const SUPPLY: std::ops::RangeInclusive<u16> = 4_500..=5_500;

/// A trouble that began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Began(Trouble, AmplifierFault),
    Ended(Trouble, AmplifierFault),
}

/// The troubles of one amplifier.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    known: BTreeMap<Trouble, AmplifierFault>,
}

impl Supervision {
    /// What holds as long as the station runs.
    pub(crate) fn begin(&mut self, simulated: bool, dead_man: bool, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        self.set(Trouble::Simulated, simulated.then(String::new), now, &mut changes);
        self.set(Trouble::NoDeadMan, (!dead_man && !simulated).then(String::new), now, &mut changes);
        changes
    }

    /// Every trouble there is.
    pub(crate) fn faults(&self) -> Vec<AmplifierFault> {
        self.known.values().cloned().collect()
    }

    /// Takes in what was found.
    pub(crate) fn see(&mut self, seen: &Seen, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        match &seen.sight {
            Sight::Read { status, wanted } => {
                for over in [
                    Trouble::LineLost,
                    Trouble::WrongBoard,
                    Trouble::Refused,
                    Trouble::Mismatch,
                    Trouble::NotWired,
                ] {
                    self.set(over, None, now, &mut changes);
                }
                self.sense(status, wanted, now, &mut changes);
            }
            Sight::Failed(error) => {
                let trouble = of(error);
                if trouble != Trouble::LineLost {
                    self.set(Trouble::LineLost, None, now, &mut changes);
                }
                self.set(trouble, Some(error.to_string()), now, &mut changes);
            }
            Sight::FoundOn { what, status } => {
                self.set(Trouble::LineLost, None, now, &mut changes);
                self.sense(status, &Wanted::Dark, now, &mut changes);
                self.set(Trouble::FoundOn, Some(what.clone()), now, &mut changes);
            }
            Sight::Tested(test) => {
                let failures: Vec<String> =
                    test.failures().map(|(what, error)| format!("{what}: {error}")).collect();
                let found = (!failures.is_empty()).then(|| failures.join("; "));
                self.set(Trouble::SelfTest, found, now, &mut changes);
            }
            Sight::Cleared { .. } => {
                let latched: Vec<Trouble> =
                    self.known.keys().copied().filter(|trouble| trouble.latches()).collect();
                for trouble in latched {
                    self.set(trouble, None, now, &mut changes);
                }
            }
            Sight::Switched { .. } => {}
        }
        changes
    }

    /// What its hardware senses and keeps. What it did not say stays as it was.
    fn sense(
        &mut self,
        status: &AmplifierStatus,
        wanted: &Wanted,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let signals = &status.signals;
        if let Some(Reading::Known { value, .. }) = signals.temperature {
            let said = format!("{:.1} °C", f64::from(value) / 10.0);
            self.set(Trouble::Temperature, (!TEMPERATURE.contains(&value)).then_some(said), now, changes);
        }
        if let Some(Reading::Known { value, .. }) = signals.supply {
            let said = format!("{:.2} V", f64::from(value) / 1000.0);
            self.set(Trouble::Supply, (!SUPPLY.contains(&value)).then_some(said), now, changes);
        }
        let broken = signals.lines.iter().filter(|(_, whole)| whole.value() == Some(false));
        let broken: Vec<&str> = broken.map(|(zone, _)| zone.as_str()).collect();
        for fault in Fault::ALL {
            let kept = signals.faults.map(|kept| kept.value().map(|kept| kept.contains(fault)));
            let sensed = match fault {
                Fault::MainsLost => signals.mains.map(|mains| mains.value().map(|there| !there)),
                Fault::NotReady if wanted.powered() => {
                    signals.ready.map(|ready| ready.value().map(|works| !works))
                }
                Fault::StaysOn if !wanted.powered() => signals.ready.map(Reading::value),
                Fault::LineFault if !signals.lines.is_empty() => Some(Some(!broken.is_empty())),
                _ => None,
            };
            // without an input and without a register there is nothing to say; what is not known changes nothing
            let said: Vec<Option<bool>> = [kept, sensed].into_iter().flatten().collect();
            if said.contains(&Some(true)) {
                let detail = if fault == Fault::LineFault { broken.join(", ") } else { String::new() };
                self.set(Trouble::Hardware(fault), Some(detail), now, changes);
            } else if !said.contains(&None) {
                self.set(Trouble::Hardware(fault), None, now, changes);
            }
        }
    }

    fn set(&mut self, trouble: Trouble, wrong: Option<String>, now: Timestamp, changes: &mut Vec<Change>) {
        match (wrong, self.known.contains_key(&trouble)) {
            (Some(detail), false) => {
                let fault = AmplifierFault::new(trouble, &detail, now);
                self.known.insert(trouble, fault.clone());
                changes.push(Change::Began(trouble, fault));
            }
            (None, true) => {
                if let Some(fault) = self.known.remove(&trouble) {
                    changes.push(Change::Ended(trouble, fault));
                }
            }
            (Some(_), true) | (None, false) => {}
        }
    }
}

fn of(error: &BridgeError) -> Trouble {
    match error {
        BridgeError::Refused(_) | BridgeError::OutOfOrder { .. } | BridgeError::Stopped { .. } => {
            Trouble::Refused
        }
        BridgeError::Mismatch { .. } => Trouble::Mismatch,
        BridgeError::NotConfigured { .. } => Trouble::NotWired,
        BridgeError::WrongBoard { .. } => Trouble::WrongBoard,
        BridgeError::NoAnswer { .. } | BridgeError::Line { .. } => Trouble::LineLost,
    }
}

#[cfg(test)]
mod tests {
    use super::super::About;
    use super::*;
    use loaxa_firmware_bridge::{Faults, SelfTest, SelfTestStep};
    use std::time::Duration;
    use tokio::time::Instant;

    fn status() -> AmplifierStatus {
        let now = Instant::now();
        let mut status = AmplifierStatus::unknown(["a".to_owned()]);
        (status.power, status.muted) = (Reading::known(false, now), Reading::known(true, now));
        status
    }

    fn read(status: AmplifierStatus) -> Sight {
        Sight::Read { status, wanted: Wanted::Dark }
    }

    /// The codes after each sight.
    fn check(sights: Vec<Sight>, expect: &[&[&str]]) {
        let mut supervision = Supervision::default();
        assert_eq!(sights.len(), expect.len());
        let mut begun = 0;
        for (sight, expect) in sights.into_iter().zip(expect) {
            let seen = Seen { at: Instant::now(), sight, about: About::default() };
            for change in supervision.see(&seen, Timestamp::UNIX_EPOCH) {
                begun += if matches!(change, Change::Began(..)) { 1 } else { -1 };
            }
            let codes: Vec<&str> = supervision.faults().iter().map(|fault| fault.code).collect();
            assert_eq!(codes, *expect);
            assert_eq!(begun, codes.len() as i32, "each begins once and ends once");
            // seen again, nothing changes
            assert_eq!(supervision.see(&seen, Timestamp::UNIX_EPOCH), []);
        }
    }

    fn no_answer() -> Sight {
        Sight::Failed(BridgeError::NoAnswer { asked: "read".to_owned(), after: Duration::from_millis(300) })
    }

    #[test]
    fn what_heals_ends_by_itself_and_what_happened_stays_until_it_is_cleared() {
        let mismatch =
            Sight::Failed(BridgeError::Mismatch { what: "zone a".to_owned(), wanted: "on", read: "off" });
        let found = Sight::FoundOn { what: "zone a".to_owned(), status: status() };
        let cleared = Sight::Cleared { by: "Lan".to_owned() };
        check(
            vec![no_answer(), mismatch, read(status()), found, read(status()), cleared],
            &[&["line_lost"], &["mismatch"], &[], &["found_on"], &["found_on"], &[]],
        );
    }

    #[test]
    fn what_the_hardware_keeps_and_senses_is_told_and_what_it_does_not_say_changes_nothing() {
        let now = Instant::now();
        let signals = |kept: u16, mains: Reading| {
            let mut status = status();
            status.signals.faults = Some(Reading::known(Faults::from_bits(kept), now));
            status.signals.mains = Some(mains);
            read(status)
        };
        let kept = Fault::BrownOut.bit();
        check(
            vec![
                signals(kept, Reading::known(false, now)),
                signals(kept, Reading::Unknown),
                signals(0, Reading::known(true, now)),
            ],
            &[&["brown_out", "mains_lost"], &["brown_out", "mains_lost"], &[]],
        );
    }

    #[test]
    fn temperature_and_supply_have_bounds() {
        let with = |temperature: i16, supply: u16| {
            let mut status = status();
            status.signals.temperature = Some(Reading::known(temperature, Instant::now()));
            status.signals.supply = Some(Reading::known(supply, Instant::now()));
            read(status)
        };
        check(
            vec![with(700, 4_500), with(701, 4_499), with(-201, 5_501), with(-200, 5_500)],
            &[&[], &["temperature", "supply"], &["temperature", "supply"], &[]],
        );
    }

    #[test]
    fn a_failed_self_test_stays_until_a_good_one() {
        let test = |error: Option<BridgeError>| {
            Sight::Tested(SelfTest { steps: vec![SelfTestStep { what: "zone a".to_owned(), error }] })
        };
        check(
            vec![test(Some(BridgeError::Refused(2))), read(status()), test(None)],
            &[&["self_test"], &["self_test"], &[]],
        );
    }

    #[test]
    fn what_stands_is_said_from_the_beginning() {
        let mut supervision = Supervision::default();
        supervision.begin(false, false, Timestamp::UNIX_EPOCH);
        assert_eq!(supervision.faults()[0].code, "no_dead_man");
        let mut supervision = Supervision::default();
        supervision.begin(true, true, Timestamp::UNIX_EPOCH);
        assert_eq!(supervision.faults()[0].code, "simulated");
    }
}
