//! A whole station on a virtual clock: the real planner and playout, model devices and log, seeded faults.
//!
//! Nothing here reads a clock or a file: the same station, start, seed and faults give the same airings, byte for
//! byte, so that a seed that fails can be replayed. At every command and at every edge of sound the model checks
//! what must never happen, and keeps what it saw as a [`Violation`]:
//!
//! * nothing is played without a durable due row, a trusted clock, an approval, and outside STOP;
//! * nothing is played where the windows of its zones are closed, or before its time, or later than it may start;
//! * no key is heard twice, and every key that came due has exactly one outcome;
//! * every window's limits hold for what was heard;
//! * the amplifier is switched only while muted, heard only in the zones of the slot, and dark when nothing is due.
//!
//! The model log is what the planner reads: closed rows become [`Snapshot::history`], and a slot that did not air
//! leads to a new plan, as it does in the daemon.

mod devices;
mod dice;
mod edits;
mod emergencies;
mod faults;
mod log;
mod planning;
mod promises;
mod rules;
pub mod standard;
mod stop;
mod trouble;

use crate::plan::{DayPlan, Entry, Origin, Slot, SlotKey, Snapshot};
use crate::playout::{Command, Input, Now, Playout, PlayoutSettings};
use crate::reason::Reason;
use crate::vocabulary::{EmergencyId, Outcome, SegmentId};
use devices::{Amplifier, Asked, Output};
use dice::Dice;
use edits::Edits;
use emergencies::Emergencies;
pub use faults::{FaultKind, Faults};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use log::Log;
use promises::Promises;
pub use standard::standard_station;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;
use stop::Stops;

/// Something that must never happen, and when the station's clock said it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// By the station's own clock.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// A closed row of the model log.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedRow {
    /// What came due.
    pub entry: Entry,
    /// How it ended.
    pub outcome: Outcome,
    /// Why; None only for a confirmed `aired`.
    pub reason: Option<Reason>,
    /// When it began, measured at the output; None when it did not.
    pub started: Option<Timestamp>,
    /// How much was heard, measured at the output.
    pub played: SignedDuration,
    /// Whether the amplifier's word stands behind the whole of it.
    pub confirmed: bool,
}

/// What may happen next.
#[derive(Debug)]
enum Event {
    Tell(Box<Input>),
    Amplifier(Box<Command>),
    /// Given to the output when it was lost so many times.
    Output(Box<Command>, u64),
    LogDurable,
    FrameEdge(u64),
    /// Trouble of this kind begins.
    Onset(FaultKind),
    /// It is over.
    Relief(FaultKind),
    /// Somebody approves what was uploaded.
    Approve(SegmentId),
    /// A new plan; with a number only if no other came meanwhile.
    Replan(Option<u64>),
    /// Should the amplifier be dark by now?
    LookForLight,
    /// Is it silent, if STOP has held since then?
    LookSilent(Duration),
    /// Has what sounded given way to an emergency?
    LookWhoGaveWay,
    /// Has what sounded heeded an edit?
    LookWhoObeys,
    /// Somebody sends an emergency.
    SendSomething,
    /// The same again.
    SendAgain(EmergencyId),
    /// It is taken back.
    TakeBack(EmergencyId),
    /// Has it an outcome by now?
    EmergencyOver(SlotKey),
    /// Windows, campaigns, holidays and start rules are what they were.
    RestoreRules,
}

impl Event {
    /// What goes on although the station has no power.
    fn outlasts_power(&self) -> bool {
        matches!(
            self,
            Event::Onset(_)
                | Event::Relief(_)
                | Event::Approve(_)
                | Event::SendSomething
                | Event::SendAgain(_)
                | Event::TakeBack(_)
                | Event::EmergencyOver(_)
                | Event::RestoreRules
        )
    }
}

