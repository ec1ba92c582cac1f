//! What any driver must do, tried on the simulated one. Time is virtual: no test waits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use loaxa_firmware_bridge::{
    Amplifier, AmplifierStatus, BridgeError, Reading, SimulatedAmplifier, SimulatedFault, SimulatedHandle,
    SimulatedSettings, Told, bounded,
};
use tokio::time::Instant;

fn amplifier() -> (Box<dyn Amplifier>, SimulatedHandle) {
    let amplifier = SimulatedAmplifier::new(SimulatedSettings::default());
    let handle = amplifier.handle();
    (Box::new(amplifier), handle)
}

fn zones(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// `power on, mute off, zones a b`
fn words(status: &AmplifierStatus) -> String {
    let on = status.zones.iter().filter(|(_, read)| read.value() == Some(true));
    let on: Vec<_> = on.map(|(name, _)| name.as_str()).collect();
    format!("power {}, mute {}, zones [{}]", status.power.word(), status.muted.word(), on.join(" "))
}

fn outcome(answer: Result<AmplifierStatus, BridgeError>) -> String {
    match answer {
        Ok(status) => words(&status),
        Err(error) => format!("error: {error}"),
    }
}

/// Runs `steps` (separated by `;`) and compares what the last of them answered.
async fn check(steps: &str, expect: &str) {
    let (mut amplifier, handle) = amplifier();
    let mut last = String::new();
    for step in steps.split(';').map(str::trim) {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        last = match verb {
            "energise" => outcome(amplifier.energise(&zones(rest)).await),
            "unmute" => outcome(amplifier.unmute().await),
            "mute" => outcome(amplifier.mute().await),
            "release" => outcome(amplifier.release().await),
            "status" => outcome(amplifier.status().await),
            "silent" => inject(&handle, SimulatedFault::Silent),
            "slow" => inject(&handle, SimulatedFault::Slow(Duration::from_millis(rest.parse().unwrap()))),
            "refuses" => inject(&handle, SimulatedFault::RefusesPower(rest.parse().unwrap())),
            "lying" => inject(&handle, SimulatedFault::LyingCoil(rest.to_owned())),
            "welded" => inject(&handle, SimulatedFault::WeldedPower),
            "trip" => {
                handle.lose_power();
                String::new()
            }
            "repair" => {
                handle.repair();
                String::new()
            }
            other => panic!("no such step: {other}"),
        };
    }
    assert!(last.contains(expect), "after \"{steps}\"\n  expected \"{expect}\"\n       got \"{last}\"");
}

fn inject(handle: &SimulatedHandle, fault: SimulatedFault) -> String {
    handle.inject(fault);
    String::new()
}

#[tokio::test(start_paused = true)]
async fn the_way_there_and_back() {
    check("status", "power off, mute on, zones []").await;
    check("energise a b", "power on, mute on, zones [a b]").await;
    check("energise a; unmute", "power on, mute off, zones [a]").await;
    check("energise a; unmute; mute", "power on, mute on, zones [a]").await;
    check("energise a; unmute; mute; release", "power off, mute on, zones []").await;
    check("energise a; unmute; release", "power off, mute on, zones []").await;
    check("energise a; mute; energise b", "power on, mute on, zones [b]").await;
    check("energise a; unmute; energise a", "power on, mute on, zones [a]").await;
    check("release", "power off").await;
    check("mute", "power off, mute on").await;
}

#[tokio::test(start_paused = true)]
async fn orders_out_of_sequence_are_refused() {
    check("unmute", "unmute was ordered while its power is off").await;
    check("energise a; release; unmute", "while its power is off").await;
    check("energise a; unmute; energise b", "a zone was ordered while sound was let through").await;
}

#[tokio::test(start_paused = true)]
async fn faults_become_errors_with_a_remedy() {
    check("silent; status", "no answer to \"read\" within 300 ms; check the controller's power").await;
    check("energise a; silent; mute", "no answer to \"mute on\"").await;
    check("slow 100; energise a", "power on, mute on, zones [a]").await;
    check("slow 400; energise a", "no answer").await;
    check("refuses 4; energise a", "refused with code 4 (its hardware failed)").await;
    check("lying b; energise a b", "zone b was switched on but reads off").await;
    check("welded; energise a; release", "power was switched off but reads on").await;
    check("welded; energise a; release; repair; release", "power off").await;
    check("energise a; unmute; trip; status", "power off, mute on, zones []").await;
    check("energise a; unmute; trip; energise a", "power on, mute on, zones [a]").await;
}

#[tokio::test(start_paused = true)]
async fn energise_answers_only_after_the_settling_time() {
    let (mut amplifier, handle) = amplifier();
    let start = Instant::now();
    let status = amplifier.energise(&zones("a")).await.unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(400), "{took:?}");
    assert!(took < Duration::from_millis(600), "{took:?}");
    assert_eq!(status.power.age(Instant::now()), Some(Duration::ZERO));
    assert_eq!(
        handle.journal().into_iter().map(|line| line.told).collect::<Vec<_>>(),
        [
            Told::Read,
            Told::Mute(true),
            Told::Power(true),
            Told::Zone { name: "a".to_owned(), on: true },
            Told::Read
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn zones_break_before_they_make() {
    let (mut amplifier, handle) = amplifier();
    amplifier.energise(&zones("a")).await.unwrap();
    let so_far = handle.journal().len();
    amplifier.energise(&zones("b")).await.unwrap();
    let told: Vec<_> = handle.journal().into_iter().skip(so_far).map(|line| line.told.to_string()).collect();
    assert_eq!(told, ["read", "zone a off", "zone b on", "read"]);
}

#[tokio::test(start_paused = true)]
async fn power_is_switched_off_even_when_muting_fails() {
    let (mut amplifier, handle) = amplifier();
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    assert!(handle.truth().audible);
    handle.inject(SimulatedFault::Slow(Duration::from_secs(2)));
    amplifier.release().await.unwrap_err();
    assert!(!handle.truth().power);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_an_error_although_the_order_was_obeyed() {
    let (mut amplifier, handle) = amplifier();
    amplifier.energise(&zones("a")).await.unwrap();
    handle.inject(SimulatedFault::Slow(Duration::from_secs(1)));
    let error = amplifier.unmute().await.unwrap_err();
    assert!(matches!(error, BridgeError::NoAnswer { .. }), "{error}");
    assert!(handle.truth().audible, "the wicked case: it looks dead, and is loud");
    handle.repair();
    amplifier.release().await.unwrap();
    assert!(!handle.truth().power);
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_or_dropped_exchange_nothing_is_known() {
    let mut amplifier = SimulatedAmplifier::new(SimulatedSettings::default());
    assert_eq!(amplifier.last_read().power, Reading::Unknown);
    amplifier.energise(&zones("a")).await.unwrap();
    assert_eq!(amplifier.last_read().power.value(), Some(true));

    let handle = amplifier.handle();
    handle.inject(SimulatedFault::Silent);
    amplifier.status().await.unwrap_err();
    assert_eq!(amplifier.last_read().power, Reading::Unknown);
    assert_eq!(amplifier.last_read().zones, [("a".to_owned(), Reading::Unknown)]);

    handle.repair();
    amplifier.status().await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(1), amplifier.release()).await;
    assert!(dropped.is_err());
    assert_eq!(amplifier.last_read().power, Reading::Unknown);
}

#[tokio::test(start_paused = true)]
async fn power_that_came_on_in_a_dropped_energise_still_gets_its_settling_time() {
    let undivided = SimulatedSettings { zones: Some(Vec::new()), ..SimulatedSettings::default() };
    let mut amplifier = SimulatedAmplifier::new(undivided);
    let handle = amplifier.handle();
    tokio::time::timeout(Duration::from_millis(50), amplifier.energise(&[])).await.unwrap_err();
    assert!(handle.truth().power);
    let error = amplifier.unmute().await.unwrap_err();
    assert!(matches!(error, BridgeError::OutOfOrder { .. }), "{error}");
    amplifier.energise(&[]).await.unwrap();
    amplifier.unmute().await.unwrap();
    assert!(handle.truth().audible);
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_a_relay_is_refused_before_anything_is_switched() {
    let wired = SimulatedSettings { zones: Some(zones("a b")), ..SimulatedSettings::default() };
    let mut amplifier = SimulatedAmplifier::new(wired);
    let handle = amplifier.handle();
    for wrong in ["a c", ""] {
        let error = amplifier.energise(&zones(wrong)).await.unwrap_err();
        assert!(matches!(error, BridgeError::NotConfigured { .. }), "{error}");
    }
    assert!(handle.journal().is_empty());
    assert!(!handle.truth().power);
}

#[tokio::test(start_paused = true)]
async fn bounded_gives_up_at_its_limit_and_passes_answers_through() {
    let limit = Duration::from_millis(300);
    assert_eq!(bounded("read", limit, async { Ok(7) }).await, Ok(7));
    let refused = bounded::<()>("read", limit, async { Err(BridgeError::Refused(2)) }).await;
    assert_eq!(refused, Err(BridgeError::Refused(2)));

    let start = Instant::now();
    let silent = bounded::<()>("read", limit, std::future::pending()).await;
    assert_eq!(silent, Err(BridgeError::NoAnswer { asked: "read".to_owned(), after: limit }));
    assert!(start.elapsed() < limit + Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn readings_age_and_unknown_has_no_age() {
    let at = Instant::now();
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(Reading::known(true, at).age(Instant::now()), Some(Duration::from_secs(3)));
    assert_eq!(Reading::<bool>::Unknown.age(at), None);
    let unknown = AmplifierStatus::unknown(zones("b a"));
    assert_eq!(unknown.zones[0].0, "a");
    assert!(unknown.confirm_dark().is_err(), "unknown is not dark");
    assert!(unknown.confirm_energised(&[]).is_err(), "unknown is not energised");
    assert!(unknown.confirm_muted(true).is_err(), "unknown is not muted");
}
