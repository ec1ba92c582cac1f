//! What people plan with, over HTTP: every kind of object, what a draft would change, what a campaign is owed.

use crate::http::{Answer, Body, Client};
use crate::sound;
use crate::station::{Heard, Station, id_of};
use crate::time::now;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

const EVERY_DAY: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The station's own day, so many days from today.
fn day(ahead: i32) -> Date {
    let timezone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    now().to_zoned(timezone).date().checked_add(ahead.days()).unwrap()
}

fn put(client: &Client, path: &str, tag: &str, body: &Value) -> Answer {
    client.json("PUT", path, &[("if-match", tag)], body)
}

fn delete(client: &Client, path: &str, tag: &str) -> Answer {
    client.send("DELETE", path, &[("if-match", tag)], Body::None)
}

/// A station with a window at 17:00, a recording of two seconds and one of four.
struct Planned {
    station: Station,
    window: String,
    short: String,
    long: String,
}

fn planned() -> Planned {
    let station = Station::start(Heard::ByNobody, "");
    let window = station.window("Buổi chiều", &EVERY_DAY, "17:00", "17:30");
    let short = station.push_and_approve("Tin ngắn", &sound::tone(1, 2.0));
    let long = station.push_and_approve("Tin dài", &sound::tone(2, 4.0));
    Planned { station, window, short, long }
}

impl Planned {
    fn campaign(&self) -> Value {
        json!({
            "name": "Chỉ thị 05", "segments": [{ "id": self.short }, { "id": self.long, "weight": 2 }],
            "min_spacing_minutes": 5,
            "phases": [{ "name": "Cao điểm", "from": day(1), "to": day(10), "windows": [self.window],
                         "airings": { "count": 1, "per": "day" } }],
        })
    }

    fn daily(&self, segments: &[&str]) -> Value {
        json!({ "name": "Thời sự", "segments": segments, "cron": "0 0 17 * * *" })
    }

    fn preview(&self, body: &Value) -> Value {
        self.station.scheduler().post("/plan/preview", body).expect(200).json()
    }
}

#[test]
fn every_kind_is_made_changed_and_let_go_by_its_version() {
    let planned = planned();
    let scheduler = planned.station.scheduler();
    let mut longer = planned.campaign();
    longer["phases"][0]["to"] = json!(day(12));
    let tet = json!({ "name": "Tết", "rule": { "kind": "lunar", "month": 1, "day": 1 }, "first_day": -1, "days": 5,
        "effect": { "closed": true } });
    let mourning = json!({ "name": "Quốc tang", "rule": { "kind": "dates", "dates": ["2027-03-04"] },
        "effect": { "no_music": true } });
    let commune = json!({ "code": "26734", "name": "Xã A", "tier": "xã", "valid_from": "2025-07-01" });
    let renamed = json!({ "code": "26734", "name": "Xã A mới", "tier": "xã" });
    for (path, first, second) in [
        ("/campaigns", planned.campaign(), longer),
        ("/holidays", tet, mourning),
        ("/units", commune, renamed),
    ] {
        let headers = [("idempotency-key", path)];
        let made = scheduler.json("POST", path, &headers, &first).expect(201);
        let again = scheduler.json("POST", path, &headers, &first).expect(201);
        assert_eq!(id_of(&made.json()), id_of(&again.json()), "{path}");
        let (tag, mut shown) = (made.header("etag").unwrap().to_owned(), made.json());
        assert_eq!(shown["warnings"], json!([]), "{shown}");
        shown.as_object_mut().unwrap().remove("warnings");
        let here = format!("{path}/{}", id_of(&shown));
        assert_eq!(made.header("location"), Some(format!("/api/v1{here}").as_str()));
        for (name, value) in first.as_object().unwrap() {
            // what was not said is shown with its default
            if !value.is_object() && !value.is_array() {
                assert_eq!(&shown[name], value, "{name} of {shown}");
            }
        }
        assert_eq!(scheduler.get(&here).expect(200).json(), shown);
        assert_eq!(scheduler.get(path).expect(200).json()["items"], json!([shown]));
        scheduler.json("PUT", &here, &[], &second).refuses("no version", 428, "if_match_required");
        put(&scheduler, &here, "\"7\"", &second).refuses("another version", 412, "changed_meanwhile");
        let changed = put(&scheduler, &here, &tag, &second).expect(200);
        delete(&scheduler, &here, &tag).refuses("the version before", 412, "changed_meanwhile");
        planned.station.uploader().post(path, &second).refuses("an uploader", 403, "missing_scope");
        delete(&scheduler, &here, changed.header("etag").unwrap()).expect(204);
        scheduler.get(&here).refuses("gone", 404, "not_found");
    }
}

