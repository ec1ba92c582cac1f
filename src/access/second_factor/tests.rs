use super::*;
use crate::access::{Role, Wanted, Whence};
use crate::clock::{Clock, TrustReason};
use crate::store::Store;
use jiff::{SignedDuration, ToSpan};
use loaxa_schedules::Now;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PASSWORD: &str = "bảy con trâu đi học hát chèo";

/// A clock that goes when it is told to.
struct Told(Mutex<Timestamp>);

impl Clock for Told {
    fn now(&self) -> Now {
        let wall = *self.0.lock().unwrap();
        let mono = Duration::try_from(wall.duration_since(Timestamp::UNIX_EPOCH)).unwrap();
        Now { wall, mono, trusted: true }
    }

    fn trust(&self) -> TrustReason {
        TrustReason::ConfiguredAlways
    }

    #[expect(clippy::disallowed_methods, reason = "nothing here asks for an instant of the machine")]
    fn instant(&self, _: Duration) -> Instant {
        Instant::now()
    }

    fn mono(&self, _: Instant) -> Duration {
        Duration::ZERO
    }

    fn remember(&self, _: Timestamp) {}

    fn vouch(&self) {}
}

struct Door {
    _folder: tempfile::TempDir,
    clock: Arc<Told>,
    store: Arc<Store>,
    access: Access,
}

impl Door {
    /// A station with one person, Lan.
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // a whole time step, so that tests count from its beginning
        let clock = Arc::new(Told(Mutex::new("2026-11-30T10:00:00Z".parse().unwrap())));
        let store = Arc::new(Store::open(folder.path(), clock.now().wall).unwrap());
        let access = Access::new(Arc::clone(&store), clock.clone(), "Đài xã: Vĩnh An");
        access.add_person("Lan", Role::Approver, Some(PASSWORD), "console").unwrap();
        Self { _folder: folder, clock, store, access }
    }

    fn wait(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    fn try_in(&self, code: Option<&str>) -> Result<Caller> {
        let from = Whence { address: Ipv4Addr::LOCALHOST.into(), browser: None, agent: None };
        self.access.log_in("Lan", PASSWORD, code, &from).map(|login| login.caller)
    }

    /// What an authenticator would show so many seconds from now.
    fn code(&self, secret: &str, seconds: i64) -> String {
        let secret = Secret::try_from_base32(secret).unwrap();
        let at = self.clock.now().wall + seconds.seconds();
        authenticator(secret.as_bytes()).unwrap().generate(at.as_second().try_into().unwrap()).to_string()
    }

    /// Lan with a second factor, and its secret. A whole step later, for the first code is over.
    fn with_factor() -> (Self, String) {
        let door = Self::open();
        let lan = door.try_in(None).unwrap();
        let secret = door.access.begin_second_factor(&lan, PASSWORD).unwrap().secret.to_string();
        door.access.confirm_second_factor(&lan, &door.code(&secret, 0)).unwrap();
        door.wait(30);
        (door, secret)
    }

    /// What the log says of who may come in.
    fn rows(&self) -> Vec<String> {
        let rows = self.store.log_rows(0, 100).unwrap();
        let access = rows.into_iter().filter(|row| row.kind == "access");
        let what =
            access.map(|row| serde_json::from_str::<serde_json::Value>(&row.body).unwrap()["what"].clone());
        what.map(|what| what.as_str().unwrap().to_owned()).collect()
    }
}

fn code_of<T>(result: Result<T>) -> String {
    result.err().map_or("fine".to_owned(), |error| error.code.into_owned())
}

/// RFC 6238, appendix B, the SHA-1 rows, their last six digits.
#[test]
fn codes_are_those_of_the_standard() {
    let secret = b"12345678901234567890";
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
    ] {
        let now = Timestamp::from_second(seconds).unwrap();
        assert_eq!(step_of(secret, code, now).unwrap(), Some(seconds / 30), "{seconds}");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(step_of(secret, &spaced, now).unwrap(), Some(seconds / 30), "as it is shown");
        for wrong in ["", "28708", "2870822", "28708x", "٢٨٧٠٨٢", "-87082", "+87082"] {
            assert_eq!(step_of(secret, wrong, now).unwrap(), None, "{wrong:?}");
        }
    }
}

