//! A station whose days are written by a test.
#![allow(clippy::unwrap_used, reason = "a test may")]

use super::{Keeping, decide};
use crate::airing_log::Heads;
use crate::airing_log::export::{Format, export};
use crate::clock::{Clock, TrustReason};
use crate::store::{LogJob, Removed, Store};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_evidence::{Report, Trust, VerifierKey, verify};
use loaxa_schedules::{Class, Entry, Now, Origin, Outcome, Permit, Reason, SegmentId, Slot, SlotKey};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A clock that a test sets.
pub(crate) struct Told(pub(crate) Mutex<(Timestamp, TrustReason)>);

impl Clock for Told {
    fn now(&self) -> Now {
        let (wall, trust) = *self.0.lock().unwrap();
        Now { wall, mono: Duration::ZERO, trusted: trust.trusted() }
    }

    fn trust(&self) -> TrustReason {
        self.0.lock().unwrap().1
    }

    fn instant(&self, _: Duration) -> Instant {
        unreachable!("nobody waits here")
    }

    fn mono(&self, _: Instant) -> Duration {
        Duration::ZERO
    }

    fn remember(&self, _: Timestamp) {}

    fn vouch(&self) {}
}

pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<Told>,
    pub(crate) heads: Heads,
    pub(crate) key: VerifierKey,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Told(Mutex::new((day(0), TrustReason::KernelSynchronised))));
        let store = opened(folder.path(), &clock);
        let heads = Heads::open(Arc::clone(&store), folder.path(), Vec::new(), day(0));
        let key = heads.key().unwrap().clone();
        Self { folder, store, clock, heads, key }
    }

    /// As after a power cut.
    pub(crate) fn open_again(&mut self) {
        self.store = opened(self.folder.path(), &self.clock);
        self.heads =
            Heads::open(Arc::clone(&self.store), self.folder.path(), Vec::new(), self.clock.now().wall);
    }

    pub(crate) fn set(&self, wall: Timestamp, trust: TrustReason) {
        *self.clock.0.lock().unwrap() = (wall, trust);
    }

    /// A day on which something of this origin aired, and a head was kept.
    pub(crate) fn aired(&self, number: i32, origin: Origin) -> SlotKey {
        self.set(day(number), TrustReason::KernelSynchronised);
        let slot = slot(number, origin);
        let key = slot.key.clone();
        self.store.log(day(number), &[due(slot), ended(&key)]).unwrap();
        self.heads.keep_if_due(day(number)).unwrap();
        key
    }

    /// A day on which the station did nothing but start.
    pub(crate) fn started(&self, number: i32) {
        self.set(day(number), TrustReason::KernelSynchronised);
        let start = LogJob::Note { kind: "start", body: serde_json::json!({}) };
        self.store.log(day(number), &[start]).unwrap();
    }

    /// What is decided on this day by a rule of so many days, and why nothing is.
    pub(crate) fn decide(&self, number: i32, days: u32) -> (Option<Removed>, Option<super::Waits>) {
        self.set(day(number), self.clock.trust());
        let keeping = Keeping::new(Some(days));
        let removed = decide(&self.store, &self.heads, &keeping, &TimeZone::UTC, self.clock.now()).unwrap();
        (removed, keeping.waits())
    }

    pub(crate) fn export(&self) -> String {
        let mut file = Vec::new();
        export(&self.store, None, None, Format::Ndjson, &mut file).unwrap();
        String::from_utf8(file).unwrap()
    }

    /// What an auditor says who has the station's first key and nothing else.
    pub(crate) fn verify(&self, file: &str) -> Report {
        verify(file.as_bytes(), &Trust::new(std::slice::from_ref(&self.key), &[]).of_the_whole())
    }
}

fn opened(folder: &std::path::Path, clock: &Arc<Told>) -> Arc<Store> {
    let store = Arc::new(Store::open(folder, clock.now().wall).unwrap());
    store.stamp_rows(Arc::clone(clock) as Arc<dyn Clock>);
    store
}

/// Noon of a day since the station began.
pub(crate) fn day(number: i32) -> Timestamp {
    let begun: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    begun + SignedDuration::from_hours(24 * i64::from(number))
}

pub(crate) fn slot(number: i32, origin: Origin) -> Slot {
    let start = day(number);
    Slot {
        key: SlotKey(format!("{}/{number}", origin.id())),
        origin,
        name: "Bản tin".into(),
        occurrence: start,
        position: 0,
        segment: SegmentId(uuid::Uuid::from_u128(8)),
        title: "Tin".into(),
        class: Class::Normal,
        start,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration: SignedDuration::from_secs(10),
        yields: None,
        zones: Vec::new().into(),
        gain_db: 0.0,
        permitted: Permit { from: start, until: start + SignedDuration::from_hours(1) },
        pcm: "aa".into(),
        original_sha256: "bb".into(),
        trim: None,
        approved_by: None,
        reason: Reason::emergency("Trưởng thôn"),
    }
}

pub(crate) fn due(slot: Slot) -> LogJob {
    LogJob::Due { entry: Box::new(Entry::Slot(slot)), clock: "kernel_synchronised" }
}

pub(crate) fn ended(key: &SlotKey) -> LogJob {
    LogJob::Ended {
        slot: key.clone(),
        outcome: Outcome::Aired,
        reason: None,
        played: SignedDuration::from_secs(10),
        started: None,
        ended: None,
        confirmed: true,
        evidence: None,
    }
}