#[test]
fn what_makes_no_sense_or_names_what_is_not_there_is_refused() {
    let planned = planned();
    let scheduler = planned.station.scheduler();
    let nobody = "01890000-0000-7000-8000-000000000000";
    let campaign = |pointer: &str, value: Value, code: &str| {
        let mut body = planned.campaign();
        *body.pointer_mut(pointer).unwrap() = value;
        scheduler.post("/campaigns", &body).refuses(pointer, 422, code)
    };
    campaign("/segments", json!([]), "bad_campaign");
    campaign("/segments/0/id", json!(nobody), "unknown_segment");
    campaign("/phases/0/windows", json!([nobody]), "unknown_window");
    campaign("/phases/0/airings", json!({ "count": 1, "per": "year" }), "bad_field");
    campaign("/phases/0/airings", json!({ "count": 1, "per": "day", "at": 5 }), "unknown_field");
    // 30 minutes hold at most six airings that are five minutes apart
    let problem = campaign("/phases/0/airings/count", json!(60), "quota_impossible");
    assert!(problem["detail"].as_str().unwrap().contains("60"), "the arithmetic is shown: {problem}");
    assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.contains("60")), "{problem}");
    let mut owned = planned.daily(&[&planned.short]);
    owned["owner"] = json!(nobody);
    scheduler.post("/programmes", &owned).refuses("an owner", 422, "unknown_unit");
    let extra = json!({ "name": "Tết", "days": [], "start": "06:00", "end": "07:00", "holidays": [nobody] });
    scheduler.post("/windows", &extra).refuses("a holiday", 422, "unknown_holiday");
    let rule = json!({ "name": "Sai", "rule": { "kind": "solar", "month": 13, "day": 1 } });
    scheduler.post("/holidays", &rule).refuses("month 13", 422, "bad_holiday");
    let typed = json!({ "name": "Sai", "rule": { "kind": "solar", "month": 1, "day": 1 }, "effect": { "no_musik": true } });
    scheduler.post("/holidays", &typed).refuses("no_musik", 422, "unknown_field");
    let unit = json!({ "code": "1", "name": "Xã", "tier": "xã", "parent": nobody });
    scheduler.post("/units", &unit).refuses("a parent", 422, "unknown_unit");
}

#[test]
fn what_others_name_cannot_go() {
    let planned = planned();
    let scheduler = planned.station.scheduler();
    let make = |path: &str, body: &Value| {
        let made = scheduler.post(path, body).expect(201);
        format!("{path}/{}", id_of(&made.json()))
    };
    let holiday =
        make("/holidays", &json!({ "name": "Tết", "rule": { "kind": "lunar", "month": 1, "day": 1 } }));
    let holiday_id = holiday.rsplit('/').next().unwrap();
    make(
        "/windows",
        &json!({ "name": "Buổi Tết", "days": [], "start": "06:00", "end": "07:00", "holidays": [holiday_id] }),
    );
    let province = make("/units", &json!({ "code": "79", "name": "Tỉnh", "tier": "tỉnh" }));
    let province_id = province.rsplit('/').next().unwrap();
    let commune = make("/units", &json!({ "code": "1", "name": "Xã", "tier": "xã", "parent": province_id }));
    let mut campaign = planned.campaign();
    campaign["owner"] = json!(commune.rsplit('/').next().unwrap());
    let campaign = make("/campaigns", &campaign);
    let window = format!("/windows/{}", planned.window);
    for (path, code, by) in [
        (&holiday, "holiday_in_use", "Buổi Tết"),
        (&province, "unit_in_use", "Xã"),
        (&commune, "unit_in_use", "Chỉ thị 05"),
        (&window, "window_in_use", "Chỉ thị 05"),
    ] {
        let problem = delete(&scheduler, path, "\"1\"").refuses(path, 409, code);
        assert!(problem["detail"].as_str().unwrap().contains(by), "{problem}");
    }
    delete(&scheduler, &campaign, "\"1\"").expect(204);
    delete(&scheduler, &window, "\"1\"").expect(204);
    delete(&scheduler, &commune, "\"1\"").expect(204);
}

