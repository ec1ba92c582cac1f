//! The stations that are simulated besides the standard one.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use loaxa_schedules::simulation::standard;
use loaxa_schedules::{Programme, Recurrence, SegmentFacts, Snapshot, Standing, Zone};

pub(crate) fn timezone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// The same by day alone: its nights are silent, so that a new plan is a plan of one day.
pub(crate) fn by_day(mut station: Snapshot) -> Snapshot {
    for programme in &mut station.programmes {
        if let Recurrence::Cron(expression) = &mut programme.recurrence {
            let mut fields: Vec<&str> = expression.split(' ').collect();
            fields[2] = "9-21";
            *expression = fields.join(" ");
        }
    }
    for window in &mut station.windows {
        (window.start, window.end) = ("09:00".parse().unwrap(), "22:00".parse().unwrap());
    }
    station
}

/// Three recordings of about ten seconds at every full minute, all day.
pub(crate) fn every_minute() -> Snapshot {
    let segments = vec![segment(1, 10_000), segment(2, 9_480), segment(3, 11_020)];
    snapshot(segments, vec![programme(1, "0 * * * * *", &[1, 2, 3], &[])], vec![])
}

/// Every five minutes one programme in zone 1 and, joined to its end, one in zone 2; and a third that is
/// never approved.
pub(crate) fn two_zones() -> Snapshot {
    let mut segments = vec![segment(1, 10_000), segment(2, 5_000), segment(3, 7_000)];
    segments[2].standing = Standing::AwaitingApproval;
    let programmes = vec![
        programme(1, "0 */5 * * * *", &[1, 2], &[1]),
        programme(2, "16 */5 * * * *", &[2, 3, 1], &[2]),
        programme(3, "40 */5 * * * *", &[2], &[]),
    ];
    snapshot(segments, programmes, vec![zone(1), zone(2)])
}

fn zone(n: u128) -> Zone {
    standard::zone(n, &format!("zone {n}"))
}

fn segment(n: u128, millis: i64) -> SegmentFacts {
    standard::segment(n, &format!("segment {n}"), SignedDuration::from_millis(millis))
}

fn programme(n: u128, cron: &str, segments: &[u128], zones: &[u128]) -> Programme {
    let zones = zones.iter().map(|&n| zone(n).id).collect();
    Programme { zones, ..standard::programme(n, &format!("programme {n}"), cron, segments) }
}

fn snapshot(segments: Vec<SegmentFacts>, programmes: Vec<Programme>, zones: Vec<Zone>) -> Snapshot {
    let windows = vec![standard::window(1, "all day", (0, 86_400))];
    Snapshot { zones, windows, programmes, segments, ..Snapshot::empty(timezone()) }
}
