//! The one table, and the same as JSON.

use std::path::Path;

use serde_json::{Map, Value, json};

/// What was measured.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, Option<f64>, &'static str)>);

impl Table {
    /// A figure. `None` when this machine cannot measure it.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: Option<f64>, unit: &'static str) {
        self.0.push((name.into(), value, unit));
    }

    /// Prints it, and writes the JSON beside the build.
    pub(crate) fn print(&self) {
        let width = self.0.iter().map(|row| row.0.chars().count()).max().unwrap_or(0);
        println!();
        for (name, value, unit) in &self.0 {
            let shown = value.map_or_else(|| "-".to_owned(), shown);
            println!("{name:<width$}  {shown:>10} {unit}");
        }
        let figures: Map<String, Value> = self
            .0
            .iter()
            .map(|(name, value, unit)| (name.clone(), json!({ "value": value, "unit": unit })))
            .collect();
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let answer = json!({ "machine": machine(), "processors": processors, "figures": figures });
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("figures.json");
        std::fs::write(&file, format!("{answer:#}\n")).unwrap();
        println!("\n{} ({processors} processors); also in {}", machine(), file.display());
    }
}

fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(": ")).map_or("a processor", |(_, model)| model);
    model.trim().to_owned()
}
