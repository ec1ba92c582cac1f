//! Days that are not like others: holidays as rules, dated overrides, swap days, and what is different on them.

use super::{HolidayId, Weekday};
use crate::error::ScheduleError;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The most days that a holiday lasts, and the furthest that its first day lies from the day of its rule.
pub const LONGEST_HOLIDAY: u32 = 60;

/// A holiday, a day of mourning, a swap day: when it is, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Identity.
    pub id: HolidayId,
    /// What people call it.
    pub name: String,
    /// The day of the year on which it falls.
    pub rule: HolidayRule,
    /// From the day of the rule to its first day, -60 to 60: -1 begins the day before.
    #[serde(default)]
    pub first_day: i32,
    /// How many days it lasts, 1 to [`LONGEST_HOLIDAY`].
    #[serde(default = "one")]
    pub days: u32,
    /// What was announced for single years; it takes the place of the rule in those years.
    #[serde(default)]
    pub announced: Vec<Announced>,
    /// What is different on these days.
    #[serde(default)]
    pub effect: DayEffect,
}

fn one() -> u32 {
    1
}

/// On which day of each year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HolidayRule {
    /// A day of the solar calendar; 29 February falls only in leap years.
    Solar {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// A day of the Vietnamese lunar calendar, computed at UTC+7. Day 30 of a month of 29 days is its last.
    Lunar {
        /// 1 to 12.
        month: i8,
        /// 1 to 30.
        day: i8,
        /// The leap month of that number instead of the ordinary one; years without it have no such day.
        #[serde(default)]
        leap: bool,
    },
    /// The nth such day of the week in a month; -1 is the last.
    NthWeekday {
        /// 1 to 12.
        month: i8,
        /// Which day of the week.
        weekday: Weekday,
        /// 1 to 5, or -1 to -5 counted from the end; months without it have no such day.
        nth: i8,
    },
    /// On these dates alone: a swap day, a day of mourning.
    Dates {
        /// In any order.
        dates: Vec<Date>,
    },
}

/// What was announced for one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The solar year in which the day of the rule falls.
    pub year: i16,
    /// The days that are kept instead, which begin or end in that year; None: not kept in that year.
    pub days: Option<DateSpan>,
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateSpan {
    /// First.
    pub from: Date,
    /// Last.
    pub to: Date,
}

/// What is different on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DayEffect {
    /// No window opens but those that name the holiday.
    pub closed: bool,
    /// Music is silent; speech airs.
    pub no_music: bool,
    /// The day counts as this day of the week for windows (a Saturday that is worked as a Friday). Cron
    /// expressions and dates of programmes are not moved.
    pub acts_as: Option<Weekday>,
    /// It is an ordinary day for programmes that skip holidays or air on holidays only: swap days.
    pub ordinary: bool,
}

impl Holiday {
    /// Whether the holiday makes sense by itself.
    ///
    /// # Errors
    /// [`ScheduleError::Holiday`] names the holiday, what is wrong and what to do.
    pub fn check(&self) -> Result<(), ScheduleError> {
        let problem = if self.name.trim().is_empty() {
            Some("the name is empty; give it one".to_owned())
        } else {
            rule_problem(&self.rule).or_else(|| self.length_problem()).or_else(|| self.announced_problem())
        };
        match problem {
            Some(problem) => Err(ScheduleError::Holiday { name: self.name.clone(), problem }),
            None => Ok(()),
        }
    }

    fn length_problem(&self) -> Option<String> {
        if self.days == 0 {
            return Some("it lasts 0 days; give it 1 or more".into());
        }
        if self.days > LONGEST_HOLIDAY {
            return Some(format!(
                "it lasts {} days; {LONGEST_HOLIDAY} is the most, or make two holidays of it",
                self.days
            ));
        }
        (self.first_day.unsigned_abs() > LONGEST_HOLIDAY).then(|| {
            format!(
                "it begins {} days from the day of its rule; name a day that is at most {LONGEST_HOLIDAY} away",
                self.first_day
            )
        })
    }

    fn announced_problem(&self) -> Option<String> {
        let mut years: Vec<i16> = self.announced.iter().map(|announced| announced.year).collect();
        years.sort_unstable();
        if let Some(year) = super::first_repeated(&years) {
            return Some(format!("{year} is announced twice; keep the announcement that holds"));
        }
        if matches!(self.rule, HolidayRule::Dates { .. }) && !years.is_empty() {
            return Some("it has dates of its own and announcements; change the dates instead".into());
        }
        self.announced.iter().find_map(Announced::problem)
    }
}

impl Announced {
    fn problem(&self) -> Option<String> {
        let (year, DateSpan { from, to }) = (self.year, self.days?);
        if to < from {
            return Some(format!(
                "for {year} it ends on {to}, before it begins on {from}; swap the two dates"
            ));
        }
        if from.year() != year && to.year() != year {
            return Some(format!(
                "for {year} it is announced from {from} to {to}; correct the year or the dates"
            ));
        }
        let last = from.saturating_add(jiff::Span::new().days(LONGEST_HOLIDAY - 1));
        (to > last).then(|| {
            format!(
                "for {year} it lasts from {from} to {to}; {LONGEST_HOLIDAY} days are the most, correct a date"
            )
        })
    }
}

fn rule_problem(rule: &HolidayRule) -> Option<String> {
    let month = match rule {
        HolidayRule::Solar { month, .. }
        | HolidayRule::Lunar { month, .. }
        | HolidayRule::NthWeekday { month, .. } => Some(*month),
        HolidayRule::Dates { .. } => None,
    };
    if let Some(month) = month.filter(|month| !(1..=12).contains(month)) {
        return Some(format!("there is no month {month}; write 1 to 12"));
    }
    match rule {
        HolidayRule::Solar { month, day } => {
            // A leap year, so that 29 February is a day.
            let exists = Date::new(2000, *month, *day).is_ok();
            (!exists).then(|| format!("day {day} of month {month} never falls; correct the day or the month"))
        }
        HolidayRule::Lunar { day, .. } => {
            (!(1..=30).contains(day)).then(|| format!("no lunar month has a day {day}; write 1 to 30"))
        }
        HolidayRule::NthWeekday { nth, weekday, .. } => (*nth == 0 || !(-5..=5).contains(nth)).then(|| {
            format!("no month has a {weekday} number {nth}; write 1 to 5, or -1 for the last, down to -5")
        }),
        HolidayRule::Dates { dates } if dates.is_empty() => {
            Some("it names no date, so it never falls; name at least one".into())
        }
        HolidayRule::Dates { dates } => {
            let mut dates = dates.clone();
            dates.sort_unstable();
            super::first_repeated(&dates).map(|twice| format!("{twice} is named twice; name each date once"))
        }
    }
}

#[cfg(test)]
mod tests;
