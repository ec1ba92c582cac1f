//! Everything that is kept: the database, and nothing else of the house knows that it is SQLite.
//!
//! One connection writes, behind a lock; others read what is committed. `synchronous=FULL` in WAL mode: what a call
//! returned from survives a power cut.

mod airings;
mod airtime;
mod approval;
mod chain;
mod copy;
mod documents;
mod emergencies;
mod heads;
mod history;
mod idempotency;
mod identities;
mod orders;
mod prepared;
mod publishers;
mod retention;
mod search;
mod second_factor;
mod segments;
mod sessions;
mod station;
mod unwritable;
mod upgrade;

pub use airings::{Airing, AiringFilter, LogJob, OpenRow};
pub use airtime::{AirtimeFilter, AirtimeRow, Whose};
pub(crate) use approval::require_editable;
pub use approval::{Approval, Approvals, Decision, Ruling, digest, text_hash};
pub use chain::LogRow;
pub use copy::{Held, copy_database, head_of, look_at, settle};
pub use documents::{Document, DocumentKind, Stored};
pub use emergencies::{Emergency, EmergencySlot};
pub use history::Asked;
pub use idempotency::Remembered;
pub use identities::{Identity, IdentityKind, NewIdentity, PersonChange};
pub use orders::{KeptOrder, Leave};
pub(crate) use orders::{replayed, usable};
pub use prepared::{PreparedSound, Sound, Waveforms};
pub use publishers::{NewPublisher, Publisher};
pub use retention::{Removable, Removed};
pub use second_factor::SecondFactor;
pub(crate) use segments::standing_of;
pub use segments::{NewSegment, SegmentFilter, SegmentRecord, Spoken, kept, made_from};
pub use sessions::{ListedSession, NewSession};
pub use station::LastBackup;

use crate::clock::{Clock, boot_id};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long a call waits for another process (`loaxa user add` beside the daemon) to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// The disk is full.
pub const FULL: &str = "storage_full";
/// The disk is read-only, or fails.
pub const FAILING: &str = "storage_failing";
/// Read connections kept for the next reader; more are opened when needed and closed after.
const IDLE_READERS: usize = 4;

/// The station's database.
pub struct Store {
    path: PathBuf,
    /// None until the disk of a store that was opened unwritable takes a change.
    writer: Mutex<Option<Connection>>,
    /// Whether there is a writer.
    writable: AtomicBool,
    readers: Mutex<Vec<Connection>>,
    /// None while only tests write.
    stamp: OnceLock<Stamp>,
    /// Whose word a recording needs; an approver's while nobody said.
    orders: OnceLock<crate::config::Orders>,
    /// With which code the disk refused the last change.
    refusal: Mutex<Option<&'static str>>,
}

/// What every new row of the airing log says of the moment in which it was written.
struct Stamp {
    /// The kernel's name for this boot.
    boot: Option<String>,
    clock: Arc<dyn Clock>,
}

/// One change: a transaction, and what the rows say that it appends to the airing log.
pub(crate) struct Change<'a> {
    transaction: Transaction<'a>,
    stamp: Option<&'a Stamp>,
}

