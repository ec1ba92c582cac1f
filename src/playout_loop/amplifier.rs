//! The task that talks to the amplifier: one order at a time, each bounded, silence before everything else.
//!
//! While the amplifier has power it is told every second that somebody is in charge, as long as the loop itself turns;
//! dark, it is asked every two seconds, and what is found on is switched off.

mod orders;
#[cfg(test)]
mod tests;

pub(super) use orders::Order;

use super::Message;
use super::pulse::Pulse;
use super::quiet::Quiet;
use crate::amplifier::{About, Seen, Sight, Wanted};
use loaxa_firmware_bridge::{Amplifier, AmplifierStatus, BridgeError, Reading};
use loaxa_schedules::Input;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

/// While it has power, the amplifier is told and asked so often.
const HOLD_EVERY: Duration = Duration::from_secs(1);
/// Dark, it is asked so often: whatever goes wrong is known within five seconds.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A loop that has not turned for so long is no longer in charge.
const LOOP_WITHIN: Duration = Duration::from_secs(2);
/// Hardware without a dead man is switched off by this task when the loop has not turned for so long.
const HANGS_AFTER: Duration = Duration::from_secs(5);

/// Muting, unmuting and reading take no longer, whatever the driver promises: an emergency waits behind them.
const SHORT: Duration = Duration::from_secs(2);
/// Switching off takes no longer. Not shorter: a driver whose first order is lost still has to try the power relay.
const RELEASE_WITHIN: Duration = Duration::from_secs(5);
/// Switching on takes no longer; it holds the settling time, and any other order ends it at once.
const ENERGISE_WITHIN: Duration = Duration::from_secs(10);
/// A reading that fails within this time is tried once more before anything is cut.
const SOON: Duration = Duration::from_secs(1);
/// A reading in the way of an order may take so much longer before it is dropped.
const GRACE: Duration = Duration::from_millis(300);
/// The same trouble is said so often.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// The task's state.
pub(super) struct Task {
    amplifier: Box<dyn Amplifier>,
    orders: UnboundedReceiver<Order>,
    /// Taken off the queue, not carried out yet.
    waiting: Option<Order>,
    answers: UnboundedSender<Message>,
    pulse: Pulse,
    wanted: Wanted,
    /// Whether the last exchange succeeded. After any error the next order is to be dark.
    known: bool,
    /// What has power is an emergency.
    insist: bool,
    /// Whether sound can be cut while zones stay connected. Where it cannot, being muted is having no zone.
    mutes: bool,
    /// The playout waits for the word that it is dark.
    owes_release: bool,
    /// STOP at the station, as it was last told.
    stop: Option<bool>,
    /// A technician switched it on until then.
    manual_until: Option<Instant>,
    look_at: Instant,
    began: Instant,
    hangs: Quiet,
    not_dark: Quiet,
}

/// Carries orders out until nobody can give any more, then leaves the amplifier dark.
pub(super) async fn run(
    amplifier: Box<dyn Amplifier>,
    orders: UnboundedReceiver<Order>,
    answers: UnboundedSender<Message>,
    pulse: Pulse,
) {
    let now = Instant::now();
    let mut task = Task {
        amplifier,
        orders,
        waiting: None,
        answers,
        pulse,
        wanted: Wanted::Dark,
        known: false,
        insist: false,
        mutes: true,
        owes_release: false,
        stop: None,
        manual_until: None,
        look_at: now,
        began: now,
        hangs: Quiet::new(SAID_EVERY),
        not_dark: Quiet::new(SAID_EVERY),
    };
    task.start().await;
    while let Some(turn) = task.next().await {
        match turn {
            Some(order) => task.obey(order).await,
            None => task.look().await,
        }
    }
    task.end().await;
}

impl Task {
    /// What is on was left on by a daemon that died; all of it goes off.
    async fn start(&mut self) {
        let found = bounded(GRACE, self.amplifier.status()).await;
        if let Ok(status) = found
            && let Err(error) = status.confirm_dark()
        {
            self.found_on(&error, status);
        }
        self.darken().await;
        self.wait_for_next_look();
    }

