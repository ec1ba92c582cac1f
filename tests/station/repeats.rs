//! A request that is repeated with its `Idempotency-Key` changes nothing twice.

use crate::http::{Answer, Body, Client, multipart};
use crate::sound;
use crate::station::{Heard, Station, id_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

fn make(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    client.json("POST", path, &[("idempotency-key", key)], body)
}

fn count(station: &Station, path: &str) -> usize {
    let page = station.scheduler().get(path).expect(200).json();
    page["items"].as_array().unwrap().len()
}

#[test]
fn a_repeated_request_gets_the_answer_that_was_given() {
    let mut station = Station::start(Heard::ByNobody, "");
    let scheduler = station.scheduler();
    let zone = json!({ "name": "Thôn Đông" });
    let first = make(&scheduler, "/zones", "a-key", &zone).expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    for _ in 0..2 {
        let again = make(&scheduler, "/zones", "a-key", &zone).expect(201);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(count(&station, "/zones"), 1);

    // for another path it is another request
    make(&scheduler, "/windows", "a-key", &json!({})).refuses(
        "the key of another request",
        422,
        "idempotency_key_reused",
    );
    // for somebody else it is another key
    let (other, _) = station.token("khác", &["schedule:write"]);
    make(&station.with(&other), "/zones", "a-key", &json!({ "name": "Thôn Tây" })).expect(201);
    // a refusal is not kept: corrected, the same key may be tried again
    make(&scheduler, "/zones", "b-key", &json!({ "name": "" })).refuses("no name", 422, "bad_name");
    make(&scheduler, "/zones", "b-key", &json!({ "name": "Thôn Nam" })).expect(201);
    make(&scheduler, "/zones", &"k".repeat(201), &json!({ "name": "Thôn Bắc" })).refuses(
        "a long key",
        400,
        "bad_idempotency_key",
    );
    assert_eq!(count(&station, "/zones"), 3);

    // it outlives a power cut
    station.kill();
    station.start_again();
    let again = make(&station.scheduler(), "/zones", "a-key", &zone).expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(count(&station, "/zones"), 3);
}

#[test]
fn a_repeated_upload_is_one_segment() {
    let station = Station::start(Heard::ByNobody, "");
    let (kind, body) = multipart(&[
        ("meta", None, r#"{"title":"Tải hai lần"}"#.as_bytes()),
        ("audio", Some("a.wav"), &sound::tone(1, 0.5)),
    ]);
    let headers = [("content-type", kind.as_str()), ("idempotency-key", "upload-1")];
    let send = || station.uploader().send("POST", "/segments", &headers, Body::Whole(&body)).expect(201);
    let (first, again) = (send(), send());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.body, again.body);
    assert_eq!(count(&station, "/segments"), 1);
}

/// A client that lost its patience asks again while the first request is still at work.
#[test]
fn the_same_key_at_the_same_time_makes_one_object() {
    let station = Station::start(Heard::ByNobody, "");
    let segment = station.push_and_approve("Bản tin", &sound::tone(2, 0.5));
    let scheduler = station.scheduler();
    let programme = json!({ "name": "Cùng lúc", "segments": [segment], "cron": "0 0 17 * * *" });
    for round in 0..10 {
        let key = format!("round-{round}");
        let ids: BTreeSet<String> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| make(&scheduler, "/programmes", &key, &programme))).collect();
            let answers = threads.into_iter().map(|thread| thread.join().unwrap());
            answers.map(|answer| id_of(&answer.expect(201).json())).collect()
        });
        assert_eq!(ids.len(), 1, "round {round} made {ids:?}");
        assert_eq!(count(&station, "/programmes"), round + 1);
    }
}

/// A client whose line broke before the answer asks again with the same key.
#[test]
fn a_key_whose_first_answer_nobody_saw_makes_one_object() {
    let station = Station::start(Heard::ByNobody, "");
    let scheduler = station.scheduler();
    for round in 0..20_usize {
        let key = format!("lost-{round}");
        let zone = json!({ "name": format!("Thôn {round}") });
        let body = zone.to_string();
        let headers = [("idempotency-key", key.as_str())];
        let mut stream = scheduler.open("POST", "/zones", &headers, &Body::Whole(body.as_bytes())).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        crate::time::pause(Duration::from_millis(round as u64 / 2));
        drop(stream);
        make(&scheduler, "/zones", &key, &zone).expect(201);
        assert_eq!(count(&station, "/zones"), round + 1);
    }
}
