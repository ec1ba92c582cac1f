//! The stations that are simulated besides the standard one.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use loaxa_schedules::{
    Class, Limits, PreparedFacts, Programme, ProgrammeId, Recurrence, SegmentFacts, SegmentId, Snapshot,
    Standing, TimeOfDay, Weekday, Window, WindowId, Zone, ZoneId,
};
use uuid::Uuid;

pub(crate) fn timezone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// Three recordings of about ten seconds at every full minute, all day.
/// The same by day alone: its nights are silent, so that a new plan is a plan of one day.
pub(crate) fn by_day(mut station: Snapshot) -> Snapshot {
    for programme in &mut station.programmes {
        if let Recurrence::Cron(expression) = &mut programme.recurrence {
            *expression = expression.replacen(" * * * *", " 9-21 * * *", 1);
        }
    }
    for window in &mut station.windows {
        (window.start, window.end) = ("09:00".parse().unwrap(), "22:00".parse().unwrap());
    }
    station
}

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

fn zone_id(n: u128) -> ZoneId {
    ZoneId(Uuid::from_u128(n))
}

fn zone(n: u128) -> Zone {
    Zone { id: zone_id(n), name: format!("zone {n}") }
}

fn segment(n: u128, millis: i64) -> SegmentFacts {
    SegmentFacts {
        id: SegmentId(Uuid::from_u128(n)),
        title: format!("segment {n}"),
        class: Class::Normal,
        language: "vi".into(),
        music: false,
        original_sha256: format!("{n:064x}"),
        standing: Standing::Approved,
        prepared: Some(PreparedFacts {
            hash: format!("{n:064x}"),
            duration: SignedDuration::from_millis(millis),
        }),
        valid_from: None,
        valid_until: None,
        approved_by: Some("approver".into()),
    }
}

fn programme(n: u128, cron: &str, segments: &[u128], zones: &[u128]) -> Programme {
    Programme {
        id: ProgrammeId(Uuid::from_u128(n)),
        name: format!("programme {n}"),
        segments: segments.iter().map(|&n| SegmentId(Uuid::from_u128(n))).collect(),
        recurrence: Recurrence::Cron(cron.into()),
        class: Class::Normal,
        zones: zones.iter().map(|&n| zone_id(n)).collect(),
        valid_from: None,
        valid_until: None,
        start_rule: Default::default(),
        missed: Default::default(),
        opening: None,
        closing: None,
        gap_seconds: 0,
        on_holidays: Default::default(),
        owner: None,
        order: 0,
    }
}

fn snapshot(segments: Vec<SegmentFacts>, programmes: Vec<Programme>, zones: Vec<Zone>) -> Snapshot {
    let window = Window {
        id: WindowId(Uuid::from_u128(1)),
        name: "all day".into(),
        days: Weekday::ALL.to_vec(),
        start: TimeOfDay::MIDNIGHT,
        end: TimeOfDay::END_OF_DAY,
        zones: vec![],
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: vec![],
    };
    let timezone = timezone();
    Snapshot { zones, windows: vec![window], programmes, segments, ..Snapshot::empty(timezone) }
}
