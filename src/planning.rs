//! From what is kept to what the planner is given, and what it says of the days.

mod ahead;
mod checks;
mod hours;

pub use ahead::ahead;
pub use checks::{
    check_campaign, check_holiday, check_programme, check_unit, check_window, refused,
    require_unused_holiday, require_unused_unit, require_unused_window, require_unused_zone,
};

use crate::error::{Error, ErrorKind, Result};
use crate::store::{Asked, Document, DocumentKind, Leave, SegmentRecord, Store};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::campaigns::GRACE_DAYS;
use loaxa_schedules::{
    AfterPreemption, Campaign, CampaignId, DayPlan, HISTORY_DAYS, Holiday, Limits, PreparedFacts, Programme,
    ProgrammeId, Saved, SegmentFacts, SegmentId, SlotKey, Snapshot, Unit, Units, Volume, Window, Zone, plan,
};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A type that is kept as a document and planned with.
pub trait Planned: Document {
    /// Its place in what the planner is given.
    fn among(snapshot: &mut Snapshot) -> &mut Vec<Self>;
}

macro_rules! planned {
    ($($type:ident: $list:ident $($times:path)?,)+) => {
        $(
            impl Document for $type {
                const KIND: DocumentKind = DocumentKind::$type;
                fn id(&self) -> Uuid {
                    self.id.0
                }
                $(fn has_times_of(&self, earlier: &Self) -> bool {
                    $times(self, earlier)
                })?
            }

            impl Planned for $type {
                fn among(snapshot: &mut Snapshot) -> &mut Vec<Self> {
                    &mut snapshot.$list
                }
            }
        )+
    };
}

planned! {
    Zone: zones,
    Window: windows,
    Programme: programmes Programme::has_times_of,
    Campaign: campaigns,
    Holiday: holidays,
    Unit: units,
}

/// What the configuration says that a plan depends on.
#[derive(Debug, Clone)]
pub struct Site {
    /// The zone in which schedules are written.
    pub timezone: TimeZone,
    /// Official code of the station's own unit; empty when nobody configured it.
    pub code: String,
    /// What becomes of what yielded.
    pub after_preemption: AfterPreemption,
    /// How loud the station is.
    pub volume: Volume,
}

impl Site {
    /// A station in this time zone of which nothing else is configured.
    #[must_use]
    pub fn new(timezone: TimeZone) -> Site {
        Site {
            timezone,
            code: String::new(),
            after_preemption: AfterPreemption::default(),
            volume: Volume::default(),
        }
    }
}

/// Something that a person who changes the schedule should know, although it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Stable word.
    pub code: &'static str,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Notice {
    /// That nothing but emergencies airs.
    pub fn no_window_defined() -> Notice {
        Notice {
            code: "no_window_defined",
            vi: "Chưa có khung giờ phát nào: đài chỉ phát tin khẩn cấp.".to_owned(),
            en: "No window is defined: the station airs nothing but emergencies.".to_owned(),
        }
    }
}

/// What is saved so late is still meant: the playout itself may start a little late.
const LATE: SignedDuration = SignedDuration::from_secs(2);
/// A plan looks no further back, across the midnight before today's.
const PLANNED_SINCE: SignedDuration = SignedDuration::from_hours(48);

/// So many days ago the week of a plan had not begun, nor what sounded across the midnight before it.
const WEEK_SO_FAR: i32 = 9;

/// Everything that a plan depends on, as it is kept now.
pub fn snapshot(store: &Store, site: &Site, now: Timestamp) -> Result<Snapshot> {
    let today = day_of(now, &site.timezone);
    let mut snapshot = Snapshot {
        zones: store.all_documents()?,
        windows: store.all_documents()?,
        programmes: store.all_documents()?,
        campaigns: store.all_documents()?,
        holidays: store.all_documents()?,
        units: store.all_documents()?,
        as_of: Some(now),
        after_preemption: site.after_preemption,
        volume: site.volume,
        ..Snapshot::empty(site.timezone.clone())
    };
    // a clock that was ahead when somebody saved says nothing of what is to come
    let lately = now.saturating_sub(PLANNED_SINCE).unwrap_or(Timestamp::MIN);
    snapshot.saved = saved(store, store.programmes_timed(lately, now)?)?.collect();
    snapshot.own_unit = Units::new(&snapshot.units).with_code(&site.code, today).map(|unit| unit.id);
    let live = running(&snapshot.campaigns, today);
    let days_ago = |days: i32| now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days)));
    let limited = snapshot.windows.iter().any(|window| window.limits != Limits::default());
    snapshot.history = store.history(Asked {
        unaired_since: days_ago(HISTORY_DAYS).unwrap_or(Timestamp::MIN),
        campaigns: &live,
        heard_since: limited.then(|| days_ago(WEEK_SO_FAR).unwrap_or(Timestamp::MIN)),
    })?;
    read_segments(store, &mut snapshot)?;
    Ok(snapshot)
}

