//! Any bytes as a recording: decoded, measured and prepared, or refused. What is prepared must open and verify.
#![no_main]

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use loaxa_audio::inspect::{InspectRequest, inspect_file};
use loaxa_audio::prepared::{Prepared, to_hex};
use sha2::{Digest, Sha256};

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// In memory where the machine has such a folder: a disk would be the slowest part.
fn folder() -> PathBuf {
    FOLDER.with(|folder| {
        let made = folder.get_or_init(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
        made.path().to_owned()
    })
}

fuzz_target!(|bytes: &[u8]| {
    let folder = folder();
    let original = folder.join("original");
    std::fs::write(&original, bytes).unwrap();
    let request = InspectRequest {
        original,
        original_sha256: to_hex(&Sha256::digest(bytes)),
        part: None,
        output: folder.join("prepared"),
        sample_rate: 48_000,
        max_duration: Duration::from_secs(20),
        max_output_bytes: 8 << 20,
        correction: Default::default(),
    };
    match inspect_file(&request) {
        Ok(report) => {
            assert!(report.duration() <= request.max_duration + Duration::from_secs(1));
            assert!(report.waveform.len() <= 1000);
            let prepared = Prepared::open(&request.output, &report.root).unwrap();
            prepared.verify_all().unwrap();
        }
        Err(_) => assert!(!request.output.exists(), "a refusal leaves nothing"),
    }
});
