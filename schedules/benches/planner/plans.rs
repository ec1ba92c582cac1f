//! A year's plan in time and memory, and tomorrow's in time.

use crate::station::{Mix, YEAR, snapshot};
use crate::{Table, fastest};
use jiff::ToSpan;
use loaxa_schedules::plan;
use std::process::Command;
use std::time::Instant;

/// The word that makes this program plan one year, say what it cost and end.
pub(crate) const CHILD: &str = "year";

pub(crate) fn measure(table: &mut Table) {
    for mix in Mix::ALL {
        let name = mix.name();
        let (time, memory) = if mix == Mix::Usual { ("1", "200") } else { ("-", "-") };
        let [slots, refusals, seconds, before, peak] = in_a_child(name);
        let what = format!("a year, {name}: {slots} slots, {refusals} refusals");
        table.add(what, time, seconds, "s");
        table.add(format!("a year, {name}: memory at most"), memory, peak, "MB");
        table.add(format!("a year, {name}: of it the station itself"), "-", before, "MB");
        let snapshot = snapshot(mix);
        let tomorrow = YEAR.0 + 200.days();
        let day = || drop(plan(&snapshot, tomorrow, tomorrow + 1.day()));
        let goal = if mix == Mix::Usual { "5" } else { "-" };
        table.add(format!("tomorrow, {name}"), goal, fastest(50, day) * 1e3, "ms");
    }
}

/// Slots, refusals, seconds, and megabytes before and at the peak.
fn in_a_child(mix: &str) -> [f64; 5] {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args([CHILD, mix]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    figures.try_into().unwrap()
}

/// In the child.
pub(crate) fn year(name: &str) {
    let mix = Mix::ALL.into_iter().find(|mix| mix.name() == name).unwrap();
    let snapshot = snapshot(mix);
    let before = peak_megabytes();
    let begun = Instant::now();
    let days = plan(&snapshot, YEAR.0, YEAR.1);
    let seconds = begun.elapsed().as_secs_f64();
    let slots: usize = days.iter().map(|day| day.slots.len()).sum();
    let refusals: usize = days.iter().map(|day| day.refusals.len()).sum();
    println!("{slots} {refusals} {seconds} {before} {}", peak_megabytes());
}

/// The most memory that was ever resident, in units of 1,000,000 bytes.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes * 1024.0 / 1e6
}
