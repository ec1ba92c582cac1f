//! What comes again after it was missed or cut.

use super::*;

const DAY: &str = "2026-11-23";

/// A programme of one segment at 17:00 with that rule, and 05:00 and 17:00 as sessions.
fn missing(missed: MissedRule, segment: u128) -> Snapshot {
    let p = Programme { missed, start_rule: StartRule::MakeNext, ..programme(1, "0 17 * * *", &[segment]) };
    station(vec![window(1, "05:00", "05:30"), window(2, "17:00", "17:30")], vec![p])
}

fn local(time: &str) -> Timestamp {
    let (date, time) = time.split_once(' ').unwrap_or((DAY, time));
    format!("{date}T{time}:00+07:00").parse().unwrap()
}

/// What became of an attempt of the first item of p1's occurrence of the day at 17:00.
fn past(attempt: u32, at: &str, outcome: Outcome, reason: &str, played: i64, segment: u128) -> PastAiring {
    let id = ProgrammeId(Uuid::from_u128(1));
    let start = local(at);
    PastAiring {
        key: SlotKey::new(id, local("17:00"), 0).with_attempt(attempt),
        origin: Origin::Programme(id),
        segment: SegmentId(Uuid::from_u128(segment)),
        planned_start: start,
        outcome,
        reason: Some(reason.into()),
        offset: SignedDuration::ZERO,
        played: SignedDuration::from_secs(played),
        ended: start.saturating_add(SignedDuration::from_secs(played)).unwrap(),
    }
}

fn at(mut snapshot: Snapshot, as_of: &str, history: Vec<PastAiring>) -> Snapshot {
    snapshot.as_of = Some(local(as_of));
    snapshot.history = history;
    snapshot
}

/// The entries of the day that are no first attempts.
fn again(snapshot: &Snapshot, days: i64) -> Vec<String> {
    let from: Date = DAY.parse().unwrap();
    let mut found = Vec::new();
    for entry in plan(snapshot, from, from.saturating_add(days.days())).iter().flat_map(DayPlan::entries) {
        let (_, attempt) = entry.key().attempt();
        if attempt == 0 {
            continue;
        }
        let time = entry.start().to_zoned(snapshot.timezone.clone()).strftime("%a %H:%M:%S");
        found.push(match &entry {
            Entry::Slot(slot) => format!("{time} +{attempt} {}", slot.reason.code),
            Entry::Refused(refusal) => format!("{time} +{attempt} refused {}", refusal.reason.code),
        });
    }
    found
}

#[test]
fn within_comes_as_soon_as_possible() {
    let rule = MissedRule::Within { minutes: 20 };
    let missed = |as_of: &str| {
        at(missing(rule, 3), as_of, vec![past(0, "17:00", Outcome::Missed, "station_off", 0, 3)])
    };
    assert_eq!(again(&missed("17:05"), 1), ["Mon 17:05:10 +1 repeated_soon"]);
    assert_eq!(again(&missed("17:19"), 1), ["Mon 17:19:10 +1 repeated_soon"]);
    assert!(again(&missed("17:20"), 1).is_empty());
    // Behind what is on the air, and no later than it may.
    let mut busy = missed("17:05");
    busy.busy = Some(Busy { until: local("17:10") });
    assert_eq!(again(&busy, 1), ["Mon 17:10:00 +1 repeated_soon"]);
    busy.busy = Some(Busy { until: local("17:21") });
    assert_eq!(again(&busy, 1), ["Mon 17:20:00 +1 refused waited_too_long"]);
    // The reason names what it repays.
    let from: Date = DAY.parse().unwrap();
    let day = plan(&missed("17:05"), from, from.saturating_add(1.day())).remove(0);
    let reason = &day.slots[1].reason;
    assert_eq!(
        reason.en,
        "It repays item 1 of programme \"p1\", missed at 2026-11-23 17:00:00, as soon as possible."
    );
}

