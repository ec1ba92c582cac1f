//! The way of a slot: due, prepared, queued, cut.

use super::Playout;
use super::agenda::covers;
use super::airing::{Aim, Airing, Doom, Due, Pcm, Phase};
use super::chain::Output;
use super::clock::{Moment, Mono, Passed};
use super::messages::Command;
use crate::plan::Entry;
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A slot may be aimed at its own start although the one before ends this much later: the output lets that
/// one finish, and nobody hears the difference.
const JOIN_SLACK: SignedDuration = SignedDuration::from_millis(100);

impl Playout {
    /// What has come due is opened, or closed at once.
    pub(super) fn bring_due(&mut self, now: Moment) {
        if !now.trusted {
            return;
        }
        for entry in self.agenda.take_due(now, self.lead()) {
            self.done += 1;
            if self.agenda.is_closed(entry.key()) {
                continue;
            }
            match entry {
                Entry::Refused(refusal) => {
                    let reason = refusal.reason.clone();
                    self.close_unaired(Entry::Refused(refusal), Outcome::Suppressed, reason);
                }
                Entry::Slot(slot) => {
                    let passed = slot
                        .start
                        .saturating_add(self.settings.late_tolerance)
                        .is_ok_and(|end| end <= now.wall);
                    let why = self.clock.why_passed(slot.start).filter(|_| passed);
                    match (why, &self.stopped) {
                        (Some(why), _) => {
                            self.close_unaired(Entry::Slot(slot), Outcome::Missed, passed_reason(why))
                        }
                        (None, Some(by)) => {
                            let reason = Reason::local_stop(by);
                            self.close_unaired(Entry::Slot(slot), Outcome::Suppressed, reason);
                        }
                        (None, None) if passed => {
                            self.close_unaired(Entry::Slot(slot), Outcome::Missed, Reason::late());
                        }
                        (None, None) => {
                            self.emit(Command::RecordDue(Entry::Slot(slot.clone())));
                            let until = self.patience(now);
                            self.insert(Airing::new(slot, until));
                        }
                    }
                }
            }
        }
    }

    fn insert(&mut self, airing: Airing) {
        self.airings.push(airing);
        self.sort_airings();
    }

    /// In the order of starts; what is already with the output goes before what is not.
    pub(super) fn sort_airings(&mut self) {
        self.airings.sort_by(|a, b| {
            (!a.handed_over(), a.slot.start, &a.slot.key).cmp(&(!b.handed_over(), b.slot.start, &b.slot.key))
        });
    }

    /// Answers that did not come in time.
    pub(super) fn expire_airings(&mut self, now: Moment) {
        let mut uncut = Vec::new();
        for airing in &mut self.airings {
            if let Due::Asked { until } = airing.due
                && now.mono >= until
            {
                airing.due = Due::Failed;
                airing.doom(Doom::new(Outcome::Failed, Reason::log_unwritable("no answer")));
                self.done += 1;
            }
            if let Pcm::Asked { until } = airing.pcm
                && now.mono >= until
            {
                airing.pcm = Pcm::Unasked;
                airing.doom(Doom::new(Outcome::Failed, Reason::pcm_refused("no answer")));
                self.done += 1;
            }
            match &airing.phase {
                Phase::Queued(aim) if now.mono >= aim.at.saturating_add(self.settings.late_tolerance) => {
                    airing.doom(Doom::new(Outcome::Failed, Reason::output_lost("it did not begin")));
                }
                Phase::Sounding { ends, deadline, .. } if now.mono >= *deadline => {
                    let late = *deadline >= ends.saturating_add(self.settings.arm_timeout);
                    let reason = if late { Reason::output_lost("it did not end") } else { Reason::overran() };
                    airing.doom(Doom::new(Outcome::Failed, reason));
                }
                Phase::Cutting { until, .. } if now.mono >= *until => uncut.push(airing.slot.key.clone()),
                _ => {}
            }
        }
        for key in uncut {
            // The output does not obey: whatever it does, nobody may hear it.
            let doom = Doom::new(Outcome::Failed, Reason::output_lost("it did not stop"));
            if let Some(index) = self.find(&key) {
                self.airings[index].doom(doom.clone());
                self.close(index, None);
            }
            self.shut_down(super::chain::Darken::WhatIsOn, Some(&doom), now);
        }
    }

