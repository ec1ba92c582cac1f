//! A part of a recording is aired, the original stays as it was pushed, and whoever approves is asked again.

use crate::http::{Answer, Client};
use crate::reports;
use crate::sound::{self, RATE};
use crate::station::{Heard, Station, decide, id_of, number_of, push};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::time::Duration;

/// What has to be decoded again takes no longer, on the slowest machine.
const BOUND: Duration = Duration::from_secs(120);

fn look(station: &Station, id: &str) -> Answer {
    station.auditor().get(&format!("/segments/{id}")).expect(200)
}

fn sound_of(station: &Station, id: &str, form: &str) -> Vec<u8> {
    station.auditor().get(&format!("/segments/{id}/audio?form={form}")).expect(200).body
}

/// Trims what is there now.
fn trim(station: &Station, client: &Client, id: &str, trim: &Value) -> Answer {
    let tag = look(station, id).header("etag").unwrap().to_owned();
    client.json("PATCH", &format!("/segments/{id}"), &[("if-match", &tag)], &json!({ "trim": trim }))
}

/// The last two columns of the log as CSV, the header's first.
fn parts(station: &Station, query: &str) -> Vec<[String; 2]> {
    let table = station.auditor().get(&format!("/airings?format=csv&{query}")).expect(200);
    let lines = table.text().split_terminator("\r\n").map(|line| {
        let mut fields = line.rsplit(',').map(str::to_owned);
        let [end, start] = [(); 2].map(|()| fields.next().unwrap());
        [start, end]
    });
    lines.collect()
}

/// The cells of the log as a sheet that are not empty, row by row.
fn cells(station: &Station, query: &str) -> Vec<String> {
    let answer = station.auditor().get(&format!("/airings?format=xlsx&lang=en&{query}")).expect(200);
    reports::sheet(station, &answer)
}

#[test]
fn a_part_is_heard_exactly_and_the_original_stays() {
    let station = Station::open(Heard::Captured);
    let pushed = sound::chirp(RATE, 1, 6.0);
    let id = station.push_and_approve("Bản tin", &pushed);
    let whole = look(&station, &id).json();
    assert_eq!(
        (&whole["trim"], &whole["duration"], &whole["original_duration"]),
        (&Value::Null, &json!(6.0), &json!(6.0))
    );
    let second = station.with(&station.people.second_uploader);

    let part = json!({ "start": 1.234, "end": 3.739 });
    let path = format!("/segments/{id}");
    let body = json!({ "trim": part });
    second.json("PATCH", &path, &[], &body).refuses("of what", 428, "if_match_required");
    second.json("PATCH", &path, &[("if-match", "\"1\"")], &body).refuses("stale", 412, "changed_meanwhile");
    trim(&station, &station.approver(), &id, &part).refuses("an approver", 403, "missing_scope");
    for (bad, code) in [
        (json!({ "start": 3.0, "end": 3.0 }), "trim_outside"),
        (json!({ "start": 0, "end": 6.5 }), "trim_outside"),
        (json!({ "start": 3.0, "end": 3.9 }), "trim_too_short"),
    ] {
        let refused = trim(&station, &second, &id, &bad);
        assert!(refused.json()["detail_vi"].as_str().unwrap().contains("Phần giữ lại"), "{bad}");
        refused.refuses("a bad part", 422, code);
    }
    let same = trim(&station, &second, &id, &json!({ "start": 0, "end": 6.0 })).expect(200).json();
    assert_eq!((&same["state"], &same["trim"]), (&json!("approved"), &Value::Null), "all of it is no part");

    let asked = trim(&station, &second, &id, &part).expect(200).json();
    assert_eq!((&asked["state"], &asked["trim"]), (&json!("awaiting_approval"), &part));
    assert_eq!((&asked["duration"], &asked["original_duration"]), (&json!(2.505), &json!(6.0)));
    assert_eq!(asked["sha256"], whole["sha256"]);
    assert_ne!(asked["approval_digest"], whole["approval_digest"]);
    assert_eq!(sound_of(&station, &id, "original"), pushed, "the original is untouched");
    let part_pcm = sound::samples(&sound_of(&station, &id, "prepared"));
    assert_eq!(part_pcm.len(), 2505 * 48, "sample for sample");
    let shown = look(&station, &id).json();
    let peaks = |form: &str| shown[form]["peaks"].as_array().unwrap().len();
    assert!(
        (500..=1000).contains(&peaks("original_waveform")) && peaks("waveform") > 0,
        "the whole can be drawn"
    );

    // who trimmed it does not approve it
    let trimmer = station.token("trimmer", &["segments:write", "segments:approve"]).0;
    let trimmer = station.with(&trimmer);
    trim(&station, &trimmer, &id, &json!({ "start": 1.234, "end": 3.74 })).expect(200);
    decide(&trimmer, &id, "approve").refuses("their own cut", 403, "own_upload");
    trim(&station, &trimmer, &id, &part).expect(200);

    // the same part is the same sound, also when it is made again
    assert_eq!(look(&station, &id).json()["prepared_sha256"], asked["prepared_sha256"]);
    let root = asked["prepared_sha256"].as_str().unwrap();
    std::fs::remove_file(station.data().join("prepared").join(format!("{root}.pcm"))).unwrap();
    wait_for("its sound to be made again", BOUND, || {
        let again = station.auditor().get(&format!("{path}/audio?form=prepared"));
        (again.status == 200).then(|| assert_eq!(sound::samples(&again.body), part_pcm))
    });
    assert_eq!(look(&station, &id).json()["prepared_sha256"], root);

    decide(&station.approver(), &id, "approve").expect(200);
    let programme = station.programme_at("Phát thử", &[&id], &[in_seconds(14)]);
    let row = station.outcomes(&programme, 1, BOUND).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    assert_eq!(number_of(&row["seconds_aired"]), 2.505);
    assert_eq!(number_of(&row["seconds_planned"]), 2.505);
    assert_eq!((&row["sha256"], &row["trim"]), (&whole["sha256"], &part));
    let of = format!("programme={programme}");
    assert_eq!(parts(&station, &of), [["trim_start", "trim_end"], ["1.234", "3.739"]]);
    let words = cells(&station, &of);
    assert!(words.ends_with(&["1.234".to_owned(), "3.739".to_owned()]), "{words:?}");
    assert!(words.contains(&"trim start (s)".to_owned()), "{words:?}");
    assert_eq!(sound::find(&station.heard(), &part_pcm).len(), 1, "what is heard is the part");
    let log = String::from_utf8(station.command(&["log", "export"]).stdout).unwrap();
    assert!(log.contains(r#"\"trim\":{\"end_ms\":3739,\"start_ms\":1234}"#), "the log says which part");

    let back = trim(&station, &second, &id, &Value::Null).expect(200).json();
    assert_eq!((&back["state"], &back["trim"]), (&json!("awaiting_approval"), &Value::Null));
    assert_eq!((&back["prepared_sha256"], &back["duration"]), (&whole["prepared_sha256"], &json!(6.0)));
    assert_eq!(sound_of(&station, &id, "original"), pushed);
}

#[test]
fn what_sounds_while_it_is_trimmed_goes_on_as_it_began() {
    let station = Station::open(Heard::Captured);
    let long = station.push_and_approve("Dài", &sound::chirp(RATE, 1, 20.0));
    let next = station.push_and_approve("Sau đó", &sound::tone(2, 1.5));
    let programme = station.programme_at("Buổi phát", &[&long, &next], &[in_seconds(14)]);
    // longer than what the plan before may still answer for
    station.wait_until_heard(&long, 3.0, BOUND);
    // on a machine that is so slow that it is over by now, this says less, and nothing wrong
    let second = station.with(&station.people.second_uploader);
    let asked = trim(&station, &second, &long, &json!({ "start": 0.5, "end": 2.5 })).expect(200).json();
    assert_eq!(asked["state"], "awaiting_approval");
    let rows = station.outcomes(&programme, 2, BOUND);
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row["outcome"].as_str(), number_of(&row["seconds_aired"]), &row["trim"]))
        .collect();
    assert_eq!(said, [(Some("aired"), 20.0, &Value::Null), (Some("aired"), 1.5, &Value::Null)], "{rows:?}");
    // columns of a part are empty where all of it was played
    let of = format!("programme={programme}");
    assert_eq!(parts(&station, &of), [["trim_start", "trim_end"], ["", ""], ["", ""]]);
    let words = cells(&station, &of);
    let last: f64 = words.last().unwrap().parse().unwrap();
    assert_eq!(last, number_of(&rows[1]["lufs"]), "the cell before them is the last: {words:?}");
}

