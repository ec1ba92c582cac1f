//! What must never happen, checked while it runs.
//!
//! Windows and limits are counted here by their definition, not by the planner's code.

use super::{Simulation, Violation};
use crate::calendar::{Calendar, Day};
use crate::plan::{Entry, Origin, Slot, SlotKey, plan};
use crate::playout::Command;
use crate::vocabulary::{Limits, Outcome, Standing, Window, WindowId, ZoneId, instant_of};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// More violations than this are not kept.
const KEPT: usize = 100;
/// How far a measure may be from another.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(50);
/// A slot may be this much later than it may start: the way from the command to the frame.
const ON_THE_WAY: SignedDuration = SignedDuration::from_millis(300);
/// Slots with less silence than this between them are one session.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);
/// What lateness may add to a session, or take from a gap.
const SLACK: SignedDuration = SignedDuration::from_secs(5);
/// After so long without a command the amplifier must be dark.
const DARK_AFTER: Duration = Duration::from_secs(120);

type Stretch = (Timestamp, Timestamp);

#[derive(Debug)]
pub(super) struct Promises {
    pub(super) broken: Vec<Violation>,
    /// What the playout was last told of.
    told: Vec<(Timestamp, SlotKey)>,
    /// What was heard inside each window that has limits.
    heard: BTreeMap<WindowId, BTreeMap<Date, Vec<Stretch>>>,
    days: BTreeMap<Date, Day>,
    light_asked: bool,
}

impl Promises {
    pub(super) fn new() -> Promises {
        Promises {
            broken: Vec::new(),
            told: Vec::new(),
            heard: BTreeMap::new(),
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
            self.told.drain(..).map(|(_, key)| key).collect()
        } else {
            HashSet::new()
        };
        let told = entries.iter().filter(|entry| !past(entry.start()) || before.contains(entry.key()));
        self.told = told.map(|entry| (entry.start(), entry.key().clone())).collect();
    }

    pub(super) fn forget_days(&mut self) {
        self.days.clear();
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
            (self.stopped, "played while stopped"),
            (at_mono < self.mono, "played in the past"),
            (planned && !self.trusted, "played by an untrusted clock"),
            (planned && late < SignedDuration::ZERO, "played before its time"),
            (planned && at > latest, "played too late"),
            (planned && again, "played twice"),
            (planned && !self.permitted(&slot, at), "played outside its windows"),
        ];
        for (_, what) in wrong.into_iter().filter(|(wrong, _)| *wrong) {
            self.broken(format!("{what}: {key} at {at}, planned for {}", slot.start));
        }
    }

    /// What must be true when the first frame is consumed.
    pub(super) fn check_begins(&mut self, key: &SlotKey) {
        let Some(slot) = self.slots.get(key) else { return };
        let heard = self.amplifier.unmuted && self.amplifier.zones.as_ref() == Some(&slot.zones);
        let elsewhere = self.amplifier.unmuted && !heard && self.settings.amplifier_present;
        let row = self.log.rows.entry(key.clone()).or_default();
        row.heard = true;
        row.audible = heard;
        if elsewhere {
            self.broken(format!("heard in the wrong zones: {key}"));
        }
    }

    /// So much of it was consumed by the device, and no more will be.
    pub(super) fn was_heard(&mut self, key: &SlotKey, played: SignedDuration) {
        if let Some(row) = self.log.rows.get_mut(key) {
            row.measured = row.measured.saturating_add(played);
        }
        let Some(slot) = self.slots.get(key).filter(|slot| !emergency(slot)) else { return };
        let stretch = (slot.start, slot.start.saturating_add(played).unwrap_or(Timestamp::MAX));
        let zones = slot.zones.clone();
        let (first, last) = (self.date(stretch.0), self.date(stretch.1));
        for index in 0..self.snapshot.windows.len() {
            let Some(window) = self.snapshot.windows.get(index) else { continue };
            let concerns = window.zones.is_empty() || zones.iter().any(|zone| window.zones.contains(zone));
            if !concerns || window.limits == Limits::default() {
                continue;
            }
            let window = window.clone();
            let mut date = first;
            while date <= last {
                self.count_heard(&window, date, stretch, key);
                date = date.saturating_add(1.day());
            }
        }
    }

    fn count_heard(&mut self, window: &Window, date: Date, stretch: Stretch, key: &SlotKey) {
        let Some(opening) = self.opening(window, date) else { return };
        let inside = (stretch.0.max(opening.0), stretch.1.min(opening.1));
        if inside.0 >= inside.1 {
            return;
        }
        let heard = self.promises.heard.entry(window.id).or_default();
        while heard.len() > 16 {
            heard.pop_first();
        }
        heard.entry(date).or_default().push(inside);
        if let Some(limit) = exceeded(&window.limits, heard, date) {
            self.broken(format!("window \"{}\": more than its {limit} after {key}", window.name));
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
        if !self.slots.is_empty() {
            self.broken("an airing is still open two minutes after the last plan");
        }
        if !self.is_dark() {
            self.broken("the station is not dark two minutes after the last plan");
        }
    }

    fn wall_at(&self, mono: Duration) -> Timestamp {
        let up = SignedDuration::try_from(mono).unwrap_or(SignedDuration::MAX);
        self.origin.saturating_add(up).unwrap_or(Timestamp::MAX)
    }

    /// Whether every zone of the slot is open from `at` until the slot ends.
    fn permitted(&mut self, slot: &Slot, at: Timestamp) -> bool {
        let until = at.saturating_add(slot.duration).unwrap_or(Timestamp::MAX);
        let zones: Vec<Option<ZoneId>> = match slot.zones.as_slice() {
            [] => vec![None],
            zones => zones.iter().copied().map(Some).collect(),
        };
        zones.into_iter().all(|zone| {
            let mut reached = at;
            while reached < until {
                match self.open_until(zone, reached) {
                    Some(later) => reached = later,
                    None => return false,
                }
            }
            true
        })
    }

    /// Until when some window that is open at `at` keeps the zone open.
    fn open_until(&mut self, zone: Option<ZoneId>, at: Timestamp) -> Option<Timestamp> {
        let date = self.date(at);
        self.look_up(date);
        let day = self.promises.days.get(&date)?;
        let opens = |window: &&Window| match zone {
            Some(zone) => window.opens(zone),
            None => window.zones.is_empty(),
        };
        let windows = self.snapshot.windows.iter().filter(opens);
        let openings = windows.filter_map(|window| opening(window, date, day, &self.snapshot.timezone));
        openings.filter(|(from, until)| *from <= at && at < *until).map(|(_, until)| until).max()
    }

    fn opening(&mut self, window: &Window, date: Date) -> Option<Stretch> {
        self.look_up(date);
        opening(window, date, self.promises.days.get(&date)?, &self.snapshot.timezone)
    }

    fn look_up(&mut self, date: Date) {
        if self.promises.days.len() > 16 {
            self.promises.days.pop_first();
        }
        let snapshot = &self.snapshot;
        self.promises.days.entry(date).or_insert_with(|| Calendar::new(&snapshot.holidays).day(date));
    }
}

