//! A board that runs for years: what is old goes by the rule, what is left is evidence, and a power cut in between changes nothing.

use crate::heads::{all, verdicts};
use crate::http::Body;
use crate::station::{Heard, Station};
use crate::time::wait_for;
use jiff::{SignedDuration, Timestamp};
use loaxa::airing_log::Heads;
use loaxa::clock::{Clock, TrustReason};
use loaxa::store::{LogJob, Store};
use loaxa_schedules::{Class, Entry, Now, Origin, Outcome, ProgrammeId, Reason, Refusal, SegmentId, SlotKey};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Days that the station ran before the test begins, and how many airings it had on the first of them; later one a day.
const DAYS: i64 = 420;
const FIRST_DAYS: i64 = 15;
const A_DAY: usize = 60;
/// Much longer than a board takes to delete what is old.
const DELETED_WITHIN: Duration = Duration::from_secs(240);

/// A clock that shows what it was told.
struct Told(Mutex<Timestamp>);

impl Clock for Told {
    fn now(&self) -> Now {
        Now { wall: *self.0.lock().unwrap(), mono: Duration::from_secs(1), trusted: true }
    }

    fn trust(&self) -> TrustReason {
        TrustReason::RtcAgrees
    }

    fn instant(&self, _: Duration) -> Instant {
        crate::time::instant()
    }

    fn mono(&self, _: Instant) -> Duration {
        Duration::from_secs(1)
    }

    fn remember(&self, _: Timestamp) {}

    fn vouch(&self) {}
}

fn due(key: &SlotKey, start: Timestamp, reason: &Reason) -> LogJob {
    let refusal = Refusal {
        key: key.clone(),
        origin: Origin::Programme(ProgrammeId(Uuid::from_u128(1))),
        name: "Bản tin".into(),
        occurrence: start,
        position: 0,
        segment: SegmentId(Uuid::from_u128(2)),
        title: Some("Tin".into()),
        class: Class::Normal,
        start,
        duration: None,
        zones: Vec::new().into(),
        reason: reason.clone(),
    };
    LogJob::Due { entry: Box::new(Entry::Refused(refusal)), clock: "rtc_agrees" }
}

fn ended(key: SlotKey, reason: &Reason) -> LogJob {
    LogJob::Ended {
        slot: key,
        outcome: Outcome::Suppressed,
        reason: Some(reason.clone()),
        played: SignedDuration::ZERO,
        started: None,
        ended: None,
        confirmed: false,
        evidence: None,
    }
}

/// What a station with this data folder would have written down in all these days.
fn live_through(data: &Path) {
    let now = crate::time::now();
    let day = |ago: i64| now - SignedDuration::from_hours(24 * ago);
    let clock = Arc::new(Told(Mutex::new(day(DAYS))));
    let store = Arc::new(Store::open(data, day(DAYS)).unwrap());
    store.stamp_rows(Arc::clone(&clock) as Arc<dyn Clock>);
    let heads = Heads::open(Arc::clone(&store), data, Vec::new(), day(DAYS));
    let reason =
        Reason { code: "overlap".into(), vi: "Trùng giờ.".into(), en: "Something else is on air.".into() };
    for ago in (1..=DAYS).rev() {
        *clock.0.lock().unwrap() = day(ago);
        let airings = if ago > DAYS - FIRST_DAYS { A_DAY } else { 1 };
        let jobs = (0..airings).flat_map(|number| {
            let key = SlotKey(format!("p/{ago}/{number}"));
            [due(&key, day(ago), &reason), ended(key, &reason)]
        });
        store.log(day(ago), &jobs.collect::<Vec<_>>()).unwrap();
        if ago < 400 && ago % 30 == 0 {
            heads.keep_if_due(day(ago)).unwrap();
        }
    }
}

/// Rows that are gone and still lie on the disk, as the daemon counts them.
fn left(station: &Station) -> Option<u64> {
    let page = station.operator().get("/metrics").expect(200);
    let line = page.text().lines().find(|line| line.starts_with("loaxa_log_rows_to_delete "))?;
    line.split(' ').nth(1)?.parse().ok()
}

struct Exported {
    file: PathBuf,
    heads: PathBuf,
    text: String,
}

