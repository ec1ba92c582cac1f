//! How long a year takes, and a day of a small station: `cargo test --release -p loaxa-schedules --lib figures -- --ignored --nocapture`.

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

/// Two programmes of three items and a campaign in two windows.
fn small_station() -> Snapshot {
    let mut snapshot = busy_station(2, 1);
    snapshot.programmes = vec![
        Programme { start_rule: StartRule::MakeNext, ..programme(1, "0 5 * * *", &[1, 2, 3]) },
        Programme { class: Class::Priority, ..programme(2, "0 17 * * 1-6", &[4, 5]) },
    ];
    snapshot.windows[0].start = "05:00".parse().unwrap();
    snapshot.windows[0].end = "06:30".parse().unwrap();
    snapshot.windows[1].start = "16:30".parse().unwrap();
    snapshot.windows[1].end = "18:00".parse().unwrap();
    snapshot
}

#[test]
#[ignore = "it measures; run it by hand, in release"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a figure is measured and told")]
fn a_day_after_the_other() {
    let first: Date = "2026-01-01".parse().unwrap();
    let mut snapshot = small_station();
    let begun = std::time::Instant::now();
    let (mut slots, days) = (0, 365);
    for day in 0..days {
        let date = first.saturating_add(day.days());
        let midnight = date.to_zoned(snapshot.timezone.clone()).unwrap().timestamp();
        snapshot.as_of = Some(midnight);
        let today = plan(&snapshot, date, date.saturating_add(1.day()));
        for slot in today.into_iter().flat_map(|day| day.slots) {
            slots += 1;
            snapshot.history.push(PastAiring {
                ended: slot.end(),
                key: slot.key,
                origin: slot.origin,
                segment: slot.segment,
                planned_start: slot.start,
                outcome: Outcome::Aired,
                reason: None,
                offset: slot.offset,
                played: slot.duration,
            });
        }
        snapshot.history.retain(|past| match past.origin {
            Origin::Campaign(_) => true,
            _ => {
                past.ended.duration_since(midnight)
                    > SignedDuration::from_hours(-24 * i64::from(HISTORY_DAYS))
            }
        });
    }
    let each = begun.elapsed() / u32::try_from(days).unwrap();
    println!("a day of a small station: {each:?}, {slots} slots in {days} days");
}
