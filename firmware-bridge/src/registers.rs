//! The register map of our own controller: the one source of `firmware/registers.h` and of `docs/registers.md`.
//!
//! Both are written from these tables by the test `firmware_map` and compared with what is in the repository. What a
//! number means never changes within a [`PROTOCOL_VERSION`]; a newer controller may only add numbers behind the last.
//!
//! The rules of the controller, which no order can break:
//!
//! - At boot everything is off.
//! - Power, then settling, then zones, then [`SOUND`]; the reverse at the end. What breaks this is refused with
//!   [`OUT_OF_ORDER`] and changes nothing. What only switches off, [`SOUND`] among it, is never refused.
//! - While the button at the station is pressed or latched, what would switch on is refused with [`STOPPED`].
//! - Each obeyed order (functions 05 and 0F, or a write that contains [`HEARTBEAT`]) renews the heartbeat; reading,
//!   settings and refused orders do not. When it runs out while anything is on, everything goes off by itself.
//! - A frame with a wrong check sum or length, to another address or to all (address 0) changes nothing and is not
//!   answered.

/// What the numbers below mean. The first input register holds it in every version.
pub const PROTOCOL_VERSION: u16 = 1;

/// The version of the controller's program that is built from this repository: major, minor.
pub const FIRMWARE_VERSION: (u8, u8) = (1, 0);

/// Says that it is our controller which answers: "LX".
pub const MODEL_ID: u16 = 0x4C58;

/// The address at which the controller is delivered.
pub const DEFAULT_ADDRESS: u8 = 1;

/// The speed at which the controller is delivered, 8 data bits, no parity, 1 stop bit.
pub const DEFAULT_BAUD: u32 = 19_200;

/// How many zone relays it has: coils 0 to 7.
pub const ZONE_RELAYS: u16 = 8;

/// Everything is off so long after the heartbeat ran out, in milliseconds.
pub const DARK_WITHIN_MS: u16 = 100;

/// [`SOUND`] is off so long after the button was pressed, in milliseconds.
pub const SILENT_WITHIN_MS: u16 = 20;

/// How long the button must be held to take its latch back, in milliseconds.
pub const STOP_HOLD_MS: u16 = 3_000;

/// Held longer than this it does not count: a broken wire is not a finger. In milliseconds.
pub const STOP_HOLD_MAX_MS: u16 = 10_000;

/// What [`TEMPERATURE`] reads when the sensor is missing, broken or short-circuited.
pub const TEMPERATURE_UNKNOWN: u16 = 0x8000;

/// What may be done with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and written; a write outside the range is refused with [`ILLEGAL_VALUE`].
    ReadWrite,
}

/// One bit: a coil or a discrete input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bit {
    /// Its number on the line, from 0.
    pub address: u16,
    /// Its name in the C header and in the documentation.
    pub name: &'static str,
    /// What 1 says.
    pub meaning: &'static str,
}

/// One word of 16 bits: an input register or a holding register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// Its number on the line, from 0.
    pub address: u16,
    /// Its name in the C header and in the documentation.
    pub name: &'static str,
    /// What one count is; empty for numbers without a unit.
    pub unit: &'static str,
    /// What may be done with it.
    pub access: Access,
    /// The smallest value that may be written or is read (for signed values as they are on the line).
    pub min: u16,
    /// The largest value.
    pub max: u16,
    /// The value after boot, for registers that are written.
    pub default: u16,
    /// What it says or does.
    pub meaning: &'static str,
}

/// Why an order was refused: a Modbus exception code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The code on the line.
    pub code: u8,
    /// Its name in the C header and in the documentation.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// One Modbus function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The code on the line.
    pub code: u8,
    /// Its name in the C header and in the documentation.
    pub name: &'static str,
}

/// Why the controller last started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetCause {
    /// The value of [`RESET_CAUSE`].
    pub value: u16,
    /// The word of [`Identity::reset_cause`](crate::Identity::reset_cause).
    pub word: &'static str,
}

const fn bit(address: u16, name: &'static str, meaning: &'static str) -> Bit {
    Bit { address, name, meaning }
}

const fn input(address: u16, name: &'static str, unit: &'static str, meaning: &'static str) -> Register {
    Register { address, name, unit, access: Access::Read, min: 0, max: u16::MAX, default: 0, meaning }
}

