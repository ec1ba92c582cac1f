//! Emergencies: heard at once, once, whatever else was to be heard; and never again when somebody said so.

use crate::http::{Answer, Body, Client};
use crate::sound::{self, RATE};
use crate::station::{Heard, Station, decide, id_of, number_of, push, time_of};
use crate::time::{in_seconds, now, wait_for};
use jiff::{SignedDuration, ToSpan};
use serde_json::{Value, json};
use std::time::Duration;

/// No emergency of these tests is longer on its way.
const BOUND: Duration = Duration::from_secs(90);

/// The `number`th id that a client of these tests chose.
fn id(number: u32) -> String {
    format!("01890000-0000-7000-8000-{number:012}")
}

/// A recording that may be sent as an emergency.
fn segment(station: &Station, title: &str, audio: &[u8]) -> String {
    let words = json!({ "title": title, "class": "emergency" });
    let id = id_of(&push(&station.uploader(), &words, audio).expect(201).json());
    station.approve(&id);
    id
}

/// An emergency that may begin within ten minutes.
fn body(number: u32, segment: &str) -> Value {
    json!({ "id": id(number), "segment": segment, "expires": in_seconds(600).to_string() })
}

fn send(station: &Station, body: &Value) -> Answer {
    station.operator().post("/emergency", body)
}

fn look(station: &Station, number: u32) -> Value {
    station.operator().get(&format!("/emergency/{}", id(number))).expect(200).json()
}

/// Waits until it has come so far.
fn wait_for_state(station: &Station, number: u32, state: &str) -> Value {
    wait_for(&format!("emergency {number} to be {state}"), BOUND, || {
        let seen = look(station, number);
        (seen["state"] == state).then_some(seen)
    })
}

/// The closed airings of an emergency, by their keys.
fn rows(station: &Station, number: u32) -> Vec<Value> {
    let mut rows = look(station, number)["airings"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["slot"].as_str().unwrap().to_owned());
    rows
}

fn prepared(station: &Station, segment: &str) -> Vec<i16> {
    let path = format!("/segments/{segment}/audio?form=prepared");
    sound::samples(&station.auditor().get(&path).expect(200).body)
}

fn key(number: u32, rest: &str) -> String {
    format!("{}/{rest}", id(number))
}

fn assert_row(row: &Value, slot: &str, outcome: &str, reason: Option<&str>) {
    assert_eq!(row["slot"], slot, "{row}");
    assert_eq!(row["outcome"], outcome, "{row}");
    assert_eq!(row["reason_code"].as_str(), reason, "{row}");
}

/// What the log says of emergencies being sent and taken back.
fn notes(station: &Station) -> Vec<Value> {
    let export = station.command(&["log", "export"]);
    let text = String::from_utf8(export.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["kind"] == "emergency")
        .map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap())
        .collect()
}

fn delete(client: &Client, path: &str) -> Answer {
    client.send("DELETE", path, &[], Body::None)
}

