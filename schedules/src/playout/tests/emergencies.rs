//! Emergencies: at once, through everything but STOP, and exactly one outcome all the same.

use super::bench::{Bench, Deaf, moment, slot};
use crate::plan::Slot;
use crate::playout::Input;
use crate::reason::Reason;

const OUTCOMES: [&str; 3] = ["ended", "unaired", "heard"];

fn patient(text: &str, latest: f64) -> Slot {
    Slot { latest_start: Some(moment(latest)), ..slot(text) }
}

#[test]
fn it_goes_up_at_once_and_comes_down() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("e 5 1", 60.0);
    bench.run_until(100.0);
    bench.check(&[
        "50.0 due e",
        "50.0 verify e",
        "50.0 open",
        "50.0 energise 1",
        "50.0 play e at 50.3",
        "50.0 unmute",
        "50.3 started e",
        "55.3 ended e aired 5s confirmed",
        "55.3 mute",
        "55.3 close",
        "55.3 release",
    ]);
    bench.assert_off();
}

/// What sounds gives way, in the same zones without a gap, in others after they were switched while mute.
#[test]
fn what_sounds_gives_way() {
    for (zone, expect) in [
        (
            "1",
            vec![
                "104.0 cancel a",
                "104.0 ended a preempted/yielded_to_emergency 4s confirmed",
                "104.0 play e at 104.0",
                "109.0 ended e aired 5s confirmed",
                "109.0 mute",
            ],
        ),
        (
            "2",
            vec![
                "104.0 cancel a",
                "104.0 ended a preempted/yielded_to_emergency 4s confirmed",
                "104.0 mute",
                "104.0 energise 2",
                "104.0 play e at 104.3",
                "104.0 unmute",
                "109.3 ended e aired 5s confirmed",
                "109.3 mute",
            ],
        ),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(104.0);
        bench.forget();
        bench.emergency(&format!("e 5 {zone}"), 60.0);
        bench.run_until(150.0);
        bench.check_only(&["cancel", "play", "energise", "unmute", "mute", "ended"], &expect);
        bench.assert_off();
    }
}

/// What is queued or comes due meanwhile waits as long as it may.
#[test]
fn what_comes_due_waits_or_yields() {
    for (planned, at, expect) in [
        (
            slot("a 100 10 1"),
            94.0,
            vec!["99.3 ended e aired 5s confirmed", "110.0 ended a aired 10s confirmed"],
        ),
        (
            slot("a 100 10 2"),
            94.0,
            vec!["99.3 ended e aired 5s confirmed", "110.0 ended a aired 10s confirmed"],
        ),
        (
            slot("a 100 10 1"),
            97.0,
            vec!["102.0 ended a preempted/yielded_to_emergency 0s", "102.3 ended e aired 5s confirmed"],
        ),
        (
            patient("a 100 10 1", 110.0),
            97.0,
            vec!["102.3 ended e aired 5s confirmed", "112.3 ended a aired 10s confirmed"],
        ),
        (
            patient("a 100 10 2", 101.0),
            97.0,
            vec!["101.0 ended a preempted/yielded_to_emergency 0s", "102.3 ended e aired 5s confirmed"],
        ),
        // Not even armed when it came.
        (
            patient("a 106 10 1", 107.0),
            97.0,
            vec!["102.3 ended e aired 5s confirmed", "116.0 ended a aired 10s confirmed"],
        ),
    ] {
        let mut bench = Bench::new(&[]);
        bench.plan_slots(vec![planned]);
        bench.run_until(at);
        bench.emergency("e 5 1", 60.0);
        bench.run_until(150.0);
        bench.check_only(&OUTCOMES, &expect);
        bench.assert_off();
    }
}

/// No clock, no log, no window: it is heard.
#[test]
fn it_needs_no_clock() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(50.0);
    bench.trust(false);
    let accounted = bench.accounted();
    bench.emergency("e 5 1", 60.0);
    bench.run_until(52.0);
    // The clock is set while it sounds: that is nothing to it.
    bench.step(-7200.0);
    bench.run_until(60.0);
    bench.check_only(&OUTCOMES, &["55.3 ended e aired 5s confirmed"]);
    bench.assert_off();
    assert_eq!(bench.accounted(), accounted, "what is accounted for is the plan's");
}

