//! What is heard: a recording is pushed, approved by somebody else, planned, and witnesses at the end of the way say when
//! it sounded and whether all of it did. Two witnesses: PulseAudio, which shares no code with the station, and a virtual
//! card that knows the instant of each frame.
//!
//! Needs `ffmpeg`, `lame`, `pulseaudio`, `pulseaudio-utils`, `libasound2-plugins`, `gcc` and `libasound2-dev`; without one
//! of them the tests fail. `LOAXA_CLIP_SECONDS=180` makes the recording three minutes long. Many starts, each from a closed
//! output and a dark amplifier, take minutes and are asked for by name:
//!
//! ```text
//! LOAXA_STARTS=20 cargo test --release --test heard -- --ignored --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::print_stderr, reason = "a measurement is reported")]
#![allow(clippy::disallowed_methods, reason = "real time is what is tested here")]

mod lab;
mod lost_server;
mod running_order;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use lab::card::{self, Card};
use lab::compare::{Recording, Verdict};
use lab::pulse::{self, Pulse};
use lab::station::Station;
use lab::{median_and_worst, sound, wall_offset};
use serde_json::Value;

/// Furthest that a start may lie from its planned second, in milliseconds.
const START_MS: f64 = 100.0;
/// What every recording is brought to, however loud it came, in LUFS, and how far from it may be heard, in LU.
const TARGET: f64 = -16.0;
const NEAR: f64 = 0.5;
/// Nothing is heard above this, in dBTP: the station's ceiling and the difference of two instruments.
const CEILING: f64 = -0.9;
/// From one start to the next, so that output and amplifier are off in between: arming takes 8 s, lingering 5 s.
const APART_SECONDS: i64 = 16;
/// From now to the first start: planning and arming fit in.
const AHEAD_SECONDS: i64 = 12;

fn number(name: &str, otherwise: u32) -> u32 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")),
        Err(_) => otherwise,
    }
}

/// What is heard by whom.
enum Witness {
    Card,
    Pulse,
}

/// One airing as the log tells it and as it was heard.
struct Heard {
    row: Value,
    verdict: Verdict,
    /// Heard minus planned, in milliseconds.
    off_ms: f64,
    /// What the log says of the start, minus what was heard, in milliseconds.
    told_off_ms: f64,
    /// Integrated loudness in LUFS and true peak in dBTP of what was heard.
    loudness: (f64, f64),
}

/// Airs a recording `count` times before a witness; it is louder than usual by so many dB.
fn air(witness: &Witness, seconds: u32, decibels: f64, count: u32) -> Vec<Heard> {
    let folder = lab::folder();
    let path = folder.path();
    let file = sound::mp3_at(path, seconds, decibels);
    let reference = sound::reference(&file);
    match witness {
        Witness::Card => {
            let card = Card::new(path);
            let station = Station::start(path, card::AUDIO, Some(&card.alsa()));
            let rows = air_on(station, path, &file, seconds, count);
            judge(rows, &card.heard(), &reference, path)
        }
        Witness::Pulse => {
            let server = Pulse::start();
            let listener = server.listen();
            let station = Station::start(path, pulse::AUDIO, Some(&server.alsa()));
            let rows = air_on(station, path, &file, seconds, count);
            judge(rows, &listener.heard(), &reference, path)
        }
    }
}

/// Plans the recording, waits until it was aired, and ends the station, which closes its output.
fn air_on(station: Station, folder: &Path, file: &Path, seconds: u32, count: u32) -> Vec<Value> {
    let now = Timestamp::now().as_second();
    let apart = APART_SECONDS + i64::from(seconds);
    let instant = |second: i64| Timestamp::from_second(second).unwrap();
    let starts: Vec<Timestamp> =
        (0..i64::from(count)).map(|nth| instant(now + AHEAD_SECONDS + nth * apart)).collect();
    let segment = station.plan(file, &starts);
    let deadline = *starts.last().unwrap() + SignedDuration::from_secs(i64::from(seconds) + 15);
    let rows = station.airings(starts.len(), deadline);
    let said = station.said();
    let troubles: Vec<&String> =
        said.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    eprintln!("the daemon's warnings: {troubles:#?}");
    station.stop();
    for row in &rows {
        assert_eq!(row["outcome"], "aired", "{row}\n{said:#?}");
        assert_eq!(row["confirmed"], true, "{row}");
        assert_eq!(row["segment"], segment["id"], "{row}");
        assert_eq!(row["sha256"], segment["sha256"], "{row}");
        assert_eq!(row["approved_by"], "approver", "{row}");
        let aired = row["seconds_aired"].as_f64().unwrap();
        let duration = segment["duration"].as_f64().unwrap();
        assert!((aired - duration).abs() < 0.001, "aired {aired} s of {duration} s: {row}");
    }
    assert!(!folder.join("data/incoming").read_dir().unwrap().any(|_| true));
    rows
}

