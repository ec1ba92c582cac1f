//! A backup by a button: the same as `loaxa backup`, into the folder that the configuration names, one at a time.
//!
//! Nobody names a folder over HTTP, and nobody fetches a backup over it: it holds hashes of passwords and the secrets of second
//! factors. The key that signs the log is never in such a one.

use super::{Manifest, take, verify};
use crate::clock::Clock;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::intake::blocking;
use crate::store::{LastBackup, Store};
use jiff::Timestamp;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Written and removed to see whether the folder takes anything.
const PROBE: &str = ".loaxa-probe";

/// Backups of a station, made while it runs.
pub struct Backups {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    data: PathBuf,
    settings: config::Backup,
    state: Mutex<State>,
}

/// What goes on.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Since when one is made, and for whom (their name).
    pub running: Option<(Timestamp, String)>,
    /// When the last one failed, and why; None after one that went well, and after a start.
    pub problem: Option<(Timestamp, Error)>,
}

impl Backups {
    /// Of this data folder.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, data: &Path, settings: &config::Backup) -> Self {
        Self { store, clock, data: data.to_owned(), settings: settings.clone(), state: Mutex::default() }
    }

    /// The folder of the configuration.
    pub fn folder(&self) -> Option<&Path> {
        self.settings.folder.as_deref()
    }

    /// After so many days without one the station says so.
    pub const fn remind_days(&self) -> u32 {
        self.settings.remind_days
    }

    /// What goes on.
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What lies in the folder now; None where the folder is not there, or holds none.
    ///
    /// # Errors
    /// `backup_damaged`, `backup_unknown`, and those of the disk.
    pub fn there(&self) -> Result<Option<Manifest>> {
        self.folder().map_or(Ok(None), Manifest::read)
    }

    /// Whole days since the last one that was made here; None where there was none, or the clock says nothing about it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last(&self) -> Result<Option<(LastBackup, i64)>> {
        let now = self.clock.now().wall;
        let last = self.store.last_backup()?;
        Ok(last.map(|last| {
            let days = now.duration_since(last.at).as_hours().div_euclid(24).max(0);
            (last, days)
        }))
    }

    /// Begins one, for a person (identity and name), and returns at once. It goes on whoever waits for it.
    ///
    /// # Errors
    /// `backup_not_configured`, `backup_folder_missing`, `backup_same_disk`, `backup_folder_closed`, `backup_running`.
    pub fn begin(self: &Arc<Self>, by: (String, String)) -> Result<()> {
        let folder = self.ready()?;
        let at = self.clock.now().wall;
        {
            let mut state = self.lock();
            if let Some((_, name)) = &state.running {
                let detail = format!("a backup is being made for {name}; wait until it is done");
                return Err(Error::new(ErrorKind::Conflict, "backup_running", detail)
                    .vi(format!("Đang sao lưu ({name} vừa bấm). Hãy đợi xong.")));
            }
            state.running = Some((at, by.1.clone()));
        }
        let backups = Arc::clone(self);
        tokio::spawn(async move {
            let maker = Arc::clone(&backups);
            let made = blocking(move || maker.make(&folder, &by, at)).await;
            if let Err(error) = &made {
                tracing::error!(%error, "a backup could not be made");
            }
            let problem = made.err().map(|error| (backups.clock.now().wall, error));
            *backups.lock() = State { running: None, problem };
        });
        Ok(())
    }

    /// The folder, where a backup can be put into it.
    fn ready(&self) -> Result<PathBuf> {
        let folder = self.folder().ok_or_else(not_configured)?;
        let about = fs::metadata(folder).ok().filter(fs::Metadata::is_dir).ok_or_else(missing)?;
        let own = fs::metadata(&self.data).map_err(|error| Error::io(self.data.display(), &error))?;
        if about.dev() == own.dev() && !self.settings.same_disk {
            return Err(same_disk());
        }
        let probe = folder.join(PROBE);
        let tried = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
        tried.map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => closed(),
            _ => Error::io(folder.display(), &error),
        })?;
        Ok(folder.to_owned())
    }

    /// Makes it, reads back all of it, and writes down that it was made.
    fn make(&self, folder: &Path, by: &(String, String), at: Timestamp) -> Result<()> {
        take(&self.data, folder, false, at)?;
        let manifest = verify(folder)?;
        let last = LastBackup {
            at,
            by: by.1.clone(),
            verified: self.clock.now().wall,
            rows: manifest.rows,
            head: manifest.head.clone(),
            database: manifest.database.clone(),
            recordings: manifest.originals.len(),
            missing: manifest.missing.len(),
        };
        self.store.keep_backup(&last, &by.0)?;
        tracing::info!(
            rows = last.rows,
            recordings = last.recordings,
            missing = last.missing,
            "a backup was made"
        );
        Ok(())
    }
}

