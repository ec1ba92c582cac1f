//! `loaxa doctor`: looks at the machine and the station, and says what is wrong and what to do.

use crate::airing_log::read_key;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, OutputForm};
use crate::error::Result;
use crate::fence;
use crate::speech::Speech;
use crate::store::Store;
use crate::tls;
use loaxa_audio::child;
use loaxa_audio::output::{Output, OutputKind, OutputSettings};
use loaxa_evidence::Checkpoint;
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
        tls(config, data),
        clock(config),
        database(config, data),
        key(config, data),
        space(data),
        inspection(),
        confinement(config),
        sound(config),
        voice(config),
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

/// The voice is optional; one that somebody named must be there.
fn voice(config: &Config) -> Finding {
    let lacking = Speech::new(&config.speech).lacking();
    let named = config.speech.command != crate::config::Speech::default().command;
    let good = lacking.is_none() || !named || config.speech.command.is_empty();
    let says = match (lacking, config.speech.command.is_empty()) {
        (None, _) => {
            let languages: Vec<&str> = config.speech.voices.keys().map(String::as_str).collect();
            format!("{} reads texts in {}", config.speech.command.join(" "), languages.join(", "))
        }
        (Some(_), true) => "switched off in [speech]".to_owned(),
        (Some(why), false) => why.detail,
    };
    Finding { what: "voice", good, says }
}

fn configuration(config: &Config) -> Finding {
    let problems = config.problems();
    let says = if problems.is_empty() { "good".to_owned() } else { problems.join("; ") };
    Finding { what: "configuration", good: problems.is_empty(), says }
}

/// What callers pin; nothing is made here.
fn tls(config: &Config, data: &Path) -> Finding {
    let what = "tls";
    match tls::look(&config.web, data) {
        Ok(Some(facts)) => {
            let now = SystemClock::new(config.clock.trust).now();
            let over = now.trusted && facts.not_after <= now.wall;
            let remedy = match (over, facts.own) {
                (false, _) => "",
                (true, true) => "; it is over: start the daemon, which makes another one",
                (true, false) => "; it is over: put another one in its place",
            };
            Finding {
                what,
                good: !over,
                says: format!(
                    "pin {} (SHA-256 of the key), fingerprint {} (SHA-256 of the certificate), good until {}{remedy}",
                    facts.pin, facts.fingerprint, facts.not_after
                ),
            }
        }
        Ok(None) if config.web.tls.is_some() => Finding {
            what,
            good: true,
            says: "key and certificate are made when the daemon starts".to_owned(),
        },
        Ok(None) => Finding { what, good: true, says: "none: plain HTTP, on loopback only".to_owned() },
        Err(error) => Finding { what, good: false, says: error.detail },
    }
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

/// The key with which the airing log is signed. A station that never ran has none.
fn key(config: &Config, data: &Path) -> Finding {
    let now = SystemClock::new(config.clock.trust).now().wall;
    let found = Store::open(data, now)
        .and_then(|store| store.log_identifier())
        .and_then(|log| read_key(data, &Checkpoint::origin_of(&log)));
    let (good, says) = match found {
        Ok(Some(key)) => (true, key.public().to_string()),
        Ok(None) => (true, "none yet; the daemon makes it at its first start".to_owned()),
        Err(error) => (false, error.detail),
    };
    Finding { what: "key", good, says }
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

/// What the daemon will be kept away from. A kernel without Landlock is no defect of the station.
fn confinement(config: &Config) -> Finding {
    let what = "confinement";
    if !config.confinement.landlock {
        let says =
            "switched off: remove `landlock = false` from [confinement] when its reason is gone".to_owned();
        return Finding { what, good: false, says };
    }
    let held = fence::probe();
    let remedy = if held.files() {
        ""
    } else {
        "; a kernel with it (Linux 5.13 and `lsm=landlock,…`) keeps a daemon that was taken over from every other file"
    };
    Finding { what, good: true, says: format!("{held}{remedy}") }
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
