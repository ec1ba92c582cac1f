//! What the items of a day use of the windows' limits.

use super::air::Current;
use super::item::{Item, Why};
use super::limits::{self, Used, monday_of};
use super::past::{Heard, heard};
use super::sweep::{Fit, Sweep};
use super::types::Permit;
use crate::vocabulary::Class;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

impl<'s, 'a> Sweep<'s, 'a> {
    /// Takes what an item uses of the limits: what was really heard, where the log knows it.
    pub(super) fn take(&mut self, item: &Item, planned: Permit) {
        if !self.hours.limited() {
            return;
        }
        let id = item.id();
        self.unreserve(item);
        let closed = self.past.closed(id).is_some();
        if closed && self.logged {
            return;
        }
        if closed && item.attempt > 0 {
            // The log may have counted it already.
            self.used.release(id, Timestamp::MIN);
        }
        let stretch = self.really(item, planned);
        let set = self.show(item).and_then(|show| show.zones);
        if let (Some(stretch), Some(set)) = (stretch, set) {
            let touched = self.hours.touched(Some(set), stretch);
            self.used.take(&self.hours.windows, id, stretch, &touched);
        }
    }

    /// Gives back what an item took.
    pub(super) fn give_back(&mut self, item: &Item, planned: Permit) {
        if self.logged && self.past.closed(item.id()).is_some() {
            return;
        }
        if let Some(stretch) = self.really(item, planned).filter(|_| self.hours.limited()) {
            self.used.release(item.id(), stretch.from);
        }
    }

    /// From this day on, what the log has heard of the week counts, and nothing that a plan made of it now.
    pub(super) fn read_the_log(&mut self, date: Date) {
        self.logged = true;
        if !self.hours.limited() {
            return;
        }
        self.used = Used::default();
        let mut day = monday_of(date).saturating_sub(1.day());
        while day <= date {
            let midnight = |date| self.hours.midnight(date);
            let whole = Permit { from: midnight(day), until: midnight(day.saturating_add(1.day())) };
            let heard = self.past.heard_in(whole);
            if !heard.is_empty() {
                self.hours.enter(day);
            }
            for &(stretch, show) in heard {
                let zones = show.and_then(|show| self.station.shows.get(show)?.zones);
                let touched = self.hours.touched(zones, stretch);
                let id = (usize::MAX, stretch.from, 0, 0);
                self.used.take(&self.hours.windows, id, stretch, &touched);
            }
            day = day.saturating_add(1.day());
        }
        // What sounds across midnight is still open.
        if let Some(Current { item, start, end, .. }) = self.air.current {
            self.hours.enter(date);
            self.take(&item, Permit { from: start, until: end });
        }
    }

    /// When it was heard, where the log knows it.
    pub(super) fn really(&self, item: &Item, planned: Permit) -> Option<Permit> {
        self.past.closed(item.id()).map_or(Some(planned), heard)
    }

    pub(super) fn unreserve(&mut self, item: &Item) {
        if let Some(reserved) = self.reserved.as_mut().filter(|_| item.class == Class::Priority) {
            reserved.release(item.id(), Timestamp::MIN);
        }
    }

    pub(super) fn within_limits(&self, item: &Item, fit: &Fit, now: Timestamp) -> Result<(), Why> {
        let Some(set) = self.show(item).and_then(|show| show.zones).filter(|_| self.hours.limited()) else {
            return Ok(());
        };
        if self.logged && self.past.closed(item.id()).is_some_and(|closed| heard(closed).is_some()) {
            // It has had it.
            return Ok(());
        }
        let end = now.saturating_add(fit.length).unwrap_or(Timestamp::MAX);
        let stretch = Permit { from: now, until: end };
        let reserved = self.reserved.as_ref().filter(|_| item.class == Class::Normal);
        let touched = self.hours.touched(Some(set), stretch);
        limits::check(&self.used, reserved, &self.hours.windows, stretch, &touched).map_err(Why::Limit)
    }

    /// Counts what the log says was heard on a day, and no sweep finds again.
    pub(super) fn begin_day(&mut self, day: Permit) {
        self.ends = day.until;
        self.stretches.clear();
        if self.logged || !self.hours.limited() {
            return;
        }
        for &Heard { id, stretch, .. } in self.past.extra_in(day) {
            if let Some(set) = self.station.shows.get(id.0).and_then(|show| show.zones) {
                let touched = self.hours.touched(Some(set), stretch);
                self.used.take(&self.hours.windows, id, stretch, &touched);
            }
        }
    }
}
