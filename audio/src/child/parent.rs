//! The daemon's side: start, wait with a bound, and believe nothing that the child says.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::worker::{Answer, Order};
use super::{ChildLimits, Confinement, SUBCOMMAND};
use crate::inspect::{InspectRefusal, InspectReport, InspectRequest};
use crate::monotonic;
use crate::prepared::Prepared;

/// More than any answer needs; what a child prints beyond it is not read.
const OUTPUT_BYTES: u64 = 64 << 10;
/// How long a killed child's pipes may take to close.
const GRACE: Duration = Duration::from_secs(1);
/// How often an exit is looked for while the pipes are still open.
const LOOK: Duration = Duration::from_millis(20);
/// How long a child may take that only says what holds.
const PROBE: Duration = Duration::from_secs(5);

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;
const SIGSYS: i32 = 31;

/// Inspects and prepares one recording in a child process: `exe inspect-child …`. Blocks, for at most
/// [`ChildLimits::wall`] and a second or two; whatever the child does or prints, this returns.
///
/// # Errors
/// The refusal, with what to do next; the partial output is then removed.
pub fn inspect(
    exe: &Path,
    request: &InspectRequest,
    limits: &ChildLimits,
) -> Result<InspectReport, InspectRefusal> {
    let result = absolute(exe, request).and_then(|(exe, request)| {
        let order = Order::Inspect { request: request.clone(), limits: limits.clone() };
        match run(&exe, &order, limits.wall)? {
            Answer::Report(report) => confirm(report, &request),
            Answer::Refusal(refusal) => Err(refusal),
            Answer::Confined(_) => Err(misunderstood()),
        }
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&request.output);
    }
    result
}

/// What a child of this program gives up on this machine, found out by a child that does nothing else. Blocks for some
/// milliseconds, at most for seconds.
///
/// # Errors
/// When no child can be started or its limits do not hold, with what to do next.
pub fn probe(exe: &Path) -> Result<Confinement, InspectRefusal> {
    let limits = ChildLimits { wall: PROBE, ..ChildLimits::default() };
    match run(exe, &Order::Probe { limits }, PROBE)? {
        Answer::Confined(confinement) => Ok(confinement),
        Answer::Refusal(refusal) => Err(refusal),
        Answer::Report(_) => Err(misunderstood()),
    }
}

fn misunderstood() -> InspectRefusal {
    InspectRefusal::failed("its answer cannot be understood")
}

/// The child runs in another folder, so that it holds none: relative names are made absolute here.
fn absolute(exe: &Path, request: &InspectRequest) -> Result<(PathBuf, InspectRequest), InspectRefusal> {
    let absolute = |path: &Path| {
        std::path::absolute(path)
            .map_err(|error| InspectRefusal::failed(&format!("{}: {error}", path.display())))
    };
    let request = InspectRequest {
        original: absolute(&request.original)?,
        output: absolute(&request.output)?,
        ..request.clone()
    };
    Ok((absolute(exe)?, request))
}

fn run(exe: &Path, order: &Order, wall: Duration) -> Result<Answer, InspectRefusal> {
    let order = serde_json::to_string(order).map_err(|error| InspectRefusal::failed(&error.to_string()))?;
    let mut child = Command::new(exe)
        .arg(SUBCOMMAND)
        .arg(order)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| InspectRefusal::failed(&format!("{} cannot be started: {error}", exe.display())))?;
    let stdout = child.stdout.take().map(read_bounded);
    let stderr = child.stderr.take().map(read_bounded);
    let (status, killed) = wait_bounded(&mut child, wall)?;
    let stdout = stdout.and_then(|lines| lines.recv_timeout(GRACE).ok()).unwrap_or_default();
    let stderr = stderr.and_then(|lines| lines.recv_timeout(GRACE).ok()).unwrap_or_default();
    if killed {
        return Err(InspectRefusal::timeout());
    }
    if !status.success() {
        return Err(explain(status, &String::from_utf8_lossy(&stderr)));
    }
    serde_json::from_slice(&stdout).map_err(|_| misunderstood())
}

/// Reads a pipe to its end or to the bound, in a thread of its own; the result comes through the channel.
fn read_bounded(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    let reader = std::thread::Builder::new().name("inspect-pipe".into()).spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.take(OUTPUT_BYTES).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    // Without a thread the sender is dropped, and the answer is empty: refused.
    drop(reader);
    receiver
}

/// Waits for the exit; kills the child after `wall`. The flag says whether it was killed.
fn wait_bounded(child: &mut Child, wall: Duration) -> Result<(ExitStatus, bool), InspectRefusal> {
    let lost = |error: std::io::Error| InspectRefusal::failed(&format!("its process was lost: {error}"));
    let deadline = monotonic::now() + wall;
    loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok((status, false));
        }
        if monotonic::now() >= deadline {
            let _ = child.kill();
            return child.wait().map(|status| (status, true)).map_err(lost);
        }
        std::thread::park_timeout(LOOK);
    }
}

/// What a death means.
fn explain(status: ExitStatus, stderr: &str) -> InspectRefusal {
    match status.signal() {
        Some(SIGABRT) if stderr.contains("memory allocation of") => InspectRefusal::out_of_memory(),
        // Not by us: the kernel's out-of-memory killer is the usual one.
        Some(SIGKILL) => InspectRefusal::out_of_memory(),
        Some(SIGXCPU) => InspectRefusal::timeout(),
        Some(SIGXFSZ) => InspectRefusal::too_big_to_prepare(),
        // Told apart, because only a decoder that was taken over does it.
        Some(SIGSYS) => InspectRefusal::crashed("signal 31, forbidden system call"),
        Some(signal) => InspectRefusal::crashed(&format!("signal {signal}")),
        None if status.code() == Some(2) => InspectRefusal::failed("the program does not know the command"),
        None => InspectRefusal::crashed(&format!("exit {}", status.code().unwrap_or(-1))),
    }
}

/// The report is the child's word; that the file has that root and comes from that original is checked here.
fn confirm(report: InspectReport, request: &InspectRequest) -> Result<InspectReport, InspectRefusal> {
    let prepared = Prepared::open(&request.output, &report.root)
        .map_err(|error| InspectRefusal::failed(&error.to_string()))?;
    let info = prepared.info();
    let made_from = crate::prepared::to_hex(&info.made_from);
    let same = info.frames == report.frames
        && info.sample_rate == report.sample_rate
        && info.sample_rate == request.sample_rate
        && info.bytes == report.bytes
        && made_from == request.made_from();
    if same { Ok(report) } else { Err(InspectRefusal::failed("its answer is not about the file it wrote")) }
}
