//! Relay boards and our own controller, by Modbus over a serial port or the network.

mod controller;
mod flash;
mod frame;
mod gate;
mod line;
mod pending;
mod port;
pub(crate) mod probe;
mod relays;
#[cfg(test)]
mod tests;
mod timed;

use crate::{
    Amplifier, BoardSettings, FlashOn, Profile, RtuSettings, TcpSettings,
    sequence::{Sequenced, Settling},
};
use controller::Controller;
use flash::FlashBoard;
use line::Line;
use port::Port;
use relays::RelayBoard;

/// The driver of a board at a serial port.
pub(crate) fn rtu(settings: &RtuSettings) -> Box<dyn Amplifier> {
    let RtuSettings { port, baud, parity, stop_bits, board } = settings;
    let port = Port::Serial { path: port.clone(), baud: *baud, parity: *parity, stop_bits: *stop_bits };
    driver(port, board)
}

/// The driver of a board behind a network socket.
pub(crate) fn tcp(settings: &TcpSettings) -> Box<dyn Amplifier> {
    driver(Port::Network { host: settings.host.clone() }, &settings.board)
}

fn driver(port: Port, board: &BoardSettings) -> Box<dyn Amplifier> {
    let zones = board.zones.keys().cloned().collect();
    let settling =
        Settling { power: board.power_settle, relay: board.relay_settle, unmute: board.unmute_settle };
    let inputs = board.profile == Profile::Custom && board.custom.has_inputs();
    let fences = match board.profile {
        Profile::LoaxaController => controller::FENCES,
        Profile::Custom if inputs => relays::FENCES_WITH_INPUTS,
        Profile::Relay8 | Profile::Waveshare8 | Profile::Custom => relays::FENCES,
    };
    let dead_man = board.flash_on().zip(board.dead_man);
    let mut line = Line::new(port, board.address, board.answer_limit, fences);
    if matches!(dead_man, Some((FlashOn::Waveshare, _))) {
        line = line.with_timed_coils();
    }
    match board.profile {
        Profile::LoaxaController => Box::new(Sequenced::new(Controller::new(line, board), zones, settling)),
        Profile::Relay8 | Profile::Waveshare8 | Profile::Custom => {
            let relays = RelayBoard::new(line, board);
            match dead_man {
                Some((flash, limit)) => {
                    Box::new(Sequenced::new(FlashBoard::new(relays, flash, limit), zones, settling))
                }
                None => Box::new(Sequenced::new(relays, zones, settling)),
            }
        }
    }
}
