//! The simulated controller: its relays, its faults, and its memory of what it was told.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{JournalEntry, SimulatedFault, SimulatedSettings, Told, Truth, senses::Senses};
use crate::{AmplifierStatus, BridgeError, Fault, Reading};

/// The demo station may run for months: beyond this many lines the oldest are forgotten.
const JOURNAL_LIMIT: usize = 10_000;

pub(super) struct Board {
    power: bool,
    /// When power came on. `None` while it is off.
    powered_at: Option<Instant>,
    muted: bool,
    zones: BTreeMap<String, Relay>,
    settle: Duration,
    /// It drops everything after so long without an order.
    dead_man: Option<Duration>,
    /// The last order; `None` once its silence had its effect.
    ordered_at: Option<Instant>,
    faults: Vec<SimulatedFault>,
    /// State of the noise on the line.
    noise: u64,
    /// When an answer arrives that nobody waits for any more.
    straggler: Option<Instant>,
    pub(super) senses: Senses,
    journal: VecDeque<JournalEntry>,
}

/// One zone's relay.
#[derive(Clone, Copy, Default)]
struct Relay {
    on: bool,
    /// When it was last told; `None` once it changed its mind about that.
    told: Option<Instant>,
}

/// What the line does with the answer to an order.
#[derive(Clone, Copy)]
pub(super) enum Line {
    /// The order never arrives.
    Dead,
    /// It arrives, and its answer comes so much later, whole or garbled.
    Answers { after: Duration, garbled: bool },
}

impl Board {
    pub(super) fn new(settings: &SimulatedSettings) -> Self {
        let zones = settings.zones.iter().flatten().map(|zone| (zone.clone(), Relay::default())).collect();
        Self {
            power: false,
            powered_at: None,
            muted: true,
            zones,
            settle: settings.settle,
            dead_man: settings.dead_man,
            ordered_at: None,
            faults: Vec::new(),
            noise: 0,
            straggler: None,
            senses: Senses::default(),
            journal: VecDeque::new(),
        }
    }

    /// Lets happen what time brings: the dead man, relays that change their mind, faults that are noticed.
    pub(super) fn pass(&mut self, now: Instant) {
        if let (Some(limit), Some(ordered)) = (self.dead_man, self.ordered_at)
            && now.saturating_duration_since(ordered) >= limit
        {
            self.ordered_at = None;
            if self.anything_on() {
                self.drop_everything();
                self.senses.keep(Fault::HeartbeatLost);
            }
        }
        for fault in &self.faults {
            if let SimulatedFault::FickleCoil { zone, after } = fault
                && let Some(relay) = self.zones.get_mut(zone)
                && relay.told.is_some_and(|told| now.saturating_duration_since(told) >= *after)
            {
                *relay = Relay { on: !relay.on, told: None };
            }
        }
        let settled = self.settled(now);
        self.senses.notice(self.power, settled, &self.faults);
    }

    fn settled(&self, now: Instant) -> bool {
        self.powered_at.is_some_and(|at| now.saturating_duration_since(at) >= self.settle)
    }

    fn anything_on(&self) -> bool {
        self.power || !self.muted || self.zones.values().any(|relay| relay.on)
    }

    /// Every line of the journal is what was *sent*, answered or not.
    pub(super) fn note(&mut self, told: Told, at: Instant) {
        if self.journal.len() == JOURNAL_LIMIT {
            self.journal.pop_front();
        }
        self.journal.push_back(JournalEntry { at, told });
    }

    pub(super) fn line(&mut self, latency: Duration) -> Line {
        let (mut after, mut garbled) = (latency, false);
        let mut late = None;
        for (index, fault) in self.faults.iter().enumerate() {
            match fault {
                SimulatedFault::Silent => return Line::Dead,
                SimulatedFault::Slow(more) => after += *more,
                SimulatedFault::LateReply(more) => {
                    after += *more;
                    late = Some(index);
                }
                SimulatedFault::Noise { per_cent, .. } => {
                    // xorshift64*: small, and the same on every machine
                    self.noise ^= self.noise >> 12;
                    self.noise ^= self.noise << 25;
                    self.noise ^= self.noise >> 27;
                    let drawn = self.noise.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
                    garbled |= drawn % 100 < u64::from(*per_cent);
                }
                _ => {}
            }
        }
        if let Some(index) = late {
            self.faults.remove(index);
        }
        Line::Answers { after, garbled }
    }

    /// An answer that comes at `at` will find nobody waiting for it.
    pub(super) fn leave_behind(&mut self, at: Instant) {
        self.straggler = Some(at);
    }

