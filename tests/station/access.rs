//! Who may do what: every cell of role and endpoint and of scope and endpoint, through the real door; and how people, tokens
//! and sessions come and go.

use crate::http::{Answer, Body, Client};
use crate::station::{Heard, Station};
use crate::time::{now, pause, wait_for};
use jiff::SignedDuration;
use loaxa::access::{Role, Scope};
use loaxa::web::rights::{Needs, Right, TABLE};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

const PASSWORD: &str = "bảy con trâu đi học hát chèo";
/// Nothing on the station has it.
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// Somebody who asks, by token or by cookie.
#[derive(Clone)]
struct Asker {
    client: Client,
    cookie: Option<String>,
}

impl Asker {
    fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = self.headers();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if method == "GET" { Body::None } else { Body::Whole(body.as_bytes()) };
        self.client.send(method, path, &headers, body)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let origin = format!("http://127.0.0.1:{}", self.client.port);
        match &self.cookie {
            Some(cookie) => vec![("cookie", cookie.clone()), ("origin", origin)],
            None => Vec::new(),
        }
    }

    /// The status of an answer that may not end, and the word of a refusal.
    fn asks(&self, right: &Right) -> (u16, String) {
        let path = right.path.replace("{id}", NOBODY);
        if right.path == "/events" {
            let headers = self.headers();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let stream = self.client.open("GET", &path, &headers, &Body::None).unwrap();
            let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
            let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let body: String = if status == 200 { String::new() } else { lines.collect() };
            let code = body.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next());
            return (status, code.unwrap_or_default().to_owned());
        }
        // a body that nobody takes: whoever may ask changes nothing by it
        let answer = self.send(right.method, &path, r#"{"nonsense":1}"#);
        let code = serde_json::from_slice::<Value>(&answer.body).ok();
        let code = code.and_then(|body| body["code"].as_str().map(str::to_owned)).unwrap_or_default();
        (answer.status, code)
    }
}

fn add_person(station: &Station, name: &str, role: &str, password: &str) -> (bool, String) {
    let mut command = std::process::Command::new(crate::station::PROGRAM);
    command.args(["user", "add", name, "--role", role, "--password-stdin", "--json", "--config"]);
    let mut child = command
        .arg(station.configuration())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Tries to log in from this address, in a browser that sends these cookies.
fn log_in(station: &Station, cookies: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password });
    station.stranger().json("POST", "/session", &[("cookie", cookies)], &body)
}

/// The value of a cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> String {
    let set = answer.headers("set-cookie").find(|value| value.starts_with(&format!("{name}="))).unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

fn session(station: &Station, name: &str, password: &str) -> Asker {
    let answer = log_in(station, "", name, password).expect(200);
    Asker { client: station.stranger(), cookie: Some(cookie(&answer, "loaxa_session")) }
}

fn person(station: &Station, name: &str, role: &str) -> Asker {
    let (added, said) = add_person(station, name, role, PASSWORD);
    assert!(added, "{said}");
    session(station, name, PASSWORD)
}

fn token(station: &Station, token: &str) -> Asker {
    Asker { client: station.with(token), cookie: None }
}

