//! What the programmes ask for, before anybody asks whether it may be.

use super::permits::WindowHours;
use super::placing::{Carried, Spot, Why};
use super::types::{Origin, Refusal, Slot, SlotKey, Snapshot};
use crate::reason::Reason;
use crate::recurrence::Cron;
use crate::vocabulary::{
    Bound, Class, PreparedFacts, Programme, Recurrence, SegmentFacts, SegmentId, Standing, ZoneId, instant_of,
};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// A snapshot put in order: what does not depend on the week is worked out once.
pub(super) struct Station<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) hours: WindowHours<'a>,
    programmes: Vec<Ordered<'a>>,
    segments: HashMap<SegmentId, &'a SegmentFacts>,
}

/// A programme with what follows from it.
struct Ordered<'a> {
    programme: &'a Programme,
    /// None when it is a list of instants, or when the expression cannot be read (then it never fires).
    cron: Option<Cron>,
    zones: Vec<ZoneId>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    longest: SignedDuration,
}

/// One item of one occurrence.
#[derive(Clone)]
pub(super) struct Candidate<'a> {
    pub(super) programme: &'a Programme,
    /// Index among the station's programmes in the order of their ids.
    pub(super) rank: usize,
    pub(super) occurrence: Timestamp,
    pub(super) position: u32,
    pub(super) start: Timestamp,
    /// What would be played, or why the recording itself cannot be.
    pub(super) airable: Result<(&'a SegmentFacts, &'a PreparedFacts), Unairable>,
}

/// Why a recording cannot air, whatever the windows say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unairable {
    Unknown,
    Emergency,
    Standing(Standing),
    NotPrepared,
    NotYetValid,
    Expired,
}

impl<'a> Station<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Station<'a> {
        let segments: HashMap<_, _> = snapshot.segments.iter().map(|segment| (segment.id, segment)).collect();
        let mut known: Vec<ZoneId> = snapshot.zones.iter().map(|zone| zone.id).collect();
        known.sort_unstable();
        known.dedup();
        let mut programmes: Vec<Ordered<'a>> = snapshot
            .programmes
            .iter()
            .map(|programme| Ordered::new(programme, snapshot, &segments, &known))
            .collect();
        programmes.sort_by_key(|ordered| ordered.programme.id);
        Station { snapshot, hours: WindowHours::new(snapshot), programmes, segments }
    }

    /// The first instant of a civil day.
    pub(super) fn midnight(&self, date: Date) -> Timestamp {
        instant_of(date.to_datetime(Time::midnight()), &self.snapshot.timezone)
    }

    /// The zones of a candidate, sorted; None when it names zones of which the station has none.
    pub(super) fn zones(&self, candidate: &Candidate<'_>) -> Option<&[ZoneId]> {
        let zones = &self.programmes.get(candidate.rank)?.zones;
        let names_only_unknown = zones.is_empty() && !candidate.programme.zones.is_empty();
        (!names_only_unknown).then_some(zones)
    }

    pub(super) fn zones_by_rank(&self, rank: usize) -> &[ZoneId] {
        self.programmes.get(rank).map_or(&[], |ordered| &ordered.zones)
    }

    pub(super) fn programme_count(&self) -> usize {
        self.programmes.len()
    }

    /// No occurrence sounds longer than this.
    pub(super) fn longest_programme(&self) -> SignedDuration {
        self.programmes.iter().map(|ordered| ordered.longest).max().unwrap_or(SignedDuration::ZERO)
    }

    /// Every item that would start in `from..to`, in the order of programmes.
    pub(super) fn candidates(&self, from: Timestamp, to: Timestamp) -> Vec<Candidate<'a>> {
        let mut found = Vec::new();
        for (rank, ordered) in self.programmes.iter().enumerate() {
            let earliest = from.saturating_sub(ordered.longest).unwrap_or(Timestamp::MIN);
            for occurrence in ordered.occurrences(earliest, to, self.snapshot) {
                self.run_order(rank, ordered.programme, occurrence, |candidate| {
                    if from <= candidate.start && candidate.start < to {
                        found.push(candidate);
                    }
                });
            }
        }
        found
    }

    fn run_order(
        &self,
        rank: usize,
        programme: &'a Programme,
        occurrence: Timestamp,
        mut each: impl FnMut(Candidate<'a>),
    ) {
        let mut start = occurrence;
        for (position, segment) in (0_u32..).zip(&programme.segments) {
            let airable = self.airable(programme, *segment, start);
            let length = airable.map_or(SignedDuration::ZERO, |(_, prepared)| prepared.duration);
            each(Candidate { programme, rank, occurrence, position, start, airable });
            start = start.saturating_add(length).unwrap_or(Timestamp::MAX);
        }
    }

    fn airable(
        &self,
        programme: &Programme,
        segment: SegmentId,
        start: Timestamp,
    ) -> Result<(&'a SegmentFacts, &'a PreparedFacts), Unairable> {
        let facts = *self.segments.get(&segment).ok_or(Unairable::Unknown)?;
        if facts.class == Class::Emergency || programme.class == Class::Emergency {
            return Err(Unairable::Emergency);
        }
        if facts.standing != Standing::Approved {
            return Err(Unairable::Standing(facts.standing));
        }
        let prepared = facts.prepared.as_ref().filter(|prepared| prepared.duration > SignedDuration::ZERO);
        let prepared = prepared.ok_or(Unairable::NotPrepared)?;
        let tz = &self.snapshot.timezone;
        if facts.valid_from.as_ref().is_some_and(|from| start < from.begins(tz)) {
            return Err(Unairable::NotYetValid);
        }
        let end = start.saturating_add(prepared.duration).unwrap_or(Timestamp::MAX);
        if facts.valid_until.as_ref().is_some_and(|until| end > until.ends(tz)) {
            return Err(Unairable::Expired);
        }
        Ok((facts, prepared))
    }
}

