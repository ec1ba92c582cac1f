//! Ten thousand plays on one output that is never closed: memory, threads and open files after each thousand. Nothing is
//! asserted.
//!
//! `cargo bench -p loaxa-audio --bench playing` plays clips of 10 ms on the silent output, which keeps time: 100 s.
//! `-- 500` plays five hundred.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot measure says so"
)]
#![allow(clippy::print_stdout, reason = "a benchmark reports")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use loaxa_audio::output::{Clip, Output, OutputEvent, OutputKind, OutputSettings};
use loaxa_audio::prepared::{Prepared, PreparedWriter};

/// Of one clip at 48 kHz.
const FRAMES: usize = 480;
const LENGTH: Duration = Duration::from_millis(10);
/// So many clips wait at a time; the output holds 64.
const QUEUED: u64 = 48;

fn main() {
    // cargo adds `--bench`
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.pcm");
    let mut writer = PreparedWriter::create(&file, 48_000, [7; 32]).unwrap();
    writer.push(&[9_000; FRAMES]).unwrap();
    let root = writer.finish().unwrap().root;
    let (sender, events) = channel();
    let settings = OutputSettings::new(OutputKind::Null, 48_000);
    let output = Output::open(&settings, Box::new(move |event| drop(sender.send(event)))).unwrap();
    let first = Instant::now() + Duration::from_secs(1);
    let (mut queued, mut done, mut whole, mut frames_heard) = (0_u64, 0_u64, 0_u64, 0_u64);
    println!("{:>8} {:>10} {:>8} {:>6}", "plays", "RSS KiB", "threads", "files");
    while done < count {
        while queued < count && queued - done < QUEUED {
            let start_at = first + LENGTH * u32::try_from(queued).unwrap();
            let pcm = Prepared::open(&file, &root).unwrap();
            output.play(Clip { id: queued, pcm, start_at, gain: 1.0, from_frame: 0, frames: None }).unwrap();
            queued += 1;
        }
        match events.recv().unwrap() {
            OutputEvent::Ended { frames, .. } => {
                done += 1;
                frames_heard += frames;
                whole += u64::from(frames == FRAMES as u64);
            }
            OutputEvent::Cut { .. } | OutputEvent::Refused { .. } => done += 1,
            OutputEvent::Lost { why, .. } => panic!("the output was lost: {why}"),
            _ => continue,
        }
        if done == 100 || done.is_multiple_of(1_000) || done == count {
            let listed = |folder: &str| std::fs::read_dir(folder).unwrap().count();
            let threads = listed("/proc/self/task");
            println!("{done:>8} {:>10} {threads:>8} {:>6}", resident(), listed("/proc/self/fd"));
        }
    }
    output.close();
    println!("{whole} of {count} were heard whole, {frames_heard} frames");
}

/// Resident memory in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
