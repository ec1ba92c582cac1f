//! A station that is reached over TLS: its own certificate, what callers pin, and what is refused.

use crate::http::parse;
use crate::station::{Heard, Station};
use crate::time::wait_for;
use loaxa::tls::{Pin, Trust, client};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A station that speaks TLS with what it made itself; `more` goes into its table.
pub(crate) fn encrypted(more: &str) -> Station {
    let mut station = Station::configured(Heard::ByNobody, "");
    station.also("[web]", &format!("tls = {{ {more} }}"));
    station.begin();
    station
}

/// Pin and fingerprint, as the daemon printed them.
pub(crate) fn printed(station: &Station) -> (String, String) {
    let line = station.line_with("TLS: pin").unwrap();
    let mut hashes =
        line.split(|it: char| !it.is_ascii_hexdigit()).filter(|word| word.len() == 64).map(str::to_owned);
    (hashes.next().unwrap(), hashes.next().unwrap())
}

fn pinned(pin: &str) -> ClientConfig {
    client(Trust::Pinned(pin.parse::<Pin>().unwrap())).unwrap()
}

/// One request over TLS: the raw answer.
fn ask(station: &Station, config: ClientConfig, request: &str) -> std::io::Result<Vec<u8>> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, station.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

fn get(station: &Station, token: &str, path: &str) -> String {
    format!(
        "GET /api/v1{path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n",
        station.port()
    )
}

#[test]
fn the_station_makes_its_key_and_says_everywhere_what_to_pin() {
    let mut station = encrypted("");
    let (pin, fingerprint) = printed(&station);
    let operator = station.people.operator.clone();
    let status = |station: &Station, pin: &str| -> Value {
        let answer = ask(station, pinned(pin), &get(station, &operator, "/status")).unwrap();
        parse(&answer).unwrap().expect(200).json()
    };
    let tls = status(&station, &pin)["tls"].clone();
    assert_eq!(
        (&tls["pin"], &tls["fingerprint"], &tls["own"]),
        (&json!(pin), &json!(fingerprint), &json!(true))
    );
    // the certificate's own hash will do as well
    assert_eq!(status(&station, &fingerprint)["tls"], tls);
    let doctor = station.command(&["doctor", "--json"]);
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let finding = doctor["findings"].as_array().unwrap().iter().find(|it| it["what"] == "tls").unwrap();
    assert!(finding["good"] == true && finding["says"].as_str().unwrap().contains(&pin), "{finding}");
    // nobody else is spoken to, and nothing is spoken in the open
    let other = "0".repeat(64);
    let refused = ask(&station, pinned(&other), &get(&station, &operator, "/status")).unwrap_err();
    assert!(refused.to_string().contains(&pin), "{refused}");
    let mut open = TcpStream::connect((Ipv4Addr::LOCALHOST, station.port())).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    open.write_all(get(&station, &operator, "/health").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = open.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    // the key stays what it is
    assert!(station.terminate().success());
    station.start_again();
    assert_eq!(printed(&station), (pin, fingerprint));
    // who can be read by others is not used
    assert!(station.terminate().success());
    let key = station.data().join("tls/key.pem");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let refused = station.command(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("chmod 600"), "{said}");
}

#[test]
fn the_cookie_does_not_travel_without_tls() {
    let station = encrypted("");
    let (pin, _) = printed(&station);
    let made = station.command(&["user", "add", "lan", "--role", "auditor", "--json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let body = json!({ "name": "lan", "password": made["one_time_password"] }).to_string();
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        station.port(),
        body.len()
    );
    let answer = parse(&ask(&station, pinned(&pin), &request).unwrap()).unwrap().expect(200);
    let cookie = answer.header("set-cookie").unwrap();
    for word in ["; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[test]
fn tls_1_2_is_spoken_only_where_it_is_configured() {
    let old = || {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap();
        builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    let answer = |more: &str| {
        let station = encrypted(more);
        let (pin, _) = printed(&station);
        let request = get(&station, &station.people.operator, "/health");
        assert!(ask(&station, pinned(&pin), &request).unwrap().starts_with(b"HTTP/1.1 200"));
        ask(&station, old(), &request).unwrap_err().to_string()
    };
    // a certificate that it does not know is as far as the old caller comes; without 1.2 it does not come so far
    assert!(answer("min_version = \"1.2\"").contains("certificate"));
    assert!(answer("").contains("ProtocolVersion"));
}

#[test]
fn a_handshake_that_never_ends_is_closed() {
    let station = encrypted("");
    let mut silent: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, station.port())).unwrap()).collect();
    for stream in &mut silent {
        // the beginning of a greeting
        stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0]).unwrap();
        stream.set_nonblocking(true).unwrap();
    }
    wait_for("the handshakes to be closed", Duration::from_secs(15), || {
        silent.retain_mut(|stream| {
            matches!(stream.read(&mut [0; 64]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        });
        silent.is_empty().then_some(())
    });
}
