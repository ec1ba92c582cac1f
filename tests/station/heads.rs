//! Signed heads of the airing log, as collectors and auditors meet them: over HTTP, on the console, and offline.

use crate::http::{Answer, Body, Client};
use crate::station::{Heard, PROGRAM, Station};
use loaxa_evidence::{Checkpoint, KeyKind, Note, SigningKey, VerifierKey, cosign, hex};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn collector(seed: u8) -> SigningKey {
    SigningKey::from_seed("huyen.example/loaxa", KeyKind::Cosignature, &[seed; 32].into()).unwrap()
}

fn hand_in(client: &Client, note: &str) -> Answer {
    client.send("POST", "/airings/witness", &[("content-type", "text/plain")], Body::Whole(note.as_bytes()))
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The bodies of the rows of this kind.
fn bodies(export: &str, kind: &str) -> Vec<Value> {
    let rows = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["kind"] == kind)
        .map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap())
        .collect()
}

/// The verdict of the program, and of the auditor's own.
pub(crate) fn verdicts(file: &Path, arguments: &[&str]) -> [(String, Option<i32>); 2] {
    let second = Path::new(env!("CARGO_MANIFEST_DIR")).join("evidence/tests/verify_log.py");
    let debian = "/usr/bin/python3";
    let mut python = Command::new(if Path::new(debian).exists() { debian } else { "python3" });
    python.arg(second);
    let mut ours = Command::new(PROGRAM);
    ours.args(["log", "verify"]);
    [ours, python].map(|mut command| {
        let output = command.arg(file).args(arguments).arg("--json").output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (report["verdict"].as_str().unwrap().to_owned(), output.status.code())
    })
}

pub(crate) fn all(word: &str, code: i32) -> [(String, Option<i32>); 2] {
    [(word.to_owned(), Some(code)), (word.to_owned(), Some(code))]
}

