//! The two files of an inspection, opened before anything in the original is looked at: what decodes can then be
//! forbidden to open any other.

use std::fs::File;

use super::open::unreadable;
use super::sink::storage;
use super::{InspectRefusal, InspectRequest};
use crate::prepared::{WorkingWriter, sha256_from_hex};

/// See the module.
pub(crate) struct InspectFiles {
    /// At its beginning.
    pub(crate) original: File,
    /// What the original must hash to.
    pub(crate) expected_sha256: [u8; 32],
    /// What becomes the prepared file.
    pub(crate) output: WorkingWriter,
}

impl InspectFiles {
    /// Opens the original and begins the prepared file.
    pub(crate) fn open(request: &InspectRequest) -> Result<Self, InspectRefusal> {
        let expected_sha256 = sha256_from_hex(&request.original_sha256)
            .ok_or_else(|| InspectRefusal::failed("the original's SHA-256 is not 64 hex digits"))?;
        let made_from = sha256_from_hex(&request.made_from()).unwrap_or(expected_sha256);
        let original =
            File::open(&request.original).map_err(|error| unreadable(&request.original, &error))?;
        let output = WorkingWriter::create(&request.output, request.sample_rate, made_from);
        Ok(Self { original, expected_sha256, output: output.map_err(storage)? })
    }
}
