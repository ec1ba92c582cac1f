//! The way of a segment from the wire to "awaiting approval".
//!
//! Bytes go to a temporary file while they are hashed, then `fsync`, rename to the name that their hash gives, `fsync`
//! of the folder, and only then a row. A disposable child decodes them; whatever becomes of the child, the daemon goes on.

mod folders;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::events::Events;
use crate::store::{NewSegment, SegmentRecord, Sound, Store};
use crate::turns::Turns;
use bytes::Bytes;
pub use folders::Folders;
use folders::{TemporaryFile, sync_folder};
use futures_util::{Stream, StreamExt};
use loaxa_audio::child::{self, ChildLimits};
use loaxa_audio::inspect::{InspectRefusal, InspectReport, InspectRequest};
use loaxa_audio::loudness::Correction;
use loaxa_schedules::{Reason, SegmentId, Standing};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedMutexGuard, Semaphore, watch};

/// An upload waits so long for its inspection before it is answered with `inspecting`: most are done in a second.
const ANSWER_AFTER: Duration = Duration::from_secs(25);
/// Children at work at once: one a core of the boards that are bought would starve the air; two is the machine's half.
const CHILDREN: usize = 2;
/// A refused recording that could not be removed from a full disk is removed as soon as there is room.
const FORGET_AGAIN: Duration = Duration::from_secs(2);

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
    children: Arc<Semaphore>,
    program: PathBuf,
    /// One upload of the same bytes at a time.
    turns: Turns,
    sample_rate: u32,
    max_upload: u64,
    reserve: u64,
    max_duration: Duration,
    plan_changed: watch::Sender<u64>,
}

