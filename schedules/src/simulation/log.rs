//! The model log: in order, durable after a while, and one outcome a key.

use super::devices::Mood;
use super::{ClosedRow, Event, Simulation};
use crate::plan::{Entry, Origin, PastAiring, SlotKey};
use crate::playout::{Command, Input, Stage};
use crate::reconcile::{Interruption, OpenAiring, reconcile};
use crate::vocabulary::{MissedRule, Outcome};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

/// What became of one key.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Kept until it is closed.
    pub(super) entry: Option<Box<Entry>>,
    pub(super) due: bool,
    pub(super) started: Option<Timestamp>,
    pub(super) noted: SignedDuration,
    /// The output began it.
    pub(super) heard: bool,
    /// How much of it the device consumed.
    pub(super) measured: SignedDuration,
    /// The loudspeakers were on, in its zones and no other, from its first frame on.
    pub(super) audible: bool,
    pub(super) ended: bool,
}

#[derive(Debug)]
pub(super) struct Log {
    pub(super) rows: HashMap<SlotKey, Row>,
    /// Due and not ended, in that order.
    open: Vec<SlotKey>,
    /// Written, not durable yet: a power cut loses it, or the end of it.
    pending: VecDeque<(Duration, Write)>,
    pub(super) accounted: Timestamp,
    /// What was last asked to be kept as `accounted`.
    asked: Timestamp,
    pub(super) mood: Mood,
    pub(super) counts: BTreeMap<(Outcome, Option<String>), u64>,
    pub(super) keep: bool,
    pub(super) closed: Vec<ClosedRow>,
}

#[derive(Debug)]
enum Write {
    Row(Box<Command>),
    Accounted(Timestamp),
}

impl Log {
    pub(super) fn new(began: Timestamp) -> Log {
        Log {
            rows: HashMap::new(),
            open: Vec::new(),
            pending: VecDeque::new(),
            accounted: began,
            asked: began,
            mood: Mood::Well,
            counts: BTreeMap::new(),
            keep: false,
            closed: Vec::new(),
        }
    }

    pub(super) fn ended(&self, key: &SlotKey) -> bool {
        self.rows.get(key).is_some_and(|row| row.ended)
    }

    /// The keys that are being closed.
    pub(super) fn closing(&self) -> impl Iterator<Item = &SlotKey> {
        self.pending.iter().filter_map(|(_, write)| match write {
            Write::Row(command) => match command.as_ref() {
                Command::RecordEnded { slot, .. } => Some(slot),
                Command::RecordUnaired { entry, .. } | Command::RecordHeard { entry, .. } => {
                    Some(entry.key())
                }
                _ => None,
            },
            Write::Accounted(_) => None,
        })
    }
}

/// How a row is closed.
struct End {
    outcome: Outcome,
    reason: Option<crate::reason::Reason>,
    played: SignedDuration,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    confirmed: bool,
}

impl Simulation {
    pub(super) fn write(&mut self, command: Command) {
        self.append(Write::Row(Box::new(command)));
    }

    /// Has the playout's own account kept, if it has moved.
    pub(super) fn write_accounted(&mut self) {
        let Some(until) = self.playout.as_ref().map(|playout| playout.accounted_until()) else { return };
        if until != self.log.asked {
            self.log.asked = until;
            self.append(Write::Accounted(until));
        }
    }

    fn append(&mut self, write: Write) {
        let delay = self.latency(30);
        let last = self.log.pending.back().map_or(self.mono, |(at, _)| *at);
        let at = last.max(self.mono + delay);
        self.log.pending.push_back((at, write));
        self.after(at - self.mono, Event::LogDurable);
    }

    pub(super) fn log_durable(&mut self) {
        if let Some((_, write)) = self.log.pending.pop_front() {
            self.reach_disk(write);
        }
    }

    /// The power is cut: what was on its way is on the disk up to some point, and nobody was told.
    pub(super) fn tear_log(&mut self) {
        let reached = self.dice.index(self.log.pending.len() + 1);
        let pending = std::mem::take(&mut self.log.pending);
        for (_, write) in pending.into_iter().take(reached) {
            self.reach_disk(write);
        }
    }

    /// What a power cut left open is closed.
    pub(super) fn reconcile_log(&mut self) {
        self.log.asked = self.log.accounted;
        for key in std::mem::take(&mut self.log.open) {
            let Some(row) = self.log.rows.get_mut(&key) else { continue };
            let (started, noted) = (row.started, row.noted);
            let Some(entry) = row.entry.take() else { continue };
            let open = OpenAiring { entry: *entry, started, played_at_last_note: noted };
            let closing = reconcile(&open, Interruption::PowerOrCrash);
            let end = End {
                outcome: closing.outcome,
                reason: Some(closing.reason),
                played: closing.played,
                started: closing.started,
                ended: closing.ended,
                confirmed: closing.confirmed,
            };
            self.close(key, open.entry, end);
        }
    }

