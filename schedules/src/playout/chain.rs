//! Output and amplifier: switched on in one order, off in the exact reverse.
//!
//! At most one `Energise` is unanswered, and none is given between a `Release` and its `Released`, so that a
//! late answer from a former arming cannot be taken for the present one.

use super::Playout;
use super::airing::{Airing, Doom, Heard, Phase};
use super::clock::{Moment, Mono};
use super::messages::{Command, PlayoutSettings};
use crate::plan::Slot;
use crate::reason::Reason;
use crate::vocabulary::ZoneId;

/// The power of the zones, as believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Power {
    Dark,
    Energising { zones: Vec<ZoneId>, until: Mono },
    On { zones: Vec<ZoneId> },
    Releasing { again: Mono },
}

/// Whether sound is let through, as believed. Anything but `Muted` only while the power is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Muted,
    Unmuting { until: Mono },
    Live,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Closed,
    Opening { until: Mono },
    Open,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) amplifier_present: bool,
    pub(super) power: Power,
    pub(super) voice: Voice,
    pub(super) output: Output,
    /// Not energised again before this.
    pub(super) amplifier_rests: Mono,
    /// Not opened again before this.
    pub(super) output_rests: Mono,
    /// How often it failed since something sounded last.
    output_failures: u32,
    /// What the amplifier said last when it failed; cleared when it confirms.
    pub(super) amplifier_trouble: Option<String>,
    /// What the output said last when it failed; cleared when it opens.
    pub(super) output_trouble: Option<String>,
}

impl Chain {
    pub(super) fn new(settings: &PlayoutSettings) -> Chain {
        Chain {
            amplifier_present: settings.amplifier_present,
            power: Power::Dark,
            voice: Voice::Muted,
            output: Output::Closed,
            amplifier_rests: Mono::MIN,
            output_rests: Mono::MIN,
            output_failures: 0,
            amplifier_trouble: None,
            output_trouble: None,
        }
    }

    /// Whether exactly these zones are confirmed (or there is nothing to confirm).
    pub(super) fn carries(&self, wanted: &[ZoneId]) -> bool {
        !self.amplifier_present || matches!(&self.power, Power::On { zones } if zones.as_slice() == wanted)
    }

    /// Something sounded: the output works.
    pub(super) fn output_works(&mut self) {
        self.output_failures = 0;
    }

    pub(super) fn live(&self) -> bool {
        !self.amplifier_present || self.voice == Voice::Live
    }
}

/// How eagerly to switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Darken {
    /// What is believed to be on.
    WhatIsOn,
    /// Mute and release whatever is believed: somebody pressed STOP because of what they hear.
    Everything,
}

impl Playout {
    /// Brings output and amplifier nearer to what the airings need.
    pub(super) fn step_chain(&mut self, now: Moment) {
        let Some(wanted) = self.wanted_zones(now) else {
            let cutting = self.airings.iter().any(|airing| airing.cutting());
            if !cutting && !self.lingers(now) {
                self.shut_down(Darken::WhatIsOn, None, now);
            }
            return;
        };
        if matches!(self.chain.power, Power::Releasing { .. }) {
            return;
        }
        if self.chain.output == Output::Closed && now.mono >= self.chain.output_rests {
            self.chain.output = Output::Opening { until: self.patience(now) };
            self.emit(Command::OpenOutput);
        }
        if !self.chain.amplifier_present {
            return;
        }
        match &self.chain.power {
            Power::Dark if now.mono >= self.chain.amplifier_rests => self.energise(wanted, now),
            Power::On { zones }
                if *zones != wanted && !self.airings.iter().any(|airing| airing.handed_over()) =>
            {
                self.mute();
                self.energise(wanted, now);
            }
            _ => {}
        }
    }

    fn energise(&mut self, zones: Vec<ZoneId>, now: Moment) {
        self.chain.power = Power::Energising { zones: zones.clone(), until: self.patience(now) };
        self.emit(Command::Energise { zones });
    }

