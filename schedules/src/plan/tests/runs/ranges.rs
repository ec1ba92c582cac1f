//! What a plan must not depend on: the order of what it is told, and where it is asked to begin.

use super::forward::{Dice, Run};
use super::stations::any_full_station;
use super::*;

/// A station on its way, with a log.
fn on_its_way(snapshot: Snapshot, seed: u64, steps: u64) -> Run {
    let mut run = Run::new(snapshot, seed);
    for _ in 0..steps {
        run.step();
    }
    run
}

fn shuffled(snapshot: &Snapshot, seed: u64) -> Snapshot {
    let mut dice = Dice::new(seed);
    let mut other = snapshot.clone();
    dice.shuffle(&mut other.zones);
    dice.shuffle(&mut other.windows);
    dice.shuffle(&mut other.programmes);
    dice.shuffle(&mut other.campaigns);
    dice.shuffle(&mut other.holidays);
    dice.shuffle(&mut other.units);
    dice.shuffle(&mut other.segments);
    dice.shuffle(&mut other.history);
    for window in &mut other.windows {
        dice.shuffle(&mut window.zones);
        dice.shuffle(&mut window.days);
        dice.shuffle(&mut window.holidays);
    }
    for programme in &mut other.programmes {
        dice.shuffle(&mut programme.zones);
    }
    for campaign in &mut other.campaigns {
        dice.shuffle(&mut campaign.zones);
        for phase in &mut campaign.phases {
            dice.shuffle(&mut phase.windows);
        }
    }
    other
}

fn bytes(days: &[DayPlan]) -> String {
    let entries: Vec<Entry> = days.iter().flat_map(DayPlan::entries).collect();
    let (slots, refusals): (Vec<_>, Vec<_>) = days.iter().map(|day| (&day.slots, &day.refusals)).unzip();
    serde_json::to_string(&(entries, slots, refusals)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_order_of_every_vector_is_of_no_account(
        snapshot in any_full_station(), seed in any::<u64>(), steps in 0_u64..12,
    ) {
        let run = on_its_way(snapshot, seed, steps);
        let from = run.date(run.now()).saturating_sub(2.days());
        let to = from.saturating_add(9.days());
        let other = shuffled(&run.snapshot, seed ^ 1);
        prop_assert_eq!(bytes(&plan(&run.snapshot, from, to)), bytes(&plan(&other, from, to)));
    }

    /// Before, on and after the day of `as_of`, across midnights on which something sounds.
    #[test]
    fn a_range_is_its_days(
        snapshot in any_full_station(), seed in any::<u64>(), steps in 0_u64..12,
        first in -9_i64..9, length in 1_i64..9,
    ) {
        let run = on_its_way(snapshot, seed, steps);
        let from = run.date(run.now()).saturating_add(first.days());
        let whole = plan(&run.snapshot, from, from.saturating_add(length.days()));
        prop_assert_eq!(whole.len(), usize::try_from(length).unwrap());
        for day in &whole {
            let alone = plan(&run.snapshot, day.date, day.date.saturating_add(1.day()));
            prop_assert_eq!(std::slice::from_ref(day), alone.as_slice());
        }
    }
}
