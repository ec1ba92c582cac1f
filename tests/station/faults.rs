//! The disk refuses a call of the daemon, any call: the k-th once, or each from the k-th on, as a full disk does or as a
//! failing one. The daemon says so, loses nothing that it acknowledged, and gives every slot its one outcome.
//!
//! `LOAXA_FAULTS` says how many such disks (default 9; 5,000 are all of them), `LOAXA_SEED` chooses others.

mod commands;
mod disk;
mod late;
mod read_only;

use crate::http::{Answer, Body, Client, multipart};
use crate::kills::{Chance, from_environment, the_data_is_whole};
use crate::sound;
use crate::station::{Heard, PROGRAM, Station, id_of, push};
use crate::time::{in_seconds, instant, until, wait_for};
use disk::{Disk, Library, Refusal};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So many stations at once: most of the time they wait for a slot's time to come.
const AT_ONCE: usize = 4;
/// Where everything has its outcome, on a slow machine with much else to do.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
/// A programme is acknowledged so long before its time, or nothing is asked of it.
const IN_TIME: Duration = Duration::from_millis(1_500);
/// The id of the one emergency.
const EMERGENCY: &str = "01890000-0000-7000-8000-000000000001";

/// What was captured before a power cut.
const BEFORE_THE_CUT: &str = "heard-before.wav";

/// What becomes of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// One call is refused.
    Once,
    /// Every call is refused from there on, until somebody makes room.
    Heals,
    /// The same, and the power is cut before anybody does.
    Cut,
}

/// A disk to be survived.
#[derive(Clone, Copy, Debug)]
struct Case {
    call: u64,
    then: Then,
    refusal: Refusal,
}

/// A recording that the station has.
struct Clip {
    id: String,
    samples: Vec<i16>,
}

/// A station at rest, from which each case begins.
struct Furnished {
    station: Station,
    first: Clip,
    second: Clip,
    unapproved: Clip,
    flood: Clip,
}

impl Furnished {
    fn new() -> Self {
        let mut station = Station::open(Heard::Captured);
        let first = station.push_and_approve("Thứ nhất", &sound::tone(1, 0.4));
        let second = station.push_and_approve("Thứ hai", &sound::tone(2, 0.4));
        let unapproved = station.push("Chưa duyệt", &sound::tone(3, 0.4));
        let words = json!({ "title": "Xả lũ", "class": "emergency" });
        let flood = id_of(&push(&station.uploader(), &words, &sound::tone(4, 0.6)).expect(201).json());
        station.approve(&flood);
        let clip = |id: String| {
            let path = format!("/segments/{id}/audio?form=prepared");
            let samples = sound::samples(&station.auditor().get(&path).expect(200).body);
            Clip { id, samples }
        };
        let [first, second, unapproved, flood] = [first, second, unapproved, flood].map(clip);
        assert_eq!(station.terminate().code(), Some(0));
        Self { station, first, second, unapproved, flood }
    }

    /// Another station with the same data.
    fn copy(&self) -> Station {
        let mut station = Station::configured(Heard::Captured, "reserve_mib = 0");
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.station.data().join(".")).arg(station.data());
        assert!(copy.status().unwrap().success());
        station.people = self.station.people.clone();
        station
    }
}

/// What a station said of what it was asked.
#[derive(Default)]
struct Told {
    pushed: Option<String>,
    approved: bool,
    zone: Option<String>,
    /// What is to be heard: the programme, and which of the clips.
    programmes: Vec<(String, usize)>,
    sent: bool,
    refused: usize,
}

impl Told {
    /// The answer when it is no refusal; a refusal names the disk, and nothing else may be wrong.
    fn taken(&mut self, what: &str, answer: std::io::Result<Answer>) -> Option<Answer> {
        let answer = answer.unwrap_or_else(|error| panic!("{what}: no answer: {error}"));
        if answer.status < 300 {
            return Some(answer);
        }
        let problem = answer.json();
        let said = (answer.status, problem["code"].as_str().unwrap_or_default());
        assert!([(507, "storage_full"), (503, "storage_failing")].contains(&said), "{what}: {problem}");
        self.refused += 1;
        None
    }

