//! Damage that nobody meets until it is too late: the database and the originals are read through, slowly, and what is not
//! as it was is named. Prepared sound is the keeper's: it is hashed before it is needed, and made again.

use crate::clock::Clock;
use crate::error::Result;
use crate::intake::{Folders, blocking};
use crate::store::{LogJob, SegmentFilter, SegmentRecord, Store};
use loaxa_schedules::Standing;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Read at a time.
const PIECE: usize = 256 << 10;
/// Segments looked at before the place is noted.
const PAGE: u32 = 20;

/// How slowly it goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After each piece of an original there is a rest: 256 KiB in so long.
    pub piece: Duration,
    /// And while something sounds, such a one.
    pub piece_on_air: Duration,
    /// Between one original and the next.
    pub original: Duration,
    /// What is damaged is looked at again after so long.
    pub again: Duration,
    /// Every original is read so often.
    pub originals: Duration,
    /// The database is read through so often.
    pub database: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            piece: Duration::from_millis(100),
            piece_on_air: Duration::from_secs(1),
            original: Duration::from_secs(5),
            again: Duration::from_secs(600),
            originals: Duration::from_secs(7 * 24 * 3600),
            database: Duration::from_secs(24 * 3600),
        }
    }
}

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// `database_damaged` or `original_damaged`.
    pub code: &'static str,
    /// What it is and what to do, Vietnamese.
    pub vi: String,
    /// The same in English.
    pub en: String,
}

/// What was found and is not mended yet, for whoever asks.
#[derive(Debug, Default)]
pub struct Soundness(Mutex<BTreeMap<String, Damage>>);

impl Soundness {
    /// The database first, then originals.
    pub fn found(&self) -> Vec<Damage> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Damage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was found of something; whether that is news.
    fn note(&self, what: &str, damage: Option<Damage>) -> bool {
        let mut found = self.lock();
        match damage {
            Some(damage) => found.insert(what.to_owned(), damage.clone()) != Some(damage),
            None => found.remove(what).is_some(),
        }
    }

    fn knows(&self, what: &str) -> bool {
        self.lock().contains_key(what)
    }
}

/// The key under which the database stands; before every hash.
const DATABASE: &str = " database";

/// Says whether something sounds or is about to.
type OnAir = dyn Fn() -> bool + Send + Sync;

/// Whoever reads everything through.
pub struct Reader {
    /// What is kept.
    pub store: Arc<Store>,
    /// Where originals lie.
    pub folders: Folders,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Whether something sounds or is about to.
    pub on_air: Box<OnAir>,
    /// Where what was found is kept.
    pub found: Arc<Soundness>,
    /// How slowly it goes.
    pub pace: Pace,
}

