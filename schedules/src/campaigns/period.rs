//! What a period of a quota owes, and by when.

use super::MOST_AIRINGS;
use super::hours::{Hours, Scope};
use crate::vocabulary::{Period, Phase};
use jiff::ToSpan;
use jiff::civil::Date;

/// One day, week or phase of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    /// The days of the phase in this period on which it has air time, in order.
    pub(super) open: Vec<Date>,
    /// How many airings are owed.
    pub(super) owed: u32,
}

impl Due {
    /// What the period that begins on `period` owes. `ordinary_days` are the open days of a week without
    /// holidays.
    pub(super) fn of(
        hours: &mut Hours<'_>,
        scope: &Scope<'_>,
        phase: &Phase,
        ordinary_days: u32,
        period: Date,
    ) -> Due {
        let (first, last) = match phase.airings.per {
            Period::Day => (period, period),
            Period::Week => (period, period.saturating_add(6.days())),
            Period::Phase => (phase.from, phase.to),
        };
        let mut open = Vec::new();
        let mut date = first.max(phase.from);
        while date <= last.min(phase.to) {
            if hours.open(scope, date) {
                open.push(date);
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        let count = phase.airings.count.min(MOST_AIRINGS);
        let owed = match phase.airings.per {
            _ if open.is_empty() => 0,
            Period::Day | Period::Phase => count,
            Period::Week => share(count, open.len(), ordinary_days),
        };
        Due { open, owed }
    }

    /// How many are wanted by the end of the `days`-th open day: the line from nothing to all of them, rounded
    /// up, so that no day differs from another by more than one.
    pub(super) fn target(&self, days: usize) -> u32 {
        let (days, all) = (to_u64(days.min(self.open.len())), to_u64(self.open.len()));
        if all == 0 {
            return 0;
        }
        u32::try_from((u64::from(self.owed) * days).div_ceil(all)).unwrap_or(self.owed)
    }

    /// How many of the open days lie before `date`.
    pub(super) fn days_before(&self, date: Date) -> usize {
        self.open.partition_point(|&open| open < date)
    }
}

/// The share of a week of which `open` days are open, rounded half up; never more than a whole week owes. A
/// phase whose windows open on holidays alone owes the whole count in a week that has one.
fn share(count: u32, open: usize, ordinary_days: u32) -> u32 {
    if ordinary_days == 0 {
        return count;
    }
    let (open, all) = (to_u64(open), u64::from(ordinary_days));
    u32::try_from((2 * u64::from(count) * open + all) / (2 * all)).map_or(count, |share| share.min(count))
}

/// The first day of the period to which a date belongs; it names the period in the keys of slots.
pub(super) fn period_of(phase: &Phase, date: Date) -> Date {
    match phase.airings.per {
        Period::Day => date,
        Period::Week => monday_of(date),
        Period::Phase => phase.from,
    }
}

/// The first days of every period of the phase, in order.
pub(super) fn periods(phase: &Phase) -> Vec<Date> {
    let mut periods = Vec::new();
    let mut date = phase.from;
    while date <= phase.to {
        let period = period_of(phase, date);
        let next = match phase.airings.per {
            Period::Day => date.tomorrow(),
            Period::Week => period.checked_add(7.days()),
            Period::Phase => phase.to.tomorrow(),
        };
        periods.push(period);
        match next {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    periods
}

pub(super) fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

pub(super) fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
