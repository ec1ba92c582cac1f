//! What the station owes after a power cut: everything that it had acknowledged, nothing twice, and a whole log.

use super::disk::State;
use super::trace::{Step, What};
use crate::http::Answer;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa::clock::{Clock, TrustReason};
use loaxa::events::Events;
use loaxa::intake::Folders;
use loaxa::planning::Site;
use loaxa::playout_loop::{Parts, PlayoutLoop};
use loaxa::store::{AiringFilter, Store};
use loaxa_audio::output::{OutputKind, OutputSettings};
use loaxa_audio::prepared::Prepared;
use loaxa_evidence::{Note, Row, Trust, Verdict, VerifierKey, read_notes, verify};
use loaxa_schedules::{Now, Programme, Standing};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What is wrong with a state.
#[derive(Debug)]
pub(crate) enum Bad {
    Corrupt(String),
    Lost(String),
    Doubled(String),
}

/// Everything that was acknowledged until now.
pub(crate) struct Owed {
    /// Slots with their first and last moment of sound, as the station said in the end.
    sounded: Vec<(f64, f64, String)>,
    key: VerifierKey,
    segments: BTreeMap<String, Segment>,
    programmes: BTreeMap<String, i64>,
    /// Somebody asked for it to go: it may be gone.
    going: BTreeSet<String>,
    gone: BTreeSet<String>,
    identities: BTreeSet<String>,
    people: BTreeSet<String>,
    notes: Vec<String>,
    countersigned: Vec<i64>,
    closed: BTreeMap<i64, (String, String)>,
    emergencies: BTreeSet<String>,
    /// None while somebody asks for the opposite.
    stopped: Option<bool>,
    heard: BTreeSet<String>,
    count: usize,
}

struct Segment {
    title: String,
    sha256: String,
    /// By how many people.
    approvals: usize,
    /// They are enough.
    approved: bool,
}

fn text(object: &serde_json::Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("{name} in {object}")).to_owned()
}

impl Owed {
    pub(crate) fn new(sounded: Vec<(f64, f64, String)>, key: VerifierKey) -> Self {
        Self {
            sounded,
            key,
            stopped: Some(false),
            segments: BTreeMap::new(),
            programmes: BTreeMap::new(),
            going: BTreeSet::new(),
            gone: BTreeSet::new(),
            identities: BTreeSet::new(),
            people: BTreeSet::new(),
            notes: Vec::new(),
            countersigned: Vec::new(),
            closed: BTreeMap::new(),
            emergencies: BTreeSet::new(),
            heard: BTreeSet::new(),
            count: 0,
        }
    }

    /// Takes a step; whether more is owed than before.
    pub(crate) fn take(&mut self, step: &Step) -> bool {
        let before = self.count;
        match &step.what {
            What::Sounded => {
                let slot = self.sounded.iter().find(|(from, to, _)| (*from..*to).contains(&step.time));
                let (_, _, slot) =
                    slot.unwrap_or_else(|| panic!("{} sounded, and nobody says what", step.time));
                self.count += usize::from(self.heard.insert(slot.clone()));
            }
            What::Asked(method, path) => match (method.as_str(), path.as_str()) {
                ("DELETE", path) => {
                    self.going.insert(path.rsplit('/').next().unwrap().to_owned());
                }
                ("POST", "/stop" | "/resume") => self.stopped = None,
                _ => {}
            },
            What::Answered { method, path, answer } => self.answered(method, path, answer),
            What::Printed(line) => self.printed(line),
            _ => {}
        }
        self.count > before
    }

    /// Whether every token of the people was acknowledged.
    pub(crate) fn knows_everybody(&self) -> bool {
        self.identities.len() >= crate::station::SCOPES.len()
    }

