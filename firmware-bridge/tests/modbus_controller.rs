//! The driver of our own controller against its real program in a simulated chip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "firmware/mod.rs"]
mod firmware;

use std::time::Duration;

use firmware::{Controller, POWER, SOUND};
use loaxa_firmware_bridge::{
    Amplifier, AmplifierSettings, AmplifierStatus, BridgeError, Fault, ProbeSettings, Profile, Reading, probe,
};
use tokio::time::{Instant, sleep};

/// A simulated chip may lag behind the wall on a busy machine: answers are waited for longer than on a real line.
fn amplifier(controller: &Controller, baud: u32, more: &str) -> Box<dyn Amplifier> {
    let settings: AmplifierSettings = toml::from_str(&format!(
        "driver = \"modbus-rtu\"\nport = {:?}\nbaud = {baud}\nprofile = \"loaxa-controller\"\n\
         zones = {{ a = 1, b = 2 }}\npower_settle_ms = 50\nrelay_settle_ms = 5\nunmute_settle_ms = 5\n\
         answer_limit_ms = 1000\n{more}",
        controller.path()
    ))
    .unwrap();
    settings.open().unwrap().unwrap()
}

fn zones(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// Asks until the answer is as wanted; the machine may be loaded.
async fn until(
    amplifier: &mut dyn Amplifier,
    what: &str,
    wanted: impl Fn(&AmplifierStatus) -> bool,
) -> AmplifierStatus {
    let began = Instant::now();
    loop {
        let status = amplifier.status().await;
        match status {
            Ok(status) if wanted(&status) => return status,
            other => assert!(began.elapsed() < Duration::from_secs(30), "never {what}: {other:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn stopped(status: &AmplifierStatus) -> bool {
    status.signals.stop.and_then(Reading::value) == Some(true)
}

fn has(status: &AmplifierStatus, fault: Fault) -> bool {
    status.signals.faults.and_then(Reading::value).is_some_and(|faults| faults.contains(fault))
}

async fn cycles(baud: u32) {
    let controller = Controller::start(baud);
    let mut amplifier = amplifier(&controller, baud, "dead_man_ms = 10000\n");
    for cycle in 0..30 {
        let both = if cycle % 2 == 0 { "a" } else { "a b" };
        let lines = if cycle % 2 == 0 { 1 } else { 3 };
        amplifier.energise(&zones(both)).await.unwrap().confirm_energised(&zones(both)).unwrap();
        assert_eq!(controller.outputs(), lines | POWER);
        amplifier.unmute().await.unwrap().confirm_muted(false).unwrap();
        assert_eq!(controller.outputs(), lines | POWER | SOUND);
        amplifier.mute().await.unwrap().confirm_muted(true).unwrap();
        amplifier.release().await.unwrap().confirm_dark().unwrap();
        assert_eq!(controller.outputs(), 0);
    }
    let line = amplifier.line();
    assert_eq!((line.garbled, line.foreign, line.refused), (0, 0, 0), "{line:?}");
}

#[tokio::test]
async fn thirty_times_on_and_off_at_19200() {
    cycles(19_200).await;
}

#[tokio::test]
async fn thirty_times_on_and_off_at_115200() {
    cycles(115_200).await;
}

#[tokio::test]
async fn it_says_who_it_is_and_what_it_senses() {
    let controller = Controller::start(115_200);
    let mut wired =
        amplifier(&controller, 115_200, "senses = [\"mains\", \"ready\", \"supply\", \"temperature\"]\n");
    assert_eq!(wired.identity(), None, "before its first word");
    let status = wired.status().await.unwrap();
    let identity = wired.identity().unwrap();
    assert_eq!((identity.model.as_str(), identity.firmware.as_deref()), ("loaxa-controller", Some("1.0")));
    assert_eq!(wired.dead_man(), Some(Duration::from_secs(3)));
    assert_eq!(status.signals.stop.and_then(Reading::value), Some(false));
    let ready = |wanted| {
        move |status: &AmplifierStatus| status.signals.ready.and_then(Reading::value) == Some(wanted)
    };
    until(wired.as_mut(), "mains", |status| status.signals.mains.and_then(Reading::value) == Some(true))
        .await;
    until(wired.as_mut(), "12 V", |status| {
        status.signals.supply.and_then(Reading::value).is_some_and(|mv| (11_000..13_000).contains(&mv))
    })
    .await;
    until(wired.as_mut(), "not ready", ready(false)).await;
    wired.energise(&zones("a")).await.unwrap();
    until(wired.as_mut(), "ready", ready(true)).await;
    controller.tell("mains 0");
    until(wired.as_mut(), "mains lost", |status| has(status, Fault::MainsLost)).await;
    controller.tell("mains 1");
    until(wired.as_mut(), "mains back", |status| status.signals.mains.and_then(Reading::value) == Some(true))
        .await;
    let status = wired.clear_faults().await.unwrap();
    assert!(!has(&status, Fault::MainsLost), "{:?}", status.signals.faults);
    wired.release().await.unwrap();
    drop(wired);
    let mut bare = amplifier(&controller, 115_200, "");
    let status = bare.status().await.unwrap();
    assert_eq!((status.signals.mains, status.signals.supply), (None, None), "not wired is not sensed");
}

#[tokio::test]
async fn nobody_in_charge_is_darkness_and_a_sign_of_life_is_not() {
    let controller = Controller::start(115_200);
    let mut amplifier = amplifier(&controller, 115_200, "dead_man_ms = 2000\n");
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(3_500) {
        amplifier.hold().await.unwrap().confirm_energised(&zones("a")).unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    let status = until(amplifier.as_mut(), "dark", |status| status.confirm_dark().is_ok()).await;
    assert!(has(&status, Fault::HeartbeatLost), "reading alone kept it on");
    assert_eq!(controller.outputs(), 0);
    let status = amplifier.clear_faults().await.unwrap();
    assert!(!has(&status, Fault::HeartbeatLost));
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.release().await.unwrap();
}

#[tokio::test]
async fn the_stop_button_is_said_for_what_it_is() {
    let controller = Controller::start(115_200);
    let mut amplifier = amplifier(&controller, 115_200, "dead_man_ms = 10000\n");
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    controller.press_stop();
    controller.wait_for_outputs(0);
    controller.let_go_of_stop();
    let status = until(amplifier.as_mut(), "stopped", stopped).await;
    status.confirm_dark().unwrap();
    for order in [amplifier.energise(&zones("a")).await, amplifier.unmute().await] {
        let error = order.unwrap_err();
        assert!(matches!(error, BridgeError::Stopped { .. }), "{error}");
    }
    amplifier.mute().await.unwrap();
    amplifier.release().await.unwrap().confirm_dark().unwrap();
    controller.take_stop_back();
    until(amplifier.as_mut(), "taken back", |status| !stopped(status)).await;
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.release().await.unwrap();
}

#[tokio::test]
async fn a_controller_that_starts_anew_is_told_its_settings_again() {
    let controller = Controller::start(115_200);
    let mut amplifier = amplifier(&controller, 115_200, "dead_man_ms = 10000\n");
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    // longer than the limit it starts with: so its settings are known to be the driver's
    sleep(Duration::from_millis(4_500)).await;
    amplifier.status().await.unwrap().confirm_energised(&zones("a")).unwrap();
    controller.tell("reset brown-out");
    let status = until(amplifier.as_mut(), "dark", |status| status.confirm_dark().is_ok()).await;
    assert!(has(&status, Fault::BrownOut), "{:?}", status.signals.faults);
    assert_eq!(amplifier.identity().unwrap().reset_cause, Some("brown-out"));
    amplifier.energise(&zones("a")).await.unwrap();
    sleep(Duration::from_millis(4_500)).await;
    amplifier.status().await.unwrap().confirm_energised(&zones("a")).unwrap();
    amplifier.release().await.unwrap();
}

#[tokio::test]
async fn a_pulled_line_is_an_error_and_heals() {
    let controller = Controller::start(115_200);
    let mut amplifier = amplifier(&controller, 115_200, "dead_man_ms = 1000\n");
    amplifier.energise(&zones("a")).await.unwrap();
    controller.tell("cut 1");
    let error = amplifier.hold().await.unwrap_err();
    assert!(matches!(error, BridgeError::NoAnswer { .. }), "{error}");
    controller.wait_for_outputs(0);
    controller.tell("cut 0");
    let status = until(amplifier.as_mut(), "there", |_| true).await;
    status.confirm_dark().unwrap();
    controller.tell("garble 3");
    until(amplifier.as_mut(), "there again", |_| true).await;
    amplifier.energise(&zones("b")).await.unwrap();
    amplifier.release().await.unwrap();
}

#[tokio::test]
async fn the_probe_knows_it() {
    let controller = Controller::start(19_200);
    let settings = ProbeSettings {
        ports: vec![controller.path().to_owned()],
        bauds: vec![19_200],
        answer_limit: Duration::from_millis(1_000),
        ..ProbeSettings::default()
    };
    let probed = probe(&settings).await;
    let [found] = probed.found.as_slice() else { panic!("{probed:?}") };
    assert_eq!((found.baud, found.address, found.profile), (19_200, 1, Profile::LoaxaController));
    assert_eq!(found.firmware.as_deref(), Some("1.0"));
    assert_eq!(controller.outputs(), 0);
}
