//! A second factor as its owner meets it: set up, asked for, lost, and taken away.

use crate::http::Answer;
use crate::station::{Heard, Station};
use crate::time::{now, pause};
use serde_json::{Value, json};
use std::time::Duration;
use totp_rs::{Builder, Secret};

const PASSWORD: &str = "bảy con trâu đi học hát chèo";

fn log_in(station: &Station, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "name": "Lan", "password": password });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    station.stranger().post("/session", &body)
}

/// A change by somebody who logged in.
fn change(station: &Station, cookie: &str, method: &str, path: &str, body: &Value) -> Answer {
    let origin = station.address();
    station.stranger().json(method, path, &[("cookie", cookie), ("origin", &origin)], body)
}

fn cookie(answer: &Answer) -> String {
    let set = answer.headers("set-cookie").find(|value| value.starts_with("loaxa_session=")).unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn said(station: &Station, arguments: &[&str]) -> Value {
    let output = station.command(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What an authenticator shows now. Not in the last second of a step, so that it is still good when it arrives.
fn code(secret: &str) -> (String, i64) {
    if now().as_second() % 30 >= 28 {
        pause(Duration::from_secs(3));
    }
    let at = now().as_second();
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    (totp.generate(at.try_into().unwrap()).to_string(), at / 30)
}

#[test]
fn it_is_set_up_asked_for_and_taken_away() {
    let station = Station::start(Heard::ByNobody, "");
    let made = said(&station, &["user", "add", "Lan", "--role", "approver", "--json"]);
    let once = made["one_time_password"].as_str().unwrap();
    let first = cookie(&log_in(&station, once, None).expect(200));
    let enrol = json!({ "password": once });
    change(&station, &first, "POST", "/session/second-factor", &enrol).refuses(
        "a passphrase for one use",
        403,
        "one_time_password",
    );
    let chosen = json!({ "old": once, "new": PASSWORD });
    change(&station, &first, "PUT", "/session/password", &chosen).expect(204);
    let answer = log_in(&station, PASSWORD, None).expect(200);
    assert_eq!(answer.json()["second_factor"], false);
    let lan = cookie(&answer);
    change(&station, &lan, "POST", "/session/second-factor", &enrol).refuses(
        "another password",
        401,
        "wrong_credentials",
    );
    let enrol = json!({ "password": PASSWORD });
    let shown = change(&station, &lan, "POST", "/session/second-factor", &enrol).expect(201).json();
    let secret = shown["secret"].as_str().unwrap();
    assert!(shown["uri"].as_str().unwrap().starts_with("otpauth://totp/"), "{shown}");
    let (first, step) = code(secret);
    let confirm = json!({ "code": first });
    let answer = change(&station, &lan, "PUT", "/session/second-factor", &confirm).expect(200);
    assert_eq!(answer.json()["second_factor"], true);
    // from now on the password alone is not enough, and the code that confirmed is over
    let problem = log_in(&station, PASSWORD, None).refuses("no code", 401, "second_factor_required");
    assert!(problem["detail_vi"].as_str().is_some_and(|vi| vi.contains("mã")), "{problem}");
    log_in(&station, PASSWORD, Some(&first)).refuses("the same code", 401, "wrong_code");
    while now().as_second() / 30 == step {
        pause(Duration::from_millis(200));
    }
    let (next, _) = code(secret);
    assert_eq!(log_in(&station, PASSWORD, Some(&next)).expect(200).json()["second_factor"], true);
    // nothing of it is in the log, and whoever is at the board takes it away
    let reset = said(&station, &["user", "reset", "Lan", "--second-factor", "--json"]);
    assert_eq!(reset["second_factor"], false);
    log_in(&station, PASSWORD, None).expect(200);
    let export = String::from_utf8(station.command(&["log", "export"]).stdout).unwrap();
    assert!(export.contains("second_factor_set_up") && export.contains("second_factor_reset"));
    assert!(!export.contains(secret));
}
