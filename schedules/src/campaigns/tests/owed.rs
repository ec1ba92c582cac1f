//! What is owed, against sums done by hand; `docs/campaigns.md` shows the same ones.

use super::super::hours::Hours;
use super::super::period::{Due, periods};
use super::*;

/// What each phase owes when these days are closed.
fn owed(snapshot: &Snapshot, closed: &[Date]) -> Vec<u32> {
    let campaign = &snapshot.campaigns[0];
    let mut hours = Hours::new(snapshot);
    for &day in closed {
        hours.close(day);
    }
    let of_phase = |phase: &Phase| {
        let scope = hours.scope(campaign, phase);
        let ordinary = u32::try_from(scope.ordinary_week().len()).unwrap();
        let periods = periods(phase).into_iter();
        periods.map(|period| Due::of(&mut hours, &scope, phase, ordinary, period).owed).sum()
    };
    campaign.phases.iter().map(of_phase).collect()
}

fn tet() -> Vec<Date> {
    (14..=22).map(|day| jiff::civil::date(2026, 2, day)).collect()
}

#[test]
fn the_directives_campaign_owes_what_was_worked_out_by_hand() {
    let snapshot = station(
        vec![window(1, &WEEKDAYS, "17:00", "17:30"), window(2, &WEEKDAYS[..1], "05:00", "05:15")],
        vec![campaign(
            1,
            &[
                "2026-01-01..2026-03-31 2 a day in 1",
                "2026-01-01..2026-03-31 1 a week in 2",
                "2026-04-01..2026-12-31 1 a week in 1",
            ],
        )],
    );
    // 64 weekdays; 13 Mondays; 40 weeks of which the first has 3 of 5 days and the last 4 of 5.
    assert_eq!(owed(&snapshot, &[]), [128, 13, 40]);
    // Tết takes five weekdays, one of them a Monday.
    assert_eq!(owed(&snapshot, &tet()), [118, 12, 40]);
}

#[test]
fn a_week_owes_its_share_of_the_days_that_are_open() {
    for (count, closed, expect) in [
        (5, vec![], 5),
        (5, vec!["2026-03-02"], 4),
        (3, vec!["2026-03-02", "2026-03-03"], 2),
        (1, vec!["2026-03-02", "2026-03-03"], 1),
        (1, vec!["2026-03-02", "2026-03-03", "2026-03-04"], 0),
        (12, vec!["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"], 0),
    ] {
        let text = format!("2026-03-02..2026-03-08 {count} a week");
        let snapshot = station(vec![window(1, &WEEKDAYS, "17:00", "17:30")], vec![campaign(1, &[&text])]);
        let closed: Vec<Date> = closed.into_iter().map(date).collect();
        assert_eq!(owed(&snapshot, &closed), [expect], "{count} {closed:?}");
    }
}
