//! What the amplifier's task finds, shown, logged and told; and the amplifier's word in the row of each airing.

use super::PlayoutLoop;
use super::quiet::Quiet;
use crate::airing_log::{Evidence, Urgency};
use crate::amplifier::{About, AmplifierFault, Change, Seen, Sight, Supervision, Trouble, Witness};
use crate::store::LogJob;
use jiff::{SignedDuration, Timestamp};
use loaxa_firmware_bridge::{AmplifierStatus, SelfTest};
use loaxa_schedules::{Input, Now, Outcome, Reason, ReasonCode, SlotKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A fault that comes and goes has a pair of rows so often.
const ROWS_EVERY: Duration = Duration::from_secs(60);

/// The amplifier as it was last seen.
#[derive(Debug, Clone, Default)]
pub struct AmplifierSeen {
    /// Everything that was read last, and when by the wall clock; None before the first word and after a failure.
    pub read: Option<(AmplifierStatus, Timestamp)>,
    /// Its hardware and its line.
    pub about: About,
    /// What is wrong with it now.
    pub faults: Vec<AmplifierFault>,
    /// The last self-test.
    pub self_test: Option<Tested>,
}

/// A self-test that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub result: SelfTest,
}

/// What the loop keeps of the amplifier.
pub(super) struct Supervised {
    supervision: Supervision,
    witness: Witness,
    about: About,
    /// By trouble: how often its rows are written, and whether its beginning was.
    rows: BTreeMap<Trouble, (Quiet, bool)>,
    /// When it tests itself, by the station's clock.
    pub(super) self_test: Option<jiff::civil::Time>,
    /// Up to when the schedule of self-tests was looked at.
    pub(super) looked: Timestamp,
    /// Since when a scheduled self-test waits for the air to be free.
    pub(super) test_due: Option<Timestamp>,
}

impl Supervised {
    pub(super) fn new(self_test: Option<jiff::civil::Time>, now: Now) -> Self {
        Self {
            supervision: Supervision::default(),
            witness: Witness::default(),
            about: About::default(),
            rows: BTreeMap::new(),
            self_test,
            looked: now.wall,
            test_due: None,
        }
    }
}

impl PlayoutLoop {
    /// What holds as long as the station runs.
    pub(super) fn begin_supervision(&mut self, driver: &str, dead_man: bool, now: Now) {
        let changes = self.supervised.supervision.begin(driver == "simulated", dead_man, now.wall);
        self.tell_changes(changes, now);
    }

    pub(super) fn amplifier_seen(&mut self, seen: &Seen, now: Now) {
        let mono = self.clock.mono(seen.at.into_std());
        let ago = now.mono.saturating_sub(mono);
        let wall = now.wall - SignedDuration::try_from(ago).unwrap_or_default();
        self.supervised.about = seen.about.clone();
        let changes = self.supervised.supervision.see(seen, wall);
        let faults = self.supervised.supervision.faults();
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
        self.supervised.witness.see(seen, mono, wall, &codes);
        self.handle.update(|status| {
            let shown = &mut status.amplifier;
            shown.about = seen.about.clone();
            match &seen.sight {
                Sight::Read { status, .. } | Sight::FoundOn { status, .. } => {
                    shown.read = Some((status.clone(), wall));
                }
                Sight::Failed(_) => shown.read = None,
                Sight::Tested(result) => shown.self_test = Some(Tested { at: wall, result: result.clone() }),
                Sight::Cleared { .. } | Sight::Switched { .. } => {}
            }
        });
        let done = match &seen.sight {
            Sight::Tested(test) => {
                let failures: Vec<String> =
                    test.failures().map(|(what, error)| format!("{what}: {error}")).collect();
                tracing::info!(passed = test.passed(), ?failures, "the amplifier was tested");
                Some(json!({ "what": "self_test", "passed": test.passed(), "failures": failures }))
            }
            Sight::Cleared { by } => Some(json!({ "what": "cleared", "by": by })),
            Sight::Switched { by, zones, seconds } => {
                let what = if *seconds > 0 { "switched_on" } else { "switched_off" };
                Some(json!({ "what": what, "by": by, "zones": zones, "seconds": seconds }))
            }
            Sight::Read { .. } | Sight::Failed(_) | Sight::FoundOn { .. } => None,
        };
        if let Some(body) = done {
            self.note_amplifier(body, now);
        }
        self.tell_changes(changes, now);
    }

