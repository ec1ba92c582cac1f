//! Plays a recording at exact instants and tells what was heard, for listening and for measurements:
//!
//! `play [--device NAME | --capture FILE | --null] [--rate HZ] [--in SECONDS] [--repeat N] [--every SECONDS] FILE`
//!
//! FILE is any recording that the station accepts. Prints one line per fact; `mono` is CLOCK_MONOTONIC in nanoseconds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a terminal")]
#![allow(clippy::disallowed_methods, reason = "an example is its own edge to the clock")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use loaxa_audio::inspect::{InspectRequest, inspect_file};
use loaxa_audio::loudness::Correction;
use loaxa_audio::output::{Clip, Output, OutputEvent, OutputKind, OutputSettings};
use loaxa_audio::prepared::{Prepared, to_hex};
use sha2::{Digest, Sha256};

struct Options {
    kind: OutputKind,
    rate: u32,
    lead: f64,
    repeat: u64,
    every: f64,
    file: PathBuf,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        kind: OutputKind::Device { name: None },
        rate: 48_000,
        lead: 1.0,
        repeat: 1,
        every: 1.0,
        file: PathBuf::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        match argument.as_str() {
            "--device" => options.kind = OutputKind::Device { name: Some(value()?) },
            "--capture" => options.kind = OutputKind::Capture { file: value()?.into() },
            "--null" => options.kind = OutputKind::Null,
            "--rate" => options.rate = value()?.parse()?,
            "--in" => options.lead = value()?.parse()?,
            "--repeat" => options.repeat = value()?.parse()?,
            "--every" => options.every = value()?.parse()?,
            file => options.file = file.into(),
        }
    }
    Ok(options)
}

fn run() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let folder = tempfile::tempdir()?;
    let request = InspectRequest {
        original_sha256: to_hex(&Sha256::digest(std::fs::read(&options.file)?)),
        part: None,
        original: options.file,
        output: folder.path().join("prepared"),
        sample_rate: options.rate,
        max_duration: Duration::from_secs(4 * 3600),
        max_output_bytes: 2 << 30,
        // what is played is what the file holds
        correction: Correction { target_lufs: None, ..Correction::default() },
    };
    let report = inspect_file(&request)?;
    let here = Instant::now();
    let raw = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let raw = i128::from(raw.tv_sec) * 1_000_000_000 + i128::from(raw.tv_nsec);
    let mono = move |at: Instant| match at.checked_duration_since(here) {
        Some(after) => raw + after.as_nanos() as i128,
        None => raw - here.duration_since(at).as_nanos() as i128,
    };
    let (sender, events) = channel();
    let output = Output::open(
        &OutputSettings::new(options.kind, options.rate),
        Box::new(move |event| {
            let _ = sender.send(event);
        }),
    )?;
    println!("open {:?}", output.describe());
    let first = Instant::now() + Duration::from_secs_f64(options.lead);
    for id in 0..options.repeat {
        let start_at = first + Duration::from_secs_f64(id as f64 * options.every);
        println!("planned id={id} mono={}", mono(start_at));
        let pcm = Prepared::open(&request.output, &report.root)?;
        output.play(Clip { id, pcm, start_at, gain: 1.0, from_frame: 0, frames: None })?;
    }
    let mut open = options.repeat;
    while open > 0 {
        match events.recv()? {
            OutputEvent::Started { id, at } => println!("started id={id} mono={}", mono(at)),
            OutputEvent::Progress { .. } | OutputEvent::Level { .. } => {}
            OutputEvent::Evidence { id, evidence } => {
                let gaps = evidence.gap_time.as_secs_f64();
                let (lufs, peak) =
                    (evidence.lufs.unwrap_or(f64::NAN), evidence.peak_dbfs.unwrap_or(f64::NAN));
                println!(
                    "evidence id={id} handed={} frames={} gaps={} gap_seconds={gaps:.3} lufs={lufs:.1} peak={peak:.1}",
                    evidence.handed, evidence.frames, evidence.gap_count
                );
            }
            OutputEvent::Ended { id, frames, first, last } => {
                println!("ended id={id} frames={frames} first={} last={}", mono(first), mono(last));
                open -= 1;
            }
            OutputEvent::Cut { id, frames, .. } | OutputEvent::Refused { id, frames, .. } => {
                println!("cut id={id} frames={frames}");
                open -= 1;
            }
            OutputEvent::Lost { why, playing } => {
                println!("lost mono={} playing={playing:?} why={why}", mono(Instant::now()));
                open = 0;
            }
            other => println!("{other:?}"),
        }
    }
    // Whatever comes after the end would be one event too many.
    if let Ok(event) = events.recv_timeout(Duration::from_millis(300)) {
        println!("extra {event:?}");
    }
    output.close();
    println!("closed mono={}", mono(Instant::now()));
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
