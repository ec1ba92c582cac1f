//! The keys of `[amplifier]` as they are written.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{
    AmplifierSettings, BoardSettings, CustomMap, GpioSettings, Parity, Profile, RtuSettings, Sense,
    TcpSettings,
};
use crate::SimulatedSettings;

const DRIVERS: &str = "\"none\", \"simulated\", \"modbus-rtu\", \"modbus-tcp\" or \"gpio\"";

/// The keys of every driver. Which of them go together is told by `driver`; one that does not belong is refused by
/// its name, which is kinder than what a tagged enumeration would say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Form {
    driver: Option<String>,
    zones: Option<Zones>,
    // simulated
    settle_ms: Option<u64>,
    latency_ms: Option<u64>,
    // Modbus
    port: Option<String>,
    baud: Option<u32>,
    parity: Option<Parity>,
    stop_bits: Option<u8>,
    host: Option<String>,
    profile: Option<Profile>,
    address: Option<u8>,
    power_relay: Option<u16>,
    sound_relay: Option<u16>,
    senses: Option<Vec<Sense>>,
    custom: Option<CustomMap>,
    // several
    answer_limit_ms: Option<u64>,
    power_settle_ms: Option<u64>,
    relay_settle_ms: Option<u64>,
    unmute_settle_ms: Option<u64>,
    dead_man_ms: Option<u64>,
    flash_renews: Option<bool>,
    // GPIO
    chip: Option<String>,
    active_low: Option<bool>,
    inputs_active_low: Option<bool>,
    power_line: Option<u32>,
    sound_line: Option<u32>,
    sense_line: Option<u32>,
    stop_line: Option<u32>,
    watchdog_line: Option<u32>,
}

/// Names alone for the simulated amplifier, names with their relay or pin for real ones.
#[derive(Deserialize)]
#[serde(untagged, expecting = "zones must read { \"thon-1\" = 1, \"thon-2\" = 2 }")]
enum Zones {
    Names(Vec<String>),
    Wired(BTreeMap<String, u32>),
}

impl TryFrom<Form> for AmplifierSettings {
    type Error = String;

    fn try_from(mut form: Form) -> Result<Self, String> {
        let driver = form.driver.take().unwrap_or_else(|| "none".to_owned());
        let settings = match driver.as_str() {
            "none" => {
                // was always accepted beside it
                form.settle_ms = None;
                Self::None
            }
            "simulated" => Self::Simulated(form.simulated()?),
            "modbus-rtu" => Self::ModbusRtu(form.rtu()?),
            "modbus-tcp" => Self::ModbusTcp(form.tcp()?),
            "gpio" => Self::Gpio(form.gpio()?),
            other => return Err(format!("amplifier.driver = {other:?} is not known; write {DRIVERS}")),
        };
        match form.left_over() {
            Some(key) => Err(format!("amplifier.{key} does not belong to driver = {driver:?}; take it out")),
            None => Ok(settings),
        }
    }
}

impl Form {
    fn simulated(&mut self) -> Result<SimulatedSettings, String> {
        let usual = SimulatedSettings::default();
        let zones = match self.zones.take() {
            None => usual.zones,
            Some(Zones::Names(names)) => Some(names),
            Some(Zones::Wired(wired)) => Some(wired.into_keys().collect()),
        };
        Ok(SimulatedSettings {
            settle: ms(self.settle_ms.take(), usual.settle),
            relay_settle: ms(self.relay_settle_ms.take(), usual.relay_settle),
            latency: ms(self.latency_ms.take(), usual.latency),
            answer_limit: ms(self.answer_limit_ms.take(), usual.answer_limit),
            zones,
            dead_man: self.dead_man_ms.take().map_or(usual.dead_man, |ms| Some(Duration::from_millis(ms))),
        })
    }

    fn rtu(&mut self) -> Result<RtuSettings, String> {
        let port = self.port.take().ok_or("amplifier.port is missing; write port = \"/dev/ttyUSB0\"")?;
        let board = self.board()?;
        Ok(RtuSettings {
            port,
            baud: self.baud.take().unwrap_or(board.profile.usual_baud()),
            parity: self.parity.take().unwrap_or_default(),
            stop_bits: self.stop_bits.take().unwrap_or(1),
            board,
        })
    }

    fn tcp(&mut self) -> Result<TcpSettings, String> {
        let host = self.host.take().ok_or("amplifier.host is missing; write host = \"192.168.1.7:502\"")?;
        Ok(TcpSettings { host, board: self.board()? })
    }

