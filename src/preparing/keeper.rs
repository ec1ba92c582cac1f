//! The task that keeps what is planned ready to air.

mod rebuild;
#[cfg(test)]
mod tests;

use super::condition::{Condition, Hashed, Stamp, made_with, open};
use super::needs::{self, Needs};
use super::readiness::{Preparing, Readiness, Summary, unready};
use super::shelf::For;
use super::workshop::Workshop;
use crate::clock::Clock;
use crate::error::Result;
use crate::events::Events;
use crate::intake::{Folders, blocking};
use crate::planning::Site;
use crate::store::{SegmentRecord, Store};
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{Now, SegmentId, Standing};
use rebuild::Failure;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Without any change it looks so often.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);
/// And so often while something is not ready.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// After a look it rests for so many times as long: changes that follow one another are looked at together.
const REST: u32 = 5;
/// And at least, and at most, so long.
const REST_BETWEEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(15));
/// Blocks of sound that are hashed at a time: 16 s of it.
const PIECE: u64 = 64;
/// While something sounds, the disk is the air's: after each piece there is a rest.
const REST_ON_AIR: Duration = Duration::from_millis(250);
/// Closer to its start than this, the prepared form of a slot is not exchanged for another one.
const HANDS_OFF: SignedDuration = SignedDuration::from_secs(15);
/// Listeners wait while something that is due within so little is not ready.
const URGENT: SignedDuration = SignedDuration::from_mins(10);
/// That something is needed is noted so often.
const NOTE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Says whether something sounds or is about to.
type OnAir = dyn Fn() -> bool + Send + Sync;

/// What the keeper is made of.
pub struct KeeperParts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is kept.
    pub store: Arc<Store>,
    /// What the configuration says that a plan depends on.
    pub site: Site,
    /// Where sound lies.
    pub folders: Folders,
    /// Who wants to know.
    pub events: Events,
    /// Who makes it.
    pub workshop: Arc<Workshop>,
    /// What the rest of the daemon sees.
    pub preparing: Arc<Preparing>,
    /// Told whenever what could air has changed, by the keeper too.
    pub plan_changed: watch::Sender<u64>,
    /// Whether something sounds or is about to.
    pub on_air: Box<OnAir>,
    /// How far ahead it looks.
    pub ahead: SignedDuration,
}

/// Keeps what is planned ready to air.
pub struct Keeper {
    parts: KeeperParts,
    recipe: String,
    hashed: Hashed,
    /// What could not be made, and what would be different when it is tried again.
    failures: HashMap<SegmentId, Failure>,
    /// As it was last told.
    told: Summary,
}

/// What is left to do when a look is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// Something changed meanwhile, or there is more: the next look comes soon.
    More,
}

impl Keeper {
    /// A keeper that has not looked yet.
    pub fn new(parts: KeeperParts) -> Self {
        let recipe = parts.workshop.recipe();
        Self { parts, recipe, hashed: Hashed::default(), failures: HashMap::new(), told: Summary::default() }
    }

