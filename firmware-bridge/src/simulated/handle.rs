//! The tester's hand inside the simulated amplifier.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{JournalEntry, SimulatedFault, Truth, board::Board};
use crate::Fault;

/// Breaks, repairs and looks into a [`SimulatedAmplifier`](super::SimulatedAmplifier) that someone else is driving.
#[derive(Clone)]
pub struct SimulatedHandle {
    board: Arc<Mutex<Board>>,
}

impl SimulatedHandle {
    pub(super) fn new(board: Board) -> Self {
        Self { board: Arc::new(Mutex::new(board)) }
    }

    /// Adds a fault; it works from the next order on.
    pub fn inject(&self, fault: SimulatedFault) {
        self.lock().inject(fault);
    }

    /// Takes every fault away. What they did to the relays stays, and so does what the controller keeps of them.
    pub fn repair(&self) {
        self.lock().repair();
    }

    /// Cuts its power now, without any order, as a tripped protection does. Nobody is told: it shows at the next read.
    pub fn lose_power(&self) {
        self.lock().lose_power();
    }

    /// The controller's supply breaks down for a moment: it starts again, dark, and keeps why.
    pub fn brown_out(&self) {
        let mut board = self.lock();
        board.lose_power();
        board.senses.keep(Fault::BrownOut);
        board.senses.reset_cause = "brown-out";
    }

    /// Somebody presses STOP at the station: silent and dark at once, and nothing can be switched on until it is released.
    pub fn press_stop(&self) {
        let mut board = self.lock();
        board.senses.stop = true;
        board.drop_everything();
    }

    /// Somebody holds the button at the station until it is released. No order can do this.
    pub fn release_stop(&self) {
        self.lock().senses.stop = false;
    }

    /// Takes the mains from the amplifier, or brings them back.
    pub fn set_mains(&self, there: bool) {
        self.lock().senses.mains = there;
    }

    /// Sets its temperature, in tenths of a degree Celsius.
    pub fn set_temperature(&self, tenths: i16) {
        self.lock().senses.temperature = tenths;
    }

    /// Sets the controller's supply, in millivolts.
    pub fn set_supply(&self, millivolts: u16) {
        self.lock().senses.supply = millivolts;
    }

    /// What it was told, oldest first: every order sent to it, answered or not. Bounded: the newest ten thousand.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.lock().journal()
    }

    /// How it really stands.
    pub fn truth(&self) -> Truth {
        self.lock().truth()
    }

    /// The board, brought up to now.
    pub(super) fn lock(&self) -> MutexGuard<'_, Board> {
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.pass(Instant::now());
        board
    }
}
