//! Other rules in mid-session: windows are moved, closed and limited, campaigns paused, holidays proclaimed.

use super::{Event, Simulation};
use crate::vocabulary::{
    DayEffect, Holiday, HolidayId, HolidayRule, Limits, Period, Quota, StartRule, TimeOfDay, Weekday,
};
use jiff::ToSpan;
use std::time::Duration;
use uuid::Uuid;

/// A window is moved by so many minutes at most.
const MOVED: u64 = 20;
const DAY: u32 = 86_400;

impl Simulation {
    /// One rule is changed. In minutes, or in a day or two, all of them are what they were.
    pub(super) fn change_rules(&mut self) {
        match self.dice.below(8) {
            0 | 1 => self.change_window(),
            2 => self.change_limits(),
            3 | 4 => self.proclaim(),
            5 | 6 if !self.snapshot.campaigns.is_empty() => self.change_campaign(),
            _ => self.change_start_rule(),
        }
        let longest = if self.dice.once_in(2) { 900_000 } else { 150_000_000 };
        let wait = Duration::from_millis(self.dice.below(longest) + 1);
        self.after(wait, Event::RestoreRules);
        self.edited();
    }

    /// Everything that [`Simulation::change_rules`] changes is as it was.
    pub(super) fn restore_rules(&mut self) {
        let before = &self.edits;
        self.snapshot.windows.clone_from(&before.windows);
        self.snapshot.campaigns.clone_from(&before.campaigns);
        self.snapshot.holidays.clone_from(&before.holidays);
        for (programme, before) in self.snapshot.programmes.iter_mut().zip(&before.programmes) {
            programme.start_rule = before.start_rule;
        }
        for (segment, before) in self.snapshot.segments.iter_mut().zip(&before.segments) {
            segment.music = before.music;
        }
        self.edited();
    }

    fn weekday_now(&self) -> Weekday {
        Weekday::of(self.date(self.wall()))
    }

    /// It opens and closes sooner or later, closes now, or not at all on this day of the week.
    fn change_window(&mut self) {
        let index = self.dice.index(self.snapshot.windows.len());
        let (how, minutes) = (self.dice.below(4), self.dice.below(MOVED) + 1);
        let seconds = u32::try_from(minutes * 60).unwrap_or(60);
        let today = self.weekday_now();
        let civil = self.snapshot.timezone.to_datetime(self.wall()).time();
        let now = u32::try_from(civil.duration_since(jiff::civil::Time::midnight()).as_secs()).unwrap_or(0);
        let Some(window) = self.snapshot.windows.get_mut(index) else { return };
        let (start, end) = (window.start.seconds(), window.end.seconds());
        let (start, end) = match how {
            0 => (start + seconds, end + seconds),
            1 => (start.saturating_sub(seconds), end.saturating_sub(seconds)),
            2 => (start, (now + seconds).clamp(start, end)),
            _ => {
                window.days.retain(|&day| day != today);
                (start, end)
            }
        };
        let at = |seconds: u32| TimeOfDay::from_seconds(seconds.min(DAY));
        if let (true, Some(start), Some(end)) = (start < end.min(DAY), at(start), at(end)) {
            (window.start, window.end) = (start, end);
        }
    }

    /// Only where there were limits: a station that sounds around the clock would be planned from the Monday before
    /// each time.
    fn change_limits(&mut self) {
        let index = self.dice.index(self.snapshot.windows.len());
        if self.edits.windows.get(index).is_none_or(|window| window.limits == Limits::default()) {
            return;
        }
        let how = self.dice.below(6);
        let count = u32::try_from(self.dice.below(15)).unwrap_or(0) + 1;
        let Some(window) = self.snapshot.windows.get_mut(index) else { return };
        let few = count.div_ceil(3);
        window.limits = match how {
            0 => Limits { minutes_per_session: Some(count), ..window.limits },
            1 => Limits { minutes_per_day: Some(count), ..window.limits },
            2 => Limits { minutes_per_week: Some(count * 5), ..window.limits },
            3 => Limits { sessions_per_day: Some(few), ..window.limits },
            4 => Limits { days_per_week: Some(few), ..window.limits },
            _ => Limits::default(),
        };
    }

    /// From today on the station is closed, or there is no music, for one to three days.
    fn proclaim(&mut self) {
        let today = self.date(self.wall());
        let (music, number) = (self.dice.once_in(3), self.dice.next());
        let days = u32::try_from(self.dice.below(3)).unwrap_or(0) + 1;
        if music && let Some(segment) = self.snapshot.segments.first_mut() {
            segment.music = true;
        }
        self.snapshot.holidays.push(Holiday {
            id: HolidayId(Uuid::from_u64_pair(1, number)),
            name: if music { "mourning" } else { "closed" }.to_owned(),
            rule: HolidayRule::Dates { dates: vec![today] },
            first_day: 0,
            days,
            announced: Vec::new(),
            effect: DayEffect { closed: !music, no_music: music, ..DayEffect::default() },
        });
    }

    /// Its quota is another, it is paused, or its dates are moved.
    fn change_campaign(&mut self) {
        let index = self.dice.index(self.snapshot.campaigns.len());
        let (how, by) = (self.dice.below(3), self.dice.below(14));
        let count = u32::try_from(self.dice.below(4)).unwrap_or(0) + 1;
        let per = if self.dice.once_in(2) { Period::Day } else { Period::Week };
        let yesterday = self.date(self.wall()).saturating_sub(1.day());
        let by = i64::try_from(by).unwrap_or(0) - 7;
        let Some(campaign) = self.snapshot.campaigns.get_mut(index) else { return };
        for phase in &mut campaign.phases {
            match how {
                0 => phase.airings = Quota { count, per },
                1 if phase.from <= yesterday => phase.to = phase.to.min(yesterday),
                1 => {}
                _ => {
                    phase.from = phase.from.saturating_add(by.days());
                    phase.to = phase.to.saturating_add(by.days());
                }
            }
        }
    }

    fn change_start_rule(&mut self) {
        let index = self.dice.index(self.snapshot.programmes.len());
        let minutes = u32::try_from(self.dice.below(4)).unwrap_or(0) + 1;
        let rule = match self.dice.below(3) {
            0 => StartRule::AtOnce,
            1 => StartRule::MakeNext,
            _ => StartRule::WaitUpTo { minutes },
        };
        if let Some(programme) = self.snapshot.programmes.get_mut(index) {
            programme.start_rule = rule;
        }
    }
}
