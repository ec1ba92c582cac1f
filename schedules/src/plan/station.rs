//! A snapshot put in order: what does not depend on the day is worked out once.

use super::key::of_programme;
use super::types::{Origin, Permit, SlotKey, Snapshot};
use crate::recurrence::Cron;
use crate::units::Owners;
use crate::vocabulary::{
    CampaignId, Class, MissedRule, OnHolidays, Ordered, OrderedIn, Programme, Recurrence, SegmentFacts,
    SegmentId, Standing, StartRule, ZoneId,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything that airs, in the order in which it goes when class and time are the same.
pub(super) struct Station<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// By the commune's order, owner, kind and id.
    pub(super) shows: Vec<Show<'a>>,
    /// By id.
    pub(super) recordings: Vec<Recording<'a>>,
    /// Sets of zones, each sorted.
    pub(super) zone_sets: Vec<Arc<[ZoneId]>>,
    /// Sorted, each with its index in `shows`: every row of the history is looked up.
    by_origin: Vec<(Origin, usize)>,
}

/// A programme or a campaign.
pub(super) struct Show<'a> {
    pub(super) origin: Origin,
    /// Shared by its slots.
    pub(super) name: Arc<str>,
    pub(super) class: Class,
    /// Index of its zones; None when it names zones of which the station has none.
    pub(super) zones: Option<usize>,
    /// As it names them.
    pub(super) named_zones: &'a [ZoneId],
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    Programme(Box<Running<'a>>),
    /// Index into the snapshot's campaigns.
    Campaign(usize),
}

/// A programme with what follows from it.
pub(super) struct Running<'a> {
    pub(super) programme: &'a Programme,
    /// The running order, each with the recording if the station holds it.
    pub(super) items: Vec<(SegmentId, Option<usize>)>,
    pub(super) gap: SignedDuration,
    /// None when it is a list of instants, or when the expression cannot be read (then it never fires).
    cron: Option<Cron>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Nothing occurs before this …
    since: Timestamp,
    /// … but these, in order.
    begun: Vec<Timestamp>,
}

/// A segment with the ends of its validity.
pub(super) struct Recording<'a> {
    pub(super) facts: &'a SegmentFacts,
    /// Shared by its slots, as the next three.
    pub(super) title: Arc<str>,
    pub(super) pcm: Arc<str>,
    pub(super) original_sha256: Arc<str>,
    pub(super) approved_by: Option<Arc<str>>,
    pub(super) duration: SignedDuration,
    from: Timestamp,
    until: Timestamp,
}

/// Why a recording cannot air, whatever the windows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unairable {
    Unknown,
    Emergency,
    Standing(Standing),
    NotPrepared,
    NotYetValid,
    Expired,
    NoOrder,
}