#[test]
fn a_programme_that_could_never_sound_is_refused_and_one_that_sometimes_cannot_says_so() {
    let station = Station::start(Heard::ByNobody, "");
    let scheduler = station.scheduler();
    let segment = station.push_and_approve("Tin", &sound::tone(1, 1.0));
    let programme = |cron: &str| json!({ "name": "Đêm", "segments": [segment], "cron": cron });
    // a station without any window keeps it, and says so
    let made = scheduler.post("/programmes", &programme("0 0 3 * * *")).expect(201).json();
    assert_eq!(made["warnings"][0]["code"], "no_window_defined", "{made}");
    station.window("Trong tuần", &["mon", "tue", "wed", "thu", "fri"], "05:00", "05:30");
    for cron in ["0 0 3 * * *", "0 0 5 * * Sun", "0 30 5 * * *"] {
        let problem = scheduler.post("/programmes", &programme(cron)).refuses(cron, 422, "outside_windows");
        assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.contains("khung giờ")), "{problem}");
    }
    let made = scheduler.post("/programmes", &programme("0 0 5 * * *")).expect(201).json();
    assert_eq!(made["warnings"][0]["code"], "outside_windows", "{made}");
    let (vi, en) = (&made["warnings"][0]["vi"], made["warnings"][0]["en"].as_str().unwrap());
    // 366 days hold 52 or 53 Saturdays and Sundays each
    let outside: u32 = en.split_whitespace().next().unwrap().parse().unwrap();
    assert!((104..=106).contains(&outside), "{en}");
    assert!(vi.as_str().unwrap().contains(&outside.to_string()), "{made}");
    let made = scheduler.post("/programmes", &programme("0 0 5 * * Mon-Fri")).expect(201).json();
    assert_eq!(made["warnings"], json!([]), "{made}");
    // two seconds of recordings, every second of the session
    let mut dense = programme("* 10-20 5 * * Mon-Fri");
    dense["segments"] = json!([segment, segment]);
    let made_dense = scheduler.post("/programmes", &dense).expect(201).json();
    assert_eq!(made_dense["warnings"][0]["code"], "waits_behind_itself", "{made_dense}");
    assert!(made_dense["warnings"][0]["vi"].as_str().unwrap().contains("2 giây"), "{made_dense}");
    // what is kept already cannot be moved to where it would be silent either
    let path = format!("/programmes/{}", id_of(&made));
    put(&scheduler, &path, "\"1\"", &programme("0 0 4 * * *")).refuses("moved", 422, "outside_windows");
}

