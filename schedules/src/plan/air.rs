//! The state of the station's one output while a day is swept.

use super::item::{Chance, Holder, Item};
use super::limits::ItemId;
use crate::vocabulary::Class;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// What sounds, what waits and what will come due.
#[derive(Clone)]
pub(super) struct Air {
    pub(super) current: Option<Current>,
    /// Nothing starts before this, unless it cuts: the end of what sounds, with the gap behind it.
    pub(super) free_at: Timestamp,
    /// Who had the air last.
    pub(super) holder: Option<Holder>,
    /// By due time.
    future: BinaryHeap<Reverse<(Timestamp, Item)>>,
    pub(super) waiting: BinaryHeap<Reverse<Item>>,
    runs: HashMap<usize, Run>,
    next_run: usize,
    /// The moment of the plan, until the sweep has reached it.
    pub(super) as_of: Option<Timestamp>,
    /// Resumptions that a planned cut has made already.
    pub(super) resumed: HashSet<ItemId>,
    /// Nothing of another class comes due: a rehearsal.
    alone: Option<Class>,
}

/// What sounds now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current {
    pub(super) item: Item,
    /// Index of its decision.
    pub(super) decided: usize,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// The silence behind it, before the next item of its running order.
    pub(super) gap: SignedDuration,
}

/// One occurrence of a programme on its way through its running order.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Whether any of its items was on the air: from then on it cuts nothing.
    pub(super) begun: bool,
    pub(super) first_due: Timestamp,
    length: u32,
    /// What it cut: resumed when it is over.
    held: Vec<Item>,
}

impl Current {
    /// When the next item of its running order is due.
    pub(super) fn after(&self) -> Timestamp {
        self.end.saturating_add(self.gap).unwrap_or(Timestamp::MAX)
    }
}

impl Air {
    /// Silence, before anything has come due.
    pub(super) fn new(as_of: Option<Timestamp>) -> Air {
        Air {
            current: None,
            free_at: Timestamp::MIN,
            holder: None,
            future: BinaryHeap::new(),
            waiting: BinaryHeap::new(),
            runs: HashMap::new(),
            next_run: 0,
            as_of,
            resumed: HashSet::new(),
            alone: None,
        }
    }

    /// Expects an item at its due time.
    pub(super) fn expect(&mut self, item: Item) {
        if self.alone.is_some_and(|class| item.class != class) {
            return;
        }
        self.future.push(Reverse((item.due, item)));
    }

    /// Begins an occurrence of so many items.
    pub(super) fn begin(&mut self, first: Item, length: u32) {
        let run = self.next_run;
        self.next_run += 1;
        self.runs.insert(run, Run { begun: false, first_due: first.due, length, held: Vec::new() });
        self.expect(Item { run: Some(run), ..first });
    }

    pub(super) fn run(&self, item: &Item) -> Option<&Run> {
        self.runs.get(&item.run?)
    }

    pub(super) fn run_mut(&mut self, item: &Item) -> Option<&mut Run> {
        self.runs.get_mut(&item.run?)
    }

    /// Whether another item of the running order comes after this one.
    pub(super) fn goes_on(&self, item: &Item) -> bool {
        self.run(item).is_some_and(|run| item.position + 1 < run.length)
    }

    /// What comes after an item that is over or refused: the next of its running order, or what its occurrence
    /// had cut.
    pub(super) fn follow(&mut self, item: &Item, at: Timestamp) {
        if self.goes_on(item) {
            self.expect(Item {
                due: at,
                position: item.position + 1,
                attempt: 0,
                offset: SignedDuration::ZERO,
                until: None,
                chance: Chance::First,
                ..*item
            });
        } else if let Some(run) = item.run.and_then(|run| self.runs.remove(&run)) {
            for held in run.held {
                self.expect(Item { due: at, ..held });
            }
        }
    }

    /// Keeps an item until the occurrence that cut it is over.
    pub(super) fn hold_for(&mut self, cutter: &Item, cut: Item) {
        match self.run_mut(cutter) {
            Some(run) => run.held.push(cut),
            None => self.expect(cut),
        }
    }

    /// When something happens next.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        let due = self.future.peek().map(|Reverse((due, _))| *due);
        let ends = self.current.as_ref().map(|current| current.end);
        let frees = (!self.waiting.is_empty()).then_some(self.free_at);
        [due, ends, frees, self.as_of].into_iter().flatten().min()
    }

    /// Ends what sounds, if its end has come.
    pub(super) fn end_current(&mut self, now: Timestamp) {
        if let Some(current) = self.current.take_if(|current| current.end <= now) {
            self.follow(&current.item, current.after());
        }
    }

    /// The items whose due time has come, the first in the order first.
    pub(super) fn arrivals(&mut self, now: Timestamp) -> BinaryHeap<Reverse<Item>> {
        let mut arrived = BinaryHeap::new();
        while let Some(Reverse((due, item))) = self.future.peek().copied() {
            if due > now {
                break;
            }
            self.future.pop();
            arrived.push(Reverse(item));
        }
        arrived
    }

    /// From now on there is nothing but this class, for a rehearsal. What sounds goes on to its end.
    pub(super) fn keep(&mut self, class: Class) {
        self.alone = Some(class);
        self.future.retain(|Reverse((_, item))| item.class == class);
    }

    /// Whether some items that sound or will come are of this class and some are not.
    pub(super) fn mixed(&self, class: Class) -> bool {
        let future = self.future.iter().map(|Reverse((_, item))| item);
        let current = self.current.iter().map(|current| &current.item);
        let held = self.runs.values().flat_map(|run| &run.held);
        let mut all = future.chain(current).chain(held).map(|item| item.class == class);
        all.next().is_some_and(|first| all.any(|other| other != first))
    }
}
