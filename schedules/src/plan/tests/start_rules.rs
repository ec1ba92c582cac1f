//! What happens when something else has the air.

use super::*;

fn with_rule(n: u128, cron: &str, segments: &[u128], start_rule: StartRule) -> Programme {
    Programme { start_rule, ..programme(n, cron, segments) }
}

fn next(n: u128, cron: &str, segments: &[u128]) -> Programme {
    with_rule(n, cron, segments, StartRule::MakeNext)
}

fn priority(programme: Programme) -> Programme {
    Programme { class: Class::Priority, ..programme }
}

fn evening() -> Vec<Window> {
    vec![window(1, "17:00", "17:30")]
}

fn slots(snapshot: &Snapshot) -> Vec<Slot> {
    let from: Date = "2026-11-23".parse().unwrap();
    plan(snapshot, from, from.saturating_add(1.day())).remove(0).slots
}

/// p2 is saved while p1 sounds. What it fires at before that takes nothing and does not wait, unless it had begun by then.
#[test]
fn what_fires_before_it_was_saved_does_not_occur() {
    let saved = "2026-11-23T17:03:00+07:00".parse().unwrap();
    for (rule, cut) in [(StartRule::AtOnce, "17:02:00 p2 ~cuts"), (StartRule::MakeNext, "17:05:00 p2 ~waits")]
    {
        let ps = vec![next(1, "0 17 * * *", &[5]), with_rule(2, "2,10 17 * * *", &[1], rule)];
        let mut snapshot = station(evening(), ps);
        assert!(words(&snapshot, "2026-11-23", 1).contains(&cut.to_owned()), "{cut}");
        let p2 = ProgrammeId(Uuid::from_u128(2));
        snapshot.saved.insert(p2, Saved { at: saved, begun: Vec::new() });
        check(&snapshot, &["17:00:00 p1", "17:10:00 p2"]);
        assert_eq!(words(&snapshot, "2026-11-24", 1).len(), words(&snapshot, "2026-11-25", 1).len());
        let key = SlotKey::new(p2, "2026-11-23T17:02:00+07:00".parse().unwrap(), 0);
        snapshot.saved.insert(p2, Saved { at: saved, begun: vec![key] });
        assert!(words(&snapshot, "2026-11-23", 1).contains(&cut.to_owned()), "{cut}");
    }
}

#[test]
fn make_next_comes_after_the_current_item() {
    let ps = vec![next(1, "0 17 * * *", &[5, 5]), next(2, "2 17 * * *", &[1])];
    let snapshot = station(evening(), ps);
    check(&snapshot, &["17:00:00 p1", "17:05:00 p2 ~waits", "17:06:00 p1 ~waits"]);
    let reason = &slots(&snapshot)[1].reason;
    assert!(reason.en.ends_with("It waits until \"p1\" ends at 2026-11-23 17:05:00."), "{reason}");
    assert!(reason.vi.ends_with("Chờ \"p1\" phát xong lúc 17:05:00 ngày 23/11/2026."), "{}", reason.vi);
}

#[test]
fn waiting_ends_with_the_window() {
    let ps = vec![next(1, "20 17 * * *", &[9]), next(2, "21 17 * * *", &[2, 1])];
    // Nine minutes from 17:20 on: two do not fit any more, one does.
    check(&station(evening(), ps), &["17:20:00 p1", "17:21:00 p2 waited_too_long", "17:29:00 p2 ~waits"]);
}

#[test]
fn wait_up_to_waits_no_longer() {
    let rule = StartRule::WaitUpTo { minutes: 3 };
    let ps = |at: &str| vec![next(1, "0 17 * * *", &[5]), with_rule(2, at, &[1, 1], rule)];
    check(&station(evening(), ps("2 17 * * *")), &["17:00:00 p1", "17:05:00 p2 ~waits", "17:06:00 p2"]);
    check(
        &station(evening(), ps("1 17 * * *")),
        &["17:00:00 p1", "17:01:00 p2 waited_too_long", "17:04:00 p2 waited_too_long"],
    );
}

