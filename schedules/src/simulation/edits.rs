//! What people do while the station is on the air: uploads, approvals, withdrawals, other running orders, other rules.

use super::emergencies::TAKES_EFFECT;
use super::{Event, Simulation};
use crate::plan::Snapshot;
use crate::vocabulary::{
    Campaign, Holiday, PreparedFacts, Programme, SegmentFacts, SegmentId, Standing, Window,
};
use jiff::SignedDuration;
use std::time::Duration;
use uuid::Uuid;

/// No running order grows beyond so many items by uploads.
const MOST_ITEMS: usize = 5;

/// What was there before anybody changed it.
#[derive(Debug)]
pub(super) struct Edits {
    pub(super) segments: Vec<SegmentFacts>,
    pub(super) programmes: Vec<Programme>,
    pub(super) windows: Vec<Window>,
    pub(super) campaigns: Vec<Campaign>,
    pub(super) holidays: Vec<Holiday>,
    uploads: u64,
}

impl Edits {
    pub(super) fn new(snapshot: &Snapshot) -> Edits {
        Edits {
            segments: snapshot.segments.clone(),
            programmes: snapshot.programmes.clone(),
            windows: snapshot.windows.clone(),
            campaigns: snapshot.campaigns.clone(),
            holidays: snapshot.holidays.clone(),
            uploads: 0,
        }
    }
}

impl Simulation {
    /// Somebody changes something, and a new plan is made at once.
    pub(super) fn edit_something(&mut self) {
        match self.dice.below(8) {
            0 | 1 => self.toggle(),
            2 => self.upload(),
            3 => self.reorder(),
            _ => {
                self.change_rules();
                return;
            }
        }
        self.promises.forget_heard();
        self.edited();
    }

    /// What was changed holds from now on.
    pub(super) fn edited(&mut self) {
        self.promises.edited(self.mono, self.wall());
        self.withdraw_what_may_not_air();
        self.after(TAKES_EFFECT, Event::LookWhoObeys);
        self.replan_anew();
    }

    /// Changes what is planned from, and plans anew.
    pub fn edit(&mut self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.snapshot);
        self.promises.forget_heard();
        self.edited();
    }

    /// Withdraws a recording, or approves one that is not.
    fn toggle(&mut self) {
        let index = self.dice.index(self.snapshot.segments.len());
        let Some(segment) = self.snapshot.segments.get_mut(index) else { return };
        if segment.standing == Standing::Approved {
            segment.standing = Standing::Withdrawn;
        } else if segment.prepared.is_some() {
            segment.standing = Standing::Approved;
        }
    }

    /// A new recording arrives for a programme; in a while somebody approves it.
    fn upload(&mut self) {
        let index = self.dice.index(self.snapshot.programmes.len());
        let length =
            SignedDuration::from_millis(i64::try_from(self.dice.below(100_000)).unwrap_or(0) + 20_000);
        let Some(programme) = self.snapshot.programmes.get_mut(index) else { return };
        if programme.segments.len() >= MOST_ITEMS {
            return;
        }
        self.edits.uploads += 1;
        let id = SegmentId(Uuid::from_u64_pair(u64::MAX, self.edits.uploads));
        let hash = format!("{:064x}", id.0.as_u128());
        programme.segments.push(id);
        self.snapshot.segments.push(SegmentFacts {
            id,
            title: format!("upload {}", self.edits.uploads),
            class: crate::vocabulary::Class::Normal,
            language: "vi".to_owned(),
            music: false,
            original_sha256: hash.clone(),
            trim: None,
            standing: Standing::AwaitingApproval,
            prepared: Some(PreparedFacts { hash, duration: length }),
            valid_from: None,
            valid_until: None,
            approved_by: None,
            ordered: None,
        });
        let wait = Duration::from_millis(self.dice.below(600_000) + 1);
        self.after(wait, Event::Approve(id));
    }

    pub(super) fn approve(&mut self, id: SegmentId) {
        if let Some(segment) = self.snapshot.segments.iter_mut().find(|segment| segment.id == id) {
            segment.standing = Standing::Approved;
            segment.approved_by = Some("approver".to_owned());
            self.promises.forget_heard();
            self.edited();
        }
    }

    /// A running order is turned, or loses its last item, or is as it was.
    fn reorder(&mut self) {
        let index = self.dice.index(self.snapshot.programmes.len());
        let how = self.dice.below(3);
        let Some(programme) = self.snapshot.programmes.get_mut(index) else { return };
        match (how, self.edits.programmes.get(index)) {
            (0, _) => {
                let turn = 1.min(programme.segments.len());
                programme.segments.rotate_left(turn);
            }
            (1, _) if programme.segments.len() > 1 => {
                programme.segments.pop();
            }
            (_, Some(before)) => programme.segments.clone_from(&before.segments),
            (_, None) => {}
        }
        let named: Vec<SegmentId> =
            self.snapshot.programmes.iter().flat_map(Programme::running_order).collect();
        let known = |id| self.edits.segments.iter().any(|segment| segment.id == id);
        self.snapshot.segments.retain(|segment| named.contains(&segment.id) || known(segment.id));
    }

    pub(super) fn undo_edits(&mut self) {
        self.snapshot.segments.clone_from(&self.edits.segments);
        self.snapshot.programmes.clone_from(&self.edits.programmes);
        self.snapshot.windows.clone_from(&self.edits.windows);
        self.snapshot.campaigns.clone_from(&self.edits.campaigns);
        self.snapshot.holidays.clone_from(&self.edits.holidays);
        self.promises.edited(self.mono, self.wall());
        self.withdraw_what_may_not_air();
    }
}
