//! A written text is read by a voice, and what comes of it goes the way of every recording.

use crate::http::Client;
use crate::station::{Heard, Station, decide, id_of, number_of};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::time::Duration;

/// Of a few words, on a slow machine with much else to do.
const READ_WITHIN: Duration = Duration::from_secs(180);
/// How long an outcome may take after it is due, on a busy machine.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);
const TEXT: &str = "UBND xã thông báo:\nsáng 20/11/2026 họp lúc 7h30.";
const READ_AS: &str = "Ủy ban nhân dân xã thông báo:\nsáng ngày 20 tháng 11 năm 2026 họp lúc 7 giờ 30 phút.";

/// A station whose voice is a shell: which language is read decides what it does.
fn with_voice(script: &str, voices: &[&str], more: &str) -> Station {
    let mut station = Station::configured(Heard::ByNobody, "max_upload_mib = 1");
    let voices: Vec<String> = voices.iter().map(|voice| format!("{voice} = \"{voice}\"")).collect();
    let command = json!(["/bin/sh", "-c", script, "voice", "{voice}"]);
    let speech = format!(
        "[speech]\ncommand = {command}\nvoices = {{ {} }}\nstarts = [\"/bin\", \"/usr/bin\"]\n{more}\n",
        voices.join(", ")
    );
    let text = std::fs::read_to_string(station.configuration()).unwrap();
    std::fs::write(station.configuration(), text + &speech).unwrap();
    station.begin();
    station
}

fn say(client: &Client, text: &str, language: &str) -> crate::http::Answer {
    client.post("/spoken", &json!({ "text": text, "title": "Thông báo", "language": language }))
}

fn inspected(station: &Station, id: &str) -> Value {
    wait_for("the inspection", READ_WITHIN, || {
        let segment = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
        (!["received", "inspecting"].map(Value::from).contains(&segment["state"])).then_some(segment)
    })
}

#[test]
fn a_written_text_is_read_approved_by_another_and_heard() {
    let station = Station::open(Heard::Captured);
    let speech = station.operator().get("/status").expect(200).json()["speech"].clone();
    assert_eq!(speech["available"], true, "the tests need it: apt-get install espeak-ng: {speech}");
    assert_eq!((&speech["languages"], &speech["max_characters"]), (&json!(["en", "vi"]), &json!(10_000)));
    let draft = json!({
        "text": format!("  {}\r\n", TEXT.replace('\n', "\r\n")), "title": "Mời họp", "class": "priority", "source": "Văn phòng",
        "valid_until": "2030-01-01", "external_id": "cv-7",
    });
    let key = [("idempotency-key", "mot-lan")];
    let answer = station.uploader().json("POST", "/spoken", &key, &draft).expect(201);
    let id = id_of(&answer.json());
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/segments/{id}")));
    assert_eq!(answer.json()["spoken"]["text"], TEXT);
    let again = station.uploader().json("POST", "/spoken", &key, &draft).expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(id_of(&again.json()), id);

    let segment = inspected(&station, &id);
    assert_eq!(segment["state"], "awaiting_approval", "{segment}");
    let seconds = number_of(&segment["duration"]);
    assert!((3.0..20.0).contains(&seconds), "{segment}");
    let spoken = &segment["spoken"];
    assert_eq!((&spoken["text"], &spoken["read_as"]), (&json!(TEXT), &json!(READ_AS)), "{spoken}");
    assert_eq!(
        (&spoken["program"], &spoken["voice"], &spoken["speed"]),
        (&json!("espeak-ng"), &json!("vi"), &json!(150)),
        "{spoken}"
    );
    assert_eq!(
        (&segment["class"], &segment["source"], &segment["external_id"], &segment["language"]),
        (&json!("priority"), &json!("Văn phòng"), &json!("cv-7"), &json!("vi"))
    );
    let list = station.auditor().get("/segments").expect(200).json();
    assert_eq!(list["items"][0]["spoken"], Value::Null, "a text is not sent with every list");

    // the same text under the same words is the same segment; another text is another one, whatever is heard
    assert_eq!(id_of(&station.uploader().post("/spoken", &draft).expect(200).json()), id);
    let mut corrected = draft.clone();
    corrected["text"] = json!(READ_AS);
    let other = id_of(&station.uploader().post("/spoken", &corrected).expect(201).json());
    let other = inspected(&station, &other);
    assert_eq!((&other["sha256"], &other["spoken"]["read_as"]), (&segment["sha256"], &Value::Null));
    assert_ne!(other["approval_digest"], segment["approval_digest"], "what people read is approved too");
    station
        .uploader()
        .send("DELETE", &format!("/segments/{}", id_of(&other)), &[], crate::http::Body::None)
        .expect(200);

    // a change keeps the text and asks again
    let tag = format!(
        "\"{}\"",
        station
            .auditor()
            .get(&format!("/segments/{id}"))
            .expect(200)
            .header("etag")
            .unwrap()
            .trim_matches('"')
    );
    let title = json!({ "title": "Mời họp dân" });
    station.uploader().json("PATCH", &format!("/segments/{id}"), &[("if-match", &tag)], &title).expect(200);
    let segment = inspected(&station, &id);
    assert_eq!(segment["spoken"]["text"], TEXT);

    decide(&station.with(&station.people.both), &id, "approve").expect(200);
    let at = in_seconds(5);
    let programme = station.programme_at("Sáng", &[&id], &[at]);
    let rows = station.outcomes(&programme, 1, WRITTEN_WITHIN);
    assert_eq!(rows[0]["outcome"], "aired", "{rows:?}");
    let loud = station.heard().iter().filter(|sample| sample.unsigned_abs() > 1_000).count();
    assert!(loud > 10_000, "something was heard: {loud} samples");
}