    /// What must not go on is cut or closed; what is aimed wrongly is taken back.
    pub(super) fn review_airings(&mut self, now: Moment) {
        let mut index = 0;
        let mut before_ends: Option<Mono> = None;
        while let Some(airing) = self.airings.get(index) {
            let active = self.active(&airing.slot, now);
            match &airing.phase {
                Phase::Preparing => {
                    if self.review_preparing(index, active, now) {
                        continue;
                    }
                }
                Phase::Queued(aim) => {
                    let begins_later = now.mono < aim.at;
                    let tolerance = self.settings.step_tolerance;
                    let moved = now.mono_of(airing.slot.start).saturating_sub(aim.planned).abs() > tolerance;
                    let blocked = before_ends.is_some_and(|ends| ends > aim.at.saturating_add(tolerance));
                    if airing.doom.is_some() {
                        self.cancel(index, None, now);
                    } else if begins_later && (!active || moved || blocked) {
                        let cause = self.taken_back(now);
                        self.cancel(index, Some(&cause), now);
                    }
                }
                Phase::Sounding { .. } if airing.doom.is_some() => self.cancel(index, None, now),
                Phase::Sounding { .. } | Phase::Cutting { .. } => {}
            }
            if let Some(airing) = self.airings.get(index) {
                before_ends = before_ends.max(airing.ends());
            }
            index += 1;
        }
    }

    /// Closes a prepared airing when its time has passed or it is doomed. True when it is gone.
    fn review_preparing(&mut self, index: usize, active: bool, now: Moment) -> bool {
        let why_passed = self.clock.why_passed(self.airings[index].slot.start);
        let patience_ends =
            now.mono_of(self.airings[index].slot.start).saturating_add(self.settings.late_tolerance);
        if active && now.mono >= patience_ends && self.airings[index].doom.is_none() {
            let doom = match why_passed {
                Some(why) => Doom::new(Outcome::Missed, passed_reason(why)),
                None => self.what_was_not_ready(index),
            };
            self.airings[index].doom(doom);
        }
        let airing = &mut self.airings[index];
        if airing.doom.is_some() && !matches!(airing.due, Due::Asked { .. }) {
            self.close(index, None);
            return true;
        }
        if !active && airing.pcm != Pcm::Unasked {
            airing.pcm = Pcm::Unasked;
        }
        false
    }

    fn what_was_not_ready(&self, index: usize) -> Doom {
        let airing = &self.airings[index];
        let said = |trouble: &Option<String>| trouble.clone().unwrap_or_else(|| "not in time".to_owned());
        if matches!(airing.due, Due::Asked { .. }) {
            return Doom::new(Outcome::Failed, Reason::log_unwritable("not in time"));
        }
        if airing.pcm != Pcm::Verified {
            return Doom::new(Outcome::Failed, Reason::pcm_refused("not read in time"));
        }
        if self.airings.iter().enumerate().any(|(other, before)| other != index && before.handed_over()) {
            return Doom::new(Outcome::Missed, Reason::on_air_elsewhere());
        }
        if self.chain.amplifier_trouble.is_some() || !self.chain.carries(&airing.slot.zones) {
            return Doom::new(
                Outcome::Failed,
                Reason::amplifier_not_ready(&said(&self.chain.amplifier_trouble)),
            );
        }
        if self.chain.output != Output::Open {
            return Doom::new(Outcome::Failed, Reason::output_not_ready(&said(&self.chain.output_trouble)));
        }
        Doom::new(Outcome::Missed, Reason::late())
    }

    /// Why something queued is taken back although it may still air.
    fn taken_back(&self, now: Moment) -> Doom {
        let reason = if !now.trusted { Reason::clock_untrusted() } else { Reason::clock_step() };
        Doom::new(Outcome::Missed, reason)
    }

    /// Has the PCM of what is being prepared read and hashed.
    pub(super) fn verify_pcm(&mut self, now: Moment) {
        let until = self.patience(now);
        for index in 0..self.airings.len() {
            let airing = &self.airings[index];
            let wanted = airing.due == Due::Durable && airing.doom.is_none() && airing.pcm == Pcm::Unasked;
            if wanted && !airing.handed_over() && self.active(&airing.slot, now) {
                let slot = airing.slot.key.clone();
                self.airings[index].pcm = Pcm::Asked { until };
                self.emit(Command::VerifyPcm { slot });
            }
        }
    }

    /// Hands what is ready to the output, in the order of starts.
    pub(super) fn play_ready(&mut self, now: Moment) {
        self.sort_airings();
        let mut before_ends: Option<Mono> = None;
        for index in 0..self.airings.len() {
            let airing = &self.airings[index];
            match &airing.phase {
                // Nobody knows yet when it ends.
                Phase::Cutting { .. } => return,
                Phase::Queued(_) | Phase::Sounding { .. } => {
                    before_ends = before_ends.max(airing.ends());
                    continue;
                }
                Phase::Preparing => {}
            }
            if airing.doom.is_some() || !self.active(&airing.slot, now) {
                continue;
            }
            let ready = airing.due == Due::Durable
                && airing.pcm == Pcm::Verified
                && self.chain.output == Output::Open
                && self.chain.carries(&airing.slot.zones);
            if !ready {
                return;
            }
            self.play(index, before_ends, now);
            before_ends = before_ends.max(self.airings[index].ends());
        }
    }