#[test]
fn outcomes_call_for_a_second_chance_or_not() {
    let rule = MissedRule::Within { minutes: 20 };
    let after = |outcome, reason| {
        again(&at(missing(rule, 3), "17:05", vec![past(0, "17:00", outcome, reason, 60, 3)]), 1).len()
    };
    assert_eq!(after(Outcome::Missed, "station_off"), 1);
    assert_eq!(after(Outcome::Failed, "amplifier_not_ready"), 1);
    assert_eq!(after(Outcome::Partial, "interrupted"), 1);
    assert_eq!(after(Outcome::Partial, "local_stop"), 0);
    assert_eq!(after(Outcome::Missed, "plan_changed"), 0);
    assert_eq!(after(Outcome::Suppressed, "local_stop"), 0);
    assert_eq!(after(Outcome::Aired, "unconfirmed"), 0);
    let skip =
        at(missing(MissedRule::Skip, 3), "17:05", vec![past(0, "17:00", Outcome::Missed, "late", 0, 3)]);
    assert!(again(&skip, 1).is_empty());
    // Another recording stands there now.
    let other = at(missing(rule, 3), "17:05", vec![past(0, "17:00", Outcome::Missed, "late", 0, 4)]);
    assert!(again(&other, 1).is_empty());
    // What was heard in part is repeated whole.
    let partial =
        at(missing(rule, 3), "17:05", vec![past(0, "17:00", Outcome::Partial, "interrupted", 60, 3)]);
    let from: Date = DAY.parse().unwrap();
    let slot = plan(&partial, from, from.saturating_add(1.day())).remove(0).slots.remove(1);
    assert_eq!((slot.offset, slot.duration), (SignedDuration::ZERO, SignedDuration::from_mins(3)));
}

#[test]
fn attempts_follow_each_other_and_end() {
    let rule = MissedRule::Within { minutes: 20 };
    let failed = |n| past(n, "17:00", Outcome::Failed, "output_not_ready", 0, 3);
    let after = |count| again(&at(missing(rule, 3), "17:05", (0..count).map(failed).collect()), 1);
    assert_eq!(after(2), ["Mon 17:05:10 +2 repeated_soon"]);
    assert_eq!(after(3), ["Mon 17:05:10 +3 repeated_soon"]);
    assert!(after(4).is_empty());
}

#[test]
fn next_session_begins_with_it() {
    let history = vec![past(0, "17:00", Outcome::Missed, "station_off", 0, 3)];
    let snapshot = at(missing(MissedRule::NextSession, 3), "17:05", history.clone());
    assert_eq!(again(&snapshot, 2), ["Tue 05:00:00 +1 repeated_next_session"]);
    // The next session has begun already.
    let late = at(missing(MissedRule::NextSession, 3), "2026-11-24 05:10", history);
    assert_eq!(again(&late, 2), ["Tue 05:10:10 +1 repeated_next_session"]);
}

#[test]
fn make_good_fills_the_first_gap() {
    let history = vec![past(0, "17:00", Outcome::Missed, "station_off", 0, 9)];
    let mut snapshot = at(missing(MissedRule::MakeGood, 9), "17:05", history);
    assert_eq!(again(&snapshot, 3), ["Mon 17:05:10 +1 make_good"]);
    // The morning is taken, the evening has room behind the programme.
    snapshot.programmes.push(programme(2, "0 5 * * *", &[9, 9, 9]));
    snapshot.as_of = Some(local("17:25"));
    assert_eq!(again(&snapshot, 3), ["Tue 17:09:00 +1 make_good"]);
    let from: Date = "2026-11-24".parse().unwrap();
    let alone = plan(&snapshot, from, from.saturating_add(1.day())).remove(0);
    let whole = plan(&snapshot, DAY.parse().unwrap(), from.saturating_add(1.day())).remove(1);
    assert_eq!(alone, whole);
    // Seven days without room.
    snapshot.programmes.push(programme(3, "9 17 * * *", &[9, 9]));
    assert_eq!(again(&snapshot, 9), ["Mon 17:00:00 +1 refused no_room"]);
}