#[test]
fn whoever_wrote_it_does_not_approve_it() {
    let station = Station::start(Heard::ByNobody, "");
    let both = station.with(&station.people.both);
    let id = id_of(&say(&both, "Xin chào.", "vi").expect(201).json());
    assert_eq!(inspected(&station, &id)["state"], "awaiting_approval");
    decide(&both, &id, "approve").refuses("its writer", 403, "own_upload");
    decide(&station.approver(), &id, "approve").expect(200);
    say(&station.approver(), "Xin chào.", "vi").refuses("an approver", 403, "missing_scope");
    say(&station.stranger(), "Xin chào.", "vi").refuses("a stranger", 401, "unauthenticated");
}

/// Each of these languages does something else; nothing of it stays.
fn leaves_nothing(seconds: u64, cases: &[(&str, &str, u16, &str)]) {
    const SCRIPT: &str = "case $1 in aa) exec sleep 100000;; bb) exec cat /dev/zero;; cc) exit 3;; dd) echo junk;; \
        ee) printf 'RIFF\\377\\377\\377\\377WAVEjunk and junk';; ff) ;; gg) sleep 100000 & exit 1;; esac";
    let voices = ["aa", "bb", "cc", "dd", "ee", "ff", "gg"];
    let station = with_voice(SCRIPT, &voices, &format!("seconds = {seconds}"));
    let before = station.keeps();
    for (what, language, status, code) in cases {
        let problem = say(&station.uploader(), "Một bản tin", language).refuses(what, *status, code);
        assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10), "{what}: {problem}");
        // what an inspection leaves is cleared a moment after its answer
        wait_for(what, WRITTEN_WITHIN, || (station.keeps() == before).then_some(()));
        assert!(station.healthy(), "{what}");
    }
}

#[test]
fn a_voice_that_hangs_is_ended() {
    leaves_nothing(1, &[("it hangs", "aa", 503, "speech_timeout")]);
}

#[test]
fn a_voice_that_floods_crashes_or_prints_junk_leaves_nothing() {
    let cases = [
        ("it floods", "bb", 413, "too_large"),
        ("it crashes", "cc", 503, "speech_failed"),
        ("it prints junk", "dd", 503, "speech_failed"),
        ("it prints what only looks like a recording", "ee", 422, "speech_unusable"),
        ("it prints nothing", "ff", 503, "speech_failed"),
        ("it leaves something running", "gg", 503, "speech_failed"),
        ("there is none", "hh", 422, "no_voice"),
    ];
    leaves_nothing(600, &cases);
}

#[test]
fn what_cannot_be_read_is_refused_before_the_voice_is_started() {
    let station = with_voice("exit 3", &["vi"], "");
    let check = |what: &str, change: Value, status: u16, code: &str| {
        let mut draft = json!({ "text": "Xin chào", "title": "Thông báo" });
        for (key, value) in change.as_object().unwrap() {
            draft[key] = value.clone();
        }
        station.uploader().post("/spoken", &draft).refuses(what, status, code);
    };
    check("no text", json!({ "text": "" }), 422, "text_empty");
    check("no letter", json!({ "text": "… !" }), 422, "text_empty");
    check("a bell", json!({ "text": "a\u{7}" }), 422, "text_unreadable");
    check("too much", json!({ "text": "ố".repeat(10_001) }), 422, "text_too_long");
    check("no title", json!({ "title": " " }), 422, "bad_name");
    check("a bad language", json!({ "language": "-v x" }), 422, "bad_language");
    check("a voice of one's own", json!({ "voice": "x" }), 422, "unknown_field");
    check("a bad date", json!({ "valid_from": "soon" }), 422, "bad_field");
    // this one gets as far as the voice
    check("all is well", json!({ "text": "ố".repeat(10_000), "language": "vi-VN" }), 503, "speech_failed");
}

#[test]
fn a_station_without_a_voice_says_so_and_what_to_do() {
    let mut station = Station::configured(Heard::ByNobody, "[speech]\ncommand = [\"no-such-voice\"]");
    station.begin();
    let speech = station.operator().get("/status").expect(200).json()["speech"].clone();
    assert_eq!((&speech["available"], &speech["languages"]), (&json!(false), &json!([])));
    assert!(
        speech["reason"].as_str().is_some_and(|why| why.contains("apt-get install espeak-ng")),
        "{speech}"
    );
    assert!(speech["reason_vi"].as_str().is_some_and(|why| why.contains("espeak-ng")), "{speech}");
    let problem = say(&station.uploader(), "Xin chào", "vi").refuses("no voice", 503, "speech_unavailable");
    assert_eq!(problem["detail_vi"], speech["reason_vi"]);
}
