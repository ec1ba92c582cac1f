//! The loop around the pure playout: it brings time, answers and plans in, and carries commands out to the log, the
//! output and the amplifier. It decides nothing.

mod amplifier;
mod output;
mod status;

pub use status::{AirStatus, OnAir, PlayoutHandle};

use crate::airing_log::{LogWriter, Urgency};
use crate::clock::Clock;
use crate::error::Result;
use crate::events::Events;
use crate::intake::{Folders, blocking};
use crate::planning;
use crate::store::{LogJob, Store};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_audio::output::{Output, OutputEvent, OutputSettings};
use loaxa_audio::prepared::Prepared;
use loaxa_firmware_bridge::Amplifier;
use loaxa_schedules::{
    Activity, Command, Entry, Input, Interruption, Now, OpenAiring, Outcome, Playout, PlayoutSettings,
    PlayoutView, Reason, Slot, SlotKey, Stage, reconcile,
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
/// At the end, the amplifier gets so long to confirm that it is dark.
const DARK_WITHIN: Duration = Duration::from_secs(5);

/// What reaches the loop.
pub(crate) enum Message {
    /// An answer that the playout understands as it is.
    Input(Input),
    /// The prepared PCM was read and hashed whole.
    Verified {
        slot: SlotKey,
        result: std::result::Result<Prepared, String>,
    },
    /// The output was opened, or not.
    Opened {
        generation: u64,
        result: std::result::Result<Output, String>,
    },
    /// Something happened at the output.
    Output { generation: u64, event: OutputEvent },
    /// A plan was made.
    Planned(Result<Vec<Entry>>),
    /// Somebody stops or releases the station.
    Switch {
        by: String,
        stop: bool,
        done: oneshot::Sender<()>,
    },
}

/// What the loop is made of.
pub struct Parts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is kept.
    pub store: Arc<Store>,
    /// The zone in which schedules are written.
    pub timezone: TimeZone,
    /// Where prepared PCM lies.
    pub folders: Folders,
    /// Who wants to know.
    pub events: Events,
    /// The bridge to the amplifier, if there is one, and the name of its driver.
    pub amplifier: (Option<Box<dyn Amplifier>>, &'static str),
    /// Where the sound goes, and the word for it.
    pub output: (OutputSettings, &'static str),
    /// Told whenever what could air has changed.
    pub plan_changed: watch::Receiver<u64>,
}

/// The loop.
pub struct PlayoutLoop {
    clock: Arc<dyn Clock>,
    store: Arc<Store>,
    timezone: TimeZone,
    events: Events,
    log: LogWriter,
    playout: Playout,
    handle: PlayoutHandle,
    sender: mpsc::UnboundedSender<Message>,
    messages: mpsc::UnboundedReceiver<Message>,
    plan_changed: watch::Receiver<u64>,
    orders: Option<mpsc::UnboundedSender<amplifier::Order>>,
    amplifier: Option<JoinHandle<()>>,
    output: output::Air,
    /// Entries of the last plan, by key: what is armed and what must get an outcome.
    entries: HashMap<SlotKey, Entry>,
    planning: bool,
    plan_again: bool,
    planned_at: Duration,
    noted_at: Duration,
    offset: Option<SignedDuration>,
    trusted: bool,
    view: Option<PlayoutView>,
}

impl PlayoutLoop {
    /// Closes what a power cut left open, and puts the loop together. The amplifier is told to be dark at once.
    pub async fn start(parts: Parts) -> Result<(Self, PlayoutHandle)> {
        let (sender, messages) = mpsc::unbounded_channel();
        let now = parts.clock.now();
        let (amplifier, driver) = parts.amplifier;
        let status = AirStatus {
            driver,
            output_form: parts.output.1,
            ..AirStatus::default()
        };
        let handle = PlayoutHandle::new(sender.clone(), status);
        handle.turned(now.mono);
        let settings = PlayoutSettings {
            amplifier_present: amplifier.is_some(),
            ..PlayoutSettings::default()
        };
        let (mut orders, mut task) = (None, None);
        if let Some(amplifier) = amplifier {
            let (give, take) = mpsc::unbounded_channel();
            orders = Some(give);
            task = Some(tokio::spawn(amplifier::run(amplifier, take, sender.clone())));
        }
        let store = Arc::clone(&parts.store);
        let trusted = now.trusted;
        let recovered = blocking(move || recover(&store, now)).await?;
        if recovered.0 > 0 {
            tracing::warn!(
                airings = recovered.0,
                "airings that an interruption left open were closed"
            );
        }
        let accounted_until = recovered.1.unwrap_or(now.wall);
        let mut playout = Playout::new(settings, accounted_until);
        let store = Arc::clone(&parts.store);
        if let Some(by) = blocking(move || store.stopped_by()).await? {
            tracing::warn!(
                by,
                "the station is stopped since before it started; release it to air again"
            );
            playout.handle(Input::Stop { by }, now);
        }
        let this = Self {
            log: LogWriter::start(Arc::clone(&parts.store))?,
            output: output::Air::new(parts.output.0, parts.folders, sender.clone()),
            clock: parts.clock,
            store: parts.store,
            timezone: parts.timezone,
            events: parts.events,
            playout,
            handle: handle.clone(),
            sender,
            messages,
            plan_changed: parts.plan_changed,
            orders,
            amplifier: task,
            entries: HashMap::new(),
            planning: false,
            plan_again: false,
            planned_at: now.mono,
            noted_at: now.mono,
            offset: None,
            trusted,
            view: None,
        };
        Ok((this, handle))
    }

    /// Turns until `shutdown`, then goes down in order: mute, silence, output closed, amplifier dark, log written.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        self.replan();
        loop {
            let now = self.clock.now();
            self.watch_clock(now);
            self.carry_out(now);
            self.publish();
            self.handle.turned(now.mono);
            let wake = self
                .playout
                .next_wakeup()
                .map_or(now.mono + TICK, |wake| wake.min(now.mono + TICK));
            let wake = tokio::time::Instant::from_std(self.clock.instant(wake));
            tokio::select! {
                message = self.messages.recv() => {
                    if let Some(message) = message {
                        self.take(message);
                    }
                }
                changed = self.plan_changed.changed() => {
                    if changed.is_ok() {
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
        let step = self
            .offset
            .map(|before| offset - before)
            .filter(|step| step.abs() > STEP);
        let trust_changed = now.trusted != self.trusted;
        if let Some(step) = step {
            tracing::warn!(
                seconds = step.as_secs_f64(),
                trusted = now.trusted,
                "the wall clock was stepped"
            );
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
            self.log.write(
                now.wall,
                vec![LogJob::Note { kind: "clock", body }],
                Urgency::KeepTrying,
                |_| {},
            );
            self.playout.handle(Input::Tick, now);
            self.replan();
        }
        self.offset = Some(offset);
        self.trusted = now.trusted;
        if now.mono.saturating_sub(self.planned_at) > REPLAN_EVERY {
            self.replan();
        }
        if now.trusted && now.mono.saturating_sub(self.noted_at) > NOTE_EVERY {
            self.noted_at = now.mono;
            self.note_accounted(now);
        }
    }

    fn note_accounted(&self, now: Now) {
        let until = self.playout.accounted_until();
        self.clock.remember(until);
        self.log.write(now.wall, vec![LogJob::AccountedUntil(until)], Urgency::AnswerNow, |result| {
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
        let (store, timezone, sender) = (
            Arc::clone(&self.store),
            self.timezone.clone(),
            self.sender.clone(),
        );
        let accounted_until = self.playout.accounted_until();
        let promised: HashSet<String> = self.entries.keys().map(|key| key.as_str().to_owned()).collect();
        tokio::task::spawn_blocking(move || {
            let planned = catch_up(&store, &timezone, accounted_until, now)
                .and_then(|()| planning::ahead(&store, &timezone, accounted_until, now.wall, &promised));
            let _ = sender.send(Message::Planned(planned));
        });
    }

    fn take(&mut self, message: Message) {
        let now = self.clock.now();
        match message {
            Message::Input(input) => {
                self.note_fault(&input);
                self.playout.handle(input, now);
            }
            Message::Verified { slot, result } => {
                let input = match result {
                    Ok(pcm) => {
                        self.output.verified(slot.clone(), pcm);
                        Input::PcmVerified { slot }
                    }
                    Err(why) => Input::PcmRefused { slot, why },
                };
                self.playout.handle(input, now);
            }
            Message::Opened { generation, result } => {
                let input = self.output.opened(generation, result);
                self.handle.update(|status| {
                    status.output_device = self.output.device();
                    match &input {
                        Some(Input::OutputReady) => status.output_fault = None,
                        Some(Input::OutputFailed { why }) => status.output_fault = Some(why.clone()),
                        _ => {}
                    }
                });
                if let Some(Input::OutputFailed { why }) = &input {
                    tracing::error!(why, "the output cannot be opened");
                }
                input
                    .into_iter()
                    .for_each(|input| self.playout.handle(input, now));
            }
            Message::Output { generation, event } => {
                if let OutputEvent::Lost { why, .. } = &event {
                    tracing::error!(why, "the output is lost");
                    self.handle
                        .update(|status| status.output_fault = Some(why.clone()));
                }
                let inputs = self.output.happened(generation, event, self.clock.as_ref(), now);
                inputs
                    .into_iter()
                    .for_each(|input| self.playout.handle(input, now));
            }
            Message::Planned(planned) => {
                self.planning = false;
                match planned {
                    Ok(entries) => {
                        self.entries = entries
                            .iter()
                            .map(|entry| (entry.key().clone(), entry.clone()))
                            .collect();
                        self.playout.handle(Input::Plan(entries), now);
                        self.note_accounted(now);
                        self.events.tell("plan", &json!({}));
                    }
                    Err(error) => {
                        tracing::error!(%error, "no plan could be made; the one before stays in force")
                    }
                }
                if self.plan_again {
                    self.replan();
                }
            }
            Message::Switch { by, stop, done } => {
                let input = if stop {
                    Input::Stop { by }
                } else {
                    Input::Resume { by }
                };
                self.playout.handle(input, now);
                self.carry_out(now);
                let _ = done.send(());
            }
        }
    }

    fn note_fault(&self, input: &Input) {
        match input {
            Input::AmplifierFailed { why } | Input::UnmuteFailed { why } => {
                tracing::error!(why, "the amplifier failed");
                self.handle
                    .update(|status| status.amplifier_fault = Some(why.clone()));
            }
            Input::AmplifierConfirmed => self.handle.update(|status| status.amplifier_fault = None),
            _ => {}
        }
    }

    fn carry_out(&mut self, now: Now) {
        while let Some(command) = self.playout.poll_command() {
            tracing::debug!(?command, "playout");
            self.obey(command, now);
        }
    }

    fn obey(&mut self, command: Command, now: Now) {
        match command {
            Command::RecordDue(entry) => {
                let slot = entry.key().clone();
                let job = LogJob::Due {
                    entry: Box::new(entry),
                    clock: self.clock.trust().as_str(),
                };
                self.record(now, vec![job], Urgency::AnswerNow, slot, Stage::Due);
            }
            Command::RecordStarted { slot, at } => {
                let job = LogJob::Started {
                    slot: slot.clone(),
                    at,
                };
                self.show_on_air(&slot, SignedDuration::ZERO, Some(at));
                self.record(now, vec![job], Urgency::KeepTrying, slot, Stage::Started);
            }
            Command::RecordProgress { slot, played } => {
                self.show_on_air(&slot, played, None);
                self.log.write(
                    now.wall,
                    vec![LogJob::Progress { slot, played }],
                    Urgency::AnswerNow,
                    |result| {
                        if let Err(error) = result {
                            tracing::warn!(%error, "progress could not be noted");
                        }
                    },
                );
            }
            Command::RecordEnded {
                slot,
                outcome,
                reason,
                played,
                started,
                ended,
                confirmed,
            } => {
                self.output.forget(&slot);
                self.entries.remove(&slot);
                self.handle.update(|status| {
                    if status
                        .on_air
                        .as_ref()
                        .is_some_and(|on_air| on_air.slot == slot.as_str())
                    {
                        status.on_air = None;
                    }
                });
                tracing::info!(
                    slot = slot.as_str(),
                    outcome = outcome.as_str(),
                    seconds = played.as_secs_f64(),
                    confirmed,
                    reason = reason.as_ref().map(|reason| reason.code.as_str()),
                    "airing closed"
                );
                let job = LogJob::Ended {
                    slot: slot.clone(),
                    outcome,
                    reason,
                    played,
                    started,
                    ended,
                    confirmed,
                };
                self.tell_closed(&slot, outcome);
                self.record(now, vec![job], Urgency::KeepTrying, slot, Stage::Ended);
            }
            Command::RecordUnaired {
                entry,
                outcome,
                reason,
            } => {
                let slot = entry.key().clone();
                self.output.forget(&slot);
                self.entries.remove(&slot);
                tracing::info!(
                    slot = slot.as_str(),
                    outcome = outcome.as_str(),
                    reason = reason.code,
                    "slot closed without sound"
                );
                self.tell_closed(&slot, outcome);
                let jobs = unaired(entry, outcome, reason, self.clock.trust().as_str());
                self.record(now, jobs, Urgency::KeepTrying, slot, Stage::Ended);
            }
            Command::VerifyPcm { slot } => {
                let root = match self.entries.get(&slot) {
                    Some(Entry::Slot(planned)) => Some((planned.pcm.clone(), planned.gain_db)),
                    _ => None,
                };
                self.output.verify(slot, root);
            }
            Command::OpenOutput => self.output.open(),
            Command::CloseOutput => {
                self.output.close();
                self.handle.update(|status| status.output_device = None);
            }
            Command::Play { slot, at_mono } => {
                let inputs = self.output.play(&slot, self.clock.instant(at_mono), now);
                inputs
                    .into_iter()
                    .for_each(|input| self.playout.handle(input, now));
            }
            Command::Cancel { slot } => {
                let inputs = self.output.cancel(&slot, now);
                inputs
                    .into_iter()
                    .for_each(|input| self.playout.handle(input, now));
            }
            Command::Energise { zones } => {
                self.order(amplifier::Order::Energise(
                    zones.iter().map(ToString::to_string).collect(),
                ));
            }
            Command::Unmute => self.order(amplifier::Order::Unmute),
            Command::Mute => self.order(amplifier::Order::Mute),
            Command::Release => self.order(amplifier::Order::Release),
        }
    }

    fn order(&self, order: amplifier::Order) {
        if let Some(orders) = &self.orders
            && orders.send(order).is_err()
        {
            tracing::error!("the amplifier's task is gone");
        }
    }

    fn record(&self, now: Now, jobs: Vec<LogJob>, urgency: Urgency, slot: SlotKey, stage: Stage) {
        let sender = self.sender.clone();
        self.log.write(now.wall, jobs, urgency, move |result| {
            let input = match result {
                Ok(()) => Input::Recorded { slot, stage },
                Err(error) => {
                    tracing::error!(slot = slot.as_str(), ?stage, %error, "the airing log refused a row");
                    Input::RecordFailed {
                        slot,
                        stage,
                        why: error.to_string(),
                    }
                }
            };
            let _ = sender.send(Message::Input(input));
        });
    }

    fn tell_closed(&self, slot: &SlotKey, outcome: Outcome) {
        self.events.tell(
            "airing",
            &json!({ "slot": slot.as_str(), "outcome": outcome.as_str() }),
        );
    }

    fn show_on_air(&self, slot: &SlotKey, played: SignedDuration, started: Option<Timestamp>) {
        let Some(Entry::Slot(planned)) = self.entries.get(slot) else {
            return;
        };
        let planned: &Slot = planned;
        self.handle.update(|status| {
            let before = status.on_air.take().filter(|on_air| on_air.slot == slot.as_str());
            status.on_air = Some(OnAir {
                slot: slot.as_str().to_owned(),
                title: planned.title.clone(),
                segment: planned.segment.to_string(),
                seconds: planned.duration.as_secs_f64(),
                played: played.as_secs_f64(),
                started: started.or(before.and_then(|before| before.started)),
            });
        });
        self.events.tell(
            "progress",
            &json!({ "slot": slot.as_str(), "title": planned.title, "played": played.as_secs_f64(), "seconds": planned.duration.as_secs_f64() }),
        );
    }

    /// Shows the playout's view, and tells whoever listens when it changed.
    fn publish(&mut self) {
        let view = self.playout.view();
        if self.view.as_ref() == Some(&view) {
            return;
        }
        if view.activity == Activity::Idle {
            self.handle.update(|status| status.on_air = None);
        }
        self.handle.update(|status| status.view = Some(view.clone()));
        self.events.tell(
            "view",
            &json!({ "activity": view.activity, "stopped": view.stopped, "amplifier": view.amplifier }),
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
            let Message::Output { event, .. } = message else {
                continue;
            };
            if let Some((slot, played)) = self.output.heard(&event) {
                self.log.write(
                    now.wall,
                    vec![LogJob::Progress { slot, played }],
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
            self.log.write(
                now.wall,
                vec![LogJob::AccountedUntil(until)],
                Urgency::KeepTrying,
                |_| {},
            );
        }
        let (log, store) = (self.log, Arc::clone(&self.store));
        let closed = blocking(move || {
            // everything handed over is written before what is still open is read
            drop(log);
            close_open(&store, now, Interruption::CleanShutdown)
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

fn unaired(entry: Entry, outcome: Outcome, reason: Reason, clock: &'static str) -> Vec<LogJob> {
    let slot = entry.key().clone();
    vec![
        LogJob::Due {
            entry: Box::new(entry),
            clock,
        },
        LogJob::Ended {
            slot,
            outcome,
            reason: Some(reason),
            played: SignedDuration::ZERO,
            started: None,
            ended: None,
            confirmed: false,
        },
    ]
}

/// Closes what a power cut left open; says how much, and up to when the station had accounted for everything.
fn recover(store: &Store, now: Now) -> Result<(usize, Option<Timestamp>)> {
    let closed = close_open(store, now, Interruption::PowerOrCrash)?;
    Ok((closed, store.accounted_until()?))
}

/// Writes the one outcome of every airing that is open, but for those whose time has not come: they can still air.
fn close_open(store: &Store, now: Now, why: Interruption) -> Result<usize> {
    let mut jobs = Vec::new();
    for row in store.open_rows()? {
        if row.started.is_none() && row.entry.start() > now.wall {
            continue;
        }
        let slot = row.entry.key().clone();
        let played = row.noted.map_or(SignedDuration::ZERO, |(played, _)| played);
        let open = OpenAiring {
            entry: row.entry,
            started: row.started,
            played_at_last_note: played,
        };
        let closing = reconcile(&open, why);
        jobs.push(LogJob::Ended {
            slot,
            outcome: closing.outcome,
            reason: Some(closing.reason),
            played: closing.played,
            started: closing.started,
            ended: closing.ended,
            confirmed: closing.confirmed,
        });
    }
    if !jobs.is_empty() {
        store.log(now.wall, &jobs)?;
    }
    Ok(jobs.len())
}

/// After a long absence: writes the outcome of every slot of the days that passed before yesterday, a day at a time, so
/// that a year without power is no burden on a small board's memory.
fn catch_up(store: &Store, timezone: &TimeZone, accounted_until: Timestamp, now: Now) -> Result<()> {
    let Ok(last) = planning::day_of(now.wall, timezone).yesterday() else {
        return Ok(());
    };
    let mut day = planning::day_of(accounted_until, timezone);
    if day >= last {
        return Ok(());
    }
    let snapshot = planning::snapshot(store, timezone)?;
    while day < last {
        let (Ok(from), Ok(next)) = (day.to_zoned(timezone.clone()), day.tomorrow()) else {
            return Ok(());
        };
        let Ok(to) = next.to_zoned(timezone.clone()) else {
            return Ok(());
        };
        let closed = store.closed_slots(from.timestamp(), to.timestamp())?;
        let mut jobs = Vec::new();
        for entry in planning::days(&snapshot, day, 1)?
            .iter()
            .flat_map(loaxa_schedules::DayPlan::entries)
        {
            if entry.start() <= accounted_until || closed.contains(entry.key().as_str()) {
                continue;
            }
            let open = OpenAiring {
                entry,
                started: None,
                played_at_last_note: SignedDuration::ZERO,
            };
            let closing = reconcile(&open, Interruption::PowerOrCrash);
            jobs.extend(unaired(
                open.entry,
                closing.outcome,
                closing.reason,
                "after_absence",
            ));
        }
        jobs.push(LogJob::AccountedUntil(to.timestamp().min(now.wall)));
        store.log(now.wall, &jobs)?;
        day = next;
    }
    Ok(())
}
