//! What of each clip was heard. Pure: fed with the renderer's records, it says the events.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clock_map::Mapping;
use super::evidence::{Evidence, Gaps};
use super::meter::{Heard, Watch, dbfs};
use super::renderer::{Ending, Record};
use super::source::ClipState;
use super::types::OutputEvent;

/// A clip from the moment it is queued until its one final event.
#[derive(Debug)]
struct Entry {
    id: u64,
    state: Arc<ClipState>,
    /// Length in its own frames and in the device's.
    frames: u64,
    device_frames: u64,
    /// Stream frame of its first frame, once it has begun.
    begun: Option<u64>,
    /// Stream frame after its last one, once that is known.
    end: Option<(u64, Ending)>,
    /// Stretches of the stream in which it was not heard, and the same as interruptions in time.
    gaps: Vec<(u64, u64)>,
    interruptions: Gaps,
    /// When its first frame sounded, once it was consumed.
    started: Option<Instant>,
    /// Device frames told by the last progress.
    told: u64,
}

impl Entry {
    /// Device frames heard when the device has consumed `consumed` of the stream.
    fn heard(&self, consumed: u64) -> u64 {
        let Some(begun) = self.begun else { return 0 };
        let until = self.end.map_or(consumed, |(end, _)| end.min(consumed));
        let missed: u64 =
            self.gaps.iter().map(|&(from, to)| to.min(until).saturating_sub(from.max(begun))).sum();
        until.saturating_sub(begun).saturating_sub(missed)
    }

    /// The same in the clip's own frames.
    fn heard_frames(&self, consumed: u64) -> u64 {
        let heard = self.heard(consumed);
        if heard >= self.device_frames {
            return self.frames;
        }
        self.own_frames(heard)
    }

    /// So many of the device's frames in the clip's own.
    fn own_frames(&self, device: u64) -> u64 {
        let own = u128::from(device) * u128::from(self.frames) / u128::from(self.device_frames.max(1));
        u64::try_from(own).unwrap_or(self.frames).min(self.frames)
    }

    /// Nothing of it is heard in this stretch of the stream. Stretches that meet are one.
    fn miss(&mut self, from: u64, to: u64) {
        match self.gaps.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => self.gaps.push((from, to)),
        }
    }

    /// Everything that was measured of it while the device has consumed `consumed` of the stream.
    fn evidence(&self, consumed: u64, mapping: Option<Mapping>) -> OutputEvent {
        let until = self.end.map_or(consumed, |(end, _)| end.min(consumed));
        let last = mapping.filter(|_| self.started.is_some());
        let last = last.map(|mapping| mapping.instant_of(until.saturating_sub(1)));
        let mut evidence = Evidence {
            first: self.started,
            last: last.max(self.started),
            frames: self.heard_frames(consumed),
            handed: self.own_frames(self.state.given.load(Ordering::Relaxed)),
            lufs: self.state.lufs(),
            peak_dbfs: dbfs(self.state.peak()),
            ..Evidence::default()
        };
        self.interruptions.tell(&mut evidence);
        OutputEvent::Evidence { id: self.id, evidence: Box::new(evidence) }
    }
}

/// All clips that are not done, and how far the device is.
#[derive(Debug)]
pub(crate) struct Ledger {
    rate: u32,
    /// Device frames between two progress events.
    progress: u64,
    watch: Watch,
    entries: Vec<Entry>,
    consumed: u64,
    handed: u64,
    /// Below this the mapping says nothing any more: an under-run came after it.
    floor: u64,
    mapping: Option<Mapping>,
    underruns: u64,
}

impl Ledger {
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            rate,
            progress: u64::from(rate) / 2,
            watch: Watch::new(rate),
            entries: Vec::new(),
            consumed: 0,
            handed: 0,
            floor: 0,
            mapping: None,
            underruns: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// Whether a clip is not in its middle: it has still to begin, it ends within a second, or it is cut.
    pub(crate) fn stirs(&self) -> bool {
        let soon = self.handed + u64::from(self.rate);
        self.entries.iter().any(|entry| {
            entry.started.is_none()
                || entry.end.is_some()
                || entry.state.is_cut()
                || entry.begun.is_none_or(|begun| begun + entry.device_frames <= soon)
        })
    }

    /// Frames handed to the device so far.
    pub(crate) fn handed(&self) -> u64 {
        self.handed
    }

    /// Takes in a clip that is handed to the renderer.
    pub(crate) fn queue(&mut self, id: u64, state: Arc<ClipState>, frames: u64, device_frames: u64) {
        self.entries.push(Entry {
            id,
            state,
            frames,
            device_frames,
            begun: None,
            end: None,
            gaps: Vec::new(),
            interruptions: Gaps::default(),
            started: None,
            told: 0,
        });
    }

    /// Forgets a clip that was not handed over after all.
    pub(crate) fn forget(&mut self, id: u64) {
        self.entries.retain(|entry| entry.id != id);
    }

