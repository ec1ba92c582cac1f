//! Reports against a log that was counted by hand.

use super::*;
use crate::report::{self, Heading, Tongue, form};
use crate::store::{IdentityKind, LogJob, NewIdentity, NewSegment, PreparedSound, Sound};
use jiff::tz::TimeZone;
use loaxa_audio::inspect::Tags;
use loaxa_schedules::{
    CampaignId, Class, EmergencyId, Entry, Limits, Origin, Period as Every, Permit, Phase, ProgrammeId,
    Quota, Reason, Refusal, Rotation, SegmentId, Share, Slot, SlotKey, Weekday, Window, WindowId, ZoneId,
};
use std::collections::BTreeSet;
use tempfile::TempDir;
use uuid::Uuid;

const CAMPAIGN: CampaignId = CampaignId(Uuid::from_u128(0xc));
const PROGRAMME: ProgrammeId = ProgrammeId(Uuid::from_u128(0xb));
const EMERGENCY: EmergencyId = EmergencyId(Uuid::from_u128(0xe));
const SEGMENTS: [SegmentId; 3] =
    [SegmentId(Uuid::from_u128(1)), SegmentId(Uuid::from_u128(2)), SegmentId(Uuid::from_u128(3))];
const ZONES: [ZoneId; 2] = [ZoneId(Uuid::from_u128(0x21)), ZoneId(Uuid::from_u128(0x22))];

struct Bench {
    _folder: TempDir,
    store: Store,
    site: Site,
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}+07:00").parse().unwrap()
}

fn slot(key: SlotKey, origin: Origin, segment: usize, start: &str, seconds: i64) -> Slot {
    let (name, title, zones): (&str, &str, &[ZoneId]) = match origin {
        Origin::Campaign(_) => ("Chỉ thị 05", "Bản tin <một>", &[]),
        Origin::Programme(_) => ("Sáng", "Bản hai", &ZONES),
        Origin::Emergency(_) => ("Tin khẩn cấp", "Lũ", &[]),
    };
    let start = at(start);
    Slot {
        key,
        origin,
        name: name.into(),
        occurrence: start,
        position: 0,
        segment: SEGMENTS[segment],
        title: title.into(),
        class: Class::Normal,
        start,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration: SignedDuration::from_secs(seconds),
        yields: None,
        zones: zones.into(),
        gain_db: 0.0,
        permitted: Permit { from: start, until: start + 1.hour() },
        pcm: "aa".into(),
        original_sha256: "bb".into(),
        trim: None,
        approved_by: None,
        reason: Reason::emergency("x"),
    }
}

