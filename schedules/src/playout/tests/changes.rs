//! A new plan changes what is played, in the last seconds before it is.

use super::bench::{Bench, Deaf, slot};
use crate::plan::Slot;

fn louder_and_longer() -> Vec<Slot> {
    let base = slot("a 100 10 1");
    vec![
        Slot { duration: slot("a 100 12 1").duration, pcm: "other".into(), ..base.clone() },
        Slot { gain_db: -6.0, duration: slot("a 100 12 1").duration, ..base },
    ]
}

/// It is recorded and verified anew, and what the new plan says is heard.
#[test]
fn a_change_before_the_start_is_taken_over() {
    for at in [50.0, 92.5, 99.0] {
        for changed in louder_and_longer() {
            let mut bench = Bench::new(&["a 100 10 1"]);
            bench.run_until(at);
            bench.forget();
            bench.plan_slots(vec![changed]);
            bench.run_until(150.0);
            let armed = at.max(92.0);
            let expect = [
                format!("{armed:.1} due a"),
                format!("{armed:.1} verify a"),
                format!("{armed:.1} play a at 100.0"),
                "112.0 ended a aired 12s confirmed".to_owned(),
            ];
            let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
            bench.check_only(&["due", "verify", "play", "ended"], &expect);
            bench.assert_off();
        }
    }
}

#[test]
fn a_change_while_it_sounds_cuts_it() {
    let [other, _] = &louder_and_longer()[..] else { panic!() };
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(104.0);
    bench.plan_slots(vec![other.clone()]);
    bench.run_until(150.0);
    bench.check_only(&["ended"], &["104.0 ended a partial/plan_changed 4s confirmed"]);
}

/// The old sound is still being read: its answer is not taken for the new one's.
#[test]
fn what_is_being_verified_is_changed_after_the_answer() {
    use crate::playout::Input;
    let [other, _] = &louder_and_longer()[..] else { panic!() };
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.deaf(Deaf::Verify);
    bench.run_until(93.0);
    bench.forget();
    bench.plan_slots(vec![other.clone()]);
    bench.check_only(&["due", "verify", "play"], &[]);
    bench.hear(Deaf::Verify);
    bench.tell(Input::PcmVerified { slot: "a".into() });
    bench.run_until(150.0);
    bench.check_only(
        &["due", "verify", "play", "ended"],
        &["93.0 due a", "93.0 verify a", "93.0 play a at 100.0", "112.0 ended a aired 12s confirmed"],
    );
}

/// The log cannot be told of the change: neither the old nor the new is heard.
#[test]
fn a_change_that_cannot_be_recorded_is_not_heard() {
    let [other, _] = &louder_and_longer()[..] else { panic!() };
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.run_until(95.0);
    bench.deaf(Deaf::DueRefused);
    bench.plan_slots(vec![other.clone()]);
    bench.run_until(150.0);
    bench.check_only(&["ended", "unaired", "heard"], &["95.0 unaired a failed/log_unwritable"]);
    bench.assert_off();
}

#[test]
fn a_change_that_is_taken_back_changes_nothing() {
    let [other, _] = &louder_and_longer()[..] else { panic!() };
    let mut bench = Bench::new(&["a 100 10 1"]);
    bench.deaf(Deaf::Verify);
    bench.run_until(93.0);
    bench.plan_slots(vec![other.clone()]);
    bench.plan(&["a 100 10 1"]);
    bench.hear(Deaf::Verify);
    bench.tell(crate::playout::Input::PcmVerified { slot: "a".into() });
    bench.run_until(150.0);
    bench.check_only(&["due", "ended"], &["92.0 due a", "110.0 ended a aired 10s confirmed"]);
}
