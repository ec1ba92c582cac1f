//! The quiet self-test on schedule, through the real loop: a clock that the test owns where nothing sounds, the machine's
//! where something does, for the output keeps real time.

use super::station::Station;
use super::*;
use crate::clock::{SystemClock, Trust, TrustReason};
use crate::playout_loop::attended::{Given, Service};
use jiff::ToSpan;
use loaxa_firmware_bridge::Told;
use loaxa_schedules::Programme;
use tokio::time::{Instant, sleep};

const AT: jiff::civil::Time = jiff::civil::time(3, 40, 0, 0);

/// The station's clock on tokio's, which the test has paused.
struct Paused {
    origin: Instant,
    wall: Timestamp,
}

impl Clock for Paused {
    fn now(&self) -> Now {
        let mono = Instant::now().saturating_duration_since(self.origin);
        Now { wall: self.wall + SignedDuration::try_from(mono).unwrap(), mono, trusted: true }
    }
    fn trust(&self) -> TrustReason {
        TrustReason::ConfiguredAlways
    }
    fn instant(&self, mono: Duration) -> std::time::Instant {
        (self.origin + mono).into_std()
    }
    fn mono(&self, instant: std::time::Instant) -> Duration {
        Instant::from_std(instant).saturating_duration_since(self.origin)
    }
    fn remember(&self, _: Timestamp) {}
    fn vouch(&self) {}
}

/// A station at this time of the day, on the paused clock.
async fn station(what: &str, at: &str) -> Station {
    let wall = format!("2026-03-02T{at}Z").parse().unwrap();
    let clock = Arc::new(Paused { origin: Instant::now(), wall });
    Station::with(what.to_owned(), clock, Some(AT)).await
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

fn told(station: &Station) -> Vec<Told> {
    station.amplifier.journal().into_iter().map(|entry| entry.told).collect()
}

fn switched_on(station: &Station) -> bool {
    told(station).contains(&Told::Power(true))
}

/// What the log says of self-tests: whether each passed.
fn rows(store: &Store) -> Vec<bool> {
    let rows = store.log_rows(0, 10_000).unwrap().into_iter().filter(|row| row.kind == "amplifier");
    let bodies = rows.map(|row| serde_json::from_str::<serde_json::Value>(&row.body).unwrap());
    bodies.filter(|body| body["what"] == "self_test").map(|body| body["passed"] == true).collect()
}

#[tokio::test(start_paused = true)]
async fn at_its_time_every_relay_of_a_dark_station_is_moved_and_nobody_hears_it() {
    let mut it = station("at its time", "03:39:50").await;
    seconds(8).await;
    assert!(!switched_on(&it), "not before its time");
    it.until("self-test", |it| it.handle.status().amplifier.self_test.is_some()).await;
    let test = it.handle.status().amplifier.self_test.unwrap();
    let late = test.at.duration_since("2026-03-02T03:40:00Z".parse().unwrap());
    assert!((0..=5).contains(&late.as_secs()), "{test:?}");
    assert!(test.result.passed(), "{test:?}");
    let orders = told(&it);
    for zone in it.zones.map(|zone| zone.to_string()) {
        assert!(orders.contains(&Told::Zone { name: zone.clone(), on: true }), "{zone}: {orders:?}");
    }
    assert!(!orders.contains(&Told::Mute(false)), "never unmuted: {orders:?}");
    assert!(!it.amplifier.truth().power);
    // once a day
    let before = orders.iter().filter(|told| **told == Told::Power(true)).count();
    seconds(2 * 3_600).await;
    assert_eq!(told(&it).iter().filter(|told| **told == Told::Power(true)).count(), before);
    assert_eq!(it.codes(), BTreeSet::new());
    let store = Arc::clone(&it.store);
    it.end().await;
    assert_eq!(rows(&store), [true]);
}

#[tokio::test(start_paused = true)]
async fn it_waits_while_something_is_due_soon_or_stop_is_pressed() {
    let mut it = station("due soon", "03:39:50").await;
    let programme = it.plan(100_000);
    it.until("plan", |it| it.handle.status().view.is_some_and(|view| view.next.is_some())).await;
    seconds(60).await;
    assert!(!switched_on(&it), "half a minute before a programme");
    it.amplifier.press_stop();
    it.until("stop", |it| it.handle.status().view.is_some_and(|view| view.local_stop)).await;
    it.store.remove::<Programme>(programme.0, 1, "i", it.clock.now().wall).unwrap();
    it.plan_changed.send_modify(|count| *count += 1);
    seconds(300).await;
    assert!(!switched_on(&it), "STOP is pressed");
    assert!(it.rows().is_empty(), "{:?}", it.rows());
    it.amplifier.release_stop();
    it.until("self-test", |it| it.handle.status().amplifier.self_test.is_some()).await;
    let test = it.handle.status().amplifier.self_test.unwrap();
    assert!(test.result.passed(), "{test:?}");
    it.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_it_finds_is_a_fault_until_a_good_one() {
    let mut it = station("a lying coil", "03:39:50").await;
    let [_, broken] = it.zones.map(|zone| zone.to_string());
    it.amplifier.inject(SimulatedFault::LyingCoil(broken.clone()));
    it.until("self-test", |it| it.handle.status().amplifier.self_test.is_some()).await;
    let test = it.handle.status().amplifier.self_test.unwrap();
    let failed: Vec<String> = test.result.failures().map(|(what, _)| what.to_owned()).collect();
    assert_eq!(failed, [format!("zone {broken}")], "{test:?}");
    it.until("fault", |it| it.codes().contains("self_test")).await;
    seconds(600).await;
    assert!(it.codes().contains("self_test"), "it stays");
    assert!(!it.amplifier.truth().power);
    it.amplifier.repair();
    let again = it.handle.service(Service::Test, "Lan".to_owned()).await.unwrap();
    assert!(matches!(&again, Given::Tested(test) if test.passed()), "{again:?}");
    it.until("end of the fault", |it| !it.codes().contains("self_test")).await;
    let store = Arc::clone(&it.store);
    it.end().await;
    assert_eq!(rows(&store), [false, true]);
}

#[tokio::test]
async fn what_is_on_air_is_not_disturbed_and_the_test_comes_after_it() {
    let clock = Arc::new(SystemClock::new(Trust::Always));
    let at = (clock.now().wall + 5.seconds()).to_zoned(jiff::tz::TimeZone::UTC).time();
    let mut it = Station::with("on air".to_owned(), clock, Some(at)).await;
    it.plan(3_000);
    let row = it.row(0).await;
    assert_eq!((&*row.outcome, row.confirmed), ("aired", true), "{row:?}");
    it.until("self-test", |it| it.handle.status().amplifier.self_test.is_some()).await;
    let test = it.handle.status().amplifier.self_test.unwrap();
    assert!(test.result.passed(), "{test:?}");
    assert!(Some(test.at) > row.ended, "{test:?} {row:?}");
    let orders = told(&it);
    let live = orders.iter().position(|told| *told == Told::Mute(false)).unwrap();
    let muted = live + orders[live..].iter().position(|told| *told == Told::Mute(true)).unwrap();
    let moved = orders[live..muted].iter().any(|told| matches!(told, Told::Zone { .. } | Told::Power(_)));
    assert!(!moved, "{:?}", &orders[live..muted]);
    it.end().await;
}
