//! The amplifier as a port: what the daemon may ask of the hardware that makes a commune's loudspeakers loud.
//!
//! One trait, [`Amplifier`], is all that the rest of the house knows. A driver behind it speaks to a real controller;
//! [`SimulatedAmplifier`] behaves like one, faults included, for the demo station and for tests.
//!
//! Three rules hold for every driver:
//!
//! 1. **Confirmed, not assumed.** A value is [`Reading::Known`] only if the hardware was asked and answered.
//!    Nothing is ever copied from what was ordered.
//! 2. **Bounded.** Every exchange with the hardware runs inside [`bounded`]; a dead line is an error, not a hang.
//! 3. **Absence is not a driver.** A board without a controlled amplifier has `None` where others have
//!    `Some(Box<dyn Amplifier>)`, so that nothing can pretend to have confirmed anything.

#![forbid(unsafe_code)]

mod amplifier;
mod bounded;
mod error;
mod gpio;
mod modbus;
mod reading;
pub mod registers;
mod self_test;
mod sequence;
mod settings;
mod signals;
mod simulated;

pub use amplifier::{Amplifier, AmplifierStatus, Answer};
pub use bounded::bounded;
pub use error::BridgeError;
pub use modbus::probe::{Found, ProbeSettings, Probed, probe};
pub use reading::Reading;
pub use self_test::{SelfTest, SelfTestStep, self_test};
pub use settings::{
    AmplifierSettings, BoardSettings, CustomMap, FlashOn, GpioSettings, Parity, Profile, RtuSettings, Sense,
    TcpSettings,
};
pub use signals::{Fault, Faults, Identity, LineCounters, Signals};
pub use simulated::{
    JournalEntry, SimulatedAmplifier, SimulatedFault, SimulatedHandle, SimulatedSettings, Told, Truth,
};
