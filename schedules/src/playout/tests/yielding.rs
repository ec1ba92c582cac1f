//! Planned cuts: who yielded, after how long, and what comes then.

use super::bench::{Bench, slot};
use crate::plan::{Resumption, Slot, Yield};

fn yielding(text: &str, to: &str) -> Slot {
    let to = Yield { to: to.into(), name: to.into(), then: Resumption::Continue };
    Slot { yields: Some(to), ..slot(text) }
}

#[test]
fn what_yields_as_planned_is_preempted_and_names_to_whom() {
    let mut bench = Bench::new(&[]);
    bench.plan_slots(vec![yielding("a 100 10 1", "b"), slot("b 110 5 1"), slot("a+1 115 7 1")]);
    bench.run_until(150.0);
    bench.check_only(
        &["play", "cancel", "ended", "mute"],
        &[
            "92.0 play a at 100.0",
            "102.0 play b at 110.0",
            "107.0 play a+1 at 115.0",
            "110.0 ended a preempted/yielded 10s confirmed",
            "115.0 ended b aired 5s confirmed",
            "122.0 ended a+1 aired 7s confirmed",
            "122.0 mute",
        ],
    );
    bench.assert_off();
}

/// It began late, because the zones were switched: the cut stays where it was planned.
#[test]
fn what_began_late_yields_at_the_planned_moment() {
    let mut bench = Bench::new(&[]);
    bench.plan_slots(vec![slot("x 90 10 2"), yielding("a 100 10 1", "b"), slot("b 110 5 1")]);
    bench.run_until(150.0);
    bench.check_only(
        &["play", "cancel", "ended"],
        &[
            "82.0 play x at 90.0",
            "100.0 ended x aired 10s confirmed",
            "100.0 play a at 100.3",
            "110.0 cancel a",
            "110.0 ended a preempted/yielded 9.7s confirmed",
            "110.0 play b at 110.0",
            "115.0 ended b aired 5s confirmed",
        ],
    );
}

/// A plan that comes while it sounds makes it yield; one that takes the other away does not lengthen it.
#[test]
fn a_new_plan_moves_the_cut_of_what_sounds() {
    for (first, at, then, expect) in [
        (
            slot("a 100 20 1"),
            104.0,
            vec![yielding("a 100 6 1", "b"), slot("b 106 5 1")],
            vec!["106.0 ended a preempted/yielded 6s confirmed", "111.0 ended b aired 5s confirmed"],
        ),
        (
            slot("a 100 20 1"),
            108.0,
            vec![yielding("a 100 6 1", "b"), slot("b 109 5 1")],
            vec!["108.0 ended a preempted/yielded 8s confirmed", "114.0 ended b aired 5s confirmed"],
        ),
        (
            slot("a 100 20 1"),
            95.0,
            vec![yielding("a 100 6 1", "b"), slot("b 106 5 1")],
            vec!["106.0 ended a preempted/yielded 6s confirmed", "111.0 ended b aired 5s confirmed"],
        ),
        (
            yielding("a 100 6 1", "b"),
            104.0,
            vec![slot("a 100 20 1")],
            vec!["106.0 ended a preempted/yielded 6s confirmed"],
        ),
        (
            yielding("a 100 6 1", "b"),
            95.0,
            vec![slot("a 100 20 1")],
            vec!["120.0 ended a aired 20s confirmed"],
        ),
        // Shorter, and nobody said why: not the sound that was announced.
        (
            slot("a 100 20 1"),
            104.0,
            vec![slot("a 100 6 1")],
            vec!["104.0 ended a partial/plan_changed 4s confirmed"],
        ),
    ] {
        let mut bench = Bench::new(&[]);
        bench.plan_slots(vec![first]);
        bench.run_until(at);
        bench.plan_slots(then);
        bench.run_until(150.0);
        bench.check_only(&["ended"], &expect);
        bench.assert_off();
    }
}

#[test]
fn what_fails_before_its_cut_is_partial_as_ever() {
    let mut bench = Bench::new(&[]);
    bench.plan_slots(vec![yielding("a 100 10 1", "b")]);
    bench.run_until(104.0);
    bench.lose_output();
    bench.run_until(150.0);
    bench.check_only(&["ended"], &["104.0 ended a partial/output_lost 4s confirmed"]);
}
