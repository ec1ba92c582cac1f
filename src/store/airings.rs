//! The airing log by slot: the table that gathers what the chain tells of each.

use super::chain::append;
use super::{Change, Emergency, Store, col, from_json, nanos, storage, time, to_json};
use crate::airing_log::Evidence;
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{EmergencyId, Entry, Origin, Outcome, ProgrammeId, Reason, SlotKey};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};
use serde_json::{Value, json};

const DUE: &str =
    "INSERT OR IGNORE INTO airings (slot, entry, origin, programme, segment, sha256, title, approved_by, external_id,
    campaign, planned_start, planned, offset_in, clock, due_row)
  SELECT :slot, :entry, :origin, :programme, :segment, :sha256, :title, :approved_by, s.external_id,
    COALESCE(:campaign, s.campaign), :planned_start, :planned, :offset, :clock, :row
  FROM (SELECT 1) LEFT JOIN segments s ON s.id = :segment";
/// A new plan changed what a slot that has not begun will play.
const DUE_AGAIN: &str =
    "UPDATE airings SET (entry, origin, programme, segment, sha256, title, approved_by, external_id, campaign,
    planned_start, planned, offset_in, clock, due_row) = (SELECT :entry, :origin, :programme, :segment, :sha256, :title,
    :approved_by, s.external_id, COALESCE(:campaign, s.campaign), :planned_start, :planned, :offset, :clock, :row
    FROM (SELECT 1) LEFT JOIN segments s ON s.id = :segment)
  WHERE slot = :slot AND seq IS NULL AND started IS NULL";
/// The entry of a slot that may still change: open, and not begun.
const WAITING: &str = "SELECT entry FROM airings WHERE slot = :slot AND seq IS NULL AND started IS NULL";
const STARTED: &str = "UPDATE airings SET started = :at WHERE slot = :slot AND seq IS NULL";
const ENDED: &str = "UPDATE airings SET seq = 1 + MAX((SELECT COALESCE(MAX(seq), 0) FROM airings),
    (SELECT COALESCE(MAX(seq), 0) FROM boundaries)), outcome = :outcome,
    reason = :reason, played = :played, started = COALESCE(:started, started), ended = :ended, confirmed = :confirmed,
    ended_row = :row, evidence = COALESCE(:evidence, evidence) WHERE slot = :slot AND seq IS NULL";
const STATE: &str = "SELECT seq IS NULL FROM airings WHERE slot = :slot";
const PROGRESS: &str = "INSERT INTO progress (slot, played, at) VALUES (:slot, :played, :at)
                        ON CONFLICT (slot) DO UPDATE SET played = excluded.played, at = excluded.at";
/// What the output can say so far, for the case that nobody asks it again.
const EVIDENCE: &str = "UPDATE airings SET evidence = :evidence WHERE slot = :slot AND seq IS NULL";
const END_PROGRESS: &str = "DELETE FROM progress WHERE slot = :slot";
const OPEN: &str =
    "SELECT a.entry, a.started, p.played, p.at, a.evidence FROM airings a LEFT JOIN progress p ON p.slot = a.slot
                    WHERE a.seq IS NULL ORDER BY a.planned_start";
const CLOSED: &str =
    "SELECT slot FROM airings WHERE seq IS NOT NULL AND planned_start >= :from AND planned_start < :to";
const BEGUN: &str = "SELECT programme, slot, planned_start FROM airings
                     WHERE planned_start >= :from AND planned_start < :to AND origin = 'programme'";
const COLUMNS: &str =
    "SELECT seq, slot, planned_start, started, ended, planned, played, outcome, reason, confirmed, programme,
    segment, sha256, title, approved_by, entry, clock, external_id, campaign, evidence FROM airings";

