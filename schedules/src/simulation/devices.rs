//! The model amplifier and output.

use super::{Event, Simulation};
use crate::playout::{Command, Input};
use crate::vocabulary::ZoneId;
use crate::{Entry, SlotKey};
use jiff::SignedDuration;
use std::time::Duration;

/// How a device behaves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    #[default]
    Well,
    Refuses,
    /// It does not answer, and may or may not have done it.
    Silent,
    /// What sounds does not go on.
    Stalls,
}

#[derive(Debug, Default)]
pub(super) struct Amplifier {
    /// The zones that have power.
    pub(super) zones: Option<Vec<ZoneId>>,
    pub(super) unmuted: bool,
    pub(super) mood: Mood,
    free_at: Duration,
}

impl Amplifier {
    /// The heartbeat stops: the controller drops the relays.
    pub(super) fn loses_power(&mut self) {
        *self = Amplifier { mood: self.mood, ..Amplifier::default() };
    }
}

#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) open: bool,
    pub(super) queued: Vec<(SlotKey, Duration)>,
    /// Since when, and how long it is.
    pub(super) sounding: Option<(SlotKey, Duration, SignedDuration)>,
    pub(super) mood: Mood,
    free_at: Duration,
    /// How often it was lost: answers to what was asked before belong to nothing.
    pub(super) lost: u64,
}

impl Output {
    pub(super) fn loses_power(&mut self) {
        *self = Output { mood: self.mood, lost: self.lost + 1, ..Output::default() };
    }
}

/// The last commands given, whatever became of them.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) unmuted: bool,
    pub(super) open: bool,
    pub(super) powered: bool,
    /// When a device was last asked for anything.
    pub(super) at: Duration,
}

fn measured(from: Duration, to: Duration) -> SignedDuration {
    SignedDuration::try_from(to.saturating_sub(from)).unwrap_or(SignedDuration::MAX)
}

impl Simulation {
    pub(super) fn carry_out(&mut self, command: Command) {
        match &command {
            Command::RecordDue(entry) => {
                if let Entry::Slot(slot) = entry {
                    self.slots.insert(slot.key.clone(), slot.clone());
                } else {
                    self.broken(format!("a refusal was opened: {}", entry.key()));
                }
                self.write(command);
            }
            Command::RecordStarted { .. }
            | Command::RecordProgress { .. }
            | Command::RecordEnded { .. }
            | Command::RecordHeard { .. }
            | Command::RecordUnaired { .. } => self.write(command),
            Command::VerifyPcm { slot } => {
                let slot = slot.clone();
                self.check_due(&slot);
                let delay = self.latency(400);
                self.after(delay, Event::Tell(Box::new(Input::PcmVerified { slot })));
            }
            Command::Energise { .. } | Command::Unmute | Command::Mute | Command::Release => {
                self.asked.at = self.mono;
                self.check_amplifier_order(&command);
                self.amplifier_commands += 1;
                let delay = self.latency(60);
                self.amplifier.free_at = self.amplifier.free_at.max(self.mono + delay);
                let wait = self.amplifier.free_at - self.mono;
                self.after(wait, Event::Amplifier(Box::new(command)));
            }
            Command::OpenOutput | Command::CloseOutput | Command::Play { .. } | Command::Cancel { .. } => {
                self.asked.at = self.mono;
                self.check_output_order(&command);
                let delay = match command {
                    Command::OpenOutput => self.latency(250),
                    _ => self.latency(4).min(Duration::from_millis(200)),
                };
                self.output.free_at = self.output.free_at.max(self.mono + delay);
                let wait = self.output.free_at - self.mono;
                self.after(wait, Event::Output(Box::new(command), self.output.lost));
            }
        }
    }

