//! A station of a test's own: its folder, its configuration, its daemon, and the people who use it.

use crate::http::{Answer, Body, Client, multipart};
use crate::sound;
use crate::time::{instant, now, wait_for};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_loaxa");
/// No start takes longer on the slowest machine; how long they really take is measured where it matters.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// An orderly end takes at most this long.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// The inspection of the longest recording of these tests, on a slow machine with much else to do.
const INSPECTED_WITHIN: Duration = Duration::from_secs(180);

/// Who uses the station. Each is an identity of its own.
#[derive(Debug, Clone)]
pub(crate) struct People {
    pub(crate) uploader: String,
    pub(crate) second_uploader: String,
    pub(crate) approver: String,
    pub(crate) scheduler: String,
    pub(crate) auditor: String,
    pub(crate) operator: String,
    /// May push, and may approve what others pushed.
    pub(crate) both: String,
}

/// Name and scopes of each.
pub(crate) const SCOPES: [(&str, &[&str]); 7] = [
    ("uploader", &["segments:write"]),
    ("second uploader", &["segments:write"]),
    ("approver", &["segments:approve"]),
    ("scheduler", &["schedule:write"]),
    ("auditor", &["airings:read"]),
    ("operator", &["emergency", "status:read"]),
    ("both", &["segments:write", "segments:approve"]),
];

impl People {
    pub(crate) fn from_tokens(tokens: Vec<String>) -> Self {
        let [uploader, second_uploader, approver, scheduler, auditor, operator, both] =
            <[String; 7]>::try_from(tokens).expect("a token for each");
        Self { uploader, second_uploader, approver, scheduler, auditor, operator, both }
    }
}

/// A station, running or not. When a test fails, what its daemon said is printed.
pub(crate) struct Station {
    home: TempDir,
    daemon: Option<Daemon>,
    pub(crate) people: People,
    /// What its daemons said, one life after the other.
    said: Arc<Said>,
    /// As the last daemon printed it.
    port: u16,
}

/// A running daemon.
struct Daemon {
    child: Child,
}

/// Lines of standard error.
#[derive(Default)]
pub(crate) struct Said {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

/// Where the sound of a test's station goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Into `heard.wav`.
    Captured,
    /// Nowhere, in real time.
    ByNobody,
}

