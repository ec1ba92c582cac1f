//! Cron expressions as other implementations understand them: their published test cases, as facts, in `cron/*.txt`.
//!
//! A line is a case: `next | expression | zone | after | starts…` (strictly after), `fires | expression | zone | at |
//! yes or no`, `read | expression | yes or no`. Where we differ on purpose two lines follow, `ours | …` and
//! `differs | why`; `ours | refused` where we do not read the expression. `docs/cron.md` lists the differences.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::Cron;

const FILES: [(&str, &str); 5] = [
    ("croner", include_str!("cron/croner.txt")),
    ("croniter", include_str!("cron/croniter.txt")),
    ("quartz", include_str!("cron/quartz.txt")),
    ("robfig-cron", include_str!("cron/robfig-cron.txt")),
    ("spring", include_str!("cron/spring.txt")),
];

struct Case {
    question: Vec<String>,
    theirs: String,
    /// What we answer instead, and why.
    ours: Option<String>,
    reason: Option<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let mut fields: Vec<String> = line.split('|').map(|field| field.trim().to_owned()).collect();
        let last = fields.pop().unwrap();
        match (fields[0].as_str(), cases.last_mut()) {
            ("ours", Some(case)) => case.ours = Some(last),
            ("differs", Some(case)) => case.reason = Some(last),
            _ => cases.push(Case { question: fields, theirs: last, ours: None, reason: None }),
        }
    }
    cases
}

/// Our answer, written as the case's own answer is written.
fn answer(question: &[String], expected: &str) -> String {
    let question: Vec<&str> = question.iter().map(String::as_str).collect();
    match question[..] {
        ["read", expression] => yes(Cron::parse(expression).is_ok()),
        ["fires", expression, zone, at] => {
            let tz = TimeZone::get(zone).unwrap();
            let at = instant(at, &tz);
            yes(Cron::parse(expression).unwrap().next_from(at, &tz) == Some(at))
        }
        ["next", expression, zone, after] => {
            let Ok(cron) = Cron::parse(expression) else { return "refused".into() };
            let tz = TimeZone::get(zone).unwrap();
            let mut at = instant(after, &tz);
            let mut found = Vec::new();
            for expected in expected.split_whitespace() {
                let next = cron.next_after(at, &tz).unwrap();
                let same = expected != "refused" && instant(expected, &tz) == next;
                found.push(if same { expected.to_owned() } else { next.to_zoned(tz.clone()).to_string() });
                at = next;
            }
            // The same by ranges.
            let end = at.checked_add(SignedDuration::from_nanos(1)).unwrap();
            let start = instant(after, &tz).checked_add(SignedDuration::from_nanos(1)).unwrap();
            assert_eq!(cron.occurrences(start, end, &tz).len(), found.len(), "{expression}");
            found.join(" ")
        }
        _ => panic!("{question:?} is no case"),
    }
}

fn yes(yes: bool) -> String {
    if yes { "yes".into() } else { "no".into() }
}

/// An instant, or a civil time; one that happens twice is its first.
fn instant(text: &str, tz: &TimeZone) -> Timestamp {
    text.parse().unwrap_or_else(|_| tz.to_timestamp(text.parse::<DateTime>().unwrap()).unwrap())
}

#[test]
fn every_published_case_is_answered_as_written() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, text) in FILES {
        for case in cases(text) {
            count += 1;
            let name = format!("{file}: {}", case.question.join(" | "));
            assert_eq!(case.ours.is_some(), case.reason.is_some(), "{name}: ours and differs go together");
            let expected = case.ours.as_ref().unwrap_or(&case.theirs);
            if case.ours.as_ref() == Some(&case.theirs) {
                wrong.push(format!("{name}: ours is no different"));
            }
            let found = answer(&case.question, expected);
            if found != *expected {
                wrong.push(format!("{name}\n    expected {expected}\n    found    {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 200, "only {count} cases were read");
}

/// The page names each reason for a difference, word for word.
#[test]
fn the_documentation_lists_every_difference() {
    let page = include_str!("../../docs/cron.md");
    let page: Vec<&str> = page.split_whitespace().collect();
    let page = page.join(" ");
    for (file, text) in FILES {
        for case in cases(text) {
            let example = format!("`{}`", case.question[1]);
            assert!(case.ours.is_none() || page.contains(&example), "{file}: docs/cron.md lacks {example}");
        }
    }
}
