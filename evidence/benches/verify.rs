//! How long an auditor waits: 100,000 rows, read line by line and checked against a signed and countersigned head.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures and prints"
)]

#[path = "../tests/lab/mod.rs"]
mod lab;

use loaxa_evidence::{Trust, verify};
use std::time::Instant;

const ROWS: i64 = 100_000;

fn main() {
    let rows = lab::log(ROWS);
    let text = lab::text(&rows);
    let keys = lab::public(&[&lab::station(), &lab::collector()]);
    let trust = Trust::new(&keys, &[Ok(lab::witnessed(&rows[..50_000])), Ok(lab::witnessed(&rows))]);
    let mut times = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let report = verify(text.as_bytes(), &trust);
        times.push(begun.elapsed());
        assert_eq!(report.verdict.word(), "intact");
    }
    times.sort();
    let bytes = text.len() / 1_000_000;
    println!(
        "{ROWS} rows, {bytes} MB: {:.3} s (median of {}, slowest {:.3} s)",
        times[2].as_secs_f64(),
        times.len(),
        times[4].as_secs_f64()
    );
}
