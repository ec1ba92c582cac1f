//! What is wrong is refused with its own answer, and nothing is lost or left lying about.

use crate::http::{Body, Client, multipart, parse};
use crate::sound;
use crate::station::{Heard, Keeps, Station, decide, push, push_parts};
use crate::time::{in_seconds, wait_for};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::Duration;

/// A station with something on it that must survive whatever strangers send.
struct Furnished {
    station: Station,
    segment: String,
    window: String,
    programme: String,
    before: Keeps,
}

fn furnished() -> Furnished {
    let station = Station::start(Heard::ByNobody, "max_upload_mib = 1");
    let segment = station.push_and_approve("Bản tin có sẵn", &sound::tone(1, 1.0));
    let window = station.window("Sáng", &["mon"], "05:00", "05:30");
    let programme =
        station.programme(&json!({ "name": "Có sẵn", "segments": [segment], "cron": "0 0 5 * * Mon" }));
    let before = station.keeps();
    Furnished { station, segment, window, programme, before }
}

impl Furnished {
    /// Nothing came, nothing went, and the station answers.
    #[track_caller]
    fn nothing_changed(&self, what: &str) {
        // what an inspection leaves is cleared a moment after its answer, or after a connection broke
        let mut last = None;
        for _ in 0..250 {
            let keeps = self.station.keeps();
            if keeps == self.before {
                last = None;
                break;
            }
            last = Some(keeps);
            crate::time::pause(Duration::from_millis(20));
        }
        if let Some(keeps) = last {
            panic!("{what} changed the station\n from {:?}\n   to {keeps:?}", self.before);
        }
        assert!(self.station.healthy(), "the station answers after {what}");
    }
}

#[test]
fn what_is_no_recording_is_refused_and_leaves_nothing() {
    let furnished = furnished();
    let station = &furnished.station;
    let folder = station.home();
    let whole = sound::mp3(folder, &sound::chirp(44_100, 2, 3.0));
    let half = &whole[..whole.len() / 2];
    let wav = sound::chirp(48_000, 1, 3.0);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend((0..3_000_u32).map(|n| (n * 31 % 251) as u8));
    let text = "Kính thưa bà con, đây là một bức thư chứ không phải bản ghi.\n".repeat(40);
    let title = json!({ "title": "Không phải bản ghi" });
    let cases: [(&str, Vec<u8>, u16, &str); 6] = [
        ("a text", text.into_bytes(), 422, "not_audio"),
        ("a picture", png, 422, "not_audio"),
        ("half an MP3", half.to_vec(), 422, "truncated_audio"),
        ("half a WAV", wav[..wav.len() / 2].to_vec(), 422, "truncated_audio"),
        ("nothing", Vec::new(), 422, "empty_file"),
        ("a WAV header alone", wav[..44].to_vec(), 422, "no_sound"),
    ];
    for (what, bytes, status, code) in cases {
        let problem = push(&station.uploader(), &title, &bytes).refuses(what, status, code);
        assert!(
            problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10),
            "{what}: an officer is told too: {problem}"
        );
        furnished.nothing_changed(what);
    }
    // the same file under the right circumstances is taken
    assert_eq!(push(&station.uploader(), &title, &whole).status, 201);
}