    fn post(&mut self, client: &Client, path: &str, body: &Value) -> Option<Value> {
        let body = body.to_string();
        let headers = [("content-type", "application/json")];
        let answer = client.try_send("POST", path, &headers, Body::Whole(body.as_bytes()));
        Some(self.taken(path, answer)?.json())
    }

    fn push(&mut self, client: &Client, audio: &[u8]) {
        let meta = json!({ "title": "Mới" }).to_string();
        let (kind, body) = multipart(&[("meta", None, meta.as_bytes()), ("audio", Some("a.wav"), audio)]);
        let answer = client.try_send("POST", "/segments", &[("content-type", &kind)], Body::Whole(&body));
        self.pushed = self.taken("/segments", answer).map(|answer| id_of(&answer.json()));
    }

    /// Plans a clip for a moment in a few seconds; when that is. What a slow machine acknowledges too late for its time has no slot.
    fn programme(&mut self, station: &Station, number: usize, clip: &Clip, seconds: i64) -> Timestamp {
        let at = in_seconds(seconds);
        let words = json!({ "name": format!("Số {number}"), "segments": [clip.id], "at": [at.to_string()] });
        let made = self.post(&station.scheduler(), "/programmes", &words);
        if let Some(made) = made.filter(|_| until(at) > IN_TIME) {
            self.programmes.push((id_of(&made), number));
        }
        at
    }
}

/// How much was captured so far that is no silence, in frames.
pub(crate) fn loud(station: &Station) -> usize {
    captured(station).iter().filter(|sample| sample.unsigned_abs() > 8).count()
}

/// What was captured so far, before a power cut too; nothing before the first sound.
pub(crate) fn captured(station: &Station) -> Vec<i16> {
    let of = |name| match std::fs::read(station.home().join(name)) {
        Ok(bytes) if bytes.len() > 44 => sound::samples(&bytes),
        _ => Vec::new(),
    };
    [of(BEFORE_THE_CUT), of("heard.wav")].concat()
}

/// As if the power were cut. The captured sound is put aside: another life goes on where its header says, which nobody wrote.
pub(crate) fn cut_off(station: &mut Station) {
    station.kill();
    let home = station.home();
    if home.join("heard.wav").exists() {
        std::fs::rename(home.join("heard.wav"), home.join(BEFORE_THE_CUT)).unwrap();
    }
}

/// Whether the output had all of an airing in time.
pub(crate) fn unbroken(row: &Value) -> bool {
    row["evidence"]["gaps"] == json!([])
}

/// A day's work in a few seconds: what is acknowledged, and what is refused.
fn work(station: &Station, furnished: &Furnished) -> Told {
    let mut told = Told::default();
    // the first before the emergency, the second behind it
    let first = told.programme(station, 0, &furnished.first, 4);
    told.programme(station, 2, &furnished.unapproved, 4);
    told.push(&station.uploader(), &sound::tone(5, 0.3));
    if let Some(id) = told.pushed.clone() {
        let path = format!("/segments/{id}/approval");
        let decided = told.post(&station.approver(), &path, &json!({ "decision": "approve" }));
        told.approved = decided.is_some();
    }
    told.zone =
        told.post(&station.scheduler(), "/zones", &json!({ "name": "Thôn mới" })).map(|it| id_of(&it));
    wait_for("the first to be over", SETTLED_WITHIN, || until(first + 1.second()).is_zero().then_some(()));
    let wanted = json!({
        "id": EMERGENCY, "segment": furnished.flood.id, "expires": in_seconds(600).to_string()
    });
    // whatever the disk says: this is heard
    let sent = station.operator().post("/emergency", &wanted);
    assert!([201, 202].contains(&sent.status), "{}", sent.text());
    told.sent = true;
    let second = told.programme(station, 1, &furnished.second, 4);
    wait_for("the last to be over", SETTLED_WITHIN, || {
        let status = station.operator().get("/status").expect(200).json();
        let idle = status["activity"]["kind"] == "idle" && status["emergency"] == json!([]);
        (until(second + 1.second()).is_zero() && idle).then_some(())
    });
    for (switch, stopped) in [("/stop", true), ("/resume", false)] {
        let switched = station.operator().post(switch, &json!({}));
        assert!([200, 202].contains(&switched.status), "{}", switched.text());
        let status = station.operator().get("/status").expect(200).json();
        assert_eq!(status["stopped"].is_string(), stopped, "{status}");
    }
    station.auditor().get("/airings/checkpoint").expect(200);
    told
}

