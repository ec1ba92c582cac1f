#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod bench;
mod changes;
mod chaos;
mod emergencies;
mod patience;
mod retry;
mod yielding;

use bench::{Bench, Deaf, slot};
use jiff::SignedDuration;

/// The whole way of one slot, in order, with the seconds at which each command came.
#[test]
fn one_slot_goes_up_and_comes_down() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(120.0);
    bench.check(&[
        "92.0 due a",
        "92.0 verify a",
        "92.0 open",
        "92.0 energise 1",
        "92.0 play a at 100.0",
        "99.7 unmute",
        "100.0 started a",
        "110.0 ended a aired 10s confirmed",
        "110.0 mute",
        "110.0 close",
        "110.0 release",
    ]);
}

#[test]
fn joined_slots_leave_no_gap_and_the_amplifier_alone() {
    let mut bench = Bench::new(&["a 100 10 1", "b 110 5 1", "c 115 1 1"]);
    bench.run_until(130.0);
    bench.check_only(
        &["play", "unmute", "mute", "energise", "release", "ended"],
        &[
            "92.0 energise 1",
            "92.0 play a at 100.0",
            "99.7 unmute",
            "102.0 play b at 110.0",
            "107.0 play c at 115.0",
            "110.0 ended a aired 10s confirmed",
            "115.0 ended b aired 5s confirmed",
            "116.0 ended c aired 1s confirmed",
            "116.0 mute",
            "116.0 release",
        ],
    );
}

#[test]
fn a_short_gap_keeps_it_live_a_longer_one_mutes_a_long_one_goes_dark() {
    let words = ["unmute", "mute", "energise", "release"];
    let mut bench = Bench::new(&["a 100 10 1", "b 114 5 1"]);
    bench.run_until(115.0);
    bench.check_only(&words, &["92.0 energise 1", "99.7 unmute"]);
    let mut bench = Bench::new(&["a 100 10 1", "b 122 5 1"]);
    bench.run_until(123.0);
    bench.check_only(&words, &["92.0 energise 1", "99.7 unmute", "110.0 mute", "121.7 unmute"]);
    let mut bench = Bench::new(&["a 100 10 1", "b 124 5 1"]);
    bench.run_until(125.0);
    bench.check_only(
        &words,
        &[
            "92.0 energise 1",
            "99.7 unmute",
            "110.0 mute",
            "110.0 release",
            "116.0 energise 1",
            "123.7 unmute",
        ],
    );
}

#[test]
fn other_zones_are_switched_while_mute() {
    let mut bench = Bench::new(&["a 100 10 1", "b 110 5 2"]);
    bench.run_until(130.0);
    bench.check_only(
        &["play", "unmute", "mute", "energise", "release", "ended"],
        &[
            "92.0 energise 1",
            "92.0 play a at 100.0",
            "99.7 unmute",
            "110.0 ended a aired 10s confirmed",
            "110.0 mute",
            "110.0 energise 2",
            "110.0 play b at 110.3",
            "110.0 unmute",
            "115.3 ended b aired 5s confirmed",
            "115.3 mute",
            "115.3 release",
        ],
    );
}

#[test]
fn of_equal_starts_the_second_is_missed() {
    let mut bench = Bench::new(&["a 100 10 1", "b 100 10 1"]);
    bench.run_until(130.0);
    bench.check_only(
        &["ended", "unaired"],
        &["92.0 ended b missed/overlap 0s", "110.0 ended a aired 10s confirmed"],
    );
}

/// What is not answered: how it ends.
#[test]
fn an_answer_that_never_comes_is_a_failure_with_its_name() {
    for (deaf, expect) in [
        (Deaf::Due, "97.0 unaired a failed/log_unwritable"),
        (Deaf::Verify, "97.0 ended a failed/pcm_refused 0s"),
        (Deaf::Open, "102.0 ended a failed/output_not_ready 0s"),
        (Deaf::Energise, "102.0 ended a failed/amplifier_not_ready 0s"),
        (Deaf::Started, "102.0 ended a failed/output_lost 0s"),
        (Deaf::Unmute, "104.7 ended a failed/amplifier_lost 4.7s"),
        (Deaf::Ended, "115.0 ended a aired 15s confirmed"),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.deaf(deaf);
        bench.run_until(140.0);
        bench.check_only(&["ended", "unaired"], &[expect]);
        bench.assert_off();
    }
}

