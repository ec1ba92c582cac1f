//! What goes wrong, and what becomes right again.

use super::devices::Mood;
use super::{Event, FaultKind, Simulation};
use crate::playout::{Input, Playout};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A power cut that waits for its event waits for no more than so many.
const LONGEST_FUSE: u64 = 80;
/// Three of four troubles of a station with few sessions come this close to one.
const AROUND_A_SESSION: SignedDuration = SignedDuration::from_mins(3);

fn millis(count: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(count).unwrap_or(i64::MAX))
}

impl Simulation {
    // ---- what somebody or something does to the station ----

    /// The power is gone, with whatever was on its way.
    pub fn cut_power(&mut self) {
        if self.playout.is_none() {
            return;
        }
        self.fuse = None;
        self.replan_asked = false;
        self.promises.disturbed();
        self.playout = None;
        self.device_failed();
        if let Some((key, began, _)) = self.output.sounding.take() {
            let played = SignedDuration::try_from(self.mono.saturating_sub(began)).unwrap_or_default();
            // The last note may not have reached the disk.
            let durable = self.mono.saturating_sub(began).saturating_sub(Duration::from_secs(1));
            let interval = u64::try_from(self.progress_every.as_millis()).unwrap_or(u64::MAX).max(1);
            let durable = u64::try_from(durable.as_millis()).unwrap_or(u64::MAX);
            let noted = Duration::from_millis(durable / interval * interval);
            self.was_heard(&key, played, SignedDuration::try_from(noted).unwrap_or(played));
        }
        self.tear_log();
        self.events.retain(|_, event| event.outlasts_power());
        self.promises.forget_light();
        self.amplifier.loses_power();
        self.output.loses_power();
        self.slots.clear();
    }

    /// The power is back.
    pub fn restore_power(&mut self) {
        if self.playout.is_none() {
            self.boot();
        }
    }

    /// The clock is set by so much.
    pub fn set_clock(&mut self, by: SignedDuration) {
        self.origin = self.origin.saturating_add(by).unwrap_or(self.origin);
        self.promises.disturbed();
        self.tell(Input::Tick);
    }

    /// The clock can no longer be trusted.
    pub fn distrust_clock(&mut self) {
        self.trusted = false;
        self.promises.disturbed();
        self.tell(Input::Tick);
    }

    /// The clock is right, and trusted.
    pub fn trust_clock(&mut self) {
        self.origin = self.honest;
        self.trusted = true;
        self.promises.disturbed();
        self.tell(Input::Tick);
    }

    /// Everything works again from now on, and nothing more goes wrong.
    pub fn heal(&mut self) {
        self.faults = super::Faults::none();
        self.fuse = None;
        let owed = |event: &Event| matches!(event, Event::EmergencyOver(_));
        self.events.retain(|_, event| owed(event) || !event.outlasts_power());
        for kind in [FaultKind::Amplifier, FaultKind::Audio, FaultKind::Log, FaultKind::Slow] {
            self.end_trouble(kind);
        }
        self.restore_power();
        self.trust_clock();
        self.release_stop();
        self.release_button();
        self.undo_edits();
        // Where the clock was set back, what had aired does not air again: go on after it.
        let behind = self.latest.duration_since(self.wall()).max(SignedDuration::ZERO);
        self.honest = self.honest.saturating_add(behind).unwrap_or(self.honest);
        self.set_clock(behind);
        self.replan_anew();
    }

    pub(super) fn boot(&mut self) {
        self.reconcile_log();
        self.playout = Some(Playout::new(self.settings, self.log.accounted));
        self.settled = self.log.accounted;
        self.asked = super::Asked { at: self.mono, ..super::Asked::default() };
        self.device_works();
        self.latch_again();
        self.tell(Input::Tick);
        self.replan();
        self.send_lost_ones_again();
    }

    // ---- seeded trouble ----

    /// When the next trouble of this kind comes.
    pub(super) fn plan_trouble(&mut self, kind: FaultKind) {
        let Some(mean) = self.faults.mean(kind) else { return };
        let mut wait = millis(self.dice.below(mean.saturating_mul(2000)) + 1);
        if self.faults.in_sessions() && !self.snapshot.windows.is_empty() && !self.dice.once_in(4) {
            wait = self.near_session(wait).unwrap_or(wait);
        }
        self.after(Duration::try_from(wait).unwrap_or_default(), Event::Onset(kind));
    }

    /// The moment of a session on the day that is so far ahead.
    fn near_session(&mut self, wait: SignedDuration) -> Option<SignedDuration> {
        let index = self.dice.index(self.snapshot.windows.len());
        let now = self.honest.checked_add(SignedDuration::try_from(self.mono).ok()?).ok()?;
        let window = self.snapshot.windows.get(index)?;
        let date = self.date(now.checked_add(wait).ok()?);
        let opens = crate::vocabulary::instant_of(window.start.on(date), &self.snapshot.timezone);
        let length = u64::from(window.end.seconds().saturating_sub(window.start.seconds())) * 1000;
        let around = u64::try_from(AROUND_A_SESSION.as_millis()).unwrap_or(0);
        let into = millis(self.dice.below(length + 2 * around)).saturating_sub(AROUND_A_SESSION);
        let wait = opens.checked_add(into).ok()?.duration_since(now);
        (wait > SignedDuration::ZERO).then_some(wait)
    }