fn judge(rows: Vec<Value>, recording: &Recording, reference: &[f64], folder: &Path) -> Vec<Heard> {
    let offset = wall_offset();
    eprintln!("the witness doubts its instants by {:.3} ms", recording.doubt_ms);
    assert!(recording.doubt_ms < 10.0, "the witness is no witness");
    let monotonic = |row: &Value, key: &str| {
        let text = row[key].as_str().unwrap_or_else(|| panic!("no {key}: {row}"));
        text.parse::<Timestamp>().unwrap().as_nanosecond() as f64 - offset
    };
    rows.into_iter()
        .map(|row| {
            let planned = monotonic(&row, "planned_start");
            let verdict = recording.compare(reference, planned);
            let end = (verdict.first + verdict.frames).min(recording.samples.len());
            Heard {
                loudness: sound::loudness(folder, &recording.samples[verdict.first..end]),
                off_ms: (verdict.began - planned) / 1e6,
                told_off_ms: (monotonic(&row, "started") - verdict.began) / 1e6,
                verdict,
                row,
            }
        })
        .collect()
}

/// The whole of it was heard, without a gap.
fn assert_whole(heard: &Heard) {
    let verdict = &heard.verdict;
    assert!(!verdict.broken, "the device ran dry: {verdict:?}");
    assert!(verdict.wrong_at.is_empty(), "not what was pushed: {verdict:?}");
    assert!(
        verdict.frames.abs_diff(verdict.wanted) < 240,
        "too short or too long by 5 ms or more: {verdict:?}"
    );
}

fn one_clip(witness: &Witness, name: &str, decibels: f64) {
    let seconds = number("LOAXA_CLIP_SECONDS", 20);
    let heard = air(witness, seconds, decibels, 1);
    let heard = &heard[0];
    let verdict = &heard.verdict;
    eprintln!(
        "{name}: {seconds} s heard {:+.2} ms from the plan; the log says {:+.2} ms from what was heard; {} of {} frames, \
         likeness {:.5} at worst, residual {:.1} dB; {:.2} LUFS, {:.2} dBTP; aired {} s, confirmed {}",
        heard.off_ms,
        heard.told_off_ms,
        verdict.frames,
        verdict.wanted,
        verdict.likeness,
        verdict.residual_db,
        heard.loudness.0,
        heard.loudness.1,
        heard.row["seconds_aired"],
        heard.row["confirmed"],
    );
    assert_whole(heard);
    assert!(heard.off_ms.abs() < START_MS, "{verdict:?}");
    assert!(heard.told_off_ms.abs() < START_MS, "the log tells another start: {}", heard.row);
    let (lufs, true_peak) = heard.loudness;
    assert!((lufs - TARGET).abs() < NEAR && true_peak < CEILING, "{:?}", heard.loudness);
    let told = heard.row["evidence"]["lufs"].as_f64().unwrap_or(f64::NAN);
    assert!((told - lufs).abs() < NEAR, "the log tells {told} LUFS, {lufs} were heard: {}", heard.row);
}

fn many_starts(witness: &Witness, name: &str) {
    let count = number("LOAXA_STARTS", 20);
    let heard = air(witness, 2, 0.0, count);
    let off: Vec<f64> = heard.iter().map(|heard| heard.off_ms).collect();
    let told: Vec<f64> = heard.iter().map(|heard| heard.told_off_ms).collect();
    let (middle, worst) = median_and_worst(&off);
    let (told_middle, told_worst) = median_and_worst(&told);
    eprintln!(
        "{name}: {count} starts, heard minus planned: median {middle:+.3} ms, worst {worst:+.3} ms; \
         logged minus heard: median {told_middle:+.3} ms, worst {told_worst:+.3} ms\n{off:.3?}"
    );
    heard.iter().for_each(assert_whole);
    assert!(worst.abs() < START_MS, "{off:?}");
    assert!(told_worst.abs() < START_MS, "{told:?}");
}

#[test]
fn a_planned_clip_is_heard_whole_and_in_time_on_a_sound_server() {
    one_clip(&Witness::Pulse, "PulseAudio", -18.0);
}

#[test]
fn a_planned_clip_is_heard_whole_and_in_time_on_a_card() {
    one_clip(&Witness::Card, "virtual card", 4.0);
}

#[test]
#[ignore = "takes minutes: LOAXA_STARTS=20 cargo test --release --test heard -- --ignored --nocapture"]
fn many_starts_on_a_sound_server() {
    many_starts(&Witness::Pulse, "PulseAudio");
}

#[test]
#[ignore = "takes minutes: LOAXA_STARTS=20 cargo test --release --test heard -- --ignored --nocapture"]
fn many_starts_on_a_card() {
    many_starts(&Witness::Card, "virtual card");
}