impl Reader {
    /// Reads until `shutdown`.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.read() => {}
            () = crate::web::down(&mut shutdown) => {}
        }
    }

    async fn read(&self) {
        let mut read_at: Option<Duration> = None;
        loop {
            let begun = self.clock.now().mono;
            self.read_database().await;
            while self.clock.now().mono.saturating_sub(begun) < self.pace.database {
                let now = self.clock.now().mono;
                let due = read_at.is_none_or(|at| now.saturating_sub(at) >= self.pace.originals);
                let read = if due { self.read_originals().await } else { self.read_damaged().await };
                match read {
                    Ok(()) if due => read_at = Some(now),
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(%error, "originals could not be looked at; it is tried again")
                    }
                }
                tokio::time::sleep(self.pace.again).await;
            }
        }
    }

    /// Reads the whole database, on a connection of its own: writers do not wait.
    async fn read_database(&self) {
        let store = Arc::clone(&self.store);
        let checked = blocking(move || store.check_afresh()).await;
        let damage = checked.err().map(|error| {
            tracing::error!(%error, "the database is damaged: restore a backup");
            Damage {
                code: "database_damaged",
                vi: "Cơ sở dữ liệu của đài bị hỏng. Hãy dừng dịch vụ và khôi phục bản sao lưu: loaxa restore.".to_owned(),
                en: format!(
                    "The station's database is damaged ({}). Stop the daemon and put a backup back: loaxa restore.",
                    error.detail
                ),
            }
        });
        let body = json!({ "what": "database", "damaged": damage.is_some() });
        if self.found.note(DATABASE, damage) {
            self.log(body).await;
        }
    }

    /// Reads originals from where it stopped on to the last one.
    async fn read_originals(&self) -> Result<()> {
        loop {
            let store = Arc::clone(&self.store);
            let records = blocking(move || {
                let after = store.read_until()?;
                store.segments(&SegmentFilter { after, limit: PAGE, ..SegmentFilter::default() })
            })
            .await?;
            for record in records.iter().filter(|record| wanted(record)) {
                self.read_original(record).await;
                tokio::time::sleep(self.pace.original).await;
            }
            let (store, last) =
                (Arc::clone(&self.store), records.last().map(|record| record.pushed.id.to_string()));
            let over = last.is_none();
            blocking(move || store.keep_read_until(last.as_deref())).await?;
            if over {
                return Ok(());
            }
        }
    }

    /// Looks again at what was damaged: it may have been pushed again, or be needed no more.
    async fn read_damaged(&self) -> Result<()> {
        let damaged: Vec<String> =
            self.found.lock().keys().filter(|what| *what != DATABASE).cloned().collect();
        for sha256 in damaged {
            let (store, asked) = (Arc::clone(&self.store), sha256.clone());
            let filter = SegmentFilter { sha256: Some(asked), limit: PAGE, ..SegmentFilter::default() };
            let records = blocking(move || store.segments(&filter)).await?;
            match records.iter().find(|record| wanted(record)) {
                Some(record) => self.read_original(record).await,
                None => drop(self.found.note(&sha256, None)),
            }
        }
        Ok(())
    }

    async fn read_original(&self, record: &SegmentRecord) {
        let sha256 = record.pushed.sha256.clone();
        let whole = self.is_whole(&self.folders.original(&sha256), &sha256).await;
        let gone = whole.is_none();
        if whole == Some(true) && !self.found.knows(&sha256) {
            return;
        }
        let title = &record.pushed.title;
        let damage = (whole != Some(true)).then(|| {
            tracing::error!(segment = %record.pushed.id, sha256, gone, "an original is damaged: push it again");
            Damage {
                code: "original_damaged",
                vi: format!("Bản gốc của \"{title}\" bị hỏng hoặc mất. Hãy gửi lại đúng tệp đó; đài sẽ tự chuẩn bị lại."),
                en: format!(
                    "The original of {title:?} is damaged or gone. Push the very file again; the station prepares it by itself."
                ),
            }
        });
        let body = json!({
            "what": "original", "sha256": sha256, "segment": record.pushed.id.to_string(), "damaged": damage.is_some(),
            "gone": gone,
        });
        if self.found.note(&sha256, damage) {
            self.log(body).await;
        }
    }

    /// Whether a file has this hash; None when it cannot be opened.
    async fn is_whole(&self, path: &Path, sha256: &str) -> Option<bool> {
        let mut file = std::fs::File::open(path).ok()?;
        let mut hash = Sha256::new();
        loop {
            // a file of hours is not read in one go, so that the card is free for the air
            let read = blocking(move || {
                let mut piece = Vec::with_capacity(PIECE);
                let done = (&mut file).take(PIECE as u64).read_to_end(&mut piece);
                hash.update(&piece);
                Ok((file, hash, done))
            });
            let (open, so_far, done) = read.await.ok()?;
            (file, hash) = (open, so_far);
            match done {
                Ok(0) => return Some(crate::ids::hex(&hash.finalize()) == sha256),
                Ok(_) => {}
                Err(_) => return Some(false),
            }
            let rest = if (self.on_air)() { self.pace.piece_on_air } else { self.pace.piece };
            tokio::time::sleep(rest).await;
        }
    }

    async fn log(&self, body: serde_json::Value) {
        let (store, now) = (Arc::clone(&self.store), self.clock.now().wall);
        let kept = blocking(move || store.log(now, &[LogJob::Note { kind: "damage", body }])).await;
        if let Err(error) = kept {
            tracing::error!(%error, "damage could not be written down");
        }
    }
}

