//! `loaxa push`: what a district's script sees.

use crate::sound;
use crate::station::{Heard, PROGRAM, Station};
use crate::tls::{encrypted, printed};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Exit code, the JSON object of standard output, and what was said on standard error.
fn push(station: &Station, to: &str, token: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let file = recording(station);
    let mut command = Command::new(PROGRAM);
    command.arg("push").arg(file).args(["--to", to, "--title", "Tin từ huyện", "--json"]).args(more);
    let output = command.env("LOAXA_TOKEN", token).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_str(&text).unwrap_or_default(), said)
}

/// A recording of two megabytes.
fn recording(station: &Station) -> PathBuf {
    let file = station.home().join("tin huyện.wav");
    if !file.exists() {
        std::fs::write(&file, sound::tone(77, 20.0)).unwrap();
    }
    file
}

fn titles(station: &Station) -> Vec<Value> {
    let all = station.scheduler().get("/segments").expect(200).json();
    all["items"].as_array().unwrap().iter().map(|it| it["title"].clone()).collect()
}

#[test]
fn over_tls_it_speaks_to_the_pinned_station_and_to_nobody_else() {
    let station = encrypted("");
    let (pin, fingerprint) = printed(&station);
    let to = format!("https://localhost:{}", station.port());
    let token = station.people.uploader.clone();
    let (code, segment, said) = push(&station, &to, &token, &["--pin", &pin]);
    assert_eq!(code, Some(0), "{segment} {said}");
    assert!(segment["id"].is_string() && segment["title"] == "Tin từ huyện", "{segment}");
    let (code, again, said) = push(&station, &to, &token, &["--pin", &fingerprint]);
    assert_eq!((code, &again["id"]), (Some(0), &segment["id"]), "{said}");
    let (code, problem, said) = push(&station, &to, &token, &["--pin", &"0".repeat(64)]);
    assert_eq!((code, &problem["code"]), (Some(1), &json!("stranger")), "{said}");
    assert!(said.contains(&pin) && said.contains("doctor"), "{said}");
    // no authority knows this station
    let (code, _, said) = push(&station, &to, &token, &[]);
    assert!(
        (code == Some(1) && said.contains("--pin")) || (code == Some(2) && said.contains("ca-certificates")),
        "{said}"
    );
    let (code, _, said) = push(&station, &to, &token, &["--pin", "12"]);
    assert!(code == Some(2) && said.contains("64 hexadecimal"), "{said}");
}

#[test]
fn it_says_no_with_the_remedy_and_wrong_use_is_told_apart() {
    let station = Station::start(Heard::ByNobody, "");
    let to = station.address();
    let (code, problem, said) = push(&station, &to, "nonsense", &[]);
    assert_eq!((code, &problem["code"]), (Some(1), &json!("unauthenticated")), "{said}");
    let (code, problem, said) = push(&station, &to, &station.people.auditor, &[]);
    assert_eq!((code, &problem["code"]), (Some(1), &json!("missing_scope")), "{said}");
    assert!(said.contains("segments:write"), "{said}");
    let token = &station.people.uploader;
    let (code, problem, said) = push(&station, &to, token, &["--class", "loud"]);
    assert_eq!((code, &problem["status"]), (Some(1), &json!(422)), "{said}");
    for wrong in ["http://192.0.2.7:8080", "nonsense", "https://a/b"] {
        let (code, _, said) = push(&station, wrong, token, &[]);
        assert_eq!(code, Some(2), "{wrong}: {said}");
    }
    let nothing = Command::new(PROGRAM)
        .args(["push", "/nowhere.wav", "--to", &to, "--token", token, "--title", "x"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(nothing.status.code() == Some(2) && said.contains("/nowhere.wav"), "{said}");
    assert!(titles(&station).is_empty());
    // from standard input, where nobody sees it
    let mut child = Command::new(PROGRAM)
        .arg("push")
        .arg(recording(&station))
        .args(["--to", &to, "--title", "Qua ống", "--token", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(titles(&station), [json!("Qua ống")]);
}

#[test]
fn it_can_put_the_recording_into_a_programme() {
    let station = Station::open(Heard::ByNobody);
    let first = station.push("Bài đầu", &sound::tone(78, 1.0));
    let programme =
        station.programme(&json!({ "name": "Chiều", "segments": [first], "cron": "0 0 17 * * Mon-Fri" }));
    let (token, _) = station.token("huyện", &["segments:write", "schedule:write"]);
    let (code, segment, said) = push(&station, &station.address(), &token, &["--programme", &programme]);
    assert_eq!((code, &segment["programme"]), (Some(0), &json!(programme)), "{said}");
    let now = station.scheduler().get(&format!("/programmes/{programme}")).expect(200).json();
    assert_eq!(now["segments"], json!([first, segment["id"]]));
    // who may push and not plan is told before anything is sent
    std::fs::write(recording(&station), sound::tone(79, 1.0)).unwrap();
    let before = titles(&station).len();
    let (code, problem, said) =
        push(&station, &station.address(), &station.people.uploader, &["--programme", &programme]);
    assert_eq!((code, &problem["code"]), (Some(1), &json!("missing_scope")), "{said}");
    assert!(said.contains("schedule:write"), "{said}");
    assert_eq!(titles(&station).len(), before);
    // a programme that is not there is told after, with the recording
    let (code, problem, said) =
        push(&station, &station.address(), &token, &["--programme", "01970000-0000-7000-8000-000000000000"]);
    assert_eq!((code, &problem["code"]), (Some(1), &json!("not_found")), "{said}");
    assert!(said.contains("arrived") && problem["segment"]["id"].is_string(), "{problem} {said}");
}

/// Between caller and station; cuts its second connection (the first asks who the caller is) in the middle of the upload.
fn line_that_breaks_once(station: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().flatten().enumerate() {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, station)).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (mut to, mut back) = (server, client);
            std::thread::spawn(move || {
                let mut left = if number == 1 { 700_000 } else { usize::MAX };
                let mut piece = [0; 16 * 1024];
                while let Ok(count @ 1..) = up.read(&mut piece) {
                    if count > left || to.write_all(&piece[..count]).is_err() {
                        break;
                    }
                    left -= count;
                }
                let _ = to.shutdown(if left == usize::MAX { Shutdown::Write } else { Shutdown::Both });
                let _ = up.shutdown(Shutdown::Both);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut down, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
        }
    });
    port
}

#[test]
fn a_cut_upload_is_sent_again_and_kept_once() {
    let station = Station::start(Heard::ByNobody, "");
    let to = format!("http://127.0.0.1:{}", line_that_breaks_once(station.port()));
    let (code, segment, said) = push(&station, &to, &station.people.uploader, &[]);
    assert_eq!(code, Some(0), "{segment} {said}");
    assert_eq!(titles(&station).len(), 1);
    assert!(station.keeps().files["incoming"].is_empty());
}
