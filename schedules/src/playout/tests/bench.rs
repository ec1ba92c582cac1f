//! A playout with devices that answer at once (unless told not to), and its commands as words.

use crate::plan::{Entry, Origin, Permit, Slot, SlotKey};
use crate::playout::{AmplifierState, Command, Input, Now, Playout, PlayoutSettings, PlayoutView, Stage};
use crate::reason::Reason;
use crate::vocabulary::{Class, EmergencyId, ProgrammeId, SegmentId, ZoneId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// What is not answered, or never happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deaf {
    Due,
    DueRefused,
    Verify,
    Open,
    Energise,
    Unmute,
    Release,
    /// Answers that it cannot be opened.
    OpenRefused,
    Started,
    Ended,
    Cut,
}

pub(super) struct Bench {
    playout: Playout,
    mono: Duration,
    origin: Timestamp,
    trusted: bool,
    deaf: Option<Deaf>,
    words: Vec<String>,
    queued: Vec<(SlotKey, Duration)>,
    sounding: Option<(SlotKey, Duration)>,
    /// As they were recorded last.
    due: HashMap<SlotKey, Slot>,
}

fn epoch() -> Timestamp {
    "2026-11-23T03:00:00Z".parse().unwrap()
}

fn seconds(text: &str) -> SignedDuration {
    SignedDuration::try_from_secs_f64(text.parse().unwrap()).unwrap()
}

/// The moment so many seconds after the bench's epoch.
pub(super) fn moment(second: f64) -> Timestamp {
    epoch() + SignedDuration::try_from_secs_f64(second).unwrap()
}

/// `key start duration zone`, in seconds after the bench's epoch.
pub(super) fn slot(text: &str) -> Slot {
    let [key, start, duration, zone] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let start = epoch() + seconds(start);
    Slot {
        key: key.into(),
        origin: Origin::Programme(ProgrammeId(Uuid::nil())),
        name: "p".into(),
        occurrence: start,
        position: 0,
        segment: SegmentId(Uuid::nil()),
        title: key.into(),
        class: Class::Normal,
        start,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration: seconds(duration),
        yields: None,
        zones: [ZoneId(Uuid::from_u128(zone.parse().unwrap()))].into(),
        gain_db: 0.0,
        permitted: Permit { from: epoch(), until: epoch() + SignedDuration::from_hours(24) },
        pcm: "h".into(),
        original_sha256: "o".into(),
        trim: None,
        approved_by: None,
        reason: Reason::planned("p", 0, "w"),
    }
}

/// An emergency that expires so many seconds from `now`: `key duration zone`.
pub(super) fn urgent(text: &str, now: Timestamp, expires: f64) -> Slot {
    let (key, rest) = text.split_once(' ').unwrap();
    let until = now + SignedDuration::try_from_secs_f64(expires).unwrap();
    Slot {
        start: now,
        occurrence: now,
        class: Class::Emergency,
        origin: Origin::Emergency(EmergencyId(Uuid::nil())),
        permitted: Permit { from: now, until },
        ..slot(&format!("{key} 0 {rest}"))
    }
}

impl Bench {
    pub(super) fn new(slots: &[&str]) -> Bench {
        Bench::starting_at(0.0, slots)
    }

    /// Started at that second, with everything since the epoch to account for.
    pub(super) fn starting_at(second: f64, slots: &[&str]) -> Bench {
        Bench::starting_with(second, slots.iter().map(|text| slot(text)).collect())
    }

    pub(super) fn starting_with(second: f64, slots: Vec<Slot>) -> Bench {
        let mut bench = Bench {
            playout: Playout::new(PlayoutSettings::default(), epoch()),
            mono: Duration::from_secs_f64(second),
            origin: epoch(),
            trusted: true,
            deaf: None,
            words: vec![],
            queued: vec![],
            sounding: None,
            due: HashMap::new(),
        };
        bench.tell(Input::Tick);
        bench.plan_slots(slots);
        bench
    }

    /// Seconds after the epoch up to which everything is accounted for.
    pub(super) fn accounted(&self) -> f64 {
        self.playout.accounted_until().duration_since(epoch()).as_secs_f64()
    }

    pub(super) fn wall(&self) -> Timestamp {
        self.origin + SignedDuration::try_from(self.mono).unwrap()
    }

    pub(super) fn deaf(&mut self, deaf: Deaf) {
        self.deaf = Some(deaf);
    }

    pub(super) fn hear(&mut self, _deaf: Deaf) {
        self.deaf = None;
    }

