#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod accounts;
mod checks;
mod owed;
mod properties;
mod turns;
mod wanted;

use super::book::{Book, Opened, Want};
use crate::plan::{Origin, PastAiring, Permit, SlotKey, Snapshot};
use crate::vocabulary::*;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;
use uuid::Uuid;

const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn id(n: u128) -> SegmentId {
    SegmentId(Uuid::from_u128(n))
}

fn segment(n: u128, seconds: i64) -> SegmentFacts {
    SegmentFacts {
        id: id(n),
        title: format!("s{n}"),
        class: Class::Normal,
        language: "vi".into(),
        music: false,
        original_sha256: String::new(),
        trim: None,
        standing: Standing::Approved,
        prepared: Some(PreparedFacts { hash: String::new(), duration: SignedDuration::from_secs(seconds) }),
        valid_from: None,
        valid_until: None,
        approved_by: None,
        ordered: None,
    }
}

fn window(n: u128, days: &[Weekday], start: &str, end: &str) -> Window {
    Window {
        id: WindowId(Uuid::from_u128(n)),
        name: format!("w{n}"),
        days: days.to_vec(),
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        zones: vec![],
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: vec![],
    }
}

/// `"2026-03-02..2026-03-29 5 a week in 1 2"`
fn phase(text: &str) -> Phase {
    let mut words = text.split_whitespace();
    let (from, to) = words.next().unwrap().split_once("..").unwrap();
    let count = words.next().unwrap().parse().unwrap();
    let per = match words.nth(1).unwrap() {
        "day" => Period::Day,
        "week" => Period::Week,
        "phase" => Period::Phase,
        other => panic!("{other}"),
    };
    let windows = words.skip(1).map(|n| WindowId(Uuid::from_u128(n.parse().unwrap()))).collect();
    Phase { name: text.into(), from: date(from), to: date(to), windows, airings: Quota { count, per } }
}

fn campaign(n: u128, phases: &[&str]) -> Campaign {
    Campaign {
        id: CampaignId(Uuid::from_u128(n)),
        name: format!("c{n}"),
        segments: (1..=3).map(|n| Share { id: id(n), weight: 1 }).collect(),
        rotation: Rotation::InOrder,
        class: Class::Normal,
        zones: vec![],
        languages: vec![],
        min_spacing_minutes: 0,
        phases: phases.iter().map(|text| phase(text)).collect(),
        owner: None,
        order: 0,
    }
}

/// Segments 1 to 9 last a minute each.
fn station(windows: Vec<Window>, campaigns: Vec<Campaign>) -> Snapshot {
    Snapshot {
        windows,
        campaigns,
        segments: (1..10).map(|n| segment(n, 60)).collect(),
        ..Snapshot::empty(TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}:00+07:00").parse().unwrap()
}

/// `"2026-03-02T17:00 0/2026-03-02/1+1 missed"` of the first campaign, with segment 1.
fn past(text: &str) -> PastAiring {
    let mut words = text.split_whitespace();
    let planned_start = at(words.next().unwrap());
    let campaign = CampaignId(Uuid::from_u128(1));
    let key = SlotKey(format!("{campaign}/{}", words.next().unwrap()));
    let outcome: Outcome = serde_json::from_value(words.next().unwrap().into()).unwrap();
    let played = match outcome {
        Outcome::Aired => SignedDuration::from_secs(60),
        Outcome::Partial => SignedDuration::from_secs(20),
        _ => SignedDuration::ZERO,
    };
    PastAiring {
        key,
        origin: Origin::Campaign(campaign),
        segment: words.next().map_or(id(1), |n| id(n.parse().unwrap())),
        planned_start,
        outcome,
        reason: None,
        offset: SignedDuration::ZERO,
        played,
        ended: planned_start.saturating_add(played).unwrap(),
    }
}

fn openings(snapshot: &Snapshot, day: Date) -> Vec<Opened> {
    let opening = |window: &Window| Opened {
        window: window.id,
        permit: Permit {
            from: instant_of(window.start.on(day), &snapshot.timezone),
            until: instant_of(window.end.on(day), &snapshot.timezone),
        },
    };
    snapshot.windows.iter().map(opening).collect()
}

/// Asks about these days one after the other; `room` says how many find a place on a day. Answers every want
/// with whether it was placed.
fn days(
    snapshot: &Snapshot,
    from: &str,
    count: i64,
    room: impl Fn(Date) -> usize,
) -> BTreeMap<Date, Vec<(Want, bool)>> {
    let mut book = Book::new(snapshot);
    let mut days = BTreeMap::new();
    for offset in 0..count {
        let day = date(from).saturating_add(offset.days());
        let wants = book.wants(day, &|_| openings(snapshot, day));
        let mut left = room(day);
        let mut told = Vec::new();
        let mut start = instant_of(day.at(5, 0, 0, 0), &snapshot.timezone);
        for want in wants {
            let fits = want.closed.is_none() && left > 0;
            if fits {
                left -= 1;
                let segment = book.turn(want.campaign).first().copied().unwrap();
                book.placed(&want, segment, start);
                start = start.saturating_add(5.minutes()).unwrap();
            }
            told.push((want, fits));
        }
        days.insert(day, told);
    }
    days
}

/// One word a day on which anything is wanted: `"03-02 1 2 3+1!"`; `!` is refused for good, `?` refused for the day,
/// `()` closed already. Numbers of other periods are told with their period's day: `03-01/2+1`.
fn words(days: &BTreeMap<Date, Vec<(Want, bool)>>) -> Vec<String> {
    let mut told = Vec::new();
    for (day, wants) in days.iter().filter(|(_, wants)| !wants.is_empty()) {
        let mut line = day.strftime("%m-%d").to_string();
        for (want, placed) in wants {
            let key: Vec<&str> = want.key.as_str().split('/').skip(1).collect();
            let phase = if key[0] == "0" { String::new() } else { format!("{}/", key[0]) };
            let here = key[1] == day.to_string() || !want.make_good;
            let number = if here { key[2].to_owned() } else { format!("{}/{}", &key[1][5..], key[2]) };
            let number = match want {
                Want { closed: Some(_), .. } => format!("({number})"),
                _ if *placed => number,
                Want { last_chance: true, .. } => format!("{number}!"),
                _ => format!("{number}?"),
            };
            line = format!("{line} {phase}{number}");
        }
        told.push(line);
    }
    told
}

const ALWAYS: fn(Date) -> usize = |_| usize::MAX;

/// So many minutes after midnight of the day on which turns are taken.
fn minute(count: usize) -> Timestamp {
    at("2026-03-02T00:00").saturating_add(i64::try_from(count).unwrap().minutes()).unwrap()
}
