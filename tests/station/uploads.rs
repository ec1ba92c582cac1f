//! Recordings that come in pieces: over lines that break, across a daemon that is killed, on a disk that is full.

use crate::disk_full::{fill, may_mount, small_station};
use crate::http::{Answer, Body, Client};
use crate::sound;
use crate::station::{Heard, Station};
use crate::time::{pause, wait_for};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::Duration;

const PIECE: (&str, &str) = ("content-type", "application/offset+octet-stream");
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
/// No inspection of these short recordings takes longer on the slowest machine.
const TAKEN_IN: Duration = Duration::from_secs(120);

/// Base64 with padding, as browsers write it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let group =
            three.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..4 {
            let six = (group >> (18 - 6 * letter)) & 63;
            text.push(if letter > three.len() { '=' } else { char::from(LETTERS[six as usize]) });
        }
    }
    text
}

fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", base64(value.as_bytes())));
    pairs.collect::<Vec<_>>().join(",")
}

/// Begins an upload of so many bytes.
fn begin(client: &Client, title: &str, length: usize) -> Answer {
    let said = metadata(&[("filename", "ghi âm.wav"), ("filetype", "audio/wav"), ("title", title)]);
    let length = length.to_string();
    let headers = [TUS, ("upload-length", &*length), ("upload-metadata", &*said)];
    client.send("POST", "/uploads", &headers, Body::Whole(b""))
}

/// Where its pieces go, below the API.
fn place(answer: &Answer) -> String {
    let location = answer.header("location").expect("a Location");
    location.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{location}")).to_owned()
}

fn append(client: &Client, place: &str, offset: usize, bytes: &[u8]) -> Answer {
    let offset = offset.to_string();
    client.send("PATCH", place, &[TUS, PIECE, ("upload-offset", &*offset)], Body::Whole(bytes))
}

/// How far it has come, as a client asks that wants to go on.
fn offset(client: &Client, place: &str) -> usize {
    let answer = client.send("HEAD", place, &[TUS], Body::None).expect(200);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("upload-offset").unwrap().parse().unwrap()
}

/// How far it has come, as a page asks that only looks.
fn seen(client: &Client, place: &str) -> Value {
    client.get(place).expect(200).json()
}

/// Goes on until it is whole, as clients do: who is told that another line was faster asks again.
fn finish(client: &Client, place: &str, bytes: &[u8]) -> String {
    for _ in 0..5 {
        let from = offset(client, place);
        let last = append(client, place, from, &bytes[from..]);
        if last.status != 409 {
            let last = last.expect(204);
            return last.header("loaxa-segment").expect("a segment").to_owned();
        }
    }
    panic!("five lines at once");
}

/// The bytes that the station has under a segment.
fn original(station: &Station, segment: &str) -> Vec<u8> {
    station.uploader().get(&format!("/segments/{segment}/audio?form=original")).expect(200).body
}

fn segments(station: &Station) -> Vec<Value> {
    station.keeps().objects["/segments"].clone()
}

