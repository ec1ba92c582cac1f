//! What a campaign owes, has had, is planned to have and can still have.

use super::GRACE_DAYS;
use super::capacity::{Airing, room};
use super::check::longest;
use super::history::{Row, phase_in, rows};
use super::hours::{Hours, Scope};
use super::period::{Due, periods};
use super::rotation::facts;
use crate::plan::{DayPlan, Origin, Slot, SlotKey, Snapshot, plan};
use crate::vocabulary::{CampaignId, Phase, TimeOfDay, Window, instant_of};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The account of a campaign at the moment of its snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose it is.
    pub campaign: CampaignId,
    /// What it is called.
    pub name: String,
    /// One for each of its phases, in their order.
    pub phases: Vec<PhaseAccount>,
}

/// The account of one phase. Only what was heard to its end has aired: a partial airing is lost, and repaid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseAccount {
    /// What the phase is called.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What the whole phase owes.
    pub owed: u64,
    /// What it owes of that up to yesterday, if the moment is today.
    pub owed_so_far: u64,
    /// Airings that were heard to their end, make-goods among them.
    pub aired: u64,
    /// How many of those repaid one that was lost.
    pub made_good: u64,
    /// Attempts that were not heard to their end, whether repaid since or not.
    pub lost: u64,
    /// What is planned from now on, make-goods among them.
    pub planned: u64,
    /// How many of those repay one that was lost.
    pub planned_make_goods: u64,
    /// What is owed, and neither aired nor planned.
    pub short: u64,
    /// What has aired, and the most that the rest of the phase could still hold if nothing else aired in its
    /// windows and every airing were the longest recording; at least what is planned.
    pub still_possible: u64,
    /// How long those that aired were heard.
    pub time_aired: SignedDuration,
    /// How long those that are planned will be.
    pub time_planned: SignedDuration,
}

/// The account of a campaign at `snapshot.as_of`; what lies ahead is told by [`plan`](fn@crate::plan). None when
/// there is no such campaign.
#[must_use]
pub fn account(snapshot: &Snapshot, campaign: CampaignId) -> Option<Account> {
    let owner = snapshot.campaigns.iter().find(|other| other.id == campaign)?;
    let from = owner.phases.iter().map(|phase| phase.from).min()?;
    let to = owner.phases.iter().map(|phase| phase.to).max()?.saturating_add((GRACE_DAYS + 1).days());
    let from = today(snapshot).map_or(from, |today| today.max(from));
    account_in(snapshot, campaign, &plan(snapshot, from, to))
}

/// The same from a plan at hand, which must reach from the day of `snapshot.as_of` to [`GRACE_DAYS`] after the end
/// of the campaign.
#[must_use]
pub fn account_in(snapshot: &Snapshot, campaign: CampaignId, plan: &[DayPlan]) -> Option<Account> {
    let (index, owner) = snapshot.campaigns.iter().enumerate().find(|(_, other)| other.id == campaign)?;
    let rows = rows(snapshot);
    let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.campaign == index).collect();
    let closed: HashSet<&SlotKey> = rows.iter().map(|row| &row.airing.key).collect();
    let ahead: Vec<&Slot> = plan
        .iter()
        .flat_map(|day| &day.slots)
        .filter(|slot| slot.origin == Origin::Campaign(campaign) && !closed.contains(&slot.key))
        // What is to be cut is not heard to its end; what comes after it is.
        .filter(|slot| slot.yields.is_none())
        .filter(|slot| snapshot.as_of.is_none_or(|as_of| as_of <= slot.start))
        .collect();
    let mut hours = Hours::new(snapshot);
    let spacing = SignedDuration::from_mins(i64::from(owner.min_spacing_minutes));
    let airing = longest(owner, &facts(snapshot)).map(|length| Airing { length, spacing });
    let phases = owner.phases.iter().enumerate().map(|(number, phase)| {
        let scope = hours.scope(owner, phase);
        let mut account = PhaseAccount::owing(snapshot, &mut hours, &scope, phase);
        account.count(rows.iter().copied().filter(|row| row.phase == number));
        account.count_ahead(ahead.iter().copied().filter(|slot| phase_in(&slot.key) == Some(number)));
        account.short = account.owed.saturating_sub(account.aired).saturating_sub(account.planned);
        let room = airing.map_or(0, |airing| rest(snapshot, &mut hours, &scope, phase, airing));
        account.still_possible = account.aired.saturating_add(room.max(account.planned));
        account
    });
    Some(Account { campaign, name: owner.name.clone(), phases: phases.collect() })
}

