//! The simulated amplifier breaks as real ones do, and what drives it notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use loaxa_firmware_bridge::{
    Amplifier, BridgeError, Fault, Reading, SimulatedAmplifier, SimulatedFault, SimulatedHandle,
    SimulatedSettings, self_test,
};
use tokio::time::{advance, sleep};

fn amplifier() -> (SimulatedAmplifier, SimulatedHandle) {
    let wired = Some(vec!["a".to_owned(), "b".to_owned()]);
    let amplifier =
        SimulatedAmplifier::new(SimulatedSettings { zones: wired, ..SimulatedSettings::default() });
    let handle = amplifier.handle();
    (amplifier, handle)
}

async fn playing() -> (SimulatedAmplifier, SimulatedHandle) {
    let (mut amplifier, handle) = amplifier();
    amplifier.energise(&["a".to_owned()]).await.unwrap();
    amplifier.unmute().await.unwrap();
    assert!(handle.truth().audible);
    (amplifier, handle)
}

async fn kept(amplifier: &mut SimulatedAmplifier) -> Vec<Fault> {
    let faults = amplifier.status().await.unwrap().signals.faults.and_then(Reading::value).unwrap();
    faults.iter().collect()
}

#[tokio::test(start_paused = true)]
async fn it_falls_silent_and_dark_when_nobody_is_in_charge() {
    let (mut amplifier, handle) = playing().await;
    for _ in 0..10 {
        sleep(Duration::from_millis(2_900)).await;
        amplifier.hold().await.unwrap();
        assert!(handle.truth().audible, "somebody is in charge");
    }
    // asking is not being in charge
    for _ in 0..29 {
        advance(Duration::from_millis(100)).await;
        amplifier.status().await.unwrap();
    }
    assert!(!handle.truth().power, "3 s after the last order");
    assert_eq!(handle.truth().zones_on, [""; 0]);
    assert_eq!(kept(&mut amplifier).await, [Fault::HeartbeatLost]);
    amplifier.clear_faults().await.unwrap();
    assert_eq!(kept(&mut amplifier).await, []);
    // dark, silence is no fault
    sleep(Duration::from_secs(60)).await;
    assert_eq!(kept(&mut amplifier).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_settling_time_beyond_the_dead_man_is_survived() {
    let settle = Duration::from_secs(8);
    let mut amplifier = SimulatedAmplifier::new(SimulatedSettings { settle, ..SimulatedSettings::default() });
    amplifier.energise(&["a".to_owned()]).await.unwrap();
    assert_eq!(kept(&mut amplifier).await, []);
}

#[tokio::test(start_paused = true)]
async fn stop_at_the_station_latches_and_no_order_releases_it() {
    let (mut amplifier, handle) = playing().await;
    handle.press_stop();
    assert!(!handle.truth().audible && !handle.truth().power);
    let refused = amplifier.energise(&["a".to_owned()]).await.unwrap_err();
    assert!(matches!(refused, BridgeError::Stopped { .. }), "{refused}");
    amplifier.release().await.unwrap();
    amplifier.clear_faults().await.unwrap();
    let status = amplifier.status().await.unwrap();
    assert_eq!(status.signals.stop.and_then(Reading::value), Some(true));
    assert!(self_test(&mut amplifier).await.steps.is_empty(), "nothing is tried while it is pressed");
    handle.release_stop();
    amplifier.energise(&["a".to_owned()]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn noise_is_survived_by_asking_again_and_counted() {
    let (mut amplifier, handle) = amplifier();
    handle.inject(SimulatedFault::Noise { seed: 7, per_cent: 20 });
    let (mut good, mut bad) = (0, 0);
    for _ in 0..500 {
        match amplifier.status().await {
            Ok(status) => {
                status.confirm_dark().unwrap();
                good += 1;
            }
            Err(BridgeError::NoAnswer { .. }) => bad += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let line = amplifier.line();
    assert!(good > 480 && bad < 20, "0.8 % are lost three times: {good} {bad}");
    assert!((60..200).contains(&line.garbled), "{line:?}");
    assert_eq!(line.exchanges, 500 + line.repeated);
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_not_taken_for_the_next_answer() {
    let (mut amplifier, handle) = playing().await;
    handle.inject(SimulatedFault::LateReply(Duration::from_millis(298)));
    amplifier.status().await.unwrap_err();
    handle.lose_power();
    let status = amplifier.status().await.unwrap();
    assert_eq!(status.power.value(), Some(false), "the late frame still said on");
    assert_eq!((amplifier.line().foreign, amplifier.line().reopened), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_leaves_it_dark_and_says_so() {
    let (mut amplifier, handle) = playing().await;
    handle.brown_out();
    let status = amplifier.hold().await.unwrap();
    status.confirm_dark().unwrap();
    assert_eq!(kept(&mut amplifier).await, [Fault::BrownOut]);
    assert_eq!(amplifier.identity().unwrap().reset_cause, Some("brown-out"));
}

#[tokio::test(start_paused = true)]
async fn what_is_sensed_becomes_a_fault_that_stays_until_it_is_cleared() {
    let (mut amplifier, handle) = playing().await;
    handle.set_temperature(760);
    handle.set_supply(4_400);
    handle.set_mains(false);
    assert!(!handle.truth().audible, "without mains nobody hears anything");
    assert_eq!(
        kept(&mut amplifier).await,
        [Fault::SupplyLow, Fault::Overheated, Fault::NotReady, Fault::MainsLost]
    );
    handle.set_temperature(300);
    handle.set_supply(5_000);
    handle.set_mains(true);
    assert_eq!(kept(&mut amplifier).await.len(), 4);
    amplifier.clear_faults().await.unwrap();
    assert_eq!(kept(&mut amplifier).await, []);
    amplifier.release().await.unwrap();
    handle.inject(SimulatedFault::StaysOn);
    assert_eq!(kept(&mut amplifier).await, [Fault::StaysOn]);
}

#[tokio::test(start_paused = true)]
async fn a_fickle_relay_reads_back_well_and_moves_later() {
    let (mut amplifier, handle) = amplifier();
    handle.inject(SimulatedFault::FickleCoil { zone: "a".to_owned(), after: Duration::from_secs(2) });
    amplifier.energise(&["a".to_owned()]).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    let status = amplifier.hold().await.unwrap();
    status.confirm_energised(&["a".to_owned()]).unwrap_err();
    amplifier.release().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(handle.truth().zones_on, ["a"], "it came on by itself");
}

#[tokio::test(start_paused = true)]
async fn the_self_test_moves_every_relay_and_is_never_heard() {
    let (mut amplifier, handle) = amplifier();
    let test = self_test(&mut amplifier).await;
    assert!(test.passed(), "{test:?}");
    let words: Vec<&str> = test.steps.iter().map(|step| step.what.as_str()).collect();
    assert_eq!(words, ["read", "dark", "zone a", "zone b", "dark"]);
    let told: Vec<String> = handle.journal().into_iter().map(|line| line.told.to_string()).collect();
    assert!(!told.contains(&"mute off".to_owned()), "{told:?}");
    assert!(told.contains(&"zone a on".to_owned()) && told.contains(&"zone b on".to_owned()), "{told:?}");
    assert!(!handle.truth().power);
}

#[tokio::test(start_paused = true)]
async fn the_self_test_names_what_is_broken_and_leaves_it_dark() {
    for (fault, expect) in [
        (SimulatedFault::LyingCoil("b".to_owned()), "zone b"),
        (SimulatedFault::WeldedZone("a".to_owned()), "dark"),
        (SimulatedFault::WeldedPower, "dark"),
        (SimulatedFault::RefusesPower(4), "zone a"),
        (SimulatedFault::NotReady, "sense"),
        (SimulatedFault::StaysOn, "dark"),
        (SimulatedFault::Silent, "read"),
    ] {
        let (mut amplifier, handle) = amplifier();
        handle.inject(fault.clone());
        let test = self_test(&mut amplifier).await;
        assert!(!test.passed());
        assert_eq!(test.failures().next().unwrap().0, expect, "{fault:?}: {test:?}");
        assert!(!handle.truth().audible);
        handle.repair();
        amplifier.release().await.unwrap();
        assert!(self_test(&mut amplifier).await.passed(), "{fault:?}");
    }
}
