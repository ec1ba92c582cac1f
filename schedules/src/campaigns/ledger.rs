//! The account of one phase while a plan is made.

use super::history::Row;
use super::hours::{Hours, Scope};
use super::period::{Due, period_of, to_u64};
use super::{GRACE_DAYS, MOST_ATTEMPTS};
use crate::vocabulary::{Campaign, Period, Phase};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What a phase owes, has had and is planned to have.
#[derive(Debug)]
pub(super) struct PhaseLedger<'a> {
    phase: &'a Phase,
    pub(super) scope: Scope<'a>,
    /// Open days of a week without holidays.
    ordinary_days: u32,
    /// What the history knows, in the order of period and number.
    past: Vec<((Date, u32), Tried)>,
    /// Periods that were needed so far.
    periods: BTreeMap<Date, PeriodLedger>,
    /// Numbers to repay, by period and number.
    debts: BTreeMap<(Date, u32), Debt>,
    /// The last day on which debts can be repaid; None until somebody needs it, then perhaps no day at all.
    last_repayment: Option<Option<Date>>,
}

#[derive(Debug)]
struct PeriodLedger {
    due: Due,
    /// Every number that was asked for and not refused for another day, with the day of its first attempt.
    asked: BTreeMap<u32, Date>,
    /// How many of them aired or are planned to.
    done: u32,
}

/// What the history says of a number.
#[derive(Debug)]
struct Tried {
    first: Date,
    latest: Date,
    attempt: u32,
    aired: bool,
}

#[derive(Debug, Clone, Copy)]
struct Debt {
    /// Which attempt comes next.
    attempt: u32,
    /// Not before.
    since: Date,
}

/// One number that a phase wants on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) period: Date,
    pub(super) number: u32,
    pub(super) attempt: u32,
    pub(super) last_chance: bool,
}

/// The days of which the plan knows something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The day of `as_of`; what lies before it is told by the history alone.
    pub(super) as_of: Option<Date>,
    /// The first day that was asked about; the days from `as_of` to it are taken as planned.
    pub(super) begun: Date,
}

