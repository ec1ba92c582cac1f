//! The memory of an inspection does not grow with the recording.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use std::path::Path;
use std::process::Command;

use loaxa_audio::inspect::inspect_file;
use loaxa_audio::loudness::Correction;
use loaxa_audio::synth::write_wav;
use support::{request, tool};

/// Names the original to the process that inspects it.
const ORIGINAL: &str = "LOAXA_TEST_ORIGINAL";
const RATE: u32 = 44_100;
/// What a report, the table of hashes and the levels of nine minutes more may take, in KiB; the originals differ by more
/// than five times as much.
const GROWTH: u64 = 1_024;

/// A process of its own, whose highest memory is that of one inspection.
#[test]
#[ignore = "the other test starts it, in a process of its own"]
fn one_inspection() {
    let original = std::env::var_os(ORIGINAL).unwrap();
    let mut request = request(Path::new(&original), 48_000);
    request.correction = Correction::default();
    inspect_file(&request).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let highest = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    std::fs::write(Path::new(&original).with_extension("highest"), highest).unwrap();
}

/// KiB that inspecting it took at most.
fn highest(original: &Path) -> u64 {
    let arguments = ["--exact", "one_inspection", "--ignored", "--test-threads", "1"];
    let said = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(ORIGINAL, original)
        // The C library keeps what each thread freed, by size. A FLAC's packets have many sizes, and the longer it is the
        // more of these pools were met once: up to 2 MB that are free, and no inspection's.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    let highest = std::fs::read_to_string(original.with_extension("highest")).unwrap();
    highest.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn ten_minutes_take_no_more_memory_than_one() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    let mut state = 7u32;
    let minute: Vec<f64> = (0..60 * RATE)
        .flat_map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 23) - 1.0;
            // Loud and quiet by turns, so that the limiter has work.
            let level = if (i / RATE).is_multiple_of(3) { 0.5 } else { 0.02 };
            [noise * level, noise * level * 0.9]
        })
        .collect();
    write_wav(&wav, RATE, 2, &minute).unwrap();
    for codec in [&["-c:a", "libmp3lame", "-b:a", "192k"][..], &["-c:a", "flac"]] {
        let name = if codec.contains(&"flac") { "flac" } else { "mp3" };
        let [short, long] = ["0", "9"].map(|again| {
            let path = dir.path().join(format!("{again}.{name}"));
            let input = ["-loglevel", "error", "-y", "-stream_loop", again, "-i", wav.to_str().unwrap()];
            tool("ffmpeg", &[&input[..], codec, &[path.to_str().unwrap()]].concat());
            path
        });
        let more = std::fs::metadata(&long).unwrap().len() - std::fs::metadata(&short).unwrap().len();
        assert!(more >> 10 > 10 * GROWTH, "{name}: {more} bytes are too few to be seen");
        let (short, long) = (highest(&short), highest(&long));
        assert!(long < short + GROWTH, "{name}: {short} KiB, then {long} KiB");
    }
}
