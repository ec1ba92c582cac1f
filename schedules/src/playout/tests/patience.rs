//! How long a slot waits for what keeps it, and what becomes of what no longer fits.

use super::bench::{Bench, moment, slot};
use crate::plan::Slot;

fn patient(text: &str, latest: f64) -> Slot {
    Slot { latest_start: Some(moment(latest)), ..slot(text) }
}

#[test]
fn a_patient_slot_starts_as_soon_as_the_one_before_has_ended() {
    for (waiting, expect) in [
        (patient("b 100 5 1", 120.0), "115.0 ended b aired 5s confirmed"),
        (patient("b 105 5 1", 110.0), "115.0 ended b aired 5s confirmed"),
        (patient("b 105 5 1", 109.0), "97.0 ended b missed/overlap 0s"),
        (patient("b 105 5 2", 120.0), "115.3 ended b aired 5s confirmed"),
        (patient("b 105 5 2", 110.1), "110.0 ended b missed/overlap 0s"),
        (patient("b 105 5 2", 107.0), "107.0 ended b missed/overlap 0s"),
        (slot("b 105 5 1"), "97.0 ended b missed/overlap 0s"),
    ] {
        let mut bench = Bench::new(&[]);
        bench.plan_slots(vec![slot("a 100 10 1"), waiting]);
        bench.run_until(150.0);
        let mut expect = vec!["110.0 ended a aired 10s confirmed", expect];
        expect.sort_by_key(|word| word.split('.').next().unwrap().parse::<u32>().unwrap());
        bench.check_only(&["ended"], &expect);
        bench.assert_off();
    }
}

/// A plan that comes late: inside the arm lead, or after the start.
#[test]
fn a_late_plan_is_armed_at_once() {
    for (late, expect) in [
        (slot("b 108 5 1"), vec!["113.0 ended b aired 5s confirmed"]),
        (slot("b 105.1 5 1"), vec!["110.3 ended b aired 5s confirmed"]),
        (patient("b 103 5 1", 130.0), vec!["110.3 ended b aired 5s confirmed"]),
        (patient("b 103 5 1", 105.2), vec!["105.0 ended b missed/overlap 0s"]),
        (patient("b 103 5 1", 104.0), vec![]),
        (slot("b 104 5 1"), vec![]),
    ] {
        let mut bench = Bench::new(&[]);
        bench.run_until(105.0);
        bench.plan_slots(vec![late]);
        bench.run_until(150.0);
        bench.check_only(&["ended", "unaired"], &expect);
        bench.assert_off();
    }
}

/// Patience is for what has the air, not for a station that was off: that is what `missed` is for.
#[test]
fn after_a_power_cut_the_patient_slot_is_missed() {
    let slots = vec![slot("a 100 5 1"), patient("b 105 5 1", 130.0), patient("c 106 5 1", 119.0)];
    let mut bench = Bench::starting_with(120.0, slots);
    bench.run_until(150.0);
    bench.check_only(
        &["ended", "unaired"],
        &[
            "120.0 unaired a missed/station_off",
            "120.0 unaired b missed/station_off",
            "120.0 unaired c missed/station_off",
        ],
    );
}

/// A running order that began late: what still fits airs, what does not says so.
#[test]
fn what_no_longer_fits_into_the_session_is_said_with_its_own_reason() {
    let within = |text: &str, latest: f64| {
        let mut slot = patient(text, latest);
        slot.permitted.until = moment(130.0);
        slot
    };
    let mut bench = Bench::new(&[]);
    bench.plan_slots(vec![
        slot("x 90 17 1"),
        within("a 100 10 1", 120.0),
        within("b 110 10 1", 120.0),
        within("c 120 8 1", 122.0),
    ]);
    bench.run_until(150.0);
    bench.check_only(
        &["play", "ended"],
        &[
            "82.0 play x at 90.0",
            "99.0 play a at 107.0",
            "107.0 ended x aired 17s confirmed",
            "109.0 play b at 117.0",
            "112.0 ended c missed/beyond_window_end 0s",
            "117.0 ended a aired 10s confirmed",
            "127.0 ended b aired 10s confirmed",
        ],
    );
    bench.assert_off();
}

/// The amplifier has to be switched first, and nobody knows how long that takes: it waits no longer than it fits.
#[test]
fn waiting_ends_when_it_no_longer_fits() {
    let mut late = patient("b 105 5 2", 120.0);
    late.permitted.until = moment(113.0);
    let mut bench = Bench::new(&[]);
    bench.plan_slots(vec![slot("a 100 10 1"), late]);
    bench.run_until(150.0);
    bench.check_only(
        &["ended"],
        &["108.0 ended b missed/beyond_window_end 0s", "110.0 ended a aired 10s confirmed"],
    );
}
