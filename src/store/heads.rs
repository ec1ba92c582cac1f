//! Signed heads of the airing log, as they are kept for auditors: each a note with the signatures that it has.

use super::{Store, nanos, station, storage, time};
use crate::airing_log::chain;
use crate::error::{Error, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde_json::{Value, json};

const HEAD: &str = "SELECT row, hash FROM airing_log ORDER BY row DESC LIMIT 1";
/// Also that of the last row that retention removed.
const HASH: &str = "SELECT hash FROM airing_log WHERE row = :row
                    UNION SELECT hash FROM boundaries WHERE row = :row";
const FIRST: &str = "SELECT body FROM airing_log WHERE row = 1";
const KEPT: &str = "SELECT note FROM heads WHERE row = :row";
const KEEP: &str = "INSERT INTO heads (row, note, kept_at) VALUES (:row, :note, :at)
                    ON CONFLICT (row) DO UPDATE SET note = excluded.note";
const KEEP_NEW: &str = "INSERT OR IGNORE INTO heads (row, note, kept_at) VALUES (:row, :note, :at)";
const BETWEEN: &str = "SELECT note FROM heads WHERE row BETWEEN :from AND :to ORDER BY row";
const NEWEST: &str = "SELECT row, kept_at FROM heads ORDER BY row DESC LIMIT 1";
/// The fact that names the station's public key.
const KEY: &str = "key";

pub(super) fn kept(connection: &Connection, row: i64) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(KEPT).map_err(storage)?;
    statement.query_row(named_params! { ":row": row }, |found| found.get(0)).optional().map_err(storage)
}

/// Keeps this note of the head at this row, in the place of the one that is there.
pub(super) fn keep(connection: &Connection, row: i64, note: &str, at: Timestamp) -> Result<()> {
    let parameters = named_params! { ":row": row, ":note": note, ":at": nanos(at) };
    connection.execute(KEEP, parameters).map_err(storage)?;
    Ok(())
}

impl Store {
    /// Number and hash of the last row; row 0 and its hash before there is one.
    pub fn log_head(&self) -> Result<(i64, String)> {
        self.read(|connection| {
            let head = connection.query_row(HEAD, [], |row| Ok((row.get(0)?, row.get(1)?)));
            let head = head.optional().map_err(storage)?;
            Ok(head.unwrap_or_else(|| (0, chain::BEFORE_THE_FIRST.to_owned())))
        })
    }

    /// The hash of a row; None of one that the log does not have.
    pub fn log_hash(&self, row: i64) -> Result<Option<String>> {
        self.read(|connection| {
            connection
                .query_row(HASH, named_params! { ":row": row }, |found| found.get(0))
                .optional()
                .map_err(storage)
        })
    }

    /// The identifier that the log's first row gives it, or the boundary where that row is gone.
    pub fn log_identifier(&self) -> Result<String> {
        let (body, removed) = self.read(|connection| {
            let body: Option<String> =
                connection.query_row(FIRST, [], |row| row.get(0)).optional().map_err(storage)?;
            Ok((body, super::retention::newest(connection)?))
        })?;
        let body: Value = body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
        let log = body["log"].as_str().or_else(|| removed.as_ref()?.log());
        log.map(str::to_owned).ok_or_else(|| {
            Error::internal("the airing log does not begin with the row that names it; restore a backup")
        })
    }

    /// The note that is kept of the head at this row.
    pub fn kept_head(&self, row: i64) -> Result<Option<String>> {
        self.read(|connection| kept(connection, row))
    }

