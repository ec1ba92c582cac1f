//! The checks that need to know both: what somebody wants to keep, and what is kept already.

use super::{Notice, Site, hours, snapshot, without};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Document, DocumentKind, Store};
use jiff::Timestamp;
use loaxa_schedules::{
    Campaign, Holiday, HolidayId, Programme, ScheduleError, SegmentId, Unit, UnitId, Window, WindowId, Zone,
    ZoneId,
};
use std::fmt::Display;

/// What a rule of the schedule says, as one of our errors.
pub fn refused(error: &ScheduleError) -> Error {
    let refusal = Error::unacceptable(error.code(), error.to_string());
    match error {
        ScheduleError::Quota { problem_vi, .. } => refusal.vi(problem_vi.clone()),
        _ => refusal,
    }
}

/// Checks a window against its own rules and what it names.
///
/// # Errors
/// With the rule that it breaks.
pub fn check_window(store: &Store, window: &Window) -> Result<()> {
    window.check().map_err(|error| refused(&error))?;
    require_zones(store, &window.zones)?;
    window.holidays.iter().try_for_each(|id| require::<Holiday>(store, id.0))
}

/// Checks a programme against its own rules, what it names, and the windows in which it would sound; instants are put
/// in order. What it is told with is good to know.
///
/// # Errors
/// With the rule that it breaks, or the object that does not exist.
pub fn check_programme(
    store: &Store,
    site: &Site,
    mut programme: Programme,
    now: Timestamp,
) -> Result<(Programme, Vec<Notice>)> {
    if let loaxa_schedules::Recurrence::At(at) = &mut programme.recurrence {
        at.sort_unstable();
        at.dedup();
    }
    programme.check(now, &site.timezone).map_err(|error| refused(&error))?;
    require_zones(store, &programme.zones)?;
    programme.running_order().try_for_each(|id| require_segment(store, id))?;
    programme.owner.iter().try_for_each(|id| require::<Unit>(store, id.0))?;
    let notices = hours::look(store, site, &programme, now)?;
    Ok((programme, notices))
}

/// Checks a campaign against its own rules, what it names, and whether it can be kept at all.
///
/// # Errors
/// With the rule that it breaks, the object that does not exist, or the arithmetic of the quota that is impossible.
pub fn check_campaign(store: &Store, site: &Site, campaign: &Campaign, now: Timestamp) -> Result<()> {
    require_zones(store, &campaign.zones)?;
    campaign.segments.iter().try_for_each(|share| require_segment(store, share.id))?;
    let windows = campaign.phases.iter().flat_map(|phase| &phase.windows);
    windows.into_iter().try_for_each(|id| require::<Window>(store, id.0))?;
    campaign.owner.iter().try_for_each(|id| require::<Unit>(store, id.0))?;
    let others = without::<Campaign>(snapshot(store, site, now)?, campaign.id.0);
    let with_it = super::with(store, others, campaign.clone())?;
    loaxa_schedules::check_campaign(campaign, &with_it).map_err(|error| refused(&error))
}

/// Checks a holiday against its own rules.
///
/// # Errors
/// With the rule that it breaks.
pub fn check_holiday(holiday: &Holiday) -> Result<()> {
    holiday.check().map_err(|error| refused(&error))
}

/// Checks a unit against its own rules and the units around it.
///
/// # Errors
/// With the rule that it breaks, or the parent that does not exist.
pub fn check_unit(store: &Store, unit: &Unit) -> Result<()> {
    unit.parent.iter().try_for_each(|id| require::<Unit>(store, id.0))?;
    let mut others: Vec<Unit> = store.all_documents()?;
    others.retain(|other| other.id != unit.id);
    unit.check(&others).map_err(|error| refused(&error))
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

/// What somebody names must exist.
fn require<T: Document>(store: &Store, id: uuid::Uuid) -> Result<()> {
    let code = match T::KIND {
        DocumentKind::Window => "unknown_window",
        DocumentKind::Holiday => "unknown_holiday",
        DocumentKind::Unit => "unknown_unit",
        DocumentKind::Campaign => "unknown_campaign",
        DocumentKind::Programme => "unknown_programme",
        DocumentKind::Zone => "unknown_zone",
    };
    match store.document::<T>(id) {
        Err(error) if error.kind == ErrorKind::NotFound => Err(Error::unacceptable(
            code,
            format!(
                "{} {id} does not exist on this station; make it first, or take it out",
                T::KIND.as_str()
            ),
        )),
        other => other.map(|_| ()),
    }
}

/// A zone that others name cannot go: they would fall back to meaning every zone.
///
/// # Errors
/// `zone_in_use`, naming who uses it.
pub fn require_unused_zone(store: &Store, id: ZoneId) -> Result<()> {
    let (windows, programmes, campaigns) = (store.all_documents()?, programmes(store)?, campaigns(store)?);
    let mut users: Vec<&str> = Vec::new();
    users.extend(windows.iter().filter(|it: &&Window| it.zones.contains(&id)).map(|it| it.name.as_str()));
    users.extend(programmes.iter().filter(|it| it.zones.contains(&id)).map(|it| it.name.as_str()));
    users.extend(campaigns.iter().filter(|it| it.zones.contains(&id)).map(|it| it.name.as_str()));
    unused("zone_in_use", "zone", id, &users)
}

/// A window into which a campaign's phase goes cannot go: the phase would fall back to meaning any window.
///
/// # Errors
/// `window_in_use`, naming the campaigns.
pub fn require_unused_window(store: &Store, id: WindowId) -> Result<()> {
    let campaigns = campaigns(store)?;
    let names = |it: &&Campaign| it.phases.iter().any(|phase| phase.windows.contains(&id));
    let users: Vec<&str> = campaigns.iter().filter(names).map(|it| it.name.as_str()).collect();
    unused("window_in_use", "window", id, &users)
}

/// A holiday on which a window opens cannot go.
///
/// # Errors
/// `holiday_in_use`, naming the windows.
pub fn require_unused_holiday(store: &Store, id: HolidayId) -> Result<()> {
    let windows: Vec<Window> = store.all_documents()?;
    let users = windows.iter().filter(|it| it.holidays.contains(&id)).map(|it| it.name.as_str());
    unused("holiday_in_use", "holiday", id, &users.collect::<Vec<_>>())
}

/// A unit that stands above others, or owns something, cannot go; give it a last day instead.
///
/// # Errors
/// `unit_in_use`, naming who names it.
pub fn require_unused_unit(store: &Store, id: UnitId) -> Result<()> {
    let (units, programmes, campaigns) = (store.all_documents()?, programmes(store)?, campaigns(store)?);
    let mut users: Vec<&str> = Vec::new();
    users.extend(units.iter().filter(|it: &&Unit| it.parent == Some(id)).map(|it| it.name.as_str()));
    users.extend(programmes.iter().filter(|it| it.owner == Some(id)).map(|it| it.name.as_str()));
    users.extend(campaigns.iter().filter(|it| it.owner == Some(id)).map(|it| it.name.as_str()));
    unused("unit_in_use", "unit", id, &users)
}

fn programmes(store: &Store) -> Result<Vec<Programme>> {
    store.all_documents()
}

fn campaigns(store: &Store) -> Result<Vec<Campaign>> {
    store.all_documents()
}

fn unused(code: &'static str, what: &str, id: impl Display, users: &[&str]) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let detail = format!("{what} {id} is named by {}; change them first", users.join(", "));
    Err(Error::new(ErrorKind::Conflict, code, detail))
}
