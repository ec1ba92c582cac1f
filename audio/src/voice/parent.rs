//! The daemon's side: start, wait with a bound, and believe nothing that the program wrote.

use super::{SUBCOMMAND, VoiceCommand};
use crate::monotonic;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// So much of what it says of itself is kept, for an engineer.
const SAID_BYTES: usize = 2 << 10;
/// How long a program's pipes may take to close once all of it has ended.
const GRACE: Duration = Duration::from_secs(2);
/// How often an exit is looked for.
const LOOK: Duration = Duration::from_millis(10);
/// As [`super::child`] says that it did not become the program.
const NOT_STARTED: i32 = 127;
/// The program was ended for what it used up of processor time.
const SIGXCPU: i32 = 24;

/// Why there is no recording of a text.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The program is not there, or may not be started.
    #[error("the voice cannot be started: {0}")]
    NotStarted(String),
    /// It was not done in time, and was ended.
    #[error("the voice was not done within {0:?}")]
    TimedOut(Duration),
    /// It wrote more than it may, and was ended.
    #[error("the voice wrote more than {0} bytes")]
    TooMuch(u64),
    /// It ended badly; what became of it, and what it said of itself.
    #[error("the voice failed ({0}): {1}")]
    Failed(String, String),
    /// It ended well, and what it wrote is no WAV file.
    #[error("the voice wrote {0} bytes that are no WAV file")]
    NoWav(u64),
    /// What it wrote could not be kept.
    #[error("what the voice wrote cannot be kept: {0}")]
    NotKept(io::Error),
}

/// Has a text read into an empty file that is open for reading and writing; how many bytes it has. Blocks, for at most
/// [`VoiceCommand::wall`] and some seconds. `exe` is a program that calls [`run_child`](super::run_child).
///
/// # Errors
/// Whatever the program does, one of [`VoiceError`]; the file is then to be thrown away.
pub fn read_out(
    exe: &Path,
    voice: &VoiceCommand,
    text: &str,
    file: &File,
    max_bytes: u64,
) -> Result<u64, VoiceError> {
    let not_started = |error: &dyn std::fmt::Display| VoiceError::NotStarted(error.to_string());
    let order = serde_json::to_string(voice).map_err(|error| not_started(&error))?;
    let mut child = Command::new(exe)
        .arg(SUBCOMMAND)
        .arg(order)
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(&error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let text = text.to_owned();
    // who does not read it to its end is judged by what it wrote
    drop(in_thread(move || stdin.map(|mut stdin| stdin.write_all(text.as_bytes()))));
    let said = in_thread(move || remember(stderr));
    let written = file.try_clone().map(|kept| in_thread(move || keep(stdout, kept, max_bytes)));
    let outcome = written
        .map_err(VoiceError::NotKept)
        .and_then(|written| Ok((ended(&child, voice.wall, &written, max_bytes)?, written)));
    // all of it, whatever it started: its number is its own until it is waited for
    if let Some(group) = process(&child) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait().map_err(|error| not_started(&error))?;
    let bytes = match outcome? {
        (Some(bytes), _) => bytes,
        (None, written) => {
            let open = |_| VoiceError::Failed("its output stays open".to_owned(), String::new());
            within(written.recv_timeout(GRACE).map_err(open)?, max_bytes)?
        }
    };
    judge(status, said.recv_timeout(GRACE).unwrap_or_default(), voice.wall)?;
    if is_wav(file).map_err(VoiceError::NotKept)? { Ok(bytes) } else { Err(VoiceError::NoWav(bytes)) }
}

fn process(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Waits until the program has ended, without taking leave of it; how many bytes it wrote, where that is known by then.
fn ended(
    child: &Child,
    wall: Duration,
    written: &Receiver<io::Result<u64>>,
    max_bytes: u64,
) -> Result<Option<u64>, VoiceError> {
    let lost = |why: &str| VoiceError::Failed(why.to_owned(), String::new());
    let id = process(child).ok_or_else(|| lost("it has no number"))?;
    let looked = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let deadline = monotonic::now() + wall;
    let mut bytes = None;
    loop {
        if bytes.is_none() {
            match written.try_recv() {
                Ok(result) => bytes = Some(within(result, max_bytes)?),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Err(lost("its output cannot be read")),
            }
        }
        if waitid(WaitId::Pid(id), looked).map_err(|error| lost(&error.to_string()))?.is_some() {
            return Ok(bytes);
        }
        if monotonic::now() >= deadline {
            return Err(VoiceError::TimedOut(wall));
        }
        std::thread::park_timeout(LOOK);
    }
}

/// Does something in a thread of its own; what comes of it comes through the channel. Without a thread nothing comes.
fn in_thread<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name("voice-pipe".into());
    drop(thread.spawn(move || drop(sender.send(job()))));
    receiver
}

/// Copies what the program writes, and one byte more than it may.
fn keep(pipe: Option<impl Read>, mut file: File, max_bytes: u64) -> io::Result<u64> {
    pipe.map_or(Ok(0), |pipe| io::copy(&mut pipe.take(max_bytes.saturating_add(1)), &mut file))
}

fn within(written: io::Result<u64>, max_bytes: u64) -> Result<u64, VoiceError> {
    match written {
        Ok(bytes) if bytes <= max_bytes => Ok(bytes),
        Ok(_) => Err(VoiceError::TooMuch(max_bytes)),
        Err(error) => Err(VoiceError::NotKept(error)),
    }
}

/// The beginning of what it says of itself, in one line; the rest is read and forgotten, so that it does not wait for us.
fn remember(pipe: Option<impl Read>) -> String {
    let mut said = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.by_ref().take(SAID_BYTES as u64).read_to_end(&mut said);
        let _ = io::copy(&mut pipe, &mut io::sink());
    }
    let said = String::from_utf8_lossy(&said);
    let plain = said.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.collect::<String>().trim().to_owned()
}

/// What its end means.
fn judge(status: ExitStatus, said: String, wall: Duration) -> Result<(), VoiceError> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(NOT_STARTED), _) => Err(VoiceError::NotStarted(said)),
        (Some(code), _) => Err(VoiceError::Failed(format!("exit {code}"), said)),
        (None, Some(SIGXCPU)) => Err(VoiceError::TimedOut(wall)),
        (None, signal) => Err(VoiceError::Failed(format!("signal {}", signal.unwrap_or(0)), said)),
    }
}

/// Whether a file begins as a WAV file does.
fn is_wav(file: &File) -> io::Result<bool> {
    let mut start = [0; 12];
    match file.read_exact_at(&mut start, 0) {
        Ok(()) => Ok(start.starts_with(b"RIFF") && start.ends_with(b"WAVE")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