#[test]
fn what_is_too_large_is_refused_with_and_without_a_length() {
    let furnished = furnished();
    let station = &furnished.station;
    let large = sound::tone(2, 12.0);
    assert!(large.len() > 1024 * 1024);
    let huge = vec![0x55; 3 * 1024 * 1024];
    for (what, bytes) in [("a little over the limit", &large), ("far over the limit", &huge)] {
        let (kind, body) = multipart(&[
            ("meta", None, r#"{"title":"Quá lớn"}"#.as_bytes()),
            ("audio", Some("a.wav"), bytes),
        ]);
        let headers = [("content-type", kind.as_str())];
        for (how, body) in
            [("with its length", Body::Whole(&body)), ("in chunks", Body::Chunked(&body, 8 * 1024))]
        {
            let answer = station.uploader().send("POST", "/segments", &headers, body);
            let what = format!("{what}, {how}");
            let problem = answer.refuses(&what, 413, "too_large");
            assert!(
                problem["detail"].as_str().unwrap().contains("1 MiB"),
                "{what}: the limit is named: {problem}"
            );
            furnished.nothing_changed(&what);
        }
    }
    let long = json!({ "name": "x".repeat(2 * 1024 * 1024) });
    station.scheduler().post("/zones", &long).refuses("a long body", 413, "too_large");
    let meta = json!({ "title": "x", "source": "x".repeat(70_000) });
    push(&station.uploader(), &meta, &sound::tone(3, 0.5)).refuses("a long meta", 413, "too_large");
    furnished.nothing_changed("long words");
}

#[test]
fn an_upload_that_is_cut_leaves_nothing() {
    let furnished = furnished();
    let uploader = furnished.station.uploader();
    let (kind, body) = multipart(&[
        ("meta", None, r#"{"title":"Bị ngắt"}"#.as_bytes()),
        ("audio", Some("a.wav"), &sound::tone(4, 5.0)),
    ]);
    let headers = [("content-type", kind.as_str())];
    for part in [0, 60, 200, 5_000, 100_000, body.len() - 3] {
        let mut stream = uploader.open("POST", "/segments", &headers, &Body::Whole(&body)).unwrap();
        stream.write_all(&body[..part]).unwrap();
        drop(stream);
        furnished.nothing_changed(&format!("an upload cut after {part} bytes"));
    }
    // the connection stays, and the body ends too early
    let unfinished = &body[..body.len() / 2];
    uploader.send("POST", "/segments", &headers, Body::Whole(unfinished)).refuses(
        "a body without its end",
        400,
        "upload_cut",
    );
    furnished.nothing_changed("a body without its end");
    let mut stream = uploader.open("POST", "/segments", &headers, &Body::Chunked(&body, 1)).unwrap();
    stream.write_all(b"400\r\n").unwrap();
    stream.write_all(&body[..700]).unwrap();
    drop(stream);
    furnished.nothing_changed("a chunk that was cut");
}

/// The other routes of a path refuse its method, and the answer is not theirs.
#[test]
fn a_body_that_breaks_off_is_called_that() {
    let station = Station::start(Heard::ByNobody, "");
    for (who, path) in [(station.stranger(), "/session"), (station.scheduler(), "/zones")] {
        let mut stream = who.open("POST", path, &[], &Body::Whole(&[b' '; 500])).unwrap();
        stream.write_all(b"{\"name\":").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).unwrap();
        parse(&raw).unwrap().refuses(path, 400, "upload_cut");
        // too large, and only seen to be so when it comes
        let large = vec![b' '; 1_100_000];
        who.send("POST", path, &[], Body::Chunked(&large, 60_000)).refuses(path, 413, "too_large");
    }
}

#[test]
fn what_is_sent_wrongly_is_told_apart() {
    let furnished = furnished();
    let station = &furnished.station;
    let uploader = station.uploader();
    let audio = sound::tone(5, 0.5);
    let meta = |meta: Value, code: &str| {
        push(&uploader, &meta, &audio).refuses(&meta.to_string(), 422, code);
    };
    meta(json!({ "title": "a", "colour": "red" }), "unknown_field");
    meta(json!({ "language": "vi" }), "bad_field");
    meta(json!({ "title": "" }), "bad_name");
    meta(json!({ "title": "a\u{7}" }), "bad_name");
    meta(json!({ "title": 7 }), "bad_field");
    meta(json!({ "title": "a", "class": "loud" }), "bad_field");
    meta(json!({ "title": "a", "language": "tiếng Việt" }), "bad_language");
    meta(json!({ "title": "a", "valid_from": "hôm nay" }), "bad_field");
    let words = br#"{"title":"a"}"#;
    let parts = |what: &str, parts: &[(&str, Option<&str>, &[u8])], status: u16, code: &str| {
        push_parts(&uploader, parts).refuses(what, status, code);
    };
    parts("no audio", &[("meta", None, words)], 422, "missing_part");
    parts("no meta", &[("audio", Some("a"), &audio)], 422, "missing_part");
    parts("broken meta", &[("meta", None, b"{\"title\":"), ("audio", Some("a"), &audio)], 400, "bad_json");
    parts(
        "audio before a broken meta",
        &[("audio", Some("a"), &audio), ("meta", None, b"title")],
        400,
        "bad_json",
    );
    parts(
        "a foreign part",
        &[("audio", Some("a"), &audio), ("meta", None, words), ("virus", None, b"x")],
        422,
        "unknown_field",
    );
    parts(
        "two recordings",
        &[("meta", None, words), ("audio", Some("a"), &audio), ("audio", Some("b"), &audio)],
        422,
        "unknown_field",
    );
    uploader.post("/segments", &json!({ "title": "a" })).refuses(
        "JSON instead of multipart",
        415,
        "not_multipart",
    );
    furnished.nothing_changed("uploads that were sent wrongly");
}

#[test]
fn schedules_that_cannot_be_obeyed_are_refused() {
    let furnished = furnished();
    let scheduler = furnished.station.scheduler();
    let segment = &furnished.segment;
    let soon = in_seconds(600).to_string();
    let nobody = "01890000-0000-7000-8000-000000000000";
    let programme = |change: Value, status: u16, code: &str| {
        let mut body = json!({ "name": "Thử", "segments": [segment], "cron": "0 0 17 * * *" });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
                value => body[name] = value.clone(),
            }
        }
        scheduler.post("/programmes", &body).refuses(&change.to_string(), status, code);
    };
    programme(json!({ "cron": "0 0 0 30 2 *" }), 422, "never_fires");
    programme(json!({ "cron": "0 0 17 * * * 2020" }), 422, "never_fires");
    programme(json!({ "cron": "every day" }), 422, "bad_cron");
    programme(json!({ "cron": "0 0 25 * * *" }), 422, "bad_cron");
    programme(json!({ "cron": "" }), 422, "bad_cron");
    programme(json!({ "at": [soon] }), 422, "cron_and_at");
    programme(json!({ "cron": null }), 422, "no_recurrence");
    programme(json!({ "cron": null, "at": [] }), 422, "bad_programme");
    programme(json!({ "cron": null, "at": ["2020-01-01T00:00:00Z"] }), 422, "bad_programme");
    programme(json!({ "cron": null, "at": ["17:00"] }), 422, "bad_field");
    programme(json!({ "class": "emergency" }), 422, "bad_programme");
    programme(json!({ "class": "loud" }), 422, "bad_field");
    programme(json!({ "segments": [nobody] }), 422, "unknown_segment");
    programme(json!({ "segments": [] }), 422, "bad_programme");
    programme(json!({ "segments": ["số 1"] }), 422, "bad_field");
    programme(json!({ "zones": [nobody] }), 422, "unknown_zone");
    programme(json!({ "colour": "red" }), 422, "unknown_field");
    programme(json!({ "name": "" }), 422, "bad_name");
    programme(json!({ "name": null }), 422, "bad_field");
    programme(json!({ "start_rule": { "kind": "wait_up_to", "minutes": 0 } }), 422, "bad_programme");
    programme(json!({ "gap_seconds": 601 }), 422, "bad_programme");
    programme(json!({ "opening": nobody }), 422, "unknown_segment");
    programme(json!({ "on_holidays": "sometimes" }), 422, "bad_field");
    programme(json!({}), 422, "outside_windows");
    programme(json!({ "valid_from": "2030-02-01", "valid_until": "2030-01-01" }), 422, "bad_programme");
    let window = |change: Value, code: &str| {
        let mut body = json!({ "name": "Thử", "days": ["mon"], "start": "17:00", "end": "17:30" });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        scheduler.post("/windows", &body).refuses(&change.to_string(), 422, code);
    };
    window(json!({ "days": ["Thứ hai"] }), "bad_field");
    window(json!({ "days": [] }), "bad_window");
    window(json!({ "start": "25:00" }), "bad_field");
    window(json!({ "start": "17:30" }), "bad_window");
    window(json!({ "colour": "red" }), "unknown_field");
    window(json!({ "limits": { "hours_per_day": 3 } }), "unknown_field");
    window(json!({ "volume_ceiling_db": 6 }), "bad_window");
    window(json!({ "zones": [nobody] }), "unknown_zone");
    let raw = |what: &str, path: &str, body: &[u8], status: u16, code: &str| {
        let headers = [("content-type", "application/json")];
        scheduler.send("POST", path, &headers, Body::Whole(body)).refuses(what, status, code);
    };
    raw("half a JSON", "/programmes", b"{\"name\":", 400, "bad_json");
    raw("no JSON", "/windows", b"name=a", 400, "bad_json");
    raw("no body", "/windows", b"", 400, "bad_json");
    raw("no text", "/zones", b"\xff\xfe{}", 400, "bad_json");
    furnished.nothing_changed("schedules that cannot be obeyed");
}

