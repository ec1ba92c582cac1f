//! A trace of system calls, read: what reached files, names and barriers, what was asked of the station, and what it said.

use crate::http::{Answer, parse};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What changes files and names, what makes them durable, and what is said to others.
const CALLS: &str = "openat,open,creat,openat2,write,pwrite64,writev,pwritev,pwritev2,lseek,fsync,fdatasync,\
    sync_file_range,ftruncate,truncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,\
    symlink,symlinkat,sendfile,copy_file_range,sendto,sendmsg,recvfrom,recvmsg,clone,clone3,fork,vfork";

/// A command whose calls are written to this file.
pub(crate) fn traced(program: &Path, file: &Path) -> Command {
    let mut command = Command::new("strace");
    // the program itself is our child (-D), its children are followed, whole buffers and paths stand there in hexadecimal
    command.args(["-D", "--seccomp-bpf", "-f", "-y", "-xx", "-ttt", "-s", "16000000", "-e", "signal=none"]);
    command.arg("-e").arg(format!("trace={CALLS}")).arg("-o").arg(file).arg(program);
    command
}

/// Whether processes may be traced here.
pub(crate) fn may_trace() -> bool {
    let tried =
        Command::new("strace").args(["-D", "--seccomp-bpf", "-f", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Waits until all of a process that has ended is in its trace: whoever wrote it is gone then.
pub(crate) fn complete(file: &Path) {
    let name = file.to_str().unwrap().as_bytes();
    let writes = |process: &std::fs::DirEntry| {
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        command.starts_with(b"strace\0") && command.split(|byte| *byte == 0).any(|word| word == name)
    };
    crate::time::wait_for("the end of a trace", Duration::from_secs(60), || {
        (!std::fs::read_dir("/proc").unwrap().flatten().any(|process| writes(&process))).then_some(())
    });
}

/// Which file, whatever its name.
pub(crate) type Id = usize;

/// One step of what happened. Names are relative to the data folder.
#[derive(Debug)]
pub(crate) enum What {
    Make(Id, String),
    MakeFolder(String),
    Write(Id, u64, Vec<u8>),
    Cut(Id, u64),
    Move {
        from: String,
        to: String,
        id: Id,
    },
    Gone(String),
    SyncFile(Id),
    SyncFolder(String),
    /// Something that is not silence was handed to the output.
    Sounded,
    /// Somebody asked, and nobody answered yet: method and path.
    Asked(String, String),
    Answered {
        method: String,
        path: String,
        answer: Answer,
    },
    Printed(String),
}

/// A step with its place among the others.
#[derive(Debug)]
pub(crate) struct Step {
    /// Seconds since 1970.
    pub(crate) time: f64,
    /// A change may be on the disk from here on …
    pub(crate) begun: usize,
    /// … and a barrier that begins after this covers it.
    pub(crate) ended: usize,
    pub(crate) what: What,
}

struct Call {
    time: f64,
    begun: usize,
    ended: usize,
    process: (usize, u32),
    name: String,
    arguments: String,
    returned: i64,
}

/// Every line of every file, in the order of time; unfinished calls are put together with their ends.
fn calls(files: &[PathBuf]) -> (Vec<Call>, HashMap<(usize, u32), u32>) {
    let mut lines: Vec<(f64, usize, u32, String)> = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let text = String::from_utf8(std::fs::read(file).unwrap()).expect("a trace in ASCII");
        for line in text.lines() {
            let mut parts = line.splitn(3, ' ').map(str::to_owned);
            let process = parts.next().and_then(|text| text.parse().ok());
            // strace pads process numbers
            let rest: String = parts.collect::<Vec<_>>().join(" ").trim_start().to_owned();
            if let (Some(process), Some((time, what))) = (process, rest.split_once(' ')) {
                lines.push((time.parse().unwrap(), number, process, what.to_owned()));
            }
        }
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut open: HashMap<(usize, u32), (usize, f64, String)> = HashMap::new();
    let (mut calls, mut parents) = (Vec::new(), HashMap::new());
    for (place, (time, file, number, text)) in lines.into_iter().enumerate() {
        let process = (file, number);
        if let Some(beginning) = text.strip_suffix(" <unfinished ...>") {
            open.insert(process, (place, time, beginning.to_owned()));
            continue;
        }
        let (begun, time, text) =
            match text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
                Some((_, rest)) => {
                    let Some((begun, time, beginning)) = open.remove(&process) else { continue };
                    (begun, time, format!("{beginning}{rest}"))
                }
                None => (place, time, text),
            };
        if let Some(call) = read_call(&text, begun, place, time, process) {
            if call.name.starts_with("clone") && call.arguments.contains("CLONE_THREAD") {
                parents.insert((file, call.returned as u32), number);
            }
            calls.push(call);
        }
    }
    // what the kill came into may have happened: it did, and no barrier covers it before it is over
    for (process, (begun, time, text)) in open {
        let returned = if text.starts_with("write(") || text.starts_with("pwrite64(") { 1 } else { -1 };
        let text = format!("{text}) = {returned}");
        if let Some(mut call) = read_call(&text, begun, usize::MAX, time, process)
            && ["write", "pwrite64", "rename", "unlink", "ftruncate"].contains(&call.name.as_str())
        {
            call.returned = 0;
            calls.push(call);
        }
    }
    (calls, parents)
}

fn read_call(text: &str, begun: usize, ended: usize, time: f64, process: (usize, u32)) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let end = rest.rfind(") = ").or_else(|| rest.rfind(')'))?;
    let returned = rest[end..].trim_start_matches(") = ").trim_start_matches([')', ' ', '=']);
    let returned: String = returned.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    let returned = returned.parse().ok()?;
    if returned < 0 && ended != usize::MAX {
        return None;
    }
    Some(Call {
        time,
        begun,
        ended,
        process,
        name: name.to_owned(),
        arguments: rest[..end].to_owned(),
        returned,
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    if !text.starts_with(b"\\x") {
        return text.to_vec();
    }
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit") as u8;
    text.chunks_exact(4).map(|four| digit(four[2]) * 16 + digit(four[3])).collect()
}

/// Everything in quotation marks.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(unhex).collect()
}

/// The descriptor that a call is about, and what it stands for.
fn descriptor(arguments: &str) -> Option<(i64, String)> {
    let (number, rest) = arguments.split_once('<')?;
    let path = rest.split_once('>')?.0;
    let path = path.split('(').next().unwrap_or(path);
    Some((number.trim().parse().ok()?, String::from_utf8_lossy(&unhex(path)).into_owned()))
}

/// A number among the arguments, counted from behind.
fn number(arguments: &str, from_behind: usize) -> u64 {
    arguments.rsplit(", ").nth(from_behind).and_then(|text| text.trim().parse().ok()).expect("a number")
}

/// Reads traces into steps.
pub(crate) struct Reader {
    folder: String,
    capture: String,
    names: HashMap<String, Id>,
    files: usize,
    /// Where the next `write` goes, by process and descriptor; None: at the end.
    places: HashMap<((usize, u32), i64), Option<u64>>,
    lengths: HashMap<Id, u64>,
    parents: HashMap<(usize, u32), u32>,
    asked: HashMap<String, Vec<u8>>,
    answered: HashMap<String, Vec<u8>>,
    steps: Vec<Step>,
}

impl Reader {
    /// The steps of these traces in a data folder that was empty before, and with sound that went into this file.
    pub(crate) fn read(files: &[PathBuf], data: &Path, capture: &Path) -> Vec<Step> {
        let (mut calls, parents) = calls(files);
        // what others may see already counts from its beginning, what must be over from its end
        calls.sort_by_key(|call| match call.name.as_str() {
            "fsync" | "fdatasync" | "recvfrom" | "recvmsg" | "lseek" => call.ended,
            name if name.starts_with("open") => call.ended,
            _ => call.begun,
        });
        let mut reader = Self {
            folder: format!("{}/", data.display()),
            capture: capture.display().to_string(),
            names: HashMap::new(),
            files: 0,
            places: HashMap::new(),
            lengths: HashMap::new(),
            parents,
            asked: HashMap::new(),
            answered: HashMap::new(),
            steps: Vec::new(),
        };
        calls.iter().for_each(|call| reader.call(call));
        reader.steps
    }

    /// A path of the data folder. The index of a write-ahead log is made anew by whoever opens it.
    fn inside(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix(&self.folder)?;
        (!name.ends_with("-shm")).then(|| name.to_owned())
    }

    fn thread_group(&self, process: (usize, u32)) -> (usize, u32) {
        let mut at = process;
        while let Some(parent) = self.parents.get(&at) {
            at.1 = *parent;
        }
        at
    }

    fn step(&mut self, call: &Call, what: What) {
        self.steps.push(Step { time: call.time, begun: call.begun, ended: call.ended, what });
    }

    fn call(&mut self, call: &Call) {
        match call.name.as_str() {
            "openat" => self.open(call),
            "write" | "pwrite64" => self.write(call),
            "writev" | "sendto" | "sendmsg" => {
                if let Some((_, path)) = descriptor(&call.arguments) {
                    assert!(
                        self.inside(&path).is_none(),
                        "{} to {path}: the model does not know it",
                        call.name
                    );
                    if path.starts_with("socket:") {
                        self.said(call, path);
                    }
                }
            }
            "recvfrom" | "recvmsg" => self.heard(call),
            "lseek" => {
                if let Some((fd, path)) = descriptor(&call.arguments)
                    && self.inside(&path).is_some()
                {
                    let key = (self.thread_group(call.process), fd);
                    self.places.insert(key, Some(call.returned as u64));
                }
            }
            "fsync" | "fdatasync" => {
                let Some((_, path)) = descriptor(&call.arguments) else { return };
                let folder = format!("{path}/") == self.folder;
                if let Some(id) = self.inside(&path).and_then(|name| self.names.get(&name).copied()) {
                    self.step(call, What::SyncFile(id));
                } else if folder || self.inside(&path).is_some() {
                    let name = self.inside(&path).unwrap_or_default();
                    self.step(call, What::SyncFolder(name));
                }
            }
            "ftruncate" => {
                let Some((_, path)) = descriptor(&call.arguments) else { return };
                let Some(id) = self.inside(&path).and_then(|name| self.names.get(&name).copied()) else {
                    return;
                };
                let length = number(&call.arguments, 0);
                self.lengths.insert(id, length);
                self.step(call, What::Cut(id, length));
            }
            "unlink" | "unlinkat" => {
                let path = String::from_utf8_lossy(&strings(&call.arguments)[0]).into_owned();
                if let Some(name) = self.inside(&path) {
                    self.names.remove(&name);
                    self.step(call, What::Gone(name));
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let paths: Vec<String> = strings(&call.arguments)
                    .iter()
                    .map(|path| String::from_utf8_lossy(path).into_owned())
                    .collect();
                match (self.inside(&paths[0]), self.inside(&paths[1])) {
                    (Some(from), Some(to)) => {
                        let id = self
                            .names
                            .remove(&from)
                            .unwrap_or_else(|| panic!("{from} is renamed and unknown"));
                        self.names.insert(to.clone(), id);
                        self.step(call, What::Move { from, to, id });
                    }
                    (None, None) => {}
                    _ => panic!("{paths:?}: a file crosses the data folder's border"),
                }
            }
            "mkdir" | "mkdirat" => {
                let path = String::from_utf8_lossy(&strings(&call.arguments)[0]).into_owned();
                if let Some(name) = self.inside(&path) {
                    self.step(call, What::MakeFolder(name));
                }
            }
            name if name.starts_with("clone") || ["fork", "vfork"].contains(&name) => {}
            name => {
                let strings = strings(&call.arguments);
                let named = strings.iter().map(|path| String::from_utf8_lossy(path).into_owned());
                let paths = named.chain(descriptor(&call.arguments).map(|(_, path)| path));
                for path in paths {
                    assert!(self.inside(&path).is_none(), "{name} of {path}: the model does not know it");
                }
            }
        }
    }

    fn open(&mut self, call: &Call) {
        let path = String::from_utf8_lossy(&strings(&call.arguments)[0]).into_owned();
        let Some(name) = self.inside(&path) else { return };
        if call.arguments.contains("O_DIRECTORY") {
            return;
        }
        if !self.names.contains_key(&name) {
            if !call.arguments.contains("O_CREAT") {
                return;
            }
            let id = self.files;
            self.files += 1;
            self.names.insert(name.clone(), id);
            self.step(call, What::Make(id, name.clone()));
        } else if call.arguments.contains("O_TRUNC") {
            let id = self.names[&name];
            self.lengths.insert(id, 0);
            self.step(call, What::Cut(id, 0));
        }
        let key = (self.thread_group(call.process), call.returned);
        self.places.insert(key, (!call.arguments.contains("O_APPEND")).then_some(0));
    }

    fn write(&mut self, call: &Call) {
        let Some((fd, path)) = descriptor(&call.arguments) else { return };
        let bytes = strings(&call.arguments).into_iter().next().unwrap_or_default();
        if fd == 1 {
            self.step(call, What::Printed(String::from_utf8_lossy(&bytes).into_owned()));
            return;
        }
        if path == self.capture {
            // a header of 44 bytes, then sound
            if bytes.len() > 44 && bytes.iter().any(|byte| *byte != 0) {
                self.step(call, What::Sounded);
            }
            return;
        }
        if path.starts_with("socket:") {
            self.said(call, path);
            return;
        }
        let Some(id) = self.inside(&path).and_then(|name| self.names.get(&name).copied()) else { return };
        let length = self.lengths.get(&id).copied().unwrap_or(0);
        let at = if call.name == "pwrite64" {
            number(&call.arguments, 0)
        } else {
            let key = (self.thread_group(call.process), fd);
            let at = self.places.get(&key).copied().flatten().unwrap_or(length);
            if let Some(Some(place)) = self.places.get_mut(&key) {
                *place = at + bytes.len() as u64;
            }
            at
        };
        self.lengths.insert(id, length.max(at + bytes.len() as u64));
        self.step(call, What::Write(id, at, bytes));
    }

    fn heard(&mut self, call: &Call) {
        let Some((_, path)) = descriptor(&call.arguments) else { return };
        let Some(bytes) = strings(&call.arguments).into_iter().next() else { return };
        let known = self.asked.entry(path).or_default();
        let before = head_of(known).is_some();
        known.extend(bytes);
        if !before && let Some((method, path)) = head_of(known) {
            self.step(call, What::Asked(method, path));
        }
    }

    fn said(&mut self, call: &Call, socket: String) {
        let Some((method, path)) = self.asked.get(&socket).and_then(|bytes| head_of(bytes)) else { return };
        let raw = self.answered.entry(socket).or_default();
        raw.extend(strings(&call.arguments).concat());
        let Some(answer) = parse(raw) else { return };
        let whole = answer.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
        if answer.body.len() >= whole {
            raw.clear();
            self.step(call, What::Answered { method, path, answer });
        }
    }
}

/// Method and path of a request whose first line is there.
fn head_of(bytes: &[u8]) -> Option<(String, String)> {
    let line = bytes.split(|byte| *byte == b'\r').next()?;
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split(' ');
    let (method, path) = (words.next()?, words.next()?.strip_prefix("/api/v1")?);
    words.next()?.starts_with("HTTP/1.").then(|| (method.to_owned(), path.to_owned()))
}
