//! What reaches the loop, and what each of it means to the playout.

use super::{Message, PlayoutLoop, emergencies};
use loaxa_audio::output::OutputEvent;
use loaxa_schedules::{Input, Stage};
use serde_json::json;

impl PlayoutLoop {
    pub(super) fn take(&mut self, message: Message) {
        let now = self.clock.now();
        match message {
            Message::Input(input) => {
                self.note_fault(&input);
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
                if let Some(Input::OutputFailed { why }) = &input {
                    tracing::error!(why, "the output cannot be opened");
                }
                input.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Message::Output { generation, event } => {
                if let OutputEvent::Lost { why, .. } = &event {
                    tracing::error!(why, "the output is lost");
                    self.handle.update(|status| status.output_fault = Some(why.clone()));
                }
                let inputs = self.output.happened(generation, event, self.clock.as_ref(), now);
                inputs.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Message::Planned { era, result } => {
                self.planning = false;
                match result {
                    Ok(_) if era != self.era => self.plan_again = true,
                    Ok(mut entries) => {
                        entries.retain(|entry| !emergencies::is_emergency(entry));
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
            Message::Owed(owed) => self.resume(owed, now),
            Message::Write(job) => self.keep_at_last(job, now),
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
