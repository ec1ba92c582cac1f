//! The two STOP latches, and what is promised while one of them is set.

use super::emergencies::TAKES_EFFECT;
use super::{Event, Simulation};
use crate::playout::Input;
use std::time::Duration;

/// So long after STOP the loudspeakers let nothing through, however slowly the amplifier answers.
const MUTED_AFTER: Duration = Duration::from_secs(10);
const TECHNICIAN: &str = "technician";

/// Who holds the station silent.
#[derive(Debug, Default)]
pub(super) struct Stops {
    pub(super) operator: bool,
    pub(super) button: bool,
    /// Since when nothing may sound; None when both are released.
    since: Option<Duration>,
}

impl Simulation {
    /// Somebody presses STOP.
    pub fn press_stop(&mut self) {
        self.emergencies_are_stopped();
        self.stops.operator = true;
        self.latch();
        self.tell(Input::Stop { by: TECHNICIAN.to_owned() });
    }

    /// Somebody releases it.
    pub fn release_stop(&mut self) {
        self.stops.operator = false;
        self.unlatch();
        self.tell(Input::Resume { by: TECHNICIAN.to_owned() });
    }

    /// Somebody presses the button at the station.
    pub fn press_button(&mut self) {
        self.emergencies_are_stopped();
        self.stops.button = true;
        self.latch();
        self.tell(Input::LocalStop { pressed: true });
    }

    /// Somebody releases it.
    pub fn release_button(&mut self) {
        self.stops.button = false;
        self.unlatch();
        self.tell(Input::LocalStop { pressed: false });
    }

    /// What holds over a power cut: the latch on the page is kept, and the button is still pressed.
    pub(super) fn latch_again(&mut self) {
        if self.stops.operator {
            self.press_stop();
        }
        if self.stops.button {
            self.press_button();
        }
    }

    pub(super) fn latched(&self) -> bool {
        self.stops.operator || self.stops.button
    }

    fn latch(&mut self) {
        let since = *self.stops.since.get_or_insert(self.mono);
        self.after(TAKES_EFFECT, Event::LookSilent(since));
        self.after(MUTED_AFTER, Event::LookSilent(since));
    }

    fn unlatch(&mut self) {
        if !self.latched() {
            self.stops.since = None;
        }
    }

    /// Whether STOP has held for so long that nothing may begin.
    pub(super) fn silenced(&self) -> bool {
        self.stops.since.is_some_and(|since| self.mono >= since.saturating_add(TAKES_EFFECT))
    }

    /// Nothing sounds under the STOP that was pressed then.
    pub(super) fn look_silent(&mut self, since: Duration) {
        if self.stops.since != Some(since) {
            return;
        }
        if let Some((key, ..)) = &self.output.sounding {
            let what = format!("it sounds while stopped: {key}");
            self.broken(what);
        }
        if self.mono >= since.saturating_add(MUTED_AFTER) && self.amplifier.unmuted {
            self.broken("the amplifier lets sound through while stopped");
        }
    }
}