impl<'a> Deref for Change<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl Store {
    /// Opens the database of a data folder, creates or upgrades it, and checks that it is whole.
    ///
    /// # Errors
    /// When the folder cannot be written, the file is damaged, or it was written by a newer version.
    pub fn open(data: &Path, now: Timestamp) -> Result<Self> {
        std::fs::create_dir_all(data)
            .map_err(|error| Error::io(format!("data folder {}", data.display()), &error))?;
        let path = data.join(copy::FILE);
        let writer = open_writer(&path, data, Some(now))?;
        Ok(Self::with(path, Some(writer)))
    }

    /// The same; a database that the disk lets nobody write is read as it stands, the log of its last changes included. Each
    /// change is refused then, and tries first whether the disk takes it by now.
    ///
    /// # Errors
    /// As [`Store::open`]; when it cannot be read either, or was not brought up to date for this version.
    pub fn open_or_read(data: &Path, now: Timestamp) -> Result<Self> {
        let error = match Self::open(data, now) {
            Err(error) if [FULL, FAILING].contains(&&*error.code) => error,
            done => return done,
        };
        let store = Self::with(data.join(copy::FILE), None);
        if !store.read(upgrade::is_up_to_date).is_ok_and(|known| known) {
            return Err(error);
        }
        store.note_refusal(&error);
        Ok(store)
    }

    fn with(path: PathBuf, writer: Option<Connection>) -> Self {
        Self {
            path,
            writable: AtomicBool::new(writer.is_some()),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            stamp: OnceLock::new(),
            orders: OnceLock::new(),
            refusal: Mutex::new(None),
        }
    }

    /// From now on each new row of the airing log says in which boot of the board it was written, and how far its clock was
    /// to be trusted.
    pub fn stamp_rows(&self, clock: Arc<dyn Clock>) {
        // set once: who asks again has the same board
        let _ = self.stamp.set(Stamp { boot: boot_id(), clock });
    }

    /// Runs one change as one transaction that is durable when this returns.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Change<'_>) -> Result<T>) -> Result<T> {
        let done = self.try_write(change);
        match &done {
            Ok(_) => *lock(&self.refusal) = None,
            Err(error) => self.note_refusal(error),
        }
        done
    }

    fn note_refusal(&self, error: &Error) {
        if let Some(code) = [FULL, FAILING].into_iter().find(|code| error.code == *code) {
            *lock(&self.refusal) = Some(code);
        }
    }

    fn try_write<T>(&self, change: impl FnOnce(&Change<'_>) -> Result<T>) -> Result<T> {
        let mut kept = lock(&self.writer);
        let writer = match &mut *kept {
            Some(writer) => writer,
            none => none.insert(self.begin_writing()?),
        };
        let done = self.write_with(writer, change);
        if done.as_ref().is_err_and(|error| error.code == FAILING) && takes_changes(writer).is_err() {
            // opened while the disk took nothing: it stays so, whatever the disk does
            *kept = None;
            lock(&self.readers).clear();
        }
        done
    }

    fn write_with<T>(
        &self,
        writer: &mut Connection,
        change: impl FnOnce(&Change<'_>) -> Result<T>,
    ) -> Result<T> {
        let transaction =
            writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        let change_of = Change { transaction, stamp: self.stamp.get() };
        let value = change(&change_of)?;
        change_of.transaction.commit().map_err(storage)?;
        Ok(value)
    }

    /// The disk may take changes by now.
    fn begin_writing(&self) -> Result<Connection> {
        let data = self.path.parent().unwrap_or(Path::new("."));
        // not brought up to date: it is, or it had not been opened
        let writer = open_writer(&self.path, data, None)?;
        self.writable.store(true, Ordering::SeqCst);
        tracing::warn!("the disk takes changes again");
        Ok(writer)
    }

    /// Runs a read on a connection of its own.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        if !self.writable.load(Ordering::SeqCst) {
            return query(&unwritable::open(&self.path)?);
        }
        let pooled = lock(&self.readers).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        let value = query(&connection);
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        value
    }

    fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(storage)?;
        prepare(&connection)?;
        Ok(connection)
    }

    /// Says whether the database file is whole (`PRAGMA integrity_check`), and each row of the airing log there that no rule removed.
    ///
    /// # Errors
    /// With the first damage found.
    pub fn check(&self) -> Result<()> {
        self.read(|connection| self.is_whole(connection))
    }

    /// The same, without what other readers hold of it in memory.
    ///
    /// # Errors
    /// With the first damage found.
    pub fn check_afresh(&self) -> Result<()> {
        if !self.writable.load(Ordering::SeqCst) {
            return self.check();
        }
        self.is_whole(&self.open_reader()?)
    }

    fn is_whole(&self, connection: &Connection) -> Result<()> {
        let answer: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(storage)?;
        let answer = match answer.as_str() {
            "ok" => match retention::missing(connection)? {
                None => return Ok(()),
                Some(missing) => missing,
            },
            _ => answer,
        };
        Err(Error::internal(format!("the database {} is damaged: {answer}", self.path.display())))
    }

    /// The code of the error with which the disk refused the last change; None when it took it.
    pub fn refusal(&self) -> Option<&'static str> {
        *lock(&self.refusal)
    }
}

/// The connection that writes; `now` of a database that may have to be made or brought up to date.
fn open_writer(path: &Path, data: &Path, now: Option<Timestamp>) -> Result<Connection> {
    let mut writer = Connection::open(path).map_err(storage)?;
    prepare(&writer)?;
    writer.pragma_update(None, "journal_mode", "WAL").map_err(storage)?;
    writer.pragma_update(None, "synchronous", "FULL").map_err(storage)?;
    writer.pragma_update(None, "foreign_keys", true).map_err(storage)?;
    // what is sorted on the disk, for every connection: no other folder is the daemon's
    // the first that is refused on a disk that takes nothing
    writer
        .pragma_update(None, "temp_store_directory", data.to_string_lossy())
        .map_err(Error::storage_failing)?;
    restrict(path)?;
    takes_changes(&writer)?;
    if let Some(now) = now {
        upgrade::keep_before(&writer, data);
        upgrade::bring_up_to_date(&mut writer, now)?;
    }
    Ok(writer)
}

/// SQLite opens what it may not write for reading, and says so only when it is to write.
fn takes_changes(writer: &Connection) -> Result<()> {
    if writer.is_readonly(rusqlite::MAIN_DB).map_err(storage)? {
        return Err(Error::storage_failing("the database was opened for reading only"));
    }
    writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(storage)
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY).map_err(storage)?;
    // a board has 256 MB: 1 MiB of pages a connection is plenty for these tables
    connection.pragma_update(None, "cache_size", -1024).map_err(storage)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Only the daemon's user reads the database: it holds hashes of secrets.
fn restrict(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |error: std::io::Error| Error::io(path.display(), &error);
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o777 == 0o600 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // a panic while the lock was held rolled its transaction back: the connection is still good
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What SQLite says, as one of ours.
pub(crate) fn storage(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::storage_full("the database"),
        // CannotOpen: of the files beside the database, which a disk that takes nothing does not let it make
        Some(ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            Error::storage_failing(error)
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::new(
            ErrorKind::Unavailable,
            "database_busy",
            "another process holds the station's database for more than 5 s; try again",
        ),
        _ => Error::internal(format!("database: {error}")),
    }
}

/// One column of a row.
pub(crate) fn col<T: rusqlite::types::FromSql>(row: &rusqlite::Row<'_>, index: usize) -> Result<T> {
    row.get(index).map_err(storage)
}

/// A time as the database keeps it; years outside 1678-2262 are cut to the ends of that range.
pub(crate) fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(if time > Timestamp::UNIX_EPOCH {
        i64::MAX
    } else {
        i64::MIN
    })
}

pub(crate) fn time(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal(format!("cannot be written as JSON: {error}")))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::internal(format!("{what} in the database cannot be read ({error}); restore a backup"))
    })
}
