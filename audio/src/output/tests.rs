//! Renderer and ledger under a virtual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::renderer::{Record, Renderer, Request, Scheduled};
use super::source::{ClipSource, ClipState, LastFrames};
use super::types::OutputEvent;
use crate::monotonic;

const RATE: u32 = 48_000;
const PERIOD: u64 = 8_192;

/// A device with two periods of buffer that runs when it is told to.
struct Bench {
    renderer: Renderer,
    requests: rtrb::Producer<Request>,
    records: rtrb::Consumer<Record>,
    ledger: Ledger,
    origin: Instant,
    now: Instant,
    position: u64,
    heard: Vec<f32>,
    ending: LastFrames,
    events: Vec<OutputEvent>,
}

fn seconds(frames: u64) -> Duration {
    Duration::from_secs_f64(frames as f64 / f64::from(RATE))
}

impl Bench {
    fn new() -> Self {
        let (requests, incoming) = rtrb::RingBuffer::new(64);
        let (outgoing, records) = rtrb::RingBuffer::new(256);
        let now = monotonic::now();
        Self {
            renderer: Renderer::new(NonZero::new(RATE).unwrap(), incoming, outgoing),
            requests,
            records,
            ledger: Ledger::new(RATE),
            origin: now,
            now,
            position: 0,
            heard: Vec::new(),
            ending: LastFrames::AsRecorded,
            events: Vec::new(),
        }
    }

    /// The instant at which a frame of the stream sounds while nothing goes wrong.
    fn at(&self, frame: u64) -> Instant {
        self.origin + seconds(2 * PERIOD) + seconds(frame)
    }

    /// A clip of ones; the producer side of its ring, filled with as much as is given.
    fn play(&mut self, id: u64, frame: u64, frames: u64, fed: u64) -> (rtrb::Producer<i16>, Arc<ClipState>) {
        let (mut producer, ring) = rtrb::RingBuffer::new(1 << 20);
        for _ in 0..fed {
            producer.push(16_384).unwrap();
        }
        let state = Arc::new(ClipState::default());
        let rate = NonZero::new(RATE).unwrap();
        let source = ClipSource::new(rate, frames, 1.0, self.ending, ring, Arc::clone(&state));
        self.ledger.queue(id, Arc::clone(&state), frames, frames);
        let start_at = self.at(frame);
        let scheduled = Scheduled { id, start_at, frames, source, state: Arc::clone(&state), follows: None };
        assert!(self.requests.push(Request::Play(scheduled)).is_ok());
        (producer, state)
    }

    /// One period is asked for and handed over; its first frame sounds two periods later.
    fn period(&mut self) {
        let mut out = vec![0.0; PERIOD as usize];
        self.renderer.render(&mut out, self.now, self.now + seconds(2 * PERIOD));
        self.heard.extend_from_slice(&out);
        self.position += PERIOD;
        self.now += seconds(PERIOD);
        while let Ok(record) = self.records.pop() {
            self.ledger.take(record, self.now, &mut self.events);
        }
    }

    fn periods(&mut self, count: usize) {
        (0..count).for_each(|_| self.period());
    }

    fn sounding(&self) -> Vec<usize> {
        self.heard.iter().enumerate().filter(|(_, sample)| **sample != 0.0).map(|(frame, _)| frame).collect()
    }

    /// The final events, as "id frames" with a letter for the kind.
    fn finals(&self) -> Vec<String> {
        let tell = |event: &OutputEvent| match event {
            OutputEvent::Ended { id, frames, .. } => Some(format!("{id} ended {frames}")),
            OutputEvent::Cut { id, frames, .. } => Some(format!("{id} cut {frames}")),
            OutputEvent::Refused { id, frames, .. } => Some(format!("{id} refused {frames}")),
            _ => None,
        };
        self.events.iter().filter_map(tell).collect()
    }
}

#[test]
fn a_clip_sounds_at_its_frame_and_ends_when_it_was_consumed() {
    let mut bench = Bench::new();
    let _ring = bench.play(1, 100_000, 10_000, 10_000);
    bench.periods(15);
    assert!(bench.events.is_empty());
    // Frame 100,000 is handed over in the 13th period and consumed before the call for the 16th.
    bench.period();
    assert!(matches!(bench.events[..], [OutputEvent::Started { id: 1, .. }]), "{:?}", bench.events);
    bench.periods(2);
    assert_eq!(bench.finals(), ["1 ended 10000"]);
    assert_eq!(bench.sounding(), (100_000..110_000).collect::<Vec<_>>());
    let OutputEvent::Ended { first, last, .. } = bench.events[1] else { panic!() };
    assert!((first - bench.at(100_000)) < seconds(1) && (last - first).abs_diff(seconds(9_999)) < seconds(1));
}