fn not_configured() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "backup_not_configured",
        "no folder is configured for backups; name one on another disk under [backup] folder and restart the station, or run loaxa backup",
    )
    .vi("Đài chưa được cấu hình nơi sao lưu. Hãy nhờ kỹ thuật viên đặt thư mục sao lưu (USB) rồi khởi động lại đài.")
}

fn missing() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "backup_folder_missing",
        "the folder of [backup] is not there; plug the disk in, make the folder on it, and restart the station",
    )
    .vi("Không thấy thư mục sao lưu. Hãy cắm USB sao lưu vào máy của đài; nếu vẫn không được, hãy khởi động lại đài.")
}

fn same_disk() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "backup_same_disk",
        "the folder of [backup] lies on the disk that holds the station's data, and would be lost with it; plug the other disk in and mount it there",
    )
    .vi("Thư mục sao lưu đang nằm cùng thẻ nhớ với dữ liệu của đài: thẻ hỏng là mất cả hai. Hãy cắm USB sao lưu rồi thử lại.")
}

fn closed() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "backup_folder_closed",
        "the folder of [backup] cannot be written; it must belong to the station's user, be there when the station starts, and be among ReadWritePaths= of its unit",
    )
    .vi("Đài không ghi được vào thư mục sao lưu. Hãy cắm USB rồi khởi động lại đài; nếu vẫn không được, hãy báo kỹ thuật viên.")
}

/// Whether the station is to say that it is time for one; None where it is not.
pub fn due(days: Option<i64>, remind_days: u32) -> Option<(String, String)> {
    match days {
        None => Some((
            "Đài chưa được sao lưu lần nào. Hãy cắm USB và bấm Sao lưu trong phần Thiết lập.".to_owned(),
            "No backup was ever made. Plug the disk in and make one in the settings.".to_owned(),
        )),
        Some(days) if days >= i64::from(remind_days) => Some((
            format!("Đã {days} ngày chưa sao lưu. Hãy cắm USB và bấm Sao lưu trong phần Thiết lập."),
            format!("The last backup is {days} days old. Plug the disk in and make one in the settings."),
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, Trust};

    /// Files below it are the kernel's: nobody makes one there, root neither.
    const OF_THE_KERNEL: &str = "/sys/kernel";

    #[test]
    fn a_folder_that_takes_nothing_is_refused_and_nothing_is_begun() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let store = Arc::new(Store::open(&data, Timestamp::UNIX_EPOCH).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(Trust::Always));
        let refusal = |folder: &Path, same_disk| {
            let settings =
                config::Backup { folder: Some(folder.to_owned()), same_disk, ..Default::default() };
            let backups = Arc::new(Backups::new(Arc::clone(&store), Arc::clone(&clock), &data, &settings));
            let refused = backups.begin(("i".to_owned(), "Quản trị".to_owned())).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Conflict, "{refused}");
            assert!(refused.detail_vi.is_some(), "{refused}");
            assert!(backups.state().running.is_none() && backups.state().problem.is_none());
            refused.code
        };
        let (file, gone) = (home.path().join("file"), home.path().join("gone"));
        fs::write(&file, "").unwrap();
        for folder in [&file, &gone] {
            assert_eq!(refusal(folder, true), "backup_folder_missing", "{}", folder.display());
        }
        assert_eq!(refusal(home.path(), false), "backup_same_disk");
        if Path::new(OF_THE_KERNEL).is_dir() {
            assert_eq!(refusal(Path::new(OF_THE_KERNEL), false), "backup_folder_closed");
        }
        assert!(store.last_backup().unwrap().is_none());
    }

    #[test]
    fn it_is_time_for_one_after_so_many_days_or_where_there_never_was_one() {
        let says = |days| due(days, 35).map(|(_, en)| en);
        assert!(says(None).unwrap().contains("ever"));
        assert_eq!((says(Some(0)), says(Some(34))), (None, None));
        assert!(says(Some(35)).unwrap().contains("35 days"));
    }
}
