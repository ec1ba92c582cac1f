//! What the airing log forgets, once a day: what is older than the configuration says and nothing needs any more.
//!
//! It is decided with a trusted clock and a key that signs, or not at all; then it is deleted little by little, so that nobody who
//! writes waits for it.

use super::Heads;
use crate::clock::Clock;
use crate::error::Result;
use crate::intake::blocking;
use crate::planning;
use crate::store::{Removable, Removed, Store};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use loaxa_schedules::Now;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// No two removals are nearer to each other.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Something that stays must be so old: who sets a clock years ahead has so long to see it.
const KNOWN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So often it is looked whether one may be due.
const LOOKED_AT: Duration = Duration::from_secs(600);
/// So often the log is read for it: where a campaign holds years of rows, each time through all of them.
const READ_EVERY: Duration = Duration::from_secs(6 * 3600);
/// Rows of the log, and airings, that one transaction deletes: a slow card takes some tenths of a second for it.
const TOGETHER: u32 = 100;
/// After each transaction there is a rest.
const REST: Duration = Duration::from_millis(250);
/// And while something sounds, such a one.
const REST_ON_AIR: Duration = Duration::from_secs(2);

/// Why nothing is removed although a rule says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Nobody knows how old a row is.
    ClockUntrusted,
    /// The station signs nothing: a removal could not be told from a loss.
    NotSigned,
    /// This row is old enough; a slot that is open or a campaign that is not over needs it, or one after it.
    Needed(i64),
    /// This row is old enough by a clock that may have jumped ahead: the log has nothing that is younger and older than a week.
    Doubtful(i64),
}

impl Waits {
    /// Stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClockUntrusted => "clock_untrusted",
            Self::NotSigned => "not_signed",
            Self::Needed(_) => "needed",
            Self::Doubtful(_) => "doubtful",
        }
    }
}

/// How long the log is kept, and what the last look found; for whoever asks.
#[derive(Debug, Default)]
pub struct Keeping {
    days: Option<u32>,
    waits: Mutex<Option<Waits>>,
}

impl Keeping {
    /// For so many days; None for ever.
    pub fn new(days: Option<u32>) -> Self {
        Self { days, waits: Mutex::default() }
    }

    /// For how many days rows are kept; None for ever.
    pub const fn days(&self) -> Option<u32> {
        self.days
    }

    /// Why nothing is removed although a rule says so.
    pub fn waits(&self) -> Option<Waits> {
        *self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was found; whether it is news.
    fn note(&self, found: Option<Waits>) -> bool {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *waits, found) != found
    }
}

/// Whoever removes what the rule lets go.
pub struct Retention {
    /// What is kept.
    pub store: Arc<Store>,
    /// What signs.
    pub heads: Arc<Heads>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The zone in which a campaign's last day ends.
    pub timezone: TimeZone,
    /// The rule, and what was found.
    pub keeping: Arc<Keeping>,
    /// Whether something sounds or is about to.
    pub on_air: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Retention {
    /// Removes until it is dropped. What a removal before left is deleted first, whatever the rule says now.
    pub async fn run(self) {
        let mut read_at: Option<Duration> = None;
        loop {
            while self.forget().await {
                tokio::time::sleep(if (self.on_air)() { REST_ON_AIR } else { REST }).await;
            }
            let now = self.clock.now();
            let due = read_at.is_none_or(|at| now.mono.saturating_sub(at) >= READ_EVERY);
            if due && self.decide(now).await.is_some() {
                continue;
            }
            // what it waits for otherwise is known without reading
            if due && now.trusted && self.heads.problem().is_none() {
                read_at = Some(now.mono);
            }
            tokio::time::sleep(LOOKED_AT).await;
        }
    }

    async fn forget(&self) -> bool {
        let store = Arc::clone(&self.store);
        let forgotten = blocking(move || store.forget_some(TOGETHER)).await;
        forgotten.unwrap_or_else(|error| {
            tracing::error!(%error, "what the airing log forgets could not be deleted; it is tried again");
            false
        })
    }

    async fn decide(&self, now: Now) -> Option<Removed> {
        let (store, heads, keeping) =
            (Arc::clone(&self.store), Arc::clone(&self.heads), Arc::clone(&self.keeping));
        let timezone = self.timezone.clone();
        let decided = blocking(move || decide(&store, &heads, &keeping, &timezone, now)).await;
        decided.unwrap_or_else(|error| {
            tracing::error!(%error, "what is old in the airing log could not be removed; it is tried again");
            None
        })
    }
}

/// Decides what goes now, and makes it evidence; nothing is deleted yet.
///
/// # Errors
/// When the database refuses.
pub fn decide(
    store: &Store,
    heads: &Heads,
    keeping: &Keeping,
    timezone: &TimeZone,
    now: Now,
) -> Result<Option<Removed>> {
    let Some(days) = keeping.days() else { return Ok(None) };
    let found = if !now.trusted {
        Err(Waits::ClockUntrusted)
    } else if heads.problem().is_some() {
        Err(Waits::NotSigned)
    } else {
        let newest = store.removed()?.map(|removed| removed.at);
        if newest.is_some_and(|at| at <= now.wall && now.wall.duration_since(at) < EVERY) {
            return Ok(None);
        }
        let age = SignedDuration::from_hours(24 * i64::from(days));
        let (Ok(before), Ok(known)) = (now.wall.checked_sub(age), now.wall.checked_sub(KNOWN)) else {
            return Ok(None);
        };
        let campaigns = planning::running_campaigns(store, timezone, now.wall)?;
        match store.removable(before, known, &campaigns)? {
            Removable::UpTo(row) => Ok(Some(row)),
            Removable::Nothing => Ok(None),
            Removable::Held(row) => Err(Waits::Needed(row)),
            Removable::Doubtful(row) => Err(Waits::Doubtful(row)),
        }
    };
    if keeping.note(found.err())
        && let Err(waits) = found
    {
        tracing::warn!(why = waits.code(), ?waits, "nothing of the airing log is removed");
    }
    let Ok(Some(row)) = found else { return Ok(None) };
    let removed = heads.remove_until(row, days, now.wall)?;
    tracing::info!(row, told = removed.told, until = %removed.until, "the airing log forgets what is older");
    Ok(Some(removed))
}

#[cfg(test)]
pub(crate) mod lab;
#[cfg(test)]
mod tests;
