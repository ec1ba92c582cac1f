//! Boards of relays that do nothing but switch: the common ones with eight, and any that a technician maps.

use std::{borrow::Cow, time::Duration};

use tokio::time::Instant;
use tokio_modbus::{Request, Response};

use super::line::Line;
use crate::{
    BoardSettings, BridgeError, CustomMap, Identity, LineCounters, Profile, Reading, Signals,
    sequence::{Outputs, Relays, Seen, Wiring},
};

/// What is read as a fence on a board without inputs in use.
pub(super) const FENCES: &[(u8, u16)] = &[(2, 1), (3, 1), (4, 1), (3, 2), (4, 2)];
/// The same where function 2 reads the inputs.
pub(super) const FENCES_WITH_INPUTS: &[(u8, u16)] = &[(3, 1), (4, 1), (3, 2), (4, 2)];

/// A board of relays and what is wired to it.
pub(super) struct RelayBoard {
    line: Line,
    model: &'static str,
    map: CustomMap,
    power: Option<u16>,
    sound: Option<u16>,
    /// The relay of each zone, in the order of their names.
    zones: Vec<u16>,
    /// It answered once.
    met: bool,
}

impl RelayBoard {
    pub(super) fn new(line: Line, settings: &BoardSettings) -> Self {
        let map = match settings.profile {
            Profile::Custom => settings.custom.clone(),
            _ => CustomMap::default(),
        };
        Self {
            line,
            model: settings.profile.name(),
            map,
            power: settings.power_relay,
            sound: settings.sound_relay,
            zones: settings.zones.values().copied().collect(),
            met: false,
        }
    }

    /// One more request, for boards that can do more than switch.
    pub(super) async fn ask(&mut self, asked: &str, request: Request<'static>) -> Result<(), BridgeError> {
        self.line.ask(asked, request).await.map(drop)
    }

    /// The coil of a relay, counted from 1.
    pub(super) fn coil(&self, relay: u16) -> u16 {
        self.map.first_coil.saturating_add(relay.saturating_sub(1))
    }

    /// The relays of these outputs: of power, of the zones, of sound.
    pub(super) fn relays_of(&self, to: Outputs) -> (Vec<u16>, Vec<u16>, Vec<u16>) {
        let zones = self.zones.iter().enumerate().filter(|(bit, _)| to.zones >> bit & 1 == 1);
        (
            self.power.filter(|_| to.power).into_iter().collect(),
            zones.map(|(_, relay)| *relay).collect(),
            self.sound.filter(|_| to.sound).into_iter().collect(),
        )
    }

    /// How the outputs stand now.
    pub(super) async fn outputs_now(&mut self) -> Result<Outputs, BridgeError> {
        let coils = self.coils_now().await?;
        Ok(self.outputs(&coils))
    }

    /// The relays that are closed now and not among `to`: sound first, power last.
    pub(super) async fn closed_beside(&mut self, to: Outputs) -> Result<Vec<u16>, BridgeError> {
        let coils = self.coils_now().await?;
        let (power, zones, sound) = self.relays_of(to);
        let closed = (1..=self.map.relays).zip(&coils).filter(|(_, coil)| **coil != self.map.active_low);
        let beside = closed
            .map(|(relay, _)| relay)
            .filter(|relay| !power.contains(relay) && !zones.contains(relay) && !sound.contains(relay));
        let mut beside: Vec<u16> = beside.collect();
        beside.sort_by_key(|relay| match Some(*relay) {
            relay if relay == self.sound => 0,
            relay if relay == self.power => 2,
            _ => 1,
        });
        Ok(beside)
    }

    /// Opens one relay.
    pub(super) async fn open(&mut self, relay: u16) -> Result<(), BridgeError> {
        let request = Request::WriteSingleCoil(self.coil(relay), self.map.active_low);
        self.ask(&format!("relay {relay} off"), request).await
    }

    async fn coils_now(&mut self) -> Result<Vec<bool>, BridgeError> {
        let request = Request::ReadCoils(self.map.first_coil, self.map.relays);
        match self.line.ask("read", request).await? {
            Response::ReadCoils(coils) => Ok(coils),
            _ => Err(unexpected("read")),
        }
    }

