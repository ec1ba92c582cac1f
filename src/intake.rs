//! The way of a segment from the wire to "awaiting approval".
//!
//! Bytes go to a temporary file while they are hashed, then `fsync`, rename to the name that their hash gives, `fsync`
//! of the folder, and only then a row. A disposable child decodes them; whatever becomes of the child, the daemon goes on.

mod folders;
mod spoken;
pub mod uploads;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::events::Events;
use crate::preparing::{For, Workshop};
use crate::store::{NewSegment, PreparedSound, SegmentRecord, Store};
use bytes::Bytes;
pub use folders::Folders;
use folders::TemporaryFile;
pub(crate) use folders::sync_folder;
use futures_util::{Stream, StreamExt};
use loaxa_audio::inspect::InspectRefusal;
use loaxa_schedules::{Reason, SegmentId, Standing, Trim};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedMutexGuard, watch};

/// An upload waits so long for its inspection before it is answered with `inspecting`: most are done in a second.
const ANSWER_AFTER: Duration = Duration::from_secs(25);
/// A refused recording that could not be removed from a full disk is removed as soon as there is room.
const FORGET_AGAIN: Duration = Duration::from_secs(2);

/// Read at a time.
const PIECE: usize = 64 << 10;

/// Bytes that arrived whole, lie under a temporary name, and are on the disk.
#[derive(Debug)]
pub struct Received {
    file: TemporaryFile,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// How many.
    pub bytes: u64,
}

/// Takes recordings in.
pub struct Intake {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    folders: Folders,
    events: Events,
    workshop: Arc<Workshop>,
    max_upload: u64,
    plan_changed: watch::Sender<u64>,
}