#[test]
fn a_draft_shows_what_it_would_change_and_keeps_nothing() {
    let planned = planned();
    let scheduler = planned.station.scheduler();
    let keeps = planned.station.keeps();
    let (from, to) = (day(1), day(4));
    let ask = |kind: &str, draft: &Value| json!({ "kind": kind, "draft": draft, "from": from, "to": to });
    let count = |answer: &Value, list: &str| answer[list].as_array().unwrap().len();
    let counts =
        |answer: &Value| ["appears", "disappears", "moves", "displaced"].map(|list| count(answer, list));

    // a new programme appears, three days long
    let new = planned.preview(&ask("programme", &planned.daily(&[&planned.short, &planned.long])));
    assert_eq!(counts(&new), [6, 0, 0, 0], "{new}");
    assert_eq!(new["appears"][0]["start"], format!("{from}T17:00:00+07:00"));
    assert_eq!((&new["appears"][0]["code"], &new["problem"]), (&json!("planned"), &Value::Null), "{new}");
    assert!(new["appears"][1]["reason_vi"].as_str().is_some_and(|why| why.contains("Thời sự")), "{new}");

    // one that nobody could hear is planned all the same, and saving it would be refused
    let mut night = planned.daily(&[&planned.short]);
    night["cron"] = json!("0 0 3 * * *");
    let silent = planned.preview(&ask("programme", &night));
    assert_eq!(counts(&silent), [0, 0, 0, 3], "{silent}");
    assert_eq!(silent["problem"]["code"], "outside_windows", "{silent}");
    assert_eq!(silent["problem"]["status"], 422, "{silent}");
    assert_eq!(silent["displaced"][0]["code"], "outside_window", "{silent}");
    assert_eq!(silent["displaced"][0]["was_planned"], Value::Null, "{silent}");
    let unreadable = planned.preview(&ask("programme", &json!({ "name": "Thiếu" })));
    assert_eq!(counts(&unreadable), [0, 0, 0, 0]);
    assert_eq!(unreadable["problem"]["code"], "bad_field", "{unreadable}");
    assert_eq!(planned.station.keeps(), keeps, "nothing was kept");

    // what is kept moves, disappears, and is displaced
    let programme = planned.station.programme(&planned.daily(&[&planned.short, &planned.long]));
    let mut turned = planned.daily(&[&planned.long, &planned.long]);
    turned["id"] = json!(programme);
    let moved = planned.preview(&ask("programme", &turned));
    assert_eq!(counts(&moved), [0, 0, 6, 0], "{moved}");
    let second = &moved["moves"][1];
    assert_eq!(second["from"], format!("{from}T17:00:02+07:00"), "{second}");
    assert_eq!(second["to"], format!("{from}T17:00:04+07:00"), "{second}");
    assert_eq!(moved["moves"][0]["segment_before"], planned.short, "{moved}");
    let gone = planned.preview(
        &json!({ "kind": "programme", "draft": { "id": programme }, "delete": true, "from": from, "to": to }),
    );
    assert_eq!(counts(&gone), [0, 6, 0, 0], "{gone}");
    // of one recording alone
    let only = |segment: &str| {
        let path = format!("/plan?from={from}&to={to}&segment={segment}");
        let plan = scheduler.get(&path).expect(200).json();
        let slots = plan["slots"].as_array().unwrap();
        assert!(slots.iter().all(|slot| slot["segment"] == segment), "{plan}");
        slots.len()
    };
    assert_eq!((only(&planned.short), only(&planned.long)), (3, 3));
    assert_eq!(only("01890000-0000-7000-8000-000000000000"), 0);
    scheduler.get("/plan?segment=x").refuses("no id", 400, "bad_parameter");
    let shut = json!({ "id": planned.window, "name": "Buổi chiều", "days": EVERY_DAY, "start": "17:01", "end": "17:30" });
    let shut = planned.preview(&ask("window", &shut));
    assert_eq!(counts(&shut), [0, 0, 0, 6], "{shut}");
    assert_eq!(shut["displaced"][0]["was_planned"], format!("{from}T17:00:00+07:00"), "{shut}");
    assert!(shut["displaced"][0]["reason_vi"].as_str().is_some_and(|why| why.len() > 10), "{shut}");
    let holiday = json!({ "name": "Nghỉ", "rule": { "kind": "dates", "dates": [day(2)] }, "effect": { "closed": true } });
    let closed = planned.preview(&ask("holiday", &holiday));
    assert_eq!(count(&closed, "moves") + count(&closed, "appears"), 0, "{closed}");

    // times that cannot be read say nothing of what would be heard
    let mut garbled = planned.daily(&[&planned.short, &planned.long]);
    (garbled["id"], garbled["cron"]) = (json!(programme), json!("every day at five"));
    let garbled = planned.preview(&ask("programme", &garbled));
    assert_eq!(counts(&garbled), [0, 0, 0, 0], "{garbled}");
    assert_eq!(garbled["problem"]["code"], "bad_cron", "{garbled}");
    let said = garbled["problem"]["detail_vi"].as_str().unwrap_or_default();
    assert!(said.contains("biểu thức giờ phát"), "{garbled}");

    // what cannot be asked
    let other = "01890000-0000-7000-8000-000000000000";
    scheduler.post("/plan/preview", &ask("window", &json!({ "id": other }))).refuses(
        "none",
        404,
        "not_found",
    );
    let nameless = json!({ "kind": "zone", "draft": {}, "delete": true });
    scheduler.post("/plan/preview", &nameless).refuses("no id", 422, "bad_field");
    let odd = json!({ "kind": "unit", "draft": {} });
    scheduler.post("/plan/preview", &odd).refuses("a unit", 422, "bad_field");
    planned.station.uploader().post("/plan/preview", &ask("window", &json!({}))).refuses(
        "an uploader",
        403,
        "missing_scope",
    );
}

