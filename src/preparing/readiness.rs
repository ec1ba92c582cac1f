//! What is ready to air, as everybody else sees it.

use super::condition::Condition;
use super::needs::Needs;
use super::shelf::Shelf;
use crate::web::wire::local;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loaxa_schedules::{Reason, SegmentId};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Whoever asks for sound that has to be made waits so long for it.
const WAIT: Duration = Duration::from_secs(20);

/// How a recording stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Readiness {
    /// Its prepared sound was hashed whole and is what the station's settings make of it.
    Ready,
    /// It is being seen to.
    Waiting(Reason),
    /// It cannot be made ready; the sentence says what to do.
    Failed(Reason),
}

impl Readiness {
    /// Nobody looks at it yet.
    pub fn later() -> Self {
        Self::Waiting(later())
    }

    /// Why it is not ready.
    pub fn why(&self) -> Option<&Reason> {
        match self {
            Self::Ready => None,
            Self::Waiting(why) | Self::Failed(why) => Some(why),
        }
    }
}

/// What is ready, counted in recordings.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Up to then everything that is planned is ready; null until somebody has looked.
    pub ready_until: Option<String>,
    /// Recordings that are planned in the hours ahead, and every approved emergency recording.
    pub planned: usize,
    /// Of them, ready.
    pub ready: usize,
    /// Of them, being checked or made.
    pub waiting: usize,
    /// Of them, those that cannot be made ready.
    pub failed: Vec<Failed>,
}

/// A recording that cannot be made ready.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failed {
    /// Which.
    pub segment: SegmentId,
    /// Its title.
    pub title: String,
    /// When it is first needed.
    pub needed: String,
    /// Stable word.
    pub code: String,
    /// English.
    pub reason: String,
    /// Vietnamese.
    pub reason_vi: String,
}

/// What the rest of the daemon sees of the preparation, and how it asks for more.
pub struct Preparing {
    shelf: Arc<Shelf>,
    timezone: TimeZone,
    state: Mutex<State>,
    /// Somebody wants something.
    pub(super) wake: Notify,
    /// Counts what was seen to for those who want something.
    served: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    until: Option<Timestamp>,
    needed: HashMap<SegmentId, Needed>,
    /// Segments that somebody waits for.
    wanted: BTreeSet<SegmentId>,
    /// Why what somebody wanted could not be had.
    refused: HashMap<SegmentId, Reason>,
}

struct Needed {
    at: Timestamp,
    title: String,
    readiness: Readiness,
}

