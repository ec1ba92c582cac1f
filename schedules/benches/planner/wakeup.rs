//! When the playout wants to be woken next, with a day's agenda in hand.

use crate::station::{Mix, YEAR, snapshot};
use crate::{Table, fastest};
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{Input, Now, Playout, PlayoutSettings, plan};
use std::hint::black_box;
use std::time::Duration;

const TIMES: u32 = 10_000;

pub(crate) fn measure(table: &mut Table) {
    let snapshot = snapshot(Mix::Usual);
    let day = plan(&snapshot, YEAR.0, YEAR.0 + 1.day()).remove(0);
    let entries = day.entries();
    let count = entries.len();
    let midnight = YEAR.0.to_zoned(snapshot.timezone.clone()).unwrap().timestamp();
    let mut playout = Playout::new(PlayoutSettings::default(), midnight);
    let at = |second: u32| Now {
        wall: midnight + SignedDuration::from_secs(second.into()),
        mono: Duration::from_secs(second.into()),
        trusted: true,
    };
    playout.handle(Input::Plan(entries), at(0));
    let ask = fastest(100, || (0..TIMES).for_each(|_| _ = black_box(black_box(&playout).next_wakeup())));
    table.add(format!("next wake-up, {count} entries ahead"), "10", micros(ask), "us");
    // Between midnight and the first start nothing happens; every tick looks at all of it.
    let mut second = 0;
    let tick = fastest(1, || {
        for _ in 0..TIMES {
            second += 1;
            playout.handle(Input::Tick, at(second));
            black_box(playout.next_wakeup());
        }
    });
    table.add(format!("tick and next wake-up, {count} entries ahead"), "-", micros(tick), "us");
    let first = day.slots.first().map_or(Timestamp::MAX, |slot| slot.start);
    assert!(first > at(TIMES).wall, "the ticks must end before the first slot comes due");
}

fn micros(seconds: f64) -> f64 {
    seconds / f64::from(TIMES) * 1e6
}
