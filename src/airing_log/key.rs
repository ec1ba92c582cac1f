//! The station's key: made on this board at the first start, in a file that nobody else reads, and wiped from memory after
//! use. Its name is the origin of the log that it signs.

use crate::error::{Error, Result};
use loaxa_evidence::{KeyKind, SigningKey};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Name of the file in the data folder.
const FILE: &str = "station.key";
/// The key that takes its place, until the log says so.
const NEXT: &str = "station.key.next";
/// No key's text is longer.
const LONGEST: u64 = 1_024;

/// Where a station's key lies.
pub fn key_file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Reads the key of this log; None where there is none.
///
/// # Errors
/// When others can read the file, or it holds something else: the key is not used then.
pub fn read_key(data: &Path, origin: &str) -> Result<Option<SigningKey>> {
    read_at(&key_file(data), origin)
}

/// The key that is to take the place of this log's: made, or left by a rotation that was cut.
///
/// # Errors
/// As [`read_key`]; or the disk does not let us.
pub fn next_key(data: &Path, origin: &str) -> Result<SigningKey> {
    let path = data.join(NEXT);
    match read_at(&path, origin)? {
        Some(key) => Ok(key),
        None => make_at(data, &path, origin),
    }
}

/// Puts the next key in the place of the key, when the log announced it (`noted` is what the log says of the station's key).
///
/// # Errors
/// When the disk does not let us.
pub fn finish_rotation(data: &Path, origin: &str, noted: Option<&str>) -> Result<bool> {
    let path = data.join(NEXT);
    let Some(next) = read_at(&path, origin)? else { return Ok(false) };
    if noted != Some(next.public().to_string().as_str()) {
        return Ok(false);
    }
    let failed = |error: std::io::Error| Error::io(path.display(), &error);
    std::fs::rename(&path, key_file(data)).map_err(failed)?;
    std::fs::File::open(data).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(true)
}

fn read_at(path: &Path, origin: &str) -> Result<Option<SigningKey>> {
    let refuse = |code: &'static str, why: String| {
        Error::unacceptable(code, format!("the station's key {}: {why}", path.display()))
    };
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = match std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let why = format!(
                "{error}; only root and the user of the service may read it, and it must be a plain file"
            );
            return Err(refuse("station_key_unreadable", why));
        }
    };
    let about = file.metadata().map_err(|error| Error::io(path.display(), &error))?;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let why = format!(
            "others can read or change it (mode {mode:o}); `chmod 600 {}`. If somebody may have copied it, remove it instead: \
             the next start makes another one and writes that down",
            path.display()
        );
        return Err(refuse("station_key_exposed", why));
    }
    // long enough from the start: a string that grows leaves copies behind
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    (&mut file).take(LONGEST).read_to_string(&mut text).map_err(|error| Error::io(path.display(), &error))?;
    let key = SigningKey::from_secret_text(text.trim_end());
    let damaged = |why: String| {
        refuse(
            "station_key_damaged",
            format!("{why}; restore a backup of it, or remove it: the next start makes another one"),
        )
    };
    let key = key.map_err(|why| damaged(why.to_string()))?;
    if key.public().kind() != KeyKind::Note || key.public().name() != origin {
        return Err(damaged(format!("it is the key of {}, and this is {origin}", key.public().name())));
    }
    Ok(Some(key))
}

/// Reads the key of this log, or makes it.
///
/// # Errors
/// As [`read_key`]; or the disk does not let us.
pub(super) fn read_or_make_key(data: &Path, origin: &str) -> Result<SigningKey> {
    match read_key(data, origin)? {
        Some(key) => Ok(key),
        None => make_at(data, &key_file(data), origin),
    }
}

fn make_at(data: &Path, path: &Path, origin: &str) -> Result<SigningKey> {
    let seed = Zeroizing::new(crate::ids::random::<32>()?);
    let key = SigningKey::from_seed(origin, KeyKind::Note, &seed)
        .map_err(|why| Error::internal(format!("no key of the name {origin:?}: {why}")))?;
    let new = data.join(format!("{FILE}.new"));
    let failed = |error: std::io::Error| Error::io(path.display(), &error);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(key.to_secret_text().as_bytes()).map_err(failed)?;
    file.write_all(b"\n").map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)?;
    std::fs::File::open(data).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "loaxa/00";

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_key(folder.path(), ORIGIN).unwrap().is_none());
        let made = read_or_make_key(folder.path(), ORIGIN).unwrap();
        let mode = std::fs::metadata(key_file(folder.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = read_or_make_key(folder.path(), ORIGIN).unwrap();
        assert_eq!(made.public(), again.public());
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE]);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_another_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        read_or_make_key(folder.path(), ORIGIN).unwrap();
        let path = key_file(folder.path());
        for mode in [0o640, 0o604, 0o620, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = read_or_make_key(folder.path(), ORIGIN).unwrap_err();
            assert_eq!(error.code, "station_key_exposed");
            assert!(error.detail.contains("chmod 600"), "{error}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(read_key(folder.path(), "loaxa/01").unwrap_err().code, "station_key_damaged");
        std::fs::write(&path, text.replace("PRIVATE", "private")).unwrap();
        assert_eq!(read_key(folder.path(), ORIGIN).unwrap_err().code, "station_key_damaged");
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_eq!(read_key(folder.path(), ORIGIN).unwrap_err().code, "station_key_unreadable");
    }
}
