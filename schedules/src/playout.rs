//! The state machine that turns a plan into commands for log, output and amplifier.
//!
//! It has no clock and no device: the loop tells it what happened and what time it is
//! ([`Playout::handle`]), carries its commands out ([`Playout::poll_command`]) and comes back at
//! [`Playout::next_wakeup`] at the latest. Its three promises:
//!
//! * nothing is played unless its due row is durable, the clock is trusted, nobody pressed STOP, its PCM is
//!   verified, the amplifier confirmed exactly its zones, and all of it fits into its permitted stretch;
//! * every entry that came due gets exactly one outcome;
//! * the amplifier is not left on: what goes up comes down in the reverse order, and `Release` is repeated
//!   until it is confirmed.
//!
//! An **emergency** is the one exception to the first promise: it needs no durable row (the log is asked first and
//! until it answers, and a row that could not be written before is written with the outcome), no trusted clock and no
//! open window; it begins before it expires. STOP, verified PCM and confirmed zones hold for it as for everything
//! else. What sounds gives way to it, what comes due meanwhile waits as long as it may, and what a device fails is
//! tried again until the emergency expires; of two, the first that came is heard first, and whole.
//!
//! At a planned cut the output ends the slot by itself, to the frame. A slot that began late, or that a new plan
//! makes yield while it sounds, is cut by the playout at the moment that was planned.
//!
//! It is level-triggered. An input changes what is known; then every rule is asked what it needs now, until
//! none has anything more to say. So the order in which answers arrive does not matter, and an answer that
//! belongs to nothing changes nothing (or is met with the safe command).

mod adopt;
mod agenda;
mod air;
mod airing;
mod answers;
mod chain;
mod clock;
mod emergency;
mod messages;
mod outcome;
mod queue;
mod status;
mod stop;

use crate::plan::Slot;
use agenda::Agenda;
use airing::Airing;
use chain::Chain;
use clock::{ClockTrack, Moment, Mono};
use jiff::{SignedDuration, Timestamp};
pub use messages::{
    Activity, AmplifierState, Command, Input, NextSlot, Now, PlayoutSettings, PlayoutView, Stage,
};
pub(crate) use outcome::whole;
use std::collections::VecDeque;
use std::time::Duration;
use stop::Latches;

/// The playout of one station.
#[derive(Debug)]
pub struct Playout {
    settings: PlayoutSettings,
    clock: ClockTrack,
    agenda: Agenda,
    /// What came due and is not closed, in the order of starts.
    airings: Vec<Airing>,
    chain: Chain,
    /// Who holds the station silent.
    latches: Latches,
    /// Counts the emergencies, so that they are heard in the order in which they came.
    emergencies: u64,
    /// Up to here no entry comes due any more, unless it is waiting here already.
    settled_until: Timestamp,
    wakeup: Option<Duration>,
    /// False from start-up, from regained trust or from a step of the clock until the next plan.
    plan_is_fresh: bool,
    last: Option<Moment>,
    commands: VecDeque<Command>,
    /// Counts what was done, so that the rules are asked again until nothing is.
    done: u64,
}

/// Clocks that moved against each other by less go on together.
const SLEWED: SignedDuration = SignedDuration::from_millis(1);

/// The rules settle in two or three rounds; more than this would be a bug, and the next input goes on.
const ROUNDS: usize = 32;

impl Playout {
    /// A playout that has everything before `accounted_until` behind it.
    #[must_use]
    pub fn new(settings: PlayoutSettings, accounted_until: Timestamp) -> Playout {
        Playout {
            settings,
            clock: ClockTrack::new(settings.step_tolerance),
            agenda: Agenda::default(),
            airings: Vec::new(),
            chain: Chain::new(&settings),
            latches: Latches::default(),
            emergencies: 0,
            settled_until: accounted_until,
            wakeup: None,
            plan_is_fresh: false,
            last: None,
            commands: VecDeque::new(),
            done: 0,
        }
    }

    /// Takes an input in. `now` is the time at which it is handed in.
    pub fn handle(&mut self, input: Input, now: Now) {
        let now = Moment::from(now);
        let quiet = matches!(input, Input::AudioProgress { .. }) && self.is_quiet(now);
        self.look_at_clock(now);
        if quiet {
            // Most of what comes while something sounds: it is noted, and no rule waits for it.
            self.absorb(input, now);
            self.account(now);
            return;
        }
        if matches!(input, Input::Plan(_)) {
            // What came due under the old plan is settled before the new one replaces it.
            self.settle(now);
        }
        self.absorb(input, now);
        self.settle(now);
        self.wakeup = self.deadline(now);
    }

