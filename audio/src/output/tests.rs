//! Renderer and ledger under a virtual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::evidence::{Evidence, GapCause};
use super::ledger::Ledger;
use super::meter::Silence;
use super::renderer::{Record, Renderer, Request, Scheduled};
use super::source::{ClipSource, ClipState, Shape};
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
    shape: Shape,
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
            shape: Shape { gain: 1.0, rise: 0, fall: 0 },
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
        let source = ClipSource::new(rate, frames, self.shape, ring, Arc::clone(&state));
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

    /// The events but for evidence and levels, which come at any time.
    fn told(&self) -> Vec<&OutputEvent> {
        let besides =
            |event: &&OutputEvent| !matches!(event, OutputEvent::Evidence { .. } | OutputEvent::Level { .. });
        self.events.iter().filter(besides).collect()
    }

    /// The newest evidence of a clip.
    fn evidence(&self, wanted: u64) -> &Evidence {
        let mut told = self.events.iter().rev().filter_map(|event| match event {
            OutputEvent::Evidence { id, evidence } if *id == wanted => Some(&**evidence),
            _ => None,
        });
        told.next().unwrap()
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
    assert!(bench.told().is_empty());
    // Frame 100,000 is handed over in the 13th period and consumed before the call for the 16th.
    bench.period();
    assert!(matches!(bench.told()[..], [OutputEvent::Started { id: 1, .. }]), "{:?}", bench.events);
    bench.periods(2);
    assert_eq!(bench.finals(), ["1 ended 10000"]);
    assert_eq!(bench.sounding(), (100_000..110_000).collect::<Vec<_>>());
    let &OutputEvent::Ended { first, last, .. } = bench.told()[1] else { panic!() };
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
    bench.shape.fall = 480;
    let _first = bench.play(1, 20_000, 30_000, 60_000);
    bench.shape.fall = 0;
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
    assert_eq!(bench.ledger.lose(&mut bench.events), [(1, 5 * PERIOD - 20_000), (2, 0)]);
}

#[test]
fn evidence_tells_gaps_with_their_time_and_length() {
    let mut bench = Bench::new();
    let (mut ring, _) = bench.play(1, 50_000, 200_000, 100_000);
    bench.periods(12);
    // The device gave up before its last period, and runs again 500 ms later.
    let consumed = bench.position - PERIOD;
    let lost_at = bench.at(consumed);
    bench.renderer.underrun(lost_at);
    bench.now = lost_at + Duration::from_millis(500);
    bench.periods(6);
    let evidence = bench.evidence(1);
    assert_eq!((evidence.gap_count, evidence.gaps.len()), (1, 1), "{evidence:?}");
    let gap = evidence.gaps[0];
    assert_eq!(gap.cause, GapCause::Underrun);
    let off = if gap.at > lost_at { gap.at - lost_at } else { lost_at - gap.at };
    assert!(off < Duration::from_millis(1), "{off:?}");
    // The first frame after it sounds two periods after the device began to ask again.
    let length = Duration::from_millis(500) + seconds(2 * PERIOD);
    assert!(gap.length.abs_diff(length) < Duration::from_millis(1), "{gap:?}");
    // Then storage is slow for two periods.
    bench.periods(4);
    for _ in 0..100_000 {
        ring.push(16_384).unwrap();
    }
    bench.periods(20);
    let evidence = bench.evidence(1).clone();
    assert_eq!(evidence.gap_count, 2, "{evidence:?}");
    assert_eq!(evidence.gaps[1].cause, GapCause::Starved);
    let starved: u64 = bench
        .events
        .iter()
        .map(|event| if let OutputEvent::Starved { id: 1, frames } = event { *frames } else { 0 })
        .sum();
    assert!(starved > 0 && evidence.gaps[1].length.abs_diff(seconds(starved)) < Duration::from_micros(100));
    assert_eq!(evidence.gap_time, evidence.gaps[0].length + evidence.gaps[1].length);
    assert_eq!((evidence.handed, evidence.frames), (200_000, 200_000 - PERIOD));
    assert_eq!(bench.finals(), [format!("1 ended {}", 200_000 - PERIOD)]);
    // Half of full scale, constant: its peak is known, and a constant has no loudness.
    assert!((evidence.peak_dbfs.unwrap() + 6.02).abs() < 0.01, "{evidence:?}");
    let OutputEvent::Ended { first, last, .. } = bench.told()[bench.told().len() - 1] else { panic!() };
    assert_eq!((evidence.first, evidence.last), (Some(*first), Some(*last)));
    // The newest evidence comes right before the end.
    let count = bench.events.len();
    assert!(matches!(bench.events[count - 2], OutputEvent::Evidence { id: 1, .. }));
}

#[test]
fn a_loss_leaves_what_was_measured_until_then() {
    let mut bench = Bench::new();
    let _first = bench.play(1, 20_000, 60_000, 60_000);
    let _second = bench.play(2, 900_000, 60_000, 60_000);
    bench.periods(8);
    let mut events = Vec::new();
    let _ = bench.ledger.lose(&mut events);
    bench.events.append(&mut events);
    let (first, second) = (bench.evidence(1), bench.evidence(2));
    assert_eq!((first.frames, first.handed), (5 * PERIOD - 20_000, 8 * PERIOD - 20_000));
    assert!(first.first.is_some() && first.last > first.first && first.peak_dbfs.is_some());
    assert_eq!(*second, Evidence::default());
}

/// What becomes of a clip that plays eight seconds: the silences that are told of.
fn silences(gain: f32, sample: i16) -> Vec<Silence> {
    let mut bench = Bench::new();
    bench.shape.gain = gain;
    let (mut ring, _) = bench.play(1, 0, 384_000, 0);
    for _ in 0..384_000 {
        ring.push(sample).unwrap();
    }
    bench.periods(50);
    assert_eq!(bench.finals(), ["1 ended 384000"]);
    let silent = |event: &OutputEvent| match event {
        OutputEvent::Silent { id: 1, why } => Some(*why),
        _ => None,
    };
    bench.events.iter().filter_map(silent).collect()
}

#[test]
fn silence_is_told_with_whose_it_is() {
    assert_eq!(silences(1.0, 16_384), []);
    assert_eq!(silences(1.0, 20), [Silence::Recording]);
    assert_eq!(silences(0.0, 16_384), [Silence::Output]);
}

/// Cut while its planned fade is under way: the short fade holds, and nothing jumps.
#[test]
fn a_cut_inside_a_planned_fade_is_not_put_off() {
    let mut bench = Bench::new();
    bench.shape = Shape { gain: 1.0, rise: 4_800, fall: 14_400 };
    let _ring = bench.play(1, 0, 60_000, 60_000);
    bench.periods(6);
    assert!(bench.requests.push(Request::Cancel(1)).is_ok());
    bench.periods(6);
    let cut = 6 * PERIOD as usize;
    assert!(cut > 60_000 - 14_400 && bench.heard[cut + 480..].iter().all(|&sample| sample == 0.0));
    assert_eq!(bench.heard[4_800], 0.5);
    assert!(bench.heard[0] < 0.000_001, "it rises from silence");
    let steepest = bench.heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.003, "{steepest}");
}
