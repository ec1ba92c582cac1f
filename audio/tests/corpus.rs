//! Files as people send them, made here with public tools: each has its length, its sound at its place, and its tags.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "corpus/make.rs"]
mod make;
mod support;
#[path = "corpus/table.rs"]
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use loaxa_audio::inspect::{WarningCode, inspect_file};
use loaxa_audio::prepared::Prepared;
use make::{ARTIST, Sources, TITLE};
use support::{correlation, read_all, request};
use table::{Entry, TABLE};

/// Highest rate of a station that is tried: what is faster is resampled, here and in the reference.
const STATION: u32 = 48_000;

/// Remarks that a whole file does not deserve.
const OF_THE_FILE: [WarningCode; 4] = [
    WarningCode::DamagedPackets,
    WarningCode::ChecksumMismatch,
    WarningCode::EndsEarly,
    WarningCode::UpperTonesMissing,
];

#[test]
fn every_file_of_the_corpus_is_whole_in_place_and_named() {
    assert!(TABLE.len() >= 60);
    let dir = tempfile::tempdir().unwrap();
    let sources = Sources::new(dir.path());
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from).min(8) {
            scope.spawn(|| {
                while let Some(entry) = TABLE.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A panic in one must not hide the others.
                    let checked = catch_unwind(AssertUnwindSafe(|| check(entry, &sources, dir.path())));
                    if let Err(what) = checked.unwrap_or_else(|_| Err("see the panic above".into())) {
                        wrong.lock().unwrap().push(format!("{}: {what}", entry.name));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {}:\n  {}", wrong.len(), TABLE.len(), wrong.join("\n  "));
}

fn check(entry: &Entry, sources: &Sources, dir: &Path) -> Result<(), String> {
    let source = sources.get(entry.rate, entry.channels);
    let path = dir.join(entry.name);
    make::make(entry, &source.path, &path);
    let rate = entry.decoded_rate().min(STATION);
    let mut request = request(&path, rate);
    request.output = dir.join(format!("{}.prepared", entry.name));
    request.correction.target_lufs = None;
    let report = inspect_file(&request).map_err(|refusal| refusal.en)?;
    let prepared = Prepared::open(&request.output, &report.root).map_err(|error| error.to_string())?;
    let heard: Vec<f64> = read_all(&prepared).into_iter().map(f64::from).collect();
    let reference = ffmpeg_decode(&path, rate, entry.decoder());

    if report.channels != entry.channels {
        return Err(format!("{} channels", report.channels));
    }
    if report.original_rate != entry.decoded_rate() {
        return Err(format!("{} Hz", report.original_rate));
    }
    let frames = |seconds: f64| seconds * f64::from(rate);
    let block = frames(f64::from(entry.block) / f64::from(entry.decoded_rate())).ceil() + 1.0;
    let off = heard.len() as f64 - reference.len() as f64;
    if off.abs() > block {
        return Err(format!("{} frames, ffmpeg has {}", heard.len(), reference.len()));
    }
    let at_place = compare(&heard, &reference);
    if at_place < 0.99 {
        return Err(format!("correlates {at_place:.4} with ffmpeg's decode"));
    }
    let made = frames(source.samples.len() as f64 / f64::from(entry.rate));
    if entry.exact() {
        if (heard.len() as f64 - made).abs() > 1.0 {
            return Err(format!("{} frames, {made} were put in", heard.len()));
        }
        // The source itself, at the station's rate, is the judge of the place.
        let original = ffmpeg_decode(&source.path, rate, None);
        let at_place = compare(&heard, &original);
        if at_place < entry.likeness() {
            return Err(format!("correlates {at_place:.4} with what was put in"));
        }
    } else if (heard.len() as f64 - made).abs() > 3.0 * block {
        return Err(format!("{} frames, {made} were put in", heard.len()));
    }
    // What is said of its level is not the matter here.
    if let Some(warning) = report.warnings.iter().find(|warning| OF_THE_FILE.contains(&warning.code)) {
        return Err(warning.en.clone());
    }
    let tags = &report.tags;
    if entry.tagged() && (tags.title.as_deref(), tags.artist.as_deref()) != (Some(TITLE), Some(ARTIST)) {
        return Err(format!("{tags:?}"));
    }
    let _ = std::fs::remove_file(&path);
    let _ = std::fs::remove_file(&request.output);
    Ok(())
}

/// Correlation of what both have, at the same place and whatever the gain.
fn compare(a: &[f64], b: &[f64]) -> f64 {
    let both = a.len().min(b.len());
    correlation(&a[..both], &b[..both])
}

/// As ffmpeg hears it: mono, at `rate`.
fn ffmpeg_decode(path: &Path, rate: u32, decoder: Option<&str>) -> Vec<f64> {
    let rate = rate.to_string();
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error"])
        .args(decoder.iter().flat_map(|decoder| ["-c:a", decoder]))
        .arg("-i")
        .arg(path)
        .args(["-map", "0:a:0", "-ac", "1", "-ar", &rate, "-f", "f32le", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.stdout.is_empty(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    let sample = |bytes: &[u8]| f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    output.stdout.chunks_exact(4).map(sample).collect()
}
