//! The distance between two airings of one campaign.

use super::types::Permit;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// When each campaign sounds or has sounded, by show.
#[derive(Default)]
pub(super) struct Spacing {
    airings: HashMap<usize, Vec<Permit>>,
}

impl Spacing {
    pub(super) fn note(&mut self, show: usize, stretch: Permit) {
        self.airings.entry(show).or_default().push(stretch);
    }

    /// The stretches around its airings in which a campaign must keep silent; `length` is that of the airing that
    /// would come.
    pub(super) fn silences(&self, show: usize, minutes: u32, length: SignedDuration) -> Vec<Permit> {
        let distance = SignedDuration::from_mins(i64::from(minutes));
        let before = distance.saturating_add(length);
        let silences = self.airings.get(&show).into_iter().flatten().map(|airing| Permit {
            // A start after this would end too near to the airing.
            from: airing.from.saturating_sub(before).unwrap_or(Timestamp::MIN),
            until: airing.until.saturating_add(distance).unwrap_or(Timestamp::MAX),
        });
        silences.collect()
    }

    /// The first moment at or after `now` at which a campaign may start.
    pub(super) fn first_start(
        &self,
        show: usize,
        minutes: u32,
        length: SignedDuration,
        now: Timestamp,
    ) -> Timestamp {
        let mut silences = self.silences(show, minutes, length);
        silences.sort_by_key(|silence| silence.from);
        let mut start = now;
        for silence in silences {
            // Ending exactly at the distance is far enough.
            if silence.from < start && start < silence.until {
                start = silence.until;
            }
        }
        start
    }

    /// Forgets what is too long ago to matter.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        for airings in self.airings.values_mut() {
            airings.retain(|airing| airing.until >= at);
        }
    }
}
