//! What can be wrong with `[amplifier]` before any hardware is asked.

use std::{collections::BTreeMap, fmt::Display, time::Duration};

use super::{BoardSettings, GpioSettings, Profile, RtuSettings, TcpSettings};
use crate::SimulatedSettings;

pub(super) fn simulated(settings: &SimulatedSettings) -> Vec<String> {
    let mut problems = Vec::new();
    at_most(&mut problems, "settle_ms", settings.settle, 60_000);
    at_most(&mut problems, "relay_settle_ms", settings.relay_settle, 5_000);
    at_most(&mut problems, "latency_ms", settings.latency, 5_000);
    at_most(&mut problems, "answer_limit_ms", settings.answer_limit, 5_000);
    problems
}

pub(super) fn rtu(settings: &RtuSettings) -> Vec<String> {
    let mut problems = Vec::new();
    if !settings.port.starts_with('/') {
        problems.push(format!(
            "amplifier.port = {:?} is no serial port; write for instance \"/dev/ttyUSB0\"",
            settings.port
        ));
    }
    if ![1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200].contains(&settings.baud) {
        problems.push(format!(
            "amplifier.baud = {} is no usual speed; write {}",
            settings.baud,
            settings.board.profile.usual_baud()
        ));
    }
    if ![1, 2].contains(&settings.stop_bits) {
        problems.push("amplifier.stop_bits must be 1 or 2; write 1".to_owned());
    }
    board(&mut problems, &settings.board);
    // eight data bits between a start and a stop bit; the silence between frames twice
    renewable(&mut problems, &settings.board, |bytes| {
        let baud = u64::from(settings.baud.max(1));
        Duration::from_micros((bytes * 10 + 2 * 39) * 1_000_000 / baud)
    });
    problems
}

pub(super) fn tcp(settings: &TcpSettings) -> Vec<String> {
    let mut problems = Vec::new();
    let port = settings.host.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    if port.and_then(|(_, port)| port.parse::<u16>().ok()).is_none_or(|port| port == 0) {
        problems.push(format!(
            "amplifier.host = {:?} is not HOST:PORT; write for instance \"192.168.1.7:502\"",
            settings.host
        ));
    }
    board(&mut problems, &settings.board);
    renewable(&mut problems, &settings.board, |_| Duration::ZERO);
    problems
}

fn board(problems: &mut Vec<String>, board: &BoardSettings) {
    if !(1..=247).contains(&board.address) {
        problems.push("amplifier.address must lie between 1 and 247; write 1".to_owned());
    }
    let relays = match board.profile {
        Profile::LoaxaController | Profile::Relay8 | Profile::Waveshare8 => 8,
        Profile::Custom => board.custom.relays,
    };
    if board.profile == Profile::LoaxaController {
        for (key, written) in [("power_relay", board.power_relay), ("sound_relay", board.sound_relay)] {
            if written.is_some() {
                problems.push(format!(
                    "amplifier.{key} is for relay boards; take it out: this controller has an output of its own for it"
                ));
            }
        }
    } else {
        something_switches(problems, "power_relay", board.power_relay.is_some(), board.zones.is_empty());
    }
    if board.profile == Profile::Custom {
        if !(1..=32).contains(&relays) {
            problems.push("amplifier.custom.relays must lie between 1 and 32; write 8".to_owned());
        }
        if board.custom.first_coil.checked_add(relays).is_none() {
            problems.push("amplifier.custom.first_coil is too high; write 0".to_owned());
        }
    }
    let named = [("power_relay", board.power_relay), ("sound_relay", board.sound_relay)];
    let all = taken(&board.zones, &named);
    for (what, relay) in &all {
        if !(1..=relays).contains(relay) {
            problems.push(format!(
                "amplifier: {what} has relay {relay}, and this board has relays 1 to {relays}; correct the number"
            ));
        }
    }
    twice(problems, "relay", &all);
    settles(problems, board.power_settle, board.relay_settle, board.unmute_settle);
    if !(50..=2_000).contains(&board.answer_limit.as_millis()) {
        problems.push("amplifier.answer_limit_ms must lie between 50 and 2000; write 300".to_owned());
    }
    match board.flash_on() {
        Some(_) => flash_dead_man(problems, board),
        None => dead_man(problems, board.dead_man),
    }
}

