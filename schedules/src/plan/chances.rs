//! Second chances: what the log says was missed or cut, and has a rule that wants it again.

use super::fill::ready_after;
use super::hours::{OpenDay, holding, intersect};
use super::item::{Chance, Item};
use super::station::Show;
use super::sweep::Sweep;
use super::types::{PastAiring, Permit, Resumption};
use crate::reason::ReasonCode;
use crate::vocabulary::{MissedRule, OnHolidays, Outcome};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// No more than so many attempts follow the first one.
const ATTEMPTS: u32 = 3;

/// For so long after a miss its programme's make-good looks for a gap.
const MAKE_GOOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For so many days after a miss its next session is looked for.
const NEXT_SESSION_DAYS: i64 = 15;

/// Items that come again.
#[derive(Default)]
pub(super) struct SecondChances {
    /// At their own time, in the sweep.
    pub(super) timed: Vec<Item>,
    /// In a gap.
    pub(super) make_goods: Vec<Item>,
}

/// A miss, and what it is about.
struct Miss<'x> {
    last: &'x PastAiring,
    set: usize,
    /// How long the recording is.
    whole: SignedDuration,
    holidays: OnHolidays,
    /// Nothing may start before this.
    soonest: Timestamp,
}

impl Sweep<'_, '_> {
    /// What the history wants again after the moment of the plan.
    pub(super) fn second_chances(&self) -> SecondChances {
        let mut chances = SecondChances::default();
        let Some(as_of) = self.station.snapshot.as_of else { return chances };
        for attempts in self.past.attempts() {
            let (Some((_, first)), Some((item, last))) = (attempts.first(), attempts.last()) else {
                continue;
            };
            let &(index, occurrence, position, attempt) = item;
            // Most of what is closed was heard; the rest of it is looked up only for what was not.
            if last.outcome != Outcome::Preempted && !wanted(last) {
                continue;
            }
            let Some(show) = self.station.shows.get(index) else { continue };
            let place = usize::try_from(position).unwrap_or(usize::MAX);
            let item = show.running().and_then(|running| running.items.get(place));
            let Some(&(segment, Some(recording))) = item else { continue };
            let (Some(set), Some(held)) = (show.zones, self.station.recordings.get(recording)) else {
                continue;
            };
            if segment != last.segment {
                continue;
            }
            let miss = Miss {
                last,
                set,
                whole: held.duration,
                holidays: show.on_holidays(),
                soonest: ready_after(as_of),
            };
            let again = Item {
                show: index,
                class: show.class,
                due: miss.soonest,
                occurrence,
                position,
                attempt: attempt + 1,
                offset: SignedDuration::ZERO,
                run: None,
                until: None,
                chance: Chance::First,
            };
            if last.outcome == Outcome::Preempted {
                chances.timed.extend(self.recovered(show, &miss, again));
            } else if attempt < ATTEMPTS {
                self.repaid(show, &miss, again, first.planned_start, &mut chances);
            }
        }
        chances
    }

    /// The rest of what was cut, as long as the window in which it was cut is open.
    fn recovered(&self, show: &Show<'_>, miss: &Miss<'_>, again: Item) -> Option<Item> {
        let heard = miss.last.offset.saturating_add(miss.last.played);
        let offset = match self.resumption(show.class) {
            Resumption::Drop => return None,
            Resumption::Restart => SignedDuration::ZERO,
            Resumption::Continue => heard,
        };
        let rest = miss.whole.saturating_sub(offset);
        let day = self.day_of(miss.last.planned_start);
        let permit = holding(&self.hours.permits_on(&day, miss.set), miss.last.planned_start)?;
        let until = permit.until.saturating_sub(rest).ok()?;
        let possible = rest > SignedDuration::ZERO && miss.soonest <= until;
        let chance = Chance::Recovered { cut: miss.last.ended };
        possible.then_some(Item { offset, until: Some(until), chance, ..again })
    }