impl Intake {
    /// Opens the intake; `plan_changed` is told whenever a segment's standing changes.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        folders: Folders,
        events: Events,
        workshop: Arc<Workshop>,
        config: &Config,
        plan_changed: watch::Sender<u64>,
    ) -> Self {
        Self { store, clock, folders, events, workshop, max_upload: config.max_upload(), plan_changed }
    }

    /// Largest upload in bytes.
    pub const fn max_upload(&self) -> u64 {
        self.max_upload
    }

    /// The folders that hold sound.
    pub const fn folders(&self) -> &Folders {
        &self.folders
    }

    /// Writes a stream of bytes to the disk while hashing it. Nothing of it stays when this fails or is dropped.
    ///
    /// # Errors
    /// `too_large`, `empty_file`, `storage_full`, `upload_cut` when the sender goes away.
    pub async fn receive(&self, bytes: impl Stream<Item = Result<Bytes>>) -> Result<Received> {
        let shelf = Arc::clone(self.workshop.shelf());
        blocking(move || shelf.make_room(1, For::People)).await?;
        let name = crate::ids::hex(&crate::ids::random::<16>()?);
        let path = self.folders.incoming.join(format!("{name}.part"));
        let failed = |error: std::io::Error| Error::io("the upload", &error);
        let mut file = tokio::fs::File::create(&path).await.map_err(failed)?;
        let temporary = TemporaryFile::new(path);
        let (mut hash, mut length) = (Sha256::new(), 0_u64);
        let mut bytes = pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            length += chunk.len() as u64;
            if length > self.max_upload {
                return Err(too_large(self.max_upload));
            }
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        if length == 0 {
            return Err(empty());
        }
        Ok(Received { file: temporary, sha256: crate::ids::hex(&hash.finalize()), bytes: length })
    }

    /// Hashes a file of the station's own that holds a whole upload, as if its bytes had just come. The file stays where it
    /// is: it goes when it is known what became of them.
    ///
    /// # Errors
    /// When the disk cannot be read, or is full.
    async fn received(&self, file: &Path) -> Result<Received> {
        let name = crate::ids::hex(&crate::ids::random::<16>()?);
        let (file, path) = (file.to_owned(), self.folders.incoming.join(format!("{name}.part")));
        blocking(move || {
            let failed = |error: std::io::Error| Error::io("the upload", &error);
            let temporary = TemporaryFile::new(path.clone());
            // some file systems know no second names
            fs::hard_link(&file, &path).or_else(|_| fs::copy(&file, &path).map(drop)).map_err(failed)?;
            let mut whole = fs::File::open(&path).map_err(failed)?;
            whole.sync_all().map_err(failed)?;
            let mut hash = Sha256::new();
            let mut piece = vec![0; PIECE];
            let mut bytes = 0_u64;
            loop {
                let count = whole.read(&mut piece).map_err(failed)?;
                if count == 0 {
                    break;
                }
                hash.update(piece.get(..count).unwrap_or_default());
                bytes += count as u64;
            }
            Ok(Received { file: temporary, sha256: crate::ids::hex(&hash.finalize()), bytes })
        })
        .await
    }

    /// Keeps received bytes and inspects them, and waits a while for the answer. It is brought to its end even when
    /// nobody waits for it any more. False in the second place when the station had that very segment already.
    ///
    /// # Errors
    /// With the inspection's reason when it is no usable recording; the segment is then gone from the station.
    pub async fn take_in(
        self: &Arc<Self>,
        received: Received,
        segment: NewSegment,
        by: String,
    ) -> Result<(SegmentRecord, bool)> {
        let id = segment.id;
        let named = Arc::new(AtomicBool::new(false));
        let (intake, told) = (Arc::clone(self), Arc::clone(&named));
        let mut task = tokio::spawn(async move {
            let turn = intake.workshop.turns().take(&received.sha256).await;
            let (record, new) = intake.keep(received, segment, by).await?;
            if !new {
                return Ok((record, false));
            }
            let answer = Arc::clone(&intake).inspect(record).await;
            let error = match answer {
                Ok(Ok(record)) => return Ok((record, true)),
                Ok(Err(refusal)) => refused(&refusal),
                Err(error) => error,
            };
            // an id that somebody was given stays, with the reason
            if !told.load(Ordering::SeqCst)
                && let Err(error) = intake.forget(id).await
            {
                tracing::warn!(segment = %id, %error, "a refused recording cannot be removed yet; it is tried again");
                tokio::spawn(intake.forget_later(id, turn));
            }
            Err(error)
        });
        let died = |error| Error::internal(format!("taking in segment {id} died: {error}"));
        if let Ok(answer) = tokio::time::timeout(ANSWER_AFTER, &mut task).await {
            return answer.map_err(died)?;
        }
        // it goes on by itself; who asks again sees what came of it
        named.store(true, Ordering::SeqCst);
        match self.read(id).await {
            Err(error) if error.kind == ErrorKind::NotFound => task.await.map_err(died)?,
            found => found.map(|record| (record, true)),
        }
    }

    /// Prepares another part of a segment's original (`trim`; None for all of it), and then changes the segment in one step
    /// with `keep`: whatever happens before that, the segment is as it was. It is brought to its end even when nobody
    /// waits for it any more.
    ///
    /// # Errors
    /// `preparing` when it takes long and goes on by itself; with the inspection's reason when nothing usable is left;
    /// what `keep` says.
    pub async fn trim(
        self: &Arc<Self>,
        record: SegmentRecord,
        trim: Option<Trim>,
        keep: impl FnOnce(&PreparedSound) -> Result<SegmentRecord> + Send + 'static,
    ) -> Result<SegmentRecord> {
        let intake = Arc::clone(self);
        let title = record.pushed.title.clone();
        let task = tokio::spawn(async move {
            let _turn = intake.workshop.turns().take(&record.pushed.sha256).await;
            let lane = intake.workshop.lanes().for_upload().await?;
            blocking(move || {
                let _lane = lane;
                let wanted = NewSegment { trim, ..record.pushed.clone() };
                let asked = SegmentRecord { pushed: wanted, ..record.clone() };
                let prepared =
                    intake.workshop.make(&asked, For::People)?.map_err(|refusal| refused(&refusal))?;
                let shelf = intake.workshop.shelf();
                shelf.keep_also(&prepared.root);
                let kept = keep(&prepared);
                match &kept {
                    Ok(now) => {
                        if let Some(old) =
                            record.prepared.as_deref().filter(|old| Some(*old) != now.prepared.as_deref())
                        {
                            // what sounds, or is about to, has it open
                            shelf.supersede(old);
                        }
                        intake.events.segment(now);
                        intake.plan_changed.send_modify(|count| *count += 1);
                    }
                    Err(_) => intake.discard_unnamed(&prepared.root),
                }
                kept
            })
            .await
        });
        match tokio::time::timeout(ANSWER_AFTER, task).await {
            Ok(answer) => {
                answer.map_err(|error| Error::internal(format!("trimming {title:?} died: {error}")))?
            }
            Err(_) => Err(Error::new(
                ErrorKind::Unavailable,
                "preparing",
                format!("{title:?} is long and is still being trimmed; look at it again in a minute"),
            )
            .vi(format!("Bản ghi “{title}” dài nên đang được cắt; hãy xem lại sau một phút."))),
        }
    }

    /// Puts received bytes under the name that their hash gives and keeps the segment's row. False in the second place
    /// when the station had that very segment already.
    async fn keep(
        self: &Arc<Self>,
        received: Received,
        segment: NewSegment,
        by: String,
    ) -> Result<(SegmentRecord, bool)> {
        let intake = Arc::clone(self);
        blocking(move || {
            let target = intake.folders.original(&received.sha256);
            let known = target.exists();
            // also over one that is there: it may be damaged, and these bytes were hashed just now
            fs::rename(received.file.path()?, &target).map_err(|error| Error::io("the upload", &error))?;
            received.file.used();
            sync_folder(&intake.folders.originals)?;
            let kept = intake.store.add_segment(&segment, &by, intake.clock.now().wall);
            if kept.is_err() && !known {
                let _ = fs::remove_file(&target);
            }
            let kept = kept?;
            intake.events.segment(&kept.0);
            if known {
                // what could not be prepared from the one before may be prepared from this one
                intake.plan_changed.send_modify(|count| *count += 1);
            }
            Ok(kept)
        })
        .await
    }

    async fn read(self: &Arc<Self>, id: SegmentId) -> Result<SegmentRecord> {
        let store = Arc::clone(&self.store);
        blocking(move || store.segment(id)).await
    }

    async fn forget(self: &Arc<Self>, id: SegmentId) -> Result<()> {
        let intake = Arc::clone(self);
        blocking(move || {
            let record = intake.store.segment(id)?;
            if intake.store.forget_segment(id)? {
                let _ = fs::remove_file(intake.folders.original(&record.pushed.sha256));
            }
            Ok(())
        })
        .await
    }

    /// On a full disk there is no room for writing down that something goes either.
    async fn forget_later(self: Arc<Self>, id: SegmentId, turn: OwnedMutexGuard<()>) {
        loop {
            tokio::time::sleep(FORGET_AGAIN).await;
            match self.forget(id).await {
                Err(error) if error.kind != ErrorKind::NotFound => {}
                _ => break,
            }
        }
        drop(turn);
    }

    /// Runs the child over a segment's original and notes what it found.
    async fn inspect(
        self: Arc<Self>,
        record: SegmentRecord,
    ) -> Result<std::result::Result<SegmentRecord, InspectRefusal>> {
        let lane = self.workshop.lanes().for_upload().await?;
        blocking(move || {
            let _lane = lane;
            let id = record.pushed.id;
            self.store.set_standing(id, Standing::Inspecting, None)?;
            let answer = match self.workshop.make(&record, For::People)? {
                Ok(prepared) => {
                    let noted = self.store.set_prepared(id, &prepared, self.clock.now().wall);
                    if noted.is_err() {
                        self.discard_unnamed(&prepared.root);
                    }
                    Ok(noted?)
                }
                Err(refusal) => {
                    self.store.set_standing(id, Standing::Rejected, Some(&reason(&refusal)))?;
                    Err(refusal)
                }
            };
            self.events.segment(&self.store.segment(id)?);
            self.plan_changed.send_modify(|count| *count += 1);
            Ok(answer)
        })
        .await
    }

    /// Removes prepared PCM that no segment names.
    fn discard_unnamed(&self, root: &str) {
        let named = |record: &SegmentRecord| record.prepared.as_deref() == Some(root);
        if self.store.all_segments().is_ok_and(|records| !records.iter().any(named)) {
            let _ = fs::remove_file(self.folders.prepared(root));
        }
    }

    /// Takes in a file that the station made itself, and waits for its inspection. The file is moved away.
    ///
    /// # Errors
    /// As an upload of the same bytes.
    pub fn adopt(
        &self,
        file: &Path,
        describe: impl FnOnce(String, u64) -> NewSegment,
        by: &str,
    ) -> Result<SegmentId> {
        let failed = |error: std::io::Error| Error::io(file.display(), &error);
        let bytes = fs::read(file).map_err(failed)?;
        let sha256 = crate::ids::hex(&Sha256::digest(&bytes));
        let segment = describe(sha256.clone(), bytes.len() as u64);
        fs::File::open(file).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(file, self.folders.original(&sha256)).map_err(failed)?;
        sync_folder(&self.folders.originals)?;
        let (record, _) = self.store.add_segment(&segment, by, self.clock.now().wall)?;
        let prepared = self.workshop.make(&record, For::People)?.map_err(|refusal| refused(&refusal))?;
        self.store.set_prepared(record.pushed.id, &prepared, self.clock.now().wall)?;
        Ok(record.pushed.id)
    }

    /// Goes on where a power cut interrupted: clears half uploads and what no segment names, inspects what was not
    /// inspected. What is prepared and damaged or gone is the keeper's.
    ///
    /// # Errors
    /// When the disk or the database cannot be read.
    pub async fn resume(self: &Arc<Self>) -> Result<()> {
        let intake = Arc::clone(self);
        let interrupted = blocking(move || {
            intake.folders.clear_incoming()?;
            let records = intake.store.all_segments()?;
            intake.folders.clear_orphans(&records)?;
            let cut =
                |record: &SegmentRecord| matches!(record.standing, Standing::Received | Standing::Inspecting);
            Ok(records.into_iter().filter(cut).collect::<Vec<_>>())
        })
        .await?;
        for record in interrupted {
            let (intake, id) = (Arc::clone(self), record.pushed.id);
            tokio::spawn(async move {
                if let Err(error) = intake.inspect(record).await {
                    tracing::error!(segment = %id, %error, "an interrupted inspection failed again");
                }
            });
        }
        Ok(())
    }
}

