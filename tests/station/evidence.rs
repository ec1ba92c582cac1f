//! What the station can say of its own sound: evidence of each airing, silence that is noticed, levels, chimes.

use crate::http::Body;
use crate::sound::{self, RATE};
use crate::station::{Heard, Station, number_of, time_of};
use crate::time::{in_seconds, seconds_between, wait_for};
use serde_json::{Value, json};
use std::time::Duration;

/// The rows of this kind in an export that verifies, as what they say.
fn rows(station: &Station, kind: &str) -> Vec<Value> {
    let export = station.command(&["log", "export"]);
    let file = station.home().join("export.ndjson");
    std::fs::write(&file, &export.stdout).unwrap();
    let verified = station.command(&["log", "verify", file.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let text = String::from_utf8(export.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_kind = rows.filter(|row| row["kind"] == kind);
    of_kind.map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap()).collect()
}

/// A recording that is silent in its middle is heard: the silence is reported while it lasts, and the airing says what
/// was measured of it.
#[test]
fn an_airing_says_what_was_measured_and_silence_is_noticed() {
    let station = Station::start(Heard::Captured, "[audio.volume]\nnormal = -6");
    station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
    let segment = station.push_and_approve("Lặng giữa chừng", &sound::silent_between(2.0, 8.0, 3.0));
    let programme = station.programme_at("Đo", &[&segment], &[in_seconds(3)]);
    let status = || station.operator().get("/status").expect(200).json();
    let fault = wait_for("the silence to be noticed", Duration::from_secs(30), || {
        let fault = status()["sound"]["fault"].clone();
        (!fault.is_null()).then_some(fault)
    });
    assert_eq!(fault["code"], "recording_silent", "{fault}");
    assert!(fault["vi"].as_str().is_some_and(|vi| vi.contains("Lặng giữa chừng")), "{fault}");
    let sound = wait_for("sound to come back", Duration::from_secs(30), || {
        let sound = status()["sound"].clone();
        sound["fault"].is_null().then_some(sound)
    });
    assert!(sound["level_dbfs"].as_f64().is_some_and(|level| level > -60.0 && level < 0.0), "{sound}");
    let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    let evidence = &row["evidence"];
    assert!(row["device"].as_str().is_some_and(|device| device.ends_with("heard.wav")), "{row}");
    assert_eq!(evidence["frames"], 13 * u64::from(RATE), "{row}");
    assert_eq!(evidence["frames"], evidence["frames_handed"], "{row}");
    assert_eq!((&row["gaps"], &evidence["gaps"]), (&json!(0), &json!([])), "{row}");
    let length = seconds_between(time_of(&evidence["first"]), time_of(&evidence["last"]));
    assert!((length - 13.0).abs() < 0.1, "{row}");
    assert!(seconds_between(time_of(&row["started"]), time_of(&evidence["first"])).abs() < 0.05, "{row}");
    // What was sent is what lies in the capture, 6 dB below the recording.
    let loudest = station.heard().into_iter().map(|sample| f64::from(sample).abs()).fold(1.0, f64::max);
    let loudest = 20.0 * (loudest / 32_768.0).log10();
    assert!((number_of(&evidence["peak_dbfs"]) - loudest).abs() < 0.05, "{loudest}: {row}");
    let lufs = number_of(&row["lufs"]);
    assert!(lufs < loudest && lufs > loudest - 12.0, "{row}");
    let entry = rows(&station, "ended").remove(0);
    assert_eq!(entry["evidence"]["lufs"], row["lufs"], "{entry}");
    let sounds: Vec<Value> = rows(&station, "sound").into_iter().map(|row| row["what"].clone()).collect();
    assert_eq!(sounds, ["silent", "heard"]);
    let csv = station.auditor().send("GET", "/airings", &[("accept", "text/csv")], Body::None).expect(200);
    let csv = csv.text();
    let mut lines = csv.lines();
    let columns = ",device,gaps,gap_seconds,lufs,amplifier_samples,amplifier_gap_seconds,trim_start,trim_end";
    assert!(lines.next().unwrap().ends_with(columns), "{csv}");
    let word = &row["evidence"]["amplifier"];
    let (samples, gap) = (&word["samples"], word["longest_gap_seconds"].as_f64().unwrap());
    let end = format!("heard.wav,0,0.0,{lufs:?},{samples},{gap:?},,");
    assert!(lines.next().unwrap().ends_with(&end), "{end}: {csv}");
}

#[test]
fn a_power_cut_leaves_what_was_measured_until_then() {
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Mất điện", &sound::chirp(RATE, 1, 20.0));
    let programme = station.programme_at("Mất điện", &[&segment], &[in_seconds(3)]);
    station.wait_until_heard(&segment, 3.0, Duration::from_secs(30));
    station.kill();
    station.start_again();
    let row = station.outcomes(&programme, 1, Duration::from_secs(10)).remove(0);
    assert_eq!((&row["outcome"], &row["reason_code"]), (&json!("partial"), &json!("interrupted")), "{row}");
    let evidence = &row["evidence"];
    assert!(evidence["device"].as_str().is_some_and(|device| device.ends_with("heard.wav")), "{row}");
    let measured = number_of(&evidence["frames"]) / f64::from(RATE);
    assert!((measured - number_of(&row["seconds_aired"])).abs() < 0.6, "{row}");
    assert!(!evidence["first"].is_null() && evidence["lufs"].is_number(), "{row}");
}

/// Brought once, heard only when somebody approved it, and brought by nobody who could approve.
#[test]
fn chimes_are_brought_once_and_wait_for_a_person() {
    let chimes = "[audio.chime]\nopening = \"synthesised\"\nclosing = \"/no/such/file.wav\"";
    let mut station = Station::start(Heard::ByNobody, chimes);
    let found = |station: &Station| {
        let page = station.scheduler().get("/segments").expect(200).json();
        page["items"].as_array().unwrap().clone()
    };
    let brought = found(&station);
    assert_eq!(brought.len(), 1, "{brought:?}");
    assert_eq!(brought[0]["title"], "Nhạc hiệu mở đầu");
    assert_eq!(brought[0]["state"], "awaiting_approval");
    let status = station.operator().get("/status").expect(200).json();
    let warned = status["warnings"].as_array().unwrap().iter().find(|it| it["code"] == "no_chime").unwrap();
    assert!(warned["en"].as_str().unwrap().contains("/no/such/file.wav"), "{warned}");
    station.approve(brought[0]["id"].as_str().unwrap());
    assert!(station.terminate().success());
    station.start_again();
    let after = found(&station);
    assert_eq!((after.len(), &after[0]["state"]), (1, &json!("approved")), "{after:?}");
}
