//! A keeper over a real store and real files, on a clock that the tests own.

use super::*;
use crate::clock::TrustReason;
use crate::config::Config;
use crate::preparing::{Readiness, Shelf};
use crate::store::{Decision, IdentityKind, NewIdentity, NewSegment};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use loaxa_audio::inspect::inspect_file;
use loaxa_schedules::{
    Class, Limits, MissedRule, OnHolidays, Programme, ProgrammeId, Recurrence, Standing, StartRule, Weekday,
    Window, WindowId,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use tempfile::TempDir;

/// A clock that stands still until it is moved.
struct Still(Mutex<Now>, Instant);

impl Clock for Still {
    fn now(&self) -> Now {
        *self.0.lock().unwrap()
    }
    fn trust(&self) -> TrustReason {
        TrustReason::ConfiguredAlways
    }
    fn instant(&self, mono: Duration) -> Instant {
        self.1 + mono
    }
    fn mono(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.1)
    }
    fn remember(&self, _: Timestamp) {}
    fn vouch(&self) {}
}

struct Bench {
    folder: TempDir,
    clock: Arc<Still>,
    store: Arc<Store>,
    folders: Folders,
    config: Config,
    keeper: Keeper,
    preparing: Arc<Preparing>,
    /// How many recordings were decoded.
    made: Arc<AtomicUsize>,
    on_air: Arc<AtomicBool>,
}

const START: &str = "2026-11-30T05:00:00Z";

impl Bench {
    fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Now { wall: START.parse().unwrap(), mono: Duration::from_secs(1000), trusted: true };
        #[expect(clippy::disallowed_methods, reason = "an origin of a clock that stands still")]
        let clock = Arc::new(Still(Mutex::new(now), Instant::now()));
        let store = Arc::new(Store::open(folder.path(), now.wall).unwrap());
        for id in ["i", "j", "k"] {
            let new = NewIdentity {
                id: id.to_owned(),
                kind: IdentityKind::Token,
                name: id,
                role: None,
                scopes: BTreeSet::new(),
                secret: "s".to_owned(),
                one_time: false,
                expires_at: None,
            };
            store.add_identity(&new, "console", now.wall).unwrap();
        }
        let window = Window {
            id: WindowId(crate::ids::new_id(now.wall)),
            name: "Cả ngày".to_owned(),
            days: Weekday::ALL.to_vec(),
            start: "00:00".parse().unwrap(),
            end: "24:00".parse().unwrap(),
            zones: Vec::new(),
            volume_ceiling_db: None,
            limits: Limits::default(),
            holidays: Vec::new(),
        };
        store.create(&window, "i", now.wall).unwrap();
        let config: Config =
            toml::from_str(&format!("[audio]\nsample_rate = 8000\n{configuration}")).unwrap();
        let folders = Folders::create(folder.path()).unwrap();
        let made = Arc::new(AtomicUsize::new(0));
        let on_air = Arc::new(AtomicBool::new(false));
        let (keeper, preparing) = keeper(&store, &clock, &folders, &config, &made, &on_air);
        Self { folder, clock, store, folders, config, keeper, preparing, made, on_air }
    }

    /// The daemon starts again, with another configuration.
    fn again(self, configuration: &str) -> Self {
        let config: Config =
            toml::from_str(&format!("[audio]\nsample_rate = 8000\n{configuration}")).unwrap();
        let (keeper, preparing) =
            keeper(&self.store, &self.clock, &self.folders, &config, &self.made, &self.on_air);
        Self { config, keeper, preparing, ..self }
    }

    fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    fn pass(&self, minutes: i64) {
        let mut now = self.clock.0.lock().unwrap();
        now.wall += minutes.minutes();
        now.mono += Duration::from_secs(u64::try_from(minutes).unwrap() * 60);
    }

    /// An approved segment of so many seconds that no other number sounds like.
    fn segment(&self, number: u32, seconds: f64, class: Class) -> SegmentId {
        let file = self.folder.path().join("new.wav");
        loaxa_audio::synth::melody(&file, 8000, seconds, number).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        // each is another file, whatever the melodies there are
        bytes.extend_from_slice(format!("junk{number:04}").as_bytes());
        let sha256 = crate::ids::hex(&Sha256::digest(&bytes));
        std::fs::write(self.folders.original(&sha256), &bytes).unwrap();
        let new = NewSegment {
            id: SegmentId(crate::ids::new_id(self.now() + i64::from(number).milliseconds())),
            sha256,
            bytes: bytes.len() as u64,
            title: format!("Bản {number}"),
            language: "vi".to_owned(),
            class,
            music: false,
            source: None,
            valid_from: None,
            valid_until: None,
            campaign: None,
            external_id: None,
            trim: None,
            spoken: None,
        };
        let (record, _) = self.store.add_segment(&new, "i", self.now()).unwrap();
        let prepared = self.keeper.parts.workshop.make(&record, For::People).unwrap().unwrap();
        self.store.set_prepared(new.id, &prepared, self.now()).unwrap();
        let approvers: &[&str] = if class == Class::Emergency { &["j", "k"] } else { &["j"] };
        for approver in approvers {
            self.store.decide(new.id, Decision::Approve, None, approver, self.now()).unwrap();
        }
        self.made.store(0, Ordering::SeqCst);
        new.id
    }

    /// A programme of one segment, in so many minutes.
    fn plan(&self, segment: SegmentId, minutes: i64) {
        let programme = Programme {
            id: ProgrammeId(crate::ids::new_id(self.now())),
            name: format!("Sau {minutes} phút"),
            segments: vec![segment],
            recurrence: Recurrence::At(vec![self.now() + minutes.minutes()]),
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
        };
        self.store.create(&programme, "i", self.now()).unwrap();
    }

    async fn look(&mut self) -> Left {
        self.keeper.look(&|| false).await.unwrap()
    }

    fn record(&self, id: SegmentId) -> SegmentRecord {
        self.store.segment(id).unwrap()
    }

    fn file(&self, id: SegmentId) -> PathBuf {
        self.folders.prepared(self.record(id).prepared.as_deref().unwrap())
    }

    /// The code of why it is not ready, or `ready`.
    fn stands(&self, id: SegmentId) -> String {
        let readiness = self.preparing.readiness(id, self.now(), self.now());
        readiness.why().map_or("ready".to_owned(), |why| why.code.to_string())
    }

    fn made(&self) -> usize {
        self.made.swap(0, Ordering::SeqCst)
    }
}

