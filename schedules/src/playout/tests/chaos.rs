//! Inputs in any order, true or not, with any clock: the promises hold all the same, and when the world comes
//! to its senses every entry gets its one outcome and the amplifier goes dark.

use super::bench::{slot, urgent};
use crate::plan::{Entry, Resumption, Slot, SlotKey, Yield};
use crate::playout::{AmplifierState, Command, Input, Now, Playout, PlayoutSettings, Stage};
use crate::vocabulary::ZoneId;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const SLOTS: [&str; 7] =
    ["a 20 10 1", "b 30 5 1", "c 30 6 2", "d 41 3 2", "e 60 4 1", "f 64 4 1", "g 120 10 2"];

const EMERGENCIES: [&str; 3] = ["x 6 1", "y 3 2", "z 20 1"];

/// The third waits up to its latest start, the fifth yields to the sixth; and what another plan makes of each.
fn planned() -> (Vec<Slot>, Vec<Slot>) {
    let mut slots: Vec<Slot> = SLOTS.iter().map(|text| slot(text)).collect();
    slots[2].latest_start = Some(slots[2].start + SignedDuration::from_secs(25));
    let to = Yield { to: "f".into(), name: "f".into(), then: Resumption::Continue };
    slots[4].yields = Some(to.clone());
    let mut others = slots.clone();
    others[0].duration = SignedDuration::from_secs(4);
    others[0].yields = Some(to);
    others[1].pcm = "other".into();
    others[2].permitted.until = others[2].start + SignedDuration::from_secs(12);
    others[3].gain_db = -6.0;
    others[4].yields = None;
    others[4].duration = SignedDuration::from_secs(9);
    others[6].latest_start = Some(others[6].start);
    (slots, others)
}

#[derive(Debug, Clone)]
enum Move {
    /// Time passes, in tenths of a second.
    Wait(u16),
    Step(i16),
    Trust(bool),
    /// The answer to a command, chosen among those that were given, whether or not it was answered before.
    Answer {
        which: u16,
        well: bool,
    },
    Audio {
        slot: u8,
        kind: u8,
        played: u8,
    },
    AmplifierFails,
    Stop,
    Resume,
    LocalStop(bool),
    /// Which slots are planned, and which of them as the other plan has them, as bits.
    Plan(u8, u8),
    /// One comes, and expires after so many seconds.
    Emergency(u8, u8),
    Withdrawn(u8),
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0_u16..60).prop_map(Move::Wait),
        1 => (-600_i16..600).prop_map(Move::Step),
        1 => any::<bool>().prop_map(Move::Trust),
        12 => (any::<u16>(), prop::bool::weighted(0.85)).prop_map(|(which, well)| Move::Answer { which, well }),
        4 => (0_u8..8, 0_u8..5, 0_u8..12).prop_map(|(slot, kind, played)| Move::Audio { slot, kind, played }),
        1 => Just(Move::AmplifierFails),
        1 => Just(Move::Stop),
        2 => Just(Move::Resume),
        1 => any::<bool>().prop_map(Move::LocalStop),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(which, other)| Move::Plan(which, other)),
        2 => (0_u8..3, 0_u8..60).prop_map(|(which, expires)| Move::Emergency(which, expires)),
        1 => (0_u8..3).prop_map(Move::Withdrawn),
    ]
}

/// Checks every command against what was told so far.
struct Witness {
    playout: Playout,
    mono: Duration,
    origin: Timestamp,
    trusted: bool,
    stopped: bool,
    pressed: bool,
    /// Emergencies, and when they expire.
    expires: BTreeMap<SlotKey, Duration>,
    /// As they were recorded last.
    recorded: BTreeMap<SlotKey, Slot>,
    /// When their windows close, as planned last.
    until: BTreeMap<SlotKey, Timestamp>,
    started: BTreeSet<SlotKey>,
    told_due: BTreeSet<SlotKey>,
    told_pcm: BTreeSet<SlotKey>,
    asked_zones: Option<Vec<ZoneId>>,
    confirmed: bool,
    unmuted: bool,
    open: bool,
    outcomes: BTreeMap<SlotKey, u32>,
    answerable: Vec<Command>,
    fresh: Vec<Command>,
    slots: (Vec<Slot>, Vec<Slot>),
}