#[test]
fn what_sounds_gives_way_and_goes_on_afterwards() {
    let station = Station::open(Heard::Captured);
    let bulletin = station.push_and_approve("Bản tin dài", &sound::chirp(RATE, 1, 24.0));
    let flood = segment(&station, "Xả lũ", &sound::tone(1, 3.0));
    let programme = station.programme_at("Sáng", &[&bulletin], &[in_seconds(3)]);
    station.wait_until_heard(&bulletin, 2.0, Duration::from_secs(30));
    let asked = now();
    let answer = send(&station, &body(1, &flood)).expect(201);
    assert_eq!(answer.header("location"), Some(format!("/api/v1/emergency/{}", id(1)).as_str()));
    let sent = answer.json();
    assert!(["pending", "on_air"].contains(&sent["state"].as_str().unwrap()), "{sent}");
    assert_eq!((&sent["title"], &sent["sent_by"]), (&json!("Xả lũ"), &json!("operator")), "{sent}");
    assert_eq!((&sent["repeat"], &sent["test"], &sent["kept"]), (&json!(1), &json!(false), &json!(true)));
    let shown = wait_for("the status to show it on air", BOUND, || {
        let status = station.operator().get("/status").expect(200).json();
        status["emergency"].as_array().unwrap().iter().find(|it| it["on_air"] == true).cloned()
    });
    assert_eq!((&shown["id"], &shown["slot"]), (&json!(id(1)), &json!(key(1, "1"))), "{shown}");
    wait_for_state(&station, 1, "aired");
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(status["emergency"], json!([]));

    let heard = rows(&station, 1);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_row(&heard[0], &key(1, "1"), "aired", None);
    assert_eq!(heard[0]["confirmed"], true);
    assert!(time_of(&heard[0]["started"]) >= asked, "{heard:?}");
    let cut = station.outcomes(&programme, 2, BOUND);
    assert_eq!(
        (&cut[0]["outcome"], &cut[0]["reason_code"]),
        (&json!("preempted"), &json!("yielded_to_emergency"))
    );
    assert_eq!(cut[1]["slot"], format!("{}+1", cut[0]["slot"].as_str().unwrap()), "{cut:?}");
    assert_eq!(cut[1]["outcome"], "aired", "{cut:?}");
    let both = number_of(&cut[0]["seconds_aired"]) + number_of(&cut[1]["seconds_aired"]);
    assert!((both - 24.0).abs() < 0.1, "it goes on where it was cut, {both} s: {cut:?}");
    assert!(time_of(&cut[0]["ended"]) <= time_of(&heard[0]["started"]));
    assert!(time_of(&heard[0]["ended"]) <= time_of(&cut[1]["started"]));
    let sounds = station.heard();
    assert_eq!(sound::find(&sounds, &prepared(&station, &flood)).len(), 1, "heard whole, once");

    // the log's listing knows whose each row was
    let all = station.airings("");
    let of = |slot: &Value| all.iter().find(|row| row["slot"] == *slot).unwrap()["emergency"].clone();
    assert_eq!((of(&heard[0]["slot"]), of(&cut[0]["slot"])), (json!(id(1)), Value::Null));
    assert_eq!(station.airings(&format!("&segment={flood}")), heard);
    let notes = notes(&station);
    assert_eq!(notes.len(), 1, "{notes:?}");
    for (name, value) in
        [("what", json!("sent")), ("id", json!(id(1))), ("segment", json!(flood)), ("repeat", json!(1))]
    {
        assert_eq!(notes[0][name], value, "{notes:?}");
    }
}

#[test]
fn the_same_id_is_heard_once_even_outside_every_window_and_after_a_restart() {
    let mut station = Station::start(Heard::Captured, "");
    let zone =
        |name: &str| id_of(&station.scheduler().post("/zones", &json!({ "name": name })).expect(201).json());
    let mut zones = [zone("Thôn Đông"), zone("Thôn Tây")];
    zones.sort();
    let flood = segment(&station, "Xả lũ", &sound::tone(1, 1.5));
    assert_eq!(station.operator().get("/status").expect(200).json()["windows"], 0);
    let mut wanted = body(1, &flood);
    wanted["test"] = json!(true);
    send(&station, &wanted).expect(201);
    let again = send(&station, &wanted).expect(200).json();
    assert_eq!(again["id"], id(1));
    let aired = wait_for_state(&station, 1, "aired");
    assert_eq!(aired["airings"][0]["title"], "Diễn tập: Xả lũ", "an exercise says so");
    assert_eq!(aired["airings"][0]["zones"], json!(zones), "no zone named means all");
    assert_eq!(send(&station, &wanted).expect(200).json(), aired);
    // the order in which zones are named says nothing; anything else does
    for (field, value) in [
        ("repeat", json!(2)),
        ("test", json!(false)),
        ("zones", json!([zones[0]])),
        ("expires", json!(in_seconds(900).to_string())),
    ] {
        let mut other = wanted.clone();
        other[field] = value;
        let problem = send(&station, &other).refuses(field, 409, "emergency_differs");
        assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10), "{problem}");
    }
    let named = json!({ "id": id(2), "segment": flood, "expires": wanted["expires"], "zones": [zones[1], zones[0], zones[1]] });
    send(&station, &named).expect(201);
    let mut turned = named.clone();
    turned["zones"] = json!(zones);
    send(&station, &turned).expect(200);
    wait_for_state(&station, 2, "aired");
    station.kill();
    station.start_again();
    assert_eq!(send(&station, &wanted).expect(200).json()["state"], "aired");
    let listed = station.auditor().get("/emergency?limit=1").expect(200).json();
    assert_eq!(listed["items"][0]["id"], id(2), "the newest first");
    let next = listed["next"].as_str().unwrap();
    let rest = station.auditor().get(&format!("/emergency?limit=1&cursor={next}")).expect(200).json();
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(id(1)), &Value::Null));
    // a third one is heard after the others had every chance to be
    send(&station, &body(3, &segment(&station, "Hết lũ", &sound::tone(2, 1.0)))).expect(201);
    wait_for_state(&station, 3, "aired");
    let sounds = station.heard();
    assert_eq!(sound::find(&sounds, &prepared(&station, &flood)).len(), 2, "once for each id");
    assert_eq!(station.airings("").len(), 3);
}