    /// Whether an answer to something asked before arrives until `until`.
    pub(super) fn takes_straggler(&mut self, until: Instant) -> bool {
        self.straggler.take_if(|at| *at <= until).is_some()
    }

    /// Obeys, refuses, or lies.
    pub(super) fn obey(&mut self, told: &Told, now: Instant) -> Result<(), BridgeError> {
        self.pass(now);
        if !matches!(told, Told::Read) {
            self.ordered_at = Some(now);
        }
        let switches_on = matches!(told, Told::Power(true) | Told::Mute(false) | Told::Zone { on: true, .. });
        if switches_on && self.senses.stop {
            self.senses.keep(Fault::OrderedWhileStopped);
            return Err(BridgeError::Stopped { order: told.to_string() });
        }
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
            Told::Zone { name, on } => self.switch_zone(name, *on, now),
            Told::Clear => {
                self.senses.clear();
                Ok(())
            }
            Told::Hold | Told::Read => Ok(()),
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
        if self.powered_at.is_none() {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "while its power is off" });
        }
        if !self.settled(now) {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "before its power had settled" });
        }
        self.muted = false;
        Ok(())
    }

    fn switch_zone(&mut self, name: &str, on: bool, now: Instant) -> Result<(), BridgeError> {
        let is_on = self.zones.get(name).is_some_and(|relay| relay.on);
        if self.power && !self.muted && is_on != on {
            return Err(BridgeError::OutOfOrder { order: "a zone", when: "while sound was let through" });
        }
        let lies = self.has(|fault| matches!(fault, SimulatedFault::LyingCoil(zone) if zone == name));
        let welded = !on && self.welded(name);
        let relay = self.zones.entry(name.to_owned()).or_default();
        if !lies && !welded {
            *relay = Relay { on, told: Some(now) };
        }
        Ok(())
    }

    fn has(&self, wanted: impl Fn(&SimulatedFault) -> bool) -> bool {
        self.faults.iter().any(wanted)
    }

    fn welded(&self, name: &str) -> bool {
        self.has(|fault| matches!(fault, SimulatedFault::WeldedZone(zone) if zone == name))
    }

    pub(super) fn read(&self, now: Instant) -> AmplifierStatus {
        AmplifierStatus {
            power: Reading::known(self.power, now),
            muted: Reading::known(self.muted, now),
            zones: self
                .zones
                .iter()
                .map(|(name, relay)| (name.clone(), Reading::known(relay.on, now)))
                .collect(),
            signals: self.senses.read(self.power, &self.faults, now),
        }
    }

    pub(super) fn zone_names(&self) -> Vec<String> {
        self.zones.keys().cloned().collect()
    }

    /// What a tripped protection or a controller without supply does: relays fall, but for those that are welded.
    pub(super) fn lose_power(&mut self) {
        self.power = false;
        self.powered_at = None;
        self.muted = true;
        let welded: Vec<String> = self.zones.keys().filter(|name| self.welded(name)).cloned().collect();
        for (name, relay) in &mut self.zones {
            relay.on &= welded.contains(name);
            relay.told = None;
        }
    }

    /// What the controller does by itself: silence first, then everything off.
    pub(super) fn drop_everything(&mut self) {
        self.muted = true;
        let power = (self.power, self.powered_at);
        let welded = self.faults.contains(&SimulatedFault::WeldedPower);
        self.lose_power();
        if welded {
            (self.power, self.powered_at) = power;
        }
    }

    pub(super) fn inject(&mut self, fault: SimulatedFault) {
        match &fault {
            SimulatedFault::Noise { seed, .. } => self.noise = seed.wrapping_mul(2).wrapping_add(1),
            // it welds closed
            SimulatedFault::WeldedZone(zone) => {
                let relay = self.zones.entry(zone.clone()).or_default();
                *relay = Relay { on: true, told: None };
            }
            _ => {}
        }
        self.faults.push(fault);
    }

    pub(super) fn repair(&mut self) {
        self.faults.clear();
        self.straggler = None;
    }

    pub(super) fn journal(&self) -> Vec<JournalEntry> {
        self.journal.iter().cloned().collect()
    }

    pub(super) fn truth(&self) -> Truth {
        let zones_on: Vec<String> =
            self.zones.iter().filter(|(_, relay)| relay.on).map(|(name, _)| name.clone()).collect();
        // Without any zone relay its only line is always connected.
        let connected = !zones_on.is_empty() || self.zones.is_empty();
        Truth {
            power: self.power,
            muted: self.muted,
            audible: self.power && self.senses.mains && !self.muted && connected,
            zones_on,
        }
    }
}
