//! Reads a database whose disk takes no change: SQLite then cannot make the files beside it by which connections agree.

use super::{prepare, storage};
use crate::error::Result;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::Path;

/// Opens a database for one look. Nothing is locked and nothing made: whoever else writes meanwhile is not seen, and the
/// connection must not be kept.
///
/// # Errors
/// When it cannot be read.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // without a log of changes all of it is in the one file; with one, its index is kept in memory, which takes a connection
    // that believes itself alone
    let alone = has_changes(path);
    let how = if alone { "vfs=unix-none" } else { "immutable=1" };
    let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let connection = Connection::open_with_flags(format!("file:{name}?{how}"), flags).map_err(storage)?;
    if alone {
        // before anything is read
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(())).map_err(storage)?;
        // leaves the log of changes as it is, also when the disk takes changes by then
        connection
            .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(storage)?;
    }
    prepare(&connection)?;
    Ok(connection)
}

fn has_changes(path: &Path) -> bool {
    let mut log = OsString::from(path);
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.is_file() && log.len() > 0)
}

#[cfg(test)]
mod tests {
    use crate::error::ErrorKind;
    use crate::store::{FAILING, LogJob, Store};
    use jiff::Timestamp;
    use std::fs;
    use std::path::{Path, PathBuf};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn note() -> [LogJob; 1] {
        [LogJob::Note { kind: "settings", body: serde_json::json!({ "a": 1 }) }]
    }

    /// What lies in a folder.
    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    /// As a power cut, or an orderly end, leaves a database with three rows.
    fn left_behind(orderly: bool) -> tempfile::TempDir {
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(before.path(), NOW).unwrap();
        store.log(NOW, &note()).unwrap();
        store.log(NOW, &note()).unwrap();
        let store = (!orderly).then_some(store);
        for name in ["loaxa.db", "loaxa.db-wal"] {
            let from = before.path().join(name);
            if from.exists() {
                fs::copy(from, after.path().join(name)).unwrap();
            }
        }
        drop(store);
        after
    }

    /// Where the log of changes would be stands what nobody can write to, the superuser neither.
    fn spoil(folder: &Path) -> PathBuf {
        let log = folder.join("loaxa.db-wal");
        fs::create_dir(&log).unwrap();
        log
    }

    #[test]
    fn what_cannot_be_written_is_read_with_its_last_changes_and_left_as_it_is() {
        for orderly in [true, false] {
            let folder = left_behind(orderly);
            assert_eq!(folder.path().join("loaxa.db-wal").exists(), !orderly);
            let before = files(folder.path());
            let connection = super::open(&folder.path().join("loaxa.db")).unwrap();
            let rows =
                connection.query_row("SELECT max(row) FROM airing_log", [], |row| row.get::<_, i64>(0));
            assert_eq!(rows.unwrap(), 3);
            let written = connection.execute("DELETE FROM airing_log", []).unwrap_err();
            assert_eq!(super::storage(written).code, FAILING);
            drop(connection);
            assert_eq!(files(folder.path()), before);
        }
    }

    #[test]
    fn a_store_is_read_until_the_disk_takes_a_change() {
        let folder = left_behind(true);
        let spoilt = spoil(folder.path());
        assert_eq!(Store::open(folder.path(), NOW).err().unwrap().code, FAILING);
        let store = Store::open_or_read(folder.path(), NOW).unwrap();
        assert_eq!(store.refusal(), Some(FAILING));
        assert_eq!(store.log_rows(0, 9).unwrap().len(), 3);
        let refused = store.log(NOW, &note()).unwrap_err();
        assert_eq!((refused.kind, &*refused.code), (ErrorKind::Unavailable, FAILING));
        store.check().unwrap();
        fs::remove_dir(spoilt).unwrap();
        store.log(NOW, &note()).unwrap();
        assert_eq!((store.refusal(), store.log_rows(0, 9).unwrap().len()), (None, 4));
        drop(store);
        assert_eq!(Store::open(folder.path(), NOW).unwrap().log_rows(0, 9).unwrap().len(), 4);
    }

    #[test]
    fn what_cannot_be_read_either_is_refused_for_its_own_reason() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("loaxa.db")).unwrap();
        assert_eq!(Store::open_or_read(folder.path(), NOW).err().unwrap().code, FAILING);
        // of another version: nobody knows what its tables mean
        let folder = left_behind(true);
        let connection = rusqlite::Connection::open(folder.path().join("loaxa.db")).unwrap();
        connection.pragma_update(None, "user_version", 5).unwrap();
        drop(connection);
        spoil(folder.path());
        assert_eq!(Store::open_or_read(folder.path(), NOW).err().unwrap().code, FAILING);
    }
}