#[test]
fn it_needs_no_log() {
    for (deaf, begins) in [(Deaf::Due, "51.0 play e at 51.3"), (Deaf::DueRefused, "50.0 play e at 50.3")] {
        // The log comes back while it sounds, or after it.
        for (heals, expect) in [(53.0, true), (80.0, false)] {
            let mut bench = Bench::new(&[]);
            bench.run_until(50.0);
            bench.deaf(deaf);
            bench.emergency("e 10 1", 60.0);
            bench.run_until(heals);
            bench.hear(deaf);
            bench.run_until(120.0);
            let ends = if deaf == Deaf::Due { "61.3" } else { "60.3" };
            let again = if deaf == Deaf::Due { "56.0" } else { "55.0" };
            let rows = if expect {
                vec![
                    "50.0 due e".to_owned(),
                    begins.to_owned(),
                    format!("{again} due e"),
                    format!("{again} started e"),
                    format!("{ends} ended e aired 10s confirmed"),
                ]
            } else {
                vec![
                    "50.0 due e".to_owned(),
                    begins.to_owned(),
                    format!("{again} due e"),
                    if deaf == Deaf::Due { "61.0 due e" } else { "60.0 due e" }.to_owned(),
                    format!("{ends} heard e aired 10s"),
                ]
            };
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            bench.check_only(&["due", "play", "started", "ended", "unaired", "heard"], &rows);
            bench.assert_off();
        }
    }
}

/// STOP is the one thing that it obeys.
#[test]
fn stop_wins() {
    let mut bench = Bench::new(&[]);
    bench.run_until(40.0);
    bench.local_stop(true);
    bench.emergency("d 5 1", 60.0);
    bench.local_stop(false);
    bench.run_until(50.0);
    bench.emergency("e 5 1", 60.0);
    bench.run_until(53.0);
    bench.stop();
    bench.run_until(55.0);
    bench.emergency("f 5 1", 60.0);
    bench.resume();
    // Closed is closed.
    bench.emergency("e 5 1", 60.0);
    bench.emergency("f 5 1", 60.0);
    bench.run_until(100.0);
    bench.check_only(
        &OUTCOMES,
        &[
            "40.0 unaired d suppressed/local_stop",
            "53.0 ended e partial/local_stop 2.7s confirmed",
            "55.0 unaired f suppressed/local_stop",
        ],
    );
    bench.assert_off();
}

/// What a device fails is tried again from the beginning, in one row.
#[test]
fn failures_are_tried_again_until_it_expires() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("e 5 1", 60.0);
    bench.run_until(53.0);
    bench.lose_amplifier();
    bench.run_until(55.0);
    bench.lose_output();
    bench.run_until(100.0);
    bench.check_only(
        &["due", "verify", "play", "started", "ended"],
        &[
            "50.0 due e",
            "50.0 verify e",
            "50.0 play e at 50.3",
            "50.3 started e",
            "53.0 verify e",
            "54.0 play e at 54.3",
            "55.0 verify e",
            "56.0 play e at 56.3",
            "61.3 ended e aired 5s confirmed",
        ],
    );
    bench.assert_off();
}

#[test]
fn what_fails_until_it_expires_says_why_and_how_much_was_heard() {
    for (deaf, expect) in [
        (Deaf::Open, "80.0 ended e failed/output_not_ready 0s"),
        (Deaf::Energise, "80.0 ended e failed/amplifier_not_ready 0s"),
        (Deaf::Verify, "80.0 ended e missed/emergency_expired 0s"),
        (Deaf::Started, "80.0 ended e failed/output_lost 0s"),
        (Deaf::Unmute, "80.0 ended e failed/amplifier_lost 4.7s"),
    ] {
        let mut bench = Bench::new(&["a 60 5 1"]);
        bench.run_until(50.0);
        bench.deaf(deaf);
        bench.emergency("e 20 1", 30.0);
        bench.run_until(150.0);
        let waited = "62.0 ended a preempted/yielded_to_emergency 0s";
        let planned = if deaf == Deaf::Verify { "57.0 ended a failed/pcm_refused 0s" } else { waited };
        bench.check_only(&OUTCOMES, &[planned, expect]);
        bench.assert_off();
    }
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("e 20 1", 10.0);
    bench.run_until(58.0);
    bench.deaf(Deaf::Open);
    bench.lose_output();
    bench.run_until(100.0);
    bench.check_only(&OUTCOMES, &["60.0 ended e partial/output_lost 7.7s confirmed"]);
    bench.assert_off();
}