impl Intake {
    /// Opens the intake; `plan_changed` is told whenever a segment's standing changes.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        folders: Folders,
        events: Events,
        config: &Config,
        plan_changed: watch::Sender<u64>,
    ) -> Result<Self> {
        Ok(Self {
            store,
            clock,
            folders,
            events,
            children: Arc::new(Semaphore::new(CHILDREN)),
            // by this name the running program is found even when its file was replaced by an upgrade
            program: PathBuf::from("/proc/self/exe"),
            turns: Turns::default(),
            sample_rate: config.audio.sample_rate,
            max_upload: config.max_upload(),
            reserve: config.storage.reserve_mib * 1024 * 1024,
            max_duration: config.max_duration(),
            plan_changed,
        })
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
        self.require_space()?;
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
            return Err(Error::unacceptable(
                "empty_file",
                "the upload has 0 bytes; choose the recording again and push it",
            )
            .vi("Tệp tải lên rỗng (0 byte). Hãy chọn lại bản ghi và tải lên."));
        }
        Ok(Received { file: temporary, sha256: crate::ids::hex(&hash.finalize()), bytes: length })
    }

    fn require_space(&self) -> Result<()> {
        let space = rustix::fs::statvfs(&self.folders.incoming)
            .map_err(|error| Error::io("the data folder", &std::io::Error::from(error)))?;
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        if free <= self.reserve {
            return Err(Error::storage_full(format!(
                "{free} bytes are free and the airing log keeps {} for itself",
                self.reserve
            )));
        }
        Ok(())
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
            let turn = intake.turns.take(&received.sha256).await;
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
            if known {
                drop(received.file);
            } else {
                fs::rename(received.file.path()?, &target)
                    .map_err(|error| Error::io("the upload", &error))?;
                received.file.used();
                sync_folder(&intake.folders.originals)?;
            }
            let kept = intake.store.add_segment(&segment, &by, intake.clock.now().wall);
            if kept.is_err() && !known {
                let _ = fs::remove_file(&target);
            }
            let kept = kept?;
            intake.events.segment(&kept.0);
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
        let turn = Arc::clone(&self.children).acquire_owned().await;
        let turn = turn.map_err(|_| Error::internal("the station is shutting down"))?;
        blocking(move || {
            let _turn = turn;
            let id = record.pushed.id;
            self.store.set_standing(id, Standing::Inspecting, None)?;
            let answer = self.run_child(&record)?;
            let answer = match answer {
                Ok(report) => {
                    let length = signed(report.duration());
                    let noted = self.store.set_prepared(id, length, &report.root, &sound(&report));
                    if noted.is_err() {
                        self.discard_unnamed(&report.root);
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

    /// Decodes in a disposable child and puts the prepared PCM under its own hash.
    fn run_child(
        &self,
        record: &SegmentRecord,
    ) -> Result<std::result::Result<InspectReport, InspectRefusal>> {
        let output = self.folders.incoming.join(format!("{}.pcm", record.pushed.id));
        let limits = ChildLimits::for_original(record.pushed.bytes, self.max_duration, self.sample_rate);
        let request = InspectRequest {
            original: self.folders.original(&record.pushed.sha256),
            original_sha256: record.pushed.sha256.clone(),
            output: output.clone(),
            sample_rate: self.sample_rate,
            max_duration: self.max_duration,
            max_output_bytes: limits.file_bytes,
            correction: Correction::default(),
        };
        let report = match child::inspect(&self.program, &request, &limits) {
            Ok(report) => report,
            Err(refusal) => {
                tracing::info!(segment = %record.pushed.id, code = refusal.code.as_str(), why = %refusal.en, "a recording was refused");
                return Ok(Err(refusal));
            }
        };
        fs::rename(&output, self.folders.prepared(&report.root))
            .map_err(|error| Error::io("the prepared sound", &error))?;
        sync_folder(&self.folders.prepared)?;
        Ok(Ok(report))
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
        let report = self.run_child(&record)?.map_err(|refusal| refused(&refusal))?;
        self.store.set_prepared(
            record.pushed.id,
            signed(report.duration()),
            &report.root,
            &sound(&report),
        )?;
        Ok(record.pushed.id)
    }

    /// Goes on where a power cut interrupted: clears half uploads, inspects what was not inspected, and prepares again
    /// what may air but whose prepared PCM is gone.
    pub async fn resume(self: &Arc<Self>) -> Result<()> {
        let intake = Arc::clone(self);
        let (interrupted, unprepared) = blocking(move || {
            intake.folders.clear_incoming()?;
            let records = intake.store.all_segments()?;
            intake.folders.clear_orphans(&records)?;
            let (mut interrupted, mut unprepared) = (Vec::new(), Vec::new());
            for record in records {
                match record.standing {
                    Standing::Received | Standing::Inspecting => interrupted.push(record),
                    Standing::AwaitingApproval | Standing::Approved
                        if !record.prepared.as_deref().is_some_and(|root| intake.is_prepared(root)) =>
                    {
                        unprepared.push(record);
                    }
                    _ => {}
                }
            }
            Ok((interrupted, unprepared))
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
        for record in unprepared {
            let intake = Arc::clone(self);
            tokio::spawn(async move {
                let Ok(_turn) = Arc::clone(&intake.children).acquire_owned().await else { return };
                let _ = tokio::task::spawn_blocking(move || intake.prepare_again(&record)).await;
            });
        }
        Ok(())
    }

    fn is_prepared(&self, root: &str) -> bool {
        let opened = loaxa_audio::prepared::Prepared::open(&self.folders.prepared(root), root);
        opened.is_ok_and(|prepared| prepared.info().sample_rate == self.sample_rate)
    }

    fn prepare_again(&self, record: &SegmentRecord) {
        let id = record.pushed.id;
        let again = || {
            let original = self.folders.original(&record.pushed.sha256);
            if !original.exists() {
                return Err(Error::internal(format!("the original {} is gone too", original.display())));
            }
            let report = self.run_child(record)?.map_err(|refusal| refused(&refusal))?;
            self.store.set_prepared_again(id, signed(report.duration()), &report.root)
        };
        match again() {
            Ok(()) => {
                tracing::info!(segment = %id, "prepared sound was made again from its original");
                self.plan_changed.send_modify(|count| *count += 1);
            }
            Err(error) => {
                tracing::error!(segment = %id, %error, "the prepared sound is gone and cannot be made again; push the recording anew");
            }
        }
    }
}

/// Runs blocking work off the async threads.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => Err(Error::internal(format!("a worker died: {error}"))),
    }
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

fn sound(report: &InspectReport) -> Sound {
    let warnings = report.warnings.iter().map(|warning| Reason {
        code: warning.code.as_str().into(),
        en: warning.en.clone(),
        vi: warning.vi.clone(),
    });
    Sound {
        codec: report.codec.clone(),
        sample_rate: report.original_rate,
        channels: u32::from(report.channels),
        peak_dbfs: report.peak_dbfs,
        warnings: warnings.collect(),
    }
}

fn signed(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX)
}