impl<'a> Ordered<'a> {
    fn new(
        programme: &'a Programme,
        snapshot: &Snapshot,
        segments: &HashMap<SegmentId, &SegmentFacts>,
        known: &[ZoneId],
    ) -> Ordered<'a> {
        let tz = &snapshot.timezone;
        let cron = match &programme.recurrence {
            Recurrence::Cron(expression) => Cron::parse(expression).ok(),
            Recurrence::At(_) => None,
        };
        let mut zones = if programme.zones.is_empty() { known.to_vec() } else { programme.zones.clone() };
        zones.retain(|zone| known.contains(zone));
        zones.sort_unstable();
        zones.dedup();
        let lengths = programme.segments.iter().filter_map(|id| segments.get(id)?.prepared.as_ref());
        let longest =
            lengths.fold(SignedDuration::ZERO, |sum, prepared| sum.saturating_add(prepared.duration));
        Ordered {
            programme,
            cron,
            zones,
            from: programme.valid_from.as_ref().map(|bound: &Bound| bound.begins(tz)),
            until: programme.valid_until.as_ref().map(|bound: &Bound| bound.ends(tz)),
            longest,
        }
    }

    /// The starts in `from..to` inside the programme's validity, in whole seconds, because the key of a slot
    /// counts in seconds.
    fn occurrences(&self, from: Timestamp, to: Timestamp, snapshot: &Snapshot) -> Vec<Timestamp> {
        let from = self.from.map_or(from, |valid| valid.max(from));
        let to = self.until.map_or(to, |valid| valid.min(to));
        if to <= from {
            return Vec::new();
        }
        match (&self.programme.recurrence, &self.cron) {
            (Recurrence::Cron(_), Some(cron)) => cron.occurrences(from, to, &snapshot.timezone),
            (Recurrence::Cron(_), None) => Vec::new(),
            (Recurrence::At(instants), _) => {
                let mut starts: Vec<Timestamp> = instants
                    .iter()
                    .filter_map(|at| Timestamp::from_second(at.as_second()).ok())
                    .filter(|&at| from <= at && at < to)
                    .collect();
                starts.sort_unstable();
                starts.dedup();
                starts
            }
        }
    }
}

