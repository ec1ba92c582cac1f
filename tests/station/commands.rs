//! The command line: its answers and its exit codes, with and without a daemon beside it.

use crate::sound;
use crate::station::{Heard, PROGRAM, Station, time_of};
use crate::time::in_seconds;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::Duration;

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_configuration_is_checked_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loaxa.toml");
    let check = |text: &str, wanted: i32, words: &str| {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(PROGRAM).arg("check-config").arg(&file).output().unwrap();
        assert_eq!(code(&output), Some(wanted), "{text}: {}", said(&output));
        assert!(said(&output).contains(words), "{text}: {}", said(&output));
        // the daemon itself refuses it too, before it opens anything
        if wanted != 0 {
            let data = folder.path().join("data");
            let output = Command::new(PROGRAM)
                .arg("serve")
                .arg("--config")
                .arg(&file)
                .arg("--data")
                .arg(&data)
                .output()
                .unwrap();
            assert_eq!(code(&output), Some(2), "{text}: {}", said(&output));
            assert!(said(&output).contains(words), "{text}: {}", said(&output));
            assert!(!data.exists(), "{text}: nothing was made");
        }
    };
    check("[web]\nlisten = \"127.0.0.1:0\"\n", 0, "good");
    check("[web]\nlisten = \"0.0.0.0:8080\"\n", 2, "web.listen");
    check("[web]\nport = 8080\n", 2, "port");
    check("[amplifier]\ndriver = \"telepathy\"\n", 2, "driver");
    check("[station]\ntimezone = \"Asia/Hanoi\"\n", 2, "station.timezone");
    check("not toml", 2, "loaxa.toml");
    let missing = Command::new(PROGRAM).args(["check-config", "/nonexistent/loaxa.toml"]).output().unwrap();
    assert_eq!(code(&missing), Some(2));
    for wrong in [&["serve"][..], &["sing"], &["plan", "--days", "0"], &[]] {
        let output = Command::new(PROGRAM).args(wrong).output().unwrap();
        assert_eq!(code(&output), Some(2), "{wrong:?}: {}", said(&output));
    }
}

