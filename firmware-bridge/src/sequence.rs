//! The order in which every real driver switches: power, settling, zones, confirmation, sound; and the reverse.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{Amplifier, AmplifierStatus, Answer, BridgeError, Identity, LineCounters, Reading, Signals};

/// A board's clock may run so much behind the driver's before its power counts as not settling.
const SETTLED_LATE: Duration = Duration::from_secs(2);

/// All outputs of a board, as one value that is written or was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outputs {
    /// The amplifier's power.
    pub(crate) power: bool,
    /// Sound is let through.
    pub(crate) sound: bool,
    /// Bit n: the n-th zone by its name.
    pub(crate) zones: u32,
    /// An output that nothing is configured for is on; never ordered.
    pub(crate) other: bool,
}

/// What one reading of a board gave.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) outputs: Outputs,
    pub(crate) signals: Signals,
    pub(crate) at: Instant,
}

/// A board with outputs, without any notion of what comes first.
pub(crate) trait Relays: Send {
    /// What it has of its own.
    fn wiring(&self) -> Wiring;

    /// Sets all outputs at once, zones that go off before those that come on not yet considered.
    fn switch(&mut self, to: Outputs) -> impl Future<Output = Result<(), BridgeError>> + Send;

    /// Cuts sound, without a look at anything else. Only asked where [`Wiring::sound`] says so.
    fn cut(&mut self) -> impl Future<Output = Result<(), BridgeError>> + Send;

    /// Reads everything.
    fn read(&mut self) -> impl Future<Output = Result<Seen, BridgeError>> + Send;

    /// Makes sure that the board still has its settings, before anything is switched on; it was read just before.
    fn prepare(&mut self) -> impl Future<Output = Result<(), BridgeError>> + Send;

    /// Whether power is on for long enough by the board's own clock; boards without one believe the driver's.
    fn settled(&mut self) -> impl Future<Output = Result<bool, BridgeError>> + Send {
        std::future::ready(Ok(true))
    }

    /// Says that somebody is in charge.
    fn renew(&mut self) -> impl Future<Output = Result<(), BridgeError>> + Send;

    /// Takes kept faults back.
    fn clear(&mut self) -> impl Future<Output = Result<(), BridgeError>> + Send;

    /// See [`Amplifier::dead_man`].
    fn dead_man(&self) -> Option<Duration>;

    /// See [`Amplifier::identity`].
    fn identity(&self) -> Option<Identity>;

    /// See [`Amplifier::line`].
    fn line(&self) -> LineCounters;
}

/// Which outputs a board has beside its zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wiring {
    /// An output for the amplifier's power. Without it the amplifier is always fed, and counts as powered while
    /// anything connects it.
    pub(crate) power: bool,
    /// An output that lets sound through. Without it the zones do; without zones, power does.
    pub(crate) sound: bool,
    /// The board itself switches everything off at its STOP button. Otherwise the driver does when it sees it.
    pub(crate) stops_itself: bool,
}

/// How long things take at the site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settling {
    pub(crate) power: Duration,
    pub(crate) relay: Duration,
    pub(crate) unmute: Duration,
}

/// Any board behind the port.
pub(crate) struct Sequenced<R> {
    relays: R,
    /// In the order of their names; their place is their bit.
    zones: Vec<String>,
    settling: Settling,
    /// Whether power was on for the whole settling time since this driver last saw it off. False at first: a power
    /// stage found on may have come on a moment ago.
    settled: bool,
    /// Whether what was found on at the first contact was forced off.
    begun: bool,
    /// What sound goes to once it is let through, where the zones' relays cut it.
    wanted: u32,
}

impl<R: Relays> Sequenced<R> {
    /// `zones` in the order of their bits, which is that of their names.
    pub(crate) fn new(relays: R, zones: Vec<String>, settling: Settling) -> Self {
        Self { relays, zones, settling, settled: false, begun: false, wanted: 0 }
    }

    async fn read(&mut self) -> Result<Seen, BridgeError> {
        let mut seen = self.relays.read().await?;
        if !self.begun {
            self.begun = true;
            if seen.outputs != Outputs::default() {
                tracing::warn!(found = ?seen.outputs, "outputs were found on, and are forced off");
                self.begun = false;
                self.relays.switch(Outputs::default()).await?;
                self.begun = true;
                seen = self.relays.read().await?;
            }
        }
        if stopped(&seen) && !self.relays.wiring().stops_itself && seen.outputs != Outputs::default() {
            tracing::warn!("the STOP button is pressed: everything is switched off");
            self.relays.switch(Outputs::default()).await?;
            seen = self.relays.read().await?;
        }
        if !self.powered(seen.outputs) {
            self.settled = false;
        }
        Ok(seen)
    }

    fn powered(&self, outputs: Outputs) -> bool {
        if self.relays.wiring().power { outputs.power } else { outputs.zones != 0 || outputs.sound }
    }

