//! Emergencies on their way to the playout: what of each is still to be heard, and as which slots.
//!
//! The playout remembers what it was told while it lives; the store remembers over a restart. What a power cut took
//! from the listeners is owed, and heard again from its beginning.

use super::permits::Silenced;
use super::{Message, PlayoutLoop};
use crate::airing_log::Urgency;
use crate::error::{Error, ErrorKind, Result};
use crate::intake::blocking;
use crate::planning::Site;
use crate::store::{Emergency, EmergencySlot, Leave, LogJob, SegmentRecord, Store};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{
    Class, Entry, Input, Now, Origin, Permit, Reason, ReasonCode, Slot, SlotKey, Standing, Window, Zone,
    ZoneId,
};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// How often one time of an emergency is tried again after interruptions: a station that falls over it each time must
/// not go on for ever.
const SECOND_CHANCES: u32 = 3;
/// No emergency is sent for longer than this ahead.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// While the clock cannot be trusted nobody can tell when an emergency expires, if the clock does not even come near:
/// it is tried for so long.
const WITHOUT_CLOCK: SignedDuration = SignedDuration::from_hours(1);

/// The slots of an emergency that are not over: each time that has no row yet, or whose row is open, or that an
/// interruption cut short.
///
/// After it expired, only what has no row yet: it gets the one that says so.
pub(crate) fn owed(it: &Emergency, slots: &[EmergencySlot], now: Timestamp) -> Vec<(u32, SlotKey)> {
    let expired = it.expires <= now;
    let next = |number: u32| {
        let first = SlotKey::of_emergency(it.id, number);
        let attempts = slots.iter().filter(|slot| slot.key.attempt().0 == first.as_str());
        let Some(last) = attempts.max_by_key(|slot| slot.key.attempt().1) else {
            return Some(first);
        };
        let attempt = last.key.attempt().1;
        if expired {
            None
        } else if last.open {
            Some(last.key.clone())
        } else if interrupted(last) && attempt < SECOND_CHANCES {
            Some(last.key.with_attempt(attempt + 1))
        } else {
            None
        }
    };
    (1..=it.repeat).filter_map(|number| Some((number, next(number)?))).collect()
}

/// Whether the power, a crash or a shutdown ended it, and neither a person nor the recording's own end.
fn interrupted(slot: &EmergencySlot) -> bool {
    let interruptions = [ReasonCode::Interrupted, ReasonCode::Shutdown, ReasonCode::StationOff];
    let ended_so = |code: &ReasonCode| slot.reason.as_deref() == Some(code.as_str());
    slot.outcome.as_deref().is_some_and(|outcome| ["partial", "missed"].contains(&outcome))
        && interruptions.iter().any(ended_so)
}

/// Every key under which an emergency may be known to the playout.
pub(crate) fn keys(it: &Emergency) -> Vec<SlotKey> {
    let attempts = |number| {
        let first = SlotKey::of_emergency(it.id, number);
        (0..=SECOND_CHANCES).map(move |attempt| first.with_attempt(attempt))
    };
    (1..=it.repeat).flat_map(attempts).collect()
}

