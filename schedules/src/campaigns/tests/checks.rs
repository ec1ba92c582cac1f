//! What is refused before it is saved.

use super::super::check_campaign;
use super::*;
use crate::error::ScheduleError;

fn sound() -> Snapshot {
    let zone = |n: u128| ZoneId(Uuid::from_u128(n));
    let mut snapshot = station(vec![window(1, &WEEKDAYS, "17:00", "17:30")], vec![]);
    snapshot.zones = vec![
        Zone { id: zone(1), name: "a".into(), volume_db: 0.0 },
        Zone { id: zone(2), name: "b".into(), volume_db: 0.0 },
    ];
    snapshot.windows.push(Window { zones: vec![zone(2)], ..window(2, &WEEKDAYS, "05:00", "05:30") });
    snapshot
}

#[test]
fn what_is_wrong_is_said_with_a_remedy() {
    let good = || campaign(1, &["2026-03-02..2026-03-29 5 a week in 1"]);
    check_campaign(&good(), &sound()).unwrap();
    let phased = |text: &str| Campaign { phases: vec![phase(text)], ..good() };
    let zone = |n: u128| ZoneId(Uuid::from_u128(n));
    for (wrong, says) in [
        (Campaign { name: " ".into(), ..good() }, "give it one"),
        (Campaign { segments: vec![], ..good() }, "no segment"),
        (Campaign { segments: vec![Share { id: id(1), weight: 0 }], ..good() }, "weighs 0"),
        (Campaign { segments: vec![Share { id: id(1), weight: 1 }; 2], ..good() }, "named twice"),
        (Campaign { class: Class::Emergency, ..good() }, "never planned"),
        (Campaign { zones: vec![zone(1), zone(1)], ..good() }, "named twice"),
        (Campaign { zones: vec![zone(7)], ..good() }, "is not here"),
        (Campaign { languages: vec!["tiếng Việt".into()], ..good() }, "not a language tag"),
        (Campaign { languages: vec!["v".into()], ..good() }, "not a language tag"),
        (Campaign { languages: vec!["hmn".into()], ..good() }, "none of its segments is in hmn"),
        (Campaign { min_spacing_minutes: 10_081, ..good() }, "more than a week"),
        (Campaign { phases: vec![], ..good() }, "no phase"),
        (phased("2026-03-29..2026-03-02 5 a week in 1"), "correct one of them"),
        (phased("2026-03-02..2037-03-02 5 a week in 1"), "ten years"),
        (phased("2026-03-02..2026-03-29 0 a week in 1"), "give 1 to 1000"),
        (phased("2026-03-02..2026-03-29 1001 a week in 1"), "give 1 to 1000"),
        (phased("2026-03-02..2026-03-29 5 a week in 1 1"), "window is named twice"),
        (phased("2026-03-02..2026-03-29 5 a week in 9"), "is not here"),
        (phased("2026-03-07..2026-03-08 5 a week in 1"), "opens all of its zones"),
        (phased("2026-03-02..2026-03-29 5 a week in 2"), "opens all of its zones"),
        (
            Campaign { zones: vec![zone(1)], ..phased("2026-03-02..2026-03-29 5 a week in 2") },
            "opens none of its zones",
        ),
    ] {
        let error = check_campaign(&wrong, &sound()).unwrap_err();
        assert_eq!(error.code(), "bad_campaign");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.vietnamese(), None);
    }
    let mut snapshot = sound();
    snapshot.segments[2].class = Class::Emergency;
    let error = check_campaign(&good(), &snapshot).unwrap_err();
    assert!(error.to_string().contains("\"s3\" is an emergency"), "{error}");
}

#[test]
fn good_language_tags_pass() {
    for tag in ["vi", "hmn", "vi-VN", "zh-Hant-TW", "tai-x-1"] {
        let tagged =
            Campaign { languages: vec![tag.into()], ..campaign(1, &["2026-03-02..2026-03-29 1 a day"]) };
        tagged.check().unwrap();
    }
}

/// The most that the windows hold; a count of that many passes, one more is refused with `says`.
#[track_caller]
fn check(snapshot: &Snapshot, spacing: u32, per: &str, most: u32, says: &str) {
    let asked = |count: u32| {
        let text = format!("2026-03-02..2026-03-15 {count} a {per}");
        let mut asked = Campaign { min_spacing_minutes: spacing, ..campaign(1, &[&text]) };
        asked.phases[0].name = "peak".into();
        check_campaign(&asked, snapshot)
    };
    if most > 0 {
        asked(most).unwrap();
    }
    let error = asked(most + 1).unwrap_err();
    assert_eq!(error.code(), "quota_impossible");
    assert!(error.to_string().contains(says), "{error}");
    assert!(
        error
            .to_string()
            .ends_with(&format!(": at most {most}; lower the count, shorten the recording or add a window"))
    );
}

/// Recordings of so many seconds, a window of so many minutes from 17:00.
fn held(seconds: i64, minutes: u32, limits: Limits) -> Snapshot {
    let end = format!("{}:{:02}", 17 + minutes / 60, minutes % 60);
    let mut snapshot = station(vec![Window { limits, ..window(1, &WEEKDAYS, "17:00", &end) }], vec![]);
    snapshot.windows[0].name = "Y".into();
    snapshot.segments = (1..=3).map(|n| segment(n, seconds)).collect();
    snapshot
}

