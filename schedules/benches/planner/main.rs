//! What the planner costs, beside its goals. Nothing is asserted.
//!
//! `cargo bench -p loaxa-schedules --bench planner` takes about a minute. Each plan of a year is made in a process of its
//! own, so that its memory is its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot measure says so and ends"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

mod occurrences;
mod plans;
mod station;
mod wakeup;

use std::time::Instant;

/// Rows of a name, a goal, a figure and its unit.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 4]>);

impl Table {
    pub(crate) fn add(&mut self, name: impl Into<String>, goal: &str, figure: f64, unit: &str) {
        self.0.push([name.into(), goal.to_owned(), shown(figure), unit.to_owned()]);
    }

    fn print(&self) {
        let head = ["planner", "goal", "figure", ""].map(str::to_owned);
        let rows = || std::iter::once(&head).chain(&self.0);
        let width = |column: usize| rows().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second, third) = (width(0), width(1), width(2));
        println!();
        for [name, goal, figure, unit] in rows() {
            println!("{name:<first$}  {goal:>second$}  {figure:>third$} {unit}");
        }
    }
}

fn shown(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Seconds that the fastest of so many runs took; what disturbs a run only ever makes it slower.
pub(crate) fn fastest(runs: u32, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let begun = Instant::now();
        work();
        best = best.min(begun.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    // cargo adds `--bench`
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let [word, mix] = words.as_slice()
        && word == plans::CHILD
    {
        plans::year(mix);
        return;
    }
    let mut table = Table::default();
    plans::measure(&mut table);
    wakeup::measure(&mut table);
    occurrences::measure(&mut table);
    table.print();
}