/// One station on its virtual clock.
#[derive(Debug)]
pub struct Simulation {
    snapshot: Snapshot,
    settings: PlayoutSettings,
    faults: Faults,
    dice: Dice,
    mono: Duration,
    /// Wall time is this plus `mono`.
    origin: Timestamp,
    /// What `origin` would be if nobody had set the clock.
    honest: Timestamp,
    trusted: bool,
    /// What the clock showed when the power went.
    stopped_clock: Timestamp,
    /// What is planned anew for a time before this comes too late: its time had passed by a clock that was right.
    settled: Timestamp,
    /// The latest moment that a trusted clock showed.
    latest: Timestamp,
    playout: Option<Playout>,
    stops: Stops,
    slow: bool,
    planning: bool,
    /// The power goes after so many more events.
    fuse: Option<u64>,
    events: BTreeMap<(Duration, u64), Event>,
    sequence: u64,
    replans: u64,
    replan_asked: bool,
    days: BTreeMap<Date, DayPlan>,
    /// What is between its due row and its end.
    slots: HashMap<SlotKey, Slot>,
    log: Log,
    amplifier: Amplifier,
    output: Output,
    asked: Asked,
    amplifier_commands: u64,
    progress_every: Duration,
    /// Whether the days that were planned last had few slots.
    few: bool,
    edits: Edits,
    emergencies: Emergencies,
    promises: Promises,
}

/// Trouble that never ends a moment is a bug of its own: no more events than this at one instant.
const AT_ONE_INSTANT: u32 = 100_000;

impl Simulation {
    /// A station that is switched on at `began` with everything before it behind it.
    #[must_use]
    pub fn new(snapshot: Snapshot, began: Timestamp, seed: u64, faults: Faults) -> Simulation {
        Simulation::with_settings(snapshot, PlayoutSettings::default(), began, seed, faults)
    }

    /// The same with other tolerances, or without an amplifier.
    #[must_use]
    pub fn with_settings(
        snapshot: Snapshot,
        settings: PlayoutSettings,
        began: Timestamp,
        seed: u64,
        faults: Faults,
    ) -> Simulation {
        let up = SignedDuration::from_secs(1000);
        let origin = began.saturating_sub(up).unwrap_or(Timestamp::MIN);
        let mut simulation = Simulation {
            edits: Edits::new(&snapshot),
            emergencies: Emergencies::default(),
            promises: Promises::new(),
            snapshot,
            settings,
            faults,
            dice: Dice::new(seed),
            mono: Duration::try_from(up).unwrap_or_default(),
            origin,
            honest: origin,
            trusted: true,
            stopped_clock: began,
            settled: began,
            latest: began,
            playout: None,
            stops: Stops::default(),
            slow: false,
            planning: true,
            fuse: None,
            events: BTreeMap::new(),
            sequence: 0,
            replans: 0,
            replan_asked: false,
            days: BTreeMap::new(),
            slots: HashMap::new(),
            log: Log::new(began),
            amplifier: Amplifier::default(),
            output: Output::default(),
            asked: Asked::default(),
            amplifier_commands: 0,
            progress_every: Duration::from_secs(30),
            few: false,
        };
        simulation.boot();
        for kind in simulation.faults.kinds().collect::<Vec<_>>() {
            simulation.plan_trouble(kind);
        }
        simulation
    }

    /// How often the output says how far it is; a power cut loses at most so much of the measure.
    #[must_use]
    pub fn noting_every(mut self, every: Duration) -> Simulation {
        self.progress_every = every.max(Duration::from_millis(100));
        self
    }

    /// Closed rows are kept whole, in the order in which they were closed; otherwise only counted.
    #[must_use]
    pub fn keeping_rows(mut self) -> Simulation {
        self.log.keep = true;
        self
    }

