//! The loop around the pure playout: it brings time, answers and plans in, and carries commands out to the log, the
//! output and the amplifier. It decides nothing.

mod amplifier;
mod attended;
pub(crate) mod emergencies;
mod evidence;
mod inbox;
mod level;
mod outbox;
mod output;
pub(crate) mod permits;
mod pulse;
mod quiet;
mod recovery;
mod status;
mod supervised;
mod trouble;

#[cfg(test)]
mod tests;

pub(crate) use attended::LONGEST_ON;
pub use attended::{Given, Refused, Service};
pub use status::{AirStatus, OnAir, PlayoutHandle, SoundFault, Urgent};
pub use supervised::{AmplifierSeen, Tested};

use crate::airing_log::{LogWriter, Urgency};
use crate::amplifier::{Seen, Wiring};
use crate::clock::Clock;
use crate::error::Result;
use crate::events::Events;
use crate::intake::{Folders, blocking};
use crate::planning::{self, Site};
use crate::store::{LogJob, Store};
use jiff::{SignedDuration, Timestamp};
use loaxa_audio::output::{Output, OutputEvent, OutputSettings};
use loaxa_audio::prepared::Prepared;
use loaxa_firmware_bridge::Amplifier;
use loaxa_schedules::{
    Activity, Busy, Entry, Input, Interruption, Now, Playout, PlayoutSettings, PlayoutView, Slot, SlotKey,
    Zone,
};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The loop turns at least so often: a step of the wall clock is seen within this time.
const TICK: Duration = Duration::from_secs(1);
/// Without any change the plan is made anew so often.
const REPLAN_EVERY: Duration = Duration::from_secs(600);
/// How far is accounted for is noted so often while nothing else is written.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// A change of the wall clock against the monotonic one beyond this makes a new plan.
const STEP: SignedDuration = SignedDuration::from_millis(500);
/// An emergency whose end moves by less makes no new plan.
const BUSY_SLACK: SignedDuration = SignedDuration::from_secs(5);
/// At the end, the amplifier gets so long to confirm that it is dark.
const DARK_WITHIN: Duration = Duration::from_secs(5);

/// What reaches the loop.
pub(crate) enum Message {
    /// An answer that the playout understands as it is.
    Input(Input),
    /// The prepared PCM was read and hashed whole.
    Verified { slot: SlotKey, root: String, result: std::result::Result<Prepared, permits::Unfit> },
    /// The output was opened, or not.
    Opened { generation: u64, result: std::result::Result<Output, String> },
    /// Something happened at the output.
    Output { generation: u64, event: OutputEvent },
    /// A plan was made, in an era of the wall clock.
    Planned { era: u64, result: Result<Vec<Entry>> },
    /// What was found to be owed of emergencies since before the start.
    Owed(Result<Vec<emergencies::Owed>>),
    /// Something to write down as soon as the disk lets us.
    Write(LogJob),
    /// What the disk refused to close at the start is closed.
    Closed,
    /// What the amplifier's task found.
    Amplifier(Box<Seen>),
    /// A person wants something of the amplifier.
    Service { what: Service, by: String, done: oneshot::Sender<attended::Answer> },
    /// What the amplifier's task made of that.
    Served { answer: attended::Answer, done: oneshot::Sender<attended::Answer> },
    /// The station's zones, after any change.
    Zones(Result<Vec<Zone>>),
    /// Somebody stops or releases the station.
    Switch { by: String, stop: bool, done: oneshot::Sender<()> },
}

