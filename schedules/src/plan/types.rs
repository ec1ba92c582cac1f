//! What a plan is made of.

use crate::reason::Reason;
use crate::vocabulary::{
    Campaign, CampaignId, Class, EmergencyId, Holiday, Outcome, Programme, ProgrammeId, SegmentFacts,
    SegmentId, Trim, Unit, UnitId, Window, Zone, ZoneId,
};
use crate::volume::Volume;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

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
    /// Of programmes whose times are not older than the plan, since when they have them. The others have had theirs for long.
    pub saved: HashMap<ProgrammeId, Saved>,
    /// What it owes.
    pub campaigns: Vec<Campaign>,
    /// Days that are not like others.
    pub holidays: Vec<Holiday>,
    /// The administration, past and present.
    pub units: Vec<Unit>,
    /// The station's own unit; None when nobody configured it.
    pub own_unit: Option<UnitId>,
    /// What it holds.
    pub segments: Vec<SegmentFacts>,
    /// What became of slots so far: every closed airing of a campaign that is not over; of programmes what was not
    /// aired at its first chance in the last [`HISTORY_DAYS`] days before `as_of`; and, where a window has limits, all
    /// that was heard since the Saturday before the week of `as_of`, of whatever is gone since too.
    pub history: Vec<PastAiring>,
    /// The moment at which the plan is made. What lies before it is told by `history`; second chances
    /// (make-goods, resumptions) are placed after it. None plans as if nothing had happened yet.
    pub as_of: Option<Timestamp>,
    /// What sounds now although no plan has it: nothing new starts before its end.
    pub busy: Option<Busy>,
    /// What becomes of what yielded.
    pub after_preemption: AfterPreemption,
    /// How loud the station is.
    pub volume: Volume,
}

/// How far back the history of programmes reaches, in days.
pub const HISTORY_DAYS: i32 = 15;

impl Snapshot {
    /// An empty station in this time zone.
    #[must_use]
    pub fn empty(timezone: TimeZone) -> Snapshot {
        Snapshot {
            timezone,
            zones: Vec::new(),
            windows: Vec::new(),
            programmes: Vec::new(),
            saved: HashMap::new(),
            campaigns: Vec::new(),
            holidays: Vec::new(),
            units: Vec::new(),
            own_unit: None,
            segments: Vec::new(),
            history: Vec::new(),
            as_of: None,
            busy: None,
            after_preemption: AfterPreemption::default(),
            volume: Volume::default(),
        }
    }
}

/// Since when a programme has its times.
///
/// What is saved at eleven fires at five as well, on paper. That is no occurrence: nobody could air it, nobody owes it, and what
/// sounds at eleven does not yield to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Before that nothing occurs …
    pub at: Timestamp,
    /// … but what had come due by its earlier times: slots of it that the log knows.
    pub begun: Vec<SlotKey>,
}

/// What became of one slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastAiring {
    /// Identity.
    pub key: SlotKey,
    /// Whose it was.
    pub origin: Origin,
    /// What was played, or should have been.
    pub segment: SegmentId,
    /// When it should have started.
    pub planned_start: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The code of the reason; None only for a confirmed `aired`.
    pub reason: Option<String>,
    /// Where in the recording it began.
    pub offset: SignedDuration,
    /// How much was heard.
    pub played: SignedDuration,
    /// When it was over: the last frame, or the planned start when nothing was heard.
    pub ended: Timestamp,
}

/// Something that sounds outside the plan: an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// When the air is free again.
    pub until: Timestamp,
}

/// What becomes of a slot that yielded, by its class. A resumption is a slot of its own, with its own key and
/// its own outcome, as soon as the air is free and as long as its window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AfterPreemption {
    /// Of class normal.
    pub normal: Resumption,
    /// Of class priority.
    pub priority: Resumption,
}

impl Default for AfterPreemption {
    fn default() -> Self {
        AfterPreemption { normal: Resumption::Continue, priority: Resumption::Restart }
    }
}

/// What becomes of a slot that yielded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resumption {
    /// Heard again from its beginning.
    Restart,
    /// Heard from where it was cut.
    Continue,
    /// Not heard again.
    Drop,
}

/// Whose a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An item of a programme.
    Programme(ProgrammeId),
    /// An airing of a campaign.
    Campaign(CampaignId),
    /// Sent at once, outside every plan.
    Emergency(EmergencyId),
}

impl Origin {
    /// The identifier, whatever it identifies.
    #[must_use]
    pub fn id(self) -> uuid::Uuid {
        match self {
            Origin::Programme(id) => id.0,
            Origin::Campaign(id) => id.0,
            Origin::Emergency(id) => id.0,
        }
    }

    /// The programme, if it is one.
    #[must_use]
    pub fn programme(self) -> Option<ProgrammeId> {
        match self {
            Origin::Programme(id) => Some(id),
            Origin::Campaign(_) | Origin::Emergency(_) => None,
        }
    }

    /// The campaign, if it is one.
    #[must_use]
    pub fn campaign(self) -> Option<CampaignId> {
        match self {
            Origin::Campaign(id) => Some(id),
            Origin::Programme(_) | Origin::Emergency(_) => None,
        }
    }
}

/// To whom a slot yields before its end, as planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yield {
    /// The slot that cuts it.
    pub to: SlotKey,
    /// What that one's programme is called.
    pub name: Arc<str>,
    /// What becomes of the rest.
    pub then: Resumption,
}