impl<'a> PhaseLedger<'a> {
    pub(super) fn new(hours: &Hours<'a>, campaign: &Campaign, phase: &'a Phase) -> PhaseLedger<'a> {
        let scope = hours.scope(campaign, phase);
        let ordinary_days = u32::try_from(scope.ordinary_week().len()).unwrap_or(7);
        PhaseLedger {
            phase,
            scope,
            ordinary_days,
            past: Vec::new(),
            periods: BTreeMap::new(),
            debts: BTreeMap::new(),
            last_repayment: None,
        }
    }

    /// A closed airing; they come in the order of their planned starts, and before any day is asked about.
    pub(super) fn record(&mut self, row: &Row<'_>) {
        let key = (row.period, row.number);
        // As a rule the newest row is the last.
        let found = match self.past.last() {
            Some((last, _)) if *last >= key => self.past.binary_search_by_key(&key, |(key, _)| *key),
            _ => Err(self.past.len()),
        };
        let index = found.unwrap_or_else(|index| {
            let Row { date, attempt, .. } = *row;
            self.past.insert(index, (key, Tried { first: date, latest: date, attempt, aired: false }));
            index
        });
        let Some((_, tried)) = self.past.get_mut(index) else { return };
        tried.latest = tried.latest.max(row.date);
        tried.attempt = tried.attempt.max(row.attempt);
        tried.aired |= row.aired();
        let since = tried.latest;
        let attempt = tried.attempt + 1;
        if tried.aired || attempt >= MOST_ATTEMPTS {
            self.debts.remove(&(row.period, row.number));
        } else {
            self.debts.insert((row.period, row.number), Debt { attempt, since });
        }
    }

    /// What the phase wants on `date`, where `repaid` make-goods of that day are closed already.
    pub(super) fn demands(
        &mut self,
        hours: &mut Hours<'_>,
        known: Known,
        date: Date,
        repaid: u32,
    ) -> Vec<Demand> {
        let mut demands = Vec::new();
        if date < self.phase.from || date > self.repay_until() || !hours.open(&self.scope, date) {
            return demands;
        }
        let mut extra = repaid;
        if date <= self.phase.to {
            let behind = self.regular(hours, known, date, &mut demands);
            extra = extra.saturating_add(behind);
        }
        self.make_goods(hours, known, date, extra, &mut demands);
        demands
    }

    /// The numbers whose first turn it is; answers how many of them are behind the line.
    fn regular(&mut self, hours: &mut Hours<'_>, known: Known, date: Date, demands: &mut Vec<Demand>) -> u32 {
        let period = period_of(self.phase, date);
        let extra = self.allowance(hours, known, period);
        let ledger = self.period(hours, known, period);
        let all = count(ledger.asked.len());
        let today = count(ledger.asked.values().filter(|&&first| first == date).count());
        let before = all.saturating_sub(today);
        let days = ledger.due.days_before(date);
        let last_chance = days + 1 >= ledger.due.open.len();
        let (yesterday, tonight) = (ledger.due.target(days), ledger.due.target(days + 1));
        let behind = yesterday.saturating_sub(before).min(extra);
        let goal = match last_chance {
            true => ledger.due.owed,
            false if before >= yesterday => tonight,
            false => before + behind + (tonight - yesterday),
        };
        let wanted = usize::try_from(goal.saturating_sub(all)).unwrap_or(usize::MAX);
        let free = (1..=ledger.due.owed).filter(|number| !ledger.asked.contains_key(number)).take(wanted);
        demands.extend(free.map(|number| Demand { period, number, attempt: 0, last_chance }));
        behind
    }

    /// The oldest debts, as many as fit into what a day may have beyond its own.
    fn make_goods(
        &mut self,
        hours: &mut Hours<'_>,
        known: Known,
        date: Date,
        extra: u32,
        demands: &mut Vec<Demand>,
    ) {
        let due: Vec<((Date, u32), Debt)> = self
            .debts
            .iter()
            .filter(|(_, debt)| debt.since <= date)
            .map(|(&number, &debt)| (number, debt))
            .collect();
        if due.is_empty() {
            return;
        }
        let last_chance = self.last_repayment(hours).is_none_or(|last| date >= last);
        let mut left = self.allowance(hours, known, period_of(self.phase, date)).saturating_sub(extra);
        let mut owing = BTreeMap::new();
        for ((period, number), debt) in due {
            // What is still to have its first turn is owed too, and a smaller quota forgives.
            let outstanding = *owing.entry(period).or_insert_with(|| {
                let ledger = self.period(hours, known, period);
                let unasked = ledger.due.owed.saturating_sub(count(ledger.asked.len()));
                ledger.due.owed.saturating_sub(ledger.done).saturating_sub(unasked)
            });
            if outstanding > 0 && left > 0 {
                left -= 1;
                owing.insert(period, outstanding - 1);
                demands.push(Demand { period, number, attempt: debt.attempt, last_chance });
            }
        }
    }

    /// That a demand found its place.
    pub(super) fn placed(&mut self, demand: Demand, date: Date) {
        self.debts.remove(&(demand.period, demand.number));
        if let Some(ledger) = self.periods.get_mut(&demand.period) {
            ledger.asked.entry(demand.number).or_insert(date);
            ledger.done = ledger.done.saturating_add(1);
        }
    }

    /// That a demand found none. Before its last chance it is asked for again; at the last chance it is refused
    /// under its key, so that it takes another attempt.
    pub(super) fn refused(&mut self, demand: Demand, date: Date) {
        if demand.attempt > 0 || !demand.last_chance {
            return;
        }
        if let Some(ledger) = self.periods.get_mut(&demand.period) {
            ledger.asked.entry(demand.number).or_insert(date);
        }
        let since = date.saturating_add(1.day());
        self.debts.insert((demand.period, demand.number), Debt { attempt: 1, since });
    }

    /// What a day may have beyond its own share, to repay debts without bursts.
    fn allowance(&mut self, hours: &mut Hours<'_>, known: Known, period: Date) -> u32 {
        let quota = self.phase.airings;
        let days = match quota.per {
            Period::Day => return quota.count,
            Period::Week => self.ordinary_days,
            Period::Phase => count(self.period(hours, known, period).due.open.len()),
        };
        quota.count.div_ceil(days.max(1)).saturating_add(1)
    }

    fn repay_until(&self) -> Date {
        self.phase.to.saturating_add(GRACE_DAYS.days())
    }

    fn last_repayment(&mut self, hours: &mut Hours<'_>) -> Option<Date> {
        if let Some(known) = self.last_repayment {
            return known;
        }
        let mut date = self.repay_until();
        while date >= self.phase.from && !hours.open(&self.scope, date) {
            date = date.saturating_sub(1.day());
        }
        let found = (date >= self.phase.from).then_some(date);
        self.last_repayment = Some(found);
        found
    }

    fn period(&mut self, hours: &mut Hours<'_>, known: Known, period: Date) -> &PeriodLedger {
        let (phase, scope, past) = (self.phase, &self.scope, &self.past);
        self.periods.entry(period).or_insert_with(|| {
            let due = Due::of(hours, scope, phase, self.ordinary_days, period);
            let mut ledger = PeriodLedger { due, asked: BTreeMap::new(), done: 0 };
            let first = past.partition_point(|((other, _), _)| *other < period);
            let of_period = past.iter().skip(first).take_while(|((other, _), _)| *other == period);
            for ((_, number), tried) in of_period {
                ledger.asked.insert(*number, tried.first);
                ledger.done += u32::from(tried.aired);
            }
            ledger.assume(known);
            ledger
        })
    }
}

impl PeriodLedger {
    /// The days between `as_of` and the first that was asked about had their share.
    fn assume(&mut self, known: Known) {
        let skipped = self.due.target(self.due.days_before(known.begun));
        let told = known.as_of.map_or(0, |as_of| self.due.target(self.due.days_before(as_of)));
        let assumed = usize::try_from(skipped.saturating_sub(told)).unwrap_or(usize::MAX);
        let free: Vec<u32> =
            (1..=self.due.owed).filter(|number| !self.asked.contains_key(number)).take(assumed).collect();
        for number in free {
            self.asked.insert(number, known.begun.saturating_sub(1.day()));
            self.done = self.done.saturating_add(1);
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(to_u64(length)).unwrap_or(u32::MAX)
}
