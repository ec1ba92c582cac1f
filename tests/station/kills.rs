//! The daemon is killed again and again, at any moment, and every slot still comes to exactly one outcome.
//!
//! `LOAXA_KILLS` says how often (default 50), `LOAXA_SEED` chooses other moments.

use crate::http::{Body, Client, multipart};
use crate::sound;
use crate::station::{Heard, Station, id_of, number_of, time_of};
use crate::time::{in_seconds, instant, now, pause, seconds_between, wait_for};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How far the seconds of a row that a kill cut may lie from what was heard: noted every second.
const KNOWN_WITHIN: f64 = 2.0;

/// Numbers that look like chance and are the same each time (xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    /// Other numbers for another seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Between two lengths.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least)
    }
}

pub(crate) fn from_environment(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => otherwise,
    }
}

/// Somebody who pushes and approves all the time, and remembers what the station acknowledged.
struct Busy {
    port: Arc<AtomicU16>,
    end: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Acknowledged {
    /// Pushed: id, and title.
    pushed: BTreeMap<String, String>,
    approved: BTreeSet<String>,
    programmes: BTreeSet<String>,
    removed: BTreeSet<String>,
    /// Requests that the station died over.
    broken: usize,
}

impl Busy {
    fn start(station: &Station) -> Self {
        let port = Arc::new(AtomicU16::new(station.stranger().port));
        let end = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
        let people = station.people.clone();
        let (my_port, my_end, mine) = (Arc::clone(&port), Arc::clone(&end), Arc::clone(&acknowledged));
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !my_end.load(Ordering::Relaxed) {
                number += 1;
                let client = |token: &str| Client {
                    port: my_port.load(Ordering::Relaxed),
                    token: Some(token.to_owned()),
                };
                if one_round(&client, &people, number, &mine).is_none() {
                    mine.lock().unwrap().broken += 1;
                }
                pause(Duration::from_millis(120));
            }
        });
        Self { port, end, acknowledged, thread: Some(thread) }
    }

    fn moved(&self, station: &Station) {
        self.port.store(station.stranger().port, Ordering::Relaxed);
    }

    fn stop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

/// One upload, its approval, and a programme; none when the station died meanwhile.
fn one_round(
    client: &dyn Fn(&str) -> Client,
    people: &crate::station::People,
    number: u32,
    acknowledged: &Mutex<Acknowledged>,
) -> Option<()> {
    let title = format!("Bận rộn {number}");
    let meta = json!({ "title": title }).to_string();
    let audio = sound::tone(number, 0.4);
    let (kind, body) = multipart(&[("meta", None, meta.as_bytes()), ("audio", Some("a.wav"), &audio)]);
    let headers = [("content-type", kind.as_str())];
    if number.is_multiple_of(4) {
        // one that is never finished
        let uploader = client(&people.uploader);
        let mut stream = uploader.open("POST", "/segments", &headers, &Body::Whole(&body)).ok()?;
        stream.write_all(&body[..body.len() / 2]).ok()?;
    }
    let pushed = client(&people.uploader).try_send("POST", "/segments", &headers, Body::Whole(&body)).ok()?;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let id = id_of(&pushed.json());
    acknowledged.lock().unwrap().pushed.insert(id.clone(), title.clone());
    let decision = json!({ "decision": "approve" }).to_string();
    let path = format!("/segments/{id}/approval");
    let approved =
        client(&people.approver).try_send("POST", &path, &[], Body::Whole(decision.as_bytes())).ok()?;
    if approved.status == 200 {
        acknowledged.lock().unwrap().approved.insert(id.clone());
    }
    // far away, so that it changes nothing of what airs now; most are taken back at once
    let far = in_seconds(5 * 365 * 86_400);
    let programme = json!({ "name": title, "segments": [id], "at": [far.to_string()] }).to_string();
    let made = client(&people.scheduler)
        .try_send("POST", "/programmes", &[], Body::Whole(programme.as_bytes()))
        .ok()?;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = id_of(&made.json());
    if number.is_multiple_of(8) {
        acknowledged.lock().unwrap().programmes.insert(id);
        return Some(());
    }
    let path = format!("/programmes/{id}");
    let removed =
        client(&people.scheduler).try_send("DELETE", &path, &[("if-match", "\"1\"")], Body::None).ok()?;
    assert_eq!(removed.status, 204, "{}", removed.text());
    acknowledged.lock().unwrap().removed.insert(id);
    Some(())
}

