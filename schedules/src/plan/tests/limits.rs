//! Limits are never exceeded, counted again from the plan alone.

use super::*;

/// The stretches of the slots inside a window on a day, in seconds after midnight, in order.
fn inside(window: &Window, day: &DayPlan, snapshot: &Snapshot) -> Vec<(i64, i64)> {
    let midnight = day.date.to_zoned(snapshot.timezone.clone()).unwrap().timestamp().as_second();
    let mut stretches = Vec::new();
    for slot in &day.slots {
        let concerned = window.zones.is_empty() || slot.zones.iter().any(|zone| window.zones.contains(zone));
        let from = (slot.start.as_second() - midnight).max(i64::from(window.start.seconds()));
        let until = (slot.end().as_second() - midnight).min(i64::from(window.end.seconds()));
        if concerned && from < until {
            stretches.push((from, until));
        }
    }
    stretches.sort_unstable();
    stretches
}

/// The seconds of each session.
fn sessions(stretches: &[(i64, i64)]) -> Vec<i64> {
    let mut sessions: Vec<i64> = Vec::new();
    let mut last = i64::MIN / 2;
    for &(from, until) in stretches {
        if from - last >= 30 * 60 {
            sessions.push(0);
        }
        *sessions.last_mut().unwrap() += until - from;
        last = until;
    }
    sessions
}

fn keeps(seconds: i64, minutes: Option<u32>) -> bool {
    minutes.is_none_or(|minutes| seconds <= 60 * i64::from(minutes))
}

#[test]
fn what_sounds_across_midnight_counts_once_for_its_week() {
    let late = || vec![programme(1, "55 23 * * Mon", &[9])];
    let minutes = Limits { minutes_per_week: Some(8), ..Limits::default() };
    check(&station(vec![limited(minutes)], late()), &["23:55:00 p1 limit_minutes_per_week"]);
    let days = Limits { days_per_week: Some(1), ..Limits::default() };
    check(&station(vec![limited(days)], late()), &["23:55:00 p1 limit_days_per_week"]);
    // Sunday and Monday are of two weeks.
    let once = Recurrence::At(vec!["2026-11-29T23:55:00+07:00".parse().unwrap()]);
    let sunday = Programme { recurrence: once, ..programme(1, "55 23 * * Sun", &[9]) };
    assert_eq!(words(&station(vec![limited(days)], vec![sunday]), "2026-11-29", 1), ["23:55:00 p1"]);
}

#[test]
fn nothing_is_reserved_for_what_goes_on_behind_midnight() {
    let limits = Limits { minutes_per_day: Some(10), ..Limits::default() };
    let ps = vec![
        programme(1, "58 23 * * Mon", &[4, 4]),
        Programme { class: Class::Priority, ..programme(2, "0 12 * * Tue", &[1]) },
    ];
    let snapshot = station(vec![limited(limits)], ps);
    assert_eq!(words(&snapshot, "2026-11-24", 1), ["00:02:00 p1", "12:00:00 p2"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn limits_are_never_exceeded(snapshot in any_station()) {
        let monday: Date = "2026-11-23".parse().unwrap();
        let week = plan(&snapshot, monday, monday.saturating_add(7.days()));
        for window in &snapshot.windows {
            let days: Vec<Vec<(i64, i64)>> = week.iter().map(|day| inside(window, day, &snapshot)).collect();
            let sum = |day: &Vec<(i64, i64)>| day.iter().map(|(from, until)| until - from).sum::<i64>();
            prop_assert!(keeps(days.iter().map(sum).sum(), window.limits.minutes_per_week));
            let used = days.iter().filter(|day| !day.is_empty()).count();
            prop_assert!(window.limits.days_per_week.is_none_or(|limit| used <= limit as usize));
            for day in &days {
                let sessions = sessions(day);
                prop_assert!(keeps(sum(day), window.limits.minutes_per_day));
                prop_assert!(sessions.iter().all(|&session| keeps(session, window.limits.minutes_per_session)));
                prop_assert!(window.limits.sessions_per_day.is_none_or(|limit| sessions.len() <= limit as usize));
            }
        }
    }
}
