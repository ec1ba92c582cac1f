//! The level of what leaves, and the fault of a station that is green and silent.

use super::PlayoutLoop;
use super::status::SoundFault;
use crate::airing_log::Urgency;
use crate::store::LogJob;
use loaxa_audio::output::{OutputEvent, Silence};
use loaxa_schedules::Now;
use serde_json::json;

/// Sound that is louder than this ends the fault.
const HEARD_DBFS: f64 = -60.0;

impl PlayoutLoop {
    /// Shows the level, and reports silence where sound was planned.
    pub(super) fn watch_level(&mut self, event: &OutputEvent, now: Now) {
        match event {
            OutputEvent::Level { dbfs, .. } => {
                self.handle.update(|status| status.level_dbfs = Some(*dbfs));
                if *dbfs > HEARD_DBFS {
                    self.sound_is_back(now);
                }
            }
            OutputEvent::Silent { id, why } => self.silent(*id, *why, now),
            _ => {}
        }
    }

    fn silent(&mut self, clip: u64, why: Silence, now: Now) {
        let Some(slot) = self.output.whose(clip) else { return };
        let title = self.due.get(&slot).map(|slot| slot.title.to_string()).unwrap_or_default();
        let fault = SoundFault::new(why, slot.as_str(), &title, now.wall);
        tracing::error!(slot = slot.as_str(), code = fault.code, "{}", fault.en);
        let body = json!({ "what": "silent", "code": fault.code, "slot": slot.as_str(), "why": fault.en });
        self.note_sound(body, now);
        self.tell_sound(Some(&fault));
        self.handle.update(|status| status.sound_fault = Some(fault));
    }

    fn sound_is_back(&mut self, now: Now) {
        let fault = self.handle.status().sound_fault;
        let Some(fault) = fault else { return };
        let silent = now.wall.duration_since(fault.since);
        tracing::warn!(code = fault.code, seconds = silent.as_secs_f64(), "sound is heard again");
        self.note_sound(json!({ "what": "heard", "code": fault.code, "slot": fault.slot }), now);
        self.tell_sound(None);
        self.handle.update(|status| status.sound_fault = None);
    }

    fn note_sound(&self, body: serde_json::Value, now: Now) {
        self.log.write(now.wall, vec![LogJob::Note { kind: "sound", body }], Urgency::KeepTrying, |_| {});
    }

    fn tell_sound(&self, fault: Option<&SoundFault>) {
        let body = fault
            .map(|fault| json!({ "code": fault.code, "vi": fault.vi, "en": fault.en, "slot": fault.slot }));
        self.events.tell("sound", &json!({ "fault": body }));
    }
}
