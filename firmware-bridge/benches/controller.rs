//! Our controller's real program in a simulated chip: how long a confirmed write takes, and a thousand times on and off.
//! Nothing but the absence of errors is asserted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it measures"
)]

#[path = "../tests/firmware/mod.rs"]
mod firmware;

use std::time::Duration;

use firmware::Controller;
use loaxa_firmware_bridge::AmplifierSettings;
use tokio::time::Instant;

const CYCLES: usize = 1_000;

fn main() {
    // `cargo test --benches` only wants to see it start
    let cycles = if std::env::args().any(|arg| arg == "--bench") { CYCLES } else { 3 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // `-- 115200` measures that speed alone
    let asked = |baud: &u32| std::env::args().any(|arg| arg == baud.to_string());
    let all = [19_200, 115_200];
    for baud in all.into_iter().filter(|baud| asked(baud) || !all.iter().any(asked)) {
        runtime.block_on(measure(baud, cycles));
    }
}

async fn measure(baud: u32, cycles: usize) {
    let controller = Controller::start(baud);
    let settings: AmplifierSettings = toml::from_str(&format!(
        "driver = \"modbus-rtu\"\nport = {:?}\nbaud = {baud}\nprofile = \"loaxa-controller\"\nzones = {{ a = 1 }}\n\
         power_settle_ms = 0\nrelay_settle_ms = 0\nunmute_settle_ms = 0\ndead_man_ms = 10000\n",
        controller.path()
    ))
    .unwrap();
    let mut amplifier = settings.open().unwrap().unwrap();
    amplifier.status().await.unwrap();
    let zones = ["a".to_owned()];
    let (mut mutes, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..cycles {
        let began = Instant::now();
        amplifier.energise(&zones).await.unwrap();
        amplifier.unmute().await.unwrap();
        let loud = Instant::now();
        // one write and one read back
        amplifier.mute().await.unwrap();
        mutes.push(loud.elapsed());
        amplifier.release().await.unwrap();
        whole.push(began.elapsed());
    }
    let line = amplifier.line();
    println!("{baud} baud, {cycles} times on and off:");
    told("a write, read back and confirmed", &mut mutes);
    told("energise, unmute, mute, release", &mut whole);
    println!(
        "  {} exchanges: {} without an answer, {} garbled, {} foreign, {} refused, {} repeated",
        line.exchanges, line.no_answer, line.garbled, line.foreign, line.refused, line.repeated
    );
}

fn told(what: &str, times: &mut [Duration]) {
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    println!("  {what}: median {:.1} ms, worst {:.1} ms", ms(times.get(times.len() / 2)), ms(times.last()));
}