    /// Lets sound through shortly before it comes, and mutes in a long gap.
    pub(super) fn step_voice(&mut self, now: Moment) {
        if !matches!(self.chain.power, Power::On { .. }) {
            return;
        }
        let sounds = self.airings.iter().any(|airing| airing.sounding() || airing.cutting());
        let queued = self.airings.iter().filter_map(|airing| match &airing.phase {
            Phase::Queued(aim) => Some(aim.at),
            _ => None,
        });
        let next_queued = queued.min();
        if self.chain.voice == Voice::Muted {
            let lead = self.settings.unmute_lead;
            let wanted = self.airings.iter().any(|airing| airing.sounding() && airing.doom.is_none());
            if wanted || next_queued.is_some_and(|at| now.mono >= at.saturating_sub(lead)) {
                self.chain.voice = Voice::Unmuting { until: self.patience(now) };
                self.raise_heard(Heard::Perhaps);
                self.emit(Command::Unmute);
            }
        } else if !sounds {
            let horizon = now.mono.saturating_add(self.settings.linger);
            let soon = |slot: &Slot| now.mono_of(slot.start) <= horizon;
            let comes = |airing: &Airing| airing.urgent.is_some() || soon(&airing.slot);
            let prepared = self.airings.iter().any(|airing| airing.doom.is_none() && comes(airing));
            let ahead = self.agenda.next_slot().is_some_and(soon);
            if !prepared && !ahead && next_queued.is_none_or(|at| at > horizon) {
                self.mute();
            }
        }
    }

    fn mute(&mut self) {
        if self.chain.voice != Voice::Muted {
            self.chain.voice = Voice::Muted;
            self.emit(Command::Mute);
        }
    }

    /// Mute, cancel, close, release. What is queued or sounding is cut because of `cause`.
    pub(super) fn shut_down(&mut self, darken: Darken, cause: Option<&Doom>, now: Moment) {
        let everything = darken == Darken::Everything && self.chain.amplifier_present;
        if everything {
            self.chain.voice = Voice::Muted;
            self.emit(Command::Mute);
        }
        self.mute();
        for index in 0..self.airings.len() {
            self.cancel(index, cause, now);
        }
        if self.chain.output != Output::Closed {
            self.chain.output = Output::Closed;
            self.emit(Command::CloseOutput);
        }
        let on = matches!(self.chain.power, Power::Energising { .. } | Power::On { .. });
        if on || everything {
            self.release(now);
        }
    }

    /// Takes the power; repeated until `Released`.
    pub(super) fn release(&mut self, now: Moment) {
        self.chain.power = Power::Releasing { again: self.patience(now) };
        self.emit(Command::Release);
    }

    /// The zones that need power now: of what is in the hands of the output, else of the first that prepares.
    fn wanted_zones(&self, now: Moment) -> Option<Vec<ZoneId>> {
        let with_output = self.airings.iter().find(|airing| airing.handed_over() && !airing.cutting());
        let preparing =
            || self.airings.iter().find(|airing| airing.may_prepare() && self.active(airing, now));
        with_output.or_else(preparing).map(|airing| airing.slot.zones.to_vec())
    }

    /// Whether the amplifier stays on for a slot that follows shortly in the same zones.
    fn lingers(&self, now: Moment) -> bool {
        if !now.trusted || self.latches.hold() {
            return false;
        }
        let on = |slot: &Slot| match &self.chain.power {
            Power::On { zones } => **zones == *slot.zones,
            _ => !self.chain.amplifier_present && self.chain.output == Output::Open,
        };
        let reach = now.mono.saturating_add(self.settings.linger).saturating_add(self.settings.arm_lead);
        let follows = |slot: &Slot| on(slot) && now.mono_of(slot.start) <= reach;
        self.agenda.next_slot().is_some_and(follows)
            || self.airings.iter().any(|airing| airing.doom.is_none() && follows(&airing.slot))
    }

    // ---- answers ----

    pub(super) fn output_ready(&mut self) {
        match self.chain.output {
            Output::Opening { .. } => {
                self.chain.output = Output::Open;
                self.chain.output_trouble = None;
            }
            Output::Open => {}
            Output::Closed => self.emit(Command::CloseOutput),
        }
    }

    /// The output rests, the longer the more often it failed.
    pub(super) fn let_output_rest(&mut self, why: &str, now: Moment) {
        self.chain.output_trouble = Some(why.to_owned());
        let doubled = 2_i32.saturating_pow(self.chain.output_failures.min(30));
        let pause = self.settings.output_retry_first.saturating_mul(doubled);
        self.chain.output_rests = now.mono.saturating_add(pause.min(self.settings.output_retry_most));
        self.chain.output_failures = self.chain.output_failures.saturating_add(1);
    }

