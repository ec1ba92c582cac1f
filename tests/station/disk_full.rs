//! A disk that is full: nothing is kept by halves, the station goes on answering, and says in the log what it could not.
//!
//! The daemon runs in a mount namespace of its own, with a small file system in memory as its data folder.

use crate::http::Body;
use crate::sound;
use crate::station::{Heard, PROGRAM, People, SCOPES, Station, number_of, push};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Whether this machine lets us have a mount namespace.
pub(crate) fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// A station whose data folder is a file system of 24 MiB.
pub(crate) fn small_station(storage: &str) -> Station {
    station_on("-rm", "mount -t tmpfs -o size=24m,mode=700 tmpfs \"$DATA\"", Heard::ByNobody, storage)
}

/// A station in namespaces of its own (of these kinds, for `unshare`), on a file system that these shell commands mount at
/// `$DATA`.
pub(crate) fn station_on(namespaces: &str, mount: &str, heard: Heard, storage: &str) -> Station {
    let mut station = Station::configured(heard, storage);
    let tokens: Vec<String> = SCOPES
        .iter()
        .map(|(name, scopes)| {
            let scopes: Vec<String> = scopes.iter().map(|scope| format!("--scope {scope}")).collect();
            format!(
                "\"$PROGRAM\" token create --config \"$CONFIG\" --name '{name}' {} --json >> \"$TOKENS\"",
                scopes.join(" ")
            )
        })
        .collect();
    let script =
        format!("set -e\n{mount}\n{}\nexec \"$PROGRAM\" serve --config \"$CONFIG\"\n", tokens.join("\n"));
    let file = station.home().join("tokens.ndjson");
    let mut command = Command::new("unshare");
    command
        .args([namespaces, "sh", "-c", &script])
        .env("PROGRAM", PROGRAM)
        .env("CONFIG", station.configuration())
        .env("DATA", station.data())
        .env("TOKENS", &file);
    station.run(command);
    let tokens = std::fs::read_to_string(file).unwrap();
    let tokens = tokens.lines().map(|line| {
        let token: Value = serde_json::from_str(line).unwrap();
        token["token"].as_str().unwrap().to_owned()
    });
    station.people = People::from_tokens(tokens.collect());
    station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
    station
}

/// The data folder as the daemon sees it.
pub(crate) fn inside(station: &Station) -> PathBuf {
    let data = station.data();
    let data = data.strip_prefix("/").unwrap();
    Path::new("/proc").join(station.process().to_string()).join("root").join(data)
}

/// Writes until nothing more fits, but for `leave` bytes.
pub(crate) fn fill(station: &Station, leave: u64) -> PathBuf {
    let file = inside(station).join("filler");
    let mut filler = std::fs::File::create(&file).unwrap();
    let piece = vec![1; 4096];
    while filler.write_all(&piece).is_ok() {}
    let length = filler.metadata().unwrap().len();
    filler.set_len(length.saturating_sub(leave)).unwrap();
    file
}

fn names(station: &Station, folder: &str) -> Vec<String> {
    std::fs::read_dir(inside(station).join(folder))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Whether the station's status warns of this.
fn warned(station: &Station, code: &str) -> bool {
    let status = station.operator().get("/status").expect(200).json();
    status["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == code)
}

fn segments(station: &Station) -> usize {
    let page = station.auditor().get("/segments").expect(200).json();
    page["items"].as_array().unwrap().len()
}

#[test]
fn uploads_leave_room_for_the_airing_log() {
    if !may_mount() {
        eprintln!("skipped: this machine allows no mount namespace (unshare -rm)");
        return;
    }
    let station = small_station("reserve_mib = 4");
    let segment = station.push_and_approve("Trước khi đầy", &sound::tone(1, 1.0));
    let filler = fill(&station, 3 * 1024 * 1024);
    let words = json!({ "title": "Khi đầy" });
    let answer = push(&station.uploader(), &words, &sound::tone(2, 1.0));
    let problem = answer.refuses("an upload into the reserve", 507, "storage_full");
    assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10), "{problem}");
    assert_eq!(segments(&station), 1);
    assert_eq!(names(&station, "incoming"), Vec::<String>::new());
    // what is on the station airs and is written down: that is what the reserve is for
    let programme = station.programme_at("Vẫn phát", &[&segment], &[in_seconds(2)]);
    let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    std::fs::remove_file(filler).unwrap();
    station.push_and_approve("Khi đầy", &sound::tone(2, 1.0));
    assert_eq!(segments(&station), 2);
}