    pub(super) fn amplifier_does(&mut self, command: &Command) {
        let why = || "exception 4".to_owned();
        let answer = match (command, self.amplifier.mood) {
            (Command::Mute, _) => {
                self.amplifier.unmuted = false;
                None
            }
            (Command::Energise { .. }, Mood::Refuses) => Some(Input::AmplifierFailed { why: why() }),
            (Command::Unmute, Mood::Refuses) => Some(Input::UnmuteFailed { why: why() }),
            (Command::Energise { zones }, Mood::Silent) => {
                if self.dice.once_in(2) {
                    self.amplifier.zones = Some(zones.clone());
                }
                None
            }
            (Command::Unmute, Mood::Silent) => {
                self.amplifier.unmuted = self.amplifier.zones.is_some() && self.dice.once_in(2);
                None
            }
            (Command::Release, Mood::Silent | Mood::Refuses) => None,
            (Command::Energise { zones }, _) => {
                if self.amplifier.unmuted {
                    self.broken("zones are switched with sound on");
                }
                self.amplifier.zones = Some(zones.clone());
                Some(Input::AmplifierConfirmed)
            }
            (Command::Unmute, _) if self.amplifier.zones.is_some() => {
                self.amplifier.unmuted = true;
                Some(Input::Unmuted)
            }
            (Command::Unmute, _) => Some(Input::UnmuteFailed { why: "no power".to_owned() }),
            (Command::Release, _) => {
                self.amplifier.zones = None;
                self.amplifier.unmuted = false;
                Some(Input::Released)
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.tell(answer);
        }
    }

    pub(super) fn output_does(&mut self, command: Command) {
        match command {
            Command::OpenOutput => match self.output.mood {
                Mood::Well | Mood::Stalls => {
                    self.output.open = true;
                    self.tell(Input::OutputReady);
                }
                Mood::Refuses => self.tell(Input::OutputFailed { why: "device busy".to_owned() }),
                Mood::Silent => {}
            },
            Command::CloseOutput => {
                if self.output.sounding.is_some() {
                    self.broken("the output is closed over a sounding recording");
                }
                self.output.open = false;
                self.output.queued.clear();
            }
            Command::Play { slot, at_mono } if self.output.open => {
                self.output.queued.push((slot, at_mono));
                let wait = at_mono.saturating_sub(self.mono);
                self.after(wait, Event::FrameEdge(self.output.lost));
            }
            Command::Cancel { slot } => {
                self.output.queued.retain(|(queued, _)| *queued != slot);
                let mut played = SignedDuration::ZERO;
                if let Some((_, began, _)) = self.output.sounding.take_if(|(key, ..)| *key == slot) {
                    played = measured(began, self.mono);
                    self.was_heard(&slot, played, played);
                }
                let at = self.wall();
                self.tell(Input::AudioCut { slot, played, at });
            }
            _ => {}
        }
    }

    /// A recording may end or begin now, or it is time to say how far it is.
    pub(super) fn frame_edge(&mut self) {
        let lost = self.output.lost;
        if let Some((key, began, length)) = self.output.sounding.clone() {
            let played = measured(began, self.mono);
            if played < length {
                let left = Duration::try_from(length.saturating_sub(played)).unwrap_or_default();
                self.after(left.min(self.progress_every), Event::FrameEdge(lost));
                self.tell(Input::AudioProgress { slot: key, played });
                return;
            }
            if self.output.mood == Mood::Stalls {
                return;
            }
            self.output.sounding = None;
            self.was_heard(&key, played, played);
            self.emergency_heard(&key);
            let at = self.wall();
            self.tell(Input::AudioEnded { slot: key, played, at });
        }
        if self.output.sounding.is_some() || lost != self.output.lost {
            return;
        }
        let Some(next) = self.output.queued.iter().position(|(_, at)| *at <= self.mono) else { return };
        let (key, _) = self.output.queued.remove(next);
        let Some(length) = self.slots.get(&key).map(|slot| slot.duration) else {
            self.broken(format!("heard after its end: {key}"));
            return;
        };
        self.check_begins(&key);
        self.output.sounding = Some((key.clone(), self.mono, length));
        let first = Duration::try_from(length).unwrap_or_default().min(self.progress_every);
        self.after(first, Event::FrameEdge(lost));
        let at = self.wall();
        self.tell(Input::AudioStarted { slot: key, at });
    }

    /// The device goes away, and everything in it.
    pub(super) fn lose_output(&mut self) {
        self.output.lost += 1;
        let was_open = std::mem::take(&mut self.output.open);
        let queued = std::mem::take(&mut self.output.queued);
        let (at, why) = (self.wall(), "device not available".to_owned());
        match (self.output.sounding.take(), queued.into_iter().next()) {
            (Some((slot, began, _)), _) => {
                let played = measured(began, self.mono);
                self.was_heard(&slot, played, played);
                self.tell(Input::AudioLost { slot, played, at, why });
            }
            (None, Some((slot, _))) => {
                self.tell(Input::AudioLost { slot, played: SignedDuration::ZERO, at, why });
            }
            (None, None) if was_open => self.tell(Input::OutputFailed { why }),
            (None, None) => {}
        }
    }
}
