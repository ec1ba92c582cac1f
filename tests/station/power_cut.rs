//! Every state of the disk that a power cut could leave, from the calls that the real program made at real work.
//!
//! The program runs under strace; its trace says what it wrote, what it made durable, and what it said to others and when.
//! From each point of it states of the disk are built (see `disk`) and opened with the real store; some of them are given
//! to a real daemon. `LOAXA_CRASH_STATES` says how many at least (default 100; the whole is 4000), `LOAXA_SEED` chooses
//! others.

mod disk;
mod owed;
mod trace;

use crate::http::{Body, Client, multipart};
use crate::kills::{Chance, from_environment};
use crate::sound;
use crate::station::{Heard, PROGRAM, People, SCOPES, Station, id_of, push, time_of};
use crate::time::{in_seconds, wait_for};
use disk::{Cut, Disk};
use loaxa_evidence::{KeyKind, Note, SigningKey, cosign};
use owed::{Bad, Owed};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use trace::{Reader, Step, What, complete, may_trace, traced};

/// So many states make up the whole.
const WHOLE: u64 = 4_000;
/// One in so many is given to a real daemon.
const REAL: usize = 100;

/// A station whose every process is traced.
struct Watched {
    station: Station,
    traces: Vec<PathBuf>,
    witness: SigningKey,
}

impl Watched {
    fn new() -> Self {
        let witness =
            SigningKey::from_seed("huyen.example/loaxa", KeyKind::Cosignature, &[7; 32].into()).unwrap();
        let station = Station::configured(Heard::Captured, "");
        let line = format!("\n[log]\nwitnesses = [\"{}\"]\n", witness.public());
        let mut file = std::fs::OpenOptions::new().append(true).open(station.configuration()).unwrap();
        file.write_all(line.as_bytes()).unwrap();
        Self { station, traces: Vec::new(), witness }
    }

    fn trace(&mut self) -> PathBuf {
        let file = self.station.home().join(format!("trace.{}", self.traces.len()));
        self.traces.push(file.clone());
        file
    }

