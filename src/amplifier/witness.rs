//! What the amplifier says of each airing: its word before the first frame, sampled while it sounds, and at its end.

use super::{About, Seen, Sight};
use crate::airing_log::{AmplifierEvidence, AmplifierReading};
use jiff::{SignedDuration, Timestamp};
use loaxa_firmware_bridge::{AmplifierStatus, Reading};
use loaxa_schedules::{Now, SlotKey};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// An airing is confirmed when it was read back at least so often while it sounded.
const SAMPLED_EVERY: Duration = Duration::from_secs(2);

/// Follows what sounds.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    latest: Option<Sample>,
    open: HashMap<SlotKey, Track>,
}

/// One reading that stood as wanted or did not.
#[derive(Debug, Clone)]
struct Sample {
    mono: Duration,
    wall: Timestamp,
    status: AmplifierStatus,
}

/// One airing that sounds.
#[derive(Debug)]
struct Track {
    zones: Vec<String>,
    started: Duration,
    before: Option<AmplifierReading>,
    begin: Option<AmplifierReading>,
    end: Option<AmplifierReading>,
    samples: u32,
    /// When it was last confirmed, or began.
    confirmed: Duration,
    longest: Duration,
    temperature: Option<(i16, i16)>,
    supply: Option<(u16, u16)>,
    faults: BTreeSet<String>,
    /// What stood against it first.
    against: Option<String>,
}

impl Witness {
    /// The first frame of a slot was heard. Begun anew, the attempt before is forgotten.
    pub(crate) fn started(&mut self, slot: &SlotKey, mut zones: Vec<String>, at: Timestamp, now: Now) {
        // as they are read
        zones.sort();
        let started = mono_of(at, now);
        let track = Track {
            zones,
            started,
            before: self.latest.as_ref().map(Sample::reading),
            begin: None,
            end: None,
            samples: 0,
            confirmed: started,
            longest: Duration::ZERO,
            temperature: None,
            supply: None,
            faults: BTreeSet::new(),
            against: None,
        };
        self.open.insert(slot.clone(), track);
        // what was read after the first frame may have come before the news of it
        if let Some(latest) = self.latest.clone().filter(|latest| latest.mono >= started)
            && let Some(track) = self.open.get_mut(slot)
        {
            track.take(&latest);
        }
    }

    /// Takes in what was found, and the faults that there are then. `mono` and `wall` are when it was read.
    pub(crate) fn see(&mut self, seen: &Seen, mono: Duration, wall: Timestamp, faults: &[&str]) {
        for track in self.open.values_mut() {
            track.faults.extend(faults.iter().map(|code| (*code).to_owned()));
        }
        match &seen.sight {
            Sight::Read { status, .. } | Sight::FoundOn { status, .. } => {
                let sample = Sample { mono, wall, status: status.clone() };
                self.open.values_mut().for_each(|track| track.take(&sample));
                self.latest = Some(sample);
            }
            Sight::Failed(error) => {
                let why = error.to_string();
                self.open.values_mut().for_each(|track| {
                    track.against.get_or_insert_with(|| why.clone());
                });
                // nothing is known after a failure
                self.latest = None;
            }
            Sight::Tested(_) | Sight::Cleared { .. } | Sight::Switched { .. } => {}
        }
    }

    /// A slot is closed, and fell silent at `ended`; what the amplifier said of it. None when no frame of it was heard.
    pub(crate) fn close(
        &mut self,
        slot: &SlotKey,
        ended: Option<Timestamp>,
        driver: &str,
        about: &About,
        now: Now,
    ) -> Option<AmplifierEvidence> {
        let track = self.open.remove(slot)?;
        Some(track.told(ended.map_or(now.mono, |at| mono_of(at, now)), driver, about))
    }

    /// The same of a slot that goes on sounding, for the note that a power cut leaves.
    pub(crate) fn so_far(
        &self,
        slot: &SlotKey,
        driver: &str,
        about: &About,
        now: Now,
    ) -> Option<AmplifierEvidence> {
        self.open.get(slot).map(|track| track.told(now.mono, driver, about))
    }
}

