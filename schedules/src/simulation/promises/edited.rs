//! What begins when an edit has taken effect obeys the rules as edited; what sounds then and may not is cut.

use super::super::Simulation;
use super::super::emergencies::TAKES_EFFECT;
use super::{ON_THE_WAY, emergency};
use crate::campaigns::GRACE_DAYS;
use crate::plan::{Origin, Slot, SlotKey};
use crate::vocabulary::{Campaign, Programme, StartRule};
use jiff::{SignedDuration, Timestamp};

/// A clock that drifts is followed; so much it may be wrong before that counts as a step.
const DRIFT: SignedDuration = SignedDuration::from_secs(1);

impl Simulation {
    /// What of the rules as they are now it breaks, if it begins at `at`; None when it keeps them.
    pub(super) fn disobeys(&mut self, slot: &Slot, at: Timestamp) -> Option<&'static str> {
        match slot.origin {
            Origin::Emergency(_) => return None,
            Origin::Programme(id) => {
                let programme = self.snapshot.programmes.iter().find(|programme| programme.id == id);
                let Some(programme) = programme else { return Some("its programme was deleted") };
                if self.too_late(slot, programme, at) {
                    return Some("its start rule does not let it wait so long");
                }
            }
            Origin::Campaign(id) => {
                let campaign = self.snapshot.campaigns.iter().find(|campaign| campaign.id == id);
                let Some(campaign) = campaign else { return Some("its campaign was deleted") };
                if let Some(wrong) = self.out_of_phase(slot, campaign, at) {
                    return Some(wrong);
                }
            }
        }
        let date = self.date(at);
        self.look_up(date);
        let silent = self.promises.days.get(&date).is_some_and(|day| day.no_music_by.is_some());
        let music = |slot: &Slot| {
            let segment = self.snapshot.segments.iter().find(|segment| segment.id == slot.segment);
            segment.is_some_and(|segment| segment.music)
        };
        (silent && music(slot)).then_some("it is music on a day without")
    }

    /// Only the first item of an occurrence waits by the start rule alone. What came due before the rule was changed
    /// keeps the start that was announced.
    fn too_late(&self, slot: &Slot, programme: &Programme, at: Timestamp) -> bool {
        let minutes = match programme.start_rule {
            StartRule::AtOnce => 0,
            StartRule::MakeNext => return false,
            StartRule::WaitUpTo { minutes } => minutes,
        };
        let first =
            slot.position == 0 && slot.key.attempt().1 == 0 && slot.occurrence > self.promises.edited_on;
        let patience = SignedDuration::from_mins(i64::from(minutes));
        let most = patience.saturating_add(self.settings.late_tolerance).saturating_add(ON_THE_WAY);
        first && at.duration_since(slot.occurrence) > most
    }

    /// Its phase is over or has not begun, its window is another's, or its period owes less.
    fn out_of_phase(&self, slot: &Slot, campaign: &Campaign, at: Timestamp) -> Option<&'static str> {
        let (first, attempt) = slot.key.attempt();
        let mut parts = first.split('/').skip(1);
        let index: usize = parts.next()?.parse().ok()?;
        let Some(phase) = campaign.phases.get(index) else { return Some("its phase was deleted") };
        let number: u32 = parts.nth(1)?.parse().ok()?;
        let date = self.date(at);
        // What is missing may be repaid for a while after the last day.
        let grace = if attempt > 0 { GRACE_DAYS } else { 0 };
        let last = phase.to.saturating_add(jiff::Span::new().days(grace));
        if date < phase.from || date > last {
            return Some("its phase does not have that day");
        }
        // A make-good may have any number: how many of its period are still owed is what counts.
        if attempt == 0 && number > phase.airings.count {
            return Some("its period owes less");
        }
        let of_phase = |id| phase.windows.is_empty() || phase.windows.contains(&id);
        let second_of = |at: Timestamp| {
            let civil = self.snapshot.timezone.to_datetime(at).time();
            civil.duration_since(jiff::civil::Time::midnight()).as_secs()
        };
        // It is aimed ahead, and the wall clock may be slewed meanwhile.
        let seconds = [second_of(at), second_of(at.saturating_add(DRIFT).unwrap_or(at))];
        let inside = self.snapshot.windows.iter().filter(|window| of_phase(window.id)).any(|window| {
            let (start, end) = (i64::from(window.start.seconds()), i64::from(window.end.seconds()));
            seconds.iter().any(|&second| start <= second && second < end)
        });
        (!inside).then_some("it is in no window of its phase")
    }

    /// What must be true of something planned when its first frame is consumed.
    pub(super) fn check_obeys(&mut self, key: &SlotKey) {
        let effective = self.promises.edited_at.map(|edited| edited.saturating_add(TAKES_EFFECT));
        if effective.is_some_and(|effective| self.mono <= effective) || !self.trusted {
            return;
        }
        let Some(slot) = self.slots.get(key).filter(|slot| !emergency(slot)).cloned() else { return };
        let at = self.wall();
        if !self.permitted_but_for_drift(&slot, at, SignedDuration::ZERO) {
            self.broken(format!("begins outside its windows: {key} at {at}"));
        } else if let Some(wrong) = self.disobeys(&slot, at) {
            self.broken(format!("begins although {wrong}: {key} at {at}"));
        }
    }

    /// An edit has taken effect: what sounds may sound to its end.
    pub(in super::super) fn look_who_obeys(&mut self) {
        let effective = self.promises.edited_at.map(|edited| edited.saturating_add(TAKES_EFFECT));
        if effective.is_some_and(|effective| self.mono < effective) {
            return;
        }
        let Some((key, began, _)) = self.output.sounding.clone() else { return };
        let Some(slot) = self.slots.get(&key).filter(|slot| !emergency(slot)).cloned() else { return };
        // It was aimed at its start; what the clock says since does not matter.
        let heard = SignedDuration::try_from(self.mono.saturating_sub(began)).unwrap_or(SignedDuration::MAX);
        if !self.permitted_but_for_drift(&slot, self.promises.began_at, heard) {
            self.broken(format!("it goes on although its windows were closed: {key}"));
        }
    }

    /// Whether what began at `at` may sound from `heard` on to its end.
    fn permitted_but_for_drift(&mut self, slot: &Slot, at: Timestamp, heard: SignedDuration) -> bool {
        let from = at.saturating_add(heard).and_then(|from| from.checked_add(DRIFT)).unwrap_or(at);
        let left = slot.duration.saturating_sub(heard).saturating_sub(DRIFT).saturating_sub(DRIFT);
        left <= SignedDuration::ZERO || self.permitted(slot, from, left)
    }
}
