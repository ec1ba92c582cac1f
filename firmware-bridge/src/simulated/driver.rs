//! The driver's side of the simulated amplifier: the sequence that every driver keeps.

use std::{future::pending, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    SimulatedHandle, SimulatedSettings, Told,
    board::{Board, Line},
};
use crate::{Amplifier, AmplifierStatus, Answer, BridgeError, Identity, LineCounters, bounded};

/// What arrives garbled is asked again so often; every order can be repeated.
const REPEATS: u32 = 2;

/// An amplifier in memory, behind the same port and with the same delays, limits and refusals as a real one.
pub struct SimulatedAmplifier {
    handle: SimulatedHandle,
    settings: SimulatedSettings,
    /// The last thing that was read. Unknown while an exchange is under way, so that a dropped one leaves nothing
    /// that merely used to be true.
    last: AmplifierStatus,
    /// Whether power was on for the whole settling time since this driver last saw it off. False at first: a power
    /// stage found on may have come on a moment ago.
    settled: bool,
    counters: LineCounters,
}

/// What came back.
enum Came {
    Answer(Result<(), BridgeError>),
    Garbled,
}

impl SimulatedAmplifier {
    /// A dark amplifier without faults.
    pub fn new(settings: SimulatedSettings) -> Self {
        let board = Board::new(&settings);
        let last = AmplifierStatus::unknown(board.zone_names());
        Self {
            handle: SimulatedHandle::new(board),
            settings,
            last,
            settled: false,
            counters: LineCounters::default(),
        }
    }

    /// A hand to break it, repair it, and look inside.
    pub fn handle(&self) -> SimulatedHandle {
        self.handle.clone()
    }

    /// What was last read, without asking: every value unknown before the first answer and after a failed exchange.
    pub fn last_read(&self) -> &AmplifierStatus {
        &self.last
    }

    async fn tell(&mut self, told: Told) -> Result<(), BridgeError> {
        self.exchange(told, |_, _| ()).await
    }

    async fn read(&mut self) -> Result<AmplifierStatus, BridgeError> {
        let status = self.exchange(Told::Read, |board, now| board.read(now)).await?;
        self.last = status.clone();
        Ok(status)
    }

    /// One order and its answer on the line, bounded; asked again when its answer is garbled.
    async fn exchange<T>(
        &mut self,
        told: Told,
        answer: impl FnOnce(&Board, Instant) -> T,
    ) -> Result<T, BridgeError> {
        self.last = AmplifierStatus::unknown(self.handle.lock().zone_names());
        for attempt in 0..=REPEATS {
            self.counters.repeated += u64::from(attempt > 0);
            match self.attempt(&told).await? {
                Came::Garbled => self.counters.garbled += 1,
                Came::Answer(obeyed) => {
                    self.counters.last_answer = Some(Instant::now());
                    self.counters.refused += u64::from(matches!(obeyed, Err(BridgeError::Refused(_))));
                    obeyed?;
                    return Ok(answer(&self.handle.lock(), Instant::now()));
                }
            }
        }
        self.counters.no_answer += 1;
        let after = self.settings.latency * (REPEATS + 1);
        Err(BridgeError::NoAnswer { asked: told.to_string(), after })
    }

    async fn attempt(&mut self, told: &Told) -> Result<Came, BridgeError> {
        self.counters.exchanges += 1;
        let (sent, mut foreign) = (Instant::now(), false);
        let mut arrives = None;
        let came = bounded(&told.to_string(), self.settings.answer_limit, async {
            let (line, obeyed) = self.send(told, sent);
            let Line::Answers { after, garbled } = line else { pending().await };
            arrives = Some(sent + after);
            // whoever took the first frame for the answer would believe what was true before
            foreign = self.handle.lock().takes_straggler(sent + after);
            sleep(after).await;
            Ok(if garbled { Came::Garbled } else { Came::Answer(obeyed) })
        })
        .await;
        self.counters.foreign += u64::from(foreign);
        if came.is_err() {
            self.counters.no_answer += 1;
            self.counters.reopened += 1;
            if let Some(at) = arrives {
                self.handle.lock().leave_behind(at);
            }
        }
        came
    }

    /// Puts the order on the line.
    fn send(&self, told: &Told, now: Instant) -> (Line, Result<(), BridgeError>) {
        let mut board = self.handle.lock();
        board.note(told.clone(), now);
        let line = board.line(self.settings.latency);
        let obeyed = if matches!(line, Line::Dead) { Ok(()) } else { board.obey(told, now) };
        (line, obeyed)
    }

    /// Waits without letting the dead man run out.
    async fn settle(&mut self) -> Result<(), BridgeError> {
        let step = self.settings.dead_man.map_or(self.settings.settle, |dead_man| dead_man / 3);
        let mut left = self.settings.settle;
        while !left.is_zero() {
            let now = left.min(step);
            sleep(now).await;
            left -= now;
            if !left.is_zero() {
                self.tell(Told::Hold).await?;
            }
        }
        Ok(())
    }

