//! How loud a slot sounds. This is the one place where the rule is written.
//!
//! **Levels add, ceilings cap.** The level of the slot's class and that of the quietest of its zones are added; the result
//! is never above the lowest ceiling, the station's own or that of any window that the slot touches. All zones of a slot
//! share one output, so the quietest decides for all of them. An **emergency** has the level of its class and nothing
//! lowers it, unless the station says that emergencies keep to what holds for everything else.
//!
//! Everything is in dB relative to the prepared sound, 0 or below: 0 is full level, -6 half of the amplitude.

use crate::error::ScheduleError;
use crate::vocabulary::{Class, Window, Zone};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// What is below this is not heard, and nobody means it: a station is silenced by other means.
pub const QUIETEST_DB: f64 = -60.0;

/// The station's levels, in dB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Volume {
    /// Of class normal.
    pub normal: f64,
    /// Of class priority.
    pub priority: f64,
    /// Of emergencies.
    pub emergency: f64,
    /// Nothing that is planned is louder than this.
    pub ceiling: f64,
    /// Whether emergencies, too, keep to zones and ceilings.
    pub emergency_keeps_ceilings: bool,
}

impl Default for Volume {
    /// Full level for all.
    fn default() -> Self {
        Volume { normal: 0.0, priority: 0.0, emergency: 0.0, ceiling: 0.0, emergency_keeps_ceilings: false }
    }
}

impl Volume {
    /// The gain of a slot in dB, 0 or below: of its class, the levels of its zones, and the ceilings that hold for it.
    #[must_use]
    pub fn gain_db(
        &self,
        class: Class,
        zones: impl IntoIterator<Item = f64>,
        ceilings: impl IntoIterator<Item = f64>,
    ) -> f64 {
        let level = match class {
            Class::Normal => self.normal,
            Class::Priority => self.priority,
            Class::Emergency => self.emergency,
        };
        if class == Class::Emergency && !self.emergency_keeps_ceilings {
            return level.min(0.0);
        }
        let quietest = zones.into_iter().fold(0.0, f64::min);
        let ceiling = ceilings.into_iter().fold(self.ceiling, f64::min);
        (level + quietest).min(ceiling).min(0.0)
    }

    /// The gain of an emergency that sounds at `at` in these zones. Windows count by their day of the week and their
    /// hours.
    #[must_use]
    pub fn of_emergency(&self, zones: &[&Zone], windows: &[Window], at: &Zoned) -> f64 {
        let open = windows
            .iter()
            .filter(|window| window.covers(at) && zones.iter().any(|zone| window.opens(zone.id)));
        let ceilings = open.filter_map(|window| window.volume_ceiling_db);
        self.gain_db(Class::Emergency, zones.iter().map(|zone| zone.volume_db), ceilings)
    }

    /// The levels that make no sense, each with its name: above 0, below [`QUIETEST_DB`], or no number.
    pub fn senseless(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let levels = [
            ("normal", self.normal),
            ("priority", self.priority),
            ("emergency", self.emergency),
            ("ceiling", self.ceiling),
        ];
        levels.into_iter().filter(|(_, level)| !sensible(*level))
    }
}

fn sensible(level: f64) -> bool {
    (QUIETEST_DB..=0.0).contains(&level)
}

impl Zone {
    /// Whether the zone makes sense by itself.
    ///
    /// # Errors
    /// [`ScheduleError::Zone`] names the zone, what is wrong and what to do.
    pub fn check(&self) -> Result<(), ScheduleError> {
        if sensible(self.volume_db) {
            return Ok(());
        }
        Err(ScheduleError::Zone {
            name: self.name.clone(),
            problem: format!(
                "the volume {} dB does not lie between {QUIETEST_DB} and 0; 0 is full level, -6 is half of it",
                self.volume_db
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: Class, zones: &[f64], ceilings: &[f64], expect: f64) {
        let volume = Volume { normal: -3.0, emergency: -1.0, ceiling: -2.0, ..Volume::default() };
        let gain = volume.gain_db(class, zones.iter().copied(), ceilings.iter().copied());
        assert!((gain - expect).abs() < 1e-9, "{class} {zones:?} {ceilings:?}: {gain}, not {expect}");
    }

    #[test]
    fn levels_add_and_ceilings_cap() {
        check(Class::Normal, &[0.0], &[], -3.0);
        check(Class::Normal, &[0.0, -6.0, -4.0], &[], -9.0);
        check(Class::Normal, &[-6.0], &[-6.0], -9.0);
        check(Class::Normal, &[], &[-6.0, -15.0], -15.0);
        // Not louder than the station's own ceiling.
        check(Class::Priority, &[], &[], -2.0);
        check(Class::Priority, &[], &[-1.0], -2.0);
    }

    #[test]
    fn an_emergency_is_held_down_only_where_the_station_says_so() {
        check(Class::Emergency, &[-12.0], &[-15.0], -1.0);
        let strict = Volume { emergency_keeps_ceilings: true, ..Volume::default() };
        assert!((strict.gain_db(Class::Emergency, [-12.0], [-15.0]) + 15.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_above_full_level_or_no_number_is_named() {
        let wrong = Volume { normal: 1.0, priority: f64::NAN, emergency: -61.0, ..Volume::default() };
        let named: Vec<&str> = wrong.senseless().map(|(name, _)| name).collect();
        assert_eq!(named, ["normal", "priority", "emergency"]);
        assert_eq!(Volume::default().senseless().count(), 0);
    }
}
