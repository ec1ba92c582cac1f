//! Relays at the pins of this very computer.

mod chip;

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    Amplifier, BridgeError, GpioSettings, Identity, LineCounters, Reading, Signals,
    sequence::{Outputs, Relays, Seen, Sequenced, Settling, Wiring},
};
use chip::KernelChip;

/// The driver of relays at a chip's pins.
pub(crate) fn driver(settings: &GpioSettings) -> Box<dyn Amplifier> {
    let zones = settings.zones.keys().cloned().collect();
    let settling = Settling {
        power: settings.power_settle,
        relay: settings.relay_settle,
        unmute: settings.unmute_settle,
    };
    Box::new(Sequenced::new(Pins::new(KernelChip::new(settings), settings), zones, settling))
}

/// A chip with lines. `true` is active, whatever the level.
pub(crate) trait Chip: Send {
    /// Takes the lines if it does not have them: every output inactive.
    fn open(&mut self) -> Result<(), String>;
    /// Lets the lines go; the next [`open`](Self::open) takes them anew.
    fn close(&mut self);
    /// Sets outputs.
    fn set(&mut self, lines: &[(u32, bool)]) -> Result<(), String>;
    /// Reads lines, outputs too: what their pins say.
    fn get(&mut self, lines: &[u32]) -> Result<Vec<bool>, String>;
}

/// The lines and what is wired to them.
struct Pins<C> {
    chip: C,
    settings: GpioSettings,
    /// What the watchdog's line was last set to.
    beat: bool,
    counters: LineCounters,
}

impl<C: Chip> Pins<C> {
    fn new(chip: C, settings: &GpioSettings) -> Self {
        Self { chip, settings: settings.clone(), beat: false, counters: LineCounters::default() }
    }

    fn lines(&self, to: Outputs) -> Vec<(u32, bool)> {
        let zones = self.settings.zones.values().enumerate();
        let zones = zones.map(|(bit, line)| (*line, to.zones >> bit & 1 == 1));
        let power = self.settings.power_line.map(|line| (line, to.power));
        let sound = self.settings.sound_line.map(|line| (line, to.sound));
        zones.chain(power).chain(sound).collect()
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut C) -> Result<T, String>) -> Result<T, BridgeError> {
        self.counters.exchanges = self.counters.exchanges.saturating_add(1);
        let done = self.chip.open().and_then(|()| work(&mut self.chip));
        match done {
            Ok(value) => {
                self.counters.last_answer = Some(Instant::now());
                Ok(value)
            }
            Err(problem) => {
                self.chip.close();
                self.counters.reopened = self.counters.reopened.saturating_add(1);
                Err(BridgeError::Line {
                    line: self.settings.chip.clone(),
                    problem,
                    remedy: "check amplifier.chip and the lines (`gpioinfo` lists them and who uses them)",
                })
            }
        }
    }

    fn see(&mut self) -> Result<Seen, BridgeError> {
        let outputs: Vec<_> = self.lines(Outputs::default()).into_iter().map(|(line, _)| line).collect();
        let inputs: Vec<_> =
            [self.settings.sense_line, self.settings.stop_line].into_iter().flatten().collect();
        let all: Vec<_> = outputs.iter().chain(&inputs).copied().collect();
        let values = self.with(|chip| chip.get(&all))?;
        let at = Instant::now();
        let value =
            |line: u32| all.iter().position(|known| *known == line).and_then(|place| values.get(place));
        let on = |line: Option<u32>| line.and_then(value) == Some(&true);
        let reading = |line: Option<u32>| {
            line.map(|line| value(line).map_or(Reading::Unknown, |value| Reading::known(*value, at)))
        };
        let zones = self.settings.zones.values().enumerate();
        let zones = zones.fold(0, |bits, (bit, line)| bits | u32::from(on(Some(*line))) << bit);
        Ok(Seen {
            outputs: Outputs {
                power: on(self.settings.power_line),
                sound: on(self.settings.sound_line),
                zones,
                other: false,
            },
            signals: Signals {
                ready: reading(self.settings.sense_line),
                stop: reading(self.settings.stop_line),
                ..Signals::default()
            },
            at,
        })
    }
}

impl<C: Chip> Relays for Pins<C> {
    fn wiring(&self) -> Wiring {
        let GpioSettings { power_line, sound_line, .. } = &self.settings;
        Wiring { power: power_line.is_some(), sound: sound_line.is_some(), stops_itself: false }
    }

    async fn switch(&mut self, to: Outputs) -> Result<(), BridgeError> {
        let lines = self.lines(to);
        self.with(|chip| chip.set(&lines))?;
        self.renew().await
    }

    async fn cut(&mut self) -> Result<(), BridgeError> {
        let sound: Vec<_> = self.settings.sound_line.map(|line| (line, false)).into_iter().collect();
        self.with(|chip| chip.set(&sound))
    }

    async fn read(&mut self) -> Result<Seen, BridgeError> {
        self.see()
    }

    async fn prepare(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), BridgeError> {
        let Some(line) = self.settings.watchdog_line else {
            return Ok(());
        };
        self.beat = !self.beat;
        let beat = self.beat;
        self.with(|chip| chip.set(&[(line, beat)]))
    }

    async fn clear(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    fn dead_man(&self) -> Option<Duration> {
        self.settings.dead_man
    }

    fn identity(&self) -> Option<Identity> {
        self.counters.last_answer.map(|_| Identity {
            model: format!("gpio {}", self.settings.chip),
            firmware: None,
            reset_cause: None,
        })
    }

    fn line(&self) -> LineCounters {
        self.counters
    }
}

#[cfg(test)]
mod tests;