    fn check_wired(&self, zones: &[String]) -> Result<(), BridgeError> {
        let Some(wired) = &self.settings.zones else {
            return Ok(());
        };
        if let Some(zone) = zones.iter().find(|zone| !wired.contains(zone)) {
            return Err(BridgeError::NotConfigured {
                what: format!("zone {zone}"),
                remedy: "give it a relay in [amplifier], or take the zone out of the programme",
            });
        }
        if zones.is_empty() && !wired.is_empty() {
            return Err(BridgeError::NotConfigured {
                what: "an airing without a zone".to_owned(),
                remedy: "name at least one zone: with none connected nobody would hear it",
            });
        }
        Ok(())
    }

    async fn switch_zones(&mut self, wanted: &[String], before: &AmplifierStatus) -> Result<(), BridgeError> {
        let connected = |zone: &String| {
            before.zones.iter().any(|(name, read)| name == zone && read.value() == Some(true))
        };
        // Break before make: two zones are never both on that were not asked for together.
        let off =
            before.zones.iter().filter(|(name, read)| read.value() != Some(false) && !wanted.contains(name));
        let off: Vec<_> = off.map(|(name, _)| (name.clone(), false)).collect();
        let on: Vec<_> =
            wanted.iter().filter(|zone| !connected(zone)).map(|zone| (zone.clone(), true)).collect();
        let any = !off.is_empty() || !on.is_empty();
        for (name, on) in off.into_iter().chain(on) {
            self.tell(Told::Zone { name, on }).await?;
        }
        if any {
            sleep(self.settings.relay_settle).await;
        }
        Ok(())
    }

    async fn energise_in_order(&mut self, zones: &[String]) -> Result<AmplifierStatus, BridgeError> {
        self.check_wired(zones)?;
        let before = self.read().await?;
        if self.settled && before.confirm_energised(zones).is_ok() {
            return self.set_mute(true).await;
        }
        if before.power.value() != Some(true) {
            self.settled = false;
            self.tell(Told::Mute(true)).await?;
            self.tell(Told::Power(true)).await?;
        }
        if !self.settled {
            self.settle().await?;
            self.settled = true;
        }
        self.switch_zones(zones, &before).await?;
        let after = self.read().await?;
        after.confirm_energised(zones)?;
        after.confirm_muted(true)?;
        Ok(after)
    }

    async fn set_mute(&mut self, muted: bool) -> Result<AmplifierStatus, BridgeError> {
        self.tell(Told::Mute(muted)).await?;
        let after = self.read().await?;
        after.confirm_muted(muted)?;
        Ok(after)
    }

    async fn release_in_order(&mut self) -> Result<AmplifierStatus, BridgeError> {
        // Power is switched off even if muting failed: what matters is that nothing is left on.
        let muted = self.tell(Told::Mute(true)).await;
        let dark = self.tell(Told::Power(false)).await;
        muted.and(dark)?;
        let zones = self.handle.lock().zone_names();
        for name in zones {
            self.tell(Told::Zone { name, on: false }).await?;
        }
        let after = self.read().await?;
        after.confirm_dark()?;
        Ok(after)
    }
}

impl Amplifier for SimulatedAmplifier {
    fn energise<'a>(&'a mut self, zones: &'a [String]) -> Answer<'a> {
        Box::pin(self.energise_in_order(zones))
    }

    fn unmute(&mut self) -> Answer<'_> {
        Box::pin(self.set_mute(false))
    }

    fn mute(&mut self) -> Answer<'_> {
        Box::pin(self.set_mute(true))
    }

    fn release(&mut self) -> Answer<'_> {
        Box::pin(self.release_in_order())
    }

    fn status(&mut self) -> Answer<'_> {
        Box::pin(self.read())
    }

    fn hold(&mut self) -> Answer<'_> {
        Box::pin(async {
            self.tell(Told::Hold).await?;
            self.read().await
        })
    }

    fn clear_faults(&mut self) -> Answer<'_> {
        Box::pin(async {
            self.tell(Told::Clear).await?;
            self.read().await
        })
    }

    fn dead_man(&self) -> Option<Duration> {
        self.settings.dead_man
    }

    fn identity(&self) -> Option<Identity> {
        self.counters.last_answer?;
        let reset_cause = Some(self.handle.lock().senses.reset_cause);
        Some(Identity { model: "simulated".to_owned(), firmware: None, reset_cause })
    }

    fn line(&self) -> LineCounters {
        self.counters
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::Power(on) => write!(f, "power {}", word(on)),
            Self::Mute(on) => write!(f, "mute {}", word(on)),
            Self::Zone { name, on } => write!(f, "zone {name} {}", word(on)),
            Self::Hold => f.write_str("hold"),
            Self::Clear => f.write_str("clear"),
            Self::Read => f.write_str("read"),
        }
    }
}