impl Station {
    /// A station that runs, in which everything is allowed at any time of any day.
    pub(crate) fn open(heard: Heard) -> Self {
        let station = Self::start(heard, "");
        station.window("Cả ngày", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00");
        station
    }

    /// A new station that runs; `storage` goes into that part of its configuration.
    pub(crate) fn start(heard: Heard, storage: &str) -> Self {
        let mut station = Self::configured(heard, storage);
        station.begin();
        station
    }

    /// Makes the people of a station that was configured, and starts it.
    pub(crate) fn begin(&mut self) {
        self.people =
            People::from_tokens(SCOPES.iter().map(|(name, scopes)| self.token(name, scopes).0).collect());
        self.start_again();
    }

    /// One more line in a part of the configuration, such as `[web]`.
    pub(crate) fn also(&self, part: &str, line: &str) {
        let text = std::fs::read_to_string(self.configuration()).unwrap();
        assert!(text.contains(part), "{part} is configured");
        std::fs::write(self.configuration(), text.replace(part, &format!("{part}\n{line}"))).unwrap();
    }

    /// Whether a daemon of this station said this.
    pub(crate) fn said(&self, text: &str) -> bool {
        self.line_with(text).is_some()
    }

    /// The last line in which a daemon of this station said this.
    pub(crate) fn line_with(&self, text: &str) -> Option<String> {
        let lines = self.said.lines.lock().unwrap();
        lines.iter().rev().find(|line| line.contains(text)).cloned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A new station that does not run yet.
    pub(crate) fn configured(heard: Heard, storage: &str) -> Self {
        let home = tempfile::Builder::new().prefix("loaxa-station-").tempdir().unwrap();
        std::fs::create_dir(home.path().join("data")).unwrap();
        let audio = match heard {
            Heard::Captured => {
                format!("output = \"capture\"\ncapture_file = {:?}", home.path().join("heard.wav"))
            }
            Heard::ByNobody => "output = \"null\"".to_owned(),
        };
        let configuration = format!(
            "[station]\nname = \"Đài thử\"\n[web]\nlisten = \"127.0.0.1:0\"\n[audio]\n{audio}\n\
             [amplifier]\ndriver = \"simulated\"\n[clock]\ntrust = \"always\"\n\
             [storage]\ndata = {:?}\n{storage}\n",
            home.path().join("data")
        );
        std::fs::write(home.path().join("loaxa.toml"), configuration).unwrap();
        let nobody = People::from_tokens(vec![String::new(); SCOPES.len()]);
        Self { home, daemon: None, people: nobody, said: Arc::new(Said::default()), port: 0 }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub(crate) fn configuration(&self) -> PathBuf {
        self.home.path().join("loaxa.toml")
    }

    /// Starts a daemon and waits until it is ready; how long that took.
    pub(crate) fn start_again(&mut self) -> Duration {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg("--config").arg(self.configuration());
        self.run(command)
    }

    /// Starts a daemon by this command and waits until it is ready; how long that took.
    pub(crate) fn run(&mut self, command: Command) -> Duration {
        self.try_run(command)
            .unwrap_or_else(|| panic!("the daemon ended, or was not ready within {READY_WITHIN:?}"))
    }

    /// The same of a daemon that may end instead: none then.
    pub(crate) fn try_run(&mut self, mut command: Command) -> Option<Duration> {
        assert!(self.daemon.is_none(), "one daemon at a time");
        let from = self.said.count();
        let begun = instant();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .env_remove("RUST_LOG")
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::clone(&self.said);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| said.add(line)));
        self.daemon = Some(Daemon { child });
        let said = Arc::clone(&self.said);
        let ready = said.wait_from(from, "ready: http", READY_WITHIN, || self.running())?;
        let took = instant().saturating_duration_since(begun);
        self.port = ready
            .split_once("ready: http")
            .and_then(|(_, rest)| rest.split_once("://127.0.0.1:"))
            .map(|(_, rest)| rest)
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("no port in {ready:?}"));
        Some(took)
    }

    fn running(&mut self) -> bool {
        self.daemon.as_mut().is_some_and(|daemon| matches!(daemon.child.try_wait(), Ok(None)))
    }

    pub(crate) fn process(&self) -> u32 {
        self.daemon.as_ref().expect("a daemon").child.id()
    }

    /// As if the power were cut; the wall time just before.
    pub(crate) fn kill(&mut self) -> Timestamp {
        let mut daemon = self.daemon.take().expect("a daemon");
        let at = now();
        daemon.child.kill().unwrap();
        daemon.child.wait().unwrap();
        at
    }