#[test]
fn at_once_cuts_its_own_class_and_lower_ones() {
    let ps = vec![next(1, "0 17 * * *", &[5]), programme(2, "2 17 * * *", &[1])];
    let snapshot = station(evening(), ps.clone());
    check(&snapshot, &["17:00:00 p1 ~yields", "17:02:00 p2 ~cuts", "17:03:00 p1 ~resumes"]);
    let cut = slots(&snapshot);
    assert_eq!(cut[0].duration, SignedDuration::from_mins(2));
    let yields = cut[0].yields.clone().unwrap();
    assert_eq!((yields.to, &*yields.name, yields.then), (cut[1].key.clone(), "p2", Resumption::Continue));
    assert_eq!(cut[2].key, cut[0].key.with_attempt(1));
    assert_eq!(
        (cut[2].offset, cut[2].duration),
        (SignedDuration::from_mins(2), SignedDuration::from_mins(3))
    );
    assert!(cut[1].reason.en.ends_with("It cuts \"p1\"."), "{}", cut[1].reason);
    // Not what is of a higher class.
    let higher = vec![priority(ps[0].clone()), ps[1].clone()];
    check(&station(evening(), higher), &["17:00:00 p1", "17:02:00 p2 overlap"]);
}

#[test]
fn the_class_says_what_becomes_of_what_is_cut() {
    let ps = vec![next(1, "0 17 * * *", &[5, 1]), priority(programme(2, "2 17 * * *", &[1]))];
    let mut snapshot = station(evening(), ps);
    snapshot.after_preemption.normal = Resumption::Restart;
    check(&snapshot, &["17:00:00 p1 ~yields", "17:02:00 p2 ~cuts", "17:03:00 p1 ~resumes", "17:08:00 p1"]);
    assert_eq!(slots(&snapshot)[2].offset, SignedDuration::ZERO);
    snapshot.after_preemption.normal = Resumption::Drop;
    check(&snapshot, &["17:00:00 p1 ~yields", "17:02:00 p2 ~cuts", "17:03:00 p1 ~waits"]);
    // Nothing of it fits any more.
    snapshot.after_preemption.normal = Resumption::Continue;
    snapshot.windows = vec![window(1, "17:00", "17:05")];
    check(
        &snapshot,
        &["17:00:00 p1 ~yields", "17:02:00 p2 ~cuts", "17:03:00 p1 beyond_window_end", "17:03:00 p1"],
    );
}

#[test]
fn what_is_cut_waits_for_the_whole_occurrence_that_cut_it() {
    let ps = vec![next(1, "0 17 * * *", &[5]), programme(2, "2 17 * * *", &[1, 2])];
    check(
        &station(evening(), ps),
        &["17:00:00 p1 ~yields", "17:02:00 p2 ~cuts", "17:03:00 p2", "17:05:00 p1 ~resumes"],
    );
}

#[test]
fn opening_gap_and_closing_frame_the_running_order() {
    let framed = Programme {
        opening: Some(SegmentId(Uuid::from_u128(1))),
        closing: Some(SegmentId(Uuid::from_u128(2))),
        gap_seconds: 5,
        ..next(1, "0 17 * * *", &[3, 77, 4])
    };
    // What cannot air takes neither time nor gap; the gap belongs to the programme.
    let ps = vec![framed, next(2, "0 17 * * *", &[1]), programme(3, "1 17 * * *", &[1])];
    let snapshot = station(evening(), ps);
    check(
        &snapshot,
        &[
            "17:00:00 p1",
            "17:01:00 p3",
            "17:02:00 p2 ~waits",
            "17:03:00 p1 ~waits",
            "17:06:05 p1 unknown_segment",
            "17:06:05 p1",
            "17:10:10 p1",
        ],
    );
}

