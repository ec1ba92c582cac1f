//! The order in which campaigns are asked what they want.

use crate::plan::Snapshot;
use crate::units::Owners;
use std::cmp::Reverse;

/// Indices of the campaigns in the order in which they go: class, the commune's order, owner, id.
pub(super) fn ranked(snapshot: &Snapshot) -> Vec<usize> {
    let owners = Owners::of(snapshot);
    let mut order: Vec<usize> = (0..snapshot.campaigns.len()).collect();
    order.sort_by_cached_key(|&index| {
        snapshot.campaigns.get(index).map(|campaign| {
            (Reverse(campaign.class), campaign.order, owners.precedence(campaign.owner), campaign.id)
        })
    });
    order
}
