//! When the station may sound, and where.

use super::{HolidayId, TimeOfDay, Weekday, WindowId, ZoneId};
use crate::error::ScheduleError;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// A group of loudspeakers that is switched together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// Identity.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// How much quieter than elsewhere, in dB, at most 0; [`crate::volume`] has the rule.
    #[serde(default)]
    pub volume_db: f64,
}

/// A recurring stretch of permitted air time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Identity.
    pub id: WindowId,
    /// What people call it.
    pub name: String,
    /// The days of the week on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens, in civil time.
    pub start: TimeOfDay,
    /// When it closes, in civil time, after `start` on the same day; `24:00` is allowed.
    pub end: TimeOfDay,
    /// The zones it opens; empty means every zone.
    #[serde(default)]
    pub zones: Vec<ZoneId>,
    /// The loudest gain inside it, in dB relative to the prepared level, at most 0.
    #[serde(default)]
    pub volume_ceiling_db: Option<f64>,
    /// How much of it may be used.
    #[serde(default)]
    pub limits: Limits,
    /// Holidays on which it opens whatever the day of the week, and although they close the station
    /// ("Tết: extra session").
    #[serde(default)]
    pub holidays: Vec<HolidayId>,
}

/// How much of a window may be used. Each limit concerns the air time inside this window alone;
/// `None` is no limit. A week is Monday to Sunday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Minutes of sound in one session; slots with less than 30 minutes of silence between them are one
    /// session.
    pub minutes_per_session: Option<u32>,
    /// Minutes of sound in one day.
    pub minutes_per_day: Option<u32>,
    /// Minutes of sound in one week.
    pub minutes_per_week: Option<u32>,
    /// Sessions in one day.
    pub sessions_per_day: Option<u32>,
    /// Days with any sound in one week.
    pub days_per_week: Option<u32>,
}

impl Window {
    /// Whether the window makes sense by itself.
    ///
    /// # Errors
    /// [`ScheduleError::Window`] names the window, what is wrong and what to do.
    pub fn check(&self) -> Result<(), ScheduleError> {
        let wrong = |problem: String| Err(ScheduleError::Window { name: self.name.clone(), problem });
        if self.name.trim().is_empty() {
            return wrong("the name is empty; give it one".into());
        }
        if self.days.is_empty() && self.holidays.is_empty() {
            return wrong(
                "it has no day; name at least one of mon, tue, wed, thu, fri, sat, sun, or a holiday".into(),
            );
        }
        let mut holidays = self.holidays.clone();
        holidays.sort_unstable();
        if let Some(twice) = first_repeated(&holidays) {
            return wrong(format!("holiday {twice} is named twice; name each holiday once"));
        }
        let mut days = self.days.clone();
        days.sort_unstable();
        if let Some(twice) = first_repeated(&days) {
            return wrong(format!("{twice} is named twice; name each day once"));
        }
        let mut zones = self.zones.clone();
        zones.sort_unstable();
        if let Some(twice) = first_repeated(&zones) {
            return wrong(format!("zone {twice} is named twice; name each zone once"));
        }
        if self.end <= self.start {
            return wrong(format!(
                "it ends at {} but starts at {}; make two windows that meet at midnight ({}-24:00 and 00:00-{})",
                self.end, self.start, self.start, self.end
            ));
        }
        match self.volume_ceiling_db {
            Some(ceiling) if !ceiling.is_finite() || ceiling > 0.0 => wrong(format!(
                "the volume ceiling {ceiling} dB is not 0 or below; 0 is full level, -6 is half of it"
            )),
            _ => Ok(()),
        }
    }

    /// Whether this moment lies in its hours, on one of its days of the week.
    #[must_use]
    pub fn covers(&self, at: &Zoned) -> bool {
        let civil = at.datetime();
        let (start, end) = (self.start.on(at.date()), self.end.on(at.date()));
        self.days.contains(&Weekday::of(at.date())) && start <= civil && civil < end
    }

    /// Whether the window opens this zone.
    #[must_use]
    pub fn opens(&self, zone: ZoneId) -> bool {
        self.zones.is_empty() || self.zones.contains(&zone)
    }
}

pub(super) fn first_repeated<T: Copy + PartialEq>(sorted: &[T]) -> Option<T> {
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
