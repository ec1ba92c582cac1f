//! `loaxa`: the station's daemon and its command line. This file only translates: arguments, tracing, exit codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // before anything starts a thread: the child bounds its own memory, and threads' stacks count
    if arguments.next().is_some_and(|first| first == loaxa_audio::child::SUBCOMMAND) {
        return loaxa_audio::child::run_child(arguments);
    }
    loaxa::cli::run()
}
