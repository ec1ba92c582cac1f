//! Where a station asks for signed orders, a recording airs wholly inside one that is meant for its show.

use super::*;
use crate::vocabulary::{Ordered, OrderedIn};

fn ordered(from: &str, until: &str, within: OrderedIn) -> Ordered {
    let at = |time: &str| format!("2026-11-23T{time}:00+07:00").parse().unwrap();
    Ordered { from: at(from), until: at(until), within }
}

#[test]
fn a_recording_airs_inside_an_order_for_its_show_and_else_says_that_there_is_none() {
    let all_day = |within| Some(vec![ordered("00:00", "23:00", within)]);
    let mut snapshot =
        station(vec![window(1, "17:00", "17:30")], vec![programme(1, "0 17 * * *", &[1, 2, 3, 4, 5, 6])]);
    let of = |n: usize, snapshot: &mut Snapshot, orders: Option<Vec<Ordered>>| {
        snapshot.segments[n].ordered = orders;
    };
    of(0, &mut snapshot, all_day(OrderedIn::Anything));
    // approved by a person, and no order: not where orders are asked for
    of(1, &mut snapshot, Some(Vec::new()));
    of(2, &mut snapshot, Some(Vec::new()));
    snapshot.segments[2].standing = Standing::AwaitingApproval;
    let another = ProgrammeId(uuid::Uuid::from_u128(77));
    of(3, &mut snapshot, all_day(OrderedIn::Programme(another)));
    let own = snapshot.programmes[0].id;
    of(4, &mut snapshot, all_day(OrderedIn::Programme(own)));
    // it would outlive its order
    of(5, &mut snapshot, Some(vec![ordered("00:00", "17:07", OrderedIn::Anything)]));
    check(
        &snapshot,
        &[
            "17:00:00 p1",
            "17:01:00 p1 no_order",
            "17:01:00 p1 no_order",
            "17:01:00 p1 no_order",
            "17:01:00 p1",
            "17:06:00 p1 no_order",
        ],
    );
    // of several orders the one that lasts longest counts, and nothing sounds beyond it
    let until = ordered("00:00", "17:10", OrderedIn::Anything).until;
    let two =
        vec![ordered("00:00", "17:03", OrderedIn::Anything), ordered("16:00", "17:10", OrderedIn::Anything)];
    of(0, &mut snapshot, Some(two));
    let days = crate::plan(&snapshot, "2026-11-23".parse().unwrap(), "2026-11-24".parse().unwrap());
    assert_eq!(days[0].slots[0].permitted.until, until);
}
