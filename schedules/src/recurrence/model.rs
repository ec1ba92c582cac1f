//! A second, naive opinion: every minute of the calendar is asked one by one, and the time zone database about each
//! civil time that fires.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::Cron;
use crate::vocabulary::instant_of;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneTransition};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum OfMonth {
    Day(i8),
    BeforeLast(i8),
    Near(i8),
    NearBeforeLast(i8),
}

#[derive(Debug, Clone)]
enum OfWeek {
    Each(i8),
    Nth(i8, i8),
    Last(i8),
}

/// An expression; an empty list is `*`.
#[derive(Debug, Clone)]
struct Spec {
    seconds: Vec<i8>,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    of_month: Vec<OfMonth>,
    months: Vec<i8>,
    /// 0 is Sunday.
    of_week: Vec<OfWeek>,
    years: Vec<i16>,
    named: bool,
}

impl Spec {
    fn text(&self) -> String {
        fn list<T>(values: &[T], show: impl Fn(&T) -> String) -> String {
            if values.is_empty() { "*".into() } else { values.iter().map(show).collect::<Vec<_>>().join(",") }
        }
        let weekday = |day: &i8| match self.named {
            true => {
                ["sun", "Mon", "TUE", "wednes", "Thu", "Friday", "sAt"][usize::try_from(*day).unwrap()].into()
            }
            false => (day + 1).to_string(),
        };
        let of_month = list(&self.of_month, |day| match day {
            OfMonth::Day(day) => day.to_string(),
            OfMonth::BeforeLast(0) => "L".into(),
            OfMonth::BeforeLast(days) => format!("L-{days}"),
            OfMonth::Near(day) => format!("{day}W"),
            OfMonth::NearBeforeLast(0) => "LW".into(),
            OfMonth::NearBeforeLast(days) => format!("L-{days}W"),
        });
        let of_week = list(&self.of_week, |day| match day {
            OfWeek::Each(day) => weekday(day),
            OfWeek::Nth(day, nth) => format!("{}#{nth}", weekday(day)),
            OfWeek::Last(day) => format!("{}L", weekday(day)),
        });
        let numbers = |numbers: &[i8]| list(numbers, i8::to_string);
        format!(
            "{} {} {} {of_month} {} {of_week} {}",
            list(&self.seconds, i8::to_string),
            numbers(&self.minutes),
            numbers(&self.hours),
            numbers(&self.months),
            list(&self.years, i16::to_string),
        )
    }

    fn fires_on(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset();
        let before_last = date.days_in_month() - date.day();
        let in_month = |nth: &dyn Fn(Date) -> bool| {
            date.first_of_month()
                .series(1.day())
                .take(31)
                .filter(|day| day.month() == date.month() && nth(*day))
                .collect::<Vec<_>>()
        };
        let working = in_month(&|day| (1..=5).contains(&day.weekday().to_sunday_zero_offset()));
        let nearest = |day: i8| {
            (1..=date.days_in_month()).contains(&day)
                && working.iter().min_by_key(|at| (at.day() - day).abs()) == Some(&date)
        };
        let same = in_month(&|day| day.weekday() == date.weekday());
        let of_month = self.of_month.iter().any(|rule| match *rule {
            OfMonth::Day(day) => day == date.day(),
            OfMonth::BeforeLast(days) => days == before_last,
            OfMonth::Near(day) => nearest(day),
            OfMonth::NearBeforeLast(days) => nearest(date.days_in_month() - days),
        });
        let of_week = self.of_week.iter().any(|rule| match *rule {
            OfWeek::Each(day) => day == weekday,
            OfWeek::Nth(day, nth) => {
                day == weekday && same.get(usize::try_from(nth - 1).unwrap()) == Some(&date)
            }
            OfWeek::Last(day) => day == weekday && same.last() == Some(&date),
        });
        (self.of_month.is_empty() || of_month)
            && (self.of_week.is_empty() || of_week)
            && (self.months.is_empty() || self.months.contains(&date.month()))
            && (self.years.is_empty() || self.years.contains(&date.year()))
    }

