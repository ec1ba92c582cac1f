use super::*;
use crate::error::ErrorKind;
use jiff::{SignedDuration, ToSpan};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

fn at(text: &str, trusted: bool) -> Now {
    Now { wall: text.parse().unwrap(), mono: Duration::ZERO, trusted }
}

fn web() -> Web {
    Web { listen: "192.168.1.20:8443".parse().unwrap(), tls: Some(Tls::default()), ..Web::default() }
}

fn named(web: &Web, data: &Path, wanted: &str) -> bool {
    let identity = own::existing(data).unwrap().unwrap();
    let parsed = rustls::server::ParsedCertificate::try_from(&identity.chain[0]).unwrap();
    assert!(web.tls.is_some());
    rustls::client::verify_server_name(&parsed, &name(wanted).unwrap()).is_ok()
}

#[test]
fn a_key_is_made_once_and_kept_to_itself() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-11-22T08:00:00Z", true);
    assert_eq!(look(&web(), home.path()).unwrap(), None);
    let first = Server::open(&web(), home.path(), now).unwrap().unwrap().facts();
    let again = Server::open(&web(), home.path(), now).unwrap().unwrap().facts();
    assert_eq!(first, again);
    assert_eq!(look(&web(), home.path()).unwrap(), Some(first.clone()));
    assert!(first.own && first.fingerprint != first.pin && first.pin.len() == 64);
    assert_eq!(first.not_after, "2036-11-21T00:00:00Z".parse::<Timestamp>().unwrap());
    let key = home.path().join("tls/key.pem");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    for wanted in ["localhost", "127.0.0.1", "::1", "192.168.1.20"] {
        assert!(named(&web(), home.path(), wanted), "{wanted}");
    }
    assert!(!named(&web(), home.path(), "192.168.1.21"));
    // who can be read by others is not used
    for mode in [0o644, 0o640, 0o604] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = Server::open(&web(), home.path(), now).err().unwrap();
        assert_eq!((refused.kind, refused.code.as_ref()), (ErrorKind::Unacceptable, "tls_unusable"));
        assert!(
            refused.detail.contains("chmod 600") && refused.detail.contains("key.pem"),
            "{}",
            refused.detail
        );
    }
}

#[test]
fn a_certificate_is_renewed_in_time_and_the_pin_stays() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::open(&web(), home.path(), at("2026-11-22T08:00:00Z", true)).unwrap().unwrap();
    let first = server.facts();
    let end = first.not_after;
    let long_before = end.checked_sub(SignedDuration::from_hours(70 * 24)).unwrap();
    let soon = end.checked_sub(SignedDuration::from_hours(50 * 24)).unwrap();
    let now = |wall: Timestamp, trusted| Now { wall, mono: Duration::ZERO, trusted };
    assert!(!server.refresh(now(long_before, true)).unwrap());
    // a clock that nobody trusts ends no certificate
    assert!(!server.refresh(now(soon, false)).unwrap());
    assert!(server.refresh(now(soon, true)).unwrap());
    let second = server.facts();
    assert_eq!(second.pin, first.pin);
    assert_ne!(second.fingerprint, first.fingerprint);
    assert!(second.not_after > end);
    // made when the clock was wrong: another one as soon as it is right
    assert!(server.refresh(at("2026-11-22T08:00:00Z", true)).unwrap());
    assert_eq!(server.facts().not_after, end);
}

#[test]
fn where_nothing_can_be_written_the_old_certificate_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::open(&web(), home.path(), at("2026-11-22T08:00:00Z", true)).unwrap().unwrap();
    let first = server.facts();
    // a folder where the new file should go: not even root writes there
    std::fs::create_dir(home.path().join("tls/certificate.new")).unwrap();
    assert!(!server.refresh(at("2036-11-01T08:00:00Z", true)).unwrap());
    let again = Server::open(&web(), home.path(), at("2036-11-01T08:00:00Z", true)).unwrap().unwrap();
    assert_eq!(again.facts(), first);
}

#[test]
fn a_board_without_a_clock_makes_a_certificate_that_serves_when_it_has_one() {
    let home = tempfile::tempdir().unwrap();
    let first =
        Server::open(&web(), home.path(), at("1970-01-01T00:00:07Z", false)).unwrap().unwrap().facts();
    assert_eq!(first.not_after, "2036-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    let later = Server::open(&web(), home.path(), at("2027-03-01T00:00:00Z", true)).unwrap().unwrap().facts();
    assert_eq!(first, later);
}

#[test]
fn another_name_needs_another_certificate_and_the_key_stays() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-11-22T08:00:00Z", true);
    let first = Server::open(&web(), home.path(), now).unwrap().unwrap().facts();
    let tls = Tls { names: vec!["loa-xa.lan".to_owned()], ..Tls::default() };
    let wider = Web { tls: Some(tls), ..web() };
    let second = Server::open(&wider, home.path(), now).unwrap().unwrap().facts();
    assert!(named(&wider, home.path(), "loa-xa.lan"));
    assert_eq!(second.pin, first.pin);
    assert_ne!(second.fingerprint, first.fingerprint);
}

