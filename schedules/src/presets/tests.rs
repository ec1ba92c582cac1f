#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::calendar::Calendar;
use crate::vocabulary::DateSpan;
use jiff::civil::{Date, date};
use std::collections::BTreeSet;
use uuid::Uuid;

fn id(number: usize) -> HolidayId {
    HolidayId(Uuid::from_u128(number as u128))
}

/// The shipped holidays; each has its place in the file as its identifier.
fn shipped() -> Vec<Holiday> {
    let numbered = holidays().iter().enumerate();
    numbered.map(|(number, preset)| preset.holiday(id(number), NamedIn::Vietnamese)).collect()
}

fn place(key: &str) -> usize {
    holidays().iter().position(|preset| preset.key == key).unwrap()
}

/// The days of a preset in a year, by its rule alone.
fn by_rule(key: &str, year: i16) -> Vec<DateSpan> {
    let mut holiday = shipped().swap_remove(place(key));
    holiday.announced.clear();
    holiday.spans(year)
}

fn span(from: Date, to: Date) -> DateSpan {
    DateSpan { from, to }
}

#[test]
fn the_files_are_read() {
    let read =
        serde_json::from_str::<Vec<PresetHoliday>>(include_str!("../../data/vn/holidays.json")).unwrap();
    assert_eq!(read, holidays());
    let read =
        serde_json::from_str::<Vec<PresetWindows>>(include_str!("../../data/vn/windows.json")).unwrap();
    assert_eq!(read, windows());
    assert_eq!((holidays().len(), windows().len()), (10, 3));
}

#[test]
fn each_preset_has_its_own_key_two_names_and_a_source() {
    let all: Vec<_> = holidays()
        .iter()
        .map(|preset| (&preset.key, &preset.name, &preset.name_en, &preset.sources))
        .chain(windows().iter().map(|preset| (&preset.key, &preset.name, &preset.name_en, &preset.sources)))
        .collect();
    let keys: BTreeSet<_> = all.iter().map(|(key, ..)| key).collect();
    assert_eq!(keys.len(), all.len());
    for (key, name, name_en, sources) in all {
        assert!(!name.is_empty() && !name_en.is_empty() && name != name_en, "{key}");
        assert!(sources.iter().any(|source| !source.is_empty()), "{key}");
    }
}

#[test]
fn each_holiday_makes_sense_and_mourning_asks_for_its_dates() {
    for (preset, holiday) in holidays().iter().zip(shipped()) {
        if preset.key == "mourning" {
            assert!(holiday.check().unwrap_err().to_string().contains("name at least one"));
            let filled = Holiday { rule: HolidayRule::Dates { dates: vec![date(2026, 3, 1)] }, ..holiday };
            filled.check().unwrap();
            assert!(Calendar::new(&[filled]).day(date(2026, 3, 1)).no_music_by.is_some());
        } else {
            holiday.check().unwrap();
        }
    }
}

#[test]
fn the_rules_give_the_published_days() {
    for (year, tet) in [(2026, date(2026, 2, 17)), (2027, date(2027, 2, 6)), (2028, date(2028, 1, 26))] {
        let days = by_rule("tet", year);
        assert_eq!(
            days,
            [span(tet.yesterday().unwrap(), tet.checked_add(jiff::Span::new().days(3)).unwrap())]
        );
    }
    for (year, day) in [(2026, date(2026, 4, 26)), (2027, date(2027, 4, 16))] {
        assert_eq!(by_rule("hung_kings", year), [span(day, day)]);
    }
}

#[test]
fn in_2026_what_was_announced_holds() {
    let shipped = shipped();
    let calendar = Calendar::new(&shipped);
    let named = |day: Date| calendar.day(day).holiday.and_then(|id| calendar.name(id));
    for (from, to, name) in [
        (date(2026, 1, 1), date(2026, 1, 4), "Tết Dương lịch"),
        (date(2026, 2, 14), date(2026, 2, 22), "Tết Nguyên đán"),
        (date(2026, 4, 26), date(2026, 4, 27), "Giỗ Tổ Hùng Vương"),
        (date(2026, 4, 30), date(2026, 4, 30), "Ngày Chiến thắng"),
        (date(2026, 5, 1), date(2026, 5, 1), "Ngày Quốc tế lao động"),
        (date(2026, 8, 29), date(2026, 9, 2), "Quốc khánh"),
        (date(2026, 11, 24), date(2026, 11, 24), "Ngày Văn hóa Việt Nam"),
    ] {
        for day in [from, to] {
            assert_eq!(named(day), Some(name), "{day}");
        }
        for day in [from.yesterday().unwrap(), to.tomorrow().unwrap()] {
            assert_ne!(named(day), Some(name), "{day}");
        }
    }
    for (worked, acts_as) in [(date(2026, 1, 10), Weekday::Fri), (date(2026, 8, 22), Weekday::Mon)] {
        let day = calendar.day(worked);
        assert_eq!(Weekday::of(worked), Weekday::Sat);
        assert_eq!((day.weekday, day.holiday), (acts_as, None));
    }
    // Tết alone closes the station, for the whole leave, and in 2027 as its rule has it.
    let tet = Some(id(place("tet")));
    let closed = |year: i16| {
        let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
        days.filter(|day| calendar.day(*day).closed_by.inspect(|by| assert_eq!(Some(*by), tet)).is_some())
            .count()
    };
    assert_eq!((closed(2026), closed(2027), closed(2028)), (9, 5, 5));
}

#[test]
fn each_window_makes_sense_and_is_quieter_at_night() {
    for preset in windows() {
        for window in &preset.windows {
            let holiday = |key: &str| Some(id(place(key)));
            let taken = window.window(WindowId(Uuid::nil()), NamedIn::English, holiday);
            taken.check().unwrap();
            assert_eq!(taken.holidays.len(), window.holidays.len());
            assert_eq!(taken.name, window.name_en);
            // QCVN 26:2010: night ends at 06:00.
            let at_night = taken.start < "06:00".parse().unwrap();
            assert_eq!(at_night, taken.volume_ceiling_db.is_some(), "{}", taken.name);
            assert!(!at_night || taken.end <= "06:00".parse().unwrap());
        }
    }
    let urban = &windows().iter().find(|preset| preset.key == "urban").unwrap().windows;
    let starts: Vec<String> = urban.iter().map(|window| window.start.to_string()).collect();
    assert_eq!(starts, ["05:00", "17:00"]);
    for window in urban {
        assert_eq!((window.days.len(), window.limits.minutes_per_session), (5, Some(15)));
    }
}