#[test]
fn what_follows_a_clip_waits_for_it_when_storage_is_slow() {
    let mut bench = Bench::new();
    let (mut ring, _) = bench.play(1, 50_000, 20_000, 10_000);
    let _second = bench.play(2, 70_000, 5_000, 5_000);
    bench.periods(10);
    for _ in 0..10_000 {
        ring.push(16_384).unwrap();
    }
    bench.periods(10);
    let sounding = bench.sounding();
    assert_eq!(sounding.len(), 25_000, "nothing is lost");
    let gap = sounding.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap() - 1;
    assert!(gap > 0);
    assert_eq!(sounding[24_999] - sounding[10_000], 14_999, "the second follows without a frame between");
    assert_eq!(bench.finals(), ["1 ended 20000", "2 ended 5000"]);
    let starved: u64 = bench
        .events
        .iter()
        .map(|event| if let OutputEvent::Starved { id: 1, frames } = event { *frames } else { 0 })
        .sum();
    assert_eq!(starved, gap as u64);
}

#[test]
fn a_clip_that_gets_nothing_is_given_up() {
    let mut bench = Bench::new();
    let _ring = bench.play(1, 50_000, 200_000, 10_000);
    bench.periods(30);
    assert_eq!(bench.finals(), ["1 refused 10000"]);
    assert_eq!(bench.sounding().len(), 10_000);
}

#[test]
fn frames_that_an_underrun_swallowed_are_not_counted() {
    let mut bench = Bench::new();
    let _ring = bench.play(1, 50_000, 100_000, 100_000);
    bench.periods(12);
    // The last two periods were handed over, but the device gave up before the last of them.
    let consumed = bench.position - PERIOD;
    let lost_at = bench.at(consumed);
    bench.renderer.underrun(lost_at);
    bench.now = lost_at + Duration::from_millis(30);
    bench.periods(20);
    assert_eq!(bench.finals(), [format!("1 ended {}", 100_000 - PERIOD)]);
    assert!(bench.events.iter().any(|event| matches!(event, OutputEvent::Underrun { count: 1, .. })));
    // A device that played all it had loses nothing.
    let mut bench = Bench::new();
    let _ring = bench.play(1, 50_000, 100_000, 100_000);
    bench.periods(12);
    let dry = bench.at(bench.position) + Duration::from_millis(200);
    bench.renderer.underrun(dry);
    bench.now = dry;
    bench.periods(20);
    assert_eq!(bench.finals(), ["1 ended 100000"]);
}

#[test]
fn a_clip_that_was_late_does_not_overlap_the_one_that_follows_it() {
    let mut bench = Bench::new();
    let _first = bench.play(1, 60_000, 60_000, 60_000);
    let _second = bench.play(2, 120_000, 10_000, 10_000);
    bench.periods(10);
    // A gap of half a second inside the first clip.
    let dry = bench.at(bench.position) + Duration::from_millis(500);
    bench.renderer.underrun(dry);
    bench.now = dry;
    bench.periods(20);
    assert!(bench.heard.iter().all(|&sample| sample <= 0.5), "never both at once");
    assert_eq!(bench.sounding(), (60_000..130_000).collect::<Vec<_>>());
    assert_eq!(bench.finals(), ["1 ended 60000", "2 ended 10000"]);
}

#[test]
fn a_cut_clip_fades_and_its_follower_keeps_its_own_time() {
    let mut bench = Bench::new();
    let _first = bench.play(1, 20_000, 60_000, 60_000);
    let _second = bench.play(2, 80_000, 10_000, 10_000);
    bench.periods(5);
    assert!(bench.requests.push(Request::Cancel(1)).is_ok());
    bench.periods(20);
    let sounding = bench.sounding();
    // The fade's last frame is silent.
    let cut = 5 * PERIOD as usize + 479;
    assert_eq!(sounding, (20_000..cut).chain(80_000..90_000).collect::<Vec<_>>());
    assert_eq!(bench.finals(), [format!("1 cut {}", cut + 1 - 20_000), "2 ended 10000".into()]);
}

/// What is cut as planned fades within its own length, and what follows it is joined to its last frame.
#[test]
fn a_planned_cut_fades_and_is_whole_all_the_same() {
    let mut bench = Bench::new();
    bench.ending = LastFrames::Fade;
    let _first = bench.play(1, 20_000, 30_000, 60_000);
    bench.ending = LastFrames::AsRecorded;
    let _second = bench.play(2, 50_000, 10_000, 10_000);
    bench.periods(20);
    assert_eq!(bench.finals(), ["1 ended 30000", "2 ended 10000"]);
    let full = |frame: &usize| bench.heard[*frame] == 0.5;
    assert!((20_000..49_520).all(|frame| full(&frame)), "nothing but the fade is quieter");
    let fade = &bench.heard[49_520..50_000];
    assert!(fade.windows(2).all(|pair| pair[1] < pair[0]) && fade[0] < 0.5 && fade[479] == 0.0, "{fade:?}");
    assert!((50_000..60_000).all(|frame| full(&frame)), "the second begins with the frame after it");
    assert_eq!(bench.heard[60_000], 0.0);
}

#[test]
fn a_loss_tells_only_what_was_witnessed() {
    let mut bench = Bench::new();
    let _first = bench.play(1, 20_000, 60_000, 60_000);
    let _second = bench.play(2, 900_000, 60_000, 60_000);
    bench.periods(8);
    // The call of the eighth period witnessed five; two more were in the buffer.
    assert_eq!(bench.ledger.lose(), [(1, 5 * PERIOD - 20_000), (2, 0)]);
}