fn emergency(slot: &Slot) -> bool {
    matches!(slot.origin, Origin::Emergency(_))
}

/// From when to when the window is open on that date.
fn opening(window: &Window, date: Date, day: &Day, tz: &jiff::tz::TimeZone) -> Option<Stretch> {
    let by_weekday = day.closed_by.is_none() && window.days.contains(&day.weekday);
    let by_holiday = window.holidays.iter().any(|holiday| day.holidays.contains(holiday));
    let opens = by_weekday || by_holiday;
    opens.then(|| (instant_of(window.start.on(date), tz), instant_of(window.end.on(date), tz)))
}

/// The limit that is no longer kept on that date.
fn exceeded(limits: &Limits, heard: &BTreeMap<Date, Vec<Stretch>>, date: Date) -> Option<&'static str> {
    let mut today = heard.get(&date).cloned().unwrap_or_default();
    today.sort_unstable();
    let monday = date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    let week = heard.range(monday..monday.saturating_add(7.days()));
    let more = |limit: Option<u32>, sum: SignedDuration| {
        limit.is_some_and(|limit| sum > SignedDuration::from_mins(i64::from(limit)).saturating_add(TOLERANCE))
    };
    let many = |limit: Option<u32>, count: usize| {
        limit.is_some_and(|limit| count > usize::try_from(limit).unwrap_or(usize::MAX))
    };
    let in_week: SignedDuration = week.clone().map(|(_, day)| sum(day)).sum();
    let apart = SESSION_GAP.saturating_sub(SLACK);
    let longest = sessions(&today, apart).into_iter().max().unwrap_or(SignedDuration::ZERO);
    let fewest = sessions(&today, SESSION_GAP.saturating_add(SLACK)).len();
    [
        (more(limits.minutes_per_session, longest), "minutes a session"),
        (more(limits.minutes_per_day, sum(&today)), "minutes a day"),
        (more(limits.minutes_per_week, in_week), "minutes a week"),
        (many(limits.sessions_per_day, fewest), "sessions a day"),
        (many(limits.days_per_week, week.count()), "days a week"),
    ]
    .into_iter()
    .find_map(|(exceeded, what)| exceeded.then_some(what))
}

fn sum(stretches: &[Stretch]) -> SignedDuration {
    stretches.iter().map(|(from, until)| until.duration_since(*from)).sum()
}

/// The sound of each session of a day, where sessions are so far apart. `day` is sorted.
fn sessions(day: &[Stretch], apart: SignedDuration) -> Vec<SignedDuration> {
    let mut sessions: Vec<SignedDuration> = Vec::new();
    let mut last: Option<Timestamp> = None;
    for &(from, until) in day {
        let length = until.duration_since(from);
        match (last.filter(|last| from.duration_since(*last) < apart), sessions.last_mut()) {
            (Some(_), Some(session)) => *session = session.saturating_add(length),
            _ => sessions.push(length),
        }
        last = Some(until);
    }
    sessions
}
