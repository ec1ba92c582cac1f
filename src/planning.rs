//! From what is kept to what the planner is given, and the checks that need to know both.

use crate::error::{Error, ErrorKind, Result};
use crate::store::{Document, DocumentKind, SegmentRecord, Store};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{
    DayPlan, Entry, PreparedFacts, Programme, ScheduleError, SegmentFacts, SegmentId, Snapshot, Window, Zone,
    ZoneId, plan,
};
use std::collections::BTreeSet;
use uuid::Uuid;

impl Document for Zone {
    const KIND: DocumentKind = DocumentKind::Zone;
    fn id(&self) -> Uuid {
        self.id.0
    }
}

impl Document for Window {
    const KIND: DocumentKind = DocumentKind::Window;
    fn id(&self) -> Uuid {
        self.id.0
    }
}

impl Document for Programme {
    const KIND: DocumentKind = DocumentKind::Programme;
    fn id(&self) -> Uuid {
        self.id.0
    }
}

/// How far ahead the air knows its plan. It is made anew with every change, and every ten minutes.
const AHEAD: SignedDuration = SignedDuration::from_hours(2);
/// So many entries are known in any case, if they come within [`AHEAD_DAYS`]: the page shows what is next.
const AT_LEAST: usize = 20;
/// What lies further ahead is not looked for.
const AHEAD_DAYS: i32 = 8;

/// Everything that a plan depends on, as it is kept now.
pub fn snapshot(store: &Store, timezone: &TimeZone) -> Result<Snapshot> {
    let programmes: Vec<Programme> = store.all_documents()?;
    // only what a programme names: a station keeps years of recordings, and a small board's memory is not for them
    let named: BTreeSet<SegmentId> =
        programmes.iter().flat_map(|programme| programme.segments.iter().copied()).collect();
    Ok(Snapshot {
        zones: store.all_documents()?,
        windows: store.all_documents()?,
        segments: store.segments_named(&named)?.iter().map(facts).collect(),
        programmes,
        ..Snapshot::empty(timezone.clone())
    })
}

fn facts(record: &SegmentRecord) -> SegmentFacts {
    let pushed = &record.pushed;
    SegmentFacts {
        id: pushed.id,
        title: pushed.title.clone(),
        class: pushed.class,
        language: pushed.language.clone(),
        music: false,
        original_sha256: pushed.sha256.clone(),
        standing: record.standing,
        prepared: record
            .prepared
            .clone()
            .zip(record.duration)
            .map(|(hash, duration)| PreparedFacts { hash, duration }),
        valid_from: pushed.valid_from.clone(),
        valid_until: pushed.valid_until.clone(),
        approved_by: record.approved_by.as_ref().map(|(_, name)| name.clone()),
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

/// What lies ahead of the air: every entry from `from` on that has no outcome yet, for the next hours and in any case
/// the next few. The rest of the future comes with a later plan: a small board's memory is not for it.
pub fn ahead(store: &Store, timezone: &TimeZone, from: Timestamp, now: Timestamp) -> Result<Vec<Entry>> {
    let snapshot = snapshot(store, timezone)?;
    let horizon = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut day = day_of(from.min(now), timezone);
    let last = day_of(now, timezone).saturating_add(AHEAD_DAYS.days());
    let mut entries = Vec::new();
    while day <= last {
        let (Ok(begin), Ok(next)) = (day.to_zoned(timezone.clone()), day.tomorrow()) else { break };
        let Ok(end) = next.to_zoned(timezone.clone()) else { break };
        let closed = store.closed_slots(begin.timestamp(), end.timestamp())?;
        for entry in plan(&snapshot, day, next).iter().flat_map(DayPlan::entries) {
            let near = entry.start() <= horizon || entries.len() < AT_LEAST;
            if near && entry.start() >= from && !closed.contains(entry.key().as_str()) {
                entries.push(entry);
            }
        }
        if end.timestamp() > horizon && entries.len() >= AT_LEAST {
            break;
        }
        day = next;
    }
    Ok(entries)
}

/// What a rule of the schedule says, as one of our errors.
pub fn refused(error: &ScheduleError) -> Error {
    Error::unacceptable(error.code(), error.to_string())
}

/// Checks a window against its own rules and what it names.
///
/// # Errors
/// With the rule that it breaks.
pub fn check_window(store: &Store, window: &Window) -> Result<()> {
    window.check().map_err(|error| refused(&error))?;
    require_zones(store, &window.zones)
}

/// Checks a programme against its own rules and what it names; instants are put in order.
///
/// # Errors
/// With the rule that it breaks, or the object that does not exist.
pub fn check_programme(
    store: &Store,
    mut programme: Programme,
    now: Timestamp,
    timezone: &TimeZone,
) -> Result<Programme> {
    if let loaxa_schedules::Recurrence::At(at) = &mut programme.recurrence {
        at.sort_unstable();
        at.dedup();
    }
    programme.check(now, timezone).map_err(|error| refused(&error))?;
    require_zones(store, &programme.zones)?;
    for id in &programme.segments {
        require_segment(store, *id)?;
    }
    Ok(programme)
}

fn require_segment(store: &Store, id: SegmentId) -> Result<()> {
    match store.segment(id) {
        Err(error) if error.kind == ErrorKind::NotFound => Err(Error::unacceptable(
            "unknown_segment",
            format!(
                "segment {id} does not exist on this station; push it first, then name the id that it was given"
            ),
        )),
        other => other.map(|_| ()),
    }
}

fn require_zones(store: &Store, named: &[ZoneId]) -> Result<()> {
    let known: Vec<Zone> = store.all_documents()?;
    match named.iter().find(|id| !known.iter().any(|zone| zone.id == **id)) {
        None => Ok(()),
        Some(id) => Err(Error::unacceptable(
            "unknown_zone",
            format!(
                "zone {id} does not exist on this station; make it first, or leave zones empty to mean all"
            ),
        )),
    }
}

/// A zone that windows or programmes name cannot go: they would fall back to meaning every zone.
///
/// # Errors
/// `zone_in_use`, naming who uses it.
pub fn require_unused_zone(store: &Store, id: ZoneId) -> Result<()> {
    let windows = store.all_documents::<Window>()?;
    let programmes = store.all_documents::<Programme>()?;
    let users = windows.iter().filter(|window| window.zones.contains(&id)).map(|window| &window.name);
    let users = users.chain(
        programmes.iter().filter(|programme| programme.zones.contains(&id)).map(|programme| &programme.name),
    );
    let users: Vec<&str> = users.map(String::as_str).collect();
    if users.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "zone_in_use",
        format!("zone {id} is named by {}; change them first", users.join(", ")),
    ))
}