const fn holding(
    address: u16,
    name: &'static str,
    unit: &'static str,
    [min, max, default]: [u16; 3],
    meaning: &'static str,
) -> Register {
    Register { address, name, unit, access: Access::ReadWrite, min, max, default, meaning }
}

const fn refusal(code: u8, name: &'static str, meaning: &'static str) -> Refusal {
    Refusal { code, name, meaning }
}

/// The functions that are answered; any other is refused with [`ILLEGAL_FUNCTION`].
pub const FUNCTIONS: [Function; 8] = [
    Function { code: 0x01, name: "READ_COILS" },
    Function { code: 0x02, name: "READ_DISCRETE_INPUTS" },
    Function { code: 0x03, name: "READ_HOLDING_REGISTERS" },
    Function { code: 0x04, name: "READ_INPUT_REGISTERS" },
    Function { code: 0x05, name: "WRITE_COIL" },
    Function { code: 0x06, name: "WRITE_REGISTER" },
    Function { code: 0x0F, name: "WRITE_COILS" },
    Function { code: 0x10, name: "WRITE_REGISTERS" },
];

/// The function is not among [`FUNCTIONS`].
pub const ILLEGAL_FUNCTION: Refusal = refusal(1, "ILLEGAL_FUNCTION", "The function is not in this list.");
/// No such number.
pub const ILLEGAL_ADDRESS: Refusal =
    refusal(2, "ILLEGAL_ADDRESS", "There is no coil, input or register of this number.");
/// A value outside its range, or a count that is 0 or too large.
pub const ILLEGAL_VALUE: Refusal = refusal(
    3,
    "ILLEGAL_VALUE",
    "The value is outside its range, or the count is 0 or does not fit the frame.",
);
/// The outputs did not follow.
pub const HARDWARE_FAILED: Refusal =
    refusal(4, "HARDWARE_FAILED", "Carried out, but the output pins read back otherwise.");
/// The button at the station.
pub const STOPPED: Refusal = refusal(
    6,
    "STOPPED",
    "The button at the station is pressed or latched; nothing was changed. Fault ORDERED_WHILE_STOPPED is kept.",
);
/// An order before the one that must precede it.
pub const OUT_OF_ORDER: Refusal = refusal(
    7,
    "OUT_OF_ORDER",
    "Zones without settled power, sound without settled power, zones changed while sound is on, or an order while \
     everything is being switched off; nothing was changed.",
);

/// Every refusal.
pub const REFUSALS: [Refusal; 6] =
    [ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, HARDWARE_FAILED, STOPPED, OUT_OF_ORDER];

/// The first of the zone relays.
pub const ZONE_1: Bit = bit(0, "ZONE_1", "Zone relay 1 is on.");
/// The amplifier's power.
pub const POWER: Bit =
    bit(8, "POWER", "The amplifier has power. Switched off, it takes sound and zones with it.");
/// Sound.
pub const SOUND: Bit = bit(9, "SOUND", "Sound is let through; 0 is muted.");

/// The outputs. Reading gives what the output pins say, not what was ordered.
pub const COILS: [Bit; 10] = [
    ZONE_1,
    bit(1, "ZONE_2", "Zone relay 2 is on."),
    bit(2, "ZONE_3", "Zone relay 3 is on."),
    bit(3, "ZONE_4", "Zone relay 4 is on."),
    bit(4, "ZONE_5", "Zone relay 5 is on."),
    bit(5, "ZONE_6", "Zone relay 6 is on."),
    bit(6, "ZONE_7", "Zone relay 7 is on."),
    bit(7, "ZONE_8", "Zone relay 8 is on."),
    POWER,
    SOUND,
];

/// The button's latch.
pub const STOP_LATCHED: Bit = bit(
    0,
    "STOP_LATCHED",
    "The button was pressed, and nobody has taken that back at the station yet (press it again, hold it 3 to 10 s, let go).",
);
/// The button itself.
pub const STOP_PRESSED: Bit = bit(1, "STOP_PRESSED", "The button is pressed now, or its wire is broken.");
/// Mains.
pub const MAINS: Bit = bit(2, "MAINS", "There is mains voltage. Means nothing unless WIRED says so.");
/// The amplifier's own contact.
pub const AMPLIFIER_READY: Bit = bit(
    3,
    "AMPLIFIER_READY",
    "The amplifier's own contact says that it works. Means nothing unless WIRED says so.",
);
/// The loudspeaker line.
pub const LINE_OK: Bit = bit(
    4,
    "LINE_OK",
    "The line check lies between LINE_LOW and LINE_HIGH. Means nothing unless WIRED says so, while no zone is on, or while sound is.",
);
/// Power has settled.
pub const POWER_SETTLED: Bit = bit(5, "POWER_SETTLED", "Power is on for at least POWER_SETTLE.");
/// Outputs follow.
pub const OUTPUTS_AS_ORDERED: Bit =
    bit(6, "OUTPUTS_AS_ORDERED", "The output pins read back as they were set.");

