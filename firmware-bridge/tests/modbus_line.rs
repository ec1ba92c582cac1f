//! Real serial ports (a pair of pseudo terminals) and real sockets: what the tests in memory cannot show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod modbus_line_support;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use loaxa_firmware_bridge::{
    Amplifier, AmplifierSettings, BridgeError, ProbeSettings, Profile, bounded, probe,
};
use modbus_line_support::{Serial, Slave};
use tokio::time::{Instant, sleep};

fn open(text: &str) -> Box<dyn Amplifier> {
    let settings: AmplifierSettings = toml::from_str(text).unwrap();
    settings.open().unwrap().unwrap()
}

fn on_port(port: &Path) -> Box<dyn Amplifier> {
    open(&format!(
        "driver = \"modbus-rtu\"\nport = {port:?}\nprofile = \"relay-8\"\npower_relay = 7\nsound_relay = 8\n\
         zones = {{ a = 1, b = 2 }}\npower_settle_ms = 30\nrelay_settle_ms = 5\nunmute_settle_ms = 5\n"
    ))
}

fn zones() -> Vec<String> {
    vec!["a".to_owned()]
}

async fn there_and_back(amplifier: &mut dyn Amplifier, slave: &Slave) {
    amplifier.energise(&zones()).await.unwrap().confirm_energised(&zones()).unwrap();
    assert_eq!(slave.on(), [1, 7]);
    amplifier.unmute().await.unwrap().confirm_muted(false).unwrap();
    assert_eq!(slave.on(), [1, 7, 8]);
    amplifier.mute().await.unwrap();
    amplifier.release().await.unwrap().confirm_dark().unwrap();
    assert!(slave.on().is_empty());
}

