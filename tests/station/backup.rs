//! A backup of a station at work, put back elsewhere: everything acknowledged before it is there, and what came after it can
//! be seen to be missing.

use crate::sound;
use crate::station::{Heard, PROGRAM, Station};
use crate::time::in_seconds;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_backup_of_a_station_at_work_becomes_a_station() {
    let mut station = Station::open(Heard::ByNobody);
    let segment = station.push_and_approve("Trước khi sao lưu", &sound::tone(1, 0.5));
    let programme = station.programme_at("Trước", &[&segment], &[in_seconds(86_400)]);
    let folder = station.home().join("backup");
    let folder = folder.to_str().unwrap();
    let over = AtomicBool::new(false);
    let manifest: Value = std::thread::scope(|scope| {
        // somebody changes things all the while
        scope.spawn(|| {
            for number in 0.. {
                station.programme_at(&format!("Trong lúc {number}"), &[&segment], &[in_seconds(86_400)]);
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let taken = station.command(&["backup", folder, "--with-key", "--json"]);
        over.store(true, Ordering::Relaxed);
        assert_eq!(taken.status.code(), Some(0), "{}", said(&taken));
        serde_json::from_slice(&taken.stdout).unwrap()
    });
    assert_eq!((&manifest["key"], &manifest["missing"]), (&Value::Bool(true), &serde_json::json!([])));
    // a collector takes a head that the backup does not have
    station.push("Sau khi sao lưu", &sound::tone(2, 0.5));
    let later = station.auditor().get("/airings/checkpoint").expect(200).text().to_owned();

    // not under a daemon that runs
    let refused = station.command(&["restore", folder]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("a daemon runs this station"), "{}", said(&refused));
    assert_eq!(station.terminate().code(), Some(0));

    let mut other = Station::configured(Heard::ByNobody, "");
    let restored = other.command(&["restore", folder]);
    assert_eq!(restored.status.code(), Some(0), "{}", said(&restored));
    assert!(said(&restored).contains("Đã khôi phục"), "{}", said(&restored));
    other.people = station.people.clone();
    other.start_again();
    let path = format!("/segments/{segment}/audio?form=original");
    assert_eq!(other.auditor().get(&path).expect(200).body, sound::tone(1, 0.5));
    other.scheduler().get(&format!("/programmes/{programme}")).expect(200);
    // prepared sound is made again
    let path = format!("/segments/{segment}/audio?form=prepared");
    crate::time::wait_for("the prepared sound", std::time::Duration::from_secs(60), || {
        (other.auditor().get(&path).status == 200).then_some(())
    });
    assert_eq!(other.terminate().code(), Some(0));

    let [file, heads, collected] =
        ["export.ndjson", "heads", "collected"].map(|name| other.home().join(name));
    let export = other.command(&["log", "export", "--heads", heads.to_str().unwrap()]);
    std::fs::write(&file, &export.stdout).unwrap();
    let export = String::from_utf8(export.stdout).unwrap();
    assert_eq!(export.matches("\"kind\":\"restored\"").count(), 1);
    let key = String::from_utf8(other.command(&["key", "show"]).stdout).unwrap();
    let verdict = |notes: &str| {
        let mut verify = Command::new(PROGRAM);
        verify.args(["log", "verify", file.to_str().unwrap(), "--key", key.trim(), "--whole", "--json"]);
        let report =
            verify.args(["--witness", heads.to_str().unwrap(), "--witness", notes]).output().unwrap();
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        report["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(heads.to_str().unwrap()), "intact", "the chain goes on");
    // the head that the collector took lies within the restored log, which is another there, or beyond it
    let taken: usize = later.lines().nth(1).unwrap().parse().unwrap();
    let told: &[&str] = if taken > export.lines().count() { &["truncated"] } else { &["forked", "resealed"] };
    std::fs::write(&collected, later).unwrap();
    let seen = verdict(collected.to_str().unwrap());
    assert!(told.contains(&seen.as_str()), "what a collector has tells of the restore: {seen}, not {told:?}");
}

/// A station with a folder for its backups, and the token of an administrator.
fn with_folder(more: &str) -> (Station, std::path::PathBuf, String) {
    let mut station = Station::configured(Heard::ByNobody, "");
    let folder = station.home().join("usb");
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(station.configuration()).unwrap();
    std::fs::write(station.configuration(), format!("{text}\n[backup]\nfolder = {folder:?}\n{more}\n"))
        .unwrap();
    station.begin();
    let admin = station.token("admin", &["admin"]).0;
    (station, folder, admin)
}

/// What became of the backup that is being made.
fn made(station: &Station, admin: &str) -> Value {
    crate::time::wait_for("the backup", std::time::Duration::from_secs(120), || {
        let backups = station.with(admin).get("/backups").expect(200).json();
        backups["running"].is_null().then_some(backups)
    })
}

fn warns(station: &Station) -> bool {
    let status = station.operator().get("/status").expect(200).json();
    status["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "backup_due")
}

#[test]
fn a_backup_is_made_by_a_button_read_back_and_can_be_restored() {
    let (station, folder, admin) = with_folder("same_disk = true");
    let segment = station.push("Trên USB", &sound::tone(1, 0.5));
    assert!(warns(&station), "there never was one");
    let nothing = station.with(&admin).get("/backups").expect(200).json();
    assert_eq!((&nothing["last"], &nothing["items"]), (&Value::Null, &json!([])));
    let begun = station.with(&admin).post("/backups", &json!({})).expect(202).json();
    assert_eq!(begun["folder"], folder.to_str().unwrap());
    let backups = made(&station, &admin);
    assert_eq!(backups["problem"], Value::Null, "{backups}");
    let last = &backups["last"];
    assert_eq!(
        (&last["recordings"], &last["missing"], &last["days"], &last["by"]),
        (&json!(1), &json!(0), &json!(0), &json!("admin"))
    );
    let item = &backups["items"][0];
    assert_eq!(
        (&item["recordings"], &item["with_key"], &item["missing"]),
        (&json!(1), &json!(false), &json!([]))
    );
    assert_eq!((&item["verified_at"], &item["name"]), (&last["verified_at"], &json!("usb")));
    assert!(item["verified_at"].is_string(), "{item}");
    assert!(!folder.join("station.key").exists());
    assert!(!warns(&station));
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!((&status["backup"]["configured"], &status["backup"]["days"]), (&json!(true), &json!(0)));
    let log = String::from_utf8(station.command(&["log", "export"]).stdout).unwrap();
    assert_eq!(log.matches("\"kind\":\"backup\"").count(), 1);

    // another one copies what is new; it is the same folder
    station.push("Mới hơn", &sound::tone(2, 0.5));
    station.with(&admin).post("/backups", &json!({})).expect(202);
    let again = made(&station, &admin);
    assert_eq!((&again["problem"], &again["last"]["recordings"]), (&Value::Null, &json!(2)), "{again}");
    // what was made elsewhere was not read back here
    let taken = station.command(&["backup", folder.to_str().unwrap()]);
    assert_eq!(taken.status.code(), Some(0), "{}", said(&taken));
    assert_eq!(made(&station, &admin)["items"][0]["verified_at"], Value::Null);

    let mut other = Station::configured(Heard::ByNobody, "");
    let restored = other.command(&["restore", folder.to_str().unwrap()]);
    assert_eq!(restored.status.code(), Some(0), "{}", said(&restored));
    other.people = station.people.clone();
    other.start_again();
    let path = format!("/segments/{segment}/audio?form=original");
    assert_eq!(other.auditor().get(&path).expect(200).body, sound::tone(1, 0.5));
}

#[test]
fn no_backup_is_put_where_it_would_be_lost_or_over_something_else() {
    // on the same disk
    let (station, folder, admin) = with_folder("");
    let problem =
        station.with(&admin).post("/backups", &json!({})).refuses("the same disk", 409, "backup_same_disk");
    assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.contains("USB")), "{problem}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    // nobody says where over HTTP
    let elsewhere = json!({ "folder": "/elsewhere" });
    station.with(&admin).post("/backups", &elsewhere).refuses("a folder of one's own", 422, "unknown_field");
    std::fs::remove_dir(&folder).unwrap();
    station.with(&admin).post("/backups", &json!({})).refuses("no stick", 409, "backup_folder_missing");
    std::fs::write(&folder, "").unwrap();
    station.with(&admin).post("/backups", &json!({})).refuses("a file", 409, "backup_folder_missing");

    // what lies there is no backup
    let (station, folder, admin) = with_folder("same_disk = true");
    std::fs::write(folder.join("luận văn.txt"), "của ai đó").unwrap();
    station.with(&admin).post("/backups", &json!({})).expect(202);
    let backups = made(&station, &admin);
    assert_eq!(
        (&backups["problem"]["code"], &backups["last"]),
        (&json!("not_empty"), &Value::Null),
        "{backups}"
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing was put beside it");
    assert!(warns(&station));

    let station = Station::start(Heard::ByNobody, "");
    let admin = station.token("admin", &["admin"]).0;
    station.with(&admin).post("/backups", &json!({})).refuses("no folder", 409, "backup_not_configured");
    assert!(!warns(&station), "where there is no button nobody is told to press it");
}

/// The daemon gave up the rest of the machine when it started, root or not: a folder that came later is closed to it.
#[test]
fn a_folder_that_was_not_there_at_the_start_is_refused_as_closed() {
    let (mut station, folder, admin) = with_folder("same_disk = true");
    let status = station.operator().get("/status").expect(200).json();
    if status["confinement"]["files"] != true {
        eprintln!("skipped: this kernel has no Landlock: {}", status["confinement"]);
        return;
    }
    let ask = |station: &Station| station.with(&admin).post("/backups", &json!({}));
    // another one in its place, as where a stick is mounted over its mount point; the first stays, so that it is another
    std::fs::rename(&folder, station.home().join("before")).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let problem = ask(&station).refuses("came later", 409, "backup_folder_closed");
    for (member, says) in [("detail", "be there when the station starts"), ("detail_vi", "khởi động lại đài")]
    {
        assert!(problem[member].as_str().is_some_and(|text| text.contains(says)), "{problem}");
    }
    let backups = station.with(&admin).get("/backups").expect(200).json();
    assert_eq!((&backups["running"], &backups["last"]), (&Value::Null, &Value::Null), "nothing was begun");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing was left there");
    // what is said to help does
    assert_eq!(station.terminate().code(), Some(0));
    station.start_again();
    ask(&station).expect(202);
    let backups = made(&station, &admin);
    assert_eq!(
        (&backups["problem"], &backups["items"][0]["name"]),
        (&Value::Null, &json!("usb")),
        "{backups}"
    );
}
