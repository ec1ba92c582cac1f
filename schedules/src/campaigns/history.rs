//! What became of the airings of campaigns so far.

use super::period::period_of;
use crate::plan::key::of_campaign;
use crate::plan::{Origin, PastAiring, SlotKey, Snapshot};
use crate::vocabulary::{CampaignId, Outcome};
use jiff::SignedDuration;
use jiff::civil::Date;

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

/// Room for so many rows is made at once.
const LIKELY: usize = 1024;

/// Every closed airing of the snapshot's campaigns in the order of planned starts, whatever the order of the
/// history. Rows whose keys name no phase of theirs (it was taken away since) are left out.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row<'_>> {
    let mut campaigns: Vec<(CampaignId, usize)> =
        snapshot.campaigns.iter().enumerate().map(|(index, campaign)| (campaign.id, index)).collect();
    campaigns.sort_unstable();
    let known = |id| campaigns.binary_search_by_key(&id, |(id, _)| *id).ok();
    let theirs = snapshot.history.iter().filter_map(|airing| match airing.origin {
        Origin::Campaign(id) => Some((airing, campaigns.get(known(id)?)?.1)),
        Origin::Programme(_) | Origin::Emergency(_) => None,
    });
    let mut airings: Vec<(&PastAiring, usize)> = Vec::with_capacity(snapshot.history.len().min(LIKELY));
    airings.extend(theirs);
    airings.sort_by(|(a, _), (b, _)| (a.planned_start, &a.key).cmp(&(b.planned_start, &b.key)));
    let mut rows = Vec::with_capacity(airings.len());
    for (airing, campaign) in airings {
        let (first, attempt) = airing.key.attempt();
        let Some((phase, period, number)) = of_campaign(first) else { continue };
        let Some(quota) = snapshot.campaigns.get(campaign).and_then(|owner| owner.phases.get(phase)) else {
            continue;
        };
        let period = period_of(quota, period);
        let date = snapshot.timezone.to_datetime(airing.planned_start).date();
        rows.push(Row { airing, campaign, phase, period, number, attempt, date });
    }
    rows
}

/// The phase that the key of a campaign's slot names.
pub(super) fn phase_in(key: &SlotKey) -> Option<usize> {
    of_campaign(key.attempt().0).map(|(phase, _, _)| phase)
}
