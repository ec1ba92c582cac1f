//! A daemon that was taken over, as far as a test can play one: what lies in its data folder leads outside, and it does not go there.

use crate::sound;
use crate::station::{Heard, Station, push};
use serde_json::json;

#[test]
fn the_daemon_writes_nowhere_but_in_its_data_folder() {
    let station = Station::start(Heard::ByNobody, "");
    let status = station.operator().get("/status").expect(200).json();
    if status["confinement"]["files"] != true {
        eprintln!("skipped: this kernel has no Landlock: {}", status["confinement"]);
        return;
    }
    assert!(station.said("the daemon is confined"));
    // uploads go to a folder; a link in its place leads to another one
    let outside = station.home().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let incoming = station.data().join("incoming");
    std::fs::rename(&incoming, station.data().join("incoming-before")).unwrap();
    std::os::unix::fs::symlink(&outside, &incoming).unwrap();
    let words = json!({ "title": "Ra ngoài" });
    let refused = push(&station.uploader(), &words, &sound::tone(1, 1.0));
    assert!(refused.status >= 500, "{}", refused.status);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "nothing came out");
    // where it belongs, everything works: it takes a recording in, and its child decodes it
    std::fs::remove_file(&incoming).unwrap();
    std::fs::rename(station.data().join("incoming-before"), &incoming).unwrap();
    station.push_and_approve("Ở trong", &sound::tone(1, 1.0));
}

#[test]
fn a_station_says_that_somebody_switched_its_fence_off() {
    let mut station = Station::configured(Heard::ByNobody, "[confinement]\nlandlock = false");
    station.begin();
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(status["confinement"], json!({ "landlock": null, "files": false, "network": false }));
    assert!(station.said("the daemon is not confined"));
    let doctor = station.command(&["doctor"]);
    let text = String::from_utf8(doctor.stdout).unwrap();
    assert!(text.lines().any(|line| line.contains("confinement") && line.contains("BAD")), "{text}");
}

/// What was started with a lax mask keeps its files to itself all the same.
#[test]
fn what_the_daemon_makes_is_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let mut station = Station::configured(Heard::ByNobody, "");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "umask 000; exec \"$0\" serve --config \"$1\"", crate::station::PROGRAM])
        .arg(station.configuration());
    std::fs::remove_dir(station.data()).unwrap();
    station.run(command);
    let mut open = Vec::new();
    let mut folders = vec![station.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let about = entry.metadata().unwrap();
            if about.permissions().mode() & 0o077 != 0 {
                open.push(entry.path());
            }
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert!(open.is_empty(), "others get at {open:?}");
    assert_eq!(std::fs::metadata(station.data()).unwrap().permissions().mode() & 0o777, 0o700);
}
