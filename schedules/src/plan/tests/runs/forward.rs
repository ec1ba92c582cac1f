//! The station plays what is planned; dice decide how it ends.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// The same seed falls the same way.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// From 0 to below `sides`.
    pub(super) fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % sides
    }

    /// Shuffles.
    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, usize::try_from(self.roll(last as i64 + 1)).unwrap());
        }
    }
}

/// A station that has come as far as `snapshot.as_of`, with its log as `snapshot.history`.
pub(super) struct Run {
    pub(super) snapshot: Snapshot,
    /// The entries that came due, under the plan of their moment.
    pub(super) played: Vec<(Entry, PastAiring)>,
    /// What was wrong with what was planned at the time.
    pub(super) wrong: Vec<String>,
    closed: BTreeSet<SlotKey>,
    /// Of each first attempt, what became of the last one.
    pub(super) last: BTreeMap<String, PastAiring>,
    pub(super) firsts: BTreeMap<String, PastAiring>,
    dice: Dice,
}

impl Run {
    pub(super) fn new(snapshot: Snapshot, seed: u64) -> Run {
        let mut run = Run {
            snapshot,
            played: Vec::new(),
            wrong: Vec::new(),
            closed: BTreeSet::new(),
            last: BTreeMap::new(),
            firsts: BTreeMap::new(),
            dice: Dice::new(seed),
        };
        run.snapshot.as_of = Some(run.midnight(super::stations::monday()));
        run
    }

    fn midnight(&self, date: Date) -> Timestamp {
        date.to_zoned(self.snapshot.timezone.clone()).unwrap().timestamp()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.snapshot.as_of.unwrap()
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.snapshot.timezone.clone()).date()
    }

    /// What the plan of now says of the days to come, from now on, in order.
    pub(super) fn ahead(&self, until: Timestamp) -> Vec<Entry> {
        let days = plan(&self.snapshot, self.date(self.now()), self.date(until).saturating_add(1.day()));
        let mut ahead: Vec<Entry> = days.iter().flat_map(DayPlan::entries).collect();
        ahead.retain(|entry| self.now() <= entry.start());
        ahead.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
        ahead
    }

    /// Plays until some hours later.
    pub(super) fn step(&mut self) {
        let hours = SignedDuration::from_secs(60 + self.dice.roll(20 * 3_600));
        let next = self.now().saturating_add(hours).unwrap();
        let ahead = self.ahead(next);
        super::properties::judge(self, &ahead);
        let mut next = next;
        let mut emergency = self.dice.roll(10) == 0;
        for entry in ahead {
            if entry.start() >= next {
                break;
            }
            let mut row = self.outcome(&entry);
            if row.ended > next {
                if self.dice.roll(2) == 0 {
                    // An emergency takes the air in the middle of it.
                    let played = next.duration_since(entry.start());
                    row = PastAiring {
                        outcome: Outcome::Preempted,
                        reason: Some("yielded_to_emergency".into()),
                        played,
                        ended: next,
                        ..row
                    };
                    emergency = true;
                } else {
                    next = row.ended;
                }
            }
            self.close(entry, row);
        }
        self.snapshot.as_of = Some(next);
        let minutes = SignedDuration::from_mins(1 + self.dice.roll(20));
        self.snapshot.busy = match self.snapshot.busy {
            Some(busy) if busy.until > next => Some(busy),
            _ => emergency.then(|| Busy { until: next.saturating_add(minutes).unwrap() }),
        };
    }

    fn close(&mut self, entry: Entry, row: PastAiring) {
        let first = row.key.attempt().0.to_owned();
        self.closed.insert(row.key.clone());
        self.firsts.entry(first.clone()).or_insert_with(|| row.clone());
        self.last.insert(first, row.clone());
        self.snapshot.history.push(row.clone());
        self.played.push((entry, row));
    }

    pub(super) fn closed(&self, key: &SlotKey) -> bool {
        self.closed.contains(key)
    }

    fn outcome(&mut self, entry: &Entry) -> PastAiring {
        let (origin, segment) = match entry {
            Entry::Slot(slot) => (slot.origin, slot.segment),
            Entry::Refused(refusal) => (refusal.origin, refusal.segment),
        };
        let unheard = |outcome, reason: &str| PastAiring {
            key: entry.key().clone(),
            origin,
            segment,
            planned_start: entry.start(),
            outcome,
            reason: Some(reason.into()),
            offset: SignedDuration::ZERO,
            played: SignedDuration::ZERO,
            ended: entry.start(),
        };
        let slot = match entry {
            Entry::Slot(slot) => slot,
            Entry::Refused(refusal) => return unheard(Outcome::Suppressed, &refusal.reason.code),
        };
        let heard = |outcome, reason: Option<&str>, played| PastAiring {
            reason: reason.map(Into::into),
            offset: slot.offset,
            played,
            ended: slot.start.saturating_add(played).unwrap(),
            ..unheard(outcome, "")
        };
        let part = SignedDuration::from_secs(1 + self.dice.roll((slot.duration.as_secs() - 1).max(1)));
        match self.dice.roll(20) {
            0 | 1 => unheard(Outcome::Missed, "station_off"),
            2 => unheard(Outcome::Failed, "output_not_ready"),
            3 | 4 => heard(Outcome::Partial, Some("interrupted"), part.min(slot.duration)),
            5 => heard(Outcome::Partial, Some("local_stop"), part.min(slot.duration)),
            6 => unheard(Outcome::Suppressed, "local_stop"),
            _ if slot.yields.is_some() => heard(Outcome::Preempted, Some("yielded"), slot.duration),
            _ => heard(Outcome::Aired, None, slot.duration),
        }
    }
}
