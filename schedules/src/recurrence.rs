//! When a cron expression fires, in the station's civil time.
//!
//! Reading and evaluation are ours: the crates that exist skip and double runs around changes of the clock.
//! Civil times are enumerated first and resolved to instants afterwards: a time inside a gap comes later by the
//! length of the gap, a time that happens twice is its first, and what falls together is one.

mod days;
mod field;
mod offsets;
mod times;

use crate::error::ScheduleError;
use days::Days;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use offsets::stretches;
use times::Times;

/// A cron expression of five, six or seven fields, or a nickname.
///
/// * Five: minute, hour, day of month, month, day of week; Unix numbering of days (0 and 7 are Sunday, 1 is
///   Monday); the second is 0.
/// * Six or seven: second first, an optional year (1970 to 2100) last; day 1 is Sunday and 7 is Saturday, as in
///   Quartz.
/// * `@yearly`, `@annually`, `@monthly`, `@weekly` (Sunday), `@daily`, `@midnight`, `@hourly`.
///
/// Each field is a list of `*` (or `?`), values and ranges, each with an optional step. Months and days of the
/// week may always be named (`Mon-Fri`, any case), and ranges may wrap (`Fri-Mon`, `22-4`).
///
/// The day of the month also knows `L` (the last), `L-3` (three days before it), `15W` (the working day, Monday to
/// Friday, nearest to the 15th of the same month) and `LW`; the day of the week `Fri#2` (the second Friday) and
/// `FriL` (the last).
///
/// An expression that restricts both the day of the month and the day of the week fires when **both** agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    expression: String,
    times: Times,
    days: Days,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ScheduleError::BadCron`] when it cannot be read, [`ScheduleError::NeverFires`] when no calendar
    /// has such a day (30 February).
    pub fn parse(expression: &str) -> Result<Cron, ScheduleError> {
        let (times, days) = field::read(expression)
            .map_err(|detail| ScheduleError::BadCron { expression: expression.to_owned(), detail })?;
        if !days.ever() {
            return Err(ScheduleError::NeverFires { expression: expression.to_owned() });
        }
        Ok(Cron { expression: expression.to_owned(), times, days })
    }

    /// The expression as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    /// Every start in `from..to`, in order and without doubles.
    #[must_use]
    pub fn occurrences(&self, from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Timestamp> {
        let stretches = stretches(from, tz);
        let (from, to) = (whole_second(from), whole_second(to));
        let mut found: Vec<Timestamp> = Vec::new();
        for stretch in stretches.take_while(|stretch| stretch.begins < to) {
            let (first, end) = stretch.civil_between(from, to);
            if first < end {
                let starts = self.civil_from(first).take_while(|&civil| civil < end);
                found.extend(starts.filter_map(|civil| stretch.instant(civil)));
            }
        }
        // What a gap moved may have overtaken what follows the gap, or met it.
        if !found.is_sorted_by(|one, next| one < next) {
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// The first start strictly after `after`; None when there is none before the year 2101.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, tz: &TimeZone) -> Option<Timestamp> {
        self.next_from(after.checked_add(SignedDuration::from_nanos(1)).ok()?, tz)
    }

    /// The first start at or after `from`; None when there is none before the year 2101.
    #[must_use]
    pub fn next_from(&self, from: Timestamp, tz: &TimeZone) -> Option<Timestamp> {
        let stretches = stretches(from, tz);
        let from = whole_second(from);
        let mut best: Option<Timestamp> = None;
        for stretch in stretches {
            // What a gap moved may come after the first start beyond the gap.
            if best.is_some_and(|best| best.as_second() < stretch.begins) {
                break;
            }
            let (first, end) = stretch.civil_between(from, i64::MAX);
            if first >= end {
                continue;
            }
            let civil = self.civil_from(first).next();
            if civil.is_none() {
                break;
            }
            let found = civil.filter(|&civil| civil < end).and_then(|civil| stretch.instant(civil));
            best = best.into_iter().chain(found).min();
        }
        best
    }

    /// Whether it fires at any time of this civil day.
    #[cfg(test)]
    pub(crate) fn fires_on(&self, day: Date) -> bool {
        self.days.fire_on(day)
    }

    /// The civil times at or after this one, in order; each in seconds since 1970-01-01T00:00 by the same
    /// clock on the wall.
    fn civil_from(&self, from: i64) -> impl Iterator<Item = i64> + '_ {
        CivilTimes::new(self, from)
    }
}

const DAY: i64 = 86_400;

/// Walks through the civil times of an expression, month after month.
struct CivilTimes<'a> {
    cron: &'a Cron,
    /// The first day of the month; None when the calendar is over.
    month: Option<Date>,
    /// Its midnight.
    midnight: i64,
    /// Bit *n* is day *n* of the month, as long as it is not over.
    days: u32,
    /// The second of the first of these days from which on it has not been asked.
    second: u32,
}

impl<'a> CivilTimes<'a> {
    fn new(cron: &'a Cron, from: i64) -> CivilTimes<'a> {
        let mut times = CivilTimes { cron, month: None, midnight: 0, days: 0, second: 0 };
        if let Some(from) = civil_of(from) {
            let today = from.day().unsigned_abs();
            times.enter(cron.days.month_from(from.date().first_of_month()));
            if times.month == Some(from.date().first_of_month()) {
                times.days = times.days >> today << today;
                if times.days >> today & 1 == 1 {
                    times.second = times::second_of_day(from.time());
                }
            }
        }
        times
    }

    fn enter(&mut self, month: Option<(Date, u32)>) {
        self.month = month.map(|(first, _)| first);
        self.days = month.map_or(0, |(_, days)| days);
        self.midnight = self.month.map_or(0, |first| first.duration_since(EPOCH).as_secs());
    }
}

impl Iterator for CivilTimes<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        loop {
            if self.days == 0 {
                let next = self.month?.last_of_month().tomorrow().ok();
                self.enter(next.and_then(|month| self.cron.days.month_from(month)));
                self.month?;
                continue;
            }
            if let Some(second) = self.cron.times.at_or_after(self.second) {
                self.second = second + 1;
                let day = i64::from(self.days.trailing_zeros()) - 1;
                return Some(self.midnight + day * DAY + i64::from(second));
            }
            self.days &= self.days - 1;
            self.second = 0;
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn civil_of(seconds: i64) -> Option<DateTime> {
    Timestamp::from_second(seconds).ok().map(|at| jiff::tz::Offset::UTC.to_datetime(at))
}

/// The first whole second that is not before `at`.
fn whole_second(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