/// One thing to write down. Jobs handed over together become durable together.
#[derive(Debug, Clone)]
pub enum LogJob {
    /// A slot is due: written before anything of it can be heard.
    Due {
        /// What was planned, or refused.
        entry: Box<Entry>,
        /// Why the clock was trusted.
        clock: &'static str,
    },
    /// Its first frame was heard.
    Started {
        /// Which slot.
        slot: SlotKey,
        /// When, measured at the output.
        at: Timestamp,
    },
    /// It has sounded for so long. Not a row: a note that a power cut leaves behind.
    Progress {
        /// Which slot.
        slot: SlotKey,
        /// Counted at the output.
        played: SignedDuration,
        /// What the output can say so far.
        evidence: Option<Box<Evidence>>,
    },
    /// It came to its one outcome.
    Ended {
        /// Which slot.
        slot: SlotKey,
        /// What became of it.
        outcome: Outcome,
        /// Why, where it was not simply aired.
        reason: Option<Reason>,
        /// Counted at the output.
        played: SignedDuration,
        /// First frame.
        started: Option<Timestamp>,
        /// Last frame.
        ended: Option<Timestamp>,
        /// The amplifier's word, read back during the whole of it.
        confirmed: bool,
        /// What the output can say of it; None of what never reached it.
        evidence: Option<Box<Evidence>>,
    },
    /// Every slot up to this time has an outcome or is open. Not a row.
    AccountedUntil(Timestamp),
    /// Somebody sent an emergency, and it could not be kept at once.
    Emergency(Box<Emergency>),
    /// Somebody took an emergency back, and that could not be kept at once.
    EmergencyWithdrawn {
        /// Which.
        id: EmergencyId,
        /// Identity of who did.
        by: String,
    },
    /// A second person confirmed an emergency, and that could not be kept at once.
    EmergencyConfirmed {
        /// Which.
        id: EmergencyId,
        /// Identity of who did.
        by: String,
    },
    /// Somebody stopped the station, or released it, and that could not be kept at once.
    Switched {
        /// Identity of who did.
        by: String,
        /// Its name.
        name: String,
        /// Stopped, and not released.
        stopped: bool,
    },
    /// Something else that an auditor wants to know.
    Note {
        /// Kind of the row.
        kind: &'static str,
        /// What happened.
        body: Value,
    },
}

/// A slot that was due and has no outcome yet.
#[derive(Debug, Clone)]
pub struct OpenRow {
    /// What was planned.
    pub entry: Entry,
    /// First frame, if it was heard.
    pub started: Option<Timestamp>,
    /// The last note of how far it had come, and when that was.
    pub noted: Option<(SignedDuration, Timestamp)>,
    /// What the output could say at that time.
    pub evidence: Option<Evidence>,
}

/// What the log says of one closed slot.
#[derive(Debug, Clone)]
pub struct Airing {
    /// Number of the airing, from 1, without a gap.
    pub seq: i64,
    /// The slot.
    pub slot: String,
    /// Planned start.
    pub planned_start: Timestamp,
    /// First frame heard.
    pub started: Option<Timestamp>,
    /// Last frame heard.
    pub ended: Option<Timestamp>,
    /// Planned length, where the plan knew it.
    pub planned: Option<SignedDuration>,
    /// Length heard.
    pub played: SignedDuration,
    /// What became of it.
    pub outcome: String,
    /// Why.
    pub reason: Option<Reason>,
    /// The amplifier's word.
    pub confirmed: bool,
    /// Programme id; None of what no programme planned.
    pub programme: Option<String>,
    /// Segment id.
    pub segment: String,
    /// SHA-256 of the original.
    pub sha256: Option<String>,
    /// Title as it was then.
    pub title: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// What was planned.
    pub entry: Entry,
    /// Why the clock was trusted.
    pub clock: String,
    /// The uploader's own id.
    pub external_id: Option<String>,
    /// The campaign whose airing it was; of what no campaign planned, the word that the segment's uploader gave.
    pub campaign: Option<String>,
    /// What the output could say of it; None of what never reached it, and of rows of older versions.
    pub evidence: Option<Evidence>,
}

/// Which airings a listing wants.
#[derive(Debug, Clone, Default)]
pub struct AiringFilter {
    /// Planned at or after.
    pub from: Option<Timestamp>,
    /// Planned before.
    pub to: Option<Timestamp>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// Of this segment.
    pub segment: Option<String>,
    /// Of this programme.
    pub programme: Option<String>,
    /// Of this campaign.
    pub campaign: Option<String>,
    /// Of segments in this language, as they are kept now.
    pub language: Option<String>,
    /// With a greater number.
    pub after_seq: i64,
    /// With a smaller number; the newest come first then.
    pub before_seq: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Writes jobs down as one transaction; when this returns they survive a power cut.
    pub fn log(&self, at: Timestamp, jobs: &[LogJob]) -> Result<()> {
        self.write(|transaction| jobs.iter().try_for_each(|job| write_job(transaction, at, job)))
    }