/// These times of an emergency as the playout takes them.
///
/// # Errors
/// `not_prepared` when the segment has no sound yet.
pub(crate) fn slots(
    it: &Emergency,
    owed: Vec<(u32, SlotKey)>,
    (segment, leave): (&SegmentRecord, &Leave),
    heard: &Heard,
    timezone: &TimeZone,
    now: Now,
) -> Result<Vec<Slot>> {
    let (Some(pcm), Some(duration)) = (segment.prepared.clone(), segment.duration) else {
        let detail = format!("segment {} is not prepared yet; ask again in a while", it.segment);
        return Err(Error::new(ErrorKind::Conflict, "not_prepared", detail)
            .vi(format!("Bản ghi “{}” chưa được xử lý xong; hãy thử lại sau ít phút.", it.title)));
    };
    let by = &it.sent_by.1;
    let (title, name, reason) = if it.test {
        (format!("Diễn tập: {}", it.title), "Diễn tập khẩn cấp", Reason::emergency_exercise(by))
    } else {
        (it.title.clone(), "Tin khẩn cấp", Reason::emergency(by))
    };
    let mut permitted = Permit { from: now.wall, until: until(it, segment, timezone, now) };
    if let Some(ordered) = leave.until(now.wall).filter(|_| now.trusted) {
        permitted.until = permitted.until.min(ordered);
    }
    let reason = match &it.confirmed_by {
        Some((_, second)) => reason.and_confirmed(second),
        None => reason,
    };
    let approved_by = match &it.confirmed_by {
        Some((_, second)) => Some(format!("{by}, {second}")),
        None => leave.by.clone(),
    };
    let slot = |(number, key): (u32, SlotKey)| Slot {
        key,
        origin: Origin::Emergency(it.id),
        name: name.into(),
        occurrence: now.wall,
        position: number - 1,
        segment: it.segment,
        title: title.as_str().into(),
        class: Class::Emergency,
        start: now.wall,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration,
        yields: None,
        zones: heard.zones.as_slice().into(),
        gain_db: heard.gain_db,
        permitted,
        pcm: pcm.as_str().into(),
        original_sha256: it.sha256.as_str().into(),
        trim: segment.pushed.trim,
        approved_by: approved_by.as_deref().map(Into::into),
        reason: reason.clone(),
    };
    Ok(owed.into_iter().map(slot).collect())
}

/// Until when it may begin: it expires, or the segment's validity is over.
fn until(it: &Emergency, segment: &SegmentRecord, timezone: &TimeZone, now: Now) -> Timestamp {
    let ahead = it.expires.duration_since(now.wall);
    let plausible = ahead.is_positive() && ahead <= LONGEST;
    if !(now.trusted || plausible) {
        return now.wall.saturating_add(WITHOUT_CLOCK).unwrap_or(Timestamp::MAX);
    }
    let valid = segment.pushed.valid_until.as_ref().filter(|_| now.trusted).map(|until| until.ends(timezone));
    valid.map_or(it.expires, |until| until.min(it.expires))
}

/// Where an emergency is heard, and how loud.
pub(crate) struct Heard {
    /// Sorted.
    pub(crate) zones: Vec<ZoneId>,
    /// In dB, at most 0.
    pub(crate) gain_db: f64,
}

/// Where an emergency is heard: every zone of the station when it names none; and how loud it is at `at`.
///
/// # Errors
/// When the database cannot be read.
pub(crate) fn heard(store: &Store, it: &Emergency, site: &Site, at: Timestamp) -> Result<Heard> {
    let all = store.all_documents::<Zone>()?;
    let named = |zone: &&Zone| it.zones.is_empty() || it.zones.contains(&zone.id);
    let among: Vec<&Zone> = all.iter().filter(named).collect();
    let windows = store.all_documents::<Window>()?;
    let gain_db = site.volume.of_emergency(&among, &windows, &at.to_zoned(site.timezone.clone()));
    let zones = if it.zones.is_empty() {
        let all: BTreeSet<ZoneId> = among.iter().map(|zone| zone.id).collect();
        all.into_iter().collect()
    } else {
        it.zones.clone()
    };
    Ok(Heard { zones, gain_db })
}

/// A slot that a restart took from the listeners.
pub(crate) struct Owed {
    slot: Slot,
    /// What keeps it silent all the same.
    silenced: Option<Silenced>,
}

/// What is owed of every emergency after a start.
pub(super) fn after_start(store: &Store, site: &Site, now: Now) -> Result<Vec<Owed>> {
    let mut all = Vec::new();
    for it in store.unsettled_emergencies(now.wall)? {
        let left = owed(&it, &store.emergency_slots(it.id)?, now.wall);
        if left.is_empty() {
            continue;
        }
        let segment = store.segment(it.segment)?;
        let leave = store.leave(&segment)?;
        let standing = match store.silences(&it)? {
            None if !leave.is_ordered(now) => Some(Standing::AwaitingApproval),
            other => other,
        };
        let silenced = standing.map(|standing| Silenced::new(&it, standing));
        match slots(&it, left, (&segment, &leave), &heard(store, &it, site, now.wall)?, &site.timezone, now) {
            Ok(found) => all.extend(found.into_iter().map(|slot| Owed { slot, silenced: silenced.clone() })),
            Err(error) => {
                tracing::error!(%error, emergency = %it.id, "an emergency is owed and has no sound")
            }
        }
    }
    Ok(all)
}

