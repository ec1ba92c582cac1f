//! A whole station under a virtual clock: the real planner and playout, model devices, seeded faults.
//!
//! The world checks, at every command and every frame boundary, what must never happen; the tests check what
//! must have happened at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "simulator/faults.rs"]
mod faults;
#[path = "simulator/station.rs"]
mod station;
#[path = "simulator/world.rs"]
mod world;

use faults::Faults;
use jiff::SignedDuration;
use loaxa_schedules::Outcome;
use station::{Demo, ends_of};
use std::collections::BTreeMap;
use world::World;

fn summary(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in world.log.rows.values() {
        for end in &row.ends {
            let name = end
                .reason
                .as_deref()
                .map_or_else(|| end.outcome.to_string(), |r| format!("{}/{r}", end.outcome));
            *counts.entry(name).or_default() += 1;
        }
    }
    counts
}

/// A programme every minute, three clips of ten seconds, a window all day, for thirty days.
#[test]
fn thirty_days_without_faults_air_everything() {
    let demo = Demo::every_minute();
    let mut world = World::new(demo, 1, Faults::none());
    world.run_for(SignedDuration::from_hours(30 * 24));
    let counts = summary(&world);
    let slots = 30 * 24 * 60 * 3;
    assert_eq!(counts.get("aired").copied(), Some(slots), "{counts:?}");
    assert_eq!(counts.len(), 1, "nothing but aired: {counts:?}");
    world.assert_every_key_has_one_outcome();
    assert!(world.log.rows.values().all(|row| row.ends.iter().all(|end| end.confirmed)));
    world.stop_planning_and_settle();
    world.assert_dark();
}

/// Sparse programmes in two zones: the amplifier goes dark between them.
#[test]
fn the_amplifier_is_dark_between_programmes() {
    let mut world = World::new(Demo::two_zones(), 2, Faults::none());
    for _ in 0..40 {
        world.run_for(SignedDuration::from_mins(5));
        // Two and a half minutes after a programme.
        world.assert_dark();
    }
    assert!(world.log.outcomes(Outcome::Aired) > 100, "{:?}", summary(&world));
    world.assert_every_key_has_one_outcome();
}

/// Without an amplifier everything airs, and nothing is confirmed.
#[test]
fn without_an_amplifier_nothing_is_confirmed() {
    let mut world = World::without_amplifier(Demo::every_minute(), 3);
    world.run_for(SignedDuration::from_hours(2));
    let counts = summary(&world);
    assert_eq!(counts.get("aired/unconfirmed").copied(), Some(360), "{counts:?}");
    assert_eq!(world.amplifier_commands, 0);
    world.assert_every_key_has_one_outcome();
}

fn survives(name: &str, seeds: std::ops::Range<u64>, hours: i64, faults: impl Fn() -> Faults) {
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for seed in seeds {
        for demo in [Demo::every_minute(), Demo::two_zones()] {
            let mut world = World::new(demo, seed, faults());
            world.run_for(SignedDuration::from_hours(hours));
            world.heal();
            world.run_for(SignedDuration::from_mins(30));
            world.assert_every_key_has_one_outcome();
            world.assert_recovered();
            for (outcome, count) in summary(&world) {
                *all.entry(outcome).or_default() += count;
            }
            world.stop_planning_and_settle();
            world.assert_dark();
        }
    }
    ends_of(name, &all);
}

#[test]
fn survives_clock_steps() {
    survives("steps", 0..3, 6, || Faults { steps: 400, ..Faults::none() });
}

#[test]
fn survives_lost_trust() {
    survives("trust", 0..3, 6, || Faults { distrust: 600, ..Faults::none() });
}

#[test]
fn survives_amplifier_faults() {
    survives("amplifier", 0..3, 6, || Faults { amplifier: 200, slow: 300, ..Faults::none() });
}

#[test]
fn survives_output_faults() {
    survives("output", 0..3, 6, || Faults { output: 200, ..Faults::none() });
}

#[test]
fn survives_log_faults() {
    survives("log", 0..3, 6, || Faults { log: 200, ..Faults::none() });
}

#[test]
fn survives_stop_and_resume() {
    survives("stop", 0..3, 6, || Faults { stop: 120, ..Faults::none() });
}

#[test]
fn survives_plan_changes() {
    survives("plan", 0..3, 6, || Faults { plan: 300, ..Faults::none() });
}

#[test]
fn survives_power_cuts() {
    survives("power", 0..3, 6, || Faults { power: 300, ..Faults::none() });
}

#[test]
fn survives_everything_at_once() {
    survives("everything", 0..8, 6, || Faults {
        steps: 1500,
        distrust: 2000,
        amplifier: 900,
        output: 900,
        log: 1500,
        stop: 900,
        plan: 600,
        power: 2000,
        slow: 900,
    });
}
