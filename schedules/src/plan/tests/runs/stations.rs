//! Stations with everything: rules for what is missed, campaigns, holidays, owners, limits.

use super::*;

/// The first day of every run, a Monday.
pub(super) fn monday() -> Date {
    "2026-11-23".parse().unwrap()
}

pub(super) fn unit_id(n: u128) -> UnitId {
    UnitId(Uuid::from_u128(n))
}

fn units() -> Vec<Unit> {
    let unit = |n: u128, parent: Option<u128>| Unit {
        id: unit_id(n),
        code: format!("{n}"),
        name: format!("u{n}"),
        tier: String::new(),
        parent: parent.map(unit_id),
        valid_from: None,
        valid_until: None,
    };
    vec![unit(1, None), unit(2, Some(1)), unit(3, Some(2))]
}

fn any_owner() -> impl Strategy<Value = Option<UnitId>> {
    prop::option::of((1_u128..5).prop_map(unit_id))
}

fn any_class() -> impl Strategy<Value = Class> {
    prop_oneof![2 => Just(Class::Normal), 1 => Just(Class::Priority)]
}

fn any_zones() -> impl Strategy<Value = Vec<ZoneId>> {
    prop::sample::select(vec![vec![], vec![], vec![], vec![zone(1)], vec![zone(2), zone(1)]])
}

pub(super) fn any_limits() -> impl Strategy<Value = Limits> {
    let maybe = |range: std::ops::Range<u32>| prop::option::weighted(0.25, range);
    (maybe(5..15), maybe(8..30), maybe(20..90), maybe(1..4), maybe(2..6)).prop_map(
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
        ("05:00", "05:30"),
        ("11:00", "11:40"),
        ("17:00", "18:00"),
        ("17:30", "18:30"),
        ("23:40", "24:00"),
        ("00:00", "00:20"),
    ]);
    let days = prop_oneof![
        3 => Just(Weekday::ALL.to_vec()),
        1 => prop::sample::subsequence(Weekday::ALL.to_vec(), 3..7),
    ];
    let holidays = prop::sample::select(vec![vec![], vec![], vec![HolidayId(Uuid::from_u128(1))]]);
    (hours, days, any_zones(), any_limits(), holidays).prop_map(
        |((start, end), days, zones, limits, holidays)| Window {
            days,
            zones,
            limits,
            holidays,
            ..window(1, start, end)
        },
    )
}

fn any_programme() -> impl Strategy<Value = Programme> {
    let cron = prop::sample::select(vec![
        "0 5,17 * * *",
        "0 17 * * Mon-Fri",
        "2,9 17 * * *",
        "*/12 17 * * *",
        "5,20 11 * * *",
        "*/5 5 * * *",
        "55 23 * * *",
        "1 0 * * *",
    ]);
    let rule = prop_oneof![
        Just(StartRule::AtOnce),
        Just(StartRule::MakeNext),
        (1_u32..20).prop_map(|minutes| StartRule::WaitUpTo { minutes }),
    ];
    let missed = prop_oneof![
        Just(MissedRule::Skip),
        prop::sample::select(vec![5, 30, 600, 2_000]).prop_map(|minutes| MissedRule::Within { minutes }),
        Just(MissedRule::NextSession),
        Just(MissedRule::MakeGood),
    ];
    let holidays =
        prop::sample::select(vec![OnHolidays::Air, OnHolidays::Air, OnHolidays::Skip, OnHolidays::Only]);
    let segments = prop::collection::vec(1_u128..8, 1..4);
    let rank = (any_class(), any_owner(), 0_i32..2, any_zones(), 0_u32..40);
    (cron, rule, missed, holidays, segments, rank).prop_map(
        |(cron, start_rule, missed, on_holidays, segments, (class, owner, order, zones, gap_seconds))| {
            Programme {
                start_rule,
                missed,
                on_holidays,
                class,
                owner,
                order,
                zones,
                gap_seconds,
                ..programme(1, cron, &segments)
            }
        },
    )
}