    /// Queues it at its start, or as soon as the one before has ended and sound is let through; not at all if
    /// that is too late or no longer permitted.
    fn play(&mut self, index: usize, before_ends: Option<Mono>, now: Moment) {
        let slot = &self.airings[index].slot;
        let planned = now.mono_of(slot.start);
        let ideal = after(planned, before_ends);
        let lead = if self.chain.live() { SignedDuration::ZERO } else { self.settings.unmute_lead };
        let at = ideal.max(now.mono.saturating_add(lead));
        let aim = Aim { at, planned };
        let patience = self.settings.late_tolerance.saturating_add(lead);
        let doom =
            if ideal > planned.saturating_add(self.settings.late_tolerance) || aim.lateness() > patience {
                Some(Doom::new(Outcome::Missed, Reason::on_air_elsewhere()))
            } else if !covers(slot, slot.start, aim.lateness()) {
                Some(Doom::new(Outcome::Missed, Reason::would_overrun()))
            } else {
                None
            };
        match doom {
            Some(doom) => {
                self.airings[index].doom(doom);
                self.done += 1;
            }
            None => {
                let slot = slot.key.clone();
                self.airings[index].phase = Phase::Queued(aim);
                let at_mono = Duration::try_from(at).unwrap_or(Duration::ZERO);
                self.emit(Command::Play { slot, at_mono });
            }
        }
    }

    /// Takes back what is queued, or cuts what sounds. Nothing else is touched.
    pub(super) fn cancel(&mut self, index: usize, cause: Option<&Doom>, now: Moment) {
        let until = self.patience(now);
        let Some(airing) = self.airings.get_mut(index) else { return };
        if !matches!(airing.phase, Phase::Queued(_) | Phase::Sounding { .. }) {
            return;
        }
        let cause = cause.or(airing.doom.as_ref()).cloned();
        let cause = cause.unwrap_or_else(|| Doom::new(Outcome::Failed, Reason::output_lost("taken back")));
        if airing.sounding() {
            airing.doom(cause.clone());
        }
        airing.phase = Phase::Cutting { until, cause };
        let slot = airing.slot.key.clone();
        self.emit(Command::Cancel { slot });
    }

    /// What the airings wait for.
    pub(super) fn airing_deadlines(&self, now: Moment) -> impl Iterator<Item = Mono> {
        self.airings.iter().flat_map(move |airing| {
            let due = match airing.due {
                Due::Asked { until } => Some(until),
                Due::Durable | Due::Failed => None,
            };
            let pcm = match airing.pcm {
                Pcm::Asked { until } => Some(until),
                Pcm::Unasked | Pcm::Verified => None,
            };
            let planned = now.mono_of(airing.slot.start);
            let phase = match &airing.phase {
                Phase::Preparing if airing.doom.is_some() || !now.trusted => None,
                Phase::Preparing if self.active(&airing.slot, now) => {
                    Some(planned.saturating_add(self.settings.late_tolerance))
                }
                Phase::Preparing if self.stopped.is_some() => None,
                Phase::Preparing => Some(planned.saturating_sub(self.settings.arm_lead)),
                Phase::Queued(aim) => {
                    let unmute = aim.at.saturating_sub(self.settings.unmute_lead);
                    let to_come = Some(unmute).filter(|&unmute| unmute > now.mono && !self.chain.live());
                    Some(to_come.unwrap_or(aim.at.saturating_add(self.settings.late_tolerance)))
                }
                Phase::Sounding { deadline, .. } => Some(*deadline),
                Phase::Cutting { until, .. } => Some(*until),
            };
            due.into_iter().chain(pcm).chain(phase)
        })
    }

    pub(super) fn agenda_deadline(&self, now: Moment) -> Option<Mono> {
        let next: Timestamp = self.agenda.next_due(self.lead()).filter(|_| now.trusted)?;
        Some(now.mono_of(next))
    }
}

/// The planned start, or the end of the one before when that is noticeably later.
fn after(planned: Mono, before_ends: Option<Mono>) -> Mono {
    match before_ends {
        Some(ends) if ends > planned.saturating_add(JOIN_SLACK) => ends,
        _ => planned,
    }
}

fn passed_reason(why: Passed) -> Reason {
    match why {
        Passed::StationOff => Reason::station_off(),
        Passed::Untrusted => Reason::clock_untrusted(),
        Passed::Stepped => Reason::clock_step(),
    }
}