impl Witness {
    fn now(&self) -> Now {
        Now { wall: self.wall(), mono: self.mono, trusted: self.trusted }
    }

    fn wall(&self) -> Timestamp {
        self.origin + SignedDuration::try_from(self.mono).unwrap()
    }

    fn tell(&mut self, input: Input) {
        match &input {
            Input::Recorded { slot, stage: Stage::Due } => drop(self.told_due.insert(slot.clone())),
            Input::PcmVerified { slot } => drop(self.told_pcm.insert(slot.clone())),
            Input::AmplifierConfirmed => self.confirmed = self.asked_zones.is_some(),
            Input::AmplifierFailed { .. } | Input::UnmuteFailed { .. } => self.confirmed &= false,
            Input::Stop { .. } => self.stopped = true,
            Input::Resume { .. } => self.stopped = false,
            Input::LocalStop { pressed } => self.pressed = *pressed,
            Input::Emergency(slot) => {
                let left = slot.permitted.until.duration_since(self.wall());
                let at = self.mono + Duration::try_from(left).unwrap();
                self.expires.entry(slot.key.clone()).or_insert(at);
            }
            _ => {}
        }
        let now = self.now();
        self.playout.handle(input, now);
        while let Some(command) = self.playout.poll_command() {
            self.witness(&command);
            self.answerable.push(command.clone());
            self.fresh.push(command);
        }
        assert!(self.playout.next_wakeup().is_none_or(|at| at > self.mono), "{:#?}", self.playout);
    }

    fn witness(&mut self, command: &Command) {
        match command {
            Command::Energise { zones } => {
                assert!(!self.unmuted, "energised while unmuted");
                (self.asked_zones, self.confirmed) = (Some(zones.clone()), false);
            }
            Command::Release => {
                assert!(!self.unmuted && !self.open, "released while unmuted or open");
                (self.asked_zones, self.confirmed) = (None, false);
            }
            Command::Unmute => {
                assert!(self.confirmed && self.open, "unmuted without power");
                self.unmuted = true;
            }
            Command::Mute => self.unmuted = false,
            Command::OpenOutput => self.open = true,
            Command::CloseOutput => self.open = false,
            Command::RecordDue(entry) => {
                let Entry::Slot(slot) = entry else { panic!("a refusal is opened") };
                assert!(!self.outcomes.contains_key(&slot.key), "{} is opened after its end", slot.key);
                // A row that is owed is asked for again as it was; another slot must be told of and verified again.
                if self.recorded.insert(slot.key.clone(), slot.clone()).as_ref() != Some(slot) {
                    self.told_due.remove(&slot.key);
                    self.told_pcm.remove(&slot.key);
                }
            }
            Command::RecordStarted { slot, .. } => {
                assert!(self.told_due.contains(slot), "{slot} started without a durable due row");
                assert!(self.started.insert(slot.clone()), "{slot} started twice");
            }
            Command::RecordProgress { slot, .. } => assert!(self.started.contains(slot)),
            Command::VerifyPcm { slot } => {
                assert!(self.told_due.contains(slot) || self.expires.contains_key(slot));
                self.told_pcm.remove(slot);
            }
            Command::Play { slot: key, at_mono } => {
                let slot = &self.recorded[key];
                let urgent = self.expires.get(key);
                assert!(!self.stopped && !self.pressed && self.open, "{key} played without leave");
                assert!(self.told_pcm.contains(key), "{key} played unverified");
                assert!(
                    self.confirmed && self.asked_zones.as_deref() == Some(&*slot.zones),
                    "{key} played unpowered"
                );
                assert!(!self.outcomes.contains_key(key), "{key} played after its end");
                if let Some(expires) = urgent {
                    assert!(at_mono < expires, "{key} played after it expired");
                    return;
                }
                assert!(self.trusted && self.told_due.contains(key), "{key} played without clock or log");
                let at = self.wall() + SignedDuration::try_from(*at_mono - self.mono).unwrap();
                let late = at.duration_since(slot.start);
                let latest = self.slots.0.iter().chain(&self.slots.1).filter(|slot| slot.key == *key);
                let latest = latest.map(|slot| {
                    slot.latest_start.map_or(2_300, |latest| {
                        i64::try_from(latest.duration_since(slot.start).as_millis()).unwrap()
                    })
                });
                let most = SignedDuration::from_millis(latest.max().unwrap());
                assert!(!late.is_negative() && late <= most, "{key}: {late:?}");
                assert!(at + slot.duration <= self.until[key], "{key} played past its window");
            }
            Command::RecordEnded { slot, .. } => {
                assert!(self.told_due.contains(slot), "{slot} ended without a durable due row");
                *self.outcomes.entry(slot.clone()).or_default() += 1;
            }
            Command::RecordUnaired { entry, .. } | Command::RecordHeard { entry, .. } => {
                *self.outcomes.entry(entry.key().clone()).or_default() += 1
            }
            _ => {}
        }
        assert!(self.outcomes.values().all(|&count| count == 1), "two outcomes: {:?}", self.outcomes);
    }

