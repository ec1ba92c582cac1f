//! Uploads in pieces over a real store and real files, on a clock that the tests own.

use super::*;
use crate::clock::{Now, TrustReason};
use crate::config::Config;
use crate::events::Events;
use crate::intake::Folders;
use crate::preparing::{Shelf, Workshop};
use crate::store::{IdentityKind, NewIdentity, Store};
use jiff::{Timestamp, ToSpan};
use loaxa_audio::inspect::inspect_file;
use loaxa_schedules::Class;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::time::Instant;
use tempfile::TempDir;

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
    data: TempDir,
    clock: Arc<Still>,
    store: Arc<Store>,
    intake: Arc<Intake>,
    uploads: Arc<Uploads>,
}

impl Bench {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let now = Now { wall: "2026-11-30T05:00:00Z".parse().unwrap(), mono: Duration::ZERO, trusted: true };
        #[expect(clippy::disallowed_methods, reason = "an origin of a clock that stands still")]
        let clock = Arc::new(Still(Mutex::new(now), Instant::now()));
        let store = Arc::new(Store::open(data.path(), now.wall).unwrap());
        for id in ["lan", "minh"] {
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
        let config: Config =
            toml::from_str("[audio]\nsample_rate = 8000\n[storage]\nreserve_mib = 0\n").unwrap();
        let folders = Folders::create(data.path()).unwrap();
        let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let shelf =
            Arc::new(Shelf::new(Arc::clone(&store), Arc::clone(&time), folders.clone(), &config.storage));
        let workshop =
            Workshop::with(folders.clone(), shelf, &config, Box::new(|request, _| inspect_file(request)));
        let intake = Arc::new(Intake::new(
            Arc::clone(&store),
            Arc::clone(&time),
            folders,
            Events::default(),
            Arc::new(workshop),
            &config,
            watch::channel(0).0,
        ));
        let uploads = Arc::new(Uploads::open(Arc::clone(&intake), time).unwrap());
        Self { data, clock, store, intake, uploads }
    }

    /// The daemon starts again.
    fn again(&mut self) {
        let time: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.uploads = Arc::new(Uploads::open(Arc::clone(&self.intake), time).unwrap());
    }

    fn pass(&self, minutes: i64) {
        self.clock.0.lock().unwrap().wall += minutes.minutes();
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.data.path().join("uploads")).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    async fn begin(&self, by: &str, length: usize) -> Result<Upload> {
        self.uploads.begin(by.to_owned(), words(), "title VGlu".to_owned(), length as u64).await
    }

    async fn append(&self, id: Uuid, offset: usize, bytes: &[u8]) -> Result<Upload> {
        self.uploads.append(id, "lan", offset as u64, pieces(bytes)).await
    }

    /// A recording of a second.
    fn sound(&self) -> Vec<u8> {
        let file = self.data.path().join("new.wav");
        loaxa_audio::synth::melody(&file, 8000, 1.0, 1).unwrap();
        std::fs::read(&file).unwrap()
    }

    fn segments(&self) -> Vec<String> {
        self.store.all_segments().unwrap().iter().map(|record| record.pushed.id.to_string()).collect()
    }
}

fn words() -> NewSegment {
    NewSegment {
        id: SegmentId(Uuid::nil()),
        sha256: String::new(),
        bytes: 0,
        title: "Tin".to_owned(),
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
    }
}

fn pieces(bytes: &[u8]) -> impl Stream<Item = Result<Bytes>> + use<> {
    let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces)
}

#[tokio::test]
async fn what_nobody_goes_on_with_for_a_day_is_forgotten() {
    let bench = Bench::new();
    let id = bench.begin("lan", 100).await.unwrap().id;
    bench.pass(24 * 60 - 1);
    bench.append(id, 0, &[1; 10]).await.unwrap();
    bench.pass(24 * 60 - 1);
    assert_eq!(bench.uploads.look(id, "lan").unwrap().offset, 10, "who went on has a day again");
    bench.clock.0.lock().unwrap().trusted = false;
    bench.pass(60);
    bench.uploads.sweep();
    assert!(bench.uploads.look(id, "lan").is_ok(), "a clock that is not to be trusted forgets nothing");
    bench.clock.0.lock().unwrap().trusted = true;
    assert_eq!(bench.uploads.look(id, "lan").unwrap_err().code, "upload_expired");
    assert_eq!(bench.append(id, 10, &[1; 10]).await.unwrap_err().code, "upload_expired");
    assert_eq!(bench.files().len(), 2);
    bench.uploads.sweep();
    assert_eq!(bench.uploads.look(id, "lan").unwrap_err().code, "not_found");
    assert!(bench.files().is_empty(), "{:?}", bench.files());
}

#[tokio::test]
async fn what_was_written_and_not_counted_is_written_again() {
    let mut bench = Bench::new();
    let sound = bench.sound();
    let id = bench.begin("lan", sound.len()).await.unwrap().id;
    bench.append(id, 0, &sound[..5000]).await.unwrap();
    // a power cut: more than was counted had reached the file, and not all of it is what was sent
    let part = bench.data.path().join(format!("uploads/{id}.part"));
    let mut torn = std::fs::read(&part).unwrap();
    torn.extend_from_slice(&[0xee; 3000]);
    std::fs::write(&part, torn).unwrap();
    bench.again();
    assert_eq!(bench.uploads.resume(id, "lan").await.unwrap().offset, 5000);
    assert_eq!(bench.append(id, 8000, &sound[8000..]).await.unwrap_err().code, "wrong_offset");
    let upload = bench.append(id, 5000, &sound[5000..]).await.unwrap();
    let Some(End::Segment(segment)) = upload.end else { panic!("{upload:?}") };
    let kept = bench.store.segment(segment).unwrap().pushed;
    assert_eq!(kept.sha256, ids::hex(&Sha256::digest(&sound)));
    assert_eq!(bench.files(), [format!("{id}.json")], "what became of it can be asked for");
    bench.again();
    assert_eq!(bench.uploads.look(id, "lan").unwrap().end, Some(End::Segment(segment)));
}