    /// The station's own clock.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        let up = SignedDuration::try_from(self.mono).unwrap_or(SignedDuration::MAX);
        self.origin.saturating_add(up).unwrap_or(Timestamp::MAX)
    }

    /// What the planner is given now.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// How many rows ended how: by outcome and code, None for a confirmed `aired`.
    #[must_use]
    pub fn outcomes(&self) -> &BTreeMap<(Outcome, Option<String>), u64> {
        &self.log.counts
    }

    /// How many rows ended so, whatever the reason.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.log.counts.iter().filter(|((other, _), _)| *other == outcome).map(|(_, count)| count).sum()
    }

    /// The closed rows, if they are kept.
    #[must_use]
    pub fn closed_rows(&self) -> &[ClosedRow] {
        &self.log.closed
    }

    /// What happened that must never happen; the first hundred.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.promises.broken
    }

    /// How many commands the amplifier was given.
    #[must_use]
    pub fn amplifier_commands(&self) -> u64 {
        self.amplifier_commands
    }

    /// Whether every zone is without power and the output closed.
    #[must_use]
    pub fn is_dark(&self) -> bool {
        self.amplifier.zones.is_none() && !self.amplifier.unmuted && !self.output.open
    }

    /// Lets this much time pass.
    pub fn run_for(&mut self, length: SignedDuration) {
        let end = self.mono.saturating_add(Duration::try_from(length).unwrap_or_default());
        let mut at_once = 0;
        loop {
            let event = self.events.keys().next().copied();
            let wakeup = self.playout.as_ref().and_then(Playout::next_wakeup);
            let next = [event.map(|(at, _)| at), wakeup].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next <= end) else { break };
            at_once = if next > self.mono { 0 } else { at_once + 1 };
            if at_once > AT_ONE_INSTANT {
                self.broken("it never comes to rest");
                break;
            }
            self.mono = self.mono.max(next);
            match event.filter(|(at, _)| *at <= self.mono).and_then(|key| self.events.remove(&key)) {
                Some(event) => self.happen(event),
                None => self.tell(Input::Tick),
            }
            self.burn_fuse();
        }
        self.mono = end;
        if self.playout.is_some() {
            self.tell(Input::Tick);
        }
    }

    /// Lets time pass until the station's clock shows `at`, if nobody sets it meanwhile.
    pub fn run_until(&mut self, at: Timestamp) {
        self.run_for(at.duration_since(self.wall()).max(SignedDuration::ZERO));
    }

    fn now(&self) -> Now {
        Now { wall: self.wall(), mono: self.mono, trusted: self.trusted }
    }

    fn after(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.mono.saturating_add(delay), self.sequence), event);
    }

    /// How long an answer takes that usually takes no longer than this.
    fn latency(&mut self, most_ms: u64) -> Duration {
        let most = if self.slow { 8_000 } else { most_ms };
        Duration::from_micros(self.dice.below(most * 1000) + 1)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tell(input) => self.tell(*input),
            Event::Amplifier(command) => self.amplifier_does(&command),
            Event::Output(command, lost) if lost == self.output.lost => self.output_does(*command),
            Event::Output(command, _) => {
                if let Command::Cancel { slot } = *command {
                    self.tell(Input::AudioCut { slot, played: SignedDuration::ZERO, at: self.wall() });
                }
            }
            Event::LogDurable => self.log_durable(),
            Event::FrameEdge(lost) if lost == self.output.lost => self.frame_edge(),
            Event::FrameEdge(_) => {}
            Event::Onset(kind) => self.begin_trouble(kind),
            Event::Relief(kind) => self.end_trouble(kind),
            Event::Approve(segment) => self.approve(segment),
            Event::Replan(number) => {
                if number.is_none_or(|number| number == self.replans) {
                    self.replan();
                }
            }
            Event::LookForLight => self.look_for_light(),
            Event::LookSilent(since) => self.look_silent(since),
            Event::LookWhoGaveWay => self.look_who_gave_way(),
            Event::LookWhoObeys => self.look_who_obeys(),
            Event::SendSomething => self.send_something(),
            Event::SendAgain(id) => self.send_again(|slot| slot.origin == Origin::Emergency(id)),
            Event::TakeBack(id) => self.withdraw_emergency(id),
            Event::EmergencyOver(key) => self.emergency_over(key),
            Event::RestoreRules => self.restore_rules(),
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
        let Some(playout) = &self.playout else { return };
        let (wakeup, wanted) = (playout.next_wakeup(), playout.needs_plan());
        if wakeup.is_some_and(|at| at <= self.mono) {
            self.broken("it wants to be woken in the past");
        }
        if self.trusted {
            self.settled = if wanted { self.settled.min(now.wall) } else { now.wall };
            if wanted {
                self.ask_for_plan();
            }
        }
    }

    fn broken(&mut self, what: impl Into<String>) {
        let at = self.wall();
        self.promises.breaks(at, what.into());
    }
}
