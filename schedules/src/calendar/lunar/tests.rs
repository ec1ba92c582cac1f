#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use proptest::prelude::*;

/// Tết 1990 to 2050 and, after it, the leap month of the year that it begins. From the table of Hồ Ngọc Đức
/// (amlich, Leipzig, 2004), which agrees with that of the python-holidays project (2026) on every Tết.
const PUBLISHED: &str = "
    1990-01-27 5,  1991-02-15,    1992-02-04,    1993-01-23 3,  1994-02-10,
    1995-01-31 8,  1996-02-19,    1997-02-07,    1998-01-28 5,  1999-02-16,
    2000-02-05,    2001-01-24 4,  2002-02-12,    2003-02-01,    2004-01-22 2,
    2005-02-09,    2006-01-29 7,  2007-02-17,    2008-02-07,    2009-01-26 5,
    2010-02-14,    2011-02-03,    2012-01-23 4,  2013-02-10,    2014-01-31 9,
    2015-02-19,    2016-02-08,    2017-01-28 6,  2018-02-16,    2019-02-05,
    2020-01-25 4,  2021-02-12,    2022-02-01,    2023-01-22 2,  2024-02-10,
    2025-01-29 6,  2026-02-17,    2027-02-06,    2028-01-26 5,  2029-02-13,
    2030-02-02,    2031-01-23 3,  2032-02-11,    2033-01-31 11, 2034-02-19,
    2035-02-08,    2036-01-28 6,  2037-02-15,    2038-02-04,    2039-01-24 5,
    2040-02-12,    2041-02-01,    2042-01-22 2,  2043-02-10,    2044-01-30 7,
    2045-02-17,    2046-02-06,    2047-01-26 5,  2048-02-14,    2049-02-02,
    2050-01-23 3";

fn tet(year: i16) -> Date {
    LunarDate { year, month: 1, leap: false, day: 1 }.solar().unwrap()
}

#[test]
fn tet_and_leap_months_are_the_published_ones() {
    let mut years = 0;
    for entry in PUBLISHED.split(',') {
        let mut words = entry.split_whitespace();
        let published: Date = words.next().unwrap().parse().unwrap();
        let leap: Option<i8> = words.next().map(|month| month.parse().unwrap());
        assert_eq!(tet(published.year()), published);
        assert_eq!(leap_month(published.year()), leap, "{}", published.year());
        years += 1;
    }
    assert_eq!(years, 61);
}

#[test]
fn vietnam_differs_from_china_where_it_is_known_to() {
    // The year, Tết in Vietnam, the Spring Festival in China.
    for (year, vietnam, china) in [
        (1968, date(1968, 1, 29), date(1968, 1, 30)),
        (1969, date(1969, 2, 16), date(1969, 2, 17)),
        (1985, date(1985, 1, 21), date(1985, 2, 20)),
        (2007, date(2007, 2, 17), date(2007, 2, 18)),
        (2026, date(2026, 2, 17), date(2026, 2, 17)),
        (2030, date(2030, 2, 2), date(2030, 2, 3)),
        (2053, date(2053, 2, 18), date(2053, 2, 19)),
    ] {
        assert_eq!(tet(year), vietnam);
        assert_eq!(solar_date(LunarYear::compute(year, 8.0).starts[0]), Some(china));
    }
    // In 1984 China doubled the tenth month; Vietnam doubled the second of 1985.
    assert_eq!(LunarYear::compute(1984, 8.0).leap, Some(10));
    assert_eq!(LunarYear::compute(1985, 8.0).leap, None);
    assert_eq!((leap_month(1984), leap_month(1985)), (None, Some(2)));
}

#[test]
fn hung_kings_day_is_the_published_one() {
    // Decided and announced each year as the 10th of the third month.
    for (year, day) in [
        (2007, date(2007, 4, 26)),
        (2023, date(2023, 4, 29)),
        (2024, date(2024, 4, 18)),
        (2025, date(2025, 4, 7)),
        (2026, date(2026, 4, 26)),
        (2027, date(2027, 4, 16)),
    ] {
        assert_eq!(LunarDate { year, month: 3, leap: false, day: 10 }.solar(), Some(day));
    }
}

