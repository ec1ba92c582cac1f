//! What a plan is made of.

use crate::reason::Reason;
use crate::vocabulary::{Class, Programme, ProgrammeId, SegmentFacts, SegmentId, Window, Zone, ZoneId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Everything that a plan depends on.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The station's time zone; days, weeks and windows are counted in it.
    pub timezone: TimeZone,
    /// The station's zones.
    pub zones: Vec<Zone>,
    /// When it may sound.
    pub windows: Vec<Window>,
    /// What it should play.
    pub programmes: Vec<Programme>,
    /// What it holds.
    pub segments: Vec<SegmentFacts>,
}

/// The stable identity of a planned airing: `{programme}/{start}/{position}`.
///
/// `start` is the start of the programme's occurrence in UTC (`20261130T100000Z`), not of the item, so that
/// an item keeps its identity when an item before it falls out. Once closed, a key never airs again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotKey(pub String);

impl SlotKey {
    /// The key of one item of one occurrence.
    #[must_use]
    pub fn new(programme: ProgrammeId, occurrence: Timestamp, position: u32) -> SlotKey {
        SlotKey(format!("{programme}/{}/{position}", occurrence.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for SlotKey {
    fn from(text: &str) -> Self {
        SlotKey(text.to_owned())
    }
}

/// The permitted stretch around a slot, with touching windows merged. `from` inclusive, `until` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Permit {
    /// Since when sound is permitted.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// One planned start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Identity.
    pub key: SlotKey,
    /// Whose it is.
    pub programme: ProgrammeId,
    /// What the programme is called.
    pub programme_name: String,
    /// When the programme's occurrence starts; at or before `start`.
    pub occurrence: Timestamp,
    /// Which item of the programme, from 0.
    pub position: u32,
    /// What is played.
    pub segment: SegmentId,
    /// What the segment is called.
    pub title: String,
    /// The programme's class.
    pub class: Class,
    /// When it starts.
    pub start: Timestamp,
    /// How long it is, exact to the frame.
    pub duration: SignedDuration,
    /// Where it is heard, sorted; empty only when the station has no zones.
    pub zones: Vec<ZoneId>,
    /// How much quieter than prepared, in dB: 0, or the lowest ceiling of its windows.
    pub gain_db: f64,
    /// The stretch in which it may sound.
    pub permitted: Permit,
    /// Root hash of the prepared PCM.
    pub pcm: String,
    /// SHA-256 of the original.
    pub original_sha256: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Why it stands here.
    pub reason: Reason,
}

impl Slot {
    /// When it ends, as planned.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start.saturating_add(self.duration).unwrap_or(Timestamp::MAX)
    }
}

/// A planned start that is not obeyed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Identity.
    pub key: SlotKey,
    /// Whose it is.
    pub programme: ProgrammeId,
    /// What the programme is called.
    pub programme_name: String,
    /// When the programme's occurrence starts; at or before `start`.
    pub occurrence: Timestamp,
    /// Which item of the programme, from 0.
    pub position: u32,
    /// What would be played.
    pub segment: SegmentId,
    /// What the segment is called; None when it is unknown.
    pub title: Option<String>,
    /// The programme's class.
    pub class: Class,
    /// When it would start.
    pub start: Timestamp,
    /// How long it would be; None when that is unknown.
    pub duration: Option<SignedDuration>,
    /// Where it would be heard, sorted.
    pub zones: Vec<ZoneId>,
    /// Why not.
    pub reason: Reason,
}

/// The slots and refusals that start on one civil day, each sorted by start, programme and position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayPlan {
    /// The civil day in the station's time zone.
    pub date: Date,
    /// What will air.
    pub slots: Vec<Slot>,
    /// What will not, and why.
    pub refusals: Vec<Refusal>,
}

impl DayPlan {
    /// Slots and refusals together, sorted by start.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let slots = self.slots.iter().cloned().map(Entry::Slot);
        let refusals = self.refusals.iter().cloned().map(Entry::Refused);
        let mut entries: Vec<Entry> = slots.chain(refusals).collect();
        entries.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
        entries
    }
}

/// A slot or a refusal: each of them comes due and gets exactly one outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// Will air.
    Slot(Slot),
    /// Will not.
    Refused(Refusal),
}

impl Entry {
    /// Identity.
    #[must_use]
    pub fn key(&self) -> &SlotKey {
        match self {
            Entry::Slot(slot) => &slot.key,
            Entry::Refused(refusal) => &refusal.key,
        }
    }

    /// When the programme's occurrence starts, to which this item belongs.
    #[must_use]
    pub fn occurrence(&self) -> Timestamp {
        match self {
            Entry::Slot(slot) => slot.occurrence,
            Entry::Refused(refusal) => refusal.occurrence,
        }
    }

    /// When it starts or would have started.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        match self {
            Entry::Slot(slot) => slot.start,
            Entry::Refused(refusal) => refusal.start,
        }
    }
}
