//! Uploads that come in pieces, for lines that break: what has come stays on the disk, across cuts, kills and power cuts,
//! until it is whole and goes the way of every recording, or until nobody went on with it for a day.
//!
//! What is told as the offset is on the disk for good: the bytes are synced, then the record that counts them.

mod record;

pub use record::{End, Upload};

use super::{Intake, blocking, empty, too_large};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::ids;
use crate::preparing::For;
use crate::store::NewSegment;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use jiff::SignedDuration;
use loaxa_schedules::SegmentId;
use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncSeekExt, AsyncWriteExt, SeekFrom};
use tokio::sync::{OwnedMutexGuard, watch};
use uuid::Uuid;

/// Nobody went on for so long: it is forgotten. What became of a finished one can be asked for as long.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After so many bytes what has come is made durable while more comes: a kill costs no more than this.
const SAVED_EVERY: u64 = 1 << 20;
/// Uploads that one identity may have begun and not finished.
const OF_ONE: usize = 32;
/// Unfinished uploads of everybody.
const OF_ALL: usize = 128;
/// Finished ones that are remembered: the oldest are forgotten first.
const FINISHED: usize = 512;
/// It is looked so often for what is to be forgotten.
const LOOKED_AT: Duration = Duration::from_secs(15 * 60);

/// The uploads in pieces.
pub struct Uploads {
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    there: Mutex<HashMap<Uuid, Arc<Entry>>>,
}

/// One of them.
struct Entry {
    upload: Mutex<Upload>,
    /// Whoever holds it may write.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many wait for the turn: a line that died unnoticed must not keep its sender from going on over another one.
    waiting: watch::Sender<usize>,
}

impl Entry {
    fn new(upload: Upload) -> Arc<Self> {
        Arc::new(Self { upload: Mutex::new(upload), turn: Arc::default(), waiting: watch::Sender::new(0) })
    }

    fn upload(&self) -> MutexGuard<'_, Upload> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> Upload {
        self.upload().clone()
    }

    /// Waits for the turn; who is writing gives way.
    async fn turn(&self) -> OwnedMutexGuard<()> {
        struct Waiting<'a>(&'a watch::Sender<usize>);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.send_modify(|count| *count -= 1);
            }
        }
        self.waiting.send_modify(|count| *count += 1);
        let _waiting = Waiting(&self.waiting);
        Arc::clone(&self.turn).lock_owned().await
    }
}

