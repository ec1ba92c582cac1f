//! What is wanted of each day.

use super::*;

/// A window of 30 minutes from Monday to Friday.
fn weekdays(phases: &[&str]) -> Snapshot {
    station(vec![window(1, &WEEKDAYS, "17:00", "17:30")], vec![campaign(1, phases)])
}

#[track_caller]
fn check(snapshot: &Snapshot, from: &str, count: i64, room: impl Fn(Date) -> usize, expect: &[&str]) {
    assert_eq!(words(&days(snapshot, from, count, room)), expect);
}

#[test]
fn a_day_owes_its_count_where_a_window_opens() {
    let snapshot = weekdays(&["2026-03-05..2026-03-10 2 a day"]);
    check(&snapshot, "2026-03-01", 14, ALWAYS, &["03-05 1 2", "03-06 1 2", "03-09 1 2", "03-10 1 2"]);
}

#[test]
fn a_week_is_spread_evenly() {
    for (count, expect) in [
        (1, vec!["03-02 1"]),
        (2, vec!["03-02 1", "03-04 2"]),
        (3, vec!["03-02 1", "03-03 2", "03-05 3"]),
        (7, vec!["03-02 1 2", "03-03 3", "03-04 4 5", "03-05 6", "03-06 7"]),
    ] {
        let snapshot = weekdays(&[&format!("2026-03-02..2026-03-08 {count} a week")]);
        check(&snapshot, "2026-03-02", 7, ALWAYS, &expect);
    }
}

#[test]
fn a_week_that_is_cut_short_owes_its_share_rounded_half_up() {
    // Wednesday to Friday are 3 of 5 days: 0.6, 1.2, 1.8 and 2.4 are 1, 1, 2 and 2; Thursday and Friday: 0.4 is 0.
    for (count, from, expect) in [
        (1, "2026-03-04", vec!["03-04 1"]),
        (2, "2026-03-04", vec!["03-04 1"]),
        (3, "2026-03-04", vec!["03-04 1", "03-05 2"]),
        (4, "2026-03-04", vec!["03-04 1", "03-05 2"]),
        (1, "2026-03-05", vec![]),
    ] {
        let snapshot = weekdays(&[&format!("{from}..2026-03-08 {count} a week")]);
        check(&snapshot, "2026-03-02", 7, ALWAYS, &expect);
    }
    // Two of four days are a half, which rounds up.
    let mut snapshot = weekdays(&["2026-03-04..2026-03-05 1 a week"]);
    snapshot.windows[0].days.truncate(4);
    check(&snapshot, "2026-03-02", 7, ALWAYS, &["03-04 1"]);
}

#[test]
fn a_phase_is_spread_over_its_open_days() {
    let snapshot = weekdays(&["2026-03-02..2026-03-15 4 a phase"]);
    check(&snapshot, "2026-03-01", 20, ALWAYS, &["03-02 1", "03-04 2", "03-09 3", "03-11 4"]);
}

#[test]
fn only_the_windows_and_zones_of_the_phase_count() {
    let zone = |n: u128| ZoneId(Uuid::from_u128(n));
    let mut snapshot =
        weekdays(&["2026-03-02..2026-03-08 1 a day in 2 3", "2026-03-02..2026-03-08 1 a day in 9"]);
    snapshot.zones = vec![
        Zone { id: zone(1), name: "a".into(), volume_db: 0.0 },
        Zone { id: zone(2), name: "b".into(), volume_db: 0.0 },
    ];
    snapshot.windows.push(Window { zones: vec![zone(1)], ..window(2, &WEEKDAYS[..2], "05:00", "05:30") });
    snapshot.windows.push(Window { zones: vec![zone(2)], ..window(3, &WEEKDAYS[1..4], "05:00", "05:30") });
    check(&snapshot, "2026-03-02", 7, ALWAYS, &["03-03 1"]);
    snapshot.campaigns[0].zones = vec![zone(1)];
    check(&snapshot, "2026-03-02", 7, ALWAYS, &["03-02 1", "03-03 1"]);
}