    /// The value of every coil, the first relay's first.
    fn coils(&self, to: Outputs) -> Vec<bool> {
        let closed = |relay: u16| {
            let zone = self.zones.iter().position(|of_zone| *of_zone == relay);
            self.power == Some(relay) && to.power
                || self.sound == Some(relay) && to.sound
                || zone.is_some_and(|bit| to.zones >> bit & 1 == 1)
        };
        (1..=self.map.relays).map(|relay| closed(relay) != self.map.active_low).collect()
    }

    fn outputs(&self, coils: &[bool]) -> Outputs {
        let mut outputs = Outputs::default();
        for (relay, coil) in (1..=self.map.relays).zip(coils) {
            if *coil == self.map.active_low {
                continue;
            }
            match self.zones.iter().position(|of_zone| *of_zone == relay) {
                Some(bit) => outputs.zones |= 1 << bit,
                None if self.power == Some(relay) => outputs.power = true,
                None if self.sound == Some(relay) => outputs.sound = true,
                None => outputs.other = true,
            }
        }
        outputs
    }

    fn inputs(&self) -> impl Iterator<Item = u16> {
        [self.map.ready_input, self.map.stop_input, self.map.mains_input].into_iter().flatten()
    }

    async fn signals(&mut self) -> Result<Signals, BridgeError> {
        let (Some(first), Some(last)) = (self.inputs().min(), self.inputs().max()) else {
            return Ok(Signals::default());
        };
        let count = last.saturating_sub(first).saturating_add(1);
        let Response::ReadDiscreteInputs(values) =
            self.line.ask("read inputs", Request::ReadDiscreteInputs(first, count)).await?
        else {
            return Err(unexpected("read inputs"));
        };
        let at = Instant::now();
        let active_low = self.map.inputs_active_low;
        let reading = |number: Option<u16>| {
            number.map(|number| {
                let value = values.get(usize::from(number.saturating_sub(first)));
                value.map_or(Reading::Unknown, |value| Reading::known(*value != active_low, at))
            })
        };
        Ok(Signals {
            ready: reading(self.map.ready_input),
            stop: reading(self.map.stop_input),
            mains: reading(self.map.mains_input),
            ..Signals::default()
        })
    }
}

impl Relays for RelayBoard {
    fn wiring(&self) -> Wiring {
        Wiring { power: self.power.is_some(), sound: self.sound.is_some(), stops_itself: false }
    }

    async fn switch(&mut self, to: Outputs) -> Result<(), BridgeError> {
        let coils = self.coils(to);
        let asked = format!("switch {}", words(to));
        self.line.ask(&asked, Request::WriteMultipleCoils(self.map.first_coil, Cow::Owned(coils))).await?;
        Ok(())
    }

    async fn cut(&mut self) -> Result<(), BridgeError> {
        let Some(relay) = self.sound else {
            return Ok(());
        };
        let request = Request::WriteSingleCoil(self.coil(relay), self.map.active_low);
        self.ask("mute on", request).await
    }

    async fn read(&mut self) -> Result<Seen, BridgeError> {
        let coils = self.coils_now().await?;
        let at = Instant::now();
        self.met = true;
        let outputs = self.outputs(&coils);
        Ok(Seen { outputs, signals: self.signals().await?, at })
    }

    async fn prepare(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    fn dead_man(&self) -> Option<Duration> {
        None
    }

    fn identity(&self) -> Option<Identity> {
        self.met.then(|| Identity { model: self.model.to_owned(), firmware: None, reset_cause: None })
    }

    fn line(&self) -> LineCounters {
        self.line.counters()
    }
}

/// An order in words, for messages.
pub(super) fn words(to: Outputs) -> &'static str {
    match (to.power, to.zones != 0, to.sound) {
        (false, false, false) => "everything off",
        (_, _, true) => "sound on",
        (_, true, false) => "zones",
        (true, false, false) => "power on",
    }
}

/// The line only passes answers of the form that was asked for.
pub(super) fn unexpected(asked: &str) -> BridgeError {
    BridgeError::NoAnswer { asked: asked.to_owned(), after: Duration::ZERO }
}
