//! The stream's content, frame by frame: which clip begins where. Pure: it is told the time.
//!
//! One renderer is pulled by whatever form the output has. It runs on the device's thread: no lock, no disk, and no
//! allocation.
//!
//! Clips that sound together are added here, a stretch at a time. A mixer that is asked for single samples looks, at each,
//! for clips that may have come and gone: a fifth of the station's processor time on the air went into that question.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::clock_map::{ClockMap, Mapping};
use super::feeder::MAX_CLIPS;
use super::meter::Passed;
use super::source::{ClipSource, ClipState};

/// A clip whose start is within this of another's end follows it without a frame between.
const JOIN_SECONDS: f64 = 0.002;
/// Buffered frames that an under-run may be wrong by before they count as swallowed.
const UNDERRUN_TOLERANCE_SECONDS: f64 = 0.02;

/// What the output asks of the renderer.
pub(crate) enum Request {
    Play(Scheduled),
    Cancel(u64),
    Silence,
}

/// A clip that waits for its frame.
pub(crate) struct Scheduled {
    pub(crate) id: u64,
    pub(crate) start_at: Instant,
    /// Length at the device's rate.
    pub(crate) frames: u64,
    pub(crate) source: ClipSource,
    pub(crate) state: Arc<ClipState>,
    /// The clip that it follows without a gap.
    pub(crate) follows: Option<u64>,
}

/// How a clip came to its end in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All its frames were given.
    Whole,
    /// It was cancelled, silenced or refused.
    Cut,
}

/// What the renderer tells the ledger. Frames are those of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Record {
    Begun {
        id: u64,
        frame: u64,
    },
    Starved {
        id: u64,
        before: u64,
        frames: u64,
    },
    Finished {
        id: u64,
        frame: u64,
        ending: Ending,
    },
    /// Cancelled before it began.
    Withdrawn {
        id: u64,
    },
    /// The device ran dry; the frames from `consumed` to `handed` were never heard.
    Underrun {
        at: Instant,
        consumed: u64,
        handed: u64,
    },
    /// What left in one period while a clip was playing.
    Passed(Passed),
    /// So many frames have been handed over, `consumed` of them had been heard for sure, and this is when they sound.
    Handed {
        frames: u64,
        consumed: u64,
        mapping: Mapping,
    },
}

struct Playing {
    id: u64,
    source: ClipSource,
    state: Arc<ClipState>,
    begun: u64,
    starved: u64,
    /// What the recording had until now, as far as it was told.
    own: f64,
}

/// In eight sums, for one alone would wait at each sample for the addition before.
fn sum_of_squares(samples: &[f32]) -> f64 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0_f64; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, &sample)| *sum += f64::from(sample) * f64::from(sample));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum::<f64>()
}

pub(crate) struct Renderer {
    rate: u32,
    /// Frames handed over so far.
    position: u64,
    map: ClockMap,
    requests: rtrb::Consumer<Request>,
    records: rtrb::Producer<Record>,
    /// Records that found the ring full.
    unsent: Vec<Record>,
    waiting: Vec<Scheduled>,
    playing: Vec<Playing>,
    /// The clip that ended last by itself, and the frame after it.
    last_whole: Option<(u64, u64)>,
}

impl Renderer {
    pub(crate) fn new(
        rate: NonZero<u32>,
        requests: rtrb::Consumer<Request>,
        records: rtrb::Producer<Record>,
    ) -> Self {
        Self {
            rate: rate.get(),
            position: 0,
            map: ClockMap::new(rate.get()),
            requests,
            records,
            unsent: Vec::with_capacity(4 * MAX_CLIPS),
            waiting: Vec::with_capacity(MAX_CLIPS),
            playing: Vec::with_capacity(MAX_CLIPS),
            last_whole: None,
        }
    }

    /// Tells that the device ran dry at `at`.
    pub(crate) fn underrun(&mut self, at: Instant) {
        let tolerance = (UNDERRUN_TOLERANCE_SECONDS * f64::from(self.rate)) as u64;
        let due = self.map.mapping().map_or(0.0, |mapping| mapping.frame_at(at).round()).max(0.0) as u64;
        let consumed = if due + tolerance >= self.position { self.position } else { due };
        self.note(Record::Underrun { at, consumed, handed: self.position });
        self.map.reset();
    }

    /// Fills `out` (mono, full scale ±1), asked for at `now`; its first frame sounds at `sounds_at`.
    pub(crate) fn render(&mut self, out: &mut [f32], now: Instant, sounds_at: Instant) {
        while let Some(record) = self.unsent.pop() {
            if let Err(rtrb::PushError::Full(record)) = self.records.push(record) {
                self.unsent.push(record);
                break;
            }
        }
        self.take_requests();
        let mapping = self.map.observe(self.position, sounds_at);
        let consumed = (mapping.frame_at(now).max(0.0) as u64).min(self.position);
        let mut rest = out;
        let mut passed: Option<Passed> = None;
        while !rest.is_empty() {
            let next_start = self.start_what_is_due(&mapping);
            let next_end = self.playing.iter().map(|clip| clip.state.remaining.load(Ordering::Acquire)).min();
            let until_start = next_start.map_or(u64::MAX, |frame| frame - self.position);
            let frames = (rest.len() as u64).min(until_start).min(next_end.unwrap_or(u64::MAX).max(1));
            let (segment, later) = rest.split_at_mut(usize::try_from(frames).unwrap_or(rest.len()));
            segment.fill(0.0);
            if !self.playing.is_empty() {
                self.playing.iter_mut().for_each(|clip| clip.source.add_to(segment));
                self.watch(&mut passed, frames, sum_of_squares(segment));
            }
            self.position += frames;
            self.note_ends();
            rest = later;
        }
        if let Some(passed) = passed {
            self.note(Record::Passed(passed));
        }
        self.note(Record::Handed { frames: self.position, consumed, mapping });
    }

