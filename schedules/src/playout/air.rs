//! The way of a slot: due, prepared, waited for, taken back.

use super::Playout;
use super::adopt::{changed, last_fit};
use super::airing::{Aim, Airing, Doom, Due, Pcm, Phase};
use super::chain::Output;
use super::clock::{Moment, Mono, Passed};
use super::messages::Command;
use crate::plan::{Entry, Slot};
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::Timestamp;

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
                    let passed = slot.start < now.wall && self.waits_until(&slot) <= now.wall;
                    let why = self.clock.why_passed(slot.start).filter(|_| passed);
                    match (why, self.latches.reason()) {
                        (Some(why), _) => {
                            self.close_unaired(Entry::Slot(slot), Outcome::Missed, passed_reason(why))
                        }
                        (None, Some(reason)) => {
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

    pub(super) fn insert(&mut self, airing: Airing) {
        self.airings.push(airing);
        self.sort_airings();
    }

    /// What is already with the output goes before what is not, emergencies before what is planned, and that in the
    /// order of starts.
    pub(super) fn sort_airings(&mut self) {
        self.airings.sort_by(|a, b| a.rank().cmp(&b.rank()));
    }

    /// Answers that did not come in time.
    pub(super) fn expire_airings(&mut self, now: Moment) {
        let mut uncut = Vec::new();
        for airing in &mut self.airings {
            if let Due::Asked { until } = airing.due
                && now.mono >= until
            {
                if airing.urgent.is_some() {
                    airing.due = Due::Owed { again: now.mono.saturating_add(self.settings.arm_timeout) };
                } else {
                    airing.due = Due::Failed;
                    airing.doom(Doom::new(Outcome::Failed, Reason::log_unwritable("no answer")));
                }
                self.done += 1;
            }
            if let Pcm::Asked { until } = airing.pcm
                && now.mono >= until
            {
                airing.pcm = Pcm::Unasked;
                if airing.urgent.is_none() {
                    airing.doom(Doom::new(Outcome::Failed, Reason::pcm_refused("no answer")));
                }
                self.done += 1;
            }
            match &airing.phase {
                Phase::Queued(aim) if now.mono >= aim.at.saturating_add(self.settings.late_tolerance) => {
                    airing.doom(Doom::fault(Reason::output_lost("it did not begin")));
                }
                Phase::Sounding { ends, deadline, .. } if now.mono >= *deadline => {
                    let late = *deadline >= ends.saturating_add(self.settings.arm_timeout);
                    airing.doom(if late {
                        Doom::fault(Reason::output_lost("it did not end"))
                    } else {
                        Doom::new(Outcome::Failed, Reason::overran())
                    });
                }
                Phase::Cutting { until, .. } if now.mono >= *until => uncut.push(airing.slot.key.clone()),
                _ => {}
            }
        }
        for key in uncut {
            // The output does not obey: whatever it does, nobody may hear it.
            let doom = Doom::fault(Reason::output_lost("it did not stop"));
            if let Some(index) = self.find(&key) {
                self.airings[index].doom(doom.clone());
                self.close(index, None);
            }
            self.shut_down(super::chain::Darken::WhatIsOn, Some(&doom), now);
        }
    }

    /// What must not go on is cut or closed; what is aimed wrongly is taken back.
    pub(super) fn review_airings(&mut self, now: Moment) {
        let way = self.way_for_emergency();
        let mut index = 0;
        let mut before_ends: Option<Mono> = None;
        while let Some(airing) = self.airings.get_mut(index) {
            if airing.handed_over() && airing.cut_at.is_some_and(|at| now.mono >= at) {
                let to = airing.slot.yields.as_ref();
                airing.doom(Doom::yields(to.map_or_else(|| Reason::plan_changed(None), Reason::yielded)));
            }
            if airing.sounding()
                && airing.urgent.is_none()
                && let Some(way) = &way
            {
                airing.doom(way.clone());
            }
            let airing = &self.airings[index];
            match &airing.phase {
                Phase::Preparing => {
                    if self.review_preparing(index, now) {
                        continue;
                    }
                }
                Phase::Queued(_) if airing.doom.is_some() => self.cancel(index, None, now),
                Phase::Queued(aim) => {
                    if let Some(cause) = self.why_taken_back(airing, *aim, before_ends, way.as_ref(), now) {
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

    /// Why something queued is taken back although it may still air; the cause counts if it has begun meanwhile.
    fn why_taken_back(
        &self,
        airing: &Airing,
        aim: Aim,
        before_ends: Option<Mono>,
        way: Option<&Doom>,
        now: Moment,
    ) -> Option<Doom> {
        let tolerance = self.settings.step_tolerance;
        let begins_later = now.mono < aim.at;
        let blocked = before_ends.is_some_and(|ends| ends > aim.at.saturating_add(tolerance));
        if airing.urgent.is_some() {
            // It is aimed as it came, whatever the clock says now.
            return (begins_later && blocked).then(|| Doom::fault(Reason::output_lost("taken back")));
        }
        if way.is_some() {
            return way.cloned();
        }
        let moved = now.mono_of(airing.slot.start).saturating_sub(aim.planned).abs() > tolerance;
        if !begins_later {
            None
        } else if !self.active(airing, now) || moved || blocked {
            let reason = if now.trusted { Reason::clock_step() } else { Reason::clock_untrusted() };
            Some(Doom::new(Outcome::Missed, reason))
        } else {
            airing.replacement.is_some().then(|| changed(None))
        }
    }

    /// Closes a prepared airing when its time has passed or it is doomed. True when it is gone.
    fn review_preparing(&mut self, index: usize, now: Moment) -> bool {
        if let Some(expires) = self.airings[index].urgent.as_ref().map(|urgent| urgent.expires) {
            return self.review_waiting_emergency(index, expires, now);
        }
        let active = self.active(&self.airings[index], now);
        let slot = &self.airings[index].slot;
        let why_passed = self.clock.why_passed(slot.start);
        if active && now.mono >= self.patience_ends(slot, now) && self.airings[index].doom.is_none() {
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

    /// Until when a planned slot waits: its latest start, or the last moment at which it still fits, if that is sooner.
    fn patience_ends(&self, slot: &Slot, now: Moment) -> Mono {
        now.mono_of(self.waits_until(slot).min(last_fit(slot).max(slot.start)))
    }

    /// A start rule waits for what has the air. Where the station was off, or its clock was not right at the start, only
    /// the rule for what was missed may bring it again.
    fn waits_until(&self, slot: &Slot) -> Timestamp {
        match self.clock.why_passed(slot.start) {
            Some(_) => slot.start.saturating_add(self.settings.late_tolerance).unwrap_or(Timestamp::MAX),
            None => self.latest_start(slot),
        }
    }

    fn what_was_not_ready(&self, index: usize) -> Doom {
        let airing = &self.airings[index];
        let no_longer_fits = last_fit(&airing.slot) < self.latest_start(&airing.slot);
        if matches!(airing.due, Due::Asked { .. }) {
            return Doom::new(Outcome::Failed, Reason::log_unwritable("not in time"));
        }
        if let Some(emergency) = self.open_emergency() {
            return Doom::yields(Reason::yielded_to_emergency(&emergency.slot.title));
        }
        if airing.pcm != Pcm::Verified {
            return Doom::new(Outcome::Failed, Reason::pcm_refused("not read in time"));
        }
        if self.airings.iter().enumerate().any(|(other, before)| other != index && before.handed_over()) {
            let reason = if no_longer_fits { Reason::would_overrun() } else { Reason::on_air_elsewhere() };
            return Doom::new(Outcome::Missed, reason);
        }
        match self.not_ready(airing) {
            Some(reason) => Doom::new(Outcome::Failed, reason),
            None if no_longer_fits => Doom::new(Outcome::Missed, Reason::would_overrun()),
            None => Doom::new(Outcome::Missed, Reason::late()),
        }
    }

    /// What of the chain is not ready for it.
    pub(super) fn not_ready(&self, airing: &Airing) -> Option<Reason> {
        let said = |trouble: &Option<String>| trouble.clone().unwrap_or_else(|| "not in time".to_owned());
        if self.chain.amplifier_trouble.is_some() || !self.chain.carries(&airing.slot.zones) {
            return Some(Reason::amplifier_not_ready(&said(&self.chain.amplifier_trouble)));
        }
        let output = self.chain.output != Output::Open;
        output.then(|| Reason::output_not_ready(&said(&self.chain.output_trouble)))
    }

    /// What the airings wait for.
    pub(super) fn airing_deadlines(&self, now: Moment) -> impl Iterator<Item = Mono> {
        self.airings.iter().flat_map(move |airing| {
            let due = match airing.due {
                Due::Asked { until } | Due::Owed { again: until } => Some(until),
                Due::Durable | Due::Failed => None,
            };
            let pcm = match airing.pcm {
                Pcm::Asked { until } => Some(until),
                Pcm::Unasked | Pcm::Verified => None,
            };
            let planned = now.mono_of(airing.slot.start);
            let phase = match (&airing.phase, &airing.urgent) {
                (Phase::Preparing, Some(urgent)) if airing.doom.is_none() => {
                    Some(urgent.expires.min(if urgent.rests > now.mono { urgent.rests } else { Mono::MAX }))
                }
                (Phase::Preparing, _) if airing.doom.is_some() || !now.trusted => None,
                (Phase::Preparing, _) if self.active(airing, now) => {
                    Some(self.patience_ends(&airing.slot, now))
                }
                (Phase::Preparing, _) if self.latches.hold() => None,
                (Phase::Preparing, _) => Some(planned.saturating_sub(self.settings.arm_lead)),
                (Phase::Queued(aim), _) => {
                    let unmute = aim.at.saturating_sub(self.settings.unmute_lead);
                    let to_come = Some(unmute).filter(|&unmute| unmute > now.mono && !self.chain.live());
                    Some(to_come.unwrap_or(aim.at.saturating_add(self.settings.late_tolerance)))
                }
                (Phase::Sounding { deadline, .. }, _) => Some(*deadline),
                (Phase::Cutting { until, .. }, _) => Some(*until),
            };
            let cut =
                airing.cut_at.filter(|_| matches!(airing.phase, Phase::Queued(_) | Phase::Sounding { .. }));
            // Then the turn of what waits behind it is near.
            let near = airing.ends().map(|ends| ends.saturating_sub(self.settings.arm_lead));
            let near = near.filter(|&near| near > now.mono);
            due.into_iter().chain(pcm).chain(phase).chain(cut).chain(near)
        })
    }

    pub(super) fn agenda_deadline(&self, now: Moment) -> Option<Mono> {
        let next: Timestamp = self.agenda.next_due(self.lead()).filter(|_| now.trusted)?;
        Some(now.mono_of(next))
    }
}

fn passed_reason(why: Passed) -> Reason {
    match why {
        Passed::StationOff => Reason::station_off(),
        Passed::Untrusted => Reason::clock_untrusted(),
        Passed::Stepped => Reason::clock_step(),
    }
}
