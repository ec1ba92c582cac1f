//! When a cron expression fires, in the station's civil time.
//!
//! The `cron` crate reads the expression; the evaluation is ours, because its own iterator skips and doubles
//! around daylight-saving changes. Civil times are enumerated first and resolved to instants afterwards: a
//! time inside a gap comes later by the length of the gap, a time that happens twice is its first, and what
//! falls together is one.

mod weekdays;

use crate::error::ScheduleError;
use crate::vocabulary::instant_of;
use cron::TimeUnitSpec;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::str::FromStr;
use weekdays::{Numbering, translate_weekdays};

/// No time zone rule moves a civil time further than a day.
const WIDEST_SHIFT: SignedDuration = SignedDuration::from_hours(26);

/// The `cron` crate ends its years here, and so do we.
const LAST_YEAR: i16 = 2100;

/// A cron expression of five, six or seven fields.
///
/// * Five: minute, hour, day of month, month, day of week; Unix numbering of days (0 and 7 are Sunday, 1 is
///   Monday); the second is 0.
/// * Six or seven: second first, an optional year last; day 1 is Sunday and 7 is Saturday, as in Quartz.
///
/// Days of the week may always be named (`Mon-Fri`, any case) and ranges may wrap (`Fri-Mon`). An
/// expression that restricts both the day of the month and the day of the week fires when **both** agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    expression: String,
    seconds: Vec<i8>,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    days: [bool; 32],
    months: [bool; 13],
    /// From Sunday.
    weekdays: [bool; 7],
    /// None is every year.
    years: Option<Vec<i16>>,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ScheduleError::BadCron`] when it cannot be read, [`ScheduleError::NeverFires`] when no calendar
    /// has such a day (30 February).
    pub fn parse(expression: &str) -> Result<Cron, ScheduleError> {
        let bad = |detail: String| ScheduleError::BadCron { expression: expression.to_owned(), detail };
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let (numbering, weekday_field) = match fields.len() {
            5 => (Numbering::Unix, 4),
            6 | 7 => (Numbering::Quartz, 5),
            count => {
                return Err(bad(format!(
                    "it has {count} fields instead of 5, 6 or 7; for example \"0 17 * * Mon-Fri\" is 17:00 from Monday to Friday"
                )));
            }
        };
        let weekdays = translate_weekdays(fields[weekday_field], numbering).map_err(&bad)?;
        let mut translated: Vec<&str> = fields;
        translated[weekday_field] = &weekdays;
        if numbering == Numbering::Unix {
            translated.insert(0, "0");
        }
        let schedule =
            cron::Schedule::from_str(&translated.join(" ")).map_err(|error| bad(readable(&error)))?;
        let cron = Cron::from_schedule(expression, &schedule);
        if cron.has_a_day() {
            Ok(cron)
        } else {
            Err(ScheduleError::NeverFires { expression: expression.to_owned() })
        }
    }

    fn from_schedule(expression: &str, schedule: &cron::Schedule) -> Cron {
        let small = |unit: Vec<u32>| unit.into_iter().filter_map(|n| i8::try_from(n).ok()).collect();
        Cron {
            expression: expression.to_owned(),
            seconds: small(schedule.seconds().iter().collect()),
            minutes: small(schedule.minutes().iter().collect()),
            hours: small(schedule.hours().iter().collect()),
            days: flags(schedule.days_of_month().iter()),
            months: flags(schedule.months().iter()),
            weekdays: flags(schedule.days_of_week().iter().map(|day| day.saturating_sub(1))),
            years: (!schedule.years().is_all())
                .then(|| schedule.years().iter().filter_map(|year| i16::try_from(year).ok()).collect()),
        }
    }

    /// The expression as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    /// Every start in `from..to`, in order and without doubles.
    #[must_use]
    pub fn occurrences(&self, from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Timestamp> {
        let first = civil(from, tz).saturating_sub(WIDEST_SHIFT);
        let last = civil(to, tz).saturating_add(WIDEST_SHIFT);
        let mut found: Vec<Timestamp> = self
            .civil_from(first)
            .take_while(|&at| at < last)
            .map(|at| instant_of(at, tz))
            .filter(|&at| from <= at && at < to)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The first start strictly after `after`; None when there is none before the year 2101.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, tz: &TimeZone) -> Option<Timestamp> {
        self.next_from(after.saturating_add(SignedDuration::from_nanos(1)).ok()?, tz)
    }

    /// The first start at or after `from`; None when there is none before the year 2101.
    #[must_use]
    pub fn next_from(&self, from: Timestamp, tz: &TimeZone) -> Option<Timestamp> {
        let mut best: Option<Timestamp> = None;
        for candidate in self.civil_from(civil(from, tz).saturating_sub(WIDEST_SHIFT)) {
            // Inside a gap a later civil time may resolve to an earlier instant; beyond it, none can.
            if best.is_some_and(|best| candidate >= civil(best, tz)) {
                break;
            }
            let at = instant_of(candidate, tz);
            if at >= from {
                best = Some(best.map_or(at, |best| best.min(at)));
            }
        }
        best
    }

    /// The civil times at or after `from`, in order.
    fn civil_from(&self, from: DateTime) -> impl Iterator<Item = DateTime> + '_ {
        let mut date = Some(from.date());
        let days = std::iter::from_fn(move || {
            loop {
                let today = date?;
                date = today.checked_add(1.day()).ok().filter(|next| next.year() <= LAST_YEAR);
                if self.fires_on(today) {
                    return Some(today);
                }
            }
        });
        days.flat_map(move |day| self.times_on(day)).skip_while(move |&at| at < from)
    }

    fn times_on(&self, day: Date) -> impl Iterator<Item = DateTime> + '_ {
        self.hours.iter().flat_map(move |&hour| {
            self.minutes.iter().flat_map(move |&minute| {
                self.seconds.iter().map(move |&second| day.at(hour, minute, second, 0))
            })
        })
    }

    /// Whether it fires at any time of this civil day.
    pub(crate) fn fires_on(&self, day: Date) -> bool {
        let flag =
            |flags: &[bool], index: i8| usize::try_from(index).is_ok_and(|i| flags.get(i) == Some(&true));
        flag(&self.months, day.month())
            && flag(&self.days, day.day())
            && flag(&self.weekdays, day.weekday().to_sunday_zero_offset())
            && self.years.as_ref().is_none_or(|years| years.binary_search(&day.year()).is_ok())
    }

    /// Whether any month has such a day at all, whatever the year.
    fn has_a_day(&self) -> bool {
        const LONGEST: [usize; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        LONGEST.iter().enumerate().any(|(index, &length)| {
            self.months[index + 1] && self.days.iter().take(length + 1).any(|&day| day)
        })
    }
}

fn civil(at: Timestamp, tz: &TimeZone) -> DateTime {
    at.to_zoned(tz.clone()).datetime()
}

fn flags<const N: usize>(ordinals: impl Iterator<Item = u32>) -> [bool; N] {
    let mut flags = [false; N];
    for ordinal in ordinals {
        if let Some(flag) = usize::try_from(ordinal).ok().and_then(|index| flags.get_mut(index)) {
            *flag = true;
        }
    }
    flags
}

fn readable(error: &cron::error::Error) -> String {
    let first_line = error.to_string().lines().next().unwrap_or_default().trim().to_owned();
    format!(
        "a field cannot be read ({first_line}); for example \"0 0 17 * * Mon-Fri\" is 17:00:00 from Monday to Friday"
    )
}

#[cfg(test)]
mod tests;
