//! The port: what may be asked of an amplifier, and what is known about it.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{BridgeError, Identity, LineCounters, Reading, Signals};

/// The answer to an order, on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<AmplifierStatus, BridgeError>> + Send + 'a>>;

/// One amplifier with its zone relays. Dyn-safe: the daemon holds `Option<Box<dyn Amplifier>>`.
///
/// Every method answers only with what was **read back**, within a time bounded by the driver. Dropping an answer
/// half-way is safe for the program and leaves every reading [`Reading::Unknown`]; the hardware may be in any state,
/// so the caller then orders [`release`](Self::release).
///
/// The order of an airing is `energise`, `unmute`, sound, `mute`, `release`.
pub trait Amplifier: Send {
    /// Switches power on, waits until it has settled, connects exactly these zones, and reads all of it back.
    ///
    /// Answers only when confirmed, still muted. Already powered, it changes the zones alone; that needs it muted,
    /// because switching a loud line bangs in every loudspeaker. Already as asked, it only makes sure of the mute.
    ///
    /// `zones` are the names by which the driver knows its relays. An empty list is meant for an amplifier whose only
    /// line is always connected.
    ///
    /// # Errors
    /// Any [`BridgeError`]; [`BridgeError::NotConfigured`] before anything is switched, when a zone is not wired.
    fn energise<'a>(&'a mut self, zones: &'a [String]) -> Answer<'a>;

    /// Lets sound through to the energised zones.
    ///
    /// # Errors
    /// [`BridgeError::OutOfOrder`] when power is not on and settled; any other [`BridgeError`] from the line.
    fn unmute(&mut self) -> Answer<'_>;

    /// Cuts sound, power stays on. Allowed in every state: silence is never refused.
    ///
    /// # Errors
    /// A [`BridgeError`] from the line; sound must then be cut by other means ([`release`](Self::release), or no
    /// signal at its input).
    fn mute(&mut self) -> Answer<'_>;

    /// Mutes, disconnects every zone, switches power off, and reads back that all of it is off.
    /// Allowed in every state.
    ///
    /// # Errors
    /// [`BridgeError::Mismatch`] when something stayed on: an amplifier left on is a hazard, so the caller tries
    /// again. Any other [`BridgeError`] from the line.
    fn release(&mut self) -> Answer<'_>;

    /// Reads everything, changes nothing.
    ///
    /// # Errors
    /// A [`BridgeError`] from the line.
    fn status(&mut self) -> Answer<'_>;

    /// Says that somebody is in charge: what is on may stay on for another [`dead_man`](Self::dead_man). Reads
    /// everything, like [`status`](Self::status). Every other order says so too.
    ///
    /// # Errors
    /// A [`BridgeError`] from the line.
    fn hold(&mut self) -> Answer<'_> {
        self.status()
    }

    /// Takes back the faults that the hardware keeps until somebody has seen them. A button that is held down or
    /// latched at the station is no fault and stays.
    ///
    /// # Errors
    /// A [`BridgeError`] from the line.
    fn clear_faults(&mut self) -> Answer<'_> {
        self.status()
    }

    /// After so long without a word the hardware falls silent and dark by itself. `None`: it never does, and whoever
    /// drives it must say so to the people in charge.
    fn dead_man(&self) -> Option<Duration> {
        None
    }

    /// Which hardware answered; `None` before its first word, or where it does not say.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// What happened on the line since the driver began.
    fn line(&self) -> LineCounters {
        LineCounters::default()
    }
}

/// What the amplifier said about itself, value by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmplifierStatus {
    /// Whether its power stage is on.
    pub power: Reading,
    /// Whether its sound is cut. Meaningless to the ear while power is off.
    pub muted: Reading,
    /// Whether each zone is connected, by name, in the order of the names.
    pub zones: Vec<(String, Reading)>,
    /// What its hardware senses besides.
    pub signals: Signals,
}

impl AmplifierStatus {
    /// Nothing is known: before the first exchange, and after a failed one.
    pub fn unknown(zones: impl IntoIterator<Item = String>) -> Self {
        let mut zones: Vec<_> = zones.into_iter().map(|zone| (zone, Reading::Unknown)).collect();
        zones.sort_by(|a, b| a.0.cmp(&b.0));
        Self { power: Reading::Unknown, muted: Reading::Unknown, zones, signals: Signals::default() }
    }

    /// Fails unless power is on, and exactly `zones` are connected, each by a value that was read.
    /// Says nothing about muting.
    ///
    /// # Errors
    /// [`BridgeError::Mismatch`] naming the first thing that is not as wanted.
    pub fn confirm_energised(&self, zones: &[String]) -> Result<(), BridgeError> {
        expect("power", self.power, true)?;
        for zone in zones {
            let read =
                self.zones.iter().find(|(name, _)| name == zone).map_or(Reading::Unknown, |(_, read)| *read);
            expect(&format!("zone {zone}"), read, true)?;
        }
        self.others_off(zones)
    }

    /// Fails unless the mute reads back as `muted`.
    ///
    /// # Errors
    /// [`BridgeError::Mismatch`] when it does not, or is not known.
    pub fn confirm_muted(&self, muted: bool) -> Result<(), BridgeError> {
        expect("mute", self.muted, muted)
    }

    /// Fails unless power and every zone read back as off.
    ///
    /// # Errors
    /// [`BridgeError::Mismatch`] naming the first thing that is still on, or not known.
    pub fn confirm_dark(&self) -> Result<(), BridgeError> {
        expect("power", self.power, false)?;
        self.others_off(&[])
    }

    fn others_off(&self, wanted_on: &[String]) -> Result<(), BridgeError> {
        self.zones
            .iter()
            .filter(|(name, _)| !wanted_on.contains(name))
            .try_for_each(|(name, read)| expect(&format!("zone {name}"), *read, false))
    }
}

fn expect(what: &str, read: Reading, wanted: bool) -> Result<(), BridgeError> {
    if read.value() == Some(wanted) {
        return Ok(());
    }
    Err(BridgeError::Mismatch {
        what: what.to_owned(),
        wanted: if wanted { "on" } else { "off" },
        read: read.word(),
    })
}
