//! How long a year takes: `cargo test --release -p loaxa-schedules --lib figures -- --ignored --nocapture`.

use super::*;

/// Of a hundred programmes 20 are daily, 60 weekly, 20 monthly.
fn busy_station(programmes: u128, campaigns: u128) -> Snapshot {
    let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let all = (1..=programmes).map(|n| {
        let (minute, hour) = (n * 7 % 60, 5 + n * 13 % 16);
        let cron = match n % 10 {
            0 | 1 => format!("{minute} {hour} * * *"),
            2 | 3 => format!("{minute} {hour} {} * *", 1 + n % 28),
            _ => format!("{minute} {hour} * * {}", weekdays[(n % 7) as usize]),
        };
        let segments: Vec<u128> = (0..=n % 3).map(|more| 1 + (n + more) % 9).collect();
        let start_rule = match n % 3 {
            0 => StartRule::AtOnce,
            1 => StartRule::MakeNext,
            _ => StartRule::WaitUpTo { minutes: 10 },
        };
        let class = if n % 10 == 5 { Class::Priority } else { Class::Normal };
        Programme { start_rule, class, ..programme(n, &cron, &segments) }
    });
    let limits = Limits { minutes_per_day: Some(300), minutes_per_session: Some(240), ..Limits::default() };
    let windows = vec![
        Window { limits, ..window(1, "05:00", "11:00") },
        Window { limits, ..window(2, "13:00", "22:00") },
    ];
    let campaigns = (1..=campaigns).map(|n| Campaign {
        id: CampaignId(Uuid::from_u128(n)),
        name: format!("c{n}"),
        segments: (1..4).map(|s| Share { id: SegmentId(Uuid::from_u128(s)), weight: 1 }).collect(),
        rotation: Rotation::FairShare,
        class: Class::Normal,
        zones: vec![],
        languages: vec![],
        min_spacing_minutes: 30,
        phases: vec![Phase {
            name: "year".into(),
            from: "2026-01-01".parse().unwrap(),
            to: "2026-12-31".parse().unwrap(),
            windows: vec![],
            airings: Quota { count: 3, per: Period::Week },
        }],
        owner: None,
        order: 0,
    });
    Snapshot { campaigns: campaigns.collect(), ..station(windows, all.collect()) }
}

#[test]
#[ignore = "it measures; run it by hand, in release"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a figure is measured and told")]
fn a_year_and_tomorrow() {
    let figure = |what: &str, snapshot: &Snapshot, from: &str, days: i64| {
        let from: Date = from.parse().unwrap();
        let begun = std::time::Instant::now();
        let plans = plan(snapshot, from, from.saturating_add(days.days()));
        let (took, slots) = (begun.elapsed(), plans.iter().map(|day| day.slots.len()).sum::<usize>());
        let refusals: usize = plans.iter().map(|day| day.refusals.len()).sum();
        println!("{what}: {took:?}, {slots} slots, {refusals} refusals");
    };
    let mut snapshot = busy_station(1_000, 0);
    figure("a year without campaigns", &snapshot, "2026-01-01", 365);
    figure("a day without campaigns", &snapshot, "2026-06-10", 1);
    snapshot = busy_station(1_000, 50);
    figure("a year", &snapshot, "2026-01-01", 365);
    snapshot.as_of = Some("2026-06-09T10:00:00+07:00".parse().unwrap());
    figure("tomorrow", &snapshot, "2026-06-10", 1);
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}
