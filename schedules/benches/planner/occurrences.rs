//! Occurrences of the same expressions over the same ten years: ours, and the crates `cron` and `croner`.
//!
//! The crates count in a fixed offset of +07:00, which spares them the time zone; ours resolves Asia/Ho_Chi_Minh, and for
//! comparison Europe/Berlin, whose clock changes twice a year.

use crate::{Table, fastest};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loaxa_schedules::Cron;
use std::hint::black_box;
use std::str::FromStr;

const EXPRESSIONS: [(&str, &str); 5] = [
    ("every five minutes", "0 */5 * * * *"),
    ("daily", "0 30 5 * * *"),
    ("Monday to Friday", "0 0 17 * * Mon-Fri"),
    ("monthly", "0 0 8 1 * *"),
    ("29 February", "0 0 8 29 2 *"),
];

pub(crate) fn measure(table: &mut Table) {
    let (from, to) = (at("2026-01-01T00:00:00+07:00"), at("2036-01-01T00:00:00+07:00"));
    let (vietnam, berlin) =
        (TimeZone::get("Asia/Ho_Chi_Minh").unwrap(), TimeZone::get("Europe/Berlin").unwrap());
    for (name, expression) in EXPRESSIONS {
        let cron = Cron::parse(expression).unwrap();
        let range = |tz: &TimeZone| cron.occurrences(from, to, tz).len();
        let walk = || {
            let next = |at: &Timestamp| cron.next_after(*at, &vietnam).filter(|&at| at < to);
            std::iter::successors(cron.next_from(from, &vietnam), next).count()
        };
        let count = walk();
        let mut row = |who: &str, goal: &str, work: &dyn Fn() -> usize| {
            let (runs, found) = (if count > 100_000 { 5 } else { 50 }, work());
            let seconds = fastest(runs, || _ = black_box(work()));
            let unit =
                format!("ns each; {found} of them, {:.2} million a second", found as f64 / seconds / 1e6);
            table.add(format!("{name}: {who}"), goal, seconds / found as f64 * 1e9, &unit);
            found
        };
        let ours = [
            row("ours, a range", "< 285", &|| range(&vietnam)),
            row("ours, one after the other", "< 285", &walk),
        ];
        let theirs = [
            row("cron", "-", &|| other::cron(expression)),
            row("croner", "-", &|| other::croner(expression)),
        ];
        assert_eq!(ours, theirs, "{name}");
        row("ours, a range in Berlin", "-", &|| range(&berlin));
    }
    let daily = Cron::parse("0 30 5 * * *").unwrap();
    let days: Vec<Timestamp> = Cron::parse("@daily").unwrap().occurrences(from, to, &vietnam);
    let day_by_day = || {
        let each = days.windows(2).map(|day| daily.occurrences(day[0], day[1], &vietnam).len());
        assert_eq!(black_box(each.sum::<usize>()), days.len() - 1);
    };
    table.add(
        "daily: ours, asked day by day",
        "-",
        fastest(50, day_by_day) / days.len() as f64 * 1e9,
        "ns a day",
    );
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

mod other {
    use super::FromStr;
    use chrono::{DateTime, FixedOffset, TimeZone as _};

    fn ten_years() -> (DateTime<FixedOffset>, DateTime<FixedOffset>) {
        let offset = FixedOffset::east_opt(7 * 3600).unwrap();
        // Both begin strictly after.
        let before = offset.with_ymd_and_hms(2025, 12, 31, 23, 59, 59).unwrap();
        (before, offset.with_ymd_and_hms(2036, 1, 1, 0, 0, 0).unwrap())
    }

    pub(super) fn cron(expression: &str) -> usize {
        let (from, to) = ten_years();
        cron::Schedule::from_str(expression).unwrap().after(&from).take_while(|at| *at < to).count()
    }

    pub(super) fn croner(expression: &str) -> usize {
        let (from, to) = ten_years();
        croner::Cron::from_str(expression).unwrap().iter_after(from).take_while(|at| *at < to).count()
    }
}