    fn muted(&self, outputs: Outputs) -> bool {
        if self.relays.wiring().sound {
            !outputs.sound
        } else if self.zones.is_empty() {
            !outputs.power
        } else {
            outputs.zones == 0
        }
    }

    fn report(&self, seen: Seen) -> AmplifierStatus {
        let known = |value| Reading::known(value, seen.at);
        let zone = |(bit, name): (usize, &String)| (name.clone(), known(seen.outputs.zones >> bit & 1 == 1));
        AmplifierStatus {
            power: known(self.powered(seen.outputs)),
            muted: known(self.muted(seen.outputs)),
            zones: self.zones.iter().enumerate().map(zone).collect(),
            signals: seen.signals,
        }
    }

    fn bits(&self, zones: &[String]) -> Result<u32, BridgeError> {
        if zones.is_empty() && !self.zones.is_empty() {
            return Err(BridgeError::NotConfigured {
                what: "an airing without a zone".to_owned(),
                remedy: "name at least one zone: with none connected nobody would hear it",
            });
        }
        zones.iter().try_fold(0, |bits, zone| match self.zones.iter().position(|name| name == zone) {
            Some(bit) => Ok(bits | 1 << bit),
            None => Err(BridgeError::NotConfigured {
                what: format!("zone {zone}"),
                remedy: "give it a relay in [amplifier], or take the zone out of the programme",
            }),
        })
    }

    /// Waits, and says meanwhile that somebody is in charge.
    async fn settle(&mut self, time: Duration) -> Result<(), BridgeError> {
        let step = self.relays.dead_man().map_or(time, |limit| limit / 3);
        let mut left = time;
        while left > step {
            sleep(step).await;
            self.relays.renew().await?;
            left = left.saturating_sub(step);
        }
        sleep(left).await;
        Ok(())
    }

    /// The board has a clock of its own, and its word counts.
    async fn await_settled(&mut self) -> Result<(), BridgeError> {
        let give_up = Instant::now() + SETTLED_LATE;
        while !self.relays.settled().await? {
            if Instant::now() > give_up {
                return Err(BridgeError::NoAnswer {
                    asked: "power to settle".to_owned(),
                    after: SETTLED_LATE,
                });
            }
            sleep(SETTLED_LATE / 40).await;
        }
        Ok(())
    }

    async fn energise_in_order(&mut self, zones: &[String]) -> Result<AmplifierStatus, BridgeError> {
        let wanted = self.bits(zones)?;
        let before = self.read().await?;
        self.refuse_stopped(&before, "energise")?;
        self.relays.prepare().await?;
        let Wiring { power, sound, .. } = self.relays.wiring();
        let found = before.outputs;
        self.wanted = wanted;
        if self.settled && found.power == power && found.zones == wanted {
            return if sound { self.mute_in_order(sound).await } else { Ok(self.report(before)) };
        }
        if sound && found.sound {
            return Err(BridgeError::OutOfOrder { order: "a zone", when: "while sound was let through" });
        }
        let mut now = found;
        if !self.powered(found) || found.power != power {
            self.settled = false;
            now = Outputs { power, ..Outputs::default() };
            self.relays.switch(now).await?;
        }
        if power && !self.settled {
            self.settle(self.settling.power).await?;
            self.await_settled().await?;
        }
        self.settled = true;
        // Break before make: two zones are never both on that were not asked for together.
        let kept = now.zones & wanted;
        if now.zones != kept {
            self.relays.switch(Outputs { power, zones: kept, ..Outputs::default() }).await?;
        }
        if kept != wanted {
            self.relays.switch(Outputs { power, zones: wanted, ..Outputs::default() }).await?;
        }
        if now.zones != wanted {
            sleep(self.settling.relay).await;
        }
        // `read` sees no power where only the zones say so, and there are none
        let after = self.read().await?;
        self.refuse_stopped(&after, "energise")?;
        let status = self.report(after);
        status.confirm_energised(zones)?;
        if sound {
            status.confirm_muted(true)?;
        }
        Ok(status)
    }

