//! From ready to sounding: verified, handed to the output in order, taken back.

use super::Playout;
use super::agenda::covers;
use super::airing::{Aim, Doom, Pcm, Phase};
use super::chain::Output;
use super::clock::{Moment, Mono};
use super::messages::Command;
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::SignedDuration;
use std::time::Duration;

/// A slot may be aimed at its own start although the one before ends this much later: the output lets that
/// one finish, and nobody hears the difference.
const JOIN_SLACK: SignedDuration = SignedDuration::from_millis(100);

impl Playout {
    /// Has the PCM of what is being prepared read and hashed.
    pub(super) fn verify_pcm(&mut self, now: Moment) {
        let until = self.patience(now);
        for index in 0..self.airings.len() {
            let airing = &self.airings[index];
            let wanted = airing.may_prepare() && airing.pcm == Pcm::Unasked && airing.replacement.is_none();
            if wanted && self.active(airing, now) {
                let slot = airing.slot.key.clone();
                self.airings[index].pcm = Pcm::Asked { until };
                self.airings[index].pcm_owed = true;
                self.emit(Command::VerifyPcm { slot });
            }
        }
    }

    /// Hands what is ready to the output, emergencies first, then in the order of starts.
    pub(super) fn play_ready(&mut self, now: Moment) {
        self.sort_airings();
        let mut before_ends: Option<Mono> = None;
        for index in 0..self.airings.len() {
            let airing = &self.airings[index];
            match &airing.phase {
                // Nobody knows yet when it ends.
                Phase::Cutting { .. } => return,
                Phase::Queued(_) | Phase::Sounding { .. } => {
                    let Some(ends) = airing.ends() else { return };
                    before_ends = before_ends.max(Some(ends));
                    continue;
                }
                Phase::Preparing => {}
            }
            if airing.doom.is_some() || !self.active(airing, now) {
                continue;
            }
            let rested = airing.urgent.as_ref().is_none_or(|urgent| now.mono >= urgent.rests);
            let ready = airing.may_sound()
                && airing.pcm == Pcm::Verified
                && airing.replacement.is_none()
                && rested
                && self.chain.output == Output::Open
                && self.chain.carries(&airing.slot.zones);
            if !ready {
                return;
            }
            self.play(index, before_ends, now);
            let airing = &self.airings[index];
            before_ends = before_ends.max(airing.ends());
            let waits = airing.doom.is_none() && !airing.handed_over();
            if airing.cut_at.is_some() || waits {
                return;
            }
        }
    }

    /// Queues it at its start, or as soon as the one before has ended and sound is let through; not at all if
    /// that is too late or no longer permitted.
    fn play(&mut self, index: usize, before_ends: Option<Mono>, now: Moment) {
        let slot = &self.airings[index].slot;
        let lead = if self.chain.live() { SignedDuration::ZERO } else { self.settings.unmute_lead };
        let soonest = now.mono.saturating_add(lead);
        if let Some(expires) = self.airings[index].urgent.as_ref().map(|urgent| urgent.expires) {
            self.play_emergency(index, expires, before_ends, (soonest, now));
            return;
        }
        let planned = now.mono_of(slot.start);
        let ideal = after(planned, before_ends);
        let at = ideal.max(soonest);
        let aim = Aim { at, planned };
        let latest = now.mono_of(self.latest_start(slot));
        // The playout's own tolerance is for the sound to be ready; unmuting comes on top of it.
        let unmuting = if slot.latest_start.is_none() { lead } else { SignedDuration::ZERO };
        let late = ideal > latest || at > latest.saturating_add(unmuting);
        let cut_at = slot.yields.is_some().then(|| planned.saturating_add(slot.duration));
        let cut_at = cut_at.filter(|_| aim.lateness() > JOIN_SLACK);
        let doom = if !covers(slot, slot.start, aim.lateness()) {
            Some(Doom::new(Outcome::Missed, Reason::would_overrun()))
        } else if late {
            Some(Doom::new(Outcome::Missed, Reason::on_air_elsewhere()))
        } else {
            let gone = slot.yields.as_ref().filter(|_| cut_at.is_some_and(|cut| cut <= at));
            gone.map(|to| Doom::yields(Reason::yielded(to)))
        };
        match doom {
            // The emergency may be taken back, or the plan be made anew: it waits as long as it may.
            Some(_) if self.open_emergency().is_some() => {}
            Some(doom) => {
                self.airings[index].doom(doom);
                self.done += 1;
            }
            // What waits behind something long is not aimed yet: if that is taken away, its turn comes at once.
            None if before_ends
                .is_some_and(|ends| ends > now.mono.saturating_add(self.settings.arm_lead)) => {}
            None => {
                self.airings[index].cut_at = cut_at;
                self.hand_over(index, aim);
            }
        }
    }

    pub(super) fn hand_over(&mut self, index: usize, aim: Aim) {
        let airing = &mut self.airings[index];
        airing.phase = Phase::Queued(aim);
        let slot = airing.slot.key.clone();
        let at_mono = Duration::try_from(aim.at).unwrap_or(Duration::ZERO);
        self.emit(Command::Play { slot, at_mono });
    }

    /// Takes back what is queued, or cuts what sounds. Nothing else is touched.
    pub(super) fn cancel(&mut self, index: usize, cause: Option<&Doom>, now: Moment) {
        let until = self.patience(now);
        let Some(airing) = self.airings.get_mut(index) else { return };
        if !matches!(airing.phase, Phase::Queued(_) | Phase::Sounding { .. }) {
            return;
        }
        let cause = cause.or(airing.doom.as_ref()).cloned();
        let cause = cause.unwrap_or_else(|| Doom::fault(Reason::output_lost("taken back")));
        if airing.sounding() {
            airing.doom(cause.clone());
        }
        airing.phase = Phase::Cutting { until, cause };
        let slot = airing.slot.key.clone();
        self.emit(Command::Cancel { slot });
    }
}

/// The planned start, or the end of the one before when that is noticeably later.
fn after(planned: Mono, before_ends: Option<Mono>) -> Mono {
    match before_ends {
        Some(ends) if ends > planned.saturating_add(JOIN_SLACK) => ends,
        _ => planned,
    }
}
