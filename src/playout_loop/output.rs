//! The output as the loop uses it: opened and closed beside the loop, one at a time; answers of an output that was
//! given up are told apart by its generation.

use super::evidence::{Gathered, Sink};
use super::permits::{self, Unfit};
use super::trouble::Trouble;
use super::{Message, PlayoutHandle};
use crate::airing_log::Evidence;
use crate::clock::Clock;
use crate::intake::Folders;
use crate::store::{Store, made_from};
use jiff::{SignedDuration, Timestamp};
use loaxa_audio::output::{Clip, Evidence as Measured, Output, OutputEvent, OutputSettings};
use loaxa_audio::prepared::{Prepared, to_hex};
use loaxa_schedules::{Input, Now, Slot, SlotKey};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

/// At the end, the output gets so long to fall silent.
const SHUT_WITHIN: Duration = Duration::from_secs(3);

/// The sound's side of the loop.
pub(super) struct Air {
    settings: OutputSettings,
    folders: Folders,
    sender: UnboundedSender<Message>,
    /// Asked whether it may sound, just before it does.
    permits: (Arc<Store>, PlayoutHandle),
    output: Option<Output>,
    generation: u64,
    /// An output that is closing: the next one waits for it, a device has one owner.
    closing: Option<JoinHandle<()>>,
    verified: HashMap<SlotKey, Prepared>,
    manners: HashMap<SlotKey, Manner>,
    clips: HashMap<u64, (SlotKey, Sink)>,
    last_clip: u64,
    gathered: Gathered,
    /// What goes wrong at the device, said a few times and not a thousand.
    pub(super) trouble: Trouble,
}

/// How a slot is played, as it was recorded last.
struct Manner {
    /// Root hash of its prepared sound.
    root: String,
    /// SHA-256 of the original that was approved.
    /// What it must be made from: the part of the original that was approved.
    made_from: String,
    gain_db: f64,
    /// Where in the recording it begins.
    offset: SignedDuration,
    /// How long it sounds, when it ends before the recording does.
    length: Option<SignedDuration>,
}

impl Manner {
    fn of(slot: &Slot) -> Self {
        let length = slot.yields.as_ref().map(|_| slot.duration);
        let (root, made_from) = (slot.pcm.to_string(), made_from(&slot.original_sha256, slot.trim));
        Self { root, made_from, gain_db: slot.gain_db, offset: slot.offset, length }
    }
}

impl Air {
    pub(super) fn new(
        settings: OutputSettings,
        folders: Folders,
        sender: UnboundedSender<Message>,
        permits: (Arc<Store>, PlayoutHandle),
    ) -> Self {
        Self {
            settings,
            folders,
            sender,
            permits,
            output: None,
            generation: 0,
            closing: None,
            verified: HashMap::new(),
            manners: HashMap::new(),
            clips: HashMap::new(),
            last_clip: 0,
            gathered: Gathered::default(),
            trouble: Trouble::default(),
        }
    }

    /// What the output can say of a slot so far.
    pub(super) fn evidence(&self, slot: &SlotKey) -> Option<Box<Evidence>> {
        self.gathered.of(slot)
    }

    /// Whether an event of this generation comes from the output that is open now.
    pub(super) fn is_current(&self, generation: u64) -> bool {
        generation == self.generation
    }

    /// Name of the output while it is open.
    pub(super) fn device(&self) -> Option<String> {
        self.output.as_ref().map(|output| output.describe().device)
    }

