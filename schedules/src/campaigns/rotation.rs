//! Whose turn it is among the segments of a campaign.

use crate::plan::Snapshot;
use crate::vocabulary::{Campaign, Rotation, SegmentFacts, SegmentId};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The turns that the segments of one campaign have had.
#[derive(Debug)]
pub(super) struct Turns {
    rotation: Rotation,
    /// As they are listed.
    segments: Vec<Turn>,
    /// Index of the segment that had the last turn.
    last: Option<usize>,
    turns: u64,
    /// In the order of starts.
    by_start: Vec<(Timestamp, SegmentId)>,
}

#[derive(Debug)]
struct Turn {
    segment: SegmentId,
    weight: u64,
    count: u64,
    /// The number of its last turn; 0 is never.
    latest: u64,
}

impl Turns {
    pub(super) fn new(campaign: &Campaign, facts: &HashMap<SegmentId, &SegmentFacts>) -> Turns {
        let mut segments: Vec<Turn> = Vec::with_capacity(campaign.segments.len());
        for share in &campaign.segments {
            // What the station does not hold stays, so that the planner can say that it is unknown.
            let spoken =
                facts.get(&share.id).is_none_or(|facts| speaks(&facts.language, &campaign.languages));
            if spoken && !segments.iter().any(|turn| turn.segment == share.id) {
                let weight = u64::from(share.weight.max(1));
                segments.push(Turn { segment: share.id, weight, count: 0, latest: 0 });
            }
        }
        let rotation = campaign.rotation;
        Turns { rotation, segments, last: None, turns: 0, by_start: Vec::new() }
    }

    /// The segments to try, the one whose turn it is first; the one that had the last turn comes last.
    pub(super) fn next(&self) -> Vec<SegmentId> {
        let mut order: Vec<usize> = (0..self.segments.len()).collect();
        match self.rotation {
            Rotation::InOrder => {
                let next = self.last.map_or(0, |last| last + 1) % order.len().max(1);
                order.rotate_left(next);
            }
            Rotation::FairShare => order.sort_by(|&a, &b| self.compare(a, b, |turn| (turn.count, 1))),
            // The divisors 1, 3, 5 … spread the turns of a heavy segment between those of the light ones.
            Rotation::Weighted => {
                order.sort_by(|&a, &b| self.compare(a, b, |turn| (2 * turn.count + 1, turn.weight)));
            }
        }
        if let Some(last) = self.last {
            order.retain(|&index| index != last);
            order.push(last);
        }
        order.iter().filter_map(|&index| self.segments.get(index)).map(|turn| turn.segment).collect()
    }

    /// The smaller fraction goes first, then the one whose turn was longer ago, then the one listed first.
    fn compare(&self, a: usize, b: usize, fraction: impl Fn(&Turn) -> (u64, u64)) -> Ordering {
        let (Some(left), Some(right)) = (self.segments.get(a), self.segments.get(b)) else {
            return a.cmp(&b);
        };
        let ((left_over, left_under), (right_over, right_under)) = (fraction(left), fraction(right));
        let across = |over: u64, under: u64| u128::from(over) * u128::from(under);
        across(left_over, right_under)
            .cmp(&across(right_over, left_under))
            .then(left.latest.cmp(&right.latest))
            .then(a.cmp(&b))
    }

    /// That a segment has had, or is planned to have, a turn.
    pub(super) fn had(&mut self, segment: SegmentId, start: Timestamp) {
        self.stands(segment, start);
        self.turns += 1;
        self.last = self.segments.iter().position(|turn| turn.segment == segment);
        if let Some(turn) = self.last.and_then(|index| self.segments.get_mut(index)) {
            turn.count += 1;
            turn.latest = self.turns;
        }
    }

    /// That a segment is heard then, be it its turn or the rest of one.
    pub(super) fn stands(&mut self, segment: SegmentId, start: Timestamp) {
        let after = self.by_start.partition_point(|(other, _)| *other < start);
        match self.by_start.get_mut(after).filter(|(other, _)| *other == start) {
            Some(same) => same.1 = segment,
            None => self.by_start.insert(after, (start, segment)),
        }
    }

    /// Whether the airing just before or just after `start` has the same segment.
    pub(super) fn repeats(&self, segment: SegmentId, start: Timestamp) -> bool {
        let after = self.by_start.partition_point(|(other, _)| *other < start);
        let around = [after.checked_sub(1), Some(after)].into_iter().flatten();
        around.filter_map(|index| self.by_start.get(index)).any(|(_, other)| *other == segment)
    }
}

/// The segments of the snapshot by their ids.
pub(super) fn facts(snapshot: &Snapshot) -> HashMap<SegmentId, &SegmentFacts> {
    snapshot.segments.iter().map(|segment| (segment.id, segment)).collect()
}

/// Whether a language tag is one of those wanted, or a variety of one: `vi` wants `vi-VN` too.
pub(super) fn speaks(tag: &str, wanted: &[String]) -> bool {
    let matches = |wanted: &String| {
        let head = tag.get(..wanted.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
            && tag.get(wanted.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    wanted.is_empty() || wanted.iter().any(matches)
}
