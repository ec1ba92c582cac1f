//! What the airing log forgets. First everything that makes the removal evidence becomes durable together: the row that tells of it,
//! the signed heads at its end, the boundary. From then on nobody is shown what lies before, and it is deleted little by little:
//! wherever the power goes, the log is the same.

use super::{Store, col, nanos, storage, time};
use crate::error::{Error, Result};
use jiff::Timestamp;
use loaxa_evidence::{Boundary, Checkpoint, Note, PRUNED, SignedBoundary, hash_from_hex};
use loaxa_schedules::CampaignId;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde_json::Value;

const NEWEST: &str = "SELECT row, hash, seq, told, until, at, note FROM boundaries ORDER BY row DESC LIMIT 1";
const ADD: &str = "INSERT INTO boundaries (row, hash, seq, told, until, at, note)
                   VALUES (:row, :hash, :seq, :told, :until, :at, :note)";
const SIGN_AGAIN: &str = "UPDATE boundaries SET note = :note WHERE row = :row";
/// What says how far a row's time can be believed is in its body.
const TIMES: &str = "SELECT row, at, json_extract(body, '$.clock') FROM airing_log
                     WHERE row > :after AND row <= :to ORDER BY row LIMIT :limit";
const FIRST_OPEN: &str = "SELECT MIN(due_row) FROM airings WHERE seq IS NULL";
const FIRST_OF_CAMPAIGN: &str =
    "SELECT MIN(due_row) FROM airings WHERE origin = 'campaign' AND campaign = :campaign";
const SIGNED_HEAD: &str = "SELECT MAX(row) FROM heads WHERE row > :after AND row <= :to";
const LAST_AIRING: &str = "SELECT MAX(seq) FROM airings WHERE ended_row <= :row";
const ANNOUNCED: &str =
    "SELECT kind, body FROM airing_log WHERE row > :after AND row <= :to AND kind IN ('key', 'pruned')
                         ORDER BY row";
const ROW: &str = "SELECT hash, at FROM airing_log WHERE row = :row";
const LAST_ROW: &str = "SELECT COALESCE(MAX(row), 0) FROM airing_log";
const LOWEST: &str = "SELECT MIN(row) FROM airing_log";
/// One statement: a removal that begins meanwhile is seen in all of it, or in nothing.
const KEPT: &str =
    "SELECT (SELECT COALESCE(MAX(row), 0) FROM boundaries), MIN(row), MAX(row), COUNT(*) FROM airing_log
                    WHERE row > (SELECT COALESCE(MAX(row), 0) FROM boundaries)";
const FIRST_KEPT: &str = "SELECT row, at FROM airing_log WHERE row > :after ORDER BY row LIMIT 1";
const FORGET_ROWS: &str = "DELETE FROM airing_log WHERE row IN
                           (SELECT row FROM airing_log WHERE row <= :row ORDER BY row LIMIT :limit)";
/// Emergencies are counted for ever, so that none is heard again; and a campaign's account is right as long as there is the campaign.
const FORGET_AIRINGS: &str = "DELETE FROM airings WHERE slot IN (SELECT a.slot FROM airings a WHERE a.seq <= :seq
    AND a.origin <> 'emergency' AND NOT (a.origin = 'campaign' AND EXISTS
      (SELECT 1 FROM documents d WHERE d.kind = 'campaign' AND d.id = a.campaign)) ORDER BY a.seq LIMIT :limit)";
const LEFT: &str =
    "SELECT EXISTS (SELECT 1 FROM airing_log WHERE row <= :row) OR EXISTS (SELECT 1 FROM airings a
    WHERE a.seq <= :seq AND a.origin <> 'emergency' AND NOT (a.origin = 'campaign' AND EXISTS
      (SELECT 1 FROM documents d WHERE d.kind = 'campaign' AND d.id = a.campaign)))";
