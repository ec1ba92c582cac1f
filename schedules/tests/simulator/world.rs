//! The model: clock, amplifier, output, log, and what may never happen among them.

mod airing_log;
mod devices;
mod promises;
mod trouble;

use crate::faults::{Dice, Fault, Faults};
use crate::station::Demo;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{
    Command, DayPlan, Entry, Input, Interruption, Now, OpenAiring, Outcome, Playout, PlayoutSettings, Slot,
    SlotKey, Stage, ZoneId, plan, reconcile,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    pub(crate) confirmed: bool,
}

#[derive(Default)]
pub(crate) struct Row {
    entry: Option<Box<Entry>>,
    due: bool,
    started: Option<Timestamp>,
    noted: SignedDuration,
    pub(crate) ends: Vec<End>,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) rows: HashMap<SlotKey, Row>,
    /// Written, not durable yet: lost by a power cut.
    pending: VecDeque<(Duration, LogOp)>,
    accounted: Option<Timestamp>,
    mood: Mood,
}

enum LogOp {
    Write(Box<Command>),
    Accounted(Timestamp),
}

impl Log {
    pub(crate) fn outcomes(&self, outcome: Outcome) -> usize {
        self.rows.values().flat_map(|row| &row.ends).filter(|end| end.outcome == outcome).count()
    }
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
enum Mood {
    #[default]
    Well,
    Refuses,
    Silent,
    Stalls,
}

#[derive(Default)]
struct Amplifier {
    zones: Option<Vec<ZoneId>>,
    unmuted: bool,
    mood: Mood,
    free_at: Duration,
}

/// The last commands given, whatever became of them.
#[derive(Default)]
struct Asked {
    unmuted: bool,
    open: bool,
    powered: bool,
}

#[derive(Default)]
struct Output {
    open: bool,
    queued: Vec<(SlotKey, Duration)>,
    sounding: Option<(SlotKey, Duration, SignedDuration)>,
    mood: Mood,
    free_at: Duration,
    generation: u64,
}

enum Event {
    Tell(Input),
    Amplifier(Command),
    Output(Command, u64),
    LogDurable,
    FrameEdge(u64),
    Fault(Fault),
    Tick,
    /// Some: only if no other came meanwhile.
    Replan(Option<u64>),
}

pub(crate) struct World {
    demo: Demo,
    dice: Dice,
    mono: Duration,
    /// Wall time is this plus `mono`.
    origin: Timestamp,
    trusted: bool,
    began: Timestamp,
    playout: Option<Playout>,
    settings: PlayoutSettings,
    stopped: bool,
    slow: bool,
    planning: bool,
    faulty: bool,
    faults: Faults,
    events: BTreeMap<(Duration, u64), Box<Event>>,
    sequence: u64,
    replans: u64,
    life: u64,
    days: HashMap<Date, DayPlan>,
    slots: HashMap<SlotKey, Slot>,
    aired_before_heal: usize,
    healed_at: Option<Timestamp>,
    latest: Timestamp,
    pub(crate) log: Log,
    pub(crate) amplifier_commands: usize,
    amplifier: Amplifier,
    output: Output,
    asked: Asked,
}

impl World {
    pub(crate) fn new(demo: Demo, seed: u64, faults: Faults) -> World {
        let began: Timestamp = "2026-11-23T09:59:40+07:00".parse().unwrap();
        let settings = PlayoutSettings::default();
        let mut world = World {
            demo,
            dice: Dice(seed),
            mono: Duration::from_secs(1000),
            origin: began - SignedDuration::from_secs(1000),
            trusted: true,
            began,
            playout: None,
            settings,
            stopped: false,
            slow: false,
            planning: true,
            faulty: false,
            faults,
            events: BTreeMap::new(),
            sequence: 0,
            replans: 0,
            life: 0,
            days: HashMap::new(),
            slots: HashMap::new(),
            aired_before_heal: 0,
            healed_at: None,
            latest: began,
            log: Log::default(),
            amplifier_commands: 0,
            amplifier: Amplifier::default(),
            output: Output::default(),
            asked: Asked::default(),
        };
        world.log.accounted = Some(began);
        world.boot();
        world
    }

