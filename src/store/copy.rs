//! Copies of the database: made while it is written to, looked at before anybody trusts them, put in its place.

use super::{Removed, Store, col, restrict, retention, storage, upgrade};
use crate::error::{Error, ErrorKind, Result};
use loaxa_evidence::{Row, Scanner, Trust, hex};
use rusqlite::{Connection, OpenFlags, OptionalExtension, named_params};
use std::fs;
use std::path::Path;

/// Name of the database in a data folder.
pub(super) const FILE: &str = "loaxa.db";
const INTO: &str = "VACUUM INTO :file";
const ROWS: &str = "SELECT row, at, kind, body, prev, hash FROM airing_log WHERE row > :after ORDER BY row";
const ORIGINALS: &str = "SELECT DISTINCT sha256, bytes, title FROM segments GROUP BY sha256 ORDER BY sha256";

/// What a copy of the database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Version of its schema.
    pub version: i64,
    /// Number of the log's last row, and its hash.
    pub head: (i64, String),
    /// The origin of the log's heads.
    pub origin: String,
    /// The recordings that it names: SHA-256, bytes, and the title of one that has it.
    pub originals: Vec<(String, u64, String)>,
}

/// Copies the database of a data folder into a new file, as it is at one moment; whoever writes meanwhile goes on. The copy
/// is on the disk when this returns, and only its owner reads it.
///
/// # Errors
/// When there is no database, it is damaged, or the disk does not take the copy; nothing is left of it then.
pub fn copy_database(data: &Path, file: &Path) -> Result<()> {
    let from = data.join(FILE);
    if !from.exists() {
        let why = format!("{} does not exist; name the data folder of a station (--data)", from.display());
        return Err(Error::unacceptable("no_database", why));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&from, flags).map_err(storage)?;
    super::prepare(&connection)?;
    let copied = match copy_of(&connection, file) {
        // a disk that takes no change is when a backup is wanted most
        Err(error) if error.code == super::FAILING && !file.exists() => {
            super::unwritable::open(&from).and_then(|connection| copy_of(&connection, file))
        }
        copied => copied,
    };
    if copied.is_err() {
        let _ = fs::remove_file(file);
    }
    copied
}

/// The same of an open database.
pub(super) fn copy_of(connection: &Connection, file: &Path) -> Result<()> {
    let name = file.to_str().ok_or_else(|| {
        Error::unacceptable("bad_name", format!("{} is no name in UTF-8; choose another", file.display()))
    })?;
    connection.execute(INTO, named_params! { ":file": name }).map_err(storage)?;
    restrict(file)?;
    fs::File::open(file).and_then(|file| file.sync_all()).map_err(|error| Error::io(file.display(), &error))
}

/// Looks at a copy, whole: every page, every row of the log. Nothing of it changes.
///
/// # Errors
/// `backup_damaged` with what is wrong; `database_too_new` when this program does not know it.
pub fn look_at(file: &Path) -> Result<Held> {
    let damaged = |why: String| {
        Error::unacceptable("backup_damaged", format!("{}: {why}; take another backup", file.display()))
    };
    // immutable: nothing is made beside it
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let connection =
        Connection::open_with_flags(format!("file:{path}?immutable=1"), flags).map_err(storage)?;
    let whole: rusqlite::Result<String> =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    match whole {
        Ok(answer) if answer == "ok" => {}
        Ok(answer) => return Err(damaged(answer)),
        Err(error) => return Err(damaged(error.to_string())),
    }
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(storage)?;
    if version > upgrade::VERSION {
        return Err(Error::new(
            ErrorKind::Conflict,
            "database_too_new",
            format!(
                "{} has version {version}, this program knows {}; restore it with the newer program",
                file.display(),
                upgrade::VERSION
            ),
        ));
    }
    if version < 1 {
        return Err(damaged("it is no database of a station".to_owned()));
    }
    // older versions forgot nothing
    let removed = if version < 7 { None } else { retention::newest(&connection)? };
    let scanner = follow(&connection, removed.as_ref()).map_err(|error| damaged(error.detail))?;
    let (_, row, hash) = scanner.reached().ok_or_else(|| damaged("its airing log is empty".to_owned()))?;
    if !scanner.is_whole() {
        return Err(damaged("its airing log lacks rows that no rule removed".to_owned()));
    }
    let origin =
        scanner.origin().ok_or_else(|| damaged("its airing log does not begin with its name".to_owned()))?;
    let mut statement = connection.prepare(ORIGINALS).map_err(storage)?;
    let originals = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs(), row.get(2)?)))
        .map_err(storage)?;
    let originals = originals.collect::<rusqlite::Result<_>>().map_err(storage)?;
    Ok(Held { version, head: (row, hex(&hash)), origin: origin.to_owned(), originals })
}

/// Follows the chain from its first row, or from the last one that is gone by a rule, to its last.
fn follow(connection: &Connection, removed: Option<&Removed>) -> Result<Scanner> {
    let mut scanner = Scanner::new(&Trust::none());
    if let Some(removed) = removed {
        let line = removed.boundary()?.line();
        scanner.push(line.as_bytes()).map_err(|broken| Error::internal(broken.why))?;
    }
    let mut statement = connection.prepare(ROWS).map_err(storage)?;
    let after = removed.map_or(0, |removed| removed.row);
    let mut rows = statement.query(named_params! { ":after": after }).map_err(storage)?;
    while let Some(row) = rows.next().map_err(storage)? {
        let row = Row {
            row: col(row, 0)?,
            at: col(row, 1)?,
            kind: col(row, 2)?,
            body: col(row, 3)?,
            prev: col(row, 4)?,
            hash: col(row, 5)?,
        };
        let line = row.line().map_err(|error| Error::internal(error.to_string()))?;
        scanner.push(line.as_bytes()).map_err(|broken| {
            Error::internal(format!("row {} of its airing log: {}", broken.row, broken.why))
        })?;
    }
    Ok(scanner)
}

/// Brings everything that was written into the one file, so that the log beside it can go.
///
/// # Errors
/// When the database does not let itself be read: it is damaged.
pub fn settle(data: &Path) -> Result<()> {
    let connection = Connection::open(data.join(FILE)).map_err(storage)?;
    super::prepare(&connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(storage)
}

impl Store {
    /// Whether the log has this row with this hash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_row(&self, row: i64, hash: &str) -> Result<bool> {
        Ok(self.log_hash(row)?.as_deref() == Some(hash))
    }

    /// Writes down that this database came from a backup, and what stood in its place before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_restored(&self, at: jiff::Timestamp, body: &serde_json::Value) -> Result<i64> {
        self.write(|change| super::chain::append(change, at, "restored", body))
    }
}

/// The head of the log of a data folder that may be damaged; None where nothing can be read.
pub fn head_of(data: &Path) -> Option<(i64, String)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(data.join(FILE), flags).ok()?;
    let head = "SELECT row, hash FROM airing_log ORDER BY row DESC LIMIT 1";
    connection.query_row(head, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().ok()?
}
