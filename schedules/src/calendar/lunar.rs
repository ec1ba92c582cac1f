//! The Vietnamese lunar calendar, computed at UTC+7, for the lunar years 1900 to 2199.
//!
//! The rules are those that Hồ Ngọc Đức published ("Thuật toán tính âm lịch", Leipzig, 2004): a month begins
//! on the day of the new moon; the December solstice is in month 11; when 13 months begin from one month 11 to
//! the next, the first of them without a principal term is the leap month and takes the number of the month
//! before it. Only the sums behind them are others, because his are simplified: see `astronomy.rs`.
//!
//! Vietnam computes at UTC+7 since 1968. For the years before, this is what UTC+7 would have given, which is
//! not always what people kept.

use super::astronomy::{lunation_near, new_moon, sun_sector};
use super::days_after;
use jiff::civil::{Date, date};
use std::sync::OnceLock;

/// Vietnam's civil time; no daylight saving.
const VIETNAM: f64 = 7.0;
/// The lunar years that are computed, named by the solar year in which each begins.
pub const LUNAR_YEARS: std::ops::RangeInclusive<i16> = FIRST..=LAST;
const FIRST: i16 = 1900;
const LAST: i16 = 2199;
const YEARS: usize = (LAST - FIRST) as usize + 1;
/// Day 0 of the sums.
const EPOCH: Date = date(2000, 1, 1);

/// A day of the Vietnamese lunar calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LunarDate {
    /// The solar year in which the lunar year begins.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// Whether it is the leap month (*tháng nhuận*) that follows the month of the same number.
    pub leap: bool,
    /// 1 to 30.
    pub day: i8,
}

impl LunarDate {
    /// The lunar date of a solar one; None before Tết 1900 and after the last day of the lunar year 2199.
    #[must_use]
    pub fn of(solar: Date) -> Option<LunarDate> {
        let day = day_number(solar);
        let begun = |year: &i16| LunarYear::of(*year).filter(|lunar| lunar.starts[0] <= day);
        let (year, lunar) = [solar.year(), solar.year().checked_sub(1)?]
            .into_iter()
            .find_map(|year| begun(&year).map(|lunar| (year, lunar)))?;
        let index = (0..lunar.months).find(|&index| day < lunar.starts[index + 1])?;
        let (month, leap) = lunar.label(index);
        Some(LunarDate { year, month, leap, day: i8::try_from(day - lunar.starts[index]).ok()? + 1 })
    }

    /// The solar date of this day; None when the calendar has no such day (a leap month that the year has not,
    /// day 30 of a month of 29 days, a year outside [`LUNAR_YEARS`]).
    #[must_use]
    pub fn solar(self) -> Option<Date> {
        let (first, length) = month(self.year, self.month, self.leap)?;
        (1..=length).contains(&self.day).then(|| days_after(first, i32::from(self.day) - 1))?
    }
}

/// The first day of a lunar month and its length, 29 or 30; None when the year has no such month.
#[must_use]
pub fn month(year: i16, month: i8, leap: bool) -> Option<(Date, i8)> {
    let lunar = LunarYear::of(year)?;
    let index = (0..lunar.months).find(|&index| lunar.label(index) == (month, leap))?;
    let length = i8::try_from(lunar.starts[index + 1] - lunar.starts[index]).ok()?;
    Some((solar_date(lunar.starts[index])?, length))
}

/// The month of a lunar year that comes twice; None in years of twelve months.
#[must_use]
pub fn leap_month(year: i16) -> Option<i8> {
    LunarYear::of(year)?.leap
}

fn day_number(solar: Date) -> i32 {
    // A civil day is 24 hours of civil time, and i16 years of days fit an i32.
    (solar.duration_since(EPOCH).as_hours() / 24) as i32
}

fn solar_date(day: i32) -> Option<Date> {
    days_after(EPOCH, day)
}

/// The months of one lunar year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LunarYear {
    /// The first day of each month, and of the next year after the last.
    starts: [i32; 14],
    /// 12 or 13.
    months: usize,
    leap: Option<i8>,
}

impl LunarYear {
    /// Kept once computed: the planner asks for the same few years again and again.
    fn of(year: i16) -> Option<&'static LunarYear> {
        static KNOWN: [OnceLock<LunarYear>; YEARS] = [const { OnceLock::new() }; YEARS];
        let known = KNOWN.get(usize::try_from(i32::from(year) - i32::from(FIRST)).ok()?)?;
        Some(known.get_or_init(|| LunarYear::compute(year, VIETNAM)))
    }

    fn compute(year: i16, utc_offset: f64) -> LunarYear {
        let sky = Sky { utc_offset };
        let eleventh = [year - 1, year, year + 1].map(|year| sky.eleventh_month(year));
        // Tết is the second month after month 11, or the third when month 11 or 12 was doubled.
        let leap_before = sky.leap_after(eleventh[0], eleventh[1]);
        let leap_after = sky.leap_after(eleventh[1], eleventh[2]);
        let doubled = |leap: Option<i32>| i32::from(leap.is_some_and(|index| index <= 2));
        let first = eleventh[0] + 2 + doubled(leap_before);
        let next = eleventh[1] + 2 + doubled(leap_after);
        let leap_lunation = leap_before
            .map(|index| eleventh[0] + index)
            .into_iter()
            .chain(leap_after.map(|index| eleventh[1] + index))
            .find(|lunation| (first..next).contains(lunation));
        let mut starts = [0; 14];
        for (start, lunation) in starts.iter_mut().zip(first..=next) {
            *start = sky.new_moon_day(lunation);
        }
        LunarYear {
            starts,
            months: (next - first) as usize,
            leap: leap_lunation.map(|lunation| (lunation - first) as i8),
        }
    }

    /// The number of the month at this place of the year, and whether it is the leap month.
    fn label(&self, index: usize) -> (i8, bool) {
        let place = index as i8;
        match self.leap {
            Some(leap) if place == leap => (leap, true),
            Some(leap) if place > leap => (place, false),
            _ => (place + 1, false),
        }
    }
}

/// The sky above one meridian.
struct Sky {
    /// Hours ahead of UTC.
    utc_offset: f64,
}

impl Sky {
    fn new_moon_day(&self, lunation: i32) -> i32 {
        new_moon(lunation, self.utc_offset).floor() as i32
    }

    fn sector(&self, day: i32) -> i32 {
        sun_sector(f64::from(day), self.utc_offset)
    }

    /// The month with the December solstice of this solar year.
    fn eleventh_month(&self, year: i16) -> i32 {
        let last_day = day_number(date(year, 12, 31));
        let mut lunation = lunation_near(last_day);
        while self.new_moon_day(lunation + 1) <= last_day {
            lunation += 1;
        }
        // A month that begins after the solstice is the twelfth.
        if self.sector(self.new_moon_day(lunation)) >= 9 { lunation - 1 } else { lunation }
    }

    /// How many months after a month 11 the leap month begins, when there is one before the next month 11.
    fn leap_after(&self, eleventh: i32, next_eleventh: i32) -> Option<i32> {
        if next_eleventh - eleventh < 13 {
            return None;
        }
        let no_principal_term = |index: &i32| {
            let [first, next] = [0, 1].map(|later| self.new_moon_day(eleventh + index + later));
            self.sector(first) == self.sector(next)
        };
        (1..13).find(no_principal_term)
    }
}

#[cfg(test)]
mod tests;
