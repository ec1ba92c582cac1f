//! What kind of day a date is.

use crate::vocabulary::{Holiday, HolidayId, Weekday};
use jiff::civil::Date;

/// The holidays of a station, ready to be asked about any date.
#[derive(Debug)]
pub struct Calendar<'a> {
    holidays: Vec<&'a Holiday>,
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

impl<'a> Calendar<'a> {
    /// The calendar of these holidays, in any order.
    #[must_use]
    pub fn new(holidays: &'a [Holiday]) -> Calendar<'a> {
        let mut holidays: Vec<&Holiday> = holidays.iter().collect();
        holidays.sort_by_key(|holiday| holiday.id);
        Calendar { holidays }
    }

    /// What `date` is.
    #[must_use]
    pub fn day(&self, date: Date) -> Day {
        Day {
            weekday: Weekday::of(date),
            holidays: Vec::new(),
            closed_by: None,
            no_music_by: None,
            holiday: None,
        }
    }

    /// What people call a holiday.
    #[must_use]
    pub fn name(&self, id: HolidayId) -> Option<&'a str> {
        let index = self.holidays.binary_search_by_key(&id, |holiday| holiday.id).ok()?;
        self.holidays.get(index).map(|holiday| holiday.name.as_str())
    }
}