    /// Opens the prepared sound of what is planned, re-hashes all of it, and holds it against the original that was approved,
    /// and asks once more whether it may sound.
    pub(super) fn verify(&mut self, slot: SlotKey, planned: Option<&Slot>) {
        let sender = self.sender.clone();
        let Some((planned, manner)) = planned.map(|slot| (slot.clone(), Manner::of(slot))) else {
            let result = Err(Unfit::Sound("the plan names no prepared sound".to_owned()));
            let _ = sender.send(Message::Verified { slot, root: String::new(), result });
            return;
        };
        let (root, approved) = (manner.root.clone(), manner.made_from.clone());
        self.verified.remove(&slot);
        self.manners.insert(slot.clone(), manner);
        let path = self.folders.prepared(&root);
        let (store, air) = self.permits.clone();
        tokio::task::spawn_blocking(move || {
            let opened = Prepared::open(&path, &root).and_then(|pcm| pcm.verify_all().map(|()| pcm));
            let result = opened.map_err(|error| error.to_string());
            let result = result.and_then(|pcm| made_of(&pcm, &approved).map(|()| pcm));
            // last, because hashing takes its time; and said first, because it is the graver of the two
            let result = permits::require(&store, &air, &planned).and_then(|()| result.map_err(Unfit::Sound));
            let _ = sender.send(Message::Verified { slot, root, result });
        });
    }

    /// What the hashing came to; nothing when a newer plan wants other sound for the slot by now.
    pub(super) fn verified(
        &mut self,
        slot: SlotKey,
        root: &str,
        result: Result<Prepared, Unfit>,
    ) -> Vec<Input> {
        if self.manners.get(&slot).is_some_and(|manner| manner.root != root) {
            return Vec::new();
        }
        match result {
            Ok(pcm) => {
                self.verified.insert(slot.clone(), pcm);
                vec![Input::PcmVerified { slot }]
            }
            Err(Unfit::Sound(why)) => vec![Input::PcmRefused { slot, why }],
            Err(Unfit::Silenced(why)) => {
                let refused = Input::PcmRefused { slot: slot.clone(), why: "it may not sound".to_owned() };
                vec![why.input(slot), refused]
            }
        }
    }

    /// Drops what was held for a slot that is closed.
    pub(super) fn forget(&mut self, slot: &SlotKey) {
        self.verified.remove(slot);
        self.manners.remove(slot);
        self.gathered.forget(slot);
    }

    /// Opens the output beside the loop, after the one before has closed.
    pub(super) fn open(&mut self) {
        self.generation += 1;
        let (generation, settings, sender, closing) =
            (self.generation, self.settings.clone(), self.sender.clone(), self.closing.take());
        tokio::spawn(async move {
            if let Some(closing) = closing {
                let _ = closing.await;
            }
            let events = sender.clone();
            let opened = tokio::task::spawn_blocking(move || {
                let tell = move |event| {
                    let _ = events.send(Message::Output { generation, event });
                };
                Output::open(&settings, Box::new(tell)).map_err(|error| error.to_string())
            });
            let result =
                opened.await.unwrap_or_else(|error| Err(format!("opening the output died: {error}")));
            let _ = sender.send(Message::Opened { generation, result });
        });
    }

    /// What the opening came to; an output that nobody waits for any more is closed again.
    pub(super) fn opened(&mut self, generation: u64, result: Result<Output, String>) -> Option<Input> {
        match result {
            Ok(output) if generation == self.generation => {
                let about = output.describe();
                tracing::info!(
                    device = about.device,
                    rate = about.rate,
                    channels = about.channels,
                    buffer = about.buffer_frames,
                    "output open"
                );
                self.output = Some(output);
                Some(Input::OutputReady)
            }
            Ok(output) => {
                self.closing = Some(tokio::task::spawn_blocking(move || output.close()));
                None
            }
            Err(why) => (generation == self.generation).then_some(Input::OutputFailed { why }),
        }
    }

    pub(super) fn close(&mut self) {
        // whatever is still being opened belongs to the past
        self.generation += 1;
        if let Some(output) = self.output.take() {
            self.closing = Some(tokio::task::spawn_blocking(move || output.close()));
        }
    }