    /// Each beginning and end: a line, an event, and a row unless it comes and goes all the time.
    fn tell_changes(&mut self, changes: Vec<Change>, now: Now) {
        if changes.is_empty() {
            return;
        }
        for change in changes {
            let (trouble, fault, began) = match change {
                Change::Began(trouble, fault) => (trouble, fault, true),
                Change::Ended(trouble, fault) => (trouble, fault, false),
            };
            let (quiet, written) =
                self.supervised.rows.entry(trouble).or_insert_with(|| (Quiet::new(ROWS_EVERY), false));
            if began {
                let Some(unsaid) = quiet.say(now.mono) else { continue };
                *written = !trouble.stands();
                if *written {
                    tracing::error!(code = fault.code, unsaid, "{} {}", fault.en, fault.remedy);
                    let body = json!({ "what": "fault", "code": fault.code, "why": fault.en });
                    self.note_amplifier(body, now);
                } else {
                    // how the station was built is nothing that happened to it
                    tracing::warn!(code = fault.code, unsaid, "{} {}", fault.en, fault.remedy);
                }
            } else if std::mem::take(written) {
                let seconds = now.wall.duration_since(fault.since).as_secs();
                tracing::warn!(code = fault.code, seconds, "over: {}", fault.en);
                let body = json!({ "what": "over", "code": fault.code, "seconds": seconds });
                self.note_amplifier(body, now);
            }
        }
        let faults = self.supervised.supervision.faults();
        self.events.tell("amplifier", &json!({ "faults": faults }));
        self.handle.update(|status| status.amplifier.faults = faults);
    }

    fn note_amplifier(&self, body: Value, now: Now) {
        self.log.write(now.wall, vec![LogJob::Note { kind: "amplifier", body }], Urgency::KeepTrying, |_| {});
    }

    /// The first frame of a slot was heard: from now on the amplifier's word is kept for its row.
    pub(super) fn witness(&mut self, input: &Input, now: Now) {
        if let Input::AudioStarted { slot, at } = input
            && self.orders.is_some()
        {
            let zones =
                self.due.get(slot).map(|slot| slot.zones.iter().map(|zone| self.wiring.word(zone)).collect());
            self.supervised.witness.started(slot, zones.unwrap_or_default(), *at, now);
        }
    }

    /// What output and amplifier can say of a slot that sounds.
    pub(super) fn evidence_so_far(&self, slot: &SlotKey, now: Now) -> Option<Box<Evidence>> {
        let mut evidence = self.output.evidence(slot)?;
        let driver = self.handle.status().driver;
        evidence.amplifier = self.supervised.witness.so_far(slot, driver, &self.supervised.about, now);
        Some(evidence)
    }

    /// What output and amplifier say of a slot that is over. Confirmed is only what was read back all the time.
    pub(super) fn amplifiers_word(
        &mut self,
        slot: &SlotKey,
        outcome: Outcome,
        reason: Option<Reason>,
        ended: Option<Timestamp>,
        confirmed: bool,
        now: Now,
    ) -> (Option<Box<Evidence>>, Option<Reason>, bool) {
        let driver = self.handle.status().driver;
        let word = self.supervised.witness.close(slot, ended, driver, &self.supervised.about, now);
        let against = word.as_ref().and_then(|word| word.unconfirmed.clone());
        let mut evidence = self.output.evidence(slot);
        if let Some(evidence) = &mut evidence {
            evidence.amplifier = word;
        }
        let confirmed = confirmed && against.is_none();
        let reason = match (reason, &against) {
            (None, Some(why)) if outcome == Outcome::Aired => Some(unconfirmed(why)),
            (reason, _) => reason,
        };
        (evidence, reason, confirmed)
    }
}

fn unconfirmed(why: &str) -> Reason {
    Reason {
        code: ReasonCode::Unconfirmed.as_str().into(),
        vi: format!("Đã phát, nhưng bộ khuếch đại không xác nhận trong suốt lượt phát ({why})."),
        en: format!("Played, but the amplifier did not confirm it throughout ({why})."),
    }
}