/// What may still be heard.
const fn wanted(record: &SegmentRecord) -> bool {
    matches!(record.standing, Standing::Approved | Standing::AwaitingApproval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, Trust};
    use crate::store::{IdentityKind, NewIdentity, NewSegment};
    use jiff::Timestamp;
    use loaxa_schedules::{Class, SegmentId};
    use std::collections::BTreeSet;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn push(store: &Store, folders: &Folders, sound: &str) -> String {
        let sha256 = crate::ids::hex(&Sha256::digest(sound));
        std::fs::write(folders.original(&sha256), sound).unwrap();
        let new = NewSegment {
            id: SegmentId(crate::ids::new_id(NOW)),
            sha256: sha256.clone(),
            bytes: sound.len() as u64,
            title: format!("Bản {sound}"),
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
        store.add_segment(&new, "i", NOW).unwrap();
        store.set_standing(new.id, Standing::AwaitingApproval, None).unwrap();
        sha256
    }

    fn reader(data: &Path) -> (Reader, Arc<Soundness>) {
        let store = Arc::new(Store::open(data, NOW).unwrap());
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
            store.add_identity(&new, "console", NOW).unwrap();
        }
        let found = Arc::new(Soundness::default());
        let quick = Duration::from_millis(1);
        let reader = Reader {
            store,
            folders: Folders::create(data).unwrap(),
            clock: Arc::new(SystemClock::new(Trust::Always)),
            on_air: Box::new(|| false),
            found: Arc::clone(&found),
            pace: Pace { piece: quick, piece_on_air: quick, original: quick, ..Pace::default() },
        };
        (reader, found)
    }

    fn rows(store: &Store) -> Vec<String> {
        let rows = store.log_rows(0, 1_000).unwrap().into_iter();
        rows.filter(|row| row.kind == "damage").map(|row| row.body).collect()
    }

    #[tokio::test]
    async fn a_flipped_bit_of_an_original_is_found_named_and_forgotten_when_it_is_whole_again() {
        let folder = tempfile::tempdir().unwrap();
        let (reader, found) = reader(folder.path());
        // more than a page, so that it goes on from where it was
        let pushed: Vec<String> =
            (0..PAGE + 5).map(|number| push(&reader.store, &reader.folders, &number.to_string())).collect();
        reader.read_originals().await.unwrap();
        assert_eq!(found.found(), vec![]);
        let path = reader.folders.original(&pushed[22]);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 4;
        std::fs::write(&path, &bytes).unwrap();
        std::fs::remove_file(reader.folders.original(&pushed[3])).unwrap();
        for _ in 0..2 {
            reader.read_originals().await.unwrap();
            let named: Vec<_> = found.found().into_iter().map(|damage| (damage.code, damage.vi)).collect();
            assert_eq!(named.len(), 2, "{named:?}");
            assert!(
                named.iter().any(|(code, vi)| *code == "original_damaged" && vi.contains("\"Bản 22\"")),
                "{named:?}"
            );
            assert_eq!(rows(&reader.store).len(), 2, "each is written down once");
        }
        bytes[0] ^= 4;
        std::fs::write(&path, &bytes).unwrap();
        std::fs::write(reader.folders.original(&pushed[3]), "3").unwrap();
        reader.read_damaged().await.unwrap();
        assert_eq!(found.found(), vec![]);
        let rows = rows(&reader.store);
        assert_eq!(rows.len(), 4);
        assert!(rows[3].contains(r#""damaged":false"#), "{rows:?}");
    }

    #[tokio::test]
    async fn a_database_with_a_damaged_page_is_a_fault_that_names_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        {
            let (reader, found) = reader(folder.path());
            (0..200).for_each(|number| drop(push(&reader.store, &reader.folders, &number.to_string())));
            reader.read_database().await;
            assert_eq!(found.found(), vec![]);
        }
        crate::store::settle(folder.path()).unwrap();
        let file = folder.path().join("loaxa.db");
        let mut bytes = std::fs::read(&file).unwrap();
        // the last page that is in use, in its middle and at its head
        let page = bytes.len() - 4096;
        bytes[page..page + 64].fill(0xa5);
        std::fs::write(&file, &bytes).unwrap();
        let store = Arc::new(Store::open(folder.path(), NOW).unwrap());
        let found = Arc::new(Soundness::default());
        let reader = Reader {
            store,
            folders: Folders::create(folder.path()).unwrap(),
            clock: Arc::new(SystemClock::new(Trust::Always)),
            on_air: Box::new(|| false),
            found: Arc::clone(&found),
            pace: Pace::default(),
        };
        reader.read_database().await;
        let damage = found.found().remove(0);
        assert_eq!(damage.code, "database_damaged");
        assert!(damage.en.contains("loaxa restore") && damage.vi.contains("loaxa restore"), "{damage:?}");
    }
}
