#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::vocabulary::{Announced, DateSpan, DayEffect};
use proptest::prelude::*;
use uuid::Uuid;

fn id(number: u128) -> HolidayId {
    HolidayId(Uuid::from_u128(number))
}

fn holiday(number: u128, rule: HolidayRule) -> Holiday {
    Holiday {
        id: id(number),
        name: format!("holiday {number}"),
        rule,
        first_day: 0,
        days: 1,
        announced: Vec::new(),
        effect: DayEffect::default(),
    }
}

fn solar(number: u128, month: i8, day: i8) -> Holiday {
    holiday(number, HolidayRule::Solar { month, day })
}

fn lunar(number: u128, month: i8, day: i8, leap: bool) -> Holiday {
    holiday(number, HolidayRule::Lunar { month, day, leap })
}

fn dates(number: u128, dates: &[Date]) -> Holiday {
    holiday(number, HolidayRule::Dates { dates: dates.to_vec() })
}

fn span(from: Date, to: Date) -> DateSpan {
    DateSpan { from, to }
}

/// The dates of a year on which the calendar has any holiday, as `MM-DD`.
fn days_of(holidays: &[Holiday], year: i16) -> String {
    let calendar = Calendar::new(holidays);
    let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
    let days = days.filter(|day| !calendar.day(*day).holidays.is_empty());
    days.map(|day| day.strftime("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_rule_falls_on_its_days() {
    let nth = |month, weekday, nth| holiday(1, HolidayRule::NthWeekday { month, weekday, nth });
    for (holiday, year, days) in [
        (solar(1, 9, 2), 2026, "09-02"),
        (solar(1, 2, 29), 2028, "02-29"),
        (solar(1, 2, 29), 2026, ""),
        (lunar(1, 1, 1, false), 2026, "02-17"),
        (lunar(1, 1, 1, false), 2027, "02-06"),
        (lunar(1, 3, 10, false), 2026, "04-26"),
        (lunar(1, 6, 15, true), 2025, "08-08"),
        (lunar(1, 6, 15, true), 2026, ""),
        // The last day of the twelfth month, of 29 days in early 2026 and of 30 in 2027.
        (lunar(1, 12, 30, false), 2026, "02-16"),
        (lunar(1, 12, 30, false), 2027, "02-05"),
        // The third of the twelfth month comes in January of 2022 and again on 25 December.
        (lunar(1, 12, 3, false), 2022, "01-05 12-25"),
        (lunar(1, 12, 3, false), 2023, ""),
        (nth(11, Weekday::Fri, 4), 2026, "11-27"),
        (nth(5, Weekday::Mon, -1), 2026, "05-25"),
        (nth(2, Weekday::Sun, 5), 2026, ""),
        (nth(3, Weekday::Sun, 5), 2026, "03-29"),
        (dates(1, &[date(2026, 8, 22), date(2026, 1, 10), date(2027, 1, 1)]), 2026, "01-10 08-22"),
        (Holiday { first_day: -1, days: 3, ..lunar(1, 1, 1, false) }, 2026, "02-16 02-17 02-18"),
        (Holiday { first_day: 2, days: 2, ..solar(1, 6, 1) }, 2026, "06-03 06-04"),
    ] {
        assert_eq!(days_of(std::slice::from_ref(&holiday), year), days, "{holiday:?}");
    }
}

#[test]
fn spans_cross_new_year_in_both_directions() {
    let eve = [Holiday { first_day: -2, days: 4, ..solar(1, 1, 1) }];
    assert_eq!(days_of(&eve, 2026), "01-01 01-02 12-30 12-31");
    let late = [Holiday { days: 3, ..solar(1, 12, 30) }];
    assert_eq!(days_of(&late, 2026), "01-01 12-30 12-31");
}

#[test]
fn what_was_announced_replaces_the_rule_in_its_year_only() {
    let announced = |year, days| Announced { year, days };
    let new_year = Holiday {
        announced: vec![
            announced(2026, Some(span(date(2025, 12, 31), date(2026, 1, 2)))),
            announced(2027, None),
        ],
        ..solar(1, 1, 1)
    };
    let all = [new_year];
    assert_eq!(days_of(&all, 2025), "01-01 12-31");
    assert_eq!(days_of(&all, 2026), "01-01 01-02");
    assert_eq!(days_of(&all, 2027), "");
    assert_eq!(days_of(&all, 2028), "01-01");
    let kitchen_gods = Holiday {
        announced: vec![announced(2027, Some(span(date(2027, 2, 1), date(2027, 2, 1))))],
        ..lunar(1, 12, 23, false)
    };
    // The year is that of the day, 30 January 2027, not that of the lunar year, 2026.
    assert_eq!(days_of(&[kitchen_gods], 2027), "02-01");
}

#[test]
fn effects_come_from_the_first_holiday_that_has_them() {
    let effect = |effect: DayEffect, holiday: Holiday| Holiday { effect, ..holiday };
    let day = date(2026, 9, 2);
    let holidays = [
        effect(DayEffect { ordinary: true, ..DayEffect::default() }, solar(1, 9, 2)),
        effect(DayEffect { no_music: true, ..DayEffect::default() }, solar(2, 9, 2)),
        effect(DayEffect { closed: true, no_music: true, ..DayEffect::default() }, solar(3, 9, 2)),
        effect(DayEffect { closed: true, ..DayEffect::default() }, solar(4, 9, 2)),
        effect(DayEffect { closed: true, ..DayEffect::default() }, solar(5, 9, 3)),
    ];
    let expected = Day {
        weekday: Weekday::Wed,
        holidays: vec![id(1), id(2), id(3), id(4)],
        closed_by: Some(id(3)),
        no_music_by: Some(id(2)),
        holiday: Some(id(2)),
    };
    assert_eq!(Calendar::new(&holidays).day(day), expected);
    let mut turned = holidays.to_vec();
    turned.reverse();
    assert_eq!(Calendar::new(&turned).day(day), expected, "in any order");
    assert_eq!(Calendar::new(&turned).name(id(5)), Some("holiday 5"));
    assert_eq!(Calendar::new(&turned).name(id(6)), None);
}

#[test]
fn a_swap_day_acts_as_another_and_dates_go_before_rules() {
    let acts = |weekday, holiday: Holiday| Holiday {
        effect: DayEffect { acts_as: Some(weekday), ordinary: true, ..DayEffect::default() },
        ..holiday
    };
    let saturday = date(2026, 8, 22);
    let swap = acts(Weekday::Mon, dates(7, &[saturday]));
    let day = Calendar::new(std::slice::from_ref(&swap)).day(saturday);
    assert_eq!((day.weekday, day.holiday, day.holidays), (Weekday::Mon, None, vec![id(7)]));
    let rule = acts(Weekday::Sun, solar(1, 8, 22));
    let lower = acts(Weekday::Tue, dates(3, &[saturday]));
    let of = |holidays: &[Holiday]| Calendar::new(holidays).day(saturday).weekday;
    assert_eq!(of(&[rule.clone(), swap.clone()]), Weekday::Mon);
    assert_eq!(of(&[swap.clone(), lower, rule.clone()]), Weekday::Tue);
    assert_eq!(of(&[rule]), Weekday::Sun);
    assert_eq!(of(&[solar(1, 8, 22)]), Weekday::Sat);
}

#[test]
fn what_was_never_checked_does_no_harm() {
    let mad = [
        Holiday { days: u32::MAX, first_day: i32::MIN, ..solar(1, 1, 1) },
        Holiday { days: 0, ..solar(2, 1, 1) },
        solar(3, 0, 99),
        lunar(4, -3, 127, true),
        holiday(5, HolidayRule::NthWeekday { month: 14, weekday: Weekday::Mon, nth: 0 }),
        Holiday {
            announced: vec![Announced { year: 2026, days: Some(span(Date::MAX, Date::MIN)) }],
            ..solar(6, 1, 1)
        },
        Holiday {
            announced: vec![Announced { year: 2026, days: Some(span(Date::MIN, Date::MAX)) }],
            ..solar(7, 1, 1)
        },
    ];
    let calendar = Calendar::new(&mad);
    for day in [Date::MIN, Date::MAX, date(1899, 12, 31), date(2026, 1, 1), date(2200, 1, 1)] {
        assert!(calendar.day(day).holidays.len() <= mad.len());
    }
    assert_eq!(calendar.day(date(2026, 6, 1)).holidays, [id(7)]);
}

fn any_rule() -> impl Strategy<Value = HolidayRule> {
    let day = (1990_i16..2040, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day));
    prop_oneof![
        (1_i8..=12, 1_i8..=31).prop_map(|(month, day)| HolidayRule::Solar { month, day }),
        (1_i8..=12, 1_i8..=30, any::<bool>()).prop_map(|(month, day, leap)| HolidayRule::Lunar {
            month,
            day,
            leap
        }),
        (1_i8..=12, 0_usize..7, -5_i8..=5).prop_map(|(month, weekday, nth)| HolidayRule::NthWeekday {
            month,
            weekday: Weekday::ALL[weekday],
            nth
        }),
        prop::collection::vec(day, 0..4).prop_map(|dates| HolidayRule::Dates { dates }),
    ]
}

fn any_holiday() -> impl Strategy<Value = Holiday> {
    let effect = (any::<bool>(), any::<bool>(), prop::option::of(0_usize..7), any::<bool>());
    (0_u128..1000, any_rule(), -60_i32..=60, 1_u32..=60, effect).prop_map(
        |(number, rule, first_day, days, (closed, no_music, acts_as, ordinary))| Holiday {
            first_day,
            days,
            effect: DayEffect {
                closed,
                no_music,
                acts_as: acts_as.map(|index| Weekday::ALL[index]),
                ordinary,
            },
            ..holiday(number, rule)
        },
    )
}

/// The day, from each holiday's spans alone and without any table.
fn naive(holidays: &[Holiday], day: Date) -> Day {
    let mut here: Vec<&Holiday> = holidays
        .iter()
        .filter(|holiday| {
            let years = day.year() - 2..=day.year() + 2;
            years.flat_map(|year| holiday.spans(year)).any(|span| span.from <= day && day <= span.to)
        })
        .collect();
    here.sort_by_key(|holiday| holiday.id);
    let mut lenders: Vec<_> = here.iter().filter(|holiday| holiday.effect.acts_as.is_some()).collect();
    lenders.sort_by_key(|holiday| (!matches!(holiday.rule, HolidayRule::Dates { .. }), holiday.id));
    Day {
        weekday: lenders.first().and_then(|first| first.effect.acts_as).unwrap_or(Weekday::of(day)),
        holidays: here.iter().map(|holiday| holiday.id).collect(),
        closed_by: here.iter().find(|holiday| holiday.effect.closed).map(|holiday| holiday.id),
        no_music_by: here.iter().find(|holiday| holiday.effect.no_music).map(|holiday| holiday.id),
        holiday: here.iter().find(|holiday| !holiday.effect.ordinary).map(|holiday| holiday.id),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_calendar_agrees_with_a_naive_one(
        holidays in prop::collection::vec(any_holiday(), 0..6),
        year in 1985_i16..2115,
        turn in 0_usize..6,
    ) {
        let mut holidays = holidays;
        holidays.sort_by_key(|holiday| holiday.id);
        holidays.dedup_by_key(|holiday| holiday.id);
        let mut turned = holidays.clone();
        let by = turn.min(turned.len());
        turned.rotate_left(by);
        let calendar = Calendar::new(&turned);
        for day in date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year) {
            prop_assert_eq!(calendar.day(day), naive(&holidays, day), "{}", day);
        }
    }
}

#[test]
fn a_century_of_full_moons_is_counted() {
    let holidays: Vec<Holiday> = (1..=12).map(|month| lunar(month as u128, month, 15, false)).collect();
    let calendar = Calendar::new(&holidays);
    let days = date(2000, 1, 1).series(jiff::Span::new().days(1)).take(36_525);
    assert_eq!(days.filter(|day| !calendar.day(*day).holidays.is_empty()).count(), 1_200);
}