impl<'a> Station<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Station<'a> {
        let tz = &snapshot.timezone;
        let mut recordings: Vec<Recording<'a>> = snapshot
            .segments
            .iter()
            .map(|facts| Recording {
                facts,
                title: facts.title.as_str().into(),
                pcm: facts.prepared.as_ref().map_or("", |prepared| &prepared.hash).into(),
                original_sha256: facts.original_sha256.as_str().into(),
                approved_by: facts.approved_by.as_deref().map(Arc::from),
                duration: facts.prepared.as_ref().map_or(SignedDuration::ZERO, |prepared| prepared.duration),
                from: facts.valid_from.as_ref().map_or(Timestamp::MIN, |bound| bound.begins(tz)),
                until: facts.valid_until.as_ref().map_or(Timestamp::MAX, |bound| bound.ends(tz)),
            })
            .collect();
        recordings.sort_by_key(|recording| recording.facts.id);
        let held: HashMap<SegmentId, usize> =
            recordings.iter().enumerate().map(|(index, recording)| (recording.facts.id, index)).collect();
        let mut known: Vec<ZoneId> = snapshot.zones.iter().map(|zone| zone.id).collect();
        known.sort_unstable();
        known.dedup();
        let mut sets = ZoneSets { known, sets: Vec::new(), index: HashMap::new() };
        let owners = Owners::of(snapshot);
        let programmes = snapshot.programmes.iter().map(|programme| {
            let show = Show {
                origin: Origin::Programme(programme.id),
                name: programme.name.as_str().into(),
                class: programme.class,
                zones: sets.resolve(&programme.zones),
                named_zones: &programme.zones,
                what: What::Programme(Box::new(Running::new(programme, snapshot, &held))),
            };
            (programme.order, programme.owner, show)
        });
        let mut shows: Vec<_> = programmes.collect();
        shows.extend(snapshot.campaigns.iter().enumerate().map(|(index, campaign)| {
            let show = Show {
                origin: Origin::Campaign(campaign.id),
                name: campaign.name.as_str().into(),
                class: campaign.class,
                zones: sets.resolve(&campaign.zones),
                named_zones: &campaign.zones,
                what: What::Campaign(index),
            };
            (campaign.order, campaign.owner, show)
        }));
        // The kind comes before the id in the order of origins.
        shows.sort_by_cached_key(|(order, owner, show)| (*order, owners.precedence(*owner), show.origin));
        let shows: Vec<Show<'a>> = shows.into_iter().map(|(_, _, show)| show).collect();
        let mut by_origin: Vec<(Origin, usize)> =
            shows.iter().enumerate().map(|(index, show)| (show.origin, index)).collect();
        by_origin.sort_unstable();
        let zone_sets = sets.sets.into_iter().map(Arc::from).collect();
        Station { snapshot, by_origin, recordings, zone_sets, shows }
    }

    pub(super) fn show_of(&self, origin: Origin) -> Option<usize> {
        let found = self.by_origin.binary_search_by_key(&origin, |(origin, _)| *origin).ok()?;
        self.by_origin.get(found).map(|(_, index)| *index)
    }

    pub(super) fn campaign(&self, id: CampaignId) -> Option<usize> {
        self.show_of(Origin::Campaign(id))
    }

    pub(super) fn recording_of(&self, id: SegmentId) -> Option<usize> {
        self.recordings.binary_search_by_key(&id, |recording| recording.facts.id).ok()
    }

    /// The zones of a show, sorted; where it names only unknown ones, those.
    pub(super) fn zones(&self, show: &Show<'_>) -> Arc<[ZoneId]> {
        match show.zones.and_then(|set| self.zone_sets.get(set)) {
            Some(zones) => Arc::clone(zones),
            None => {
                let mut zones = show.named_zones.to_vec();
                zones.sort_unstable();
                zones.into()
            }
        }
    }

    /// Whether two shows have no zone in common.
    pub(super) fn disjoint(&self, one: usize, other: usize) -> bool {
        let zones = |index: usize| self.shows.get(index).and_then(|show| self.zone_sets.get(show.zones?));
        match (zones(one), zones(other)) {
            (Some(one), Some(other)) => {
                !one.is_empty() && !other.is_empty() && !one.iter().any(|zone| other.contains(zone))
            }
            _ => false,
        }
    }

    /// Whether the recording may sound from `start` on for `length`.
    pub(super) fn airable(
        &self,
        recording: Option<usize>,
        class: Class,
        start: Timestamp,
        length: SignedDuration,
    ) -> Result<&Recording<'a>, Unairable> {
        let held = recording.and_then(|index| self.recordings.get(index)).ok_or(Unairable::Unknown)?;
        if held.facts.class == Class::Emergency || class == Class::Emergency {
            return Err(Unairable::Emergency);
        }
        if held.facts.standing == Standing::AwaitingApproval
            && held.facts.ordered.as_ref().is_some_and(Vec::is_empty)
        {
            return Err(Unairable::NoOrder);
        }
        if held.facts.standing != Standing::Approved {
            return Err(Unairable::Standing(held.facts.standing));
        }
        if held.duration <= SignedDuration::ZERO {
            return Err(Unairable::NotPrepared);
        }
        if start < held.from {
            return Err(Unairable::NotYetValid);
        }
        if start.saturating_add(length).unwrap_or(Timestamp::MAX) > held.until {
            return Err(Unairable::Expired);
        }
        Ok(held)
    }
}

impl Show<'_> {
    pub(super) fn running(&self) -> Option<&Running<'_>> {
        match &self.what {
            What::Programme(running) => Some(running),
            What::Campaign(_) => None,
        }
    }

    /// A campaign waits for its place as long as its window is open.
    pub(super) fn start_rule(&self) -> StartRule {
        self.running().map_or(StartRule::MakeNext, |running| running.programme.start_rule)
    }

    pub(super) fn missed_rule(&self) -> MissedRule {
        self.running().map_or(MissedRule::Skip, |running| running.programme.missed)
    }

    pub(super) fn on_holidays(&self) -> OnHolidays {
        self.running().map_or(OnHolidays::Air, |running| running.programme.on_holidays)
    }
}