/// What is sensed.
pub const DISCRETE_INPUTS: [Bit; 7] =
    [STOP_LATCHED, STOP_PRESSED, MAINS, AMPLIFIER_READY, LINE_OK, POWER_SETTLED, OUTPUTS_AS_ORDERED];

/// The protocol.
pub const PROTOCOL: Register = input(0, "PROTOCOL", "", "PROTOCOL_VERSION of this table: 1.");
/// The model.
pub const MODEL: Register = input(1, "MODEL", "", "0x4C58 (\"LX\"): this controller and no other.");
/// The program's version.
pub const FIRMWARE: Register = input(2, "FIRMWARE", "", "Version of its program: major × 256 + minor.");
/// Why it last started.
pub const RESET_CAUSE: Register = input(3, "RESET_CAUSE", "", "Why it last started, see below.");
/// Time since it started, upper half.
pub const UPTIME_HIGH: Register = input(4, "UPTIME_HIGH", "65536 s", "Time since it started, upper half.");
/// Time since it started, lower half.
pub const UPTIME_LOW: Register = input(
    5,
    "UPTIME_LOW",
    "s",
    "Lower half. Smaller than before: it started again, and its settings are the defaults.",
);
/// All coils in one word.
pub const OUTPUTS: Register = input(6, "OUTPUTS", "bits", "All coils as the output pins say, bit = coil.");
/// All discrete inputs in one word.
pub const INPUTS: Register = input(7, "INPUTS", "bits", "All discrete inputs, bit = discrete input.");
/// The kept faults.
pub const FAULTS: Register = input(8, "FAULTS", "bits", "Faults that are kept, see below.");
/// Temperature.
pub const TEMPERATURE: Register =
    input(9, "TEMPERATURE", "0.1 °C", "Signed. 0x8000: the sensor is missing, broken or short-circuited.");
/// The supply.
pub const SUPPLY: Register =
    input(10, "SUPPLY", "mV", "The controller's supply, behind its divider (12 V nominal).");
/// The line check.
pub const LINE: Register = input(11, "LINE", "mV", "The line check's voltage at the controller, 0 to 5000.");
/// What is left of the heartbeat.
pub const HEARTBEAT_REMAINING: Register = input(
    12,
    "HEARTBEAT_REMAINING",
    "0.1 s",
    "What is left until everything goes off by itself, rounded up; 0 when run out.",
);
/// What is left of settling.
pub const SETTLE_REMAINING: Register =
    input(13, "SETTLE_REMAINING", "ms", "What is left until power has settled; 0 when it has, or is off.");
/// Valid frames.
pub const FRAMES: Register = input(14, "FRAMES", "", "Valid frames to this address since it started; wraps.");
/// Invalid frames.
pub const CRC_ERRORS: Register = input(
    15,
    "CRC_ERRORS",
    "",
    "What arrived and was no frame: wrong check sum, too short, too long; wraps.",
);
/// Refused orders.
pub const EXCEPTIONS: Register =
    input(16, "EXCEPTIONS", "", "Frames that were refused since it started; wraps.");
/// Errors of the serial port.
pub const LINE_ERRORS: Register = input(
    17,
    "LINE_ERRORS",
    "",
    "Bytes without a stop bit, and bytes that arrived before the last one was fetched; wraps.",
);

/// What can be read with function 04, in one exchange.
pub const INPUT_REGISTERS: [Register; 18] = [
    PROTOCOL,
    MODEL,
    FIRMWARE,
    RESET_CAUSE,
    UPTIME_HIGH,
    UPTIME_LOW,
    OUTPUTS,
    INPUTS,
    FAULTS,
    TEMPERATURE,
    SUPPLY,
    LINE,
    HEARTBEAT_REMAINING,
    SETTLE_REMAINING,
    FRAMES,
    CRC_ERRORS,
    EXCEPTIONS,
    LINE_ERRORS,
];

