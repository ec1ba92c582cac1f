use std::time::Duration;

use tokio::time::Instant;

use super::{amplifier, board::Mood, settings, zones};
use crate::{AmplifierStatus, BridgeError, CustomMap, Profile, Reading};

/// What the daemon waits for one order at most.
const ORDER: Duration = Duration::from_secs(10);

fn words(answer: Result<AmplifierStatus, BridgeError>) -> String {
    match answer {
        Ok(status) => {
            let on: Vec<_> = status
                .zones
                .iter()
                .filter(|(_, on)| on.value() == Some(true))
                .map(|(name, _)| name.as_str())
                .collect();
            format!("power {}, mute {}, zones [{}]", status.power.word(), status.muted.word(), on.join(" "))
        }
        Err(error) => format!("error: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_there_and_back() {
    let (mut amplifier, board) = amplifier(&settings());
    assert_eq!(words(amplifier.status().await), "power off, mute on, zones []");
    assert_eq!(words(amplifier.energise(&zones("a b")).await), "power on, mute on, zones [a b]");
    assert_eq!(board.on(), [1, 2, 7]);
    assert_eq!(words(amplifier.unmute().await), "power on, mute off, zones [a b]");
    assert_eq!(board.on(), [1, 2, 7, 8]);
    assert_eq!(words(amplifier.energise(&zones("a b")).await), "power on, mute on, zones [a b]");
    assert_eq!(words(amplifier.energise(&zones("b c")).await), "power on, mute on, zones [b c]");
    assert_eq!(words(amplifier.unmute().await), "power on, mute off, zones [b c]");
    assert_eq!(words(amplifier.mute().await), "power on, mute on, zones [b c]");
    assert_eq!(words(amplifier.release().await), "power off, mute on, zones []");
    let history: Vec<Vec<usize>> = board.lock().history.iter().map(relays_on).collect();
    let expected: &[&[usize]] = &[
        &[],
        &[7],
        &[1, 2, 7],
        &[1, 2, 7, 8],
        &[1, 2, 7],
        &[2, 7],
        &[2, 3, 7],
        &[2, 3, 7, 8],
        &[2, 3, 7],
        &[7],
        &[],
    ];
    assert_eq!(history, expected, "break before make, power first and last, zones only while muted");
    let line = amplifier.line();
    assert_eq!((line.no_answer, line.garbled, line.foreign, line.reopened), (0, 0, 0, 0));
    // the fence alone was refused, or not even that
    assert!(line.exchanges > 20 && line.last_answer.is_some());
}

fn relays_on(coils: &[bool; 8]) -> Vec<usize> {
    coils.iter().enumerate().filter(|(_, on)| **on).map(|(coil, _)| coil + 1).collect()
}

#[tokio::test(start_paused = true)]
async fn orders_out_of_sequence_are_refused() {
    let (mut amplifier, board) = amplifier(&settings());
    assert!(words(amplifier.unmute().await).contains("unmute was ordered while its power is off"));
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    let refused = words(amplifier.energise(&zones("b")).await);
    assert!(refused.contains("a zone was ordered while sound was let through"), "{refused}");
    assert_eq!(board.on(), [1, 7, 8]);
    for wrong in ["", "d", "a d"] {
        let error = amplifier.energise(&zones(wrong)).await.unwrap_err();
        assert!(matches!(error, BridgeError::NotConfigured { .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn relays_found_on_are_forced_off() {
    let (mut amplifier, board) = amplifier(&settings());
    board.lock().coils = [true; 8];
    assert_eq!(words(amplifier.status().await), "power off, mute on, zones []");
    assert!(board.on().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_single_fault_on_the_line_is_overcome_and_counted() {
    for (mood, counted) in [
        (Mood::Silent, "no answer"),
        (Mood::Late(Duration::from_millis(350)), "no answer"),
        (Mood::Late(Duration::from_millis(700)), "no answer"),
        (Mood::BadSum, "garbled"),
        (Mood::Truncated, "garbled"),
        (Mood::OtherAddress, "foreign"),
        (Mood::Refusing(5), "refused"),
        (Mood::Noise(vec![0, 0xFF]), "garbled"),
    ] {
        let (mut amplifier, board) = amplifier(&settings());
        amplifier.energise(&zones("a")).await.unwrap();
        let before = amplifier.line();
        board.is_once(mood.clone());
        let began = Instant::now();
        let status = amplifier.unmute().await.unwrap_or_else(|error| panic!("{mood:?}: {error}"));
        assert_eq!(status.muted.value(), Some(false), "{mood:?}");
        assert_eq!(board.on(), [1, 7, 8], "{mood:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{mood:?} took {:?}", began.elapsed());
        let line = amplifier.line();
        let more = |name: &str| match name {
            "no answer" => line.no_answer - before.no_answer,
            "garbled" => line.garbled - before.garbled,
            "foreign" => line.foreign - before.foreign,
            _ => line.refused - before.refused,
        };
        assert!(more(counted) >= 1, "{mood:?}: {line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lasting_fault_on_the_line_is_an_error_in_time_and_heals_by_itself() {
    for mood in [
        Mood::Silent,
        Mood::Late(Duration::from_secs(2)),
        Mood::BadSum,
        Mood::Truncated,
        Mood::OtherAddress,
        Mood::Noise(vec![0; 9]),
        Mood::Says(vec![0; 200]),
        Mood::Says(vec![1, 1, 250]),
        Mood::Refusing(4),
    ] {
        let (mut amplifier, board) = amplifier(&settings());
        amplifier.energise(&zones("a")).await.unwrap();
        amplifier.unmute().await.unwrap();
        board.is(mood.clone());
        for _ in 0..3 {
            let began = Instant::now();
            let error = amplifier.status().await.unwrap_err();
            assert!(began.elapsed() < ORDER, "{mood:?}: status took {:?}", began.elapsed());
            assert!(error.to_string().contains("; "), "no remedy: {error}");
            let began = Instant::now();
            amplifier.release().await.unwrap_err();
            assert!(began.elapsed() < ORDER, "{mood:?}: release took {:?}", began.elapsed());
        }
        board.is(Mood::Well);
        let mut tries = 0;
        while let Err(error) = amplifier.release().await {
            tries += 1;
            assert!(tries < 4, "{mood:?} left a line that does not heal: {error}");
        }
        assert!(board.on().is_empty(), "{mood:?}");
        amplifier.energise(&zones("b")).await.unwrap();
        assert_eq!(board.on(), [2, 7], "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_repeats_what_is_sent_works_and_confirms_nothing_by_its_echo() {
    let (mut amplifier, board) = amplifier(&settings());
    board.is(Mood::Echo);
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    assert_eq!(board.on(), [1, 7, 8]);
    amplifier.release().await.unwrap();
    assert!(board.on().is_empty());
    let line = amplifier.line();
    assert_eq!((line.garbled, line.foreign), (0, 0), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_does_not_move_is_a_mismatch() {
    let (mut amplifier, board) = amplifier(&settings());
    board.lock().stuck = Some(1);
    let refused = words(amplifier.energise(&zones("a b")).await);
    assert!(refused.contains("zone b was switched on but reads off"), "{refused}");
    board.lock().stuck = None;
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    board.lock().stuck = Some(6);
    let welded = words(amplifier.release().await);
    assert!(welded.contains("power was switched off but reads on"), "{welded}");
    assert_eq!(board.on(), [7], "everything else is off");
    board.lock().stuck = Some(7);
    board.lock().coils = [false; 8];
    amplifier.energise(&zones("a")).await.unwrap();
    let silent = words(amplifier.unmute().await);
    assert!(silent.contains("mute was switched off but reads on"), "{silent}");
}

#[tokio::test(start_paused = true)]
async fn a_board_that_starts_anew_in_mid_programme_is_seen() {
    let (mut amplifier, board) = amplifier(&settings());
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    board.lock().coils = [false; 8];
    let status = amplifier.hold().await.unwrap();
    assert!(status.confirm_energised(&zones("a")).is_err());
    assert!(words(amplifier.unmute().await).contains("while its power is off"));
    let began = Instant::now();
    amplifier.energise(&zones("a")).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(400), "power settles anew");
}

#[tokio::test(start_paused = true)]
async fn a_stop_button_at_an_input_switches_off_and_says_so() {
    let mut with_button = settings();
    with_button.profile = Profile::Custom;
    with_button.custom = CustomMap { stop_input: Some(2), ready_input: Some(0), ..CustomMap::default() };
    let (mut amplifier, board) = amplifier(&with_button);
    board.lock().inputs[0] = true;
    amplifier.energise(&zones("a")).await.unwrap();
    let status = amplifier.unmute().await.unwrap();
    assert_eq!(status.signals.ready.and_then(Reading::value), Some(true));
    assert_eq!(status.signals.stop.and_then(Reading::value), Some(false));
    board.lock().inputs[2] = true;
    let status = amplifier.hold().await.unwrap();
    assert_eq!(status.signals.stop.and_then(Reading::value), Some(true));
    assert!(board.on().is_empty());
    for order in [amplifier.energise(&zones("a")).await, amplifier.unmute().await] {
        let error = order.unwrap_err();
        assert!(matches!(error, BridgeError::Stopped { .. }), "{error}");
        assert!(error.to_string().contains("STOP button") && error.to_string().contains("hold it"));
    }
    amplifier.mute().await.unwrap();
    amplifier.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_relay_for_sound_the_zones_cut_it() {
    let mut few = settings();
    few.sound_relay = None;
    let (mut amplifier, board) = amplifier(&few);
    assert_eq!(words(amplifier.energise(&zones("a")).await), "power on, mute off, zones [a]");
    amplifier.unmute().await.unwrap();
    assert_eq!(words(amplifier.mute().await), "power on, mute on, zones []");
    assert_eq!(board.on(), [7]);
    assert_eq!(words(amplifier.unmute().await), "power on, mute off, zones [a]");
    few.power_relay = None;
    let (mut amplifier, board) = super::amplifier(&few);
    assert_eq!(words(amplifier.energise(&zones("a")).await), "power on, mute off, zones [a]");
    amplifier.unmute().await.unwrap();
    amplifier.mute().await.unwrap();
    assert!(board.on().is_empty());
    amplifier.unmute().await.unwrap();
    assert_eq!(board.on(), [1]);
    assert_eq!(words(amplifier.release().await), "power off, mute on, zones []");
}

#[tokio::test(start_paused = true)]
async fn active_low_boards_are_dark_when_every_coil_is_on() {
    let mut low = settings();
    low.profile = Profile::Custom;
    low.custom = CustomMap { active_low: true, ..CustomMap::default() };
    let (mut amplifier, board) = amplifier(&low);
    board.lock().coils = [true; 8];
    assert_eq!(words(amplifier.energise(&zones("a")).await), "power on, mute on, zones [a]");
    amplifier.unmute().await.unwrap();
    assert_eq!(board.on(), [2, 3, 4, 5, 6]);
    amplifier.mute().await.unwrap();
    assert_eq!(board.on(), [2, 3, 4, 5, 6, 8]);
    amplifier.release().await.unwrap();
    assert_eq!(board.on().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn another_board_than_the_configured_one_is_named() {
    let mut ours = settings();
    (ours.profile, ours.power_relay, ours.sound_relay) = (Profile::LoaxaController, None, None);
    let (mut amplifier, board) = amplifier(&ours);
    let error = amplifier.energise(&zones("a")).await.unwrap_err();
    assert!(
        error.to_string().contains("a board without its registers answers where our controller"),
        "{error}"
    );
    assert!(board.on().is_empty() && board.lock().history.len() <= 1, "nothing was switched");
}