    /// Slots that were due and have no outcome: what a power cut left behind.
    pub fn open_rows(&self) -> Result<Vec<OpenRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(OPEN).map_err(storage)?;
            let mut rows = statement.query([]).map_err(storage)?;
            let mut open = Vec::new();
            while let Some(row) = rows.next().map_err(storage)? {
                let noted = col::<Option<i64>>(row, 2)?.zip(col::<Option<i64>>(row, 3)?);
                open.push(OpenRow {
                    entry: from_json("a due slot", &col::<String>(row, 0)?)?,
                    started: col::<Option<i64>>(row, 1)?.map(time),
                    noted: noted.map(|(played, at)| (SignedDuration::from_nanos(played), time(at))),
                    evidence: evidence(row, 4)?,
                });
            }
            Ok(open)
        })
    }

    /// Takes each slot of a programme that was planned in `[from, to)` and has come due, whatever became of it: whose it was,
    /// its key, and for when it was planned.
    pub fn begun_slots(
        &self,
        (from, to): (Timestamp, Timestamp),
        mut take: impl FnMut(ProgrammeId, SlotKey, Timestamp),
    ) -> Result<()> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(BEGUN).map_err(storage)?;
            let mut rows =
                statement.query(named_params! { ":from": nanos(from), ":to": nanos(to) }).map_err(storage)?;
            while let Some(row) = rows.next().map_err(storage)? {
                if let Ok(programme) = col::<String>(row, 0)?.parse() {
                    take(programme, SlotKey(col(row, 1)?), time(col(row, 2)?));
                }
            }
            Ok(())
        })
    }

    /// Keys of the slots planned in `[from, to)` that have their outcome already.
    pub fn closed_slots(&self, from: Timestamp, to: Timestamp) -> Result<std::collections::HashSet<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(CLOSED).map_err(storage)?;
            let rows = statement
                .query_map(named_params! { ":from": nanos(from), ":to": nanos(to) }, |row| row.get(0))
                .map_err(storage)?;
            rows.collect::<rusqlite::Result<_>>().map_err(storage)
        })
    }

    /// Closed airings in the order in which they were closed, or the other way round, but for those that retention removed.
    pub fn airings(&self, filter: &AiringFilter) -> Result<Vec<Airing>> {
        const WHERE: &str = "WHERE seq > MAX(:after, (SELECT COALESCE(MAX(seq), 0) FROM boundaries))
            AND (:before IS NULL OR seq < :before) AND (:from IS NULL OR planned_start >= :from)
            AND (:to IS NULL OR planned_start < :to) AND (:outcome IS NULL OR outcome = :outcome)
            AND (:segment IS NULL OR segment = :segment) AND (:programme IS NULL OR programme = :programme)
            AND (:campaign IS NULL OR campaign = :campaign)
            AND (:language IS NULL OR segment IN (SELECT id FROM segments WHERE language = :language)) ORDER BY seq";
        let order = if filter.before_seq.is_some() { "DESC" } else { "ASC" };
        self.read(|connection| {
            let parameters = named_params! {
                ":after": filter.after_seq, ":before": filter.before_seq, ":from": filter.from.map(nanos), ":to": filter.to.map(nanos),
                ":outcome": filter.outcome, ":segment": filter.segment, ":programme": filter.programme,
                ":campaign": filter.campaign, ":language": filter.language, ":limit": filter.limit,
            };
            select(connection, &format!("{WHERE} {order} LIMIT :limit"), parameters)
        })
    }
}

/// Closed airings that a condition picks.
pub(super) fn select(
    connection: &Connection,
    condition: &str,
    parameters: &[(&str, &dyn ToSql)],
) -> Result<Vec<Airing>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} {condition}")).map_err(storage)?;
    let mut rows = statement.query(parameters).map_err(storage)?;
    let mut airings = Vec::new();
    while let Some(row) = rows.next().map_err(storage)? {
        airings.push(airing(row)?);
    }
    Ok(airings)
}