/// Rows looked at together.
const PAGE: u32 = 1_000;
/// Words for a clock that was trusted when a row was written.
const TRUSTED: [&str; 4] = ["kernel_synchronised", "rtc_agrees", "vouched", "configured_always"];

/// Rows that are gone by the rule of retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The last of them.
    pub row: i64,
    /// Its hash: what the first row that is left names before it.
    pub hash: String,
    /// The last airing that is gone.
    pub seq: i64,
    /// The row that tells of it.
    pub told: i64,
    /// When the last of them was written.
    pub until: Timestamp,
    /// When it was decided.
    pub at: Timestamp,
    /// The station's word, as a signed note.
    pub note: String,
}

impl Removed {
    /// The station's word, as an export begins with it.
    ///
    /// # Errors
    /// When the database holds another.
    pub fn boundary(&self) -> Result<SignedBoundary> {
        let signed = Note::read(&self.note).ok().and_then(SignedBoundary::of);
        let fits = |signed: &SignedBoundary| {
            signed.boundary.head.size == self.row && hash_from_hex(&self.hash) == Some(signed.hash())
        };
        signed.filter(fits).ok_or_else(|| {
            Error::internal(format!(
                "the boundary of the airing log at row {} is damaged; restore a backup",
                self.row
            ))
        })
    }

    /// Identifier of the log, as the boundary gives it.
    pub(super) fn log(&self) -> Option<&str> {
        self.note.lines().next()?.strip_prefix(&Checkpoint::origin_of(""))
    }
}

/// What could be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removable {
    /// Everything up to this row.
    UpTo(i64),
    /// Nothing is old enough.
    Nothing,
    /// This row is old enough, and something that is not over needs it, or one after it.
    Held(i64),
    /// This row is old enough by a clock that nothing in the log bears out: it may have jumped ahead.
    Doubtful(i64),
}

pub(super) fn newest(connection: &Connection) -> Result<Option<Removed>> {
    let mut statement = connection.prepare_cached(NEWEST).map_err(storage)?;
    let found = statement.query_row([], |row| {
        Ok(Removed {
            row: row.get(0)?,
            hash: row.get(1)?,
            seq: row.get(2)?,
            told: row.get(3)?,
            until: time(row.get(4)?),
            at: time(row.get(5)?),
            note: row.get(6)?,
        })
    });
    found.optional().map_err(storage)
}

