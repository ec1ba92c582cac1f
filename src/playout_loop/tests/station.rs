//! A whole station in a temporary folder, with a simulated amplifier and an output to nobody.

use super::super::*;
use super::COMES_WITHIN;
use crate::clock::{SystemClock, Trust};
use crate::config::Config;
use crate::preparing::{For, Shelf, Workshop};
use crate::store::{Airing, AiringFilter, Decision, IdentityKind, NewIdentity, NewSegment};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use loaxa_audio::inspect::inspect_file;
use loaxa_audio::output::OutputKind;
use loaxa_firmware_bridge::{SimulatedAmplifier, SimulatedHandle, SimulatedSettings};
use loaxa_schedules::{
    Class, Limits, MissedRule, OnHolidays, Programme, ProgrammeId, Recurrence, SegmentId, StartRule, Weekday,
    Window, WindowId, Zone, ZoneId,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Seconds of the recording.
const LENGTH: f64 = 4.0;

/// A station with two zones of which one is used.
pub(super) struct Station {
    _folder: tempfile::TempDir,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<Store>,
    pub(super) handle: PlayoutHandle,
    pub(super) amplifier: SimulatedHandle,
    pub(super) zones: [ZoneId; 2],
    pub(super) segment: SegmentId,
    pub(super) plan_changed: watch::Sender<u64>,
    down: watch::Sender<bool>,
    turning: JoinHandle<()>,
    /// Every code that was ever told.
    pub(super) told: BTreeSet<&'static str>,
    pub(super) what: String,
}

impl Station {
    /// With the machine's clock, and no self-test on schedule.
    pub(super) async fn start(what: String) -> Self {
        Self::with(what, Arc::new(SystemClock::new(Trust::Always)), None).await
    }

    pub(super) async fn with(
        what: String,
        clock: Arc<dyn Clock>,
        self_test: Option<jiff::civil::Time>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = clock.now().wall;
        let store = Arc::new(Store::open(folder.path(), now).unwrap());
        for id in ["i", "j"] {
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
            store.add_identity(&new, "console", now).unwrap();
        }
        let zones = ["A", "B"].map(|name| {
            let zone = Zone { id: ZoneId(crate::ids::new_id(now)), name: name.to_owned(), volume_db: 0.0 };
            store.create(&zone, "i", now).unwrap();
            zone.id
        });
        let window = Window {
            id: WindowId(crate::ids::new_id(now)),
            name: "Cả ngày".to_owned(),
            days: Weekday::ALL.to_vec(),
            start: "00:00".parse().unwrap(),
            end: "24:00".parse().unwrap(),
            zones: Vec::new(),
            volume_ceiling_db: None,
            limits: Limits::default(),
            holidays: Vec::new(),
        };
        store.create(&window, "i", now).unwrap();
        let folders = Folders::create(folder.path()).unwrap();
        let config: Config = toml::from_str("[audio]\nsample_rate = 8000").unwrap();
        let segment = segment(&store, &folders, &config, &clock);
        let amplifier = SimulatedAmplifier::new(SimulatedSettings {
            settle: Duration::from_millis(100),
            answer_limit: Duration::from_millis(900),
            zones: Some(zones.iter().map(ToString::to_string).collect()),
            ..SimulatedSettings::default()
        });
        let hand = amplifier.handle();
        let (plan_changed, plan_watch) = watch::channel(0);
        let (down, shutdown) = watch::channel(false);
        let (playout, handle) = PlayoutLoop::start(Parts {
            clock: Arc::clone(&clock),
            store: Arc::clone(&store),
            site: Site::new(TimeZone::UTC),
            folders,
            events: Events::default(),
            amplifier: (Some(Box::new(amplifier)), "tested"),
            wired_zones: None,
            self_test,
            output: (OutputSettings::new(OutputKind::Null, 8_000), "null"),
            plan_changed: plan_watch,
        })
        .await
        .unwrap();
        let turning = tokio::spawn(playout.run(shutdown));
        let told = BTreeSet::new();
        let mut station = Self {
            _folder: folder,
            clock,
            store,
            handle,
            amplifier: hand,
            zones,
            segment,
            plan_changed,
            down,
            turning,
            told,
            what,
        };
        station.until("the first reading", |it| it.handle.status().amplifier.read.is_some()).await;
        station
    }

    pub(super) fn codes(&mut self) -> BTreeSet<&'static str> {
        let codes: BTreeSet<_> =
            self.handle.status().amplifier.faults.iter().map(|fault| fault.code).collect();
        self.told.extend(&codes);
        codes
    }

    pub(super) async fn until(&mut self, what: &str, found: impl Fn(&mut Self) -> bool) {
        let waited = tokio::time::timeout(COMES_WITHIN, async {
            loop {
                self.codes();
                if found(self) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let waited = waited.await;
        let status = self.handle.status();
        assert!(
            waited.is_ok(),
            "{}: no {what}; {:?} {:?} {:?}",
            self.what,
            self.amplifier.truth(),
            status.amplifier,
            self.rows()
        );
    }

    /// A programme of one recording, in so many milliseconds.
    pub(super) fn plan(&self, milliseconds: i64) -> ProgrammeId {
        let now = self.clock.now().wall;
        let programme = Programme {
            id: ProgrammeId(crate::ids::new_id(now)),
            name: "Thử".to_owned(),
            segments: vec![self.segment],
            recurrence: Recurrence::At(vec![now + milliseconds.milliseconds()]),
            class: Class::Normal,
            zones: vec![self.zones[0]],
            valid_from: None,
            valid_until: None,
            // what cannot begin at its time fails and does not wait
            start_rule: StartRule::AtOnce,
            missed: MissedRule::default(),
            opening: None,
            closing: None,
            gap_seconds: 0,
            on_holidays: OnHolidays::default(),
            owner: None,
            order: 0,
        };
        self.store.create(&programme, "i", now).unwrap();
        self.plan_changed.send_modify(|count| *count += 1);
        programme.id
    }

    pub(super) fn rows(&self) -> Vec<Airing> {
        self.store.airings(&AiringFilter { limit: 100, ..AiringFilter::default() }).unwrap()
    }

    pub(super) async fn row(&mut self, number: usize) -> Airing {
        self.until("row", |it| it.rows().len() > number).await;
        self.rows().remove(number)
    }

    pub(super) fn on_air(&self) -> bool {
        self.handle.status().on_air.is_some_and(|on_air| on_air.played >= 1.0)
    }

    pub(super) async fn end(self) {
        self.down.send(true).unwrap();
        tokio::time::timeout(COMES_WITHIN, self.turning).await.expect("no hang at the end").unwrap();
        assert!(!self.amplifier.truth().power, "{}: dark at the end", self.what);
    }
}

fn segment(store: &Arc<Store>, folders: &Folders, config: &Config, clock: &Arc<dyn Clock>) -> SegmentId {
    let now = clock.now().wall;
    let file = folders.incoming.join("new.wav");
    loaxa_audio::synth::melody(&file, 8_000, LENGTH, 1).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let sha256 = crate::ids::hex(&Sha256::digest(&bytes));
    std::fs::rename(&file, folders.original(&sha256)).unwrap();
    let new = NewSegment {
        id: SegmentId(crate::ids::new_id(now)),
        sha256,
        bytes: bytes.len() as u64,
        title: "Bản thử".to_owned(),
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
    let (record, _) = store.add_segment(&new, "i", now).unwrap();
    let shelf = Arc::new(Shelf::new(Arc::clone(store), Arc::clone(clock), folders.clone(), &config.storage));
    let shop = Workshop::with(folders.clone(), shelf, config, Box::new(|request, _| inspect_file(request)));
    let prepared = shop.make(&record, For::People).unwrap().unwrap();
    store.set_prepared(new.id, &prepared, now).unwrap();
    store.decide(new.id, Decision::Approve, None, "j", now).unwrap();
    new.id
}
