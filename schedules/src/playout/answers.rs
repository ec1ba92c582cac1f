//! What each input changes in what is known.

use super::adopt::changed;
use super::airing::{Aim, Doom, Due, Heard, Pcm, Phase};
use super::chain::{Darken, Output, Voice};
use super::clock::{Moment, Mono};
use super::messages::{Command, Input, Stage};
use super::{Playout, zero};
use crate::plan::SlotKey;
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};

impl Playout {
    pub(super) fn absorb(&mut self, input: Input, now: Moment) {
        self.done += 1;
        match input {
            Input::Tick => {}
            Input::Plan(entries) => self.absorb_plan(entries, now),
            Input::Recorded { slot, stage: Stage::Due } => self.due_recorded(&slot, Ok(()), now),
            Input::RecordFailed { slot, stage: Stage::Due, why } => self.due_recorded(&slot, Err(&why), now),
            // The due row is durable; the loop repeats the later ones.
            Input::Recorded { .. } | Input::RecordFailed { .. } => {}
            Input::PcmVerified { slot } => self.pcm_answered(&slot, Ok(())),
            Input::PcmRefused { slot, why } => self.pcm_answered(&slot, Err(&why)),
            Input::OutputReady => self.output_ready(),
            Input::OutputFailed { why } => self.output_failed(&why, now),
            Input::AmplifierConfirmed => self.amplifier_confirmed(now),
            Input::AmplifierFailed { why } => self.amplifier_failed(&why, now),
            Input::Unmuted => self.unmuted(),
            Input::UnmuteFailed { why } => self.unmute_failed(&why, now),
            Input::Released => self.released(now),
            Input::AudioStarted { slot, at } => self.audio_started(slot, at, now),
            Input::AudioProgress { slot, played } => self.audio_progress(&slot, played),
            Input::AudioEnded { slot, played, at } => self.audio_over(&slot, played, at, None),
            Input::AudioCut { slot, played, at } => self.audio_cut(&slot, played, at),
            Input::AudioLost { slot, played, at, why } => self.audio_lost(&slot, played, at, &why, now),
            Input::Stop { by } => self.stop(by, now),
            Input::Resume { .. } => self.latches.operator = None,
            Input::LocalStop { pressed } => self.local_stop(pressed, now),
            Input::Emergency(slot) => self.emergency(*slot, now),
            Input::EmergencyWithdrawn { slot } => self.withdraw(&slot, now),
            Input::Unapproved { slot, reason } => self.unapproved(&slot, reason, now),
        }
    }

    fn due_recorded(&mut self, slot: &SlotKey, answer: Result<(), &str>, now: Moment) {
        let Some(index) = self.find(slot) else { return };
        let again = self.patience(now);
        let airing = &mut self.airings[index];
        match (airing.due, answer) {
            (Due::Durable | Due::Failed, _) | (Due::Owed { .. }, Err(_)) => {}
            (Due::Asked { .. } | Due::Owed { .. }, Ok(())) => {
                airing.due = Due::Durable;
                self.record_started(index);
            }
            (Due::Asked { .. }, Err(_)) if airing.urgent.is_some() => airing.due = Due::Owed { again },
            (Due::Asked { .. }, Err(why)) => {
                airing.due = Due::Failed;
                airing.doom(Doom::new(Outcome::Failed, Reason::log_unwritable(why)));
            }
        }
    }

    fn pcm_answered(&mut self, slot: &SlotKey, answer: Result<(), &str>) {
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        airing.pcm_owed = false;
        if !matches!(airing.pcm, Pcm::Asked { .. }) {
            return;
        }
        match answer {
            Ok(()) => airing.pcm = Pcm::Verified,
            Err(why) => {
                airing.pcm = Pcm::Unasked;
                airing.doom(Doom::new(Outcome::Failed, Reason::pcm_refused(why)));
            }
        }
    }

    /// Nobody vouches for its sound any more. An emergency neither: what people decided is no failure to be defied.
    fn unapproved(&mut self, slot: &SlotKey, reason: Reason, now: Moment) {
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        if let Some(urgent) = &mut airing.urgent {
            urgent.expires = urgent.expires.min(now.mono);
        }
        airing.doom(Doom::new(Outcome::Suppressed, reason));
    }