    /// Hands a clip to the output; what the playout must be told when it cannot.
    pub(super) fn play(&mut self, slot: &SlotKey, at: Instant, now: Now) -> Option<Input> {
        let lost = |why: String| Input::AudioLost {
            slot: slot.clone(),
            played: SignedDuration::ZERO,
            at: now.wall,
            why,
        };
        let Some(output) = &self.output else {
            return Some(lost("the output is not open".to_owned()));
        };
        let Some(pcm) = self.verified.remove(slot) else {
            return Some(Input::PcmRefused {
                slot: slot.clone(),
                why: "its sound was not verified".to_owned(),
            });
        };
        self.last_clip += 1;
        let (id, rate) = (self.last_clip, pcm.info().sample_rate);
        let sink = Sink { device: output.describe().device, rate };
        let manner = self.manners.get(slot);
        let gain_db = manner.map_or(0.0, |manner| manner.gain_db);
        #[allow(clippy::cast_possible_truncation, reason = "a gain needs no more than 24 bits")]
        let gain = 10_f64.powf(gain_db.min(0.0) / 20.0) as f32;
        let from_frame = manner.map_or(0, |manner| frames(manner.offset, rate));
        let length = manner.and_then(|manner| manner.length).map(|length| frames(length, rate));
        match output.play(Clip { id, pcm, start_at: at, gain, from_frame, frames: length }) {
            Ok(()) => {
                self.clips.insert(id, (slot.clone(), sink));
                None
            }
            Err(error) => Some(lost(error.to_string())),
        }
    }

    /// Takes a clip back or cuts it. What is not known to the output is answered at once.
    pub(super) fn cancel(&mut self, slot: &SlotKey, now: Now) -> Option<Input> {
        let clip = self.clips.iter().find(|(_, (known, _))| known == slot).map(|(id, _)| *id);
        match (clip, &self.output) {
            (Some(id), Some(output)) => {
                output.cancel(id);
                None
            }
            _ => Some(Input::AudioCut { slot: slot.clone(), played: SignedDuration::ZERO, at: now.wall }),
        }
    }

    /// What an event of the output means to the playout. Clips are known by their number, whichever output they were
    /// given to: one that is closing still says how much of them was heard.
    pub(super) fn happened(
        &mut self,
        generation: u64,
        event: OutputEvent,
        clock: &dyn Clock,
        now: Now,
    ) -> Vec<Input> {
        let wall = |at: Instant| wall_at(clock, now, at);
        match event {
            OutputEvent::Started { id, at } => self
                .slot(id)
                .map(|(slot, _)| Input::AudioStarted { slot, at: wall(at) })
                .into_iter()
                .collect(),
            OutputEvent::Progress { id, frames } => self
                .slot(id)
                .map(|(slot, sink)| Input::AudioProgress { slot, played: length(frames, sink.rate) })
                .into_iter()
                .collect(),
            OutputEvent::Ended { id, frames, last, .. } => self
                .clips
                .remove(&id)
                .map(|(slot, sink)| Input::AudioEnded {
                    slot,
                    played: length(frames, sink.rate),
                    at: wall(last),
                })
                .into_iter()
                .collect(),
            OutputEvent::Cut { id, frames, at } => self
                .clips
                .remove(&id)
                .map(|(slot, sink)| Input::AudioCut { slot, played: length(frames, sink.rate), at: wall(at) })
                .into_iter()
                .collect(),
            OutputEvent::Refused { id, frames, why } => {
                let Some((slot, sink)) = self.clips.remove(&id) else {
                    return Vec::new();
                };
                tracing::error!(slot = slot.as_str(), why, "prepared sound was refused while it played");
                vec![
                    Input::PcmRefused { slot: slot.clone(), why },
                    Input::AudioCut { slot, played: length(frames, sink.rate), at: now.wall },
                ]
            }
            OutputEvent::Evidence { id, evidence } => {
                self.gather(id, &evidence, wall);
                Vec::new()
            }
            // who watches the level is told by the loop
            OutputEvent::Level { .. } | OutputEvent::Silent { .. } => Vec::new(),
            OutputEvent::Starved { frames, .. } => {
                self.trouble.starved(frames, now);
                Vec::new()
            }
            OutputEvent::Underrun { count, .. } => {
                self.trouble.ran_dry(count, now);
                Vec::new()
            }
            OutputEvent::Lost { why, playing } => {
                let current = generation == self.generation;
                if current {
                    self.output = None;
                    self.generation += 1;
                }
                let mut inputs: Vec<Input> = playing
                    .into_iter()
                    .filter_map(|(id, frames)| {
                        let (slot, sink) = self.clips.remove(&id)?;
                        Some(Input::AudioLost {
                            slot,
                            played: length(frames, sink.rate),
                            at: now.wall,
                            why: why.clone(),
                        })
                    })
                    .collect();
                if current && inputs.is_empty() {
                    inputs.push(Input::OutputFailed { why });
                }
                inputs
            }
        }
    }

