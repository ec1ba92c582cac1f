//! Our own controller; its numbers are those of [`registers`](crate::registers).

use std::{borrow::Cow, time::Duration};

use tokio::time::Instant;
use tokio_modbus::{Request, Response};

use super::{
    line::Line,
    relays::{unexpected, words},
};
use crate::{
    BoardSettings, BridgeError, Faults, Identity, LineCounters, Reading, Sense, Signals,
    registers::{self as map, Bit, Register},
    sequence::{Outputs, Relays, Seen, Wiring},
};

/// What the driver reads otherwise is 14 input registers and 4 holding registers.
pub(super) const FENCES: &[(u8, u16)] = &[(2, 1), (3, 1), (3, 2), (3, 3), (3, 5), (4, 1), (4, 2)];

/// Up to the last register that the driver makes use of.
const READ: u16 = map::SETTLE_REMAINING.address + 1;
/// The settings that are written: the limit of the heartbeat up to what is wired, but for the faults between them.
const SETTINGS: [Register; 3] = [map::HEARTBEAT_LIMIT, map::POWER_SETTLE, map::WIRED];

const WRONG_BOARD: &str = "correct amplifier.profile and amplifier.address; `loaxa doctor` finds the board";

/// The controller, with what it must be told after each of its starts.
pub(super) struct Controller {
    line: Line,
    /// The relay of each zone, in the order of their names.
    zones: Vec<u16>,
    dead_man: Duration,
    power_settle: Duration,
    senses: Vec<Sense>,
    /// Its uptime in seconds and when that was read, once its settings were written and read back. `None`: they have
    /// to be.
    known_since: Option<(u64, Instant)>,
    identity: Option<Identity>,
    beat: u16,
}

impl Controller {
    pub(super) fn new(line: Line, settings: &BoardSettings) -> Self {
        Self {
            line,
            zones: settings.zones.values().copied().collect(),
            dead_man: settings.dead_man.unwrap_or(Duration::from_secs(3)),
            power_settle: settings.power_settle,
            senses: settings.senses.clone(),
            known_since: None,
            identity: None,
            beat: 0,
        }
    }

    fn wired(&self, sense: Sense) -> bool {
        self.senses.contains(&sense)
    }

    /// The values of [`SETTINGS`].
    fn settings(&self) -> [u16; 3] {
        let tenths = u16::try_from(self.dead_man.as_millis() / 100).unwrap_or(map::HEARTBEAT_LIMIT.default);
        let settle = u16::try_from(self.power_settle.as_millis()).unwrap_or(map::POWER_SETTLE.max);
        let wired = Sense::ALL.into_iter().filter(|sense| self.wired(*sense));
        [tenths, settle, wired.fold(0, |bits, sense| bits | mask(sense.bit()))]
    }

    async fn registers(&mut self) -> Result<Vec<u16>, BridgeError> {
        let answer = self.line.ask("read", Request::ReadInputRegisters(0, READ)).await;
        match answer.map_err(|error| self.not_ours(error))? {
            Response::ReadInputRegisters(words) => Ok(words),
            _ => Err(unexpected("read")),
        }
    }

    /// A board that knows no such registers is another one.
    fn not_ours(&self, error: BridgeError) -> BridgeError {
        match error {
            BridgeError::Refused(1 | 2) if self.identity.is_none() => BridgeError::WrongBoard {
                wanted: "our controller".to_owned(),
                found: "a board without its registers".to_owned(),
                remedy: WRONG_BOARD,
            },
            error => error,
        }
    }