    /// Asks the daemon to end in good order and waits for it.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let child = &self.daemon.as_ref().expect("a daemon").child;
        let id = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.ended()
    }

    /// Waits for the daemon to end by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("a daemon");
        wait_for("the daemon to end", ENDS_WITHIN, || daemon.child.try_wait().unwrap())
    }

    /// Runs the command line on this station's data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::null()).env_remove("RUST_LOG");
        if !arguments.contains(&"--config") && !arguments.contains(&"verify") {
            command.arg("--config").arg(self.configuration());
        }
        command.output().expect("the program starts")
    }

    /// A new token and its identity.
    pub(crate) fn token(&self, name: &str, scopes: &[&str]) -> (String, String) {
        self.token_for(name, scopes, None)
    }

    pub(crate) fn token_for(&self, name: &str, scopes: &[&str], expires: Option<&str>) -> (String, String) {
        let mut arguments = vec!["token", "create", "--json", "--name", name];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        if let Some(expires) = expires {
            arguments.extend(["--expires", expires]);
        }
        let made = self.command(&arguments);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("token"), text("id"))
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn stranger(&self) -> Client {
        Client { port: self.port, token: None }
    }

    pub(crate) fn with(&self, token: &str) -> Client {
        Client { port: self.port, token: Some(token.to_owned()) }
    }

    pub(crate) fn uploader(&self) -> Client {
        self.with(&self.people.uploader)
    }

    pub(crate) fn approver(&self) -> Client {
        self.with(&self.people.approver)
    }

    pub(crate) fn scheduler(&self) -> Client {
        self.with(&self.people.scheduler)
    }

    pub(crate) fn auditor(&self) -> Client {
        self.with(&self.people.auditor)
    }

    pub(crate) fn operator(&self) -> Client {
        self.with(&self.people.operator)
    }

    /// The id of a recording that was pushed, and taken.
    pub(crate) fn push(&self, title: &str, audio: &[u8]) -> String {
        let answer = push(&self.uploader(), &json!({ "title": title }), audio).expect(201);
        let id = id_of(&answer.json());
        // what takes longer than an answer waits is inspected on: a long recording on a slow machine
        let inspected = wait_for("the inspection", INSPECTED_WITHIN, || {
            let segment = self.auditor().get(&format!("/segments/{id}")).expect(200).json();
            (!["received", "inspecting"].map(Value::from).contains(&segment["state"])).then_some(segment)
        });
        assert_eq!(inspected["state"], "awaiting_approval", "{inspected}");
        id
    }

    /// Approves a segment by as many people as its class takes: an emergency by two.
    pub(crate) fn approve(&self, id: &str) {
        let mut answer = decide(&self.approver(), id, "approve").expect(200).json();
        if answer["class"] == "emergency" {
            assert_eq!(
                (&answer["state"], &answer["approvals_missing"]),
                (&json!("awaiting_approval"), &json!(1))
            );
            answer = decide(&self.with(&self.people.both), id, "approve").expect(200).json();
        }
        assert_eq!(answer["state"], "approved");
    }

    pub(crate) fn push_and_approve(&self, title: &str, audio: &[u8]) -> String {
        let id = self.push(title, audio);
        self.approve(&id);
        id
    }

    pub(crate) fn window(&self, name: &str, days: &[&str], start: &str, end: &str) -> String {
        let window = json!({ "name": name, "days": days, "start": start, "end": end });
        id_of(&self.scheduler().post("/windows", &window).expect(201).json())
    }

    /// A programme of these segments at these instants.
    pub(crate) fn programme_at(&self, name: &str, segments: &[&str], at: &[Timestamp]) -> String {
        let at: Vec<String> = at.iter().map(ToString::to_string).collect();
        self.programme(&json!({ "name": name, "segments": segments, "at": at }))
    }

    pub(crate) fn programme(&self, programme: &Value) -> String {
        id_of(&self.scheduler().post("/programmes", programme).expect(201).json())
    }

    /// What `/plan` says between these instants: slots and refusals of a programme.
    pub(crate) fn plan(&self, programme: &str, from: Timestamp, to: Timestamp) -> (Vec<Value>, Vec<Value>) {
        let plan = self.scheduler().get(&format!("/plan?from={from}&to={to}")).expect(200).json();
        let of = |list: &str| {
            let entries = plan[list].as_array().unwrap().iter();
            entries.filter(|entry| entry["programme"] == programme).cloned().collect()
        };
        (of("slots"), of("refusals"))
    }

    /// Closed airings that a query matches.
    pub(crate) fn airings(&self, query: &str) -> Vec<Value> {
        let page = self.auditor().get(&format!("/airings?limit=1000{query}")).expect(200).json();
        assert_eq!(page["next"], Value::Null, "all of it on one page");
        page["items"].as_array().unwrap().clone()
    }

    /// Waits for the outcomes of a programme, in the order in which they came.
    pub(crate) fn outcomes(&self, programme: &str, count: usize, bound: Duration) -> Vec<Value> {
        wait_for(&format!("{count} outcomes of programme {programme}"), bound, || {
            let rows = self.airings(&format!("&programme={programme}"));
            (rows.len() >= count).then_some(rows)
        })
    }

    /// Waits until this segment sounds, and has sounded for so many seconds.
    pub(crate) fn wait_until_heard(&self, segment: &str, seconds: f64, bound: Duration) -> Value {
        wait_for(&format!("{seconds} s of segment {segment} on air"), bound, || {
            let on_air = self.operator().get("/status").expect(200).json()["on_air"].clone();
            let enough = on_air["played"].as_f64().is_some_and(|played| played >= seconds);
            (on_air["segment"] == segment && enough).then_some(on_air)
        })
    }

    pub(crate) fn healthy(&self) -> bool {
        self.stranger().get("/health").status == 200
    }

    /// Everything that the station keeps, to be compared with what it keeps later.
    pub(crate) fn keeps(&self) -> Keeps {
        let all = |path: &str| {
            let page = self.scheduler().get(&format!("{path}?limit=1000")).expect(200).json();
            page["items"].as_array().unwrap().clone()
        };
        let files = |folder: &str| {
            let mut files: Vec<(String, u64)> = std::fs::read_dir(self.data().join(folder))
                .unwrap()
                .flatten()
                .filter_map(|entry| {
                    Some((entry.file_name().to_string_lossy().into_owned(), entry.metadata().ok()?.len()))
                })
                .collect();
            files.sort();
            files
        };
        let objects = ["/segments", "/windows", "/programmes", "/zones"].map(|path| (path, all(path)));
        let files = ["incoming", "originals", "prepared"].map(|folder| (folder, files(folder)));
        Keeps { objects: objects.into(), files: files.into() }
    }

    /// Every recording that was heard, one behind the other.
    pub(crate) fn heard(&self) -> Vec<i16> {
        sound::samples(&std::fs::read(self.home().join("heard.wav")).unwrap())
    }
}

