//! Where sound lies on the disk: uploads on their way in, originals, prepared PCM.

use crate::error::{Error, Result};
use crate::store::SegmentRecord;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold sound.
#[derive(Debug, Clone)]
pub struct Folders {
    pub(crate) incoming: PathBuf,
    /// What has come so far of uploads in pieces.
    pub(crate) uploads: PathBuf,
    pub(crate) originals: PathBuf,
    pub(crate) prepared: PathBuf,
}

impl Folders {
    /// Makes the folders inside the data folder.
    pub fn create(data: &Path) -> Result<Self> {
        let folders = Self::within(data);
        for folder in [&folders.incoming, &folders.uploads, &folders.originals, &folders.prepared] {
            fs::create_dir_all(folder).map_err(|error| Error::io(folder.display(), &error))?;
        }
        Ok(folders)
    }

    /// Where sound lies on its way in, until it is hashed; what a kill leaves there is removed at the next start.
    pub(crate) fn incoming(&self, name: &str) -> PathBuf {
        self.incoming.join(name)
    }

    /// Where they are in a data folder, made or not.
    pub fn within(data: &Path) -> Self {
        Self {
            incoming: data.join("incoming"),
            uploads: data.join("uploads"),
            originals: data.join("originals"),
            prepared: data.join("prepared"),
        }
    }

    /// Where the original with this hash lies: the hash is the name, nothing that a person typed.
    pub fn original(&self, sha256: &str) -> PathBuf {
        self.originals.join(sha256)
    }

    /// Where the prepared PCM with this root lies.
    pub fn prepared(&self, root: &str) -> PathBuf {
        self.prepared.join(format!("{root}.pcm"))
    }

    /// Removes what an interrupted upload or inspection left behind.
    pub(super) fn clear_incoming(&self) -> Result<()> {
        let entries =
            fs::read_dir(&self.incoming).map_err(|error| Error::io(self.incoming.display(), &error))?;
        for entry in entries.flatten() {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "a left-over upload cannot be removed");
            }
        }
        Ok(())
    }

    /// Removes sound that no segment names: a kill can fall between a file and its row. Only while nothing comes in.
    pub(super) fn clear_orphans(&self, records: &[SegmentRecord]) -> Result<()> {
        let originals: HashSet<PathBuf> =
            records.iter().map(|record| self.original(&record.pushed.sha256)).collect();
        let prepared: HashSet<PathBuf> =
            records.iter().filter_map(|record| Some(self.prepared(record.prepared.as_ref()?))).collect();
        for (folder, named) in [(&self.originals, originals), (&self.prepared, prepared)] {
            let entries = fs::read_dir(folder).map_err(|error| Error::io(folder.display(), &error))?;
            for file in entries.flatten().map(|entry| entry.path()).filter(|file| !named.contains(file)) {
                tracing::warn!(file = %file.display(), "sound that no segment names is removed");
                if let Err(error) = fs::remove_file(&file) {
                    tracing::warn!(file = %file.display(), %error, "it cannot be removed");
                }
            }
        }
        Ok(())
    }
}

/// Removes its file unless it was put to use.
#[derive(Debug)]
pub(super) struct TemporaryFile(Option<PathBuf>);

impl TemporaryFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Some(path))
    }

    pub(super) fn path(&self) -> Result<&Path> {
        self.0.as_deref().ok_or_else(|| Error::internal("a temporary file was used twice"))
    }

    pub(super) fn used(mut self) {
        self.0 = None;
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(file = %path.display(), %error, "a temporary file cannot be removed");
        }
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::io(format!("folder {}", folder.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_no_segment_names_goes_at_start_up() {
        let data = tempfile::tempdir().unwrap();
        let folders = Folders::create(data.path()).unwrap();
        for file in [folders.original("00"), folders.prepared("11")] {
            fs::write(file, "left behind").unwrap();
        }
        folders.clear_orphans(&[]).unwrap();
        assert!(!folders.original("00").exists());
        assert!(!folders.prepared("11").exists());
    }
}