    fn reach_disk(&mut self, write: Write) {
        let command = match write {
            Write::Accounted(at) => {
                self.log.accounted = at;
                return;
            }
            Write::Row(command) => *command,
        };
        match command {
            Command::RecordDue(entry) => self.due(entry),
            Command::RecordStarted { slot, at } => match self.log.rows.get_mut(&slot) {
                Some(row) if row.due && row.started.is_none() && !row.ended => row.started = Some(at),
                _ => self.broken(format!("started twice or without a due row: {slot}")),
            },
            Command::RecordProgress { slot, played } => match self.log.rows.get_mut(&slot) {
                Some(row) if row.due && !row.ended && played > row.noted => row.noted = played,
                _ => self.broken(format!("progress backwards or after the end: {slot}")),
            },
            Command::RecordEnded { slot, outcome, reason, played, started, ended, confirmed } => {
                self.check_end(&slot, outcome, reason.is_some(), (started, ended, played, confirmed));
                self.slots.remove(&slot);
                self.log.open.retain(|open| *open != slot);
                let entry = self.log.rows.get_mut(&slot).and_then(|row| row.entry.take());
                match entry {
                    Some(entry) => {
                        let end = End { outcome, reason, played, started, ended, confirmed };
                        self.close(slot, *entry, end);
                    }
                    None => self.broken(format!("ended without an open row: {slot}")),
                }
            }
            Command::RecordUnaired { entry, outcome, reason } => {
                let key = entry.key().clone();
                self.slots.remove(&key);
                self.log.open.retain(|open| *open != key);
                let end = End {
                    outcome,
                    reason: Some(reason),
                    played: SignedDuration::ZERO,
                    started: None,
                    ended: None,
                    confirmed: false,
                };
                self.close(key, entry, end);
            }
            Command::RecordHeard { entry, outcome, reason, played, started, ended, confirmed } => {
                let key = entry.key().clone();
                self.slots.remove(&key);
                self.log.open.retain(|open| *open != key);
                self.close(key, entry, End { outcome, reason, played, started, ended, confirmed });
            }
            _ => {}
        }
    }

    fn due(&mut self, entry: Entry) {
        let slot = entry.key().clone();
        let durable = match self.log.mood {
            Mood::Well | Mood::Stalls => true,
            Mood::Refuses => false,
            Mood::Silent => self.dice.once_in(2),
        };
        if durable {
            let row = self.log.rows.entry(slot.clone()).or_default();
            if row.ended || row.started.is_some() {
                self.broken(format!("due again after it began: {slot}"));
                return;
            }
            // It comes again when a new plan changed what will be heard; the newest counts.
            if !row.due {
                self.log.open.push(slot.clone());
            }
            row.due = true;
            row.entry = Some(Box::new(entry));
        }
        match self.log.mood {
            Mood::Silent => {}
            _ if durable => self.tell(Input::Recorded { slot, stage: Stage::Due }),
            _ => self.tell(Input::RecordFailed { slot, stage: Stage::Due, why: "disk full".to_owned() }),
        }
    }

    fn close(&mut self, key: SlotKey, entry: Entry, end: End) {
        let row = self.log.rows.entry(key.clone()).or_default();
        let twice = row.ended;
        row.entry = None;
        row.due = true;
        row.ended = true;
        if twice {
            self.broken(format!("two outcomes: {key}"));
            return;
        }
        self.check_measure(&key, end.played);
        let code = end.reason.as_ref().map(|reason| reason.code.to_string());
        self.remember(key.clone(), &entry, &end, code.clone());
        *self.log.counts.entry((end.outcome, code)).or_default() += 1;
        match &entry {
            Entry::Slot(slot) if matches!(slot.origin, Origin::Emergency(_)) => {
                self.emergency_closed(&key, end.outcome, end.reason.as_ref());
            }
            Entry::Slot(slot) => self.expect_resumption(slot, end.outcome, end.played),
            Entry::Refused(_) => {}
        }
        if self.wanted_again(&entry, end.outcome) {
            self.days.clear();
            self.ask_for_plan();
        }
        if self.log.keep {
            let End { outcome, reason, played, started, confirmed, .. } = end;
            self.log.closed.push(ClosedRow { entry, outcome, reason, started, played, confirmed });
        }
        self.write_accounted();
    }

    /// What the planner will be told of it.
    fn remember(&mut self, key: SlotKey, entry: &Entry, end: &End, reason: Option<String>) {
        let (origin, segment, offset) = match entry {
            Entry::Slot(slot) => (slot.origin, slot.segment, slot.offset),
            Entry::Refused(refusal) => (refusal.origin, refusal.segment, SignedDuration::ZERO),
        };
        self.snapshot.history.push(PastAiring {
            key,
            origin,
            segment,
            planned_start: entry.start(),
            outcome: end.outcome,
            reason,
            offset,
            played: end.played,
            ended: end.ended.unwrap_or(entry.start()),
        });
    }

    /// Whether a slot that ended so may come again, so that a new plan is made.
    fn wanted_again(&self, entry: &Entry, outcome: Outcome) -> bool {
        let Entry::Slot(slot) = entry else { return false };
        match slot.origin {
            Origin::Emergency(_) => true,
            _ if outcome == Outcome::Aired => false,
            Origin::Campaign(_) => true,
            Origin::Programme(id) => {
                let programme = self.snapshot.programmes.iter().find(|programme| programme.id == id);
                outcome == Outcome::Preempted
                    || programme.is_some_and(|programme| programme.missed != MissedRule::Skip)
            }
        }
    }
}
