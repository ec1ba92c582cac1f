//! The whole station under a virtual clock: nothing that must never happen happens, whatever goes wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "simulator/stations.rs"]
mod stations;

use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::simulation::{FaultKind, Faults, Simulation, standard_station};
use loaxa_schedules::{Outcome, PlayoutSettings, Snapshot};
use stations::{by_day, every_minute, timezone, two_zones};
use std::collections::BTreeMap;

fn began() -> Timestamp {
    "2026-11-23T09:59:40+07:00".parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn summary(simulation: &Simulation) -> BTreeMap<String, u64> {
    let name = |outcome: &Outcome, code: &Option<String>| match code {
        Some(code) => format!("{outcome}/{code}"),
        None => outcome.to_string(),
    };
    simulation.outcomes().iter().map(|((outcome, code), count)| (name(outcome, code), *count)).collect()
}

/// Nothing that must never happen did, and what started since the beginning has its outcome.
fn kept_its_promises(simulation: &Simulation, name: &str) {
    let violations: Vec<String> = simulation.violations().iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{name}:\n{}", violations.join("\n"));
}

fn accounts_for_everything(simulation: &Simulation, name: &str) {
    let unaccounted =
        simulation.unaccounted(began() + SignedDuration::from_secs(10), simulation.wall() - minutes(1));
    assert!(unaccounted.is_empty(), "{name}: no outcome: {unaccounted:?}");
}

/// A programme every minute, three clips of ten seconds, a window all day, for thirty days.
#[test]
fn thirty_days_without_faults_air_everything() {
    let mut simulation = Simulation::new(every_minute(), began(), 1, Faults::none());
    simulation.run_for(hours(30 * 24));
    let counts = summary(&simulation);
    assert_eq!(counts.get("aired").copied(), Some(30 * 24 * 60 * 3), "{counts:?}");
    assert_eq!(counts.len(), 1, "nothing but aired: {counts:?}");
    accounts_for_everything(&simulation, "no faults");
    simulation.close_down();
    kept_its_promises(&simulation, "no faults");
    assert!(simulation.is_dark());
}

/// Sparse programmes in two zones: the amplifier goes dark between them.
#[test]
fn the_amplifier_is_dark_between_programmes() {
    let mut simulation = Simulation::new(two_zones(), began(), 2, Faults::none());
    for _ in 0..40 {
        simulation.run_for(minutes(5));
        // Two and a half minutes after a programme.
        assert!(simulation.is_dark());
    }
    assert!(simulation.count(Outcome::Aired) > 100, "{:?}", summary(&simulation));
    accounts_for_everything(&simulation, "two zones");
    kept_its_promises(&simulation, "two zones");
}

/// Without an amplifier everything airs, and nothing is confirmed.
#[test]
fn without_an_amplifier_nothing_is_confirmed() {
    let settings = PlayoutSettings { amplifier_present: false, ..PlayoutSettings::default() };
    let mut simulation = Simulation::with_settings(every_minute(), settings, began(), 3, Faults::none());
    simulation.run_for(hours(2));
    let counts = summary(&simulation);
    assert_eq!(counts.get("aired/unconfirmed").copied(), Some(360), "{counts:?}");
    assert_eq!(simulation.amplifier_commands(), 0);
    kept_its_promises(&simulation, "no amplifier");
}

/// The same seed gives the same rows, and another seed gives others.
#[test]
fn a_seed_replays_exactly() {
    let rows = |station: Snapshot, seconds, length, seed| {
        let faults = Faults::every(seconds, FaultKind::ALL);
        let mut simulation = Simulation::new(station, began(), seed, faults).keeping_rows();
        simulation.run_for(length);
        format!("{:?}", simulation.closed_rows())
    };
    let dense = |seed| rows(by_day(every_minute()), 600, hours(3), seed);
    assert_eq!(dense(7), dense(7));
    assert_ne!(dense(7), dense(8));
    let sparse = || rows(two_zones(), 3600, hours(12), 7);
    assert_eq!(sparse(), sparse());
}

/// `passed` is how long after healing the station may still be where a clock set forward had been: what was closed
/// then is not aired again.
fn survives(name: &str, seeds: std::ops::Range<u64>, faults: &Faults, passed: SignedDuration) {
    let edited = faults == &faults.clone().with(FaultKind::Edits, 0);
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for seed in seeds {
        for (station, snapshot) in
            [("every minute", by_day(every_minute())), ("two zones", by_day(two_zones()))]
        {
            let name = format!("{name}, {station}, seed {seed}");
            let mut simulation = Simulation::new(snapshot, began(), seed, faults.clone());
            simulation.run_for(hours(6));
            simulation.heal();
            simulation.run_for(passed);
            let aired = simulation.count(Outcome::Aired);
            simulation.run_for(minutes(30));
            if edited {
                accounts_for_everything(&simulation, &name);
            }
            kept_its_promises(&simulation, &name);
            let again = simulation.count(Outcome::Aired) - aired;
            assert!(again >= 10, "{name}: only {again} aired in the half hour after healing");
            for (outcome, count) in summary(&simulation) {
                *all.entry(outcome).or_default() += count;
            }
            simulation.close_down();
            kept_its_promises(&simulation, &name);
        }
    }
    // A fault that hurts nothing tests nothing.
    assert!(all.keys().any(|key| key != "aired"), "{name}: the fault hurt nothing: {all:?}");
    assert!(all.get("aired").is_some_and(|&count| count > 100), "{name}: hardly anything aired: {all:?}");
}

#[test]
fn survives_each_kind_of_trouble() {
    for (kind, seconds) in [
        (FaultKind::Power, 300),
        (FaultKind::Clock, 400),
        (FaultKind::Trust, 600),
        (FaultKind::Amplifier, 200),
        (FaultKind::Audio, 200),
        (FaultKind::Log, 200),
        (FaultKind::Stop, 120),
        (FaultKind::Edits, 300),
        (FaultKind::Slow, 300),
        (FaultKind::Emergency, 300),
        (FaultKind::Button, 120),
    ] {
        let passed = if kind == FaultKind::Clock { hours(1) } else { SignedDuration::ZERO };
        survives(kind.as_str(), 0..3, &Faults::every(seconds, &[kind]), passed);
    }
}

/// Programmes every five minutes, and a window that does not close at midnight: four hours around it.
#[test]
fn an_open_midnight_survives_every_kind_of_trouble() {
    let evening: Timestamp = "2026-11-23T22:00:00+07:00".parse().unwrap();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..2 {
        let faults = Faults::every(1200, FaultKind::ALL);
        let mut simulation = Simulation::new(two_zones(), evening, seed, faults);
        simulation.run_for(hours(4));
        simulation.heal();
        simulation.run_for(minutes(30));
        simulation.close_down();
        kept_its_promises(&simulation, &format!("midnight, seed {seed}"));
        for (outcome, count) in summary(&simulation) {
            *all.entry(outcome).or_default() += count;
        }
    }
    assert!(all["aired"] > 200, "hardly anything aired: {all:?}");
}

#[test]
fn survives_everything_at_once() {
    let faults = Faults::every(900, FaultKind::ALL)
        .with(FaultKind::Power, 2000)
        .with(FaultKind::Clock, 1500)
        .with(FaultKind::Trust, 2000)
        .with(FaultKind::Log, 1500);
    survives("everything", 0..8, &faults, SignedDuration::ZERO);
}

fn standard() -> Snapshot {
    standard_station(timezone(), "2026-01-01".parse().unwrap())
}

fn a_year(seed: u64) -> Simulation {
    let began = "2026-01-01T00:00:00+07:00".parse().unwrap();
    let mut simulation = Simulation::new(standard(), began, seed, Faults::weekly(FaultKind::ALL));
    simulation.run_for(hours(365 * 24));
    simulation
}

/// A year of the standard station, a few troubles a week.
#[test]
fn years_of_the_standard_station_keep_their_promises() {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..8 {
        let mut simulation = a_year(seed);
        simulation.heal();
        simulation.run_for(hours(24));
        simulation.close_down();
        kept_its_promises(&simulation, &format!("seed {seed}"));
        for (outcome, count) in summary(&simulation) {
            *all.entry(outcome).or_default() += count;
        }
    }
    // Every kind of trouble met a session in some year.
    for code in [
        "aired",
        "missed/station_off",
        "partial/interrupted",
        "suppressed/local_stop",
        "suppressed/emergency_withdrawn",
        "missed/emergency_expired",
        "preempted/yielded_to_emergency",
        "suppressed/closed_day",
        "suppressed/outside_window",
    ] {
        assert!(all.contains_key(code), "{code} never happened: {all:?}");
    }
}

/// `cargo test --release --test simulator -- --ignored --nocapture`: the figure, on as many threads as there are.
#[test]
#[ignore = "measures; takes a minute"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures, for a person")]
fn a_thousand_years() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let threads: u64 = std::env::var("THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let began = std::time::Instant::now();
    let broken: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                let step = usize::try_from(threads).unwrap();
                scope.spawn(move || {
                    let broken = |seed| {
                        let simulation = a_year(seed);
                        for violation in simulation.violations() {
                            println!("seed {seed}: {violation}");
                        }
                        simulation.violations().len()
                    };
                    (first..seeds).step_by(step).map(broken).sum::<usize>()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    let taken = began.elapsed().as_secs_f64();
    let days = 365 * seeds;
    let each = taken * threads as f64 / days as f64 * 1e6;
    println!(
        "{seeds} years in {taken:.1} s on {threads} threads: {each:.0} us a station-day, {broken} violations"
    );
    assert_eq!(broken, 0);
}
