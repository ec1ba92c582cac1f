//! What is planned is ready before its time: prepared sound that is damaged or gone is made again from its original, and
//! what cannot be is said hours before anybody listens.

use crate::http::Body;
use crate::sound;
use crate::station::{Heard, Station, number_of, push};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What has to be decoded again takes no longer, on the slowest machine.
const MADE_WITHIN: Duration = Duration::from_secs(60);

fn segment(station: &Station, id: &str) -> Value {
    station.auditor().get(&format!("/segments/{id}")).expect(200).json()
}

/// Where the prepared sound of a segment lies.
fn prepared_file(station: &Station, id: &str) -> PathBuf {
    let root = segment(station, id)["prepared_sha256"].as_str().unwrap().to_owned();
    station.data().join("prepared").join(format!("{root}.pcm"))
}

fn original_file(station: &Station, id: &str) -> PathBuf {
    station.data().join("originals").join(segment(station, id)["sha256"].as_str().unwrap())
}

fn flip(file: &PathBuf, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

fn preparation(station: &Station) -> Value {
    station.operator().get("/status").expect(200).json()["preparation"].clone()
}

/// Something in the plan changes, so that somebody looks now and not in a while.
fn stir(station: &Station, name: &str) {
    station.scheduler().post("/zones", &json!({ "name": name })).expect(201);
}

/// Waits until so many recordings are needed, and all of them ready.
fn wait_ready(station: &Station, planned: u64) -> Value {
    wait_for(&format!("{planned} recordings to be ready"), MADE_WITHIN, || {
        let now = preparation(station);
        (now["planned"] == planned && now["ready"] == planned).then_some(now)
    })
}

#[test]
fn what_was_damaged_or_lost_hours_before_is_made_again_and_airs() {
    let station = Station::open(Heard::ByNobody);
    let lost = station.push_and_approve("Bị mất", &sound::tone(1, 2.0));
    let damaged = station.push_and_approve("Bị hỏng", &sound::tone(2, 2.0));
    let at = in_seconds(600);
    let later = station.programme_at("Mười phút nữa", &[&lost, &damaged], &[at]);
    wait_ready(&station, 2);
    let files = [&lost, &damaged].map(|id| prepared_file(&station, id));
    let before = files.clone().map(|file| std::fs::read(file).unwrap());
    std::fs::remove_file(&files[0]).unwrap();
    flip(&files[1], 5_000);
    stir(&station, "Thôn Đông");
    wait_for("both to be whole again", MADE_WITHIN, || {
        let now = files.clone().map(|file| std::fs::read(file).unwrap_or_default());
        (now == before).then_some(())
    });
    let ready = wait_ready(&station, 2);
    assert_eq!(ready["failed"], json!([]), "{ready}");
    let (slots, _) = station.plan(&later, in_seconds(0), in_seconds(1200));
    assert_eq!(slots.len(), 2);
    for slot in slots {
        assert_eq!((&slot["ready"], &slot["ready_reason"]), (&json!(true), &Value::Null), "{slot}");
    }
    let said = station.command(&["plan", "--days", "2"]);
    assert!(!String::from_utf8_lossy(&said.stdout).contains("chưa sẵn sàng"));
    for id in [&lost, &damaged] {
        assert_eq!(segment(&station, id)["state"], "approved");
    }
    let soon = station.programme_at("Ngay", &[&lost, &damaged], &[in_seconds(3)]);
    for row in station.outcomes(&soon, 2, Duration::from_secs(60)) {
        assert_eq!(row["outcome"], "aired", "{row}");
    }
}

#[test]
fn an_original_that_is_damaged_is_a_fault_and_silent_until_it_is_pushed_again() {
    let station = Station::open(Heard::ByNobody);
    let bytes = sound::tone(1, 2.0);
    let id = station.push_and_approve("Bản gốc hỏng", &bytes);
    let original = original_file(&station, &id);
    flip(&original, 5_000);
    std::fs::remove_file(prepared_file(&station, &id)).unwrap();
    let programme = station.programme_at("Sắp phát", &[&id], &[in_seconds(10)]);
    let failed = wait_for("the fault to be said", MADE_WITHIN, || {
        let failed = preparation(&station)["failed"].clone();
        (!failed.as_array()?.is_empty()).then_some(failed)
    });
    assert_eq!(failed[0]["segment"], id.as_str(), "{failed}");
    assert_eq!(failed[0]["code"], "original_damaged", "{failed}");
    assert!(failed[0]["reason"].as_str().unwrap().contains("push it again"), "{failed}");
    assert!(failed[0]["reason_vi"].as_str().unwrap().contains("tải lên lại"), "{failed}");
    let status = station.operator().get("/status").expect(200).json();
    let warned = status["warnings"].as_array().unwrap().iter().any(|it| it["code"] == "not_ready_to_air");
    assert!(warned, "{status}");
    let (slots, _) = station.plan(&programme, in_seconds(0), in_seconds(60));
    if let Some(slot) = slots.first() {
        assert_eq!((&slot["ready"], &slot["ready_code"]), (&json!(false), &json!("original_damaged")));
    }
    let listened = station.auditor().get(&format!("/segments/{id}/audio?form=prepared"));
    listened.refuses("what cannot be made", 409, "original_damaged");
    let row = station.outcomes(&programme, 1, Duration::from_secs(60)).remove(0);
    assert_eq!((&row["outcome"], &row["reason_code"]), (&json!("failed"), &json!("pcm_refused")), "{row}");
    assert_eq!(number_of(&row["seconds_aired"]), 0.0, "{row}");
    // the remedy
    let again = push(&station.uploader(), &json!({ "title": "Bản gốc hỏng" }), &bytes).expect(200).json();
    assert_eq!(again["id"], id.as_str());
    let later = station.programme_at("Phát lại", &[&id], &[in_seconds(30)]);
    wait_ready(&station, 1);
    assert_eq!(std::fs::read(original).unwrap(), bytes);
    let row = station.outcomes(&later, 1, Duration::from_secs(90)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
}

#[test]
fn a_small_shelf_keeps_what_is_planned_and_makes_the_rest_for_whoever_listens() {
    let station = Station::start(Heard::ByNobody, "prepared_max_mib = 1");
    station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
    let planned = station.push_and_approve("Có lịch", &sound::tone(1, 8.0));
    station.programme_at("Một giờ nữa", &[&planned], &[in_seconds(3_600)]);
    wait_ready(&station, 1);
    let idle: Vec<String> =
        (2..4).map(|n| station.push_and_approve(&format!("Không lịch {n}"), &sound::tone(n, 8.0))).collect();
    wait_for("what nobody needs to go", MADE_WITHIN, || {
        idle.iter().all(|id| !prepared_file(&station, id).exists()).then_some(())
    });
    assert!(prepared_file(&station, &planned).exists());
    // whoever listens has it made again, with a length and ranges
    let path = format!("/segments/{}/audio?form=prepared", idle[0]);
    let range = [("range", "bytes=44-1043")];
    let heard = wait_for("it to be made for a listener", MADE_WITHIN, || {
        let answer = station.auditor().send("GET", &path, &range, Body::None);
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some());
            answer.refuses("what is being made", 503, "preparing");
            return None;
        }
        Some(answer.expect(206))
    });
    assert_eq!(heard.body.len(), 1_000);
    assert!(prepared_file(&station, &planned).exists());
    wait_ready(&station, 1);
}