fn export(station: &Station, name: &str) -> Exported {
    let [file, heads] = [name.to_owned(), format!("{name}.heads")].map(|name| station.home().join(name));
    let made = station.command(&["log", "export", "--heads", heads.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(&file, &made.stdout).unwrap();
    Exported { file, heads, text: String::from_utf8(made.stdout).unwrap() }
}

#[test]
fn what_is_old_goes_by_the_rule_and_what_is_left_is_evidence() {
    let mut station = Station::configured(Heard::ByNobody, "[log]\nkeep_days = 400");
    live_through(&station.data());
    let whole = export(&station, "whole");
    assert!(whole.text.starts_with("{\"row\":1,"), "nothing was removed yet");
    station.begin();
    let removed = wait_for("a removal", DELETED_WITHIN, || {
        let status = station.operator().get("/status").expect(200).json();
        Some(status["log"]["removed"].clone()).filter(|removed| !removed.is_null())
    });
    // wherever this stops it
    station.kill();
    let cut = export(&station, "cut");
    assert!(cut.text.starts_with("{\"boundary\":"), "{}", &cut.text[..200]);
    let key = station.command(&["key", "show"]);
    let key = String::from_utf8(key.stdout).unwrap().trim().to_owned();
    let judged = |file: &Path, notes: &Path, more: &[&str]| {
        let mut brought = vec!["--key", &key, "--whole", "--witness", notes.to_str().unwrap()];
        brought.extend(more);
        verdicts(file, &brought)
    };
    assert_eq!(judged(&cut.file, &cut.heads, &[]), all("intact", 0));
    station.start_again();
    wait_for("what is gone to be deleted", DELETED_WITHIN, || (left(&station)? == 0).then_some(()));

    // what collectors and pages are told
    let auditor = station.auditor();
    let seq = removed["seq"].as_i64().unwrap();
    assert!(seq >= FIRST_DAYS * i64::try_from(A_DAY).unwrap() && removed["keep_days"] == 400, "{removed}");
    let page = auditor.get("/airings?limit=2").expect(200).json();
    assert_eq!((&page["removed"], &page["items"][0]["seq"]), (&removed, &json!(seq + 1)));
    let page = auditor.get(&format!("/airings?limit=2&after_seq={seq}")).expect(200).json();
    assert_eq!((&page["removed"], &page["items"][0]["seq"]), (&Value::Null, &json!(seq + 1)));
    let lines = |accept| auditor.send("GET", "/airings", &[("accept", accept)], Body::None).expect(200);
    let answer = lines("application/x-ndjson");
    let first: Vec<Value> =
        answer.text().lines().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&first[0]["removed"], &first[1]["seq"]), (&removed, &json!(seq + 1)));
    assert_eq!(lines("text/csv").header("loaxa-removed-seq"), Some(seq.to_string().as_str()));
    // and whoever reports on that time: in every form, and with what is kept alone
    let begun = (crate::time::now() - SignedDuration::from_hours(24 * (DAYS + 1))).to_string();
    let report = |more: &str| auditor.get(&format!("/reports/airtime?by=day&from={begun}{more}")).expect(200);
    let told = report("").json();
    assert_eq!(told["removed"], removed, "{told}");
    let rows = u64::try_from(lines("text/csv").text().lines().count() - 1).unwrap();
    assert_eq!(told["total"]["planned"]["count"], rows, "of what is removed nothing is counted");
    let until = removed["until"].as_str().unwrap();
    assert!(report("&format=csv").text().lines().nth(1).unwrap().ends_with(&format!(",{until}")), "{until}");
    assert!(report("&format=html").text().contains("<p class=\"remark lacks\">Số liệu đến ngày"));
    assert!(report("&format=html&lang=en").text().contains("are not complete"));
    let text = station.command(&["report", "airtime", "--from", &begun[..10]]);
    assert!(String::from_utf8(text.stdout).unwrap().contains("không đầy đủ"));
    let late = auditor.get("/reports/airtime?by=day").expect(200).json();
    assert_eq!(late["removed"], Value::Null, "this month is whole");
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!((&status["log"]["keep_days"], &status["log"]["waits"]), (&json!(400), &Value::Null));
    let kept_since = &status["log"]["kept_since"]["row"];
    assert_eq!(kept_since.as_i64().unwrap(), removed["row"].as_i64().unwrap() + 1);

    // what an auditor is told, with and without what was collected before
    assert_eq!(station.terminate().code(), Some(0));
    let now = export(&station, "now");
    assert!(now.text.starts_with(&cut.text), "the same, and what came after");
    assert_eq!(judged(&now.file, &now.heads, &[]), all("intact", 0));
    let older = whole.file.to_str().unwrap();
    assert_eq!(judged(&now.file, &now.heads, &["--witness", older]), all("intact", 0));
    let headless = station.home().join("headless");
    let (_, rest) = now.text.split_once('\n').unwrap();
    std::fs::write(&headless, rest).unwrap();
    assert_eq!(judged(&headless, &now.heads, &[]), all("truncated", 1));
    std::fs::write(&headless, now.text.replacen("pruned 1 400", "pruned 1 500", 1)).unwrap();
    assert_eq!(judged(&headless, &now.heads, &[]), all("altered", 1));

    // and a backup of it becomes a station
    let folder = station.home().join("backup");
    let folder = folder.to_str().unwrap();
    let taken = station.command(&["backup", folder, "--with-key"]);
    assert_eq!(taken.status.code(), Some(0), "{}", String::from_utf8_lossy(&taken.stderr));
    let other = Station::configured(Heard::ByNobody, "[log]\nkeep_days = 400");
    let restored = other.command(&["restore", folder]);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
    let again = export(&other, "restored");
    assert!(again.text.starts_with(&now.text));
    assert_eq!(judged(&again.file, &again.heads, &[]), all("intact", 0));
}
