//! The tester's hand inside the simulated amplifier.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{JournalEntry, SimulatedFault, Truth, board::Board};

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

    /// Takes every fault away. What they did to the relays stays.
    pub fn repair(&self) {
        self.lock().repair();
    }

    /// Cuts its power now, without any order, as a tripped protection does. Nobody is told: it shows at the next read.
    pub fn lose_power(&self) {
        self.lock().lose_power();
    }

    /// What it was told, oldest first: every order sent to it, answered or not. Bounded: the newest ten thousand.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.lock().journal()
    }

    /// How it really stands.
    pub fn truth(&self) -> Truth {
        self.lock().truth()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