    fn audio_started(&mut self, slot: SlotKey, at: Timestamp, now: Moment) {
        let index = match self.find(&slot) {
            Some(index) if self.airings[index].handed_over() => index,
            // Something sounds that should not.
            stray => {
                if let Some(index) = stray {
                    let cause = Doom::fault(Reason::output_lost("it began unasked"));
                    let until = self.patience(now);
                    self.airings[index].phase = Phase::Cutting { until, cause };
                }
                self.emit(Command::Cancel { slot });
                return;
            }
        };
        let live = self.chain.live();
        let audible = match self.chain.voice {
            _ if live => Heard::Yes,
            Voice::Unmuting { .. } => Heard::Perhaps,
            Voice::Muted | Voice::Live => Heard::No,
        };
        let in_zone = self.chain.carries(&self.airings[index].slot.zones);
        let present = self.chain.amplifier_present;
        let settings = self.settings;
        let airing = &mut self.airings[index];
        if airing.started.is_some() {
            return;
        }
        airing.started = Some(at);
        if airing.replacement.take().is_some() {
            // It began while it was taken back for what the new plan makes of it.
            airing.doom(changed(None));
        }
        if in_zone {
            airing.heard = airing.heard.max(audible);
        }
        if let Phase::Queued(aim) = &airing.phase {
            let aim = *aim;
            airing.confirmed = present && live && in_zone;
            let ends = began(aim, at, now, settings.arm_timeout).saturating_add(airing.slot.duration);
            let permitted = airing.slot.permitted.until.duration_since(airing.slot.start);
            let closes =
                aim.planned.saturating_add(permitted).max(ends).saturating_add(settings.step_tolerance);
            let patience = ends.saturating_add(settings.arm_timeout);
            let deadline = if airing.urgent.is_some() { patience } else { patience.min(closes) };
            airing.phase = Phase::Sounding { ends, deadline, aim };
        }
        self.record_started(index);
    }

    /// Says that it began, once, as soon as there is a row to say it of.
    fn record_started(&mut self, index: usize) {
        let airing = &mut self.airings[index];
        if let (Some(at), Due::Durable, false) = (airing.started, airing.due, airing.told_started) {
            airing.told_started = true;
            let slot = airing.slot.key.clone();
            self.emit(Command::RecordStarted { slot, at });
        }
    }

    fn audio_progress(&mut self, slot: &SlotKey, played: SignedDuration) {
        let every = self.settings.progress_every;
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        if airing.started.is_none() {
            return;
        }
        self.chain.output_works();
        airing.played = airing.played.max(played);
        if airing.told_started && airing.played >= airing.noted.saturating_add(every) {
            airing.noted = airing.played;
            let played = airing.played;
            self.emit(Command::RecordProgress { slot: slot.clone(), played });
        }
    }

    /// The output is done with it: it ended, or `why` it did not.
    fn audio_over(&mut self, slot: &SlotKey, played: SignedDuration, at: Timestamp, why: Option<Doom>) {
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        if !airing.handed_over() {
            return;
        }
        airing.played = airing.played.max(played);
        if let Some(why) = why {
            airing.doom(why);
        }
        self.close(index, Some(at));
    }

    fn audio_cut(&mut self, slot: &SlotKey, played: SignedDuration, at: Timestamp) {
        let Some(index) = self.find(slot) else { return };
        let airing = &mut self.airings[index];
        let Phase::Cutting { cause, .. } = &airing.phase else {
            // Cut by somebody else: over, and not by our will.
            let why = Doom::fault(Reason::output_lost("it was cut"));
            self.audio_over(slot, played, at, Some(why));
            return;
        };
        let cause = cause.clone();
        airing.played = airing.played.max(played);
        let begun = airing.started.is_some() || airing.played > zero();
        if begun {
            airing.doom(cause);
        }
        if airing.doom.is_some() {
            self.close(index, Some(at));
        } else {
            airing.taken_back();
        }
    }

    fn audio_lost(&mut self, slot: &SlotKey, played: SignedDuration, at: Timestamp, why: &str, now: Moment) {
        // of several clips that one loss took, only the first makes the output rest
        if self.chain.output != Output::Closed {
            self.let_output_rest(why, now);
        }
        let lost = Doom::fault(Reason::output_lost(why));
        if let Some(index) = self.find(slot) {
            let airing = &mut self.airings[index];
            let unbegun = airing.started.is_none() && played.is_zero() && airing.doom.is_none();
            if airing.handed_over() && unbegun {
                airing.taken_back();
            } else {
                self.audio_over(slot, played, at, Some(lost.clone()));
            }
        }
        self.shut_down(Darken::WhatIsOn, Some(&lost), now);
    }
}

/// When the first frame sounded, on the monotonic scale. A wall clock that was set meanwhile is not believed.
fn began(aim: Aim, at: Timestamp, now: Moment, tolerance: SignedDuration) -> Mono {
    let told = now.mono_of(at);
    let plausible = told.saturating_sub(aim.at).abs() <= tolerance;
    if plausible { told } else { now.mono }
}