#[test]
fn killed_at_any_moment_every_slot_has_one_outcome() {
    let kills = from_environment("LOAXA_KILLS", 50);
    let mut chance = Chance::new(from_environment("LOAXA_SEED", 0x10a_ca57));
    let mut station = Station::open(Heard::Captured);
    let clips = [(0.8, "Ngắn"), (2.2, "Vừa"), (3.5, "Dài")];
    let segments: Vec<String> = clips
        .iter()
        .map(|(seconds, title)| station.push_and_approve(title, &sound::chirp(sound::RATE, 1, *seconds)))
        .collect();
    let unapproved = station.push("Không duyệt", &sound::tone(9_999, 1.0));
    // gaps of five to ten seconds, and one that is long enough for the amplifier to go dark
    let programmes = [
        station.programme(&json!({
            "name": "Hai bản", "segments": [segments[0], segments[1]], "cron": "0,13,25,34 * * * * *"
        })),
        station.programme(&json!({ "name": "Dài", "segments": [segments[2]], "cron": "6,18,56 * * * * *" })),
        station.programme(&json!({
            "name": "Không duyệt", "segments": [unapproved], "cron": "9,29,49 * * * * *"
        })),
    ];
    let from = now() + 1.second();
    let mut busy = Busy::start(&station);
    let (mut lives, mut ready): (Vec<(Timestamp, Timestamp)>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut born = now();
    let mut moments: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..kills {
        pause(Duration::from_millis(chance.between(300, 4_000)));
        let status = station.operator().get("/status").expect(200).json();
        let activity = status["activity"]["kind"].as_str().unwrap_or("none");
        let amplifier = status["amplifier"]["state"].as_str().unwrap_or("none");
        *moments.entry(format!("{activity}/{amplifier}")).or_default() += 1;
        let killed = station.kill();
        lives.push((born, killed));
        if chance.next().is_multiple_of(4) {
            pause(Duration::from_millis(chance.between(100, 1_500)));
        }
        let took = station.start_again();
        born = now();
        busy.moved(&station);
        ready.push(took);
    }
    busy.stop();
    let to = now();
    ready.sort();
    let broken = busy.acknowledged.lock().unwrap().broken;
    eprintln!(
        "{kills} kills (while {moments:?}, {broken} requests broken): ready after {:?} in the middle, {:?} at worst",
        ready.get(ready.len() / 2).copied().unwrap_or_default(),
        ready.last().copied().unwrap_or_default(),
    );

    every_slot_has_one_outcome(&station, &programmes, from, to);
    cut_rows_tell_what_was_heard(&station, &lives);
    what_was_acknowledged_is_there(&station, &busy.acknowledged.lock().unwrap());
    the_data_is_whole(&station);
    assert_eq!(station.terminate().code(), Some(0));
}

fn every_slot_has_one_outcome(station: &Station, programmes: &[String], from: Timestamp, to: Timestamp) {
    let mut planned = BTreeSet::new();
    for programme in programmes {
        let (slots, refusals) = station.plan(programme, from, to);
        for entry in slots.iter().chain(&refusals) {
            assert!(planned.insert(entry["slot"].as_str().unwrap().to_owned()), "planned twice: {entry}");
        }
    }
    assert!(!planned.is_empty());
    let query = format!("&from={from}&to={to}");
    let (mut missing, until) = (Vec::new(), instant() + Duration::from_secs(30));
    let rows = wait_for("the outcome of every slot", Duration::from_secs(60), || {
        let rows = station.airings(&query);
        let closed: BTreeSet<&str> = rows.iter().map(|row| row["slot"].as_str().unwrap()).collect();
        missing = planned.iter().filter(|slot| !closed.contains(slot.as_str())).cloned().collect();
        (missing.is_empty() || instant() > until).then_some(rows)
    });
    assert!(missing.is_empty(), "no outcome of {missing:?}");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        let slot = row["slot"].as_str().unwrap();
        assert!(seen.insert(slot.to_owned()), "two outcomes: {row}");
        assert!(planned.contains(slot), "nobody planned {row}");
        let said =
            format!("{} {}", row["outcome"].as_str().unwrap(), row["reason_code"].as_str().unwrap_or("-"));
        *outcomes.entry(said).or_default() += 1;
    }
    eprintln!("{} slots: {outcomes:?}", planned.len());
    let all = station.airings("");
    let seqs: Vec<i64> = all.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>(), "seq without a gap");

    // the chain tells the same: one due and one ended a slot
    let export = station.command(&["log", "export"]);
    let mut chain: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in String::from_utf8(export.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let kind = row["kind"].as_str().unwrap().to_owned();
        let body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
        if let Some(slot) = body["slot"].as_str() {
            *chain.entry((kind, slot.to_owned())).or_default() += 1;
        }
    }
    let doubled: Vec<_> = chain.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    for slot in &planned {
        for kind in ["due", "ended"] {
            assert!(chain.contains_key(&(kind.to_owned(), slot.clone())), "{slot} has no row {kind}");
        }
    }
}

