//! Room on the disk beyond what the airing log keeps for itself.

use crate::error::{Error, Result};
use std::path::PathBuf;

/// The disk on which sound lies.
#[derive(Debug, Clone)]
pub struct Space {
    folder: PathBuf,
    /// Bytes that stay free for the airing log.
    reserve: u64,
}

impl Space {
    pub(super) const fn new(folder: PathBuf, reserve: u64) -> Self {
        Self { folder, reserve }
    }

    /// Bytes that sound may still take.
    ///
    /// # Errors
    /// When the disk does not say.
    pub fn left(&self) -> Result<u64> {
        Ok(self.free()?.saturating_sub(self.reserve))
    }

    /// Bytes that the airing log's reserve lacks.
    ///
    /// # Errors
    /// When the disk does not say.
    pub fn lacking(&self) -> Result<u64> {
        Ok(self.reserve.saturating_sub(self.free()?))
    }

    fn free(&self) -> Result<u64> {
        let space = rustix::fs::statvfs(&self.folder)
            .map_err(|error| Error::io("the data folder", &std::io::Error::from(error)))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// That there is none.
    pub fn full(&self) -> Error {
        Error::storage_full(format!(
            "beyond the {} MiB that the airing log keeps for itself nothing is free",
            self.reserve >> 20
        ))
    }
}