/// A dead man of relays that are closed for a time and told again every second.
fn flash_dead_man(problems: &mut Vec<String>, board: &BoardSettings) {
    if board.custom.active_low {
        problems.push(
            "amplifier.custom.flash_on closes a relay by a coil that is 1, and active_low = true says that 0 does; take \
             one of them out"
                .to_owned(),
        );
    }
    if board.custom.first_coil > 0xFF - 32 {
        problems.push("amplifier.custom.first_coil is too high for flash_on; write 0".to_owned());
    }
    let Some(written) = board.dead_man else { return };
    if !((3_000..=10_000).contains(&written.as_millis()) && written.subsec_millis().is_multiple_of(100)) {
        problems.push(
            "amplifier.dead_man_ms must lie between 3000 and 10000, in steps of 100, on a board with flash-on: it \
             counts in tenths of a second and is told every second; write 3000"
                .to_owned(),
        );
    }
    if !board.flash_renews {
        problems.push(
            "amplifier.dead_man_ms needs a board on which flash-on, sent to a relay that is closed, counts anew without \
             letting it fall, and no maker says whether his does; try it as docs/bridge.md tells and write flash_renews = \
             true, or take dead_man_ms out"
                .to_owned(),
        );
    }
}

/// All relays must be told within a fraction of the second after which they are told again. `on_line`: how long so many
/// bytes and the silence around them take.
fn renewable(problems: &mut Vec<String>, board: &BoardSettings, on_line: impl Fn(u64) -> Duration) {
    /// What such boards take to answer, at most as a rule.
    const ANSWERS: Duration = Duration::from_millis(20);
    const AT_MOST: Duration = Duration::from_millis(600);
    let Some((flash, _)) = board.flash_on().zip(board.dead_man) else { return };
    let relays = board.zones.len()
        + usize::from(board.power_relay.is_some())
        + usize::from(board.sound_relay.is_some());
    let each = on_line(flash.bytes()) + ANSWERS;
    if each.saturating_mul(u32::try_from(relays).unwrap_or(u32::MAX)) > AT_MOST {
        problems.push(format!(
            "amplifier.dead_man_ms: {relays} relays cannot all be told every second on this line; write a higher baud \
             (also on the board), or join zones"
        ));
    }
}

pub(super) fn gpio(settings: &GpioSettings) -> Vec<String> {
    let mut problems = Vec::new();
    if !settings.chip.starts_with('/') {
        problems.push(format!(
            "amplifier.chip = {:?} is no GPIO chip; write for instance \"/dev/gpiochip0\"",
            settings.chip
        ));
    }
    something_switches(&mut problems, "power_line", settings.power_line.is_some(), settings.zones.is_empty());
    if settings.zones.len() > 32 {
        problems.push("amplifier.zones has more than 32 zones; join some".to_owned());
    }
    let named = [
        ("power_line", settings.power_line),
        ("sound_line", settings.sound_line),
        ("sense_line", settings.sense_line),
        ("stop_line", settings.stop_line),
        ("watchdog_line", settings.watchdog_line),
    ];
    twice(&mut problems, "line", &taken(&settings.zones, &named));
    settles(&mut problems, settings.power_settle, settings.relay_settle, settings.unmute_settle);
    dead_man(&mut problems, settings.dead_man);
    problems
}

fn something_switches(problems: &mut Vec<String>, key: &str, power: bool, no_zones: bool) {
    if !power && no_zones {
        problems.push(format!("amplifier: nothing is wired; give amplifier.{key}, amplifier.zones, or both"));
    }
}

/// Every output that has a number, with the key or the zone that took it.
fn taken<N: Copy>(zones: &BTreeMap<String, N>, named: &[(&str, Option<N>)]) -> Vec<(String, N)> {
    let zones = zones.iter().map(|(name, number)| (format!("zone {name:?}"), *number));
    let named = named.iter().filter_map(|(key, number)| Some(((*key).to_owned(), (*number)?)));
    zones.chain(named).collect()
}

fn twice<N: Display + PartialEq>(problems: &mut Vec<String>, noun: &str, all: &[(String, N)]) {
    for (index, (what, number)) in all.iter().enumerate() {
        if let Some((other, _)) = all.iter().take(index).find(|(_, earlier)| earlier == number) {
            problems
                .push(format!("amplifier: {what} and {other} both have {noun} {number}; each needs its own"));
        }
    }
}

fn settles(problems: &mut Vec<String>, power: Duration, relay: Duration, unmute: Duration) {
    // an order of the daemon is given up after ten seconds, all of its waiting included
    at_most(problems, "power_settle_ms", power, 6_000);
    at_most(problems, "relay_settle_ms", relay, 500);
    at_most(problems, "unmute_settle_ms", unmute, 500);
}

fn at_most(problems: &mut Vec<String>, key: &str, written: Duration, limit: u128) {
    if written.as_millis() > limit {
        problems.push(format!("amplifier.{key} must be at most {limit}"));
    }
}

fn dead_man(problems: &mut Vec<String>, dead_man: Option<Duration>) {
    let tenths = |dead_man: Duration| dead_man.subsec_millis().is_multiple_of(100);
    if let Some(written) = dead_man
        && !((1_000..=10_000).contains(&written.as_millis()) && tenths(written))
    {
        problems.push(
            "amplifier.dead_man_ms must lie between 1000 and 10000, in steps of 100; write 3000".to_owned(),
        );
    }
}
