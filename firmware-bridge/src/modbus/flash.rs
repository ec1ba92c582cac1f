//! The dead man of boards that only have a timer: every relay is closed for a time, and told again while it runs.
//!
//! Such a board has no heartbeat. Its "flash-on" closes one relay for so many tenths of a second and opens it by
//! itself; a driver that is gone renews nothing, and the board is dark within the time that was given last.

use std::time::Duration;

use tokio::time::Instant;
use tokio_modbus::Request;

use super::relays::RelayBoard;
use crate::{
    BridgeError, FlashOn, Identity, LineCounters,
    sequence::{Outputs, Relays, Seen, Wiring},
};

/// Without anybody in charge sound goes so long before power, and the zones half as long: a board that counts in tenths
/// of a second, and a frame on its way, do not change the order.
const BEFORE_POWER: Duration = Duration::from_millis(400);
/// A timer that has less than this left is not renewed any more: the relay might fall and be closed again.
const TOO_LATE: Duration = Duration::from_millis(300);
/// An order that took longer may have started its timer late; it is given again with the time that is left.
const LATE: Duration = Duration::from_millis(100);

/// A board of relays that are only ever closed for a time.
pub(super) struct FlashBoard {
    board: RelayBoard,
    flash: FlashOn,
    limit: Duration,
    /// What is to be on. Nothing else is renewed.
    wanted: Outputs,
    /// When the first of it falls by itself, by this driver's clock; `None` while nothing is wanted.
    falls: Option<Instant>,
}

impl FlashBoard {
    pub(super) fn new(board: RelayBoard, flash: FlashOn, limit: Duration) -> Self {
        Self { board, flash, limit, wanted: Outputs::default(), falls: None }
    }

    /// Closes all of `to`, anew where it is closed, so that all of it falls within the limit from now: sound first, then
    /// the zones, power at last. Told in the reverse order, so that a driver that dies half-way changes nothing of that.
    async fn close(&mut self, to: Outputs) -> Result<(), BridgeError> {
        let end = Instant::now() + self.limit;
        let (power, zones, sound) = self.board.relays_of(to);
        let parts = [(power, Duration::ZERO), (zones, BEFORE_POWER / 2), (sound, BEFORE_POWER)];
        for (relays, before) in parts {
            for relay in relays {
                self.close_until(relay, end - before).await?;
            }
        }
        self.falls = Some(end - BEFORE_POWER);
        Ok(())
    }

    async fn close_until(&mut self, relay: u16, end: Instant) -> Result<(), BridgeError> {
        let coil = self.board.coil(relay);
        for _ in 0..2 {
            let told = Instant::now();
            let left = end.saturating_duration_since(told).as_millis() / 100;
            // 0 might mean "for ever"
            let tenths = u16::try_from(left).unwrap_or(u16::MAX).clamp(1, self.flash.longest());
            let asked = format!("relay {relay} on for {tenths} tenths of a second");
            self.board.ask(&asked, flash_on(self.flash, coil, tenths)).await?;
            if told.elapsed() < LATE {
                break;
            }
        }
        Ok(())
    }
}

/// The request that closes one relay for a time; for [`FlashOn::Waveshare`] as the line's own translation takes it.
fn flash_on(flash: FlashOn, coil: u16, tenths: u16) -> Request<'static> {
    match flash {
        FlashOn::Waveshare => Request::WriteSingleRegister(coil.saturating_add(0x0200), tenths),
        FlashOn::Lc => {
            let register = coil.saturating_mul(5).saturating_add(3);
            Request::WriteMultipleRegisters(register, vec![4, tenths].into())
        }
    }
}

impl Relays for FlashBoard {
    fn wiring(&self) -> Wiring {
        self.board.wiring()
    }

    async fn switch(&mut self, to: Outputs) -> Result<(), BridgeError> {
        self.wanted = to;
        self.falls = None;
        if to == Outputs::default() {
            return self.board.switch(to).await;
        }
        // Each alone: writing all coils would close for ever what is to stay on.
        for relay in self.board.closed_beside(to).await? {
            self.board.open(relay).await?;
        }
        self.close(to).await
    }

    async fn cut(&mut self) -> Result<(), BridgeError> {
        self.wanted.sound = false;
        self.board.cut().await
    }

    async fn read(&mut self) -> Result<Seen, BridgeError> {
        self.board.read().await
    }

    async fn prepare(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    /// Never closes what has fallen: whoever reads it decides.
    async fn renew(&mut self) -> Result<(), BridgeError> {
        let Some(falls) = self.falls.filter(|_| self.wanted != Outputs::default()) else {
            return Ok(());
        };
        if self.board.outputs_now().await? != self.wanted || Instant::now() + TOO_LATE > falls {
            tracing::warn!("a relay has fallen, or is about to; the others are left to fall too");
            self.falls = None;
            return Ok(());
        }
        self.close(self.wanted).await
    }

    async fn clear(&mut self) -> Result<(), BridgeError> {
        Ok(())
    }

    fn dead_man(&self) -> Option<Duration> {
        Some(self.limit)
    }

    fn identity(&self) -> Option<Identity> {
        self.board.identity()
    }

    fn line(&self) -> LineCounters {
        self.board.line()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_are_those_of_the_makers_documents() {
        assert_eq!(flash_on(FlashOn::Waveshare, 0, 7), Request::WriteSingleRegister(0x0200, 7));
        assert_eq!(flash_on(FlashOn::Waveshare, 1, 8), Request::WriteSingleRegister(0x0201, 8));
        for (coil, register) in [(0, 0x0003), (1, 0x0008), (2, 0x000D), (3, 0x0012)] {
            let wanted = Request::WriteMultipleRegisters(register, vec![4, 20].into());
            assert_eq!(flash_on(FlashOn::Lc, coil, 20), wanted);
        }
    }
}