    /// The slot whose clip this is.
    pub(super) fn whose(&self, id: u64) -> Option<SlotKey> {
        self.clips.get(&id).map(|(slot, _)| slot.clone())
    }

    fn slot(&self, id: u64) -> Option<(SlotKey, Sink)> {
        self.clips.get(&id).cloned()
    }

    fn gather(&mut self, id: u64, measured: &Measured, wall: impl Fn(Instant) -> Timestamp) {
        if let Some((slot, sink)) = self.clips.get(&id) {
            self.gathered.take(slot, id, sink, measured, wall);
        }
    }

    /// Silences and closes the output for good, and waits for it. What was heard of each clip arrives as messages.
    pub(super) async fn shut(&mut self) {
        if let Some(output) = self.output.take() {
            let closing = tokio::task::spawn_blocking(move || {
                output.silence();
                output.close();
            });
            if tokio::time::timeout(SHUT_WITHIN, closing).await.is_err() {
                tracing::error!("the output did not close in time");
            }
        }
    }

    /// How much of a clip was heard, from the last event that concerns it.
    pub(super) fn heard(
        &mut self,
        event: &OutputEvent,
        clock: &dyn Clock,
        now: Now,
    ) -> Option<(SlotKey, SignedDuration)> {
        if let OutputEvent::Evidence { id, evidence } = event {
            self.gather(*id, evidence, |at| wall_at(clock, now, at));
        }
        let (OutputEvent::Cut { id, frames, .. } | OutputEvent::Ended { id, frames, .. }) = event else {
            return None;
        };
        self.clips.remove(id).map(|(slot, sink)| (slot, length(*frames, sink.rate)))
    }
}

/// Holds prepared sound against the original that was approved, by its own word: a second lock beside its root.
fn made_of(pcm: &Prepared, approved: &str) -> Result<(), String> {
    let source = to_hex(&pcm.info().made_from);
    if source.eq_ignore_ascii_case(approved) {
        return Ok(());
    }
    let root = &pcm.info().root;
    Err(format!(
        "the prepared sound {root} was made of {source}, but {approved} was approved; push the recording again"
    ))
}

fn wall_at(clock: &dyn Clock, now: Now, at: Instant) -> Timestamp {
    let ago = SignedDuration::try_from(now.mono).unwrap_or_default()
        - SignedDuration::try_from(clock.mono(at)).unwrap_or_default();
    now.wall.checked_sub(ago).unwrap_or(now.wall)
}

/// The nearest whole number of frames.
fn frames(length: SignedDuration, rate: u32) -> u64 {
    let nanos = u128::try_from(length.as_nanos()).unwrap_or(0);
    let exact = (nanos * u128::from(rate) + 500_000_000) / 1_000_000_000;
    u64::try_from(exact).unwrap_or(u64::MAX)
}

fn length(frames: u64, rate: u32) -> SignedDuration {
    let nanos = u128::from(frames) * 1_000_000_000 / u128::from(rate.max(1));
    SignedDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loaxa_audio::prepared::PreparedWriter;

    #[test]
    fn sound_of_another_original_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcm");
        let mut writer = PreparedWriter::create(&path, 48_000, [7; 32]).unwrap();
        writer.push(&[1_000; 480]).unwrap();
        let root = writer.finish().unwrap().root;
        let pcm = Prepared::open(&path, &root).unwrap();
        assert_eq!(made_of(&pcm, &to_hex(&[7; 32])), Ok(()));
        assert_eq!(made_of(&pcm, &to_hex(&[7; 32]).to_uppercase()), Ok(()));
        for other in [to_hex(&[8; 32]), String::new()] {
            let why = made_of(&pcm, &other).unwrap_err();
            assert!(why.contains(&root) && why.contains("push the recording again"), "{why}");
        }
    }
}