#[test]
fn a_full_disk_keeps_nothing_by_halves_and_is_survived() {
    if !may_mount() {
        eprintln!("skipped: this machine allows no mount namespace (unshare -rm)");
        return;
    }
    let mut station = small_station("reserve_mib = 0");
    let segment = station.push_and_approve("Trước khi đầy", &sound::tone(1, 1.0));
    // the disk fills in the middle of an upload
    let filler = fill(&station, 400 * 1024);
    let words = json!({ "title": "Giữa chừng" });
    let large = sound::tone(2, 20.0);
    push(&station.uploader(), &words, &large).refuses("an upload that does not fit", 507, "storage_full");
    assert_eq!(segments(&station), 1);
    wait_for("the half upload to go", Duration::from_secs(10), || {
        names(&station, "incoming").is_empty().then_some(())
    });
    assert_eq!(names(&station, "originals").len(), 1);
    // the original fits, what is prepared from it does not
    let short = sound::mp3(station.home(), &sound::chirp(48_000, 1, 8.0));
    assert!(short.len() < 200 * 1024);
    push(&station.uploader(), &words, &short).refuses("a recording that does not fit", 507, "storage_full");
    assert_eq!(segments(&station), 1);
    wait_for("what was prepared to go", Duration::from_secs(10), || {
        (names(&station, "incoming").is_empty() && names(&station, "originals").len() == 1).then_some(())
    });
    // wherever on its way it finds no more room: all of it is kept, or nothing
    std::fs::remove_file(&filler).unwrap();
    let before = segments(&station);
    for leave in (0..=320).step_by(8) {
        let filler = fill(&station, leave * 1024);
        let tiny = sound::tone(100 + leave as u32, 0.5);
        let answer = push(&station.uploader(), &json!({ "title": format!("Còn {leave} KiB") }), &tiny);
        std::fs::remove_file(filler).unwrap();
        if answer.status == 201 {
            break;
        }
        answer.refuses(&format!("an upload with {leave} KiB left"), 507, "storage_full");
        // what could not be taken back while the disk was full goes as soon as there is room
        wait_for(&format!("{leave} KiB to leave nothing behind"), Duration::from_secs(15), || {
            let kept = segments(&station) - before;
            let files = names(&station, "originals").len() + names(&station, "prepared").len() - 2;
            (kept + files + names(&station, "incoming").len() == 0).then_some(())
        });
    }
    assert_eq!(segments(&station), before + 1, "in the end there was room");
    // not a byte is left: changes are refused and said to be
    let soon = in_seconds(5);
    let full = station.programme_at("Khi đầy", &[&segment], &[soon]);
    let filler = fill(&station, 0);
    wait_for("changes to be refused", Duration::from_secs(20), || {
        let zone = json!({ "name": format!("Thôn {}", crate::time::now()) });
        let answer = station.scheduler().post("/zones", &zone);
        if answer.status == 201 {
            return None;
        }
        answer.refuses("a change on a full disk", 507, "storage_full");
        Some(())
    });
    push(&station.uploader(), &words, &short).refuses("an upload on a full disk", 507, "storage_full");
    assert!(station.healthy());
    for path in ["/plan", "/airings", "/segments"] {
        station.auditor().get(path).expect(200);
    }
    assert!(warned(&station, "disk_full"), "it says why nothing scheduled airs");
    // STOP works whatever the disk says
    assert_eq!(station.operator().post("/stop", &json!({})).expect(202).json()["kept"], false);
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(status["stopped"], "operator");
    // its time passes without a sound: what cannot be written down is not aired
    crate::time::pause(crate::time::until(soon) + Duration::from_secs(4));
    std::fs::remove_file(&filler).unwrap();
    let row = station.outcomes(&full, 1, Duration::from_secs(60)).remove(0);
    assert_ne!(row["outcome"], "aired", "{row}");
    assert_eq!(number_of(&row["seconds_aired"]), 0.0, "{row}");
    assert!(["log_unwritable", "local_stop"].contains(&row["reason_code"].as_str().unwrap()), "{row}");
    // with room again, everything works again
    station.operator().post("/resume", &json!({})).expect(200);
    let again = station.push_and_approve("Giữa chừng", &short);
    let programme = station.programme_at("Có chỗ", &[&again], &[in_seconds(3)]);
    let row = station.outcomes(&programme, 1, Duration::from_secs(60)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    assert!(!warned(&station, "disk_full"));
    let sound = station.auditor().send("GET", &format!("/segments/{again}/audio"), &[], Body::None);
    assert_eq!(sound.expect(200).body, short);
    assert_eq!(station.terminate().code(), Some(0));
}

#[test]
fn what_is_due_on_a_full_disk_stays_silent_and_says_why() {
    if !may_mount() {
        eprintln!("skipped: this machine allows no mount namespace (unshare -rm)");
        return;
    }
    let station = small_station("reserve_mib = 0");
    let segment = station.push_and_approve("Không ghi được", &sound::tone(1, 1.0));
    // not armed yet when the disk is full
    let at = in_seconds(12);
    let programme = station.programme_at("Không ghi được", &[&segment], &[at]);
    let filler = fill(&station, 0);
    wait_for("the disk to be full", Duration::from_secs(3), || {
        let zone = json!({ "name": format!("Thôn {}", crate::time::now()) });
        (station.scheduler().post("/zones", &zone).status == 507).then_some(())
    });
    wait_for("its time to pass", Duration::from_secs(40), || {
        let status = station.operator().get("/status").expect(200).json();
        assert_eq!(status["on_air"], Value::Null, "nothing sounds that cannot be written down");
        (crate::time::until(at).is_zero() && status["activity"]["kind"] == "idle").then_some(())
    });
    std::fs::remove_file(filler).unwrap();
    let row = station.outcomes(&programme, 1, Duration::from_secs(60)).remove(0);
    assert_eq!(row["outcome"], "failed", "{row}");
    assert_eq!(row["reason_code"], "log_unwritable", "{row}");
    assert_eq!(number_of(&row["seconds_aired"]), 0.0, "{row}");
}

/// The opposite rule: an emergency that cannot be written down is heard all the same.
#[test]
fn an_emergency_is_heard_on_a_full_disk_and_written_down_afterwards() {
    if !may_mount() {
        eprintln!("skipped: this machine allows no mount namespace (unshare -rm)");
        return;
    }
    let station = small_station("reserve_mib = 0");
    let words = json!({ "title": "Xả lũ", "class": "emergency" });
    let flood = push(&station.uploader(), &words, &sound::tone(1, 6.0)).expect(201).json();
    let flood = crate::station::id_of(&flood);
    station.approve(&flood);
    let filler = fill(&station, 0);
    wait_for("the disk to be full", Duration::from_secs(20), || {
        let zone = json!({ "name": format!("Thôn {}", crate::time::now()) });
        (station.scheduler().post("/zones", &zone).status == 507).then_some(())
    });
    let id = "01890000-0000-7000-8000-000000000001";
    let wanted = json!({ "id": id, "segment": flood, "expires": in_seconds(600).to_string() });
    let path = format!("/emergency/{id}");
    let sent = station.operator().post("/emergency", &wanted).expect(202).json();
    assert_eq!(sent["kept"], false, "{sent}");
    // the same id is still the same emergency
    assert_eq!(station.operator().post("/emergency", &wanted).expect(200).json()["id"], id);
    let mut other = wanted.clone();
    other["repeat"] = json!(2);
    station.operator().post("/emergency", &other).refuses("another one", 409, "emergency_differs");
    wait_for("it to be on air", Duration::from_secs(60), || {
        let seen = station.operator().get(&path).expect(200).json();
        assert_eq!(seen["kept"], false, "{seen}");
        (seen["state"] == "on_air").then_some(())
    });
    std::fs::remove_file(filler).unwrap();
    let seen = wait_for("it to be written down", Duration::from_secs(60), || {
        let seen = station.operator().get(&path).expect(200).json();
        (seen["state"] == "aired" && seen["kept"] == true).then_some(seen)
    });
    assert_eq!(seen["airings"].as_array().unwrap().len(), 1, "{seen}");
    assert!((number_of(&seen["airings"][0]["seconds_aired"]) - 6.0).abs() < 0.05, "{seen}");
    assert_eq!(station.auditor().get("/emergency").expect(200).json()["items"], json!([seen]));
}