    fn answer(&self, command: &Command, well: bool) -> Option<Input> {
        let why = || "refused".to_owned();
        Some(match (command, well) {
            (Command::RecordDue(entry), true) => {
                Input::Recorded { slot: entry.key().clone(), stage: Stage::Due }
            }
            (Command::RecordDue(entry), false) => {
                Input::RecordFailed { slot: entry.key().clone(), stage: Stage::Due, why: why() }
            }
            (Command::VerifyPcm { slot }, true) => Input::PcmVerified { slot: slot.clone() },
            (Command::VerifyPcm { slot }, false) => Input::PcmRefused { slot: slot.clone(), why: why() },
            (Command::OpenOutput, true) => Input::OutputReady,
            (Command::OpenOutput, false) => Input::OutputFailed { why: why() },
            (Command::Energise { .. }, true) => Input::AmplifierConfirmed,
            (Command::Energise { .. }, false) => Input::AmplifierFailed { why: why() },
            (Command::Unmute, true) => Input::Unmuted,
            (Command::Unmute, false) => Input::UnmuteFailed { why: why() },
            (Command::Release, _) => Input::Released,
            (Command::Play { slot, .. }, _) => Input::AudioStarted { slot: slot.clone(), at: self.wall() },
            (Command::Cancel { slot }, _) => {
                Input::AudioCut { slot: slot.clone(), played: SignedDuration::ZERO, at: self.wall() }
            }
            _ => return None,
        })
    }

    fn plan(&mut self, bits: u8, other: u8) {
        let (slots, others) = &self.slots;
        let version = |index: usize| if other >> index & 1 == 1 { &others[index] } else { &slots[index] };
        let planned = (0..slots.len()).filter(|index| bits >> index & 1 == 1).map(version);
        let planned: Vec<Slot> = planned.cloned().collect();
        self.until.extend(planned.iter().map(|slot| (slot.key.clone(), slot.permitted.until)));
        self.tell(Input::Plan(planned.into_iter().map(Entry::Slot).collect()));
    }

