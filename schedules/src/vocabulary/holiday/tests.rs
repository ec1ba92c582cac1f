#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use jiff::civil::date;
use serde_json::json;

fn tet() -> Holiday {
    serde_json::from_value(json!({
        "id": uuid::Uuid::nil(), "name": "Tết", "rule": {"kind": "lunar", "month": 1, "day": 1},
        "first_day": -1, "days": 5, "effect": {"closed": true},
    }))
    .unwrap()
}

#[test]
fn a_holiday_comes_back_as_it_was_written() {
    let holiday = tet();
    assert_eq!(holiday.rule, HolidayRule::Lunar { month: 1, day: 1, leap: false });
    let written = serde_json::to_value(&holiday).unwrap();
    assert_eq!(serde_json::from_value::<Holiday>(written).unwrap(), holiday);
}

#[test]
fn holidays_that_make_sense_pass() {
    let announced = |from, to| vec![Announced { year: 2026, days: Some(DateSpan { from, to }) }];
    for fine in [
        tet(),
        Holiday { rule: HolidayRule::Solar { month: 2, day: 29 }, ..tet() },
        Holiday { rule: HolidayRule::Lunar { month: 12, day: 30, leap: true }, ..tet() },
        Holiday { rule: HolidayRule::NthWeekday { month: 5, weekday: Weekday::Mon, nth: -5 }, ..tet() },
        Holiday { rule: HolidayRule::Dates { dates: vec![date(2026, 8, 22)] }, ..tet() },
        Holiday { first_day: -60, days: 60, ..tet() },
        Holiday { announced: announced(date(2025, 12, 31), date(2026, 1, 2)), ..tet() },
        Holiday { announced: vec![Announced { year: 2026, days: None }], ..tet() },
    ] {
        fine.check().unwrap();
    }
}

#[test]
fn holidays_are_checked_with_a_remedy() {
    let rule = |rule| Holiday { rule, ..tet() };
    let announced = |year, from, to| Holiday {
        announced: vec![Announced { year, days: Some(DateSpan { from, to }) }],
        ..tet()
    };
    let twice = date(2026, 8, 22);
    let off = Announced { year: 2026, days: None };
    for (wrong, says) in [
        (Holiday { name: " ".into(), ..tet() }, "give it one"),
        (rule(HolidayRule::Solar { month: 13, day: 1 }), "no month 13"),
        (rule(HolidayRule::Solar { month: 2, day: 30 }), "day 30 of month 2 never falls"),
        (rule(HolidayRule::Solar { month: 4, day: 0 }), "never falls"),
        (rule(HolidayRule::Lunar { month: 0, day: 1, leap: false }), "no month 0"),
        (rule(HolidayRule::Lunar { month: 1, day: 31, leap: false }), "write 1 to 30"),
        (rule(HolidayRule::NthWeekday { month: 1, weekday: Weekday::Mon, nth: 0 }), "-1 for the last"),
        (rule(HolidayRule::NthWeekday { month: 1, weekday: Weekday::Mon, nth: 6 }), "mon number 6"),
        (rule(HolidayRule::NthWeekday { month: 1, weekday: Weekday::Mon, nth: -6 }), "mon number -6"),
        (rule(HolidayRule::Dates { dates: vec![] }), "name at least one"),
        (rule(HolidayRule::Dates { dates: vec![twice, twice] }), "2026-08-22 is named twice"),
        (Holiday { days: 0, ..tet() }, "0 days"),
        (Holiday { days: 61, ..tet() }, "60 is the most"),
        (Holiday { first_day: -61, ..tet() }, "at most 60 away"),
        (Holiday { first_day: i32::MIN, ..tet() }, "at most 60 away"),
        (Holiday { announced: vec![off.clone(), off.clone()], ..tet() }, "2026 is announced twice"),
        (
            Holiday { rule: HolidayRule::Dates { dates: vec![twice] }, announced: vec![off], ..tet() },
            "change the dates",
        ),
        (announced(2026, date(2026, 2, 22), date(2026, 2, 14)), "swap the two dates"),
        (announced(2027, date(2026, 2, 14), date(2026, 2, 22)), "correct the year"),
        (announced(2026, date(2026, 2, 14), date(2026, 4, 15)), "60 days are the most"),
    ] {
        let error = wrong.check().expect_err(says);
        assert_eq!(error.code(), "bad_holiday");
        let message = error.to_string();
        assert!(message.starts_with(&format!("holiday \"{}\": ", wrong.name)), "{message}");
        assert!(message.contains(says), "{message}");
    }
}
