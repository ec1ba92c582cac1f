//! What is wrong with a campaign, said before it is saved.

use super::arithmetic::{Needs, impossible};
use super::capacity::{Airing, room};
use super::hours::{Hours, Scope};
use super::rotation::{facts, speaks};
use crate::error::ScheduleError;
use crate::plan::Snapshot;
use crate::vocabulary::{Campaign, Class, Period, Phase, SegmentFacts, SegmentId, Window};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use std::collections::HashMap;

/// Whether a campaign makes sense at this station, and whether its quotas can be.
///
/// What a quota needs is set against the most that its windows hold if nothing else airs in them and every airing
/// is its longest recording; a quota that passes may still find no room beside others. A segment that the snapshot
/// does not hold, or whose duration is not known yet, limits nothing.
///
/// # Errors
/// [`ScheduleError::Campaign`] says what is wrong and what to do; [`ScheduleError::Quota`] shows the arithmetic.
pub fn check_campaign(campaign: &Campaign, snapshot: &Snapshot) -> Result<(), ScheduleError> {
    campaign.check()?;
    let segments = facts(snapshot);
    check_segments(campaign, &segments)?;
    for zone in &campaign.zones {
        if !snapshot.zones.iter().any(|known| known.id == *zone) {
            return campaign.wrong(format!("zone {zone} is not here; correct the id, or make it first"));
        }
    }
    let mut hours = Hours::new(snapshot);
    let spacing = SignedDuration::from_mins(i64::from(campaign.min_spacing_minutes));
    let airing = longest(campaign, &segments).map(|length| Airing { length, spacing });
    for phase in &campaign.phases {
        check_windows(campaign, phase, snapshot)?;
        let scope = hours.scope(campaign, phase);
        let days = open_days(&mut hours, &scope, phase);
        if days.is_empty() {
            return campaign.wrong(format!(
                "phase \"{}\": none of its windows opens all of its zones between {} and {}; choose other windows or dates",
                phase.name, phase.from, phase.to
            ));
        }
        if let Some(airing) = airing {
            check_quota(campaign, phase, &scope, &days, airing)?;
        }
    }
    Ok(())
}

fn check_segments(
    campaign: &Campaign,
    segments: &HashMap<SegmentId, &SegmentFacts>,
) -> Result<(), ScheduleError> {
    let known = campaign.segments.iter().map(|share| segments.get(&share.id));
    if let Some(emergency) = known.clone().flatten().find(|facts| facts.class == Class::Emergency) {
        return campaign.wrong(format!(
            "segment \"{}\" is an emergency, which is never planned; take it out",
            emergency.title
        ));
    }
    let mut known = known;
    if !known.any(|facts| facts.is_none_or(|facts| speaks(&facts.language, &campaign.languages))) {
        return campaign.wrong(format!(
            "none of its segments is in {}; add one, or change its languages",
            campaign.languages.join(", ")
        ));
    }
    Ok(())
}

fn check_windows(campaign: &Campaign, phase: &Phase, snapshot: &Snapshot) -> Result<(), ScheduleError> {
    for id in &phase.windows {
        let Some(window) = snapshot.windows.iter().find(|window| window.id == *id) else {
            return campaign.wrong(format!(
                "phase \"{}\": window {id} is not here; correct the id, or make it first",
                phase.name
            ));
        };
        let reaches = campaign.zones.is_empty() || campaign.zones.iter().any(|&zone| window.opens(zone));
        if !reaches {
            return campaign.wrong(format!(
                "phase \"{}\": window \"{}\" opens none of its zones; choose another window",
                phase.name, window.name
            ));
        }
    }
    Ok(())
}

/// The longest of its recordings that can air; None when no duration is known.
pub(super) fn longest(
    campaign: &Campaign,
    segments: &HashMap<SegmentId, &SegmentFacts>,
) -> Option<SignedDuration> {
    let facts = campaign.segments.iter().filter_map(|share| segments.get(&share.id));
    let spoken = facts.filter(|facts| speaks(&facts.language, &campaign.languages));
    let lengths = spoken.filter_map(|facts| facts.prepared.as_ref()).map(|prepared| prepared.duration);
    lengths.filter(|&length| length > SignedDuration::ZERO).max()
}

/// The days of the phase on which it has air time, each with its windows.
fn open_days<'a>(hours: &mut Hours<'a>, scope: &Scope<'a>, phase: &Phase) -> Vec<(Date, Vec<&'a Window>)> {
    let mut days = Vec::new();
    let mut date = phase.from;
    while date <= phase.to {
        let windows = hours.windows_on(scope, date);
        if !windows.is_empty() {
            days.push((date, windows));
        }
        date = date.saturating_add(1.day());
    }
    days
}

fn check_quota(
    campaign: &Campaign,
    phase: &Phase,
    scope: &Scope<'_>,
    days: &[(Date, Vec<&Window>)],
    airing: Airing,
) -> Result<(), ScheduleError> {
    let count = u64::from(phase.airings.count);
    let needs = Needs { campaign, phase, airing };
    match phase.airings.per {
        Period::Day => {
            // Days with the same windows hold the same.
            let mut seen: Vec<&[&Window]> = Vec::new();
            for day in days {
                if seen.contains(&day.1.as_slice()) {
                    continue;
                }
                seen.push(&day.1);
                let (most, rooms) = room(std::slice::from_ref(day), airing);
                if most < count {
                    return Err(impossible(&needs, most, &rooms));
                }
            }
            Ok(())
        }
        Period::Week => {
            // A week without holidays; one that is cut short owes less.
            let monday = super::period::monday_of(phase.from);
            let week: Vec<(Date, Vec<&Window>)> = scope
                .ordinary_week()
                .into_iter()
                .map(|(offset, windows)| (monday.saturating_add(offset.days()), windows))
                .collect();
            let week = if week.is_empty() { days.to_vec() } else { week };
            let (most, rooms) = room(&week, airing);
            if most < count { Err(impossible(&needs, most, &rooms)) } else { Ok(()) }
        }
        Period::Phase => {
            let (most, rooms) = room(days, airing);
            if most < count { Err(impossible(&needs, most, &rooms)) } else { Ok(()) }
        }
    }
}
