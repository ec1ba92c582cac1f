//! The days on which an expression fires: for each month a set of days, because "the last Friday" and "the working
//! day nearest to the 15th" are known only there.

use jiff::civil::Date;

/// Years end here: longer than any board lives, and an expression that never fires is found out soon.
pub(super) const LAST_YEAR: i16 = 2100;
pub(super) const FIRST_YEAR: i16 = 1970;

/// Day of the month, month, day of the week and year; all four must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) of_month: DaysOfMonth,
    pub(super) of_week: DaysOfWeek,
    /// Bit *n* is month *n*, from 1.
    pub(super) months: u64,
    /// In order; None is every year.
    pub(super) years: Option<Vec<i16>>,
}

/// Any of these days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DaysOfMonth {
    /// Bit *n* is day *n*, from 1.
    pub(super) days: u64,
    /// So many days before the last.
    pub(super) before_last: Vec<i8>,
    /// The working day nearest to this day, if the month has such a day.
    pub(super) near: Vec<i8>,
    /// The working day nearest to the day that is so many days before the last.
    pub(super) near_before_last: Vec<i8>,
}

/// Any of these days. Bit *n* is the day of the week *n*, 0 is Sunday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DaysOfWeek {
    /// Each week.
    pub(super) each: u64,
    /// The first to the fifth of the month.
    pub(super) nth: [u64; 5],
    /// The last of the month.
    pub(super) last: u64,
}

impl Days {
    #[cfg(test)]
    pub(super) fn fire_on(&self, day: Date) -> bool {
        let (month, bit) = (day.month().unsigned_abs(), day.day().unsigned_abs());
        self.months >> month & 1 == 1
            && self.of_year(day.year())
            && self.of(day.first_of_month()) >> bit & 1 == 1
    }

    /// The first month at or after the one that begins on `month` with any day at all, and its days (bit *n* is
    /// day *n*).
    pub(super) fn month_from(&self, month: Date) -> Option<(Date, u32)> {
        let mut month = month;
        while month.year() <= LAST_YEAR {
            let rest = self.months >> month.month().unsigned_abs();
            let skipped = if self.of_year(month.year()) { rest.trailing_zeros() } else { 64 };
            if skipped == 0 {
                let days = self.of(month);
                if days != 0 {
                    return Some((month, days));
                }
            }
            // Beyond December: the next year begins.
            let ahead = i8::try_from(skipped.clamp(1, 12)).ok()?;
            month = match month.month() + ahead {
                number @ 1..=12 => Date::new(month.year(), number, 1),
                _ => Date::new(month.year() + 1, 1, 1),
            }
            .ok()?;
        }
        None
    }

    /// Whether there is any such day.
    pub(super) fn ever(&self) -> bool {
        self.month_from(Date::constant(FIRST_YEAR, 1, 1)).is_some()
    }

    fn of_year(&self, year: i16) -> bool {
        self.years.as_ref().is_none_or(|years| years.binary_search(&year).is_ok())
    }

    /// The days of the month that begins on `first`, whatever the month and the year.
    fn of(&self, first: Date) -> u32 {
        let month = Month { length: first.days_in_month(), first: first.weekday().to_sunday_zero_offset() };
        month.whole() & self.of_month.of(month) & self.of_week.of(month)
    }
}

/// All that the days of a month depend on.
#[derive(Clone, Copy)]
struct Month {
    length: i8,
    /// The day of the week of its first day, 0 is Sunday.
    first: i8,
}

impl Month {
    fn whole(self) -> u32 {
        self.from(1)
    }

    /// The days from this one on.
    fn from(self, day: i8) -> u32 {
        (u32::MAX << day) & (u32::MAX >> (31 - self.length))
    }

    /// Monday to Friday nearest to `day`, inside the month.
    fn working_day_near(self, day: i8) -> u32 {
        if day < 1 || day > self.length {
            return 0;
        }
        let weekday = (self.first + day - 1) % 7;
        let near = match weekday {
            6 if day == 1 => 3,
            6 => day - 1,
            0 if day == self.length => day - 2,
            0 => day + 1,
            _ => day,
        };
        1 << near
    }
}

impl DaysOfMonth {
    fn of(&self, month: Month) -> u32 {
        let mut days = u32::try_from(self.days).unwrap_or(u32::MAX);
        for before in &self.before_last {
            if *before < month.length {
                days |= 1 << (month.length - before);
            }
        }
        let near_last = self.near_before_last.iter().map(|before| month.length - before);
        for day in self.near.iter().copied().chain(near_last) {
            days |= month.working_day_near(day);
        }
        days
    }
}

impl DaysOfWeek {
    fn of(&self, month: Month) -> u32 {
        let mut days = every_week(self.each, month.first);
        if self.last != 0 {
            days |= every_week(self.last, month.first) & month.from(month.length - 6);
        }
        for (nth, weekdays) in (0..).zip(self.nth) {
            if weekdays != 0 {
                days |= every_week(weekdays, month.first) & (0b1111_1110 << (7 * nth));
            }
        }
        days
    }
}

/// The days of a month that fall on these days of the week, as if it had 31 days.
fn every_week(weekdays: u64, first: i8) -> u32 {
    // One week, turned so that bit 0 is the first day of the month, and five weeks in a row of it.
    let turned = (weekdays | weekdays << 7) >> first & 0x7f;
    let row = turned | turned << 7 | turned << 14 | turned << 21 | turned << 28;
    u32::try_from(row << 1 & 0xffff_fffe).unwrap_or(0)
}
