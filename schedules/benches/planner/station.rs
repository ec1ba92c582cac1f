//! A busy station: 1,000 programmes and 50 campaigns.

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use loaxa_schedules::{
    Campaign, CampaignId, Class, Limits, Period, Phase, PreparedFacts, Programme, ProgrammeId, Quota,
    Recurrence, Rotation, SegmentFacts, SegmentId, Share, Snapshot, Standing, Weekday, Window, WindowId,
    Zone, ZoneId,
};
use uuid::Uuid;

/// The first day of the year that is planned, and the first after it.
pub(crate) const YEAR: (Date, Date) = (date(2027, 1, 1), date(2028, 1, 1));

pub(crate) const PROGRAMMES: u128 = 1_000;
pub(crate) const CAMPAIGNS: u128 = 50;
const SEGMENTS: u128 = 500;

/// How often the programmes air.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// One in five daily, three weekly, one monthly.
    Usual,
    /// All of them every day.
    AllDaily,
}

impl Mix {
    pub(crate) const ALL: [Mix; 2] = [Mix::Usual, Mix::AllDaily];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mix::Usual => "usual",
            Mix::AllDaily => "all-daily",
        }
    }

    fn cron(self, nth: u128) -> String {
        // Spread over 05:00 to 20:59.
        let minute = nth * 16 * 60 / PROGRAMMES;
        let (hour, minute) = (5 + minute / 60, minute % 60);
        match (self, nth % 5) {
            (Mix::AllDaily, _) | (Mix::Usual, 0) => format!("0 {minute} {hour} * * *"),
            (Mix::Usual, 1..=3) => format!("0 {minute} {hour} ? * {}", nth % 7 + 1),
            (Mix::Usual, _) => format!("0 {minute} {hour} {} * ?", nth % 28 + 1),
        }
    }
}

pub(crate) fn snapshot(mix: Mix) -> Snapshot {
    Snapshot {
        zones: vec![zone(1), zone(2)],
        windows: vec![window(1, "05:00", "13:00"), window(2, "13:00", "21:00")],
        programmes: (0..PROGRAMMES).map(|nth| programme(nth, mix)).collect(),
        campaigns: (0..CAMPAIGNS).map(campaign).collect(),
        segments: (0..SEGMENTS).map(segment).collect(),
        ..Snapshot::empty(TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
    }
}

fn zone(n: u128) -> Zone {
    Zone { id: ZoneId(Uuid::from_u128(n)), name: format!("Cụm loa {n}"), volume_db: 0.0 }
}

fn window(n: u128, start: &str, end: &str) -> Window {
    Window {
        id: WindowId(Uuid::from_u128(n)),
        name: format!("Khung {n}"),
        days: Weekday::ALL.to_vec(),
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        zones: Vec::new(),
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: Vec::new(),
    }
}

/// 15 to 29 seconds, so that even the harder mix has room on the air.
fn segment(n: u128) -> SegmentFacts {
    let seconds = i64::try_from(15 + n % 15).unwrap();
    SegmentFacts {
        id: SegmentId(Uuid::from_u128(n)),
        title: format!("Bản tin {n}"),
        class: Class::Normal,
        language: "vi".to_owned(),
        music: false,
        original_sha256: format!("{n:064x}"),
        trim: None,
        standing: Standing::Approved,
        prepared: Some(PreparedFacts {
            hash: format!("{:064x}", n + 1_000_000),
            duration: SignedDuration::from_secs(seconds),
        }),
        valid_from: None,
        valid_until: None,
        approved_by: Some("chủ tịch".to_owned()),
        ordered: None,
    }
}

fn programme(nth: u128, mix: Mix) -> Programme {
    Programme {
        id: ProgrammeId(Uuid::from_u128(nth)),
        name: format!("Chương trình {nth}"),
        segments: (0..=nth % 3).map(|more| SegmentId(Uuid::from_u128((nth + more) % SEGMENTS))).collect(),
        recurrence: Recurrence::Cron(mix.cron(nth)),
        class: Class::Normal,
        zones: Vec::new(),
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

/// Two airings a day, in both windows, all year.
fn campaign(nth: u128) -> Campaign {
    let segment =
        |more: u128| Share { id: SegmentId(Uuid::from_u128((7 * nth + more) % SEGMENTS)), weight: 1 };
    let phase = Phase {
        name: "cả năm".to_owned(),
        from: YEAR.0,
        to: YEAR.1.yesterday().unwrap(),
        windows: vec![WindowId(Uuid::from_u128(1)), WindowId(Uuid::from_u128(2))],
        airings: Quota { count: 2, per: Period::Day },
    };
    Campaign {
        id: CampaignId(Uuid::from_u128(nth)),
        name: format!("Đợt {nth}"),
        segments: vec![segment(0), segment(1)],
        rotation: Rotation::InOrder,
        class: Class::Normal,
        zones: Vec::new(),
        languages: Vec::new(),
        min_spacing_minutes: 60,
        phases: vec![phase],
        owner: None,
        order: 0,
    }
}
