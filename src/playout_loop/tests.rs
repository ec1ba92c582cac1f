//! The fault matrix: the real loop, with a real log and an output in real time, and an amplifier that breaks while
//! nothing plays, while it is being switched on, and while something plays.
//!
//! Every case has a station of its own; they run beside each other, for the output keeps real time.

mod scheduled;
mod station;

use super::*;
use crate::store::Airing;
use loaxa_firmware_bridge::{SimulatedFault, SimulatedHandle};
use station::Station;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;

/// Whatever is waited for comes within this, also on a machine with much else to do.
const COMES_WITHIN: Duration = Duration::from_secs(40);
/// So many cases at a time.
const AT_ONCE: usize = 19;
/// A shared machine may be late by so much.
const SLACK: Duration = Duration::from_secs(5);
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Arming,
    Playing,
}

/// How an airing ends, whether it is confirmed, and which alarms must have been told by then.
type Expect = (&'static str, bool, &'static [&'static str]);

/// Something that goes wrong, by its name; with what is told while idle, and how an airing ends that it meets while it is
/// armed and while it plays.
type Case = (&'static str, fn(&SimulatedHandle, &str, &str), &'static [&'static str], Expect, Expect);

const CASES: [Case; 19] = [
    (
        "silent",
        |it, _, _| it.inject(SimulatedFault::Silent),
        &["line_lost"],
        ("failed", false, &["line_lost"]),
        ("partial", false, &["line_lost"]),
    ),
    (
        "slow",
        |it, _, _| it.inject(SimulatedFault::Slow(Duration::from_secs(3))),
        &["line_lost"],
        ("failed", false, &["line_lost"]),
        ("partial", false, &["line_lost"]),
    ),
    (
        "noise",
        |it, _, _| it.inject(SimulatedFault::Noise { seed: 3, per_cent: 100 }),
        &["line_lost"],
        ("failed", false, &["line_lost"]),
        ("partial", false, &["line_lost"]),
    ),
    (
        "some noise",
        |it, _, _| it.inject(SimulatedFault::Noise { seed: 3, per_cent: 3 }),
        &[],
        ("aired", true, &[]),
        ("aired", true, &[]),
    ),
    (
        "one late reply",
        |it, _, _| it.inject(SimulatedFault::LateReply(Duration::from_millis(1_100))),
        &[],
        ("aired", true, &[]),
        ("aired", true, &[]),
    ),
    (
        "refuses power",
        |it, _, _| it.inject(SimulatedFault::RefusesPower(4)),
        &[],
        ("failed", false, &["refused"]),
        ("aired", true, &[]),
    ),
    (
        "lying coil",
        |it, zone, _| it.inject(SimulatedFault::LyingCoil(zone.to_owned())),
        &[],
        ("failed", false, &["mismatch"]),
        ("aired", true, &[]),
    ),
    (
        "fickle coil",
        |it, zone, _| {
            it.inject(SimulatedFault::FickleCoil {
                zone: zone.to_owned(),
                after: Duration::from_millis(4_500),
            })
        },
        &[],
        ("partial", false, &["mismatch"]),
        ("partial", false, &["mismatch"]),
    ),
    (
        "welded zone",
        |it, _, other| it.inject(SimulatedFault::WeldedZone(other.to_owned())),
        &["found_on"],
        ("failed", false, &["mismatch"]),
        ("partial", false, &["mismatch"]),
    ),
    (
        "welded power",
        |it, _, _| it.inject(SimulatedFault::WeldedPower),
        &[],
        ("aired", true, &["mismatch"]),
        ("aired", true, &["mismatch"]),
    ),
    (
        "not ready",
        |it, _, _| it.inject(SimulatedFault::NotReady),
        &[],
        ("failed", false, &["mismatch"]),
        ("partial", false, &["mismatch", "not_ready"]),
    ),
    (
        "stays on",
        |it, _, _| it.inject(SimulatedFault::StaysOn),
        &["stays_on"],
        ("aired", true, &["stays_on"]),
        ("aired", true, &["stays_on"]),
    ),
    (
        "brown-out",
        |it, _, _| it.brown_out(),
        &["brown_out"],
        ("aired", true, &["brown_out"]),
        ("partial", false, &["mismatch", "brown_out"]),
    ),
    ("tripped", |it, _, _| it.lose_power(), &[], ("aired", true, &[]), ("partial", false, &["mismatch"])),
    (
        "mains lost",
        |it, _, _| it.set_mains(false),
        &["mains_lost"],
        ("failed", false, &["mismatch", "mains_lost"]),
        ("partial", false, &["mismatch", "mains_lost"]),
    ),
    (
        "hot",
        |it, _, _| it.set_temperature(800),
        &["temperature", "overheated"],
        ("aired", true, &["temperature"]),
        ("aired", true, &["temperature", "overheated"]),
    ),
    (
        "weak supply",
        |it, _, _| it.set_supply(4_200),
        &["supply", "supply_low"],
        ("aired", true, &["supply"]),
        ("aired", true, &["supply"]),
    ),
    ("stop", |it, _, _| it.press_stop(), &[], ("suppressed", false, &[]), ("partial", false, &[])),
    ("nothing", |_, _, _| {}, &[], ("aired", true, &[]), ("aired", true, &[])),
];

fn subset(codes: &[&'static str], of: &BTreeSet<&'static str>) -> bool {
    codes.iter().all(|code| of.contains(code))
}

/// One cell of the matrix.
async fn cell(case: &Case, phase: Phase) {
    let (name, breaks, idle, arming, playing) = case;
    let mut station = Station::start(format!("{name} while {phase:?}")).await;
    let [used, other] = station.zones.map(|zone| zone.to_string());
    let (outcome, confirmed, codes) = match phase {
        Phase::Idle => {
            breaks(&station.amplifier, &used, &other);
            let began = Instant::now();
            let codes: &[&str] = idle;
            station.until("alarm", |it| subset(codes, &it.codes())).await;
            let took = began.elapsed();
            assert!(took < Duration::from_secs(5) + SLACK, "{}: told after {took:?}", station.what);
            if *name == "stop" {
                station.until("stop", |it| it.handle.status().view.is_some_and(|view| view.local_stop)).await;
            }
            assert!(station.rows().is_empty(), "{}", station.what);
            recovers(&mut station, 0).await;
            return station.end().await;
        }
        Phase::Arming => {
            breaks(&station.amplifier, &used, &other);
            station.plan(3_000);
            arming
        }
        Phase::Playing => {
            station.plan(3_000);
            station.until("sound", |it| it.on_air()).await;
            breaks(&station.amplifier, &used, &other);
            playing
        }
    };
    let row = station.row(0).await;
    let what = format!("{}: {row:?}", station.what);
    assert_eq!((&*row.outcome, row.confirmed), (*outcome, *confirmed), "{what}");
    let codes: &[&str] = codes;
    station.until("alarms", |it| subset(codes, &it.told)).await;
    // what the controller was told in the moment before STOP, or the late answer, was known may be an alarm
    let either_way = phase == Phase::Arming && ["stop", "one late reply"].contains(name);
    if codes.is_empty() && !either_way {
        assert!(station.told.is_empty(), "{}: {:?}", station.what, station.told);
    }
    evidence(&row, *confirmed, &what);
    if *name == "stop" {
        assert_eq!(row.reason.as_ref().map(|reason| &*reason.code), Some("local_stop"), "{what}");
    }
    recovers(&mut station, 1).await;
    station.end().await;
}

/// What sounded has the amplifier's word in its row.
fn evidence(row: &Airing, confirmed: bool, what: &str) {
    let word = row.evidence.as_ref().and_then(|evidence| evidence.amplifier.as_ref());
    if row.started.is_none() {
        return;
    }
    let word = word.unwrap_or_else(|| panic!("no word of the amplifier: {what}"));
    assert_eq!(word.driver, "tested");
    assert_eq!(word.held_by.as_deref(), Some("simulated"));
    if confirmed {
        assert!(word.samples >= 3 && word.longest_gap_ms <= 2_000, "{what}");
        assert_eq!(word.unconfirmed, None, "{what}");
        let begin = word.begin.as_ref().unwrap();
        assert_eq!((begin.power, begin.sound, begin.zones.len()), (Some(true), Some(true), 1), "{what}");
    }
}

/// Mended, it is dark, its faults can be cleared, and the next airing is whole; without a restart.
async fn recovers(station: &mut Station, number: usize) {
    station.amplifier.repair();
    station.amplifier.release_stop();
    station.amplifier.set_mains(true);
    station.amplifier.set_temperature(300);
    station.amplifier.set_supply(5_000);
    station
        .until("dark", |it| {
            let truth = it.amplifier.truth();
            let view = it.handle.status().view;
            !truth.power && truth.zones_on.is_empty() && view.is_some_and(|view| view.stopped.is_none())
        })
        .await;
    station.until("word", |it| it.handle.status().amplifier.read.is_some()).await;
    station.handle.service(Service::Clear, "Lan".to_owned()).await.unwrap();
    station.until("end of the alarms", |it| it.codes().is_empty()).await;
    station.plan(2_500);
    let row = station.row(number).await;
    assert_eq!((&*row.outcome, row.confirmed), ("aired", true), "{}: {row:?}", station.what);
    assert!(station.handle.alive(station.clock.now().mono), "{}", station.what);
}

#[test]
fn every_fault_in_every_phase_has_its_row_and_its_alarm_and_is_survived() {
    let cells: Vec<(&Case, Phase)> = CASES
        .iter()
        .flat_map(|case| [Phase::Idle, Phase::Arming, Phase::Playing].map(|phase| (case, phase)))
        .collect();
    let next = AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((case, phase)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = || {
                        let runtime =
                            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                        runtime.block_on(cell(case, *phase));
                        runtime.shutdown_background();
                    };
                    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                        failed.lock().unwrap().push(format!("{} while {phase:?}", case.0));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{failed:?}");
}
