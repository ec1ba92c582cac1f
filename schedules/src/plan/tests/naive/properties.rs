//! That both agree.

use super::model::Model;
use super::stations::{MONDAY, instant, one_day, one_week};
use super::*;

fn monday() -> Date {
    MONDAY[..10].parse().unwrap()
}

/// The plan of so many days from Monday on, in the words of the model.
fn planned(snapshot: &Snapshot, days: i64) -> Vec<String> {
    let second = |at: Timestamp| at.as_second() - instant(0).as_second();
    let mut lines = Vec::new();
    for entry in
        plan(snapshot, monday(), monday().saturating_add(days.days())).iter().flat_map(DayPlan::entries)
    {
        let (name, position, what, seconds) = match &entry {
            Entry::Slot(slot) => {
                let what = if slot.yields.is_some() { "yields" } else { "airs" };
                (&slot.name, slot.position, what, slot.duration.as_secs())
            }
            Entry::Refused(refusal) => (&refusal.name, refusal.position, &*refusal.reason.code, 0),
        };
        let (at, of, attempt) = (second(entry.start()), second(entry.occurrence()), entry.key().attempt().1);
        lines.push(format!("{at} {name}/{of}/{position}+{attempt} {what} {seconds}"));
    }
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_sweep_agrees_with_the_second_model((snapshot, starts) in one_day()) {
        prop_assert_eq!(planned(&snapshot, 1), Model::new(&snapshot, monday(), 1).run(0..1, &starts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// All five kinds of limits, what is reserved for priority, zones and midnights.
    #[test]
    fn a_week_with_limits_agrees_with_the_second_model((snapshot, starts) in one_week()) {
        let mut expect = Model::new(&snapshot, monday(), 10).run(-7..7, &starts);
        expect.retain(|line| !line.starts_with('-'));
        prop_assert_eq!(planned(&snapshot, 7), expect);
    }
}
