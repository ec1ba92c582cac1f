//! What a station writes about its amplifier, `[amplifier]`, and how that becomes a driver.

mod check;
mod form;

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use crate::{Amplifier, BridgeError, SimulatedAmplifier, SimulatedSettings, gpio, modbus, registers};

/// `[amplifier]` of the configuration. Unknown keys are refused; times in milliseconds end in `_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "form::Form")]
pub enum AmplifierSettings {
    /// `driver = "none"`: no controlled amplifier; airings stay unconfirmed.
    #[default]
    None,
    /// `driver = "simulated"`: one in memory, for the demo and for tests.
    Simulated(SimulatedSettings),
    /// `driver = "modbus-rtu"`: a relay board or our own controller at a serial port.
    ModbusRtu(RtuSettings),
    /// `driver = "modbus-tcp"`: the same behind a network socket.
    ModbusTcp(TcpSettings),
    /// `driver = "gpio"`: relays at the pins of this very computer.
    Gpio(GpioSettings),
}

/// A serial line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtuSettings {
    /// The serial port, for instance `/dev/ttyUSB0`.
    pub port: String,
    /// Bits a second.
    pub baud: u32,
    /// The ninth bit.
    pub parity: Parity,
    /// One or two.
    pub stop_bits: u8,
    /// What is at the other end.
    pub board: BoardSettings,
}

/// A network line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpSettings {
    /// `HOST:PORT`; the port of Modbus is 502.
    pub host: String,
    /// What is at the other end.
    pub board: BoardSettings,
}

/// The ninth bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parity {
    /// None, as on every board that is known to us.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// A board that is spoken to by Modbus, and what is wired to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardSettings {
    /// Which kind of board.
    pub profile: Profile,
    /// Its address on the line, 1-247.
    pub address: u8,
    /// The relay of each zone, counted from 1 as they are printed on the board.
    pub zones: BTreeMap<String, u16>,
    /// The relay that feeds the amplifier. `None`: it is always fed, or the board has an output of its own for it.
    pub power_relay: Option<u16>,
    /// The relay that lets sound through while it is on. `None`: the zones' relays do, or the board has its own.
    pub sound_relay: Option<u16>,
    /// From the moment that power is on until sound may be let through.
    pub power_settle: Duration,
    /// From an order to a relay until its contact stands still.
    pub relay_settle: Duration,
    /// From letting sound through, or cutting it, until that has happened.
    pub unmute_settle: Duration,
    /// How long one answer is waited for.
    pub answer_limit: Duration,
    /// After so long without a word the board is to switch everything off by itself; boards that cannot have none.
    pub dead_man: Option<Duration>,
    /// Somebody has tried on this board that [flash-on](FlashOn) of a relay that is closed keeps it closed without a
    /// break, and counts its time anew.
    pub flash_renews: bool,
    /// Which senses are wired to our own controller; what is not wired raises no fault there.
    pub senses: Vec<Sense>,
    /// Where relays and inputs lie on a board that has no profile of its own.
    pub custom: CustomMap,
}

/// Something that our own controller can sense where it is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sense {
    /// Mains voltage.
    Mains,
    /// The amplifier's own contact.
    Ready,
    /// The loudspeaker line.
    Line,
    /// The temperature.
    Temperature,
    /// The controller's supply.
    Supply,
}

impl Sense {
    /// Every one of them.
    pub(crate) const ALL: [Self; 5] = [Self::Mains, Self::Ready, Self::Line, Self::Temperature, Self::Supply];

    /// Its bit among what is wired.
    pub(crate) const fn bit(self) -> registers::Bit {
        match self {
            Self::Mains => registers::WIRED_MAINS,
            Self::Ready => registers::WIRED_READY,
            Self::Line => registers::WIRED_LINE,
            Self::Temperature => registers::WIRED_TEMPERATURE,
            Self::Supply => registers::WIRED_SUPPLY,
        }
    }
}

/// A kind of board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Our own controller: heartbeat, STOP button, sense inputs.
    LoaxaController,
    /// A common board with eight relays: coils 0-7, 9600 baud.
    #[serde(rename = "relay-8")]
    Relay8,
    /// The boards with eight relays of Waveshare ("Modbus RTU Relay", "Modbus POE ETH Relay"): the same, with
    /// [`FlashOn::Waveshare`].
    #[serde(rename = "waveshare-8")]
    Waveshare8,
    /// Any board of relays; see [`CustomMap`].
    Custom,
}

/// Where relays and inputs lie on a board that has no profile of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomMap {
    /// The coil of relay 1.
    pub first_coil: u16,
    /// How many relays there are.
    pub relays: u16,
    /// A coil that is 0 closes its relay.
    pub active_low: bool,
    /// The discrete input that is on while the amplifier works.
    pub ready_input: Option<u16>,
    /// The discrete input that is on while the STOP button is pressed or latched.
    pub stop_input: Option<u16>,
    /// The discrete input that is on while there is mains voltage.
    pub mains_input: Option<u16>,
    /// An input that is 0 means "on".
    pub inputs_active_low: bool,
    /// How a relay is closed for a time, where the board can do that.
    pub flash_on: Option<FlashOn>,
}

/// How a board is told to close one relay for so many tenths of a second, after which it opens it by itself.
///
/// No maker's document says what becomes of a relay that is closed already: see [`BoardSettings::flash_renews`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlashOn {
    /// Function 5, the number of the coil plus 0x0200, the tenths as its value, at most 0x7FFF: `01 05 02 00 00 07 8D B0`
    /// closes relay 1 for 0.7 s. Source: Waveshare, "Modbus RTU Relay", development protocol V2, section "Flash on/off"
    /// (<https://www.waveshare.com/wiki/Modbus_RTU_Relay>).
    Waveshare,
    /// Function 16, two registers from 3 + 5 × coil: 4 for "on, then off", and the tenths, at most 0xFFFF:
    /// `FF 10 00 03 00 02 04 00 04 00 14 C5 9F` closes relay 1 for 2 s. Sources: LC Technology, command list of the
    /// LC-Modbus-nR boards, "Turn ON CH_1 Relay (2S Flashing Mode)" (<http://www.chinalctech.com>); the DAM boards of Juying
    /// have the same ("flash close": <https://new.juyingele.com/en/service/2060.html>).
    Lc,
}

