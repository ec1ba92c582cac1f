//! The highest counter of each publisher's key, a second time: in a file beside the database. Who puts an old database back
//! does not make old orders new again. It is written after the database, and never falls behind it for longer than until
//! the next order.

use crate::error::{Error, Result};
use loaxa_evidence::{VerifierKey, hex};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Name of the file in the data folder.
const FILE: &str = "orders.counters";
/// Its first line.
const FORMAT: &str = "loaxa-order-counters/1";

/// What is kept, and where.
#[derive(Debug)]
pub(super) struct Counters {
    folder: PathBuf,
    kept: Mutex<BTreeMap<String, i64>>,
}

impl Counters {
    /// Reads what is kept; what cannot be read is said, and begins anew.
    pub(super) fn open(data: &Path) -> Self {
        let path = data.join(FILE);
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => read(&text).unwrap_or_else(|| {
                tracing::error!(
                    file = %path.display(),
                    "the counters of orders cannot be read; those in the database count alone until the next order"
                );
                BTreeMap::new()
            }),
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    tracing::error!(%error, file = %path.display(), "the counters of orders cannot be read");
                }
                BTreeMap::new()
            }
        };
        Self { folder: data.to_owned(), kept: Mutex::new(kept) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, i64>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The highest that a key has used, as far as is known here.
    pub(super) fn of(&self, key: &VerifierKey) -> Option<i64> {
        self.lock().get(&hex(key.public())).copied()
    }

    /// Notes a counter, durably.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn raise(&self, key: &VerifierKey, counter: i64) -> Result<()> {
        let mut kept = self.lock();
        let known = kept.entry(hex(key.public())).or_insert(0);
        *known = counter.max(*known);
        let mut text = format!("{FORMAT}\n");
        for (key, counter) in kept.iter() {
            text += &format!("{key} {counter}\n");
        }
        let (path, new) = (self.folder.join(FILE), self.folder.join(format!("{FILE}.new")));
        let failed = |error: std::io::Error| Error::io(path.display(), &error);
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&new, &path).map_err(failed)?;
        std::fs::File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn read(text: &str) -> Option<BTreeMap<String, i64>> {
    let lines = text.strip_suffix('\n')?.strip_prefix(FORMAT)?.lines().skip(1);
    lines
        .map(|line| {
            let (key, counter) = line.split_once(' ')?;
            Some((key.to_owned(), counter.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loaxa_evidence::{KeyKind, SigningKey};

    #[test]
    fn counters_outlive_a_start_and_damage_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let key = |seed| SigningKey::from_seed("a", KeyKind::Note, &[seed; 32].into()).unwrap();
        let counters = Counters::open(folder.path());
        counters.raise(key(1).public(), 7).unwrap();
        counters.raise(key(2).public(), 9).unwrap();
        counters.raise(key(1).public(), 3).unwrap();
        let again = Counters::open(folder.path());
        assert_eq!([1, 2, 3].map(|seed| again.of(key(seed).public())), [Some(7), Some(9), None]);
        let file = folder.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        for damaged in [&text[..text.len() - 1], &text.replace(" 7", " x"), &text.replace("/1", "/2"), ""] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(Counters::open(folder.path()).of(key(2).public()), None, "{damaged}");
        }
    }
}