impl PlayoutLoop {
    /// Looks up what is owed since before the start. Whether an emergency has expired only a clock that can be trusted
    /// tells: until then it waits.
    pub(super) async fn look_for_owed(&mut self, now: Now) {
        if !now.trusted {
            return;
        }
        self.owed_known = true;
        let (store, site) = (Arc::clone(&self.store), self.site.clone());
        let result = blocking(move || after_start(&store, &site, now)).await;
        self.resume(result, now);
    }

    /// As [`PlayoutLoop::look_for_owed`], beside the loop.
    pub(super) fn ask_for_owed(&mut self, now: Now) {
        (self.owed_known, self.taken_back) = (true, Some(HashSet::new()));
        let (store, site, sender) = (Arc::clone(&self.store), self.site.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let _ = sender.send(Message::Owed(after_start(&store, &site, now)));
        });
    }

    /// Hands over what is owed. What the playout knows already it does not take twice.
    pub(super) fn resume(&mut self, owed: Result<Vec<Owed>>, now: Now) {
        let taken_back = self.taken_back.take().unwrap_or_default();
        let owed = match owed {
            Ok(owed) => owed,
            Err(error) => {
                tracing::error!(%error, "what is owed of emergencies cannot be read; the next start tries again");
                return;
            }
        };
        for Owed { slot, silenced } in owed {
            let key = slot.key.clone();
            if taken_back.contains(&key) {
                continue;
            }
            let approved = silenced.is_none();
            tracing::warn!(slot = key.as_str(), approved, "an emergency is owed since before the start");
            self.playout.handle(Input::Emergency(Box::new(slot)), now);
            if let Some(silenced) = silenced {
                self.playout.handle(silenced.input(key), now);
            }
        }
    }

    /// Writes down what the disk refused to keep of what somebody did, when it no longer does.
    pub(super) fn keep_at_last(&self, job: LogJob, now: Now) {
        let handle = self.handle.clone();
        let (sent, confirmed) = match &job {
            LogJob::Emergency(it) => (Some(it.id), None),
            LogJob::EmergencyConfirmed { id, .. } => (None, Some(*id)),
            _ => (None, None),
        };
        let switches = usize::from(matches!(job, LogJob::Switched { .. }));
        self.log.write(now.wall, vec![job], Urgency::KeepTrying, move |result| match result {
            Ok(()) => handle.update(|status| {
                status.unkept.retain(|it| Some(it.id) != sent);
                status.unkept_confirmations.retain(|(id, ..)| Some(*id) != confirmed);
                status.unkept_switches = status.unkept_switches.saturating_sub(switches);
            }),
            Err(error) => tracing::error!(%error, "what somebody did is not written down"),
        });
    }
}

