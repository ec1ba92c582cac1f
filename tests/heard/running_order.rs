//! Opening, two segments back to back, closing: nothing is missing at the joins, and nothing clicks.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::lab::card::{self, Card};
use crate::lab::compare::{RATE, Recording};
use crate::lab::pulse::{self, Pulse};
use crate::lab::station::Station;
use crate::lab::{self, sound};

/// Name, seconds, pitch.
const PIECES: [(&str, f64, f64); 4] =
    [("opening", 1.25, 520.0), ("first", 3.0, 700.0), ("second", 2.5, 930.0), ("closing", 1.0, 610.0)];
/// Largest difference from what should sound, in 16-bit steps: rounding, and the gain's.
const CLICK: f64 = 40.0;

fn air(folder: &Path, files: &[PathBuf], audio: &str, alsa: &Path) {
    let station = Station::start(folder, audio, Some(alsa));
    let start = Timestamp::from_second(Timestamp::now().as_second() + 14).unwrap();
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let order = |ids: &[&str]| json!({ "opening": ids[0], "segments": [ids[1], ids[2]], "closing": ids[3], "gap_seconds": 0 });
    station.order(&paths, order, &[start]);
    let rows = station.airings(4, start + SignedDuration::from_secs(30));
    let said = station.said();
    station.stop();
    for row in &rows {
        assert_eq!(row["outcome"], "aired", "{row}: {said:#?}");
    }
}

fn judge(name: &str, heard: &Recording, files: &[PathBuf]) {
    assert!(heard.breaks.len() <= 1, "the device ran dry");
    let first = heard.samples.iter().position(|&sample| sample != 0).expect("silence");
    let mut at = first;
    let mut worst = 0.0_f64;
    for file in files {
        let wanted = sound::reference(file);
        let heard: Vec<f64> =
            heard.samples[at..at + wanted.len()].iter().map(|&sample| f64::from(sample)).collect();
        // each piece was brought to the station's loudness by a gain of its own
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let gain = dot(&heard, &wanted) / dot(&wanted, &wanted);
        let off = heard.iter().zip(&wanted).map(|(heard, wanted)| (heard - gain * wanted).abs());
        let (frame, off) = off.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        eprintln!("{name}: {}: gain {gain:.3}, at most {off:.1} steps off, at frame {frame}", file.display());
        assert!(gain > 0.1, "not what was planned");
        assert!(
            off < CLICK,
            "{}: {off} steps off at {:.3} s",
            file.display(),
            frame as f64 / f64::from(RATE)
        );
        worst = worst.max(off);
        at += wanted.len();
    }
    assert!(heard.samples[at..].iter().all(|&sample| sample == 0), "something sounds after the end");
    eprintln!("{name}: {} frames without a gap, at most {worst:.1} steps off", at - first);
}

fn pieces(folder: &Path) -> Vec<PathBuf> {
    PIECES.iter().map(|(name, seconds, pitch)| sound::wav(folder, name, *seconds, *pitch)).collect()
}

#[test]
fn a_running_order_has_no_gap_and_no_click_on_a_card() {
    let folder = lab::folder();
    let files = pieces(folder.path());
    let card = Card::new(folder.path());
    air(folder.path(), &files, card::AUDIO, &card.alsa());
    judge("virtual card", &card.heard(), &files);
}

#[test]
fn a_running_order_has_no_gap_and_no_click_on_a_sound_server() {
    let folder = lab::folder();
    let files = pieces(folder.path());
    let server = Pulse::start();
    let listener = server.listen();
    air(folder.path(), &files, pulse::AUDIO, &server.alsa());
    judge("PulseAudio", &listener.heard(), &files);
}