/// Programmes that have had their times since then, with what of them had come due before.
fn saved(
    store: &Store,
    timed: Vec<(ProgrammeId, Timestamp)>,
) -> Result<impl Iterator<Item = (ProgrammeId, Saved)>> {
    let mut begun: HashMap<ProgrammeId, (Timestamp, Vec<SlotKey>)> =
        timed.into_iter().map(|(id, since)| (id, (since, Vec::new()))).collect();
    let since = begun.values().map(|(since, _)| *since);
    if let (Some(first), Some(last)) = (since.clone().min(), since.max()) {
        let lately = first.saturating_sub(PLANNED_SINCE).unwrap_or(Timestamp::MIN);
        store.begun_slots((lately, last), |id, slot, planned| {
            if let Some((_, begun)) = begun.get_mut(&id).filter(|(since, _)| planned < *since) {
                begun.push(slot);
            }
        })?;
    }
    let at = |since: Timestamp| since.saturating_sub(LATE).unwrap_or(Timestamp::MIN);
    Ok(begun.into_iter().map(move |(id, (since, begun))| (id, Saved { at: at(since), begun })))
}

/// Campaigns that are not over: what the log says of their airings is counted.
///
/// # Errors
/// When the database cannot be read.
pub fn running_campaigns(store: &Store, timezone: &TimeZone, now: Timestamp) -> Result<Vec<CampaignId>> {
    Ok(running(&store.all_documents::<Campaign>()?, day_of(now, timezone)))
}

fn running(campaigns: &[Campaign], today: Date) -> Vec<CampaignId> {
    let runs = |campaign: &&Campaign| {
        let ends = campaign.phases.iter().map(|phase| phase.to).max();
        ends.is_some_and(|end| end.saturating_add(GRACE_DAYS.days()) >= today)
    };
    campaigns.iter().filter(runs).map(|campaign| campaign.id).collect()
}

/// As [`snapshot`], with every airing of this campaign, however long ago it was over.
///
/// # Errors
/// `not_found` when there is no such campaign.
pub fn snapshot_for(store: &Store, site: &Site, now: Timestamp, campaign: CampaignId) -> Result<Snapshot> {
    store.document::<Campaign>(campaign.0)?;
    let mut snapshot = snapshot(store, site, now)?;
    snapshot.history.retain(|past| past.origin.campaign() != Some(campaign));
    let all = Asked { unaired_since: Timestamp::MAX, campaigns: &[campaign], heard_since: None };
    snapshot.history.extend(store.history(all)?);
    Ok(snapshot)
}

/// What would be kept if this object were there, in place of the one with its id.
pub fn with<T: Planned>(store: &Store, mut snapshot: Snapshot, value: T) -> Result<Snapshot> {
    let id = value.id();
    let before = T::among(&mut snapshot).iter().find(|other| other.id() == id);
    if T::KIND == DocumentKind::Programme
        && !before.is_some_and(|before| value.has_times_of(before))
        && let Some(now) = snapshot.as_of
    {
        let id = ProgrammeId(id);
        snapshot.saved.extend(saved(store, vec![(id, now)])?);
    }
    T::among(&mut snapshot).retain(|other| other.id() != id);
    T::among(&mut snapshot).push(value);
    read_segments(store, &mut snapshot)?;
    Ok(snapshot)
}

/// What would be kept if this object were gone.
pub fn without<T: Planned>(mut snapshot: Snapshot, id: Uuid) -> Snapshot {
    T::among(&mut snapshot).retain(|other| other.id() != id);
    snapshot
}

/// Reads only the segments that something names: a station keeps years of recordings, and a small board's memory is not
/// for them.
fn read_segments(store: &Store, snapshot: &mut Snapshot) -> Result<()> {
    let in_programmes = snapshot.programmes.iter().flat_map(Programme::running_order);
    let shares = snapshot.campaigns.iter().flat_map(|campaign| &campaign.segments);
    let named: BTreeSet<SegmentId> = in_programmes.chain(shares.map(|share| share.id)).collect();
    let records = store.segments_named(&named)?;
    let facts = records.iter().map(|record| Ok(facts(record, store.leave(record)?)));
    snapshot.segments = facts.collect::<Result<_>>()?;
    Ok(())
}

fn facts(record: &SegmentRecord, leave: Leave) -> SegmentFacts {
    let pushed = &record.pushed;
    SegmentFacts {
        id: pushed.id,
        title: pushed.title.clone(),
        class: pushed.class,
        language: pushed.language.clone(),
        music: pushed.music,
        original_sha256: pushed.sha256.clone(),
        trim: pushed.trim,
        standing: leave.standing,
        prepared: record
            .prepared
            .clone()
            .zip(record.duration)
            .map(|(hash, duration)| PreparedFacts { hash, duration }),
        valid_from: pushed.valid_from.clone(),
        valid_until: pushed.valid_until.clone(),
        approved_by: leave.by,
        ordered: leave.ordered,
    }
}

/// The civil day of an instant.
pub fn day_of(instant: Timestamp, timezone: &TimeZone) -> Date {
    instant.to_zoned(timezone.clone()).date()
}

/// The plan of `days` days from `from` on.
///
/// # Errors
/// When the days lie outside what the calendar knows.
pub fn days(snapshot: &Snapshot, from: Date, days: i32) -> Result<Vec<DayPlan>> {
    let to = from.checked_add(days.days()).map_err(|_| {
        Error::new(
            ErrorKind::Malformed,
            "bad_parameter",
            "these days lie outside the calendar; ask for others",
        )
    })?;
    Ok(plan(snapshot, from, to))
}
