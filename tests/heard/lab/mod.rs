//! A station with witnesses: the daemon as a process of its own, a card or a sound server that tells what was heard, and
//! the arithmetic that compares it with the recording. Shared by the tests and the benchmarks.
#![allow(dead_code, reason = "the tests and the benchmarks each use their own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "what is measured here is real time, and a lab that fails says so loudly"
)]

pub(crate) mod card;
pub(crate) mod compare;
pub(crate) mod pulse;
pub(crate) mod sound;
pub(crate) mod station;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where temporary folders are made: on the disk that the build uses, for a memory file system makes `fsync` free.
pub(crate) fn folder() -> tempfile::TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(parent).unwrap();
    tempfile::tempdir_in(parent).unwrap()
}

/// Runs a tool; one that is missing is a failure that names the Debian package.
pub(crate) fn tool<S: AsRef<OsStr>>(name: &str, package: &str, arguments: &[S]) -> Vec<u8> {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; apt-get install {package}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} failed: {complaint}");
    output.stdout
}

/// Nanoseconds of the monotonic clock: the clock of the daemon's instants and of the virtual card.
pub(crate) fn monotonic() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// What to add to monotonic nanoseconds to get wall time (nanoseconds since 1970), from the closest of some readings.
pub(crate) fn wall_offset() -> f64 {
    let reading = || {
        let before = monotonic();
        let wall = jiff::Timestamp::now().as_nanosecond() as f64;
        let after = monotonic();
        (after - before, wall - f64::midpoint(before, after))
    };
    (0..50).map(|_| reading()).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, offset)| offset).unwrap()
}

/// The value in the middle, and the one furthest from zero.
pub(crate) fn median_and_worst(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let worst = values.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
    (sorted[sorted.len() / 2], worst)
}
