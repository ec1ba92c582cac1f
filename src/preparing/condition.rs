//! In what condition a prepared form is.

use crate::intake::Folders;
use crate::store::SegmentRecord;
use loaxa_audio::prepared::{Prepared, PreparedError, to_hex};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A file that looks as it did is hashed again after so long: a card that rots changes no time of change.
const HASH_AGAIN: Duration = Duration::from_secs(6 * 3600);

/// In what condition the prepared form of a segment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of it is what it was when it was made, with today's settings.
    Whole,
    /// Whole, but made with other settings, or by an older version.
    Other,
    /// It is not there.
    Missing,
    /// It is not what it was.
    Damaged,
}

/// How a segment's prepared form looks, without reading the sound of it.
pub fn glance(record: &SegmentRecord, folders: &Folders, recipe: &str) -> Condition {
    match open(record, folders) {
        Ok(_) => made_with(record, recipe),
        Err(condition) => condition,
    }
}

/// The prepared form of a segment, made from its original.
pub(super) fn open(record: &SegmentRecord, folders: &Folders) -> Result<Prepared, Condition> {
    let root = record.prepared.as_deref().ok_or(Condition::Missing)?;
    match Prepared::open(&folders.prepared(root), root) {
        Ok(pcm) if to_hex(&pcm.info().made_from) == record.made_from() => Ok(pcm),
        Err(PreparedError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(Condition::Missing)
        }
        _ => Err(Condition::Damaged),
    }
}

pub(super) fn made_with(record: &SegmentRecord, recipe: &str) -> Condition {
    if record.recipe.as_deref() == Some(recipe) { Condition::Whole } else { Condition::Other }
}

/// What tells whether a file was written since: time of change, length and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    changed: (i64, i64),
    bytes: u64,
    inode: u64,
}

impl Stamp {
    /// None where there is no file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let it = std::fs::metadata(path).ok()?;
        Some(Self { changed: (it.mtime(), it.mtime_nsec()), bytes: it.len(), inode: it.ino() })
    }
}

/// Which files were hashed whole, as they were then. Each is hashed once, as long as nothing changes.
#[derive(Debug, Default)]
pub(super) struct Hashed(HashMap<String, (Stamp, Duration)>);

impl Hashed {
    /// Whether this file need not be hashed again.
    pub(super) fn knows(&self, root: &str, stamp: Stamp, now: Duration) -> bool {
        let known = self.0.get(root);
        known.is_some_and(|(then, at)| *then == stamp && now.saturating_sub(*at) < HASH_AGAIN)
    }

    pub(super) fn note(&mut self, root: String, stamp: Stamp, now: Duration) {
        self.0.insert(root, (stamp, now));
    }

    /// Keeps only what is wanted: years of recordings pass by.
    pub(super) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|root, _| wanted(root));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_once_until_it_changes_or_six_hours_have_passed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcm");
        assert_eq!(Stamp::of(&path), None);
        std::fs::write(&path, "sound").unwrap();
        let stamp = Stamp::of(&path).unwrap();
        let (mut hashed, at) = (Hashed::default(), Duration::from_secs(100));
        assert!(!hashed.knows("a", stamp, at));
        hashed.note("a".to_owned(), stamp, at);
        assert!(hashed.knows("a", stamp, at + HASH_AGAIN - Duration::from_secs(1)));
        assert!(!hashed.knows("a", stamp, at + HASH_AGAIN));
        // the same length under the same name, put there by a rename
        std::fs::write(folder.path().join("b"), "noise").unwrap();
        std::fs::rename(folder.path().join("b"), &path).unwrap();
        assert!(!hashed.knows("a", Stamp::of(&path).unwrap(), at));
        hashed.retain(|root| root != "a");
        assert!(!hashed.knows("a", stamp, at));
    }
}
