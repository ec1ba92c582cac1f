//! Signed orders at the real door: what a publisher signed is heard, and what nobody signed is not, whoever asks.

use crate::http::Body;
use crate::sound;
use crate::station::{Heard, PROGRAM, Station, id_of};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// A station that asks for these words.
pub(crate) fn asking_for(policy: &str) -> Station {
    let mut station = Station::configured(Heard::Captured, &format!("[orders]\npolicy = \"{policy}\"\n"));
    station.also("[web]", "writes_per_minute = 1000000");
    station.begin();
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    station.window("Cả ngày", &days, "00:00", "24:00");
    station
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.env_remove("RUST_LOG").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What the console answers, as JSON.
pub(crate) fn told(station: &Station, arguments: &[&str]) -> Value {
    let output = station.command(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Makes a key in the station's home; its file and its public half.
fn new_key(station: &Station, file: &str, name: &str) -> (String, String) {
    let path = station.home().join(file).to_string_lossy().into_owned();
    let (code, public, said) = run(Command::new(PROGRAM).args(["key", "new", &path, "--name", name]));
    assert_eq!(code, Some(0), "{said}");
    (path, public.trim().to_owned())
}

#[test]
fn what_was_ordered_is_heard_and_falls_silent_when_the_key_is_revoked() {
    let station = asking_for("signed");
    let (an, public) = new_key(&station, "an.key", "huyen-a.example/an");
    let (binh, second) = new_key(&station, "binh.key", "huyen-a.example/binh");
    let add =
        |key: &str| told(&station, &["key", "add", key, "--name", "Huyện A", "--class", "normal", "--json"]);
    let added = add(&public);
    add(&second);
    let audio = sound::tone(11, 2.0);
    let file = station.home().join("tin.wav");
    std::fs::write(&file, &audio).unwrap();
    let long = station.home().join("dài.wav");
    std::fs::write(&long, sound::tone(12, 25.0)).unwrap();
    let sent = |file: &std::path::Path, title: &str| {
        let mut command = Command::new(PROGRAM);
        command.arg("push").arg(file).args(["--to", &station.address(), "--title", title, "--json"]);
        command.args(["--sign-with", &an, "--approved-with", &binh, "--author", "An", "--approver", "Bình"]);
        let (code, out, said) =
            run(command.args(["--expires", "2h"]).env("LOAXA_TOKEN", &station.people.uploader));
        assert_eq!(code, Some(0), "{out} {said}");
        let segment: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&segment["order"]["state"], &segment["order"]["segment"]),
            (&json!("in_force"), &segment["id"])
        );
        let id = id_of(&segment);
        // a long one is inspected on, on a slow machine
        wait_for("the inspection", Duration::from_secs(180), || {
            let found = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
            (found["state"] == "awaiting_approval").then_some(())
        });
        id
    };
    let ordered = sent(&file, "Tin huyện");
    let unordered = station.push_and_approve("Tin xã", &sound::tone(13, 2.0));
    let programme = station.programme_at("Chiều", &[&ordered, &unordered], &[in_seconds(6)]);
    let rows = station.outcomes(&programme, 2, Duration::from_secs(60));
    let row = |segment: &str| rows.iter().find(|row| row["segment"] == segment).unwrap();
    assert_eq!(row(&ordered)["outcome"], "aired", "{rows:?}");
    assert_eq!(row(&ordered)["approved_by"], "Bình (Huyện A)");
    assert_eq!(row(&unordered)["outcome"], "suppressed", "{rows:?}");
    assert_eq!(row(&unordered)["reason_code"], "no_order", "{rows:?}");
    assert!(row(&unordered)["reason_vi"].as_str().unwrap().contains("lệnh phát"), "{rows:?}");
    assert!(station.heard().iter().any(|sample| *sample != 0));

    // signed elsewhere, and brought by hand; the same bytes are one order, altered ones are none, and that is told
    std::fs::write(station.home().join("xã.wav"), sound::tone(13, 2.0)).unwrap();
    let named = told(&station, &["key", "show", "--json"])["origin"].as_str().unwrap().to_owned();
    let mut command = Command::new(PROGRAM);
    command.arg("sign").arg(station.home().join("xã.wav")).args(["--key", &an, "--station", &named]);
    command.args(["--title", "Tin xã", "--author", "An", "--approver", "Bình", "--expires", "1h"]);
    let (code, order, said) = run(&mut command);
    assert_eq!(code, Some(0), "{said}");
    let bring = |text: &str| {
        let plain = [("content-type", "text/plain")];
        station.uploader().send("POST", "/orders", &plain, Body::Whole(text.as_bytes()))
    };
    let kept = bring(&order).expect(201).json();
    assert_eq!((&kept["segment"], &kept["state"]), (&json!(unordered), &json!("in_force")));
    assert_eq!(bring(&order).expect(200).json()["id"], kept["id"]);
    bring(&order.replace("Tin xã", "Tin xa")).refuses("an altered order", 403, "bad_signature");
    wait_for("the row of the refusal", Duration::from_secs(30), || {
        let exported = station.command(&["log", "export"]);
        String::from_utf8_lossy(&exported.stdout).contains("bad_signature").then_some(())
    });

    // revoked at the console, beside the running daemon, while it sounds
    let lasting = sent(&long, "Tin dài");
    let programme = station.programme_at("Tối", &[&lasting], &[in_seconds(6)]);
    station.wait_until_heard(&lasting, 1.0, Duration::from_secs(60));
    let revoked = told(&station, &["key", "revoke", added["id"].as_str().unwrap(), "--json"]);
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    let rows = station.outcomes(&programme, 1, Duration::from_secs(30));
    assert_ne!(rows[0]["outcome"], "aired", "{rows:?}");
    assert!(rows[0]["seconds_aired"].as_f64().unwrap() < 15.0, "{rows:?}");
    let orders = station.auditor().get("/orders").expect(200).json();
    assert!(orders["items"].as_array().unwrap().iter().all(|order| order["state"] == "revoked"), "{orders}");
    // an auditor finds all of it in the log
    let exported = station.command(&["log", "export"]);
    let text = String::from_utf8_lossy(&exported.stdout).into_owned();
    for what in [
        "\\\"what\\\":\\\"added\\\"",
        "\\\"what\\\":\\\"taken\\\"",
        "\\\"what\\\":\\\"revoked\\\"",
        "loaxa-order/1",
    ] {
        assert!(text.contains(what), "{what}");
    }
}

#[test]
fn the_stations_key_gives_way_and_an_auditor_goes_on_with_the_first() {
    let mut station = Station::start(Heard::ByNobody, "");
    let text = |output: std::process::Output| String::from_utf8(output.stdout).unwrap();
    let first = text(station.command(&["key", "show"]));
    let refused = station.command(&["key", "rotate"]);
    assert!(!refused.status.success(), "the daemon signs with it");
    assert!(station.terminate().success());
    let rotated = told(&station, &["key", "rotate", "--json"]);
    assert_eq!(rotated["before"], first.trim());
    station.start_again();
    assert_eq!(text(station.command(&["key", "show"])).trim(), rotated["key"]);
    assert!(station.terminate().success());
    // once more, cut by a power cut between the log and the file: the next start ends it
    let again = told(&station, &["key", "rotate", "--json"]);
    let (file, next) = (station.data().join("station.key"), station.data().join("station.key.next"));
    assert!(!next.exists());
    std::fs::rename(&file, &next).unwrap();
    station.start_again();
    assert_eq!(text(station.command(&["key", "show"])).trim(), again["key"]);
    let (log, heads) = (station.home().join("log.ndjson"), station.home().join("heads"));
    let (log, heads) = (log.to_string_lossy().into_owned(), heads.to_string_lossy().into_owned());
    std::fs::write(&log, text(station.command(&["log", "export", "--heads", &heads]))).unwrap();
    let verdict = |key: &str| {
        let output = station.command(&["log", "verify", &log, "--witness", &heads, "--json", "--key", key]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let report = verdict(first.trim());
    assert_eq!(report["verdict"], "intact", "{report}");
    assert!(
        report["heads"].as_array().unwrap().iter().all(|head| head["signed_by_station"] == true),
        "{report}"
    );
    assert!(
        report["not_provable"].as_array().unwrap().iter().all(|doubt| doubt["code"] != "unknown_signers"),
        "{report}"
    );
}
