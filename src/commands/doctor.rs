//! `loaxa doctor`: looks at the machine and the station, and says what is wrong and what to do.

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, OutputForm};
use crate::error::Result;
use crate::store::Store;
use loaxa_audio::child;
use loaxa_audio::output::{Output, OutputKind, OutputSettings};
use loaxa_firmware_bridge::{AmplifierSettings, ProbeSettings, probe};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Looking for boards takes no longer.
const LOOKS_FOR: Duration = Duration::from_secs(30);

/// One thing looked at.
struct Finding {
    what: &'static str,
    good: bool,
    says: String,
}

/// `loaxa doctor`. Exit code 1 when something needs a person.
pub fn doctor(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    let findings = [
        configuration(config),
        clock(config),
        database(config, data),
        space(data),
        inspection(),
        sound(config),
        amplifier(config),
    ];
    let good = findings.iter().all(|finding| finding.good);
    if as_json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "what": finding.what, "good": finding.good, "says": finding.says }))
            .collect();
        println!("{}", json!({ "good": good, "findings": list }));
    } else {
        for finding in &findings {
            println!("{:4}  {:13}  {}", if finding.good { "ok" } else { "BAD" }, finding.what, finding.says);
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn configuration(config: &Config) -> Finding {
    let problems = config.problems();
    let says = if problems.is_empty() { "good".to_owned() } else { problems.join("; ") };
    Finding { what: "configuration", good: problems.is_empty(), says }
}

fn clock(config: &Config) -> Finding {
    let trust = SystemClock::new(config.clock.trust).trust();
    let remedy = match trust.as_str() {
        "not_synchronised" => {
            "; nothing scheduled airs. Start a time service (systemctl enable --now systemd-timesyncd), or fit a clock chip and write clock.trust = \"rtc\""
        }
        "rtc_disagrees" => {
            "; nothing scheduled airs. Set the clock and write it to the chip (timedatectl set-time, hwclock -w), or check the chip's battery"
        }
        "configured_always" => "; only for demos and tests: write clock.trust = \"kernel\"",
        _ => "",
    };
    Finding { what: "clock", good: trust.trusted(), says: format!("{}{remedy}", trust.as_str()) }
}

fn database(config: &Config, data: &Path) -> Finding {
    let now = SystemClock::new(config.clock.trust).now().wall;
    let checked = Store::open(data, now).and_then(|store| store.check());
    match checked {
        Ok(()) => Finding { what: "database", good: true, says: "whole".to_owned() },
        Err(error) => {
            Finding { what: "database", good: false, says: format!("{}; restore a backup", error.detail) }
        }
    }
}

fn space(data: &Path) -> Finding {
    const LITTLE: u64 = 200;
    match rustix::fs::statvfs(data) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize) / (1024 * 1024);
            let remedy = if free < LITTLE { "; withdraw old segments or add space" } else { "" };
            Finding { what: "storage", good: free >= LITTLE, says: format!("{free} MiB free{remedy}") }
        }
        Err(error) => Finding { what: "storage", good: false, says: format!("{}: {error}", data.display()) },
    }
}

/// What lacks Landlock or a filter still inspects; the limits are what a station cannot do without.
fn inspection() -> Finding {
    match child::probe(Path::new("/proc/self/exe")) {
        Ok(confinement) => {
            let remedy = if confinement.is_complete() {
                ""
            } else {
                "; a 64-bit kernel with seccomp would keep a decoder that was taken over from everything"
            };
            Finding { what: "inspection", good: confinement.limits, says: format!("{confinement}{remedy}") }
        }
        Err(refusal) => Finding { what: "inspection", good: false, says: refusal.en },
    }
}

fn sound(config: &Config) -> Finding {
    if config.audio.output != OutputForm::Device {
        return Finding {
            what: "sound",
            good: false,
            says: "audio.output is not \"device\": nothing reaches the loudspeakers".to_owned(),
        };
    }
    let named = config.audio.device.clone();
    let what = named.as_deref().unwrap_or("the machine's default");
    let settings = OutputSettings::new(OutputKind::Device { name: named.clone() }, config.audio.sample_rate);
    let says = match Output::open(&settings, Box::new(|_| {})) {
        Ok(output) => {
            let about = output.describe();
            output.close();
            let better = if named.is_none() { "; better name it in audio.device" } else { "" };
            return Finding {
                what: "sound",
                good: true,
                says: format!("{what} opens at {} Hz{better}", about.rate),
            };
        }
        Err(error) => error.to_string(),
    };
    let listed = loaxa_audio::output::list_devices().unwrap_or_default().join(", ");
    Finding {
        what: "sound",
        good: false,
        says: format!("{says}. If the daemon runs, it may hold the card. Listed here: {listed}"),
    }
}

fn amplifier(config: &Config) -> Finding {
    let what = "amplifier";
    match &config.amplifier.bridge {
        AmplifierSettings::Simulated(_) => Finding {
            what,
            good: false,
            says: "simulated: nothing is switched; for demos and tests only".to_owned(),
        },
        AmplifierSettings::None => {
            // a board that nobody configured yet is worth a word, none is not
            let found = boards().map(|found| format!(". {found}")).unwrap_or_default();
            Finding { what, good: true, says: format!("none: airings stay unconfirmed{found}") }
        }
        real => match super::amp::ask(real) {
            Ok(says) => Finding { what, good: true, says: format!("{}: {says}", real.name()) },
            Err(why) => Finding {
                what,
                good: false,
                says: format!(
                    "{}: {why}. If the daemon runs, it holds the line: `loaxa amp status`. {}",
                    real.name(),
                    boards().unwrap_or_else(|why| why)
                ),
            },
        },
    }
}

/// Which boards answer at this computer's serial ports, and what to write for them; Err: none, and why. Sends reads only.
fn boards() -> std::result::Result<String, String> {
    let settings = ProbeSettings { total_limit: LOOKS_FOR, ..ProbeSettings::default() };
    let runtime = super::amp::runtime().map_err(|error| error.detail)?;
    let probed = runtime.block_on(probe(&settings));
    let found: Vec<String> = probed
        .found
        .iter()
        .map(|board| format!("Found at {}; write:\n{}", board.port, board.configuration()))
        .collect();
    if !found.is_empty() {
        return Ok(found.join("\n"));
    }
    if probed.ports.is_empty() {
        return Err("No serial port is there: plug the adapter in".to_owned());
    }
    let problems: Vec<String> = probed.problems.iter().map(ToString::to_string).collect();
    Err(format!(
        "No board answers at {}: check its power, A and B of the line, and its address. {}",
        probed.ports.join(", "),
        problems.join("; ")
    ))
}
