//! Facts about the board itself.

use super::{Change, Store, storage, time};
use crate::error::Result;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

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

impl Store {
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
    super::airings::append(change, at, kind, &serde_json::json!({ "by": id, "name": name }))?;
    Ok(())
}
