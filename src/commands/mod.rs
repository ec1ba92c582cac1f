//! What each command of the command line does. Standard output is for the answer, standard error for engineers.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's answer goes to its caller's terminal"
)]

mod amp;
mod doctor;
mod plan;
mod simulate;

pub use amp::{AmpVerb, amp};
pub use doctor::doctor;
pub use plan::{Language, plan};
pub use simulate::simulate;

use crate::access::{Access, Role, Scope};
use crate::airing_log::export::{self, Format};
use crate::airing_log::verify::{Verdict, verify};
use crate::cli::DemoOutput;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::daemon;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;
use jiff::SignedDuration;
use serde_json::json;
use std::io::{BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Says what went wrong.
pub fn complain(error: &Error) {
    eprintln!("loaxa: {}", error.detail);
}

/// `loaxa serve`.
pub fn serve(config: Config, data: &Path) -> Result<ExitCode> {
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(Error::unacceptable("bad_configuration", problems.join("; ")));
    }
    daemon::run(config, data, Vec::new(), |_| Ok(()))?;
    Ok(ExitCode::SUCCESS)
}

/// `loaxa demo`.
pub fn demo(data: PathBuf, listen: SocketAddr, output: DemoOutput) -> Result<ExitCode> {
    crate::demo::run(&data, listen, output)?;
    Ok(ExitCode::SUCCESS)
}

/// `loaxa check-config FILE`.
pub fn check_config(file: &Path) -> Result<ExitCode> {
    Config::read(file)?;
    println!("{}: good", file.display());
    Ok(ExitCode::SUCCESS)
}

/// The database of a station, daemon running or not.
fn open(config: &Config, data: &Path) -> Result<(Arc<Store>, Arc<dyn Clock>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(config.clock.trust));
    let store = Arc::new(Store::open(data, clock.now().wall)?);
    Ok((store, clock))
}

/// `loaxa user add`.
pub fn user_add(
    config: &Config,
    data: &Path,
    name: &str,
    role: Role,
    from_stdin: bool,
    as_json: bool,
) -> Result<ExitCode> {
    let mut password = None;
    if from_stdin {
        let mut text = String::new();
        std::io::stdin()
            .take(4096)
            .read_to_string(&mut text)
            .map_err(|error| Error::io("standard input", &error))?;
        password = Some(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let (store, clock) = open(config, data)?;
    let one_time = Access::new(store, clock).add_person(name, role, password.as_deref(), "console")?;
    if as_json {
        println!("{}", json!({ "name": name, "role": role.as_str(), "one_time_password": one_time }));
    } else {
        println!("added {name} as {}", role.as_str());
        if let Some(one_time) = one_time {
            println!("one-time password (shown this once): {one_time}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `loaxa token create`.
pub fn token_create(
    config: &Config,
    data: &Path,
    name: &str,
    scopes: Vec<Scope>,
    lifetime: Option<SignedDuration>,
    as_json: bool,
) -> Result<ExitCode> {
    let (store, clock) = open(config, data)?;
    let new = Access::new(store, clock).add_token(name, scopes.into_iter().collect(), lifetime, "console")?;
    if as_json {
        println!("{}", json!({ "token": new.token, "id": new.id }));
    } else {
        println!("{}", new.token);
        eprintln!("this token is shown this once; keep it like a key");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line; a reader that went away (`| head`) is no failure of ours.
fn print_line(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("standard output", &error))
        }
        _ => Ok(()),
    }
}

/// `loaxa log export`.
pub fn log_export(
    config: &Config,
    data: &Path,
    from: Option<String>,
    to: Option<String>,
    format: Format,
) -> Result<ExitCode> {
    let timezone = config.timezone();
    let instant = |text: Option<String>| {
        text.map(|text| {
            text.parse::<jiff::Timestamp>()
                .ok()
                .or_else(|| {
                    Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(timezone.clone()).ok()?.timestamp())
                })
                .ok_or_else(|| {
                    Error::new(
                        ErrorKind::Malformed,
                        "bad_time",
                        format!("{text:?} is no time; write 2026-11-30 or 2026-11-30T17:00:00+07:00"),
                    )
                })
        })
        .transpose()
    };
    let (from, to) = (instant(from)?, instant(to)?);
    let (store, _) = open(config, data)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let rows = export::export(&store, from, to, format, &mut out)?;
    out.flush().map_err(|error| Error::io("standard output", &error))?;
    eprintln!("{rows} rows");
    Ok(ExitCode::SUCCESS)
}

/// `loaxa log verify FILE`.
pub fn log_verify(file: &Path, as_json: bool) -> Result<ExitCode> {
    let opened = std::fs::File::open(file).map_err(|error| {
        Error::unacceptable("unreadable", format!("{}: {error}; name an export", file.display()))
    })?;
    let verdict = verify(BufReader::new(opened));
    if as_json {
        let value = match &verdict {
            Verdict::Intact { first, last, head } => {
                json!({ "verdict": "intact", "first": first, "last": last, "head": head })
            }
            Verdict::Altered { row, why } => json!({ "verdict": "altered", "row": row, "why": why }),
            Verdict::CannotTell { why } => json!({ "verdict": "cannot_tell", "why": why }),
        };
        println!("{value}");
    } else {
        match &verdict {
            Verdict::Intact { first, last, head } => {
                println!("intact: rows {first} to {last} follow from one another; head {head}");
                println!(
                    "not provable from this file alone: that no rows after {last} were cut off, and that the whole chain was not written anew; compare the head with one that was noted elsewhere"
                );
                if *first > 1 {
                    println!("the rows before {first} are not in this file");
                }
            }
            Verdict::Altered { row, why } => println!("ALTERED at row {row}: {why}"),
            Verdict::CannotTell { why } => println!("cannot tell: {why}"),
        }
    }
    Ok(ExitCode::from(verdict.exit_code()))
}
