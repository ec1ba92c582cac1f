//! From a holiday's rule and its announcements to dates.

use super::{days_after, lunar};
use crate::vocabulary::{DateSpan, Holiday, HolidayRule, LONGEST_HOLIDAY, Weekday};
use jiff::civil::Date;

impl Holiday {
    /// The days of this holiday that belong to a solar year: what was announced for that year, else the days
    /// that the rule puts into it, first to last. A span may begin in the year before or end in the year
    /// after; a lunar day late in the twelfth month may come twice in one solar year, or not at all.
    #[must_use]
    pub fn spans(&self, year: i16) -> Vec<DateSpan> {
        let mut announced = self.announced.iter().filter(|announced| announced.year == year).peekable();
        let mut spans: Vec<DateSpan> = if announced.peek().is_some() {
            announced.filter_map(|announced| announced.days).filter(|span| span.from <= span.to).collect()
        } else {
            days_of_rule(&self.rule, year).into_iter().filter_map(|day| self.span_at(day)).collect()
        };
        spans.sort_unstable_by_key(|span| (span.from, span.to));
        spans.dedup();
        spans
    }

    /// The days around the day of the rule. What was never checked is cut to what a check allows.
    fn span_at(&self, day: Date) -> Option<DateSpan> {
        let furthest = i32::try_from(LONGEST_HOLIDAY).ok()?;
        let from = days_after(day, self.first_day.clamp(-furthest, furthest))?;
        let length = i32::try_from(self.days.min(LONGEST_HOLIDAY)).ok()?;
        let to = days_after(from, length - 1)?;
        (from <= to).then_some(DateSpan { from, to })
    }
}

/// The days that a rule names in a solar year.
fn days_of_rule(rule: &HolidayRule, year: i16) -> Vec<Date> {
    match rule {
        HolidayRule::Solar { month, day } => Date::new(year, *month, *day).into_iter().collect(),
        HolidayRule::Lunar { month, day, leap } => {
            // Month 11 holds the December solstice: none before it reaches into the next solar year.
            let first = if *month < 11 { year } else { year.saturating_sub(1) };
            let days = (first..=year).filter_map(|lunar| lunar_day(lunar, *month, *day, *leap));
            days.filter(|day| day.year() == year).collect()
        }
        HolidayRule::NthWeekday { month, weekday, nth } => {
            let first = Date::new(year, *month, 1);
            first.and_then(|first| first.nth_weekday_of_month(*nth, civil(*weekday))).into_iter().collect()
        }
        HolidayRule::Dates { dates } => dates.iter().copied().filter(|date| date.year() == year).collect(),
    }
}

fn lunar_day(year: i16, month: i8, day: i8, leap: bool) -> Option<Date> {
    let (first, length) = lunar::month(year, month, leap)?;
    (1..=30).contains(&day).then(|| days_after(first, i32::from(day.min(length)) - 1))?
}

fn civil(weekday: Weekday) -> jiff::civil::Weekday {
    match weekday {
        Weekday::Mon => jiff::civil::Weekday::Monday,
        Weekday::Tue => jiff::civil::Weekday::Tuesday,
        Weekday::Wed => jiff::civil::Weekday::Wednesday,
        Weekday::Thu => jiff::civil::Weekday::Thursday,
        Weekday::Fri => jiff::civil::Weekday::Friday,
        Weekday::Sat => jiff::civil::Weekday::Saturday,
        Weekday::Sun => jiff::civil::Weekday::Sunday,
    }
}