    async fn unmute_in_order(&mut self) -> Result<AmplifierStatus, BridgeError> {
        let before = self.read().await?;
        self.refuse_stopped(&before, "unmute")?;
        let Wiring { power, sound, .. } = self.relays.wiring();
        // Where the zones cut sound and nothing else powers it, cutting it looks like no power.
        let dark =
            if power { !before.outputs.power } else { !self.powered(before.outputs) && self.wanted == 0 };
        if dark {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "while its power is off" });
        }
        if power && !self.settled {
            return Err(BridgeError::OutOfOrder { order: "unmute", when: "before its power has settled" });
        }
        let zones = if sound { before.outputs.zones } else { self.wanted };
        self.relays.switch(Outputs { power, sound, zones, other: false }).await?;
        sleep(self.settling.unmute).await;
        let after = self.read().await?;
        self.refuse_stopped(&after, "unmute")?;
        let lost = after.outputs.power != power || after.outputs.zones != zones;
        let status = self.report(after);
        status.confirm_muted(false)?;
        if lost {
            return Err(BridgeError::Mismatch { what: "power".to_owned(), wanted: "on", read: "off" });
        }
        Ok(status)
    }

    /// `alone`: there is an output for sound, and nothing else is touched.
    async fn mute_in_order(&mut self, alone: bool) -> Result<AmplifierStatus, BridgeError> {
        if alone {
            self.relays.cut().await?;
        } else {
            let before = self.read().await?;
            // Without zones it is power that cuts sound.
            let power = before.outputs.power && !self.zones.is_empty();
            self.relays.switch(Outputs { power, ..Outputs::default() }).await?;
        }
        sleep(self.settling.unmute).await;
        let after = self.read().await?;
        let status = self.report(after);
        status.confirm_muted(true)?;
        Ok(status)
    }

    async fn release_in_order(&mut self) -> Result<AmplifierStatus, BridgeError> {
        // Everything is switched off even if a step before failed: what matters is that nothing is left on.
        if let Err(error) = self.go_down().await {
            tracing::warn!(%error, "sound and zones were not switched off first; everything goes at once");
        }
        self.relays.switch(Outputs::default()).await?;
        self.wanted = 0;
        sleep(self.settling.relay).await;
        let after = self.read().await?;
        let outputs = after.outputs;
        let status = self.report(after);
        status.confirm_dark()?;
        status.confirm_muted(true)?;
        for (what, on) in
            [("power", outputs.power), ("a relay that nothing is configured for", outputs.other)]
        {
            if on {
                return Err(BridgeError::Mismatch { what: what.to_owned(), wanted: "off", read: "on" });
            }
        }
        Ok(status)
    }

    /// Sound, then zones; power is left to the caller.
    async fn go_down(&mut self) -> Result<(), BridgeError> {
        let Wiring { power, sound, .. } = self.relays.wiring();
        if sound {
            self.relays.cut().await?;
        }
        let found = self.read().await?.outputs;
        if power && found.power && found.zones != 0 {
            sleep(self.settling.unmute).await;
            self.relays.switch(Outputs { power, ..Outputs::default() }).await?;
            sleep(self.settling.relay).await;
        }
        Ok(())
    }

    fn refuse_stopped(&self, seen: &Seen, order: &str) -> Result<(), BridgeError> {
        if stopped(seen) { Err(BridgeError::Stopped { order: order.to_owned() }) } else { Ok(()) }
    }

    /// A refusal of the board while its button is latched is that and nothing else.
    async fn explain(
        &mut self,
        order: &str,
        answer: Result<AmplifierStatus, BridgeError>,
    ) -> Result<AmplifierStatus, BridgeError> {
        if let Err(BridgeError::Refused(_) | BridgeError::OutOfOrder { .. } | BridgeError::Mismatch { .. }) =
            &answer
            && let Ok(seen) = self.relays.read().await
        {
            self.refuse_stopped(&seen, order)?;
        }
        answer
    }
}

fn stopped(seen: &Seen) -> bool {
    seen.signals.stop.and_then(Reading::value) == Some(true)
}

impl<R: Relays> Amplifier for Sequenced<R> {
    fn energise<'a>(&'a mut self, zones: &'a [String]) -> Answer<'a> {
        Box::pin(async move {
            let answer = self.energise_in_order(zones).await;
            self.explain("energise", answer).await
        })
    }

    fn unmute(&mut self) -> Answer<'_> {
        Box::pin(async move {
            let answer = self.unmute_in_order().await;
            self.explain("unmute", answer).await
        })
    }

    fn mute(&mut self) -> Answer<'_> {
        Box::pin(async move {
            let alone = self.relays.wiring().sound;
            self.mute_in_order(alone).await
        })
    }

    fn release(&mut self) -> Answer<'_> {
        Box::pin(self.release_in_order())
    }

    fn status(&mut self) -> Answer<'_> {
        Box::pin(async move {
            let seen = self.read().await?;
            Ok(self.report(seen))
        })
    }

    fn hold(&mut self) -> Answer<'_> {
        Box::pin(async move {
            self.relays.renew().await?;
            let seen = self.read().await?;
            Ok(self.report(seen))
        })
    }

    fn clear_faults(&mut self) -> Answer<'_> {
        Box::pin(async move {
            self.relays.clear().await?;
            let seen = self.read().await?;
            Ok(self.report(seen))
        })
    }

    fn dead_man(&self) -> Option<Duration> {
        self.relays.dead_man()
    }

    fn identity(&self) -> Option<Identity> {
        self.relays.identity()
    }

    fn line(&self) -> LineCounters {
        self.relays.line()
    }
}
