//! What a change would do to the air: two plans of the same days, compared slot by slot.

use super::types::{DayPlan, Refusal, Slot, SlotKey};
use crate::vocabulary::{SegmentId, ZoneId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes different from one plan to another; each list sorted by start and key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Slots that there were not before.
    pub appears: Vec<Slot>,
    /// Slots of which nothing is left, not even a refusal.
    pub disappears: Vec<Slot>,
    /// Slots that remain, but not as they were.
    pub moves: Vec<Move>,
    /// Starts that are refused and were not before; each with the slot that it was, if it was one.
    pub displaced: Vec<(Refusal, Option<Slot>)>,
}

/// A slot that remains, at another time, shorter, or with another recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// As it was.
    pub before: Slot,
    /// As it becomes.
    pub after: Slot,
}

impl Difference {
    /// Whether both plans are the same to whoever listens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.appears.is_empty()
            && self.disappears.is_empty()
            && self.moves.is_empty()
            && self.displaced.is_empty()
    }
}

impl Move {
    /// Whether it starts at another time.
    #[must_use]
    pub fn in_time(&self) -> bool {
        self.before.start != self.after.start
    }
}

/// What is different in `after`. A slot is the same one when its key is.
///
/// A change of the sentence alone (a window that is called otherwise) is no difference.
#[must_use]
pub fn difference(before: &[DayPlan], after: &[DayPlan]) -> Difference {
    let (were, were_refused) = by_key(before);
    let (are, are_refused) = by_key(after);
    let mut found = Difference::default();
    for (key, slot) in &are {
        match were.get(key) {
            None => found.appears.push((*slot).clone()),
            Some(was) if Sound::of(was) != Sound::of(slot) => {
                found.moves.push(Move { before: (*was).clone(), after: (*slot).clone() });
            }
            Some(_) => {}
        }
    }
    let gone = were.iter().filter(|(key, _)| !are.contains_key(*key) && !are_refused.contains_key(*key));
    found.disappears = gone.map(|(_, slot)| (*slot).clone()).collect();
    let refused = are_refused.iter().filter(|(key, _)| !were_refused.contains_key(*key));
    found.displaced = refused
        .map(|(key, refusal)| ((*refusal).clone(), were.get(key).map(|slot| (*slot).clone())))
        .collect();
    found.appears.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
    found.disappears.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
    found.moves.sort_by(|a, b| (a.after.start, &a.after.key).cmp(&(b.after.start, &b.after.key)));
    found.displaced.sort_by(|(a, _), (b, _)| (a.start, &a.key).cmp(&(b.start, &b.key)));
    found
}

/// What would be heard of a plan, in little: enough to find what another plan changes without holding both.
///
/// `add` every day of the one, then take from every day of the other what is the `same`, then from every day of the one again
/// what is `settled`: the `difference` of what is left is that of the whole. A key stands once in a plan.
#[derive(Debug, Default)]
pub struct Traces(BTreeMap<SlotKey, Trace>);

#[derive(Debug)]
struct Trace {
    /// None: refused.
    sound: Option<Sound>,
    same: bool,
}

/// What somebody hears who stands under the loudspeaker, and when.
#[derive(Debug, PartialEq, Eq)]
struct Sound {
    start: Timestamp,
    offset: SignedDuration,
    duration: SignedDuration,
    segment: SegmentId,
    gain: u64,
    zones: Arc<[ZoneId]>,
    pcm: Arc<str>,
}

impl Traces {
    /// How many slots and refusals it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of a day of the one plan.
    pub fn add(&mut self, day: &DayPlan) {
        for slot in &day.slots {
            self.0.insert(slot.key.clone(), Trace { sound: Some(Sound::of(slot)), same: false });
        }
        for refusal in &day.refusals {
            self.0.insert(refusal.key.clone(), Trace { sound: None, same: false });
        }
    }

    /// Leaves in a day of the other plan what is different.
    pub fn same(&mut self, day: &mut DayPlan) {
        let known = &mut self.0;
        day.slots.retain(|slot| match known.get_mut(&slot.key) {
            Some(trace) if trace.sound.as_ref() == Some(&Sound::of(slot)) => {
                trace.same = true;
                false
            }
            _ => true,
        });
        day.refusals.retain(|refusal| match known.get_mut(&refusal.key) {
            Some(trace) if trace.sound.is_none() => {
                trace.same = true;
                false
            }
            _ => true,
        });
    }

    /// Leaves in a day of the one plan what is not the same in the other.
    pub fn settled(&self, day: &mut DayPlan) {
        let differs = |key: &SlotKey| self.0.get(key).is_none_or(|trace| !trace.same);
        day.slots.retain(|slot| differs(&slot.key));
        day.refusals.retain(|refusal| differs(&refusal.key));
    }
}

impl Sound {
    fn of(slot: &Slot) -> Self {
        Self {
            start: slot.start,
            offset: slot.offset,
            duration: slot.duration,
            segment: slot.segment,
            gain: slot.gain_db.to_bits(),
            zones: slot.zones.clone(),
            pcm: slot.pcm.clone(),
        }
    }
}

type ByKey<'a, T> = BTreeMap<&'a SlotKey, &'a T>;