impl Uploads {
    /// The uploads that the folder holds.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(intake: Arc<Intake>, clock: Arc<dyn Clock>) -> Result<Self> {
        let folder = intake.folders().uploads.clone();
        let kept = record::all_in(&folder)?;
        let there = kept.into_iter().map(|upload| (upload.id, Entry::new(upload))).collect();
        Ok(Self { intake, clock, folder, there: Mutex::new(there) })
    }

    fn there(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Entry>>> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload of so many bytes; `said` is what its sender said of it, and is told again as it was said.
    ///
    /// # Errors
    /// `empty_file`, `too_large`, `too_many_uploads`, `storage_full` where the disk has no room for all of it.
    pub async fn begin(
        self: &Arc<Self>,
        by: String,
        words: NewSegment,
        said: String,
        length: u64,
    ) -> Result<Upload> {
        if length == 0 {
            return Err(empty());
        }
        if length > self.intake.max_upload() {
            return Err(too_large(self.intake.max_upload()));
        }
        let now = self.clock.now().wall;
        let upload = Upload {
            id: ids::new_id(now),
            by,
            length,
            offset: 0,
            expires: now + KEPT,
            said,
            words,
            end: None,
        };
        let uploads = Arc::clone(self);
        blocking(move || {
            uploads.sweep();
            uploads.intake.workshop.shelf().make_room(length, For::People)?;
            // counted and entered in one step: many may begin at once
            let mut there = uploads.there();
            uploads.admit(&there, &upload.by)?;
            let file = upload.bytes_in(&uploads.folder);
            std::fs::File::create(&file).map_err(|error| Error::io("the upload", &error))?;
            if let Err(error) = upload.keep(&uploads.folder) {
                upload.forget(&uploads.folder);
                return Err(error);
            }
            there.insert(upload.id, Entry::new(upload.clone()));
            Ok(upload)
        })
        .await
    }

    /// Whether one more may be begun.
    fn admit(&self, there: &HashMap<Uuid, Arc<Entry>>, by: &str) -> Result<()> {
        let unfinished = || there.values().map(|entry| entry.upload()).filter(|upload| upload.end.is_none());
        let own = unfinished().filter(|upload| upload.by == by).count();
        if own < OF_ONE && unfinished().count() < OF_ALL {
            return Ok(());
        }
        let whose = if own < OF_ONE { "the station has" } else { "you have" };
        Err(Error::new(
            ErrorKind::TooManyRequests,
            "too_many_uploads",
            format!(
                "{whose} too many unfinished uploads ({OF_ONE} of one, {OF_ALL} in all); finish some, or DELETE them; they are forgotten after a day"
            ),
        )
        .vi("Có quá nhiều lượt tải lên chưa xong. Hãy tải tiếp hoặc hủy bớt; sau một ngày chúng sẽ tự bị xóa."))
    }

    /// An upload of this identity's as it is just now, whoever is writing.
    ///
    /// # Errors
    /// `not_found`, `foreign_upload`, `upload_expired`.
    pub fn look(&self, id: Uuid, by: &str) -> Result<Upload> {
        Ok(self.entry(id, by)?.seen())
    }

    fn entry(&self, id: Uuid, by: &str) -> Result<Arc<Entry>> {
        let found = self.there().get(&id).cloned();
        let entry = found.ok_or_else(|| missing(id))?;
        let upload = entry.seen();
        if upload.by != by {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "foreign_upload",
                format!("upload {id} was begun by somebody else, who alone may go on with it; begin one of your own"),
            )
            .vi("Lượt tải lên này do người khác bắt đầu. Hãy tự tải lên từ đầu."));
        }
        if self.over(&upload) {
            return Err(Error::new(
                ErrorKind::NotFound,
                "upload_expired",
                format!("nobody went on with upload {id} for a day, and it is forgotten; begin it again"),
            )
            .vi("Lượt tải lên đã quá một ngày không tiếp tục nên đã bị hủy. Hãy tải lại từ đầu."));
        }
        Ok(entry)
    }

    /// A clock that is not to be trusted forgets nothing.
    fn over(&self, upload: &Upload) -> bool {
        let now = self.clock.now();
        now.trusted && now.wall >= upload.expires
    }

    /// How far an upload has come, after whoever still writes gave way. What is whole and was not taken in, because the
    /// disk was full or the station went down, is taken in now.
    ///
    /// # Errors
    /// As `look`; and as taking in, but for a refusal of the recording, which is in the answer.
    pub async fn resume(self: &Arc<Self>, id: Uuid, by: &str) -> Result<Upload> {
        let entry = self.entry(id, by)?;
        let _turn = entry.turn().await;
        // it may have been ended while we waited
        self.entry(id, by)?;
        self.take_in(&entry).await?;
        Ok(entry.seen())
    }

    /// Writes what comes behind what has come. What is whole then is taken in, and answered as `Intake::take_in` answers.
    ///
    /// # Errors
    /// As `look`; `wrong_offset`, `too_much`; `upload_cut` and `gave_way`, with all that came kept; `storage_full`; and the
    /// refusal of a recording.
    pub async fn append(
        self: &Arc<Self>,
        id: Uuid,
        by: &str,
        offset: u64,
        bytes: impl Stream<Item = Result<Bytes>>,
    ) -> Result<Upload> {
        let entry = self.entry(id, by)?;
        let _turn = entry.turn().await;
        self.entry(id, by)?;
        let upload = entry.seen();
        if offset != upload.offset {
            return Err(Error::new(
                ErrorKind::Conflict,
                "wrong_offset",
                format!(
                    "upload {id} has {} bytes, and these begin at {offset}; ask with HEAD and go on from Upload-Offset",
                    upload.offset
                ),
            ));
        }
        if !upload.whole() {
            self.write(&entry, upload, bytes).await?;
        }
        self.take_in(&entry).await?;
        let upload = entry.seen();
        match upload.end.as_ref().and_then(End::problem) {
            Some(problem) => Err(problem),
            None => Ok(upload),
        }
    }

    async fn write(
        &self,
        entry: &Entry,
        mut upload: Upload,
        bytes: impl Stream<Item = Result<Bytes>>,
    ) -> Result<()> {
        let failed = |error: std::io::Error| Error::io("the upload", &error);
        let (shelf, rest) = (Arc::clone(self.intake.workshop.shelf()), upload.length - upload.offset);
        blocking(move || shelf.make_room(rest, For::People)).await?;
        let path = upload.bytes_in(&self.folder);
        let mut file = tokio::fs::OpenOptions::new().write(true).open(&path).await.map_err(failed)?;
        // what was written and never counted, because a cut came between, is written again
        file.set_len(upload.offset).await.map_err(failed)?;
        file.seek(SeekFrom::End(0)).await.map_err(failed)?;
        let mut waiting = entry.waiting.subscribe();
        let mut bytes = pin!(bytes);
        let mut saved = upload.offset;
        let ended = loop {
            let piece = tokio::select! {
                biased;
                () = wanted(&mut waiting) => break Err(gave_way()),
                piece = bytes.next() => piece,
            };
            let piece = match piece {
                None => break Ok(()),
                Some(Ok(piece)) => piece,
                Some(Err(error)) => break Err(error),
            };
            let offset = upload.offset + piece.len() as u64;
            if offset > upload.length {
                break Err(too_much(&upload));
            }
            file.write_all(&piece).await.map_err(failed)?;
            upload.offset = offset;
            if upload.offset - saved >= SAVED_EVERY {
                self.save(entry, &mut file, &upload).await?;
                saved = upload.offset;
                let shelf = Arc::clone(self.intake.workshop.shelf());
                blocking(move || shelf.make_room(1, For::People)).await?;
            }
        };
        if upload.offset > saved {
            self.save(entry, &mut file, &upload).await?;
        }
        ended.map_err(
            |error| if ["upload_cut", "body_cut"].contains(&&*error.code) { cut(&upload) } else { error },
        )
    }

    /// Makes what has come durable, and then says so.
    async fn save(&self, entry: &Entry, file: &mut tokio::fs::File, upload: &Upload) -> Result<()> {
        let failed = |error: std::io::Error| Error::io("the upload", &error);
        file.flush().await.map_err(failed)?;
        file.sync_data().await.map_err(failed)?;
        let upload = Upload { expires: self.clock.now().wall + KEPT, ..upload.clone() };
        let (kept, folder) = (upload.clone(), self.folder.clone());
        blocking(move || kept.keep(&folder)).await?;
        *entry.upload() = upload;
        Ok(())
    }

    /// Takes in what is whole. Its bytes stay until it is written down what became of them: after a cut it is taken in
    /// once more, and the same recording with the same words is the same segment.
    async fn take_in(&self, entry: &Entry) -> Result<()> {
        let upload = entry.seen();
        if !upload.whole() || upload.end.is_some() {
            return Ok(());
        }
        let received = self.intake.received(&upload.bytes_in(&self.folder)).await?;
        let words = NewSegment {
            id: SegmentId(ids::new_id(self.clock.now().wall)),
            sha256: received.sha256.clone(),
            bytes: received.bytes,
            ..upload.words.clone()
        };
        let end = match self.intake.take_in(received, words, upload.by.clone()).await {
            Ok((record, _)) => End::Segment(record.pushed.id),
            // what the machine failed at is tried again
            Err(error) => End::refused(&error).ok_or(error)?,
        };
        tracing::info!(upload = %upload.id, ?end, "an upload in pieces is whole");
        let upload = Upload { end: Some(end), expires: self.clock.now().wall + KEPT, ..upload };
        *entry.upload() = upload.clone();
        let folder = self.folder.clone();
        blocking(move || {
            match upload.keep(&folder) {
                Ok(()) => drop(std::fs::remove_file(upload.bytes_in(&folder))),
                Err(error) => {
                    tracing::warn!(upload = %upload.id, %error, "what became of an upload could not be written down");
                }
            }
            Ok(())
        })
        .await
    }

    /// Ends an upload: what has come of it goes. The segment that it became stays.
    ///
    /// # Errors
    /// As `look`.
    pub async fn end(self: &Arc<Self>, id: Uuid, by: &str) -> Result<()> {
        let entry = self.entry(id, by)?;
        let _turn = entry.turn().await;
        self.entry(id, by)?;
        let (uploads, upload) = (Arc::clone(self), entry.seen());
        blocking(move || {
            uploads.there().remove(&id);
            upload.forget(&uploads.folder);
            Ok(())
        })
        .await
    }

    /// Forgets what nobody went on with, and what was finished long ago. What is being written stays.
    fn sweep(&self) {
        let mut there = self.there();
        let mut finished: Vec<Upload> = there.values().map(|entry| entry.seen()).collect();
        let mut gone: Vec<Upload> = finished.iter().filter(|upload| self.over(upload)).cloned().collect();
        finished.retain(|upload| upload.end.is_some());
        finished.sort_by_key(|upload| upload.expires);
        let many = finished.len().saturating_sub(FINISHED);
        gone.extend(finished.into_iter().take(many));
        for upload in gone {
            let free = there.get(&upload.id).is_some_and(|entry| entry.turn.try_lock().is_ok());
            if free && there.remove(&upload.id).is_some() {
                tracing::info!(upload = %upload.id, offset = upload.offset, "an upload is forgotten");
                upload.forget(&self.folder);
            }
        }
    }

    /// Takes in what was whole when the station went down, and from then on forgets what is over.
    pub async fn keep(self: Arc<Self>) {
        let whole: Vec<Arc<Entry>> = self.there().values().cloned().collect();
        for entry in whole {
            let _turn = entry.turn().await;
            let taken = self.take_in(&entry).await;
            if let Err(error) = taken {
                tracing::warn!(upload = %entry.seen().id, %error, "an upload that is whole could not be taken in");
            }
        }
        loop {
            let uploads = Arc::clone(&self);
            let swept = blocking(move || {
                uploads.sweep();
                Ok(())
            });
            if let Err(error) = swept.await {
                tracing::warn!(%error, "uploads that are over could not be forgotten");
            }
            tokio::time::sleep(LOOKED_AT).await;
        }
    }
}

/// Waits until somebody else waits for the turn.
async fn wanted(waiting: &mut watch::Receiver<usize>) {
    if waiting.wait_for(|count| *count > 0).await.is_err() {
        // nobody can ask any more
        std::future::pending().await
    }
}

fn missing(id: Uuid) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "not_found",
        format!("upload {id} does not exist on this station, or is forgotten; begin it again"),
    )
    .vi("Không có lượt tải lên này, hoặc nó đã bị hủy. Hãy tải lại từ đầu.")
}

fn too_much(upload: &Upload) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        "too_much",
        format!(
            "upload {} was begun with {} bytes and more came; what is beyond is not kept, begin another one",
            upload.id, upload.length
        ),
    )
}

fn cut(upload: &Upload) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "upload_cut",
        format!(
            "the line broke; {} of {} bytes of upload {} are kept, ask with HEAD and go on from there",
            upload.offset, upload.length, upload.id
        ),
    )
    .vi("Đường truyền bị ngắt. Phần đã tải được giữ lại; hãy tải tiếp.")
}

fn gave_way() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "gave_way",
        "its sender came again over another line; what came over this one is kept",
    )
}

#[cfg(test)]
mod tests;
