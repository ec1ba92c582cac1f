//! The account of every campaign while a plan is made, day after day.

use crate::plan::{Permit, SlotKey, Snapshot};
use crate::vocabulary::{SegmentId, WindowId};
use jiff::Timestamp;
use jiff::civil::Date;

/// What each campaign owes, has had and is planned to have, up to the day that is planned next.
#[derive(Debug)]
pub(crate) struct Book<'a> {
    snapshot: &'a Snapshot,
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
    /// The number within its period, from 1.
    pub(crate) number: u32,
    /// Whether it repays one that was missed.
    pub(crate) make_good: bool,
    /// Of so many airings that the campaign wants that day …
    pub(crate) of: u32,
    /// … this is the nth, from 0: its wish is at nth / of of the open time of the phase's windows on that day.
    pub(crate) nth: u32,
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
        Book { snapshot }
    }

    /// What every campaign wants on `date`, in the order in which they go: class, the commune's order, owner, id,
    /// phase, period, number. Days are asked for in order. `opened` are the openings of that day in the zones of
    /// the campaign.
    pub(crate) fn wants(&mut self, _date: Date, _opened: &dyn Fn(usize) -> Vec<Opened>) -> Vec<Want> {
        let _ = self.snapshot;
        Vec::new()
    }

    /// The segments to try for an airing, the one whose turn it is first.
    pub(crate) fn turn(&self, _campaign: usize) -> Vec<SegmentId> {
        Vec::new()
    }

    /// That a want found its place; the next turn is another's.
    pub(crate) fn placed(&mut self, _want: &Want, _segment: SegmentId, _start: Timestamp) {}
}
