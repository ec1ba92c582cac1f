//! A campaign (*đợt tuyên truyền*): what is owed, when and where; the planner places its airings into windows.

use super::{CampaignId, Class, SegmentId, UnitId, WindowId, ZoneId};
use crate::campaigns::MOST_AIRINGS;
use crate::error::ScheduleError;
use jiff::ToSpan;
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

/// A phase lasts at most so many days.
const LONGEST_PHASE: i32 = 3_660;

/// The longest spacing: a week, in minutes.
const LONGEST_SPACING: u32 = 10_080;

impl Campaign {
    /// Whether the campaign makes sense by itself; whether the station can keep it, is asked by
    /// [`check_campaign`](crate::check_campaign).
    ///
    /// # Errors
    /// [`ScheduleError::Campaign`] names the campaign, what is wrong and what to do.
    pub fn check(&self) -> Result<(), ScheduleError> {
        if self.name.trim().is_empty() {
            return self.wrong("the name is empty; give it one");
        }
        if self.class == Class::Emergency {
            return self.wrong("an emergency is never planned; send it as an emergency");
        }
        if self.segments.is_empty() {
            return self.wrong("it has no segment; name at least one");
        }
        let mut segments: Vec<SegmentId> = self.segments.iter().map(|share| share.id).collect();
        segments.sort_unstable();
        if let Some(pair) = segments.windows(2).find(|pair| pair[0] == pair[1]) {
            return self.wrong(format!("segment {} is named twice; give it a weight instead", pair[0]));
        }
        if let Some(share) = self.segments.iter().find(|share| share.weight == 0) {
            return self.wrong(format!("segment {} weighs 0; give it 1 or more, or take it out", share.id));
        }
        let mut zones = self.zones.clone();
        zones.sort_unstable();
        if zones.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.wrong("a zone is named twice; name each zone once");
        }
        if let Some(tag) = self.languages.iter().find(|tag| !is_language(tag)) {
            return self
                .wrong(format!("\"{tag}\" is not a language tag; write one such as vi, hmn or vi-VN"));
        }
        if self.min_spacing_minutes > LONGEST_SPACING {
            return self.wrong("min_spacing_minutes is more than a week (10080); make it shorter");
        }
        if self.phases.is_empty() {
            return self.wrong("it has no phase; name at least one, with dates and airings");
        }
        self.phases.iter().try_for_each(|phase| self.check_phase(phase))
    }

    fn check_phase(&self, phase: &Phase) -> Result<(), ScheduleError> {
        let wrong = |problem: String| self.wrong(format!("phase \"{}\": {problem}", phase.name));
        if phase.name.trim().is_empty() {
            return self.wrong("a phase has no name; give it one");
        }
        if phase.to < phase.from {
            return wrong(format!(
                "it ends on {} but starts on {}; correct one of them",
                phase.to, phase.from
            ));
        }
        if phase.from.saturating_add(LONGEST_PHASE.days()) < phase.to {
            return wrong("it lasts more than ten years; make it shorter".into());
        }
        if phase.airings.count == 0 || phase.airings.count > MOST_AIRINGS {
            return wrong(format!("its count is {}; give 1 to {MOST_AIRINGS}", phase.airings.count));
        }
        let mut windows = phase.windows.clone();
        windows.sort_unstable();
        if windows.windows(2).any(|pair| pair[0] == pair[1]) {
            return wrong("a window is named twice; name each window once".into());
        }
        Ok(())
    }

    pub(crate) fn wrong(&self, problem: impl Into<String>) -> Result<(), ScheduleError> {
        Err(ScheduleError::Campaign { name: self.name.clone(), problem: problem.into() })
    }
}

/// Whether this is a well-formed language tag: letters and digits in parts of at most eight, the first of two or
/// three letters, or up to eight as BCP 47 keeps in reserve.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