    /// Adds what left while clips were playing to what this period says; it is said of the clip that began last.
    fn watch(&mut self, passed: &mut Option<Passed>, frames: u64, out: f64) {
        let Some(id) = self.playing.last().map(|clip| clip.id) else { return };
        let other = passed.filter(|before| before.id != id);
        if let Some(other) = other {
            self.note(Record::Passed(other));
            *passed = None;
        }
        let sum = passed.get_or_insert(Passed { id, frames: 0, out: 0.0, own: 0.0 });
        sum.frames += frames;
        sum.out += out;
        for clip in &mut self.playing {
            let own = clip.state.own();
            sum.own += own - std::mem::replace(&mut clip.own, own);
        }
    }

    fn take_requests(&mut self) {
        while let Ok(request) = self.requests.pop() {
            match request {
                Request::Play(clip) => {
                    let at = self.waiting.partition_point(|other| other.start_at <= clip.start_at);
                    self.waiting.insert(at, clip);
                }
                Request::Cancel(id) => self.cut(|other| other == id),
                Request::Silence => self.cut(|_| true),
            }
        }
        // A clip that cannot be read does not begin.
        while let Some(at) = self.waiting.iter().position(|clip| clip.state.is_cut()) {
            let clip = self.waiting.remove(at);
            self.note(Record::Withdrawn { id: clip.id });
        }
    }

    fn cut(&mut self, which: impl Fn(u64) -> bool) {
        self.waiting.iter().filter(|clip| which(clip.id)).for_each(|clip| clip.state.cut());
        self.playing.iter().filter(|clip| which(clip.id)).for_each(|clip| clip.state.cut());
    }

    /// Starts the waiting clips whose frame has come; returns the frame of the next one.
    fn start_what_is_due(&mut self, mapping: &Mapping) -> Option<u64> {
        let tolerance = JOIN_SECONDS * f64::from(self.rate);
        let mut next = None;
        // Ends of the clips before, as far as known: (clip, frame after it).
        let mut ends: [(u64, u64); 2 * MAX_CLIPS] = [(0, 0); 2 * MAX_CLIPS];
        let mut known = 0;
        let mut add_end = |ends: &mut [(u64, u64)], end| {
            if let Some(slot) = ends.get_mut(known) {
                *slot = end;
                known += 1;
            }
            known
        };
        let mut count = 0;
        for clip in self.playing.iter().filter(|clip| !clip.state.is_cut()) {
            let remaining = clip.state.remaining.load(Ordering::Acquire);
            count = add_end(&mut ends, (clip.id, self.position + remaining));
        }
        if let Some(end) = self.last_whole {
            count = add_end(&mut ends, end);
        }
        let mut at = 0;
        while let Some(clip) = self.waiting.get_mut(at) {
            let own = mapping.frame_at(clip.start_at).round().max(0.0);
            let follows = ends[..count].iter().find(|end| match clip.follows {
                Some(id) => end.0 == id,
                None => (end.1 as f64 - own).abs() <= tolerance,
            });
            let frame = match follows {
                Some(&(id, end)) => {
                    clip.follows = Some(id);
                    end
                }
                None => own as u64,
            };
            if frame <= self.position {
                let clip = self.waiting.remove(at);
                count = add_end(&mut ends, (clip.id, self.position + clip.frames));
                self.start(clip);
            } else {
                count = add_end(&mut ends, (clip.id, frame + clip.frames));
                next = Some(next.map_or(frame, |earlier: u64| earlier.min(frame)));
                at += 1;
            }
        }
        next
    }

    fn start(&mut self, clip: Scheduled) {
        self.playing.push(Playing {
            id: clip.id,
            source: clip.source,
            state: clip.state,
            begun: self.position,
            starved: 0,
            own: 0.0,
        });
        self.note(Record::Begun { id: clip.id, frame: self.position });
    }

    fn note_ends(&mut self) {
        let mut at = 0;
        while let Some(clip) = self.playing.get_mut(at) {
            let (id, starved) = (clip.id, clip.state.starved.load(Ordering::Relaxed));
            let more = starved - clip.starved;
            clip.starved = starved;
            let done = clip.state.remaining.load(Ordering::Acquire) == 0;
            let end = clip.begun + clip.state.given.load(Ordering::Relaxed) + starved;
            let whole = !clip.state.is_cut() && !clip.state.starved_out.load(Ordering::Acquire);
            if more > 0 {
                let before = if done { end.min(self.position) } else { self.position };
                self.note(Record::Starved { id, before, frames: more });
            }
            if done {
                let frame = end.min(self.position);
                let ending = if whole { Ending::Whole } else { Ending::Cut };
                self.last_whole = whole.then_some((id, frame)).or(self.last_whole);
                self.note(Record::Finished { id, frame, ending });
                self.playing.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }

    fn note(&mut self, record: Record) {
        if !self.unsent.is_empty() {
            self.unsent.insert(0, record);
        } else if let Err(rtrb::PushError::Full(record)) = self.records.push(record) {
            self.unsent.insert(0, record);
        }
    }
}