#[test]
fn what_finds_no_room_is_asked_for_again_until_its_period_ends() {
    let snapshot = weekdays(&["2026-03-02..2026-03-08 3 a week"]);
    let closed = |from: &'static str, to: &'static str| {
        move |day: Date| if date(from) <= day && day <= date(to) { 0 } else { usize::MAX }
    };
    let first = closed("2026-03-02", "2026-03-02");
    check(&snapshot, "2026-03-02", 40, first, &["03-02 1?", "03-03 1 2", "03-05 3"]);
    // Refused on the last day, it is told under its key, and repaid under the next.
    let week = closed("2026-03-02", "2026-03-06");
    let expect = [
        "03-02 1?",
        "03-03 1? 2?",
        "03-04 1? 2?",
        "03-05 1? 2? 3?",
        "03-06 1! 2! 3!",
        "03-09 03-02/1+1 03-02/2+1",
        "03-10 03-02/3+1",
    ];
    check(&snapshot, "2026-03-02", 40, week, &expect);
}

#[test]
fn a_backlog_is_caught_up_without_a_burst() {
    // Saved on 16 March: ten of twenty days are over, and nothing was told of them.
    let mut snapshot = weekdays(&["2026-03-02..2026-03-27 10 a phase"]);
    snapshot.as_of = Some(at("2026-03-16T00:00"));
    let expect = ["03-16 1 2 3", "03-17 4 5", "03-18 6 7", "03-20 8", "03-24 9", "03-26 10"];
    check(&snapshot, "2026-03-16", 20, ALWAYS, &expect);
}

#[test]
fn missed_ones_are_repaid_inside_their_period_first() {
    let mut snapshot = weekdays(&["2026-03-02..2026-03-15 5 a week"]);
    snapshot.as_of = Some(at("2026-03-04T00:00"));
    snapshot.history =
        vec![past("2026-03-02T17:00 0/2026-03-02/1 missed"), past("2026-03-03T17:00 0/2026-03-02/2 aired")];
    let expect = [
        "03-02 (1)",
        "03-03 (2)",
        "03-04 03-02/1+1 3",
        "03-05 4",
        "03-06 5",
        "03-09 1",
        "03-10 2",
        "03-11 3",
        "03-12 4",
        "03-13 5",
    ];
    check(&snapshot, "2026-03-02", 60, ALWAYS, &expect);
}

#[test]
fn every_outcome_but_aired_is_owed_again() {
    for (outcome, owed) in [
        ("aired", false),
        ("partial", true),
        ("missed", true),
        ("suppressed", true),
        ("preempted", true),
        ("failed", true),
    ] {
        let mut snapshot = weekdays(&["2026-03-02..2026-03-03 1 a day"]);
        snapshot.as_of = Some(at("2026-03-03T00:00"));
        snapshot.history = vec![past(&format!("2026-03-02T17:00 0/2026-03-02/1 {outcome}"))];
        let expect: &[&str] = if owed { &["03-03 03-02/1+1 1"] } else { &["03-03 1"] };
        check(&snapshot, "2026-03-03", 60, ALWAYS, expect);
    }
}

#[test]
fn debts_are_paid_after_the_phase_for_28_days_and_a_few_a_day() {
    let mut snapshot = weekdays(&["2026-03-02..2026-03-06 1 a day"]);
    snapshot.as_of = Some(at("2026-03-07T00:00"));
    snapshot.history =
        (2..7).map(|day| past(&format!("2026-03-0{day}T17:00 0/2026-03-0{day}/1 failed"))).collect();
    let expect =
        ["03-09 03-02/1+1", "03-10 03-03/1+1", "03-11 03-04/1+1", "03-12 03-05/1+1", "03-13 03-06/1+1"];
    check(&snapshot, "2026-03-07", 60, ALWAYS, &expect);
    // 3 April is the 28th day, a Friday: there one of them has its last chance, and then there is none.
    let told = words(&days(&snapshot, "2026-03-07", 60, |_| 0));
    assert_eq!(told.len(), 20);
    assert_eq!(told.first().unwrap(), "03-09 03-02/1+1?");
    assert_eq!(told.last().unwrap(), "04-03 03-02/1+1!");
}

#[test]
fn nothing_is_tried_more_than_five_times() {
    let mut snapshot = weekdays(&["2026-03-02..2026-03-02 1 a day"]);
    let tries = [
        "2026-03-02T17:00 0/2026-03-02/1 missed",
        "2026-03-03T17:00 0/2026-03-02/1+1 missed",
        "2026-03-04T17:00 0/2026-03-02/1+2 partial",
        "2026-03-05T17:00 0/2026-03-02/1+3 failed",
        "2026-03-06T17:00 0/2026-03-02/1+4 missed",
    ];
    snapshot.history = tries[..4].iter().map(|text| past(text)).collect();
    snapshot.as_of = Some(at("2026-03-06T00:00"));
    check(&snapshot, "2026-03-06", 60, ALWAYS, &["03-06 03-02/1+4"]);
    snapshot.history = tries.iter().map(|text| past(text)).collect();
    snapshot.as_of = Some(at("2026-03-07T00:00"));
    check(&snapshot, "2026-03-07", 60, ALWAYS, &[]);
}