    pub(super) fn begin_trouble(&mut self, kind: FaultKind) {
        self.plan_trouble(kind);
        if self.playout.is_none() && kind != FaultKind::Edits {
            return;
        }
        match kind {
            // Half of the cuts come between two events of their own choice: in mid-write, in mid-switch.
            FaultKind::Power if self.dice.once_in(2) => self.fuse = Some(self.dice.below(LONGEST_FUSE)),
            FaultKind::Power => self.lose_power(),
            FaultKind::Clock => {
                let most = [1, 3, 30, 4000].get(self.dice.index(4)).copied().unwrap_or(1) * 1000;
                let by = millis(self.dice.below(2 * most)).saturating_sub(millis(most));
                self.set_clock(by);
            }
            FaultKind::Trust => {
                if self.dice.once_in(2) {
                    let by = millis(self.dice.below(200_000_000)).saturating_sub(millis(100_000_000));
                    self.origin = self.origin.saturating_add(by).unwrap_or(self.origin);
                }
                self.distrust_clock();
            }
            FaultKind::Amplifier => match self.dice.below(3) {
                0 => self.lose_amplifier(),
                1 => self.amplifier.mood = Mood::Refuses,
                _ => self.amplifier.mood = Mood::Silent,
            },
            FaultKind::Audio => match self.dice.below(4) {
                0 => self.lose_output(),
                1 => self.output.mood = Mood::Refuses,
                2 => self.output.mood = Mood::Silent,
                _ => self.output.mood = Mood::Stalls,
            },
            FaultKind::Log => {
                self.log.mood = if self.dice.once_in(2) { Mood::Refuses } else { Mood::Silent };
            }
            FaultKind::Stop => self.press_stop(),
            FaultKind::Edits => self.edit_something(),
            FaultKind::Slow => self.slow = true,
            FaultKind::Emergency => self.call_for_help(),
            FaultKind::Button => self.press_button(),
        }
        if matches!(kind, FaultKind::Amplifier | FaultKind::Audio | FaultKind::Slow) {
            self.device_failed();
        }
        if !matches!(kind, FaultKind::Power | FaultKind::Edits | FaultKind::Emergency) {
            let longest = self.faults.longest(kind) * 1000;
            let wait = Duration::from_millis(self.dice.below(longest) + 1);
            self.after(wait, Event::Relief(kind));
        }
    }

    pub(super) fn end_trouble(&mut self, kind: FaultKind) {
        match kind {
            FaultKind::Power => self.regain_power(),
            FaultKind::Clock | FaultKind::Trust => {
                // Time is right again: it is what it would have been, give or take.
                let jitter = millis(self.dice.below(2_000));
                self.origin = self.honest.saturating_add(jitter).unwrap_or(self.honest);
                self.trusted |= kind == FaultKind::Trust;
                self.promises.disturbed();
                self.tell(Input::Tick);
            }
            FaultKind::Amplifier => self.amplifier.mood = Mood::Well,
            FaultKind::Audio => self.output.mood = Mood::Well,
            FaultKind::Log => self.log.mood = Mood::Well,
            FaultKind::Stop => self.release_stop(),
            FaultKind::Edits | FaultKind::Emergency => {}
            FaultKind::Slow => self.slow = false,
            FaultKind::Button => self.release_button(),
        }
        self.device_works();
    }

    /// After every event: a power cut that waited for this one.
    pub(super) fn burn_fuse(&mut self) {
        match self.fuse {
            Some(0) => self.lose_power(),
            Some(left) => self.fuse = Some(left - 1),
            None => {}
        }
    }

    fn lose_power(&mut self) {
        if self.playout.is_none() {
            return;
        }
        // Most cuts are over in minutes, some take the night.
        let longest = self.faults.longest(FaultKind::Power);
        let longest = if self.dice.once_in(4) { longest } else { longest.min(400) };
        let wait = Duration::from_millis(self.dice.below(longest * 1000) + 1);
        self.cut_power();
        self.stopped_clock = self.wall();
        self.after(wait, Event::Relief(FaultKind::Power));
    }

    /// Half of the time the clock goes on where it stopped, and cannot be trusted before the network has come.
    fn regain_power(&mut self) {
        if self.dice.once_in(2) {
            let lost = self.wall().duration_since(self.stopped_clock);
            self.origin = self.origin.saturating_sub(lost).unwrap_or(Timestamp::MIN);
            self.trusted = false;
            let wait = Duration::from_millis(self.dice.below(300_000) + 1);
            self.after(wait, Event::Relief(FaultKind::Trust));
        }
        self.restore_power();
    }

    fn lose_amplifier(&mut self) {
        let was_on = self.amplifier.zones.take().is_some();
        self.amplifier.unmuted = false;
        if let Some((key, ..)) = &self.output.sounding
            && let Some(row) = self.log.rows.get_mut(key)
        {
            row.audible = false;
        }
        if was_on {
            self.tell(Input::AmplifierFailed { why: "heartbeat lost".to_owned() });
        }
    }
}
