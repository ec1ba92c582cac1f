//! The whole way of a recording: pushed, approved, planned, heard, written down, read back.

use crate::http::Client;
use crate::sound::{self, RATE};
use crate::station::{Heard, Station, id_of, number_of, push, time_of};
use crate::time::{in_seconds, instant, now, pause, seconds_between, until, wait_for};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How far a start may lie from its second.
const PUNCTUAL: f64 = 0.1;
/// How far counted seconds may lie from the recording's.
const COUNTED: f64 = 0.05;
/// How long an outcome may take after it is due, on a busy machine.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);

/// A row that says that all of it was heard, at its time.
#[track_caller]
fn assert_aired(row: &Value, planned: Timestamp, seconds: f64) {
    assert_eq!(row["outcome"], "aired", "{row}");
    assert_eq!(row["confirmed"], true, "{row}");
    assert_eq!(row["reason"], Value::Null, "{row}");
    assert_eq!(time_of(&row["planned_start"]), planned, "{row}");
    let late = seconds_between(planned, time_of(&row["started"]));
    assert!(late.abs() < PUNCTUAL, "started {late} s after its time: {row}");
    let length = seconds_between(time_of(&row["started"]), time_of(&row["ended"]));
    assert!((length - seconds).abs() < 0.1, "from start to end {length} s: {row}");
    for counted in ["seconds_planned", "seconds_aired"] {
        assert!((number_of(&row[counted]) - seconds).abs() < COUNTED, "{counted} is not {seconds}: {row}");
    }
}

/// A slot of which nothing was heard.
#[track_caller]
fn assert_unheard(row: &Value, outcome: &str, code: &str) {
    assert_eq!(row["outcome"], outcome, "{row}");
    assert_eq!(row["reason_code"], code, "{row}");
    assert!(row["reason"].as_str().is_some_and(|why| why.len() > 5), "{row}");
    assert!(row["reason_vi"].as_str().is_some_and(|why| why.len() > 5), "{row}");
    assert_eq!(number_of(&row["seconds_aired"]), 0.0, "{row}");
    assert_eq!((&row["started"], &row["confirmed"]), (&Value::Null, &json!(false)), "{row}");
}

/// Watches the capture grow: when which frame was handed over.
struct Growth {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<(Timestamp, u64)>>>,
}

impl Growth {
    fn watch(file: PathBuf) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let thread = std::thread::spawn(move || {
            let mut seen: Vec<(Timestamp, u64)> = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                let frames = std::fs::metadata(&file).map_or(0, |meta| meta.len().saturating_sub(44) / 2);
                if seen.last().is_none_or(|(_, before)| *before != frames) {
                    seen.push((now(), frames));
                }
                pause(Duration::from_millis(4));
            }
            seen
        });
        Self { end, thread: Some(thread) }
    }

    /// When the frame with this number was there for the first time.
    fn times(mut self) -> impl Fn(usize) -> Timestamp {
        self.end.store(true, Ordering::Relaxed);
        let seen = self.thread.take().unwrap().join().unwrap();
        move |frame| {
            let frame = frame as u64;
            seen.iter()
                .find(|(_, frames)| *frames > frame)
                .map(|(at, _)| *at)
                .expect("the frame in the capture")
        }
    }
}

/// Collects server-sent events: name and data.
fn listen(client: Client) -> Arc<Mutex<Vec<(String, Value)>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let mine = Arc::clone(&heard);
    std::thread::spawn(move || {
        let mut name = String::new();
        for line in client.lines("/events") {
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).unwrap_or(Value::Null);
                mine.lock().unwrap().push((name.clone(), data));
            }
        }
    });
    heard
}

/// What will be heard of a segment, as the station lets people listen to it beforehand.
fn prepared(station: &Station, id: &str) -> Vec<i16> {
    let path = format!("/segments/{id}/audio?form=prepared");
    sound::samples(&station.auditor().get(&path).expect(200).body)
}

