//! The controller's core on this machine: frames of every kind against an account of what may move a relay.
//! `make fuzz` in `firmware-bridge/firmware` does it ten million times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod firmware;

use std::process::Command;

use firmware::compile_core;

const SANITIZED: &[&str] =
    &["-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Whether it ended well, and what it said.
fn fuzz(program: &std::path::Path, frames: u32, seed: u32) -> (bool, String) {
    let done = Command::new(program).args([frames.to_string(), seed.to_string()]).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn no_invalid_frame_moves_a_relay_and_every_promise_holds() {
    let program = compile_core("whole", SANITIZED, None);
    let (well, said) = fuzz(&program, 200_000, 1);
    assert!(well, "{said}");
}

/// A fault in the core must be found by the same run: an account that finds nothing holds nothing.
#[test]
fn planted_faults_are_found() {
    let plants = [
        ("check sum", ("core.c", "(uint16_t)(frame[length - 2] |", "0 * (uint16_t)(frame[length - 2] |"), ""),
        ("own address", ("core.c", "frame[0] != ADDRESS ||", "frame[0] > 3 ||"), ""),
        ("length", ("orders.c", "if (length != 8) return 0;", ""), "an invalid frame moved a relay"),
        ("count", ("orders.c", "frame[6] != length - 9", "length < 10"), ""),
        (
            "order",
            ("core.c", "if (zones_change && (target & SOUND_BIT)) return", "if (zones_change && 0) return"),
            "zones changed under sound",
        ),
        (
            "settling",
            ("core.c", "core->since_power_ms >= core->holding[HR_POWER_SETTLE]", "true"),
            "on before power has settled",
        ),
        ("latch", ("core.c", "if (core->stop_latched) {", "if (0) {"), "while the button was latched"),
        (
            "heartbeat",
            ("core.c", "HR_HEARTBEAT_LIMIT] * 100u", "HR_HEARTBEAT_LIMIT] * 101u + 150u"),
            "long after it had to be off",
        ),
        (
            "hold",
            ("core.c", "core->pressed_ms >= STOP_HOLD_MS &&", "core->pressed_ms >= 2000 &&"),
            "nobody held the button",
        ),
        ("burst", ("frames.c", "|| receiver->length >= FRAME_MAX", "|| receiver->length > 250"), ""),
    ];
    for (name, plant, expect) in plants {
        let name = name.replace(' ', "-");
        // Writing past the end is seen by the sanitizer alone; the others are found faster without it.
        let flags = if name == "burst" { SANITIZED } else { &["-O1"] };
        let program = compile_core(&name, flags, Some(plant));
        let (well, said) = fuzz(&program, 200_000, 1);
        assert!(!well, "the fault planted in {name} was not found: {said}");
        assert!(said.contains(expect), "{name}: {said}");
    }
}