/// Names in the folder of uploads.
fn left(station: &Station) -> Vec<String> {
    let entries = std::fs::read_dir(station.data().join("uploads")).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_recording_that_comes_in_pieces_is_a_segment_like_any_other() {
    let station = Station::start(Heard::ByNobody, "");
    let uploader = station.uploader();
    let can = uploader.send("OPTIONS", "/uploads", &[], Body::None).expect(204);
    assert_eq!(can.header("tus-version"), Some("1.0.0"));
    assert_eq!(can.header("tus-max-size"), Some("209715200"));
    assert!(can.header("tus-extension").unwrap().contains("creation-with-upload"));

    let bytes = sound::tone(1, 2.0);
    let begun = begin(&uploader, "Từng phần", bytes.len()).expect(201);
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    assert_eq!(begun.header("upload-offset"), Some("0"));
    let expires = begun.header("upload-expires").unwrap();
    assert!(expires.ends_with(" GMT") && expires.len() == 29, "{expires}");
    let place = place(&begun);
    let shown = seen(&uploader, &place);
    assert_eq!(shown["id"], place.rsplit('/').next().unwrap());
    assert_eq!((&shown["filename"], &shown["title"]), (&json!("ghi âm.wav"), &json!("Từng phần")));
    assert_eq!((&shown["offset"], &shown["length"]), (&json!(0), &json!(bytes.len())));
    assert_eq!((&shown["segment"], &shown["problem"]), (&Value::Null, &Value::Null));
    assert!(segments(&station).is_empty());

    let third = bytes.len() / 3;
    let first = append(&uploader, &place, 0, &bytes[..third]).expect(204);
    assert_eq!(first.header("upload-offset"), Some(&*third.to_string()));
    assert_eq!(first.header("loaxa-segment"), None);
    // where nothing but GET and POST gets through
    let from = third.to_string();
    let instead = [TUS, PIECE, ("upload-offset", &*from), ("x-http-method-override", "PATCH")];
    uploader.send("POST", &place, &instead, Body::Chunked(&bytes[third..2 * third], 5_000)).expect(204);
    assert_eq!(offset(&uploader, &place), 2 * third);
    let segment = finish(&uploader, &place, &bytes);

    let shown = seen(&uploader, &place);
    assert_eq!((&shown["segment"], &shown["problem"]), (&json!(segment), &Value::Null));
    let head = uploader.send("HEAD", &place, &[TUS], Body::None).expect(200);
    assert_eq!(head.header("loaxa-segment"), Some(&*segment), "whose last answer was lost learns it so");
    assert!(head.header("upload-metadata").unwrap().starts_with("filename "));
    assert_eq!(original(&station, &segment), bytes);
    let kept = wait_for("the inspection", TAKEN_IN, || {
        let kept = uploader.get(&format!("/segments/{segment}")).expect(200).json();
        (kept["state"] == "awaiting_approval").then_some(kept)
    });
    assert_eq!((&kept["title"], &kept["uploaded_by"]), (&json!("Từng phần"), &json!("uploader")));

    // the same in one request, with everything in meta; it is the same recording with the same words
    let said = metadata(&[("meta", &json!({ "title": "Từng phần" }).to_string())]);
    let length = bytes.len().to_string();
    let headers = [TUS, PIECE, ("upload-length", &*length), ("upload-metadata", &*said)];
    let whole = uploader.send("POST", "/uploads", &headers, Body::Whole(&bytes)).expect(201);
    assert_eq!(whole.header("upload-offset"), Some(&*length));
    assert_eq!(whole.json()["segment"], json!(segment));
    assert_eq!(segments(&station).len(), 1);

    // ending it takes the memory of it, and not the segment
    uploader.send("DELETE", &place, &[TUS], Body::None).expect(204);
    uploader.get(&place).refuses("ended", 404, "not_found");
    assert_eq!(segments(&station).len(), 1);
}

#[test]
fn what_breaks_off_goes_on_from_where_it_was() {
    let station = Station::start(Heard::ByNobody, "");
    let uploader = station.uploader();
    let bytes = sound::tone(2, 15.0);
    let place = place(&begin(&uploader, "Đứt đường truyền", bytes.len()).expect(201));
    let mut sent = 0;
    for part in [1, 70_000, 100_000] {
        let rest = &bytes[sent..];
        let from = sent.to_string();
        let headers = [TUS, PIECE, ("upload-offset", &*from)];
        let mut line = uploader.open("PATCH", &place, &headers, &Body::Whole(rest)).unwrap();
        line.write_all(&rest[..part]).unwrap();
        drop(line);
        sent += part;
        wait_for("what came to be counted", Duration::from_secs(60), || {
            (seen(&uploader, &place)["offset"] == json!(sent)).then_some(())
        });
    }
    // a line that nobody closed, as when the phone changes its cell: it gives way to who comes again
    let rest = &bytes[sent..];
    let from = sent.to_string();
    let headers = [TUS, PIECE, ("upload-offset", &*from)];
    let mut dead = uploader.open("PATCH", &place, &headers, &Body::Whole(rest)).unwrap();
    dead.write_all(&rest[..1_200_000]).unwrap();
    wait_for("the dead line to have brought something", Duration::from_secs(60), || {
        (seen(&uploader, &place)["offset"] != json!(sent)).then_some(())
    });
    let segment = finish(&uploader, &place, &bytes);
    assert_eq!(original(&station, &segment), bytes);
    let mut answer = Vec::new();
    // refused, or closed: either way it is over
    let _ = dead.read_to_end(&mut answer);
    assert_eq!(segments(&station).len(), 1);
}

#[test]
fn what_came_before_a_kill_is_there_after_it() {
    let mut station = Station::start(Heard::ByNobody, "");
    let bytes = sound::tone(3, 30.0);
    let uploader = station.uploader();
    let place = place(&begin(&uploader, "Bị ngắt điện", bytes.len()).expect(201));
    // one long piece, as clients send it; what has come is counted while more comes
    let headers = [TUS, PIECE, ("upload-offset", "0")];
    let mut line = uploader.open("PATCH", &place, &headers, &Body::Whole(&bytes)).unwrap();
    line.write_all(&bytes[..2_000_000]).unwrap();
    let counted = wait_for("the first megabyte to be counted", Duration::from_secs(120), || {
        seen(&uploader, &place)["offset"].as_u64().filter(|offset| *offset >= 1 << 20)
    });
    station.kill();
    station.start_again();
    let uploader = station.uploader();
    let kept = offset(&uploader, &place);
    assert!(kept as u64 >= counted && kept <= 2_000_000, "{kept} of {counted} that were counted");
    let segment = finish(&uploader, &place, &bytes);
    assert_eq!(original(&station, &segment), bytes);
}

#[test]
fn killed_while_it_is_taken_in_it_is_one_segment_all_the_same() {
    let mut station = Station::start(Heard::ByNobody, "");
    for round in 0..6_u32 {
        let bytes = sound::tone(10 + round, 1.0);
        let uploader = station.uploader();
        let title = format!("Lần {round}");
        let place = place(&begin(&uploader, &title, bytes.len()).expect(201));
        let headers = [TUS, PIECE, ("upload-offset", "0")];
        let mut line = uploader.open("PATCH", &place, &headers, &Body::Whole(&bytes)).unwrap();
        line.write_all(&bytes).unwrap();
        // at different moments of its way
        pause(Duration::from_millis(u64::from(round) * 30));
        station.kill();
        station.start_again();
        let uploader = station.uploader();
        let from = offset(&uploader, &place);
        if from < bytes.len() {
            finish(&uploader, &place, &bytes);
        }
        let segment = wait_for("the upload to be a segment", TAKEN_IN, || {
            seen(&uploader, &place)["segment"].as_str().map(str::to_owned)
        });
        let with_title = |it: &&Value| it["title"] == json!(title);
        assert_eq!(segments(&station).iter().filter(with_title).count(), 1, "round {round}");
        assert_eq!(original(&station, &segment), bytes, "round {round}");
    }
    wait_for("what was left over to go", Duration::from_secs(30), || {
        left(&station).iter().all(|name| name.ends_with(".json")).then_some(())
    });
}

#[test]
fn what_is_wrong_is_told_and_costs_nothing_of_what_came() {
    let station = Station::start(Heard::ByNobody, "max_upload_mib = 1");
    let uploader = station.uploader();
    begin(&uploader, "Quá lớn", 1_048_577).refuses("too large", 413, "too_large");
    begin(&uploader, "Rỗng", 0).refuses("empty", 422, "empty_file");
    begin(&uploader, "", 10).refuses("no title", 422, "bad_name");
    begin(&station.auditor(), "Không được phép", 10).refuses("an auditor", 403, "missing_scope");
    begin(&station.stranger(), "Người lạ", 10).refuses("a stranger", 401, "unauthenticated");
    let said = metadata(&[("title", "a")]);
    let post = |headers: &[(&str, &str)], what: &str, status: u16, code: &str| {
        let answer = uploader.send("POST", "/uploads", headers, Body::Whole(b""));
        answer.refuses(what, status, code);
        assert_eq!(answer.header("tus-version"), Some("1.0.0"), "{what}: the version is told");
    };
    post(&[("upload-length", "10"), ("upload-metadata", &said)], "no version", 412, "tus_version");
    post(&[("tus-resumable", "0.2.0"), ("upload-length", "10")], "another version", 412, "tus_version");
    post(&[TUS, ("upload-metadata", &said)], "no length", 400, "length_missing");
    post(&[TUS, ("upload-length", "-1"), ("upload-metadata", &said)], "no number", 400, "bad_header");
    post(&[TUS, ("upload-length", "10")], "no metadata", 422, "bad_field");
    post(&[TUS, ("upload-length", "10"), ("upload-metadata", "title x")], "no base64", 400, "bad_metadata");
    assert!(left(&station).is_empty(), "{:?}", left(&station));

    let text = "Đây là một bức thư, không phải bản ghi. ".repeat(100).into_bytes();
    let place = place(&begin(&uploader, "Không phải bản ghi", text.len()).expect(201));
    append(&uploader, &place, 0, &text[..1000]).expect(204);
    let patch = |headers: &[(&str, &str)], body: Body<'_>, what: &str, status: u16, code: &str| {
        uploader.send("PATCH", &place, headers, body).refuses(what, status, code);
    };
    append(&uploader, &place, 999, &text[999..]).refuses("a byte too early", 409, "wrong_offset");
    append(&uploader, &place, 1001, &text[1001..]).refuses("a byte too late", 409, "wrong_offset");
    append(&uploader, &place, 1000, &text).refuses("more than it has", 413, "too_much");
    let at = [TUS, PIECE, ("upload-offset", "1000")];
    patch(&at[..2], Body::Whole(b"x"), "no offset", 400, "offset_missing");
    patch(&at[1..], Body::Whole(b"x"), "no version", 412, "tus_version");
    let json = ("content-type", "application/json");
    patch(&[TUS, json, at[2]], Body::Whole(b"{}"), "no piece", 415, "not_a_piece");
    let huge = vec![b'x'; 1_400_000];
    patch(&at, Body::Whole(&huge), "over the limit", 413, "too_large");
    let other = station.with(&station.people.second_uploader);
    append(&other, &place, 1000, &text[1000..]).refuses("somebody else", 403, "foreign_upload");
    other.send("HEAD", &place, &[TUS], Body::None).expect(403);
    other.send("DELETE", &place, &[TUS], Body::None).refuses("somebody else", 403, "foreign_upload");
    assert_eq!(offset(&uploader, &place), 1000, "nothing of all that was counted");

    // what the inspection refuses is told as POST /segments tells it, at once and later
    let problem = append(&uploader, &place, 1000, &text[1000..]).refuses("a text", 422, "not_audio");
    assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.len() > 10), "{problem}");
    assert_eq!(seen(&uploader, &place)["problem"], problem);
    let head = uploader.send("HEAD", &place, &[TUS], Body::None).expect(200);
    assert_eq!((head.header("loaxa-problem"), head.header("loaxa-segment")), (Some("not_audio"), None));
    append(&uploader, &place, text.len(), b"").refuses("once more", 422, "not_audio");
    assert!(segments(&station).is_empty());
    assert_eq!(left(&station).len(), 1, "the note of what became of it, and no bytes: {:?}", left(&station));
}