/// A row that a kill cut says how long it sounded: from its start to the kill, less what was not noted.
fn cut_rows_tell_what_was_heard(station: &Station, lives: &[(Timestamp, Timestamp)]) {
    let (mut cut, mut worst) = (0, 0.0_f64);
    for row in station.airings("") {
        let counted = number_of(&row["seconds_aired"]);
        let started = row["started"].as_str().map(|_| time_of(&row["started"]));
        match (row["outcome"].as_str().unwrap(), started) {
            ("partial", Some(started)) => {
                assert_eq!(row["reason_code"], "interrupted", "{row}");
                assert_eq!(row["confirmed"], false, "{row}");
                // a first frame may be announced a moment before it sounds, and the kill come between
                let life = lives
                    .iter()
                    .find(|(_, killed)| started < *killed + 200.milliseconds())
                    .unwrap_or_else(|| panic!("no life was killed after the start of {row}"));
                let known = seconds_between(started, life.1).max(0.0);
                let planned = number_of(&row["seconds_planned"]);
                let known = known.min(planned);
                assert!((known - counted).abs() <= KNOWN_WITHIN, "{known} s were heard: {row}");
                assert!(counted <= known + 0.25, "more than was heard, {known} s: {row}");
                worst = worst.max((known - counted).abs());
                cut += 1;
            }
            ("aired", Some(started)) => {
                let planned = time_of(&row["planned_start"]);
                let late = seconds_between(planned, started);
                assert!((-0.1..2.5).contains(&late), "started {late} s late: {row}");
            }
            ("aired" | "partial", None) => panic!("heard without a start: {row}"),
            (_, started) => {
                assert_eq!(counted, 0.0, "{row}");
                assert_eq!(started, None, "{row}");
            }
        }
    }
    eprintln!("{cut} airings cut by a kill; their seconds were off by {worst:.2} s at worst");
}

/// Every object of a list, page by page.
fn everything(station: &Station, list: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = station.auditor().get(&format!("{list}?limit=100{cursor}")).expect(200).json();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn what_was_acknowledged_is_there(station: &Station, acknowledged: &Acknowledged) {
    // what a kill left half inspected is finished by itself
    let all = wait_for("every segment to be inspected", Duration::from_secs(60), || {
        let all = everything(station, "/segments");
        let waits =
            |segment: &Value| ["received", "inspecting"].contains(&segment["state"].as_str().unwrap());
        (!all.iter().any(waits)).then_some(all)
    });
    let by_id: BTreeMap<&str, &Value> =
        all.iter().map(|segment| (segment["id"].as_str().unwrap(), segment)).collect();
    for (id, title) in &acknowledged.pushed {
        let segment =
            by_id.get(id.as_str()).unwrap_or_else(|| panic!("{title} was acknowledged and is gone"));
        assert_eq!(segment["title"], *title);
        let wanted = if acknowledged.approved.contains(id) {
            &["approved"][..]
        } else {
            // when the station died over the approval, nobody knows
            &["approved", "awaiting_approval"]
        };
        assert!(wanted.contains(&segment["state"].as_str().unwrap()), "{segment}");
    }
    for segment in &all {
        let id = segment["id"].as_str().unwrap();
        assert_ne!(segment["state"], "rejected", "nothing wrong was pushed: {segment}");
        for form in ["original", "prepared"] {
            let path = format!("/segments/{id}/audio?form={form}");
            station.auditor().get(&path).expect(200);
        }
    }
    let programmes = everything(station, "/programmes");
    let programmes: BTreeSet<&str> =
        programmes.iter().map(|programme| programme["id"].as_str().unwrap()).collect();
    for id in &acknowledged.programmes {
        assert!(programmes.contains(id.as_str()), "programme {id} was acknowledged and is gone");
    }
    for id in &acknowledged.removed {
        assert!(!programmes.contains(id.as_str()), "programme {id} was removed and is there");
    }
    eprintln!(
        "{} uploads and {} approvals were acknowledged, {} segments are there",
        acknowledged.pushed.len(),
        acknowledged.approved.len(),
        all.len()
    );
}

pub(crate) fn the_data_is_whole(station: &Station) {
    wait_for("left-over uploads to be gone", Duration::from_secs(20), || {
        let left = std::fs::read_dir(station.data().join("incoming")).unwrap().count();
        (left == 0).then_some(())
    });
    // every file of the store is named by what is in it, or is nobody's
    let segments = everything(station, "/segments");
    let named: BTreeSet<&str> = segments
        .iter()
        .flat_map(|segment| [segment["sha256"].as_str(), segment["prepared_sha256"].as_str()])
        .flatten()
        .collect();
    for folder in ["originals", "prepared"] {
        let files: Vec<String> = std::fs::read_dir(station.data().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".pcm").to_owned())
            .collect();
        let strangers = files.iter().filter(|name| !named.contains(name.as_str())).count();
        eprintln!("{strangers} of {} files in {folder} belong to no segment", files.len());
    }
    let doctor = station.command(&["doctor", "--json"]);
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let database = doctor["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["what"] == "database")
        .expect("a finding about the database");
    assert_eq!(database["good"], true, "{doctor}");
    let export = station.command(&["log", "export"]);
    let file = station.home().join("export.ndjson");
    std::fs::write(&file, export.stdout).unwrap();
    let verdict = station.command(&["log", "verify", file.to_str().unwrap()]);
    assert_eq!(verdict.status.code(), Some(0), "{}", String::from_utf8_lossy(&verdict.stdout));
}