    /// Looks whenever something changes, and at intervals, until `shutdown`.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep() => {}
            () = crate::web::down(&mut shutdown) => {}
        }
    }

    async fn keep(&mut self) {
        let mut changes = self.parts.plan_changed.subscribe();
        loop {
            changes.mark_unchanged();
            let begun = self.parts.clock.now().mono;
            let watched = changes.clone();
            // an error of the watch means that nobody can change anything any more
            let left = self.look(&|| watched.has_changed().unwrap_or(false)).await;
            self.tell();
            loaxa_board_sys::give_memory_back();
            let took = self.parts.clock.now().mono.saturating_sub(begun);
            tokio::time::sleep((took * REST).clamp(REST_BETWEEN.0, REST_BETWEEN.1)).await;
            let pause = match left {
                Ok(Left::More) => continue,
                Ok(Left::Nothing) if self.told.ready == self.told.planned => LOOK_EVERY,
                Ok(Left::Nothing) => LOOK_AGAIN,
                Err(error) => {
                    tracing::warn!(%error, "what is planned could not be looked at; it is tried again");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = self.parts.preparing.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sees to everything that is needed, soonest first, then to what somebody waits for, then to what there is no room
    /// for, then to what was made with other settings. Breaks off, and says so, when something changed meanwhile.
    async fn look(&mut self, changed: &(dyn Fn() -> bool + Sync)) -> Result<Left> {
        let now = self.parts.clock.now();
        let until = now.wall.saturating_add(self.parts.ahead).unwrap_or(Timestamp::MAX);
        let (store, site) = (Arc::clone(&self.parts.store), self.parts.site.clone());
        let needs = blocking(move || needs::find(&store, &site, now, until)).await?;
        let kept: HashSet<String> =
            needs.soonest.iter().filter_map(|(_, record)| record.prepared.clone()).collect();
        self.hashed.retain(|root| kept.contains(root));
        self.parts.workshop.shelf().keep(kept.union(&needs.roots_in_use).cloned().collect());
        self.parts.preparing.expect(&needs, until);
        self.note_needed(&needs, now).await;
        let mut first = true;
        for (at, record) in &needs.soonest {
            // something is seen to however often the plan changes
            if !first && changed() {
                return Ok(Left::More);
            }
            if at.duration_since(self.parts.clock.now().wall) > URGENT {
                self.serve(&needs).await?;
            }
            first &= self.see_to(record, *at, &needs).await?;
        }
        self.serve(&needs).await?;
        if changed() {
            return Ok(Left::More);
        }
        let shelf = Arc::clone(self.parts.workshop.shelf());
        blocking(move || shelf.sweep()).await?;
        self.renew(&needs, changed).await
    }

    /// Brings one recording into order, if it is not. True when there was nothing to do.
    async fn see_to(&mut self, record: &SegmentRecord, at: Timestamp, needs: &Needs) -> Result<bool> {
        let id = record.pushed.id;
        let condition = self.check(record).await?;
        let Some(why) = unready(&condition) else {
            self.failures.remove(&id);
            self.parts.preparing.set(id, Readiness::Ready);
            return Ok(true);
        };
        if condition == Condition::Other && self.hands_off(id, at, needs) {
            self.parts.preparing.set(id, Readiness::Waiting(why));
            return Ok(true);
        }
        if let Some(failure) = self.failures.get(&id)
            && failure.holds(record, &self.parts.folders, &self.recipe, self.parts.clock.now().mono)
        {
            self.parts.preparing.set(id, Readiness::Failed(failure.why.clone()));
            return Ok(true);
        }
        self.parts.preparing.set(id, Readiness::Waiting(why));
        self.tell();
        self.rebuild(record, For::Air).await?;
        self.tell();
        Ok(false)
    }

    /// Whether another prepared form would come between a slot and what it was armed with.
    fn hands_off(&self, id: SegmentId, at: Timestamp, needs: &Needs) -> bool {
        let now = self.parts.clock.now();
        let near = now.trusted && at.duration_since(now.wall) < HANDS_OFF && at > now.wall;
        near || needs.in_use.contains(&id)
    }

    /// In what condition the prepared form is. All of it is hashed, unless it was and nothing changed since.
    async fn check(&mut self, record: &SegmentRecord) -> Result<Condition> {
        let (folders, asked) = (self.parts.folders.clone(), record.clone());
        let opened = blocking(move || {
            let root = asked.prepared.clone().unwrap_or_default();
            let stamp = Stamp::of(&folders.prepared(&root));
            Ok(open(&asked, &folders).map(|pcm| (root, stamp, Arc::new(pcm))))
        })
        .await?;
        let (root, stamp, pcm) = match opened {
            Ok((root, Some(stamp), pcm)) => (root, stamp, pcm),
            Ok((_, None, _)) => return Ok(Condition::Missing),
            Err(condition) => return Ok(condition),
        };
        if !self.hashed.knows(&root, stamp, self.parts.clock.now().mono) {
            for first in (0..pcm.blocks()).step_by(PIECE as usize) {
                let reader = Arc::clone(&pcm);
                let whole = blocking(move || {
                    let mut samples = Vec::new();
                    let last = reader.blocks().min(first + PIECE);
                    Ok((first..last).try_for_each(|block| reader.read_block_into(block, &mut samples)))
                });
                if let Err(error) = whole.await? {
                    tracing::error!(segment = %record.pushed.id, %error, "prepared sound is damaged");
                    return Ok(Condition::Damaged);
                }
                if (self.parts.on_air)() {
                    tokio::time::sleep(REST_ON_AIR).await;
                }
            }
            self.hashed.note(root, stamp, self.parts.clock.now().mono);
        }
        Ok(made_with(record, &self.recipe))
    }

    /// Sees to everything that somebody waits for.
    async fn serve(&mut self, needs: &Needs) -> Result<()> {
        let mut done = HashSet::new();
        while let Some(id) = self.parts.preparing.next_wanted(&done) {
            done.insert(id);
            let served = self.serve_one(id, needs).await;
            self.parts.preparing.serve(id);
            served?;
        }
        Ok(())
    }

    async fn serve_one(&mut self, id: SegmentId, needs: &Needs) -> Result<()> {
        let store = Arc::clone(&self.parts.store);
        let record = blocking(move || store.segment(id)).await?;
        let condition = self.check(&record).await?;
        let playable = matches!(condition, Condition::Whole | Condition::Other);
        let usable =
            matches!(record.standing, Standing::AwaitingApproval | Standing::Approved | Standing::Altered);
        if playable || !usable || (needs.in_use.contains(&id) && record.recipe.as_ref() != Some(&self.recipe))
        {
            return Ok(());
        }
        self.rebuild(&record, For::People).await
    }

    /// Prepares again what lies there and was made with other settings, while nothing else is to be done: what was
    /// needed last comes first.
    async fn renew(&mut self, needs: &Needs, changed: &(dyn Fn() -> bool + Sync)) -> Result<Left> {
        let (store, folders, recipe) =
            (Arc::clone(&self.parts.store), self.parts.folders.clone(), self.recipe.clone());
        let mut others = blocking(move || {
            let mut records = store.usable_segments(None)?;
            records.retain(|record| super::glance(record, &folders, &recipe) == Condition::Other);
            Ok(records)
        })
        .await?;
        others.sort_by_key(|record| std::cmp::Reverse(record.needed_at.unwrap_or(record.uploaded_at)));
        for record in others {
            let id = record.pushed.id;
            let now = self.parts.clock.now();
            let failed = self.failures.get(&id);
            let hopeless =
                failed.is_some_and(|it| it.holds(&record, &self.parts.folders, &self.recipe, now.mono));
            if hopeless || needs.in_use.contains(&id) {
                continue;
            }
            if needs.soonest.iter().any(|(at, it)| it.pushed.id == id && self.hands_off(id, *at, needs)) {
                continue;
            }
            if (self.parts.on_air)() {
                return Ok(Left::Nothing);
            }
            if changed() || self.parts.preparing.next_wanted(&HashSet::new()).is_some() {
                return Ok(Left::More);
            }
            self.rebuild(&record, For::People).await?;
        }
        Ok(Left::Nothing)
    }

    /// Notes that these are needed, so that they are the last to go.
    async fn note_needed(&self, needs: &Needs, now: Now) {
        let ids: Vec<SegmentId> = needs
            .soonest
            .iter()
            .filter(|(_, record)| {
                record.needed_at.is_none_or(|at| now.wall.duration_since(at).abs() >= NOTE_EVERY)
            })
            .map(|(_, record)| record.pushed.id)
            .collect();
        if ids.is_empty() || !now.trusted {
            return;
        }
        let store = Arc::clone(&self.parts.store);
        let noted = blocking(move || {
            store.set_needed(&ids, now.wall, now.wall.saturating_sub(NOTE_EVERY).unwrap_or(now.wall))
        });
        if let Err(error) = noted.await {
            tracing::debug!(%error, "when prepared sound was needed could not be noted");
        }
    }

    /// Tells whoever listens, when it is another story than before.
    fn tell(&mut self) {
        let summary = self.parts.preparing.summary();
        if summary == self.told {
            return;
        }
        for failed in &summary.failed {
            if !self.told.failed.iter().any(|it| it.segment == failed.segment && it.code == failed.code) {
                tracing::error!(segment = %failed.segment, code = failed.code, "{}", failed.reason);
            }
        }
        match serde_json::to_value(&summary) {
            Ok(value) => self.parts.events.tell("preparation", &value),
            Err(error) => tracing::error!(%error, "what is ready cannot be told"),
        }
        self.told = summary;
    }
}