#[test]
fn a_certificate_of_ones_own_is_used_and_read_again() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-11-22T08:00:00Z", true);
    let make = |folder: &str| {
        Server::open(&web(), &home.path().join(folder), now).unwrap().unwrap();
        [home.path().join(folder).join("tls/certificate.pem"), home.path().join(folder).join("tls/key.pem")]
    };
    let ([cert, key], [other_cert, other_key]) = (make("a"), make("b"));
    let tls = |cert: &Path, key: &Path| Web {
        tls: Some(Tls { cert_file: Some(cert.to_owned()), key_file: Some(key.to_owned()), ..Tls::default() }),
        ..web()
    };
    let server = Server::open(&tls(&cert, &key), home.path(), now).unwrap().unwrap();
    let first = server.facts();
    assert!(!first.own);
    assert!(!server.refresh(now).unwrap());
    std::fs::copy(&other_cert, &cert).unwrap();
    let refused = server.refresh(now).unwrap_err();
    assert!(refused.detail.contains("does not belong"), "{}", refused.detail);
    assert_eq!(server.facts(), first, "what was good stays");
    std::fs::copy(&other_key, &key).unwrap();
    assert!(server.refresh(now).unwrap());
    assert_ne!(server.facts().pin, first.pin);
    // a group may read it, the world may not
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    server.refresh(now).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(server.refresh(now).unwrap_err().detail.contains("chmod 600"));
    std::fs::write(&cert, "no certificate").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(server.refresh(now).unwrap_err().detail.contains("BEGIN CERTIFICATE"));
}

#[test]
fn pins_are_read_as_people_copy_them() {
    let plain = "0123456789abcdef".repeat(4);
    let pin: Pin = plain.parse().unwrap();
    let upper = plain.to_uppercase();
    let colons = upper.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).into_owned());
    assert_eq!(colons.collect::<Vec<_>>().join(":").parse(), Ok(pin.clone()));
    assert_eq!(format!("SHA256:{plain}").parse(), Ok(pin));
    for wrong in
        ["", "sha256:", &plain[1..], &format!("{plain}0"), &plain.replace('f', "g"), "ngày ngày ngày"]
    {
        assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
    }
}

#[test]
fn ten_years_are_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let leap = at("2028-03-01T08:00:00Z", true);
    let facts = Server::open(&web(), home.path(), leap).unwrap().unwrap().facts();
    let until = facts.not_after.to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(until, jiff::civil::date(2028, 2, 29).saturating_add(10.years()));
}

/// A handshake without a network: what the station and what the caller think of it.
fn shake(server: &Server, pin: &str) -> [Option<rustls::Error>; 2] {
    let mut inside = rustls::ServerConnection::new(server.config()).unwrap();
    let trust = Trust::Pinned(pin.parse().unwrap());
    let config = Arc::new(client(trust).unwrap());
    let mut caller = rustls::ClientConnection::new(config, name("elsewhere.example").unwrap()).unwrap();
    let mut thinks = [None, None];
    for _ in 0..6 {
        let mut wire = Vec::new();
        while caller.wants_write() {
            caller.write_tls(&mut wire).unwrap();
        }
        let mut unread = wire.as_slice();
        while !unread.is_empty() && thinks[0].is_none() {
            inside.read_tls(&mut unread).unwrap();
            thinks[0] = inside.process_new_packets().err();
        }
        let mut wire = Vec::new();
        while inside.wants_write() {
            inside.write_tls(&mut wire).unwrap();
        }
        let mut unread = wire.as_slice();
        while !unread.is_empty() && thinks[1].is_none() {
            caller.read_tls(&mut unread).unwrap();
            thinks[1] = caller.process_new_packets().err();
        }
    }
    if thinks.iter().all(Option::is_none) {
        assert!(!inside.is_handshaking() && !caller.is_handshaking());
    }
    thinks
}

#[test]
fn callers_and_stations_let_in_whom_they_are_told_to() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-11-22T08:00:00Z", true);
    let server = Server::open(&web(), home.path(), now).unwrap().unwrap();
    let facts = server.facts();
    assert!(matches!(shake(&server, &facts.pin), [None, None]));
    assert!(matches!(shake(&server, &facts.fingerprint), [None, None]));
    let [_, caller] = shake(&server, &"0".repeat(64));
    assert!(matches!(caller, Some(rustls::Error::InvalidCertificate(_))), "{caller:?}");
    // where callers must show a certificate, who has none stays outside
    let ca = home.path().join("tls/certificate.pem");
    let tls = Tls { client_ca_file: Some(ca.clone()), ..Tls::default() };
    let strict = Web { tls: Some(tls), ..web() };
    let server = Server::open(&strict, home.path(), now).unwrap().unwrap();
    let [inside, _] = shake(&server, &facts.pin);
    assert!(matches!(inside, Some(rustls::Error::NoCertificatesPresented)), "{inside:?}");
    let tls = Tls { client_ca_file: Some(home.path().join("nothing.pem")), ..Tls::default() };
    let refused = Server::open(&Web { tls: Some(tls), ..web() }, home.path(), now).err().unwrap();
    assert!(refused.detail.contains("nothing.pem"), "{}", refused.detail);
}
