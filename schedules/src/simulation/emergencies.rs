//! Emergencies: sent, repeated, sent again by who got no answer, taken back; and what is promised of them.

use super::devices::Mood;
use super::{Event, FaultKind, Simulation};
use crate::plan::{Busy, Origin, Permit, Slot, SlotKey};
use crate::playout::Input;
use crate::reason::Reason;
use crate::vocabulary::{Class, EmergencyId, Outcome, SegmentFacts, SegmentId, Standing, ZoneId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// From the moment at which every device works until the first of the emergencies that wait begins, at most.
const SETTLES: Duration = Duration::from_secs(30);
/// Between two emergencies, at most.
const BETWEEN: Duration = Duration::from_secs(10);
/// What was sounding is silent, and what was queued is taken back, so long after something else has the air.
pub(super) const TAKES_EFFECT: Duration = Duration::from_millis(500);
/// So long after an emergency has expired, or would be over, it has its outcome.
const CLOSED_AFTER: Duration = Duration::from_secs(60);

/// One emergency that was accepted and has no outcome yet.
#[derive(Debug)]
pub(super) struct Sent {
    slot: Slot,
    accepted: Duration,
    expires: Duration,
    /// When it will be over, by the station's clock, if nothing keeps it.
    free: Timestamp,
    /// How long the devices must work for it to be heard: what came before it goes before it.
    needs: Duration,
    /// Somebody took it back, or pressed STOP: nothing is owed any more.
    given_up: bool,
    /// It was heard whole.
    heard: bool,
    /// Its last frame was consumed, whatever the loudspeakers made of it: its outcome may be on its way to the disk.
    ended: bool,
}

/// What was sent to be heard at once.
#[derive(Debug, Default)]
pub(super) struct Emergencies {
    open: BTreeMap<SlotKey, Sent>,
    count: u64,
    /// Since when everything that sound needs works; None while it does not.
    well_since: Option<Duration>,
}

impl Simulation {
    /// Somebody sends an approved recording as an emergency, to every zone; it must begin before it expires. Nothing
    /// happens when the station does not hold it, or has no power.
    pub fn send_emergency(&mut self, segment: SegmentId, expires: Timestamp) {
        self.send_repeated(segment, expires, 1);
    }

    /// The same to be heard so many times, each of them with an outcome of its own. None when it was not accepted.
    pub fn send_repeated(
        &mut self,
        segment: SegmentId,
        expires: Timestamp,
        repeat: u32,
    ) -> Option<EmergencyId> {
        let facts = self.snapshot.segments.iter().find(|facts| facts.id == segment)?;
        let prepared = facts.prepared.as_ref()?;
        if self.playout.is_none() || facts.standing != Standing::Approved {
            return None;
        }
        self.emergencies.count += 1;
        let id = EmergencyId(uuid::Uuid::from_u64_pair(0, self.emergencies.count));
        let start = self.wall();
        let mut zones: Vec<ZoneId> = self.snapshot.zones.iter().map(|zone| zone.id).collect();
        zones.sort_unstable();
        let slot = Slot {
            key: SlotKey(format!("{id}/1")),
            origin: Origin::Emergency(id),
            name: facts.title.as_str().into(),
            occurrence: start,
            position: 0,
            segment,
            title: facts.title.as_str().into(),
            class: Class::Emergency,
            start,
            latest_start: None,
            offset: SignedDuration::ZERO,
            duration: prepared.duration,
            yields: None,
            zones: zones.into(),
            gain_db: self.snapshot.volume.emergency.min(0.0),
            permitted: Permit { from: start, until: expires },
            pcm: prepared.hash.as_str().into(),
            original_sha256: facts.original_sha256.as_str().into(),
            trim: facts.trim,
            approved_by: facts.approved_by.as_deref().map(Into::into),
            reason: Reason::planned(&facts.title, 0, &facts.title),
        };
        for number in 1..=repeat {
            let key = SlotKey(format!("{id}/{number}"));
            self.accept(Slot { key, ..slot.clone() });
        }
        self.replan_anew();
        Some(id)
    }

    /// Takes an emergency back, with every repetition of it.
    pub fn withdraw_emergency(&mut self, id: EmergencyId) {
        self.check_chances();
        let keys = self.emergencies.of(|slot| slot.origin == Origin::Emergency(id));
        for slot in keys {
            self.give_up(&slot);
            self.tell(Input::EmergencyWithdrawn { slot });
        }
    }

    /// A recording that may no longer air, or is no longer there, is taken out of the air, whoever sent it.
    pub(super) fn withdraw_what_may_not_air(&mut self) {
        if self.emergencies.open.is_empty() {
            return;
        }
        let approved = |facts: &&SegmentFacts| facts.standing == Standing::Approved;
        let airs: HashSet<SegmentId> =
            self.snapshot.segments.iter().filter(approved).map(|facts| facts.id).collect();
        for slot in self.emergencies.of(|slot| !airs.contains(&slot.segment)) {
            self.give_up(&slot);
            self.tell(Input::EmergencyWithdrawn { slot });
        }
    }

    fn give_up(&mut self, key: &SlotKey) {
        if let Some(sent) = self.emergencies.open.get_mut(key) {
            sent.given_up = true;
        }
    }

    fn accept(&mut self, slot: Slot) {
        let left = slot.permitted.until.duration_since(self.wall()).max(SignedDuration::ZERO);
        let expires = self.mono.saturating_add(Duration::try_from(left).unwrap_or_default());
        let length = |slot: &Slot| Duration::try_from(slot.duration).unwrap_or_default() + BETWEEN;
        let before = self.emergencies.open.values().filter(|sent| sent.slot.key != slot.key);
        let needs = before.map(|sent| length(&sent.slot)).sum::<Duration>() + length(&slot) + SETTLES;
        let begins = self.busy().map_or(self.wall(), |busy| busy.until.max(self.wall()));
        let sent = Sent {
            free: begins.saturating_add(slot.duration).unwrap_or(Timestamp::MAX),
            slot: slot.clone(),
            accepted: self.mono,
            expires,
            needs,
            given_up: self.latched(),
            heard: false,
            ended: false,
        };
        let settled = expires.saturating_sub(self.mono) + needs + CLOSED_AFTER;
        self.after(settled, Event::EmergencyOver(slot.key.clone()));
        self.after(TAKES_EFFECT, Event::LookWhoGaveWay);
        self.emergencies.open.insert(slot.key.clone(), sent);
        self.slots.insert(slot.key.clone(), slot.clone());
        self.tell(Input::Emergency(Box::new(slot)));
    }

    /// The power is back: what the log has no row of is sent again by who still wants it heard.
    pub(super) fn send_lost_ones_again(&mut self) {
        self.emergencies.open.retain(|_, sent| !sent.given_up);
        self.send_again(|_| true);
    }

    /// Who sent an emergency and has no answer sends it again; the log knows what has its outcome.
    pub(super) fn send_again(&mut self, wanted: impl Fn(&Slot) -> bool) {
        if self.playout.is_none() {
            return;
        }
        let mut unanswered = self.emergencies.of(wanted);
        unanswered.retain(|key| !self.log.ended(key));
        for key in unanswered {
            let known = self.slots.contains_key(&key);
            let Some(slot) = self.emergencies.open.get(&key).map(|sent| sent.slot.clone()) else { continue };
            if known {
                self.tell(Input::Emergency(Box::new(slot)));
            } else {
                self.accept(slot);
            }
        }
    }

    /// What the planner is told of what sounds although no plan has it: one after the other, as they were sent.
    pub(super) fn busy(&self) -> Option<Busy> {
        self.emergencies.open.values().map(|sent| sent.free).max().map(|until| Busy { until })
    }

    // ---- seeded trouble ----

    /// One to three of them, in a few minutes.
    pub(super) fn call_for_help(&mut self) {
        self.send_something();
        for _ in 0..self.dice.below(3) {
            let wait = Duration::from_millis(self.dice.below(240_000) + 1);
            self.after(wait, Event::SendSomething);
        }
    }

    /// Some expire soon, some are repeated, taken back, or sent again; under some a device dies until they expire.
    pub(super) fn send_something(&mut self) {
        let first = self.dice.index(self.snapshot.segments.len());
        let airs = |index: usize| {
            let facts = self.snapshot.segments.get(index)?;
            (facts.standing == Standing::Approved && facts.prepared.is_some()).then_some(facts.id)
        };
        let Some(segment) = (first..self.snapshot.segments.len()).chain(0..first).find_map(airs) else {
            return;
        };
        let most = [20, 120, 3600].get(self.dice.index(3)).copied().unwrap_or(3600) * 1000;
        let dies = self.dice.once_in(4);
        let lasts = self.dice.below(if dies { most.min(120_000) } else { most }) + 1;
        let repeat = if self.dice.once_in(3) { 2 + u32::from(self.dice.once_in(2)) } else { 1 };
        let length = SignedDuration::from_millis(i64::try_from(lasts).unwrap_or(i64::MAX));
        let expires = self.wall().saturating_add(length).unwrap_or(Timestamp::MAX);
        if dies {
            let device = if self.dice.once_in(2) { FaultKind::Amplifier } else { FaultKind::Audio };
            let mood = if self.dice.once_in(2) { Mood::Silent } else { Mood::Refuses };
            match device {
                FaultKind::Amplifier => self.amplifier.mood = mood,
                _ => self.output.mood = mood,
            }
            self.device_failed();
            let back = Duration::from_millis(lasts + self.dice.below(20_000));
            self.after(back, Event::Relief(device));
        }
        let Some(id) = self.send_repeated(segment, expires, repeat) else { return };
        if self.dice.once_in(4) {
            let wait = Duration::from_millis(self.dice.below(90_000) + 1);
            self.after(wait, Event::TakeBack(id));
        }
        if self.dice.once_in(3) {
            let wait = Duration::from_millis(self.dice.below(90_000) + 1);
            self.after(wait, Event::SendAgain(id));
        }
    }

    // ---- promises ----

    /// A device failed, or the power did, if only for a moment.
    pub(super) fn device_failed(&mut self) {
        self.check_chances();
        self.emergencies.well_since = None;
        self.device_works();
    }

    /// It works again; do all of them?
    pub(super) fn device_works(&mut self) {
        let works = self.playout.is_some()
            && self.amplifier.mood == Mood::Well
            && self.output.mood == Mood::Well
            && !self.slow;
        if works {
            self.emergencies.well_since.get_or_insert(self.mono);
        }
    }

    /// Somebody pressed STOP: nothing that was sent is owed any more.
    pub(super) fn emergencies_are_stopped(&mut self) {
        self.check_chances();
        for sent in self.emergencies.open.values_mut() {
            sent.given_up = true;
        }
    }

    /// What had working devices for long enough before it expired was heard whole.
    fn check_chances(&mut self) {
        let Some(well_since) = self.emergencies.well_since else { return };
        let now = self.mono;
        let had_its_chance = |sent: &&Sent| {
            let enough = well_since.max(sent.accepted).saturating_add(sent.needs);
            !sent.given_up && !sent.heard && enough <= now.min(sent.expires)
        };
        let silent = self.emergencies.open.values().find(had_its_chance).map(|sent| sent.slot.key.clone());
        if let Some(key) = silent {
            self.give_up(&key);
            self.broken(format!("every device worked, and the emergency was not heard: {key}"));
        }
    }

    /// Its last frame was consumed.
    pub(super) fn emergency_heard(&mut self, key: &SlotKey) {
        let audible = self.log.rows.get(key).is_some_and(|row| row.audible);
        if let Some(sent) = self.emergencies.open.get_mut(key) {
            sent.ended = true;
            let twice = std::mem::replace(&mut sent.heard, audible || !self.settings.amplifier_present);
            if twice {
                self.broken(format!("an emergency was heard twice: {key}"));
            }
        }
    }

    /// It has its outcome.
    pub(super) fn emergency_closed(&mut self, key: &SlotKey, outcome: Outcome, reason: Option<&Reason>) {
        self.check_chances();
        let Some(sent) = self.emergencies.open.remove(key) else { return };
        let had_time = self.playout.is_some() && self.mono < sent.expires;
        if had_time && outcome != Outcome::Aired && !sent.given_up {
            let why = reason.map_or("", |reason| &*reason.code);
            self.broken(format!("an emergency was given up before it expired: {key}, {outcome} {why}"));
        }
    }

    /// By now it has its outcome, unless the power was cut before the log had it: then it is not known here.
    pub(super) fn emergency_over(&mut self, key: SlotKey) {
        self.check_chances();
        if self.playout.is_none() {
            self.after(CLOSED_AFTER, Event::EmergencyOver(key));
        } else if let Some(sent) = self.emergencies.open.get(&key)
            // It may have been accepted again since.
            && self.mono >= sent.expires.saturating_add(sent.needs).saturating_add(CLOSED_AFTER)
        {
            self.broken(format!("an emergency has no outcome: {key}"));
        }
    }

    /// Whether an emergency wants the air, and has wanted it for long enough that it is free of everything else.
    pub(super) fn emergency_has_the_air(&self) -> bool {
        self.emergencies.open.values().any(|sent| {
            let since = sent.accepted.saturating_add(TAKES_EFFECT);
            !sent.given_up && !sent.ended && since <= self.mono && self.mono < sent.expires
        })
    }

    pub(super) fn look_who_gave_way(&mut self) {
        let Some((key, ..)) = &self.output.sounding else { return };
        if !self.emergencies.open.contains_key(key) && self.emergency_has_the_air() {
            let what = format!("it sounds although an emergency was sent: {key}");
            self.broken(what);
        }
    }
}

impl Emergencies {
    pub(super) fn keys(&self) -> impl Iterator<Item = &SlotKey> {
        self.open.keys()
    }

    fn of(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<SlotKey> {
        self.open.values().filter(|sent| wanted(&sent.slot)).map(|sent| sent.slot.key.clone()).collect()
    }
}