    fn play(&mut self, step: Move) {
        match step {
            Move::Wait(tenths) => {
                let end = self.mono + Duration::from_millis(100 * u64::from(tenths));
                while let Some(at) = self.playout.next_wakeup().filter(|&at| at < end) {
                    self.mono = at;
                    self.tell(Input::Tick);
                }
                self.mono = end;
                self.tell(Input::Tick);
            }
            Move::Step(tenths) => {
                self.origin += SignedDuration::from_millis(100 * i64::from(tenths));
                self.tell(Input::Tick);
            }
            Move::Trust(trusted) => {
                self.trusted = trusted;
                self.tell(Input::Tick);
            }
            Move::Answer { which, well } => {
                let recent = self.answerable.len().min(8);
                let Some(index) = self.answerable.len().checked_sub(1 + usize::from(which) % recent.max(1))
                else {
                    return;
                };
                let input = self.answer(&self.answerable[index], well);
                input.into_iter().for_each(|input| self.tell(input));
            }
            Move::Audio { slot, kind, played } => {
                let keys = ["x", "y", "a", "b", "c", "e", "z"];
                let slot: SlotKey = (*keys.get(usize::from(slot)).unwrap_or(&"ghost")).into();
                let (played, at) = (SignedDuration::from_secs(i64::from(played)), self.wall());
                self.tell(match kind {
                    0 => Input::AudioStarted { slot, at },
                    1 => Input::AudioProgress { slot, played },
                    2 => Input::AudioEnded { slot, played, at },
                    3 => Input::AudioCut { slot, played, at },
                    _ => Input::AudioLost { slot, played, at, why: "lost".into() },
                });
            }
            Move::AmplifierFails => self.tell(Input::AmplifierFailed { why: "lost".into() }),
            Move::Stop => self.tell(Input::Stop { by: "T".into() }),
            Move::Resume => self.tell(Input::Resume { by: "T".into() }),
            Move::LocalStop(pressed) => self.tell(Input::LocalStop { pressed }),
            Move::Plan(bits, other) => self.plan(bits, other),
            Move::Emergency(which, expires) => {
                let slot = urgent(EMERGENCIES[usize::from(which)], self.wall(), f64::from(expires));
                self.tell(Input::Emergency(Box::new(slot)));
            }
            Move::Withdrawn(which) => {
                let (key, _) = EMERGENCIES[usize::from(which)].split_once(' ').unwrap();
                self.tell(Input::EmergencyWithdrawn { slot: key.into() });
            }
        }
    }

    /// The world comes to its senses: everything is answered well and at once, nothing sounds any more that
    /// was not told to end, and time passes.
    fn recover(&mut self) {
        self.play(Move::Trust(true));
        self.play(Move::Resume);
        self.play(Move::LocalStop(false));
        self.plan(u8::MAX, 0);
        let end = self.mono + Duration::from_secs(600);
        while self.mono < end {
            while !self.fresh.is_empty() {
                let command = self.fresh.remove(0);
                let input = self.answer(&command, true);
                // Nothing is started: what is queued fails by itself.
                let input = input.filter(|input| !matches!(input, Input::AudioStarted { .. }));
                input.into_iter().for_each(|input| self.tell(input));
            }
            let next = self.playout.next_wakeup().unwrap_or(end).min(end);
            self.mono = next.min(self.mono + Duration::from_secs(10));
            self.tell(Input::Tick);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_inputs_breaks_a_promise(moves in prop::collection::vec(any_move(), 0..120)) {
        let slots = planned();
        let origin = slots.0[0].start - SignedDuration::from_secs(20);
        let mut witness = Witness {
            playout: Playout::new(PlayoutSettings::default(), origin),
            mono: Duration::ZERO,
            origin,
            trusted: true,
            stopped: false,
            pressed: false,
            expires: BTreeMap::new(),
            recorded: BTreeMap::new(),
            until: BTreeMap::new(),
            started: BTreeSet::new(),
            told_due: BTreeSet::new(),
            told_pcm: BTreeSet::new(),
            asked_zones: None,
            confirmed: false,
            unmuted: false,
            open: false,
            outcomes: BTreeMap::new(),
            answerable: vec![],
            fresh: vec![],
            slots,
        };
        witness.tell(Input::Tick);
        witness.plan(u8::MAX, 0);
        for step in moves {
            witness.fresh.clear();
            witness.play(step);
        }
        witness.recover();
        for slot in witness.recorded.keys() {
            prop_assert!(witness.outcomes.contains_key(slot), "{} was opened and never closed", slot);
        }
        let view = witness.playout.view();
        prop_assert_eq!(view.amplifier, AmplifierState::Dark);
        prop_assert!(!view.output_open && !witness.open && !witness.unmuted);
    }
}