impl Bench {
    /// Two days: Monday 2 and Tuesday 3 November 2026, in the zone of the station.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        let bench =
            Self { _folder: folder, store, site: Site::new(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()) };
        bench.furnish();
        bench.log();
        bench
    }

    fn furnish(&self) {
        let now = at("01T00:00:00");
        let new = NewIdentity {
            id: "i".to_owned(),
            kind: IdentityKind::Token,
            name: "i",
            role: None,
            scopes: BTreeSet::new(),
            secret: "s".to_owned(),
            one_time: false,
            expires_at: None,
        };
        self.store.add_identity(&new, "console", now).unwrap();
        for (number, language, source, seconds) in [(0, "vi", Some("Sở"), 60), (1, "tyz", None, 30)] {
            let new = NewSegment {
                id: SEGMENTS[number],
                sha256: format!("{number:064}"),
                bytes: 1,
                title: format!("Bản {number}"),
                language: language.to_owned(),
                class: Class::Normal,
                music: false,
                source: source.map(str::to_owned),
                valid_from: None,
                valid_until: None,
                campaign: None,
                external_id: None,
                trim: None,
                spoken: None,
            };
            self.store.add_segment(&new, "i", now).unwrap();
            let prepared = PreparedSound {
                duration: SignedDuration::from_secs(seconds),
                root: format!("{number:064}"),
                sound: Sound {
                    codec: "pcm".to_owned(),
                    sample_rate: 48_000,
                    channels: 1,
                    peak_dbfs: None,
                    warnings: Vec::new(),
                    loudness: None,
                    tags: Tags::default(),
                },
                waveform: Vec::new(),
                recipe: String::new(),
                trim: None,
                original_length: SignedDuration::from_secs(4),
                original_waveform: Vec::new(),
            };
            self.store.set_standing(SEGMENTS[number], loaxa_schedules::Standing::Inspecting, None).unwrap();
            self.store.set_prepared(SEGMENTS[number], &prepared, now).unwrap();
        }
        let zone = Zone { id: ZONES[0], name: "Thôn Đông".to_owned(), volume_db: 0.0 };
        self.store.create(&zone, "i", now).unwrap();
        let window = Window {
            id: WindowId(Uuid::from_u128(0xa)),
            name: "Chiều".to_owned(),
            days: Weekday::ALL.to_vec(),
            start: "17:00".parse().unwrap(),
            end: "17:30".parse().unwrap(),
            zones: Vec::new(),
            volume_ceiling_db: None,
            limits: Limits::default(),
            holidays: Vec::new(),
        };
        self.store.create(&window, "i", now).unwrap();
        let campaign = Campaign {
            id: CAMPAIGN,
            name: "Chỉ thị 05".to_owned(),
            segments: vec![Share { id: SEGMENTS[0], weight: 1 }],
            rotation: Rotation::InOrder,
            class: Class::Normal,
            zones: Vec::new(),
            languages: Vec::new(),
            min_spacing_minutes: 0,
            phases: vec![Phase {
                name: "Cao điểm".to_owned(),
                from: "2026-11-03".parse().unwrap(),
                to: "2026-11-30".parse().unwrap(),
                windows: Vec::new(),
                airings: Quota { count: 3, per: Every::Day },
            }],
            owner: None,
            order: 0,
        };
        self.store.create(&campaign, "i", now).unwrap();
    }

    fn log(&self) {
        let of_campaign =
            |day: &str, number: u32| SlotKey::of_campaign(CAMPAIGN, 0, day.parse().unwrap(), number);
        let of_programme = |start: &str| SlotKey::new(PROGRAMME, at(start), 0);
        let campaign = Origin::Campaign(CAMPAIGN);
        let (monday, tuesday) = ("2026-11-02", "2026-11-03");
        let missed = of_campaign(tuesday, 1);
        let heard = [
            (slot(of_campaign(monday, 1), campaign, 0, "02T17:00:00", 60), Outcome::Aired, 60.0, true),
            // a power cut
            (slot(of_campaign(monday, 2), campaign, 0, "02T17:10:00", 60), Outcome::Partial, 25.0, true),
            (slot(missed.clone(), campaign, 0, "03T17:00:00", 60), Outcome::Missed, 0.0, false),
            // its make-good
            (slot(missed.with_attempt(1), campaign, 0, "03T17:10:00", 60), Outcome::Aired, 60.0, true),
            (
                slot(of_programme("02T05:00:00"), Origin::Programme(PROGRAMME), 1, "02T05:00:00", 30),
                Outcome::Aired,
                30.0,
                false,
            ),
            (
                slot(SlotKey::of_emergency(EMERGENCY, 1), Origin::Emergency(EMERGENCY), 2, "03T23:59:59", 10),
                Outcome::Aired,
                10.0,
                true,
            ),
            // after midnight, and before the first
            (slot(of_campaign("2026-11-04", 1), campaign, 0, "04T00:00:00", 60), Outcome::Aired, 60.0, true),
            (slot(of_campaign("2026-11-01", 1), campaign, 0, "01T23:59:59", 60), Outcome::Aired, 60.0, true),
        ];
        let refused = Refusal {
            key: of_programme("03T05:00:00"),
            origin: Origin::Programme(PROGRAMME),
            name: "Sáng".into(),
            occurrence: at("03T05:00:00"),
            position: 0,
            segment: SEGMENTS[1],
            title: Some("Bản hai".into()),
            class: Class::Normal,
            start: at("03T05:00:00"),
            duration: None,
            zones: ZONES.into(),
            reason: Reason::emergency("x"),
        };
        let ended = |slot: &SlotKey, outcome: Outcome, seconds: f64, confirmed: bool| LogJob::Ended {
            slot: slot.clone(),
            outcome,
            reason: None,
            played: SignedDuration::from_millis((seconds * 1000.0) as i64),
            started: None,
            ended: None,
            confirmed,
            evidence: None,
        };
        let due = |entry: Entry| LogJob::Due { entry: Box::new(entry), clock: "always" };
        let mut jobs = Vec::new();
        for (slot, outcome, seconds, confirmed) in heard {
            let key = slot.key.clone();
            jobs.extend([due(Entry::Slot(slot)), ended(&key, outcome, seconds, confirmed)]);
        }
        let key = refused.key.clone();
        jobs.extend([due(Entry::Refused(refused)), ended(&key, Outcome::Suppressed, 0.0, false)]);
        // on air just now: it has no outcome, and is in no report yet
        jobs.push(due(Entry::Slot(slot(of_campaign(tuesday, 2), campaign, 0, "03T17:20:00", 60))));
        self.store.log(at("04T06:00:00"), &jobs).unwrap();
    }

    fn report(&self, by: By) -> Airtime {
        let now = at("04T06:00:00");
        let period = Period::of(Some(at("02T00:00:00")), Some(at("04T00:00:00")), now, &self.site).unwrap();
        let wanted = Wanted { period, by, campaign: None, language: None };
        Airtime::read(&self.store, &self.site, &wanted, now).unwrap()
    }
}

