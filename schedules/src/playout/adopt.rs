//! What a new plan does to what has come due already.

use super::agenda::covers;
use super::airing::{Airing, Doom, Due, Phase};
use super::clock::Moment;
use super::messages::Command;
use super::{Playout, zero};
use crate::plan::{Entry, Slot, SlotKey};
use crate::reason::Reason;
use crate::vocabulary::Outcome;
use jiff::Timestamp;
use std::collections::HashMap;

impl Playout {
    pub(super) fn absorb_plan(&mut self, entries: Vec<Entry>, now: Moment) {
        let mut planned: HashMap<SlotKey, Entry> = HashMap::with_capacity(entries.len());
        let mut order: Vec<SlotKey> = Vec::with_capacity(entries.len());
        for entry in entries {
            if !self.agenda.is_closed(entry.key()) && !planned.contains_key(entry.key()) {
                order.push(entry.key().clone());
                planned.insert(entry.key().clone(), entry);
            }
        }
        for airing in &mut self.airings {
            let new = planned.remove(&airing.slot.key);
            match new {
                // No plan knows of it.
                _ if airing.urgent.is_some() => {}
                Some(Entry::Slot(slot)) => adopt(airing, slot),
                Some(Entry::Refused(refusal)) => airing.doom(changed(Some(&refusal.reason))),
                None => airing.doom(changed(None)),
            }
        }
        let ahead: Vec<Entry> = order.iter().filter_map(|key| planned.remove(key)).collect();
        self.agenda.replace(ahead, self.settled_until, now, self.settings.arm_lead);
        self.plan_is_fresh |= now.trusted;
        self.sort_airings();
    }

    /// Takes over what a new plan made of slots that the output, the log and the disk are done with. The row is
    /// written again, and the new sound verified, before anything of it is heard.
    pub(super) fn take_replacements(&mut self, now: Moment) {
        let until = self.patience(now);
        let mut taken = Vec::new();
        for airing in &mut self.airings {
            let free = airing.phase.is_preparing() && airing.due == Due::Durable && !airing.pcm_owed;
            if !free || airing.doom.is_some() {
                continue;
            }
            if let Some(slot) = airing.replacement.take() {
                airing.slot = *slot;
                airing.due = Due::Asked { until };
                airing.taken_back();
                taken.push(airing.slot.clone());
            }
        }
        for slot in taken {
            self.emit(Command::RecordDue(Entry::Slot(slot)));
            self.sort_airings();
        }
    }
}

pub(super) fn changed(because: Option<&Reason>) -> Doom {
    Doom::new(Outcome::Suppressed, Reason::plan_changed(because))
}

/// Takes over what a new plan says about an open airing, or dooms it when that is not what was announced.
fn adopt(airing: &mut Airing, mut new: Slot) {
    let old = &airing.slot;
    // A zone less is somebody's word that it must be silent. A zone more (one was added, and the programme means all of
    // them) joins at the next occurrence: what was announced goes on where it was announced.
    let still_wanted = old.zones.iter().all(|zone| new.zones.contains(zone));
    let same_recording = old.segment == new.segment && old.pcm == new.pcm && old.offset == new.offset;
    let begun = airing.started.is_some() || airing.phase.is_cutting();
    let aim = match &airing.phase {
        Phase::Queued(aim) | Phase::Sounding { aim, .. } => Some(*aim),
        Phase::Preparing | Phase::Cutting { .. } => None,
    };
    let lateness = aim.map_or(zero(), |aim| aim.lateness());
    // Never earlier than announced; later only while it has not begun.
    new.start = if begun { old.start } else { old.start.max(new.start) };
    let yields_sooner = new.yields.is_some() && new.duration < old.duration;
    let length_holds = new.duration == old.duration
        // It goes on to the cut that it was given: the output cannot be told of more.
        || (begun && old.yields.is_some() && new.duration > old.duration)
        || (begun && yields_sooner);
    let same_sound = same_recording && length_holds && (begun || new.gain_db >= old.gain_db);
    let as_long = Slot { duration: old.duration.min(new.duration), ..new.clone() };
    if !still_wanted || !covers(&as_long, new.start, lateness) || (begun && !same_sound) {
        airing.doom(changed(None));
        return;
    }
    if !same_sound {
        airing.replacement = Some(Box::new(new));
        return;
    }
    if let Some(aim) = aim.filter(|_| yields_sooner) {
        airing.cut_at = Some(aim.planned.saturating_add(new.duration));
    }
    airing.replacement = None;
    airing.slot.start = new.start;
    airing.slot.latest_start = new.latest_start;
    airing.slot.permitted = new.permitted;
    if yields_sooner || new.duration == airing.slot.duration {
        airing.slot.yields = new.yields;
    }
}

/// The latest moment at which it still ends inside its permitted stretch.
pub(super) fn last_fit(slot: &Slot) -> Timestamp {
    slot.permitted.until.checked_sub(slot.duration).unwrap_or(Timestamp::MIN)
}