    pub(super) fn output_failed(&mut self, why: &str, now: Moment) {
        if self.chain.output == Output::Closed {
            return;
        }
        self.let_output_rest(why, now);
        let lost = Doom::fault(Reason::output_lost(why));
        if self.airings.iter().any(|airing| airing.handed_over() && !airing.cutting()) {
            self.doom_sounding(&lost);
            self.shut_down(Darken::WhatIsOn, Some(&lost), now);
        } else {
            self.chain.output = Output::Closed;
            self.emit(Command::CloseOutput);
        }
    }

    pub(super) fn amplifier_confirmed(&mut self, now: Moment) {
        if !self.chain.amplifier_present {
            return;
        }
        match &mut self.chain.power {
            Power::Energising { zones, .. } => {
                self.chain.power = Power::On { zones: std::mem::take(zones) };
                self.chain.amplifier_trouble = None;
            }
            Power::On { .. } => {}
            // Something was switched on after we wanted it dark.
            Power::Dark | Power::Releasing { .. } => self.shut_down(Darken::Everything, None, now),
        }
    }

    pub(super) fn amplifier_failed(&mut self, why: &str, now: Moment) {
        if !matches!(self.chain.power, Power::Energising { .. } | Power::On { .. }) {
            return;
        }
        self.chain.amplifier_trouble = Some(why.to_owned());
        self.chain.amplifier_rests = now.mono.saturating_add(self.settings.retry_pause);
        let lost = Doom::fault(Reason::amplifier_lost(why));
        self.doom_sounding(&lost);
        self.shut_down(Darken::WhatIsOn, Some(&lost), now);
    }

    pub(super) fn unmuted(&mut self) {
        match (&self.chain.power, self.chain.voice) {
            (Power::On { .. }, Voice::Unmuting { .. }) => {
                self.chain.voice = Voice::Live;
                self.raise_heard(Heard::Yes);
            }
            // It was unmuted after we wanted it mute.
            (Power::On { .. } | Power::Releasing { .. }, Voice::Muted) => self.emit(Command::Mute),
            _ => {}
        }
    }

    pub(super) fn released(&mut self, now: Moment) {
        match self.chain.power {
            Power::Releasing { .. } => self.chain.power = Power::Dark,
            Power::On { .. } => self.amplifier_failed("it went dark by itself", now),
            Power::Dark | Power::Energising { .. } => {}
        }
    }

    fn raise_heard(&mut self, heard: Heard) {
        for airing in self.airings.iter_mut().filter(|airing| airing.sounding()) {
            airing.heard = airing.heard.max(heard);
        }
    }

    /// The amplifier did not let through what it was asked to. Nor is it believed what it said before, or was told
    /// since: it is energised and read back anew.
    pub(super) fn unmute_failed(&mut self, why: &str, now: Moment) {
        if !matches!(self.chain.power, Power::On { .. }) {
            return;
        }
        for airing in self.airings.iter_mut().filter(|airing| airing.heard == Heard::Perhaps) {
            airing.heard = Heard::No;
        }
        self.amplifier_failed(why, now);
    }

    fn doom_sounding(&mut self, doom: &Doom) {
        for airing in &mut self.airings {
            if airing.sounding() || (airing.cutting() && airing.started.is_some()) {
                airing.confirmed = false;
                airing.doom(doom.clone());
            }
        }
    }

    /// Waits for output and amplifier that are over.
    pub(super) fn expire_chain(&mut self, now: Moment) {
        if let Output::Opening { until } = self.chain.output
            && now.mono >= until
        {
            self.output_failed("no answer", now);
        }
        match self.chain.power {
            Power::Energising { until, .. } if now.mono >= until => self.amplifier_failed("no answer", now),
            Power::Releasing { again } if now.mono >= again => self.release(now),
            _ => {}
        }
        if let Voice::Unmuting { until } = self.chain.voice
            && now.mono >= until
        {
            self.unmute_failed("no answer to unmuting", now);
        }
    }

    pub(super) fn chain_deadlines(&self, now: Moment) -> impl Iterator<Item = Mono> {
        let output = match self.chain.output {
            Output::Opening { until } => Some(until),
            Output::Closed => Some(self.chain.output_rests).filter(|&rests| rests > now.mono),
            Output::Open => None,
        };
        let power = match self.chain.power {
            Power::Energising { until, .. } => Some(until),
            Power::Releasing { again } => Some(again),
            Power::Dark => Some(self.chain.amplifier_rests).filter(|&rests| rests > now.mono),
            Power::On { .. } => None,
        };
        let voice = match self.chain.voice {
            Voice::Unmuting { until } => Some(until),
            Voice::Muted | Voice::Live => None,
        };
        output.into_iter().chain(power).chain(voice)
    }
}
