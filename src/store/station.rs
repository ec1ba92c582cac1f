//! Facts about the board itself.

use super::{Change, Store, from_json, storage, time, to_json};
use crate::error::Result;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};

const PUT: &str = "INSERT INTO station (key, value) VALUES (:key, :value)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const GET: &str = "SELECT value FROM station WHERE key = :key";

/// Keeps one fact.
pub(super) fn put(connection: &Connection, key: &str, value: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(PUT).map_err(storage)?;
    statement.execute(named_params! { ":key": key, ":value": value }).map_err(storage)?;
    Ok(())
}

pub(super) fn get(connection: &Connection, key: &str) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(GET).map_err(storage)?;
    statement.query_row(named_params! { ":key": key }, |row| row.get(0)).optional().map_err(storage)
}

/// The last backup that was made by the desk's button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it was begun.
    pub at: Timestamp,
    /// Name of who asked for it.
    pub by: String,
    /// When all of it had been read back.
    pub verified: Timestamp,
    /// Number of the log's last row in it, and its hash.
    pub rows: i64,
    /// The hash.
    pub head: String,
    /// SHA-256 of its database: which backup it is.
    pub database: String,
    /// How many recordings are in it.
    pub recordings: usize,
    /// How many the station could not give.
    pub missing: usize,
}

impl Store {
    /// The last backup that was made by the desk's button; None where none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_backup(&self) -> Result<Option<LastBackup>> {
        let text = self.read(|connection| get(connection, "backup"))?;
        text.map(|text| from_json("the last backup", &text)).transpose()
    }

    /// Keeps that a backup was made, with the row that says so in the airing log.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep_backup(&self, last: &LastBackup, by: &str) -> Result<()> {
        self.write(|transaction| {
            put(transaction, "backup", &to_json(last)?)?;
            let body = serde_json::json!({
                "by": by, "name": last.by, "row": last.rows, "hash": last.head, "recordings": last.recordings,
                "missing": last.missing,
            });
            super::chain::append(transaction, last.verified, "backup", &body)?;
            Ok(())
        })
    }

    /// The trusted wall time up to which every slot has an outcome or is open. None on a new station.
    pub fn accounted_until(&self) -> Result<Option<Timestamp>> {
        let text = self.read(|connection| get(connection, "accounted_until"))?;
        Ok(text.and_then(|text| text.parse().ok()).map(time))
    }

    /// The last segment whose original was read through; None at the beginning.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read_until(&self) -> Result<Option<String>> {
        let text = self.read(|connection| get(connection, "read_until"))?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Keeps the last segment whose original was read through; None to begin again.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep_read_until(&self, last: Option<&str>) -> Result<()> {
        self.write(|transaction| put(transaction, "read_until", last.unwrap_or_default()))
    }

    /// Name of who stopped the station, if it is stopped.
    pub fn stopped_by(&self) -> Result<Option<String>> {
        let text = self.read(|connection| get(connection, "stopped"))?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Keeps that the station is stopped (by whom) or released, with the row that says so in the airing log.
    pub fn keep_stopped(&self, id: &str, name: &str, stopped: bool, at: Timestamp) -> Result<()> {
        self.write(|transaction| switched(transaction, (id, name), stopped, at))
    }
}

pub(super) fn switched(
    change: &Change<'_>,
    (id, name): (&str, &str),
    stopped: bool,
    at: Timestamp,
) -> Result<()> {
    put(change, "stopped", if stopped { name } else { "" })?;
    let kind = if stopped { "stop" } else { "resume" };
    super::chain::append(change, at, kind, &serde_json::json!({ "by": id, "name": name }))?;
    Ok(())
}
