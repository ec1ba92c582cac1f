//! What kind of day a date is.
//!
//! Several holidays may fall on one day. Any of them closes it or keeps music silent. Only one can lend it
//! another day of the week: a holiday of single dates (a swap day was announced for that very date) goes
//! before one with a rule, and among equals the lowest id.

mod astronomy;
pub mod lunar;
mod spans;

use crate::vocabulary::{Holiday, HolidayId, HolidayRule, Weekday};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use lunar::LunarDate;

/// The years whose days are kept once they were asked for; others are worked out each time.
const FIRST_KEPT: i16 = 1990;
const KEPT: usize = 120;

/// The holidays of a station, ready to be asked about any date.
#[derive(Debug)]
pub struct Calendar<'a> {
    holidays: Vec<&'a Holiday>,
    /// What is special in each year, kept from the first question on: a plan asks for every day.
    years: Vec<OnceLock<Year>>,
}

/// What a date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day of the week as which it counts for windows.
    pub weekday: Weekday,
    /// Every holiday that falls on it, swap days included, in the order of their ids.
    pub holidays: Vec<HolidayId>,
    /// The first holiday that closes it.
    pub closed_by: Option<HolidayId>,
    /// The first holiday that keeps music silent.
    pub no_music_by: Option<HolidayId>,
    /// The first holiday that programmes may skip (or air on only); swap days are none.
    pub holiday: Option<HolidayId>,
}

/// The days of one year on which something falls, in their order.
#[derive(Debug)]
struct Year(Vec<(Date, Day)>);

impl<'a> Calendar<'a> {
    /// The calendar of these holidays, in any order.
    #[must_use]
    pub fn new(holidays: &'a [Holiday]) -> Calendar<'a> {
        let mut holidays: Vec<&Holiday> = holidays.iter().collect();
        holidays.sort_by_key(|holiday| holiday.id);
        let kept = if holidays.is_empty() { 0 } else { KEPT };
        Calendar { holidays, years: (0..kept).map(|_| OnceLock::new()).collect() }
    }

    /// What `date` is.
    #[must_use]
    pub fn day(&self, date: Date) -> Day {
        if self.holidays.is_empty() {
            return Day::ordinary(date);
        }
        let year = date.year();
        let place = usize::try_from(i32::from(year) - i32::from(FIRST_KEPT)).ok();
        match place.and_then(|place| self.years.get(place)) {
            Some(kept) => kept.get_or_init(|| self.year(year)).day(date),
            None => self.year(year).day(date),
        }
    }

    /// What people call a holiday.
    #[must_use]
    pub fn name(&self, id: HolidayId) -> Option<&'a str> {
        let index = self.holidays.binary_search_by_key(&id, |holiday| holiday.id).ok()?;
        self.holidays.get(index).map(|holiday| holiday.name.as_str())
    }

    fn year(&self, year: i16) -> Year {
        let mut falling: BTreeMap<Date, Vec<&Holiday>> = BTreeMap::new();
        let (first, last) = (date(year, 1, 1), date(year, 12, 31));
        for &holiday in &self.holidays {
            // Spans cross New Year.
            let spans = [-1, 0, 1].map(|other| holiday.spans(year.saturating_add(other)));
            for span in spans.into_iter().flatten() {
                let (from, to) = (span.from.max(first), span.to.min(last));
                for day in days_between(from, to) {
                    let here = falling.entry(day).or_default();
                    if here.last().is_none_or(|before| before.id != holiday.id) {
                        here.push(holiday);
                    }
                }
            }
        }
        Year(falling.into_iter().map(|(date, holidays)| (date, Day::with(date, &holidays))).collect())
    }
}

impl Year {
    fn day(&self, date: Date) -> Day {
        let special = self.0.binary_search_by_key(&date, |(day, _)| *day).ok();
        special.and_then(|at| self.0.get(at)).map_or_else(|| Day::ordinary(date), |(_, day)| day.clone())
    }
}

impl Day {
    /// A day on which nothing falls.
    fn ordinary(date: Date) -> Day {
        Day {
            weekday: Weekday::of(date),
            holidays: Vec::new(),
            closed_by: None,
            no_music_by: None,
            holiday: None,
        }
    }

    /// A day on which these fall, in the order of their ids.
    fn with(date: Date, holidays: &[&Holiday]) -> Day {
        let first = |wanted: &dyn Fn(&Holiday) -> bool| holidays.iter().find(|holiday| wanted(holiday));
        let id = |wanted: &dyn Fn(&Holiday) -> bool| first(wanted).map(|holiday| holiday.id);
        let dated = |holiday: &Holiday| matches!(holiday.rule, HolidayRule::Dates { .. });
        let lends = |holiday: &Holiday| holiday.effect.acts_as.is_some();
        let lender = first(&|holiday| dated(holiday) && lends(holiday)).or_else(|| first(&lends));
        Day {
            weekday: lender.and_then(|holiday| holiday.effect.acts_as).unwrap_or_else(|| Weekday::of(date)),
            holidays: holidays.iter().map(|holiday| holiday.id).collect(),
            closed_by: id(&|holiday| holiday.effect.closed),
            no_music_by: id(&|holiday| holiday.effect.no_music),
            holiday: id(&|holiday| !holiday.effect.ordinary),
        }
    }
}

/// The date so many days later; None beyond the last or before the first that a date can be.
fn days_after(date: Date, days: i32) -> Option<Date> {
    // Not by a span of days, which takes several times as long: whole years of days are made here.
    date.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

/// Each date from the first to the last, both included; none when they are the wrong way round.
fn days_between(from: Date, to: Date) -> impl Iterator<Item = Date> {
    let first = (from <= to).then_some(from);
    std::iter::successors(first, move |day| days_after(*day, 1).filter(|next| *next <= to))
}

#[cfg(test)]
mod tests;