    pub(super) fn forget(&mut self) {
        self.words.clear();
    }

    pub(super) fn plan(&mut self, slots: &[&str]) {
        self.plan_slots(slots.iter().map(|text| slot(text)).collect());
    }

    pub(super) fn plan_slots(&mut self, slots: Vec<Slot>) {
        self.tell(Input::Plan(slots.into_iter().map(Entry::Slot).collect()));
    }

    pub(super) fn stop(&mut self) {
        self.tell(Input::Stop { by: "T".into() });
    }

    pub(super) fn resume(&mut self) {
        self.tell(Input::Resume { by: "T".into() });
    }

    /// An emergency that expires so many seconds from now: `key duration zone`.
    pub(super) fn emergency(&mut self, text: &str, expires: f64) {
        self.tell(Input::Emergency(Box::new(urgent(text, self.wall(), expires))));
    }

    pub(super) fn local_stop(&mut self, pressed: bool) {
        self.tell(Input::LocalStop { pressed });
    }

    pub(super) fn view(&self) -> PlayoutView {
        self.playout.view()
    }

    /// Seconds after the epoch.
    pub(super) fn busy_until(&self) -> Option<f64> {
        self.view().busy_until.map(|until| until.duration_since(epoch()).as_secs_f64())
    }

    pub(super) fn step(&mut self, by: f64) {
        self.origin += SignedDuration::try_from_secs_f64(by).unwrap();
        self.tell(Input::Tick);
    }

    pub(super) fn trust(&mut self, trusted: bool) {
        self.trusted = trusted;
        self.tell(Input::Tick);
    }

    pub(super) fn lose_amplifier(&mut self) {
        self.tell(Input::AmplifierFailed { why: "lost".into() });
    }

    pub(super) fn lose_output(&mut self) {
        let (slot, began) = self.sounding.take().unwrap();
        self.queued.clear();
        let played = SignedDuration::try_from(self.mono - began).unwrap();
        self.tell(Input::AudioLost { slot, played, at: self.wall(), why: "unplugged".into() });
    }

    pub(super) fn progress(&mut self, key: &str, seconds: f64) {
        let slot = SlotKey(key.into());
        self.tell(Input::AudioProgress { slot, played: SignedDuration::from_secs_f64(seconds) });
    }