#[test]
fn two_daemons_never_share_a_station() {
    let station = Station::open(Heard::ByNobody);
    let second = station.command(&["serve"]);
    assert_eq!(code(&second), Some(2), "{}", said(&second));
    assert!(said(&second).contains("another daemon runs this station"), "{}", said(&second));
    assert!(station.healthy());
    // and a port that is taken is said as that
    let port = station.stranger().port;
    let file = station.home().join("second.toml");
    let listen = format!("[web]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&file, listen).unwrap();
    let other = station.home().join("other");
    let third = Command::new(PROGRAM)
        .arg("serve")
        .arg("--config")
        .arg(&file)
        .arg("--data")
        .arg(&other)
        .output()
        .unwrap();
    assert_eq!(code(&third), Some(2), "{}", said(&third));
    assert!(said(&third).contains(&format!("127.0.0.1:{port}")), "{}", said(&third));
    assert!(station.healthy());
}

#[test]
fn the_plan_is_the_same_on_the_console_and_over_http() {
    let station = Station::open(Heard::ByNobody);
    let good = station.push_and_approve("Được duyệt", &sound::tone(1, 1.0));
    let bad = station.push("Chưa duyệt", &sound::tone(2, 1.0));
    let noon = json!({ "name": "Trưa", "segments": [good, bad], "cron": "0 30 11 * * *", "valid_from": "2030-03-04" });
    let programme = station.programme(&noon);
    let output = station.command(&["plan", "--json", "--from", "2030-03-03", "--days", "3"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let days = plan["days"].as_array().unwrap();
    assert_eq!(days.len(), 3);
    let dates: Vec<_> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2030-03-03", "2030-03-04", "2030-03-05"]);
    let all = |list: &str| -> Vec<Value> {
        let lists = days.iter().map(|day| day[list].as_array().unwrap());
        lists.flatten().cloned().collect()
    };
    let (slots, refusals) = station.plan(
        &programme,
        "2030-03-03T00:00:00+07:00".parse().unwrap(),
        "2030-03-06T00:00:00+07:00".parse().unwrap(),
    );
    assert_eq!(slots, all("slots"));
    assert_eq!(refusals, all("refusals"));
    assert_eq!((slots.len(), refusals.len()), (2, 2));
    assert_eq!(slots[0]["start"], "2030-03-04T11:30:00+07:00");
    assert_eq!(refusals[0]["code"], "not_approved");
    let text = station.command(&["plan", "--from", "2030-03-04"]);
    assert_eq!(code(&text), Some(0));
    assert!(said(&text).contains("11:30") && said(&text).contains("Được duyệt"), "{}", said(&text));
    // a window inside another counts what sounds in it, and the line stands once
    station.window("Buổi trưa", &["mon"], "11:00", "12:00");
    let text = said(&station.command(&["plan", "--from", "2030-03-04"]));
    assert_eq!(text.matches("Được duyệt  [").count(), 1, "{text}");
    assert!(text.contains("Buổi trưa  11:00–12:00  dùng 0:01/60:00"), "{text}");
    assert!(text.contains("(2 lượt đã ghi ở khung giờ trên)"), "{text}");
}

#[test]
fn the_exported_log_proves_itself_and_shows_every_change() {
    let station = Station::open(Heard::ByNobody);
    let segment = station.push_and_approve("Bản tin", &sound::tone(1, 0.6));
    let programme = station.programme_at("Nhật ký", &[&segment], &[in_seconds(3)]);
    let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    let export = station.command(&["log", "export"]);
    assert_eq!(code(&export), Some(0), "{}", said(&export));
    let rows: Vec<Value> = String::from_utf8(export.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    for kind in ["log_begins", "start", "access", "approval", "configuration", "due", "started", "ended"] {
        assert!(kinds.contains(&kind), "{kind} among {kinds:?}");
    }
    let of_the_slot: Vec<&str> = rows
        .iter()
        .filter(|row| row["body"].as_str().unwrap().contains(&programme) && row["kind"] != "configuration")
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(of_the_slot, ["due", "started", "ended"]);
    let file = station.home().join("export.ndjson");
    let path = file.to_str().unwrap();
    let verify = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let output = station.command(&["log", "verify", path, "--json"]);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        (code(&output), verdict)
    };
    let (intact, verdict) = verify(&export.stdout);
    assert_eq!((intact, &verdict["verdict"]), (Some(0), &json!("intact")), "{verdict}");
    assert_eq!(verdict["last"], json!(rows.len()));

    // one byte of the outcome
    let text = String::from_utf8(export.stdout.clone()).unwrap();
    let changed = text.replacen("\\\"outcome\\\":\\\"aired\\\"", "\\\"outcome\\\":\\\"airee\\\"", 1);
    assert_ne!(changed, text);
    let ended = 1 + kinds.iter().position(|kind| *kind == "ended").unwrap();
    let (altered, verdict) = verify(changed.as_bytes());
    assert_eq!((altered, &verdict["row"]), (Some(1), &json!(ended)), "{verdict}");
    // a bit anywhere in the file
    for at in (0..export.stdout.len()).step_by(export.stdout.len() / 97) {
        let mut flipped = export.stdout.clone();
        flipped[at] ^= 0x10;
        let (code, verdict) = verify(&flipped);
        let wanted = if at < text.find('\n').unwrap() { vec![Some(1), Some(2)] } else { vec![Some(1)] };
        assert!(wanted.contains(&code), "byte {at}: {code:?} {verdict}");
    }
    // a row that is missing, doubled, or swapped
    let lines: Vec<&str> = text.lines().collect();
    let without = [&lines[..3], &lines[4..]].concat().join("\n");
    assert_eq!(verify(without.as_bytes()).0, Some(1));
    let doubled = [&lines[..4], &lines[3..]].concat().join("\n");
    assert_eq!(verify(doubled.as_bytes()).0, Some(1));
    for nonsense in [&b"xin chao\n"[..], b"", b"\xff\xfe\x00", b"{\"row\":1}\n"] {
        assert_eq!(verify(nonsense).0, Some(2), "{nonsense:?}");
    }
    let missing = station.command(&["log", "verify", "/nonexistent/export.ndjson"]);
    assert_eq!(code(&missing), Some(2));

    // a part of it: what was written from a moment on
    let from = time_of(&json!(rows[2]["at"])).to_string();
    let part = station.command(&["log", "export", "--from", &from]);
    assert_eq!(code(&part), Some(0), "{}", said(&part));
    assert_eq!(verify(&part.stdout).0, Some(0));
    let csv = station.command(&["log", "export", "--format", "csv"]);
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(csv.starts_with("row,at,kind,body,prev,hash\n"), "{csv}");
    assert!(csv.lines().count() > rows.len());
}
