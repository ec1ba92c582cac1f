//! What must never happen, checked while it runs.

mod edited;
mod limits;
mod resumed;
mod windows;

use super::{Simulation, Violation};
use crate::calendar::Day;
use crate::plan::{Entry, Origin, Slot, SlotKey, plan};
use crate::playout::Command;
use crate::vocabulary::{Outcome, Standing};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use limits::HeardLately;
use resumed::Resumptions;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use windows::opening;

/// More violations than this are not kept.
const KEPT: usize = 100;
/// How far a measure may be from another.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(50);
/// A slot may be this much later than it may start: the way from the command to the frame.
const ON_THE_WAY: SignedDuration = SignedDuration::from_millis(300);
/// After so long without a command the amplifier must be dark.
const DARK_AFTER: Duration = Duration::from_secs(120);

type Stretch = (Timestamp, Timestamp);

#[derive(Debug)]
pub(super) struct Promises {
    pub(super) broken: Vec<Violation>,
    /// What the playout was last told of.
    told: Vec<(Timestamp, SlotKey)>,
    /// What it was told of before that.
    told_before: Vec<(Timestamp, SlotKey)>,
    heard: HeardLately,
    resumptions: Resumptions,
    /// When somebody edited something last.
    edited_at: Option<Duration>,
    /// The same by the station's clock.
    edited_on: Timestamp,
    /// When what sounds began, by the station's clock.
    began_at: Timestamp,
    days: BTreeMap<Date, Day>,
    light_asked: bool,
}

impl Promises {
    pub(super) fn new() -> Promises {
        Promises {
            broken: Vec::new(),
            told: Vec::new(),
            told_before: Vec::new(),
            heard: HeardLately::default(),
            resumptions: Resumptions::default(),
            edited_at: None,
            edited_on: Timestamp::MIN,
            began_at: Timestamp::MIN,
            days: BTreeMap::new(),
            light_asked: false,
        }
    }

    pub(super) fn breaks(&mut self, at: Timestamp, what: String) {
        if self.broken.len() < KEPT {
            self.broken.push(Violation { at, what });
        }
    }

    /// Remembers what the playout is told. What is new and past is not its business: somebody saved it too late.
    pub(super) fn told_now(&mut self, entries: &[Entry], past: impl Fn(Timestamp) -> bool) {
        let before: HashSet<SlotKey> = if entries.iter().any(|entry| past(entry.start())) {
            self.told.iter().map(|(_, key)| key.clone()).collect()
        } else {
            HashSet::new()
        };
        let told = entries.iter().filter(|entry| !past(entry.start()) || before.contains(entry.key()));
        let told = told.map(|entry| (entry.start(), entry.key().clone())).collect();
        self.told_before = std::mem::replace(&mut self.told, told);
    }

    /// Whether a plan lets it start at `at`: the newest, which may bring sooner again what one put off that was never
    /// recorded, or the one before, under which everything is settled before the newest counts.
    fn tells(&self, key: &SlotKey, at: Timestamp) -> bool {
        self.told.iter().chain(&self.told_before).any(|(start, told)| *start <= at && told == key)
    }

    /// Somebody edited something.
    pub(super) fn edited(&mut self, at: Duration, on: Timestamp) {
        self.edited_at = Some(at);
        self.edited_on = on;
        self.days.clear();
        self.heard.recount();
        self.resumptions.edited();
    }

    /// What was heard so far counts no more against the limits.
    pub(super) fn forget_heard(&mut self) {
        self.heard.forget();
    }

    /// Clock or power are no longer what they were.
    pub(super) fn disturbed(&mut self) {
        self.resumptions.disturbed();
    }

    pub(super) fn forget_light(&mut self) {
        self.light_asked = false;
    }
}

