#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::reason::ReasonCode;
use crate::vocabulary::*;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

mod calendar;
mod campaigns;
mod chances;
mod limits;
mod naive;
mod order;
mod orders;
mod runs;
mod start_rules;

fn zone(n: u128) -> ZoneId {
    ZoneId(Uuid::from_u128(n))
}

fn segment(n: u128, seconds: i64) -> SegmentFacts {
    SegmentFacts {
        id: SegmentId(Uuid::from_u128(n)),
        title: format!("s{n}"),
        class: Class::Normal,
        language: "vi".into(),
        music: false,
        original_sha256: String::new(),
        trim: None,
        standing: Standing::Approved,
        prepared: Some(PreparedFacts { hash: format!("h{n}"), duration: SignedDuration::from_secs(seconds) }),
        valid_from: None,
        valid_until: None,
        approved_by: None,
        ordered: None,
    }
}

fn programme(n: u128, cron: &str, segments: &[u128]) -> Programme {
    Programme {
        id: ProgrammeId(Uuid::from_u128(n)),
        name: format!("p{n}"),
        segments: segments.iter().map(|&n| SegmentId(Uuid::from_u128(n))).collect(),
        recurrence: Recurrence::Cron(cron.into()),
        class: Class::Normal,
        zones: vec![],
        valid_from: None,
        valid_until: None,
        start_rule: StartRule::AtOnce,
        missed: MissedRule::Skip,
        opening: None,
        closing: None,
        gap_seconds: 0,
        on_holidays: OnHolidays::Air,
        owner: None,
        order: 0,
    }
}

fn window(n: u128, start: &str, end: &str) -> Window {
    Window {
        id: WindowId(Uuid::from_u128(n)),
        name: format!("w{n}"),
        days: Weekday::ALL.to_vec(),
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        zones: vec![],
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: vec![],
    }
}

