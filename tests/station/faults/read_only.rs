//! A disk that turns read-only under a station at work, and one that takes nothing already when the station starts.

use super::disk::{Disk, Library, Refusal};
use super::{SETTLED_WITHIN, captured, cut_off, loud};
use crate::kills::the_data_is_whole;
use crate::sound;
use crate::station::{Heard, PROGRAM, Station, id_of, number_of, push};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::process::{Command, Output};

const EMERGENCY: &str = "01890000-0000-7000-8000-000000000001";

fn send(station: &Station, segment: &str) -> Value {
    let expires = in_seconds(600).to_string();
    let wanted = json!({ "id": EMERGENCY, "segment": segment, "expires": expires });
    station.operator().post("/emergency", &wanted).expect(202).json()
}

fn emergency(station: &Station) -> Value {
    station.operator().get(&format!("/emergency/{EMERGENCY}")).expect(200).json()
}

fn flood(station: &Station) -> (String, Vec<i16>) {
    let words = json!({ "title": "Xả lũ", "class": "emergency" });
    let id = id_of(&push(&station.uploader(), &words, &sound::tone(9, 0.8)).expect(201).json());
    station.approve(&id);
    let path = format!("/segments/{id}/audio?form=prepared");
    (id, sound::samples(&station.auditor().get(&path).expect(200).body))
}

fn warned(station: &Station, codes: &[&str]) -> bool {
    let status = station.operator().get("/status").expect(200).json();
    let warnings = status["warnings"].as_array().unwrap();
    warnings.iter().any(|warning| codes.contains(&warning["code"].as_str().unwrap()))
}

/// Sends the emergency, and waits until it was heard.
fn is_heard(station: &Station, (segment, samples): &(String, Vec<i16>)) {
    let before = loud(station);
    assert_eq!(send(station, segment)["kept"], false);
    wait_for("the emergency to be heard", SETTLED_WITHIN, || {
        let status = station.operator().get("/status").expect(200).json();
        let over = status["emergency"] == json!([]);
        (over && loud(station).saturating_sub(before) > samples.len() / 2).then_some(())
    });
}

fn times(station: &Station, samples: &[i16]) -> usize {
    sound::find(&captured(station), samples).len()
}

#[test]
fn a_disk_that_turns_read_only_in_mid_play_takes_the_rows_when_it_is_writable() {
    let library = Library::build();
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Đang phát", &sound::tone(1, 5.0));
    let flood = flood(&station);
    assert_eq!(station.terminate().code(), Some(0));
    let disk = Disk::new(&library, station.home(), station.data());
    let mut serve = Command::new(PROGRAM);
    serve.arg("serve").arg("--config").arg(station.configuration());
    disk.under(&mut serve);
    station.run(serve);
    let at = in_seconds(2);
    let programme = station.programme_at("Đang phát", &[&segment], &[at]);
    station.wait_until_heard(&segment, 0.5, SETTLED_WITHIN);
    disk.refuse(1, u64::MAX, Refusal::ReadOnly);
    wait_for("it to be over", SETTLED_WITHIN, || {
        let status = station.operator().get("/status").expect(200).json();
        (status["on_air"].is_null() && status["activity"]["kind"] == "idle").then_some(())
    });
    assert!(warned(&station, &["disk_failing"]));
    assert!(station.airings(&format!("&programme={programme}")).is_empty(), "nothing can be written");
    is_heard(&station, &flood);
    disk.heal();
    let row = station.outcomes(&programme, 1, SETTLED_WITHIN).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    assert!((number_of(&row["seconds_aired"]) - 5.0).abs() < 0.1, "{row}");
    wait_for("the emergency's rows", SETTLED_WITHIN, || {
        let seen = emergency(&station);
        (seen["state"] == "aired" && seen["kept"] == true).then_some(())
    });
    wait_for("the warning to go", SETTLED_WITHIN, || (!warned(&station, &["disk_failing"])).then_some(()));
    assert_eq!(station.airings(&format!("&programme={programme}")).len(), 1);
    the_data_is_whole(&station);
    assert_eq!(station.terminate().code(), Some(0));
}

