//! A backup becomes a station's data again. Everything is checked before anything is replaced, and what was replaced stays.

use super::manifest::Manifest;
use super::{DATABASE, KEY, ORIGINALS, copy, hash_of, make_folder, remove};
use crate::airing_log::{key_file, read_key};
use crate::daemon;
use crate::error::{Error, Result};
use crate::intake::{Folders, sync_folder};
use crate::store::{self, Held, Store};
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a restored database is made ready.
const STAGE: &str = "restoring";

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Last row of the log in the backup.
    pub rows: i64,
    /// Number of the row that tells of the restore.
    pub row: i64,
    /// Recordings that are there.
    pub originals: usize,
    /// Titles of recordings that are not: they must be pushed again.
    pub missing: Vec<String>,
    /// Where what was replaced lies; None where there was nothing.
    pub replaced: Option<PathBuf>,
    /// Whether the log goes on with the key that signed it before; otherwise the next start makes another one.
    pub key: bool,
}

/// Restores a backup (its folder), or a lone database such as the copy kept before an upgrade, into a data folder whose daemon
/// does not run.
///
/// # Errors
/// `already_running`; `backup_damaged` with what is wrong, before anything was replaced; or the disk does not let us.
pub fn restore(from: &Path, data: &Path, now: Timestamp) -> Result<Restored> {
    let manifest = Manifest::read(from)?;
    let file = if from.is_dir() { from.join(DATABASE) } else { from.to_owned() };
    let held = check(from, &file, manifest.as_ref())?;
    make_folder(data)?;
    let Some(_lock) = daemon::hold_now(data)? else {
        return Err(Error::unacceptable(
            "already_running",
            format!("a daemon runs this station ({}); end it first: systemctl stop loaxa", data.display()),
        ));
    };
    let folders = Folders::create(data)?;
    let (mut originals, mut missing) = (0, Vec::new());
    for (sha256, _, title) in &held.originals {
        let target = folders.original(sha256);
        let there = hash_of(&target).is_ok_and(|hash| hash == *sha256);
        if there || copy(&from.join(ORIGINALS).join(sha256), &target, sha256)? {
            originals += 1;
        } else {
            missing.push(title.clone());
        }
    }
    sync_folder(&folders.originals)?;
    let before = store::head_of(data);
    let body = json!({
        "from": manifest.as_ref().map_or("database", |_| "backup"), "taken": manifest.as_ref().map(|it| &it.at),
        "row": held.head.0, "hash": held.head.1,
        "replaced": before.as_ref().map(|(row, hash)| json!({ "row": row, "hash": hash })),
    });
    let row = stage(&file, data, now, &body)?;
    let replaced = put_in_place(data, now)?;
    if let Some(aside) = &replaced {
        set_aside(&folders, &held, aside)?;
    }
    let key = restore_key(from, data, &held.origin, replaced.as_deref())?;
    Ok(Restored { rows: held.head.0, row, originals, missing, replaced, key })
}

/// Reads back all of a backup.
///
/// # Errors
/// `backup_damaged` with what is wrong.
pub fn verify(folder: &Path) -> Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    check(folder, &folder.join(DATABASE), manifest.as_ref())?;
    manifest.ok_or_else(|| Error::internal(format!("{} has no manifest", folder.display())))
}

/// Everything in a backup is what its manifest says.
fn check(from: &Path, file: &Path, manifest: Option<&Manifest>) -> Result<Held> {
    let damaged = |why: String| {
        Error::unacceptable("backup_damaged", format!("{}: {why}; take another backup", from.display()))
    };
    if from.is_dir() && manifest.is_none() {
        return Err(damaged("it has no manifest.json: it is no backup, or one that was cut off".to_owned()));
    }
    let beside = PathBuf::from(format!("{}-wal", file.display()));
    if fs::metadata(&beside).is_ok_and(|about| about.len() > 0) {
        return Err(damaged(format!(
            "{} lies beside the database: this is a copy of a data folder, and no backup",
            beside.display()
        )));
    }
    let hash = hash_of(file).map_err(|error| damaged(format!("{}: {error}", file.display())))?;
    if manifest.is_some_and(|manifest| manifest.database != hash) {
        return Err(damaged("the database is not the one that the manifest names".to_owned()));
    }
    let held = store::look_at(file)?;
    let Some(manifest) = manifest else { return Ok(held) };
    if (manifest.rows, &manifest.head) != (held.head.0, &held.head.1) {
        return Err(damaged("the airing log does not end as the manifest says".to_owned()));
    }
    for original in &manifest.originals {
        let path = from.join(ORIGINALS).join(&original.sha256);
        if !hash_of(&path).is_ok_and(|hash| hash == original.sha256) {
            return Err(damaged(format!(
                "the recording {:?} ({}) is damaged",
                original.title, original.sha256
            )));
        }
    }
    Ok(held)
}

