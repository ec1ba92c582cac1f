//! The daemon and the real controller: its own program in a simulated chip, at the other end of a serial line.
//!
//! What the board does when nobody is in charge is the controller's promise, so it is judged by the chip's own cycles.
//! Needs `simavr`, `libsimavr-dev`, `gcc-avr`, `avr-libc` and `libelf-dev`; without one of them the tests fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "real time is what is tested here")]
#![allow(clippy::print_stdout, reason = "a measurement is reported")]

#[path = "../../firmware-bridge/tests/firmware/mod.rs"]
mod firmware;
#[path = "../heard/lab/mod.rs"]
mod lab;

use std::time::{Duration, Instant};

use firmware::{CYCLES_PER_MS, Controller, Event, POWER, SOUND, What};
use jiff::{SignedDuration, Timestamp};
use lab::station::{Signal, Station};
use serde_json::Value;

/// What the programme needs: power, the relay of the zone, sound.
const ON: u16 = POWER | SOUND | 1;
/// After so long without an order the controller goes dark, in milliseconds; and so much later it is dark.
const DEAD_MAN: u64 = 3_000;
const DARK_WITHIN: u64 = 100;
const CLIP_SECONDS: u32 = 25;

fn configuration(controller: &Controller) -> String {
    format!(
        "[web]\nlisten = \"127.0.0.1:0\"\n[audio]\noutput = \"null\"\n[clock]\ntrust = \"always\"\n[amplifier]\n\
         driver = \"modbus-rtu\"\nport = \"{}\"\nbaud = 19200\nprofile = \"loaxa-controller\"\n\
         zones = {{ \"Toàn xã\" = 1 }}\ndead_man_ms = {DEAD_MAN}\n",
        controller.path()
    )
}

/// A station whose programme sounds, and its controller.
struct OnAir {
    station: Station,
    controller: Controller,
    start: Timestamp,
    folder: tempfile::TempDir,
}

impl OnAir {
    fn new() -> Self {
        let folder = lab::folder();
        let controller = Controller::start(19_200);
        let station = Station::start_as(folder.path(), &configuration(&controller), None);
        let file = lab::sound::wav(folder.path(), "clip", f64::from(CLIP_SECONDS), 500.0);
        let start = Timestamp::from_second(Timestamp::now().as_second() + 12).unwrap();
        station.plan(&file, &[start]);
        let this = Self { station, controller, start, folder };
        this.wait("the programme on the air", |this| this.controller.outputs() == ON);
        while Timestamp::now() < this.start + SignedDuration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(50));
        }
        this
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no {what}: outputs {:03x}; the daemon said {:#?}",
                self.controller.outputs(),
                self.station.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The first change of the outputs at or after `from` that leaves none of `bits`.
    fn gone(&self, from: &Event, bits: u16) -> Event {
        let begun = from.cycle;
        let events = || self.controller.events();
        self.wait("silence", |_| {
            events()
                .iter()
                .any(|event| event.cycle >= begun && event.outputs().is_some_and(|out| out & bits == 0))
        });
        let found = events()
            .into_iter()
            .find(|event| event.cycle >= begun && event.outputs().is_some_and(|out| out & bits == 0));
        found.unwrap()
    }

    fn row(&self) -> Value {
        let deadline = self.start + SignedDuration::from_secs(i64::from(CLIP_SECONDS) + 60);
        self.station.airings(1, deadline)[0].clone()
    }
}

fn ms(from: &Event, to: &Event) -> u64 {
    (to.cycle - from.cycle) / CYCLES_PER_MS
}

/// Whoever is in charge dies, stands still, or is cut off: the controller alone makes it dark.
fn falls_silent(leave: impl FnOnce(&OnAir)) -> OnAir {
    let on_air = OnAir::new();
    let left = on_air.controller.tell("now");
    leave(&on_air);
    let left_since = on_air.controller.tell("now");
    let silent = on_air.gone(&left, SOUND);
    let dark = on_air.gone(&left, !0);
    // The last order may be a second older than the death; it cannot be younger.
    let longest = ms(&left_since, &dark);
    assert!(longest <= DEAD_MAN + DARK_WITHIN, "dark only after {longest} ms");
    assert!(ms(&silent, &dark) <= DARK_WITHIN, "{silent:?} {dark:?}");
    assert!(ms(&left, &silent) >= 1_000, "it did not wait for the heartbeat: {silent:?}");
    on_air
}

#[test]
fn a_killed_daemon_leaves_a_dark_station_and_the_next_one_says_what_was_cut() {
    let mut on_air = falls_silent(|on_air| on_air.station.signal(Signal::KILL));
    on_air.station = on_air.station.again();
    let row = on_air.row();
    assert_eq!(row["outcome"], "partial", "{row}");
    let aired = row["seconds_aired"].as_f64().unwrap();
    assert!(aired > 0.5 && aired < f64::from(CLIP_SECONDS) - 5.0, "{row}");
    on_air
        .wait("an amplifier that answers", |on_air| on_air.station.status()["amplifier"]["state"] == "dark");
    assert_eq!(on_air.controller.outputs(), 0);
}