#[test]
fn an_impossible_quota_is_said_with_the_arithmetic() {
    let none = Limits::default();
    let open = "window \"Y\" is open 30 min a day";
    check(&held(180, 30, none), 0, "day", 10, open);
    // 3 min, 2 min of silence, 3 min …: six airings need 28 minutes.
    check(&held(180, 30, none), 2, "day", 6, "7 airings a day of 180 s, 2 min apart, need 21 min, but");
    check(&held(180, 30, none), 60, "day", 1, open);
    check(&held(1801, 30, none), 0, "day", 0, "1 airing a day of 1801 s needs 30 min, but");
    check(&held(180, 30, none), 0, "week", 50, "is open 30 min x 5 days = 150 min a week");
    check(&held(180, 30, none), 0, "phase", 100, "is open 30 min x 10 days = 300 min in the phase");
    let session = Limits { minutes_per_session: Some(15), ..none };
    check(&held(180, 30, session), 0, "day", 5, "allows 15 min a session x 1 session = 15 min a day");
    // Two sessions of 15 minutes and half an hour of silence between them take an hour.
    check(&held(180, 60, session), 0, "day", 10, "allows 15 min a session x 2 sessions = 30 min a day");
    check(&held(180, 59, session), 0, "day", 9, "allows 15 min a session x 2 sessions");
    let one = Limits { sessions_per_day: Some(1), ..session };
    check(&held(180, 60, one), 0, "day", 5, "allows 15 min a session x 1 session");
    check(&held(180, 120, one), 30, "day", 1, "allows 1 session a day, each of one airing");
    check(&held(960, 60, session), 0, "day", 0, "allows 15 min a session");
    let day = Limits { minutes_per_day: Some(10), ..none };
    check(&held(180, 30, day), 0, "day", 3, "allows 10 min a day");
    check(&held(180, 30, day), 0, "week", 15, "allows 10 min a day x 5 days = 50 min a week");
    let week = Limits { minutes_per_week: Some(45), ..none };
    check(&held(180, 30, week), 0, "week", 15, "allows 45 min a week");
    check(&held(180, 30, week), 0, "phase", 30, "allows 45 min a week x 2 weeks = 90 min in the phase");
    let days = Limits { days_per_week: Some(2), minutes_per_session: Some(15), ..none };
    check(&held(180, 30, days), 0, "week", 10, "allows 15 min a session x 2 sessions = 30 min a week");
}

#[test]
fn the_sentence_is_whole_in_both_languages() {
    let days = Limits { days_per_week: Some(2), minutes_per_session: Some(15), ..Limits::default() };
    let mut asked = campaign(1, &["2026-03-02..2026-03-29 12 a week"]);
    (asked.name, asked.phases[0].name) = ("X".into(), "peak".into());
    let error = check_campaign(&asked, &held(180, 30, days)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "campaign \"X\", phase \"peak\": 12 airings a week of 180 s need 36 min, but window \"Y\" allows 15 min a session x 2 sessions = 30 min a week: at most 10; lower the count, shorten the recording or add a window"
    );
    assert_eq!(
        error.vietnamese().unwrap(),
        "đợt tuyên truyền \"X\", giai đoạn \"peak\": 12 lượt mỗi tuần, mỗi lượt 180 giây, cần 36 phút, nhưng khung giờ \"Y\" chỉ cho 15 phút mỗi buổi x 2 buổi = 30 phút mỗi tuần: nhiều nhất 10 lượt; hãy giảm số lượt, rút ngắn bản ghi hoặc thêm khung giờ"
    );
    assert!(matches!(error, ScheduleError::Quota { .. }));
}

#[test]
fn several_windows_are_added_and_those_that_touch_are_one() {
    let mut snapshot = held(180, 30, Limits::default());
    snapshot.windows.push(window(2, &WEEKDAYS, "05:00", "05:10"));
    check(
        &snapshot,
        0,
        "day",
        13,
        "window \"w2\" is open 10 min a day (room for 3), window \"Y\" is open 30 min a day (room for 10)",
    );
    // Two of ten minutes that meet hold six, not three and three with a rest.
    snapshot.windows = vec![window(1, &WEEKDAYS, "05:00", "05:10"), window(2, &WEEKDAYS, "05:10", "05:21")];
    check(&snapshot, 0, "day", 7, "window \"w1\" + \"w2\" is open 21 min a day");
}

#[test]
fn days_that_hold_less_are_found() {
    let mut snapshot = held(180, 30, Limits::default());
    snapshot.windows.push(window(2, &[Weekday::Sat], "17:00", "17:04"));
    check(&snapshot, 0, "day", 1, "window \"w2\" is open 4 min a day");
}

#[test]
fn what_has_no_known_length_limits_nothing() {
    let mut snapshot = held(180, 30, Limits::default());
    let asked = campaign(1, &["2026-03-02..2026-03-15 900 a day"]);
    check_campaign(&asked, &snapshot).unwrap_err();
    for segment in &mut snapshot.segments {
        segment.prepared = None;
    }
    check_campaign(&asked, &snapshot).unwrap();
    snapshot.segments.clear();
    check_campaign(&asked, &snapshot).unwrap();
}