fn keeper(
    store: &Arc<Store>,
    clock: &Arc<Still>,
    folders: &Folders,
    config: &Config,
    made: &Arc<AtomicUsize>,
    on_air: &Arc<AtomicBool>,
) -> (Keeper, Arc<Preparing>) {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    let shelf = Arc::new(Shelf::new(Arc::clone(store), Arc::clone(&clock), folders.clone(), &config.storage));
    let preparing = Arc::new(Preparing::new(Arc::clone(&shelf), TimeZone::UTC));
    let (made, on_air) = (Arc::clone(made), Arc::clone(on_air));
    let workshop = Workshop::with(
        folders.clone(),
        shelf,
        config,
        Box::new(move |request, _| {
            made.fetch_add(1, Ordering::SeqCst);
            inspect_file(request)
        }),
    );
    let keeper = Keeper::new(KeeperParts {
        clock,
        store: Arc::clone(store),
        site: Site::new(TimeZone::UTC),
        folders: folders.clone(),
        events: Events::default(),
        workshop: Arc::new(workshop),
        preparing: Arc::clone(&preparing),
        plan_changed: watch::channel(0).0,
        on_air: Box::new(move || on_air.load(Ordering::SeqCst)),
        ahead: SignedDuration::from_hours(24),
    });
    (keeper, preparing)
}

/// Flips a bit of the sound.
fn damage(file: &PathBuf) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[200] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn what_is_planned_is_hashed_once_and_made_again_when_it_is_gone_or_damaged() {
    let mut bench = Bench::new("");
    let (gone, damaged, whole) = (
        bench.segment(1, 1.0, Class::Normal),
        bench.segment(2, 1.0, Class::Normal),
        bench.segment(3, 1.0, Class::Normal),
    );
    for (segment, minutes) in [(gone, 300), (damaged, 200), (whole, 100)] {
        bench.plan(segment, minutes);
    }
    assert_eq!(bench.stands(whole), "checking", "nobody has looked");
    assert_eq!(bench.preparing.summary().ready_until, None);
    let before: Vec<_> = [gone, damaged, whole].map(|id| bench.record(id)).into();
    let sound = std::fs::read(bench.file(damaged)).unwrap();
    std::fs::remove_file(bench.file(gone)).unwrap();
    damage(&bench.file(damaged));
    assert_eq!(bench.look().await, Left::Nothing);
    for id in [gone, damaged, whole] {
        assert_eq!(bench.stands(id), "ready");
    }
    assert_eq!(bench.made(), 2);
    assert_eq!(std::fs::read(bench.file(damaged)).unwrap(), sound, "the same bytes");
    for record in before {
        let now = bench.record(record.pushed.id);
        assert_eq!((now.version, now.prepared), (record.version, record.prepared), "the same sound");
        assert_eq!(now.standing, Standing::Approved);
    }
    let summary = bench.preparing.summary();
    assert_eq!((summary.planned, summary.ready, summary.waiting), (3, 3, 0));
    assert_eq!(summary.ready_until.as_deref(), Some("2026-12-01T05:00:00+00:00"));
    // damage that comes later is found because the file's time of change moved
    damage(&bench.file(whole));
    bench.look().await;
    assert_eq!((bench.stands(whole), bench.made()), ("ready".to_owned(), 1));
    assert!(bench.file(whole).exists());
}