#[test]
fn it_is_repeated_as_often_as_asked_each_time_with_a_row() {
    let station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::tone(1, 1.0));
    let mut wanted = body(1, &flood);
    wanted["repeat"] = json!(3);
    send(&station, &wanted).expect(201);
    wait_for_state(&station, 1, "aired");
    let rows = rows(&station, 1);
    assert_eq!(rows.len(), 3, "{rows:?}");
    for (row, number) in rows.iter().zip(["1", "2", "3"]) {
        assert_row(row, &key(1, number), "aired", None);
        assert!((number_of(&row["seconds_aired"]) - 1.0).abs() < 0.05, "{row}");
    }
    for pair in rows.windows(2) {
        assert!(time_of(&pair[0]["ended"]) <= time_of(&pair[1]["started"]), "{pair:?}");
    }
    assert_eq!(sound::find(&station.heard(), &prepared(&station, &flood)).len(), 3);
}

#[test]
fn what_a_power_cut_took_is_heard_again() {
    let mut station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::chirp(RATE, 1, 8.0));
    let mut wanted = body(1, &flood);
    wanted["repeat"] = json!(2);
    send(&station, &wanted).expect(201);
    station.wait_until_heard(&flood, 2.0, BOUND);
    station.kill();
    station.start_again();
    let aired = wait_for("both times to be heard", BOUND, || {
        let rows = rows(&station, 1);
        (rows.iter().filter(|row| row["outcome"] == "aired").count() == 2).then_some(rows)
    });
    let slots: Vec<&str> = aired.iter().map(|row| row["slot"].as_str().unwrap()).collect();
    assert_eq!(slots, [key(1, "1"), key(1, "1+1"), key(1, "2"), key(1, "2+1")]);
    assert_row(&aired[0], &key(1, "1"), "partial", Some("interrupted"));
    assert!(number_of(&aired[0]["seconds_aired"]) >= 1.0, "{}", aired[0]);
    // it waited behind the first, and nothing of it had been heard
    assert_row(&aired[2], &key(1, "2"), "missed", Some("station_off"));
    for row in [&aired[1], &aired[3]] {
        assert!((number_of(&row["seconds_aired"]) - 8.0).abs() < 0.05, "from its beginning: {row}");
    }
    assert_eq!(sound::find(&station.heard(), &prepared(&station, &flood)).len(), 2);
    // nothing is owed any more
    station.kill();
    station.start_again();
    send(&station, &body(2, &segment(&station, "Hết lũ", &sound::tone(2, 1.0)))).expect(201);
    wait_for_state(&station, 2, "aired");
    assert_eq!(rows(&station, 1).len(), 4);
}

#[test]
fn what_is_taken_back_falls_silent_and_stays_so() {
    let mut station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::chirp(RATE, 1, 30.0));
    let mut wanted = body(1, &flood);
    wanted["repeat"] = json!(2);
    send(&station, &wanted).expect(201);
    station.wait_until_heard(&flood, 1.0, BOUND);
    let path = format!("/emergency/{}", id(1));
    delete(&station.auditor(), &path).refuses("an auditor takes it back", 403, "missing_scope");
    let back = delete(&station.operator(), &path).expect(200).json();
    assert_eq!((&back["state"], &back["withdrawn_by"]), (&json!("withdrawn"), &json!("operator")), "{back}");
    let rows = wait_for("both rows", BOUND, || Some(rows(&station, 1)).filter(|rows| rows.len() == 2));
    assert_row(&rows[0], &key(1, "1"), "partial", Some("emergency_withdrawn"));
    assert_row(&rows[1], &key(1, "2"), "suppressed", Some("emergency_withdrawn"));
    let counted = number_of(&rows[0]["seconds_aired"]);
    let lasted =
        SignedDuration::as_secs_f64(&time_of(&rows[0]["ended"]).duration_since(time_of(&rows[0]["started"])));
    assert!((0.9..29.0).contains(&counted) && (lasted - counted).abs() < 0.3, "{}", rows[0]);
    let heard = |station: &Station| station.heard().iter().filter(|sample| **sample != 0).count();
    let captured = heard(&station);
    assert!((captured as f64 / f64::from(RATE) - counted).abs() < 0.3, "{captured} samples: {}", rows[0]);
    // saying it again changes nothing, and neither do a repeated request and a restart
    delete(&station.operator(), &path).expect(200);
    assert_eq!(send(&station, &wanted).expect(200).json()["state"], "withdrawn");
    station.kill();
    station.start_again();
    let short = segment(&station, "Hết lũ", &sound::tone(2, 1.0));
    send(&station, &body(2, &short)).expect(201);
    wait_for_state(&station, 2, "aired");
    // what is over is left as it is
    assert_eq!(
        delete(&station.operator(), &format!("/emergency/{}", id(2))).expect(200).json()["state"],
        "aired"
    );
    let after = heard(&station) - captured;
    assert!((after as f64 / f64::from(RATE) - 1.0).abs() < 0.1, "{after} samples after it was taken back");
    let notes: Vec<Value> = notes(&station).into_iter().map(|note| note["what"].clone()).collect();
    assert_eq!(notes, ["sent", "withdrawn", "sent"]);
    delete(&station.operator(), &format!("/emergency/{}", id(9))).refuses("nothing", 404, "not_found");
    station.operator().get("/emergency/nonsense").refuses("nonsense", 404, "not_found");
}

