//! The child's side: limits first, then the work, then one line.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::ChildLimits;
use crate::inspect::{InspectRefusal, InspectReport, InspectRequest, inspect_file};

/// Enough for the standard streams, the original, the prepared file and what libraries open.
const OPEN_FILES: u64 = 16;
/// The air path must not wait for an inspection.
const NICENESS: i32 = 10;

/// What the parent asks for, as the child's only argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) request: InspectRequest,
    pub(super) limits: ChildLimits,
}

/// The line that the child prints.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Answer {
    Report(InspectReport),
    Refusal(InspectRefusal),
}

/// The body of the hidden subcommand [`SUBCOMMAND`](super::SUBCOMMAND): call it with the arguments after that word,
/// before any thread or runtime is started (their stacks would count against the memory limit), and end with what it
/// returns. Prints one line of JSON, the report or the refusal; both are a success.
pub fn run_child(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let order = arguments.into_iter().next().and_then(|argument| argument.into_string().ok());
    let Some(order) = order.and_then(|order| serde_json::from_str::<Order>(&order).ok()) else {
        let _ = writeln!(std::io::stderr(), "this command is only for the daemon itself");
        return ExitCode::from(2);
    };
    let answer = match limit(&order.limits) {
        Err(error) => Answer::Refusal(InspectRefusal::failed(&format!("limits could not be set: {error}"))),
        Ok(()) => match inspect_file(&order.request) {
            Ok(report) => Answer::Report(report),
            Err(refusal) => Answer::Refusal(refusal),
        },
    };
    let Ok(mut line) = serde_json::to_vec(&answer) else {
        return ExitCode::FAILURE;
    };
    line.push(b'\n');
    match std::io::stdout().write_all(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn limit(limits: &ChildLimits) -> rustix::io::Result<()> {
    let set = |resource, soft: u64, hard: u64| {
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
    };
    let cpu = limits.cpu.as_secs().max(1);
    set(Resource::Core, 0, 0)?;
    set(Resource::Nofile, OPEN_FILES, OPEN_FILES)?;
    set(Resource::Fsize, limits.file_bytes, limits.file_bytes)?;
    set(Resource::Cpu, cpu, cpu + 1)?;
    // Not a limit, and a container may forbid it.
    let _ = rustix::process::nice(NICENESS);
    set(Resource::As, limits.memory_bytes, limits.memory_bytes)
}