/// Everything that was acknowledged is there, every slot has its one outcome, and it is what was heard.
fn verify(station: &Station, furnished: &Furnished, told: &Told, then: Then) -> BTreeMap<String, usize> {
    let clips = [&furnished.first, &furnished.second, &furnished.unapproved];
    let mut tally = BTreeMap::new();
    // the next life may air what waits: what was heard is known when everything has its row
    let outcomes: Vec<Vec<Value>> =
        told.programmes.iter().map(|(id, _)| station.outcomes(id, 1, SETTLED_WITHIN)).collect();
    let heard = captured(station);
    let times = |clip: &Clip| sound::find(&heard, &clip.samples).len();
    for ((_, number), rows) in told.programmes.iter().zip(outcomes) {
        assert_eq!(rows.len(), 1, "{rows:?}");
        let (row, heard) = (&rows[0], times(clips[*number]));
        let outcome = row["outcome"].as_str().unwrap();
        let possible = match outcome {
            "aired" if unbroken(row) => 1..=1,
            "aired" => 0..=1,
            "partial" | "preempted" => 0..=1,
            // its start could not be written down any more, and then the power was cut
            "missed" if then == Then::Cut => 0..=1,
            _ => 0..=0,
        };
        assert!(possible.contains(&heard), "heard {heard} times: {row}");
        *tally.entry(format!("{outcome} {}", row["reason_code"].as_str().unwrap_or("-"))).or_default() += 1;
    }
    assert_eq!(times(&furnished.unapproved), 0, "nobody approved it");
    if told.sent {
        let seen = wait_for("the emergency's row", SETTLED_WITHIN, || {
            let seen = station.operator().get(&format!("/emergency/{EMERGENCY}"));
            // a power cut takes what the disk did not: then nobody knows of it
            if then == Then::Cut && seen.status == 404 {
                return Some(None);
            }
            let seen = seen.expect(200).json();
            (seen["state"] == "aired" || seen["state"] == "over").then_some(Some(seen))
        });
        let airings = seen.as_ref().map(|seen| seen["airings"].as_array().unwrap());
        let broken = airings.is_some_and(|airings| !airings.iter().all(unbroken));
        let most = if then == Then::Cut { 2 } else { 1 };
        let heard = sound::find(&captured(station), &furnished.flood.samples).len();
        assert!((usize::from(!broken)..=most).contains(&heard), "heard {heard} times: {seen:?}");
        if then != Then::Cut {
            assert_eq!(airings.map(Vec::len), Some(1), "{seen:?}");
        }
    }
    if let Some(id) = &told.pushed {
        let segment = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
        let state = segment["state"].as_str().unwrap();
        assert!(state == "approved" || !told.approved && state == "awaiting_approval", "{segment}");
        station.auditor().get(&format!("/segments/{id}/audio?form=original")).expect(200);
    }
    if let Some(id) = &told.zone {
        station.scheduler().get(&format!("/zones/{id}")).expect(200);
    }
    let export = station.command(&["log", "export"]);
    let mut rows: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in String::from_utf8(export.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
        if let Some(slot) = body["slot"].as_str() {
            *rows.entry((slot.to_owned(), row["kind"].as_str().unwrap().to_owned())).or_default() += 1;
        }
    }
    let doubled: Vec<_> = rows.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    tally
}

