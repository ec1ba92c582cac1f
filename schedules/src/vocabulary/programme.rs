//! A running order with its own recurrence.

use super::{Bound, Class, ProgrammeId, SegmentId, UnitId, ZoneId};
use crate::error::ScheduleError;
use crate::recurrence::Cron;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A running order of segments and when it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Programme {
    /// Identity.
    pub id: ProgrammeId,
    /// What people call it.
    pub name: String,
    /// What is played, one after the other; a segment may stand in it more than once.
    pub segments: Vec<SegmentId>,
    /// When it starts.
    pub recurrence: Recurrence,
    /// Normal or priority.
    pub class: Class,
    /// Where it is heard; empty means every zone.
    #[serde(default)]
    pub zones: Vec<ZoneId>,
    /// No start before this.
    #[serde(default)]
    pub valid_from: Option<Bound>,
    /// No start after this; a date is inclusive.
    #[serde(default)]
    pub valid_until: Option<Bound>,
    /// What happens when something else is on the air at its start.
    #[serde(default)]
    pub start_rule: StartRule,
    /// What happens when an item of it could not be aired.
    #[serde(default)]
    pub missed: MissedRule,
    /// Played before the segments, as item 0 of the running order.
    #[serde(default)]
    pub opening: Option<SegmentId>,
    /// Played after the segments, as the last item of the running order.
    #[serde(default)]
    pub closing: Option<SegmentId>,
    /// Silence between two items, in seconds; at most [`LONGEST_GAP`].
    #[serde(default)]
    pub gap_seconds: u32,
    /// Whether it airs on holidays.
    #[serde(default)]
    pub on_holidays: OnHolidays,
    /// The unit whose programme it is; None is the station's own unit.
    #[serde(default)]
    pub owner: Option<UnitId>,
    /// The commune's own order among programmes that tie; the smaller goes first.
    #[serde(default)]
    pub order: i32,
}

/// The longest silence between two items of a running order, in seconds.
pub const LONGEST_GAP: u32 = 600;

/// Whether a programme airs on the days that the calendar names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnHolidays {
    /// On every day on which it fires.
    #[default]
    Air,
    /// Not on holidays ("mỗi ngày lúc 05:00, trừ ngày lễ").
    Skip,
    /// On holidays alone.
    Only,
}

/// When a programme starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// A cron expression in the station's civil time; see [`Cron`].
    Cron(String),
    /// At these instants.
    At(Vec<Timestamp>),
}

/// What happens when something else is on the air at the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartRule {
    /// At its planned start or not at all: it cuts what is playing, unless that is of a higher class.
    AtOnce,
    /// After the current item, as long as its window is open. Where nobody says otherwise nothing is cut and
    /// nothing is lost.
    #[default]
    MakeNext,
    /// As the next one, if that is soon enough.
    WaitUpTo {
        /// How late it may start.
        minutes: u32,
    },
}

/// What happens when an airing was missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MissedRule {
    /// Nothing; the next one comes at its own time.
    #[default]
    Skip,
    /// It may start this much later.
    Within {
        /// How late it may start.
        minutes: u32,
    },
    /// In the next session.
    NextSession,
    /// The planner repays it.
    MakeGood,
}

/// How far ahead a recurrence must fire at least once.
const HORIZON_YEARS: i64 = 10;

impl Programme {
    /// Whether it starts whenever the other does.
    #[must_use]
    pub fn has_times_of(&self, other: &Programme) -> bool {
        (&self.recurrence, &self.valid_from, &self.valid_until, self.on_holidays)
            == (&other.recurrence, &other.valid_from, &other.valid_until, other.on_holidays)
    }

    /// What is played at each occurrence, in order; the index is the position of the item.
    pub fn running_order(&self) -> impl Iterator<Item = SegmentId> + '_ {
        self.opening.into_iter().chain(self.segments.iter().copied()).chain(self.closing)
    }

    /// Whether the programme makes sense by itself and this version obeys all of it.
    ///
    /// # Errors
    /// [`ScheduleError::Programme`] names the programme, what is wrong and what to do;
    /// [`ScheduleError::BadCron`] and [`ScheduleError::NeverFires`] concern its recurrence.
    pub fn check(&self, now: Timestamp, tz: &TimeZone) -> Result<(), ScheduleError> {
        if self.name.trim().is_empty() {
            return self.wrong("the name is empty; give it one");
        }
        if self.segments.is_empty() {
            return self.wrong("it has no segment; name at least one");
        }
        if self.class == Class::Emergency {
            return self.wrong("an emergency is never planned; send it as an emergency");
        }
        let mut zones = self.zones.clone();
        zones.sort_unstable();
        if zones.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.wrong("a zone is named twice; name each zone once");
        }
        if self.start_rule == (StartRule::WaitUpTo { minutes: 0 }) {
            return self.wrong("start_rule waits up to 0 minutes; give the minutes, or use at_once");
        }
        if self.missed == (MissedRule::Within { minutes: 0 }) {
            return self.wrong("missed is within 0 minutes; give the minutes, or use skip");
        }
        if self.gap_seconds > LONGEST_GAP {
            return self.wrong("gap_seconds is more than 600; make it shorter, or make two programmes");
        }
        let from = self.valid_from.as_ref().map(|bound| bound.begins(tz));
        let until = self.valid_until.as_ref().map(|bound| bound.ends(tz));
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            return self.wrong("valid_until is not after valid_from; correct one of them");
        }
        let first = from.unwrap_or(now).max(now);
        let horizon = now.to_zoned(tz.clone()).saturating_add(HORIZON_YEARS.years()).timestamp();
        let last = until.unwrap_or(horizon).min(horizon);
        match &self.recurrence {
            Recurrence::Cron(expression) => {
                let cron = Cron::parse(expression)?;
                match cron.next_from(first, tz) {
                    Some(next) if next < last => Ok(()),
                    _ => Err(ScheduleError::NeverFires { expression: expression.clone() }),
                }
            }
            Recurrence::At(instants) => self.check_instants(instants, first, last),
        }
    }

    fn check_instants(
        &self,
        at: &[Timestamp],
        first: Timestamp,
        last: Timestamp,
    ) -> Result<(), ScheduleError> {
        if at.is_empty() {
            return self.wrong("\"at\" is empty; name at least one instant, or give a cron expression");
        }
        if at.windows(2).any(|pair| pair[1] <= pair[0]) {
            return self.wrong("the instants of \"at\" are not in order, or one is named twice; sort them");
        }
        if !at.iter().any(|&instant| first <= instant && instant < last) {
            return self.wrong("every instant of \"at\" is past or outside its validity; name one to come");
        }
        Ok(())
    }

    fn wrong(&self, problem: &str) -> Result<(), ScheduleError> {
        Err(ScheduleError::Programme { name: self.name.clone(), problem: problem.to_owned() })
    }
}
