//! What the air is told: the plan of the hours ahead, what passed while nobody looked, and what is announced already.

use super::{Site, day_of, snapshot};
use crate::error::Result;
use crate::store::Store;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{
    Busy, DayPlan, Entry, Ordered, OrderedIn, Origin, Outcome, PastAiring, PreparedFacts, Programme,
    ProgrammeId, Recurrence, Refusal, SegmentFacts, Slot, Snapshot, Standing, StartRule, plan, plan_days,
};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// How far ahead the air knows its plan. It is made anew with every change, and every ten minutes.
const AHEAD: SignedDuration = SignedDuration::from_hours(2);
/// So many entries are known in any case, if they come within [`AHEAD_DAYS`]: the page shows what is next.
const AT_LEAST: usize = 20;
/// What lies further ahead is not looked for.
const AHEAD_DAYS: i32 = 8;
/// What passed within so little was planned by the plan before.
const PASSED: SignedDuration = SignedDuration::from_secs(2);

/// What lies ahead of the air: every entry from `from` on that has no outcome yet, for the next hours and in any case
/// the next few. The rest of the future comes with a later plan: a small board's memory is not for it.
///
/// Where the station was off, what passed since `from` stands as it was planned then: it is missed, and said so, before
/// anything is planned in its place. An airing of a campaign or a second chance that was announced stays where it was
/// announced, for the planner would place it anew; unless it may no longer air there. What sounds while its recording is
/// trimmed goes on as it began.
pub fn ahead(
    store: &Store,
    site: &Site,
    busy: Option<Busy>,
    from: Timestamp,
    now: Timestamp,
) -> Result<Vec<Entry>> {
    let mut snapshot = Snapshot { busy, ..snapshot(store, site, now)? };
    // an airing of a campaign, or a second chance, may have been closed on another day than the one it is asked of now
    let mut known: HashSet<String> =
        snapshot.history.iter().map(|past| past.key.as_str().to_owned()).collect();
    let mut entries = Vec::new();
    // before what passed: the air asks from the start of what sounds, and that has not passed
    for row in store.open_rows()? {
        let Entry::Slot(slot) = row.entry else { continue };
        let goes_on = row.started.is_some() && trimmed_since(store, &slot)?;
        if placed_by_planner(&slot) || goes_on {
            snapshot.history.push(as_if_aired(&slot));
            if known.insert(slot.key.as_str().to_owned()) {
                entries.push(match row.started {
                    Some(_) if goes_on => Entry::Slot(slot),
                    Some(_) => sounding(&snapshot, slot),
                    None => announced(&snapshot, slot),
                });
            }
        }
    }
    if from.saturating_add(PASSED).is_ok_and(|from| from < now) {
        let mut then = Snapshot { as_of: Some(from), busy: None, ..snapshot.clone() };
        // what was lost since then held its place: were it known, what was announced behind it would move up into the past
        then.history.retain(|past| past.planned_start < from);
        let closed = store.closed_slots(from, now)?;
        let (first, last) = (day_of(from, &site.timezone), day_of(now, &site.timezone));
        let passed = |start: Timestamp| from <= start && start < now;
        plan_days(&then, first, last.saturating_add(1.day()), passed, |day| {
            for entry in day.into_entries() {
                let key = entry.key().as_str();
                if !closed.contains(key) && known.insert(key.to_owned()) {
                    entries.push(entry);
                }
            }
            ControlFlow::Continue(())
        });
    }
    let horizon = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let last = day_of(now, &site.timezone).saturating_add(AHEAD_DAYS.days());
    let end = start_of(last.saturating_add(1.day()), site);
    let closed = store.closed_slots(from, end)?;
    let mut coming = 0;
    let wanted = |start: Timestamp| {
        let near = start <= horizon || coming < AT_LEAST;
        coming += usize::from(near && now <= start);
        from <= start && near
    };
    plan_days(
        &snapshot,
        day_of(from.min(now), &site.timezone),
        last.saturating_add(1.day()),
        wanted,
        |day| {
            let ends = start_of(day.date.saturating_add(1.day()), site);
            for entry in day.into_entries() {
                let key = entry.key().as_str();
                if !closed.contains(key) && known.insert(key.to_owned()) {
                    entries.push(entry);
                }
            }
            if ends > horizon && entries.len() >= AT_LEAST {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        },
    );
    entries.sort_by(|a, b| (a.start(), a.key()).cmp(&(b.start(), b.key())));
    Ok(entries)
}

/// The first moment of a civil day.
fn start_of(date: Date, site: &Site) -> Timestamp {
    date.to_zoned(site.timezone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// Whether what sounds was cut otherwise by a person after it had begun: it goes on as it was approved. What was taken back,
/// or changed behind the station's back, does not.
fn trimmed_since(store: &Store, slot: &Slot) -> Result<bool> {
    let ids = [slot.segment].into();
    Ok(store.segments_named(&ids)?.iter().any(|record| record.is_trimmed_since(slot)))
}

/// Whether the planner chose its place, and might choose another one now.
fn placed_by_planner(slot: &Slot) -> bool {
    match slot.origin {
        Origin::Campaign(_) => true,
        Origin::Programme(_) => slot.key.attempt().1 > 0,
        Origin::Emergency(_) => false,
    }
}

/// What has come due is taken as aired while it is open: nothing is planned in its place before it has its outcome.
fn as_if_aired(slot: &Slot) -> PastAiring {
    PastAiring {
        key: slot.key.clone(),
        origin: slot.origin,
        segment: slot.segment,
        planned_start: slot.start,
        outcome: Outcome::Aired,
        reason: None,
        offset: slot.offset,
        played: slot.duration,
        ended: slot.end(),
    }
}

/// A slot that sounds: as it was announced, as long as the station would still plan it; refused when it would not.
fn sounding(snapshot: &Snapshot, slot: Slot) -> Entry {
    match announced(snapshot, slot.clone()) {
        Entry::Slot(_) => Entry::Slot(slot),
        refused @ Entry::Refused(_) => refused,
    }
}

/// An announced slot as the station would plan it now at its place: still a slot there, or refused with the reason.
fn announced(snapshot: &Snapshot, slot: Slot) -> Entry {
    let asked = match slot.origin {
        Origin::Programme(id) => snapshot.programmes.iter().any(|programme| programme.id == id),
        Origin::Campaign(id) => snapshot.campaigns.iter().any(|campaign| campaign.id == id),
        Origin::Emergency(_) => true,
    };
    let facts = snapshot.segments.iter().find(|facts| facts.id == slot.segment);
    let (true, Some(facts)) = (asked, facts) else { return Entry::Refused(refused(&slot, None)) };
    let same = facts.standing == Standing::Approved
        && facts.prepared.as_ref().is_some_and(|prepared| *prepared.hash == *slot.pcm);
    // of what continues, the rest alone must have room
    let prepared = facts.prepared.as_ref();
    let rest = prepared.map(|prepared| PreparedFacts { duration: slot.duration, ..prepared.clone() });
    let once = Programme {
        id: ProgrammeId(slot.origin.id()),
        name: slot.name.to_string(),
        segments: vec![slot.segment],
        recurrence: Recurrence::At(vec![slot.start]),
        class: slot.class,
        zones: slot.zones.to_vec(),
        valid_from: None,
        valid_until: None,
        start_rule: StartRule::AtOnce,
        missed: loaxa_schedules::MissedRule::Skip,
        opening: None,
        closing: None,
        gap_seconds: 0,
        on_holidays: loaxa_schedules::OnHolidays::Air,
        owner: None,
        order: 0,
    };
    let alone = Snapshot {
        zones: snapshot.zones.clone(),
        windows: snapshot.windows.clone(),
        holidays: snapshot.holidays.clone(),
        volume: snapshot.volume,
        segments: vec![SegmentFacts {
            prepared: rest,
            ordered: ordered_for(facts, slot.origin),
            ..facts.clone()
        }],
        programmes: vec![once],
        ..Snapshot::empty(snapshot.timezone.clone())
    };
    let day = day_of(slot.start, &snapshot.timezone);
    let entry = plan(&alone, day, day.saturating_add(1.day())).iter().flat_map(DayPlan::entries).next();
    match entry {
        Some(Entry::Slot(now)) if same => {
            Entry::Slot(Slot { permitted: now.permitted, gain_db: slot.gain_db.min(now.gain_db), ..slot })
        }
        Some(Entry::Refused(why)) => Entry::Refused(refused(&slot, Some(why))),
        _ => Entry::Refused(refused(&slot, None)),
    }
}

/// Orders that let a recording air in what asks for it, whatever asks for it in its place.
fn ordered_for(facts: &SegmentFacts, origin: Origin) -> Option<Vec<Ordered>> {
    let meant = |it: &&Ordered| match it.within {
        OrderedIn::Anything => true,
        OrderedIn::Programme(id) => origin == Origin::Programme(id),
        OrderedIn::Campaign(id) => origin == Origin::Campaign(id),
    };
    let all = facts.ordered.as_ref()?;
    Some(all.iter().filter(meant).map(|it| Ordered { within: OrderedIn::Anything, ..it.clone() }).collect())
}

/// The refusal of a slot that was announced.
fn refused(slot: &Slot, why: Option<Refusal>) -> Refusal {
    Refusal {
        key: slot.key.clone(),
        origin: slot.origin,
        name: slot.name.clone(),
        occurrence: slot.occurrence,
        position: slot.position,
        segment: slot.segment,
        title: Some(slot.title.clone()),
        class: slot.class,
        start: slot.start,
        duration: Some(slot.duration),
        zones: slot.zones.clone(),
        reason: why.map_or_else(loaxa_schedules::Reason::taken_out, |why| why.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;
    use crate::store::{
        Decision, IdentityKind, LogJob, NewIdentity, NewSegment, PreparedSound, SegmentRecord, Sound,
    };
    use loaxa_schedules::{
        Class, Limits, MissedRule, OnHolidays, SegmentId, Trim, Weekday, Window, WindowId,
    };
    use std::collections::BTreeSet;

    const NEW: &str = "2026-11-30T08:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Sound of so many seconds.
    fn prepared(seconds: i64) -> PreparedSound {
        let sound = Sound {
            codec: "mp3".to_owned(),
            sample_rate: 48_000,
            channels: 1,
            peak_dbfs: None,
            warnings: Vec::new(),
            loudness: None,
            tags: Default::default(),
        };
        PreparedSound {
            duration: SignedDuration::from_secs(seconds),
            root: format!("{seconds:064}"),
            sound,
            waveform: Vec::new(),
            recipe: String::new(),
            trim: None,
            original_length: SignedDuration::from_secs(4),
            original_waveform: Vec::new(),
        }
    }

    fn recording(store: &Store, seconds: i64) -> SegmentId {
        let new = NewSegment {
            id: SegmentId(new_id(at(NEW))),
            sha256: format!("{seconds:064}"),
            bytes: 1,
            title: format!("{seconds} s"),
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
        store.add_segment(&new, "i", at(NEW)).unwrap();
        store.set_prepared(new.id, &prepared(seconds), at(NEW)).unwrap();
        store.decide(new.id, Decision::Approve, None, "j", at(NEW)).unwrap();
        new.id
    }

    /// A station with a running order of five minutes and of two, at ten o'clock.
    fn station(folder: &std::path::Path) -> Store {
        let store = Store::open(folder, at(NEW)).unwrap();
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
            store.add_identity(&new, "console", at(NEW)).unwrap();
        }
        let window = Window {
            id: WindowId(new_id(at(NEW))),
            name: "Cả ngày".to_owned(),
            days: Weekday::ALL.to_vec(),
            start: "00:00".parse().unwrap(),
            end: "24:00".parse().unwrap(),
            zones: Vec::new(),
            volume_ceiling_db: None,
            limits: Limits::default(),
            holidays: Vec::new(),
        };
        store.create(&window, "i", at(NEW)).unwrap();
        let programme = Programme {
            id: ProgrammeId(new_id(at(NEW))),
            name: "Thời sự".to_owned(),
            segments: vec![recording(&store, 300), recording(&store, 120)],
            recurrence: Recurrence::At(vec![at("2026-11-30T10:00:00Z")]),
            class: Class::Normal,
            zones: Vec::new(),
            valid_from: None,
            valid_until: None,
            start_rule: StartRule::AtOnce,
            missed: MissedRule::Skip,
            opening: None,
            closing: None,
            gap_seconds: 0,
            on_holidays: OnHolidays::Air,
            owner: None,
            order: 0,
        };
        store.create(&programme, "i", at(NEW)).unwrap();
        store
    }

    fn starts(entries: &[Entry]) -> Vec<(u32, String)> {
        let slots = entries.iter().filter_map(|entry| match entry {
            Entry::Slot(slot) => Some((slot.position, slot.start.to_string())),
            Entry::Refused(_) => None,
        });
        slots.collect()
    }

    /// What a campaign airs, or what is tried again, is where the planner put it: once it sounds it stays there, and falls
    /// silent as any other when its recording is withdrawn or nothing asks for it any more.
    #[test]
    fn what_sounds_stays_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = station(folder.path());
        let site = Site::new(jiff::tz::TimeZone::UTC);
        let before = at("2026-11-30T09:59:50Z");
        let Entry::Slot(planned) = ahead(&store, &site, None, before, before).unwrap().remove(0) else {
            panic!("it is planned")
        };
        // the same, tried again half an hour later
        let start = at("2026-11-30T10:30:00Z");
        let slot = Slot { key: planned.key.with_attempt(1), start, ..planned };
        let due = LogJob::Due { entry: Box::new(Entry::Slot(slot.clone())), clock: "kernel" };
        store.log(start, &[due, LogJob::Started { slot: slot.key.clone(), at: start }]).unwrap();
        let later = start + SignedDuration::from_secs(20);
        let seen = || {
            let entries = ahead(&store, &site, None, before, later).unwrap();
            entries.into_iter().find(|entry| *entry.key() == slot.key).unwrap()
        };
        assert_eq!(seen(), Entry::Slot(slot.clone()));
        store.withdraw(slot.segment, "j", later).unwrap();
        let Entry::Refused(why) = seen() else { panic!("what was withdrawn goes on") };
        assert!(why.reason.is(loaxa_schedules::ReasonCode::Withdrawn), "{}", why.reason);
    }

    /// A programme that is saved while something sounds takes nothing from it, and is not missed, where it fires before
    /// that. What had begun by its earlier times goes on.
    #[test]
    fn what_had_passed_before_it_was_saved_never_occurs() {
        let folder = tempfile::tempdir().unwrap();
        let store = station(folder.path());
        let site = Site::new(jiff::tz::TimeZone::UTC);
        let kept = store.documents::<Programme>(None, 1).unwrap().remove(0).value;
        let start = at("2026-11-30T10:00:00Z");
        let announced = ahead(&store, &site, None, start, start).unwrap();
        let due = LogJob::Due { entry: Box::new(announced[0].clone()), clock: "kernel" };
        store.log(start, &[due, LogJob::Started { slot: announced[0].key().clone(), at: start }]).unwrap();
        // the air asks for a plan from the start of what sounds
        let seen = |now: Timestamp| ahead(&store, &site, None, start, now).unwrap();
        let of = |id: ProgrammeId, now: Timestamp| -> Vec<String> {
            let mine = |entry: &Entry| entry.key().as_str().starts_with(&id.to_string());
            let entries: Vec<Entry> = seen(now).into_iter().filter(mine).collect();
            starts(&entries).into_iter().map(|(_, start)| start).take(2).collect()
        };
        let saved = start + SignedDuration::from_secs(150);
        let news = recording(&store, 7);
        for start_rule in [StartRule::AtOnce, StartRule::MakeNext] {
            let other = Programme {
                id: ProgrammeId(new_id(saved)),
                name: "Mới".to_owned(),
                segments: vec![news],
                recurrence: Recurrence::Cron("0 1,9,12 10 * * *".to_owned()),
                missed: MissedRule::Within { minutes: 30 },
                start_rule,
                ..kept.clone()
            };
            let before = snapshot(&store, &site, saved).unwrap();
            store.create(&other, "i", saved).unwrap();
            assert_eq!(of(other.id, saved), ["2026-11-30T10:09:00Z", "2026-11-30T10:12:00Z"]);
            assert_eq!(seen(saved)[..2], announced[..], "what sounds goes on, and what comes behind it");
            // as the draft of it was shown
            let after = super::super::with(&store, before, other.clone()).unwrap();
            let kept_now = snapshot(&store, &site, saved).unwrap();
            let day = day_of(saved, &site.timezone);
            assert_eq!(
                plan(&after, day, day.tomorrow().unwrap()),
                plan(&kept_now, day, day.tomorrow().unwrap())
            );
            // what it owes later is owed whatever it is called, but not by other times than it has
            let later = start + SignedDuration::from_secs(600);
            let renamed = Programme { name: "Tên khác".to_owned(), ..other.clone() };
            store.replace(&renamed, 1, "i", later).unwrap();
            assert_eq!(of(other.id, later), ["2026-11-30T10:09:00Z", "2026-11-30T10:12:00Z"]);
            let moved = Programme { recurrence: Recurrence::Cron("0 8,13 10 * * *".to_owned()), ..renamed };
            store.replace(&moved, 2, "i", later).unwrap();
            assert_eq!(of(other.id, later), ["2026-11-30T10:13:00Z", "2026-12-01T10:08:00Z"]);
            store.remove::<Programme>(other.id.0, 3, "i", later).unwrap();
        }
        let daily = Programme { recurrence: Recurrence::Cron("0 30 10 * * *".to_owned()), ..kept.clone() };
        let twice = Recurrence::At(vec![start - SignedDuration::from_mins(1), start]);
        store.replace(&Programme { recurrence: twice, ..kept }, 1, "i", saved).unwrap();
        assert_eq!(
            seen(saved),
            announced,
            "the occurrence that has begun goes on; the other one was never due"
        );
        // a clock that was ahead when somebody saved silences nothing
        let ahead_of_time = saved + SignedDuration::from_hours(1_000);
        let other = Programme { id: ProgrammeId(new_id(saved)), ..daily };
        store.create(&other, "i", ahead_of_time).unwrap();
        assert!(!of(other.id, saved).is_empty());
    }

    /// What sounds while its recording is trimmed goes on, however long it has sounded.
    #[test]
    fn what_sounds_goes_on_when_it_is_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let store = station(folder.path());
        let site = Site::new(jiff::tz::TimeZone::UTC);
        let before = at("2026-11-30T09:59:50Z");
        let first = ahead(&store, &site, None, before, before).unwrap().remove(0);
        let Entry::Slot(slot) = first.clone() else { panic!("it is planned") };
        let due = LogJob::Due { entry: Box::new(first.clone()), clock: "kernel" };
        store.log(before, &[due]).unwrap();
        let record = store.segment(slot.segment).unwrap();
        let trim = Some(Trim { start_ms: 500, end_ms: 3000 });
        let sound = PreparedSound {
            duration: SignedDuration::from_millis(2500),
            root: "c".repeat(64),
            trim,
            ..prepared(4)
        };
        let change = |it: &SegmentRecord| Ok(NewSegment { trim, ..it.pushed.clone() });
        store.edit_segment(slot.segment, record.version, ("k", before), Some(&sound), change).unwrap();
        // the air asks for a plan from the start of what sounds
        let start = slot.start;
        let seen = |seconds: i64| {
            let later = start + SignedDuration::from_secs(seconds);
            let entries = ahead(&store, &site, None, start, later).unwrap();
            entries.into_iter().find(|entry| entry.key() == first.key()).unwrap()
        };
        for seconds in [1, 20] {
            assert!(matches!(seen(seconds), Entry::Refused(_)), "what has not begun is not heard as it was");
        }
        store.log(start, &[LogJob::Started { slot: slot.key.clone(), at: start }]).unwrap();
        for seconds in [1, 20] {
            assert_eq!(seen(seconds), first, "after {seconds} s");
        }
        store.withdraw(slot.segment, "j", start).unwrap();
        for seconds in [1, 20] {
            assert!(matches!(seen(seconds), Entry::Refused(_)), "what was withdrawn goes on");
        }
    }

    /// The power went before or in the first item of a running order, and came back long before the second one.
    #[test]
    fn what_comes_behind_a_lost_item_keeps_its_time() {
        for (outcome, played, back) in
            [(Outcome::Missed, 0, "2026-11-30T10:00:30Z"), (Outcome::Partial, 20, "2026-11-30T10:01:30Z")]
        {
            let folder = tempfile::tempdir().unwrap();
            let store = station(folder.path());
            let site = Site::new(jiff::tz::TimeZone::UTC);
            let before = at("2026-11-30T09:59:50Z");
            let announced = ahead(&store, &site, None, before, before).unwrap();
            let [first, second] = ["2026-11-30T10:00:00Z", "2026-11-30T10:05:00Z"].map(str::to_owned);
            assert_eq!(starts(&announced), [(0, first.clone()), (1, second.clone())]);
            let due =
                announced.iter().map(|entry| LogJob::Due { entry: Box::new(entry.clone()), clock: "kernel" });
            store.log(before, &due.collect::<Vec<_>>()).unwrap();
            let played = SignedDuration::from_secs(played);
            let started = (played > SignedDuration::ZERO).then(|| at(&first));
            let lost = LogJob::Ended {
                slot: announced[0].key().clone(),
                outcome,
                reason: None,
                played,
                started,
                ended: started.map(|at| at + played),
                confirmed: false,
                evidence: None,
            };
            store.log(at(back), &[lost]).unwrap();
            let now = ahead(&store, &site, None, before, at(back)).unwrap();
            assert_eq!(starts(&now), [(1, second)], "{outcome:?}");
            assert_eq!(now[0], announced[1], "as it was announced: nothing is due anew");
        }
    }
}
