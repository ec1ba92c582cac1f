//! What the log says of air time, a row at a time: for reports over years, without reading a plan's JSON for each row.

use super::{Removed, Store, col, nanos, storage, time};
use crate::error::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::Outcome;
use rusqlite::{Row, named_params};

/// What the rule of retention removed is in no report, deleted already or not; emergencies, and the airings of campaigns that
/// there still are, it never deletes. Language and source are the segment's as they are kept now: the log does not hold them.
const ROWS: &str = "SELECT a.planned_start, a.planned, COALESCE(a.played, 0), a.outcome, COALESCE(a.confirmed, 0), a.origin,
    COALESCE(a.programme, CASE a.origin WHEN 'campaign' THEN a.campaign END), json_extract(a.entry, '$.name'), a.segment, a.title,
    json_extract(a.entry, '$.zones'), s.language, s.source
  FROM airings a LEFT JOIN segments s ON s.id = a.segment
  WHERE a.seq IS NOT NULL AND a.planned_start >= :from AND a.planned_start < :to
    AND (:campaign IS NULL OR a.campaign = :campaign) AND (:language IS NULL OR s.language = :language)
    AND (a.seq > :gone OR a.origin = 'emergency' OR (a.origin = 'campaign' AND EXISTS
      (SELECT 1 FROM documents d WHERE d.kind = 'campaign' AND d.id = a.campaign))) ORDER BY a.seq";

/// Which slots a report is about.
#[derive(Debug, Clone, Default)]
pub struct AirtimeFilter {
    /// Due at or after.
    pub from: Timestamp,
    /// Due before.
    pub to: Timestamp,
    /// Of this campaign.
    pub campaign: Option<String>,
    /// Of segments in this language, as they are kept now.
    pub language: Option<String>,
}

/// Whose an airing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// A campaign's.
    Campaign,
    /// A programme's.
    Programme,
    /// An emergency's.
    Emergency,
}

/// One slot that was due and has its outcome.
#[derive(Debug, Clone)]
pub struct AirtimeRow {
    /// When it was due.
    pub planned_start: Timestamp,
    /// How long it should have been heard; None where nobody knew.
    pub planned: Option<SignedDuration>,
    /// How long it was heard, counted at the output.
    pub played: SignedDuration,
    /// What became of it.
    pub outcome: Outcome,
    /// The amplifier's word.
    pub confirmed: bool,
    /// Whose it was.
    pub whose: Whose,
    /// Id of the campaign or programme.
    pub of: Option<String>,
    /// What that was called when it was due.
    pub name: Option<String>,
    /// Segment id.
    pub segment: String,
    /// Its title when it was due.
    pub title: Option<String>,
    /// Ids of the zones in which it was to be heard; none means all.
    pub zones: Vec<String>,
    /// The segment's language now; None of one that is gone.
    pub language: Option<String>,
    /// Where the segment comes from, in its uploader's words.
    pub source: Option<String>,
}

impl Store {
    /// Hands over every closed slot that the filter wants, in the order in which they were closed, and says what the rule of
    /// retention removed where that reaches into the time asked for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn airtime(
        &self,
        filter: &AirtimeFilter,
        mut take: impl FnMut(AirtimeRow),
    ) -> Result<Option<Removed>> {
        let removed = self.removed()?;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(ROWS).map_err(storage)?;
            let parameters = named_params! {
                ":from": nanos(filter.from), ":to": nanos(filter.to), ":campaign": filter.campaign,
                ":language": filter.language, ":gone": removed.as_ref().map_or(0, |removed| removed.seq),
            };
            let mut rows = statement.query(parameters).map_err(storage)?;
            while let Some(row) = rows.next().map_err(storage)? {
                take(airtime_row(row)?);
            }
            Ok(())
        })?;
        Ok(removed.filter(|removed| filter.from <= removed.until))
    }
}

fn airtime_row(row: &Row<'_>) -> Result<AirtimeRow> {
    let damaged = |what: &str| Error::internal(format!("an airing in the database has a damaged {what}"));
    let zones: Option<String> = col(row, 10)?;
    let zones = zones.map(|text| serde_json::from_str(&text)).transpose();
    Ok(AirtimeRow {
        planned_start: time(col(row, 0)?),
        planned: col::<Option<i64>>(row, 1)?.map(SignedDuration::from_nanos),
        played: SignedDuration::from_nanos(col(row, 2)?),
        outcome: super::history::outcome_of(&col::<String>(row, 3)?).ok_or_else(|| damaged("outcome"))?,
        confirmed: col(row, 4)?,
        whose: match col::<String>(row, 5)?.as_str() {
            "campaign" => Whose::Campaign,
            "emergency" => Whose::Emergency,
            _ => Whose::Programme,
        },
        of: col(row, 6)?,
        name: col(row, 7)?,
        segment: col(row, 8)?,
        title: col(row, 9)?,
        zones: zones.map_err(|_| damaged("list of zones"))?.unwrap_or_default(),
        language: col(row, 11)?,
        source: col(row, 12)?,
    })
}