#[test]
fn release_is_repeated_until_it_is_confirmed() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.deaf(Deaf::Release);
    bench.run_until(121.0);
    bench.hear(Deaf::Release);
    bench.run_until(140.0);
    bench.check_only(&["release"], &["110.0 release", "115.0 release", "120.0 release", "125.0 release"]);
    bench.assert_off();
}

/// STOP at each moment: the row, and dark at once.
#[test]
fn stop_in_every_state() {
    for (at, expect) in [
        (50.0, "100.0 unaired a suppressed/local_stop"),
        (93.0, "93.0 ended a suppressed/local_stop 0s"),
        (99.8, "99.8 ended a suppressed/local_stop 0s"),
        (104.0, "104.0 ended a partial/local_stop 4s confirmed"),
        (112.0, "110.0 ended a aired 10s confirmed"),
    ] {
        let mut bench = Bench::new(&["a 100 10 1", "b 200 10 1", "c 300 10 1"]);
        bench.run_until(at);
        bench.stop();
        bench.run_until(250.0);
        bench.resume();
        bench.run_until(320.0);
        bench.check_only(
            &["ended", "unaired"],
            &[expect, "200.0 unaired b suppressed/local_stop", "310.0 ended c aired 10s confirmed"],
        );
        bench.assert_off();
    }
}

#[test]
fn what_is_released_before_its_start_airs() {
    for (released, expect) in
        [(95.0, "110.0 ended a aired 10s confirmed"), (101.0, "100.0 unaired a suppressed/local_stop")]
    {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(50.0);
        bench.stop();
        bench.run_until(released);
        bench.resume();
        bench.run_until(150.0);
        bench.check_only(&["ended", "unaired"], &[expect]);
        bench.assert_off();
    }
}

#[test]
fn stop_mutes_first() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(104.0);
    bench.forget();
    bench.stop();
    bench.check(&[
        "104.0 mute",
        "104.0 cancel a",
        "104.0 close",
        "104.0 release",
        "104.0 ended a partial/local_stop 4s confirmed",
    ]);
}

/// The plan loses the slot at each moment.
#[test]
fn a_plan_without_it_in_every_state() {
    for (at, expect) in [
        (50.0, None),
        (93.0, Some("93.0 ended a suppressed/plan_changed 0s")),
        (99.8, Some("99.8 ended a suppressed/plan_changed 0s")),
        (104.0, Some("104.0 ended a partial/plan_changed 4s confirmed")),
        (112.0, Some("110.0 ended a aired 10s confirmed")),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(at);
        bench.plan(&[]);
        bench.run_until(150.0);
        bench.check_only(&["ended", "unaired"], &expect.into_iter().collect::<Vec<_>>());
        bench.assert_off();
    }
}

/// A zone is added, or taken away, at each moment.
#[test]
fn zones_that_come_or_go_in_every_state() {
    for (at, zones, expect) in [
        (50.0, vec!["1", "2"], "110.0 ended a aired 10s confirmed"),
        (93.0, vec!["1", "2"], "110.0 ended a aired 10s confirmed"),
        (104.0, vec!["1", "2"], "110.0 ended a aired 10s confirmed"),
        (93.0, vec!["2"], "93.0 ended a suppressed/plan_changed 0s"),
        (104.0, vec!["2"], "104.0 ended a partial/plan_changed 4s confirmed"),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(at);
        let mut changed = bench::slot("a 100 10 1");
        changed.zones =
            zones.iter().flat_map(|zone| bench::slot(&format!("a 100 10 {zone}")).zones.to_vec()).collect();
        bench.plan_slots(vec![changed]);
        bench.run_until(150.0);
        bench.check_only(&["ended", "unaired"], &[expect]);
        let energised = if at == 50.0 { "92.0 energise 1,2" } else { "92.0 energise 1" };
        bench.check_only(&["energise"], &[energised]);
        bench.assert_off();
    }
}

#[test]
fn the_same_plan_again_changes_nothing_in_any_state() {
    let mut bench = Bench::new(&["a 100 10 1", "b 110 5 1"]);
    for tenth in 900..1200 {
        bench.run_until(f64::from(tenth) / 10.0);
        bench.plan(&["a 100 10 1", "b 110 5 1"]);
    }
    bench.check_only(
        &["due", "play", "cancel", "unmute", "ended"],
        &[
            "92.0 due a",
            "92.0 play a at 100.0",
            "99.7 unmute",
            "102.0 due b",
            "102.0 play b at 110.0",
            "110.0 ended a aired 10s confirmed",
            "115.0 ended b aired 5s confirmed",
        ],
    );
}