/// Sound that is not what was approved is not tried again, and not heard.
#[test]
fn refused_sound_stays_refused() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.deaf(Deaf::Verify);
    bench.emergency("e 5 1", 60.0);
    bench.tell(Input::PcmRefused { slot: "e".into(), why: "altered".into() });
    bench.run_until(100.0);
    bench.check_only(&["play", "ended"], &["50.0 ended e failed/pcm_refused 0s"]);
    bench.assert_off();
}

/// What lost its approval is cut, or not begun, and not tried again: planned or urgent, verified already or not.
#[test]
fn what_nobody_vouches_for_any_more_falls_silent() {
    let why = || Reason::approval_altered("e");
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(50.0);
    bench.emergency("e 20 1", 60.0);
    bench.emergency("f 20 1", 60.0);
    bench.run_until(53.0);
    bench.tell(Input::Unapproved { slot: "f".into(), reason: why() });
    bench.run_until(54.3);
    bench.tell(Input::Unapproved { slot: "e".into(), reason: why() });
    bench.tell(Input::Unapproved { slot: "ghost".into(), reason: why() });
    bench.run_until(91.0);
    bench.deaf(Deaf::Verify);
    bench.run_until(94.0);
    bench.tell(Input::Unapproved { slot: "a".into(), reason: why() });
    bench.tell(Input::PcmRefused { slot: "a".into(), why: "it may not sound".into() });
    bench.run_until(150.0);
    bench.check_only(
        &OUTCOMES,
        &[
            "53.0 ended f suppressed/approval_altered 0s",
            "54.3 ended e partial/approval_altered 4s confirmed",
            "94.0 ended a suppressed/approval_altered 0s",
        ],
    );
    bench.assert_off();
}

#[test]
fn of_two_the_first_is_heard_whole_and_each_once() {
    for (zone, expect) in [
        (
            "1",
            [
                "50.0 play e at 50.3",
                "52.0 play f at 55.3",
                "55.3 ended e aired 5s confirmed",
                "58.3 ended f aired 3s confirmed",
            ],
        ),
        (
            "2",
            [
                "50.0 play e at 50.3",
                "55.3 ended e aired 5s confirmed",
                "55.3 play f at 55.6",
                "58.6 ended f aired 3s confirmed",
            ],
        ),
    ] {
        let mut bench = Bench::new(&[]);
        bench.run_until(50.0);
        bench.emergency("e 5 1", 60.0);
        bench.run_until(52.0);
        bench.emergency(&format!("f 3 {zone}"), 60.0);
        bench.emergency("e 5 1", 60.0);
        bench.run_until(100.0);
        bench.emergency("e 5 1", 60.0);
        bench.run_until(120.0);
        bench.check_only(&["play", "cancel", "ended", "unaired"], &expect);
        bench.assert_off();
    }
}

#[test]
fn what_is_taken_back_is_cut_or_not_begun() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("e 20 1", 60.0);
    bench.emergency("f 20 1", 60.0);
    bench.run_until(53.0);
    bench.tell(Input::EmergencyWithdrawn { slot: "f".into() });
    bench.run_until(54.3);
    bench.tell(Input::EmergencyWithdrawn { slot: "e".into() });
    bench.tell(Input::EmergencyWithdrawn { slot: "ghost".into() });
    bench.run_until(100.0);
    bench.check_only(
        &OUTCOMES,
        &[
            "53.0 ended f suppressed/emergency_withdrawn 0s",
            "54.3 ended e partial/emergency_withdrawn 4s confirmed",
        ],
    );
    bench.assert_off();
}