impl Sample {
    fn reading(&self) -> AmplifierReading {
        let on = self.status.zones.iter().filter(|(_, read)| read.value() == Some(true));
        AmplifierReading {
            at: self.wall,
            power: self.status.power.value(),
            sound: self.status.muted.value().map(|muted| !muted),
            zones: on.map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Why this reading does not say that these zones hear something.
    fn against(&self, zones: &[String]) -> Option<String> {
        let status = &self.status;
        let read = status.confirm_energised(zones).and_then(|()| status.confirm_muted(false));
        if let Err(error) = read {
            return Some(error.to_string());
        }
        let said = |signal: Option<Reading>| signal.and_then(Reading::value);
        if said(status.signals.ready) == Some(false) {
            return Some("its own contact does not say that it works".to_owned());
        }
        (said(status.signals.mains) == Some(false)).then(|| "there is no mains voltage".to_owned())
    }
}

impl Track {
    fn take(&mut self, sample: &Sample) {
        widen(&mut self.temperature, sample.status.signals.temperature);
        widen(&mut self.supply, sample.status.signals.supply);
        self.end = Some(sample.reading());
        if sample.mono < self.started {
            return;
        }
        self.begin.get_or_insert_with(|| sample.reading());
        match sample.against(&self.zones) {
            Some(why) => {
                self.against.get_or_insert(why);
            }
            None => {
                self.samples = self.samples.saturating_add(1);
                self.longest = self.longest.max(sample.mono.saturating_sub(self.confirmed));
                self.confirmed = sample.mono;
            }
        }
    }

    fn told(&self, ended: Duration, driver: &str, about: &About) -> AmplifierEvidence {
        let longest = self.longest.max(ended.saturating_sub(self.confirmed));
        let gap = (longest > SAMPLED_EVERY)
            .then(|| format!("it was not read back for {:.1} s", longest.as_secs_f64()));
        let never = (self.samples == 0 && !self.live_before())
            .then(|| "it was not read back while this sounded".to_owned());
        let held_by = about.identity.as_ref().map(|it| match &it.firmware {
            Some(firmware) => format!("{} {firmware}", it.model),
            None => it.model.clone(),
        });
        AmplifierEvidence {
            driver: driver.to_owned(),
            held_by,
            samples: self.samples,
            longest_gap_ms: u64::try_from(longest.as_millis()).unwrap_or(u64::MAX),
            before: self.before.clone(),
            begin: self.begin.clone(),
            end: self.end.clone(),
            temperature: self.temperature,
            supply: self.supply,
            faults: self.faults.iter().cloned().collect(),
            unconfirmed: self.against.clone().or(gap).or(never),
        }
    }

    /// Something shorter than the time between two readings was confirmed just before it sounded.
    fn live_before(&self) -> bool {
        self.before.as_ref().is_some_and(|before| {
            before.power == Some(true) && before.sound == Some(true) && before.zones == self.zones
        })
    }
}

fn widen<T: Copy + Ord>(range: &mut Option<(T, T)>, read: Option<Reading<T>>) {
    if let Some(value) = read.and_then(Reading::value) {
        let (low, high) = range.unwrap_or((value, value));
        *range = Some((low.min(value), high.max(value)));
    }
}

/// What a wall time means on the monotonic clock; what lies ahead is now.
fn mono_of(at: Timestamp, now: Now) -> Duration {
    let ago = now.wall.duration_since(at).max(SignedDuration::ZERO);
    now.mono.saturating_sub(Duration::try_from(ago).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Wanted;
    use super::*;
    use tokio::time::Instant;

    fn at(tenths: i64) -> Now {
        let mono = Duration::from_millis(u64::try_from(1_000_000 + tenths * 100).unwrap());
        let wall = Timestamp::UNIX_EPOCH + SignedDuration::try_from(mono).unwrap();
        Now { wall, mono, trusted: true }
    }

    fn read(muted: bool, ready: Option<bool>) -> Sight {
        let now = Instant::now();
        let mut status = AmplifierStatus::unknown(["a".to_owned()]);
        (status.power, status.muted) = (Reading::known(true, now), Reading::known(muted, now));
        status.zones[0].1 = Reading::known(true, now);
        status.signals.ready = ready.map(|ready| Reading::known(ready, now));
        status.signals.temperature = Some(Reading::known(300, now));
        Sight::Read { status, wanted: Wanted::Live(vec!["a".to_owned()]) }
    }

    /// Readings at these tenths of a second of something that sounds from 0 to `ended`.
    fn check(readings: &[(i64, Sight)], ended: i64, expect: (u32, u64, Option<&str>)) {
        let slot = SlotKey("s".to_owned());
        let mut witness = Witness::default();
        let mut begun = false;
        for (tenths, sight) in readings {
            if *tenths > 0 && !begun {
                begun = true;
                witness.started(&slot, vec!["a".to_owned()], at(0).wall, at(0));
            }
            let seen = Seen { at: Instant::now(), sight: sight.clone(), about: About::default() };
            witness.see(&seen, at(*tenths).mono, at(*tenths).wall, &[]);
        }
        if !begun {
            witness.started(&slot, vec!["a".to_owned()], at(0).wall, at(0));
        }
        let told = witness.close(&slot, Some(at(ended).wall), "d", &About::default(), at(ended + 3)).unwrap();
        let why = told.unconfirmed.as_deref();
        assert_eq!((told.samples, told.longest_gap_ms), (expect.0, expect.1), "{told:?}");
        match expect.2 {
            None => assert_eq!(why, None),
            Some(expect) => assert!(why.is_some_and(|why| why.contains(expect)), "{why:?}"),
        }
        assert_eq!(witness.close(&slot, None, "d", &About::default(), at(0)), None, "once");
    }

    #[test]
    fn confirmed_means_read_back_all_the_time() {
        let good = || read(false, None);
        check(&[(-2, good()), (8, good()), (18, good()), (28, good())], 30, (3, 1_000, None));
        check(&[(-2, good()), (20, good())], 40, (1, 2_000, None));
        check(&[(-2, good()), (20, good())], 41, (1, 2_100, Some("2.1 s")));
        check(&[(-2, good()), (21, good()), (30, good())], 31, (2, 2_100, Some("2.1 s")));
        check(&[(-2, good())], 9, (0, 900, None));
        check(&[(-2, read(true, None))], 9, (0, 900, Some("while this sounded")));
        check(&[], 9, (0, 900, Some("while this sounded")));
        check(
            &[(-2, good()), (8, good()), (18, read(true, None)), (28, good())],
            29,
            (2, 2_000, Some("mute")),
        );
        check(&[(-2, good()), (8, read(false, Some(false)))], 9, (0, 900, Some("contact")));
        check(&[(-2, good()), (8, read(false, Some(true)))], 9, (1, 800, None));
    }

    #[test]
    fn what_failed_meanwhile_stands_against_it() {
        let lost = loaxa_firmware_bridge::BridgeError::Refused(4);
        check(&[(-2, read(false, None)), (8, Sight::Failed(lost))], 9, (0, 900, Some("code 4")));
    }
}