impl Candidate<'_> {
    pub(super) fn end(&self) -> Timestamp {
        let length = self.airable.map_or(SignedDuration::ZERO, |(_, prepared)| prepared.duration);
        self.start.saturating_add(length).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn carried(&self) -> Carried {
        Carried { start: self.start, end: self.end(), name: self.programme.name.clone(), zones_of: self.rank }
    }

    fn key(&self) -> SlotKey {
        SlotKey::new(self.programme.id, self.occurrence, self.position)
    }

    fn segment_id(&self) -> SegmentId {
        let index = usize::try_from(self.position).unwrap_or(usize::MAX);
        self.programme.segments.get(index).copied().unwrap_or(SegmentId(uuid::Uuid::nil()))
    }

    /// The slot at its spot. Only candidates that are airable have one.
    pub(super) fn slot(&self, station: &Station<'_>, spot: &Spot) -> Slot {
        let (title, original_sha256, approved_by, pcm, duration) = match self.airable {
            Ok((facts, prepared)) => (
                facts.title.clone(),
                facts.original_sha256.clone(),
                facts.approved_by.clone(),
                prepared.hash.clone(),
                prepared.duration,
            ),
            Err(_) => Default::default(),
        };
        Slot {
            key: self.key(),
            origin: Origin::Programme(self.programme.id),
            name: self.programme.name.clone(),
            occurrence: self.occurrence,
            position: self.position,
            segment: self.segment_id(),
            title,
            class: self.programme.class,
            start: self.start,
            latest_start: None,
            offset: SignedDuration::ZERO,
            duration,
            yields: None,
            zones: station.zones(self).unwrap_or_default().to_vec(),
            gain_db: station.hours.gain_db(&spot.windows),
            permitted: spot.permit,
            pcm,
            original_sha256,
            approved_by,
            reason: Reason::planned(&self.programme.name, self.position, &station.hours.names(&spot.windows)),
        }
    }

    /// The refusal, with its sentence.
    pub(super) fn refusal(&self, station: &Station<'_>, why: &Why) -> Refusal {
        let facts = station.segments.get(&self.segment_id());
        let title = facts.map(|facts| facts.title.clone());
        let duration = facts.and_then(|facts| facts.prepared.as_ref()).map(|prepared| prepared.duration);
        let zones = match station.zones(self) {
            Some(zones) => zones.to_vec(),
            None => {
                let mut zones = self.programme.zones.clone();
                zones.sort_unstable();
                zones
            }
        };
        Refusal {
            key: self.key(),
            origin: Origin::Programme(self.programme.id),
            name: self.programme.name.clone(),
            occurrence: self.occurrence,
            position: self.position,
            segment: self.segment_id(),
            reason: self.sentence(station, why, title.as_deref().unwrap_or_default()),
            title,
            class: self.programme.class,
            start: self.start,
            duration,
            zones,
        }
    }

    fn sentence(&self, station: &Station<'_>, why: &Why, title: &str) -> Reason {
        let tz = &station.snapshot.timezone;
        match why {
            Why::Unairable(Unairable::Unknown) => Reason::unknown_segment(self.segment_id()),
            Why::Unairable(Unairable::Emergency) => Reason::emergency_class(title),
            Why::Unairable(Unairable::Standing(standing)) => Reason::standing(title, *standing),
            Why::Unairable(Unairable::NotPrepared) => Reason::not_prepared(title),
            Why::Unairable(Unairable::NotYetValid) => Reason::not_yet_valid(title),
            Why::Unairable(Unairable::Expired) => Reason::expired(title),
            Why::UnknownZone => Reason::unknown_zone(&self.programme.name),
            Why::NoWindowDefined => Reason::no_window_defined(),
            Why::OutsideWindow => Reason::outside_window(self.start, tz),
            Why::BeyondWindowEnd { until } => Reason::beyond_window_end(*until, tz),
            Why::Overlap { winner, start } => Reason::overlap(winner, *start, tz),
            Why::Limit { code, window, limit } => Reason::limit(*code, window, *limit),
        }
    }
}
