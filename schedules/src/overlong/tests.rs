#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::simulation::standard;

fn timezone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// A Monday.
fn from() -> Timestamp {
    "2026-11-23T00:00:00+07:00".parse().unwrap()
}

/// Recordings of one, two and three minutes; the fourth is not prepared.
fn segments() -> Vec<SegmentFacts> {
    let mut segments: Vec<SegmentFacts> =
        (1..=4).map(|n| standard::segment(n, "bulletin", SignedDuration::from_mins(n as i64))).collect();
    segments[3].prepared = None;
    segments
}

/// The length of the running order and the distance, both in seconds.
fn found(programme: &Programme) -> Option<(i64, i64)> {
    let found = overlong(programme, &segments(), &timezone(), from())?;
    Some((found.length.as_secs(), found.every.as_secs()))
}

#[test]
fn a_running_order_is_held_against_the_shortest_distance_of_a_week() {
    for (cron, items, gap, expect) in [
        ("0 */5 * * * *", &[1, 2, 3][..], 0, Some((360, 300))),
        ("0 */5 * * * *", &[1, 2][..], 0, None),
        // As long as its period is not too long.
        ("0 */6 * * * *", &[1, 2, 3][..], 0, None),
        ("0 */6 * * * *", &[1, 2, 3][..], 1, Some((362, 360))),
        // What is unknown or not prepared takes neither time nor gap.
        ("0 */6 * * * *", &[1, 9, 2, 4, 3][..], 1, Some((362, 360))),
        ("0 */5 * * * *", &[4, 9][..], 600, None),
        // Close together once a week, on a Sunday.
        ("0 0,4 17 * * Sun", &[2, 3][..], 0, Some((300, 240))),
        ("0 0 17 * * *", &[1, 2, 3][..], 600, None),
        // Once a year has no distance.
        ("0 0 17 24 12 *", &[3][..], 0, None),
        ("not a cron", &[3][..], 0, None),
    ] {
        let programme = Programme { gap_seconds: gap, ..standard::programme(1, "news", cron, items) };
        assert_eq!(found(&programme), expect, "{cron} {items:?} {gap}");
    }
}

#[test]
fn opening_and_closing_count() {
    let id = |n: u128| Some(SegmentId(uuid::Uuid::from_u128(n)));
    let programme = standard::programme(1, "news", "0 */5 * * * *", &[2]);
    assert_eq!(found(&programme), None);
    let framed = Programme { opening: id(1), closing: id(3), ..programme };
    assert_eq!(found(&framed), Some((360, 300)));
}

#[test]
fn other_start_rules_say_it_themselves() {
    let programme = standard::programme(1, "news", "0 */5 * * * *", &[1, 2, 3]);
    for (start_rule, expect) in
        [(StartRule::MakeNext, true), (StartRule::AtOnce, false), (StartRule::WaitUpTo { minutes: 2 }, false)]
    {
        let programme = Programme { start_rule, ..programme.clone() };
        assert_eq!(found(&programme).is_some(), expect, "{start_rule:?}");
    }
}

#[test]
fn only_starts_that_are_valid_and_ahead_count() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let dates = [
        "2026-11-22T17:00:00+07:00",
        "2026-11-22T17:01:00+07:00",
        "2027-03-01T17:04:00+07:00",
        "2027-03-01T17:00:00+07:00",
    ];
    let recurrence = Recurrence::At(dates.iter().map(|text| at(text)).collect());
    let programme = Programme { recurrence, ..standard::programme(1, "news", "", &[2, 3]) };
    assert_eq!(found(&programme), Some((300, 240)), "the two of yesterday are over");
    let cron = standard::programme(1, "news", "0 */5 * * * *", &[1, 2, 3]);
    let later = Programme { valid_from: Some("2027-01-01".parse().unwrap()), ..cron.clone() };
    assert_eq!(found(&later), Some((360, 300)), "its first week of validity");
    let over = Programme { valid_until: Some("2026-11-20".parse().unwrap()), ..cron };
    assert_eq!(found(&over), None);
}