#[test]
fn pieces_are_not_counted_as_changes_of_their_own() {
    let station = Station::configured(Heard::ByNobody, "");
    station.also("[web]", "writes_per_minute = 10");
    let mut station = station;
    station.begin();
    let uploader = station.uploader();
    let bytes = sound::tone(4, 0.5);
    let place = place(&begin(&uploader, "Nhiều phần nhỏ", bytes.len()).expect(201));
    for from in 0..40 {
        append(&uploader, &place, from, &bytes[from..=from]).expect(204);
    }
    finish(&uploader, &place, &bytes);
}

#[test]
fn on_a_full_disk_what_came_waits_for_room() {
    if !may_mount() {
        eprintln!("skipped: this machine allows no mount namespace (unshare -rm)");
        return;
    }
    let station = small_station("reserve_mib = 0");
    let uploader = station.uploader();
    begin(&uploader, "Lớn hơn bộ nhớ", 60 << 20).refuses("more than the disk", 507, "storage_full");
    let bytes = sound::tone(5, 20.0);
    let place = place(&begin(&uploader, "Chờ chỗ trống", bytes.len()).expect(201));
    append(&uploader, &place, 0, &bytes[..100_000]).expect(204);
    let filler = fill(&station, 300 * 1024);
    append(&uploader, &place, 100_000, &bytes[100_000..]).refuses("no room", 507, "storage_full");
    std::fs::remove_file(filler).unwrap();
    assert!(offset(&uploader, &place) >= 100_000);
    let segment = finish(&uploader, &place, &bytes);
    assert_eq!(original(&station, &segment), bytes);
}
