//! The paced forms of the output: what is planned is what is in the file, and the events tell it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "real time is what is tested here")]

mod support;

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use loaxa_audio::output::{
    Clip, Output, OutputDescription, OutputError, OutputEvent, OutputKind, OutputSettings,
};
use loaxa_audio::prepared::Prepared;
use support::prepare;

const RATE: u32 = 48_000;

fn open(kind: OutputKind) -> (Output, Receiver<OutputEvent>) {
    let (sender, events) = channel();
    let settings = OutputSettings::new(kind, RATE);
    let output = Output::open(&settings, Box::new(move |event| drop(sender.send(event)))).unwrap();
    (output, events)
}

fn capture(dir: &Path) -> (Output, Receiver<OutputEvent>) {
    open(OutputKind::Capture { file: dir.join("heard.wav") })
}

/// A clip of `frames` samples that all have the value `level`.
fn clip(dir: &Path, id: u64, level: i16, frames: usize, rate: u32, start_at: Instant) -> Clip {
    let path = dir.join(format!("{id}.prepared"));
    let info = prepare(&path, rate, &vec![level; frames]);
    let pcm = Prepared::open(&path, &info.root).unwrap();
    Clip { id, pcm, start_at, gain: 1.0, from_frame: 0, frames: None }
}

fn heard(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap();
    let data = u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize;
    assert_eq!(data, bytes.len() - 44, "the header tells the file's length");
    bytes[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn frame_of(description: &OutputDescription, at: Instant) -> usize {
    let after = at.duration_since(description.first_frame_at.unwrap()).as_secs_f64();
    description.file_offset_frames as usize + (after * f64::from(description.rate)).round() as usize
}

/// The next event that is neither progress nor what comes with it.
fn next(events: &Receiver<OutputEvent>) -> OutputEvent {
    loop {
        match events.recv_timeout(Duration::from_secs(10)).unwrap() {
            OutputEvent::Progress { .. } | OutputEvent::Evidence { .. } | OutputEvent::Level { .. } => {}
            event => return event,
        }
    }
}

fn nothing_more(events: &Receiver<OutputEvent>) {
    assert_eq!(events.recv_timeout(Duration::from_millis(100)).unwrap_err(), RecvTimeoutError::Disconnected);
}

#[test]
fn a_clip_begins_at_its_frame_and_joins_leave_none_out() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    let start = Instant::now() + Duration::from_millis(500);
    let ninth = Duration::from_secs_f64(9_001.0 / f64::from(RATE));
    output.play(clip(dir.path(), 1, 1_000, 9_001, RATE, start)).unwrap();
    // Off by a millisecond, both ways: joined all the same.
    output.play(clip(dir.path(), 2, 2_000, 9_001, RATE, start + ninth + Duration::from_millis(1))).unwrap();
    output
        .play(clip(dir.path(), 3, 3_000, 9_001, RATE, start + ninth * 2 - Duration::from_millis(1)))
        .unwrap();
    // Too far away to be joined.
    let later = start + ninth * 3 + Duration::from_millis(100);
    output.play(clip(dir.path(), 4, 4_000, 4_800, RATE, later)).unwrap();
    let mut spans = Vec::new();
    for id in 1..=4 {
        let OutputEvent::Started { id: started, at } = next(&events) else { panic!("no start") };
        assert_eq!(started, id);
        match next(&events) {
            OutputEvent::Ended { id: ended, frames, first, last } => {
                assert_eq!((ended, first), (id, at));
                assert_eq!(frames, if id == 4 { 4_800 } else { 9_001 });
                assert!(Instant::now() >= last, "an end is told after it was heard");
                spans.push((first, last));
            }
            event => panic!("{event:?}"),
        }
    }
    let description = output.describe();
    output.close();
    nothing_more(&events);
    let heard = heard(Path::new(&description.device));
    let at = frame_of(&description, start);
    assert_eq!(heard.iter().position(|&sample| sample != 0), Some(at));
    let expected: Vec<i16> = [1_000, 2_000, 3_000].iter().flat_map(|&level| vec![level; 9_001]).collect();
    assert_eq!(heard[at..at + 27_003], expected);
    let fourth = frame_of(&description, later);
    assert_eq!(heard.iter().position(|&sample| sample == 4_000), Some(fourth));
    for (index, (first, _)) in spans.iter().enumerate().take(3) {
        assert!(frame_of(&description, *first).abs_diff(at + index * 9_001) <= 1);
    }
}

#[test]
fn cancelled_and_silenced_clips_are_accounted_by_what_was_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    // far enough ahead to be read in time on a busy machine
    let now = Instant::now() + Duration::from_millis(500);
    output.play(clip(dir.path(), 1, 10_000, 480_000, RATE, now)).unwrap();
    output.play(clip(dir.path(), 2, 20_000, 480_000, RATE, now + Duration::from_secs(10))).unwrap();
    output.play(clip(dir.path(), 3, 5_000, 480_000, RATE, now + Duration::from_secs(20))).unwrap();
    assert!(matches!(next(&events), OutputEvent::Started { id: 1, .. }));
    std::thread::sleep(Duration::from_millis(400));
    output.cancel(2);
    assert!(matches!(next(&events), OutputEvent::Cut { id: 2, frames: 0, .. }));
    output.cancel(77);
    output.silence();
    let mut cuts = [next(&events), next(&events)];
    cuts.sort_by_key(|event| matches!(event, OutputEvent::Cut { id: 3, .. }));
    let OutputEvent::Cut { id: 1, frames, .. } = cuts[0] else { panic!("{cuts:?}") };
    assert!(matches!(cuts[1], OutputEvent::Cut { id: 3, frames: 0, .. }), "{cuts:?}");
    let description = output.describe();
    output.close();
    nothing_more(&events);
    let heard = heard(Path::new(&description.device));
    let sounding = heard.iter().filter(|&&sample| sample != 0).count();
    // The fade's last frame is zero.
    assert!((frames as usize).abs_diff(sounding) <= 1, "{frames} told, {sounding} heard");
    let full = heard.iter().filter(|&&sample| sample == 10_000).count();
    assert!((478..=480).contains(&(sounding - full)), "the cut is a fade of 10 ms");
}

