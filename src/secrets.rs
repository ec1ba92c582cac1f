//! Files that nobody but the daemon's user may read: looked at before anything is opened.
//!
//! The database is put right: what others could read of it are hashes, and the log says that they could. A private key that
//! others can read is not used at all, by whoever reads it (`tls`, `airing_log`): it may be known to somebody.

use crate::web::Warning;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// The database and what SQLite keeps beside it.
const DATABASE: [&str; 3] = ["loaxa.db", "loaxa.db-wal", "loaxa.db-shm"];
/// Readable and writable by its owner.
const OURS: u32 = 0o600;
/// Reading, writing or running by anybody else.
const OTHERS: u32 = 0o077;
/// Writing by anybody else.
const OTHERS_WRITE: u32 = 0o022;
/// What lies in the folder can be replaced by its owner only.
const STICKY: u32 = 0o1000;

/// What this process makes from here on is its user's alone, whatever mask it was started with.
pub fn keep_to_ourselves() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(OTHERS));
}

/// Makes the data folder where there is none, and looks who else gets at what lies in it. What could not be put right is
/// what people must know.
pub fn look(data: &Path) -> Vec<Warning> {
    // whoever opens it says why it cannot be made
    let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    let mut warnings: Vec<Warning> = DATABASE.iter().filter_map(|name| mend(&data.join(name))).collect();
    if mode(data).is_some_and(|mode| mode & OTHERS_WRITE != 0 && mode & STICKY == 0) {
        warnings.push(Warning {
            code: "data_folder_open",
            vi: format!(
                "Tài khoản khác trên máy có thể thay thế dữ liệu của đài. Hãy chạy: chmod go-w {}",
                data.display()
            ),
            en: format!(
                "Other accounts of this machine can replace the station's data: chmod go-w {}",
                data.display()
            ),
        });
    }
    warnings
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|about| about.permissions().mode() & 0o7777)
}

/// Takes a file away from everybody else.
fn mend(file: &Path) -> Option<Warning> {
    let before = mode(file).filter(|mode| mode & OTHERS != 0)?;
    match std::fs::set_permissions(file, std::fs::Permissions::from_mode(OURS)) {
        Ok(()) => {
            tracing::warn!(
                file = %file.display(),
                mode = format_args!("{before:o}"),
                "others could read the database, with the hashes of every password and token; its mode is 600 again"
            );
            None
        }
        Err(error) => {
            tracing::error!(file = %file.display(), %error, "others can read the database");
            Some(Warning {
                code: "database_readable",
                vi: format!(
                    "Tài khoản khác trên máy đọc được cơ sở dữ liệu. Hãy chạy: chmod 600 {}",
                    file.display()
                ),
                en: format!(
                    "Other accounts of this machine can read the database: chmod 600 {}",
                    file.display()
                ),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_database_that_others_can_read_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        for (name, before) in [("loaxa.db", 0o644), ("loaxa.db-wal", 0o660), ("loaxa.db-shm", 0o604)] {
            std::fs::write(folder.path().join(name), "").unwrap();
            set(&folder.path().join(name), before);
        }
        assert!(look(folder.path()).is_empty());
        for name in DATABASE {
            assert_eq!(mode(&folder.path().join(name)), Some(0o600), "{name}");
        }
    }

    #[test]
    fn a_folder_in_which_others_may_write_is_said_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for (mode_of, said) in [(0o700, false), (0o755, false), (0o777, true), (0o770, true), (0o1777, false)]
        {
            set(folder.path(), mode_of);
            let warnings = look(folder.path());
            assert_eq!(!warnings.is_empty(), said, "{mode_of:o}");
            assert!(warnings.iter().all(|it| it.code == "data_folder_open" && it.vi.contains("chmod go-w")));
            assert_eq!(mode(folder.path()), Some(mode_of));
        }
    }

    #[test]
    fn a_new_folder_is_ours_alone() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("a/data");
        assert!(look(&data).is_empty());
        assert_eq!(mode(&data), Some(0o700));
    }
}
