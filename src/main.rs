//! `loaxa`: the station's daemon and its command line. This file only translates: arguments, tracing, exit codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // before anything starts a thread: a child bounds its own memory, and threads' stacks count
    match arguments.next() {
        Some(first) if first == loaxa_audio::child::SUBCOMMAND => loaxa_audio::child::run_child(arguments),
        Some(first) if first == loaxa_audio::voice::SUBCOMMAND => loaxa_audio::voice::run_child(arguments),
        _ => loaxa::cli::run(),
    }
}