#[test]
fn closing_cuts_what_plays_and_nothing_was_told_too_early() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    let start = Instant::now() + Duration::from_millis(500);
    output.play(clip(dir.path(), 1, 1_000, 24_000, RATE, start)).unwrap();
    let OutputEvent::Started { at, .. } = next(&events) else { panic!("no start") };
    std::thread::sleep(Duration::from_millis(200));
    let description = output.describe();
    output.close();
    let cut_after = at.elapsed();
    let OutputEvent::Cut { id: 1, frames, .. } = next(&events) else { panic!("not cut") };
    nothing_more(&events);
    let heard = heard(Path::new(&description.device));
    let sounding = heard.iter().filter(|&&sample| sample != 0).count();
    assert!(sounding.abs_diff(frames as usize) < 2_400, "{frames} told, {sounding} in the file");
    assert!(frames as f64 <= cut_after.as_secs_f64() * f64::from(RATE) + 1.0);
}

#[test]
fn progress_is_told_every_half_second() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = open(OutputKind::Null);
    output.play(clip(dir.path(), 1, 1, 120_000, RATE, Instant::now())).unwrap();
    let mut told = Vec::new();
    loop {
        match events.recv_timeout(Duration::from_secs(5)).unwrap() {
            OutputEvent::Progress { id: 1, frames } => told.push(frames),
            OutputEvent::Ended { frames, .. } => break assert_eq!(frames, 120_000),
            _ => {}
        }
    }
    assert!((3..=5).contains(&told.len()), "{told:?}");
    assert!(told.is_sorted() && told.windows(2).all(|pair| pair[1] - pair[0] >= 24_000));
    output.close();
}

#[test]
fn other_rates_and_gains_are_played_too() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    let start = Instant::now() + Duration::from_millis(200);
    let mut quiet = clip(dir.path(), 1, 8_000, 22_050, 44_100, start);
    quiet.gain = 0.5;
    output.play(quiet).unwrap();
    assert!(matches!(next(&events), OutputEvent::Started { .. }));
    match next(&events) {
        OutputEvent::Ended { frames, first, last, .. } => {
            assert_eq!(frames, 22_050, "frames are the recording's own");
            assert!((last - first).as_secs_f64() - 0.5 < 0.001);
        }
        event => panic!("{event:?}"),
    }
    let description = output.describe();
    output.close();
    let heard = heard(Path::new(&description.device));
    let at = frame_of(&description, start);
    assert!(heard[at + 2_000..at + 22_000].iter().all(|&sample| (sample - 4_000).abs() <= 2));
    assert_eq!(
        heard.iter().rposition(|&sample| sample != 0).map(|last| last.abs_diff(at + 23_999) <= 2),
        Some(true)
    );
}

/// A recording whose samples tell their place: every clip is the very stretch that was asked for.
#[test]
fn a_clip_begins_at_an_offset_and_ends_early_to_the_frame() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<i16> = (0..96_000).map(|frame| (frame % 30_000 + 1) as i16).collect();
    let path = dir.path().join("ramp.prepared");
    let info = prepare(&path, RATE, &samples);
    let (output, events) = capture(dir.path());
    let start = Instant::now() + Duration::from_millis(400);
    // Joined: the middle with a fade at its end, the rest of the recording, and a stretch longer than what is left.
    let stretches = [(12_345, Some(20_001)), (90_000, None), (95_000, Some(50_000))];
    let mut at = start;
    for (id, (from_frame, frames)) in (1_u64..).zip(stretches) {
        let pcm = Prepared::open(&path, &info.root).unwrap();
        output.play(Clip { id, pcm, start_at: at, gain: 1.0, from_frame, frames }).unwrap();
        let length = frames.unwrap_or(u64::MAX).min(96_000 - from_frame);
        at += Duration::from_secs_f64(length as f64 / f64::from(RATE));
    }
    let pcm = Prepared::open(&path, &info.root).unwrap();
    let beyond = Clip { id: 9, pcm, start_at: at, gain: 1.0, from_frame: 96_000, frames: None };
    assert!(matches!(output.play(beyond), Err(OutputError::Invalid(_))));
    for (id, frames) in [(1, 20_001), (2, 6_000), (3, 1_000)] {
        assert!(matches!(next(&events), OutputEvent::Started { id: started, .. } if started == id));
        let OutputEvent::Ended { id: ended, frames: told, .. } = next(&events) else { panic!("no end") };
        assert_eq!((ended, told), (id, frames));
    }
    let description = output.describe();
    output.close();
    let heard = heard(Path::new(&description.device));
    let at = frame_of(&description, start);
    let full = 20_001 - 480;
    assert_eq!(heard[at..at + full], samples[12_345..12_345 + full]);
    let fade = &heard[at + full..at + 20_001];
    assert!(fade.iter().zip(&samples[12_345 + full..]).all(|(heard, sample)| heard < sample), "{fade:?}");
    assert_eq!(fade[479], 0);
    assert_eq!(heard[at + 20_001..at + 26_001], samples[90_000..]);
    assert_eq!(heard[at + 26_001..at + 27_001], samples[95_000..]);
    assert!(heard[at + 27_001..].iter().all(|&sample| sample == 0));
}