    /// The recordings that were acknowledged.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &String> {
        self.segments.keys()
    }

    fn printed(&mut self, line: &str) {
        if line.starts_with("first administrator: name admin") {
            self.people.insert("admin".to_owned());
            self.count += 1;
        }
        if let Ok(made) = serde_json::from_str::<serde_json::Value>(line)
            && made["token"].is_string()
        {
            self.identities.insert(text(&made, "id"));
            self.count += 1;
        }
    }

    fn answered(&mut self, method: &str, path: &str, answer: &Answer) {
        let parts: Vec<&str> = path.split(['/', '?']).skip(1).collect();
        match (method, parts.as_slice(), answer.status) {
            ("POST", ["segments"], 201) => {
                let made = answer.json();
                let (title, sha256) = (text(&made, "title"), text(&made, "sha256"));
                let segment = Segment { title, sha256, approvals: 0, approved: false };
                self.segments.insert(text(&made, "id"), segment);
            }
            ("POST", ["segments", id, "approval"], 200) => {
                let segment = self.segments.get_mut(*id).expect("it was pushed");
                segment.approvals += 1;
                segment.approved = text(&answer.json(), "state") == "approved";
            }
            ("POST", ["programmes"], 201) => drop(self.programmes.insert(text(&answer.json(), "id"), 1)),
            ("PUT", ["programmes", id], 200) => {
                let tag = answer.header("etag").and_then(|tag| tag.trim_matches('"').parse().ok());
                self.programmes.insert((*id).to_owned(), tag.expect("its version"));
            }
            ("DELETE", ["programmes", id], 204) => {
                self.programmes.remove(*id);
                self.gone.insert((*id).to_owned());
            }
            ("POST", ["stop"], 200) => self.stopped = Some(true),
            ("POST", ["resume"], 200) => self.stopped = Some(false),
            ("POST", ["emergency"], 201) => {
                let made = answer.json();
                if made["kept"] == false {
                    return;
                }
                self.emergencies.insert(text(&made, "id"));
            }
            ("GET", ["airings", "checkpoint", ..], 200) => self.notes.push(answer.text().to_owned()),
            ("POST", ["airings", "witness"], 201) => {
                self.countersigned.push(answer.json()["row"].as_i64().unwrap());
            }
            ("GET", ["airings", ..], 200) => {
                for row in answer.json()["items"].as_array().unwrap() {
                    let seq = row["seq"].as_i64().unwrap();
                    if self.closed.insert(seq, (text(row, "slot"), text(row, "outcome"))).is_none() {
                        self.count += 1;
                    }
                }
                return;
            }
            _ => return,
        }
        self.count += 1;
    }

    /// Opens a state with the real store, recovers as a start does, and holds it against what is owed.
    pub(crate) fn check(
        &self,
        folder: &Path,
        state: &State,
        time: f64,
        runtime: &Runtime,
    ) -> Result<(), Bad> {
        write(folder, state);
        // the board is back two seconds after the cut
        let now = Timestamp::from_nanosecond((time * 1e9) as i128).unwrap() + SignedDuration::from_secs(2);
        let corrupt = |what: &str, error: &dyn std::fmt::Display| Bad::Corrupt(format!("{what}: {error}"));
        Folders::create(folder).map_err(|error| corrupt("the folders", &error))?;
        let store = Arc::new(Store::open(folder, now).map_err(|error| corrupt("it does not open", &error))?);
        store.check().map_err(|error| corrupt("it is not whole", &error))?;
        let clock = Arc::new(Still(now));
        store.stamp_rows(Arc::clone(&clock) as Arc<dyn Clock>);
        runtime.block_on(recover(&store, clock, folder)).map_err(|error| corrupt("no start", &error))?;
        self.check_log(&store)?;
        self.check_rows(&store, folder)?;
        self.check_airings(&store, now)
    }

    /// The chain holds, with the station's key, against every head that it keeps and every head that somebody was given.
    fn check_log(&self, store: &Store) -> Result<(), Bad> {
        let failed = |error| Bad::Corrupt(format!("the log cannot be read: {error}"));
        let mut lines = String::new();
        let mut ended: BTreeMap<String, usize> = BTreeMap::new();
        for row in store.log_rows(0, u32::MAX).map_err(failed)? {
            let body: serde_json::Value = serde_json::from_str(&row.body).unwrap_or_default();
            if row.kind == "ended" {
                *ended.entry(body["slot"].to_string()).or_default() += 1;
            }
            let row = Row {
                row: row.row,
                at: row.at,
                kind: row.kind,
                body: row.body,
                prev: row.prev,
                hash: row.hash,
            };
            lines += &(row.line().unwrap() + "\n");
        }
        if let Some((slot, count)) = ended.iter().find(|(_, count)| **count > 1) {
            return Err(Bad::Doubled(format!("{slot} ended {count} times")));
        }
        let mut notes: Vec<_> = self.notes.iter().map(|note| Note::read(note)).collect();
        for kept in store.kept_heads(0, i64::MAX).map_err(failed)? {
            notes.extend(read_notes(&kept));
        }
        // before anybody was told anything, the log that begins anew is as good
        let keys: Vec<VerifierKey> = (self.count > 0).then(|| self.key.clone()).into_iter().collect();
        let report = verify(lines.as_bytes(), &Trust::new(&keys, &notes));
        match report.verdict {
            Verdict::Intact => Ok(()),
            Verdict::Truncated { why, .. } => Err(Bad::Lost(format!("rows of the log: {why}"))),
            // a log that begins anew is another one: everything that was signed of the one before is lost
            Verdict::Resealed { why, .. } => Err(Bad::Lost(format!("the log: {why}"))),
            other => Err(Bad::Corrupt(format!("the log: {other:?}"))),
        }
    }

    fn check_rows(&self, store: &Store, folder: &Path) -> Result<(), Bad> {
        let folders = Folders::within(folder);
        let lost = |what: String| Err(Bad::Lost(what));
        for (id, wanted) in &self.segments {
            let Ok(found) = store.segment(id.parse().unwrap()) else { return lost(format!("segment {id}")) };
            if (&found.pushed.title, &found.pushed.sha256) != (&wanted.title, &wanted.sha256) {
                return lost(format!("what segment {id} is"));
            }
            if found.approvals.given.len() < wanted.approvals {
                return lost(format!("an approval of {id}: {:?}", found.approvals));
            }
            if wanted.approved && found.standing != Standing::Approved {
                return lost(format!("the approval of {id}: {:?}", found.standing));
            }
            let original = std::fs::read(folders.original(&wanted.sha256)).unwrap_or_default();
            if loaxa_audio::prepared::to_hex(&Sha256::digest(&original)) != wanted.sha256 {
                return lost(format!("the original of {id} ({} bytes are there)", original.len()));
            }
        }
        for record in store.all_segments().map_err(|error| Bad::Corrupt(error.to_string()))? {
            let Some(root) = &record.prepared else { continue };
            let whole = Prepared::open(&folders.prepared(root), root).and_then(|pcm| pcm.verify_all());
            if let Err(error) = whole {
                return Err(Bad::Corrupt(format!("what is prepared of {}: {error}", record.pushed.id)));
            }
        }
        let programmes =
            store.documents::<Programme>(None, u32::MAX).map_err(|error| Bad::Corrupt(error.to_string()))?;
        let programmes: BTreeMap<String, i64> =
            programmes.iter().map(|stored| (stored.value.id.to_string(), stored.version)).collect();
        for (id, version) in &self.programmes {
            match programmes.get(id) {
                Some(found) if found >= version => {}
                None if self.going.contains(id) => {}
                found => return lost(format!("version {version} of programme {id}: {found:?}")),
            }
        }
        if let Some(id) = self.gone.iter().find(|id| programmes.contains_key(*id)) {
            return lost(format!("that programme {id} was taken back"));
        }
        for id in &self.identities {
            if !store.identity(id).is_ok_and(|found| found.is_some()) {
                return lost(format!("token {id}"));
            }
        }
        for name in &self.people {
            if !store.person(name).is_ok_and(|found| found.is_some()) {
                return lost(format!("the person {name}"));
            }
        }
        for id in &self.emergencies {
            if store.emergency(id.parse().unwrap()).is_err() {
                return lost(format!("emergency {id}"));
            }
        }
        for row in &self.countersigned {
            let kept = store.kept_head(*row).ok().flatten().unwrap_or_default();
            if kept.matches("huyen.example/loaxa").count() == 0 {
                return lost(format!("the countersignature of row {row}"));
            }
        }
        let stopped = store.stopped_by().map_err(|error| Bad::Corrupt(error.to_string()))?.is_some();
        if self.stopped.is_some_and(|wanted| wanted != stopped) {
            return lost(format!("STOP or RESUME: {stopped}"));
        }
        Ok(())
    }

    /// What was told stands, and what was heard is over: it does not come again.
    fn check_airings(&self, store: &Store, now: Timestamp) -> Result<(), Bad> {
        let filter = AiringFilter { limit: u32::MAX, ..AiringFilter::default() };
        let rows = store.airings(&filter).map_err(|error| Bad::Corrupt(error.to_string()))?;
        let rows: BTreeMap<i64, (String, String)> =
            rows.into_iter().map(|row| (row.seq, (row.slot, row.outcome))).collect();
        for (seq, told) in &self.closed {
            if rows.get(seq) != Some(told) {
                return Err(Bad::Lost(format!("airing {seq}, {told:?}: {:?}", rows.get(seq))));
            }
        }
        for (place, seq) in rows.keys().enumerate() {
            if *seq != place as i64 + 1 {
                return Err(Bad::Lost(format!("airing {}: {seq} comes in its place", place + 1)));
            }
        }
        let closed: BTreeSet<&String> = rows.values().map(|(slot, _)| slot).collect();
        if let Some(slot) = self.heard.iter().find(|slot| !closed.contains(slot)) {
            return Err(Bad::Doubled(format!("{slot} was heard, and nothing says so: it would air again")));
        }
        let open = store.open_rows().map_err(|error| Bad::Corrupt(error.to_string()))?;
        match open.iter().find(|row| row.started.is_some() || row.entry.start() <= now) {
            Some(row) => Err(Bad::Doubled(format!("{} stays open", row.entry.key().as_str()))),
            None => Ok(()),
        }
    }
}