    /// Checks that it is ours and of our protocol, and writes its settings if it started anew since.
    async fn meet(&mut self, words: &[u16]) -> Result<(), BridgeError> {
        let now = Instant::now();
        let uptime = u64::from(at(words, map::UPTIME_HIGH)) << 16 | u64::from(at(words, map::UPTIME_LOW));
        if let Some((then, read)) = self.known_since {
            let expected = then.saturating_add(now.saturating_duration_since(read).as_secs());
            // Its clock may be a percent off, and answers take time: two seconds, and more only after hours.
            let tolerance = 2 + expected.saturating_sub(then) / 50;
            if uptime >= then && uptime.saturating_add(tolerance) >= expected {
                self.known_since = Some((uptime, now));
                return Ok(());
            }
            tracing::warn!(uptime, "the amplifier's controller started anew; it is told its settings again");
            self.known_since = None;
        }
        if at(words, map::MODEL) != map::MODEL_ID {
            return Err(BridgeError::WrongBoard {
                wanted: "our controller".to_owned(),
                found: format!("a board of model {:#06x}", at(words, map::MODEL)),
                remedy: WRONG_BOARD,
            });
        }
        if at(words, map::PROTOCOL) != map::PROTOCOL_VERSION {
            return Err(BridgeError::WrongBoard {
                wanted: format!("a controller of protocol {}", map::PROTOCOL_VERSION),
                found: format!("one of protocol {}", at(words, map::PROTOCOL)),
                remedy: "write the program of this release into the controller",
            });
        }
        let [major, minor] = at(words, map::FIRMWARE).to_be_bytes();
        let cause = at(words, map::RESET_CAUSE);
        let cause = map::RESET_CAUSES.iter().find(|known| known.value == cause).map(|known| known.word);
        self.identity = Some(Identity {
            model: "loaxa-controller".to_owned(),
            firmware: Some(format!("{major}.{minor}")),
            reset_cause: Some(cause.unwrap_or("unknown")),
        });
        self.write_settings().await?;
        self.known_since = Some((uptime, now));
        Ok(())
    }

    async fn write_settings(&mut self) -> Result<(), BridgeError> {
        let wanted = self.settings();
        if self.read_settings().await? == wanted {
            return Ok(());
        }
        for (register, value) in SETTINGS.into_iter().zip(wanted) {
            let asked = format!("write {}", register.name);
            self.line.ask(&asked, Request::WriteSingleRegister(register.address, value)).await?;
        }
        let read = self.read_settings().await?;
        match SETTINGS.into_iter().zip(wanted).zip(read).find(|((_, wanted), read)| wanted != read) {
            None => Ok(()),
            Some(((register, wanted), read)) => Err(BridgeError::WrongBoard {
                wanted: format!("{} = {wanted}", register.name),
                found: format!("{} = {read}", register.name),
                remedy: "switch the controller off and on; if it stays, replace it",
            }),
        }
    }

    async fn read_settings(&mut self) -> Result<[u16; 3], BridgeError> {
        let first = map::HEARTBEAT_LIMIT.address;
        let count = map::WIRED.address - first + 1;
        match self.line.ask("read settings", Request::ReadHoldingRegisters(first, count)).await? {
            Response::ReadHoldingRegisters(words) => Ok(SETTINGS.map(|register| {
                words.get(usize::from(register.address - first)).copied().unwrap_or_default()
            })),
            _ => Err(unexpected("read settings")),
        }
    }

    fn outputs(&self, coils: u16) -> Outputs {
        let mut outputs = Outputs {
            power: coils & mask(map::POWER) != 0,
            sound: coils & mask(map::SOUND) != 0,
            ..Outputs::default()
        };
        for relay in 1..=map::ZONE_RELAYS {
            if coils >> (relay - 1) & 1 == 0 {
                continue;
            }
            match self.zones.iter().position(|of_zone| *of_zone == relay) {
                Some(bit) => outputs.zones |= 1 << bit,
                None => outputs.other = true,
            }
        }
        outputs
    }