#[test]
fn a_stretch_of_another_rate_is_counted_in_its_own_frames() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    let start = Instant::now() + Duration::from_millis(200);
    let mut part = clip(dir.path(), 1, 8_000, 44_100, 44_100, start);
    (part.from_frame, part.frames) = (11_025, Some(22_050));
    output.play(part).unwrap();
    assert!(matches!(next(&events), OutputEvent::Started { .. }));
    let OutputEvent::Ended { frames, first, last, .. } = next(&events) else { panic!("no end") };
    assert_eq!(frames, 22_050);
    assert!(((last - first).as_secs_f64() - 0.5).abs() < 0.001);
    let description = output.describe();
    output.close();
    let heard = heard(Path::new(&description.device));
    let at = frame_of(&description, start);
    assert!(heard[at + 2_000..at + 23_000].iter().all(|&sample| (sample - 8_000).abs() <= 2));
    assert!(heard[at + 24_000..].iter().all(|&sample| sample == 0), "half a second, and nothing after it");
}

#[test]
fn not_a_frame_of_an_altered_block_sounds() {
    let dir = tempfile::tempdir().unwrap();
    let (output, events) = capture(dir.path());
    // Altered beyond what is read ahead when the clip is queued.
    let long = clip(dir.path(), 1, 1_000, 480_000, RATE, Instant::now());
    let path = dir.path().join("1.prepared");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = 64 + 4 * usize::try_from(RATE).unwrap() * 2;
    bytes[at..at + 2_000].fill(0x44);
    std::fs::write(&path, &bytes).unwrap();
    output.play(long).unwrap();
    assert!(matches!(next(&events), OutputEvent::Started { id: 1, .. }));
    match next(&events) {
        OutputEvent::Refused { id: 1, frames, why } => {
            assert!(frames <= u64::from(RATE) * 4, "{frames}");
            assert!(why.contains("altered"), "{why}");
        }
        event => panic!("{event:?}"),
    }
    // Altered at its first block: it does not begin at all.
    let first = clip(dir.path(), 2, 1_000, 48_000, RATE, Instant::now() + Duration::from_millis(500));
    let path = dir.path().join("2.prepared");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[64..1_000].fill(0x44);
    std::fs::write(&path, &bytes).unwrap();
    output.play(first).unwrap();
    assert!(matches!(next(&events), OutputEvent::Refused { id: 2, frames: 0, .. }));
    let description = output.describe();
    output.close();
    nothing_more(&events);
    assert!(heard(Path::new(&description.device)).iter().all(|&sample| (0..=1_000).contains(&sample)));
}

#[test]
fn a_capture_is_continued_and_a_bad_place_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (output, _events) = capture(dir.path());
        std::thread::sleep(Duration::from_millis(300));
        output.close();
    }
    let frames = heard(&dir.path().join("heard.wav")).len();
    assert!((20_000..40_000).contains(&frames), "{frames}");
    let missing = OutputKind::Capture { file: dir.path().join("no such folder/heard.wav") };
    let error = Output::open(&OutputSettings::new(missing, RATE), Box::new(drop)).unwrap_err();
    assert!(matches!(error, OutputError::Capture { .. }), "{error}");
}

#[test]
fn misuse_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (output, _events) = open(OutputKind::Null);
    let later = Instant::now() + Duration::from_secs(60);
    output.play(clip(dir.path(), 1, 1, 100, RATE, later)).unwrap();
    assert!(matches!(output.play(clip(dir.path(), 1, 1, 100, RATE, later)), Err(OutputError::Invalid(_))));
    for id in 2..=64 {
        output.play(clip(dir.path(), id, 1, 100, RATE, later)).unwrap();
    }
    assert!(matches!(output.play(clip(dir.path(), 65, 1, 100, RATE, later)), Err(OutputError::Invalid(_))));
    assert!(Output::open(&OutputSettings::new(OutputKind::Null, 0), Box::new(drop)).is_err());
}
