//! The two STOP latches: nothing sounds until both are released.

use super::Playout;
use super::airing::Doom;
use super::chain::Darken;
use super::clock::Moment;
use crate::reason::Reason;
use crate::vocabulary::Outcome;

/// Who holds the station silent. Each latch is released only where it was set.
#[derive(Debug, Default)]
pub(super) struct Latches {
    /// The name of who pressed STOP on the page.
    pub(super) operator: Option<String>,
    /// Whether the button at the station is pressed.
    pub(super) button: bool,
}

impl Latches {
    pub(super) fn hold(&self) -> bool {
        self.operator.is_some() || self.button
    }

    /// Why nothing sounds; None when both are released.
    pub(super) fn reason(&self) -> Option<Reason> {
        match &self.operator {
            Some(by) => Some(Reason::local_stop(by)),
            None => self.button.then(Reason::local_button),
        }
    }

    /// Who holds it, in a word.
    pub(super) fn who(&self) -> Option<String> {
        let button = || self.button.then(|| Reason::LOCAL_BUTTON.to_owned());
        self.operator.clone().or_else(button)
    }
}

impl Playout {
    pub(super) fn stop(&mut self, by: String, now: Moment) {
        self.latches.operator = Some(by);
        self.silence(now);
    }

    /// The button may tell its state as often as it likes; only a change of it does something.
    pub(super) fn local_stop(&mut self, pressed: bool, now: Moment) {
        let newly = pressed && !self.latches.button;
        self.latches.button = pressed;
        if newly {
            self.silence(now);
        }
    }

    fn silence(&mut self, now: Moment) {
        let Some(reason) = self.latches.reason() else { return };
        let doom = Doom::new(Outcome::Suppressed, reason);
        for airing in &mut self.airings {
            airing.doom(doom.clone());
        }
        self.shut_down(Darken::Everything, Some(&doom), now);
    }
}