    /// Takes in one record and appends the events that follow from it.
    pub(crate) fn take(&mut self, record: Record, now: Instant, events: &mut Vec<OutputEvent>) {
        match record {
            Record::Begun { id, frame } => self.change(id, |entry| entry.begun = Some(frame)),
            Record::Starved { id, before, frames } => {
                let mapping = self.mapping;
                self.change(id, |entry| {
                    let from = before.saturating_sub(frames);
                    entry.miss(from, before);
                    if let Some(mapping) = mapping {
                        entry.interruptions.starved(from, before, &mapping);
                    }
                });
                events.push(OutputEvent::Starved { id, frames });
            }
            Record::Finished { id, frame, ending } => {
                self.change(id, |entry| entry.end = Some((frame, ending)))
            }
            Record::Withdrawn { id } => {
                if let Some(at) = self.entries.iter().position(|entry| entry.id == id) {
                    let entry = self.entries.remove(at);
                    events.push(match entry.state.refusal() {
                        Some(why) => OutputEvent::Refused { id, frames: 0, why },
                        None => OutputEvent::Cut { id, frames: 0, at: now },
                    });
                }
            }
            Record::Underrun { at, consumed, handed } => {
                self.consume(consumed, events);
                let stopped = self.mapping.map_or(at, |mapping| mapping.instant_of(consumed));
                for entry in &mut self.entries {
                    entry.miss(consumed, handed);
                    let Some(begun) = entry.begun.filter(|&begun| begun < handed || begun < consumed) else {
                        continue;
                    };
                    let until = entry.end.map_or(handed, |(end, _)| end.min(handed));
                    let lost = until.saturating_sub(begun.max(consumed)) as f64 / f64::from(self.rate);
                    let lost = Duration::try_from_secs_f64(lost).unwrap_or_default();
                    entry.interruptions.underrun(stopped, lost, handed);
                }
                self.floor = handed;
                self.consume(handed, events);
                self.underruns += 1;
                events.push(OutputEvent::Underrun { at, count: self.underruns });
            }
            Record::Passed(passed) => {
                let tell = |heard| match heard {
                    Heard::Level(dbfs) => OutputEvent::Level { id: passed.id, dbfs },
                    Heard::Silent(why) => OutputEvent::Silent { id: passed.id, why },
                };
                events.extend(self.watch.take(passed).into_iter().flatten().map(tell));
            }
            Record::Handed { frames, consumed, mapping } => {
                self.handed = frames;
                self.mapping = Some(mapping);
                self.entries.iter_mut().for_each(|entry| entry.interruptions.mapped(&mapping));
                self.consume(consumed, events);
            }
        }
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            change(entry);
        }
    }

    /// The device has consumed the stream up to `consumed`.
    fn consume(&mut self, consumed: u64, events: &mut Vec<OutputEvent>) {
        self.consumed = self.consumed.max(consumed.max(self.floor).min(self.handed.max(self.floor)));
        let (consumed, progress) = (self.consumed, self.progress);
        let Some(mapping) = self.mapping else { return };
        self.entries.retain_mut(|entry| {
            let Some(begun) = entry.begun else { return true };
            if consumed <= begun && entry.end.is_none_or(|(end, _)| end > begun) {
                return true;
            }
            let first = *entry.started.get_or_insert_with(|| {
                let at = mapping.instant_of(begun);
                events.push(OutputEvent::Started { id: entry.id, at });
                at
            });
            let heard = entry.heard(consumed);
            if let Some((end, ending)) = entry.end
                && consumed >= end
            {
                let (id, frames) = (entry.id, entry.heard_frames(consumed));
                let last = mapping.instant_of(end.saturating_sub(1)).max(first);
                events.push(entry.evidence(consumed, Some(mapping)));
                events.push(match (ending, entry.state.refusal()) {
                    (Ending::Whole, _) => OutputEvent::Ended { id, frames, first, last },
                    (Ending::Cut, Some(why)) => OutputEvent::Refused { id, frames, why },
                    (Ending::Cut, None) => OutputEvent::Cut { id, frames, at: last },
                });
                return false;
            }
            if heard >= entry.told + progress {
                entry.told = heard;
                events.push(entry.evidence(consumed, Some(mapping)));
                events.push(OutputEvent::Progress { id: entry.id, frames: entry.heard_frames(consumed) });
            }
            true
        });
    }

    /// The device is gone: every clip that is not done, with what was heard of it for sure.
    pub(crate) fn lose(&mut self, events: &mut Vec<OutputEvent>) -> Vec<(u64, u64)> {
        let (consumed, mapping) = (self.consumed, self.mapping);
        events.extend(self.entries.iter().map(|entry| entry.evidence(consumed, mapping)));
        self.entries.drain(..).map(|entry| (entry.id, entry.heard_frames(consumed))).collect()
    }

    /// The output is closed at `now` while the device still runs: every clip that is not done is cut.
    pub(crate) fn close(&mut self, now: Instant, events: &mut Vec<OutputEvent>) {
        if let Some(mapping) = self.mapping {
            self.consume(mapping.frame_at(now).max(0.0) as u64, events);
        }
        let (consumed, mapping) = (self.consumed, self.mapping);
        for entry in self.entries.drain(..) {
            events.push(entry.evidence(consumed, mapping));
            events.push(OutputEvent::Cut { id: entry.id, frames: entry.heard_frames(consumed), at: now });
        }
    }
}
