//! The child's side: it bounds itself, gives up what reading a text does not need, and becomes the program.

use super::VoiceCommand;
use crate::child::fence;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The air path must not wait for a reading.
const NICENESS: i32 = 10;
/// Enough for libraries, voices and their dictionaries.
const OPEN_FILES: u64 = 64;
/// Where libraries and voices lie, and what programs look at to know where they run. Nothing of a person's, and nothing of
/// the station's own.
const SYSTEM: [&str; 13] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
];
/// From where libraries are loaded: the loader itself is started.
const LOADER: [&str; 6] = ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store"];
/// As a shell says that a program cannot be started.
const NOT_STARTED: u8 = 127;

/// The body of the hidden subcommand [`SUBCOMMAND`](super::SUBCOMMAND): call it with the arguments after that word, before any
/// thread is started, and end with what it returns. Where all goes well it does not return: the process is the program then.
pub fn run_child(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let order = arguments.into_iter().next().and_then(|argument| argument.into_string().ok());
    let Some(voice) = order.and_then(|order| serde_json::from_str::<VoiceCommand>(&order).ok()) else {
        let _ = writeln!(std::io::stderr(), "this command is only for the daemon itself");
        return ExitCode::from(2);
    };
    let why = match bound(&voice) {
        Ok(()) => {
            confine(&voice);
            // returns only where it fails
            Command::new(&voice.program)
                .args(&voice.arguments)
                .env_clear()
                .env("LC_ALL", "C.UTF-8")
                .env("PATH", "/usr/bin:/bin")
                .exec()
                .to_string()
        }
        Err(error) => format!("limits could not be set: {error}"),
    };
    let _ = writeln!(std::io::stderr(), "{}: {why}", voice.program.display());
    ExitCode::from(NOT_STARTED)
}

/// Bounds this process, for ever. No file may grow: what is read goes through a pipe.
fn bound(voice: &VoiceCommand) -> rustix::io::Result<()> {
    // Not a fence, and a container may forbid it.
    let _ = rustix::process::nice(NICENESS);
    let set = |resource, soft: u64, hard: u64| {
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
    };
    let cpu = voice.wall.as_secs().max(1);
    set(Resource::Core, 0, 0)?;
    set(Resource::Nofile, OPEN_FILES, OPEN_FILES)?;
    set(Resource::Fsize, 0, 0)?;
    set(Resource::Cpu, cpu, cpu + 1)?;
    set(Resource::As, voice.memory_bytes, voice.memory_bytes)
}

fn confine(voice: &VoiceCommand) {
    let mut programs: Vec<PathBuf> = LOADER.map(PathBuf::from).into();
    programs.push(voice.program.clone());
    programs.extend(voice.starts.iter().cloned());
    let mut folders: Vec<PathBuf> = SYSTEM.map(PathBuf::from).into();
    folders.extend(voice.reads.iter().cloned());
    fence::confine_program(&programs, &folders);
}