/// Makes the database ready beside the one in force: brought up to date, with the row that tells of it, in one file.
fn stage(file: &Path, data: &Path, now: Timestamp, body: &serde_json::Value) -> Result<i64> {
    let stage = data.join(STAGE);
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(|error| Error::io(stage.display(), &error))?;
    }
    make_folder(&stage)?;
    let target = stage.join(DATABASE);
    fs::copy(file, &target).map_err(|error| Error::io(target.display(), &error))?;
    let row = {
        let store = Store::open(&stage, now)?;
        store.note_restored(now, body)?
    };
    store::settle(&stage)?;
    fs::File::open(&target)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::io(target.display(), &error))?;
    sync_folder(&stage)?;
    Ok(row)
}

/// The new database takes the place of the old one in one step; the old one stays under another name.
fn put_in_place(data: &Path, now: Timestamp) -> Result<Option<PathBuf>> {
    let failed = |path: &Path, error: std::io::Error| Error::io(path.display(), &error);
    let current = data.join(DATABASE);
    let mut replaced = None;
    if current.exists() {
        // what is only in the log beside it is brought into it, if it can be read at all
        if let Err(error) = store::settle(data) {
            tracing::warn!(%error, "the database that is replaced is damaged");
        }
        let aside = data.join(format!("replaced-{}", now.strftime("%Y%m%dT%H%M%SZ")));
        make_folder(&aside)?;
        let kept = aside.join(DATABASE);
        remove(&kept)?;
        fs::hard_link(&current, &kept).map_err(|error| failed(&kept, error))?;
        for beside in ["loaxa.db-wal", "loaxa.db-shm"] {
            let file = data.join(beside);
            if file.exists() {
                fs::rename(&file, aside.join(beside)).map_err(|error| failed(&file, error))?;
            }
        }
        sync_folder(&aside)?;
        replaced = Some(aside);
    }
    fs::rename(data.join(STAGE).join(DATABASE), &current).map_err(|error| failed(&current, error))?;
    sync_folder(data)?;
    let stage = data.join(STAGE);
    fs::remove_dir_all(&stage).map_err(|error| failed(&stage, error))?;
    Ok(replaced)
}

/// Originals that the restored database does not name: the next start would remove them.
fn set_aside(folders: &Folders, held: &Held, aside: &Path) -> Result<()> {
    let kept = aside.join(ORIGINALS);
    let failed = |error: std::io::Error| Error::io(kept.display(), &error);
    for file in fs::read_dir(&folders.originals).map_err(failed)?.flatten() {
        if !held.originals.iter().any(|(sha256, ..)| file.file_name() == sha256.as_str()) {
            make_folder(&kept)?;
            fs::rename(file.path(), kept.join(file.file_name())).map_err(failed)?;
        }
    }
    Ok(())
}

/// The backup's key where the station has none; a key of another log goes aside.
fn restore_key(from: &Path, data: &Path, origin: &str, replaced: Option<&Path>) -> Result<bool> {
    let key = key_file(data);
    if key.exists() {
        match read_key(data, origin) {
            Ok(_) => return Ok(true),
            Err(error) if error.code != "station_key_damaged" => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the key that lies there is not used");
                let Some(aside) = replaced else { return Ok(false) };
                fs::rename(&key, aside.join(KEY)).map_err(|error| Error::io(key.display(), &error))?;
            }
        }
    }
    let backed = from.join(KEY);
    if !from.is_dir() || !backed.exists() {
        return Ok(false);
    }
    let secret =
        zeroize::Zeroizing::new(fs::read(&backed).map_err(|error| Error::io(backed.display(), &error))?);
    super::write(&key, &secret)?;
    sync_folder(data)?;
    read_key(data, origin).map(|key| key.is_some())
}