    /// The next order, or None inside when it is time to look; None when nobody can give orders any more.
    async fn next(&mut self) -> Option<Option<Order>> {
        if let Some(order) = self.waiting.take() {
            return Some(Some(order));
        }
        tokio::select! {
            biased;
            order = self.orders.recv() => order.map(Some),
            () = tokio::time::sleep_until(self.look_at) => Some(None),
        }
    }

    /// Regular looks: the next is counted from when this one was due, unless that has passed.
    fn wait_for_next_look(&mut self) {
        let every = if self.wanted.powered() || !self.known { HOLD_EVERY } else { LOOK_EVERY };
        self.look_at = (self.look_at + every).max(Instant::now());
    }

    async fn look(&mut self) {
        if self.manual_until.is_some_and(|until| Instant::now() >= until) {
            tracing::info!("the technician's time is over; the amplifier goes dark");
            self.want_dark();
        }
        match (self.wanted.powered(), self.known) {
            (true, _) => self.look_while_on().await,
            (false, true) => self.look_while_dark().await,
            (false, false) => {
                self.darken().await;
            }
        }
        self.wait_for_next_look();
    }

    /// Says that somebody is in charge, if somebody is, and reads everything.
    async fn look_while_on(&mut self) {
        let silent = self.pulse.age();
        let in_charge = silent <= LOOP_WITHIN;
        if !in_charge && let Some(unsaid) = self.hangs.say(self.began.elapsed()) {
            tracing::error!(
                seconds = silent.as_secs_f64(),
                unsaid,
                "the playout's loop does not turn; the amplifier is left to fall silent by itself"
            );
        }
        if self.amplifier.dead_man().is_none() && silent > HANGS_AFTER {
            // its hardware never lets go by itself
            self.want_dark();
            self.darken().await;
            self.tell(Input::AmplifierFailed {
                why: "the playout hung; the amplifier was switched off".to_owned(),
            });
            return;
        }
        match self.read(in_charge).await {
            None => self.known = false,
            Some(Ok(status)) => {
                self.notice_stop(&status);
                match self.accept(&self.wanted, &status) {
                    Ok(()) => {
                        self.known = true;
                        self.show(Sight::Read { status, wanted: self.wanted.clone() });
                    }
                    Err(error) => {
                        // the row of what sounded is to say how it stood; dark is right where STOP made it so
                        let stopped = self.stop == Some(true);
                        let wanted = if stopped { Wanted::Dark } else { self.wanted.clone() };
                        self.show(Sight::Read { status, wanted });
                        self.lost(error);
                    }
                }
            }
            Some(Err(error)) => self.lost(error),
        }
    }

    async fn look_while_dark(&mut self) {
        match self.read(false).await {
            // an order came in between: what it finds is not known
            None => self.known = false,
            Some(Ok(status)) => {
                self.notice_stop(&status);
                if let Err(error) = status.confirm_dark() {
                    self.found_on(&error, status);
                    self.darken().await;
                } else {
                    self.show(Sight::Read { status, wanted: Wanted::Dark });
                }
            }
            Some(Err(error)) => {
                self.known = false;
                self.show(Sight::Failed(error));
            }
        }
    }

    /// Reads everything; None when an order could not wait for it any longer. One answer that is lost cuts no programme
    /// and is no fault: it is asked for once more, where the line was not waited for too long already.
    async fn read(&mut self, hold: bool) -> Option<Result<AmplifierStatus, BridgeError>> {
        let asked = Instant::now();
        let read = self.read_once(hold).await;
        match read {
            Some(Err(BridgeError::NoAnswer { .. })) if asked.elapsed() < SOON && self.waiting.is_none() => {
                self.read_once(hold).await
            }
            read => read,
        }
    }

    async fn read_once(&mut self, hold: bool) -> Option<Result<AmplifierStatus, BridgeError>> {
        let answer = if hold { self.amplifier.hold() } else { self.amplifier.status() };
        let mut answer = std::pin::pin!(bounded(SHORT, answer));
        tokio::select! {
            biased;
            answer = &mut answer => return Some(answer),
            order = self.orders.recv() => match order {
                Some(order) => self.waiting = Some(order),
                // nobody waits for anything any more
                None => return Some(answer.await),
            }
        }
        tokio::time::timeout(GRACE, answer).await.ok()
    }

