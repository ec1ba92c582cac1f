#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use uuid::Uuid;

fn tz() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn now() -> Timestamp {
    "2026-11-23T10:00:00+07:00".parse().unwrap()
}

#[test]
fn times_of_day_are_read_and_written() {
    for text in ["00:00", "05:30", "17:00:05", "24:00"] {
        assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
    }
    for text in ["", "5:30", "24:01", "24:00:01", "12:60", "12:00:60", "12", "12:00:00:00", "+1:00", "-1:00"]
    {
        assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
    }
}

#[test]
fn bounds_keep_their_text_and_a_date_is_inclusive() {
    let day: Bound = "2026-01-01".parse().unwrap();
    assert_eq!(day.to_string(), "2026-01-01");
    assert_eq!(day.begins(&tz()), "2026-01-01T00:00:00+07:00".parse().unwrap());
    assert_eq!(day.ends(&tz()), "2026-01-02T00:00:00+07:00".parse().unwrap());
    let instant: Bound = "2026-01-01T17:00:00+07:00".parse().unwrap();
    assert_eq!(instant.to_string(), "2026-01-01T17:00:00+07:00");
    assert_eq!(instant.begins(&tz()), instant.ends(&tz()));
    for text in ["", "2026-02-30", "tomorrow", "2026-01-01T17:00:00"] {
        assert!(text.parse::<Bound>().is_err(), "{text}");
    }
}

fn window() -> Window {
    serde_json::from_value(json!({
        "id": Uuid::nil(), "name": "evening", "days": ["mon", "fri"], "start": "17:00", "end": "17:30",
    }))
    .unwrap()
}

#[test]
fn windows_are_checked_with_a_remedy() {
    window().check().unwrap();
    Window { end: TimeOfDay::END_OF_DAY, ..window() }.check().unwrap();
    let zone = ZoneId(Uuid::nil());
    for (wrong, says) in [
        (Window { name: " ".into(), ..window() }, "give it one"),
        (Window { days: vec![], ..window() }, "at least one"),
        (Window { days: vec![Weekday::Mon, Weekday::Tue, Weekday::Mon], ..window() }, "mon is named twice"),
        (Window { zones: vec![zone, zone], ..window() }, "named twice"),
        (Window { end: "05:00".parse().unwrap(), ..window() }, "17:00-24:00 and 00:00-05:00"),
        (Window { end: "17:00".parse().unwrap(), ..window() }, "two windows"),
        (Window { volume_ceiling_db: Some(0.5), ..window() }, "ceiling"),
        (Window { volume_ceiling_db: Some(f64::NAN), ..window() }, "ceiling"),
    ] {
        let error = wrong.check().unwrap_err();
        assert_eq!(error.code(), "bad_window");
        assert!(error.to_string().contains(says), "{error}");
    }
}

fn programme() -> Programme {
    serde_json::from_value(json!({
        "id": Uuid::nil(), "name": "news", "segments": [Uuid::nil()], "recurrence": { "cron": "0 17 * * Mon-Fri" },
        "class": "normal",
    }))
    .unwrap()
}

#[test]
fn programmes_are_checked_with_a_remedy() {
    let check = |programme: Programme| programme.check(now(), &tz());
    let at = |times: &[&str]| Recurrence::At(times.iter().map(|time| time.parse().unwrap()).collect());
    let cron = |text: &str| Recurrence::Cron(text.into());
    let bound = |text: &str| Some(text.parse::<Bound>().unwrap());
    check(programme()).unwrap();
    check(Programme { recurrence: at(&["2020-01-01T00:00:00Z", "2026-12-01T00:00:00Z"]), ..programme() })
        .unwrap();
    check(Programme { recurrence: cron("0 0 0 29 2 *"), ..programme() }).unwrap();
    check(Programme { valid_until: bound("2026-11-23"), ..programme() }).unwrap();
    for (wrong, code, says) in [
        (Programme { name: String::new(), ..programme() }, "bad_programme", "give it one"),
        (Programme { segments: vec![], ..programme() }, "bad_programme", "at least one"),
        (Programme { class: Class::Emergency, ..programme() }, "bad_programme", "never planned"),
        (
            Programme { start_rule: StartRule::WaitUpTo { minutes: 0 }, ..programme() },
            "bad_programme",
            "give the minutes",
        ),
        (
            Programme { missed: MissedRule::Within { minutes: 0 }, ..programme() },
            "bad_programme",
            "give the minutes",
        ),
        (Programme { recurrence: cron("17:00"), ..programme() }, "bad_cron", "fields"),
        (Programme { recurrence: cron("0 0 0 1 1 * 2020"), ..programme() }, "never_fires", "never fires"),
        (Programme { valid_until: bound("2026-11-22"), ..programme() }, "never_fires", "never fires"),
        (Programme { valid_from: bound("2040-01-01"), ..programme() }, "never_fires", "never fires"),
        (
            Programme { valid_from: bound("2026-12-02"), valid_until: bound("2026-12-01"), ..programme() },
            "bad_programme",
            "valid_until",
        ),
        (Programme { recurrence: at(&[]), ..programme() }, "bad_programme", "empty"),
        (Programme { recurrence: at(&["2020-01-01T00:00:00Z"]), ..programme() }, "bad_programme", "past"),
        (
            Programme { recurrence: at(&["2027-01-02T00:00:00Z", "2027-01-01T00:00:00Z"]), ..programme() },
            "bad_programme",
            "order",
        ),
    ] {
        let error = check(wrong).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// The stored shapes; changing one needs an upgrade of the store.
#[test]
fn documents_keep_their_shape() {
    assert_eq!(
        serde_json::to_value(StartRule::WaitUpTo { minutes: 5 }).unwrap(),
        json!({"kind": "wait_up_to", "minutes": 5})
    );
    assert_eq!(serde_json::to_value(MissedRule::MakeGood).unwrap(), json!({"kind": "make_good"}));
    assert_eq!(serde_json::to_value(Recurrence::Cron("x".into())).unwrap(), json!({"cron": "x"}));
    assert_eq!(
        serde_json::to_value(Recurrence::At(vec![now()])).unwrap(),
        json!({"at": ["2026-11-23T03:00:00Z"]})
    );
    assert_eq!(serde_json::to_value(Standing::AwaitingApproval).unwrap(), json!("awaiting_approval"));
    assert_eq!(serde_json::to_value(Outcome::Preempted).unwrap(), json!("preempted"));
    let back: Window = serde_json::from_value(serde_json::to_value(window()).unwrap()).unwrap();
    assert_eq!(back, window());
    let back: Programme = serde_json::from_value(serde_json::to_value(programme()).unwrap()).unwrap();
    assert_eq!(back, programme());
    for code in crate::ReasonCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), json!(code.as_str()));
    }
    assert!(Class::Normal < Class::Priority && Class::Priority < Class::Emergency);
}