/// Energy of what was heard, in dB below full scale.
fn level(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    10.0 * (power / samples.len() as f64).log10()
}

#[test]
fn another_target_prepares_what_is_planned_again_before_it_airs() {
    let mut station = Station::configured(Heard::Captured, "");
    let file = station.configuration();
    let configure = |target: &str| {
        let text = std::fs::read_to_string(&file).unwrap();
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("target_lufs"))
            .map(|line| match line {
                "[amplifier]" => format!("target_lufs = {target}\n[amplifier]\n"),
                other => format!("{other}\n"),
            })
            .collect();
        std::fs::write(&file, text).unwrap();
    };
    configure("-16");
    let tokens = crate::station::SCOPES.iter().map(|(name, scopes)| station.token(name, scopes).0).collect();
    station.people = crate::station::People::from_tokens(tokens);
    station.start_again();
    station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
    let id = station.push_and_approve("Đổi độ to", &sound::tone(1, 5.0));
    let loud = segment(&station, &id);
    assert!((number_of(&loud["loudness_lufs"]) + 16.0).abs() <= 0.5, "{loud}");
    let peaks = loud["waveform"]["peaks"].as_array().unwrap().len();
    assert!((1..=1000).contains(&peaks), "{peaks} peaks");
    let first = station.programme_at("Lần một", &[&id], &[in_seconds(3)]);
    assert_eq!(station.outcomes(&first, 1, Duration::from_secs(60))[0]["outcome"], "aired");
    let prepared = |station: &Station| {
        let path = format!("/segments/{id}/audio?form=prepared");
        sound::samples(&station.auditor().get(&path).expect(200).body)
    };
    let before = level(&prepared(&station));
    assert_eq!(station.terminate().code(), Some(0));
    configure("-26");
    station.start_again();
    station.programme_at("Một giờ nữa", &[&id], &[in_seconds(3_600)]);
    wait_ready(&station, 1);
    let quiet = segment(&station, &id);
    assert_eq!(quiet["state"], "approved");
    assert_eq!(quiet["approved_by"], loud["approved_by"]);
    assert_ne!(quiet["prepared_sha256"], loud["prepared_sha256"]);
    assert!((number_of(&quiet["loudness_lufs"]) + 26.0).abs() <= 0.5, "{quiet}");
    let second = station.programme_at("Lần hai", &[&id], &[in_seconds(3)]);
    assert_eq!(station.outcomes(&second, 1, Duration::from_secs(60))[0]["outcome"], "aired");
    let now = prepared(&station);
    assert!((before - level(&now) - 10.0).abs() < 0.5, "{before} dB, then {} dB", level(&now));
    assert_eq!(station.terminate().code(), Some(0));
    assert_eq!(sound::find(&station.heard(), &now).len(), 1, "what was prepared again is what was heard");
}

/// The power goes while a long recording is made again.
#[test]
fn a_kill_in_the_middle_leaves_no_half_of_anything() {
    let mut station = Station::open(Heard::ByNobody);
    let long = sound::flac(station.home(), &sound::chirp(8_000, 1, 600.0));
    let id = station.push_and_approve("Bản dài", &long);
    station.programme_at("Một giờ nữa", &[&id], &[in_seconds(3_600)]);
    wait_ready(&station, 1);
    let file = prepared_file(&station, &id);
    let before = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    stir(&station, "Thôn Đông");
    let incoming = station.data().join("incoming");
    wait_for("a child to write", MADE_WITHIN, || {
        let mut parts = std::fs::read_dir(&incoming).unwrap().flatten();
        parts.any(|part| part.metadata().is_ok_and(|it| it.len() > 0)).then_some(())
    });
    station.kill();
    assert!(!file.exists(), "it came there only whole");
    station.start_again();
    wait_ready(&station, 1);
    assert!(std::fs::read(&file).unwrap() == before, "the same program makes the same bytes");
    let kept = std::fs::read_dir(station.data().join("prepared")).unwrap().count();
    assert_eq!(kept, 1, "nothing else lies there");
}
