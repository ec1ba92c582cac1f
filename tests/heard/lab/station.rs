//! The daemon as its users meet it: a process, a port, tokens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
pub(crate) use rustix::process::Signal;
use serde_json::{Value, json};

/// The program under test, built by cargo with whatever includes this.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_loaxa");

/// A running station on a data folder; ended, with its sound, when dropped.
pub(crate) struct Station {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
    /// A token that may read the status, once it was asked for.
    reader: OnceLock<String>,
    /// From the start of the process until it said "ready".
    pub(crate) ready_after: Duration,
}

/// Configuration of a station that is heard through `audio` (the lines of the table `[audio]`).
pub(crate) fn configuration(audio: &str) -> String {
    format!(
        "[web]\nlisten = \"127.0.0.1:0\"\n[audio]\n{audio}\n[amplifier]\ndriver = \"simulated\"\n\
         [clock]\ntrust = \"always\"\n"
    )
}

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(words)
        .arg("--config")
        .arg(folder.join("loaxa.toml"))
        .arg("--data")
        .arg(folder.join("data"))
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .stdin(Stdio::null());
    command
}

impl Station {
    /// Starts the daemon in `folder` and waits until it is ready. `alsa` is ALSA's configuration file, if it needs one.
    pub(crate) fn start(folder: &Path, audio: &str, alsa: Option<&Path>) -> Self {
        Self::start_as(folder, &configuration(audio), alsa)
    }

    /// The same with a configuration of its own.
    pub(crate) fn start_as(folder: &Path, configuration: &str, alsa: Option<&Path>) -> Self {
        let mut configuration = configuration.to_owned();
        if let Some(lab) = alsa.and_then(Path::parent) {
            // the virtual card writes what it hears, from inside the daemon
            configuration += &format!("[confinement]\nalso_write = [{lab:?}]\n");
        }
        std::fs::write(folder.join("loaxa.toml"), configuration).unwrap();
        Self::serve(folder, alsa)
    }

    /// After its end, however it came: the same station on the same data.
    pub(crate) fn again(mut self) -> Self {
        self.child.wait().unwrap();
        Self::serve(&self.folder, None)
    }

