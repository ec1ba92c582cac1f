//! What the planner must know about a recording, and what may become of its airing.

use super::{Bound, CampaignId, Class, ProgrammeId, SegmentId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A stored recording as the planner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentFacts {
    /// Identity.
    pub id: SegmentId,
    /// What people call it.
    pub title: String,
    /// Its class; an emergency is never planned.
    pub class: Class,
    /// BCP 47 language tag.
    pub language: String,
    /// Whether it is music: a day of mourning keeps music silent, and lets speech air.
    #[serde(default)]
    pub music: bool,
    /// SHA-256 of the original, lower-case hexadecimal.
    pub original_sha256: String,
    /// The part of the original that is aired; None for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<Trim>,
    /// How far it has come.
    pub standing: Standing,
    /// None until this board has decoded the original and prepared its PCM.
    #[serde(default)]
    pub prepared: Option<PreparedFacts>,
    /// Not before.
    #[serde(default)]
    pub valid_from: Option<Bound>,
    /// Not after; a date is inclusive.
    #[serde(default)]
    pub valid_until: Option<Bound>,
    /// Who said that it may air; None until somebody did.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When signed orders let it air; None where the station asks for none. It airs wholly inside one of them.
    #[serde(default)]
    pub ordered: Option<Vec<Ordered>>,
}

/// The part of a recording that is aired, counted from its beginning; the original stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// The first that is heard, in milliseconds.
    pub start_ms: u64,
    /// The first that is heard no more, in milliseconds.
    pub end_ms: u64,
}

/// A stretch of time in which a signed order lets a recording air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
    /// In what.
    pub within: OrderedIn,
}

/// In what a signed order lets a recording air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderedIn {
    /// Whatever people plan.
    Anything,
    /// One programme.
    Programme(ProgrammeId),
    /// One campaign.
    Campaign(CampaignId),
}

/// The prepared PCM of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedFacts {
    /// Root hash of the prepared PCM, lower-case hexadecimal.
    pub hash: String,
    /// Length of the prepared PCM, exact to the frame.
    pub duration: SignedDuration,
}

/// How far a segment has come on its way to the air. Only [`Standing::Approved`] may air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Stored, not looked at.
    Received,
    /// Being decoded and measured.
    Inspecting,
    /// Prepared; somebody other than its uploader must approve it.
    AwaitingApproval,
    /// May air.
    Approved,
    /// It was approved, and what is kept now is not what was approved. Found when it is read, never kept.
    Altered,
    /// Refused by inspection or by an approver.
    Rejected,
    /// Its validity is over.
    Expired,
    /// Taken back.
    Withdrawn,
}

impl Standing {
    /// The stable `snake_case` name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Received => "received",
            Standing::Inspecting => "inspecting",
            Standing::AwaitingApproval => "awaiting_approval",
            Standing::Approved => "approved",
            Standing::Altered => "altered",
            Standing::Rejected => "rejected",
            Standing::Expired => "expired",
            Standing::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an airing ended. Every entry that came due ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Heard to its end (within 50 ms, measured at the output).
    Aired,
    /// Heard in part.
    Partial,
    /// Its time passed without the station trying.
    Missed,
    /// A rule or a person kept it silent.
    Suppressed,
    /// It yielded to something more urgent.
    Preempted,
    /// The station tried and could not.
    Failed,
}

impl Outcome {
    /// The stable `snake_case` name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Aired => "aired",
            Outcome::Partial => "partial",
            Outcome::Missed => "missed",
            Outcome::Suppressed => "suppressed",
            Outcome::Preempted => "preempted",
            Outcome::Failed => "failed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
