//! What the amplifier is told, and how each of it is carried out.

use super::{ENERGISE_WITHIN, SHORT, Task, bounded};
use crate::amplifier::{Sight, Wanted};
use loaxa_firmware_bridge::{BridgeError, SelfTest, self_test};
use loaxa_schedules::Input;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A self-test takes no longer; any order ends it at once.
const TEST_WITHIN: Duration = Duration::from_secs(60);

/// What the amplifier is told.
#[derive(Debug)]
pub(in crate::playout_loop) enum Order {
    /// Power for exactly these zones, muted. An emergency insists: relays that read back are enough for it, also where the
    /// amplifier's own contact or the mains sense speaks against it, for that may be what is broken.
    Energise { zones: Vec<String>, insist: bool },
    /// Let sound through.
    Unmute,
    /// Let none through.
    Mute,
    /// Power off.
    Release,
    /// A person has seen the faults that it keeps.
    Clear { by: String, done: oneshot::Sender<Result<(), String>> },
    /// Move every relay, muted, and read it back.
    Test { done: oneshot::Sender<Option<SelfTest>> },
    /// A technician wants power for these zones, muted, until then.
    Manual { by: String, zones: Vec<String>, until: Instant, done: oneshot::Sender<Result<(), String>> },
    /// A technician is done.
    ManualOff { by: String, done: oneshot::Sender<Result<(), String>> },
}

impl Task {
    pub(super) async fn obey(&mut self, order: Order) {
        match order {
            Order::Energise { zones, insist } => self.energise(zones, insist).await,
            Order::Unmute => self.unmute().await,
            Order::Mute => self.mute().await,
            Order::Release => {
                self.want_dark();
                self.owes_release = true;
                self.darken().await;
            }
            Order::Clear { by, done } => self.clear(by, done).await,
            Order::Test { done } => self.test(done).await,
            Order::Manual { by, zones, until, done } => self.manual(by, zones, until, done).await,
            Order::ManualOff { done, .. } if self.wanted.powered() && self.manual_until.is_none() => {
                let _ = done.send(Err(IN_USE.to_owned()));
            }
            Order::ManualOff { by, done } => {
                self.want_dark();
                let dark = self.darken().await;
                self.show(Sight::Switched { by, zones: 0, seconds: 0 });
                let _ = done.send(if dark { Ok(()) } else { Err(NOT_DARK.to_owned()) });
            }
        }
        self.look_at = Instant::now();
        self.wait_for_next_look();
    }

    async fn energise(&mut self, zones: Vec<String>, insist: bool) {
        self.manual_until = None;
        self.insist = insist;
        match self.switch_on(&zones).await {
            Some(Ok(())) => self.tell(Input::AmplifierConfirmed),
            Some(Err(error)) => self.failed(error, |why| Input::AmplifierFailed { why }).await,
            // what it did is unknown; the order that came next sets it right
            None => {}
        }
    }

    /// Power for these zones, muted; None when another order made it pointless.
    async fn switch_on(&mut self, zones: &[String]) -> Option<Result<(), BridgeError>> {
        let answer = tokio::select! {
            answer = bounded(ENERGISE_WITHIN, self.amplifier.energise(zones)) => Some(answer),
            () = overruled(&mut self.orders, &mut self.waiting) => None,
        };
        self.wanted = Wanted::Dark;
        self.known = false;
        let wanted = Wanted::Muted(zones.to_vec());
        let answer = answer?;
        if let Ok(status) = &answer {
            // the driver has confirmed it as far as its hardware can be muted
            self.mutes = status.muted.value() != Some(false);
        }
        match answer.and_then(|status| self.accept(&wanted, &status).map(|()| status)) {
            Ok(status) => {
                tracing::debug!(?status, "the amplifier has power");
                self.notice_stop(&status);
                (self.wanted, self.known) = (wanted.clone(), true);
                self.show(Sight::Read { status, wanted });
                Some(Ok(()))
            }
            Err(error) => Some(Err(error)),
        }
    }

    async fn unmute(&mut self) {
        let (Wanted::Muted(zones) | Wanted::Live(zones)) = &self.wanted else {
            let why = "it has no power".to_owned();
            return self.tell(Input::UnmuteFailed { why });
        };
        let wanted = Wanted::Live(zones.clone());
        let answer = bounded(SHORT, self.amplifier.unmute()).await;
        match answer.and_then(|status| wanted.check(&status).map(|()| status)) {
            Ok(status) => {
                self.notice_stop(&status);
                (self.wanted, self.known) = (wanted.clone(), true);
                self.show(Sight::Read { status, wanted });
                self.tell(Input::Unmuted);
            }
            Err(error) => {
                self.known = false;
                self.failed(error, |why| Input::UnmuteFailed { why }).await;
            }
        }
    }