#[test]
fn a_smaller_quota_forgives() {
    let mut snapshot = weekdays(&["2026-03-02..2026-03-08 2 a week"]);
    snapshot.as_of = Some(at("2026-03-05T00:00"));
    snapshot.history = vec![
        past("2026-03-02T17:00 0/2026-03-02/1 aired"),
        past("2026-03-03T17:00 0/2026-03-02/2 missed"),
        past("2026-03-04T17:00 0/2026-03-02/3 aired"),
    ];
    check(&snapshot, "2026-03-05", 20, ALWAYS, &[]);
}

#[test]
fn the_rest_of_a_day_keeps_its_places_when_some_of_it_is_closed() {
    let mut snapshot = weekdays(&["2026-03-02..2026-03-03 3 a day"]);
    let shares = |snapshot: &Snapshot| -> Vec<(String, u32, u32)> {
        let days = days(snapshot, "2026-03-02", 1, ALWAYS);
        days[&date("2026-03-02")]
            .iter()
            .map(|(want, _)| (want.key.as_str()[37..].to_owned(), want.nth, want.of))
            .collect()
    };
    let share = |key: &str, nth, of| (format!("0/2026-03-02/{key}"), nth, of);
    assert_eq!(shares(&snapshot), [share("1", 0, 3), share("2", 1, 3), share("3", 2, 3)]);
    snapshot.as_of = Some(at("2026-03-02T17:05"));
    snapshot.history = vec![past("2026-03-02T17:00 0/2026-03-02/1 partial")];
    let expect = [share("1", 0, 3), share("1+1", 1, 2), share("2", 1, 3), share("3", 2, 3)];
    assert_eq!(shares(&snapshot), expect);
}

#[test]
fn the_order_is_class_the_communes_order_owner_and_id() {
    let unit = |n: u128, code: &str, parent: Option<u128>| Unit {
        id: UnitId(Uuid::from_u128(n)),
        code: code.into(),
        name: code.into(),
        tier: "xã".into(),
        parent: parent.map(|n| UnitId(Uuid::from_u128(n))),
        valid_from: None,
        valid_until: None,
    };
    let owned = |n: u128, owner: Option<u128>| Campaign {
        owner: owner.map(|n| UnitId(Uuid::from_u128(n))),
        ..campaign(n, &["2026-03-02..2026-03-02 1 a day"])
    };
    let mut snapshot = weekdays(&[]);
    snapshot.units =
        vec![unit(1, "top", None), unit(2, "b", Some(1)), unit(3, "a", Some(1)), unit(4, "own", Some(2))];
    snapshot.own_unit = Some(UnitId(Uuid::from_u128(4)));
    snapshot.campaigns = vec![
        owned(10, Some(99)),
        owned(11, Some(2)),
        owned(12, Some(3)),
        owned(13, Some(1)),
        owned(14, Some(4)),
        owned(15, None),
        Campaign { order: -1, ..owned(16, Some(99)) },
        Campaign { class: Class::Priority, order: 5, ..owned(17, Some(99)) },
    ];
    let order = |snapshot: &Snapshot| -> Vec<String> {
        let days = days(snapshot, "2026-03-02", 1, ALWAYS);
        let wants = &days[&date("2026-03-02")];
        wants.iter().map(|(want, _)| snapshot.campaigns[want.campaign].name.clone()).collect()
    };
    let expect = ["c17", "c16", "c14", "c15", "c13", "c12", "c11", "c10"];
    assert_eq!(order(&snapshot), expect);
    snapshot.campaigns.reverse();
    snapshot.units.reverse();
    assert_eq!(order(&snapshot), expect);
}

#[test]
fn a_year_of_fifty_campaigns_is_wanted_and_placed() {
    let mut snapshot = weekdays(&[]);
    let phases = ["2026-01-01..2026-03-31 2 a day", "2026-04-01..2026-12-31 1 a week"];
    snapshot.campaigns = (1..=50).map(|n| campaign(n, &phases)).collect();
    let placed = |(_, fits): &(Want, bool)| *fits;
    let days = days(&snapshot, "2026-01-01", 365, ALWAYS);
    assert_eq!(days.values().flatten().filter(|entry| placed(entry)).count(), 50 * (128 + 40));
}