#[test]
fn order_owner_and_class_decide_ties() {
    let unit = |n: u128, code: &str, parent: Option<u128>| Unit {
        id: UnitId(Uuid::from_u128(n)),
        code: code.into(),
        name: code.into(),
        tier: String::new(),
        parent: parent.map(|n| UnitId(Uuid::from_u128(n))),
        valid_from: None,
        valid_until: None,
    };
    let owned = |n: u128, owner: Option<u128>, order: i32| Programme {
        owner: owner.map(|n| UnitId(Uuid::from_u128(n))),
        order,
        ..next(n, "0 17 * * *", &[1])
    };
    let mut snapshot = station(
        evening(),
        vec![
            owned(1, Some(9), 0),
            owned(2, Some(30), 0),
            owned(3, Some(31), 0),
            owned(4, Some(20), 0),
            owned(5, Some(40), 0),
            owned(6, None, 0),
            owned(7, Some(9), -1),
            priority(owned(8, Some(9), 9)),
        ],
    );
    // 10 is the province, 20 its commune, 30 and 31 are hamlets, 40 is the station's own; nobody knows 9.
    snapshot.units = vec![
        unit(10, "10", None),
        unit(20, "20", Some(10)),
        unit(30, "z", Some(20)),
        unit(31, "a", Some(20)),
        unit(40, "40", Some(20)),
    ];
    snapshot.own_unit = Some(UnitId(Uuid::from_u128(40)));
    let order: Vec<String> = slots(&snapshot).into_iter().map(|slot| slot.name.to_string()).collect();
    assert_eq!(order, ["p8", "p7", "p5", "p6", "p4", "p3", "p2", "p1"]);
}

#[test]
fn other_zones_share_the_one_output() {
    let mut near = programme(1, "0 17 * * *", &[5]);
    near.zones = vec![zone(1)];
    let mut far = next(2, "2 17 * * *", &[1]);
    far.zones = vec![zone(2)];
    let at_once = Programme { start_rule: StartRule::AtOnce, class: Class::Normal, ..far.clone() };
    check(&station(evening(), vec![near.clone(), far]), &["17:00:00 p1", "17:05:00 p2 ~waits"]);
    let near = priority(near);
    check(&station(evening(), vec![near, at_once]), &["17:00:00 p1", "17:02:00 p2 one_output"]);
}

#[test]
fn limits_are_kept_for_priority_first() {
    let limits = Limits { minutes_per_day: Some(6), ..Limits::default() };
    let ps = vec![programme(1, "0 5 * * *", &[5]), priority(programme(2, "0 17 * * *", &[4]))];
    check(&station(vec![limited(limits)], ps), &["05:00:00 p1 limit_minutes_per_day", "17:00:00 p2"]);
    // What is cut gives back what it does not use.
    let ps = vec![programme(1, "0 5 * * *", &[5]), programme(2, "2 5 * * *", &[3])];
    let mut snapshot = station(vec![limited(limits)], ps);
    check(&snapshot, &["05:00:00 p1 ~yields", "05:02:00 p2 ~cuts", "05:05:00 p1 limit_minutes_per_day"]);
    snapshot.after_preemption.normal = Resumption::Drop;
    check(&snapshot, &["05:00:00 p1 ~yields", "05:02:00 p2 ~cuts"]);
}

#[test]
fn a_slot_says_until_when_it_may_start() {
    let ps = vec![
        programme(1, "0 17 * * *", &[1, 1]),
        next(2, "10 17 * * *", &[1]),
        with_rule(3, "20 17 * * *", &[1], StartRule::WaitUpTo { minutes: 4 }),
    ];
    let latest: Vec<Option<String>> = slots(&station(evening(), ps))
        .into_iter()
        .map(|slot| slot.latest_start.map(|at| at.strftime("%H:%M").to_string()))
        .collect();
    let until = |time: &str| Some(time.to_owned());
    assert_eq!(latest, [None, until("10:29"), until("10:29"), until("10:24")]);
}