/// How many airings of a campaign were wanted on the days from `from` to the one before `to`, over all its phases: what
/// its quotas spread over the open days, without debts from before. None when there is no such campaign.
#[must_use]
pub fn owed_between(snapshot: &Snapshot, campaign: CampaignId, from: Date, to: Date) -> Option<u64> {
    let owner = snapshot.campaigns.iter().find(|other| other.id == campaign)?;
    let mut hours = Hours::new(snapshot);
    let mut owed = 0_u64;
    for phase in &owner.phases {
        let scope = hours.scope(owner, phase);
        let ordinary_days = u32::try_from(scope.ordinary_week().len()).unwrap_or(7);
        for period in periods(phase) {
            let due = Due::of(&mut hours, &scope, phase, ordinary_days, period);
            let by = |date: Date| u64::from(due.target(due.days_before(date)));
            owed += by(to).saturating_sub(by(from));
        }
    }
    Some(owed)
}

impl PhaseAccount {
    fn owing(snapshot: &Snapshot, hours: &mut Hours<'_>, scope: &Scope<'_>, phase: &Phase) -> PhaseAccount {
        let ordinary_days = u32::try_from(scope.ordinary_week().len()).unwrap_or(7);
        let today = today(snapshot);
        let (mut owed, mut owed_so_far) = (0_u64, 0_u64);
        for period in periods(phase) {
            let due = Due::of(hours, scope, phase, ordinary_days, period);
            owed += u64::from(due.owed);
            owed_so_far += today.map_or(0, |today| u64::from(due.target(due.days_before(today))));
        }
        PhaseAccount {
            name: phase.name.clone(),
            from: phase.from,
            to: phase.to,
            owed,
            owed_so_far,
            aired: 0,
            made_good: 0,
            lost: 0,
            planned: 0,
            planned_make_goods: 0,
            short: 0,
            still_possible: 0,
            time_aired: SignedDuration::ZERO,
            time_planned: SignedDuration::ZERO,
        }
    }

    fn count<'a>(&mut self, rows: impl Iterator<Item = &'a Row<'a>>) {
        for row in rows {
            if row.aired() {
                self.aired += 1;
                self.made_good += u64::from(row.attempt > 0);
                self.time_aired = self.time_aired.saturating_add(row.airing.played);
            } else {
                self.lost += 1;
            }
        }
    }

    fn count_ahead<'a>(&mut self, slots: impl Iterator<Item = &'a Slot>) {
        for slot in slots {
            self.planned += 1;
            self.planned_make_goods += u64::from(slot.key.attempt().1 > 0);
            self.time_planned = self.time_planned.saturating_add(slot.duration);
        }
    }
}

/// The most airings from now to the end of the phase.
fn rest<'a>(
    snapshot: &Snapshot,
    hours: &mut Hours<'a>,
    scope: &Scope<'a>,
    phase: &Phase,
    airing: Airing,
) -> u64 {
    let first = today(snapshot).map_or(phase.from, |today| today.max(phase.from));
    // Of today, what is left of each window.
    let now = snapshot.as_of.filter(|_| today(snapshot) == Some(first));
    let left: Vec<Window> = hours
        .windows_on(scope, first)
        .into_iter()
        .filter_map(|window| left_of(window, first, now, snapshot))
        .collect();
    let mut days: Vec<(Date, Vec<&Window>)> = Vec::new();
    let mut date = first;
    while date <= phase.to {
        let windows = if date == first { left.iter().collect() } else { hours.windows_on(scope, date) };
        days.push((date, windows));
        date = date.saturating_add(1.day());
    }
    room(&days, airing).0
}

/// The window without what is over of it today; None when that is all.
fn left_of(window: &Window, date: Date, now: Option<Timestamp>, snapshot: &Snapshot) -> Option<Window> {
    let Some(now) = now else { return Some(window.clone()) };
    let begins = instant_of(window.start.on(date), &snapshot.timezone);
    let over = now.duration_since(begins).max(SignedDuration::ZERO).as_secs();
    let start = u64::from(window.start.seconds()).checked_add(u64::try_from(over).ok()?)?;
    let start = TimeOfDay::from_seconds(u32::try_from(start).ok()?)?;
    (start < window.end).then(|| Window { start, ..window.clone() })
}

/// The civil day of the moment of the snapshot.
fn today(snapshot: &Snapshot) -> Option<Date> {
    snapshot.as_of.map(|at| at.to_zoned(snapshot.timezone.clone()).date())
}