#[test]
fn changes_of_what_has_changed_are_refused() {
    let furnished = furnished();
    let scheduler = furnished.station.scheduler();
    let window = json!({ "name": "Sáng", "days": ["tue"], "start": "05:00", "end": "05:30" });
    let programme = json!({ "name": "Có sẵn", "segments": [furnished.segment], "cron": "0 0 6 * * Mon" });
    for (path, body) in [
        (format!("/windows/{}", furnished.window), window),
        (format!("/programmes/{}", furnished.programme), programme),
    ] {
        for method in ["PUT", "DELETE"] {
            let try_with = |headers: &[(&str, &str)], status: u16, code: &str| {
                let answer = match method {
                    "PUT" => scheduler.json(method, &path, headers, &body),
                    _ => scheduler.send(method, &path, headers, Body::None),
                };
                answer.refuses(&format!("{method} {path} {headers:?}"), status, code);
            };
            try_with(&[], 428, "if_match_required");
            try_with(&[("if-match", "\"7\"")], 412, "changed_meanwhile");
            try_with(&[("if-match", "nonsense")], 412, "changed_meanwhile");
        }
        furnished.nothing_changed("a change of another version");
    }
    // the right version is taken, once
    let path = format!("/windows/{}", furnished.window);
    let seen = scheduler.get(&path).expect(200);
    let tag = seen.header("etag").expect("an ETag").to_owned();
    let body = json!({ "name": "Chiều", "days": ["tue"], "start": "17:00", "end": "17:30" });
    let changed = scheduler.json("PUT", &path, &[("if-match", &tag)], &body).expect(200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    assert_eq!(scheduler.get(&path).expect(200).json()["name"], "Chiều");
    scheduler.json("PUT", &path, &[("if-match", &tag)], &body).refuses(
        "the version before",
        412,
        "changed_meanwhile",
    );
}

#[test]
fn paths_methods_and_parameters_that_are_none_are_named() {
    let furnished = furnished();
    let station = &furnished.station;
    let check = |client: &Client, method: &str, path: &str, status: u16, code: &str| {
        client.send(method, path, &[], Body::None).refuses(&format!("{method} {path}"), status, code);
    };
    let auditor = station.auditor();
    for path in ["/airings?colour=red", "/segments?colour=red", "/windows?colour=red", "/plan?days=3"] {
        check(&auditor, "GET", path, 400, "unknown_parameter");
    }
    for path in [
        "/airings?outcome=loud",
        "/airings?from=yesterday",
        "/airings?after_seq=x",
        "/airings?limit=0",
        "/airings?limit=1001",
        "/segments?state=loud",
        "/plan?from=2026-13-01",
        "/plan?from=2026-02-01&to=2026-01-01",
        "/plan?from=2026-01-01&to=2028-01-01",
    ] {
        check(&auditor, "GET", path, 400, "bad_parameter");
    }
    check(&auditor, "GET", "/nonsense", 404, "no_such_path");
    check(&auditor, "GET", "/segments/x/y/z", 404, "no_such_path");
    check(&auditor, "GET", "/segments/nonsense", 404, "not_found");
    check(&auditor, "GET", "/windows/01890000-0000-7000-8000-000000000000", 404, "not_found");
    check(&auditor, "DELETE", "/airings", 405, "method_not_allowed");
    check(&auditor, "PUT", "/plan", 405, "method_not_allowed");
    check(&auditor, "PATCH", "/windows", 405, "method_not_allowed");
    check(&auditor, "DELETE", "/status", 405, "method_not_allowed");
    for (path, methods) in [("/airings", "GET, HEAD"), ("/windows", "GET, POST, HEAD"), ("/stop", "POST")] {
        let refused = auditor.send("PATCH", path, &[], Body::None).expect(405);
        assert_eq!(refused.header("allow"), Some(methods), "{path}");
    }
    furnished.nothing_changed("paths that are none");
}

#[test]
fn who_may_not_is_refused_before_anything_is_read() {
    let furnished = furnished();
    let station = &furnished.station;
    let audio = sound::tone(6, 0.5);
    let title = json!({ "title": "Không được phép" });
    let good = &station.people.uploader;
    let mut wrong = good.clone();
    let last = if wrong.pop() == Some('a') { 'b' } else { 'a' };
    wrong.push(last);
    for (who, client) in [
        ("nobody", station.stranger()),
        ("a wrong token", station.with(&wrong)),
        ("half a token", station.with(&good[..good.len() / 2])),
        ("nonsense", station.with("nonsense")),
    ] {
        let answer = push(&client, &title, &audio);
        answer.refuses(who, 401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"loaxa\""), "{who}");
        client.get("/status").refuses(who, 401, "unauthenticated");
        client.get("/nonsense").refuses(who, 401, "unauthenticated");
        client.get("/health").expect(200);
    }
    let missing = |who: &str, answer: crate::http::Answer, scope: &str| {
        let problem = answer.refuses(who, 403, "missing_scope");
        assert!(problem["detail"].as_str().unwrap().contains(scope), "{who}: the scope is named: {problem}");
    };
    let auditor = station.auditor();
    missing("an auditor pushes", push(&auditor, &title, &audio), "segments:write");
    missing(
        "an uploader approves",
        decide(&station.uploader(), &furnished.segment, "approve"),
        "segments:approve",
    );
    missing("an approver plans", station.approver().post("/windows", &json!({})), "schedule:write");
    missing("a scheduler stops the station", station.scheduler().post("/stop", &json!({})), "emergency");
    missing("an uploader reads the log", station.uploader().get("/airings"), "airings:read");
    missing("an auditor asks for the status", auditor.get("/status"), "status:read");
    furnished.nothing_changed("people who may not");
}