    fn signals(&self, words: &[u16], now: Instant) -> Signals {
        let inputs = at(words, map::INPUTS);
        let bit = |bit: Bit| Reading::known(inputs & mask(bit) != 0, now);
        let stop = inputs & (mask(map::STOP_LATCHED) | mask(map::STOP_PRESSED)) != 0;
        let temperature = at(words, map::TEMPERATURE);
        Signals {
            stop: Some(Reading::known(stop, now)),
            mains: self.wired(Sense::Mains).then(|| bit(map::MAINS)),
            ready: self.wired(Sense::Ready).then(|| bit(map::AMPLIFIER_READY)),
            temperature: self.wired(Sense::Temperature).then(|| {
                if temperature == map::TEMPERATURE_UNKNOWN {
                    Reading::Unknown
                } else {
                    Reading::known(temperature.cast_signed(), now)
                }
            }),
            supply: self.wired(Sense::Supply).then(|| Reading::known(at(words, map::SUPPLY), now)),
            // one check for whatever is connected: it speaks for no zone by name; its fault does
            lines: Vec::new(),
            faults: Some(Reading::known(Faults::from_bits(at(words, map::FAULTS)), now)),
        }
    }

    fn coils(&self, to: Outputs) -> Vec<bool> {
        let zone = |relay: u16| {
            let bit = self.zones.iter().position(|of_zone| *of_zone == relay);
            bit.is_some_and(|bit| to.zones >> bit & 1 == 1)
        };
        (1..=map::ZONE_RELAYS).map(zone).chain([to.power, to.sound]).collect()
    }

    async fn order(&mut self, asked: &str, request: Request<'static>) -> Result<(), BridgeError> {
        match self.line.ask(asked, request).await {
            Ok(_) => Ok(()),
            Err(BridgeError::Refused(code)) if code == map::STOPPED.code => {
                Err(BridgeError::Stopped { order: asked.to_owned() })
            }
            Err(BridgeError::Refused(code)) if code == map::OUT_OF_ORDER.code => {
                Err(BridgeError::OutOfOrder {
                    order: "a relay",
                    when: "in a state that the controller refuses",
                })
            }
            Err(error) => Err(error),
        }
    }
}

impl Relays for Controller {
    fn wiring(&self) -> Wiring {
        Wiring { power: true, sound: true, stops_itself: true }
    }

    async fn switch(&mut self, to: Outputs) -> Result<(), BridgeError> {
        let coils = Request::WriteMultipleCoils(map::ZONE_1.address, Cow::Owned(self.coils(to)));
        self.order(&format!("switch {}", words(to)), coils).await
    }

    async fn cut(&mut self) -> Result<(), BridgeError> {
        self.order("mute on", Request::WriteSingleCoil(map::SOUND.address, false)).await
    }

    async fn read(&mut self) -> Result<Seen, BridgeError> {
        let words = self.registers().await?;
        self.meet(&words).await?;
        let now = Instant::now();
        let outputs = self.outputs(at(&words, map::OUTPUTS));
        Ok(Seen { outputs, signals: self.signals(&words, now), at: now })
    }

    async fn prepare(&mut self) -> Result<(), BridgeError> {
        // A start that the uptime does not show: it was up for no longer before than after.
        self.write_settings().await
    }

    async fn settled(&mut self) -> Result<bool, BridgeError> {
        let words = self.registers().await?;
        Ok(at(&words, map::INPUTS) & mask(map::POWER_SETTLED) != 0)
    }

    async fn renew(&mut self) -> Result<(), BridgeError> {
        self.beat = self.beat.wrapping_add(1);
        self.order("hold", Request::WriteSingleRegister(map::HEARTBEAT.address, self.beat)).await
    }

    async fn clear(&mut self) -> Result<(), BridgeError> {
        self.order("clear faults", Request::WriteSingleRegister(map::FAULTS_CLEAR.address, u16::MAX)).await
    }

    fn dead_man(&self) -> Option<Duration> {
        Some(self.dead_man)
    }

    fn identity(&self) -> Option<Identity> {
        self.identity.clone()
    }

    fn line(&self) -> LineCounters {
        self.line.counters()
    }
}

fn at(words: &[u16], register: Register) -> u16 {
    words.get(usize::from(register.address)).copied().unwrap_or_default()
}

const fn mask(bit: Bit) -> u16 {
    1 << bit.address
}