/// The clock is set at each moment, by so many seconds: what becomes of the slot, in monotonic seconds.
#[test]
fn a_clock_step_in_every_state() {
    for (at, by, expect) in [
        (50.0, 1000.0, "50.0 unaired a missed/clock_step"),
        (93.0, 1000.0, "93.0 ended a missed/clock_step 0s"),
        (99.8, 1000.0, "99.8 ended a missed/clock_step 0s"),
        (104.0, 1000.0, "110.0 ended a aired 10s confirmed"),
        // A little: aimed anew.
        (93.0, 3.0, "107.0 ended a aired 10s confirmed"),
        (93.0, -3.0, "113.0 ended a aired 10s confirmed"),
        // Over the start, but within the tolerance: late.
        (99.0, 2.0, "109.3 ended a aired 10s confirmed"),
        // Far back: put back to waiting, and aired once at the new time.
        (93.0, -60.0, "170.0 ended a aired 10s confirmed"),
        (104.0, -60.0, "110.0 ended a aired 10s confirmed"),
        // Closed stays closed.
        (112.0, -60.0, "110.0 ended a aired 10s confirmed"),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(at);
        bench.step(by);
        bench.plan(&["a 100 10 1"]);
        bench.run_until(250.0);
        bench.check_only(&["ended", "unaired"], &[expect]);
        bench.check_only(&["due"], if at == 50.0 { &[] } else { &["92.0 due a"] });
        bench.assert_off();
    }
}

/// Trust is lost at each moment, for so long.
#[test]
fn lost_trust_in_every_state() {
    for (at, back, expect) in [
        (50.0, 150.0, "150.0 unaired a missed/clock_untrusted"),
        (93.0, 150.0, "150.0 ended a missed/clock_untrusted 0s"),
        (93.0, 95.0, "110.0 ended a aired 10s confirmed"),
        (99.8, 150.0, "150.0 ended a missed/clock_untrusted 0s"),
        (104.0, 150.0, "110.0 ended a aired 10s confirmed"),
    ] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(at);
        bench.trust(false);
        bench.run_until(back);
        bench.trust(true);
        bench.run_until(250.0);
        bench.check_only(&["ended", "unaired"], &[expect]);
        bench.assert_off();
    }
}

#[test]
fn a_lost_amplifier_in_every_state() {
    for (at, expect) in [
        (93.0, "110.0 ended a aired 10s confirmed"),
        (99.9, "111.2 ended a aired 10s confirmed"),
        (104.0, "104.0 ended a failed/amplifier_lost 4s"),
    ] {
        let expect = expect.replace("failed/amplifier_lost 4s", "partial/amplifier_lost 4s");
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(at);
        bench.lose_amplifier();
        bench.run_until(150.0);
        bench.check_only(&["ended", "unaired"], &[&expect]);
        bench.assert_off();
    }
}

#[test]
fn a_lost_output_is_opened_again_for_the_next() {
    let mut bench = Bench::new(&["a 100 10 1", "b 110 5 1"]);
    bench.run_until(104.0);
    bench.lose_output();
    bench.run_until(150.0);
    bench.check_only(
        &["open", "ended"],
        &[
            "92.0 open",
            "104.0 ended a partial/output_lost 4s confirmed",
            "104.1 open",
            "115.0 ended b aired 5s confirmed",
        ],
    );
}

#[test]
fn start_up_tells_what_was_missed_and_why() {
    let mut bench = Bench::starting_at(500.0, &["a 100 10 1", "b 499 10 1"]);
    bench.run_until(530.0);
    bench.check_only(
        &["ended", "unaired"],
        &["500.0 unaired a missed/station_off", "510.3 ended b aired 10s confirmed"],
    );
    let mut bench = Bench::starting_at(500.0, &["a 100 10 1", "b 520 10 1"]);
    bench.trust(false);
    bench.run_until(560.0);
    bench.trust(true);
    bench.run_until(600.0);
    bench.check_only(
        &["ended", "unaired"],
        &["500.0 unaired a missed/station_off", "560.0 unaired b missed/clock_untrusted"],
    );
}

