//! The units of the administration together: who stands above whom on a date, and whose order goes first.

use crate::error::ScheduleError;
use crate::plan::Snapshot;
use crate::vocabulary::{Unit, UnitId};
use jiff::civil::Date;

/// The units that a station knows, ready to be asked.
#[derive(Debug)]
pub struct Units<'a> {
    units: Vec<&'a Unit>,
}

/// Whose object goes first when class and time tie: the smaller.
///
/// Circular 39/2020/TT-BTTTT leaves the order of priority bulletins that fall together to the commune. So the
/// station's own goes first (and among its own, the commune's `order` decides), then the higher tier, which
/// has fewer units above it. Between units of one tier it is the code, then the identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Precedence<'a> {
    /// Whether it belongs to another unit than the station's own.
    pub foreign: bool,
    /// How many units stand above its owner; 0 for the station's own, and the most for an unknown owner.
    pub rank: u32,
    /// The owner's code; empty for the station's own and for an unknown owner.
    pub code: &'a str,
    /// The owner; None for the station's own.
    pub owner: Option<UnitId>,
}

impl<'a> Units<'a> {
    /// These units, in any order.
    #[must_use]
    pub fn new(units: &'a [Unit]) -> Units<'a> {
        let mut units: Vec<&Unit> = units.iter().collect();
        units.sort_by_key(|unit| unit.id);
        Units { units }
    }

    /// The unit with this identifier, whether it is valid or not.
    #[must_use]
    pub fn get(&self, id: UnitId) -> Option<&'a Unit> {
        let index = self.units.binary_search_by_key(&id, |unit| unit.id).ok()?;
        self.units.get(index).copied()
    }

    /// The unit that bears this code on a date; the lowest identifier, should there be several.
    #[must_use]
    pub fn with_code(&self, code: &str, on: Date) -> Option<&'a Unit> {
        self.units.iter().copied().find(|unit| unit.code == code && unit.valid_on(on))
    }

    /// How many units stand above this one on a date, or on any day at all; None when it is unknown.
    ///
    /// A unit that is no longer (or not yet) is passed over, and what stands above it counts: a commune whose
    /// district was abolished stands right under the province. A parent that is unknown, or that was met
    /// before, ends the count.
    #[must_use]
    pub fn rank(&self, id: UnitId, on: impl Into<Option<Date>>) -> Option<u32> {
        let on = on.into();
        let mut unit = self.get(id)?;
        let mut met = vec![unit.id];
        let mut rank = 0;
        while let Some(parent) = unit.parent.and_then(|parent| self.get(parent)) {
            if met.contains(&parent.id) {
                break;
            }
            met.push(parent.id);
            rank += u32::from(on.is_none_or(|on| parent.valid_on(on)));
            unit = parent;
        }
        Some(rank)
    }

    /// The place of an object of `owner` (None is the station's own) at a station of the unit `own`, on a date or on any
    /// day at all.
    #[must_use]
    pub fn precedence(
        &self,
        owner: Option<UnitId>,
        own: Option<UnitId>,
        on: impl Into<Option<Date>>,
    ) -> Precedence<'a> {
        match owner.filter(|owner| own != Some(*owner)) {
            None => Precedence { foreign: false, rank: 0, code: "", owner: None },
            Some(owner) => Precedence {
                foreign: true,
                rank: self.rank(owner, on).unwrap_or(u32::MAX),
                code: self.get(owner).map_or("", |unit| unit.code.as_str()),
                owner: Some(owner),
            },
        }
    }
}

/// The owners of a station's objects, ready to be asked whose goes first in a plan.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    units: Units<'a>,
    own: Option<UnitId>,
    /// The day of the plan's `as_of`: one plan has one order.
    on: Option<Date>,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Owners<'a> {
        Owners {
            units: Units::new(&snapshot.units),
            own: snapshot.own_unit,
            on: snapshot.as_of.map(|as_of| snapshot.timezone.to_datetime(as_of).date()),
        }
    }

    /// The place of an object of this owner; None is the station's own unit.
    pub(crate) fn precedence(&self, owner: Option<UnitId>) -> Precedence<'a> {
        self.units.precedence(owner, self.own, self.on)
    }
}

impl Unit {
    /// Whether the unit exists on a date.
    #[must_use]
    pub fn valid_on(&self, date: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= date) && self.valid_until.is_none_or(|until| date <= until)
    }

    /// Whether the unit makes sense, by itself and among the others (which may hold it as it was before).
    ///
    /// # Errors
    /// [`ScheduleError::Unit`] names the unit, what is wrong and what to do.
    pub fn check(&self, others: &[Unit]) -> Result<(), ScheduleError> {
        let others: Vec<&Unit> = others.iter().filter(|other| other.id != self.id).collect();
        match self
            .own_problem()
            .or_else(|| self.code_problem(&others))
            .or_else(|| self.parent_problem(&others))
        {
            Some(problem) => Err(ScheduleError::Unit { name: self.name.clone(), problem }),
            None => Ok(()),
        }
    }

    fn own_problem(&self) -> Option<String> {
        for (text, what) in [(&self.name, "name"), (&self.code, "code"), (&self.tier, "tier")] {
            if text.trim().is_empty() {
                return Some(format!("the {what} is empty; give it one"));
            }
        }
        let (from, until) = (self.valid_from?, self.valid_until?);
        (until < from).then(|| {
            format!("its last day {until} is before its first day {from}; swap the two dates or correct one")
        })
    }

    fn code_problem(&self, others: &[&Unit]) -> Option<String> {
        let same = |other: &&&Unit| other.code == self.code && other.overlaps(self);
        let other = others.iter().filter(same).min_by_key(|other| other.id)?;
        Some(format!(
            "\"{}\" bears the code {} at the same time; end one before the other begins, or correct the code",
            other.name, self.code
        ))
    }

    fn parent_problem(&self, others: &[&Unit]) -> Option<String> {
        let parent = self.parent?;
        if parent == self.id {
            return Some("it is its own parent; name the unit above it, or none".into());
        }
        let above = |id: UnitId| others.iter().copied().find(|other| other.id == id);
        let Some(parent) = above(parent) else {
            return Some(format!("its parent {parent} is unknown; make that unit first"));
        };
        if !parent.overlaps(self) {
            return Some(format!(
                "its parent \"{}\" does not exist on any day on which it does; correct the dates or the parent",
                parent.name
            ));
        }
        let (mut unit, mut met) = (parent, vec![parent.id]);
        while let Some(next) = unit.parent {
            if next == self.id {
                return Some(format!(
                    "\"{}\" stands above it and below it; give one of them another parent",
                    unit.name
                ));
            }
            match above(next).filter(|next| !met.contains(&next.id)) {
                Some(higher) => unit = higher,
                None => break,
            }
            met.push(unit.id);
        }
        None
    }

    /// Whether there is a day on which both exist.
    fn overlaps(&self, other: &Unit) -> bool {
        let before = |until: Option<Date>, from: Option<Date>| matches!((until, from), (Some(until), Some(from)) if until < from);
        !before(self.valid_until, other.valid_from) && !before(other.valid_until, self.valid_from)
    }
}

#[cfg(test)]
mod tests;
