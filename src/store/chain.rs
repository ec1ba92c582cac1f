//! The chain of rows that the airing log is.

use super::{Change, Store, storage};
use crate::airing_log::chain::{self, canonical};
use crate::error::Result;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde_json::{Value, json};

const APPEND: &str = "INSERT INTO airing_log (row, at, kind, body, prev, hash)
                      VALUES (:row, :at, :kind, :body, :prev, :hash)";
const HEAD: &str = "SELECT row, hash FROM airing_log ORDER BY row DESC LIMIT 1";
const ROWS: &str = "SELECT row, at, kind, body, prev, hash FROM airing_log
    WHERE row > MAX(:after, (SELECT COALESCE(MAX(row), 0) FROM boundaries)) ORDER BY row LIMIT :limit";

/// One row of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its number, from 1, without a gap.
    pub row: i64,
    /// When it was written, RFC 3339 in UTC.
    pub at: String,
    /// What it is about.
    pub kind: String,
    /// Canonical JSON.
    pub body: String,
    /// Hash of the row before.
    pub prev: String,
    /// Hash of this row.
    pub hash: String,
}

/// Appends one row to the chain, inside the transaction of the change that it tells of.
///
/// The body gets what is known of the moment of writing: `boot` and `clock`, unless it says more of them itself.
pub(super) fn append(change: &Change<'_>, at: Timestamp, kind: &str, body: &Value) -> Result<i64> {
    let mut body = body.clone();
    if let (Some(stamp), Some(members)) = (change.stamp, body.as_object_mut()) {
        members.entry("boot").or_insert_with(|| json!(stamp.boot));
        members.entry("clock").or_insert_with(|| json!(stamp.clock.trust().as_str()));
    }
    link(change, at, kind, &body)
}

/// Appends a row with this body as it is.
pub(super) fn link(connection: &Connection, at: Timestamp, kind: &str, body: &Value) -> Result<i64> {
    let mut head = connection.prepare_cached(HEAD).map_err(storage)?;
    let (last, prev): (i64, String) = head
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(storage)?
        .unwrap_or_else(|| (0, chain::BEFORE_THE_FIRST.to_owned()));
    let (row, at, body) = (last + 1, at.to_string(), canonical(body));
    let hash = chain::link(row, &at, kind, &prev, &body);
    let mut statement = connection.prepare_cached(APPEND).map_err(storage)?;
    statement
        .execute(named_params! { ":row": row, ":at": at, ":kind": kind, ":body": body, ":prev": prev, ":hash": hash })
        .map_err(storage)?;
    Ok(row)
}

impl Store {
    /// Rows of the chain after `after` that are kept, at most `limit`.
    pub fn log_rows(&self, after: i64, limit: u32) -> Result<Vec<LogRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(ROWS).map_err(storage)?;
            let rows = statement
                .query_map(named_params! { ":after": after, ":limit": limit }, |row| {
                    Ok(LogRow {
                        row: row.get(0)?,
                        at: row.get(1)?,
                        kind: row.get(2)?,
                        body: row.get(3)?,
                        prev: row.get(4)?,
                        hash: row.get(5)?,
                    })
                })
                .map_err(storage)?;
            rows.collect::<rusqlite::Result<_>>().map_err(storage)
        })
    }
}
