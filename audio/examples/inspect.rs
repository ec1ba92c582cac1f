//! Inspects and prepares one recording as the daemon does: `inspect ORIGINAL PREPARED [RATE]`.
//! It is its own disposable child, and a voice's, which also makes it the child of the tests.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a terminal")]

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use loaxa_audio::child::{self, ChildLimits};
use loaxa_audio::inspect::InspectRequest;
use loaxa_audio::loudness::Correction;
use loaxa_audio::voice;
use sha2::{Digest, Sha256};

/// Read in small pieces: the original may be larger than the memory.
fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hasher, mut buffer) = (Sha256::new(), [0; 16 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(loaxa_audio::prepared::to_hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == child::SUBCOMMAND) {
        return child::run_child(arguments.skip(1));
    }
    if arguments.peek().is_some_and(|first| first == voice::SUBCOMMAND) {
        return voice::run_child(arguments.skip(1));
    }
    let (Some(original), Some(output)) = (arguments.next(), arguments.next()) else {
        eprintln!("inspect ORIGINAL PREPARED [RATE]");
        return ExitCode::from(2);
    };
    let rate = arguments.next().and_then(|rate| rate.into_string().ok()?.parse().ok()).unwrap_or(48_000);
    let original = PathBuf::from(original);
    let original_sha256 = match sha256_of(&original) {
        Ok(hash) => hash,
        Err(error) => {
            eprintln!("{} cannot be read: {error}", original.display());
            return ExitCode::FAILURE;
        }
    };
    let request = InspectRequest {
        original,
        original_sha256,
        part: None,
        output: output.into(),
        sample_rate: rate,
        max_duration: Duration::from_secs(4 * 3600),
        max_output_bytes: 2 << 30,
        correction: Correction::default(),
    };
    let Ok(exe) = std::env::current_exe() else {
        return ExitCode::FAILURE;
    };
    match child::inspect(&exe, &request, &ChildLimits::default()) {
        Ok(report) => {
            println!("{report:#?}");
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            println!("{}: {}\n{}", refusal.code.as_str(), refusal.en, refusal.vi);
            ExitCode::FAILURE
        }
    }
}
