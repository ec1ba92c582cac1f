//! A campaign (*đợt tuyên truyền*): what is owed, when and where; the planner places its airings into windows.

use super::{CampaignId, Class, SegmentId, UnitId, WindowId, ZoneId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Segments, phases with quotas, zones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Identity.
    pub id: CampaignId,
    /// What people call it.
    pub name: String,
    /// What is played.
    pub segments: Vec<Share>,
    /// How the segments take turns.
    #[serde(default)]
    pub rotation: Rotation,
    /// Normal or priority.
    #[serde(default = "normal")]
    pub class: Class,
    /// Where it is heard; empty means every zone.
    #[serde(default)]
    pub zones: Vec<ZoneId>,
    /// BCP 47 tags: only segments in one of these languages air; empty means all of them. `vi` matches
    /// `vi-VN` too.
    #[serde(default)]
    pub languages: Vec<String>,
    /// From the end of one airing to the start of the next, at least so many minutes.
    #[serde(default)]
    pub min_spacing_minutes: u32,
    /// What is owed when; the dates of phases may overlap, each has its own account.
    pub phases: Vec<Phase>,
    /// The unit whose campaign it is; None is the station's own unit.
    #[serde(default)]
    pub owner: Option<UnitId>,
    /// The commune's own order among campaigns that tie; the smaller goes first.
    #[serde(default)]
    pub order: i32,
}

fn normal() -> Class {
    Class::Normal
}

/// One segment of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which segment.
    pub id: SegmentId,
    /// Its share of the airings where the rotation is by weight, 1 or more.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// How the segments of a campaign take turns. Under each of them, no segment airs twice in a row while another
/// one can air.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// One after the other, as they are listed.
    #[default]
    InOrder,
    /// The one that has aired least often; what could not air for a while catches up.
    FairShare,
    /// The one that is furthest behind its weight.
    Weighted,
}

/// A stretch of a campaign with its quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// What people call it: "peak", "maintenance".
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The windows into which its airings go; empty means any.
    #[serde(default)]
    pub windows: Vec<WindowId>,
    /// What is owed.
    pub airings: Quota,
}

/// So many airings in each period.
///
/// A day on which none of the phase's windows opens owes nothing. A week (Monday to Sunday) of which only some
/// of those days lie in the phase, or are open, owes its share, rounded half up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// How many, 1 or more.
    pub count: u32,
    /// In which period.
    pub per: Period,
}

/// The period of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Each civil day on which one of the windows opens.
    Day,
    /// Each week, Monday to Sunday.
    Week,
    /// The whole phase.
    Phase,
}