/// Asks until it is answered; the machine may be loaded.
async fn until_answered(amplifier: &mut dyn Amplifier) {
    let began = Instant::now();
    while let Err(error) = amplifier.status().await {
        assert!(began.elapsed() < Duration::from_secs(30), "{error}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_board_at_a_serial_port_obeys() {
    let slave = Slave::default();
    let serial = Serial::plug(&slave);
    let mut amplifier = on_port(&serial.path);
    for _ in 0..5 {
        there_and_back(amplifier.as_mut(), &slave).await;
    }
    assert_eq!(amplifier.line().garbled, 0);
    assert_eq!(amplifier.identity().unwrap().model, "relay-8");
}

#[tokio::test]
async fn a_second_program_on_the_port_is_refused_by_name() {
    let slave = Slave::default();
    let serial = Serial::plug(&slave);
    let mut first = on_port(&serial.path);
    first.status().await.unwrap();
    let error = on_port(&serial.path).status().await.unwrap_err();
    assert!(matches!(error, BridgeError::Line { .. }), "{error}");
    assert!(error.to_string().contains("is used by another program; end that program"), "{error}");
    first.status().await.unwrap();
    drop(first);
    on_port(&serial.path).status().await.unwrap();
}

#[tokio::test]
async fn an_adapter_that_is_pulled_and_plugged_again_is_found_again() {
    let folder = std::env::temp_dir().join(format!("loaxa-line-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join("ttyUSB0");
    let slave = Slave::default();
    let mut amplifier = on_port(&path);
    let error = amplifier.status().await.unwrap_err();
    assert!(error.to_string().contains("is not there; plug the adapter in"), "{error}");
    for _ in 0..3 {
        let serial = Serial::plug(&slave);
        std::os::unix::fs::symlink(&serial.path, &path).unwrap();
        until_answered(amplifier.as_mut()).await;
        there_and_back(amplifier.as_mut(), &slave).await;
        amplifier.energise(&zones()).await.unwrap();
        drop(serial);
        std::fs::remove_file(&path).unwrap();
        let began = Instant::now();
        for _ in 0..3 {
            amplifier.status().await.unwrap_err();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn late_answers_at_a_real_port_are_not_believed() {
    let slave = Slave::default();
    let serial = Serial::plug(&slave);
    let mut amplifier = on_port(&serial.path);
    amplifier.energise(&zones()).await.unwrap();
    for delay in [320, 350, 400, 420, 450, 700] {
        slave.late_once(Duration::from_millis(delay));
        let first = amplifier.status().await;
        // what was true is false now
        slave.flip(1);
        let read = |status: &loaxa_firmware_bridge::AmplifierStatus| status.zones[0].1.value();
        drop(first);
        if let Ok(status) = amplifier.status().await {
            assert_eq!(read(&status), Some(slave.on().contains(&1)), "{delay} ms");
        }
    }
    assert!(amplifier.line().no_answer >= 6);
}

#[tokio::test]
async fn a_board_behind_a_socket_obeys_and_is_found_again() {
    let slave = Slave::default();
    let (listener, host) = modbus_line_support::listen(None).await;
    let server = tokio::spawn(modbus_line_support::serve_tcp(listener, slave.clone()));
    let mut amplifier = open(&format!(
        "driver = \"modbus-tcp\"\nhost = {host:?}\nprofile = \"relay-8\"\npower_relay = 7\nsound_relay = 8\n\
         zones = {{ a = 1 }}\npower_settle_ms = 30\nrelay_settle_ms = 5\nunmute_settle_ms = 5\n"
    ));
    there_and_back(amplifier.as_mut(), &slave).await;
    slave.late_once(Duration::from_millis(400));
    amplifier.energise(&zones()).await.unwrap();
    assert_eq!(slave.on(), [1, 7]);
    assert!(amplifier.line().no_answer >= 1);
    server.abort();
    drop(server.await);
    let error = amplifier.status().await.unwrap_err();
    assert!(matches!(error, BridgeError::Line { .. } | BridgeError::NoAnswer { .. }), "{error}");
    let error = amplifier.status().await.unwrap_err();
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    let (listener, _) = modbus_line_support::listen(Some(&host)).await;
    let server = tokio::spawn(modbus_line_support::serve_tcp(listener, slave.clone()));
    until_answered(amplifier.as_mut()).await;
    there_and_back(amplifier.as_mut(), &slave).await;
    server.abort();
}

/// Both ways to such a board at once: with a driver it stays on, without one it is dark in time.
#[tokio::test]
async fn a_board_that_closes_relays_for_a_time_is_dark_when_its_driver_is_gone() {
    let wired = "profile = \"waveshare-8\"\npower_relay = 7\nsound_relay = 8\nzones = { a = 1 }\npower_settle_ms = 30\n\
                 relay_settle_ms = 5\nunmute_settle_ms = 5\ndead_man_ms = 5000\nflash_renews = true\n";
    let (at_port, behind_socket) = (Slave::default(), Slave::default());
    let serial = Serial::plug(&at_port);
    let (listener, host) = modbus_line_support::listen(None).await;
    let server = tokio::spawn(modbus_line_support::serve_tcp(listener, behind_socket.clone()));
    let rtu = open(&format!("driver = \"modbus-rtu\"\nport = {:?}\n{wired}", serial.path));
    let tcp = open(&format!("driver = \"modbus-tcp\"\nhost = {host:?}\n{wired}"));
    let both = [(rtu, at_port), (tcp, behind_socket)].map(|(mut amplifier, slave)| async move {
        there_and_back(amplifier.as_mut(), &slave).await;
        amplifier.energise(&zones()).await.unwrap();
        amplifier.unmute().await.unwrap();
        for _ in 0..5 {
            sleep(Duration::from_secs(1)).await;
            amplifier.hold().await.unwrap().confirm_energised(&zones()).unwrap();
            assert_eq!(slave.on(), [1, 7, 8]);
        }
        let last = Instant::now();
        drop(amplifier);
        while !slave.on().is_empty() {
            assert!(last.elapsed() < Duration::from_secs(5), "still on: {:?}", slave.on());
            sleep(Duration::from_millis(10)).await;
        }
    });
    let [rtu, tcp] = both;
    tokio::join!(rtu, tcp);
    server.abort();
}

#[tokio::test]
async fn a_socket_that_takes_and_never_answers_is_no_hang() {
    let (listener, host) = modbus_line_support::listen(None).await;
    let mut amplifier = open(&format!(
        "driver = \"modbus-tcp\"\nhost = {host:?}\nprofile = \"relay-8\"\npower_relay = 7\nanswer_limit_ms = 100\n"
    ));
    let release = bounded("release", Duration::from_secs(10), amplifier.release()).await;
    assert!(matches!(release, Err(BridgeError::NoAnswer { .. })), "{release:?}");
    drop(listener);
}

#[tokio::test]
async fn the_probe_finds_a_relay_board_and_writes_nothing() {
    let slave = Slave::default();
    let serial = Serial::plug(&slave);
    let empty = Serial::plug(&Slave::silent());
    let settings = ProbeSettings {
        ports: vec!["/dev/ttyNONE".to_owned(), text(&empty.path), text(&serial.path)],
        bauds: vec![19_200, 9_600],
        addresses: vec![2, 1],
        answer_limit: Duration::from_millis(100),
        ..ProbeSettings::default()
    };
    let probed = probe(&settings).await;
    assert!(!probed.incomplete);
    assert_eq!(probed.problems.len(), 1, "{:?}", probed.problems);
    let [found] = probed.found.as_slice() else { panic!("{probed:?}") };
    assert_eq!(
        (found.port.as_str(), found.address, found.profile),
        (text(&serial.path).as_str(), 1, Profile::Relay8)
    );
    let written: toml::Table = toml::from_str(&found.configuration()).unwrap();
    let read: AmplifierSettings = written["amplifier"].clone().try_into().unwrap();
    assert_eq!(read.check(), Vec::<String>::new());
    assert!(slave.functions().iter().all(|function| (1..=4).contains(function)), "{:?}", slave.functions());
    assert!(!slave.functions().is_empty());
}

#[tokio::test]
async fn the_probe_ends_in_time() {
    let empty = Serial::plug(&Slave::silent());
    let settings = ProbeSettings {
        ports: vec![text(&empty.path)],
        total_limit: Duration::from_millis(700),
        ..ProbeSettings::default()
    };
    let began = Instant::now();
    let probed = probe(&settings).await;
    assert!(probed.incomplete && probed.found.is_empty());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
