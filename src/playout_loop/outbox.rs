//! What the playout asks for, and who does it.

use super::Message;
use super::status::OnAir;
use super::{PlayoutLoop, amplifier, recovery};
use crate::airing_log::Urgency;
use crate::store::LogJob;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{Command, Entry, Input, Now, Origin, Outcome, SlotKey, Stage};
use serde_json::json;

impl PlayoutLoop {
    pub(super) fn carry_out(&mut self, now: Now) {
        while let Some(command) = self.playout.poll_command() {
            tracing::debug!(?command, "playout");
            self.obey(command, now);
        }
    }

    fn obey(&mut self, command: Command, now: Now) {
        match command {
            Command::RecordDue(entry) => {
                let slot = entry.key().clone();
                if let Entry::Slot(planned) = &entry {
                    self.due.insert(slot.clone(), planned.clone());
                    self.handle.update(|status| status.announce(planned));
                    if matches!(planned.origin, Origin::Emergency(_)) {
                        // it may have lost its approval on its way here
                        self.check_approvals();
                    }
                }
                let job = LogJob::Due { entry: Box::new(entry), clock: self.clock.trust().as_str() };
                self.record(now, vec![job], Urgency::AnswerNow, slot, Stage::Due);
            }
            Command::RecordStarted { slot, at } => {
                let job = LogJob::Started { slot: slot.clone(), at };
                self.show_on_air(&slot, SignedDuration::ZERO, Some(at));
                self.just_begun = true;
                self.record(now, vec![job], Urgency::KeepTrying, slot, Stage::Started);
            }
            Command::RecordProgress { slot, played } => {
                self.show_on_air(&slot, played, None);
                if std::mem::take(&mut self.just_begun) {
                    // what opened the device and began the airing is not needed while it goes on
                    tokio::task::spawn_blocking(loaxa_board_sys::give_memory_back);
                }
                let evidence = self.evidence_so_far(&slot, now);
                self.log.write(
                    now.wall,
                    vec![LogJob::Progress { slot, played, evidence }],
                    Urgency::AnswerNow,
                    |result| {
                        if let Err(error) = result {
                            tracing::warn!(%error, "progress could not be noted");
                        }
                    },
                );
            }
            Command::RecordEnded { slot, outcome, reason, played, started, ended, confirmed } => {
                let (evidence, reason, confirmed) =
                    self.amplifiers_word(&slot, outcome, reason, ended, confirmed, now);
                self.forget(&slot);
                tracing::info!(
                    slot = slot.as_str(),
                    outcome = outcome.as_str(),
                    seconds = played.as_secs_f64(),
                    confirmed,
                    reason = reason.as_ref().map(|reason| &*reason.code),
                    gaps = evidence.as_ref().map_or(0, |evidence| evidence.gap_count),
                    lufs = evidence.as_ref().and_then(|evidence| evidence.lufs),
                    "airing closed"
                );
                let job = LogJob::Ended {
                    slot: slot.clone(),
                    outcome,
                    reason,
                    played,
                    started,
                    ended,
                    confirmed,
                    evidence,
                };
                self.tell_closed(&slot, outcome);
                self.record(now, vec![job], Urgency::KeepTrying, slot, Stage::Ended);
            }
            Command::RecordUnaired { entry, outcome, reason } => {
                let slot = entry.key().clone();
                self.forget(&slot);
                tracing::info!(
                    slot = slot.as_str(),
                    outcome = outcome.as_str(),
                    reason = &*reason.code,
                    "slot closed without sound"
                );
                self.tell_closed(&slot, outcome);
                let jobs = recovery::unaired(entry, outcome, reason, self.clock.trust().as_str());
                self.record(now, jobs, Urgency::KeepTrying, slot, Stage::Ended);
            }
            Command::RecordHeard { entry, outcome, reason, played, started, ended, confirmed } => {
                let slot = entry.key().clone();
                let (evidence, reason, confirmed) =
                    self.amplifiers_word(&slot, outcome, reason, ended, confirmed, now);
                self.forget(&slot);
                tracing::warn!(
                    slot = slot.as_str(),
                    outcome = outcome.as_str(),
                    seconds = played.as_secs_f64(),
                    reason = reason.as_ref().map(|reason| &*reason.code),
                    "airing closed that the log could not be told of before"
                );
                self.tell_closed(&slot, outcome);
                let jobs = vec![
                    LogJob::Due { entry: Box::new(entry), clock: self.clock.trust().as_str() },
                    LogJob::Ended {
                        slot: slot.clone(),
                        outcome,
                        reason,
                        played,
                        started,
                        ended,
                        confirmed,
                        evidence,
                    },
                ];
                self.record(now, jobs, Urgency::KeepTrying, slot, Stage::Ended);
            }
            Command::VerifyPcm { slot } => {
                let planned = self.due.get(&slot);
                self.output.verify(slot, planned);
            }
            Command::OpenOutput => self.output.open(),
            Command::CloseOutput => {
                self.output.close();
                self.handle.update(|status| status.output_device = None);
            }
            Command::Play { slot, at_mono } => {
                let inputs = self.output.play(&slot, self.clock.instant(at_mono), now);
                inputs.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Command::Cancel { slot } => {
                let inputs = self.output.cancel(&slot, now);
                inputs.into_iter().for_each(|input| self.playout.handle(input, now));
            }
            Command::Energise { zones } => {
                let insist = self.due.values().any(|slot| matches!(slot.origin, Origin::Emergency(_)));
                let zones = zones.iter().map(|zone| self.wiring.word(zone)).collect();
                self.order(amplifier::Order::Energise { zones, insist });
            }
            Command::Unmute => self.order(amplifier::Order::Unmute),
            Command::Mute => self.order(amplifier::Order::Mute),
            Command::Release => self.order(amplifier::Order::Release),
        }
    }

    pub(super) fn order(&self, order: amplifier::Order) {
        if let Some(orders) = &self.orders
            && orders.send(order).is_err()
        {
            tracing::error!("the amplifier's task is gone");
        }
    }

    fn record(&self, now: Now, jobs: Vec<LogJob>, urgency: Urgency, slot: SlotKey, stage: Stage) {
        let sender = self.sender.clone();
        self.log.write(now.wall, jobs, urgency, move |result| {
            let input = match result {
                Ok(()) => Input::Recorded { slot, stage },
                Err(error) => {
                    tracing::error!(slot = slot.as_str(), ?stage, %error, "the airing log refused a row");
                    Input::RecordFailed { slot, stage, why: error.to_string() }
                }
            };
            let _ = sender.send(Message::Input(input));
        });
    }

    /// A slot is closed: nothing of it is held any more.
    fn forget(&mut self, slot: &SlotKey) {
        self.output.forget(slot);
        self.due.remove(slot);
        self.handle.update(|status| {
            status.emergencies.retain(|urgent| urgent.slot != *slot);
            if status.on_air.as_ref().is_some_and(|on_air| on_air.slot == slot.as_str()) {
                status.on_air = None;
            }
        });
    }

    fn tell_closed(&mut self, slot: &SlotKey, outcome: Outcome) {
        // a new plan is made once the outcome is written, for the planner learns of it from the log
        if matches!(outcome, Outcome::Partial | Outcome::Missed | Outcome::Preempted | Outcome::Failed) {
            self.unfinished.insert(slot.clone());
        }
        self.events.tell("airing", &json!({ "slot": slot.as_str(), "outcome": outcome.as_str() }));
    }

    fn show_on_air(&self, slot: &SlotKey, played: SignedDuration, started: Option<Timestamp>) {
        let Some(planned) = self.due.get(slot) else { return };
        let mut level = None;
        self.handle.update(|status| {
            level = status.level_dbfs;
            let before = status.on_air.take().filter(|on_air| on_air.slot == slot.as_str());
            status.on_air = Some(OnAir {
                slot: slot.as_str().to_owned(),
                title: planned.title.to_string(),
                segment: planned.segment.to_string(),
                seconds: planned.duration.as_secs_f64(),
                played: played.as_secs_f64(),
                started: started.or(before.and_then(|before| before.started)),
            });
        });
        self.events.tell(
            "progress",
            &json!({
                "slot": slot.as_str(), "title": planned.title, "played": played.as_secs_f64(),
                "seconds": planned.duration.as_secs_f64(), "level_dbfs": level,
            }),
        );
    }
}