/// Segments 1 to 9 last 1 to 9 minutes.
fn station(windows: Vec<Window>, programmes: Vec<Programme>) -> Snapshot {
    Snapshot {
        zones: vec![
            Zone { id: zone(1), name: "a".into(), volume_db: 0.0 },
            Zone { id: zone(2), name: "b".into(), volume_db: 0.0 },
        ],
        windows,
        programmes,
        segments: (1..10).map(|n| segment(n, 60 * n as i64)).collect(),
        ..Snapshot::empty(TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
    }
}

/// One word per entry: start, programme, and the code when refused; of a slot, what is special about it.
fn words(snapshot: &Snapshot, from: &str, days: i64) -> Vec<String> {
    let from: Date = from.parse().unwrap();
    let mut words = Vec::new();
    for day in plan(snapshot, from, from.saturating_add(days.days())) {
        for entry in day.entries() {
            let civil = entry.start().to_zoned(snapshot.timezone.clone());
            assert_eq!(civil.date(), day.date);
            let time = if days == 1 { civil.strftime("%H:%M:%S") } else { civil.strftime("%a %H:%M:%S") };
            words.push(match &entry {
                Entry::Slot(slot) if slot.reason.is(ReasonCode::Planned) => format!("{time} {}", slot.name),
                Entry::Slot(slot) => format!("{time} {} ~{}", slot.name, slot.reason.code),
                Entry::Refused(refusal) => {
                    format!("{time} {} {}", refusal.name, refusal.reason.code)
                }
            });
        }
    }
    words
}

fn check(snapshot: &Snapshot, expect: &[&str]) {
    assert_eq!(words(snapshot, "2026-11-23", 1), expect);
}

#[test]
fn items_follow_each_other_and_the_unairable_take_no_time() {
    let mut snapshot = station(
        vec![window(1, "17:00", "17:30")],
        vec![programme(1, "0 17 * * *", &[1, 2, 77, 3, 4, 5, 6, 1])],
    );
    snapshot.segments[1].standing = Standing::AwaitingApproval;
    snapshot.segments[2].prepared = None;
    snapshot.segments[3].valid_until = Some("2026-11-22".parse().unwrap());
    snapshot.segments[4].class = Class::Emergency;
    snapshot.segments[5].valid_from = Some("2026-11-24".parse().unwrap());
    check(
        &snapshot,
        &[
            "17:00:00 p1",
            "17:01:00 p1 not_approved",
            "17:01:00 p1 unknown_segment",
            "17:01:00 p1 not_prepared",
            "17:01:00 p1 expired",
            "17:01:00 p1 emergency_class",
            "17:01:00 p1 not_yet_valid",
            "17:01:00 p1",
        ],
    );
}

#[test]
fn validity_covers_the_whole_airing_and_a_date_is_inclusive() {
    let mut snapshot = station(vec![window(1, "00:00", "24:00")], vec![programme(1, "59 23 * * *", &[1, 2])]);
    snapshot.segments[0].valid_until = Some("2026-11-23".parse().unwrap());
    snapshot.segments[1].valid_from = Some("2026-11-24".parse().unwrap());
    assert_eq!(
        words(&snapshot, "2026-11-23", 2),
        [
            // The second item of Sunday's occurrence.
            "Mon 00:00:00 p1 not_yet_valid",
            "Mon 23:59:00 p1",
            "Tue 00:00:00 p1",
            "Tue 23:59:00 p1 expired",
            "Tue 23:59:00 p1",
        ]
    );
}

#[test]
fn windows_decide() {
    let at = |time: &str| programme(1, time, &[5]);
    check(&station(vec![], vec![at("0 17 * * *")]), &["17:00:00 p1 no_window_defined"]);
    check(
        &station(vec![window(1, "05:00", "06:00")], vec![at("0 17 * * *")]),
        &["17:00:00 p1 outside_window"],
    );
    check(&station(vec![window(1, "17:00", "17:05")], vec![at("0 17 * * *")]), &["17:00:00 p1"]);
    check(
        &station(vec![window(1, "17:00", "17:04:59")], vec![at("0 17 * * *")]),
        &["17:00:00 p1 beyond_window_end"],
    );
    // Touching windows are one.
    let two = vec![window(1, "17:00", "17:03"), window(2, "17:03", "17:05")];
    check(&station(two, vec![at("0 17 * * *")]), &["17:00:00 p1"]);
    let apart = vec![window(1, "17:00", "17:03"), window(2, "17:04", "17:10")];
    check(&station(apart, vec![at("0 17 * * *")]), &["17:00:00 p1 beyond_window_end"]);
    // Across midnight.
    check(&station(vec![window(1, "00:00", "24:00")], vec![at("58 23 * * *")]), &["23:58:00 p1"]);
}

#[test]
fn every_zone_of_a_slot_needs_its_window() {
    let mut only_first = window(1, "17:00", "18:00");
    only_first.zones = vec![zone(1)];
    let everywhere = programme(1, "0 17 * * *", &[1]);
    let mut first = programme(2, "10 17 * * *", &[1]);
    first.zones = vec![zone(1)];
    let mut nowhere = programme(3, "20 17 * * *", &[1]);
    nowhere.zones = vec![zone(9)];
    check(
        &station(vec![only_first], vec![everywhere, first, nowhere]),
        &["17:00:00 p1 outside_window", "17:10:00 p2", "17:20:00 p3 unknown_zone"],
    );
}

#[test]
fn the_lowest_ceiling_of_the_windows_holds() {
    let mut loud = window(1, "17:00", "18:00");
    loud.volume_ceiling_db = Some(-3.0);
    let mut soft = window(2, "17:01", "17:02");
    soft.volume_ceiling_db = Some(-9.0);
    let snapshot = station(vec![loud, soft], vec![programme(1, "0,30 17 * * *", &[2])]);
    let day = &plan(&snapshot, "2026-11-23".parse().unwrap(), "2026-11-24".parse().unwrap())[0];
    let gains: Vec<f64> = day.slots.iter().map(|slot| slot.gain_db).collect();
    assert_eq!(gains, [-9.0, -3.0]);
}

#[test]
fn class_then_start_then_programme_wins() {
    let all_day = || vec![window(1, "00:00", "24:00")];
    let mut priority = programme(3, "2 17 * * *", &[3]);
    priority.class = Class::Priority;
    let ps = vec![programme(1, "0 17 * * *", &[5]), programme(2, "0 17 * * *", &[5]), priority];
    check(
        &station(all_day(), ps),
        &["17:00:00 p1 ~yields", "17:00:00 p2 overlap", "17:02:00 p3 ~cuts", "17:05:00 p1 ~resumes"],
    );
    let ps = vec![
        programme(2, "0 17 * * *", &[5]),
        programme(1, "0 17 * * *", &[5]),
        programme(3, "5 17 * * *", &[1]),
    ];
    check(&station(all_day(), ps), &["17:00:00 p1", "17:00:00 p2 overlap", "17:05:00 p3"]);
    // What sounds across midnight is cut like everything else.
    let ps = vec![programme(1, "58 23 * * *", &[5]), programme(2, "0 0 * * *", &[1])];
    check(&station(all_day(), ps), &["00:00:00 p2 ~cuts", "00:01:00 p1 ~resumes", "23:58:00 p1 ~yields"]);
}

fn limited(limits: Limits) -> Window {
    Window { limits, ..window(1, "00:00", "24:00") }
}

#[test]
fn limits_of_a_day_are_kept() {
    let ps = || vec![programme(1, "0 5,12,17 * * *", &[9]), programme(2, "20 17 * * *", &[5])];
    let session = Limits { minutes_per_session: Some(10), ..Limits::default() };
    check(
        &station(vec![limited(session)], ps()),
        &["05:00:00 p1", "12:00:00 p1", "17:00:00 p1", "17:20:00 p2 limit_minutes_per_session"],
    );
    let day = Limits { minutes_per_day: Some(18), ..Limits::default() };
    check(
        &station(vec![limited(day)], ps()),
        &[
            "05:00:00 p1",
            "12:00:00 p1",
            "17:00:00 p1 limit_minutes_per_day",
            "17:20:00 p2 limit_minutes_per_day",
        ],
    );
    let sessions = Limits { sessions_per_day: Some(2), ..Limits::default() };
    check(
        &station(vec![limited(sessions)], ps()),
        &[
            "05:00:00 p1",
            "12:00:00 p1",
            "17:00:00 p1 limit_sessions_per_day",
            "17:20:00 p2 limit_sessions_per_day",
        ],
    );
}

#[test]
fn limits_of_a_week_are_kept_from_monday_on() {
    let days = Limits { days_per_week: Some(2), ..Limits::default() };
    let snapshot = station(vec![limited(days)], vec![programme(1, "0 5 * * *", &[9])]);
    assert_eq!(words(&snapshot, "2026-11-25", 1), ["05:00:00 p1 limit_days_per_week"]);
    let minutes = Limits { minutes_per_week: Some(20), ..Limits::default() };
    let snapshot = station(vec![limited(minutes)], vec![programme(1, "0 5 * * *", &[9])]);
    let week = words(&snapshot, "2026-11-23", 8);
    let aired: Vec<&String> = week.iter().filter(|word| !word.contains("limit")).collect();
    assert_eq!(aired, ["Mon 05:00:00 p1", "Tue 05:00:00 p1", "Mon 05:00:00 p1"]);
}

#[test]
fn keys_name_programme_occurrence_and_position() {
    let snapshot = station(vec![window(1, "17:00", "17:30")], vec![programme(1, "0 17 * * *", &[1, 2])]);
    let day = &plan(&snapshot, "2026-11-30".parse().unwrap(), "2026-12-01".parse().unwrap())[0];
    let keys: Vec<&str> = day.slots.iter().map(|slot| slot.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "00000000-0000-0000-0000-000000000001/20261130T100000Z/0",
            "00000000-0000-0000-0000-000000000001/20261130T100000Z/1",
        ]
    );
    assert_eq!(day.slots[1].start, "2026-11-30T17:01:00+07:00".parse().unwrap());
    assert_eq!(day.slots[1].permitted.until, "2026-11-30T17:30:00+07:00".parse().unwrap());
}

