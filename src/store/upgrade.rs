//! Creates the database and brings older ones up to date, in numbered steps inside one transaction.

use super::storage;
use crate::airing_log::chain;
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

const SCHEMA: &str = include_str!("schema.sql");
/// The version that this program writes.
pub(super) const VERSION: i64 = 1;

/// Creates what is not there yet.
///
/// # Errors
/// When the database was written by a newer version, or the disk does not let us.
pub(super) fn bring_up_to_date(connection: &mut Connection, now: Timestamp) -> Result<()> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(storage)?;
    match found {
        VERSION => return Ok(()),
        0 => {
            transaction.execute_batch(SCHEMA).map_err(storage)?;
            let station = crate::ids::hex(&crate::ids::random::<16>()?);
            let body = serde_json::json!({ "format": chain::FORMAT, "log": station });
            super::airings::append(&transaction, now, "log_begins", &body)?;
        }
        newer => {
            return Err(Error::new(
                ErrorKind::Conflict,
                "database_too_new",
                format!(
                    "the database has version {newer}, this program knows {VERSION}; start the newer program, or restore a backup made by this one"
                ),
            ));
        }
    }
    transaction.pragma_update(None, "user_version", VERSION).map_err(storage)?;
    transaction.commit().map_err(storage)
}

#[cfg(test)]
mod tests {
    use crate::store::Store;
    use jiff::Timestamp;

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let connection = rusqlite::Connection::open(folder.path().join("loaxa.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = Store::open(folder.path(), Timestamp::UNIX_EPOCH).err().unwrap();
        assert_eq!(error.code, "database_too_new");
    }

    #[test]
    fn opening_twice_creates_once() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let store = Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        store.check().unwrap();
    }
}
