//! Starts on the virtual card: heard minus planned, at four sizes of buffer, with the card's crystal exact and 100 ppm off,
//! and with four busy loops beside; and how soon the map is right again after an under-run. Nothing is asserted.
//!
//! `cargo bench -p loaxa-audio --bench starts` takes about two minutes; `-- 10` plans ten starts a case instead of fifty.
//! Needs `gcc` and `libasound2-dev`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot measure says so"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

#[path = "starts/card.rs"]
mod card;
#[path = "starts/player.rs"]
mod player;

use std::process::{Command, Stdio};
use std::time::Duration;

use card::{Card, Heard};
use player::Player;

const BUFFERS: [u32; 4] = [1024, 2048, 4096, 8192];
/// From one start to the next: no multiple of any period.
const EVERY: f64 = 0.3137;
/// What is asked of every start without an under-run, in milliseconds.
const GOAL_MS: f64 = 0.1;
/// So long after an under-run the map must be right again, in nanoseconds.
const SETTLED: f64 = 1e9;

fn main() {
    // cargo adds `--bench`
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("play") => player::play(&words[1..]),
        Some("spin") => loop {
            std::hint::spin_loop();
        },
        Some(count) => measure(count.parse().expect("how many starts a case")),
        None => measure(50),
    }
}

fn measure(count: u32) {
    println!(
        "{:<24} {:>6} {:>6} {:>10} {:>10} {:>10} {:>9} {:>10}",
        "case", "buffer", "starts", "median ms", "worst ms", "under-runs", "near one", "worst ms"
    );
    let mut missed = 0;
    for (name, options, busy) in [
        ("exact", "", 0),
        ("crystal +100 ppm", "ppm 100", 0),
        ("crystal -100 ppm", "ppm -100", 0),
        ("four busy loops", "", 4),
    ] {
        let loops = Loops::start(busy);
        // the four cards play beside each other
        let cases: Vec<_> = BUFFERS
            .iter()
            .map(|&buffer| {
                let card = Card::new(options);
                let player = Player::start(&card, buffer, count, EVERY);
                (buffer, card, player)
            })
            .collect();
        for (buffer, card, player) in cases {
            let planned = player.wait();
            missed += report(name, buffer, &planned, &card.heard());
        }
        drop(loops);
    }
    println!("\nstarts that missed {GOAL_MS} ms without an under-run in the second before: {missed}\n");
    after_under_runs();
}

/// Prints a line; returns how many starts missed the goal.
fn report(name: &str, buffer: u32, planned: &[f64], heard: &Heard) -> usize {
    let (mut clean, mut near) = (Vec::new(), Vec::new());
    let mut lost = 0;
    for &planned in planned {
        match heard.start_near(planned) {
            None => lost += 1,
            Some(at) if heard.under_run_before(at).is_some_and(|since| since < SETTLED) => {
                near.push((at - planned) / 1e6);
            }
            Some(at) => clean.push((at - planned) / 1e6),
        }
    }
    let (median, worst) = median_and_worst(&clean);
    let (_, near_worst) = median_and_worst(&near);
    println!(
        "{name:<24} {buffer:>6} {:>6} {median:>10.4} {worst:>10.4} {:>10} {:>9} {near_worst:>10.3}{}",
        clean.len(),
        heard.under_runs(),
        near.len(),
        if lost > 0 { format!("  {lost} not heard") } else { String::new() }
    );
    clean.iter().filter(|error| error.abs() > GOAL_MS).count()
}

/// The player is stopped for longer than its buffers last, again and again, while a clip starts every 60 ms.
fn after_under_runs() {
    const TIMES: u32 = 6;
    const PLANNED_EVERY: f64 = 0.060_7;
    println!(
        "after a forced under-run (the player stood still): error of the next starts by the time since, ms"
    );
    println!(
        "{:<24} {:>6} {:>12} {:>12} {:>12} {:>12}",
        "", "buffer", "0-250 ms", "250-500 ms", "0.5-1 s", "1-2 s"
    );
    for buffer in BUFFERS {
        let card = Card::new("");
        let count = (f64::from(TIMES + 1) * 2.5 / PLANNED_EVERY) as u32;
        let player = Player::start(&card, buffer, count, PLANNED_EVERY);
        std::thread::sleep(Duration::from_secs(2));
        for _ in 0..TIMES {
            // two periods are buffered
            let still = Duration::from_secs_f64(f64::from(buffer) * 2.0 / 48_000.0 + 0.1);
            player.stop();
            std::thread::sleep(still);
            player.go_on();
            std::thread::sleep(Duration::from_millis(2_300).saturating_sub(still));
        }
        let planned = player.wait();
        let heard = card.heard();
        let mut worst = [None::<f64>; 4];
        for &planned in &planned {
            let Some(at) = heard.start_near(planned) else { continue };
            let Some(since) = heard.under_run_before(at) else { continue };
            let band = match since / 1e9 {
                ..0.25 => 0,
                ..0.5 => 1,
                ..1.0 => 2,
                ..2.0 => 3,
                _ => continue,
            };
            let error = (at - planned) / 1e6;
            if worst[band].is_none_or(|worst: f64| worst.abs() < error.abs()) {
                worst[band] = Some(error);
            }
        }
        let cells: Vec<String> =
            worst.iter().map(|worst| worst.map_or("-".into(), |worst| format!("{worst:.4}"))).collect();
        println!(
            "{:<24} {buffer:>6} {:>12} {:>12} {:>12} {:>12}",
            format!("{} under-runs", heard.under_runs()),
            cells[0],
            cells[1],
            cells[2],
            cells[3]
        );
    }
}

/// The value in the middle and the one furthest from zero; not a number where there is none.
fn median_and_worst(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    let worst = values.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(f64::NAN);
    (median, worst)
}

/// Processes that leave nothing of the processors; ended with it.
struct Loops(Vec<std::process::Child>);

impl Loops {
    fn start(count: usize) -> Self {
        let spin = || {
            let exe = std::env::current_exe().unwrap();
            Command::new(exe).arg("spin").stdin(Stdio::null()).spawn().unwrap()
        };
        Self((0..count).map(|_| spin()).collect())
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
