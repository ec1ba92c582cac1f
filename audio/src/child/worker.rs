//! The child's side: its two files, then the fence, then the work, then one line.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::{ChildLimits, Confinement, fence};
use crate::inspect::{InspectFiles, InspectRefusal, InspectReport, InspectRequest, inspect_opened};

/// The air path must not wait for an inspection.
const NICENESS: i32 = 10;

/// What the parent asks for, as the child's only argument.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    Inspect {
        request: InspectRequest,
        limits: ChildLimits,
    },
    /// Nothing but to say what holds.
    Probe {
        limits: ChildLimits,
    },
}

/// The line that the child prints.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Answer {
    Report(InspectReport),
    Refusal(InspectRefusal),
    Confined(Confinement),
}

/// The body of the hidden subcommand [`SUBCOMMAND`](super::SUBCOMMAND): call it with the arguments after that word,
/// before any thread or runtime is started (the fence is for one thread, and stacks count against the memory limit), and
/// end with what it returns. Prints one line of JSON, the report or the refusal; both are a success.
pub fn run_child(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(arguments, inspect_opened)
}

/// As [`run_child`], but behind the fence it does `deed` with the original instead of inspecting it, and refuses with what
/// the deed returns. For tests that show what the fence holds back.
pub fn run_child_doing(
    arguments: impl IntoIterator<Item = OsString>,
    deed: impl FnOnce(File) -> String,
) -> ExitCode {
    run(arguments, |_, files| Err(InspectRefusal::failed(&deed(files.original))))
}

fn run(
    arguments: impl IntoIterator<Item = OsString>,
    work: impl FnOnce(&InspectRequest, InspectFiles) -> Result<InspectReport, InspectRefusal>,
) -> ExitCode {
    let order = arguments.into_iter().next().and_then(|argument| argument.into_string().ok());
    let Some(order) = order.and_then(|order| serde_json::from_str::<Order>(&order).ok()) else {
        let _ = writeln!(std::io::stderr(), "this command is only for the daemon itself");
        return ExitCode::from(2);
    };
    let answer = match order {
        Order::Probe { limits } => confine(&limits).map(Answer::Confined),
        Order::Inspect { request, limits } => InspectFiles::open(&request)
            .and_then(|files| {
                let confinement = confine(&limits)?;
                let report = work(&request, files)?;
                Ok(InspectReport { confinement, ..report })
            })
            .map(Answer::Report),
    };
    let answer = answer.unwrap_or_else(Answer::Refusal);
    let Ok(mut line) = serde_json::to_vec(&answer) else {
        return ExitCode::FAILURE;
    };
    line.push(b'\n');
    match std::io::stdout().write_all(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn confine(limits: &ChildLimits) -> Result<Confinement, InspectRefusal> {
    // Not a fence, and a container may forbid it.
    let _ = rustix::process::nice(NICENESS);
    fence::confine(limits)
        .map_err(|error| InspectRefusal::failed(&format!("limits could not be set: {error}")))
}
