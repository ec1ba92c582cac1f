//! The technician at the amplifier: over the API, and on the command line with and without a daemon.

use crate::sound;
use crate::station::{Heard, Station};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn rows(station: &Station) -> Vec<Value> {
    let export = station.command(&["log", "export"]);
    let text = String::from_utf8(export.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["kind"] == "amplifier")
        .map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn a_technician_tries_the_amplifier_and_a_programme_comes_first() {
    let station = Station::open(Heard::ByNobody);
    let technician = station.with(&station.token("technician", &["amplifier"]).0);
    for path in ["/amplifier/clear", "/amplifier/test", "/amplifier/on", "/amplifier/off"] {
        station.scheduler().post(path, &json!({})).expect(403);
    }
    let tested = technician.post("/amplifier/test", &json!({})).expect(200).json();
    assert_eq!(tested["test"]["passed"], true, "{tested}");
    let on = technician.post("/amplifier/on", &json!({ "zones": ["z"], "seconds": 120 })).expect(200).json();
    assert_eq!((&on["read"]["power"], &on["read"]["sound"]), (&json!(true), &json!(false)), "{on}");
    assert_eq!(on["read"]["zones"]["z"], true, "{on}");
    technician.post("/amplifier/on", &json!({ "seconds": 601 })).expect(422);
    let off = technician.post("/amplifier/off", &json!({})).expect(200).json();
    assert_eq!(off["read"]["power"], false, "{off}");
    let cleared = technician.post("/amplifier/clear", &json!({})).expect(200).json();
    let codes: Vec<&Value> = cleared["faults"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["simulated"], "{cleared}");
    let said: Vec<Value> = rows(&station).iter().map(|row| row["what"].clone()).collect();
    assert_eq!(said, ["self_test", "switched_on", "switched_off", "cleared"]);
    assert!(rows(&station)[1..].iter().all(|row| row["by"] == "technician"));

    // what is due comes first
    let segment = station.push_and_approve("Bản tin", &sound::tone(1, 5.0));
    let programme = station.programme_at("Bản tin", &[&segment], &[in_seconds(2)]);
    for path in ["/amplifier/test", "/amplifier/on"] {
        let refused = technician.post(path, &json!({})).expect(409).json();
        assert!(["due_soon", "on_air"].map(Value::from).contains(&refused["code"]), "{refused}");
    }
    station.wait_until_heard(&segment, 1.0, Duration::from_secs(30));
    assert_eq!(technician.post("/amplifier/on", &json!({})).expect(409).json()["code"], "on_air");
    technician.post("/amplifier/off", &json!({})).expect(409);
    let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
    assert_eq!((&row["outcome"], &row["confirmed"]), (&json!("aired"), &json!(true)), "{row}");
    let word = &row["evidence"]["amplifier"];
    assert_eq!(word["driver"], "simulated", "{row}");
    assert_eq!(row["amplifier_samples"], word["samples"], "{row}");
    assert!(word["samples"].as_u64().unwrap() >= 3 && word["begin"]["sound"] == true, "{row}");
}

/// Every line is a comment or a sample, every sample belongs to the family told just before it.
fn families(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut helped, mut typed) = (String::new(), String::new());
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped = rest.split(' ').next().unwrap().to_owned();
            assert!(rest.len() > helped.len() + 1, "a help text: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, helped, "help comes first");
            assert!(["gauge", "counter"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(families.insert(name.to_owned(), Vec::new()).is_none(), "{name} comes twice");
            typed = name.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert_eq!(name, typed, "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(series.to_owned()), "{series} comes twice");
            families.get_mut(name).unwrap().push(line.to_owned());
        }
    }
    families
}

#[test]
fn the_station_in_numbers_is_read_by_prometheus() {
    let station = Station::open(Heard::ByNobody);
    station.auditor().get("/metrics").expect(403);
    let read = wait_for("the first reading", Duration::from_secs(20), || {
        let text = station.operator().get("/metrics").expect(200).text().to_owned();
        text.contains("loaxa_amplifier_power").then_some(text)
    });
    assert!(read.ends_with('\n'));
    let families = families(&read);
    for name in [
        "loaxa_info",
        "loaxa_clock_trusted",
        "loaxa_on_air",
        "loaxa_preparation_recordings",
        "loaxa_storage_left_bytes",
        "loaxa_amplifier_exchanges_total",
        "loaxa_amplifier_fault",
        "loaxa_amplifier_temperature_celsius",
    ] {
        assert!(families.get(name).is_some_and(|samples| !samples.is_empty()), "{name} is missing: {read}");
    }
    assert!(
        families["loaxa_amplifier_fault"].contains(&"loaxa_amplifier_fault{code=\"simulated\"} 1".to_owned())
    );
    assert!(
        families["loaxa_amplifier_fault"].contains(&"loaxa_amplifier_fault{code=\"line_lost\"} 0".to_owned())
    );
}

#[test]
fn the_command_line_asks_the_daemon_or_drives_the_hardware_itself() {
    let mut station = Station::open(Heard::ByNobody);
    let amp = |station: &Station, arguments: &[&str]| {
        let mut all = vec!["amp"];
        all.extend(arguments);
        let output = station.command(&all);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_str::<Value>(&text).unwrap_or_default(), complaint)
    };
    let address = station.address();
    let (code, answer, complaint) = amp(&station, &["status", "--json", "--to", &address]);
    assert_eq!((code, &answer["driver"]), (Some(0), &json!("simulated")), "{answer} {complaint}");
    let (code, answer, complaint) = amp(&station, &["test", "--json", "--to", &address]);
    assert_eq!((code, &answer["test"]["passed"]), (Some(0), &json!(true)), "{answer} {complaint}");
    let (token, _) = station.token("only looks", &["status:read"]);
    let (code, _, complaint) = amp(&station, &["on", "--to", &address, "--token", &token]);
    assert!(code == Some(2) && complaint.contains("amplifier"), "{code:?} {complaint}");

    assert!(station.terminate().success());
    let (code, answer, complaint) = amp(&station, &["test", "--json"]);
    assert_eq!((code, &answer["test"]["passed"]), (Some(0), &json!(true)), "{answer} {complaint}");
    let (code, answer, complaint) = amp(&station, &["on", "--json", "--zone", "z", "--seconds", "1"]);
    assert_eq!((code, &answer["read"]["zones"]["z"]), (Some(0), &json!(true)), "{answer} {complaint}");
    assert_eq!(answer["read"]["sound"], false, "{answer}");
    let said: Vec<Value> = rows(&station).iter().map(|row| row["what"].clone()).collect();
    assert_eq!(said, ["self_test", "self_test", "switched_on"]);
}