/// Runs blocking work off the async threads.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => Err(Error::internal(format!("a worker died: {error}"))),
    }
}

/// Nothing came.
fn empty() -> Error {
    Error::unacceptable("empty_file", "the upload has 0 bytes; choose the recording again and push it")
        .vi("Tệp tải lên rỗng (0 byte). Hãy chọn lại bản ghi và tải lên.")
}

/// The clear 413.
pub fn too_large(limit: u64) -> Error {
    let mib = limit / (1024 * 1024);
    Error::new(
        ErrorKind::TooLarge,
        "too_large",
        format!("the upload is over this station's limit of {mib} MiB; make it shorter, or encode it as MP3 at 64-128 kbit/s"),
    )
    .vi(format!("Tệp vượt quá giới hạn {mib} MiB của đài. Hãy cắt ngắn hoặc nén thành MP3 64-128 kbit/s."))
}

fn refused(refusal: &InspectRefusal) -> Error {
    let kind = match refusal.code.as_str() {
        "storage_full" => ErrorKind::StorageFull,
        _ if refusal.code.is_ours() => ErrorKind::Internal,
        _ => ErrorKind::Unacceptable,
    };
    Error::new(kind, refusal.code.as_str(), refusal.en.clone()).vi(refusal.vi.clone())
}

fn reason(refusal: &InspectRefusal) -> Reason {
    Reason { code: refusal.code.as_str().into(), en: refusal.en.clone(), vi: refusal.vi.clone() }
}