impl Simulation {
    /// Everything that the playout was told and that lies before `until` has its outcome.
    pub(super) fn check_accounted(&mut self, until: Timestamp) {
        let closing: HashSet<&SlotKey> = self.log.closing().collect();
        let lost = self
            .promises
            .told
            .iter()
            .find(|(start, key)| *start < until && !self.log.ended(key) && !closing.contains(key));
        if let Some((start, key)) = lost {
            let what = format!("{key}, planned for {start}, has no outcome");
            self.broken(what);
        }
    }

    pub(super) fn check_due(&mut self, key: &SlotKey) {
        // An emergency sounds although the log cannot be written.
        let emergency = self.slots.get(key).is_some_and(emergency);
        if !emergency && !self.log.rows.get(key).is_some_and(|row| row.due && !row.ended) {
            self.broken(format!("prepared or played without a durable due row: {key}"));
        }
    }

    pub(super) fn check_amplifier_order(&mut self, command: &Command) {
        let asked = &mut self.asked;
        let wrong = match command {
            Command::Energise { .. } => {
                asked.powered = true;
                asked.unmuted.then_some("power is switched while unmuted")
            }
            Command::Unmute => {
                asked.unmuted = true;
                (!asked.powered || !asked.open).then_some("unmuted without power or output")
            }
            Command::Mute => {
                asked.unmuted = false;
                None
            }
            _ => {
                asked.powered = false;
                (asked.unmuted || asked.open).then_some("power is taken while unmuted or the output is open")
            }
        };
        if let Some(wrong) = wrong {
            self.broken(wrong);
        }
        if !self.promises.light_asked {
            self.promises.light_asked = true;
            self.after(DARK_AFTER, super::Event::LookForLight);
        }
    }

    /// The amplifier is not left on.
    pub(super) fn look_for_light(&mut self) {
        self.promises.light_asked = false;
        if self.amplifier.zones.is_none() {
            return;
        }
        if self.slots.is_empty() && self.mono.saturating_sub(self.asked.at) >= DARK_AFTER {
            self.broken("the amplifier is on and nothing is due");
        } else {
            self.promises.light_asked = true;
            self.after(DARK_AFTER, super::Event::LookForLight);
        }
    }

    pub(super) fn check_output_order(&mut self, command: &Command) {
        match command {
            Command::OpenOutput => self.asked.open = true,
            Command::CloseOutput => {
                self.asked.open = false;
                if self.asked.unmuted {
                    self.broken("the output is closed while unmuted");
                }
            }
            Command::Play { slot, at_mono } => self.check_play(slot, *at_mono),
            _ => {}
        }
    }

    /// What must be true whenever something is handed to the output.
    fn check_play(&mut self, key: &SlotKey, at_mono: Duration) {
        self.check_due(key);
        let Some(slot) = self.slots.get(key).cloned() else { return };
        let at = self.wall_at(at_mono);
        let late = at.duration_since(slot.start);
        let most = self.settings.late_tolerance.saturating_add(ON_THE_WAY);
        let latest = slot.start.saturating_add(most).unwrap_or(Timestamp::MAX);
        let latest = slot.latest_start.map_or(latest, |until| latest.max(until));
        let approved = self
            .snapshot
            .segments
            .iter()
            .any(|segment| segment.id == slot.segment && segment.standing == Standing::Approved);
        let again = self.log.rows.get(key).is_some_and(|row| row.heard);
        // An emergency sounds whatever the clock and the windows say, and is tried again until it expires.
        let planned = !emergency(&slot);
        let wrong = [
            (!approved, "played without approval"),
            (self.latched(), "played while stopped"),
            (at_mono < self.mono, "played in the past"),
            (planned && !self.trusted, "played by an untrusted clock"),
            (
                planned && late < SignedDuration::ZERO && !self.promises.tells(key, at),
                "played before its time",
            ),
            (planned && at > latest, "played too late"),
            (planned && again, "played twice"),
            (planned && !self.permitted(&slot, at, slot.duration), "played outside its windows"),
        ];
        for (_, what) in wrong.into_iter().filter(|(wrong, _)| *wrong) {
            self.broken(format!("{what}: {key} at {at}, planned for {}", slot.start));
        }
        if let Some(wrong) = self.disobeys(&slot, at) {
            self.broken(format!("played although {wrong}: {key} at {at}"));
        }
        self.check_offset(&slot);
    }