/// A token that is over.
fn expired(station: &Station, admin: &Asker) -> String {
    let expires = now() + SignedDuration::from_secs(4);
    let body = json!({ "name": "soon over", "scopes": Scope::ALL, "expires": expires.to_string() });
    let made = admin.send("POST", "/tokens", &body.to_string()).expect(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    wait_for("a token to expire", Duration::from_secs(30), || (now() > expires).then_some(()));
    assert_eq!(station.with(&token).get("/status").status, 401);
    token
}

/// The rows of the log about access.
fn access_rows(station: &Station) -> Vec<Value> {
    let exported = station.command(&["log", "export"]);
    assert!(exported.status.success());
    let text = String::from_utf8(exported.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let body = |row: Value| match &row["body"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        body => body.clone(),
    };
    rows.filter(|row| row["kind"] == "access").map(body).collect()
}

/// Asks for everything; `wanted` says what must come of it. None: let in.
fn every_endpoint(who: &str, asker: &Asker, wanted: impl Fn(Needs) -> Option<(u16, &'static str)>) {
    // logging out comes last
    let (last, first): (Vec<&Right>, Vec<&Right>) =
        TABLE.iter().partition(|right| (right.method, right.path) == ("DELETE", "/session"));
    for right in first.into_iter().chain(last) {
        let (status, code) = asker.asks(right);
        let what = format!("{who}: {} {} answered {status} {code}", right.method, right.path);
        match wanted(right.needs) {
            None => assert!(![401, 403, 404, 405, 500].contains(&status) || code == "not_found", "{what}"),
            Some(refusal) => assert_eq!((status, code.as_str()), refusal, "{what}"),
        }
    }
}

#[test]
fn every_cell_of_the_table_of_rights_is_enforced() {
    let station = Station::start(Heard::ByNobody, "");
    let may =
        |held: BTreeSet<Scope>| move |needs: Needs| (!needs.met_by(&held)).then_some((403, "missing_scope"));
    for role in Role::ALL {
        let name = format!("vai {}", role.as_str());
        every_endpoint(&name, &person(&station, &name, role.as_str()), may(role.scopes()));
    }
    for scope in Scope::ALL {
        let (text, _) = station.token(scope.as_str(), &[scope.as_str()]);
        every_endpoint(scope.as_str(), &token(&station, &text), may(BTreeSet::from([scope])));
    }
    let strange = |needs: Needs| (needs != Needs::Nothing).then_some((401, "unauthenticated"));
    let everything: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let (revoked, id) = station.token("revoked", &everything);
    assert!(station.command(&["token", "revoke", &id]).status.success());
    let admin = person(&station, "quản trị", "admin");
    let (good, _) = station.token("good", &everything);
    let mut wrong = good[..good.len() - 1].to_owned();
    wrong.push(if good.ends_with('0') { '1' } else { '0' });
    for (who, text) in [
        ("expired", expired(&station, &admin)),
        ("revoked", revoked),
        ("wrong by a digit", wrong),
        ("unknown", format!("loaxa_{}_{}", NOBODY.replace('-', ""), "0".repeat(64))),
        ("nonsense", "nonsense".to_owned()),
    ] {
        every_endpoint(who, &token(&station, &text), strange);
    }
    every_endpoint("nobody", &Asker { client: station.stranger(), cookie: None }, strange);
    let dead =
        Asker { client: station.stranger(), cookie: Some(format!("loaxa_session={}", "0".repeat(64))) };
    every_endpoint("an unknown session", &dead, strange);

    // whoever has a one-time passphrase may only choose a password
    let made = admin.send("POST", "/people", r#"{"name":"mới","role":"emergency"}"#).expect(201).json();
    let fresh = session(&station, "mới", made["one_time_password"].as_str().unwrap());
    every_endpoint("a one-time password", &fresh, |needs| match needs {
        Needs::Nothing | Needs::Login => None,
        Needs::Settled | Needs::OneOf(_) => Some((403, "one_time_password")),
    });
    // nothing of all that changed the station
    let status = station.operator().get("/status").expect(200).json();
    assert_eq!(status["stopped"], Value::Null);
    assert_eq!(station.auditor().get("/airings").expect(200).json()["items"], json!([]));
}

#[test]
fn people_tokens_and_sessions_are_managed_and_revoked_at_once() {
    let station = Station::start(Heard::ByNobody, "");
    let admin = person(&station, "chị Tư", "admin");
    let others: Vec<Value> =
        admin.send("GET", "/people", "").expect(200).json()["items"].as_array().unwrap().clone();
    // the account that the first start made waits for its first use
    assert_eq!(others.len(), 2, "{others:?}");
    assert_eq!(others.iter().filter(|it| it["one_time_password_pending"] == true).count(), 1);
    let first = others.iter().find(|it| it["name"] == "admin").unwrap()["id"].as_str().unwrap().to_owned();
    let own = others.iter().find(|it| it["name"] == "chị Tư").unwrap()["id"].as_str().unwrap().to_owned();
    admin.send("DELETE", &format!("/people/{first}"), "").expect(200);
    admin.send("DELETE", &format!("/people/{own}"), "").refuses(
        "the last one goes",
        409,
        "last_administrator",
    );
    let demoted = |asker: &Asker, id: &str, tag: &str, body: &str| {
        let mut headers = asker.headers();
        headers.push(("if-match", tag.to_owned()));
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        asker.client.send("PUT", &format!("/people/{id}"), &headers, Body::Whole(body.as_bytes()))
    };
    demoted(&admin, &own, "\"1\"", r#"{"role":"auditor"}"#).refuses(
        "the last one",
        409,
        "last_administrator",
    );

    // added, with a passphrase for one use; the name is taken for good
    let made = admin.send("POST", "/people", r#"{"name":"Lan","role":"approver"}"#).expect(201);
    let (tag, made) = (made.header("etag").unwrap().to_owned(), made.json());
    admin.send("POST", "/people", r#"{"name":"Lan","role":"auditor"}"#).refuses("twice", 409, "name_taken");
    let (id, passphrase) = (made["id"].as_str().unwrap(), made["one_time_password"].as_str().unwrap());
    let lan = session(&station, "Lan", passphrase);
    let choose = |new: &str| {
        lan.send("PUT", "/session/password", &json!({ "old": passphrase, "new": new }).to_string())
    };
    for weak in ["aaaaaaaaaaaaaaa", "Lan Lan Lan Lan Lan", "Đài thử Đài thử", "123456789012345"] {
        let problem = choose(weak).refuses(weak, 422, "weak_password");
        assert!(problem["detail_vi"].as_str().unwrap().contains("Mật khẩu"), "{problem}");
    }
    choose(PASSWORD).expect(204);
    lan.send("GET", "/session", "").refuses("the session of the old password", 401, "unauthenticated");

    // another role: sessions end, and a stale version is refused
    let lan = session(&station, "Lan", PASSWORD);
    demoted(&admin, id, &tag, r#"{"role":"auditor"}"#).refuses("a stale version", 412, "changed_meanwhile");
    let version =
        admin.send("GET", &format!("/people/{id}"), "").expect(200).header("etag").unwrap().to_owned();
    let changed = demoted(&admin, id, &version, r#"{"role":"auditor"}"#).expect(200);
    assert_eq!(changed.json()["scopes"], json!(["airings:read", "status:read"]));
    lan.send("GET", "/session", "").refuses("the session of the old role", 401, "unauthenticated");

    // one's own sessions, everybody's for an administrator; and the lines that are held open
    let (lan, second) = (session(&station, "Lan", PASSWORD), session(&station, "Lan", PASSWORD));
    let open = lan.send("GET", "/sessions", "").expect(200).json()["items"].as_array().unwrap().clone();
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(open.iter().all(|it| it["name"] == "Lan" && it["address"] == "127.0.0.1"), "{open:?}");
    let all = admin.send("GET", "/sessions?limit=2", "").expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let rest = format!("/sessions?cursor={}", all["next"].as_str().unwrap());
    assert_eq!(admin.send("GET", &rest, "").expect(200).json()["items"].as_array().unwrap().len(), 1);
    let of_admin = admin.send("GET", "/sessions", "").expect(200).json();
    let of_admin =
        of_admin["items"].as_array().unwrap().iter().find(|it| it["current"] == true).unwrap()["id"].clone();
    lan.send("DELETE", &format!("/sessions/{}", of_admin.as_str().unwrap()), "").refuses(
        "a foreign one",
        404,
        "not_found",
    );
    let other = open.iter().find(|it| it["current"] == false).unwrap()["id"].as_str().unwrap();
    lan.send("DELETE", &format!("/sessions/{other}"), "").expect(204);
    second.send("GET", "/session", "").refuses("an ended session", 401, "unauthenticated");

    let listening = |asker: &Asker| {
        let headers = asker.headers();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let stream = asker.client.open("GET", "/events", &headers, &Body::None).unwrap();
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        assert!(lines.next().unwrap().contains("200"));
        lines
    };
    let heard = listening(&lan);
    admin.send("DELETE", &format!("/people/{id}"), "").expect(200);
    let begun = crate::time::instant();
    heard.for_each(drop);
    let ended = crate::time::instant().saturating_duration_since(begun);
    assert!(ended < Duration::from_secs(5), "a revoked listener heard on for {ended:?}");
    lan.send("GET", "/session", "").refuses("a revoked person", 401, "unauthenticated");
    log_in(&station, "", "Lan", PASSWORD).refuses("a revoked person", 401, "wrong_credentials");

    // tokens: shown once, listed with their last use, revoked from the console while the daemon runs
    let body = r#"{"name":"huyện","scopes":["status:read"]}"#;
    let made = admin.send("POST", "/tokens", body).expect(201).json();
    let district = token(&station, made["token"].as_str().unwrap());
    let heard = listening(&district);
    let listed = wait_for("the last use to be noted", Duration::from_secs(40), || {
        let list = admin.send("GET", "/tokens?limit=1000", "").expect(200).json();
        let it = list["items"].as_array().unwrap().iter().find(|it| it["id"] == made["id"]).unwrap().clone();
        assert!(!list.to_string().contains(made["token"].as_str().unwrap()), "the secret is not shown again");
        it["last_used"].is_string().then_some(it)
    });
    assert_eq!((&listed["scopes"], &listed["created_by"]), (&json!(["status:read"]), &json!("chị Tư")));
    let revoked = station.command(&["token", "revoke", made["id"].as_str().unwrap(), "--json"]);
    assert!(revoked.status.success());
    heard.for_each(drop);
    district.send("GET", "/status", "").refuses("a revoked token", 401, "unauthenticated");
    admin.send("POST", "/tokens", r#"{"name":"x","scopes":[]}"#).refuses("no scope", 422, "no_scope");
    let past = r#"{"name":"x","scopes":["status:read"],"expires":"2020-01-01T00:00:00Z"}"#;
    admin.send("POST", "/tokens", past).refuses("an end that is over", 422, "bad_expiry");

    // the console: a passphrase for whoever forgot, and lists
    let reset = station.command(&["user", "reset", "chị Tư", "--json"]);
    let reset: Value = serde_json::from_slice(&reset.stdout).unwrap();
    admin.send("GET", "/session", "").refuses("the session before the reset", 401, "unauthenticated");
    session(&station, "chị Tư", reset["one_time_password"].as_str().unwrap());
    let last = station.command(&["user", "revoke", "chị Tư"]);
    assert_eq!(last.status.code(), Some(2), "the last administrator stays, also from the console");
    let listed = station.command(&["user", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let lan = listed["items"].as_array().unwrap().iter().find(|it| it["name"] == "Lan").unwrap().clone();
    assert!(lan["revoked_at"].is_string() && lan["valid"] == false, "{lan}");
    assert!(station.command(&["token", "list"]).status.success());

    // each change is in the log, with who did it, and no secret
    let rows = access_rows(&station);
    let count = |what: &str| rows.iter().filter(|row| row["what"] == what).count();
    assert_eq!((count("role_changed"), count("password_reset"), count("password_changed")), (1, 1, 1));
    assert_eq!(count("revoked"), 3, "the first account, Lan, the token");
    assert!(
        rows.iter()
            .filter(|row| row["what"] == "revoked")
            .all(|row| row["by"] == own || row["by"] == "console")
    );
    let text = serde_json::to_string(&rows).unwrap();
    assert!(!text.contains(passphrase) && !text.contains(made["token"].as_str().unwrap()));
}

/// Types wrong passwords until the next try must wait long enough for a busy machine to ask within the wait.
fn guess_until_it_waits(station: &Station, browser: &str) {
    wait_for("guessing to be slowed", Duration::from_secs(120), || {
        let answer = log_in(station, browser, "Minh", "one more of a long row");
        let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
        pause(Duration::from_millis(200));
        (answer.status == 429 && wait.is_some_and(|wait| wait >= 4)).then_some(())
    });
}

#[test]
fn guessing_slows_the_guesser_and_not_the_owner_and_the_log_is_not_flooded() {
    let station = Station::start(Heard::ByNobody, "");
    let (added, said) = add_person(&station, "Minh", "approver", PASSWORD);
    assert!(added, "{said}");
    let (added, said) = add_person(&station, "x", "approver", "passwordpassword");
    assert!(!added && said.contains("easy to guess"), "{said}");
    // in the owner's browser
    let first = log_in(&station, "", "Minh", PASSWORD).expect(200);
    let browser = cookie(&first, "loaxa_browser");
    let live = Asker { client: station.stranger(), cookie: Some(cookie(&first, "loaxa_session")) };

    // somebody guesses, from the very same address
    let mut refused = 0;
    for guess in 0..40 {
        let answer = log_in(&station, "", "Minh", &format!("guess {guess} of a long row"));
        if answer.status == 429 {
            let problem = answer.refuses("guessing", 429, "too_many_attempts");
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            assert!(problem["detail_vi"].as_str().unwrap().contains("giây"), "{problem}");
            refused += 1;
        } else {
            answer.refuses("guessing", 401, "wrong_credentials");
        }
    }
    assert!(refused >= 25, "{refused} of 40 guesses were not even looked at");
    // the right password waits there too, or guessing would go on
    guess_until_it_waits(&station, "");
    log_in(&station, "", "Minh", PASSWORD).refuses("a strange browser meanwhile", 429, "too_many_attempts");
    // neither the session that lives nor the known browser is harmed
    live.send("GET", "/session", "").expect(200);
    let again = log_in(&station, &browser, "Minh", PASSWORD).expect(200);
    assert_eq!(cookie(&again, "loaxa_browser"), browser, "it stays known under its own cookie");
    // a cookie that somebody made up is worth nothing, and is not taken over
    let made_up = format!("loaxa_browser={}", "ab".repeat(32));
    log_in(&station, &made_up, "Minh", PASSWORD).refuses("a made-up cookie", 429, "too_many_attempts");
    // the known browser may not guess for ever either
    guess_until_it_waits(&station, &browser);

    // refusals of changes: one row for many
    for _ in 0..50 {
        station.auditor().post("/stop", &json!({})).refuses("an auditor stops", 403, "missing_scope");
        station.with("nonsense").post("/stop", &json!({})).refuses("nobody stops", 401, "unauthenticated");
    }
    let rows = wait_for("the refusals in the log", Duration::from_secs(20), || {
        let rows = access_rows(&station);
        let refused: Vec<Value> = rows.into_iter().filter(|row| row["what"] == "refused").collect();
        (refused.iter().filter(|row| row["path"] == "/stop").count() >= 2).then_some(refused)
    });
    assert!(rows.len() <= 8, "{} rows: {rows:?}", rows.len());
    let of = |code: &str| {
        rows.iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("{code}: {rows:?}"))
    };
    assert_eq!(
        (&of("missing_scope")["name"], &of("missing_scope")["path"]),
        (&json!("auditor"), &json!("/stop"))
    );
    assert_eq!(
        (&of("unauthenticated")["address"], &of("unauthenticated")["id"]),
        (&json!("127.0.0.1"), &Value::Null)
    );
    assert_eq!(of("wrong_credentials")["name"], "Minh");
    assert_eq!(of("too_many_attempts")["name"], "Minh");
    // what was counted is written when the daemon ends
    let mut station = station;
    station.terminate();
    let rows = access_rows(&station);
    let told = |code: &str| -> u64 {
        let of = rows.iter().filter(|row| row["what"] == "refused" && row["code"] == code);
        of.map(|row| row["count"].as_u64().unwrap()).sum()
    };
    assert_eq!((told("missing_scope"), told("unauthenticated")), (50, 50));
    assert!(told("too_many_attempts") >= refused);
}

#[test]
fn the_first_start_prints_one_code_once_and_there_is_no_default_password() {
    let mut station = Station::configured(Heard::ByNobody, "");
    let console = station.home().join("console");
    let serve = |station: &mut Station| {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", r#"exec "$0" serve --config "$1" >>"$2""#, crate::station::PROGRAM]);
        command.arg(station.configuration()).arg(&console);
        station.run(command);
    };
    serve(&mut station);
    let said = std::fs::read_to_string(&console).unwrap();
    assert_eq!(said.matches("one-time password").count(), 1, "{said}");
    let code = said.split("one-time password ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(code.len() >= 24, "{code:?} is random enough");
    for (name, password) in [("admin", "admin"), ("admin", ""), ("root", "root"), ("loaxa", "loaxa")] {
        log_in(&station, "", name, password).refuses(name, 401, "wrong_credentials");
    }
    let first = session(&station, "admin", &code);
    for path in ["/people", "/status", "/segments", "/sessions"] {
        first.send("GET", path, "").refuses(path, 403, "one_time_password");
    }
    let chosen = json!({ "old": code, "new": PASSWORD }).to_string();
    first.send("PUT", "/session/password", &chosen).expect(204);
    log_in(&station, "", "admin", &code).refuses("the code once more", 401, "wrong_credentials");
    session(&station, "admin", PASSWORD).send("GET", "/people", "").expect(200);
    station.terminate();
    serve(&mut station);
    assert_eq!(std::fs::read_to_string(&console).unwrap(), said, "it is printed once");
    // the log says that it was made, and not with what
    let rows = access_rows(&station);
    assert_eq!((&rows[0]["what"], &rows[0]["by"]), (&json!("added"), &json!("first start")));
    assert!(!serde_json::to_string(&rows).unwrap().contains(&code));
}
