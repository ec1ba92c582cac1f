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

/// What was heard of programmes and campaigns, whether they are there still or not: it counts in the windows' limits.
const HEARD: &str =
    "WHERE origin IN ('programme', 'campaign') AND planned_start >= :since AND seq IS NOT NULL
    AND played > 0";

/// What a plan asks of the log.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'x> {
    /// Of programmes, what was planned since then and was not aired at its first chance.
    pub unaired_since: Timestamp,
    /// Of these campaigns, every closed airing.
    pub campaigns: &'x [CampaignId],
    /// All that was planned since then and was heard; None where no limit has to be kept.
    pub heard_since: Option<Timestamp>,
}

impl Store {
    /// What of the log is asked for, each airing once, in the order in which they were planned.
    pub fn history(&self, asked: Asked<'_>) -> Result<Vec<PastAiring>> {
        let Asked { unaired_since, campaigns, heard_since } = asked;
        self.read(|connection| {
            let mut past = Vec::new();
            let since = [(OF_PROGRAMMES, Some(unaired_since)), (HEARD, heard_since)];
            for (of, since) in since.into_iter().filter_map(|(of, since)| Some((of, since?))) {
                let mut statement = connection.prepare_cached(&format!("{COLUMNS} {of}")).map_err(storage)?;
                let mut rows = statement.query(named_params! { ":since": nanos(since) }).map_err(storage)?;
                while let Some(row) = rows.next().map_err(storage)? {
                    past.push(past_airing(row)?);
                }
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
            past.dedup_by(|a, b| a.key == b.key);
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
pub(super) fn outcome_of(word: &str) -> Option<Outcome> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_is_told_where_limits_are_kept_also_of_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        let id = |n: u128| uuid::Uuid::from_u128(n).to_string();
        store
            .write(|transaction| {
                for (seq, (slot, origin, outcome, played)) in [
                    ("a/0", "programme", "aired", 5),
                    ("a/1", "programme", "missed", 0),
                    ("a/1+1", "programme", "aired", 5),
                    ("b/0", "campaign", "aired", 7),
                    ("c/1", "emergency", "aired", 9),
                ]
                .into_iter()
                .enumerate()
                {
                    let column = if origin == "campaign" { "campaign" } else { "programme" };
                    transaction
                        .execute(
                            &format!(
                                "INSERT INTO airings (slot, seq, entry, origin, {column}, segment, planned_start, offset_in,
                                   outcome, played, clock, due_row) VALUES (?1, ?2, '{{}}', ?3, ?4, ?5, ?6, 0, ?7, ?8, 'rtc', 1)"
                            ),
                            (slot, seq as i64 + 1, origin, id(1), id(2), seq as i64, outcome, played),
                        )
                        .map_err(storage)?;
                }
                Ok(())
            })
            .unwrap();
        let since = Timestamp::UNIX_EPOCH;
        let keys = |heard_since| {
            let past = store.history(Asked { unaired_since: since, campaigns: &[], heard_since }).unwrap();
            past.into_iter().map(|past| past.key.0).collect::<Vec<_>>()
        };
        assert_eq!(keys(None), ["a/1", "a/1+1"]);
        assert_eq!(keys(Some(since)), ["a/0", "a/1", "a/1+1", "b/0"]);
    }
}