/// The stable identity of a planned airing. Once closed, a key never airs again.
///
/// * An item of a programme: `{programme}/{start}/{position}`. `start` is the start of the programme's occurrence
///   in UTC (`20261130T100000Z`), not of the item, so that an item keeps its identity when an item before it falls
///   out.
/// * An airing of a campaign: `{campaign}/{phase}/{period}/{number}`: the index of the phase, the first day of the
///   period (`2026-03-09`), and the number within it from 1.
/// * An emergency: `{emergency}/{number}`, the number of times that it is heard counted from 1.
/// * A second chance of any of them: the key of the first with `+1`, `+2` … behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotKey(pub String);

/// Of a programme's first attempt at one of its first ten items.
const LENGTH_OF_KEY: usize = 36 + "/20261130T100000Z/0".len();

impl SlotKey {
    /// The key of one item of one occurrence.
    #[must_use]
    pub fn new(programme: ProgrammeId, occurrence: Timestamp, position: u32) -> SlotKey {
        // Written by hand: a year's plan makes many of them.
        let at = Offset::UTC.to_datetime(occurrence);
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        let mut key = String::with_capacity(LENGTH_OF_KEY);
        key.push_str(programme.0.hyphenated().encode_lower(&mut [0; 36]));
        let mut number = |before: &str, number: i64| {
            key.push_str(before);
            let digit = |place: i64| char::from(b'0' + u8::try_from(number / place % 10).unwrap_or(0));
            key.extend([digit(10), digit(1)]);
        };
        number("/", i64::from(year) / 100);
        for part in [i64::from(year) % 100, i64::from(month), i64::from(day)] {
            number("", part);
        }
        number("T", i64::from(hour));
        for part in [minute, second] {
            number("", i64::from(part));
        }
        key.push_str("Z/");
        if let Some(digit) = char::from_digit(position, 10) {
            key.push(digit);
        } else {
            key.push_str(&position.to_string());
        }
        SlotKey(key)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the nth airing of a campaign's phase in the period that begins on that day.
    #[must_use]
    pub fn of_campaign(campaign: CampaignId, phase: usize, period: Date, number: u32) -> SlotKey {
        SlotKey(format!("{campaign}/{phase}/{period}/{number}"))
    }

    /// The key of the nth time that an emergency is heard, from 1.
    #[must_use]
    pub fn of_emergency(emergency: EmergencyId, number: u32) -> SlotKey {
        SlotKey(format!("{emergency}/{number}"))
    }

    /// The key of another attempt at the same airing.
    #[must_use]
    pub fn with_attempt(&self, attempt: u32) -> SlotKey {
        let (first, _) = self.attempt();
        SlotKey(if attempt == 0 { first.to_owned() } else { format!("{first}+{attempt}") })
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

/// One planned start. What many slots have in common they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Identity.
    pub key: SlotKey,
    /// Whose it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// What the programme or campaign is called.
    #[serde(alias = "programme_name")]
    pub name: Arc<str>,
    /// When the programme's occurrence starts, or should have; at or before `start`. Of a campaign, its start.
    pub occurrence: Timestamp,
    /// Which item of the running order, from 0; of a campaign, the number within its period.
    pub position: u32,
    /// What is played.
    pub segment: SegmentId,
    /// What the segment is called.
    pub title: Arc<str>,
    /// The programme's class.
    pub class: Class,
    /// When it starts.
    pub start: Timestamp,
    /// It may still start up to this moment, if something keeps it: never before `start`, and never so late that it
    /// would sound past `permitted`. None is the playout's own tolerance.
    #[serde(default)]
    pub latest_start: Option<Timestamp>,
    /// Where in the recording it begins: beyond zero only when it continues what was cut.
    #[serde(default)]
    pub offset: SignedDuration,
    /// How long it sounds, exact to the frame: to the end of the recording, or until it yields.
    pub duration: SignedDuration,
    /// Set when it is cut before the end of the recording, as planned.
    #[serde(default)]
    pub yields: Option<Yield>,
    /// Where it is heard, sorted; empty only when the station has no zones.
    pub zones: Arc<[ZoneId]>,
    /// How much quieter than prepared, in dB, at most 0: [`crate::volume`] has the rule.
    pub gain_db: f64,
    /// The stretch in which it may sound.
    pub permitted: Permit,
    /// Root hash of the prepared PCM.
    pub pcm: Arc<str>,
    /// SHA-256 of the original.
    pub original_sha256: Arc<str>,
    /// The part of the original that `pcm` holds; None for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<Trim>,
    /// Who approved it.
    pub approved_by: Option<Arc<str>>,
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
    #[serde(flatten)]
    pub origin: Origin,
    /// What the programme or campaign is called.
    #[serde(alias = "programme_name")]
    pub name: Arc<str>,
    /// When the programme's occurrence starts, or should have; at or before `start`. Of a campaign, its start.
    pub occurrence: Timestamp,
    /// Which item of the running order, from 0; of a campaign, the number within its period.
    pub position: u32,
    /// What would be played.
    pub segment: SegmentId,
    /// What the segment is called; None when it is unknown.
    pub title: Option<Arc<str>>,
    /// The programme's class.
    pub class: Class,
    /// When it would start.
    pub start: Timestamp,
    /// How long it would be; None when that is unknown.
    pub duration: Option<SignedDuration>,
    /// Where it would be heard, sorted.
    pub zones: Arc<[ZoneId]>,
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
        self.clone().into_entries()
    }

    /// The same, when nobody needs the day any more.
    #[must_use]
    pub fn into_entries(self) -> Vec<Entry> {
        let slots = self.slots.into_iter().map(Entry::Slot);
        let mut entries: Vec<Entry> = slots.chain(self.refusals.into_iter().map(Entry::Refused)).collect();
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