#[test]
fn of_a_trimmed_emergency_the_part_alone_is_heard() {
    let station = Station::start(Heard::Captured, "");
    let words = json!({ "title": "Xả lũ", "class": "emergency" });
    let pushed = push(&station.uploader(), &words, &sound::chirp(RATE, 1, 6.0)).expect(201).json();
    let id = id_of(&pushed);
    wait_for("the inspection", BOUND, || {
        (look(&station, &id).json()["state"] == "awaiting_approval").then_some(())
    });
    station.approve(&id);
    let part = json!({ "start": 1.234, "end": 3.739 });
    let second = station.with(&station.people.second_uploader);
    let asked = trim(&station, &second, &id, &part).expect(200).json();
    assert_eq!((&asked["class"], &asked["state"]), (&json!("emergency"), &json!("awaiting_approval")));
    station.approve(&id);
    let part_pcm = sound::samples(&sound_of(&station, &id, "prepared"));
    assert_eq!(part_pcm.len(), 2505 * 48);

    let number = "01890000-0000-7000-8000-000000000001";
    let wanted = json!({ "id": number, "segment": id, "expires": in_seconds(600).to_string() });
    station.operator().post("/emergency", &wanted).expect(201);
    let rows = wait_for("it to be heard", BOUND, || {
        let emergency = station.operator().get(&format!("/emergency/{number}")).expect(200).json();
        (emergency["state"] == "aired").then(|| emergency["airings"].as_array().unwrap().clone())
    });
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["outcome"], &rows[0]["trim"]), (&json!("aired"), &part), "{rows:?}");
    assert_eq!((&rows[0]["sha256"], number_of(&rows[0]["seconds_aired"])), (&asked["sha256"], 2.505));
    assert_eq!(station.airings(&format!("&segment={id}")), rows, "the log says the same");
    assert_eq!(parts(&station, &format!("segment={id}"))[1], ["1.234", "3.739"]);
    let heard = station.heard();
    let [at] = sound::find(&heard, &part_pcm)[..] else { panic!("the part is heard once") };
    let silent = |samples: &[i16]| samples.iter().all(|sample| *sample == 0);
    assert!(silent(&heard[..at]) && silent(&heard[at + part_pcm.len()..]), "more than the part is heard");
}