    /// The notes that are kept of heads in this range of rows, both ends included.
    pub fn kept_heads(&self, from: i64, to: i64) -> Result<Vec<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(BETWEEN).map_err(storage)?;
            let rows = statement
                .query_map(named_params! { ":from": from, ":to": to }, |row| row.get(0))
                .map_err(storage)?;
            rows.collect::<rusqlite::Result<_>>().map_err(storage)
        })
    }

    /// Row of the newest head that is kept, and since when.
    pub fn newest_head(&self) -> Result<Option<(i64, Timestamp)>> {
        self.read(|connection| {
            let found = connection.query_row(NEWEST, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
            Ok(found.optional().map_err(storage)?.map(|(row, at)| (row, time(at))))
        })
    }

    /// Keeps a note of the head at this row, unless there is one.
    pub fn keep_head(&self, row: i64, note: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let parameters = named_params! { ":row": row, ":note": note, ":at": nanos(at) };
            transaction.execute(KEEP_NEW, parameters).map_err(storage)?;
            Ok(())
        })
    }

    /// Keeps what `add` makes of the note that is kept of this head, with the row that says so in the airing log. When `add`
    /// finds nothing new (None), nothing is written; whether something was.
    pub fn add_to_head(
        &self,
        row: i64,
        at: Timestamp,
        body: &Value,
        add: impl FnOnce(Option<String>) -> Result<Option<String>>,
    ) -> Result<bool> {
        self.write(|transaction| {
            let Some(note) = add(kept(transaction, row)?)? else { return Ok(false) };
            keep(transaction, row, &note, at)?;
            super::chain::append(transaction, at, "witness", body)?;
            Ok(true)
        })
    }

    /// The station's public key, as the log says it.
    pub fn noted_key(&self) -> Result<Option<String>> {
        self.read(|connection| station::get(connection, KEY))
    }

    /// Announces that another key takes the place of the station's: `announce` is given the log's head, number and hash, and
    /// gives the note by which both keys say so.
    ///
    /// # Errors
    /// What `announce` says; or the database refuses.
    pub fn rotate_key(
        &self,
        (old, new): (&str, &str),
        at: Timestamp,
        announce: impl FnOnce(i64, &str) -> Result<String>,
    ) -> Result<i64> {
        self.write(|transaction| {
            let (row, hash): (i64, String) =
                transaction.query_row(HEAD, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(storage)?;
            let note = announce(row, &hash)?;
            station::put(transaction, KEY, new)?;
            let body = json!({ "what": "rotated", "key": new, "before": old, "note": note });
            super::chain::append(transaction, at, "key", &body)
        })
    }

    /// Notes the station's public key, with a row in the airing log when it is another than before.
    pub fn note_key(&self, key: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let before = station::get(transaction, KEY)?;
            if before.as_deref() == Some(key) {
                return Ok(());
            }
            station::put(transaction, KEY, key)?;
            let what = if before.is_none() { "made" } else { "replaced" };
            super::chain::append(
                transaction,
                at,
                "key",
                &json!({ "what": what, "key": key, "before": before }),
            )?;
            Ok(())
        })
    }

    /// Notes what the configuration file says, as hashes, with a row in the airing log when something of it changed:
    /// `before` and now are compared by `changes`, which gives the row's body. Whether there was a row.
    pub fn note_configuration(
        &self,
        now: &str,
        at: Timestamp,
        changes: impl FnOnce(Option<&str>) -> Option<Value>,
    ) -> Result<bool> {
        self.write(|transaction| {
            let before = station::get(transaction, "configuration")?;
            let Some(body) = changes(before.as_deref()) else { return Ok(false) };
            station::put(transaction, "configuration", now)?;
            super::chain::append(transaction, at, "settings", &body)?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn heads_are_kept_once_and_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), NOW).unwrap();
        let (row, hash) = store.log_head().unwrap();
        assert_eq!((row, store.log_hash(1).unwrap()), (1, Some(hash)));
        assert_eq!(store.log_hash(2).unwrap(), None);
        assert_eq!(store.log_identifier().unwrap().len(), 32);
        assert_eq!(store.newest_head().unwrap(), None);
        store.keep_head(1, "a", NOW).unwrap();
        store.keep_head(1, "b", NOW).unwrap();
        assert_eq!(store.kept_head(1).unwrap().as_deref(), Some("a"));
        let body = json!({ "what": "countersigned" });
        assert!(store.add_to_head(1, NOW, &body, |kept| Ok(kept.map(|note| note + "c"))).unwrap());
        assert!(!store.add_to_head(1, NOW, &body, |_| Ok(None)).unwrap());
        assert_eq!(store.kept_heads(1, 1).unwrap(), ["ac"]);
        assert_eq!(store.kept_heads(2, 9).unwrap(), Vec::<String>::new());
        assert_eq!(store.newest_head().unwrap(), Some((1, NOW)));
        let rows = store.log_rows(1, 10).unwrap();
        assert_eq!(rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(), ["witness"]);
    }

    #[test]
    fn a_key_is_noted_when_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), NOW).unwrap();
        for key in ["a", "a", "b", "b"] {
            store.note_key(key, NOW).unwrap();
        }
        let bodies: Vec<String> = store.log_rows(1, 10).unwrap().into_iter().map(|row| row.body).collect();
        assert_eq!(
            bodies,
            [r#"{"before":null,"key":"a","what":"made"}"#, r#"{"before":"a","key":"b","what":"replaced"}"#]
        );
    }
}