/// A line as `name: planned aired partly missed`, each with its seconds.
fn told(name: &str, sums: &Sums) -> String {
    let figure = |it: Figure| format!("{}/{}", it.count, it.length.as_secs());
    let figures = [sums.planned, sums.aired, sums.partly, sums.missed].map(figure);
    format!("{name}: {}", figures.join(" "))
}

#[track_caller]
fn check(bench: &Bench, by: By, wanted: &[&str]) {
    let report = bench.report(by);
    let lines: Vec<String> = report.lines.iter().map(|line| told(&line.label.en, &line.sums)).collect();
    assert_eq!(lines, wanted);
    // 7 were due, for 60 + 60 + 60 + 60 + 30 + 10 s and a length that nobody knew
    assert_eq!(told("all", &report.total), "all: 7/280 4/160 1/25 3/95");
    assert_eq!(report.total.heard(), SignedDuration::from_secs(185));
    assert_eq!(report.total.unconfirmed, 1);
    let outcomes: Vec<u64> = report.total.outcomes.iter().map(|figure| figure.count).collect();
    assert_eq!(outcomes, [4, 1, 1, 1, 0, 0]);
}

#[test]
fn every_line_is_what_was_counted_by_hand() {
    let bench = Bench::new();
    check(
        &bench,
        By::Campaign,
        &[
            "Chỉ thị 05: 4/240 2/120 1/25 2/95",
            "Programmes: 2/30 1/30 0/0 1/0",
            "Emergencies: 1/10 1/10 0/0 0/0",
        ],
    );
    check(&bench, By::Day, &["2026-11-02: 3/150 2/90 1/25 1/35", "2026-11-03: 4/130 2/70 0/0 2/60"]);
    check(
        &bench,
        By::Segment,
        &["Bản hai: 2/30 1/30 0/0 1/0", "Bản tin <một>: 4/240 2/120 1/25 2/95", "Lũ: 1/10 1/10 0/0 0/0"],
    );
    // what is heard in two zones counts in each; one of them is known by its id alone
    let unknown = format!("{}: 2/30 1/30 0/0 1/0", ZONES[1]);
    check(&bench, By::Zone, &[&unknown, "Thôn Đông: 2/30 1/30 0/0 1/0", "All zones: 5/250 3/130 1/25 2/95"]);
    check(
        &bench,
        By::Language,
        &["tyz: 2/30 1/30 0/0 1/0", "vi: 4/240 2/120 1/25 2/95", "(not said): 1/10 1/10 0/0 0/0"],
    );
    check(&bench, By::Source, &["Sở: 4/240 2/120 1/25 2/95", "(not said): 3/40 2/40 0/0 1/0"]);
}

#[test]
fn what_is_owed_is_the_quota_of_these_days() {
    let bench = Bench::new();
    let report = bench.report(By::Campaign);
    // its phase begins on the second day: three of a minute
    let owed = Figure { count: 3, length: SignedDuration::from_secs(180) };
    assert_eq!(report.lines[0].sums.owed, Some(owed));
    assert_eq!(report.total.owed, Some(owed));
    assert!(report.lines[1..].iter().all(|line| line.sums.owed.is_none()));
    assert!(bench.report(By::Day).total.owed.is_none());
    // a campaign of which nothing came due owes all the same
    let now = at("04T06:00:00");
    let period = Period::of(Some(at("10T00:00:00")), Some(at("12T00:00:00")), now, &bench.site).unwrap();
    let wanted = Wanted { period, by: By::Campaign, campaign: None, language: None };
    let ahead = Airtime::read(&bench.store, &bench.site, &wanted, now).unwrap();
    let lines: Vec<_> =
        ahead.lines.iter().map(|line| (&*line.label.vi, line.sums.owed.unwrap().count)).collect();
    assert_eq!(lines, [("Chỉ thị 05", 6)]);
}

