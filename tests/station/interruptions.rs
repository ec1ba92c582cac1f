//! The daemon is ended, in good order and without, and what it says afterwards is true.

use crate::sound::{self, RATE};
use crate::station::{Heard, Station, number_of, time_of};
use crate::time::{in_seconds, now, seconds_between};
use jiff::ToSpan;
use serde_json::Value;
use std::time::Duration;

#[test]
fn an_orderly_end_while_something_sounds_is_written_down_as_partial() {
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Tắt khi đang phát", &sound::chirp(RATE, 1, 15.0));
    let first = in_seconds(3);
    // the second comes while the station is off or has just come back; the third is ahead at the end
    let programme = station.programme_at("Tắt", &[&segment], &[first, first + 60.seconds()]);
    station.wait_until_heard(&segment, 2.0, Duration::from_secs(30));
    let asked = now();
    let status = station.terminate();
    assert_eq!(status.code(), Some(0), "an orderly end is no failure");
    let ended = now();
    station.start_again();
    let row = station.outcomes(&programme, 1, Duration::from_secs(5)).remove(0);
    assert_eq!(row["outcome"], "partial", "{row}");
    assert_eq!(row["reason_code"], "shutdown", "{row}");
    let counted = number_of(&row["seconds_aired"]);
    let least = seconds_between(time_of(&row["started"]), asked);
    let most = seconds_between(time_of(&row["started"]), ended);
    assert!(counted > least - 1.0 && counted < most + 1.0, "between {least} and {most}: {row}");
    let heard = station.heard();
    let captured = heard.iter().filter(|sample| **sample != 0).count() as f64 / f64::from(RATE);
    assert!((captured - counted).abs() < 1.0, "{captured} s in the capture: {row}");
    let export = station.command(&["log", "export"]);
    let text = String::from_utf8(export.stdout).unwrap();
    let ends: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["kind"] == "end" || row["kind"] == "start")
        .collect();
    assert_eq!(ends.len(), 3, "start, end, start: {ends:?}");
    assert!(ends[1]["body"].as_str().unwrap().contains("SIGTERM"), "{ends:?}");
}

#[test]
fn what_came_while_the_station_was_off_is_missed_and_not_repeated() {
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Bị lỡ", &sound::tone(1, 1.0));
    let first = in_seconds(2);
    // far enough ahead that it is not armed yet, and armed already
    let at = [first, first + 2.seconds(), first + 12.seconds()];
    let programme = station.programme_at("Lỡ", &[&segment], &at);
    assert!(station.terminate().success());
    crate::time::pause(crate::time::until(first + 5.seconds()));
    station.start_again();
    let rows = station.outcomes(&programme, 3, Duration::from_secs(45));
    assert_eq!(rows.len(), 3, "{rows:?}");
    for row in &rows[..2] {
        assert_eq!(row["outcome"], "missed", "{row}");
        assert_eq!(row["reason_code"], "station_off", "{row}");
        assert_eq!(number_of(&row["seconds_aired"]), 0.0, "{row}");
    }
    assert_eq!(rows[2]["outcome"], "aired", "{}", rows[2]);
    assert_eq!(
        sound::find(
            &station.heard(),
            &sound::samples(
                &station.auditor().get(&format!("/segments/{segment}/audio?form=prepared")).expect(200).body
            )
        )
        .len(),
        1,
        "heard once"
    );
}
