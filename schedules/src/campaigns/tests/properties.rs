//! Whatever the campaign and its history.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn any_quota() -> impl Strategy<Value = (u32, &'static str)> {
    (1_u32..30, prop_oneof![Just("day"), Just("week"), Just("phase")])
}

fn any_days() -> impl Strategy<Value = Vec<Weekday>> {
    proptest::sample::subsequence(Weekday::ALL.to_vec(), 1..=7)
}

fn asking((count, per): (u32, &str), from: i64, length: i64, open: &[Weekday]) -> Snapshot {
    let first = date("2026-03-02").saturating_add(from.days());
    let text = format!("{first}..{} {count} a {per}", first.saturating_add(length.days()));
    station(vec![window(1, open, "00:00", "24:00")], vec![campaign(1, &[&text])])
}

/// A history of the first weeks: for each day and number, what became of it.
fn any_history() -> impl Strategy<Value = Vec<PastAiring>> {
    let outcome = prop_oneof![
        Just("aired"),
        Just("partial"),
        Just("missed"),
        Just("suppressed"),
        Just("preempted"),
        Just("failed")
    ];
    let row = (2_u32..16, 1_u32..6, 0_u32..5, 0_u32..60, 1_u32..4, outcome);
    proptest::collection::vec(row, 0..40).prop_map(|rows| {
        let mut keys = BTreeSet::new();
        let mut history = Vec::new();
        for (day, number, attempt, minute, segment, outcome) in rows {
            let attempt = if attempt == 0 { String::new() } else { format!("+{attempt}") };
            let key = format!("0/2026-03-{day:02}/{number}{attempt}");
            if keys.insert(key.clone()) {
                history.push(past(&format!("2026-03-{day:02}T17:{minute:02} {key} {outcome} {segment}")));
            }
        }
        history
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn without_debts_exactly_what_is_owed_is_wanted_and_evenly(
        quota in any_quota(), from in 0_i64..7, length in 0_i64..40, open in any_days(),
    ) {
        let snapshot = asking(quota, from, length, &open);
        let days = days(&snapshot, "2026-02-23", 90, ALWAYS);
        let mut by_period: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
        let phase = &snapshot.campaigns[0].phases[0];
        for (&day, wants) in &days {
            let is_open = phase.from <= day && day <= phase.to && open.contains(&Weekday::of(day));
            prop_assert!(is_open || wants.is_empty());
            if is_open {
                let period = super::super::period::period_of(phase, day);
                by_period.entry(period).or_default().push(u32::try_from(wants.len()).unwrap());
            }
        }
        for (period, counts) in by_period {
            let sum: u32 = counts.iter().sum();
            let owed = match quota.1 {
                "week" => {
                    let (count, open, all) = (f64::from(quota.0), counts.len() as f64, open.len() as f64);
                    (count * open / all + 0.5).floor() as u32
                }
                _ => quota.0,
            };
            prop_assert_eq!(sum, owed, "{}", period);
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{:?}", counts);
        }
        let mut keys: Vec<&SlotKey> = days.values().flatten().map(|(want, _)| &want.key).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), all);
    }

    /// However little room there is: no number is placed twice, nothing is told twice under one key, no period
    /// gets more than it owes, and no day gets more make-goods than its allowance.
    #[test]
    fn debts_are_paid_once_and_never_in_bursts(
        quota in any_quota(), history in any_history(), room in proptest::collection::vec(0_usize..6, 90),
        open in any_days(), as_of in 2_u32..17,
    ) {
        let mut snapshot = asking(quota, 0, 20, &open);
        let now = format!("2026-03-{as_of:02}T12:00");
        snapshot.as_of = Some(at(&now));
        snapshot.history = history.into_iter().filter(|row| row.planned_start < at(&now)).collect();
        let start = date("2026-02-23");
        let told = days(&snapshot, "2026-02-23", 90, |day| {
            room[usize::try_from((day - start).get_days()).unwrap()]
        });
        let phase = &snapshot.campaigns[0].phases[0];
        let mut keys: BTreeSet<SlotKey> = snapshot.history.iter().map(|row| row.key.clone()).collect();
        let mut aired: BTreeSet<(Date, u32)> = BTreeSet::new();
        for row in super::super::history::rows(&snapshot) {
            if row.aired() {
                aired.insert((row.period, row.number));
            }
        }
        let mut placed: BTreeMap<Date, u32> = BTreeMap::new();
        for &(period, _) in &aired {
            *placed.entry(period).or_default() += 1;
        }
        let most_extra = match quota.1 {
            "day" => quota.0,
            "week" => quota.0.div_ceil(u32::try_from(open.len()).unwrap()) + 1,
            _ => quota.0 + 1,
        };
        for (&day, wants) in &told {
            prop_assert!(wants.iter().all(|(want, _)| want.nth < want.of));
            let new = wants.iter().filter(|(want, _)| want.closed.is_none() && want.make_good).count();
            prop_assert!(new <= usize::try_from(most_extra).unwrap());
            for (want, fits) in wants.iter().filter(|(want, _)| want.closed.is_none()) {
                prop_assert!(day >= date(&now[..10]));
                prop_assert!(want.key.attempt().1 < super::super::MOST_ATTEMPTS);
                if *fits || want.last_chance {
                    prop_assert!(keys.insert(want.key.clone()), "{} twice", want.key);
                }
                if *fits {
                    prop_assert!(aired.insert((want.period, want.number)), "{} again", want.key);
                    let count = placed.entry(want.period).or_default();
                    *count += 1;
                    prop_assert!(*count <= quota.0, "{} more than owed", want.key);
                }
                prop_assert!(day <= phase.to || want.make_good);
                prop_assert!(day <= phase.to.saturating_add(28.days()));
            }
        }
    }

    #[test]
    fn the_order_of_the_history_does_not_matter(
        quota in any_quota(), history in any_history(), seed in any::<u64>(), open in any_days(),
    ) {
        let mut snapshot = asking(quota, 0, 20, &open);
        snapshot.as_of = Some(at("2026-03-16T12:00"));
        snapshot.history = history;
        let expect = days(&snapshot, "2026-03-02", 60, |_| 3);
        let turn = Book::new(&snapshot).turn(0);
        snapshot.history.sort_by_key(|row| {
            let minute = u64::try_from(row.planned_start.as_second()).unwrap() ^ u64::from(row.key.attempt().1);
            (minute.wrapping_mul(seed | 1).rotate_left(17), row.key.clone())
        });
        prop_assert_eq!(days(&snapshot, "2026-03-02", 60, |_| 3), expect);
        prop_assert_eq!(Book::new(&snapshot).turn(0), turn);
    }

    /// Planned today or tomorrow, a day is the same if everything goes as planned.
    #[test]
    fn what_goes_as_planned_changes_nothing(
        quota in any_quota(), length in 0_i64..30, open in any_days(), passed in 0_i64..30,
    ) {
        let mut snapshot = asking(quota, 0, length, &open);
        snapshot.as_of = Some(at("2026-03-02T00:00"));
        let mut expect = days(&snapshot, "2026-03-02", 60, ALWAYS);
        let later = date("2026-03-02").saturating_add(passed.days());
        snapshot.as_of = Some(instant_of(later.at(0, 0, 0, 0), &snapshot.timezone));
        for (day, wants) in expect.range(..later) {
            for (want, _) in wants {
                let key = want.key.as_str().split_once('/').unwrap().1.to_owned();
                snapshot.history.push(past(&format!("{day}T17:00 {key} aired")));
            }
        }
        expect.retain(|&day, _| day >= later);
        let count = 60 - passed;
        prop_assert_eq!(days(&snapshot, &later.to_string(), count, ALWAYS), expect);
    }

    #[test]
    fn no_segment_airs_twice_in_a_row_while_another_can(
        rotation in prop_oneof![Just(Rotation::InOrder), Just(Rotation::FairShare), Just(Rotation::Weighted)],
        weights in proptest::collection::vec(1_u32..9, 1..6),
        airable in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 6), 60),
    ) {
        let segments: Vec<Share> = (1..).zip(&weights).map(|(n, &weight)| Share { id: id(n), weight }).collect();
        let asked = Campaign { rotation, segments: segments.clone(), ..campaign(1, &["2026-03-02..2026-03-02 60 a day"]) };
        let snapshot = station(vec![window(1, &WEEKDAYS, "00:00", "24:00")], vec![asked]);
        let mut book = Book::new(&snapshot);
        let day = date("2026-03-02");
        let wants = book.wants(day, &|_| openings(&snapshot, day));
        let mut last = None;
        for (turn, (want, airable)) in wants.iter().zip(&airable).enumerate() {
            let can = |segment: &SegmentId| airable[usize::try_from(segment.0.as_u128()).unwrap()];
            let order = book.turn(0);
            prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), weights.len());
            let Some(segment) = order.iter().copied().find(can) else { continue };
            let others = segments.iter().any(|share| share.id != segment && can(&share.id));
            prop_assert!(last != Some(segment) || !others);
            book.placed(want, segment, minute(turn));
            last = Some(segment);
        }
    }

    /// In the long run each segment has its weight's part of the turns, as far as half of them.
    #[test]
    fn weights_are_kept(weights in proptest::collection::vec(1_u32..6, 3..6)) {
        let sum: u32 = weights.iter().sum();
        prop_assume!(weights.iter().all(|&weight| 2 * weight <= sum));
        let segments: Vec<Share> = (1..).zip(&weights).map(|(n, &weight)| Share { id: id(n), weight }).collect();
        let asked = Campaign {
            rotation: Rotation::Weighted,
            segments,
            ..campaign(1, &["2026-03-02..2026-03-02 600 a day"])
        };
        let snapshot = station(vec![window(1, &WEEKDAYS, "00:00", "24:00")], vec![asked]);
        let mut book = Book::new(&snapshot);
        let day = date("2026-03-02");
        let mut counts = vec![0_u32; weights.len()];
        for (turn, want) in book.wants(day, &|_| openings(&snapshot, day)).iter().enumerate() {
            let segment = book.turn(0)[0];
            book.placed(want, segment, minute(turn));
            counts[usize::try_from(segment.0.as_u128() - 1).unwrap()] += 1;
        }
        for (count, weight) in counts.iter().zip(&weights) {
            let part = f64::from(600 * weight) / f64::from(sum);
            prop_assert!((f64::from(*count) - part).abs() <= 3.0, "{:?} of {:?}", counts, weights);
        }
    }
}