/// A daemon at work on such a disk, and a start on a good one afterwards; how often the disk was asked.
fn survive(
    furnished: &Furnished,
    library: &Library,
    case: Option<Case>,
) -> (u64, String, BTreeMap<String, usize>) {
    let mut station = furnished.copy();
    let disk = Disk::new(library, station.home(), station.data());
    let then = case.map_or(Then::Once, |case| case.then);
    if let Some(Case { call, refusal, .. }) = case {
        let to = if then == Then::Once { call + 1 } else { u64::MAX };
        disk.refuse(call, to, refusal);
    }
    let mut serve = Command::new(PROGRAM);
    serve.arg("serve").arg("--config").arg(station.configuration());
    disk.under(&mut serve);
    let mut told = Told::default();
    if station.try_run(serve).is_some() {
        told = work(&station, furnished);
        if then == Then::Cut {
            cut_off(&mut station);
        } else {
            if then == Then::Heals {
                disk.heal();
            }
            verify(&station, furnished, &told, then);
            let before = disk.refused().0;
            let code = station.terminate().code();
            let refused = disk.refused().0 > before;
            assert!(code == Some(0) || refused && code.is_some(), "an orderly end: {code:?}");
        }
    } else {
        let status = station.ended();
        assert!(status.code().is_some_and(|code| code != 0), "{status:?}");
        let why = station.line_with("loaxa: ").expect("a daemon that does not start says why");
        assert!(why.len() > 20, "{why}");
    }
    let asked = disk.asked();
    let (times, first) = disk.refused();
    assert!(case.is_none_or(|it| times > 0 || asked < it.call || then != Then::Once), "{case:?} of {asked}");
    assert!(!station.said("panicked"), "nothing panics");
    station.start_again();
    let tally = verify(&station, furnished, &told, then);
    the_data_is_whole(&station);
    assert_eq!(station.terminate().code(), Some(0));
    (asked, format!("{times} refused, {first} first, {} answers refused", told.refused), tally)
}

/// So many cases, spread over all calls of a day's work.
fn cases(asked: u64, wanted: u64, seed: u64) -> Vec<Case> {
    let all = [Then::Once, Then::Heals, Then::Cut]
        .into_iter()
        .flat_map(|then| [Refusal::Full, Refusal::Failing, Refusal::ReadOnly].map(|refusal| (then, refusal)));
    let all: Vec<(Then, Refusal)> = all.collect();
    let mut chance = Chance::new(seed);
    (0..wanted.min(asked * all.len() as u64))
        .map(|number| {
            let (then, refusal) = all[number as usize % all.len()];
            let width = (asked / wanted).max(1);
            let call = 1 + (number * asked / wanted + chance.next() % width) % asked;
            Case { call, then, refusal }
        })
        .collect()
}

#[test]
fn a_disk_that_refuses_any_call_is_survived() {
    let library = Library::build();
    let furnished = Furnished::new();
    let wanted = from_environment("LOAXA_FAULTS", 9);
    let begun = instant();
    let (asked, _, tally) = survive(&furnished, &library, None);
    eprintln!("a day's work asks the disk {asked} times: {tally:?}");
    assert!(asked > 100, "the disk is asked");
    let cases = cases(asked, wanted, from_environment("LOAXA_SEED", 0x10a_ca57));
    let (next, all) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<String, usize>::new()));
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match catch_unwind(AssertUnwindSafe(|| survive(&furnished, &library, Some(*case)))) {
                        Ok((_, what, tally)) => {
                            eprintln!("{case:?}: {what}: {tally:?}");
                            let mut all = all.lock().unwrap();
                            tally
                                .into_iter()
                                .for_each(|(what, count)| *all.entry(what).or_default() += count);
                        }
                        Err(panic) => {
                            eprintln!("not survived: {case:?}");
                            resume_unwind(panic);
                        }
                    }
                }
            });
        }
    });
    let took = instant().saturating_duration_since(begun);
    eprintln!("{} disks survived in {took:?}: {:?}", cases.len(), all.lock().unwrap());
}
