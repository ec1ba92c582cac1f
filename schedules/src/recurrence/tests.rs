#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::vocabulary::instant_of;
use proptest::prelude::*;

fn tz(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// Civil starts of a cron expression in a stretch of civil time.
fn check(cron: &str, zone: &str, from: &str, to: &str, expect: &[&str]) {
    let tz = tz(zone);
    let at = |text: &str| instant_of(text.parse().unwrap(), &tz);
    let found = Cron::parse(cron).unwrap().occurrences(at(from), at(to), &tz);
    let found: Vec<String> =
        found.iter().map(|at| at.to_zoned(tz.clone()).strftime("%a %m-%d %H:%M:%S%:z").to_string()).collect();
    assert_eq!(found, expect, "{cron}");
}

#[test]
fn five_fields_count_days_as_unix_does() {
    let week = ("2026-11-23T00:00", "2026-11-30T00:00");
    let check = |cron: &str, expect: &[&str]| check(cron, "Asia/Ho_Chi_Minh", week.0, week.1, expect);
    check("0 17 * * 1", &["Mon 11-23 17:00:00+07:00"]);
    check("0 17 * * 0", &["Sun 11-29 17:00:00+07:00"]);
    check("0 17 * * 7", &["Sun 11-29 17:00:00+07:00"]);
    check("0 17 * * sun,Wednesday", &["Wed 11-25 17:00:00+07:00", "Sun 11-29 17:00:00+07:00"]);
    check(
        "0 17 * * 6-1",
        &["Mon 11-23 17:00:00+07:00", "Sat 11-28 17:00:00+07:00", "Sun 11-29 17:00:00+07:00"],
    );
    check(
        "30 5 * * 1-5/2",
        &["Mon 11-23 05:30:00+07:00", "Wed 11-25 05:30:00+07:00", "Fri 11-27 05:30:00+07:00"],
    );
}

#[test]
fn six_fields_count_days_as_quartz_does() {
    let check = |cron: &str, expect: &[&str]| {
        check(cron, "Asia/Ho_Chi_Minh", "2026-11-23T00:00", "2026-11-30T00:00", expect);
    };
    check("0 0 17 * * 1", &["Sun 11-29 17:00:00+07:00"]);
    check(
        "5 0 17 * * FRI-mon",
        &[
            "Mon 11-23 17:00:05+07:00",
            "Fri 11-27 17:00:05+07:00",
            "Sat 11-28 17:00:05+07:00",
            "Sun 11-29 17:00:05+07:00",
        ],
    );
    check("0 0 17 ? * Mon 2026", &["Mon 11-23 17:00:00+07:00"]);
    check("0 0 17 ? * Mon 2027", &[]);
    // Day of month AND day of week.
    check("0 0 17 24 * Mon", &[]);
    check("0 0 17 23 * Mon", &["Mon 11-23 17:00:00+07:00"]);
}

#[test]
fn a_gap_comes_later_and_a_fold_comes_once() {
    let check =
        |cron: &str, from: &str, to: &str, expect: &[&str]| check(cron, "Europe/Berlin", from, to, expect);
    check(
        "0 30 2 * * *",
        "2026-03-28T12:00",
        "2026-03-30T12:00",
        &["Sun 03-29 03:30:00+02:00", "Mon 03-30 02:30:00+02:00"],
    );
    // 02:30 becomes 03:30 and meets its own 03:30; in order, and once.
    check(
        "0 15,30 2,3 * * *",
        "2026-03-29T00:00",
        "2026-03-29T12:00",
        &["Sun 03-29 03:15:00+02:00", "Sun 03-29 03:30:00+02:00"],
    );
    check("0 30 2 * * *", "2026-10-25T00:00", "2026-10-26T00:00", &["Sun 10-25 02:30:00+02:00"]);
    // A range that begins inside the shifted hour still sees it.
    check("0 30 2 * * *", "2026-03-29T03:30", "2026-03-29T03:31", &["Sun 03-29 03:30:00+02:00"]);
}

#[test]
fn a_day_that_a_zone_skipped_comes_a_day_later() {
    check(
        "0 0 12 30 12 *",
        "Pacific/Apia",
        "2011-12-29T00:00",
        "2012-01-02T00:00",
        &["Sat 12-31 12:00:00+14:00"],
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_a_remedy() {
    for expression in [
        "",
        "* * *",
        "0 0 25 * * *",
        "0 17 * * 8",
        "0 0 17 * * 0",
        "0 0 17 * * Monkey",
        "0 0 17 * * 1/0",
        "@reboot",
        "0 */90 * * * *",
        "0 0 17 32 * *",
        "0 0 17 L-31 * *",
        "0 0 17 L5 * *",
        "0 0 17 * * L",
        "0 0 17 * * Fri#6",
        "0 0 17 * * Fri#0",
        "0 0 17 * * * 2030-2026",
        "0 0 17 * * * 1969",
        "1,,2 17 * * *",
    ] {
        let error = Cron::parse(expression).unwrap_err();
        assert_eq!(error.code(), "bad_cron", "{expression}");
        assert!(error.to_string().contains(expression), "{error}");
    }
    for expression in
        ["0 0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 1 * Mon#2", "0 0 30W 2 *", "0 0 0 29 2 * 2027"]
    {
        assert_eq!(Cron::parse(expression).unwrap_err().code(), "never_fires", "{expression}");
    }
}

#[test]
fn days_that_only_a_month_knows() {
    let check = |cron: &str, expect: &[&str]| {
        let tz = TimeZone::UTC;
        let at = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
        let found = Cron::parse(cron).unwrap().occurrences(at("2026-01-01"), at("2026-04-01"), &tz);
        let found: Vec<String> = found.iter().map(|at| at.strftime("%a %m-%d").to_string()).collect();
        assert_eq!(found, expect, "{cron}");
    };
    check("0 0 L * *", &["Sat 01-31", "Sat 02-28", "Tue 03-31"]);
    check("0 0 L-2 * *", &["Thu 01-29", "Thu 02-26", "Sun 03-29"]);
    check("0 0 LW * *", &["Fri 01-30", "Fri 02-27", "Tue 03-31"]);
    check("0 0 L-2W * *", &["Thu 01-29", "Thu 02-26", "Mon 03-30"]);
    check("0 0 1W * *", &["Thu 01-01", "Mon 02-02", "Mon 03-02"]);
    check("0 0 15w,L * *", &["Thu 01-15", "Sat 01-31", "Mon 02-16", "Sat 02-28", "Mon 03-16", "Tue 03-31"]);
    check("0 0 30W * *", &["Fri 01-30", "Mon 03-30"]);
    check("0 0 * * Mon#2", &["Mon 01-12", "Mon 02-09", "Mon 03-09"]);
    check("0 0 * * Fri#5", &["Fri 01-30"]);
    check("0 0 0 ? * 6L", &["Fri 01-30", "Fri 02-27", "Fri 03-27"]);
    check(
        "0 0 * * friL,Sun#1",
        &["Sun 01-04", "Fri 01-30", "Sun 02-01", "Fri 02-27", "Sun 03-01", "Fri 03-27"],
    );
    check("0 0 13 * +Fri", &["Fri 02-13", "Fri 03-13"]);
}

#[test]
fn nicknames_stand_for_expressions() {
    let check = |nickname: &str, meaning: &str| {
        let (nickname, meaning) = (Cron::parse(nickname).unwrap(), Cron::parse(meaning).unwrap());
        assert_eq!((nickname.times, nickname.days), (meaning.times, meaning.days));
    };
    check("@yearly", "0 0 0 1 Jan *");
    check("@Annually", "0 0 1 1 *");
    check("@monthly", "0 0 1 * *");
    check("@weekly", "0 0 * * 7");
    check("@daily", "0 0 * * *");
    check("@midnight", "0 0 0 * * * *");
    check("@hourly", "0 * * * *");
}

#[test]
fn next_is_found_far_away_and_not_beyond_the_last_year() {
    let tz = tz("Asia/Ho_Chi_Minh");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let leap = Cron::parse("0 0 0 29 2 *").unwrap();
    assert_eq!(leap.next_after(at("2026-01-01T00:00:00Z"), &tz), Some(at("2028-02-28T17:00:00Z")));
    assert_eq!(leap.next_after(at("2028-02-28T17:00:00Z"), &tz), Some(at("2032-02-28T17:00:00Z")));
    let past = Cron::parse("0 0 0 1 1 * 2020").unwrap();
    assert_eq!(past.next_after(at("2026-01-01T00:00:00Z"), &tz), None);
}

proptest! {
    /// Cutting a range anywhere changes nothing, and `next_from` walks through the same starts.
    #[test]
    fn ranges_join_and_next_agrees(
        zone in prop::sample::select(vec!["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
        cron in prop::sample::select(vec!["0 */20 * * * *", "0 30 2 * * *", "15 45 0,1,2,3 * * Sun", "*/30 59 1 * 3,4,10,11 *"]),
        start in 1_700_000_000_i64..1_900_000_000,
        length in 0_i64..600_000,
        cut in 0_i64..600_000,
    ) {
        let tz = tz(zone);
        let cron = Cron::parse(cron).unwrap();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let (from, to) = (at(start), at(start + length));
        let middle = at(start + cut.min(length));
        let whole = cron.occurrences(from, to, &tz);
        let mut joined = cron.occurrences(from, middle, &tz);
        joined.extend(cron.occurrences(middle, to, &tz));
        prop_assert_eq!(&whole, &joined);
        let mut walked = Vec::new();
        let mut next = cron.next_from(from, &tz);
        while let Some(at) = next.filter(|&at| at < to) {
            walked.push(at);
            next = cron.next_after(at, &tz);
        }
        prop_assert_eq!(whole, walked);
    }

    #[test]
    fn no_expression_panics(text in "[-0-9*/?,#@+LW a-zA-Z]{0,30}") {
        let _ = Cron::parse(&text);
    }
}
