//! The station that is simulated when nobody names another.

use crate::plan::Snapshot;
use crate::vocabulary::{
    Campaign, CampaignId, Class, Limits, MissedRule, OnHolidays, Period, Phase, PreparedFacts, Programme,
    ProgrammeId, Quota, Recurrence, Rotation, SegmentFacts, SegmentId, Share, Standing, StartRule, TimeOfDay,
    Weekday, Window, WindowId, Zone, ZoneId,
};
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// A commune with two zones, a session at 05:00 and one at 17:00 of half an hour each, a bulletin in either, and a
/// campaign with a peak and a maintenance phase in the year that begins on `first`.
#[must_use]
pub fn standard_station(timezone: TimeZone, first: Date) -> Snapshot {
    let morning = Window { volume_ceiling_db: Some(-6.0), ..session(1, "Buổi sáng", 5) };
    let afternoon = session(2, "Buổi chiều", 17);
    let phases = vec![
        phase("Cao điểm", first, day(first, 89), 1, Period::Day, &afternoon),
        phase("Duy trì", day(first, 90), day(first, 364), 1, Period::Week, &afternoon),
    ];
    Snapshot {
        zones: vec![zone(1, "Thôn Đông"), zone(2, "Thôn Tây")],
        windows: vec![morning, afternoon],
        programmes: vec![
            Programme {
                missed: MissedRule::NextSession,
                ..programme(1, "Bản tin sáng", "0 0 5 * * *", &[1, 2, 3])
            },
            Programme {
                missed: MissedRule::Within { minutes: 10 },
                class: Class::Priority,
                zones: vec![ZoneId(Uuid::from_u128(1))],
                ..programme(2, "Bản tin chiều", "0 0 17 * * *", &[1, 4])
            },
        ],
        campaigns: vec![Campaign {
            id: CampaignId(Uuid::from_u128(1)),
            name: "Tuyên truyền chỉ thị".into(),
            segments: vec![share(5), share(6)],
            rotation: Rotation::FairShare,
            class: Class::Normal,
            zones: Vec::new(),
            languages: Vec::new(),
            min_spacing_minutes: 0,
            phases,
            owner: None,
            order: 0,
        }],
        segments: vec![
            segment(1, "Nhạc hiệu", SignedDuration::from_millis(10_000)),
            segment(2, "Tin xã", SignedDuration::from_millis(181_480)),
            segment(3, "Thông báo", SignedDuration::from_millis(64_020)),
            segment(4, "Tin chiều", SignedDuration::from_millis(240_000)),
            segment(5, "Chỉ thị, phần 1", SignedDuration::from_millis(120_000)),
            segment(6, "Chỉ thị, phần 2", SignedDuration::from_millis(150_000)),
        ],
        ..Snapshot::empty(timezone)
    }
}

fn day(first: Date, days: i32) -> Date {
    first.saturating_add(jiff::Span::new().days(days))
}

/// A zone of that number.
#[must_use]
pub fn zone(n: u128, name: &str) -> Zone {
    Zone { id: ZoneId(Uuid::from_u128(n)), name: name.into(), volume_db: 0.0 }
}

/// A window of that number, open every day in every zone, between two seconds of the day, without limits.
#[must_use]
pub fn window(n: u128, name: &str, (start, end): (u32, u32)) -> Window {
    Window {
        id: WindowId(Uuid::from_u128(n)),
        name: name.into(),
        days: Weekday::ALL.to_vec(),
        start: TimeOfDay::from_seconds(start).unwrap_or(TimeOfDay::MIDNIGHT),
        end: TimeOfDay::from_seconds(end).unwrap_or(TimeOfDay::END_OF_DAY),
        zones: Vec::new(),
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: Vec::new(),
    }
}

/// Half an hour from that hour on, of which a session may use half.
fn session(n: u128, name: &str, hour: u32) -> Window {
    let limits = Limits { minutes_per_session: Some(15), ..Limits::default() };
    Window { limits, ..window(n, name, (hour * 3600, hour * 3600 + 1800)) }
}

/// An approved recording of that number and length, speech in Vietnamese.
#[must_use]
pub fn segment(n: u128, title: &str, duration: SignedDuration) -> SegmentFacts {
    SegmentFacts {
        id: SegmentId(Uuid::from_u128(n)),
        title: title.into(),
        class: Class::Normal,
        language: "vi".into(),
        music: false,
        original_sha256: format!("{n:064x}"),
        trim: None,
        standing: Standing::Approved,
        prepared: Some(PreparedFacts { hash: format!("{n:064x}"), duration }),
        valid_from: None,
        valid_until: None,
        approved_by: Some("approver".into()),
        ordered: None,
    }
}

/// A programme of that number, class normal, in every zone, of the recordings of these numbers.
#[must_use]
pub fn programme(n: u128, name: &str, cron: &str, segments: &[u128]) -> Programme {
    Programme {
        id: ProgrammeId(Uuid::from_u128(n)),
        name: name.into(),
        segments: segments.iter().map(|&n| SegmentId(Uuid::from_u128(n))).collect(),
        recurrence: Recurrence::Cron(cron.into()),
        class: Class::Normal,
        zones: Vec::new(),
        valid_from: None,
        valid_until: None,
        start_rule: StartRule::default(),
        missed: MissedRule::default(),
        opening: None,
        closing: None,
        gap_seconds: 0,
        on_holidays: OnHolidays::default(),
        owner: None,
        order: 0,
    }
}

fn share(n: u128) -> Share {
    Share { id: SegmentId(Uuid::from_u128(n)), weight: 1 }
}

fn phase(name: &str, from: Date, to: Date, count: u32, per: Period, window: &Window) -> Phase {
    Phase { name: name.into(), from, to, windows: vec![window.id], airings: Quota { count, per } }
}
