//! What became of slots so far, as the planner asks for it: without reading a plan's JSON for each row of years.

use super::{Store, col, nanos, storage, time};
use crate::error::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{CampaignId, Origin, Outcome, PastAiring, SlotKey};
use rusqlite::{Row, named_params};

const COLUMNS: &str = "SELECT slot, origin, COALESCE(programme, campaign), segment, planned_start, outcome,
    json_extract(reason, '$.code'), offset_in, COALESCE(played, 0), ended FROM airings";
const OF_CAMPAIGN: &str = "WHERE origin = 'campaign' AND campaign = :campaign AND seq IS NOT NULL";
/// What was heard whole calls for nothing; a second chance that was heard says that nothing more is owed.
const OF_PROGRAMMES: &str = "WHERE origin = 'programme' AND planned_start >= :since AND seq IS NOT NULL
    AND (outcome <> 'aired' OR instr(slot, '+') > 0)";

impl Store {
    /// Every closed airing of these campaigns, and of programmes what was planned since then and was not aired at its
    /// first chance. In the order in which they were planned.
    pub fn history(&self, since: Timestamp, campaigns: &[CampaignId]) -> Result<Vec<PastAiring>> {
        self.read(|connection| {
            let mut past = Vec::new();
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} {OF_PROGRAMMES}")).map_err(storage)?;
            let mut rows = statement.query(named_params! { ":since": nanos(since) }).map_err(storage)?;
            while let Some(row) = rows.next().map_err(storage)? {
                past.push(past_airing(row)?);
            }
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} {OF_CAMPAIGN}")).map_err(storage)?;
            for campaign in campaigns {
                let mut rows =
                    statement.query(named_params! { ":campaign": campaign.to_string() }).map_err(storage)?;
                while let Some(row) = rows.next().map_err(storage)? {
                    past.push(past_airing(row)?);
                }
            }
            past.sort_by(|a, b| (a.planned_start, &a.key).cmp(&(b.planned_start, &b.key)));
            Ok(past)
        })
    }
}

fn past_airing(row: &Row<'_>) -> Result<PastAiring> {
    let slot: String = col(row, 0)?;
    let damaged = |what: &str| Error::internal(format!("airing {slot} in the database has a damaged {what}"));
    let of = col::<Option<String>>(row, 2)?.unwrap_or_default();
    let origin = match col::<String>(row, 1)?.as_str() {
        "campaign" => Origin::Campaign(of.parse().map_err(|_| damaged("campaign"))?),
        _ => Origin::Programme(of.parse().map_err(|_| damaged("programme"))?),
    };
    let planned_start = time(col(row, 4)?);
    Ok(PastAiring {
        origin,
        segment: col::<String>(row, 3)?.parse().map_err(|_| damaged("segment"))?,
        planned_start,
        outcome: outcome_of(&col::<String>(row, 5)?).ok_or_else(|| damaged("outcome"))?,
        reason: col(row, 6)?,
        offset: SignedDuration::from_nanos(col(row, 7)?),
        played: SignedDuration::from_nanos(col(row, 8)?),
        ended: col::<Option<i64>>(row, 9)?.map_or(planned_start, time),
        key: SlotKey(slot),
    })
}

/// The outcome that a word means.
fn outcome_of(word: &str) -> Option<Outcome> {
    [
        Outcome::Aired,
        Outcome::Partial,
        Outcome::Missed,
        Outcome::Suppressed,
        Outcome::Preempted,
        Outcome::Failed,
    ]
    .into_iter()
    .find(|outcome| outcome.as_str() == word)
}
