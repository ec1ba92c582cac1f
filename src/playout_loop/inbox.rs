//! What reaches the loop, and what each of it means to the playout.

use super::{Message, PlayoutLoop, emergencies};
use crate::airing_log::Urgency;
use crate::store::LogJob;
use loaxa_audio::output::OutputEvent;
use loaxa_schedules::{Input, Now, SlotKey, Stage};
use serde_json::json;

impl PlayoutLoop {
    pub(super) fn take(&mut self, message: Message) {
        let now = self.clock.now();
        match message {
            Message::Input(input) => {
                self.note_fault(&input);
                self.witness(&input, now);
                if let (Input::EmergencyWithdrawn { slot }, Some(taken_back)) = (&input, &mut self.taken_back)
                {
                    taken_back.insert(slot.clone());
                }
                let written = match &input {
                    Input::Recorded { slot, stage: Stage::Ended } => self.unfinished.remove(slot),
                    _ => false,
                };
                self.playout.handle(input, now);
                if written {
                    // what did not air may be wanted again: the plan is made from the log
                    self.replan();
                }
            }
            Message::Verified { slot, root, result } => {
                let input = self.output.verified(slot, &root, result);
                input.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Message::Opened { generation, result } => {
                let input = self.output.opened(generation, result);
                self.handle.update(|status| {
                    status.output_device = self.output.device();
                    match &input {
                        Some(Input::OutputReady) => status.output_fault = None,
                        Some(Input::OutputFailed { why }) => status.output_fault = Some(why.clone()),
                        _ => {}
                    }
                });
                let note = match &input {
                    Some(Input::OutputFailed { why }) => {
                        self.output.trouble.not_opened(why, now);
                        None
                    }
                    Some(Input::OutputReady) => {
                        let device = self.output.device();
                        self.output.trouble.back(device.as_deref(), now)
                    }
                    _ => None,
                };
                self.note_output(note, now);
                input.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Message::Output { generation, event } => {
                if let OutputEvent::Lost { why, playing } = &event
                    && self.output.is_current(generation)
                {
                    let slots: Vec<SlotKey> =
                        playing.iter().filter_map(|(clip, _)| self.output.whose(*clip)).collect();
                    let slots: Vec<&str> = slots.iter().map(SlotKey::as_str).collect();
                    let device = self.output.device();
                    let note = self.output.trouble.lost(device.as_deref(), why, &slots, now);
                    self.note_output(note, now);
                    self.handle.update(|status| {
                        (status.output_fault, status.output_device, status.level_dbfs) =
                            (Some(why.clone()), None, None);
                    });
                }
                self.watch_level(&event, now);
                let inputs = self.output.happened(generation, event, self.clock.as_ref(), now);
                for input in inputs {
                    self.witness(&input, now);
                    self.playout.handle(input, now);
                }
            }
            Message::Amplifier(seen) => self.amplifier_seen(&seen, now),
            Message::Service { what, by, done } => self.serve(what, by, done, now),
            Message::Served { answer, done } => {
                let _ = done.send(answer);
            }
            Message::Planned { era, result } => {
                self.planning = false;
                match result {
                    Ok(_) if era != self.era => self.plan_again = true,
                    Ok(mut entries) => {
                        entries.retain(|entry| {
                            !emergencies::is_emergency(entry) && !self.left_open.contains(entry.key())
                        });
                        self.playout.handle(Input::Plan(entries), now);
                        self.note_accounted(now);
                        self.events.tell("plan", &json!({}));
                    }
                    Err(error) => {
                        tracing::error!(%error, "no plan could be made; the one before stays in force")
                    }
                }
                if self.plan_again {
                    self.replan();
                }
            }
            Message::Zones(Ok(zones)) => self.wiring.learn(zones),
            Message::Zones(Err(error)) => {
                tracing::error!(%error, "the zones' names could not be read; those of before stay");
            }
            Message::Owed(owed) => self.resume(owed, now),
            Message::Write(job) => self.keep_at_last(job, now),
            Message::Closed => {
                self.left_open.clear();
                // a plan that is being made may hold them still
                self.era += 1;
                self.replan();
            }
            Message::Switch { by, stop, done } => {
                let input = if stop { Input::Stop { by } } else { Input::Resume { by } };
                self.playout.handle(input, now);
                self.carry_out(now);
                // whoever asks after the answer is told of it
                self.publish();
                let _ = done.send(());
            }
        }
    }

    fn note_output(&self, body: Option<serde_json::Value>, now: Now) {
        if let Some(body) = body {
            self.events.tell("output", &body);
            self.log.write(
                now.wall,
                vec![LogJob::Note { kind: "output", body }],
                Urgency::KeepTrying,
                |_| {},
            );
        }
    }

    fn note_fault(&self, input: &Input) {
        match input {
            Input::AmplifierFailed { why } | Input::UnmuteFailed { why } => {
                tracing::error!(why, "the amplifier failed");
                self.handle.update(|status| status.amplifier_fault = Some(why.clone()));
            }
            Input::AmplifierConfirmed => self.handle.update(|status| status.amplifier_fault = None),
            _ => {}
        }
    }
}