    /// Whether the time alone changes nothing: the clocks go on together, and no deadline has come.
    fn is_quiet(&self, now: Moment) -> bool {
        let mono = Duration::try_from(now.mono).unwrap_or(Duration::MAX);
        self.wakeup.is_none_or(|wakeup| mono < wakeup)
            && self.last.is_some_and(|last| {
                let drift = last.mono_of(now.wall).saturating_sub(now.mono);
                last.trusted == now.trusted && drift.abs() < SLEWED
            })
    }

    /// The next command, until there is none.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// The monotonic time at which the playout wants a [`Input::Tick`], if nothing else comes before.
    ///
    /// Steps of the clock and changes of trust cannot be foreseen: the loop ticks for them of its own accord.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Duration> {
        self.wakeup
    }

    fn deadline(&self, now: Moment) -> Option<Duration> {
        let agenda = self.agenda_deadline(now);
        let wake = self.airing_deadlines(now).chain(self.chain_deadlines(now)).chain(agenda).min()?;
        Some(Duration::try_from(wake).unwrap_or(Duration::ZERO))
    }

    /// The wall time up to which every entry is closed or open in the log: what the station remembers over a
    /// restart. It reaches back over occurrences of which an item is open or still waits, and stands still
    /// while the clock is not trusted and until a plan has come when [`Playout::needs_plan`] says so.
    #[must_use]
    pub fn accounted_until(&self) -> Timestamp {
        let planned = self.airings.iter().filter(|airing| airing.urgent.is_none());
        let open = planned.map(|airing| airing.slot.occurrence.min(airing.slot.start));
        open.chain(self.agenda.earliest_occurrence()).fold(self.settled_until, Timestamp::min)
    }

    /// From when the next [`Input::Plan`] must reach: the same as [`Playout::accounted_until`].
    #[must_use]
    pub fn plan_from(&self) -> Timestamp {
        self.accounted_until()
    }

    /// Whether a plan made for the present time is wanted: after start-up, after trust was regained, after a
    /// step of the clock.
    #[must_use]
    pub fn needs_plan(&self) -> bool {
        !self.plan_is_fresh
    }

    fn look_at_clock(&mut self, now: Moment) {
        let change = self.clock.observe(now);
        if change.regained || change.stepped {
            self.plan_is_fresh = false;
            self.settled_until = self.settled_until.min(now.wall);
        }
        self.last = Some(now);
    }

    /// Asks every rule until none has anything to do.
    fn settle(&mut self, now: Moment) {
        for _ in 0..ROUNDS {
            let before = self.done;
            self.expire_chain(now);
            self.expire_airings(now);
            self.bring_due(now);
            self.review_airings(now);
            self.take_replacements(now);
            self.ask_for_owed_rows(now);
            self.verify_pcm(now);
            self.step_chain(now);
            self.play_ready(now);
            self.step_voice(now);
            if self.done == before {
                break;
            }
        }
        self.account(now);
    }

    fn account(&mut self, now: Moment) {
        if !now.trusted || !self.plan_is_fresh {
            return;
        }
        let planned = self.airings.iter().filter(|airing| airing.urgent.is_none());
        let not_durable = planned.filter(|airing| airing.due != airing::Due::Durable);
        let reached = not_durable.map(|airing| airing.slot.start).fold(now.wall, Timestamp::min);
        self.settled_until = self.settled_until.max(reached);
    }

    fn emit(&mut self, command: Command) {
        self.done += 1;
        self.commands.push_back(command);
    }

    /// How long before its start a slot comes due: nothing is armed while STOP holds, and until its very start it may
    /// still be released in time.
    fn lead(&self) -> SignedDuration {
        if self.latches.hold() { zero() } else { self.settings.arm_lead }
    }

    /// Until when an answer to something asked now is waited for.
    fn patience(&self, now: Moment) -> Mono {
        now.mono.saturating_add(self.settings.arm_timeout)
    }

    /// Whether a slot may be prepared now: a trusted clock, no STOP, and its time is near; for an emergency no
    /// STOP is enough. A little slack keeps a slewed clock from undoing what was begun.
    fn active(&self, airing: &Airing, now: Moment) -> bool {
        let slack = self.settings.step_tolerance;
        let lead = self.settings.arm_lead.saturating_add(slack);
        let near = || now.trusted && now.mono >= now.mono_of(airing.slot.start).saturating_sub(lead);
        !self.latches.hold() && (airing.urgent.is_some() || near())
    }

    /// Until when it may start: what it says itself, or the playout's own tolerance.
    fn latest_start(&self, slot: &Slot) -> Timestamp {
        let tolerated = || slot.start.saturating_add(self.settings.late_tolerance).unwrap_or(Timestamp::MAX);
        slot.latest_start.unwrap_or_else(tolerated).max(slot.start)
    }
}

fn zero() -> SignedDuration {
    SignedDuration::ZERO
}

#[cfg(test)]
mod tests;
