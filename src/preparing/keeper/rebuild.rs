//! Making a prepared form again from its original, and what becomes of it when that cannot be done.

use super::Keeper;
use crate::error::{Error, Result};
use crate::intake::{Folders, blocking};
use crate::preparing::condition::{Condition, Stamp};
use crate::preparing::needs;
use crate::preparing::readiness::{Readiness, cannot, original_damaged, original_gone, unready};
use crate::preparing::shelf::For;
use crate::store::{PreparedSound, SegmentRecord};
use loaxa_audio::inspect::{InspectRefusal, RefusalCode};
use loaxa_schedules::{Reason, Standing};
use std::sync::Arc;
use std::time::Duration;

/// What the machine failed us in is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// So is what could not be decoded, where the processor or the memory may have been short.
const TRY_DECODING_AGAIN: Duration = Duration::from_secs(3600);

/// That something could not be made, and what it was made from.
pub(super) struct Failure {
    pub(super) why: Reason,
    original: Option<Stamp>,
    recipe: String,
    at: Duration,
    /// None: it stays so until the original or the settings change.
    again_after: Option<Duration>,
}

impl Failure {
    /// Whether it would only fail again.
    pub(super) fn holds(
        &self,
        record: &SegmentRecord,
        folders: &Folders,
        recipe: &str,
        now: Duration,
    ) -> bool {
        let waited = now.saturating_sub(self.at);
        self.original == Stamp::of(&folders.original(&record.pushed.sha256))
            && self.recipe == recipe
            && self.again_after.is_none_or(|after| waited < after)
    }
}

/// What came of it.
enum Made {
    /// It is there, under this form.
    Sound(Box<PreparedSound>),
    /// The original is not there.
    Gone,
    /// The child would not.
    Refused(InspectRefusal),
}

impl Keeper {
    /// Makes a segment's prepared form again from its original. What comes of it is shown; the segment, and whoever else
    /// has the same original, is led to it. The approval names the original, so it stays.
    pub(super) async fn rebuild(&mut self, record: &SegmentRecord, whom: For) -> Result<()> {
        let id = record.pushed.id;
        // an upload of the same bytes makes the same sound
        let workshop = Arc::clone(&self.parts.workshop);
        let _turn = workshop.turns().take(&record.pushed.sha256).await;
        let store = Arc::clone(&self.parts.store);
        let record = blocking(move || store.segment(id)).await?;
        let decided = [Standing::Approved, Standing::AwaitingApproval, Standing::Altered];
        if !decided.contains(&record.standing) {
            return Ok(());
        }
        let before = self.check(&record).await?;
        if before == Condition::Whole {
            self.parts.preparing.set(id, Readiness::Ready);
            return Ok(());
        }
        let original = self.parts.folders.original(&record.pushed.sha256);
        let stamp = Stamp::of(&original);
        let made = {
            let lane = self.parts.workshop.lanes().for_keeper().await?;
            let (workshop, asked) = (Arc::clone(&self.parts.workshop), record.clone());
            blocking(move || {
                let _lane = lane;
                if !original.exists() {
                    return Ok(Made::Gone);
                }
                Ok(match workshop.make(&asked, whom)? {
                    Ok(sound) => Made::Sound(Box::new(sound)),
                    Err(refusal) => Made::Refused(refusal),
                })
            })
            .await
        };
        let title = &record.pushed.title;
        let (why, again_after) = match made {
            Ok(Made::Sound(sound)) => match self.lead_to(&record, *sound, &before).await {
                Ok(()) => return Ok(()),
                Err(error) => (failed(title, &error), Some(TRY_AGAIN)),
            },
            Ok(Made::Gone) => (original_gone(title), None),
            Ok(Made::Refused(refusal)) => match refusal.code {
                RefusalCode::OriginalChanged => (original_damaged(title), None),
                code if code.is_ours() => {
                    (cannot(title, code.as_str(), &refusal.en, &refusal.vi), Some(TRY_AGAIN))
                }
                code => (cannot(title, code.as_str(), &refusal.en, &refusal.vi), Some(TRY_DECODING_AGAIN)),
            },
            Err(error) => (failed(title, &error), Some(TRY_AGAIN)),
        };
        let at = self.parts.clock.now().mono;
        let recipe = self.recipe.clone();
        self.failures.insert(id, Failure { why: why.clone(), original: stamp, recipe, at, again_after });
        self.parts.preparing.set(id, Readiness::Failed(why));
        Ok(())
    }

    /// Leads the segments of an original to the form that was made of it.
    async fn lead_to(
        &mut self,
        record: &SegmentRecord,
        sound: PreparedSound,
        before: &Condition,
    ) -> Result<()> {
        let id = record.pushed.id;
        let shelf = Arc::clone(self.parts.workshop.shelf());
        shelf.keep_also(&sound.root);
        let same = record.prepared.as_deref() == Some(sound.root.as_str());
        if !(same && record.recipe.as_deref() == Some(sound.recipe.as_str())) {
            let (store, folders) = (Arc::clone(&self.parts.store), self.parts.folders.clone());
            let now = self.parts.clock.now();
            let (asked, playable) = (record.clone(), *before == Condition::Other);
            let changed = blocking(move || {
                let (in_use, roots) = needs::in_use(&store, now)?;
                // another segment of the same original has the same sound
                let armed = in_use.contains(&asked.pushed.id)
                    || asked.prepared.as_deref().is_some_and(|root| roots.contains(root));
                if !same && playable && armed {
                    // it was armed meanwhile: it sounds as it was announced, and this is made again afterwards
                    if !store.prepared_needed()?.contains_key(&sound.root) {
                        let _ = std::fs::remove_file(folders.prepared(&sound.root));
                    }
                    return Ok(None);
                }
                store.set_prepared_again(&asked.pushed.sha256, &sound, now.wall).map(Some)
            })
            .await?;
            let Some(changed) = changed else {
                if let Some(why) = unready(&Condition::Other) {
                    self.parts.preparing.set(id, Readiness::Waiting(why));
                }
                return Ok(());
            };
            if let Some(old) = record.prepared.as_deref().filter(|_| !same) {
                shelf.supersede(old);
            }
            changed.iter().for_each(|record| self.parts.events.segment(record));
            self.parts.plan_changed.send_modify(|count| *count += 1);
        }
        tracing::info!(segment = %id, was = ?before, "prepared sound was made again from its original");
        let store = Arc::clone(&self.parts.store);
        let record = blocking(move || store.segment(id)).await?;
        let readiness = match unready(&self.check(&record).await?) {
            None => Readiness::Ready,
            // what was just written is not what is read: the next look tries again
            Some(why) => Readiness::Failed(why),
        };
        self.failures.remove(&id);
        self.parts.preparing.set(id, readiness);
        Ok(())
    }
}

fn failed(title: &str, error: &Error) -> Reason {
    let vi = error.detail_vi.as_deref().unwrap_or("có lỗi bên trong đài, xem nhật ký của máy");
    cannot(title, &error.code, &error.detail, vi)
}