    /// Not answered. What stays loud is found at the next look, and the power is taken.
    async fn mute(&mut self) {
        if let Wanted::Live(zones) = &self.wanted {
            self.wanted = Wanted::Muted(zones.clone());
        }
        match bounded(SHORT, self.amplifier.mute()).await {
            Ok(status) => {
                self.notice_stop(&status);
                if self.accept(&self.wanted, &status).is_ok() {
                    self.show(Sight::Read { status, wanted: self.wanted.clone() });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the amplifier did not confirm that it is muted");
                self.known = false;
            }
        }
    }

    /// An order failed. Where the line works, STOP at the station may be why: then that is what is said.
    async fn failed(&mut self, error: BridgeError, say: impl FnOnce(String) -> Input) {
        if !matches!(error, BridgeError::NoAnswer { .. })
            && let Ok(status) = bounded(SHORT, self.amplifier.status()).await
        {
            self.notice_stop(&status);
        }
        if self.stop != Some(true) {
            self.show(Sight::Failed(error.clone()));
        }
        self.tell(say(error.to_string()));
    }

    async fn clear(&mut self, by: String, done: oneshot::Sender<Result<(), String>>) {
        match bounded(SHORT, self.amplifier.clear_faults()).await {
            Ok(status) => {
                self.notice_stop(&status);
                self.show(Sight::Cleared { by });
                if self.accept(&self.wanted, &status).is_ok() {
                    self.show(Sight::Read { status, wanted: self.wanted.clone() });
                }
                let _ = done.send(Ok(()));
            }
            Err(error) => {
                self.known &= self.wanted.powered();
                let _ = done.send(Err(error.to_string()));
                self.show(Sight::Failed(error));
            }
        }
    }

    /// Dark before and after. An order that comes meanwhile ends it: None is answered.
    async fn test(&mut self, done: oneshot::Sender<Option<SelfTest>>) {
        if self.wanted.powered() {
            let _ = done.send(None);
            return;
        }
        let test = tokio::select! {
            test = tokio::time::timeout(TEST_WITHIN, self_test(self.amplifier.as_mut())) => test.ok(),
            () = overruled(&mut self.orders, &mut self.waiting) => None,
        };
        self.known = false;
        if let Some(test) = test.as_ref().filter(|test| !test.steps.is_empty()) {
            self.show(Sight::Tested(test.clone()));
        }
        if self.waiting.is_none() {
            self.darken().await;
        }
        let _ = done.send(test);
    }

    async fn manual(
        &mut self,
        by: String,
        zones: Vec<String>,
        until: Instant,
        done: oneshot::Sender<Result<(), String>>,
    ) {
        if self.wanted.powered() && self.manual_until.is_none() {
            let _ = done.send(Err(IN_USE.to_owned()));
            return;
        }
        let answer = match self.switch_on(&zones).await {
            Some(Ok(())) => {
                self.manual_until = Some(until);
                let seconds = until.saturating_duration_since(Instant::now()).as_secs();
                self.show(Sight::Switched { by, zones: zones.len(), seconds });
                Ok(())
            }
            Some(Err(error)) => {
                let why = error.to_string();
                self.show(Sight::Failed(error));
                self.darken().await;
                Err(why)
            }
            None => Err("something else needs the amplifier now".to_owned()),
        };
        let _ = done.send(answer);
    }
}

const NOT_DARK: &str = "the amplifier does not confirm that it is dark; it is told again every second";

const IN_USE: &str = "a programme has the amplifier";

/// Waits for an order that makes the power-up at work pointless: silence, or other zones.
async fn overruled(orders: &mut UnboundedReceiver<Order>, waiting: &mut Option<Order>) {
    loop {
        match orders.recv().await {
            // cannot be carried out before the power is confirmed: the playout never asks for it
            Some(Order::Unmute) => {}
            // people wait for the machine
            Some(Order::Clear { done, .. } | Order::Manual { done, .. } | Order::ManualOff { done, .. }) => {
                let _ = done.send(Err("the amplifier is being switched; ask again".to_owned()));
            }
            Some(Order::Test { done }) => {
                let _ = done.send(None);
            }
            Some(order) => {
                *waiting = Some(order);
                return;
            }
            None => {
                *waiting = Some(Order::Release);
                return;
            }
        }
    }
}
