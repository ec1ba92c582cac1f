//! Days that are not like others: holidays as rules, dated overrides, swap days, and what is different on them.

use super::{HolidayId, Weekday};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A holiday, a day of mourning, a swap day: when it is, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Identity.
    pub id: HolidayId,
    /// What people call it.
    pub name: String,
    /// The day of the year on which it falls.
    pub rule: HolidayRule,
    /// From the day of the rule to its first day: -1 begins the day before.
    #[serde(default)]
    pub first_day: i32,
    /// How many days it lasts, 1 or more.
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
    /// A day of the Vietnamese lunar calendar, computed at UTC+7, of the lunar year that begins in the solar
    /// year. Day 30 of a month of 29 days is its last.
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
    /// The solar year of the day of the rule.
    pub year: i16,
    /// The days in that year; None: not kept in that year.
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