#[test]
fn a_token_that_expired_opens_nothing() {
    let furnished = furnished();
    let station = &furnished.station;
    let (token, _) = station.token_for("một phút", &["segments:write", "status:read"], Some("1m"));
    let guest = station.with(&token);
    guest.get("/status").expect(200);
    wait_for("the token to expire", Duration::from_secs(75), || {
        (guest.get("/status").status == 401).then_some(())
    });
    guest.get("/status").refuses("expired", 401, "unauthenticated");
    push(&guest, &json!({ "title": "Hết hạn" }), &sound::tone(7, 0.5)).refuses(
        "expired",
        401,
        "unauthenticated",
    );
    furnished.nothing_changed("an expired token");
}

/// The same wrong bytes from two sides at once: both are told the truth.
#[test]
fn the_same_nonsense_at_the_same_time_is_refused_each_time() {
    let furnished = furnished();
    let station = &furnished.station;
    let bytes = "đây không phải là bản ghi ".repeat(2_000).into_bytes();
    let title = json!({ "title": "Cùng lúc" });
    let clients = [
        station.uploader(),
        station.with(&station.people.second_uploader),
        station.with(&station.people.both),
        station.uploader(),
    ];
    for _ in 0..5 {
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                clients.iter().map(|client| scope.spawn(|| push(client, &title, &bytes))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for answer in answers {
            answer.refuses("nonsense at the same time", 422, "not_audio");
        }
        furnished.nothing_changed("the same nonsense at the same time");
    }
}

/// Who goes away after the last byte does not see the answer; the station finishes all the same.
#[test]
fn an_upload_whose_sender_goes_away_is_brought_to_its_end() {
    let furnished = furnished();
    let station = &furnished.station;
    let uploader = station.uploader();
    for number in 0..12 {
        let title = format!("Không chờ {number}");
        let (kind, body) = multipart(&[
            ("meta", None, json!({ "title": title }).to_string().as_bytes()),
            ("audio", Some("a.wav"), &sound::tone(100 + number, 0.5)),
        ]);
        let headers = [("content-type", kind.as_str())];
        let mut stream = uploader.open("POST", "/segments", &headers, &Body::Whole(&body)).unwrap();
        stream.write_all(&body).unwrap();
        // at different moments of its way
        crate::time::pause(Duration::from_millis(u64::from(number) * 6));
        drop(stream);
    }
    wait_for("every upload to come to its end", Duration::from_secs(30), || {
        let keeps = station.keeps();
        let open = keeps.objects["/segments"]
            .iter()
            .filter(|segment| ["received", "inspecting"].contains(&segment["state"].as_str().unwrap()));
        (open.count() == 0 && keeps.files["incoming"].is_empty()).then_some(())
    });
    // and what is sent again is known, or taken
    for number in 0..12 {
        let title = json!({ "title": format!("Không chờ {number}") });
        let answer = push(&uploader, &title, &sound::tone(100 + number, 0.5));
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        assert_eq!(answer.json()["state"], "awaiting_approval");
    }
    assert_eq!(station.keeps().files["originals"].len(), 13);
}