/// What the loop is made of.
pub struct Parts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is kept.
    pub store: Arc<Store>,
    /// What the configuration says that a plan depends on.
    pub site: Site,
    /// Where prepared PCM lies.
    pub folders: Folders,
    /// Who wants to know.
    pub events: Events,
    /// The bridge to the amplifier, if there is one, and the name of its driver.
    pub amplifier: (Option<Box<dyn Amplifier>>, &'static str),
    /// The zones that have a relay, as the configuration writes them; None: any zone is taken.
    pub wired_zones: Option<Vec<String>>,
    /// When the amplifier tests itself, by the station's clock; None: only when it is asked to.
    pub self_test: Option<jiff::civil::Time>,
    /// Where the sound goes, and the word for it.
    pub output: (OutputSettings, &'static str),
    /// Told whenever what could air has changed.
    pub plan_changed: watch::Receiver<u64>,
}

/// The loop.
pub struct PlayoutLoop {
    clock: Arc<dyn Clock>,
    store: Arc<Store>,
    site: Site,
    events: Events,
    log: LogWriter,
    playout: Playout,
    handle: PlayoutHandle,
    sender: mpsc::UnboundedSender<Message>,
    messages: mpsc::UnboundedReceiver<Message>,
    plan_changed: watch::Receiver<u64>,
    orders: Option<mpsc::UnboundedSender<amplifier::Order>>,
    amplifier: Option<JoinHandle<()>>,
    pulse: pulse::Pulse,
    supervised: supervised::Supervised,
    output: output::Air,
    wiring: Wiring,
    /// Slots between their due row and their outcome, as they were announced.
    due: HashMap<SlotKey, Slot>,
    /// Slots that an interruption before the start left open, and whose outcome the disk refused: in no plan until it is written.
    left_open: HashSet<SlotKey>,
    /// Slots whose outcome is being written and may call for a second chance, which only a new plan can give.
    unfinished: HashSet<SlotKey>,
    /// Whether what is owed of emergencies since before the start was looked up.
    owed_known: bool,
    /// What was taken back while that was being looked up; None while it is not.
    taken_back: Option<HashSet<SlotKey>>,
    /// What the air was busy with when the plan was last made anew for it.
    busy_until: Option<Timestamp>,
    /// Counts steps of the wall clock and changes of trust: a plan made before one is worth nothing after it.
    era: u64,
    planning: bool,
    plan_again: bool,
    planned_at: Duration,
    /// An airing began, and did not go on yet.
    just_begun: bool,
    noted_at: Duration,
    offset: Option<SignedDuration>,
    trusted: bool,
    view: Option<PlayoutView>,
}

impl PlayoutLoop {
    /// Closes what a power cut left open, puts the loop together, and takes up what is owed of emergencies. The amplifier is told to be dark at once.
    pub async fn start(parts: Parts) -> Result<(Self, PlayoutHandle)> {
        let (sender, messages) = mpsc::unbounded_channel();
        let now = parts.clock.now();
        let (amplifier, driver) = parts.amplifier;
        let status = AirStatus { driver, output_form: parts.output.1, ..AirStatus::default() };
        let handle = PlayoutHandle::new(sender.clone(), status);
        handle.turned(now.mono);
        let settings =
            PlayoutSettings { amplifier_present: amplifier.is_some(), ..PlayoutSettings::default() };
        let (mut orders, mut task) = (None, None);
        let pulse = pulse::Pulse::new();
        let dead_man = amplifier.as_ref().is_none_or(|amplifier| amplifier.dead_man().is_some());
        let supervised = supervised::Supervised::new(parts.self_test, now);
        if let Some(amplifier) = amplifier {
            let (give, take) = mpsc::unbounded_channel();
            orders = Some(give);
            task = Some(tokio::spawn(amplifier::run(amplifier, take, sender.clone(), pulse.clone())));
        }
        let store = Arc::clone(&parts.store);
        let trusted = now.trusted;
        let closed = blocking(move || recovery::close_open(&store, now, Interruption::PowerOrCrash)).await;
        let mut left_open = (Vec::new(), HashSet::new());
        match closed {
            Ok(0) => {}
            Ok(count) => {
                tracing::warn!(airings = count, "airings that an interruption left open were closed")
            }
            Err(error) => {
                tracing::error!(%error, "airings that an interruption left open cannot be closed yet; it is tried again");
                let store = Arc::clone(&parts.store);
                match blocking(move || recovery::left_open(&store, now)).await {
                    Ok(found) => left_open = found,
                    // they stay open until a start that can write
                    Err(error) => tracing::error!(%error, "nor can they be read"),
                }
            }
        }
        let store = Arc::clone(&parts.store);
        let accounted_until = blocking(move || store.accounted_until()).await?.unwrap_or(now.wall);
        let mut playout = Playout::new(settings, accounted_until);
        let store = Arc::clone(&parts.store);
        if let Some(by) = blocking(move || store.stopped_by()).await? {
            tracing::warn!(by, "the station is stopped since before it started; release it to air again");
            playout.handle(Input::Stop { by }, now);
        }
        let mut this = Self {
            log: LogWriter::start(Arc::clone(&parts.store))?,
            wiring: Wiring::new(parts.wired_zones),
            output: output::Air::new(
                parts.output.0,
                parts.folders,
                sender.clone(),
                (Arc::clone(&parts.store), handle.clone()),
            ),
            clock: parts.clock,
            store: parts.store,
            site: parts.site,
            events: parts.events,
            playout,
            handle: handle.clone(),
            sender,
            messages,
            plan_changed: parts.plan_changed,
            orders,
            amplifier: task,
            pulse,
            supervised,
            due: HashMap::new(),
            left_open: left_open.1,
            unfinished: HashSet::new(),
            owed_known: false,
            taken_back: None,
            busy_until: None,
            era: 0,
            planning: false,
            plan_again: false,
            just_begun: false,
            planned_at: now.mono,
            noted_at: now.mono,
            offset: None,
            trusted,
            view: None,
        };
        this.close_later(left_open.0, now);
        this.begin_supervision(driver, dead_man, now);
        this.look_for_owed(now).await;
        Ok((this, handle))
    }

    /// Turns until `shutdown`, then goes down in order: mute, silence, output closed, amplifier dark, log written.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        self.ask_for_zones();
        self.replan();
        loop {
            let now = self.clock.now();
            self.watch_clock(now);
            self.carry_out(now);
            self.publish();
            self.handle.turned(now.mono);
            self.pulse.beat();
            self.test_on_schedule(now);
            let wake = self.playout.next_wakeup().map_or(now.mono + TICK, |wake| wake.min(now.mono + TICK));
            let wake = tokio::time::Instant::from_std(self.clock.instant(wake));
            tokio::select! {
                message = self.messages.recv() => {
                    if let Some(message) = message {
                        self.take(message);
                    }
                }
                changed = self.plan_changed.changed() => {
                    if changed.is_ok() {
                        self.check_approvals();
                        self.ask_for_zones();
                        self.replan();
                    }
                }
                () = tokio::time::sleep_until(wake) => {
                    let now = self.clock.now();
                    self.playout.handle(Input::Tick, now);
                }
                () = crate::web::down(&mut shutdown) => break,
            }
        }
        self.go_down().await;
    }

    /// A step of the wall clock, a change of trust and the passing of time make a new plan.
    fn watch_clock(&mut self, now: Now) {
        let offset = SignedDuration::from_nanos_i128(now.wall.as_nanosecond()) - signed(now.mono);
        let step = self.offset.map(|before| offset - before).filter(|step| step.abs() > STEP);
        let trust_changed = now.trusted != self.trusted;
        if let Some(step) = step {
            tracing::warn!(seconds = step.as_secs_f64(), trusted = now.trusted, "the wall clock was stepped");
        }
        if trust_changed {
            tracing::warn!(
                trusted = now.trusted,
                reason = self.clock.trust().as_str(),
                "trust in the wall clock changed"
            );
        }
        if step.is_some() || trust_changed {
            let body = json!({
                "what": if trust_changed { "trust" } else { "step" }, "trusted": now.trusted, "reason": self.clock.trust().as_str(),
                "step_ms": step.map(|step| i64::try_from(step.as_millis()).unwrap_or(i64::MAX)),
            });
            self.log.write(now.wall, vec![LogJob::Note { kind: "clock", body }], Urgency::KeepTrying, |_| {});
            self.era += 1;
            self.playout.handle(Input::Tick, now);
            self.replan();
        }
        self.offset = Some(offset);
        self.trusted = now.trusted;
        if now.trusted && !self.owed_known {
            self.ask_for_owed(now);
        }
        let age = now.mono.saturating_sub(self.planned_at);
        if age > REPLAN_EVERY || (self.playout.needs_plan() && age > TICK) {
            self.replan();
        }
        if now.trusted && now.mono.saturating_sub(self.noted_at) > NOTE_EVERY {
            self.noted_at = now.mono;
            self.note_accounted(now);
        }
    }

    /// Notes how far every slot has its rows. Those rows go first: a power cut between the two must not leave a slot that is
    /// accounted for and has none.
    fn note_accounted(&mut self, now: Now) {
        self.carry_out(now);
        let until = self.playout.accounted_until();
        self.clock.remember(until);
        self.log.write(now.wall, vec![LogJob::AccountedUntil(until)], Urgency::KeepTrying, |result| {
            if let Err(error) = result {
                tracing::warn!(%error, "the time up to which airings are accounted for could not be noted");
            }
        });
    }

    /// Makes a new plan beside the loop; what comes of it arrives as a message. Nothing is planned by a clock that
    /// cannot be trusted: what passes meanwhile is missed, and said so, once it can.
    fn replan(&mut self) {
        let now = self.clock.now();
        if self.planning {
            self.plan_again = true;
            return;
        }
        if !now.trusted {
            return;
        }
        (self.planning, self.plan_again, self.planned_at) = (true, false, now.mono);
        let (store, site, sender) = (Arc::clone(&self.store), self.site.clone(), self.sender.clone());
        let busy = self.busy_until.map(|until| Busy { until });
        let (era, accounted_until, from) =
            (self.era, self.playout.accounted_until(), self.playout.plan_from());
        tokio::task::spawn_blocking(move || {
            let planned = recovery::catch_up(&store, &site, accounted_until, now)
                .and_then(|()| planning::ahead(&store, &site, busy, from, now.wall));
            let _ = sender.send(Message::Planned { era, result: planned });
            loaxa_board_sys::give_memory_back();
        });
    }

    /// Writes what a start could not, before anything else, as soon as the disk lets us.
    fn close_later(&self, jobs: Vec<LogJob>, now: Now) {
        if jobs.is_empty() {
            return;
        }
        let (count, sender) = (jobs.len(), self.sender.clone());
        self.log.write(now.wall, jobs, Urgency::KeepTrying, move |result| match result {
            Ok(()) => {
                tracing::warn!(airings = count, "airings that an interruption left open were closed");
                let _ = sender.send(Message::Closed);
            }
            Err(error) => {
                tracing::error!(%error, "airings that an interruption left open stay so until the next start");
            }
        });
    }

    /// Reads the zones' names beside the loop: the amplifier's relays may be configured by them.
    fn ask_for_zones(&self) {
        let (store, sender) = (Arc::clone(&self.store), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let _ = sender.send(Message::Zones(store.all_documents()));
        });
    }

    /// Shows the playout's view, and tells whoever listens when it changed.
    pub(super) fn publish(&mut self) {
        let view = self.playout.view();
        if self.view.as_ref() == Some(&view) {
            return;
        }
        let moved = match (self.busy_until, view.busy_until) {
            (Some(before), Some(until)) => until.duration_since(before).abs() > BUSY_SLACK,
            (before, until) => before.is_some() != until.is_some(),
        };
        if moved {
            self.busy_until = view.busy_until;
            self.replan();
        }
        if view.activity == Activity::Idle {
            self.handle.update(|status| (status.on_air, status.level_dbfs) = (None, None));
        }
        self.handle.update(|status| status.view = Some(view.clone()));
        self.events.tell(
            "view",
            &json!({
                "activity": view.activity, "stopped": view.stopped, "local_stop": view.local_stop,
                "amplifier": view.amplifier,
            }),
        );
        self.view = Some(view);
    }

    /// Mute, silence, output closed, amplifier dark, open airings closed, log written.
    async fn go_down(mut self) {
        self.order(amplifier::Order::Mute);
        self.order(amplifier::Order::Release);
        let now = self.clock.now();
        self.output.shut().await;
        while let Ok(message) = self.messages.try_recv() {
            let event = match message {
                Message::Output { event, .. } => event,
                Message::Write(job) => {
                    self.keep_at_last(job, now);
                    continue;
                }
                _ => continue,
            };
            if let Some((slot, played)) = self.output.heard(&event, self.clock.as_ref(), now) {
                let evidence = self.evidence_so_far(&slot, now);
                self.log.write(
                    now.wall,
                    vec![LogJob::Progress { slot, played, evidence }],
                    Urgency::KeepTrying,
                    |_| {},
                );
            }
        }
        drop(self.orders.take());
        if let Some(task) = self.amplifier.take()
            && tokio::time::timeout(DARK_WITHIN, task).await.is_err()
        {
            tracing::error!("the amplifier did not confirm in time that it is dark");
        }
        let now = self.clock.now();
        let until = self.playout.accounted_until();
        if now.trusted {
            self.log.write(now.wall, vec![LogJob::AccountedUntil(until)], Urgency::KeepTrying, |_| {});
        }
        let (log, store) = (self.log, Arc::clone(&self.store));
        let closed = blocking(move || {
            // everything handed over is written before what is still open is read
            drop(log);
            recovery::close_open(&store, now, Interruption::CleanShutdown)
        })
        .await;
        match closed {
            Ok(count) if count > 0 => {
                tracing::info!(airings = count, "airings cut by the shutdown were closed")
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "open airings could not be closed; the next start does it"),
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
