//! The C header and the table of the documentation are what the register map makes of them.
//! After a change: `UPDATE_REGISTERS=1 cargo test -p loaxa-firmware-bridge --test firmware_map`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{fmt::Write as _, fs, path::Path};

use loaxa_firmware_bridge::{
    Fault,
    registers::{
        Access, Bit, COILS, DARK_WITHIN_MS, DEFAULT_ADDRESS, DEFAULT_BAUD, DISCRETE_INPUTS, FIRMWARE_VERSION,
        FUNCTIONS, HOLDING_REGISTERS, INPUT_REGISTERS, MODEL_ID, PROTOCOL_VERSION, REFUSALS, RESET_CAUSES,
        Register, SILENT_WITHIN_MS, STOP_HOLD_MAX_MS, STOP_HOLD_MS, TEMPERATURE_UNKNOWN, WIRED_BITS,
        ZONE_RELAYS,
    },
};

fn same(path: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_REGISTERS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept,
        wanted,
        "{} is not what src/registers.rs says; write it with UPDATE_REGISTERS=1",
        path.display()
    );
}

#[test]
fn the_header_is_the_map() {
    let mut out = String::from(
        "/* The controller's register map. Written from firmware-bridge/src/registers.rs by the test firmware_map:\n   \
         change it there. */\n#ifndef LOAXA_REGISTERS_H\n#define LOAXA_REGISTERS_H\n",
    );
    let mut section = |title: &str, lines: &[(String, String)]| {
        write!(out, "\n/* {title} */\n").unwrap();
        for (name, value) in lines {
            writeln!(out, "#define {name:<28} {value}").unwrap();
        }
    };
    let word = |name: &str, value: u32| (name.to_owned(), format!("{value}u"));
    section(
        "The protocol",
        &[
            word("PROTOCOL_VERSION", PROTOCOL_VERSION.into()),
            word("FIRMWARE_MAJOR", FIRMWARE_VERSION.0.into()),
            word("FIRMWARE_MINOR", FIRMWARE_VERSION.1.into()),
            word("MODEL_ID", MODEL_ID.into()),
            word("DEFAULT_ADDRESS", DEFAULT_ADDRESS.into()),
            ("DEFAULT_BAUD".into(), format!("{DEFAULT_BAUD}UL")),
            word("ZONE_RELAYS", ZONE_RELAYS.into()),
            word("DARK_WITHIN_MS", DARK_WITHIN_MS.into()),
            word("SILENT_WITHIN_MS", SILENT_WITHIN_MS.into()),
            word("STOP_HOLD_MS", STOP_HOLD_MS.into()),
            word("STOP_HOLD_MAX_MS", STOP_HOLD_MAX_MS.into()),
            word("TEMPERATURE_UNKNOWN", TEMPERATURE_UNKNOWN.into()),
        ],
    );
    let functions = FUNCTIONS.map(|f| (format!("FC_{}", f.name), format!("0x{:02X}u", f.code)));
    section("Functions", &functions);
    section("Refusals", &REFUSALS.map(|r| word(&format!("REFUSE_{}", r.name), r.code.into())));
    let bits = |prefix: &str, bits: &[Bit]| {
        let mut lines: Vec<_> =
            bits.iter().map(|b| word(&format!("{prefix}_{}", b.name), b.address.into())).collect();
        lines.push(word(&format!("{prefix}_COUNT"), u32::try_from(bits.len()).unwrap()));
        lines
    };
    section("Coils", &bits("COIL", &COILS));
    section("Discrete inputs", &bits("INPUT", &DISCRETE_INPUTS));
    let mut inputs: Vec<_> =
        INPUT_REGISTERS.iter().map(|r| word(&format!("IR_{}", r.name), r.address.into())).collect();
    inputs.push(word("IR_COUNT", u32::try_from(INPUT_REGISTERS.len()).unwrap()));
    section("Input registers", &inputs);
    let mut holdings = Vec::new();
    for r in HOLDING_REGISTERS {
        holdings.push(word(&format!("HR_{}", r.name), r.address.into()));
    }
    holdings.push(word("HR_COUNT", u32::try_from(HOLDING_REGISTERS.len()).unwrap()));
    section("Holding registers", &holdings);
    let column = |pick: fn(&Register) -> u16| {
        let values: Vec<_> = HOLDING_REGISTERS.iter().map(|r| format!("{}u", pick(r))).collect();
        format!("{{{}}}", values.join(", "))
    };
    section(
        "What may be written into them, and what they are after boot, by their number",
        &[
            ("HR_MINIMA".into(), column(|r| r.min)),
            ("HR_MAXIMA".into(), column(|r| r.max)),
            ("HR_DEFAULTS".into(), column(|r| r.default)),
        ],
    );
    section("Bits of WIRED", &WIRED_BITS.map(|b| word(b.name, 1 << b.address)));
    let faults = Fault::ALL.map(|f| word(&format!("FAULT_{}", f.code().to_uppercase()), f.bit().into()));
    section("Bits of FAULTS", &faults);
    let causes = RESET_CAUSES
        .map(|c| word(&format!("RESET_{}", c.word.to_uppercase().replace('-', "_")), c.value.into()));
    section("Reset causes", &causes);
    out.push_str("\n#endif\n");
    same("firmware/registers.h", &out);
}

