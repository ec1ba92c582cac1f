//! The account of every campaign while a plan is made, day after day.

use super::history::{Row, rows};
use super::hours::Hours;
use super::ledger::{Demand, Known, PhaseLedger};
use super::rank::ranked;
use super::rotation::{Turns, facts};
use crate::plan::{Permit, SlotKey, Snapshot};
use crate::vocabulary::{CampaignId, Phase, SegmentId, WindowId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What each campaign owes, has had and is planned to have, up to the day that is planned next.
#[derive(Debug)]
pub(crate) struct Book<'a> {
    snapshot: &'a Snapshot,
    hours: Hours<'a>,
    /// Indices of the campaigns in the order in which they go.
    order: Vec<usize>,
    /// By campaign.
    ledgers: Vec<Ledger<'a>>,
    /// In the order of planned starts.
    history: Vec<Row<'a>>,
    /// The day of `as_of`.
    as_of: Option<Date>,
    /// The first day, not before `as_of`, that was asked about.
    begun: Option<Date>,
    /// What was wanted on the day that was asked about last, and is not placed: campaign, phase, period, number.
    pending: BTreeMap<(usize, usize, Date, u32), Demand>,
    pending_on: Date,
}

#[derive(Debug)]
struct Ledger<'a> {
    turns: Turns,
    phases: Vec<PhaseLedger<'a>>,
}

/// One airing that a campaign wants on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    /// Index into the snapshot's campaigns.
    pub(crate) campaign: usize,
    /// Index of the phase.
    pub(crate) phase: usize,
    /// Identity, the attempt included.
    pub(crate) key: SlotKey,
    /// The first day of its period.
    pub(crate) period: Date,
    /// The number within its period, from 1.
    pub(crate) number: u32,
    /// Whether it repays one that was missed.
    pub(crate) make_good: bool,
    /// Of so many airings that the phase wants that day …
    pub(crate) of: u32,
    /// … this is the nth, from 0: its wish is at nth / of of the open time of the phase's windows on that day.
    /// Make-goods are counted by themselves and lie in the middle of their shares, so that they move nothing.
    pub(crate) nth: u32,
    /// Whether the book asks for it no more: if there is no room for it on this day, the refusal is told under
    /// its key. Before, it is asked for again on the next open day, under the same key, and nothing is told.
    pub(crate) last_chance: bool,
    /// Where it was, when it is closed already: it keeps that start and takes nobody's place.
    pub(crate) closed: Option<(Timestamp, SegmentId)>,
}

/// One opening of a window, as the book sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    /// Which window.
    pub(crate) window: WindowId,
    /// From when to when.
    pub(crate) permit: Permit,
}

