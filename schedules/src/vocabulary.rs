//! The words of the station: zones, windows, programmes, segments and what becomes of an airing.
//!
//! All of them are plain data. They serialise in `snake_case`, because the store keeps them as documents;
//! what they mean together is decided by [`plan`](mod@crate::plan) and [`playout`](crate::playout).

mod campaign;
mod holiday;
mod ids;
mod programme;
mod segment;
mod time;
mod unit;
mod window;

pub use campaign::{Campaign, Period, Phase, Quota, Rotation, Share};
pub use holiday::{Announced, DateSpan, DayEffect, Holiday, HolidayRule, LONGEST_HOLIDAY};
pub use ids::{
    CampaignId, EmergencyId, HolidayId, IdError, ProgrammeId, SegmentId, UnitId, WindowId, ZoneId,
};
pub use programme::{LONGEST_GAP, MissedRule, OnHolidays, Programme, Recurrence, StartRule};
pub use segment::{Ordered, OrderedIn, Outcome, PreparedFacts, SegmentFacts, Standing, Trim};
pub(crate) use time::instant_of;
pub use time::{Bound, TimeOfDay, Weekday};
pub use unit::Unit;
use window::first_repeated;
pub use window::{Limits, Window, Zone};

use serde::{Deserialize, Serialize};
use std::fmt;

/// How urgent a programme is; the order is the order of precedence (Circular 39/2020/TT-BTTTT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// *Thông thường*: the commune chooses and schedules.
    Normal,
    /// *Ưu tiên*: goes before what is normal.
    Priority,
    /// *Khẩn cấp*: airs at once and never by a plan.
    Emergency,
}

impl Class {
    /// The stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Normal => "normal",
            Class::Priority => "priority",
            Class::Emergency => "emergency",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
