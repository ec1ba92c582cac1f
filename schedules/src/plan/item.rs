//! One item on its way through the day, the order in which items go, and what is decided about them.

use super::hours::Opening;
use super::limits::{Exceeded, ItemId};
use super::station::Unairable;
use super::types::Permit;
use crate::vocabulary::{Class, HolidayId, SegmentId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::cmp::{Ordering, Reverse};

/// One item of one occurrence of a programme, or one airing of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Index of the programme or campaign; it stands for the commune's order, the owner, the kind and the id.
    pub(super) show: usize,
    pub(super) class: Class,
    /// When it wants the air.
    pub(super) due: Timestamp,
    pub(super) occurrence: Timestamp,
    /// Of a campaign, the index of the want.
    pub(super) position: u32,
    /// 0 is the first.
    pub(super) attempt: u32,
    /// Where in the recording it begins.
    pub(super) offset: SignedDuration,
    /// The occurrence on the air that goes on after it; None for what comes alone.
    pub(super) run: Option<usize>,
    /// No start after this, whatever its start rule says.
    pub(super) until: Option<Timestamp>,
    pub(super) chance: Chance,
}

/// Why an item wants the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chance {
    /// Its own time has come.
    First,
    /// It goes on after it was cut, as planned.
    Resumed {
        /// When it was cut.
        cut: Timestamp,
    },
    /// It goes on after it was cut by something that was not planned.
    Recovered {
        /// When it was cut.
        cut: Timestamp,
    },
    /// It repays what was missed, as soon as possible.
    Within {
        /// When that should have started.
        missed: Timestamp,
    },
    /// It repays what was missed, in the next session.
    NextSession {
        /// When that should have started.
        missed: Timestamp,
    },
    /// It repays what was missed, in a gap.
    MakeGood {
        /// When that should have started.
        missed: Timestamp,
    },
}

impl Item {
    pub(super) fn id(&self) -> ItemId {
        (self.show, self.occurrence, self.position, self.attempt)
    }

    fn order(&self) -> (Reverse<Class>, Timestamp, usize, Timestamp, u32, u32) {
        (Reverse(self.class), self.due, self.show, self.occurrence, self.position, self.attempt)
    }

    /// When it is said to have been refused: a second chance at its end, because its beginning moves with the
    /// moment at which the plan is made.
    pub(super) fn refused_at(&self) -> Timestamp {
        match self.chance {
            Chance::First | Chance::Resumed { .. } => self.due,
            _ => self.until.unwrap_or(self.due),
        }
    }
}

impl Ord for Item {
    /// The total order; the smaller goes first.
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What is decided about an item.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    pub(super) item: Item,
    /// When it starts, or would have started.
    pub(super) start: Timestamp,
    /// The recording, if the station holds it.
    pub(super) recording: Option<usize>,
    pub(super) segment: SegmentId,
    pub(super) verdict: Result<Spot, Why>,
}

/// Where an item found its place.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) permit: Permit,
    pub(super) touched: Vec<Opening>,
    /// How long it sounds.
    pub(super) length: SignedDuration,
    /// The silence behind it, before the next item of its running order.
    pub(super) silence: SignedDuration,
    pub(super) latest_start: Option<Timestamp>,
    /// What it had to wait for, or what it cuts.
    pub(super) met: Met,
    pub(super) yields: Option<(Item, Timestamp)>,
}

/// What was on the air when an item came due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Nothing,
    /// It waited until that ended.
    Waited {
        holder: Holder,
        until: Timestamp,
    },
    /// It cuts that.
    Cut {
        show: usize,
    },
}

/// Whose the air is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Show { show: usize, start: Timestamp },
    Emergency { until: Timestamp },
}

/// Why an item found no place; made into a sentence only when somebody reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Unairable(Unairable),
    NoMusic {
        holiday: HolidayId,
    },
    SkipsHoliday {
        holiday: HolidayId,
    },
    Closed {
        holiday: HolidayId,
        date: Date,
    },
    UnknownZone,
    NoWindowDefined,
    OutsideWindow,
    BeyondWindowEnd {
        until: Timestamp,
    },
    /// Something else had the air, and it does not wait, or waited for too long.
    Taken {
        holder: Holder,
        waited: Option<Waited>,
    },
    Limit(Exceeded),
    /// No gap of the day holds it.
    NoRoom,
}

/// Which patience was at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// As many minutes as it may wait.
    Minutes(u32),
    /// Until this moment, for then its window closes, its day ends or its recording is no longer valid.
    Until(Timestamp),
}