fn by_key(days: &[DayPlan]) -> (ByKey<'_, Slot>, ByKey<'_, Refusal>) {
    let slots = days.iter().flat_map(|day| &day.slots).map(|slot| (&slot.key, slot)).collect();
    let refusals = days.iter().flat_map(|day| &day.refusals).map(|refusal| (&refusal.key, refusal)).collect();
    (slots, refusals)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

    use super::*;
    use crate::plan::{Origin, Permit};
    use crate::reason::Reason;
    use crate::vocabulary::{Class, ProgrammeId};
    use uuid::Uuid;

    fn at(minute: i64) -> Timestamp {
        let start: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        start + SignedDuration::from_mins(minute)
    }

    fn slot(key: &str, minute: i64, seconds: i64) -> Slot {
        Slot {
            key: key.into(),
            origin: Origin::Programme(ProgrammeId(Uuid::nil())),
            name: "p".into(),
            occurrence: at(minute),
            position: 0,
            segment: SegmentId(Uuid::nil()),
            title: "s".into(),
            class: Class::Normal,
            start: at(minute),
            latest_start: None,
            offset: SignedDuration::ZERO,
            duration: SignedDuration::from_secs(seconds),
            yields: None,
            zones: [].into(),
            gain_db: 0.0,
            permitted: Permit { from: at(0), until: at(60) },
            pcm: "".into(),
            original_sha256: "".into(),
            trim: None,
            approved_by: None,
            reason: Reason::planned("p", 0, "w"),
        }
    }

    fn refusal(key: &str, minute: i64) -> Refusal {
        Refusal {
            key: key.into(),
            origin: Origin::Programme(ProgrammeId(Uuid::nil())),
            name: "p".into(),
            occurrence: at(minute),
            position: 0,
            segment: SegmentId(Uuid::nil()),
            title: None,
            class: Class::Normal,
            start: at(minute),
            duration: None,
            zones: [].into(),
            reason: Reason::no_window_defined(),
        }
    }

    /// A plan as text: `a@5/60` is slot a at minute 5 for 60 s, `!b@7` the refusal of b at minute 7; `;` parts days.
    fn plan_of(text: &str) -> Vec<DayPlan> {
        let date = jiff::civil::date(2026, 11, 23);
        let mut days = Vec::new();
        for day in text.split(';') {
            let mut plan = DayPlan { date, slots: vec![], refusals: vec![] };
            for word in day.split_whitespace() {
                let (key, rest) = word.split_once('@').unwrap();
                match key.strip_prefix('!') {
                    Some(key) => plan.refusals.push(refusal(key, rest.parse().unwrap())),
                    None => {
                        let (minute, seconds) = rest.split_once('/').unwrap();
                        plan.slots.push(slot(key, minute.parse().unwrap(), seconds.parse().unwrap()));
                    }
                }
            }
            days.push(plan);
        }
        days
    }

    /// The same without ever holding both plans, and with nothing left of what is the same.
    fn piecemeal(before: &str, after: &str) -> Difference {
        let mut traces = Traces::default();
        let (mut were, mut are) = (plan_of(before), plan_of(after));
        were.iter().for_each(|day| traces.add(day));
        are.iter_mut().for_each(|day| traces.same(day));
        were.iter_mut().for_each(|day| traces.settled(day));
        let found = difference(&were, &are);
        let left: usize = were.iter().chain(&are).map(|day| day.slots.len() + day.refusals.len()).sum();
        let told =
            found.appears.len() + found.disappears.len() + 2 * found.moves.len() + 2 * found.displaced.len();
        assert!(
            left <= told + were.iter().map(|day| day.refusals.len()).sum::<usize>(),
            "{before} -> {after}"
        );
        found
    }

    /// `+` appears, `-` disappears, `~` moves (from>to), `!` displaced (with `*` when it was planned).
    fn check(before: &str, after: &str, expect: &str) {
        let found = difference(&plan_of(before), &plan_of(after));
        assert_eq!(piecemeal(before, after), found, "{before} -> {after}, a day at a time");
        let minute = |slot: &Slot| slot.start.duration_since(at(0)).as_mins();
        let mut said: Vec<String> = found.appears.iter().map(|slot| format!("+{}", slot.key)).collect();
        said.extend(found.disappears.iter().map(|slot| format!("-{}", slot.key)));
        said.extend(
            found
                .moves
                .iter()
                .map(|it| format!("~{}:{}>{}", it.after.key, minute(&it.before), minute(&it.after))),
        );
        said.extend(
            found
                .displaced
                .iter()
                .map(|(refusal, was)| format!("!{}{}", refusal.key, if was.is_some() { "*" } else { "" })),
        );
        assert_eq!(said.join(" "), expect, "{before} -> {after}");
        assert_eq!(found.is_empty(), expect.is_empty());
    }

    #[test]
    fn every_slot_is_told_once_and_by_what_becomes_of_it() {
        check("a@0/60 b@5/60", "a@0/60 b@5/60", "");
        check("", "a@0/60", "+a");
        check("a@0/60", "", "-a");
        check("a@0/60", "a@3/60", "~a:0>3");
        check("a@0/60", "a@0/30", "~a:0>0");
        check("a@0/60", "!a@0", "!a*");
        check("", "!a@0", "!a");
        check("!a@0", "!a@0", "");
        check("!a@0", "a@0/60", "+a");
        check("!a@0", "", "");
        check("a@9/60 b@5/60 c@1/60", "b@6/60 !c@1 z@2/1 y@1/1", "+y +z -a ~b:5>6 !c*");
    }

    #[test]
    fn a_slot_that_goes_to_another_day_moves() {
        check("a@0/60;", ";a@3/60", "~a:0>3");
    }

    #[test]
    fn another_recording_is_a_move_and_another_sentence_is_none() {
        let before = plan_of("a@0/60");
        let mut after = before.clone();
        after[0].slots[0].reason = Reason::planned("q", 1, "v");
        assert!(difference(&before, &after).is_empty());
        after[0].slots[0].segment = SegmentId(Uuid::from_u128(1));
        let moved = difference(&before, &after).moves.remove(0);
        assert!(!moved.in_time());
        assert_eq!(moved.after.segment, SegmentId(Uuid::from_u128(1)));
    }
}
