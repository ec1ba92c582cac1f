//! Small stations, made up, whose every moment is a multiple of some seconds.

use super::model::DAY;
use super::*;

/// Second 0.
pub(super) const MONDAY: &str = "2026-11-23T00:00:00+07:00";

/// A station, and the seconds at which its programmes start.
pub(super) type Made = (Snapshot, Vec<Vec<i64>>);

pub(super) fn instant(second: i64) -> Timestamp {
    let monday: Timestamp = MONDAY.parse().unwrap();
    monday.saturating_add(SignedDuration::from_secs(second)).unwrap()
}

fn any_rule() -> impl Strategy<Value = StartRule> {
    prop_oneof![
        Just(StartRule::AtOnce),
        Just(StartRule::MakeNext),
        (1_u32..6).prop_map(|minutes| StartRule::WaitUpTo { minutes }),
    ]
}

fn any_resumption() -> impl Strategy<Value = Resumption> {
    prop::sample::select(vec![Resumption::Restart, Resumption::Continue, Resumption::Drop])
}

fn at(starts: &[i64]) -> Recurrence {
    Recurrence::At(starts.iter().map(|&second| instant(second)).collect())
}

fn class(first: bool) -> Class {
    if first { Class::Priority } else { Class::Normal }
}

fn seconds(second: i64) -> TimeOfDay {
    TimeOfDay::from_seconds(u32::try_from(second).unwrap()).unwrap()
}

/// Stations whose Monday lies between 10:00 and 10:40, to the second.
pub(super) fn one_day() -> impl Strategy<Value = Made> {
    let wanted = (
        prop::collection::btree_set(0_i64..80, 1..4),
        prop::collection::vec(1_u128..11, 1..4),
        any_rule(),
        any::<bool>(),
        0_u32..70,
        0_i32..2,
        any::<bool>(),
    );
    let windows = prop::collection::vec((0_i64..40, 1_i64..30), 1..3);
    (prop::collection::vec(wanted, 1..6), windows, any_resumption(), any_resumption()).prop_map(
        |(programmes, windows, normal, priority)| {
            let mut starts = Vec::new();
            let mut all = Vec::new();
            for (n, (times, segments, start_rule, first, gap, order, opening)) in (1..).zip(programmes) {
                // Every half minute.
                let times: Vec<i64> = times.into_iter().map(|time| 36_000 + 30 * time).collect();
                all.push(Programme {
                    recurrence: at(&times),
                    start_rule,
                    class: class(first),
                    gap_seconds: gap,
                    order,
                    opening: opening.then_some(SegmentId(Uuid::from_u128(1))),
                    ..programme(n, "0 0 * * *", &segments)
                });
                starts.push(times);
            }
            let windows = (1..).zip(windows).map(|(n, (from, length))| Window {
                start: seconds(36_000 + 60 * from),
                end: seconds(36_000 + 60 * (from + length)),
                ..window(n, "00:00", "24:00")
            });
            let mut snapshot = station(windows.collect(), all);
            snapshot.after_preemption = AfterPreemption { normal, priority };
            (snapshot, starts)
        },
    )
}

/// The minutes of a day at which something happens: on both sides of midnight, and in three hours before noon, so
/// that there are several sessions.
fn any_minute() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 0_i64..30, 5 => 570_i64..750, 3 => 1_410_i64..1_440]
}

fn any_zones() -> impl Strategy<Value = Vec<ZoneId>> {
    prop::sample::select(vec![vec![], vec![], vec![], vec![zone(1)], vec![zone(2)]])
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let maybe = |range: std::ops::Range<u32>| prop::option::weighted(0.3, range);
    (maybe(2..12), maybe(3..20), maybe(5..60), maybe(1..4), maybe(1..6)).prop_map(
        |(session, day, week, sessions_per_day, days_per_week)| Limits {
            minutes_per_session: session,
            minutes_per_day: day,
            minutes_per_week: week,
            sessions_per_day,
            days_per_week,
        },
    )
}

fn any_window() -> impl Strategy<Value = Window> {
    let hours = prop::sample::select(vec![
        ("00:00", "24:00"),
        ("00:00", "00:20"),
        ("09:30", "12:30"),
        ("09:30", "12:30"),
        ("10:00", "11:00"),
        ("11:00", "11:40"),
        ("23:40", "24:00"),
    ]);
    let days = prop_oneof![
        3 => Just(Weekday::ALL.to_vec()),
        1 => prop::sample::subsequence(Weekday::ALL.to_vec(), 1..7),
    ];
    (hours, days, any_zones(), any_limits()).prop_map(|((start, end), days, zones, limits)| Window {
        days,
        zones,
        limits,
        ..window(1, start, end)
    })
}

fn any_programme() -> impl Strategy<Value = (Programme, Vec<i64>)> {
    let days = prop::sample::subsequence((-1..8).collect::<Vec<i64>>(), 1..9);
    let minutes = prop::collection::btree_set(any_minute(), 1..4);
    let segments = prop::collection::vec(1_u128..11, 1..4);
    let how = (any_rule(), prop::bool::weighted(0.4), 0_u32..7, 0_i32..2, any_zones());
    (days, minutes, segments, how).prop_map(|(days, minutes, segments, how)| {
        let (start_rule, first, gap, order, zones) = how;
        let starts: Vec<i64> =
            days.iter().flat_map(|day| minutes.iter().map(move |minute| day * DAY + 60 * minute)).collect();
        let programme = Programme {
            recurrence: at(&starts),
            start_rule,
            class: class(first),
            gap_seconds: 10 * gap,
            order,
            zones,
            ..programme(1, "0 0 * * *", &segments)
        };
        (programme, starts)
    })
}

/// Stations of a week, from the Sunday before it to the Monday after it, in steps of ten seconds.
pub(super) fn one_week() -> impl Strategy<Value = Made> {
    let programmes = prop::collection::vec(any_programme(), 1..6);
    let windows = prop::collection::vec(any_window(), 1..4);
    (programmes, windows, any_resumption(), any_resumption()).prop_map(
        |(programmes, windows, normal, priority)| {
            let (mut all, mut starts) = (Vec::new(), Vec::new());
            for (n, (programme, times)) in (1..).zip(programmes) {
                all.push(Programme {
                    id: ProgrammeId(Uuid::from_u128(n)),
                    name: format!("p{n}"),
                    ..programme
                });
                starts.push(times);
            }
            let windows = (1..).zip(windows).map(|(n, window)| Window {
                id: WindowId(Uuid::from_u128(n)),
                name: format!("w{n}"),
                ..window
            });
            let mut snapshot = station(windows.collect(), all);
            snapshot.segments = (1..10).map(|n| segment(n, 50 * n as i64)).collect();
            snapshot.after_preemption = AfterPreemption { normal, priority };
            (snapshot, starts)
        },
    )
}