/// Whether an entry is an emergency: none is ever taken from a plan.
pub(super) fn is_emergency(entry: &Entry) -> bool {
    let origin = match entry {
        Entry::Slot(slot) => slot.origin,
        Entry::Refused(refusal) => refusal.origin,
    };
    matches!(origin, Origin::Emergency(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Decision, IdentityKind, NewIdentity, NewSegment, PreparedSound, Sound};
    use jiff::ToSpan;
    use loaxa_schedules::{Command, EmergencyId, Playout, PlayoutSettings, SegmentId};

    fn flood(repeat: u32) -> Emergency {
        let now = Timestamp::UNIX_EPOCH;
        Emergency {
            id: EmergencyId(uuid::Uuid::from_u128(7)),
            segment: SegmentId(uuid::Uuid::from_u128(8)),
            title: "Lũ".to_owned(),
            sha256: "aa".to_owned(),
            zones: Vec::new(),
            expires: now + 1.hour(),
            repeat,
            test: false,
            sent_by: ("i".to_owned(), "Trưởng thôn".to_owned()),
            sent_at: now,
            withdrawn_by: None,
            withdrawn_at: None,
            digest: None,
            unapproved: false,
            confirmed_by: None,
            confirmed_at: None,
        }
    }

    /// Rows written as `1 aired`, `2+1 partial interrupted` or `3 open`; and what is owed then, as `2+2 3`.
    fn check(rows: &[&str], minutes: i64, expect: &str) {
        let it = flood(3);
        let key = |text: &str| SlotKey(format!("{}/{text}", it.id));
        let rows: Vec<EmergencySlot> = rows
            .iter()
            .map(|row| {
                let mut words = row.split(' ');
                let key = key(words.next().unwrap());
                let outcome = words.next().filter(|word| *word != "open").map(str::to_owned);
                let reason = words.next().map(str::to_owned);
                EmergencySlot { key, open: outcome.is_none(), outcome, reason }
            })
            .collect();
        let owed = owed(&it, &rows, it.sent_at + minutes.minutes());
        let before = format!("{}/", it.id);
        let owed: Vec<&str> =
            owed.iter().map(|(_, key)| key.as_str().strip_prefix(&before).unwrap()).collect();
        assert_eq!(owed.join(" "), expect, "{rows:?}");
    }

    #[test]
    fn what_was_not_heard_whole_is_owed_until_it_expires() {
        check(&[], 1, "1 2 3");
        check(&["1 aired", "2 partial interrupted", "3 missed station_off"], 1, "2+1 3+1");
        check(&["1 aired unconfirmed", "2 partial shutdown"], 1, "2+1 3");
        check(&["1 open", "2 aired", "3 aired"], 1, "1");
        // after it expired, what has no row gets one
        check(&["1 aired", "2 partial interrupted"], 60, "3");
        check(&["1 open", "2 aired", "3 aired"], 60, "");
    }

    #[test]
    fn what_somebody_stopped_or_a_device_failed_is_over() {
        check(&["1 suppressed local_stop", "2 partial emergency_withdrawn", "3 partial local_stop"], 1, "");
        check(&["1 failed output_lost", "2 missed emergency_expired", "3 partial ended_early"], 1, "");
    }

    #[test]
    fn a_station_that_falls_over_it_each_time_gives_up() {
        let heard = ["2 aired", "3 aired"];
        let falls = ["1 partial interrupted", "1+1 partial interrupted", "1+2 missed station_off"];
        check(&[&heard[..], &falls[..]].concat(), 1, "1+3");
        check(&[&heard[..], &falls[..], &["1+3 partial interrupted"]].concat(), 1, "");
    }

    #[test]
    fn every_key_that_may_ever_be_owed_is_known_to_be_taken_back() {
        let it = flood(2);
        let keys: Vec<String> = keys(&it).into_iter().map(|key| key.0).collect();
        for (number, attempt) in [(1, ""), (1, "+1"), (1, "+3"), (2, ""), (2, "+2")] {
            assert!(keys.contains(&format!("{}/{number}{attempt}", it.id)), "{keys:?}");
        }
        assert_eq!(keys.len(), 8);
    }

    /// A station with an approved segment of four seconds and an emergency that asks for it twice within the hour.
    fn station(folder: &std::path::Path) -> (Store, Emergency) {
        let it = flood(2);
        let store = Store::open(folder, it.sent_at).unwrap();
        for id in ["i", "j", "k"] {
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
            store.add_identity(&new, "console", it.sent_at).unwrap();
        }
        let segment = NewSegment {
            id: it.segment,
            sha256: it.sha256.clone(),
            bytes: 1,
            title: it.title.clone(),
            language: "vi".to_owned(),
            class: Class::Emergency,
            music: false,
            source: None,
            valid_from: None,
            valid_until: None,
            campaign: None,
            external_id: None,
            trim: None,
            spoken: None,
        };
        store.add_segment(&segment, "i", it.sent_at).unwrap();
        let sound = Sound {
            codec: "flac".to_owned(),
            sample_rate: 48_000,
            channels: 1,
            peak_dbfs: None,
            warnings: vec![],
            loudness: None,
            tags: loaxa_audio::inspect::Tags::default(),
        };
        let prepared = PreparedSound {
            duration: SignedDuration::from_secs(4),
            root: "bb".to_owned(),
            sound,
            waveform: Vec::new(),
            recipe: String::new(),
            trim: None,
            original_length: SignedDuration::from_secs(4),
            original_waveform: Vec::new(),
        };
        store.set_prepared(it.segment, &prepared, it.sent_at).unwrap();
        for approver in ["j", "k"] {
            store.decide(it.segment, Decision::Approve, None, approver, it.sent_at).unwrap();
        }
        store.keep_emergency(&it).unwrap();
        (store, it)
    }

    fn at(it: &Emergency, minutes: i64) -> Now {
        Now { wall: it.sent_at + minutes.minutes(), mono: std::time::Duration::from_secs(9), trusted: true }
    }

    /// The keys of what a start hands over, with what the playout makes of each at once.
    fn start(store: &Store, now: Now) -> Vec<String> {
        let mut playout = Playout::new(PlayoutSettings::default(), now.wall);
        let mut said = Vec::new();
        for Owed { slot, silenced } in after_start(store, &Site::new(TimeZone::UTC), now).unwrap() {
            let approved = silenced.is_none();
            let key = slot.key.clone();
            assert_eq!(slot.duration, SignedDuration::from_secs(4));
            playout.handle(Input::Emergency(Box::new(slot)), now);
            let mut made = "nothing".to_owned();
            while let Some(command) = playout.poll_command() {
                match command {
                    Command::RecordDue(entry) if *entry.key() == key => made = "due".to_owned(),
                    Command::RecordUnaired { entry, outcome, reason } if *entry.key() == key => {
                        made = format!("{outcome} {}", reason.code);
                    }
                    _ => {}
                }
            }
            said.push(format!("{} {made} approved {approved}", key.as_str().rsplit('/').next().unwrap()));
        }
        said
    }

    #[test]
    fn what_was_kept_and_never_came_due_is_heard_after_a_start_or_missed_when_it_expired() {
        let folder = tempfile::tempdir().unwrap();
        let (store, it) = station(folder.path());
        assert_eq!(start(&store, at(&it, 1)), ["1 due approved true", "2 due approved true"]);
        let expired =
            ["1 missed emergency_expired approved true", "2 missed emergency_expired approved true"];
        assert_eq!(start(&store, at(&it, 60)), expired);
        // what lost its approval meanwhile is not heard
        store.withdraw(it.segment, "i", it.sent_at).unwrap();
        assert_eq!(start(&store, at(&it, 1)), ["1 due approved false", "2 due approved false"]);
        store.withdraw_emergency(it.id, "i", it.sent_at).unwrap();
        assert_eq!(start(&store, at(&it, 1)), Vec::<String>::new());
        assert_eq!(start(&store, at(&it, 60)), Vec::<String>::new());
    }

    #[test]
    fn a_clock_that_cannot_be_trusted_does_not_keep_it_silent() {
        let folder = tempfile::tempdir().unwrap();
        let (store, it) = station(folder.path());
        let segment = store.segment(it.segment).unwrap();
        let until = |wall: Timestamp, trusted: bool| {
            let now = Now { wall, trusted, ..at(&it, 0) };
            until(&it, &segment, &TimeZone::UTC, now).duration_since(wall).as_secs() / 60
        };
        assert_eq!(until(it.sent_at + 10.minutes(), true), 50);
        assert_eq!(until(it.sent_at + 10.minutes(), false), 50);
        // the clock came up years away: it is tried for an hour
        assert_eq!(until(it.sent_at - 200_000.hours(), false), 60);
        assert_eq!(until(it.sent_at + 200_000.hours(), false), 60);
        assert!(until(it.sent_at + 2.hours(), true) < 0);
    }
}