#[test]
fn a_report_of_one_campaign_or_one_language_has_its_figures_alone() {
    let bench = Bench::new();
    let read = |campaign: Option<&str>, language: Option<&str>| {
        let now = at("04T06:00:00");
        let period = Period::of(Some(at("02T00:00:00")), Some(at("04T00:00:00")), now, &bench.site).unwrap();
        let [campaign, language] = [campaign, language].map(|word| word.map(str::to_owned));
        let wanted = Wanted { period, by: By::Campaign, campaign, language };
        Airtime::read(&bench.store, &bench.site, &wanted, now).unwrap()
    };
    let ours = CAMPAIGN.to_string();
    let report = read(Some(&ours), None);
    let lines: Vec<String> = report.lines.iter().map(|line| told(&line.label.en, &line.sums)).collect();
    assert_eq!(lines, ["Chỉ thị 05: 4/240 2/120 1/25 2/95"]);
    assert_eq!(report.total.owed.map(|owed| owed.count), Some(3));
    assert_eq!(report.only[0].vi, "Đợt tuyên truyền: Chỉ thị 05");
    let none = read(Some("another"), None);
    assert_eq!((none.lines.len(), none.total.owed), (0, None), "what others owe is not its");
    let tyz = read(None, Some("tyz"));
    let lines: Vec<String> = tyz.lines.iter().map(|line| told(&line.label.en, &line.sums)).collect();
    assert_eq!(lines, ["Programmes: 2/30 1/30 0/0 1/0"]);
    assert!(tyz.total.owed.is_none(), "no quota says in which language");
}

#[test]
fn a_period_has_its_days_and_its_bounds() {
    let site = Site::new(TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
    let now = at("04T06:00:00");
    let month = Period::of(None, None, now, &site).unwrap();
    assert_eq!((month.from, month.to), (at("01T00:00:00"), at("05T00:00:00")));
    assert_eq!((month.first.to_string(), month.last.to_string()), ("2026-11-01".into(), "2026-11-04".into()));
    for (from, to) in [("02T00:00:00", "02T00:00:00"), ("03T00:00:00", "02T00:00:00")] {
        let error = Period::of(Some(at(from)), Some(at(to)), now, &site).unwrap_err();
        assert_eq!(error.code, "bad_parameter");
    }
    assert!(Period::of(Some(Timestamp::UNIX_EPOCH), None, now, &site).is_err(), "more than ten years");
}

#[test]
fn the_printed_form_and_the_sheet_have_the_same_numbers() {
    let bench = Bench::new();
    let report = bench.report(By::Campaign);
    let heading = Heading {
        above: Some("Ủy ban nhân dân tỉnh Điện Biên".to_owned()),
        unit: "Đài truyền thanh xã Tân Lập".to_owned(),
        place: "Tân Lập".to_owned(),
        day: "2026-11-04".parse().unwrap(),
    };
    let page = form(&report, &heading, Tongue::Vi, "/report.css");
    for part in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN TỈNH ĐIỆN BIÊN",
        "Tân Lập, ngày 04 tháng 11 năm 2026",
        "Từ ngày 02/11/2026 đến ngày 03/11/2026",
        "<th scope=\"row\">Chỉ thị 05</th><td>3</td><td>0:03:00</td><td>4</td><td>0:04:00</td><td>2</td><td>0:02:00</td>\
         <td>1</td><td>0:00:25</td><td>2</td><td>0:01:35</td><td>0:02:25</td>",
        "<th scope=\"row\">Tổng cộng</th>",
        "(Ký, ghi rõ họ tên, đóng dấu)",
        "<link rel=\"stylesheet\" href=\"/report.css\">",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<style") && !page.contains("style=\"") && !page.contains("<script"), "{page}");
    let titles = form(&bench.report(By::Segment), &heading, Tongue::En, "/report.css");
    assert!(titles.contains("Bản tin &lt;một&gt;"), "what people typed is text");
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    report::airtime_sheet(&report, Tongue::Vi, "Đài", folder.path()).unwrap().write(&mut bytes).unwrap();
    assert_eq!(bytes[..4], *b"PK\x03\x04");
    assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing is left in the folder");
    let table = report::table(&report, Tongue::Vi);
    assert!(table.contains("Chỉ thị 05") && table.contains("4 (0:04:00)"), "{table}");
}
