//! A backup of a station at work, put back elsewhere: everything acknowledged before it is there, and what came after it can
//! be seen to be missing.

use crate::sound;
use crate::station::{Heard, PROGRAM, Station};
use crate::time::in_seconds;
use serde_json::Value;
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