fn write_job(connection: &Change<'_>, at: Timestamp, job: &LogJob) -> Result<()> {
    match job {
        LogJob::Due { entry, clock } => due(connection, at, entry, clock),
        LogJob::Started { slot, at: started } => {
            append(
                connection,
                at,
                "started",
                &json!({ "slot": slot.as_str(), "started": started.to_string() }),
            )?;
            let mut statement = connection.prepare_cached(STARTED).map_err(storage)?;
            statement
                .execute(named_params! { ":slot": slot.as_str(), ":at": nanos(*started) })
                .map_err(storage)?;
            Ok(())
        }
        LogJob::Progress { slot, played, evidence } => {
            let mut statement = connection.prepare_cached(PROGRESS).map_err(storage)?;
            let parameters = named_params! {
                ":slot": slot.as_str(), ":played": whole_nanos(*played), ":at": nanos(at)
            };
            statement.execute(parameters).map_err(storage)?;
            if let Some(evidence) = evidence {
                let mut statement = connection.prepare_cached(EVIDENCE).map_err(storage)?;
                let parameters =
                    named_params! { ":slot": slot.as_str(), ":evidence": to_json(evidence.as_ref())? };
                statement.execute(parameters).map_err(storage)?;
            }
            Ok(())
        }
        LogJob::Ended { slot, outcome, reason, played, started, ended, confirmed, evidence } => {
            let mut state = connection.prepare_cached(STATE).map_err(storage)?;
            let open: Option<bool> = state
                .query_row(named_params! { ":slot": slot.as_str() }, |row| row.get(0))
                .optional()
                .map_err(storage)?;
            if open != Some(true) {
                // closed before: its one outcome stands
                return Ok(());
            }
            let mut body = json!({
                "slot": slot.as_str(), "outcome": outcome.as_str(), "reason": reason.as_ref().map(|reason| &reason.code),
                "why": reason.as_ref().map(|reason| &reason.en), "played_ms": millis(*played),
                "started": started.map(|time| time.to_string()), "ended": ended.map(|time| time.to_string()),
                "confirmed": confirmed,
            });
            if let Some(evidence) = evidence {
                body["evidence"] = json!(evidence);
            }
            let row = append(connection, at, "ended", &body)?;
            let mut statement = connection.prepare_cached(ENDED).map_err(storage)?;
            statement
                .execute(named_params! {
                    ":slot": slot.as_str(), ":outcome": outcome.as_str(), ":reason": reason.as_ref().map(to_json).transpose()?,
                    ":played": whole_nanos(*played), ":started": started.map(nanos), ":ended": ended.map(nanos),
                    ":confirmed": confirmed, ":row": row,
                    ":evidence": evidence.as_deref().map(to_json).transpose()?,
                })
                .map_err(storage)?;
            let mut statement = connection.prepare_cached(END_PROGRESS).map_err(storage)?;
            statement.execute(named_params! { ":slot": slot.as_str() }).map_err(storage)?;
            Ok(())
        }
        LogJob::AccountedUntil(until) => {
            super::station::put(connection, "accounted_until", &nanos(*until).to_string())
        }
        LogJob::Emergency(emergency) => super::emergencies::keep(connection, at, emergency).map(|_| ()),
        LogJob::EmergencyWithdrawn { id, by } => super::emergencies::withdraw(connection, *id, by, at),
        LogJob::EmergencyConfirmed { id, by } => super::approval::confirmed(connection, *id, by, at),
        LogJob::Switched { by, name, stopped } => {
            super::station::switched(connection, (by, name), *stopped, at)
        }
        LogJob::Note { kind, body } => append(connection, at, kind, body).map(|_| ()),
    }
}