#[test]
fn what_was_pushed_is_heard_at_its_second_and_written_down() {
    let station = Station::open(Heard::Captured);
    let events = listen(station.operator());
    let folder = station.home();
    let seconds = 2.4;
    let forms: [(&str, Vec<u8>, &str, u32, u16); 4] = [
        ("MP3", sound::mp3(folder, &sound::chirp(44_100, 2, seconds)), "mp3", 44_100, 2),
        ("FLAC", sound::flac(folder, &sound::chirp(48_000, 1, seconds)), "flac", 48_000, 1),
        ("WAV", sound::chirp(22_050, 1, seconds), "pcm_s16le", 22_050, 1),
        (
            "WAV of 24 bits",
            sound::ffmpeg(folder, &sound::chirp(44_100, 2, seconds), &["-c:a", "pcm_s24le", "-f", "wav"]),
            "pcm_s24le",
            44_100,
            2,
        ),
    ];
    let reference = sound::samples(&sound::chirp(RATE, 1, seconds));
    let mut segments = Vec::new();
    for (title, bytes, codec, rate, channels) in &forms {
        let words = json!({ "title": title, "external_id": format!("so-{title}"), "campaign": "Mùa hè" });
        let segment = push(&station.uploader(), &words, bytes).expect(201).json();
        assert_eq!(segment["state"], "awaiting_approval", "{segment}");
        assert_eq!(segment["codec"], *codec, "{segment}");
        assert_eq!(segment["sample_rate"], *rate, "{segment}");
        assert_eq!(segment["channels"], *channels, "{segment}");
        assert!((number_of(&segment["duration"]) - seconds).abs() < COUNTED, "{segment}");
        let id = id_of(&segment);
        let original = station.auditor().get(&format!("/segments/{id}/audio")).expect(200);
        assert_eq!(original.body, *bytes, "{title}: the original comes back as it came");
        let sounds = prepared(&station, &id);
        let alike = sound::likeness(&sounds, &reference, 96);
        assert!(alike > 0.98, "{title}: what is prepared is {alike} of what was made");
        station.approve(&id);
        segments.push((id, sounds, number_of(&segment["duration"])));
    }

    // two by themselves at their instants, one after the other in one programme
    let growth = Growth::watch(station.home().join("heard.wav"));
    let first_at = in_seconds(11);
    let ids: Vec<&str> = segments.iter().map(|(id, ..)| id.as_str()).collect();
    let alone = station.programme_at("Một mình", &[ids[0]], &[first_at]);
    let second_at = first_at + 4.seconds();
    let order = station.programme_at("Nối tiếp", &ids[1..], &[second_at]);
    let (slots, refusals) = station.plan(&alone, first_at, second_at);
    assert_eq!((slots.len(), refusals.len()), (1, 0));
    assert_eq!(time_of(&slots[0]["start"]), first_at);
    assert_eq!(slots[0]["approved_by"], "approver");
    assert_eq!(station.plan(&order, second_at, second_at + 60.seconds()).0.len(), 3);
    wait_for("the first to be announced", Duration::from_secs(10), || {
        let next = station.operator().get("/status").expect(200).json()["next"].clone();
        (next["slot"] == slots[0]["slot"]).then_some(())
    });

    let row = station.outcomes(&alone, 1, until(first_at) + WRITTEN_WITHIN).remove(0);
    assert_aired(&row, first_at, segments[0].2);
    assert_eq!(row["title"], "MP3");
    assert_eq!(row["external_id"], "so-MP3");
    assert_eq!(row["approved_by"], "approver");
    assert_eq!(row["slot"], slots[0]["slot"]);
    assert_eq!(row["clock"], "configured_always");
    let rows = station.outcomes(&order, 3, until(second_at) + WRITTEN_WITHIN);
    let mut planned = second_at;
    for (row, (id, _, length)) in rows.iter().zip(&segments[1..]) {
        assert_eq!(row["segment"], *id);
        assert_aired(row, time_of(&row["planned_start"]), *length);
        let apart = seconds_between(planned, time_of(&row["planned_start"]));
        assert!(apart.abs() < 0.001, "each is planned where the one before ends: {row}");
        planned += SignedDuration::from_secs_f64(*length);
    }

    // the capture: every recording once, whole, sample for sample, at the time that its row says
    let heard = station.heard();
    let time_of_frame = growth.times();
    let mut all = vec![row];
    all.extend(rows);
    let mut places: Vec<usize> = Vec::new();
    for (row, (_, sounds, _)) in all.iter().zip(&segments) {
        let found = sound::find(&heard, sounds);
        let found: Vec<usize> = found.into_iter().filter(|at| !places.contains(at)).collect();
        assert!(!found.is_empty(), "{} is not in the capture", row["title"]);
        let at = found[0];
        places.push(at);
        // a frame is handed over up to 60 ms before it sounds, and seen a moment after
        let seen = seconds_between(time_of_frame(at), time_of(&row["started"]));
        assert!((-0.25..0.25).contains(&seen), "{}: in the capture {seen} s before its start", row["title"]);
    }
    // what follows at once follows without a gap
    for (pair, (_, sounds, _)) in places[1..].windows(2).zip(&segments[1..]) {
        let gap = pair[1] as f64 - (pair[0] + sounds.len()) as f64;
        assert!(gap.abs() < f64::from(RATE) * 0.02, "{gap} frames between two items");
    }
    let sounding: usize = segments.iter().map(|(_, sounds, _)| sounds.len()).sum();
    let loud = heard.iter().filter(|sample| sample.unsigned_abs() > 8).count();
    assert!(loud <= sounding, "nothing else is in the capture");

    // whoever listened was told
    let slot = &all[0]["slot"];
    let events = events.lock().unwrap();
    let told = |name: &str, data: &dyn Fn(&Value) -> bool| {
        assert!(
            events.iter().any(|(event, value)| event == name && data(value)),
            "no {name} among {events:?}"
        );
    };
    assert_eq!(events[0].0, "status");
    told("segment", &|data| data["id"] == ids[0] && data["state"] == "approved");
    told("plan", &|_| true);
    told("progress", &|data| data["slot"] == *slot && data["played"].as_f64() > Some(0.5));
    told("airing", &|data| data["slot"] == *slot && data["outcome"] == "aired");
}