fn any_station() -> impl Strategy<Value = Snapshot> {
    let cron = prop::sample::select(vec![
        "*/7 4,5,16,17 * * *",
        "0 5,17 * * Mon-Sat",
        "55 23 * * Sun,Wed",
        "*/13 0,23 * * *",
        "0 17 * * 1",
    ]);
    let rule = prop::sample::select(vec![
        StartRule::AtOnce,
        StartRule::MakeNext,
        StartRule::WaitUpTo { minutes: 4 },
    ]);
    let programmes = (cron, prop::collection::vec(1_u128..12, 1..4), 0_u128..3, any::<bool>(), rule);
    let windows =
        (0_u32..80_000, 600_u32..86_400, 0_u128..3, prop::option::of(5_u32..60), prop::option::of(1_u32..4));
    (prop::collection::vec(programmes, 1..6), prop::collection::vec(windows, 0..4)).prop_map(
        |(programmes, windows)| {
            let zones = |n: u128| if n == 0 { vec![] } else { vec![zone(n)] };
            let programmes =
                (1..).zip(programmes).map(|(n, (cron, segments, z, priority, start_rule))| Programme {
                    start_rule,
                    zones: zones(z),
                    class: if priority { Class::Priority } else { Class::Normal },
                    ..programme(n, cron, &segments)
                });
            let windows = (1..).zip(windows).map(|(n, (start, length, z, minutes, count))| Window {
                start: TimeOfDay::from_seconds(start).unwrap(),
                end: TimeOfDay::from_seconds((start + length).min(86_400)).unwrap(),
                zones: zones(z),
                limits: Limits {
                    minutes_per_session: minutes,
                    minutes_per_day: minutes.map(|m| m * 2),
                    minutes_per_week: minutes.map(|m| m * 7),
                    sessions_per_day: count,
                    days_per_week: count.map(|c| c + 2),
                },
                ..window(n, "00:00", "24:00")
            });
            station(windows.collect(), programmes.collect())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Same plan whatever the order of the vectors; a range is its days; no two slots overlap; every slot lies
    /// inside its permit; every key comes once.
    #[test]
    fn a_plan_keeps_its_promises(snapshot in any_station(), offset in 0_i64..14) {
        let from = "2026-11-23".parse::<Date>().unwrap().saturating_add(offset.days());
        let to = from.saturating_add(9.days());
        let whole = plan(&snapshot, from, to);
        let mut turned = snapshot.clone();
        turned.programmes.reverse();
        turned.windows.reverse();
        turned.segments.reverse();
        turned.zones.reverse();
        prop_assert_eq!(&whole, &plan(&turned, from, to));
        for day in &whole {
            let alone = plan(&snapshot, day.date, day.date.saturating_add(1.day()));
            prop_assert_eq!(std::slice::from_ref(day), alone.as_slice());
        }
        let slots: Vec<&Slot> = whole.iter().flat_map(|day| &day.slots).collect();
        for pair in slots.windows(2) {
            prop_assert!(pair[0].end() <= pair[1].start, "{} and {} overlap", pair[0].key, pair[1].key);
        }
        for slot in &slots {
            prop_assert!(slot.permitted.from <= slot.start && slot.end() <= slot.permitted.until);
            prop_assert!(slot.gain_db <= 0.0 && !slot.zones.is_empty());
        }
        let mut keys: Vec<SlotKey> =
            whole.iter().flat_map(DayPlan::entries).map(|entry| entry.key().clone()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
    }
}
