//! The sound server dies in the middle of a clip and comes back: what was heard is told, the station is heard again by itself,
//! and its log stays readable.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::lab::pulse::{self, Pulse};
use crate::lab::station::Station;
use crate::lab::{self, sound, wall_offset};

const CLIP_SECONDS: i64 = 12;
/// Into the first clip.
const DIES_AFTER: i64 = 5;
const COMES_BACK_AFTER: i64 = 7;
/// After its return; the second clip begins just then.
const HEARD_WITHIN: i64 = 5;
/// More would be a storm: the fault, its retries with growing pauses, the slot's end, the reopening.
const LINES: usize = 30;

fn sleep_until(instant: Timestamp) {
    let left = instant.duration_since(Timestamp::now());
    std::thread::sleep(Duration::try_from(left).unwrap_or_default());
}

#[test]
fn a_sound_server_that_dies_and_returns_is_heard_again() {
    let folder = lab::folder();
    let path = folder.path();
    let file = sound::wav(path, "clip", CLIP_SECONDS as f64, 700.0);
    let mut server = Pulse::start();
    let station = Station::start(path, pulse::AUDIO, Some(&server.alsa()));
    let first = Timestamp::from_second(Timestamp::now().as_second() + 14).unwrap();
    let second = first + SignedDuration::from_secs(CLIP_SECONDS);
    station.plan(&file, &[first, second]);
    sleep_until(first + SignedDuration::from_secs(DIES_AFTER));
    let processor = station.processor();
    let before = station.said().len();
    server.kill();
    sleep_until(first + SignedDuration::from_secs(COMES_BACK_AFTER));
    let spent = station.processor().saturating_sub(processor);
    assert!(spent < Duration::from_secs(1), "busy with a server that is not there: {spent:?}");
    server.start_again();
    let listener = server.listen();
    let rows = station.airings(2, second + SignedDuration::from_secs(CLIP_SECONDS + 15));
    let said = station.said();
    station.stop();

    let troubles = &said[before..];
    assert!(troubles.len() < LINES, "{} lines: {troubles:#?}", troubles.len());
    assert!(troubles.iter().any(|line| line.contains("WARN") || line.contains("ERROR")), "{troubles:#?}");
    // what was heard of the first is told: it ended early, or lists what is missing
    let gaps = rows[0]["evidence"]["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty());
    assert!(rows[0]["outcome"] == "partial" || gaps, "{}", rows[0]);
    let aired = rows[0]["seconds_aired"].as_f64().unwrap();
    assert!(aired >= DIES_AFTER as f64 - 1.0, "more was heard: {}", rows[0]);
    if !gaps {
        assert!(aired <= DIES_AFTER as f64 + 0.1, "nobody heard that: {}", rows[0]);
    }
    // and the station is heard again
    assert_eq!(rows[1]["outcome"], "aired", "{}: {troubles:#?}", rows[1]);
    let heard = listener.heard();
    let sound = heard.samples.iter().position(|sample| sample.unsigned_abs() > 100).expect("silence");
    let back = first + SignedDuration::from_secs(COMES_BACK_AFTER);
    let after = (heard.instant(sound) + wall_offset() - back.as_nanosecond() as f64) / 1e9;
    eprintln!(
        "sound {after:.2} s after the server's return; {} lines logged; row: {}",
        troubles.len(),
        rows[0]
    );
    assert!(after < HEARD_WITHIN as f64 + 0.2, "{after}");
}
