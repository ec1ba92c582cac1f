//! Stations to measure on: an empty one, and one with years of history.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use loaxa::access::Scope;
use loaxa::ids::new_id;
use loaxa::store::{Decision, IdentityKind, LogJob, NewIdentity, NewSegment, PreparedSound, Sound, Store};
use loaxa_schedules::{
    Class, DayPlan, Entry, Limits, MissedRule, Outcome, Programme, ProgrammeId, Recurrence, SegmentId,
    StartRule, Weekday, Window, WindowId, Zone, ZoneId,
};

/// The zone of every station here.
pub(crate) fn timezone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// Fills a data folder: so many approved segments, programmes that air them every half hour from 05:00 to 21:00, and so
/// many airings in the log, the last of them yesterday.
pub(crate) fn fill(data: &Path, segments: u32, airings: usize) -> Store {
    let now = Timestamp::now();
    let store = Store::open(data, now).unwrap();
    let token = |name: &str, scope: Scope| {
        let id = new_id(now).to_string();
        let new = NewIdentity {
            id: id.clone(),
            kind: IdentityKind::Token,
            name,
            role: None,
            scopes: BTreeSet::from([scope]),
            secret: "0".repeat(64),
            one_time: false,
            expires_at: None,
        };
        store.add_identity(&new, "benchmark", now).unwrap();
        id
    };
    let uploader = token("uploader", Scope::SegmentsWrite);
    let approver = token("approver", Scope::SegmentsApprove);
    let ids: Vec<SegmentId> =
        (0..segments).map(|nth| segment(&store, nth, &uploader, &approver, now)).collect();
    let zone = Zone { id: ZoneId(new_id(now)), name: "Toàn xã".to_owned(), volume_db: 0.0 };
    store.create(&zone, &uploader, now).unwrap();
    let window = Window {
        id: WindowId(new_id(now)),
        name: "Cả ngày".to_owned(),
        days: Weekday::ALL.to_vec(),
        start: "05:00".parse().unwrap(),
        end: "21:00".parse().unwrap(),
        zones: Vec::new(),
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: Vec::new(),
    };
    store.create(&window, &uploader, now).unwrap();
    for (nth, pieces) in ids.chunks(ids.len().div_ceil(32).max(1)).enumerate() {
        // 32 programmes of up to 4 segments each share the day's half hours
        let programme = Programme {
            id: ProgrammeId(new_id(now)),
            name: format!("Chương trình {nth}"),
            segments: pieces.iter().copied().take(4).collect(),
            recurrence: Recurrence::Cron(format!("0 {} {} * * *", 30 * (nth % 2), 5 + nth / 2)),
            class: Class::Normal,
            zones: Vec::new(),
            valid_from: None,
            valid_until: None,
            start_rule: StartRule::default(),
            missed: MissedRule::default(),
            opening: None,
            closing: None,
            gap_seconds: 0,
            on_holidays: loaxa_schedules::OnHolidays::default(),
            owner: None,
            order: 0,
        };
        store.create(&programme, &uploader, now).unwrap();
    }
    if airings > 0 {
        let jobs = history(&store, now, airings);
        for batch in jobs.chunks(500) {
            store.log(now, batch).unwrap();
        }
    }
    store
}

fn segment(store: &Store, nth: u32, uploader: &str, approver: &str, now: Timestamp) -> SegmentId {
    let id = SegmentId(new_id(now));
    let new = NewSegment {
        id,
        sha256: format!("{nth:064x}"),
        bytes: 2_880_000,
        title: format!("Bản tin {nth}"),
        language: "vi".to_owned(),
        class: Class::Normal,
        music: false,
        source: None,
        valid_from: None,
        valid_until: None,
        campaign: None,
        external_id: None,
        trim: None,
        spoken: None,
    };
    let sound = Sound {
        codec: "mp3".to_owned(),
        sample_rate: 44_100,
        channels: 2,
        peak_dbfs: Some(-3.0),
        warnings: Vec::new(),
        loudness: None,
        tags: Default::default(),
    };
    store.add_segment(&new, uploader, now).unwrap();
    let prepared = PreparedSound {
        duration: SignedDuration::from_secs(180),
        root: format!("{:064x}", nth + 1_000_000),
        sound,
        waveform: vec![128; 1000],
        recipe: String::new(),
        trim: None,
        original_length: SignedDuration::from_secs(4),
        original_waveform: Vec::new(),
    };
    store.set_prepared(id, &prepared, now).unwrap();
    store.decide(id, Decision::Approve, None, approver, now).unwrap();
    id
}

/// What a station would have written for its last `count` airings until the day before yesterday.
pub(crate) fn history(store: &Store, now: Timestamp, count: usize) -> Vec<LogJob> {
    let timezone = timezone();
    let snapshot =
        loaxa::planning::snapshot(store, &loaxa::planning::Site::new(timezone.clone()), now).unwrap();
    let today = loaxa::planning::day_of(now, &timezone);
    let days = i32::try_from(count / 100 + 2).unwrap();
    let first = today.checked_sub(jiff::Span::new().days(days + 1)).unwrap();
    let plans = loaxa::planning::days(&snapshot, first, days).unwrap();
    let entries: Vec<Entry> = plans.iter().flat_map(DayPlan::entries).collect();
    assert!(entries.len() >= count, "{} of {count} airings", entries.len());
    entries[entries.len() - count..].iter().flat_map(aired).collect()
}

/// The rows of one airing.
pub(crate) fn aired(entry: &Entry) -> [LogJob; 3] {
    let (slot, at) = (entry.key().clone(), entry.start());
    let played = SignedDuration::from_secs(180);
    [
        LogJob::Due { entry: Box::new(entry.clone()), clock: "kernel_synchronised" },
        LogJob::Started { slot: slot.clone(), at },
        LogJob::Ended {
            slot,
            outcome: Outcome::Aired,
            reason: None,
            played,
            started: Some(at),
            ended: Some(at + played),
            confirmed: true,
            evidence: None,
        },
    ]
}