    /// What must be true when the first frame is consumed.
    pub(super) fn check_begins(&mut self, key: &SlotKey) {
        self.promises.began_at = self.wall();
        if self.silenced() {
            self.broken(format!("begins while stopped: {key}"));
        }
        self.check_obeys(key);
        let Some(slot) = self.slots.get(key) else { return };
        if !emergency(slot) && self.emergency_has_the_air() {
            self.broken(format!("begins although an emergency was sent: {key}"));
        }
        let Some(slot) = self.slots.get(key) else { return };
        let heard = self.amplifier.unmuted && self.amplifier.zones.as_deref() == Some(&*slot.zones);
        let elsewhere = self.amplifier.unmuted && !heard && self.settings.amplifier_present;
        let row = self.log.rows.entry(key.clone()).or_default();
        row.heard = true;
        row.audible = heard;
        if elsewhere {
            self.broken(format!("heard in the wrong zones: {key}"));
        }
    }

    pub(super) fn check_end(
        &mut self,
        key: &SlotKey,
        outcome: Outcome,
        said: bool,
        (started, ended, played, confirmed): (Option<Timestamp>, Option<Timestamp>, SignedDuration, bool),
    ) {
        let wrong = [
            (started.is_some() != ended.is_some(), "a start without an end"),
            (outcome != Outcome::Aired && !said, "not aired, and no reason"),
            (outcome == Outcome::Aired && !confirmed && !said, "unconfirmed, and not said"),
            (!played.is_zero() && started.is_none(), "heard, and never begun"),
        ];
        for (_, what) in wrong.into_iter().filter(|(wrong, _)| *wrong) {
            self.broken(format!("{what}: {key}"));
        }
        let audible = self.log.rows.get(key).is_some_and(|row| row.audible);
        if confirmed && !audible {
            self.broken(format!("confirmed, and the loudspeakers were silent: {key}"));
        }
    }

    /// The log says no more than the output measured.
    pub(super) fn check_measure(&mut self, key: &SlotKey, played: SignedDuration) {
        let measured = self.log.rows.get(key).map_or(SignedDuration::ZERO, |row| row.measured);
        if played > measured.saturating_add(TOLERANCE) {
            self.broken(format!("{key}: {played:?} in the log, {measured:?} at the output"));
        }
    }

    /// What should have an outcome by now and has none: everything that starts in `from..until` by a plan made now.
    /// Only for a station whose programmes nobody changed.
    #[must_use]
    pub fn unaccounted(&self, from: Timestamp, until: Timestamp) -> Vec<SlotKey> {
        let days = plan(&self.snapshot, self.date(from), self.date(until).saturating_add(1.day()));
        let entries = days.iter().flat_map(crate::plan::DayPlan::entries);
        let past = entries.filter(|entry| from <= entry.start() && entry.start() < until);
        past.filter(|entry| !self.log.ended(entry.key())).map(|entry| entry.key().clone()).collect()
    }

    /// Nothing more is planned. Two minutes later everything must be closed and dark.
    pub fn close_down(&mut self) {
        self.planning = false;
        self.tell(crate::playout::Input::Plan(Vec::new()));
        self.run_for(SignedDuration::from_mins(2));
        let open = self.slots.keys().chain(self.emergencies.keys()).min().cloned();
        if let Some(key) = open {
            self.broken(format!("still open two minutes after the last plan: {key}"));
        }
        if !self.is_dark() {
            self.broken("the station is not dark two minutes after the last plan");
        }
    }

    fn wall_at(&self, mono: Duration) -> Timestamp {
        let up = SignedDuration::try_from(mono).unwrap_or(SignedDuration::MAX);
        self.origin.saturating_add(up).unwrap_or(Timestamp::MAX)
    }
}

fn emergency(slot: &Slot) -> bool {
    matches!(slot.origin, Origin::Emergency(_))
}