/// The heartbeat.
pub const HEARTBEAT: Register = holding(
    0,
    "HEARTBEAT",
    "",
    [0, u16::MAX, 0],
    "Writing any value renews the heartbeat; reads back the last one.",
);
/// Its limit.
pub const HEARTBEAT_LIMIT: Register = holding(
    1,
    "HEARTBEAT_LIMIT",
    "0.1 s",
    [10, 100, 30],
    "Without an order for so long, everything goes off by itself.",
);
/// Clears faults.
pub const FAULTS_CLEAR: Register = holding(
    2,
    "FAULTS_CLEAR",
    "bits",
    [0, u16::MAX, 0],
    "Reads as FAULTS. A 1 that is written clears that fault; it comes back while its cause lasts.",
);
/// Settling.
pub const POWER_SETTLE: Register = holding(
    3,
    "POWER_SETTLE",
    "ms",
    [0, 10_000, 800],
    "After power was switched on, zones and sound are refused for so long.",
);
/// What is wired.
pub const WIRED: Register = holding(
    4,
    "WIRED",
    "bits",
    [0, 0x1F, 0],
    "Which senses are wired, see below. What is not wired raises no fault.",
);
/// Lowest supply.
pub const SUPPLY_LOW: Register =
    holding(5, "SUPPLY_LOW", "mV", [0, 18_000, 10_500], "Below this for 0.5 s is fault SUPPLY_LOW.");
/// Highest temperature.
pub const OVERHEAT: Register =
    holding(6, "OVERHEAT", "0.1 °C", [200, 1_000, 700], "Above this for 2 s is fault OVERHEATED.");
/// Lowest line check.
pub const LINE_LOW: Register =
    holding(7, "LINE_LOW", "mV", [0, 5_000, 500], "A line check below this is a short circuit.");
/// Highest line check.
pub const LINE_HIGH: Register =
    holding(8, "LINE_HIGH", "mV", [0, 5_000, 4_500], "A line check above this is a broken line.");
/// How soon the amplifier's contact follows.
pub const READY_WITHIN: Register = holding(
    9,
    "READY_WITHIN",
    "ms",
    [100, 30_000, 3_000],
    "The amplifier's contact follows its power within this; otherwise NOT_READY or STAYS_ON.",
);

/// What can be read and written. Settings are not kept without supply: the driver writes them at every start, and again
/// when the uptime shows that the controller started anew.
pub const HOLDING_REGISTERS: [Register; 10] = [
    HEARTBEAT,
    HEARTBEAT_LIMIT,
    FAULTS_CLEAR,
    POWER_SETTLE,
    WIRED,
    SUPPLY_LOW,
    OVERHEAT,
    LINE_LOW,
    LINE_HIGH,
    READY_WITHIN,
];

/// Mains is sensed.
pub const WIRED_MAINS: Bit = bit(0, "WIRED_MAINS", "Mains is sensed (fault MAINS_LOST).");
/// The amplifier's contact is wired.
pub const WIRED_READY: Bit =
    bit(1, "WIRED_READY", "The amplifier's own contact is wired (faults NOT_READY, STAYS_ON).");
/// The line check is wired.
pub const WIRED_LINE: Bit = bit(2, "WIRED_LINE", "The line check is wired (fault LINE_FAULT).");
/// The temperature sensor is wired.
pub const WIRED_TEMPERATURE: Bit =
    bit(3, "WIRED_TEMPERATURE", "The temperature sensor is wired (fault OVERHEATED).");
/// The supply is measured.
pub const WIRED_SUPPLY: Bit = bit(4, "WIRED_SUPPLY", "The supply's divider is wired (fault SUPPLY_LOW).");

/// The bits of [`WIRED`].
pub const WIRED_BITS: [Bit; 5] = [WIRED_MAINS, WIRED_READY, WIRED_LINE, WIRED_TEMPERATURE, WIRED_SUPPLY];

/// The values of [`RESET_CAUSE`].
pub const RESET_CAUSES: [ResetCause; 5] = [
    ResetCause { value: 0, word: "unknown" },
    ResetCause { value: 1, word: "power" },
    ResetCause { value: 2, word: "brown-out" },
    ResetCause { value: 3, word: "watchdog" },
    ResetCause { value: 4, word: "button" },
];