#[test]
fn cron_airs_again_and_again_and_the_log_reads_in_every_form() {
    let station = Station::open(Heard::ByNobody);
    let segment = station.push_and_approve("Cứ năm giây, \"một\" lần", &sound::tone(1, 1.0));
    let other = station.push("Chưa ai duyệt", &sound::tone(2, 1.0));
    // a slot that is due when the board hears of it, or just before, starts late, and rightly says so
    wait_for("room around the fifth seconds", Duration::from_secs(10), || {
        (now().as_second() % 5 == 1).then_some(())
    });
    let begun = now();
    let programme = station
        .programme(&json!({ "name": "Đều đặn", "segments": [segment, other], "cron": "0/5 * * * * *" }));
    let rows = station.outcomes(&programme, 8, Duration::from_secs(60));
    let (mut aired, mut suppressed) = (0, 0);
    for row in &rows {
        let planned = time_of(&row["planned_start"]);
        if row["segment"] == segment {
            assert_eq!(planned.as_second() % 5, 0, "{row}");
            assert_aired(row, planned, 1.0);
            aired += 1;
        } else {
            assert_unheard(row, "suppressed", "not_approved");
            suppressed += 1;
        }
    }
    assert!(aired >= 3 && suppressed >= 3, "{rows:?}");

    // seq counts without a gap, and is the cursor
    let seqs: Vec<i64> = rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    let after = station.airings("&after_seq=5");
    assert_eq!(after[0]["seq"], 6);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/airings?limit=3{cursor}");
        let page = station.auditor().get(&path).expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        paged.extend(items.iter().map(|row| row["seq"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, (1..=paged.len() as i64).collect::<Vec<_>>());

    // filters
    let last = seqs.len() as i64;
    let matching = |query: &str| {
        let rows = station.airings(query).into_iter();
        rows.filter(|row| row["seq"].as_i64() <= Some(last)).collect::<Vec<_>>()
    };
    assert_eq!(matching("&outcome=aired").len(), aired);
    assert_eq!(matching("&outcome=suppressed").len(), suppressed);
    assert_eq!(matching("&outcome=partial").len(), 0);
    assert_eq!(matching(&format!("&segment={segment}")).len(), aired);
    assert_eq!(matching(&format!("&segment={segment}&outcome=suppressed")).len(), 0);
    assert_eq!(matching("&campaign=none").len(), 0);
    let third = time_of(&rows[2]["planned_start"]);
    let split = (matching(&format!("&to={third}")), matching(&format!("&from={third}")));
    assert_eq!(split.0.len() + split.1.len(), rows.len());
    assert!(split.0.iter().all(|row| time_of(&row["planned_start"]) < third));
    assert!(time_of(&rows[0]["planned_start"]) >= begun);

    // the same rows as lines and as a table
    let read = |accept: &str| {
        let headers = [("accept", accept)];
        let path = format!("/airings?to={}", time_of(&rows[7]["planned_start"]));
        let answer = station.auditor().send("GET", &path, &headers, crate::http::Body::None).expect(200);
        assert!(answer.header("content-type").unwrap().starts_with(accept));
        answer.text().to_owned()
    };
    let rows = matching(&format!("&to={}", time_of(&rows[7]["planned_start"])));
    let lines: Vec<Value> =
        read("application/x-ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, rows);
    let table = read("text/csv");
    let mut table = table.split_terminator("\r\n");
    let columns: Vec<&str> = table.next().unwrap().split(',').collect();
    assert_eq!(&columns[..3], ["seq", "slot", "planned_start"]);
    let table: Vec<&str> = table.collect();
    assert_eq!(table.len(), rows.len());
    for (line, row) in table.iter().zip(&rows) {
        let start = format!(
            "{},{},{},",
            row["seq"],
            row["slot"].as_str().unwrap(),
            row["planned_start"].as_str().unwrap()
        );
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains(&format!(",{},", row["outcome"].as_str().unwrap())), "{line}");
        if row["segment"] == segment {
            assert!(line.contains(",\"Cứ năm giây, \"\"một\"\" lần\","), "{line}");
        }
    }
}

#[test]
fn what_may_not_air_is_refused_in_the_plan_and_written_down_as_suppressed() {
    let station = Station::start(Heard::Captured, "");
    let good = station.push_and_approve("Được duyệt", &sound::tone(1, 1.0));
    let bad = station.push("Chưa duyệt", &sound::tone(2, 1.0));
    let check = |name: &str, segment: &str, code: &str| {
        let at = in_seconds(2);
        // a programme that could never sound would not be kept: it starts once more, inside a window
        let programme = station.programme_at(name, &[segment], &[at, at + SignedDuration::from_hours(72)]);
        let (slots, refusals) = station.plan(&programme, at, at + 1.second());
        assert_eq!((slots.len(), refusals.len()), (0, 1), "{name}");
        assert_eq!(refusals[0]["code"], code, "{name}");
        assert!(refusals[0]["reason"].as_str().is_some_and(|why| why.len() > 5), "{name}");
        let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
        assert_unheard(&row, "suppressed", code);
        assert_eq!(row["slot"], refusals[0]["slot"]);
    };
    // no window at all
    let plan = station.scheduler().get("/plan").expect(200).json();
    assert_eq!(plan["notice"]["code"], "no_window_defined");
    check("Không có khung giờ", &good, "no_window_defined");
    // a window on another day
    let day = |ahead: i64| {
        let at = now() + SignedDuration::from_hours(24 * ahead);
        let weekday = at.in_tz("Asia/Ho_Chi_Minh").unwrap().strftime("%a").to_string();
        weekday.to_lowercase()
    };
    station.window("Hôm khác", &[&day(3)], "00:00", "24:00");
    check("Ngoài khung giờ", &good, "outside_window");
    station.window("Hôm nay và ngày mai", &[&day(0), &day(1)], "00:00", "24:00");
    check("Chưa duyệt", &bad, "not_approved");
    let withdrawn = station.push_and_approve("Rút lại", &sound::tone(3, 1.0));
    station
        .approver()
        .send("DELETE", &format!("/segments/{withdrawn}"), &[], crate::http::Body::None)
        .expect(200);
    check("Rút lại", &withdrawn, "withdrawn");
    let words = json!({ "title": "Hết hạn", "valid_until": "2020-01-01" });
    let old = id_of(&push(&station.uploader(), &words, &sound::tone(4, 1.0)).expect(201).json());
    station.approve(&old);
    check("Hết hạn", &old, "expired");
    let words = json!({ "title": "Khẩn", "class": "emergency" });
    let emergency = id_of(&push(&station.uploader(), &words, &sound::tone(5, 1.0)).expect(201).json());
    station.approve(&emergency);
    check("Khẩn", &emergency, "emergency_class");
    assert!(
        !station.home().join("heard.wav").exists() || station.heard().iter().all(|sample| *sample == 0),
        "nothing was heard"
    );
    // and what may, airs
    let at = in_seconds(2);
    let programme = station.programme_at("Được duyệt", &[&good], &[at]);
    let row = station.outcomes(&programme, 1, Duration::from_secs(30)).remove(0);
    assert_aired(&row, at, 1.0);
}

/// How long nothing is heard any more at the end of the capture, in seconds.
fn silent_tail(heard: &[i16]) -> f64 {
    let tail = heard.iter().rev().take_while(|sample| **sample == 0).count();
    tail as f64 / f64::from(RATE)
}

#[test]
fn a_withdrawn_recording_falls_silent_at_once() {
    let station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Rút lại khi đang phát", &sound::chirp(RATE, 1, 12.0));
    let sounds = prepared(&station, &segment);
    let first = in_seconds(3);
    let programme = station.programme_at("Rút", &[&segment], &[first, first + 20.seconds()]);
    station.wait_until_heard(&segment, 1.0, Duration::from_secs(30));
    let path = format!("/segments/{segment}");
    let asked = now();
    station.approver().send("DELETE", &path, &[], crate::http::Body::None).expect(200);
    let row = station.outcomes(&programme, 1, Duration::from_secs(20)).remove(0);
    let seen = now();
    assert_eq!(row["outcome"], "partial", "{row}");
    assert_eq!(row["reason_code"], "plan_changed", "{row}");
    let ended = time_of(&row["ended"]);
    assert!(ended > asked - 500.milliseconds() && ended <= seen + 100.milliseconds(), "asked {asked}: {row}");
    assert!(seconds_between(asked, ended) < 3.0, "asked {asked}: {row}");
    let counted = number_of(&row["seconds_aired"]);
    let length = seconds_between(time_of(&row["started"]), ended);
    assert!((counted - length).abs() < 0.2, "{length}: {row}");
    let captured = sound::heard_of(&station.heard(), &sounds);
    assert!((captured - counted).abs() < 0.2, "{captured} s in the capture: {row}");
    // what comes later is refused, by the plan and by the log
    let row = station.outcomes(&programme, 2, Duration::from_secs(60)).remove(1);
    assert_unheard(&row, "suppressed", "withdrawn");
    assert_eq!(sound::heard_of(&station.heard(), &sounds), captured, "it was not heard again");
}

#[test]
fn what_sounds_does_not_yield_to_what_is_saved_after_its_time() {
    let station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Đang phát", &sound::chirp(RATE, 1, 9.0));
    let other = station.push_and_approve("Lưu muộn", &sound::tone(1, 1.0));
    let sounds = prepared(&station, &segment);
    let first = in_seconds(3);
    let sounding = station.programme_at("Đang phát", &[&segment], &[first]);
    // longer after the start than the playout itself may be late
    station.wait_until_heard(&segment, 4.5, Duration::from_secs(30));
    let late = station.programme(&json!({
        "name": "Lưu muộn", "segments": [other], "class": "priority", "start_rule": { "kind": "at_once" },
        "missed": { "kind": "within", "minutes": 30 }, "at": [first + 1.seconds(), first + 14.seconds()],
    }));
    let row = station.outcomes(&sounding, 1, Duration::from_secs(30)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    let captured = sound::heard_of(&station.heard(), &sounds);
    assert!((captured - 9.0).abs() < 0.1, "{captured} s in the capture: {row}");
    let rows = station.outcomes(&late, 1, Duration::from_secs(30));
    assert_eq!(rows.len(), 1, "what had passed is neither missed nor repaid: {rows:?}");
    assert_eq!(time_of(&rows[0]["planned_start"]), first + 14.seconds(), "{rows:?}");
    assert_eq!(rows[0]["outcome"], "aired", "{rows:?}");
    let (slots, refusals) = station.plan(&late, first, first + 60.seconds());
    assert_eq!((slots.len(), refusals.len()), (1, 0), "{slots:?} {refusals:?}");
}

#[test]
fn stop_silences_until_somebody_resumes() {
    let mut station = Station::open(Heard::Captured);
    let segment = station.push_and_approve("Dừng khi đang phát", &sound::chirp(RATE, 1, 7.0));
    let short = station.push_and_approve("Ngắn", &sound::tone(1, 1.0));
    let sounds = prepared(&station, &segment);
    let first = in_seconds(3);
    let long = station.programme_at("Dài", &[&segment], &[first]);
    station.wait_until_heard(&segment, 1.0, Duration::from_secs(30));
    let asked = instant();
    let stopped = station.operator().post("/stop", &json!({})).expect(200);
    assert_eq!(stopped.json()["stopped"], true);
    let row = station.outcomes(&long, 1, Duration::from_secs(20)).remove(0);
    assert_eq!(row["outcome"], "partial", "{row}");
    assert_eq!(row["reason_code"], "local_stop", "{row}");
    let counted = number_of(&row["seconds_aired"]);
    assert!((1.0..6.5).contains(&counted), "{row}");
    let captured = sound::heard_of(&station.heard(), &sounds);
    assert!((captured - counted).abs() < 0.2, "{captured} s in the capture: {row}");
    assert!(instant().saturating_duration_since(asked) < Duration::from_secs(10));
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(status["stopped"], "operator");
    assert_eq!(status["on_air"], Value::Null);

    // what is due meanwhile is suppressed
    let later = in_seconds(2).max(first + 8.seconds());
    let during = station.programme_at("Trong lúc dừng", &[&short], &[later]);
    let row = station.outcomes(&during, 1, Duration::from_secs(30)).remove(0);
    assert_unheard(&row, "suppressed", "local_stop");
    // a restart does not release it
    station.kill();
    station.start_again();
    let later = in_seconds(2).max(first + 11.seconds());
    let after = station.programme_at("Sau khi khởi động lại", &[&short], &[later]);
    let row = station.outcomes(&after, 1, Duration::from_secs(30)).remove(0);
    assert_unheard(&row, "suppressed", "local_stop");
    assert_eq!(sound::heard_of(&station.heard(), &sounds), captured, "nothing more was heard");
    assert_eq!(sound::find(&station.heard(), &prepared(&station, &short)), Vec::<usize>::new());

    let resumed = station.operator().post("/resume", &json!({})).expect(200);
    assert_eq!(resumed.json()["stopped"], false);
    let at = in_seconds(2).max(first + 14.seconds());
    let released = station.programme_at("Tiếp tục", &[&short], &[at]);
    let row = station.outcomes(&released, 1, Duration::from_secs(30)).remove(0);
    assert_aired(&row, at, 1.0);
    assert!(silent_tail(&station.heard()) < 30.0);
}
