//! Who pushed a recording never decides on it; what is pushed twice is kept once.

use crate::sound;
use crate::station::{Heard, Station, decide, id_of, push};
use serde_json::{Value, json};

fn originals(station: &Station) -> usize {
    std::fs::read_dir(station.data().join("originals")).unwrap().count()
}

#[test]
fn nobody_approves_what_they_pushed() {
    let station = Station::start(Heard::ByNobody, "");
    let people = &station.people;
    let both = station.with(&people.both);
    let audio = sound::tone(1, 0.5);
    let words = json!({ "title": "Bốn mắt", "language": "tyz", "external_id": "42" });

    let own = id_of(&push(&both, &words, &audio).expect(201).json());
    decide(&both, &own, "approve").refuses("one's own upload", 403, "own_upload");
    decide(&both, &own, "reject").refuses("one's own upload", 403, "own_upload");

    // another one pushes it first, and the one who may approve pushes the very same thing too
    let other = json!({ "title": "Bốn mắt nữa" });
    let first = push(&station.uploader(), &other, &audio).expect(201).json();
    let second = push(&both, &other, &audio).expect(200).json();
    assert_eq!(first["id"], second["id"]);
    decide(&both, &id_of(&first), "approve").refuses("a second uploader", 403, "own_upload");

    for id in [own, id_of(&first)] {
        let seen = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
        assert_eq!(seen["state"], "awaiting_approval");
        assert_eq!(seen["approved_by"], Value::Null);
        station.approve(&id);
        let seen = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
        assert_eq!(seen["approved_by"], "approver");
        decide(&station.approver(), &id, "approve").refuses("twice", 409, "wrong_state");
    }

    // a decision that is none
    let id = station.push("Chờ duyệt", &sound::tone(2, 0.5));
    decide(&station.approver(), &id, "perhaps").refuses("no decision", 422, "bad_field");
    let nobody = "01890000-0000-7000-8000-000000000000";
    decide(&station.approver(), nobody, "approve").refuses("no segment", 404, "not_found");
    let rejected = decide(&station.approver(), &id, "reject").expect(200).json();
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(rejected["reason_code"], "rejected");
    decide(&station.approver(), &id, "approve").refuses("after a rejection", 409, "wrong_state");
}

#[test]
fn the_same_recording_is_kept_once() {
    let station = Station::start(Heard::ByNobody, "");
    let uploader = station.uploader();
    let second = station.with(&station.people.second_uploader);
    let audio = sound::tone(3, 0.7);
    let words = json!({ "title": "Một lần", "source": "huyện", "external_id": "7" });

    let first = push(&uploader, &words, &audio).expect(201);
    let first = (first.header("location").map(str::to_owned), first.json());
    for client in [&uploader, &second] {
        let again = push(client, &words, &audio).expect(200);
        assert_eq!(again.header("location").map(str::to_owned), first.0);
        assert_eq!(again.json()["id"], first.1["id"]);
        assert_eq!(again.json()["uploaded_by"], "uploader");
    }
    assert_eq!(originals(&station), 1);

    // other words, the same bytes: another segment, one original
    let mut other = words.clone();
    other["title"] = json!("Hai lần");
    let other = push(&second, &other, &audio).expect(201).json();
    assert_ne!(other["id"], first.1["id"]);
    assert_eq!(other["sha256"], first.1["sha256"]);
    assert_eq!(originals(&station), 1);
    let same = station
        .auditor()
        .get(&format!("/segments?sha256={}", first.1["sha256"].as_str().unwrap()))
        .expect(200)
        .json();
    assert_eq!(same["items"].as_array().unwrap().len(), 2);

    // each is decided on by itself, and withdrawing one leaves the other
    station.approve(&id_of(&first.1));
    let path = format!("/segments/{}", id_of(&first.1));
    let withdrawn = uploader.send("DELETE", &path, &[], crate::http::Body::None).expect(200).json();
    assert_eq!(withdrawn["state"], "withdrawn");
    station.approve(&id_of(&other));
    let sound = station.auditor().get(&format!("/segments/{}/audio", id_of(&other))).expect(200);
    assert_eq!(sound.body, audio);

    // what was withdrawn may be pushed anew, and must be approved anew
    let anew = push(&uploader, &words, &audio).expect(201).json();
    assert_ne!(anew["id"], first.1["id"]);
    assert_eq!(anew["state"], "awaiting_approval");
    assert_eq!(originals(&station), 1);
}

#[test]
fn the_same_recording_at_the_same_time_is_kept_once() {
    let station = Station::start(Heard::ByNobody, "");
    let audio = sound::tone(4, 2.0);
    let words = json!({ "title": "Cùng lúc" });
    let clients = [
        station.uploader(),
        station.with(&station.people.second_uploader),
        station.with(&station.people.both),
        station.uploader(),
    ];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            clients.iter().map(|client| scope.spawn(|| push(client, &words, &audio))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let known = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, known), (1, clients.len() - 1), "{answers:?}");
    let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| id_of(&answer.json())).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(originals(&station), 1);
    let id = ids.first().unwrap();
    decide(&clients[2], id, "approve").refuses("one of them", 403, "own_upload");
    station.approve(id);
}