/// A demo airs every minute: a plan of two weeks is longer than what is answered at once, a draft's difference is not.
#[test]
fn a_draft_is_held_against_a_plan_that_is_longer_than_an_answer() {
    let planned = planned();
    let mut often = planned.daily(&[&planned.short]);
    often["cron"] = json!("0 * * * * *");
    planned.station.programme(&often);
    let (from, to) = (day(1), day(15));
    planned.station.scheduler().get(&format!("/plan?from={from}&to={to}")).refuses(
        "all",
        400,
        "bad_parameter",
    );
    let draft = planned.daily(&[&planned.short, &planned.long]);
    let told = planned.preview(&json!({ "kind": "programme", "draft": draft, "from": from, "to": to }));
    let count = |list: &str| told[list].as_array().unwrap().len();
    assert_eq!(count("appears"), 28, "two on each of fourteen days: {told}");
    assert_eq!(count("disappears"), 0);
    // and what changes more than can be answered is still refused
    let all = json!({ "name": "Mỗi phút", "segments": [planned.short], "cron": "0,30 * * * * *" });
    let asked = json!({ "kind": "programme", "draft": all, "from": from, "to": to });
    planned.station.scheduler().post("/plan/preview", &asked).refuses("too much", 400, "bad_parameter");
}

#[test]
fn a_campaign_says_what_it_owes() {
    let planned = planned();
    let made = planned.station.scheduler().post("/campaigns", &planned.campaign()).expect(201).json();
    let path = format!("/campaigns/{}/account", id_of(&made));
    let account = planned.station.auditor().get(&path).expect(200).json();
    assert_eq!((&account["campaign"], &account["name"]), (&made["id"], &made["name"]));
    let phase = &account["phases"][0];
    let number = |name: &str| phase[name].as_u64().unwrap_or_else(|| panic!("{name} in {phase}"));
    assert_eq!((number("owed"), number("owed_so_far"), number("aired"), number("lost")), (10, 0, 0, 0));
    assert_eq!(number("short"), 10 - number("planned"), "{phase}");
    assert!(number("still_possible") >= 10, "{phase}");
    planned.station.auditor().get("/campaigns/x/account").refuses("none", 404, "not_found");
}

#[test]
fn what_comes_with_the_station_can_be_taken_over_as_it_is() {
    let station = Station::start(Heard::ByNobody, "");
    let scheduler = station.scheduler();
    let presets = scheduler.get("/presets").expect(200).json();
    let list = |name: &str| presets[name].as_array().unwrap().clone();
    let mut made = std::collections::BTreeMap::new();
    for preset in list("holidays") {
        let answer = scheduler.post("/holidays", &preset["holiday"]);
        // a preset without dates is to be filled in first
        if preset["holiday"]["rule"]["dates"] == json!([]) {
            answer.refuses("no dates", 422, "bad_holiday");
        } else {
            made.insert(preset["key"].as_str().unwrap().to_owned(), id_of(&answer.expect(201).json()));
        }
    }
    assert!(made.len() >= 5, "{made:?}");
    assert!(list("windows").len() >= 2);
    for set in list("windows") {
        for window in set["windows"].as_array().unwrap() {
            let mut draft = window["window"].clone();
            let keys = window["holidays"].as_array().unwrap().iter();
            draft["holidays"] = keys.map(|key| json!(made[key.as_str().unwrap()])).collect();
            scheduler.post("/windows", &draft).expect(201);
        }
    }
}

#[test]
fn the_timetable_is_made_for_people() {
    let planned = planned();
    planned.station.programme(&planned.daily(&[&planned.short, &planned.long]));
    let mut late = planned.daily(&[&planned.short]);
    (late["name"], late["cron"]) = (json!("Trưa"), json!("0 0 17,12 * * *"));
    planned.station.programme(&late);
    let print = |language: &str| {
        let output = planned.station.command(&["plan", "--from", "2026-12-07", "--lang", language]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let vi = print("vi");
    for words in [
        "Thứ hai, 07/12/2026",
        "Buổi chiều  17:00–17:30  dùng 0:",
        "/30:00",
        "17:00:00     0:02  Tin ngắn",
        "[chương trình Thời sự]",
        "Ngoài khung giờ phát",
        "không",
    ] {
        assert!(vi.contains(words), "{words:?} in\n{vi}");
    }
    let en = print("en");
    for words in ["Monday, 2026-12-07", "[programme Thời sự]", "Outside the windows", "no window is open"]
    {
        assert!(en.contains(words), "{words:?} in\n{en}");
    }
}