/// What is wrong with the rows that are kept; None where each is there from the first that no rule removed.
pub(super) fn missing(connection: &Connection) -> Result<Option<String>> {
    let (gone, first, last, count): (i64, Option<i64>, Option<i64>, i64) = connection
        .query_row(KEPT, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .map_err(storage)?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    let right = first == gone + 1 && count == last - first + 1;
    Ok((!right)
        .then(|| format!("the airing log lacks rows between {} and {last} that no rule removed", gone + 1)))
}

fn number(
    connection: &Connection,
    of: &str,
    parameters: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached(of).map_err(storage)?;
    statement.query_row(parameters, |row| row.get(0)).map_err(storage)
}

impl Store {
    /// What is gone; None of a log that is whole.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn removed(&self) -> Result<Option<Removed>> {
        self.read(newest)
    }

    /// How many rows are gone and still lie on the disk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_to_delete(&self) -> Result<i64> {
        self.read(|connection| {
            let first = number(connection, LOWEST, &[])?;
            let last = newest(connection)?.map_or(0, |removed| removed.row);
            Ok(first.map_or(0, |first| (last - first + 1).max(0)))
        })
    }

    /// Number and time of the first row that is kept; None of an empty log.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn first_kept(&self) -> Result<Option<(i64, Timestamp)>> {
        self.read(|connection| {
            let after = newest(connection)?.map_or(0, |removed| removed.row);
            let found = connection.query_row(FIRST_KEPT, named_params! { ":after": after }, |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?))
            });
            let found = found.optional().map_err(storage)?;
            Ok(found.and_then(|(row, at)| Some((row, at.parse().ok()?))))
        })
    }

    /// Up to which row everything was written before this time, as far as neither a slot that is open nor one of these campaigns
    /// needs it. The order of rows is the order of what happened: a row whose clock was not trusted is as old as those around it.
    /// What is kept must begin with something that was written until `known`: a clock that just jumped ahead makes all of a log old.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn removable(
        &self,
        before: Timestamp,
        known: Timestamp,
        campaigns: &[CampaignId],
    ) -> Result<Removable> {
        self.read(|connection| {
            let from = newest(connection)?.map_or(0, |removed| removed.row);
            let mut needed = number(connection, FIRST_OPEN, &[])?;
            for campaign in campaigns {
                let id = campaign.to_string();
                let first = number(connection, FIRST_OF_CAMPAIGN, named_params! { ":campaign": id })?;
                needed = needed.into_iter().chain(first).min();
            }
            let (old, young) = old_until(connection, from, before)?;
            let Some(old) = old else { return Ok(Removable::Nothing) };
            if young.is_none_or(|young| young > known) {
                return Ok(Removable::Doubtful(old));
            }
            let to = needed.map_or(old, |needed| old.min(needed - 1));
            if to <= from {
                return Ok(Removable::Held(old));
            }
            // one that was signed when the row was new is worth more than one that is signed now
            let signed = number(connection, SIGNED_HEAD, named_params! { ":after": from, ":to": to })?;
            Ok(Removable::UpTo(signed.unwrap_or(to)))
        })
    }

    /// The notes by which the rows up to this one, and those that were removed before, announced keys of the station.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn keys_announced(&self, to: i64) -> Result<Vec<String>> {
        self.read(|connection| {
            let after = newest(connection)?;
            let mut notes = Vec::new();
            let mut take = |kind: &str, body: &str| {
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                let said = match kind {
                    PRUNED => body["keys"].as_array().cloned().unwrap_or_default(),
                    _ => vec![body["note"].clone()],
                };
                for note in said.iter().filter_map(Value::as_str) {
                    if !notes.iter().any(|known| known == note) {
                        notes.push(note.to_owned());
                    }
                }
            };
            // the row that told of the last removal has those of before it, and is not always among these
            if let Some(removed) = &after {
                let told = "SELECT body FROM airing_log WHERE row = :row";
                let body: Option<String> = connection
                    .query_row(told, named_params! { ":row": removed.told }, |row| row.get(0))
                    .optional()
                    .map_err(storage)?;
                take(PRUNED, &body.unwrap_or_default());
            }
            let mut statement = connection.prepare(ANNOUNCED).map_err(storage)?;
            let after = after.map_or(0, |removed| removed.row);
            let mut rows = statement.query(named_params! { ":after": after, ":to": to }).map_err(storage)?;
            while let Some(row) = rows.next().map_err(storage)? {
                take(&col::<String>(row, 0)?, &col::<String>(row, 1)?);
            }
            Ok(notes)
        })
    }

    /// Decides that everything up to this row goes: the row that tells of it, the head at its end and the boundary become durable
    /// together. `sign` is given the boundary and the head that is kept there, and gives both as notes.
    ///
    /// # Errors
    /// What `sign` says; or something that was due before is open still, or the database refuses.
    pub fn begin_removal(
        &self,
        (row, keep_days): (i64, u32),
        at: Timestamp,
        origin: &str,
        keys: &[String],
        sign: impl FnOnce(Boundary, Option<String>) -> Result<(String, SignedBoundary)>,
    ) -> Result<Removed> {
        self.write(|change| {
            let before = newest(change)?;
            let first = before.as_ref().map_or(1, |before| before.row + 1);
            let found: Option<(String, String)> = change
                .query_row(ROW, named_params! { ":row": row }, |found| Ok((found.get(0)?, found.get(1)?)))
                .optional()
                .map_err(storage)?;
            let open = number(change, FIRST_OPEN, &[])?.is_some_and(|due| due <= row);
            let (Some((hash, written)), true) = (found.filter(|_| !open), row >= first) else {
                return Err(Error::internal(format!("row {row} of the airing log is not one that may go")));
            };
            let head = Checkpoint {
                origin: origin.to_owned(),
                size: row,
                hash: hash_from_hex(&hash).ok_or_else(|| Error::internal(format!("row {row} has no hash")))?,
            };
            let last = number(change, LAST_AIRING, named_params! { ":row": row })?;
            let seq = last.max(before.map(|before| before.seq)).unwrap_or(0);
            let boundary = Boundary { head, first, keep_days };
            let body = boundary.told(&written, seq, keys);
            let (head, signed) = sign(boundary, super::heads::kept(change, row)?)?;
            super::heads::keep(change, row, &head, at)?;
            let told = super::chain::append(change, at, PRUNED, &body)?;
            let until = written.parse().unwrap_or(Timestamp::UNIX_EPOCH);
            let removed = Removed { row, hash, seq, told, until, at, note: signed.note.to_string() };
            change
                .execute(
                    ADD,
                    named_params! {
                        ":row": row, ":hash": removed.hash, ":seq": seq, ":told": told, ":until": nanos(until),
                        ":at": nanos(at), ":note": removed.note,
                    },
                )
                .map_err(storage)?;
            Ok(removed)
        })
    }

    /// Gives the newest boundary another signature, for a station whose key is another one now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn sign_boundary_again(&self, signed: &SignedBoundary) -> Result<()> {
        self.write(|change| {
            let (row, note) = (signed.boundary.head.size, signed.note.to_string());
            change.execute(SIGN_AGAIN, named_params! { ":note": note, ":row": row }).map_err(storage)?;
            Ok(())
        })
    }

    /// Deletes something of what is gone: at most so many rows of the log, and as many airings, in one short transaction. Whether
    /// there was anything.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn forget_some(&self, limit: u32) -> Result<bool> {
        let Some(removed) = self.removed()? else { return Ok(false) };
        // a change of nothing would say that the disk takes changes
        let left = self.read(|connection| {
            let parameters = named_params! { ":row": removed.row, ":seq": removed.seq };
            Ok(number(connection, LEFT, parameters)? == Some(1))
        })?;
        if !left {
            return Ok(false);
        }
        self.write(|change| {
            let mut rows = change.prepare_cached(FORGET_ROWS).map_err(storage)?;
            rows.execute(named_params! { ":row": removed.row, ":limit": limit }).map_err(storage)?;
            let mut airings = change.prepare_cached(FORGET_AIRINGS).map_err(storage)?;
            airings.execute(named_params! { ":seq": removed.seq, ":limit": limit }).map_err(storage)?;
            Ok(true)
        })
    }
}

/// The last row that a trusted clock dated before this time, of those that no trusted clock dated later; and when the first one
/// of those was written.
fn old_until(
    connection: &Connection,
    from: i64,
    before: Timestamp,
) -> Result<(Option<i64>, Option<Timestamp>)> {
    let last = number(connection, LAST_ROW, &[])?.unwrap_or(0);
    let (mut after, mut old) = (from, None);
    let mut statement = connection.prepare_cached(TIMES).map_err(storage)?;
    loop {
        let parameters = named_params! { ":after": after, ":to": last, ":limit": PAGE };
        let mut rows = statement.query(parameters).map_err(storage)?;
        let begun = after;
        while let Some(row) = rows.next().map_err(storage)? {
            after = col(row, 0)?;
            let clock: Option<String> = col(row, 2)?;
            let at: Option<Timestamp> = col::<String>(row, 1)?.parse().ok();
            match at.filter(|_| clock.is_some_and(|clock| TRUSTED.contains(&clock.as_str()))) {
                Some(at) if at >= before => return Ok((old, Some(at))),
                Some(_) => old = Some(after),
                None => {}
            }
        }
        if after == begun {
            return Ok((old, None));
        }
    }
}

#[cfg(test)]
mod tests;
