//! What a file says of itself: title, artist and the like, made fit to be shown.
//!
//! Tags are a sender's words. They are proposals for whoever uploads the recording, never facts, and never trusted:
//! control characters go, lengths are bounded, and what cannot be read with certainty is left out.

use serde::{Deserialize, Serialize};

/// Longest text that is kept of one tag, in characters.
pub const MAX_CHARS: usize = 500;

/// What the file says of itself. Each text is UTF-8 without control characters, not empty, and at most [`MAX_CHARS`]
/// characters; `None` where the file says nothing readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Title of the recording.
    pub title: Option<String>,
    /// Who speaks, sings or publishes.
    pub artist: Option<String>,
    /// Series or album.
    pub album: Option<String>,
    /// Date as the file writes it: a year, `2026-02-17`, or anything else.
    pub date: Option<String>,
    /// Language as the file writes it: usually a code of three letters.
    pub language: Option<String>,
    /// A remark.
    pub comment: Option<String>,
}