impl<'a> Book<'a> {
    /// What the history says up to the moment of the plan.
    pub(crate) fn new(snapshot: &'a Snapshot) -> Book<'a> {
        let hours = Hours::new(snapshot);
        let segments = facts(snapshot);
        let mut ledgers: Vec<Ledger<'a>> = snapshot
            .campaigns
            .iter()
            .map(|campaign| Ledger {
                turns: Turns::new(campaign, &segments),
                phases: campaign
                    .phases
                    .iter()
                    .map(|phase| PhaseLedger::new(&hours, campaign, phase))
                    .collect(),
            })
            .collect();
        let history = rows(snapshot);
        for row in &history {
            let Some(ledger) = ledgers.get_mut(row.campaign) else { continue };
            if row.heard() {
                ledger.turns.had(row.airing.segment, row.airing.planned_start);
            }
            if let Some(phase) = ledger.phases.get_mut(row.phase) {
                phase.record(row);
            }
        }
        Book {
            snapshot,
            hours,
            order: ranked(snapshot),
            ledgers,
            history,
            as_of: snapshot.as_of.map(|at| at.to_zoned(snapshot.timezone.clone()).date()),
            begun: None,
            pending: BTreeMap::new(),
            pending_on: Date::MIN,
        }
    }

    /// What every campaign wants on `date`, in the order in which they go: class, the commune's order, owner, id,
    /// phase, period, number. `opened` are the openings of that day in the zones of the campaign.
    ///
    /// Days are asked for in order and one after the other. Of days before that of `as_of` only what is closed
    /// is told; the days between it and the first that is asked for are taken to have had their share.
    pub(crate) fn wants(&mut self, date: Date, opened: &dyn Fn(usize) -> Vec<Opened>) -> Vec<Want> {
        self.settle();
        self.pending_on = date;
        let first = self.history.partition_point(|row| row.date < date);
        let after = self.history.partition_point(|row| row.date <= date);
        let today = self.history.get(first..after).unwrap_or_default();
        let ahead = self.as_of.is_none_or(|as_of| as_of <= date);
        let begun = *self.begun.get_or_insert(date);
        if !ahead {
            self.begun = None;
        }
        let known = Known { as_of: self.as_of, begun };
        let mut wants = Vec::new();
        for &campaign in &self.order {
            let Some(owner) = self.snapshot.campaigns.get(campaign) else { continue };
            let Some(ledger) = self.ledgers.get_mut(campaign) else { continue };
            let rows = today.iter().filter(|row| row.campaign == campaign);
            let mut open: Option<Vec<Opened>> = None;
            for (index, (phase, ledger)) in owner.phases.iter().zip(&mut ledger.phases).enumerate() {
                let rows = rows.clone().filter(|row| row.phase == index);
                let mut of_phase: Vec<Want> = rows.map(closed).collect();
                if ahead {
                    let repaid = of_phase.iter().filter(|want| want.make_good).count();
                    let repaid = u32::try_from(repaid).unwrap_or(u32::MAX);
                    let mut demands = ledger.demands(&mut self.hours, known, date, repaid);
                    // Where the zones' windows never open together there is no use in looking for room.
                    if demands.iter().any(|demand| !demand.last_chance)
                        && !opens(phase, open.get_or_insert_with(|| opened(campaign)))
                    {
                        demands.retain(|demand| demand.last_chance);
                    }
                    for demand in demands {
                        self.pending.insert((campaign, index, demand.period, demand.number), demand);
                        of_phase.push(wanted(campaign, index, owner.id, demand));
                    }
                }
                share_out(&mut of_phase);
                wants.append(&mut of_phase);
            }
        }
        wants
    }

    /// The segments to try for an airing, the one whose turn it is first. Empty when the campaign has none in its
    /// languages.
    pub(crate) fn turn(&self, campaign: usize) -> Vec<SegmentId> {
        self.ledgers.get(campaign).map(|ledger| ledger.turns.next()).unwrap_or_default()
    }

    /// Whether the campaign's airing just before or just after `start` has the same segment: then another one
    /// that can air goes first. [`Book::turn`] knows of the turns in the order in which they were given, this of
    /// the order in which they are heard.
    pub(crate) fn repeats(&self, campaign: usize, segment: SegmentId, start: Timestamp) -> bool {
        self.ledgers.get(campaign).is_some_and(|ledger| ledger.turns.repeats(segment, start))
    }

    /// That a want found its place; the next turn is another's.
    pub(crate) fn placed(&mut self, want: &Want, segment: SegmentId, start: Timestamp) {
        let pending = self.pending.remove(&(want.campaign, want.phase, want.period, want.number));
        let Some(ledger) = self.ledgers.get_mut(want.campaign) else { return };
        let Some(demand) = pending else {
            // The rest of what was cut is no turn, but a neighbour.
            ledger.turns.stands(segment, start);
            return;
        };
        ledger.turns.had(segment, start);
        if let Some(phase) = ledger.phases.get_mut(want.phase) {
            phase.placed(demand, self.pending_on);
        }
    }

    /// What was wanted and not placed, was refused.
    fn settle(&mut self) {
        for ((campaign, phase, _, _), demand) in std::mem::take(&mut self.pending) {
            let ledger = self.ledgers.get_mut(campaign).and_then(|ledger| ledger.phases.get_mut(phase));
            if let Some(ledger) = ledger {
                ledger.refused(demand, self.pending_on);
            }
        }
    }
}

/// Whether one of the phase's windows is among those that open.
fn opens(phase: &Phase, openings: &[Opened]) -> bool {
    openings.iter().any(|opening| {
        (phase.windows.is_empty() || phase.windows.contains(&opening.window))
            && opening.permit.from < opening.permit.until
    })
}

fn wanted(campaign: usize, phase: usize, id: CampaignId, demand: Demand) -> Want {
    let Demand { period, number, attempt, last_chance } = demand;
    Want {
        campaign,
        phase,
        key: SlotKey::of_campaign(id, phase, period, number).with_attempt(attempt),
        period,
        number,
        make_good: attempt > 0,
        of: 1,
        nth: 0,
        last_chance,
        closed: None,
    }
}

fn closed(row: &Row<'_>) -> Want {
    Want {
        campaign: row.campaign,
        phase: row.phase,
        key: row.airing.key.clone(),
        period: row.period,
        number: row.number,
        make_good: row.attempt > 0,
        of: 1,
        nth: 0,
        last_chance: false,
        closed: Some((row.airing.planned_start, row.airing.segment)),
    }
}

/// Puts the wants of a phase in order and gives each its part of the day.
fn share_out(wants: &mut [Want]) {
    wants.sort_by(|a, b| {
        let attempt = |want: &Want| want.key.attempt().1;
        (a.period, a.number, attempt(a)).cmp(&(b.period, b.number, attempt(b)))
    });
    let make_goods = u32::try_from(wants.iter().filter(|want| want.make_good).count()).unwrap_or(u32::MAX);
    let regular = u32::try_from(wants.len()).unwrap_or(u32::MAX).saturating_sub(make_goods);
    let (mut nth, mut nth_make_good) = (0, 0);
    for want in wants {
        if want.make_good {
            (want.nth, want.of) = (2 * nth_make_good + 1, make_goods.saturating_mul(2));
            nth_make_good += 1;
        } else {
            (want.nth, want.of) = (nth, regular);
            nth += 1;
        }
    }
}