/// Puts a state into an empty folder.
pub(crate) fn write(folder: &Path, state: &State) {
    for name in &state.folders {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for (name, bytes) in &state.files {
        let path = folder.join(name);
        // a name whose folder did not survive is not there either
        if path.parent().is_some_and(Path::is_dir) {
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let key = folder.join("station.key");
    if key.exists() {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// What a start does before anything airs.
async fn recover(store: &Arc<Store>, clock: Arc<Still>, folder: &Path) -> loaxa::error::Result<()> {
    let (_changed, plan_changed) = tokio::sync::watch::channel(0);
    let parts = Parts {
        clock,
        store: Arc::clone(store),
        site: Site::new(TimeZone::UTC),
        folders: Folders::within(folder),
        events: Events::default(),
        amplifier: (None, "none"),
        wired_zones: None,
        self_test: None,
        output: (OutputSettings::new(OutputKind::Null, 48_000), "null"),
        plan_changed,
    };
    PlayoutLoop::start(parts).await.map(drop)
}

/// A clock that shows one time.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: self.0, mono: Duration::from_secs(1), trusted: true }
    }

    fn trust(&self) -> TrustReason {
        TrustReason::ConfiguredAlways
    }

    fn instant(&self, _: Duration) -> Instant {
        crate::time::instant()
    }

    fn mono(&self, _: Instant) -> Duration {
        Duration::from_secs(1)
    }

    fn remember(&self, _: Timestamp) {}

    fn vouch(&self) {}
}