    fn serve(folder: &Path, alsa: Option<&Path>) -> Self {
        let mut command = command(folder, &["serve"]);
        if let Some(alsa) = alsa {
            command.env("ALSA_CONFIG_PATH", alsa);
        }
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PROGRAM}: {error}"));
        let (lines, kept) = (Arc::new(Mutex::new(Vec::new())), child.stderr.take().unwrap());
        let (ready, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(kept).lines().map_while(Result::ok) {
                if let Some(at) = line.find("ready: http://") {
                    let _ = ready.send((Instant::now(), line[at + 14..].to_owned()));
                }
                shared.lock().unwrap().push(line);
            }
        });
        let answer = told.recv_timeout(Duration::from_secs(60));
        let Ok((at, rest)) = answer else {
            let _ = child.kill();
            panic!("the station did not become ready: {:#?}", lines.lock().unwrap());
        };
        let address = rest.split_whitespace().next().unwrap().parse().unwrap();
        Self {
            child,
            folder: folder.to_owned(),
            address,
            lines,
            reader: OnceLock::new(),
            ready_after: at - begun,
        }
    }

    /// A token of its own identity.
    pub(crate) fn token(&self, name: &str, scopes: &[&str]) -> String {
        let mut words = vec!["token", "create", "--json", "--name", name];
        scopes.iter().for_each(|scope| words.extend(["--scope", *scope]));
        let output = command(&self.folder, &words).output().unwrap();
        assert!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// One request; the status must be `wanted`.
    pub(crate) fn ask(&self, token: &str, wanted: u16, request: &str, body: Option<&Value>) -> Value {
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        self.send(token, wanted, request, "application/json", &body)
    }

    fn send(&self, token: &str, wanted: u16, request: &str, kind: &str, body: &[u8]) -> Value {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (method, path) = request.split_once(' ').unwrap();
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(status, wanted, "{request}: {body}");
        if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {head}\n{body}"))
        }
    }

    /// Pushes a recording and answers with the segment once it waits for its approval, and how long that took.
    pub(crate) fn push(&self, token: &str, file: &Path, title: &str) -> (Value, Duration) {
        const BOUNDARY: &str = "a-line-that-no-recording-contains-7f3a9c";
        let meta = json!({ "title": title, "language": "vi", "class": "normal" });
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n\
             {meta}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"clip.mp3\"\r\n\
             Content-Type: audio/mpeg\r\n\r\n"
        )
        .into_bytes();
        body.extend(std::fs::read(file).unwrap());
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let begun = Instant::now();
        let mut segment = self.send(token, 201, "POST /segments", &kind, &body);
        while segment["state"] == "inspecting" || segment["state"] == "received" {
            assert!(begun.elapsed() < Duration::from_secs(300), "{segment}");
            std::thread::sleep(Duration::from_millis(100));
            let request = format!("GET /segments/{}", segment["id"].as_str().unwrap());
            segment = self.ask(token, 200, &request, None);
        }
        assert_eq!(segment["state"], "awaiting_approval", "{segment}");
        (segment, begun.elapsed())
    }

    /// Pushes, approves by somebody else, opens the air all day, and plans the recording for each of these instants.
    pub(crate) fn plan(&self, file: &Path, starts: &[Timestamp]) -> Value {
        let mut segments = self.order(&[file], |ids| json!({ "segments": ids }), starts);
        segments.remove(0)
    }

    /// As [`plan`](Self::plan) for several recordings: `order` puts their identifiers into a programme's running order.
    pub(crate) fn order(
        &self,
        files: &[&Path],
        order: impl FnOnce(&[&str]) -> Value,
        starts: &[Timestamp],
    ) -> Vec<Value> {
        let scopes = ["segments:write", "schedule:write", "airings:read", "status:read"];
        let scheduler = self.token("scheduler", &scopes);
        let approver = self.token("approver", &["segments:approve"]);
        let approve = json!({ "decision": "approve" });
        let segments: Vec<Value> =
            files.iter().map(|file| self.push(&scheduler, file, "Bản tin thử").0).collect();
        let ids: Vec<&str> = segments.iter().map(|segment| segment["id"].as_str().unwrap()).collect();
        for id in &ids {
            self.ask(&approver, 200, &format!("POST /segments/{id}/approval"), Some(&approve));
        }
        self.ask(&scheduler, 201, "POST /zones", Some(&json!({ "name": "Toàn xã" })));
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let window = json!({ "name": "Cả ngày", "days": days, "start": "00:00", "end": "24:00" });
        self.ask(&scheduler, 201, "POST /windows", Some(&window));
        let mut programme = order(&ids);
        let at: Vec<String> = starts.iter().map(ToString::to_string).collect();
        programme["name"] = json!("Phát thử");
        programme["at"] = json!(at);
        self.ask(&scheduler, 201, "POST /programmes", Some(&programme));
        segments
    }

    /// Waits until `count` airings are closed, and answers with them in order.
    pub(crate) fn airings(&self, count: usize, deadline: Timestamp) -> Vec<Value> {
        let auditor = self.token("auditor", &["airings:read"]);
        loop {
            let answer = self.ask(&auditor, 200, "GET /airings?limit=200", None);
            let items = answer["items"].as_array().unwrap();
            if items.len() >= count {
                return items.clone();
            }
            assert!(
                Timestamp::now() < deadline,
                "{} of {count} airings closed in time; the daemon said {:#?}",
                items.len(),
                self.said()
            );
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// What the daemon told the engineers so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Processor time that all its threads have used, from `/proc/PID/stat`.
    pub(crate) fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // USER_HZ is 100 wherever Linux shows it to programs
        Duration::from_millis(ticks * 10)
    }

    /// Resident and proportional memory in MiB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        let mebibytes = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
        };
        (mebibytes("Rss:"), mebibytes("Pss:"))
    }

    /// Threads that it runs.
    pub(crate) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().count()
    }

    /// Sends its process a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Its status, as whoever may read it sees it.
    pub(crate) fn status(&self) -> Value {
        let reader = self.reader.get_or_init(|| self.token("watcher", &["status:read"]));
        self.ask(reader, 200, "GET /status", None)
    }

    /// Ends it as systemd does, and says how long it took.
    pub(crate) fn stop(mut self) -> Duration {
        let begun = Instant::now();
        self.signal(Signal::TERM);
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end: {:#?}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