fn due(connection: &Change<'_>, at: Timestamp, entry: &Entry, clock: &str) -> Result<()> {
    let mut state = connection.prepare_cached(STATE).map_err(storage)?;
    let known: Option<bool> = state
        .query_row(named_params! { ":slot": entry.key().as_str() }, |row| row.get(0))
        .optional()
        .map_err(storage)?;
    let again = known.is_some();
    if again {
        let mut waiting = connection.prepare_cached(WAITING).map_err(storage)?;
        let before: Option<String> = waiting
            .query_row(named_params! { ":slot": entry.key().as_str() }, |row| row.get(0))
            .optional()
            .map_err(storage)?;
        let same = before.map(|text| from_json::<Entry>("a due slot", &text)).transpose()?;
        // written before as it is, or begun or closed as it was
        if same.is_none_or(|before| before == *entry) {
            return Ok(());
        }
    }
    let (origin, segment, title, sha256, approved_by, planned, refusal) = match entry {
        Entry::Slot(slot) => (
            slot.origin,
            slot.segment,
            Some(slot.title.clone()),
            Some(slot.original_sha256.clone()),
            slot.approved_by.clone(),
            Some(slot.duration),
            None,
        ),
        Entry::Refused(refusal) => (
            refusal.origin,
            refusal.segment,
            refusal.title.clone(),
            None,
            None,
            refusal.duration,
            Some(refusal.reason.code.clone()),
        ),
    };
    let (prepared, offset) = match entry {
        Entry::Slot(slot) => (Some(&slot.pcm), slot.offset),
        Entry::Refused(_) => (None, SignedDuration::ZERO),
    };
    let (whose, programme, campaign) = match origin {
        Origin::Programme(id) => ("programme", Some(id.to_string()), None),
        Origin::Campaign(id) => ("campaign", None, Some(id.to_string())),
        Origin::Emergency(_) => ("emergency", None, None),
    };
    let mut body = json!({
        "slot": entry.key().as_str(), "planned_start": entry.start().to_string(), whose: origin.id().to_string(),
        "segment": segment.to_string(), "title": title, "sha256": sha256, "prepared": prepared, "approved_by": approved_by,
        "planned_ms": planned.map(|planned| i64::try_from(planned.as_millis()).unwrap_or(i64::MAX)),
        "refused": refusal, "clock": clock,
    });
    if let Entry::Slot(slot) = entry
        && let Some(trim) = slot.trim
    {
        body["trim"] = json!(trim);
    }
    if offset > SignedDuration::ZERO {
        body["offset_ms"] = json!(millis(offset));
    }
    let row = append(connection, at, "due", &body)?;
    let mut statement = connection.prepare_cached(if again { DUE_AGAIN } else { DUE }).map_err(storage)?;
    statement
        .execute(named_params! {
            ":slot": entry.key().as_str(), ":entry": to_json(entry)?, ":origin": whose, ":programme": programme,
            ":campaign": campaign, ":offset": whole_nanos(offset),
            ":segment": segment.to_string(), ":sha256": sha256, ":title": title, ":approved_by": approved_by,
            ":planned_start": nanos(entry.start()),
            ":planned": planned.map(whole_nanos),
            ":clock": clock, ":row": row,
        })
        .map_err(storage)?;
    Ok(())
}

fn airing(row: &Row<'_>) -> Result<Airing> {
    let reason: Option<String> = col(row, 8)?;
    Ok(Airing {
        seq: col(row, 0)?,
        slot: col(row, 1)?,
        planned_start: time(col(row, 2)?),
        started: col::<Option<i64>>(row, 3)?.map(time),
        ended: col::<Option<i64>>(row, 4)?.map(time),
        planned: col::<Option<i64>>(row, 5)?.map(SignedDuration::from_nanos),
        played: SignedDuration::from_nanos(col::<Option<i64>>(row, 6)?.unwrap_or(0)),
        outcome: col(row, 7)?,
        reason: reason.map(|text| from_json("a reason", &text)).transpose()?,
        confirmed: col::<Option<bool>>(row, 9)?.unwrap_or(false),
        programme: col(row, 10)?,
        segment: col(row, 11)?,
        sha256: col(row, 12)?,
        title: col(row, 13)?,
        approved_by: col(row, 14)?,
        entry: from_json("a closed slot", &col::<String>(row, 15)?)?,
        clock: col(row, 16)?,
        external_id: col(row, 17)?,
        campaign: col(row, 18)?,
        evidence: evidence(row, 19)?,
    })
}

fn evidence(row: &Row<'_>, index: usize) -> Result<Option<Evidence>> {
    let text: Option<String> = col(row, index)?;
    text.map(|text| from_json("the evidence of an airing", &text)).transpose()
}

fn whole_nanos(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