/// What a station keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keeps {
    pub(crate) objects: BTreeMap<&'static str, Vec<Value>>,
    pub(crate) files: BTreeMap<&'static str, Vec<(String, u64)>>,
}

impl Drop for Station {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.child.kill();
            let _ = daemon.child.wait();
        }
        if std::thread::panicking() {
            let lines = self.said.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            eprintln!("---- what the daemon said ({} lines, the last 200)", lines.len());
            for line in lines.iter().skip(lines.len().saturating_sub(200)) {
                eprintln!("{line}");
            }
        }
    }
}

impl Said {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.more.notify_all();
    }

    fn count(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// The first line from number `from` on that contains `text`; none when the bound is over or the daemon ended.
    fn wait_from(
        &self,
        from: usize,
        text: &str,
        bound: Duration,
        mut running: impl FnMut() -> bool,
    ) -> Option<String> {
        let begun = instant();
        let mut lines = self.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().skip(from).find(|line| line.contains(text)) {
                return Some(line.clone());
            }
            if instant().saturating_duration_since(begun) > bound || !running() {
                return None;
            }
            lines = self.more.wait_timeout(lines, Duration::from_millis(200)).unwrap().0;
        }
    }
}

/// Pushes a recording with these words.
pub(crate) fn push(client: &Client, meta: &Value, audio: &[u8]) -> Answer {
    push_parts(client, &[("meta", None, meta.to_string().as_bytes()), ("audio", Some("ban-ghi"), audio)])
}

/// Pushes these parts.
pub(crate) fn push_parts(client: &Client, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
    let (kind, body) = multipart(parts);
    client.send("POST", "/segments", &[("content-type", &kind)], Body::Whole(&body))
}

/// Decides on a segment.
pub(crate) fn decide(client: &Client, id: &str, decision: &str) -> Answer {
    client.post(&format!("/segments/{id}/approval"), &json!({ "decision": decision }))
}

pub(crate) fn id_of(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("an id in {object}")).to_owned()
}

/// An instant in an answer.
pub(crate) fn time_of(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("a time in {value}"))
}

/// A number in an answer.
pub(crate) fn number_of(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number in {value}"))
}