/// Whether this machine lets us make a disk that takes nothing.
fn may_mount(spoil: &str) -> bool {
    let script = format!(
        "set -e; DATA=$(mktemp -d); mount -t tmpfs -o size=1m tmpfs \"$DATA\"; {spoil}; umount \"$DATA\"; rmdir \"$DATA\""
    );
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", &script]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs the command line where the daemon runs: it has its own mounts.
fn beside(station: &Station, arguments: &[&str]) -> Output {
    Command::new("nsenter")
        .args(["--preserve-credentials", "-U", "-m", "-t", &station.process().to_string(), PROGRAM])
        .args(arguments)
        .arg("--config")
        .arg(station.configuration())
        .output()
        .unwrap()
}

/// A station that was cut off in mid-play starts on a disk that takes nothing, until it does.
fn starts_on(spoil: &str, mend: &str) {
    if !may_mount(spoil) {
        eprintln!("NOT TESTED: this machine lets us mount nothing (unshare -rm, {spoil})");
        return;
    }
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Đang phát", &sound::tone(1, 30.0));
    let short = station.push_and_approve("Cứ ba giây", &sound::tone(2, 0.5));
    let flood = flood(&station);
    let at = in_seconds(2);
    let cut = station.programme_at("Đang phát", &[&segment], &[at]);
    station.wait_until_heard(&segment, 1.0, SETTLED_WITHIN);
    let often = json!({ "name": "Cứ ba giây", "segments": [short], "cron": "*/3 * * * * *" });
    let often = station.programme(&often);
    let path = format!("/segments/{short}/audio?form=prepared");
    let often_samples = sound::samples(&station.auditor().get(&path).expect(200).body);
    wait_for("its start to be written down", SETTLED_WITHIN, || {
        let export = String::from_utf8(station.command(&["log", "export"]).stdout).unwrap();
        export.contains("\"kind\":\"started\"").then_some(())
    });
    cut_off(&mut station);
    let copied = station.home().join("copied");
    let script = format!(
        "set -e\ncp -a \"$DATA\" \"$COPIED\"\nmount -t tmpfs -o size=64m,mode=700 tmpfs \"$DATA\"\n\
         cp -a \"$COPIED/.\" \"$DATA\"\n{spoil}\n\
         (while [ ! -e \"$MEND\" ]; do sleep 0.1; done; {mend}) >/dev/null 2>&1 &\n\
         exec \"$PROGRAM\" serve --config \"$CONFIG\"\n"
    );
    let mended = station.home().join("mend");
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c", &script])
        .env("PROGRAM", PROGRAM)
        .env("CONFIG", station.configuration())
        .env("DATA", station.data())
        .env("COPIED", &copied)
        .env("MEND", &mended);
    let before = times(&station, &often_samples);
    station.run(command);

    assert!(warned(&station, &["disk_failing", "disk_full"]), "it says that nothing can be written");
    let zone = station.scheduler().post("/zones", &json!({ "name": "Thôn mới" }));
    assert!([507, 503].contains(&zone.status), "{}", zone.text());
    assert_eq!(
        station.auditor().get(&format!("/segments/{segment}")).expect(200).json()["state"],
        "approved"
    );
    // what is due is not heard, an emergency is
    is_heard(&station, &flood);
    let closed = |station: &Station| station.airings(&format!("&programme={often}")).len();
    let rows = closed(&station);
    wait_for("a slot to be refused", SETTLED_WITHIN, || station.said("log_unwritable").then_some(()));
    assert_eq!(closed(&station), rows, "nothing can be written");
    assert_eq!(times(&station, &often_samples), before, "nothing scheduled is heard");
    // its data can be taken away
    let to = station.home().join("backup");
    let taken = beside(&station, &["backup", to.to_str().unwrap(), "--json"]);
    assert_eq!(taken.status.code(), Some(0), "{}", String::from_utf8_lossy(&taken.stderr));

    std::fs::write(&mended, "").unwrap();
    wait_for("the emergency's rows", SETTLED_WITHIN, || {
        let seen = emergency(&station);
        (seen["state"] == "aired" && seen["kept"] == true).then_some(())
    });
    let row = station.outcomes(&cut, 1, SETTLED_WITHIN).remove(0);
    assert_eq!((&row["outcome"], &row["reason_code"]), (&json!("partial"), &json!("interrupted")), "{row}");
    let aired = wait_for("what is due to be heard again", SETTLED_WITHIN, || {
        let rows = station.airings(&format!("&programme={often}"));
        let aired = rows.iter().filter(|row| row["outcome"] == "aired").count();
        (aired > 0).then_some(rows)
    });
    let refused = aired.iter().filter(|row| row["reason_code"] == "log_unwritable").count();
    assert!(refused > 0, "{aired:?}");
    wait_for("the warning to go", SETTLED_WITHIN, || {
        (!warned(&station, &["disk_failing", "disk_full"])).then_some(())
    });
    station.scheduler().post("/zones", &json!({ "name": "Thôn mới" })).expect(201);
    assert!(times(&station, &flood.1) <= 1, "heard once");
    assert_eq!(station.airings(&format!("&programme={cut}")).len(), 1);
    let export = beside(&station, &["log", "export"]);
    let export = String::from_utf8(export.stdout).unwrap();
    let starts = export.lines().filter(|line| line.contains("\"kind\":\"start\"")).count();
    assert_eq!(starts, 2, "the start is written down, too");
    let file = station.home().join("export.ndjson");
    std::fs::write(&file, export).unwrap();
    let verdict = station.command(&["log", "verify", file.to_str().unwrap()]);
    assert_eq!(verdict.status.code(), Some(0), "{}", String::from_utf8_lossy(&verdict.stdout));
    assert_eq!(station.terminate().code(), Some(0));
}

#[test]
fn a_station_starts_on_a_read_only_disk_and_an_emergency_is_heard() {
    starts_on("mount -o remount,ro \"$DATA\"", "mount -o remount,rw \"$DATA\"");
}

#[test]
fn a_station_starts_on_a_full_disk_and_an_emergency_is_heard() {
    starts_on("cat /dev/zero > \"$DATA/filler\" 2>/dev/null || true", "rm \"$DATA/filler\"");
}