impl<'a> Recording<'a> {
    /// The stretch in which an order lets it sound in this show, from `start` on for `length`; without bounds where the
    /// station asks for no orders.
    pub(super) fn ordered(
        &self,
        origin: Origin,
        start: Timestamp,
        length: SignedDuration,
    ) -> Result<Permit, Unairable> {
        let Some(orders) = &self.facts.ordered else {
            return Ok(Permit { from: Timestamp::MIN, until: Timestamp::MAX });
        };
        let end = start.saturating_add(length).unwrap_or(Timestamp::MAX);
        let covers = |order: &&Ordered| {
            let meant = match order.within {
                OrderedIn::Anything => true,
                OrderedIn::Programme(id) => origin == Origin::Programme(id),
                OrderedIn::Campaign(id) => origin == Origin::Campaign(id),
            };
            meant && order.from <= start && end <= order.until
        };
        let longest = orders.iter().filter(covers).max_by_key(|order| order.until);
        longest.map(|it| Permit { from: it.from, until: it.until }).ok_or(Unairable::NoOrder)
    }

    /// The last moment at which so much of it may begin without outliving it.
    pub(super) fn latest_start(&self, length: SignedDuration) -> Timestamp {
        self.until.saturating_sub(length).unwrap_or(Timestamp::MIN)
    }
}

impl<'a> Running<'a> {
    fn new(programme: &'a Programme, snapshot: &Snapshot, held: &HashMap<SegmentId, usize>) -> Running<'a> {
        let tz = &snapshot.timezone;
        let saved = snapshot.saved.get(&programme.id);
        let occurrence = |key: &SlotKey| of_programme(key.attempt().0).map(|(occurrence, _)| occurrence);
        let mut begun: Vec<Timestamp> =
            saved.map_or_else(Vec::new, |saved| saved.begun.iter().filter_map(occurrence).collect());
        begun.sort_unstable();
        Running {
            programme,
            items: programme.running_order().map(|id| (id, held.get(&id).copied())).collect(),
            gap: SignedDuration::from_secs(i64::from(programme.gap_seconds)),
            cron: match &programme.recurrence {
                Recurrence::Cron(expression) => Cron::parse(expression).ok(),
                Recurrence::At(_) => None,
            },
            from: programme.valid_from.as_ref().map(|bound| bound.begins(tz)),
            until: programme.valid_until.as_ref().map(|bound| bound.ends(tz)),
            since: saved.map_or(Timestamp::MIN, |saved| saved.at),
            begun,
        }
    }

    /// The starts in `from..to` inside the programme's validity that were not over when it was saved, in whole seconds,
    /// because the key of a slot counts in seconds.
    pub(super) fn occurrences(&self, from: Timestamp, to: Timestamp, snapshot: &Snapshot) -> Vec<Timestamp> {
        let mut starts = self.fires(from, to, snapshot);
        starts.retain(|at| self.since <= *at || self.begun.binary_search(at).is_ok());
        starts
    }

    fn fires(&self, from: Timestamp, to: Timestamp, snapshot: &Snapshot) -> Vec<Timestamp> {
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

/// Each set of zones once.
struct ZoneSets {
    known: Vec<ZoneId>,
    sets: Vec<Vec<ZoneId>>,
    index: HashMap<Vec<ZoneId>, usize>,
}

impl ZoneSets {
    fn resolve(&mut self, named: &[ZoneId]) -> Option<usize> {
        let mut zones = if named.is_empty() { self.known.clone() } else { named.to_vec() };
        zones.retain(|zone| self.known.binary_search(zone).is_ok());
        zones.sort_unstable();
        zones.dedup();
        if zones.is_empty() && !named.is_empty() {
            return None;
        }
        if let Some(&index) = self.index.get(&zones) {
            return Some(index);
        }
        self.sets.push(zones.clone());
        self.index.insert(zones, self.sets.len() - 1);
        Some(self.sets.len() - 1)
    }
}