impl Preparing {
    /// Nothing is known yet.
    pub fn new(shelf: Arc<Shelf>, timezone: TimeZone) -> Self {
        let served = watch::channel(0).0;
        Self { shelf, timezone, state: Mutex::default(), wake: Notify::new(), served }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shelf of prepared sound.
    pub const fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// How a recording that starts then stands.
    pub fn readiness(&self, segment: SegmentId, start: Timestamp, now: Timestamp) -> Readiness {
        let state = self.state();
        if start < now {
            return Readiness::Waiting(past());
        }
        match state.needed.get(&segment) {
            Some(needed) => needed.readiness.clone(),
            None if state.until.is_some_and(|until| until <= start) => Readiness::later(),
            None => Readiness::Waiting(checking()),
        }
    }

    /// All of it in numbers.
    pub fn summary(&self) -> Summary {
        let state = self.state();
        let is =
            |test: fn(&Readiness) -> bool| state.needed.values().filter(|it| test(&it.readiness)).count();
        let mut failed: Vec<(Timestamp, Failed)> = state
            .needed
            .iter()
            .filter_map(|(id, needed)| match &needed.readiness {
                Readiness::Failed(why) => Some((needed.at, self.failed(*id, needed, why))),
                _ => None,
            })
            .collect();
        failed.sort_by_key(|(at, failed)| (*at, failed.segment));
        let unready =
            state.needed.values().filter(|it| it.readiness != Readiness::Ready).map(|it| it.at).min();
        let until = state.until.map(|until| unready.map_or(until, |at| at.min(until)));
        Summary {
            ready_until: until.map(|at| local(at, &self.timezone)),
            planned: state.needed.len(),
            ready: is(|it| *it == Readiness::Ready),
            waiting: is(|it| matches!(it, Readiness::Waiting(_))),
            failed: failed.into_iter().map(|(_, failed)| failed).collect(),
        }
    }

    fn failed(&self, segment: SegmentId, needed: &Needed, why: &Reason) -> Failed {
        Failed {
            segment,
            title: needed.title.clone(),
            needed: local(needed.at, &self.timezone),
            code: why.code.to_string(),
            reason: why.en.clone(),
            reason_vi: why.vi.clone(),
        }
    }

    /// These are needed until then; what is known of them stays known.
    pub(super) fn expect(&self, needs: &Needs, until: Timestamp) {
        let mut state = self.state();
        let mut before = std::mem::take(&mut state.needed);
        for (at, record) in &needs.soonest {
            let id = record.pushed.id;
            let known = before.remove(&id).map(|needed| needed.readiness);
            let readiness = known.unwrap_or_else(|| Readiness::Waiting(checking()));
            state.needed.insert(id, Needed { at: *at, title: record.pushed.title.clone(), readiness });
        }
        state.until = Some(until);
    }

    /// How a recording stands from now on.
    pub(super) fn set(&self, id: SegmentId, readiness: Readiness) {
        let mut state = self.state();
        match &readiness {
            Readiness::Failed(why) => drop(state.refused.insert(id, why.clone())),
            _ => drop(state.refused.remove(&id)),
        }
        if let Some(needed) = state.needed.get_mut(&id) {
            needed.readiness = readiness;
        }
    }

    /// Asks for a segment's prepared sound and waits a while until somebody has seen to it.
    ///
    /// # Errors
    /// The reason why it cannot be had. Without one, look again: it may be there now.
    pub async fn want(&self, id: SegmentId) -> Result<(), Reason> {
        let mut served = self.served.subscribe();
        self.state().wanted.insert(id);
        self.wake.notify_one();
        let seen_to = async {
            while served.changed().await.is_ok() {
                if !self.state().wanted.contains(&id) {
                    break;
                }
            }
        };
        let in_time = tokio::time::timeout(WAIT, seen_to).await.is_ok();
        match self.state().refused.get(&id) {
            Some(why) if in_time => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// The next that somebody waits for, leaving out these.
    pub(super) fn next_wanted(&self, but: &HashSet<SegmentId>) -> Option<SegmentId> {
        self.state().wanted.iter().find(|id| !but.contains(id)).copied()
    }

    /// It was seen to, whatever came of it.
    pub(super) fn serve(&self, id: SegmentId) {
        self.state().wanted.remove(&id);
        self.served.send_modify(|count| *count += 1);
    }
}

fn reason(code: &'static str, en: impl Into<String>, vi: impl Into<String>) -> Reason {
    Reason { code: code.into(), en: en.into(), vi: vi.into() }
}

fn checking() -> Reason {
    reason("checking", "its prepared sound is still to be checked", "Âm thanh đã xử lý đang chờ kiểm tra.")
}

fn past() -> Reason {
    reason("past", "its time has passed", "Giờ phát đã qua.")
}

fn later() -> Reason {
    reason(
        "later",
        "it is checked and made ready in the hours before its time",
        "Bản ghi sẽ được kiểm tra và chuẩn bị trong những giờ trước khi phát.",
    )
}

/// Why a prepared form in this condition must be made; None when it need not be.
pub fn unready(condition: &Condition) -> Option<Reason> {
    Some(match condition {
        Condition::Whole => return None,
        Condition::Missing => reason(
            "missing",
            "its prepared sound is not there; it is made from its original",
            "Chưa có âm thanh đã xử lý; đang tạo từ bản gốc.",
        ),
        Condition::Damaged => reason(
            "damaged",
            "its prepared sound is damaged; it is made again from its original",
            "Âm thanh đã xử lý bị hỏng; đang tạo lại từ bản gốc.",
        ),
        Condition::Other => reason(
            "other_settings",
            "it was prepared with other settings; it is prepared again, and would air as it was until then",
            "Bản ghi được xử lý theo thiết đặt cũ; đang xử lý lại, trong lúc chờ vẫn phát được như cũ.",
        ),
    })
}

/// That the original is gone.
pub(super) fn original_gone(title: &str) -> Reason {
    reason(
        "original_gone",
        format!(
            "segment {title:?}: its original is gone from the disk and its prepared sound cannot be made; push it again"
        ),
        format!("Bản ghi “{title}”: tệp gốc không còn trên đĩa nên không thể chuẩn bị. Hãy tải lên lại."),
    )
}

/// That the original is not what was pushed.
pub(super) fn original_damaged(title: &str) -> Reason {
    reason(
        "original_damaged",
        format!(
            "segment {title:?}: its original on the disk is damaged and its prepared sound cannot be made; push it again and check the disk"
        ),
        format!(
            "Bản ghi “{title}”: tệp gốc trên đĩa bị hỏng nên không thể chuẩn bị. Hãy tải lên lại và kiểm tra ổ đĩa."
        ),
    )
}

/// That something else is in the way.
pub(super) fn cannot(title: &str, code: &str, en: &str, vi: &str) -> Reason {
    Reason {
        code: code.to_owned().into(),
        en: format!("segment {title:?} cannot be prepared: {en}"),
        vi: format!("Không thể chuẩn bị bản ghi “{title}”: {vi}"),
    }
}
