//! What a campaign airs: the planner says when, and people take it back as they take back anything else.

use crate::http::Body;
use crate::sound::{self, RATE};
use crate::station::{Heard, Station, id_of, number_of};
use crate::time::{in_seconds, now, wait_for};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// Nothing of these tests takes longer, on the slowest machine.
const BOUND: Duration = Duration::from_secs(600);
/// Longer than it takes the slowest machine to take back what sounds.
const SECONDS: f64 = 60.0;

/// The station's own day at an instant.
fn day(at: Timestamp) -> String {
    at.in_tz("Asia/Ho_Chi_Minh").unwrap().date().to_string()
}

#[test]
fn a_withdrawn_recording_of_a_campaign_falls_silent_at_once() {
    let station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Rút lại khi đang phát", &sound::chirp(RATE, 1, SECONDS));
    let after = station.push_and_approve("Sau đó", &sound::tone(1, 1.0));
    let path = format!("/segments/{segment}");
    let prepared = station.auditor().get(&format!("{path}/audio?form=prepared")).expect(200);
    let sounds = sound::samples(&prepared.body);
    // so many a day that one begins soon at any hour, behind midnight too, and another one should the first be missed
    let phase = json!({
        "name": "Cao điểm", "from": day(now()), "to": day(now() + SignedDuration::from_hours(24)),
        "airings": { "count": 200, "per": "day" },
    });
    let body = json!({ "name": "Chỉ thị 05", "segments": [{ "id": segment }], "phases": [phase] });
    let campaign = id_of(&station.scheduler().post("/campaigns", &body).expect(201).json());
    let airings = || station.airings(&format!("&campaign={campaign}"));

    station.wait_until_heard(&segment, 3.0, BOUND);
    station.approver().send("DELETE", &path, &[], Body::None).expect(200);
    let row = wait_for("its outcome", BOUND, || airings().into_iter().find(|row| !row["started"].is_null()));
    assert_eq!((&row["outcome"], &row["reason_code"]), (&json!("partial"), &json!("plan_changed")), "{row}");
    assert_eq!((&row["campaign"], &row["programme"]), (&json!(campaign), &Value::Null), "{row}");
    let counted = number_of(&row["seconds_aired"]);
    assert!((3.0..SECONDS - 1.0).contains(&counted), "{row}");
    let captured = sound::heard_of(&station.heard(), &sounds);
    assert!((captured - counted).abs() < 0.2, "{captured} s in the capture: {row}");

    // what may sound still does, and of the campaign nothing more
    let programme = station.programme_at("Sau đó", &[&after], &[in_seconds(10)]);
    assert_eq!(station.outcomes(&programme, 1, BOUND)[0]["outcome"], "aired");
    assert_eq!(sound::heard_of(&station.heard(), &sounds), captured, "it went on, or began again");
    for other in airings().iter().filter(|other| other["slot"] != row["slot"]) {
        assert_eq!((number_of(&other["seconds_aired"]), &other["started"]), (0.0, &Value::Null), "{other}");
    }
}
