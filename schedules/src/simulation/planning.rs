//! When the station plans, and what the playout is told of it.

use super::{Event, Simulation};
use crate::plan::{DayPlan, Entry, HISTORY_DAYS, SlotKey, plan};
use crate::playout::Input;
use crate::vocabulary::{TimeOfDay, Window};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::HashSet;
use std::time::Duration;

/// The next day is planned so long before it begins.
const AHEAD: SignedDuration = SignedDuration::from_mins(50);

/// A window that is shut so many seconds before and after midnight is shut around it.
const SHUT: u32 = 3600;

/// A station that airs all day is told this far ahead.
const TOLD: SignedDuration = SignedDuration::from_hours(2);
/// Not more than so many slots are told whole days ahead.
const FEW: usize = 50;

impl Simulation {
    /// A new plan, in a moment.
    pub(super) fn ask_for_plan(&mut self) {
        if self.planning && self.playout.is_some() && !self.replan_asked {
            self.replan_asked = true;
            self.after(Duration::from_millis(3), Event::Replan(None));
        }
    }

    /// What was planned no longer holds.
    pub(super) fn replan_anew(&mut self) {
        self.days.clear();
        self.replan();
    }

    /// Tells the playout what lies ahead to the end of the day; days whose plan still holds are not planned again.
    pub(super) fn replan(&mut self) {
        self.replan_asked = false;
        let Some(playout) = self.playout.as_ref().filter(|_| self.planning) else { return };
        let (from, wanted) = (playout.plan_from(), playout.needs_plan());
        let now = self.wall();
        let at = now.max(from);
        let early = self.early();
        let (first, last) = (self.date(from), self.date(at.saturating_add(early).unwrap_or(at)));
        self.check_accounted(from);
        self.plan_days(at, first, last);
        let (entries, all) = self.entries_ahead(from, at, first, last);
        self.check_resumptions(at);
        // What came due under the old plan is settled before the new one replaces it.
        let settled = if self.trusted && !wanted { now } else { self.settled };
        self.promises.told_now(&entries, |start| start < settled);
        for entry in &entries {
            // An armed slot may have been moved back by the new plan.
            if let Entry::Slot(new) = entry
                && let Some(known) = self.slots.get_mut(&new.key)
            {
                if new.start > known.start {
                    known.clone_from(new);
                }
                // A window that was moved may let it wait longer, or less long.
                known.latest_start = new.latest_start;
            }
        }
        self.tell(Input::Plan(entries));
        self.write_accounted();
        self.replans += 1;
        let again = match all {
            true => self.midnight_after(last).saturating_sub(early).unwrap_or(at).duration_since(now),
            false => SignedDuration::from_mins(30),
        };
        let again = again.max(SignedDuration::from_mins(1)).saturating_add(SignedDuration::from_secs(1));
        self.after(Duration::try_from(again).unwrap_or_default(), Event::Replan(Some(self.replans)));
    }

    /// How long before it begins the next day is planned. Where every window is shut around midnight, the day is
    /// planned when it has begun.
    fn early(&self) -> SignedDuration {
        let shut = |window: &Window| {
            let (opens, closes) = (window.start.seconds(), window.end.seconds());
            opens.min(TimeOfDay::END_OF_DAY.seconds().saturating_sub(closes)) >= SHUT
        };
        if self.snapshot.windows.iter().all(shut) { SignedDuration::ZERO } else { AHEAD }
    }

    fn plan_days(&mut self, at: Timestamp, first: Date, last: Date) {
        self.days = self.days.split_off(&first);
        let mut missing = first;
        while missing <= last && self.days.contains_key(&missing) {
            missing = missing.saturating_add(1.day());
        }
        if missing > last {
            return;
        }
        self.forget_old_history(at);
        self.snapshot.as_of = Some(at);
        self.snapshot.busy = self.busy();
        // Where a day is little work the next one is planned with it: it stands until something is wanted again.
        let ahead = if self.few && self.snapshot.busy.is_none() { 2 } else { 1 };
        self.few = true;
        for planned in plan(&self.snapshot, missing, last.saturating_add(ahead.days())) {
            self.few &= planned.slots.len() <= FEW;
            self.days.insert(planned.date, planned);
        }
    }

    /// What has no outcome yet, from `from` on, for the next hours, sorted by start; and whether that is all of it.
    fn entries_ahead(&self, from: Timestamp, at: Timestamp, first: Date, last: Date) -> (Vec<Entry>, bool) {
        let closing: HashSet<&SlotKey> = self.log.closing().collect();
        let horizon = at.saturating_add(TOLD).unwrap_or(Timestamp::MAX);
        let planned: usize = self.days.range(first..=last).map(|(_, day)| day.slots.len()).sum();
        let all = planned <= FEW;
        let ahead = |start: Timestamp, key: &SlotKey| {
            let near = from <= start && (all || start < horizon);
            near && !self.log.ended(key) && !closing.contains(key)
        };
        let mut entries = Vec::new();
        for DayPlan { slots, refusals, .. } in self.days.range(first..=last).map(|(_, day)| day) {
            let slots = slots.iter().filter(|slot| ahead(slot.start, &slot.key));
            entries.extend(slots.cloned().map(Entry::Slot));
            let refusals = refusals.iter().filter(|refusal| ahead(refusal.start, &refusal.key));
            entries.extend(refusals.cloned().map(Entry::Refused));
        }
        entries.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
        (entries, all)
    }

    /// As the log does it: programmes' rows are remembered for [`HISTORY_DAYS`], campaigns' for as long as one of
    /// their phases lasts.
    fn forget_old_history(&mut self, at: Timestamp) {
        let reach = SignedDuration::from_hours(24 * i64::from(HISTORY_DAYS));
        let oldest = at.saturating_sub(reach).unwrap_or(Timestamp::MIN);
        self.snapshot.history.retain(|past| past.ended >= oldest || past.origin.campaign().is_some());
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.snapshot.timezone.to_datetime(at).date()
    }

    fn midnight_after(&self, date: Date) -> Timestamp {
        let midnight = date.saturating_add(1.day()).to_datetime(Time::midnight());
        crate::vocabulary::instant_of(midnight, &self.snapshot.timezone)
    }
}
