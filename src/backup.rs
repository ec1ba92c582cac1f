//! A station's data, copied while it runs, and put back.
//!
//! A backup is a folder: `manifest.json`, `loaxa.db`, `originals/` by hash and, only when it was asked for, `station.key`.
//! Prepared sound is not in it: it is made from the originals. The manifest is written last, so that a folder without one is
//! no backup. Taking another backup into the same folder copies only what is new.

pub mod button;
mod manifest;
mod restore;

pub use manifest::Manifest;
pub use restore::{Restored, restore, verify};

use crate::airing_log::key_file;
use crate::error::{Error, Result};
use crate::intake::{Folders, sync_folder};
use crate::store;
use jiff::Timestamp;
use manifest::{MANIFEST, Original};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Read at a time.
const PIECE: usize = 64 << 10;
/// Name of the database in a backup, as in a data folder.
const DATABASE: &str = "loaxa.db";
/// Name of the folder of originals in a backup.
const ORIGINALS: &str = "originals";
/// Name of the station's key in a backup.
const KEY: &str = "station.key";

/// Takes a backup of a data folder, whether or not its daemon runs. What the station cannot give (an original that is gone
/// or damaged) is named in the manifest.
///
/// # Errors
/// When the folder holds something else, the database is damaged, or there is no room; what was there before stays as it
/// was.
pub fn take(data: &Path, to: &Path, with_key: bool, now: Timestamp) -> Result<Manifest> {
    let before = Manifest::read(to)?;
    if before.is_none()
        && to.exists()
        && fs::read_dir(to).map_err(|error| Error::io(to.display(), &error))?.next().is_some()
    {
        return Err(Error::unacceptable(
            "not_empty",
            format!(
                "{} holds something that is no backup; name an empty folder, or one of a backup",
                to.display()
            ),
        ));
    }
    make_folder(to)?;
    make_folder(&to.join(ORIGINALS))?;
    let (new, database) = (to.join("loaxa.db.new"), to.join(DATABASE));
    remove(&new)?;
    store::copy_database(data, &new)?;
    let held = store::look_at(&new)?;
    if let Some(before) = &before
        && before.origin != held.origin
    {
        remove(&new)?;
        return Err(Error::unacceptable(
            "other_station",
            format!(
                "{} is a backup of {}, and this is {}; name another folder",
                to.display(),
                before.origin,
                held.origin
            ),
        ));
    }
    let folders = Folders::within(data);
    let (mut originals, mut missing) = (Vec::new(), Vec::new());
    for (sha256, bytes, title) in held.originals {
        let target = to.join(ORIGINALS).join(&sha256);
        let original = Original { sha256, bytes, title };
        if hash_of(&target).is_ok_and(|hash| hash == original.sha256)
            || copy(&folders.original(&original.sha256), &target, &original.sha256)?
        {
            originals.push(original);
        } else {
            missing.push(original);
        }
    }
    sync_folder(&to.join(ORIGINALS))?;
    let key = key_file(data);
    let has_key = with_key && key.exists();
    let manifest = Manifest {
        format: manifest::FORMAT.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        at: now.to_string(),
        schema: held.version,
        origin: held.origin,
        rows: held.head.0,
        head: held.head.1,
        database: hash_of(&new).map_err(|error| Error::io(new.display(), &error))?,
        originals,
        missing,
        key: has_key,
    };
    // from here until the new manifest is there it is no backup: better than one that says what is not so
    remove(&to.join(MANIFEST))?;
    sync_folder(to)?;
    fs::rename(&new, &database).map_err(|error| Error::io(database.display(), &error))?;
    if has_key {
        let secret =
            zeroize::Zeroizing::new(fs::read(&key).map_err(|error| Error::io(key.display(), &error))?);
        write(&to.join(KEY), &secret)?;
    } else {
        remove(&to.join(KEY))?;
    }
    manifest.write(to)?;
    Ok(manifest)
}

fn make_folder(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::io(folder.display(), &error))
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(file.display(), &error)),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner reads; it is on the disk when this returns.
fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(file.display(), &error);
    remove(file)?;
    let mut open =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    open.write_all(bytes).and_then(|()| open.sync_all()).map_err(failed)
}

/// SHA-256 of a file, hexadecimal.
fn hash_of(file: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut piece) = (fs::File::open(file)?, Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(crate::ids::hex(&hash.finalize())),
            length => hash.update(&piece[..length]),
        }
    }
}

/// Copies a file whose hash is known under its name; false where it is not there or is not what it was.
fn copy(from: &Path, to: &Path, sha256: &str) -> Result<bool> {
    let Ok(mut source) = fs::File::open(from) else { return Ok(false) };
    let failed = |error: std::io::Error| Error::io(to.display(), &error);
    let part = to.with_extension("part");
    remove(&part)?;
    let mut target =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    let whole = loop {
        match source.read(&mut piece) {
            Ok(0) => break true,
            Ok(length) => {
                hash.update(&piece[..length]);
                if let Err(error) = target.write_all(&piece[..length]) {
                    let _ = fs::remove_file(&part);
                    return Err(failed(error));
                }
            }
            // the card does not give it any more
            Err(_) => break false,
        }
    };
    if !whole || crate::ids::hex(&hash.finalize()) != sha256 {
        remove(&part)?;
        return Ok(false);
    }
    target.sync_all().and_then(|()| fs::rename(&part, to)).map_err(failed)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
