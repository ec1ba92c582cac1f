//! What became of the airings of campaigns so far.

use super::period::period_of;
use crate::plan::{Origin, PastAiring, Snapshot};
use crate::vocabulary::{CampaignId, Outcome, instant_of};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// A closed airing of a campaign, with what its key says.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) airing: &'a PastAiring,
    /// Index into the snapshot's campaigns.
    pub(super) campaign: usize,
    pub(super) phase: usize,
    /// The first day of its period.
    pub(super) period: Date,
    pub(super) number: u32,
    pub(super) attempt: u32,
    /// The civil day of its planned start.
    pub(super) date: Date,
}

impl Row<'_> {
    /// Heard to its end; heard in part is not aired.
    pub(super) fn aired(&self) -> bool {
        self.airing.outcome == Outcome::Aired
    }

    /// Heard at least in part.
    pub(super) fn heard(&self) -> bool {
        self.aired() || self.airing.played > SignedDuration::ZERO
    }
}

/// Every closed airing of the snapshot's campaigns in the order of planned starts, whatever the order of the
/// history. Rows whose keys name no phase of theirs (it was taken away since) are left out.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row<'_>> {
    let campaigns: HashMap<CampaignId, usize> =
        snapshot.campaigns.iter().enumerate().map(|(index, campaign)| (campaign.id, index)).collect();
    let mut airings: Vec<(&PastAiring, usize)> = snapshot
        .history
        .iter()
        .filter_map(|airing| match airing.origin {
            Origin::Campaign(id) => campaigns.get(&id).map(|&index| (airing, index)),
            Origin::Programme(_) | Origin::Emergency(_) => None,
        })
        .collect();
    airings.sort_by(|(a, _), (b, _)| (a.planned_start, &a.key).cmp(&(b.planned_start, &b.key)));
    let mut days = Days { snapshot, day: None };
    let mut rows = Vec::with_capacity(airings.len());
    for (airing, campaign) in airings {
        let (first, attempt) = airing.key.attempt();
        let Some((phase, period, number)) = parse(first) else { continue };
        let Some(quota) = snapshot.campaigns.get(campaign).and_then(|owner| owner.phases.get(phase)) else {
            continue;
        };
        let period = period_of(quota, period);
        let date = days.date(airing.planned_start);
        rows.push(Row { airing, campaign, phase, period, number, attempt, date });
    }
    rows
}

/// `{campaign}/{phase}/{period}/{number}`.
fn parse(key: &str) -> Option<(usize, Date, u32)> {
    let mut parts = key.rsplitn(4, '/');
    let number = parts.next()?.parse().ok()?;
    let period = parts.next()?.parse().ok()?;
    let phase = parts.next()?.parse().ok()?;
    parts.next().map(|_| (phase, period, number))
}

/// The phase that the key of a campaign's slot names.
pub(super) fn phase_in(key: &str) -> Option<usize> {
    parse(key.rsplit_once('+').map_or(key, |(first, _)| first)).map(|(phase, _, _)| phase)
}

/// The civil days of moments in order: most of them fall on the day of the one before.
struct Days<'a> {
    snapshot: &'a Snapshot,
    day: Option<(Timestamp, Timestamp, Date)>,
}

impl Days<'_> {
    fn date(&mut self, at: Timestamp) -> Date {
        if let Some((begins, ends, date)) = self.day
            && begins <= at
            && at < ends
        {
            return date;
        }
        let tz = &self.snapshot.timezone;
        let date = at.to_zoned(tz.clone()).date();
        let midnight = |date: Date| instant_of(date.to_datetime(Time::midnight()), tz);
        let ends = date.tomorrow().map_or(Timestamp::MAX, midnight);
        self.day = Some((midnight(date), ends, date));
        date
    }
}
