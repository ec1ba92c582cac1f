#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use jiff::civil::date;
use uuid::Uuid;

fn id(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(number))
}

fn unit(number: u128, code: &str, parent: Option<u128>) -> Unit {
    Unit {
        id: id(number),
        code: code.into(),
        name: format!("unit {number}"),
        tier: "xã".into(),
        parent: parent.map(id),
        valid_from: None,
        valid_until: None,
    }
}

const LAST_DAY: Date = date(2025, 6, 30);
const FIRST_DAY: Date = date(2025, 7, 1);

/// A commune below a district that was abolished on 1 July 2025, below a province; and the commune after.
fn tiers() -> Vec<Unit> {
    vec![
        unit(1, "14", None),
        Unit { valid_until: Some(LAST_DAY), ..unit(2, "14/117", Some(1)) },
        Unit { valid_until: Some(LAST_DAY), ..unit(3, "03646", Some(2)) },
        Unit { valid_from: Some(FIRST_DAY), ..unit(4, "03646", Some(1)) },
    ]
}

#[test]
fn a_code_names_one_unit_at_a_time() {
    let tiers = tiers();
    let units = Units::new(&tiers);
    let found = |code, on| units.with_code(code, on).map(|unit| unit.id);
    assert_eq!(found("03646", LAST_DAY), Some(id(3)));
    assert_eq!(found("03646", FIRST_DAY), Some(id(4)));
    assert_eq!(found("14/117", FIRST_DAY), None);
    assert_eq!(found("?", FIRST_DAY), None);
    assert_eq!(units.get(id(2)).unwrap().code, "14/117");
    assert_eq!(units.get(id(9)), None);
}

#[test]
fn the_rank_counts_what_stands_above_on_the_day() {
    let tiers = tiers();
    let units = Units::new(&tiers);
    for (number, before, after) in [(1, 0, 0), (2, 1, 1), (4, 1, 1)] {
        assert_eq!(units.rank(id(number), LAST_DAY), Some(before));
        assert_eq!(units.rank(id(number), FIRST_DAY), Some(after));
    }
    assert_eq!(units.rank(id(3), LAST_DAY), Some(2));
    assert_eq!(units.rank(id(3), FIRST_DAY), Some(1), "the district is no more, the province is");
    assert_eq!(units.rank(id(9), FIRST_DAY), None);
}

#[test]
fn circles_and_unknown_parents_end_the_count() {
    let odd = [
        unit(1, "a", Some(2)),
        unit(2, "b", Some(3)),
        unit(3, "c", Some(2)),
        unit(4, "d", Some(9)),
        unit(5, "e", Some(5)),
    ];
    let units = Units::new(&odd);
    let rank = |number| units.rank(id(number), FIRST_DAY).unwrap();
    assert_eq!([rank(1), rank(2), rank(3), rank(4), rank(5)], [2, 1, 1, 0, 0]);
}

#[test]
fn the_communes_own_goes_first_then_the_higher_tier_then_the_code() {
    let tiers =
        [unit(1, "province", None), unit(2, "b", Some(1)), unit(3, "a", Some(1)), unit(4, "own", Some(2))];
    let units = Units::new(&tiers);
    let own = Some(id(4));
    let place = |owner| units.precedence(owner, own, FIRST_DAY);
    let mut owners = [Some(id(9)), Some(id(2)), Some(id(3)), Some(id(1)), own];
    owners.sort_by_key(|owner| place(*owner));
    assert_eq!(owners, [own, Some(id(1)), Some(id(3)), Some(id(2)), Some(id(9))]);
    assert_eq!(place(None), place(own), "what names no owner is the station's own");
    assert!(units.precedence(own, None, FIRST_DAY).foreign, "a station of no unit owns what names none");
    assert_eq!(place(Some(id(9))).rank, u32::MAX);
}

/// A plan asks on the day on which it is made: a district that was abolished no longer stands above its communes.
#[test]
fn a_plan_asks_on_its_own_day() {
    let mut units = vec![
        unit(1, "province", None),
        unit(2, "district", Some(1)),
        unit(3, "a", Some(2)),
        unit(4, "b", Some(1)),
    ];
    units[1].valid_until = Some(LAST_DAY);
    let mut snapshot = Snapshot { units, ..Snapshot::empty(jiff::tz::TimeZone::UTC) };
    let first = |snapshot: &Snapshot| {
        let owners = Owners::of(snapshot);
        let place = |number| owners.precedence(Some(id(number)));
        if place(3) < place(4) { 3 } else { 4 }
    };
    assert_eq!(first(&snapshot), 4, "without a day every unit counts");
    let midnight = |date: Date| Some(date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp());
    snapshot.as_of = midnight(LAST_DAY);
    assert_eq!(first(&snapshot), 4);
    snapshot.as_of = midnight(LAST_DAY.tomorrow().unwrap());
    assert_eq!(first(&snapshot), 3, "both stand right under the province; the code decides");
}

#[test]
fn units_that_make_sense_pass() {
    let tiers = tiers();
    for unit in &tiers {
        unit.check(&tiers).unwrap();
    }
}

#[test]
fn units_are_checked_with_a_remedy() {
    let others = tiers();
    let new = || unit(7, "new", Some(1));
    for (wrong, says) in [
        (Unit { name: "".into(), ..new() }, "the name is empty"),
        (Unit { code: " ".into(), ..new() }, "the code is empty"),
        (Unit { tier: "".into(), ..new() }, "the tier is empty"),
        (Unit { valid_from: Some(FIRST_DAY), valid_until: Some(LAST_DAY), ..new() }, "swap the two dates"),
        (Unit { code: "14".into(), ..new() }, "\"unit 1\" bears the code 14"),
        (Unit { code: "03646".into(), ..new() }, "\"unit 3\" bears the code 03646"),
        (Unit { code: "03646".into(), valid_from: Some(FIRST_DAY), ..new() }, "\"unit 4\" bears"),
        (unit(7, "new", Some(7)), "its own parent"),
        (unit(7, "new", Some(9)), "make that unit first"),
        (Unit { valid_from: Some(FIRST_DAY), ..unit(7, "new", Some(2)) }, "correct the dates or the parent"),
        (unit(1, "14", Some(3)), "\"unit 2\" stands above it and below it"),
        (unit(1, "14", Some(4)), "\"unit 4\" stands above it and below it"),
    ] {
        let error = wrong.check(&others).expect_err(says);
        assert_eq!(error.code(), "bad_unit");
        let message = error.to_string();
        assert!(message.starts_with(&format!("unit \"{}\": ", wrong.name)), "{message}");
        assert!(message.contains(says), "{message}");
    }
    // A circle among others is theirs to mend, and does not hold up the answer.
    let circle = [unit(5, "e", Some(6)), unit(6, "f", Some(5))];
    unit(7, "new", Some(5)).check(&circle).unwrap();
}