    /// Whether it stands as wanted, and what it senses does not speak against it.
    fn accept(&self, wanted: &Wanted, status: &AmplifierStatus) -> Result<(), BridgeError> {
        match wanted {
            Wanted::Muted(_) if !self.mutes && status.muted.value() == Some(true) => {}
            Wanted::Muted(zones) if !self.mutes => status.confirm_energised(zones)?,
            _ => wanted.check(status)?,
        }
        let sensed =
            [("the amplifier's own contact", status.signals.ready), ("the mains", status.signals.mains)];
        let against = sensed.into_iter().find(|(_, read)| read.and_then(Reading::value) == Some(false));
        match against {
            Some((what, _)) if !self.insist => {
                Err(BridgeError::Mismatch { what: what.to_owned(), wanted: "on", read: "off" })
            }
            _ => Ok(()),
        }
    }

    /// It failed while it was on. When STOP did it, the playout was told of that already.
    fn lost(&mut self, error: BridgeError) {
        self.want_dark();
        self.known = false;
        if self.stop != Some(true) {
            let why = error.to_string();
            self.show(Sight::Failed(error));
            self.tell(Input::AmplifierFailed { why });
        }
    }

    fn want_dark(&mut self) {
        self.wanted = Wanted::Dark;
        self.manual_until = None;
        // the next look is soon, and switches it off
        self.known = false;
        self.look_at = Instant::now();
    }

    /// Orders it dark and says so when it is.
    async fn darken(&mut self) -> bool {
        let answer = bounded(RELEASE_WITHIN, self.amplifier.release()).await;
        let read = answer.and_then(|status| status.confirm_dark().map(|()| status));
        match read {
            Ok(status) => {
                self.known = true;
                self.notice_stop(&status);
                self.show(Sight::Read { status, wanted: Wanted::Dark });
                if std::mem::take(&mut self.owes_release) {
                    self.tell(Input::Released);
                }
                true
            }
            Err(error) => {
                self.known = false;
                if let Some(unsaid) = self.not_dark.say(self.began.elapsed()) {
                    tracing::error!(%error, unsaid, "the amplifier does not confirm that it is dark; it is told again");
                }
                self.show(Sight::Failed(error));
                false
            }
        }
    }

    fn found_on(&self, error: &BridgeError, status: AmplifierStatus) {
        let what = match error {
            BridgeError::Mismatch { what, .. } => what.clone(),
            other => other.to_string(),
        };
        if status.power.value() == Some(true) || status.zones.iter().any(|(_, on)| on.value() == Some(true)) {
            tracing::error!(what, "found on although nobody had ordered it; it is switched off");
            self.show(Sight::FoundOn { what, status });
        }
    }

    /// The button at the station: the playout is told of every change before anything else.
    fn notice_stop(&mut self, status: &AmplifierStatus) {
        let Some(Reading::Known { value, .. }) = status.signals.stop else { return };
        // not pressed is what the playout believes at first
        if self.stop.unwrap_or(false) != value {
            tracing::warn!(pressed = value, "STOP at the station");
            self.tell(Input::LocalStop { pressed: value });
        }
        self.stop = Some(value);
    }

    fn tell(&self, input: Input) {
        // the loop is gone only when the daemon goes down
        let _ = self.answers.send(Message::Input(input));
    }

    fn show(&self, sight: Sight) {
        let about = About {
            identity: self.amplifier.identity(),
            line: self.amplifier.line(),
            dead_man: self.amplifier.dead_man(),
        };
        let _ = self.answers.send(Message::Amplifier(Box::new(Seen { at: Instant::now(), sight, about })));
    }

    async fn end(&mut self) {
        let answer = bounded(RELEASE_WITHIN, self.amplifier.release()).await;
        if let Err(error) = answer.and_then(|status| status.confirm_dark()) {
            tracing::error!(%error, "the amplifier does not confirm that it is dark at the end");
        }
    }
}

async fn bounded(
    limit: Duration,
    answer: impl Future<Output = Result<AmplifierStatus, BridgeError>>,
) -> Result<AmplifierStatus, BridgeError> {
    loaxa_firmware_bridge::bounded("the amplifier", limit, answer).await
}
