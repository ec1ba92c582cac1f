//! The driver against boards that exist only in memory. Time is virtual.

mod board;
mod faults;
mod flash;
mod fuzz;
mod late;

use std::{collections::BTreeMap, time::Duration};

use crate::{Amplifier, BoardSettings, CustomMap, Profile};
use board::Board;

/// Zones a, b, c at relays 1, 2, 3; power at 7, sound at 8.
fn settings() -> BoardSettings {
    let zones = [("a", 1), ("b", 2), ("c", 3)];
    BoardSettings {
        profile: Profile::Relay8,
        address: 1,
        zones: zones.into_iter().map(|(name, relay)| (name.to_owned(), relay)).collect::<BTreeMap<_, _>>(),
        power_relay: Some(7),
        sound_relay: Some(8),
        power_settle: Duration::from_millis(400),
        relay_settle: Duration::from_millis(20),
        unmute_settle: Duration::from_millis(50),
        answer_limit: Duration::from_millis(300),
        dead_man: None,
        flash_renews: false,
        senses: Vec::new(),
        custom: CustomMap::default(),
    }
}

fn amplifier(settings: &BoardSettings) -> (Box<dyn Amplifier>, Board) {
    let (board, port) = Board::new();
    (super::driver(port, settings), board)
}

fn zones(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}
