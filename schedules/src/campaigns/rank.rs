//! The order in which campaigns are asked what they want.

use crate::plan::Snapshot;
use crate::vocabulary::{Unit, UnitId};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Indices of the campaigns in the order in which they go: class, the commune's order, owner, id.
pub(super) fn ranked(snapshot: &Snapshot) -> Vec<usize> {
    let units: HashMap<UnitId, &Unit> = snapshot.units.iter().map(|unit| (unit.id, unit)).collect();
    let mut order: Vec<usize> = (0..snapshot.campaigns.len()).collect();
    order.sort_by_cached_key(|&index| {
        snapshot.campaigns.get(index).map(|campaign| {
            let owner = owner(snapshot, &units, campaign.owner);
            (Reverse(campaign.class), campaign.order, owner, campaign.id)
        })
    });
    order
}

/// The station's own unit first, then the higher tier, then the code; units that are unknown come last.
fn owner<'a>(
    snapshot: &Snapshot,
    units: &HashMap<UnitId, &'a Unit>,
    owner: Option<UnitId>,
) -> (bool, usize, &'a str, Option<UnitId>) {
    let foreign = owner.filter(|_| owner != snapshot.own_unit);
    let Some(id) = foreign else { return (false, 0, "", None) };
    let Some(unit) = units.get(&id) else { return (true, usize::MAX, "", Some(id)) };
    let mut above = 0;
    let mut parent = unit.parent;
    // Units that name each other as parents would never end.
    while let Some(next) = parent.and_then(|id| units.get(&id)).filter(|_| above < units.len()) {
        above += 1;
        parent = next.parent;
    }
    (true, above, unit.code.as_str(), Some(id))
}