#[test]
fn a_daemon_that_stands_still_leaves_a_dark_station() {
    let on_air = falls_silent(|on_air| on_air.station.signal(Signal::STOP));
    on_air.station.signal(Signal::CONT);
    let row = on_air.row();
    assert_ne!(row["outcome"], "aired", "{row}");
    assert_eq!(row["confirmed"], false, "{row}");
    assert_eq!(on_air.controller.outputs(), 0);
}

#[test]
fn a_pulled_line_leaves_a_dark_station_and_a_fault_that_goes_when_it_is_back() {
    let on_air = falls_silent(|on_air| {
        on_air.controller.tell("cut 1");
    });
    let row = on_air.row();
    assert_ne!(row["outcome"], "aired", "{row}");
    assert_eq!(row["confirmed"], false, "{row}");
    let codes = |on_air: &OnAir| {
        let status = on_air.station.status();
        let faults = status["amplifier"]["faults"].as_array().unwrap().clone();
        faults.iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    on_air.wait("fault", |on_air| codes(on_air).contains(&"line_lost".to_owned()));
    on_air.controller.tell("cut 0");
    on_air.wait("line again", |on_air| !codes(on_air).contains(&"line_lost".to_owned()));
    assert!(codes(&on_air).contains(&"heartbeat_lost".to_owned()), "{:?}", codes(&on_air));
    assert_eq!(on_air.controller.outputs(), 0);
}

#[test]
fn stop_at_the_station_silences_at_once_latches_and_is_in_the_row() {
    let on_air = OnAir::new();
    let pressed = on_air.controller.press_stop();
    let silent = on_air.gone(&pressed, SOUND);
    assert!(ms(&pressed, &silent) <= 20, "silent after {} ms", ms(&pressed, &silent));
    let dark = on_air.gone(&pressed, !0);
    assert!(ms(&pressed, &dark) <= 100, "dark after {} ms", ms(&pressed, &dark));
    on_air.controller.let_go_of_stop();
    let row = on_air.row();
    assert_eq!(row["outcome"], "partial", "{row}");
    assert_eq!(row["confirmed"], false, "{row}");
    let reason = row["reason"].to_string();
    assert!(reason.contains("STOP") || reason.contains("DỪNG"), "{row}");
    on_air.wait("latch", |on_air| !on_air.station.status()["stopped"].is_null());
    // Nothing is switched on while it is latched, whatever is asked.
    let after = on_air.controller.tell("now");
    on_air.controller.let_pass(3_000);
    let moved =
        on_air.controller.events().into_iter().filter(|event| {
            event.cycle > after.cycle && matches!(event.what, What::Outputs(out) if out != 0)
        });
    assert_eq!(moved.count(), 0);
    on_air.controller.take_stop_back();
    on_air.wait("release", |on_air| on_air.station.status()["stopped"].is_null());
    assert!(on_air.folder.path().exists());
}

#[test]
fn an_airing_is_confirmed_by_the_controller_from_its_beginning_to_its_end() {
    steady(1);
}

#[test]
#[ignore = "takes half an hour: LOAXA_MINUTES=30 cargo test --test amplifier -- --ignored --nocapture"]
fn half_an_hour_with_the_controller_neither_leaks_nor_drifts() {
    steady(std::env::var("LOAXA_MINUTES").map_or(30, |text| text.parse().unwrap()));
}

/// Short airings, one every minute: nothing is lost on the line, nothing grows, every airing is confirmed.
fn steady(minutes: i64) {
    let folder = lab::folder();
    let controller = Controller::start(19_200);
    let station = Station::start_as(folder.path(), &configuration(&controller), None);
    let file = lab::sound::wav(folder.path(), "clip", 20.0, 500.0);
    let first = Timestamp::from_second(Timestamp::now().as_second() + 15).unwrap();
    let starts: Vec<Timestamp> =
        (0..minutes).map(|minute| first + SignedDuration::from_secs(60 * minute)).collect();
    station.plan(&file, &starts);
    let mut resident = Vec::new();
    for start in &starts {
        while Timestamp::now() < *start + SignedDuration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(200));
        }
        resident.push(station.memory().0);
    }
    let rows = station.airings(starts.len(), Timestamp::now() + SignedDuration::from_secs(60));
    let status = station.status();
    println!("resident MiB each minute: {resident:.1?}\n{}", status["amplifier"]);
    for row in &rows {
        assert_eq!(
            (&row["outcome"], &row["confirmed"]),
            (&Value::from("aired"), &Value::from(true)),
            "{row}"
        );
    }
    let early = resident[resident.len() / 3];
    assert!(resident.last().unwrap() - early < 2.0, "it grows: {resident:?}");
    let amplifier = &status["amplifier"];
    assert_eq!(amplifier["faults"], Value::Array(Vec::new()), "{status}");
    assert_eq!(
        (&amplifier["line"]["garbled"], &amplifier["line"]["foreign"]),
        (&Value::from(0), &Value::from(0))
    );
    let events = controller.events();
    let (begun, ended) = (&events[0], controller.tell("now"));
    let drift = (ended.wall_us - begun.wall_us) as f64 / 1e3 - ms(begun, &ended) as f64;
    println!("the chip ran {} s, {drift:.0} ms off the machine's clock", ms(begun, &ended) / 1_000);
}
