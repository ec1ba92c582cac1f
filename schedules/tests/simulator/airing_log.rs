//! The model log: in order, durable after a while, and one outcome a key.

use super::*;

impl World {
    pub(super) fn write(&mut self, op: LogOp) {
        let delay = self.latency(30);
        let last = self.log.pending.back().map_or(self.mono, |(at, _)| *at);
        let at = last.max(self.mono + delay);
        let wait = at - self.mono;
        self.log.pending.push_back((at, op));
        self.at(wait, Event::LogDurable);
    }

    pub(super) fn log_durable(&mut self) {
        let Some((_, op)) = self.log.pending.pop_front() else { return };
        let command = match op {
            LogOp::Accounted(at) => {
                self.log.accounted = Some(at);
                return;
            }
            LogOp::Write(command) => *command,
        };
        match command {
            Command::RecordDue(entry) => {
                let slot = entry.key().clone();
                let durable = match self.log.mood {
                    Mood::Well | Mood::Stalls => true,
                    Mood::Refuses => false,
                    Mood::Silent => self.dice.below(2) == 0,
                };
                if durable {
                    let row = self.log.rows.entry(slot.clone()).or_default();
                    row.due = true;
                    row.entry = Some(Box::new(entry));
                }
                match self.log.mood {
                    Mood::Silent => {}
                    _ if durable => self.tell(Input::Recorded { slot, stage: Stage::Due }),
                    _ => self.tell(Input::RecordFailed { slot, stage: Stage::Due, why: "disk full".into() }),
                }
            }
            Command::RecordStarted { slot, at } => {
                let row = self.log.rows.get_mut(&slot).expect("started without a row");
                assert!(
                    row.due && row.started.is_none() && row.ends.is_empty(),
                    "started twice or undue: {slot}"
                );
                row.started = Some(at);
            }
            Command::RecordProgress { slot, played } => {
                let row = self.log.rows.get_mut(&slot).expect("progress without a row");
                assert!(row.ends.is_empty() && played > row.noted, "progress after the end");
                row.noted = played;
            }
            Command::RecordEnded { slot, outcome, reason, played, started, ended, confirmed } => {
                let row = self.log.rows.get_mut(&slot).expect("ended without a row");
                assert!(row.due, "ended without a due row: {slot}");
                assert_eq!(started.is_some(), ended.is_some());
                assert!(outcome == Outcome::Aired || reason.is_some(), "{outcome} without a reason");
                assert!(
                    !(outcome == Outcome::Aired && !confirmed && reason.is_none()),
                    "unconfirmed, unsaid"
                );
                assert!(played.is_zero() || started.is_some());
                row.entry = None;
                self.slots.remove(&slot);
                row.ends.push(End { outcome, reason: reason.map(|reason| reason.code), confirmed });
                assert_eq!(row.ends.len(), 1, "two outcomes: {slot}");
            }
            Command::RecordHeard { entry, outcome, reason, confirmed, .. } => {
                let row = self.log.rows.entry(entry.key().clone()).or_default();
                row.due = true;
                row.entry = None;
                row.ends.push(End { outcome, reason: reason.map(|reason| reason.code), confirmed });
                assert_eq!(row.ends.len(), 1, "two outcomes: {}", entry.key());
            }
            Command::RecordUnaired { entry, outcome, reason } => {
                let row = self.log.rows.entry(entry.key().clone()).or_default();
                row.due = true;
                row.entry = None;
                row.ends.push(End { outcome, reason: Some(reason.code), confirmed: false });
                assert_eq!(row.ends.len(), 1, "two outcomes: {}", entry.key());
            }
            _ => {}
        }
    }
}
