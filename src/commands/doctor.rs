//! `loaxa doctor`: looks at the machine and the station, and says what is wrong and what to do.

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Driver, OutputForm};
use crate::error::Result;
use crate::store::Store;
use loaxa_audio::child;
use loaxa_audio::output::{Output, OutputKind, OutputSettings};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

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
    match config.amplifier.driver {
        Driver::Simulated => Finding {
            what: "amplifier",
            good: false,
            says: "simulated: nothing is switched; for demos and tests only".to_owned(),
        },
        Driver::None => {
            Finding { what: "amplifier", good: true, says: "none: airings stay unconfirmed".to_owned() }
        }
    }
}