#[test]
fn what_an_emergency_cut_comes_back() {
    let mut cut = past(0, "17:00", Outcome::Preempted, "preempted", 120, 5);
    let mut snapshot = at(missing(MissedRule::Skip, 5), "17:02", vec![cut.clone()]);
    snapshot.busy = Some(Busy { until: local("17:04") });
    assert_eq!(again(&snapshot, 1), ["Mon 17:04:00 +1 resumes"]);
    let rest = plan(&snapshot, DAY.parse().unwrap(), "2026-11-24".parse().unwrap()).remove(0).slots.remove(1);
    assert_eq!((rest.offset, rest.duration), (SignedDuration::from_mins(2), SignedDuration::from_mins(3)));
    // The emergency is over: the air is free, although the plan had it until 17:05.
    snapshot.busy = None;
    assert_eq!(again(&snapshot, 1), ["Mon 17:02:10 +1 resumes"]);
    // As long as its window is open.
    snapshot.as_of = Some(local("17:26"));
    assert_eq!(again(&snapshot, 1), ["Mon 17:26:10 +1 resumes"]);
    snapshot.as_of = Some(local("17:27"));
    assert!(again(&snapshot, 1).is_empty());
    // What goes on and is cut again goes on from there.
    cut = PastAiring {
        offset: SignedDuration::from_mins(2),
        ..past(1, "17:04", Outcome::Preempted, "preempted", 60, 5)
    };
    snapshot.as_of = Some(local("17:06"));
    snapshot.history.push(cut);
    let day = plan(&snapshot, DAY.parse().unwrap(), "2026-11-24".parse().unwrap()).remove(0);
    let rest = day.slots.iter().find(|slot| slot.key.attempt().1 == 2).unwrap();
    assert_eq!((rest.offset, rest.duration), (SignedDuration::from_mins(3), SignedDuration::from_mins(2)));
}

#[test]
fn a_planned_resumption_is_not_doubled_by_the_log() {
    let mut snapshot = missing(MissedRule::Skip, 5);
    snapshot.programmes.push(programme(2, "2 17 * * *", &[1]));
    let planned = plan(&snapshot, DAY.parse().unwrap(), "2026-11-24".parse().unwrap());
    assert_eq!(again(&snapshot, 1), ["Mon 17:03:00 +1 resumes"]);
    // The log agrees; before and after the rest has begun.
    for as_of in ["17:02", "17:04"] {
        let cut = past(0, "17:00", Outcome::Preempted, "preempted", 120, 5);
        let snapshot = at(snapshot.clone(), as_of, vec![cut]);
        assert_eq!(plan(&snapshot, DAY.parse().unwrap(), "2026-11-24".parse().unwrap()), planned);
    }
}

#[test]
fn limits_count_what_was_heard() {
    let limits = Limits { minutes_per_day: Some(6), ..Limits::default() };
    let history = vec![past(0, "17:00", Outcome::Missed, "station_off", 0, 5)];
    let mut snapshot = at(missing(MissedRule::Within { minutes: 25 }, 5), "17:05", history);
    snapshot.windows[1].limits = limits;
    assert_eq!(again(&snapshot, 1), ["Mon 17:05:10 +1 repeated_soon"]);
    // Two minutes were heard: five more are too many.
    snapshot.history = vec![past(0, "17:00", Outcome::Partial, "interrupted", 120, 5)];
    assert_eq!(again(&snapshot, 1), ["Mon 17:25:00 +1 refused limit_minutes_per_day"]);
}

#[test]
fn what_has_its_outcome_does_not_come_again_by_itself() {
    let mut snapshot = missing(MissedRule::Skip, 5);
    snapshot.windows[1].limits = Limits { minutes_per_day: Some(6), ..Limits::default() };
    snapshot
        .programmes
        .push(Programme { start_rule: StartRule::MakeNext, ..programme(2, "2 17 * * *", &[3]) });
    // Five minutes and three are too many; then four of the five fall out.
    let id = ProgrammeId(Uuid::from_u128(2));
    let refused = PastAiring {
        key: SlotKey::new(id, local("17:02"), 0),
        origin: Origin::Programme(id),
        ..past(0, "17:02", Outcome::Suppressed, "limit_minutes_per_day", 0, 3)
    };
    let stopped = past(0, "17:00", Outcome::Partial, "local_stop", 60, 5);
    let snapshot = at(snapshot, "17:03", vec![stopped, refused]);
    let from: Date = DAY.parse().unwrap();
    let day = plan(&snapshot, from, from.saturating_add(1.day())).remove(0);
    assert!(day.slots.iter().all(|slot| &*slot.name != "p2"));
}