#[test]
fn what_is_saved_after_its_time_is_not_missed() {
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(120.0);
    bench.plan(&["a 100 10 1", "b 50 10 1", "c 140 5 1"]);
    bench.run_until(160.0);
    bench.check_only(
        &["ended", "unaired"],
        &["110.0 ended a aired 10s confirmed", "145.0 ended c aired 5s confirmed"],
    );
}

#[test]
fn late_and_stray_answers_are_met_with_the_safe_command() {
    use crate::playout::Input;
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(50.0);
    bench.forget();
    bench.tell(Input::AmplifierConfirmed);
    bench.tell(Input::OutputReady);
    bench.tell(Input::AudioStarted { slot: "ghost".into(), at: bench.wall() });
    bench.tell(Input::Unmuted);
    bench.check(&["50.0 mute", "50.0 release", "50.0 close", "50.0 cancel ghost"]);
}

/// It began while it was being taken back: it has been heard, so it never begins again.
#[test]
fn what_was_taken_back_too_late_is_partial() {
    use crate::playout::Input;
    let played = SignedDuration::from_millis(200);
    for told_started in [true, false] {
        let mut bench = Bench::new(&["a 100 10 1"]);
        bench.run_until(99.9);
        bench.deaf(Deaf::Cut);
        bench.step(-3.0);
        let at = bench.wall();
        if told_started {
            bench.tell(Input::AudioStarted { slot: "a".into(), at });
        }
        bench.tell(Input::AudioCut { slot: "a".into(), played, at });
        bench.run_until(150.0);
        bench.check_only(
            &["play", "ended"],
            &["92.0 play a at 100.0", "99.9 ended a partial/clock_step 0.2s"],
        );
        bench.assert_off();
    }
}

#[test]
fn an_output_that_does_not_stop_is_closed() {
    let mut bench = Bench::new(&["a 100 10 1", "b 130 5 1"]);
    bench.run_until(104.0);
    bench.deaf(Deaf::Cut);
    bench.plan(&["b 130 5 1"]);
    bench.run_until(150.0);
    bench.check_only(
        &["cancel", "close", "release", "ended"],
        &[
            "104.0 cancel a",
            "109.0 ended a partial/plan_changed 0s confirmed",
            "109.0 close",
            "109.0 release",
            "135.0 ended b aired 5s confirmed",
            "135.0 close",
            "135.0 release",
        ],
    );
}

/// It would be late, and then end after its window.
#[test]
fn what_no_longer_fits_into_its_window_is_not_played() {
    for (until, expect) in
        [(110.0, "110.0 ended b missed/beyond_window_end 0s"), (200.0, "115.3 ended b aired 5s confirmed")]
    {
        let mut late = slot("b 110 5 2");
        late.permitted.until =
            late.end() + SignedDuration::from_millis(if until > 150.0 { 300 } else { 299 });
        let mut bench = Bench::new(&[]);
        bench.plan_slots(vec![slot("a 100 10 1"), late]);
        bench.run_until(150.0);
        bench.check_only(&["ended"], &["110.0 ended a aired 10s confirmed", expect]);
    }
}

/// The start of a waiting item may still be moved to before now: it must not be forgotten.
#[test]
fn an_occurrence_is_accounted_for_when_all_of_it_came_due() {
    let mut bench = Bench::new(&[]);
    let first = slot("a 100 10 1");
    let mut second = slot("b 150 10 1");
    second.occurrence = first.start;
    bench.plan_slots(vec![first, second.clone()]);
    bench.run_until(50.0);
    bench.plan_slots(vec![slot("a 100 10 1"), second.clone()]);
    assert_eq!(bench.accounted(), 50.0);
    bench.run_until(130.0);
    bench.plan_slots(vec![second.clone()]);
    assert_eq!(bench.accounted(), 100.0);
    // An item before it falls out: it would move to 140, and keeps its announced start.
    let mut moved = slot("b 140 10 1");
    moved.occurrence = second.occurrence;
    bench.plan_slots(vec![moved]);
    bench.run_until(200.0);
    bench.plan_slots(vec![]);
    assert_eq!(bench.accounted(), 200.0);
    bench.check_only(&["ended"], &["110.0 ended a aired 10s confirmed", "160.0 ended b aired 10s confirmed"]);
}