#[test]
fn every_month_has_29_or_30_days_and_the_next_follows_it() {
    let mut expected = tet(FIRST);
    for year in LUNAR_YEARS {
        let lunar = LunarYear::of(year).unwrap();
        assert_eq!(lunar.months == 13, lunar.leap.is_some(), "{year}");
        let mut labels = Vec::new();
        for index in 0..lunar.months {
            let (number, leap) = lunar.label(index);
            let (first, length) = month(year, number, leap).unwrap();
            assert_eq!(first, expected, "{number} of {year}");
            assert!((29..=30).contains(&length), "{number} of {year} has {length} days");
            expected = days_after(first, length.into()).unwrap();
            // What the rules of holidays rely on.
            assert!(
                number > 10 || expected <= date(year, 12, 31),
                "{number} of {year} reaches into the next year"
            );
            labels.push(number);
        }
        let mut numbers = labels.clone();
        numbers.dedup();
        assert_eq!(numbers, (1..=12).collect::<Vec<i8>>(), "{year}");
        // Tết lies between 21 January and 21 February.
        let begins = tet(year);
        assert!((date(year, 1, 20)..=date(year, 2, 21)).contains(&begins), "{begins}");
    }
}

#[test]
fn every_day_goes_there_and_back() {
    let mut day = tet(FIRST);
    let mut count = 0;
    while let Some(lunar) = LunarDate::of(day) {
        assert_eq!(lunar.solar(), Some(day), "{lunar:?}");
        day = day.tomorrow().unwrap();
        count += 1;
    }
    assert_eq!(day.year(), LAST + 1, "the last lunar year ends in the next solar one");
    assert!(count > 109_500, "{count}");
    assert_eq!(LunarDate::of(tet(FIRST).yesterday().unwrap()), None);
}

#[test]
fn days_that_do_not_exist_have_no_date() {
    let of = |year, month, leap, day| LunarDate { year, month, leap, day }.solar();
    assert_eq!(of(2026, 1, true, 1), None, "2026 has no leap month");
    assert!(of(2025, 6, true, 1).is_some());
    assert_eq!(of(2025, 12, false, 30), None, "the last month of 2025 has 29 days");
    assert_eq!(of(2026, 13, false, 1), None);
    assert_eq!(of(2026, 1, false, 0), None);
    assert_eq!(of(2026, 1, false, 31), None);
    assert_eq!(of(FIRST - 1, 1, false, 1), None);
    assert_eq!(of(LAST + 1, 1, false, 1), None);
    assert_eq!(of(i16::MIN, 1, false, 1), None);
    assert_eq!(LunarDate::of(Date::MIN), None);
    assert_eq!(LunarDate::of(Date::MAX), None);
}

/// Machines round sines differently in the last digit. That moves an instant by less than a microsecond, and no
/// new moon and no boundary of a principal term comes that near to midnight: every machine finds the same day.
#[test]
fn no_rounding_can_move_a_day() {
    let sky = Sky { utc_offset: VIETNAM };
    let (first, last) = (day_number(date(1899, 11, 1)), day_number(date(2201, 2, 28)));
    let mut lunation = lunation_near(first);
    while sky.new_moon_day(lunation) <= last {
        let at = new_moon(lunation, VIETNAM);
        let from_midnight = (at - at.round()).abs() * 86_400.0;
        assert!(from_midnight > 1.0, "new moon {lunation} is {from_midnight} s from midnight");
        let midnight = at.floor();
        let second = 1.0 / 86_400.0;
        assert_eq!(
            sun_sector(midnight - second, VIETNAM),
            sun_sector(midnight + second, VIETNAM),
            "a principal term at midnight of new moon {lunation}"
        );
        lunation += 1;
    }
}

proptest! {
    #[test]
    fn any_lunar_date_is_itself_again(year in FIRST..=LAST, month in -1_i8..15, leap: bool, day in -1_i8..33) {
        let lunar = LunarDate { year, month, leap, day };
        if let Some(solar) = lunar.solar() {
            prop_assert_eq!(LunarDate::of(solar), Some(lunar));
        }
    }
}
