//! Which of the amplifier's relays is a zone's.
//!
//! The configuration names zones as people do (`zones = { "Thôn 1" = 1 }`) or by their identifiers; the rest of the house
//! knows them by their identifiers alone.

use loaxa_schedules::{Zone, ZoneId};
use std::collections::{BTreeSet, HashMap};

/// From a zone to the word by which the amplifier's driver knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wiring {
    /// The words that have a relay; None where any word is taken.
    wired: Option<BTreeSet<String>>,
    names: HashMap<ZoneId, String>,
}

impl Wiring {
    pub(crate) fn new(wired: Option<Vec<String>>) -> Self {
        Self { wired: wired.map(BTreeSet::from_iter), names: HashMap::new() }
    }

    /// Takes the station's zones as they are now.
    pub(crate) fn learn(&mut self, zones: Vec<Zone>) {
        self.names = zones.into_iter().map(|zone| (zone.id, zone.name)).collect();
    }

    /// The word of a zone: its identifier where that, or anything, has a relay; else its name. One that has no relay is
    /// refused by the driver under the name that people know.
    pub(crate) fn word(&self, zone: &ZoneId) -> String {
        let id = zone.to_string();
        match &self.wired {
            Some(wired) if !wired.contains(&id) => self.names.get(zone).cloned().unwrap_or(id),
            _ => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn zone(number: u128, name: &str) -> Zone {
        Zone { id: id(number), name: name.to_owned(), volume_db: 0.0 }
    }

    fn id(number: u128) -> ZoneId {
        ZoneId(Uuid::from_u128(number))
    }

    #[test]
    fn a_zone_is_wired_by_its_identifier_or_its_name() {
        let wired = vec!["Thôn 1".to_owned(), id(2).to_string()];
        let mut wiring = Wiring::new(Some(wired));
        assert_eq!(wiring.word(&id(1)), id(1).to_string());
        wiring.learn(vec![zone(1, "Thôn 1"), zone(2, "Thôn 2"), zone(3, "Thôn 3")]);
        assert_eq!(wiring.word(&id(1)), "Thôn 1");
        assert_eq!(wiring.word(&id(2)), id(2).to_string());
        // it has no relay: refused under the name that people know
        assert_eq!(wiring.word(&id(3)), "Thôn 3");
        assert_eq!(wiring.word(&id(4)), id(4).to_string());
    }

    #[test]
    fn an_amplifier_that_takes_any_zone_is_told_its_identifier() {
        let mut wiring = Wiring::new(None);
        wiring.learn(vec![zone(1, "Thôn 1")]);
        assert_eq!(wiring.word(&id(1)), id(1).to_string());
    }
}