#[test]
fn a_recording_that_loses_its_approval_falls_silent() {
    let station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::chirp(RATE, 1, 30.0));
    send(&station, &body(1, &flood)).expect(201);
    station.wait_until_heard(&flood, 1.0, BOUND);
    delete(&station.approver(), &format!("/segments/{flood}")).expect(200);
    let rows = wait_for("its row", BOUND, || Some(rows(&station, 1)).filter(|rows| !rows.is_empty()));
    assert_row(&rows[0], &key(1, "1"), "partial", Some("emergency_withdrawn"));
    assert_eq!(look(&station, 1)["state"], "over");
}

#[test]
fn what_expires_while_another_sounds_is_missed() {
    let station = Station::start(Heard::ByNobody, "");
    let long = segment(&station, "Xả lũ", &sound::tone(1, 60.0));
    let short = segment(&station, "Sạt lở", &sound::tone(2, 1.0));
    send(&station, &body(1, &long)).expect(201);
    station.wait_until_heard(&long, 0.1, BOUND);
    let mut soon = body(2, &short);
    soon["expires"] = json!(in_seconds(9).to_string());
    send(&station, &soon).expect(201);
    wait_for_state(&station, 2, "over");
    let rows = wait_for("its row", BOUND, || Some(rows(&station, 2)).filter(|rows| !rows.is_empty()));
    assert_row(&rows[0], &key(2, "1"), "missed", Some("emergency_expired"));
    assert_eq!(number_of(&rows[0]["seconds_aired"]), 0.0);
    assert_eq!(look(&station, 1)["state"], "on_air", "the other one goes on");
}

#[test]
fn a_stopped_station_says_so_and_is_not_surprised_later() {
    let station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::chirp(RATE, 1, 30.0));
    send(&station, &body(1, &flood)).expect(201);
    station.wait_until_heard(&flood, 1.0, BOUND);
    station.operator().post("/stop", &json!({})).expect(200);
    let problem = send(&station, &body(2, &flood)).refuses("a stopped station", 409, "station_stopped");
    for words in [&problem["detail"], &problem["detail_vi"]] {
        let words = words.as_str().unwrap();
        assert!(words.contains("operator") && words.contains("resume"), "who, and what to do: {problem}");
    }
    station.operator().get(&format!("/emergency/{}", id(2))).refuses("nothing is kept", 404, "not_found");
    let rows = wait_for("its row", BOUND, || Some(rows(&station, 1)).filter(|rows| !rows.is_empty()));
    assert_row(&rows[0], &key(1, "1"), "partial", Some("local_stop"));
    // a station that was released takes emergencies at once, and the one that was stopped does not come back
    station.operator().post("/resume", &json!({})).expect(200);
    send(&station, &body(2, &segment(&station, "Hết lũ", &sound::tone(2, 1.0)))).expect(201);
    wait_for_state(&station, 2, "aired");
    assert_eq!(station.airings("").len(), 2);
}