    fn board(&mut self) -> Result<BoardSettings, String> {
        let profile = self.profile.take().ok_or(
            "amplifier.profile is missing; write profile = \"loaxa-controller\", \"relay-8\", \"waveshare-8\" or \
             \"custom\"",
        )?;
        let custom = match profile {
            Profile::Custom => self.custom.take().unwrap_or_default(),
            _ => CustomMap::default(),
        };
        let flashes = profile == Profile::Waveshare8 || custom.flash_on.is_some();
        let dead_man = match profile {
            Profile::LoaxaController => Some(ms(self.dead_man_ms.take(), Duration::from_secs(3))),
            _ if flashes => self.dead_man_ms.take().map(Duration::from_millis),
            // stays where it is and is refused: these boards have none
            _ => None,
        };
        let flash_renews = flashes && self.flash_renews.take().unwrap_or_default();
        let senses = match profile {
            Profile::LoaxaController => self.senses.take().unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(BoardSettings {
            profile,
            address: self.address.take().unwrap_or(1),
            zones: self.wired_zones()?,
            power_relay: self.power_relay.take(),
            sound_relay: self.sound_relay.take(),
            power_settle: ms(self.power_settle_ms.take(), Duration::from_millis(800)),
            relay_settle: ms(self.relay_settle_ms.take(), Duration::from_millis(20)),
            unmute_settle: ms(self.unmute_settle_ms.take(), Duration::from_millis(50)),
            answer_limit: ms(self.answer_limit_ms.take(), Duration::from_millis(300)),
            dead_man,
            flash_renews,
            senses,
            custom,
        })
    }

    fn gpio(&mut self) -> Result<GpioSettings, String> {
        let dead_man = match self.watchdog_line {
            Some(_) => self.dead_man_ms.take().map(Duration::from_millis),
            None => None,
        };
        Ok(GpioSettings {
            chip: self.chip.take().ok_or("amplifier.chip is missing; write chip = \"/dev/gpiochip0\"")?,
            active_low: self.active_low.take().unwrap_or(true),
            zones: self.wired_zones()?,
            power_line: self.power_line.take(),
            sound_line: self.sound_line.take(),
            sense_line: self.sense_line.take(),
            stop_line: self.stop_line.take(),
            inputs_active_low: self.inputs_active_low.take().unwrap_or(false),
            watchdog_line: self.watchdog_line.take(),
            power_settle: ms(self.power_settle_ms.take(), Duration::from_millis(800)),
            relay_settle: ms(self.relay_settle_ms.take(), Duration::from_millis(20)),
            unmute_settle: ms(self.unmute_settle_ms.take(), Duration::from_millis(50)),
            dead_man,
        })
    }

    fn wired_zones<N: TryFrom<u32>>(&mut self) -> Result<BTreeMap<String, N>, String> {
        let wired = match self.zones.take() {
            None => BTreeMap::new(),
            Some(Zones::Wired(wired)) => wired,
            Some(Zones::Names(_)) => {
                return Err(
                    "amplifier.zones needs the relay of each zone; write zones = { \"thon-1\" = 1 }".into()
                );
            }
        };
        let fits = |(name, number)| match N::try_from(number) {
            Ok(fitting) => Ok((name, fitting)),
            Err(_) => Err(format!("amplifier.zones: {name:?} has no relay {number}; count from 1")),
        };
        wired.into_iter().map(fits).collect()
    }

    /// A key that was written and that nobody took.
    fn left_over(&self) -> Option<&'static str> {
        let keys = [
            ("zones", self.zones.is_some()),
            ("settle_ms", self.settle_ms.is_some()),
            ("latency_ms", self.latency_ms.is_some()),
            ("port", self.port.is_some()),
            ("baud", self.baud.is_some()),
            ("parity", self.parity.is_some()),
            ("stop_bits", self.stop_bits.is_some()),
            ("host", self.host.is_some()),
            ("profile", self.profile.is_some()),
            ("address", self.address.is_some()),
            ("power_relay", self.power_relay.is_some()),
            ("sound_relay", self.sound_relay.is_some()),
            ("senses (they are for profile = \"loaxa-controller\")", self.senses.is_some()),
            ("custom", self.custom.is_some()),
            ("answer_limit_ms", self.answer_limit_ms.is_some()),
            ("power_settle_ms", self.power_settle_ms.is_some()),
            ("relay_settle_ms", self.relay_settle_ms.is_some()),
            ("unmute_settle_ms", self.unmute_settle_ms.is_some()),
            ("dead_man_ms (this board has no dead man)", self.dead_man_ms.is_some()),
            ("flash_renews (this board has no flash-on)", self.flash_renews.is_some()),
            ("chip", self.chip.is_some()),
            ("active_low", self.active_low.is_some()),
            ("inputs_active_low", self.inputs_active_low.is_some()),
            ("power_line", self.power_line.is_some()),
            ("sound_line", self.sound_line.is_some()),
            ("sense_line", self.sense_line.is_some()),
            ("stop_line", self.stop_line.is_some()),
            ("watchdog_line", self.watchdog_line.is_some()),
        ];
        keys.into_iter().find(|(_, written)| *written).map(|(key, _)| key)
    }
}

fn ms(written: Option<u64>, usual: Duration) -> Duration {
    written.map_or(usual, Duration::from_millis)
}
