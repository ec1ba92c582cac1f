//! What is kept of an upload beside its bytes: a small file that is replaced as a whole, so that a power cut leaves the one
//! before or the one after.

use crate::error::{Error, ErrorKind, Result};
use crate::intake::sync_folder;
use crate::store::NewSegment;
use jiff::Timestamp;
use loaxa_schedules::SegmentId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// An upload in pieces.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upload {
    /// By which its sender asks for it.
    pub id: Uuid,
    /// The identity that began it, and alone may go on with it.
    pub by: String,
    /// Bytes that it will have.
    pub length: u64,
    /// Bytes that are on the disk for good. What lies behind them in the file is not counted, and is written again.
    pub offset: u64,
    /// When it is forgotten, unless something comes before.
    pub expires: Timestamp,
    /// What its sender said of it when it was begun, as it was sent.
    pub said: String,
    /// What it becomes when it is whole; hash and id are given then.
    pub words: NewSegment,
    /// None until it was taken in or refused.
    pub end: Option<End>,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It is this segment.
    Segment(SegmentId),
    /// It is no usable recording.
    Refused {
        /// Stable word.
        code: String,
        /// English.
        en: String,
        /// Vietnamese.
        vi: Option<String>,
    },
}

impl End {
    /// A refusal that another try would not change; None of any other error.
    pub(super) fn refused(error: &Error) -> Option<Self> {
        (error.kind == ErrorKind::Unacceptable).then(|| Self::Refused {
            code: error.code.to_string(),
            en: error.detail.clone(),
            vi: error.detail_vi.clone(),
        })
    }

    /// The error that a refusal was.
    #[must_use]
    pub fn problem(&self) -> Option<Error> {
        match self {
            Self::Segment(_) => None,
            Self::Refused { code, en, vi } => {
                let error = Error::unacceptable(code.clone(), en.clone());
                Some(match vi {
                    Some(vi) => error.vi(vi.clone()),
                    None => error,
                })
            }
        }
    }
}

impl Upload {
    /// Whether every byte has come.
    #[must_use]
    pub const fn whole(&self) -> bool {
        self.offset == self.length
    }

    /// Where its bytes lie.
    pub(super) fn bytes_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.part", self.id))
    }

    fn record_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.json", self.id))
    }

    /// Makes this durable; what was kept of it before is replaced.
    ///
    /// # Errors
    /// When the disk does not take it; then what was kept before is still kept.
    pub(super) fn keep(&self, folder: &Path) -> Result<()> {
        let failed = |error: std::io::Error| Error::io("the upload's record", &error);
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::internal(format!("an upload cannot be written down: {error}")))?;
        let new = folder.join(format!("{}.new", self.id));
        let written = fs::File::create(&new).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, self.record_in(folder))
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(failed(error));
        }
        sync_folder(folder)
    }

    /// Removes it with its bytes.
    pub(super) fn forget(&self, folder: &Path) {
        // the record last: bytes without one are removed at the next start, a record without bytes is of a finished upload
        for file in [self.bytes_in(folder), self.record_in(folder)] {
            if let Err(error) = fs::remove_file(&file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(upload = %self.id, %error, "a file of an upload cannot be removed");
            }
        }
    }
}

/// Every upload that is kept in a folder. What belongs to none of them, or cannot be gone on with, is removed.
pub(super) fn all_in(folder: &Path) -> Result<Vec<Upload>> {
    let entries = fs::read_dir(folder).map_err(|error| Error::io(folder.display(), &error))?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let mut kept = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|it| it == "json")) {
        let read = fs::read(file).ok().and_then(|text| serde_json::from_slice::<Upload>(&text).ok());
        let sound = read.filter(|upload| {
            let there = fs::metadata(upload.bytes_in(folder)).map_or(0, |about| about.len());
            upload.record_in(folder) == *file && (upload.end.is_some() || there >= upload.offset)
        });
        match sound {
            Some(upload) => kept.push(upload),
            None => {
                tracing::warn!(file = %file.display(), "an upload that cannot be gone on with is removed")
            }
        }
    }
    let named = |file: &PathBuf| {
        kept.iter().any(|upload: &Upload| {
            *file == upload.record_in(folder) || (upload.end.is_none() && *file == upload.bytes_in(folder))
        })
    };
    for file in files.iter().filter(|file| !named(file)) {
        if let Err(error) = fs::remove_file(file) {
            tracing::warn!(file = %file.display(), %error, "a left-over upload cannot be removed");
        }
    }
    Ok(kept)
}