#[test]
fn what_may_not_be_sent_is_refused_and_leaves_nothing() {
    let station = Station::start(Heard::Captured, "");
    let good = segment(&station, "Xả lũ", &sound::tone(1, 1.0));
    let normal = station.push_and_approve("Tin thường", &sound::tone(2, 1.0));
    let rejected = {
        let words = json!({ "title": "Từ chối", "class": "emergency" });
        let id = id_of(&push(&station.uploader(), &words, &sound::tone(4, 1.0)).expect(201).json());
        decide(&station.approver(), &id, "reject").expect(200);
        id
    };
    let withdrawn = segment(&station, "Đã gỡ", &sound::tone(5, 1.0));
    delete(&station.approver(), &format!("/segments/{withdrawn}")).expect(200);
    let dated = |title: &str, field: &str, day: &str, number: u32| {
        let words = json!({ "title": title, "class": "emergency", field: day });
        let id = id_of(&push(&station.uploader(), &words, &sound::tone(number, 1.0)).expect(201).json());
        station.approve(&id);
        id
    };
    let old = dated("Hết hạn", "valid_until", "2020-01-01", 6);
    let early = dated("Chưa đến hạn", "valid_from", "2100-01-01", 7);
    let nobody = "01890000-0000-7000-8000-999999999999";
    let at = |ahead: SignedDuration| json!((now() + ahead).to_string());

    let check = |field: &str, value: Value, status: u16, code: &str| {
        let mut wanted = body(1, &good);
        wanted[field] = value;
        let problem = send(&station, &wanted).refuses(&format!("{field}: {wanted}"), status, code);
        if status != 400 && !["bad_field", "unknown_field"].contains(&code) {
            assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10), "{problem}");
        }
    };
    check("segment", json!(nobody), 422, "unknown_segment");
    check("segment", json!(normal), 422, "not_emergency_class");
    check("segment", json!(rejected), 409, "rejected");
    check("segment", json!(withdrawn), 409, "withdrawn");
    check("segment", json!(old), 409, "expired");
    check("segment", json!(early), 409, "not_yet_valid");
    check("zones", json!([nobody]), 422, "unknown_zone");
    check("expires", at(SignedDuration::from_secs(-1)), 422, "expires_past");
    check("expires", at(SignedDuration::from_hours(25)), 422, "expires_too_far");
    check("repeat", json!(0), 422, "bad_repeat");
    check("repeat", json!(11), 422, "bad_repeat");
    check("repeat", json!(-1), 422, "bad_field");
    check("id", json!("lũ"), 422, "bad_field");
    check("expires", json!("mai"), 422, "bad_field");
    check("volume", json!(11), 422, "unknown_field");
    let missing = json!({ "id": id(1), "segment": good });
    send(&station, &missing).refuses("no expiry", 422, "bad_field");
    station.operator().send("POST", "/emergency", &[], Body::Whole(b"{")).refuses("no JSON", 400, "bad_json");
    for (who, client) in [
        ("an uploader", station.uploader()),
        ("a scheduler", station.scheduler()),
        ("an approver", station.approver()),
        ("an auditor", station.auditor()),
    ] {
        client.post("/emergency", &body(1, &good)).refuses(who, 403, "missing_scope");
    }
    station.uploader().get("/emergency").refuses("an uploader looks", 403, "missing_scope");
    station.stranger().post("/emergency", &body(1, &good)).refuses("nobody", 401, "unauthenticated");

    // what is right is heard, and nothing of the rest was kept
    send(&station, &body(2, &good)).expect(201);
    wait_for_state(&station, 2, "aired");
    let all = station.auditor().get("/emergency").expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    assert_eq!(station.airings("").len(), 1);
    assert_eq!(notes(&station).len(), 1);
    let sounds = station.heard();
    assert_eq!(sound::find(&sounds, &prepared(&station, &good)).len(), 1);
    let heard = sounds.iter().filter(|sample| **sample != 0).count() as f64 / f64::from(RATE);
    assert!(heard < 1.1, "nothing else was heard, {heard} s");
}

#[test]
fn what_expired_while_the_station_was_off_is_not_heard_and_not_forgotten() {
    let mut station = Station::start(Heard::Captured, "");
    let flood = segment(&station, "Xả lũ", &sound::chirp(RATE, 1, 30.0));
    let expires = in_seconds(12);
    let mut wanted = body(1, &flood);
    wanted["expires"] = json!(expires.to_string());
    send(&station, &wanted).expect(201);
    station.wait_until_heard(&flood, 1.0, BOUND);
    station.kill();
    crate::time::pause(crate::time::until(expires + 1.second()));
    station.start_again();
    let cut = rows(&station, 1);
    assert_eq!(cut.len(), 1, "{cut:?}");
    assert_row(&cut[0], &key(1, "1"), "partial", Some("interrupted"));
    assert_eq!(look(&station, 1)["state"], "over");
    let before = station.heard().len();
    let short = segment(&station, "Hết lũ", &sound::tone(2, 1.0));
    send(&station, &body(2, &short)).expect(201);
    wait_for_state(&station, 2, "aired");
    let heard = station.heard();
    assert_eq!(sound::find(&heard[before..], &prepared(&station, &short)).len(), 1);
    let after = heard[before..].iter().filter(|sample| **sample != 0).count() as f64 / f64::from(RATE);
    assert!(after < 1.1, "the one that expired was not heard again, {after} s");
    assert_eq!(rows(&station, 1), cut);
}