/// Relays at the pins of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpioSettings {
    /// The chip, for instance `/dev/gpiochip0`.
    pub chip: String,
    /// The relays close at low level, as on most relay boards for such pins.
    pub active_low: bool,
    /// The pin of each zone, by its offset on the chip.
    pub zones: BTreeMap<String, u32>,
    /// The pin of the relay that feeds the amplifier.
    pub power_line: Option<u32>,
    /// The pin of the relay that lets sound through.
    pub sound_line: Option<u32>,
    /// The pin that senses that the amplifier works.
    pub sense_line: Option<u32>,
    /// The pin of the STOP button.
    pub stop_line: Option<u32>,
    /// The sensing pins are at low level when what they sense is so.
    pub inputs_active_low: bool,
    /// The pin that feeds a watchdog outside: it changes at every sign of life.
    pub watchdog_line: Option<u32>,
    /// See [`BoardSettings::power_settle`].
    pub power_settle: Duration,
    /// See [`BoardSettings::relay_settle`].
    pub relay_settle: Duration,
    /// See [`BoardSettings::unmute_settle`].
    pub unmute_settle: Duration,
    /// After so long without a change at `watchdog_line` the circuit outside switches everything off.
    pub dead_man: Option<Duration>,
}

impl AmplifierSettings {
    /// What is wrong, each with its remedy; empty when it can be used. Asks no hardware.
    pub fn check(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Simulated(settings) => check::simulated(settings),
            Self::ModbusRtu(settings) => check::rtu(settings),
            Self::ModbusTcp(settings) => check::tcp(settings),
            Self::Gpio(settings) => check::gpio(settings),
        }
    }

    /// Makes the driver; `None` where there is no controlled amplifier. Asks no hardware: the line is opened by the
    /// first order, and again after every fault.
    ///
    /// # Errors
    /// [`BridgeError::NotConfigured`] when [`check`](Self::check) finds something.
    pub fn open(&self) -> Result<Option<Box<dyn Amplifier>>, BridgeError> {
        if let Some(problem) = self.check().into_iter().next() {
            return Err(BridgeError::NotConfigured { what: problem, remedy: "correct [amplifier]" });
        }
        match self {
            Self::None => Ok(None),
            Self::Simulated(settings) => Ok(Some(Box::new(SimulatedAmplifier::new(settings.clone())))),
            Self::ModbusRtu(settings) => Ok(Some(modbus::rtu(settings))),
            Self::ModbusTcp(settings) => Ok(Some(modbus::tcp(settings))),
            Self::Gpio(settings) => Ok(Some(gpio::driver(settings))),
        }
    }

    /// The driver's word in the configuration.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Simulated(_) => "simulated",
            Self::ModbusRtu(_) => "modbus-rtu",
            Self::ModbusTcp(_) => "modbus-tcp",
            Self::Gpio(_) => "gpio",
        }
    }

    /// The zones that have a relay; `None` where that is not known or any is taken.
    pub fn wired_zones(&self) -> Option<Vec<String>> {
        match self {
            Self::None => None,
            Self::Simulated(settings) => settings.zones.clone(),
            Self::ModbusRtu(settings) => Some(settings.board.zones.keys().cloned().collect()),
            Self::ModbusTcp(settings) => Some(settings.board.zones.keys().cloned().collect()),
            Self::Gpio(settings) => Some(settings.zones.keys().cloned().collect()),
        }
    }
}

impl Profile {
    /// The word in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoaxaController => "loaxa-controller",
            Self::Relay8 => "relay-8",
            Self::Waveshare8 => "waveshare-8",
            Self::Custom => "custom",
        }
    }

    /// The speed of its serial port as it comes out of its box, in bits a second.
    pub const fn usual_baud(self) -> u32 {
        match self {
            Self::LoaxaController => 19_200,
            Self::Relay8 | Self::Waveshare8 | Self::Custom => 9_600,
        }
    }
}

impl BoardSettings {
    /// How its relays are closed for a time; `None`: they are not.
    pub const fn flash_on(&self) -> Option<FlashOn> {
        match self.profile {
            Profile::Waveshare8 => Some(FlashOn::Waveshare),
            Profile::Custom => self.custom.flash_on,
            Profile::LoaxaController | Profile::Relay8 => None,
        }
    }
}

impl FlashOn {
    /// The most tenths of a second that it takes.
    pub(crate) const fn longest(self) -> u16 {
        match self {
            Self::Waveshare => 0x7FFF,
            Self::Lc => u16::MAX,
        }
    }

    /// Bytes on a serial line for one relay: the order and its answer.
    pub(crate) const fn bytes(self) -> u64 {
        match self {
            Self::Waveshare => 8 + 8,
            Self::Lc => 13 + 8,
        }
    }
}

impl CustomMap {
    /// Whether any input is wired.
    pub(crate) const fn has_inputs(&self) -> bool {
        self.ready_input.is_some() || self.stop_input.is_some() || self.mains_input.is_some()
    }
}

impl Default for CustomMap {
    fn default() -> Self {
        Self {
            first_coil: 0,
            relays: 8,
            active_low: false,
            ready_input: None,
            stop_input: None,
            mains_input: None,
            inputs_active_low: false,
            flash_on: None,
        }
    }
}