#[tokio::test]
async fn what_starts_later_than_the_hours_ahead_is_left_alone_until_then() {
    let mut bench = Bench::new("");
    let segment = bench.segment(1, 1.0, Class::Normal);
    bench.plan(segment, 30 * 60);
    std::fs::remove_file(bench.file(segment)).unwrap();
    bench.look().await;
    assert_eq!(bench.made(), 0);
    let start = bench.now() + (30 * 60).minutes();
    assert_eq!(bench.preparing.readiness(segment, start, bench.now()), Readiness::later());
    bench.pass(7 * 60);
    bench.look().await;
    assert_eq!((bench.stands(segment), bench.made()), ("ready".to_owned(), 1));
}

#[tokio::test]
async fn an_original_that_is_damaged_or_gone_is_said_and_tried_again_when_it_is_pushed_again() {
    let mut bench = Bench::new("");
    let (gone, damaged) = (bench.segment(1, 1.0, Class::Normal), bench.segment(2, 1.0, Class::Normal));
    bench.plan(gone, 60);
    bench.plan(damaged, 120);
    let original = |bench: &Bench, id| bench.folders.original(&bench.record(id).pushed.sha256);
    let kept: Vec<(PathBuf, Vec<u8>)> = [gone, damaged]
        .map(|id| original(&bench, id))
        .map(|file| (file.clone(), std::fs::read(file).unwrap()))
        .into();
    for id in [gone, damaged] {
        std::fs::remove_file(bench.file(id)).unwrap();
    }
    std::fs::remove_file(&kept[0].0).unwrap();
    damage(&kept[1].0);
    bench.look().await;
    assert_eq!(
        (bench.stands(gone), bench.stands(damaged)),
        ("original_gone".into(), "original_damaged".into())
    );
    assert_eq!(bench.made(), 1);
    let summary = bench.preparing.summary();
    assert_eq!(summary.ready_until.as_deref(), Some("2026-11-30T06:00:00+00:00"));
    let codes: Vec<&str> = summary.failed.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["original_gone", "original_damaged"]);
    for failed in &summary.failed {
        assert!(failed.reason.contains("push it again"), "{failed:?}");
        assert!(failed.reason_vi.contains("tải lên lại"), "{failed:?}");
    }
    // the same damage is not decoded again and again
    bench.pass(10);
    bench.look().await;
    assert_eq!(bench.made(), 0);
    for (file, bytes) in kept {
        std::fs::write(file, bytes).unwrap();
    }
    bench.look().await;
    assert_eq!((bench.stands(gone), bench.stands(damaged)), ("ready".into(), "ready".into()));
}

#[tokio::test]
async fn other_settings_prepare_what_is_planned_first_and_approvals_stay() {
    let mut bench = Bench::new("target_lufs = \"off\"");
    let unplanned = bench.segment(1, 1.0, Class::Normal);
    let later = bench.segment(2, 1.0, Class::Normal);
    let soon = bench.segment(3, 1.0, Class::Normal);
    bench.plan(later, 600);
    bench.plan(soon, 60);
    bench.look().await;
    assert_eq!(bench.made(), 0);
    let before: Vec<_> = [unplanned, later, soon].map(|id| bench.record(id)).into();
    let mut bench = bench.again("target_lufs = -23");
    // while something sounds, only what is planned is prepared
    bench.on_air.store(true, Ordering::SeqCst);
    bench.look().await;
    assert_eq!(bench.made(), 2);
    assert_eq!((bench.stands(soon), bench.stands(later)), ("ready".into(), "ready".into()));
    let recipe = bench.config.correction().recipe(8000);
    assert_ne!(bench.record(unplanned).recipe.as_ref(), Some(&recipe));
    bench.on_air.store(false, Ordering::SeqCst);
    bench.look().await;
    assert_eq!(bench.made(), 1);
    for old in before {
        let new = bench.record(old.pushed.id);
        assert_eq!(new.recipe.as_ref(), Some(&recipe));
        assert_eq!((new.standing, &new.approved_by), (Standing::Approved, &old.approved_by));
        assert!(new.version > old.version);
        let original = |record: &SegmentRecord| record.pushed.sha256.clone();
        assert_eq!(original(&new), original(&old));
    }
}

