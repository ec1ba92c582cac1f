//! On which days a phase has any air time, by the calendar and the windows' days.

use crate::calendar::{Calendar, Day};
use crate::plan::Snapshot;
use crate::vocabulary::{Campaign, Phase, Weekday, Window, ZoneId};
use jiff::civil::Date;

/// The station's windows and calendar; what a date is, is worked out once.
#[derive(Debug)]
pub(super) struct Hours<'a> {
    calendar: Calendar<'a>,
    /// In the order of their ids.
    windows: Vec<&'a Window>,
    zones: Vec<ZoneId>,
    /// By date, as far as they were asked for.
    days: Vec<(Date, Day)>,
}

/// The windows of a phase that open at least one of its campaign's zones.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    pub(super) windows: Vec<&'a Window>,
    /// The campaign's zones that the station has.
    zones: Vec<ZoneId>,
}

impl<'a> Hours<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Hours<'a> {
        let mut windows: Vec<&Window> = snapshot.windows.iter().collect();
        windows.sort_by_key(|window| window.id);
        Hours {
            calendar: Calendar::new(&snapshot.holidays),
            windows,
            zones: snapshot.zones.iter().map(|zone| zone.id).collect(),
            days: Vec::new(),
        }
    }

    pub(super) fn scope(&self, campaign: &Campaign, phase: &Phase) -> Scope<'a> {
        let named = |zone: &ZoneId| campaign.zones.is_empty() || campaign.zones.contains(zone);
        let zones: Vec<ZoneId> = self.zones.iter().copied().filter(named).collect();
        let reaches = |window: &Window| zones.is_empty() || zones.iter().any(|&zone| window.opens(zone));
        let wanted = |window: &Window| phase.windows.is_empty() || phase.windows.contains(&window.id);
        let windows = self.windows.iter().copied().filter(|window| wanted(window) && reaches(window));
        Scope { windows: windows.collect(), zones }
    }

    /// Whether the phase has air time on that date: for each zone of the campaign one of the windows opens.
    pub(super) fn open(&mut self, scope: &Scope<'_>, date: Date) -> bool {
        let index = self.index(date);
        self.days.get(index).is_some_and(|(_, day)| scope.open(day))
    }

    /// The windows of the phase that open on that date; none when they leave out one of the zones.
    pub(super) fn windows_on(&mut self, scope: &Scope<'a>, date: Date) -> Vec<&'a Window> {
        let index = self.index(date);
        let open = self.days.get(index).filter(|(_, day)| scope.open(day));
        open.map(|(_, day)| scope.opening(day).collect()).unwrap_or_default()
    }

    /// Makes a date a closed day, whatever the calendar says.
    #[cfg(test)]
    pub(super) fn close(&mut self, date: Date) {
        let closed_by = Some(crate::vocabulary::HolidayId(uuid::Uuid::nil()));
        let index = self.index(date);
        if let Some((_, day)) = self.days.get_mut(index) {
            day.closed_by = closed_by;
        }
    }

    fn index(&mut self, date: Date) -> usize {
        self.days.binary_search_by_key(&date, |(date, _)| *date).unwrap_or_else(|index| {
            self.days.insert(index, (date, self.calendar.day(date)));
            index
        })
    }
}

impl<'a> Scope<'a> {
    /// The days of a week without holidays on which the phase has air time, counted from Monday as 0, each with
    /// its windows.
    pub(super) fn ordinary_week(&self) -> Vec<(i32, Vec<&'a Window>)> {
        let days = (0..).zip(Weekday::ALL).map(|(offset, weekday)| {
            let day = Day { weekday, holidays: vec![], closed_by: None, no_music_by: None, holiday: None };
            let windows: Vec<&Window> =
                if self.open(&day) { self.opening(&day).collect() } else { Vec::new() };
            (offset, windows)
        });
        days.filter(|(_, windows)| !windows.is_empty()).collect()
    }

    fn open(&self, day: &Day) -> bool {
        let mut opening = self.opening(day).peekable();
        if opening.peek().is_none() {
            return false;
        }
        if opening.any(|window| window.zones.is_empty()) {
            return true;
        }
        self.zones.iter().all(|&zone| self.opening(day).any(|window| window.opens(zone)))
    }

    fn opening(&self, day: &Day) -> impl Iterator<Item = &'a Window> {
        self.windows.iter().copied().filter(move |window| opens_on(window, day))
    }
}

fn opens_on(window: &Window, day: &Day) -> bool {
    let by_weekday = day.closed_by.is_none() && window.days.contains(&day.weekday);
    let by_holiday = || window.holidays.iter().any(|holiday| day.holidays.contains(holiday));
    window.start < window.end && (by_weekday || by_holiday())
}