    fn occurrences(&self, from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Timestamp> {
        let civil = |at: Timestamp| tz.to_datetime(at);
        let wide = SignedDuration::from_hours(27);
        let (mut at, end) = (civil(from).saturating_sub(wide), civil(to).saturating_add(wide));
        at = at.date().at(at.hour(), at.minute(), 0, 0);
        let mut found = Vec::new();
        let mut today: Option<(Date, bool)> = None;
        while at < end {
            let fires = match today {
                Some((date, fires)) if date == at.date() => fires,
                _ => self.fires_on(at.date()),
            };
            today = Some((at.date(), fires));
            let holds = |values: &[i8], value: i8| values.is_empty() || values.contains(&value);
            if fires && holds(&self.hours, at.hour()) && holds(&self.minutes, at.minute()) {
                let seconds = (0..60).filter(|&second| holds(&self.seconds, second));
                let civil = seconds.map(|second| at.saturating_add(i64::from(second).seconds()));
                found.extend(civil.map(|civil| instant_of(civil, tz)));
            }
            at = at.saturating_add(1.minute());
        }
        found.retain(|&at| from <= at && at < to);
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn some<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
    most: usize,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(value, 0..=most)
}

fn spec() -> impl Strategy<Value = Spec> {
    let seconds = prop_oneof![6 => Just(vec![0]), 1 => some(0_i8..60, 3)];
    let of_month = prop_oneof![
        (1_i8..=31).prop_map(OfMonth::Day),
        (0_i8..=30).prop_map(OfMonth::BeforeLast),
        (1_i8..=31).prop_map(OfMonth::Near),
        (0_i8..=30).prop_map(OfMonth::NearBeforeLast),
    ];
    let of_week = prop_oneof![
        (0_i8..7).prop_map(OfWeek::Each),
        (0_i8..7, 1_i8..=5).prop_map(|(day, nth)| OfWeek::Nth(day, nth)),
        (0_i8..7).prop_map(OfWeek::Last),
    ];
    let days = prop_oneof![
        3 => (Just(Vec::new()), Just(Vec::new())),
        1 => (some(of_month.clone(), 8), Just(Vec::new())),
        1 => (Just(Vec::new()), some(of_week.clone(), 4)),
        1 => (some(of_month, 12), some(of_week, 6)),
    ];
    let years = prop_oneof![5 => Just(Vec::new()), 1 => some(1970_i16..2040, 30)];
    let months = prop_oneof![3 => Just(Vec::new()), 1 => some(1_i8..=12, 8)];
    (seconds, some(0_i8..60, 4), some(0_i8..24, 8), days, months, years, any::<bool>()).prop_map(
        |(seconds, minutes, hours, (of_month, of_week), months, years, named)| Spec {
            seconds,
            minutes,
            hours,
            of_month,
            months,
            of_week,
            years,
            named,
        },
    )
}

/// Every zone of the machine's database; those of `right/` count leap seconds.
fn zones() -> Vec<String> {
    let known = jiff::tz::db().available().map(|name| name.to_string());
    known.filter(|name| !name.starts_with("right/") && !name.starts_with("posix/")).collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// Zones with odd offsets, gaps at midnight and days that never were, and any other.
fn any_zone() -> impl Strategy<Value = String> {
    let odd = [
        "Pacific/Apia",
        "Pacific/Kwajalein",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "America/Havana",
        "Africa/Cairo",
        "Pacific/Chatham",
        "Africa/Monrovia",
        "Antarctica/Troll",
        "Europe/Dublin",
        "Asia/Gaza",
        "Africa/Casablanca",
        "America/Scoresbysund",
    ];
    prop_oneof![prop::sample::select(odd.map(String::from).to_vec()), prop::sample::select(zones())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Half of the ranges hold a change of the clock, where there is one.
    #[test]
    fn every_minute_agrees(
        spec in spec(),
        name in any_zone(),
        second in 0_i64..2_200_000_000,
        at_a_change in any::<bool>(),
        before in 0_i64..130_000,
        length in 0_i64..260_000,
    ) {
        let Ok(cron) = Cron::parse(&spec.text()) else {
            // "30 February" and its like; that the refusal is right is another property's.
            return Ok(());
        };
        let tz = zone(&name);
        let mut from = Timestamp::from_second(second).unwrap();
        if at_a_change {
            let change = tz.following(from).next().or_else(|| tz.preceding(from).next());
            from = change.map_or(from, |change: TimeZoneTransition<'_>| change.timestamp()) - SignedDuration::from_secs(before);
        }
        let to = from + SignedDuration::from_secs(length);
        let expected = spec.occurrences(from, to, &tz);
        prop_assert_eq!(&cron.occurrences(from, to, &tz), &expected, "{} in {}", spec.text(), name);
        prop_assert_eq!(cron.next_from(from, &tz).filter(|&at| at < to), expected.first().copied());
        let later = expected.iter().copied().find(|&at| at > from);
        prop_assert_eq!(cron.next_after(from, &tz).filter(|&at| at < to), later);
    }

    #[test]
    fn every_day_agrees(spec in spec(), year in 1970_i16..2040) {
        let first = Date::new(year, 1, 1).unwrap();
        let days: Vec<Date> = first.series(1.day()).take_while(|day| day.year() == year).collect();
        match Cron::parse(&spec.text()) {
            Ok(cron) => {
                for day in days {
                    prop_assert_eq!(cron.fires_on(day), spec.fires_on(day), "{} on {}", spec.text(), day);
                }
            }
            Err(error) => {
                prop_assert_eq!(error.code(), "never_fires");
                prop_assert!(!days.into_iter().any(|day| spec.fires_on(day)), "{} is refused", spec.text());
            }
        }
    }
}

/// Around each change that any zone has ever had or will have until 2037, 48 times a day.
#[test]
fn every_change_of_every_zone_agrees() {
    let cron = Cron::parse("0 7,37 * * * *").unwrap();
    let mut changes = 0;
    for name in zones() {
        let tz = zone(&name);
        let end = Timestamp::from_second(2_145_000_000).unwrap();
        for change in tz.following(Timestamp::MIN).take_while(|change| change.timestamp() < end) {
            let (from, to) = (change.timestamp() - 26.hours(), change.timestamp() + 26.hours());
            let mut expected = civil_half_hours(&tz, from, to);
            expected.retain(|&at| from <= at && at < to);
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(cron.occurrences(from, to, &tz), expected, "{name} at {}", change.timestamp());
            changes += 1;
        }
    }
    assert!(changes > 20_000, "only {changes} changes were seen");
}

fn civil_half_hours(tz: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let first: DateTime = tz.to_datetime(from).date().yesterday().unwrap().at(0, 7, 0, 0);
    let last = tz.to_datetime(to).saturating_add(26.hours());
    let times = (0..).map(|nth: i64| first + SignedDuration::from_mins(30 * nth));
    times.take_while(|&at| at < last).map(|at| instant_of(at, tz)).collect()
}