#[test]
fn the_page_is_the_map() {
    let mut out = format!(
        "# The controller's registers\n\nStatus: current. Protocol version {PROTOCOL_VERSION}. Written from \
         `firmware-bridge/src/registers.rs` by the test `firmware_map`: change it there. What the controller is, and how \
         it is wired: [controller.md](controller.md).\n\n\
         Modbus RTU, address {DEFAULT_ADDRESS}, {DEFAULT_BAUD} baud, 8 data bits, no parity, 1 stop bit (115200 as a \
         build variant). Numbers count from 0, as they are on the line. A frame with a wrong check sum or length, to \
         another address, or to all (address 0) changes nothing and is not answered.\n\n\
         An obeyed order (functions 05 and 0F, or a write that contains HEARTBEAT) renews the heartbeat. Reading, settings \
         and refused orders do not. When it runs out while anything is on: sound off, zones off, power off, in this order, \
         within {DARK_WITHIN_MS} ms, and fault HEARTBEAT_LOST is kept. The button silences within {SILENT_WITHIN_MS} ms. \
         What only switches off, sound among it, is never refused; nor is power off, which takes sound and zones with it.\n"
    );
    let mut table = |title: &str, head: &[&str], rows: &[Vec<String>]| {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<_> = head.iter().map(|h| (*h).to_owned()).collect();
        let rule: Vec<_> = head.iter().map(|_| "---".to_owned()).collect();
        let rows: String = rows.iter().map(|row| line(row)).collect();
        write!(out, "\n## {title}\n\n{}{}{rows}", line(&head), line(&rule)).unwrap();
    };
    let text = str::to_owned;
    table("Functions", &["code", "name"], &FUNCTIONS.map(|f| vec![format!("{:02X}", f.code), text(f.name)]));
    table(
        "Refusals (exception codes)",
        &["code", "name", "meaning"],
        &REFUSALS.map(|r| vec![r.code.to_string(), text(r.name), text(r.meaning)]),
    );
    let bit = |b: Bit| vec![b.address.to_string(), text(b.name), text(b.meaning)];
    table("Coils (01, 05, 0F)", &["number", "name", "1 says"], &COILS.map(bit));
    table("Discrete inputs (02)", &["number", "name", "1 says"], &DISCRETE_INPUTS.map(bit));
    let read = |r: Register| vec![r.address.to_string(), text(r.name), text(r.unit), text(r.meaning)];
    table("Input registers (04)", &["number", "name", "unit", "meaning"], &INPUT_REGISTERS.map(read));
    let written = |r: Register| {
        assert_eq!(r.access, Access::ReadWrite, "{}", r.name);
        let range = format!("{} to {}", r.min, r.max);
        vec![r.address.to_string(), text(r.name), text(r.unit), range, r.default.to_string(), text(r.meaning)]
    };
    table(
        "Holding registers (03, 06, 10)",
        &["number", "name", "unit", "range", "after boot", "meaning"],
        &HOLDING_REGISTERS.map(written),
    );
    table("Bits of WIRED", &["bit", "name", "1 says"], &WIRED_BITS.map(bit));
    table(
        "Bits of FAULTS",
        &["bit", "name", "code in `/status`"],
        &Fault::ALL.map(|f| vec![(f as u8).to_string(), f.code().to_uppercase(), format!("`{}`", f.code())]),
    );
    table(
        "Values of RESET_CAUSE",
        &["value", "word"],
        &RESET_CAUSES.map(|c| vec![c.value.to_string(), text(c.word)]),
    );
    same("../docs/registers.md", &out);
}

#[test]
fn numbers_are_dense_and_values_after_boot_are_allowed() {
    for (i, (address, name)) in [&COILS[..], &DISCRETE_INPUTS[..], &WIRED_BITS[..]]
        .into_iter()
        .flat_map(|table| table.iter().enumerate().map(|(i, b)| (i, (b.address, b.name))))
        .chain(INPUT_REGISTERS.iter().enumerate().map(|(i, r)| (i, (r.address, r.name))))
        .chain(HOLDING_REGISTERS.iter().enumerate().map(|(i, r)| (i, (r.address, r.name))))
    {
        assert_eq!(usize::from(address), i, "{name}");
    }
    for r in HOLDING_REGISTERS {
        assert!((r.min..=r.max).contains(&r.default), "{}", r.name);
    }
}
