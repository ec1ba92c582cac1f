//! An output that is gone is opened again, with growing pauses, and sounds soon after it is back.

use super::bench::{Bench, Deaf};

#[test]
fn the_pauses_grow_and_stay_short_enough_to_sound_soon_after_it_is_back() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.deaf(Deaf::OpenRefused);
    bench.emergency("e 5 1", 60.0);
    bench.run_until(60.0);
    bench.hear(Deaf::OpenRefused);
    bench.run_until(80.0);
    let tried = ["50.0", "50.1", "50.3", "50.7", "51.5", "53.1", "56.3", "59.5", "62.7"];
    let mut expect: Vec<String> = tried.iter().map(|at| format!("{at} open")).collect();
    expect.push("68.0 ended e aired 5s confirmed".into());
    let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
    bench.check_only(&["open", "ended"], &expect);
    bench.assert_off();
}

/// A device that opens and dies at once is not opened ten times a second; one that has sounded begins with a short pause.
#[test]
fn only_sound_makes_the_pauses_short_again() {
    let mut bench = Bench::new(&[]);
    bench.run_until(50.0);
    bench.emergency("e 5 1", 60.0);
    for lost_at in [51.0, 53.0] {
        bench.run_until(lost_at);
        bench.lose_output();
    }
    bench.run_until(54.5);
    bench.progress("e", 0.5);
    bench.lose_output();
    bench.run_until(80.0);
    bench.check_only(
        &["open", "ended"],
        &["50.0 open", "51.1 open", "53.2 open", "54.6 open", "60.8 ended e aired 5s confirmed"],
    );
}
