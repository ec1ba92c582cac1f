//! Whose goes first on a tie: the station's own unit, then the higher tier, then the unit's code.

use crate::vocabulary::{Unit, UnitId};
use std::collections::HashMap;

/// The place of an owner among others; the smaller goes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    foreign: bool,
    /// How many units stand above it: the fewer, the higher its tier. What nobody knows comes last.
    ancestors: usize,
    code: String,
}

/// The units of a station, ready to be asked.
pub(super) struct Owners<'a> {
    units: HashMap<UnitId, &'a Unit>,
    own: Option<UnitId>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(units: &'a [Unit], own: Option<UnitId>) -> Owners<'a> {
        Owners { units: units.iter().map(|unit| (unit.id, unit)).collect(), own }
    }

    /// The precedence of an owner; None is the station's own unit.
    pub(super) fn precedence(&self, owner: Option<UnitId>) -> Precedence {
        let Some(owner) = owner.filter(|&owner| Some(owner) != self.own) else {
            return Precedence { foreign: false, ancestors: 0, code: String::new() };
        };
        match self.units.get(&owner) {
            Some(unit) => {
                Precedence { foreign: true, ancestors: self.ancestors(unit), code: unit.code.clone() }
            }
            None => Precedence { foreign: true, ancestors: usize::MAX, code: owner.to_string() },
        }
    }

    fn ancestors(&self, unit: &Unit) -> usize {
        let mut above = unit.parent;
        let mut count = 0;
        // Parents that name each other in a circle end with the number of units.
        while let Some(parent) = above.and_then(|id| self.units.get(&id)).filter(|_| count < self.units.len())
        {
            count += 1;
            above = parent.parent;
        }
        count
    }
}