#[test]
fn nobody_is_asked_before_a_code_was_shown() {
    let door = Door::open();
    let lan = door.try_in(None).unwrap();
    assert_eq!(code_of(door.access.confirm_second_factor(&lan, "123456")), "no_second_factor");
    assert_eq!(code_of(door.access.begin_second_factor(&lan, "another password")), "wrong_credentials");
    let first = door.access.begin_second_factor(&lan, PASSWORD).unwrap();
    assert_eq!(
        *first.uri,
        format!(
            "otpauth://totp/%C4%90%C3%A0i%20x%C3%A3%3A%20V%C4%A9nh%20An:Lan?secret={}&issuer=%C4%90%C3%A0i%20x%C3%A3%3A%20V%C4%A9nh%20An",
            *first.secret
        )
    );
    door.try_in(None).expect("it counts for nothing yet");
    // whoever closed the page before scanning begins again
    let second = door.access.begin_second_factor(&lan, PASSWORD).unwrap();
    assert_ne!(*first.secret, *second.secret);
    assert_eq!(code_of(door.access.confirm_second_factor(&lan, &door.code(&first.secret, 0))), "wrong_code");
    door.access.confirm_second_factor(&lan, &door.code(&second.secret, 0)).unwrap();
    assert_eq!(code_of(door.try_in(None)), "second_factor_required");
    assert_eq!(code_of(door.access.begin_second_factor(&lan, PASSWORD)), "second_factor_exists");
    let again = door.code(&second.secret, 30);
    assert_eq!(code_of(door.access.confirm_second_factor(&lan, &again)), "second_factor_exists");
    assert_eq!(door.rows(), ["added", "second_factor_set_up"]);
}

#[test]
fn each_code_is_taken_once_and_none_before_it() {
    let (door, secret) = Door::with_factor();
    assert_eq!(code_of(door.try_in(Some(&door.code(&secret, -30)))), "wrong_code", "it confirmed");
    let now = door.code(&secret, 0);
    door.try_in(Some(&now)).unwrap();
    assert_eq!(code_of(door.try_in(Some(&now))), "wrong_code", "whoever looked over the shoulder");
    // a clock that is ahead by a step
    let next = door.code(&secret, 30);
    door.try_in(Some(&next)).unwrap();
    door.wait(30);
    assert_eq!(code_of(door.try_in(Some(&next))), "wrong_code");
    assert_eq!(code_of(door.try_in(Some(&now))), "wrong_code");
    door.wait(30);
    door.try_in(Some(&door.code(&secret, 0))).unwrap();
}

#[test]
fn codes_of_other_times_are_refused() {
    let (door, secret) = Door::with_factor();
    door.wait(600);
    for seconds in [-600, -60, 60, 3600] {
        assert_eq!(code_of(door.try_in(Some(&door.code(&secret, seconds)))), "wrong_code", "{seconds}");
    }
}

#[test]
fn wrong_codes_count_as_wrong_passwords_do() {
    let (door, secret) = Door::with_factor();
    let right = door.code(&secret, 0);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let mut answers = Vec::new();
    for _ in 0..6 {
        // who knows the password alone clears nothing by it
        assert!(
            ["second_factor_required", "too_many_attempts"].contains(&code_of(door.try_in(None)).as_str())
        );
        answers.push(code_of(door.try_in(Some(wrong))));
    }
    assert_eq!(answers[..5], ["wrong_code"; 5]);
    assert_eq!(answers[5], "too_many_attempts");
    assert_eq!(code_of(door.try_in(Some(&right))), "too_many_attempts");
    door.wait(60);
    door.try_in(Some(&door.code(&secret, 0))).unwrap();
}

#[test]
fn an_administrator_takes_it_away_and_the_log_says_so() {
    let (door, _) = Door::with_factor();
    let lan = door.access.person_named("Lan").unwrap();
    assert!(lan.second_factor);
    let wanted = Wanted { new_password: true, ..Wanted::default() };
    let (lan, passphrase) = door.access.change_person(&lan.id, wanted, None, "console").unwrap();
    assert!(lan.second_factor, "a new password alone does not");
    let from = Whence { address: Ipv4Addr::LOCALHOST.into(), browser: None, agent: None };
    let answer = door.access.log_in("Lan", passphrase.as_deref().unwrap(), None, &from);
    assert_eq!(code_of(answer), "second_factor_required");
    let wanted = Wanted { without_second_factor: true, ..Wanted::default() };
    let (lan, _) = door.access.change_person(&lan.id, wanted, Some(lan.version), "console").unwrap();
    assert!(!lan.second_factor);
    door.access.log_in("Lan", passphrase.as_deref().unwrap(), None, &from).unwrap();
    assert_eq!(door.rows(), ["added", "second_factor_set_up", "password_reset", "second_factor_reset"]);
}

#[test]
fn a_token_has_none() {
    let door = Door::open();
    let new = door.access.add_token("t", [crate::access::Scope::StatusRead].into(), None, "console").unwrap();
    let token = door.access.by_token(&new.token).unwrap();
    assert_eq!(code_of(door.access.begin_second_factor(&token, PASSWORD)), "not_a_person");
    assert_eq!(code_of(door.access.confirm_second_factor(&token, "123456")), "not_a_person");
}