#[test]
fn an_auditor_checks_offline_what_collectors_countersigned() {
    let theirs = collector(7);
    let witnesses = format!("[log]\nwitnesses = [\"{}\"]", theirs.public());
    let mut station = Station::start(Heard::ByNobody, &witnesses);

    // the same key everywhere
    let key = said(&station.command(&["key", "show"])).trim().to_owned();
    let public: VerifierKey = key.parse().unwrap();
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!((&status["log"]["key"], &status["log"]["problem"]), (&json!(key), &Value::Null));
    let shown: Value = serde_json::from_str(&said(&station.command(&["key", "show", "--json"]))).unwrap();
    assert_eq!((&shown["key"], &shown["origin"]), (&json!(key), &json!(public.name())));
    let mode = std::fs::metadata(station.data().join("station.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // the head: for who may read the log, as text and as JSON, always the same of the same rows
    let auditor = station.auditor();
    station.uploader().get("/airings/checkpoint").refuses("no auditor", 403, "missing_scope");
    let answer = auditor.get("/airings/checkpoint").expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let mut note = Note::read(answer.text()).unwrap();
    assert_eq!(note.signed_by(&public), Some(true));
    let head = Checkpoint::read(&note.text).unwrap();
    assert_eq!(head.origin, public.name());
    let same = format!("/airings/checkpoint?row={}", head.size);
    assert_eq!(auditor.get(&same).expect(200).text(), answer.text());
    let parts = auditor.send("GET", &same, &[("accept", "application/json")], Body::None).expect(200).json();
    assert_eq!((&parts["row"], &parts["hash"]), (&json!(head.size), &json!(hex(&head.hash))));
    auditor.get("/airings/checkpoint?row=99999").refuses("no such row", 404, "not_found");

    // countersignatures: of nobody, false, of a stranger, of another history, and good ones
    hand_in(&auditor, "xin chao").refuses("no note", 422, "bad_note");
    hand_in(&auditor, &note.to_string()).refuses("nobody's", 422, "unknown_witness");
    hand_in(&station.uploader(), &note.to_string()).refuses("no auditor", 403, "missing_scope");
    let mut stranger = note.clone();
    cosign(&mut stranger, &collector(8), 1_796_000_000);
    hand_in(&auditor, &stranger.to_string()).refuses("a stranger's", 422, "unknown_witness");
    let mut other = Note { text: Checkpoint { hash: [7; 32], ..head.clone() }.text(), ..note.clone() };
    other.signatures.clear();
    cosign(&mut other, &theirs, 1_796_000_000);
    hand_in(&auditor, &other.to_string()).refuses("another history", 409, "head_differs");
    cosign(&mut note, &theirs, 1_796_000_000);
    let mut lie = note.clone();
    lie.signatures[1].bytes[7] ^= 1;
    hand_in(&auditor, &lie.to_string()).refuses("another time", 422, "bad_countersignature");
    let taken = hand_in(&auditor, &note.to_string()).expect(201).json();
    assert_eq!(taken, json!({ "row": head.size, "witnesses": ["huyen.example/loaxa"], "new": true }));
    assert_eq!(hand_in(&auditor, &note.to_string()).expect(200).json()["new"], false);
    assert_eq!(auditor.get(&same).expect(200).text(), note.to_string());

    // it outlives a power cut; an orderly end keeps a head of its own; what changed in the configuration is named
    station.kill();
    let text = std::fs::read_to_string(station.configuration()).unwrap();
    std::fs::write(station.configuration(), text.replace("Đài thử", "Đài khác")).unwrap();
    station.start_again();
    station.terminate();
    let [file, heads] = ["export.ndjson", "heads"].map(|name| station.home().join(name));
    let export = station.command(&["log", "export", "--heads", heads.to_str().unwrap()]);
    assert_eq!(export.status.code(), Some(0), "{}", String::from_utf8_lossy(&export.stderr));
    std::fs::write(&file, &export.stdout).unwrap();
    let export = said(&export);
    let witness = bodies(&export, "witness").remove(0);
    assert_eq!(
        (&witness["row"], &witness["witnesses"][0]["time"]),
        (&json!(head.size), &json!(1_796_000_000))
    );
    assert_eq!(bodies(&export, "key").len(), 1);
    let settings = bodies(&export, "settings");
    assert_eq!(settings.len(), 2);
    assert_eq!(settings[1]["changed"], json!(["station.name"]));
    assert!(!export.contains("Đài khác"), "names of keys, no values");
    // every row but the first says in which boot it was written and how the clock stood
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    for line in export.lines().skip(1) {
        let row: Value = serde_json::from_str(line).unwrap();
        let body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["boot"], boot.trim(), "{line}");
        assert!(
            ["configured_always", "always"].contains(&body["clock"].as_str().unwrap_or_default()),
            "{line}"
        );
    }

    // offline
    let vkey = theirs.public().to_string();
    let brought = ["--key", &key, "--key", &vkey, "--witness", heads.to_str().unwrap(), "--whole"];
    assert_eq!(verdicts(&file, &brought), all("intact", 0));
    let last = export.lines().last().unwrap();
    assert!(last.contains("\"end\""), "{last}");
    let kept = std::fs::read_to_string(&heads).unwrap();
    assert!(kept.contains(&note.to_string()), "{kept}");
    let lines: Vec<&str> = export.lines().collect();
    let shorter = format!("{}\n", lines[..lines.len() - 1].join("\n"));
    std::fs::write(&file, shorter).unwrap();
    assert_eq!(verdicts(&file, &brought), all("truncated", 1));
    // without what the board itself signed, the collector's word alone still tells
    let shortest = format!("{}\n", lines[..usize::try_from(head.size).unwrap() - 1].join("\n"));
    std::fs::write(&file, shortest).unwrap();
    let collected = station.home().join("collected");
    std::fs::write(&collected, note.to_string()).unwrap();
    let alone = ["--key", &vkey, "--witness", collected.to_str().unwrap()];
    assert_eq!(verdicts(&file, &alone), all("truncated", 1));
    // a new log under the same name of the station is not the one that was collected
    std::fs::remove_file(station.data().join("loaxa.db")).unwrap();
    std::fs::remove_file(station.data().join("station.key")).unwrap();
    station.start_again();
    station.terminate();
    let anew = station.command(&["log", "export"]);
    std::fs::write(&file, &anew.stdout).unwrap();
    assert_eq!(verdicts(&file, &brought), all("resealed", 1));
    assert_eq!(verdicts(&file, &alone), all("resealed", 1));
}

#[test]
fn a_key_that_others_can_read_signs_nothing_and_the_station_airs_and_says_so() {
    let mut station = Station::start(Heard::ByNobody, "");
    station.terminate();
    let file = station.data().join("station.key");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    station.start_again();
    assert!(station.healthy());
    station.auditor().get("/airings/checkpoint").refuses("an exposed key", 503, "station_key_exposed");
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(
        (&status["log"]["key"], &status["log"]["problem"]),
        (&Value::Null, &json!("station_key_exposed"))
    );
    let warnings = status["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "log_not_signed"), "{warnings:?}");
    let show = station.command(&["key", "show"]);
    assert_eq!(show.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&show.stderr).contains("chmod 600"));
    station.terminate();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    station.start_again();
    station.auditor().get("/airings/checkpoint").expect(200);
}
