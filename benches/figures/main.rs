//! Figures of the station: how fast it starts, takes recordings in, plans and logs, and what it costs while it airs.
//! Nothing is asserted; one table comes out, and the same as JSON under `target/`.
//!
//! `cargo bench --bench figures` measures everything (about nine minutes: six of them are air). Words after `--` choose
//! parts: `start`, `intake`, `log`, `plan`, `air`, and `peers`: other players on the same card, those that are installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot measure says so and ends"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

#[path = "../../tests/heard/lab/mod.rs"]
mod lab;

mod air;
mod intake;
mod log;
mod peers;
mod plan;
mod start;
mod stations;
mod table;

use table::Table;

/// Measures one part of the station.
type Part = fn(&mut Table);

fn main() {
    // cargo adds `--bench`
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut table = Table::default();
    let parts: [(&str, Part); 6] = [
        ("start", start::measure),
        ("intake", intake::measure),
        ("log", log::measure),
        ("plan", plan::measure),
        ("air", air::measure),
        ("peers", peers::measure),
    ];
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            eprintln!("measuring: {name}");
            measure(&mut table);
        }
    }
    table.print();
}