#[test]
fn what_has_expired_is_not_begun_and_what_has_begun_ends() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("d 5 1", 0.0);
    bench.emergency("e 20 1", 3.0);
    bench.emergency("f 20 1", 4.0);
    bench.run_until(100.0);
    bench.check_only(
        &OUTCOMES,
        &[
            "50.0 unaired d missed/emergency_expired",
            "54.0 ended f missed/emergency_expired 0s",
            "70.3 ended e aired 20s confirmed",
        ],
    );
    bench.assert_off();
}

/// While one is heard nobody knows whether it will be taken back: what waits behind it is given up when it expires and
/// not before, and its turn comes as soon as the air is free.
#[test]
fn what_waits_behind_one_that_is_taken_back_is_heard_at_once() {
    for (expires, expect) in [
        // Before the first one would have ended.
        (20.0, "63.0 ended f aired 5s confirmed"),
        // Long after it.
        (300.0, "63.0 ended f aired 5s confirmed"),
        (4.0, "54.0 ended f missed/emergency_expired 0s"),
    ] {
        let mut bench = Bench::new(&[]);
        bench.run_until(50.0);
        bench.emergency("e 60 1", 60.0);
        bench.emergency("f 5 1", expires);
        bench.run_until(58.0);
        bench.tell(Input::EmergencyWithdrawn { slot: "e".into() });
        bench.run_until(150.0);
        let withdrawn = "58.0 ended e partial/emergency_withdrawn 7.7s confirmed";
        let mut rows = [withdrawn, expect];
        rows.sort_unstable();
        bench.check_only(&OUTCOMES, &rows);
        bench.assert_off();
    }
}

/// A new plan knows nothing of it, and moves what waits behind it.
#[test]
fn plans_leave_it_alone() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(99.0);
    bench.emergency("e 20 1", 60.0);
    assert_eq!(bench.busy_until(), Some(120.0));
    bench.plan(&["a 120 10 1"]);
    bench.run_until(110.0);
    assert_eq!(bench.busy_until(), Some(120.0));
    bench.run_until(150.0);
    bench.check_only(&OUTCOMES, &["119.3 ended e aired 20s confirmed", "130.0 ended a aired 10s confirmed"]);
    assert_eq!(bench.busy_until(), None);
    bench.assert_off();
}

/// The two latches of STOP.
#[test]
fn each_latch_is_released_only_where_it_was_set() {
    let mut bench = Bench::new(&["a 100 10 1", "b 200 10 1", "c 300 10 1"]);
    bench.run_until(104.0);
    bench.local_stop(true);
    bench.stop();
    bench.run_until(150.0);
    let view = bench.view();
    assert_eq!((view.stopped.as_deref(), view.operator_stop.as_deref()), (Some("T"), Some("T")));
    assert!(view.local_stop);
    bench.resume();
    let view = bench.view();
    assert!(view.local_stop && view.operator_stop.is_none());
    assert!(view.stopped.is_some_and(|who| who.contains("STOP")));
    bench.run_until(250.0);
    bench.stop();
    bench.local_stop(false);
    assert_eq!(bench.view().stopped.as_deref(), Some("T"));
    bench.forget();
    // Its state is read again and again; that is no second press.
    bench.resume();
    bench.local_stop(false);
    bench.run_until(320.0);
    bench.check_only(&OUTCOMES, &["310.0 ended c aired 10s confirmed"]);
    let mut bench = Bench::new(&["a 100 10 1", "b 200 10 1", "c 300 10 1"]);
    bench.run_until(104.0);
    bench.local_stop(true);
    bench.forget();
    bench.local_stop(true);
    bench.check(&[]);
    bench.run_until(250.0);
    bench.local_stop(false);
    bench.run_until(320.0);
    bench.check_only(
        &OUTCOMES,
        &["200.0 unaired b suppressed/local_stop", "310.0 ended c aired 10s confirmed"],
    );
    assert!(bench.view().stopped.is_none());
}