fn any_phase() -> impl Strategy<Value = Phase> {
    let quota = prop_oneof![
        (1_u32..4).prop_map(|count| Quota { count, per: Period::Day }),
        (1_u32..9).prop_map(|count| Quota { count, per: Period::Week }),
        (1_u32..15).prop_map(|count| Quota { count, per: Period::Phase }),
    ];
    let windows = prop::sample::select(vec![vec![], vec![], vec![WindowId(Uuid::from_u128(1))]]);
    (quota, 0_i64..5, 0_i64..10, windows).prop_map(|(airings, first, length, windows)| {
        let from = monday().saturating_add(first.days());
        Phase { name: "peak".into(), from, to: from.saturating_add(length.days()), windows, airings }
    })
}

fn any_campaign() -> impl Strategy<Value = Campaign> {
    // Segments 11 to 19 last as long as each other.
    let segments = prop::sample::subsequence((11_u128..16).collect::<Vec<_>>(), 1..5);
    let rotation = prop::sample::select(vec![Rotation::InOrder, Rotation::FairShare, Rotation::Weighted]);
    let rank = (any_class(), any_owner(), 0_i32..2, any_zones());
    let phases = prop::collection::vec(any_phase(), 1..3);
    let spacing = prop::sample::select(vec![0_u32, 0, 7, 25, 300, 1_500]);
    (segments, rotation, rank, phases, spacing).prop_map(
        |(segments, rotation, (class, owner, order, zones), phases, min_spacing_minutes)| Campaign {
            id: CampaignId(Uuid::from_u128(1)),
            name: String::new(),
            segments: segments
                .into_iter()
                .map(|n| Share { id: SegmentId(Uuid::from_u128(n)), weight: u32::try_from(n).unwrap() - 9 })
                .collect(),
            rotation,
            class,
            zones,
            languages: vec![],
            min_spacing_minutes,
            phases,
            owner,
            order,
        },
    )
}

fn any_holidays() -> impl Strategy<Value = Vec<Holiday>> {
    let effect = (any::<bool>(), any::<bool>(), prop::option::of(Just(Weekday::Mon)), any::<bool>())
        .prop_map(|(closed, no_music, acts_as, ordinary)| DayEffect { closed, no_music, acts_as, ordinary });
    prop::collection::vec((0_i64..14, effect), 0..3).prop_map(|days| {
        (1..)
            .zip(days)
            .map(|(n, (day, effect))| Holiday {
                id: HolidayId(Uuid::from_u128(n)),
                name: format!("h{n}"),
                rule: HolidayRule::Dates { dates: vec![monday().saturating_add(day.days())] },
                first_day: 0,
                days: 1,
                announced: vec![],
                effect,
            })
            .collect()
    })
}

fn any_resumption() -> impl Strategy<Value = Resumption> {
    prop::sample::select(vec![Resumption::Restart, Resumption::Continue, Resumption::Drop])
}

/// Segments 1 to 9 last 1 to 9 minutes, 8 and 4 are music; 11 to 19 last 3 minutes.
pub(super) fn any_full_station() -> impl Strategy<Value = Snapshot> {
    let windows = prop::collection::vec(any_window(), 1..5);
    let programmes = prop::collection::vec(any_programme(), 0..5);
    let campaigns = prop::collection::vec(any_campaign(), 0..3);
    (windows, programmes, campaigns, any_holidays(), any_resumption(), any_resumption()).prop_map(
        |(mut windows, mut programmes, mut campaigns, holidays, normal, priority)| {
            for (n, window) in (1..).zip(&mut windows) {
                (window.id, window.name) = (WindowId(Uuid::from_u128(n)), format!("w{n}"));
            }
            for (n, programme) in (1..).zip(&mut programmes) {
                (programme.id, programme.name) = (ProgrammeId(Uuid::from_u128(n)), format!("p{n}"));
            }
            for (n, campaign) in (1..).zip(&mut campaigns) {
                (campaign.id, campaign.name) = (CampaignId(Uuid::from_u128(n)), format!("c{n}"));
            }
            let mut snapshot = Snapshot {
                campaigns,
                holidays,
                units: units(),
                own_unit: Some(unit_id(3)),
                after_preemption: AfterPreemption { normal, priority },
                ..station(windows, programmes)
            };
            snapshot.segments.extend((11..20).map(|n| segment(n, 180)));
            snapshot.segments[3].music = true;
            snapshot
        },
    )
}
