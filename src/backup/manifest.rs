//! What a backup says of itself.

use super::write;
use crate::error::{Error, Result};
use crate::intake::sync_folder;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Its file in a backup.
pub(super) const MANIFEST: &str = "manifest.json";
/// The format of this version.
pub(super) const FORMAT: &str = "loaxa-backup/1";

/// A recording as it was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// SHA-256 of its bytes, and its name.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Title of a segment that was pushed with it.
    pub title: String,
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `loaxa-backup/1`.
    pub format: String,
    /// Version of the program that took it.
    pub program: String,
    /// When, by the station's clock.
    pub at: String,
    /// Version of the database's schema.
    pub schema: i64,
    /// Which log.
    pub origin: String,
    /// Number of the log's last row in it.
    pub rows: i64,
    /// Hash of that row.
    pub head: String,
    /// SHA-256 of the database.
    pub database: String,
    /// The recordings in it.
    pub originals: Vec<Original>,
    /// Recordings that the station could not give: gone or damaged. They must be pushed again.
    pub missing: Vec<Original>,
    /// Whether the station's key is in it.
    pub key: bool,
}

impl Manifest {
    /// Reads a backup's; None where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is of another format.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(Error::io(path.display(), &error)),
        };
        let manifest: Self = serde_json::from_str(&text).map_err(|error| {
            Error::unacceptable(
                "backup_damaged",
                format!("{} cannot be read ({error}); take another backup", path.display()),
            )
        })?;
        if manifest.format != FORMAT {
            let why =
                format!("{} is of format {:?}, this program knows {FORMAT}", path.display(), manifest.format);
            return Err(Error::unacceptable("backup_unknown", why));
        }
        Ok(Some(manifest))
    }

    /// Puts it there, the last of a backup's files.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::internal(format!("the manifest cannot be written: {error}")))?;
        let (new, path) = (folder.join("manifest.json.new"), folder.join(MANIFEST));
        write(&new, text.as_bytes())?;
        fs::rename(&new, &path).map_err(|error| Error::io(path.display(), &error))?;
        sync_folder(folder)
    }
}
