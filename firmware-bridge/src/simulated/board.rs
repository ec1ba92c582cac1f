//! The simulated controller: its relays, its faults, and its memory of what it was told.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{JournalEntry, SimulatedFault, SimulatedSettings, Told, Truth};
use crate::{AmplifierStatus, BridgeError, Reading, Signals};

/// The demo station may run for months: beyond this many lines the oldest are forgotten.
const JOURNAL_LIMIT: usize = 10_000;

pub(super) struct Board {
    power: bool,
    /// When power came on. `None` while it is off.
    powered_at: Option<Instant>,
    muted: bool,
    zones: BTreeMap<String, bool>,
    settle: Duration,
    faults: Vec<SimulatedFault>,
    journal: VecDeque<JournalEntry>,
}

/// What the line does with the answer to an order that has arrived.
pub(super) enum Line {
    Dead,
    AnswersAfter(Duration),
}

impl Board {
    pub(super) fn new(settings: &SimulatedSettings) -> Self {
        let zones = settings.zones.iter().flatten().map(|zone| (zone.clone(), false)).collect();
        Self {
            power: false,
            powered_at: None,
            muted: true,
            zones,
            settle: settings.settle,
            faults: Vec::new(),
            journal: VecDeque::new(),
        }
    }

    /// Every line of the journal is what was *sent*, answered or not.
    pub(super) fn note(&mut self, told: Told, at: Instant) {
        if self.journal.len() == JOURNAL_LIMIT {
            self.journal.pop_front();
        }
        self.journal.push_back(JournalEntry { at, told });
    }

    pub(super) fn line(&self, latency: Duration) -> Line {
        let mut delay = latency;
        for fault in &self.faults {
            match fault {
                SimulatedFault::Silent => return Line::Dead,
                SimulatedFault::Slow(more) => delay += *more,
                _ => {}
            }
        }
        Line::AnswersAfter(delay)
    }

    /// Obeys, refuses, or lies.
    pub(super) fn obey(&mut self, told: &Told, now: Instant) -> Result<(), BridgeError> {
        match told {
            Told::Power(true) => self.power_on(now),
            Told::Power(false) => {
                self.power_off();
                Ok(())
            }
            Told::Mute(false) => self.unmute(now),
            Told::Mute(true) => {
                self.muted = true;
                Ok(())
            }
            Told::Zone { name, on } => self.switch_zone(name, *on),
            Told::Read => Ok(()),
        }
    }

    fn power_on(&mut self, now: Instant) -> Result<(), BridgeError> {
        if let Some(code) = self.faults.iter().find_map(|fault| match fault {
            SimulatedFault::RefusesPower(code) => Some(*code),
            _ => None,
        }) {
            return Err(BridgeError::Refused(code));
        }
        if !self.power {
            self.power = true;
            self.powered_at = Some(now);
        }
        Ok(())
    }

    fn power_off(&mut self) {
        if !self.faults.contains(&SimulatedFault::WeldedPower) {
            self.lose_power();
        }
    }

    fn unmute(&mut self, now: Instant) -> Result<(), BridgeError> {
        let Some(powered_at) = self.powered_at else {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "while its power is off" });
        };
        if now.saturating_duration_since(powered_at) < self.settle {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "before its power had settled" });
        }
        self.muted = false;
        Ok(())
    }

    fn switch_zone(&mut self, name: &str, on: bool) -> Result<(), BridgeError> {
        if self.power && !self.muted && self.zones.get(name).copied().unwrap_or(false) != on {
            return Err(BridgeError::OutOfOrder { order: "a zone", when: "while sound was let through" });
        }
        let lies =
            self.faults.iter().any(|fault| matches!(fault, SimulatedFault::LyingCoil(zone) if zone == name));
        if !lies {
            self.zones.insert(name.to_owned(), on);
        } else {
            self.zones.entry(name.to_owned()).or_insert(false);
        }
        Ok(())
    }

    pub(super) fn read(&self, now: Instant) -> AmplifierStatus {
        AmplifierStatus {
            power: Reading::known(self.power, now),
            muted: Reading::known(self.muted, now),
            zones: self.zones.iter().map(|(name, on)| (name.clone(), Reading::known(*on, now))).collect(),
            signals: Signals::default(),
        }
    }

    pub(super) fn zone_names(&self) -> Vec<String> {
        self.zones.keys().cloned().collect()
    }

    /// What mains failure, a tripped protection or the controller's own watchdog do.
    pub(super) fn lose_power(&mut self) {
        self.power = false;
        self.powered_at = None;
        self.muted = true;
        self.zones.values_mut().for_each(|on| *on = false);
    }

    pub(super) fn inject(&mut self, fault: SimulatedFault) {
        self.faults.push(fault);
    }

    pub(super) fn repair(&mut self) {
        self.faults.clear();
    }

    pub(super) fn journal(&self) -> Vec<JournalEntry> {
        self.journal.iter().cloned().collect()
    }

    pub(super) fn truth(&self) -> Truth {
        let zones_on: Vec<String> =
            self.zones.iter().filter(|(_, on)| **on).map(|(name, _)| name.clone()).collect();
        // Without any zone relay its only line is always connected.
        let connected = !zones_on.is_empty() || self.zones.is_empty();
        Truth {
            power: self.power,
            muted: self.muted,
            audible: self.power && !self.muted && connected,
            zones_on,
        }
    }
}