    pub(crate) fn without_amplifier(demo: Demo, seed: u64) -> World {
        let mut world = World::new(demo, seed, Faults::none());
        world.settings.amplifier_present = false;
        world.events.clear();
        world.boot();
        world
    }

    fn wall(&self) -> Timestamp {
        self.origin + SignedDuration::try_from(self.mono).unwrap()
    }

    fn now(&self) -> Now {
        Now { wall: self.wall(), mono: self.mono, trusted: self.trusted }
    }

    fn at(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.mono + delay, self.sequence), Box::new(event));
    }

    fn latency(&mut self, most_ms: u64) -> Duration {
        let most = if self.slow { 8_000 } else { most_ms };
        Duration::from_micros(self.dice.below(most * 1000) + 1)
    }

    // ---- life and death ----

    fn boot(&mut self) {
        self.life += 1;
        for row in self.log.rows.values_mut().filter(|row| row.due && row.ends.is_empty()) {
            let open = OpenAiring {
                entry: *row.entry.clone().unwrap(),
                started: row.started,
                played_at_last_note: row.noted,
            };
            let closing = reconcile(&open, Interruption::PowerOrCrash);
            row.ends.push(End {
                outcome: closing.outcome,
                reason: Some(closing.reason.code),
                confirmed: closing.confirmed,
            });
        }
        self.playout = Some(Playout::new(self.settings, self.log.accounted.unwrap()));
        self.asked = Asked::default();
        if self.stopped {
            self.tell(Input::Stop { by: "technician".into() });
        }
        self.tell(Input::Tick);
        self.replan();
        self.at(Duration::from_secs(1), Event::Tick);
    }

    fn die(&mut self) {
        self.playout = None;
        self.log.pending.clear();
        self.events.retain(|_, event| matches!(**event, Event::Fault(_)));
        // The heartbeat stops: the controller drops the relays.
        self.amplifier = Amplifier { mood: self.amplifier.mood, ..Amplifier::default() };
        self.output =
            Output { mood: self.output.mood, generation: self.output.generation + 1, ..Output::default() };
    }

    // ---- time ----

    pub(crate) fn run_for(&mut self, length: SignedDuration) {
        let end = self.mono + Duration::try_from(length).unwrap();
        if !self.faulty && self.healed_at.is_none() {
            self.faulty = true;
            let faults = self.faults.schedule(length.as_secs() as u64, &mut self.dice);
            for (delay, fault) in faults {
                self.at(delay, Event::Fault(fault));
            }
        }
        loop {
            let event = self.events.keys().next().copied();
            let wakeup = self.playout.as_ref().and_then(Playout::next_wakeup);
            let next = [event.map(|(at, _)| at), wakeup].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next <= end) else { break };
            self.mono = self.mono.max(next);
            match event.filter(|(at, _)| *at <= self.mono) {
                Some(key) => {
                    let event = self.events.remove(&key).unwrap();
                    self.happen(*event);
                }
                None => self.tell(Input::Tick),
            }
        }
        self.mono = end;
        if self.playout.is_some() {
            self.tell(Input::Tick);
        }
    }

    /// Everything works again from now on.
    pub(crate) fn heal(&mut self) {
        self.events.retain(|_, event| !matches!(**event, Event::Fault(_)));
        for fault in [Fault::AmplifierHeals, Fault::OutputHeals, Fault::LogHeals, Fault::Swift] {
            self.suffer(fault);
        }
        if self.playout.is_none() {
            self.suffer(Fault::PowerBack);
        }
        self.suffer(Fault::Trust);
        self.suffer(Fault::Resume);
        self.demo.restore();
        // Where the clock was set back, what had aired does not air again: go on after it.
        let behind = self.latest.duration_since(self.wall());
        self.origin += behind.max(SignedDuration::ZERO);
        self.tell(Input::Tick);
        self.replan_anew();
        self.healed_at = Some(self.wall());
        self.aired_before_heal = self.log.outcomes(Outcome::Aired);
    }

    pub(crate) fn stop_planning_and_settle(&mut self) {
        self.planning = false;
        self.tell(Input::Plan(vec![]));
        self.run_for(SignedDuration::from_mins(2));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tell(input) => self.tell(input),
            Event::Tick => {
                self.tell(Input::Tick);
                let accounted = self.playout.as_ref().unwrap().accounted_until();
                self.write(LogOp::Accounted(accounted));
                let faultless = self.events.values().all(|event| !matches!(**event, Event::Fault(_)));
                // Where nothing goes wrong the playout is only woken when it asks for it.
                self.at(Duration::from_secs(if faultless { 3600 } else { 7 }), Event::Tick);
            }
            Event::Replan(number) => {
                if number.is_none_or(|number| number == self.replans) {
                    self.replan();
                }
            }
            Event::LogDurable => self.log_durable(),
            Event::Amplifier(command) => self.amplifier_does(command),
            Event::Output(command, generation) => {
                if generation == self.output.generation {
                    self.output_does(command);
                } else if let Command::Cancel { slot } = command {
                    let at = self.wall();
                    self.tell(Input::AudioCut { slot, played: SignedDuration::ZERO, at });
                }
            }
            Event::FrameEdge(generation) => {
                if generation == self.output.generation {
                    self.frame_edge();
                }
            }
            Event::Fault(fault) => self.suffer(fault),
        }
    }

    fn tell(&mut self, input: Input) {
        let now = self.now();
        if self.trusted {
            self.latest = self.latest.max(now.wall);
        }
        let Some(playout) = self.playout.as_mut() else { return };
        playout.handle(input, now);
        while let Some(command) = self.playout.as_mut().and_then(Playout::poll_command) {
            self.carry_out(command);
        }
        if let Some(playout) = &self.playout {
            let wakeup = playout.next_wakeup();
            assert!(
                wakeup.is_none_or(|at| at > self.mono),
                "it wants to be woken in the past: {wakeup:?}\n{playout:#?}"
            );
            if playout.needs_plan() && self.trusted && self.planning {
                self.at(Duration::from_millis(3), Event::Replan(None));
            }
        }
    }

    // ---- the plan ----

    fn replan_anew(&mut self) {
        self.days.clear();
        self.replan();
    }

    fn replan(&mut self) {
        let Some(playout) = self.playout.as_ref().filter(|_| self.planning) else { return };
        let from = playout.plan_from();
        let zone = self.demo.snapshot.timezone.clone();
        let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let until = date(self.wall().max(from) + SignedDuration::from_hours(8)).saturating_add(1.day());
        let horizon = self.wall().max(from) + SignedDuration::from_hours(8);
        let mut entries = Vec::new();
        let mut day = date(from);
        while day < until {
            if !self.days.contains_key(&day) {
                for planned in plan(&self.demo.snapshot, day, day.saturating_add(1.day())) {
                    self.days.entry(planned.date).or_insert(planned);
                }
            }
            let closed = |key: &SlotKey| self.log.rows.get(key).is_some_and(|row| !row.ends.is_empty());
            let closing: BTreeSet<&SlotKey> =
                self.log.pending.iter().filter_map(|(_, op)| closes(op)).collect();
            let planned = &self.days[&day];
            let ahead = |start: Timestamp| from <= start && start < horizon;
            let open = |key: &SlotKey| !closed(key) && !closing.contains(key);
            let slots = planned.slots.iter().filter(|slot| ahead(slot.start) && open(&slot.key));
            let refusals =
                planned.refusals.iter().filter(|refusal| ahead(refusal.start) && open(&refusal.key));
            entries.extend(slots.cloned().map(Entry::Slot));
            entries.extend(refusals.cloned().map(Entry::Refused));
            day = day.saturating_add(1.day());
        }
        for entry in &entries {
            // An armed slot may have been moved back by the new plan.
            if let (Entry::Slot(new), Some(known)) = (entry, self.slots.get_mut(entry.key()))
                && new.start > known.start
            {
                known.clone_from(new);
            }
        }
        entries.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
        self.tell(Input::Plan(entries));
        self.replans += 1;
        let number = self.replans;
        self.at(Duration::from_secs(6 * 3600), Event::Replan(Some(number)));
    }
}

/// The key that a pending write will close.
fn closes(op: &LogOp) -> Option<&SlotKey> {
    match op {
        LogOp::Write(command) => match command.as_ref() {
            Command::RecordEnded { slot, .. } => Some(slot),
            Command::RecordUnaired { entry, .. } => Some(entry.key()),
            _ => None,
        },
        LogOp::Accounted(_) => None,
    }
}
