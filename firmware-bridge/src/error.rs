//! What can go wrong between the board and the amplifier, each with what to do about it.

use std::time::Duration;

use thiserror::Error;

/// Why an order to the amplifier was not carried out, or cannot be believed.
///
/// After **any** of these the state of the amplifier must be taken as unknown: an order may have been obeyed although
/// its answer was lost. The caller's next step is [`release`](crate::Amplifier::release), until it succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BridgeError {
    /// Nothing came back in time. The order may or may not have been obeyed.
    #[error(
        "amplifier: no answer to \"{asked}\" within {} ms; check the controller's power, its cable and its address",
        after.as_millis()
    )]
    NoAnswer {
        /// What was asked.
        asked: String,
        /// How long the answer was waited for.
        after: Duration,
    },

    /// The controller answered that it will not. The code is a Modbus exception code.
    #[error("amplifier: the controller refused with code {0} ({meaning}); {remedy}", meaning = meaning(*.0), remedy = remedy(*.0))]
    Refused(u8),

    /// The controller said yes, and reading back shows otherwise.
    #[error("amplifier: {what} was switched {wanted} but reads {read}; check that relay and its wiring")]
    Mismatch {
        /// Which relay: `power`, `mute`, or `zone NAME`.
        what: String,
        /// What was ordered: `on` or `off`.
        wanted: &'static str,
        /// What it reads now: `on`, `off` or `unknown`.
        read: &'static str,
    },

    /// An order came before the one that must precede it.
    #[error("amplifier: {order} was ordered {when}; the order is energise, unmute, sound, mute, release")]
    OutOfOrder {
        /// The order that came too early.
        order: &'static str,
        /// In which state it came.
        when: &'static str,
    },

    /// The line to it cannot be used at all.
    #[error("amplifier: {line} {problem}; {remedy}")]
    Line {
        /// The serial port, the address on the network, or the chip.
        line: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },

    /// Something else than what is configured answers, or a program that is too old or too new.
    #[error("amplifier: {found} answers where {wanted} was expected; {remedy}")]
    WrongBoard {
        /// What the configuration says.
        wanted: String,
        /// What it says about itself.
        found: String,
        /// What to do.
        remedy: &'static str,
    },

    /// The button at the station is pressed or latched; only there can that be taken back.
    #[error(
        "amplifier: {order} was refused because the STOP button at the station is latched; hold it there for 3 \
         seconds to release it (a button that locks: turn it out)"
    )]
    Stopped {
        /// The order.
        order: String,
    },

    /// The amplifier is not wired for what was asked.
    #[error("amplifier: {what} is not configured; {remedy}")]
    NotConfigured {
        /// What is missing.
        what: String,
        /// What to write in the configuration, or what to ask for instead.
        remedy: &'static str,
    },
}

const fn meaning(code: u8) -> &'static str {
    match code {
        1 => "order not known to it",
        2 => "no such relay",
        3 => "value out of range",
        4 => "its hardware failed",
        6 => "busy",
        _ => "not a standard code",
    }
}

const fn remedy(code: u8) -> &'static str {
    match code {
        1..=3 => "check the relay numbers in the configuration against the controller's manual",
        4 => "look at the amplifier's protection lamp, then switch it off and on at the mains",
        6 => "it is tried again; if this stays, look for a second master on the line",
        _ => "see the controller's manual",
    }
}