/// Between the last byte and the note of what became of it a cut can fall anywhere.
#[tokio::test]
async fn what_is_taken_in_again_after_a_cut_is_the_same_segment() {
    let mut bench = Bench::new();
    let sound = bench.sound();
    let id = bench.begin("lan", sound.len()).await.unwrap().id;
    let half = sound.len() / 2;
    bench.append(id, 0, &sound[..half]).await.unwrap();
    let (json, part) = (format!("uploads/{id}.json"), format!("uploads/{id}.part"));
    let (json, part) = (bench.data.path().join(json), bench.data.path().join(part));
    let before: Upload = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let end = bench.append(id, half, &sound[half..]).await.unwrap().end;
    let once = bench.segments();
    assert_eq!(once.len(), 1);
    // as if it had been killed just before it wrote down what became of it
    std::fs::write(&part, &sound).unwrap();
    let whole = Upload { offset: before.length, ..before };
    std::fs::write(&json, serde_json::to_vec(&whole).unwrap()).unwrap();
    bench.again();
    assert_eq!(bench.uploads.look(id, "lan").unwrap().end, None);
    assert_eq!(bench.uploads.resume(id, "lan").await.unwrap().end, end);
    assert_eq!(bench.segments(), once);
    assert!(!part.exists());
}

#[tokio::test]
async fn who_comes_again_over_another_line_goes_on_from_what_came_over_the_first() {
    let bench = Bench::new();
    let id = bench.begin("lan", 10_000).await.unwrap().id;
    // the first line brings something and then nothing more, without an end
    let (came, mut arrived) = watch::channel(false);
    let first = pieces(&[7; 3000]).chain(futures_util::stream::once(async move {
        came.send_replace(true);
        std::future::pending().await
    }));
    let uploads = Arc::clone(&bench.uploads);
    let first = tokio::spawn(async move { uploads.append(id, "lan", 0, first).await });
    arrived.wait_for(|it| *it).await.unwrap();
    assert_eq!(bench.uploads.resume(id, "lan").await.unwrap().offset, 3000);
    assert_eq!(first.await.unwrap().unwrap_err().code, "gave_way");
    assert_eq!(bench.append(id, 3000, &[7; 10]).await.unwrap().offset, 3010);
}

#[tokio::test]
async fn what_breaks_off_is_kept_and_what_is_too_much_is_not() {
    let bench = Bench::new();
    let id = bench.begin("lan", 5000).await.unwrap().id;
    let cut = Err(Error::new(ErrorKind::Malformed, "upload_cut", "the body broke off"));
    let broken = pieces(&[1; 2000]).chain(futures_util::stream::iter([cut]));
    let error = bench.uploads.append(id, "lan", 0, broken).await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (ErrorKind::Unavailable, "upload_cut"));
    assert!(error.detail.contains("2000 of 5000"), "{error}");
    let error = bench.append(id, 2000, &[1; 3001]).await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (ErrorKind::TooLarge, "too_much"));
    assert_eq!(bench.uploads.look(id, "lan").unwrap().offset, 5000, "what had its place is kept");
    let refused = bench.append(id, 5000, &[]).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.code), (ErrorKind::Unacceptable, "not_audio"));
    assert!(bench.segments().is_empty());
    let upload = bench.uploads.resume(id, "lan").await.unwrap();
    assert_eq!(upload.end.and_then(|end| end.problem()).unwrap().code, "not_audio");
}

#[tokio::test]
async fn nobody_begins_more_than_they_finish_and_nobody_touches_another_s() {
    let bench = Bench::new();
    let mut first = None;
    for _ in 0..OF_ONE {
        let id = bench.begin("lan", 10).await.unwrap().id;
        first.get_or_insert(id);
    }
    let first = first.unwrap();
    assert_eq!(bench.begin("lan", 10).await.unwrap_err().code, "too_many_uploads");
    assert!(bench.begin("minh", 10).await.is_ok());
    for refused in [
        bench.uploads.look(first, "minh").err(),
        bench.uploads.resume(first, "minh").await.err(),
        bench.uploads.append(first, "minh", 0, pieces(&[1])).await.err(),
        bench.uploads.end(first, "minh").await.err(),
    ] {
        assert_eq!(refused.unwrap().code, "foreign_upload");
    }
    bench.uploads.end(first, "lan").await.unwrap();
    assert_eq!(bench.uploads.look(first, "lan").unwrap_err().code, "not_found");
    assert!(bench.begin("lan", 10).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_goes_at_the_start() {
    let mut bench = Bench::new();
    let (kept, lost) = (bench.begin("lan", 10).await.unwrap().id, bench.begin("lan", 10).await.unwrap().id);
    for id in [kept, lost] {
        bench.append(id, 0, &[1; 5]).await.unwrap();
    }
    let uploads = bench.data.path().join("uploads");
    std::fs::write(uploads.join(format!("{lost}.part")), [1; 4]).unwrap();
    for (file, text) in [("a.part", "left"), ("b.json", "{"), ("c.new", "{}")] {
        std::fs::write(uploads.join(file), text).unwrap();
    }
    bench.again();
    assert_eq!(bench.files(), [format!("{kept}.json"), format!("{kept}.part")]);
    assert_eq!(bench.uploads.look(kept, "lan").unwrap().offset, 5);
    assert_eq!(bench.uploads.look(lost, "lan").unwrap_err().code, "not_found");
}