    fn repaid(
        &self,
        show: &Show<'_>,
        miss: &Miss<'_>,
        again: Item,
        missed: Timestamp,
        chances: &mut SecondChances,
    ) {
        match show.missed_rule() {
            MissedRule::Skip => {}
            MissedRule::Within { minutes } => {
                let patience = SignedDuration::from_mins(i64::from(minutes));
                let until = missed.saturating_add(patience).unwrap_or(Timestamp::MAX);
                if miss.soonest <= until {
                    // Outside of every window it is refused at its end, with that reason.
                    let due = self.open_from(miss, until).unwrap_or(until);
                    let chance = Chance::Within { missed };
                    chances.timed.push(Item { due, until: Some(until), chance, ..again });
                }
            }
            MissedRule::NextSession => {
                if let Some(session) = self.next_session(miss) {
                    let due = session.from.max(miss.soonest);
                    let until = session.until.saturating_sub(miss.whole).unwrap_or(due);
                    let chance = Chance::NextSession { missed };
                    chances.timed.push(Item { due, until: Some(until.max(due)), chance, ..again });
                }
            }
            MissedRule::MakeGood => {
                let until = missed.saturating_add(MAKE_GOOD).unwrap_or(Timestamp::MAX);
                if miss.soonest <= until {
                    let chance = Chance::MakeGood { missed };
                    chances.make_goods.push(Item { until: Some(until), chance, ..again });
                }
            }
        }
    }

    /// The first moment up to `until` at which the whole recording has room in a window.
    fn open_from(&self, miss: &Miss<'_>, until: Timestamp) -> Option<Timestamp> {
        let mut day = self.day_of(miss.soonest);
        loop {
            if self.may_air(&day, miss) {
                for permit in self.hours.permits_on(&day, miss.set) {
                    let start = permit.from.max(miss.soonest);
                    let end = start.saturating_add(miss.whole).unwrap_or(Timestamp::MAX);
                    if start <= until && end <= permit.until {
                        return Some(start);
                    }
                }
            }
            day = self.hours.open_day(day.date.saturating_add(1.day()));
            if until < day.begins {
                return None;
            }
        }
    }

    /// The first opening of a window after the miss that is not over yet.
    fn next_session(&self, miss: &Miss<'_>) -> Option<Permit> {
        let mut day = self.day_of(miss.last.planned_start);
        for _ in 0..NEXT_SESSION_DAYS {
            if self.may_air(&day, miss) {
                let permits = self.hours.permits_on(&day, miss.set);
                let mut openings: Vec<Permit> = day
                    .openings
                    .iter()
                    .filter(|opening| miss.last.planned_start < opening.permit.from)
                    .flat_map(|opening| intersect(&[opening.permit], &permits))
                    .filter(|opening| miss.soonest < opening.until)
                    .collect();
                openings.sort_by_key(|opening| (opening.from, opening.until));
                if let Some(&first) = openings.first() {
                    return Some(first);
                }
            }
            day = self.hours.open_day(day.date.saturating_add(1.day()));
        }
        None
    }

    fn may_air(&self, day: &OpenDay, miss: &Miss<'_>) -> bool {
        match miss.holidays {
            OnHolidays::Air => true,
            OnHolidays::Skip => day.day.holiday.is_none(),
            OnHolidays::Only => day.day.holiday.is_some(),
        }
    }

    fn day_of(&self, at: Timestamp) -> OpenDay {
        self.hours.open_day(at.to_zoned(self.station.snapshot.timezone.clone()).date())
    }
}

/// Whether the way in which it ended calls for a second chance. What was heard in part is repeated whole; what
/// somebody stopped, or what a new plan took away, is not repeated.
fn wanted(airing: &PastAiring) -> bool {
    let by_will = [ReasonCode::LocalStop, ReasonCode::PlanChanged].map(ReasonCode::as_str);
    let meant = airing.reason.as_deref().is_some_and(|reason| by_will.contains(&reason));
    matches!(airing.outcome, Outcome::Missed | Outcome::Failed | Outcome::Partial) && !meant
}
