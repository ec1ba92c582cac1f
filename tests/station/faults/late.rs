//! The second person's word while the disk takes nothing: it is heard at once, and written down when the disk lets us.

use super::disk::{Disk, Library, Refusal};
use super::{SETTLED_WITHIN, captured, loud};
use crate::http::Client;
use crate::sound;
use crate::station::{Heard, PROGRAM, Station, id_of, push};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::process::Command;

fn id(number: u32) -> String {
    format!("01890000-0000-7000-8000-{number:012}")
}

/// Bodies of the log's rows about emergencies.
fn rows(station: &Station) -> Vec<Value> {
    let export = station.command(&["log", "export"]).stdout;
    let rows = String::from_utf8(export).unwrap();
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rows = rows.filter(|row| row["kind"] == "emergency");
    rows.map(|row| serde_json::from_str(row["body"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn an_emergency_is_confirmed_while_the_disk_takes_nothing() {
    let library = Library::build();
    let mut station = Station::open(Heard::Captured);
    let [first, second] = ["first", "second"].map(|name| station.token(name, &["emergency"]).0);
    let unapproved = |number: u32| {
        let words = json!({ "title": format!("Lũ {number}"), "class": "emergency" });
        let id = id_of(&push(&station.uploader(), &words, &sound::tone(number, 0.7)).expect(201).json());
        let path = format!("/segments/{id}/audio?form=prepared");
        (id, sound::samples(&station.auditor().get(&path).expect(200).body))
    };
    let clips = [1, 2].map(unapproved);
    assert_eq!(station.terminate().code(), Some(0));
    let disk = Disk::new(&library, station.home(), station.data());
    let mut serve = Command::new(PROGRAM);
    serve.arg("serve").arg("--config").arg(station.configuration());
    disk.under(&mut serve);
    station.run(serve);
    let [first, second] = [first, second].map(|token| station.with(&token));
    let send = |number: u32| {
        let segment = &clips[number as usize - 1].0;
        let wanted = json!({ "id": id(number), "segment": segment, "expires": in_seconds(600).to_string() });
        first.post("/emergency", &wanted).expect(202).json()
    };
    let confirm = |client: &Client, number: u32| {
        client.post(&format!("/emergency/{}/confirmation", id(number)), &json!({}))
    };
    let look = |number: u32| first.get(&format!("/emergency/{}", id(number))).expect(200).json();
    let waiting = || {
        let status = station.operator().get("/status").expect(200).json();
        status["awaiting_confirmation"].as_array().unwrap().len()
    };

    // one that was kept before, and one that is not kept either
    send(1);
    disk.refuse(1, u64::MAX, Refusal::Full);
    let sent = send(2);
    assert_eq!((&sent["kept"], &sent["state"]), (&json!(false), &json!("awaiting_confirmation")), "{sent}");
    assert_eq!(waiting(), 2);
    for number in [1, 2] {
        confirm(&first, number).refuses("who sent it", 403, "own_emergency");
        let before = loud(&station);
        let confirmed = confirm(&second, number).expect(202).json();
        assert_eq!(confirmed["confirmed_by"], "second", "{confirmed}");
        wait_for("it to be heard", SETTLED_WITHIN, || {
            let heard = loud(&station).saturating_sub(before) > clips[number as usize - 1].1.len() / 2;
            let status = station.operator().get("/status").expect(200).json();
            (heard && status["emergency"] == json!([])).then_some(())
        });
        // once more changes nothing
        assert_eq!(confirm(&second, number).expect(200).json()["confirmed_by"], "second");
    }
    assert_eq!(waiting(), 0);
    assert_eq!(rows(&station).len(), 1, "only the first was kept");

    disk.heal();
    for number in [1, 2] {
        let seen = wait_for("it to be written down", SETTLED_WITHIN, || {
            Some(look(number)).filter(|seen| seen["state"] == "aired" && seen["kept"] == true)
        });
        assert_eq!(seen["confirmed_by"], "second", "{seen}");
        assert_eq!(seen["airings"].as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(seen["airings"][0]["approved_by"], "first, second", "{seen}");
    }
    let told = || {
        let word = |row: &Value| format!("{} {}", row["what"].as_str().unwrap(), row["id"].as_str().unwrap());
        rows(&station).iter().map(word).collect::<Vec<_>>()
    };
    let expected = [(1, "sent"), (1, "confirmed"), (2, "sent"), (2, "confirmed")];
    for number in [1, 2] {
        let of: Vec<String> = told().into_iter().filter(|row| row.ends_with(&id(number))).collect();
        let wanted: Vec<String> = expected
            .iter()
            .filter(|(of, _)| *of == number)
            .map(|(of, what)| format!("{what} {}", id(*of)))
            .collect();
        assert_eq!(of, wanted);
    }
    assert_eq!(station.terminate().code(), Some(0));
    station.start_again();
    for (number, (_, samples)) in (1..).zip(&clips) {
        let seen = station.with(&station.people.auditor).get(&format!("/emergency/{}", id(number)));
        assert_eq!(seen.expect(200).json()["state"], "aired");
        assert!(sound::find(&captured(&station), samples).len() <= 1, "heard once");
    }
}
