//! The model: clock, amplifier, output, log, and what may never happen among them.

use crate::faults::{Dice, Fault, Faults};
use crate::station::Demo;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{
    Command, DayPlan, Entry, Input, Interruption, Now, OpenAiring, Outcome, Playout, PlayoutSettings, Slot, SlotKey,
    Stage, ZoneId, plan, reconcile,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

pub struct End {
    pub outcome: Outcome,
    pub reason: Option<String>,
    pub confirmed: bool,
}

#[derive(Default)]
pub struct Row {
    entry: Option<Entry>,
    due: bool,
    started: Option<Timestamp>,
    noted: SignedDuration,
    pub ends: Vec<End>,
}

#[derive(Default)]
pub struct Log {
    pub rows: HashMap<SlotKey, Row>,
    /// Written, not durable yet: lost by a power cut.
    pending: VecDeque<(Duration, LogOp)>,
    accounted: Option<Timestamp>,
    mood: Mood,
}

enum LogOp {
    Write(Command),
    Accounted(Timestamp),
}

impl Log {
    pub fn outcomes(&self, outcome: Outcome) -> usize {
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

pub struct World {
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
    verified: BTreeSet<SlotKey>,
    aired_before_heal: usize,
    healed_at: Option<Timestamp>,
    latest: Timestamp,
    pub log: Log,
    pub amplifier_commands: usize,
    amplifier: Amplifier,
    output: Output,
    asked: Asked,
}

impl World {
    pub fn new(demo: Demo, seed: u64, faults: Faults) -> World {
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
            verified: BTreeSet::new(),
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

    pub fn without_amplifier(demo: Demo, seed: u64) -> World {
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
                entry: row.entry.clone().unwrap(),
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
        self.output = Output { mood: self.output.mood, generation: self.output.generation + 1, ..Output::default() };
    }

    // ---- time ----

    pub fn run_for(&mut self, length: SignedDuration) {
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
    pub fn heal(&mut self) {
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

    pub fn stop_planning_and_settle(&mut self) {
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
        loop {
            let Some(command) = self.playout.as_mut().and_then(Playout::poll_command) else { break };
            self.carry_out(command);
        }
        if let Some(playout) = &self.playout {
            let wakeup = playout.next_wakeup();
            assert!(wakeup.is_none_or(|at| at > self.mono), "it wants to be woken in the past: {wakeup:?}\n{playout:#?}");
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
            let closed = |entry: &Entry| self.log.rows.get(entry.key()).is_some_and(|row| !row.ends.is_empty());
            let closing: BTreeSet<&SlotKey> = self.log.pending.iter().filter_map(|(_, op)| closes(op)).collect();
            let wanted = self.days[&day].entries().into_iter();
            entries.extend(wanted.filter(|entry| entry.start() >= from && entry.start() < horizon && !closed(entry) && !closing.contains(entry.key())));
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
        self.tell(Input::Plan(entries));
        self.replans += 1;
        let number = self.replans;
        self.at(Duration::from_secs(6 * 3600), Event::Replan(Some(number)));
    }

    // ---- commands ----

    fn carry_out(&mut self, command: Command) {
        match &command {
            Command::RecordDue(entry) => {
                let Entry::Slot(slot) = entry else { panic!("a refusal is never opened") };
                self.slots.insert(slot.key.clone(), slot.clone());
                let row = self.log.rows.entry(slot.key.clone()).or_default();
                assert!(!row.due && row.ends.is_empty(), "due twice: {}", slot.key);
                self.verified.remove(&slot.key);
                self.write(LogOp::Write(command));
            }
            Command::RecordStarted { .. }
            | Command::RecordProgress { .. }
            | Command::RecordEnded { .. }
            | Command::RecordUnaired { .. } => self.write(LogOp::Write(command)),
            Command::VerifyPcm { slot } => {
                assert!(self.log.rows[slot].due, "read before it was due");
                let delay = self.latency(400);
                let slot = slot.clone();
                self.at(delay, Event::Tell(Input::PcmVerified { slot }));
            }
            Command::Energise { .. } | Command::Unmute | Command::Mute | Command::Release => {
                self.check_amplifier_order(&command);
                self.amplifier_commands += 1;
                let delay = self.latency(60);
                self.amplifier.free_at = self.amplifier.free_at.max(self.mono + delay);
                let wait = self.amplifier.free_at - self.mono;
                self.at(wait, Event::Amplifier(command));
            }
            Command::OpenOutput | Command::CloseOutput | Command::Play { .. } | Command::Cancel { .. } => {
                self.check_play(&command);
                let delay = if matches!(command, Command::OpenOutput) { self.latency(250) } else { self.latency(4).min(Duration::from_millis(200)) };
                self.output.free_at = self.output.free_at.max(self.mono + delay);
                let wait = self.output.free_at - self.mono;
                let generation = self.output.generation;
                self.at(wait, Event::Output(command, generation));
            }
        }
    }

    fn check_amplifier_order(&mut self, command: &Command) {
        match command {
            Command::Energise { .. } => {
                assert!(!self.asked.unmuted, "power is switched while unmuted");
                self.asked.powered = true;
            }
            Command::Unmute => {
                assert!(self.asked.powered && self.asked.open, "unmuted without power or output");
                self.asked.unmuted = true;
            }
            Command::Mute => self.asked.unmuted = false,
            Command::Release => {
                assert!(!self.asked.unmuted, "released while unmuted");
                assert!(!self.asked.open, "released with the output open");
                self.asked.powered = false;
            }
            _ => {}
        }
    }

    /// What must be true whenever something is handed to the output.
    fn check_play(&mut self, command: &Command) {
        match command {
            Command::OpenOutput => self.asked.open = true,
            Command::CloseOutput => {
                assert!(!self.asked.unmuted, "the output is closed while unmuted");
                self.asked.open = false;
            }
            Command::Play { slot: key, at_mono } => {
                let slot = &self.slots[key];
                let row = &self.log.rows[key];
                assert!(row.due && row.ends.is_empty(), "played without a durable due row: {key}");
                assert!(self.trusted, "played by an untrusted clock");
                assert!(!self.stopped, "played while stopped");
                assert!(*at_mono >= self.mono, "played in the past");
                let at = self.wall() + SignedDuration::try_from(*at_mono - self.mono).unwrap();
                assert!(slot.permitted.from <= at && at + slot.duration <= slot.permitted.until, "outside its window");
                let late = at.duration_since(slot.start);
                assert!(late >= SignedDuration::ZERO, "before its time: {late:?}");
                assert!(late <= SignedDuration::from_millis(2_300), "too late: {late:?}");
                let current = self.demo.snapshot.segments.iter().find(|segment| segment.id == slot.segment).unwrap();
                assert_eq!(current.standing, loaxa_schedules::Standing::Approved, "played without approval");
            }
            _ => {}
        }
    }

    fn amplifier_does(&mut self, command: Command) {
        let mood = self.amplifier.mood;
        let answer = match (&command, mood) {
            (Command::Mute, _) => {
                self.amplifier.unmuted = false;
                None
            }
            (Command::Energise { .. } | Command::Unmute, Mood::Refuses) => {
                let why = "exception 4".to_owned();
                let energise = matches!(command, Command::Energise { .. });
                Some(if energise { Input::AmplifierFailed { why } } else { Input::UnmuteFailed { why } })
            }
            // It may or may not have done it.
            (Command::Energise { zones }, Mood::Silent) => {
                if self.dice.below(2) == 0 {
                    self.amplifier.zones = Some(zones.clone());
                }
                None
            }
            (Command::Unmute, Mood::Silent) => {
                self.amplifier.unmuted = self.amplifier.zones.is_some() && self.dice.below(2) == 0;
                None
            }
            (Command::Release, Mood::Silent | Mood::Refuses) => None,
            (Command::Energise { zones }, _) => {
                assert!(!self.amplifier.unmuted, "zones are switched with sound on");
                self.amplifier.zones = Some(zones.clone());
                Some(Input::AmplifierConfirmed)
            }
            (Command::Unmute, _) if self.amplifier.zones.is_some() => {
                self.amplifier.unmuted = true;
                Some(Input::Unmuted)
            }
            (Command::Unmute, _) => Some(Input::UnmuteFailed { why: "no power".into() }),
            (Command::Release, _) => {
                self.amplifier.zones = None;
                self.amplifier.unmuted = false;
                Some(Input::Released)
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.tell(answer);
        }
    }

    fn output_does(&mut self, command: Command) {
        let wall = self.wall();
        match command {
            Command::OpenOutput => match self.output.mood {
                Mood::Well | Mood::Stalls => {
                    self.output.open = true;
                    self.tell(Input::OutputReady);
                }
                Mood::Refuses => self.tell(Input::OutputFailed { why: "device busy".into() }),
                Mood::Silent => {}
            },
            Command::CloseOutput => {
                assert!(self.output.sounding.is_none(), "closed over a sounding clip");
                self.output.open = false;
                self.output.queued.clear();
            }
            Command::Play { slot, at_mono } => {
                if self.output.open {
                    self.output.queued.push((slot, at_mono));
                    let wait = at_mono.saturating_sub(self.mono);
                    let generation = self.output.generation;
                    self.at(wait, Event::FrameEdge(generation));
                }
            }
            Command::Cancel { slot } => {
                self.output.queued.retain(|(queued, _)| *queued != slot);
                let mut played = SignedDuration::ZERO;
                if self.output.sounding.as_ref().is_some_and(|(key, ..)| *key == slot) {
                    let (_, began, _) = self.output.sounding.take().unwrap();
                    played = SignedDuration::try_from(self.mono - began).unwrap();
                }
                self.tell(Input::AudioCut { slot, played, at: wall });
            }
            _ => {}
        }
    }

    /// A clip may end or begin now.
    fn frame_edge(&mut self) {
        let wall = self.wall();
        let generation = self.output.generation;
        if let Some((key, began, length)) = self.output.sounding.clone() {
            let played = SignedDuration::try_from(self.mono - began).unwrap();
            if played < length || self.output.mood == Mood::Stalls {
                if played < length {
                    self.tell(Input::AudioProgress { slot: key, played });
                    let more = Duration::try_from(length - played).unwrap().min(Duration::from_secs(4));
                    self.at(more, Event::FrameEdge(generation));
                }
                return;
            }
            self.output.sounding = None;
            self.tell(Input::AudioEnded { slot: key, played, at: wall });
        }
        let next = self.output.queued.iter().position(|(_, at)| *at <= self.mono);
        if let Some(index) = next.filter(|_| self.output.sounding.is_none() && generation == self.output.generation) {
            let (key, _) = self.output.queued.remove(index);
            let slot = self.slots[&key].clone();
            if self.settings.amplifier_present && self.amplifier.unmuted {
                assert_eq!(self.amplifier.zones.as_ref(), Some(&slot.zones), "heard in the wrong zones");
            }
            self.output.sounding = Some((key.clone(), self.mono, slot.duration));
            self.at(Duration::from_millis(1), Event::FrameEdge(generation));
            self.tell(Input::AudioStarted { slot: key, at: wall });
        }
    }

    // ---- the log ----

    fn write(&mut self, op: LogOp) {
        let delay = self.latency(30);
        let last = self.log.pending.back().map_or(self.mono, |(at, _)| *at);
        let at = last.max(self.mono + delay);
        let wait = at - self.mono;
        self.log.pending.push_back((at, op));
        self.at(wait, Event::LogDurable);
    }

    fn log_durable(&mut self) {
        let Some((_, op)) = self.log.pending.pop_front() else { return };
        let command = match op {
            LogOp::Accounted(at) => {
                self.log.accounted = Some(at);
                return;
            }
            LogOp::Write(command) => command,
        };
        match command {
            Command::RecordDue(entry) => {
                let slot = entry.key().clone();
                let durable = match self.log.mood {
                    Mood::Well | Mood::Stalls => true,
                    Mood::Refuses => false,
                    Mood::Silent => self.dice.below(2) == 0,
                };
                if durable {
                    let row = self.log.rows.entry(slot.clone()).or_default();
                    row.due = true;
                    row.entry = Some(entry);
                }
                match self.log.mood {
                    Mood::Silent => {}
                    _ if durable => self.tell(Input::Recorded { slot, stage: Stage::Due }),
                    _ => self.tell(Input::RecordFailed { slot, stage: Stage::Due, why: "disk full".into() }),
                }
            }
            Command::RecordStarted { slot, at } => {
                let row = self.log.rows.get_mut(&slot).expect("started without a row");
                assert!(row.due && row.started.is_none() && row.ends.is_empty(), "started twice or undue: {slot}");
                row.started = Some(at);
            }
            Command::RecordProgress { slot, played } => {
                let row = self.log.rows.get_mut(&slot).expect("progress without a row");
                assert!(row.ends.is_empty() && played > row.noted, "progress after the end");
                row.noted = played;
            }
            Command::RecordEnded { slot, outcome, reason, played, started, ended, confirmed } => {
                let row = self.log.rows.get_mut(&slot).expect("ended without a row");
                assert!(row.due, "ended without a due row: {slot}");
                assert_eq!(started.is_some(), ended.is_some());
                assert!(outcome == Outcome::Aired || reason.is_some(), "{outcome} without a reason");
                assert!(!(outcome == Outcome::Aired && !confirmed && reason.is_none()), "unconfirmed, unsaid");
                assert!(played.is_zero() || started.is_some());
                row.entry = None;
                row.ends.push(End { outcome, reason: reason.map(|reason| reason.code), confirmed });
                assert_eq!(row.ends.len(), 1, "two outcomes: {slot}");
            }
            Command::RecordUnaired { entry, outcome, reason } => {
                let row = self.log.rows.entry(entry.key().clone()).or_default();
                row.due = true;
                row.entry = None;
                row.ends.push(End { outcome, reason: Some(reason.code), confirmed: false });
                assert_eq!(row.ends.len(), 1, "two outcomes: {}", entry.key());
            }
            _ => {}
        }
    }

    // ---- faults ----

    fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::PowerCut => self.die(),
            Fault::PowerBack if self.playout.is_none() => self.boot(),
            Fault::PlanToggles => {
                self.demo.toggle();
                self.replan_anew();
            }
            Fault::Step => {
                let most = [1, 3, 30, 4000][self.dice.below(4) as usize] * 1000;
                let by = self.dice.below(2 * most) as i64 - most as i64;
                self.origin += SignedDuration::from_millis(by);
                self.tell(Input::Tick);
            }
            Fault::Distrust => {
                self.trusted = false;
                if self.dice.below(2) == 0 {
                    self.origin += SignedDuration::from_secs(self.dice.below(200_000) as i64 - 100_000);
                }
                self.tell(Input::Tick);
            }
            Fault::Trust if !self.trusted => {
                // Time is right again: it is what it would have been, give or take.
                let honest = self.began - SignedDuration::from_secs(1000);
                self.origin = honest + SignedDuration::from_millis(self.dice.below(2_000) as i64);
                self.trusted = true;
                self.tell(Input::Tick);
            }
            Fault::AmplifierLost => {
                let was_on = self.amplifier.zones.take().is_some();
                self.amplifier.unmuted = false;
                if was_on {
                    self.tell(Input::AmplifierFailed { why: "heartbeat lost".into() });
                }
            }
            Fault::AmplifierRefuses => self.amplifier.mood = Mood::Refuses,
            Fault::AmplifierSilent => self.amplifier.mood = Mood::Silent,
            Fault::AmplifierHeals => self.amplifier.mood = Mood::Well,
            Fault::OutputLost => {
                self.output.generation += 1;
                let was_open = std::mem::take(&mut self.output.open);
                let queued = std::mem::take(&mut self.output.queued);
                let at = self.wall();
                let why = "device not available".to_owned();
                match (self.output.sounding.take(), queued.first()) {
                    (Some((slot, began, _)), _) => {
                        let played = SignedDuration::try_from(self.mono - began).unwrap();
                        self.tell(Input::AudioLost { slot, played, at, why });
                    }
                    (None, Some((slot, _))) => {
                        let slot = slot.clone();
                        self.tell(Input::AudioLost { slot, played: SignedDuration::ZERO, at, why });
                    }
                    (None, None) if was_open => self.tell(Input::OutputFailed { why }),
                    (None, None) => {}
                }
            }
            Fault::OutputRefuses => self.output.mood = Mood::Refuses,
            Fault::OutputSilent => self.output.mood = Mood::Silent,
            Fault::OutputStalls => self.output.mood = Mood::Stalls,
            Fault::OutputHeals => self.output.mood = Mood::Well,
            Fault::LogFails => self.log.mood = Mood::Refuses,
            Fault::LogSilent => self.log.mood = Mood::Silent,
            Fault::LogHeals => self.log.mood = Mood::Well,
            Fault::Stop => {
                self.stopped = true;
                self.tell(Input::Stop { by: "technician".into() });
            }
            Fault::Resume => {
                self.stopped = false;
                self.tell(Input::Resume { by: "technician".into() });
            }
            Fault::Slow => self.slow = true,
            Fault::Swift => self.slow = false,
            Fault::PowerBack | Fault::Trust => {}
        }
    }

    // ---- what must have happened ----

    /// Every entry that the station planned from its first day to now has exactly one outcome.
    pub fn assert_every_key_has_one_outcome(&self) {
        let until = self.wall() - SignedDuration::from_mins(1);
        let zone = self.demo.snapshot.timezone.clone();
        let last = until.to_zoned(zone.clone()).date().saturating_add(1.day());
        let days = plan(&self.demo.snapshot, self.began.to_zoned(zone).date(), last);
        let mut count = 0;
        for entry in days.iter().flat_map(DayPlan::entries) {
            if entry.start() < self.began + SignedDuration::from_secs(10) || entry.start() >= until {
                continue;
            }
            let ends = self.log.rows.get(entry.key()).map_or(0, |row| row.ends.len());
            assert_eq!(ends, 1, "{} at {} has {ends} outcomes", entry.key(), entry.start());
            count += 1;
        }
        assert!(count > 0);
        assert!(self.log.rows.values().all(|row| row.ends.len() <= 1));
    }

    /// After everything was healed, it airs again.
    pub fn assert_recovered(&self) {
        let aired = self.log.outcomes(Outcome::Aired) - self.aired_before_heal;
        assert!(aired >= 10, "only {aired} aired in the half hour after healing:\n{:#?}", self.playout);
    }

    pub fn assert_dark(&self) {
        assert!(self.amplifier.zones.is_none() && !self.amplifier.unmuted, "the amplifier is on: {:#?}", self.playout);
        assert!(!self.output.open, "the output is open");
    }
}

/// The key that a pending write will close.
fn closes(op: &LogOp) -> Option<&SlotKey> {
    match op {
        LogOp::Write(Command::RecordEnded { slot, .. }) => Some(slot),
        LogOp::Write(Command::RecordUnaired { entry, .. }) => Some(entry.key()),
        LogOp::Write(_) | LogOp::Accounted(_) => None,
    }
}
