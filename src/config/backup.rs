//! `[backup]`: where the desk's button puts a backup, and how old the last one may be.

use serde::Deserialize;
use std::path::PathBuf;

/// Where the desk's button puts a backup, and how old the last one may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// A folder on another disk, for instance on a USB stick; absolute. Absent: backups are made on the command line alone.
    pub folder: Option<PathBuf>,
    /// Whether the folder may lie on the disk that it is a backup of. For tests: such a backup is lost with the disk.
    pub same_disk: bool,
    /// After so many days without a backup the station says so.
    pub remind_days: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Self { folder: None, same_disk: false, remind_days: 35 }
    }
}

impl Backup {
    /// Every rule that is broken, each with its remedy.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(folder) = self.folder.as_ref().filter(|folder| !folder.is_absolute()) {
            problems.push(format!(
                "backup.folder: {} is no absolute path; write it from the root on, /media/usb/loaxa",
                folder.display()
            ));
        }
        if !(1..=3650).contains(&self.remind_days) {
            problems.push("backup.remind_days must lie between 1 and 3650; write 35".to_owned());
        }
        problems
    }
}