    /// Tells the input and everything that the devices answer to what it brings.
    pub(super) fn tell(&mut self, input: Input) {
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            let input = inputs.remove(0);
            let now = Now { wall: self.wall(), mono: self.mono, trusted: self.trusted };
            self.playout.handle(input, now);
            while let Some(command) = self.playout.poll_command() {
                inputs.extend(self.carry_out(command));
            }
            assert!(self.playout.next_wakeup().is_none_or(|at| at > self.mono), "{:#?}", self.playout);
        }
    }

    /// Runs to that second after the epoch, on the monotonic scale.
    pub(super) fn run_until(&mut self, second: f64) {
        let end = Duration::from_secs_f64(second);
        loop {
            let wakeup = self.playout.next_wakeup();
            let begins = self.queued.iter().map(|(_, at)| *at).min().filter(|_| self.sounding.is_none());
            let begins = begins.filter(|_| self.deaf != Some(Deaf::Started));
            let ends = self.sounding.as_ref().map(|(key, began)| *began + self.length(key));
            let ends = ends.filter(|_| self.deaf != Some(Deaf::Ended));
            let next = [wakeup, begins, ends].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next <= end) else { break };
            self.mono = self.mono.max(next);
            if ends.is_some_and(|at| at <= self.mono) {
                let (slot, began) = self.sounding.take().unwrap();
                let played = SignedDuration::try_from(self.mono - began).unwrap();
                self.tell(Input::AudioEnded { slot, played, at: self.wall() });
            } else if begins.is_some_and(|at| at <= self.mono) {
                let index = self.queued.iter().position(|(_, at)| *at <= self.mono).unwrap();
                let (slot, _) = self.queued.remove(index);
                self.sounding = Some((slot.clone(), self.mono));
                self.tell(Input::AudioStarted { slot, at: self.wall() });
            } else {
                self.tell(Input::Tick);
            }
        }
        self.mono = end;
    }

    fn length(&self, key: &SlotKey) -> Duration {
        Duration::try_from(self.due[key].duration).unwrap()
    }

    fn carry_out(&mut self, command: Command) -> Option<Input> {
        let (word, answer) = match command {
            Command::RecordDue(entry) => {
                let slot = entry.key().clone();
                if let Entry::Slot(planned) = entry {
                    self.due.insert(slot.clone(), planned);
                }
                self.say(format!("due {slot}"));
                return match self.deaf {
                    Some(Deaf::Due) => None,
                    Some(Deaf::DueRefused) => {
                        Some(Input::RecordFailed { slot, stage: Stage::Due, why: "disk full".into() })
                    }
                    _ => Some(Input::Recorded { slot, stage: Stage::Due }),
                };
            }
            Command::VerifyPcm { slot } => {
                (format!("verify {slot}"), (Deaf::Verify, Input::PcmVerified { slot }))
            }
            Command::OpenOutput if self.deaf == Some(Deaf::OpenRefused) => {
                self.say("open".to_owned());
                return Some(Input::OutputFailed { why: "unplugged".into() });
            }
            Command::OpenOutput => ("open".to_owned(), (Deaf::Open, Input::OutputReady)),
            Command::Energise { zones } => {
                let zones: Vec<String> = zones.iter().map(|zone| zone.0.as_u128().to_string()).collect();
                (format!("energise {}", zones.join(",")), (Deaf::Energise, Input::AmplifierConfirmed))
            }
            Command::Unmute => ("unmute".to_owned(), (Deaf::Unmute, Input::Unmuted)),
            Command::Release => ("release".to_owned(), (Deaf::Release, Input::Released)),
            other => return self.carry_out_unanswered(other),
        };
        self.say(word);
        Some(answer.1).filter(|_| self.deaf != Some(answer.0))
    }

    fn carry_out_unanswered(&mut self, command: Command) -> Option<Input> {
        let code =
            |reason: Option<Reason>| reason.map_or_else(String::new, |reason| format!("/{}", reason.code));
        match command {
            Command::Play { slot, at_mono } => {
                self.say(format!("play {slot} at {:.1}", at_mono.as_secs_f64()));
                self.queued.push((slot, at_mono));
            }
            Command::Cancel { slot } => {
                self.say(format!("cancel {slot}"));
                self.queued.retain(|(queued, _)| *queued != slot);
                let sounded = self.sounding.take_if(|(key, _)| *key == slot);
                let played = sounded.map_or(Duration::ZERO, |(_, began)| self.mono - began);
                let played = SignedDuration::try_from(played).unwrap();
                let answer = Input::AudioCut { slot, played, at: self.wall() };
                return Some(answer).filter(|_| self.deaf != Some(Deaf::Cut));
            }
            Command::RecordStarted { slot, .. } => self.say(format!("started {slot}")),
            Command::RecordProgress { .. } => {}
            Command::RecordEnded { slot, outcome, reason, played, confirmed, .. } => {
                let confirmed = if confirmed { " confirmed" } else { "" };
                let played = (played.as_secs_f64() * 10.0).round() / 10.0;
                self.say(format!("ended {slot} {outcome}{} {played}s{confirmed}", code(reason)));
            }
            Command::RecordUnaired { entry, outcome, reason } => {
                self.say(format!("unaired {} {outcome}{}", entry.key(), code(Some(reason))));
            }
            Command::RecordHeard { entry, outcome, reason, played, .. } => {
                let played = (played.as_secs_f64() * 10.0).round() / 10.0;
                self.say(format!("heard {} {outcome}{} {played}s", entry.key(), code(reason)));
            }
            Command::Mute => self.say("mute".into()),
            Command::CloseOutput => self.say("close".into()),
            other => panic!("{other:?} has an answer"),
        }
        None
    }

    fn say(&mut self, word: String) {
        self.words.push(format!("{:.1} {word}", self.mono.as_secs_f64()));
    }

    pub(super) fn check(&self, expect: &[&str]) {
        assert_eq!(self.words, expect);
    }

    /// Only the commands of these kinds.
    pub(super) fn check_only(&self, kinds: &[&str], expect: &[&str]) {
        let kind = |word: &&String| kinds.contains(&word.split(' ').nth(1).unwrap());
        let found: Vec<&String> = self.words.iter().filter(kind).collect();
        assert_eq!(found, expect, "all: {:#?}", self.words);
    }

    pub(super) fn assert_off(&self) {
        let view = self.playout.view();
        assert_eq!(view.amplifier, AmplifierState::Dark, "{:#?}", self.words);
        assert!(!view.output_open && self.sounding.is_none() && self.queued.is_empty());
    }
}