/// The number of a form that was armed: what is due with it must find it.
#[tokio::test]
async fn what_is_about_to_start_or_armed_keeps_the_form_that_was_announced() {
    let bench = Bench::new("target_lufs = \"off\"");
    let segment = bench.segment(1, 1.0, Class::Normal);
    bench.plan(segment, 60);
    let before = bench.record(segment).prepared;
    let mut bench = bench.again("target_lufs = -23");
    {
        let mut now = bench.clock.0.lock().unwrap();
        now.wall += SignedDuration::from_secs(60 * 60 - 10);
    }
    bench.look().await;
    assert_eq!((bench.stands(segment), bench.made()), ("other_settings".into(), 0));
    assert_eq!(bench.record(segment).prepared, before);
    assert!(bench.file(segment).exists());
}

#[tokio::test]
async fn a_small_shelf_keeps_what_is_planned_and_emergencies_and_what_goes_comes_back() {
    // a second takes 16 kB: eight of 20 s are far over a mebibyte
    let mut bench = Bench::new("[storage]\nprepared_max_mib = 1");
    let planned = bench.segment(1, 20.0, Class::Normal);
    let flood = bench.segment(2, 20.0, Class::Emergency);
    let idle: Vec<SegmentId> = (3..9).map(|number| bench.segment(number, 20.0, Class::Normal)).collect();
    bench.plan(planned, 60);
    bench.keeper.parts.workshop.shelf().listen(bench.record(idle[0]).prepared.as_deref().unwrap());
    bench.look().await;
    assert!(bench.file(planned).exists() && bench.file(flood).exists());
    assert!(bench.file(idle[0]).exists(), "somebody listens to it");
    let size = |bench: &Bench| -> u64 {
        let files = std::fs::read_dir(&bench.folders.prepared).unwrap().flatten();
        files.map(|file| file.metadata().unwrap().len()).sum()
    };
    assert!(size(&bench) <= 1 << 20, "{}", size(&bench));
    let gone: Vec<SegmentId> = idle.iter().copied().filter(|id| !bench.file(*id).exists()).collect();
    assert!(!gone.is_empty());
    assert_eq!(bench.made(), 0, "what went is not made again before somebody needs it");
    // planned, it is there again; and what nobody listens to any more goes for it
    bench.pass(20);
    bench.plan(gone[0], 90);
    bench.look().await;
    assert_eq!((bench.stands(gone[0]), bench.made()), ("ready".into(), 1));
    assert!(size(&bench) <= 1 << 20, "{}", size(&bench));
}

#[tokio::test]
async fn what_nobody_needed_for_a_month_goes_and_a_listener_has_it_made_again() {
    let mut bench = Bench::new("[storage]\nprepared_keep_days = 30");
    let (planned, idle) = (bench.segment(1, 1.0, Class::Normal), bench.segment(2, 1.0, Class::Normal));
    bench.pass(31 * 24 * 60);
    bench.plan(planned, 60);
    bench.look().await;
    assert!(bench.file(planned).exists() && !bench.file(idle).exists());
    let preparing = Arc::clone(&bench.preparing);
    let listener = tokio::spawn(async move { preparing.want(idle).await });
    // it asked before anybody looks
    tokio::task::yield_now().await;
    bench.look().await;
    assert_eq!(listener.await.unwrap(), Ok(()));
    assert_eq!(bench.made(), 1);
    bench.keeper.parts.workshop.shelf().listen(bench.record(idle).prepared.as_deref().unwrap());
    bench.look().await;
    assert!(bench.file(idle).exists(), "somebody listens to it");
    // what cannot be made is said to whoever waits
    bench.pass(20);
    std::fs::remove_file(bench.folders.original(&bench.record(idle).pushed.sha256)).unwrap();
    let _ = std::fs::remove_file(bench.file(idle));
    let preparing = Arc::clone(&bench.preparing);
    let listener = tokio::spawn(async move { preparing.want(idle).await });
    tokio::task::yield_now().await;
    bench.look().await;
    assert_eq!(listener.await.unwrap().unwrap_err().code, "original_gone");
}

#[tokio::test]
async fn a_clock_that_cannot_be_trusted_lets_nothing_go() {
    let mut bench = Bench::new("");
    let (planned, idle) = (bench.segment(1, 1.0, Class::Normal), bench.segment(2, 1.0, Class::Normal));
    bench.plan(planned, 60);
    std::fs::remove_file(bench.file(planned)).unwrap();
    {
        let mut now = bench.clock.0.lock().unwrap();
        now.wall += (24 * 365).hours();
        now.trusted = false;
    }
    bench.look().await;
    assert!(bench.file(idle).exists());
    assert_eq!((bench.stands(planned), bench.made()), ("ready".into(), 1));
}
