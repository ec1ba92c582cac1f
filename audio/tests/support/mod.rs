//! What the integration tests share.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use loaxa_audio::inspect::InspectRequest;
use loaxa_audio::loudness::Correction;
use loaxa_audio::prepared::{Prepared, PreparedInfo, PreparedWriter, to_hex};
use sha2::{Digest, Sha256};

/// An example of this crate, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: run `cargo build -p loaxa-audio --examples`", path.display());
    path
}

/// Runs a tool that the tests need; a missing one is a failure, not a reason to test less.
pub(crate) fn tool<S: AsRef<OsStr>>(name: &str, arguments: &[S]) {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{name}: {error}; the tests need it: apt-get install {name}"));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The SHA-256 of a file, in hex. It holds no more of the file than a buffer.
pub(crate) fn sha256_of(path: &Path) -> String {
    let mut file = std::fs::File::open(path).unwrap();
    let (mut hasher, mut buffer) = (Sha256::new(), [0; 16 << 10]);
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return to_hex(&hasher.finalize()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Asks for the sound as it is: what is compared with the original must have its level.
pub(crate) fn request(original: &Path, rate: u32) -> InspectRequest {
    request_of(original, sha256_of(original), rate)
}

/// As [`request`], of an original whose SHA-256 is known.
pub(crate) fn request_of(original: &Path, original_sha256: String, rate: u32) -> InspectRequest {
    InspectRequest {
        original: original.into(),
        original_sha256,
        part: None,
        output: original.with_extension("prepared"),
        sample_rate: rate,
        max_duration: Duration::from_secs(3600),
        max_output_bytes: 1 << 30,
        correction: Correction { target_lufs: None, ..Correction::default() },
    }
}

/// Two drifting tones with silence nowhere: any shift or loss shows.
pub(crate) fn sweep(rate: u32, seconds: f64) -> Vec<f64> {
    let frames = (f64::from(rate) * seconds).round() as usize;
    (0..frames)
        .map(|i| {
            let t = i as f64 / f64::from(rate);
            0.3 * (std::f64::consts::TAU * (200.0 + 300.0 * t) * t).sin()
                + 0.2 * (std::f64::consts::TAU * (1_500.0 - 40.0 * t) * t).sin()
        })
        .collect()
}

/// As the WAV writer rounds them.
pub(crate) fn quantised(samples: &[f64]) -> Vec<i16> {
    samples.iter().map(|sample| (sample * 32_767.0).round() as i16).collect()
}

pub(crate) fn read_all(prepared: &Prepared) -> Vec<i16> {
    (0..prepared.blocks()).flat_map(|block| prepared.read_block(block).unwrap()).collect()
}

pub(crate) fn prepare(path: &Path, rate: u32, samples: &[i16]) -> PreparedInfo {
    let mut writer = PreparedWriter::create(path, rate, [7; 32]).unwrap();
    for piece in samples.chunks(1_000) {
        writer.push(piece).unwrap();
    }
    writer.finish().unwrap()
}

/// Correlation of two equally long pieces, -1 to 1.
pub(crate) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