    /// A new token, and the moment in which it was printed is in the trace.
    fn token(&mut self, name: &str, scopes: &[&str]) -> String {
        let file = self.trace();
        let mut command = traced(Path::new(PROGRAM), &file);
        command
            .args(["token", "create", "--json", "--name", name])
            .arg("--config")
            .arg(self.station.configuration());
        for scope in scopes {
            command.args(["--scope", scope]);
        }
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let made = child.wait_with_output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        complete(&file);
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    fn run(&mut self) {
        let file = self.trace();
        let mut command = traced(Path::new(PROGRAM), &file);
        command.arg("serve").arg("--config").arg(self.station.configuration());
        self.station.run(command);
    }

    /// Ends the daemon, in good order or not.
    fn end(&mut self, well: bool) {
        if well {
            assert_eq!(self.station.terminate().code(), Some(0));
        } else {
            self.station.kill();
        }
        complete(self.traces.last().unwrap());
    }

    /// Pushes, approves, plans, airs, changes, takes back, reads the log and has its head countersigned.
    fn round(&mut self, number: u32) {
        let title = format!("Bản {number}");
        let station = &self.station;
        let segment = station.push_and_approve(&title, &sound::tone(number, 0.3));
        let programme = station.programme_at(&title, &[&segment], &[in_seconds(1)]);
        let far = in_seconds(5 * 365 * 86_400).to_string();
        let other = json!({ "name": format!("Xa {number}"), "segments": [segment], "at": [far] });
        let id = station.programme(&other);
        let mut changed = other.clone();
        changed["name"] = json!(format!("Xa hơn {number}"));
        let path = format!("/programmes/{id}");
        station.scheduler().json("PUT", &path, &[("if-match", "\"1\"")], &changed).expect(200);
        if number.is_multiple_of(2) {
            let gone = station.scheduler().send("DELETE", &path, &[("if-match", "\"2\"")], Body::None);
            gone.expect(204);
        }
        if number % 3 == 1 {
            unfinished(&station.uploader(), number);
        }
        let row = station.outcomes(&programme, 1, Duration::from_secs(60)).remove(0);
        assert_eq!(row["outcome"], "aired", "{row}");
        let head = station.auditor().get("/airings/checkpoint").expect(200);
        if number % 2 == 1 {
            let mut note = Note::read(head.text()).unwrap();
            cosign(&mut note, &self.witness, 1_796_000_000);
            let (auditor, note) = (station.auditor(), note.to_string());
            let body = Body::Whole(note.as_bytes());
            auditor.send("POST", "/airings/witness", &[("content-type", "text/plain")], body).expect(201);
        }
        if number % 4 == 3 {
            station.operator().post("/stop", &json!({})).expect(200);
            station.operator().post("/resume", &json!({})).expect(200);
        }
        if number % 5 == 4 {
            self.token(&format!("Thêm {number}"), &["status:read"]);
        }
    }

    /// An emergency is heard while nobody waits for it to end.
    fn emergency(&self) {
        let station = &self.station;
        let words = json!({ "title": "Xả lũ", "class": "emergency" });
        let flood = id_of(&push(&station.uploader(), &words, &sound::tone(9_000, 1.5)).expect(201).json());
        station.approve(&flood);
        let id = "01890000-0000-7000-8000-000000000001";
        let wanted = json!({ "id": id, "segment": flood, "expires": in_seconds(600).to_string() });
        station.operator().post("/emergency", &wanted).expect(201);
        wait_for("it to be over", Duration::from_secs(60), || {
            let seen = station.operator().get(&format!("/emergency/{id}")).expect(200).json();
            (seen["state"] == "aired").then_some(())
        });
    }
}

/// An upload whose sender goes away.
fn unfinished(client: &Client, number: u32) {
    let audio = sound::tone(5_000 + number, 0.3);
    let (kind, body) = multipart(&[("audio", Some("a.wav"), &audio)]);
    let mut stream = client
        .open("POST", "/segments", &[("content-type", &kind)], &Body::Whole(&body))
        .expect("a connection");
    stream.write_all(&body[..body.len() / 2]).unwrap();
}

/// What was counted.
#[derive(Debug, Default)]
struct Count {
    states: usize,
    real: usize,
    corrupt: Vec<String>,
    lost: Vec<String>,
    doubled: Vec<String>,
}

#[test]
fn no_power_cut_loses_what_was_acknowledged() {
    if !may_trace() {
        eprintln!("skipped: this machine lets nobody trace system calls (strace)");
        return;
    }
    let wanted = from_environment("LOAXA_CRASH_STATES", 100);
    let rounds = if wanted >= WHOLE { 24 } else { 2 };
    let mut watched = Watched::new();
    let tokens = SCOPES.iter().map(|(name, scopes)| watched.token(name, scopes)).collect();
    watched.station.people = People::from_tokens(tokens);
    watched.run();
    watched.station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
    (0..rounds / 2).for_each(|number| watched.round(number));
    watched.end(false);
    watched.run();
    (rounds / 2..rounds).for_each(|number| watched.round(number));
    watched.emergency();
    let sounded: Vec<(f64, f64, String)> = watched
        .station
        .airings("")
        .iter()
        .filter(|row| row["started"].is_string())
        .map(|row| {
            let seconds = |name: &str| time_of(&row[name]).as_nanosecond() as f64 / 1e9;
            // sound is written ahead of its time, and the last of it is heard a moment later
            (seconds("started") - 0.6, seconds("ended") + 0.4, row["slot"].as_str().unwrap().to_owned())
        })
        .collect();
    let key = String::from_utf8(watched.station.command(&["key", "show"]).stdout).unwrap();
    watched.end(true);
    watched.run();
    watched.end(true);
    let steps =
        Reader::read(&watched.traces, &watched.station.data(), &watched.station.home().join("heard.wav"));
    let seed = from_environment("LOAXA_SEED", 0x10a_ca57).max(1);
    let steps: Vec<&Step> = steps.iter().collect();
    let owed = || Owed::new(sounded.clone(), key.trim().parse().unwrap());
    let all = walk(&steps, owed(), seed, &mut |_| {});
    let every = (all as u64 / wanted.max(1)).max(1);
    let count = check(&steps, &watched, owed(), seed, every);
    eprintln!(
        "{} steps, {} states of the disk: {} opened, {} of them by a daemon: {} corrupt, {} with something lost, {} with \
         something double",
        steps.len(),
        all,
        count.states,
        count.real,
        count.corrupt.len(),
        count.lost.len(),
        count.doubled.len()
    );
    for bad in count.corrupt.iter().chain(&count.lost).chain(&count.doubled).take(20) {
        eprintln!("  {bad}");
    }
    assert!(count.states as u64 >= wanted.min(all as u64), "too few: {}", count.states);
    assert!(wanted < WHOLE || count.states as u64 >= WHOLE, "the work is too little for {WHOLE} states");
    assert_eq!(count.corrupt.len() + count.lost.len() + count.doubled.len(), 0);

    // a program that left a barrier out would be found
    let without = |left_out: fn(&What) -> bool| {
        let steps: Vec<&Step> = steps.iter().copied().filter(|step| !left_out(&step.what)).collect();
        check(&steps, &watched, owed(), seed, u64::MAX).lost.len()
    };
    let of_files = without(|what| matches!(what, What::SyncFile(_)));
    let of_folders = without(|what| matches!(what, What::SyncFolder(name) if name == "originals"));
    eprintln!(
        "without barriers of files {of_files} losses are found, without those of a folder {of_folders}"
    );
    assert!(of_files > 0 && of_folders > 0);
}

/// Goes along the steps; what `look` asks for is built and handed to it. How many different states there are.
fn walk(steps: &[&Step], mut owed: Owed, seed: u64, look: &mut dyn FnMut(&Look<'_>)) -> usize {
    let mut seen = HashSet::new();
    let mut disk = Disk::default();
    for (place, step) in steps.iter().enumerate() {
        let changed = disk.take(step);
        let more = owed.take(step);
        if !changed && !more {
            continue;
        }
        for (kind, cut) in Cut::ALL.into_iter().enumerate() {
            // the same choice each time that this place is come to
            let mut chance = Chance::new(seed ^ ((place * Cut::ALL.len() + kind) as u64 + 1) << 20);
            let key = disk.cut(cut, &mut chance, false).key;
            let new = seen.insert(key);
            // what was just acknowledged must be in what was synced
            if new || more && cut == Cut::Synced {
                look(&Look {
                    number: seen.len(),
                    new,
                    more,
                    disk: &disk,
                    owed: &owed,
                    step,
                    cut,
                    place,
                    kind,
                });
            }
        }
    }
    seen.len()
}

/// A state that may be looked at.
struct Look<'a> {
    number: usize,
    /// Another state of the disk than all before.
    new: bool,
    /// More is owed than a step before.
    more: bool,
    disk: &'a Disk,
    owed: &'a Owed,
    step: &'a Step,
    cut: Cut,
    place: usize,
    kind: usize,
}

fn check(steps: &[&Step], watched: &Watched, owed: Owed, seed: u64, every: u64) -> Count {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // where nothing is written through to a disk
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let mut count = Count::default();
    walk(steps, owed, seed, &mut |look: &Look<'_>| {
        let picked = look.new && (look.number as u64).is_multiple_of(every);
        let told = look.more && look.cut == Cut::Synced;
        if !picked && !told {
            return;
        }
        let mut chance = Chance::new(seed ^ ((look.place * Cut::ALL.len() + look.kind) as u64 + 1) << 20);
        let state = look.disk.cut(look.cut, &mut chance, true);
        let folder = tempfile::Builder::new().prefix("loaxa-cut-").tempdir_in(&place).unwrap();
        count.states += usize::from(look.new);
        let said = |what: String| format!("step {} ({:?}): {what}", look.place, look.cut);
        match look.owed.check(folder.path(), &state, look.step.time, &runtime) {
            Ok(()) => {}
            Err(Bad::Corrupt(what)) => count.corrupt.push(said(what)),
            Err(Bad::Lost(what)) => count.lost.push(said(what)),
            Err(Bad::Doubled(what)) => count.doubled.push(said(what)),
        }
        if picked && count.states.is_multiple_of(REAL) {
            count.real += 1;
            if let Err(what) = start_really(watched, &state, look.owed) {
                count.corrupt.push(said(what));
            }
        }
    });
    count
}

/// Gives a state to a real daemon: it starts, serves every original that it acknowledged, and its log verifies.
fn start_really(watched: &Watched, state: &disk::State, owed: &Owed) -> Result<(), String> {
    let mut station = Station::configured(Heard::ByNobody, "");
    owed::write(&station.data(), state);
    station.people = watched.station.people.clone();
    station.start_again();
    if owed.knows_everybody() {
        for id in owed.segments() {
            let path = format!("/segments/{id}/audio?form=original");
            let answer = station.auditor().get(&path);
            if answer.status != 200 {
                return Err(format!("a daemon does not serve {id}: {}", answer.text()));
            }
        }
    }
    if !station.healthy() {
        return Err("a daemon that started is not healthy".to_owned());
    }
    if station.terminate().code() != Some(0) {
        return Err("a daemon did not end in good order".to_owned());
    }
    let file = station.home().join("export.ndjson");
    std::fs::write(&file, station.command(&["log", "export"]).stdout).unwrap();
    let verdict = Command::new(PROGRAM).args(["log", "verify"]).arg(&file).output().unwrap();
    match verdict.status.code() {
        Some(0) => Ok(()),
        _ => Err(format!("the log of a daemon: {}", String::from_utf8_lossy(&verdict.stdout))),
    }
}
