//! The command line: what there is, and which room does it.

mod backup;
mod key;
mod lifetime;
mod report;

use crate::access::{Role, Scope};
use crate::airing_log::export::Format;
use crate::commands;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::tls::Pin;
use backup::{BackupArguments, RestoreArguments};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
pub(crate) use lifetime::lifetime;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Audio broadcast scheduler for commune loudspeaker systems.
#[derive(Parser)]
#[command(name = "loaxa", version, about)]
struct Cli {
    /// Say more; twice for everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the station.
    Serve(Place),
    /// Run a demo station that airs by itself within a minute.
    Demo(DemoArguments),
    /// Check a configuration file.
    CheckConfig {
        /// The file.
        file: PathBuf,
    },
    /// Look at this machine and its station, and say what is wrong and what to do.
    Doctor {
        #[command(flatten)]
        place: Place,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// The amplifier, for the technician: how it stands, on (muted), off, a quiet test. Through the running daemon, or on
    /// the hardware itself while none runs.
    Amp(AmpArguments),
    /// People who use the station.
    #[command(subcommand)]
    User(UserCommand),
    /// Tokens for programs.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Send a recording to a station. It is sent again, whole, when the line is cut, and kept once.
    Push(Box<PushArguments>),
    /// What would air, and why not.
    Plan {
        #[command(flatten)]
        place: Place,
        /// First day, for instance 2026-11-30; today when absent.
        #[arg(long)]
        from: Option<jiff::civil::Date>,
        /// How many days.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=366))]
        days: i32,
        /// One JSON object instead of a timetable.
        #[arg(long, conflicts_with = "lang")]
        json: bool,
        /// The language of the timetable.
        #[arg(long, value_enum, default_value = "vi")]
        lang: commands::Language,
    },
    /// Run a whole station on a virtual clock, with seeded faults, and say how its airings ended.
    Simulate(SimulateArguments),
    /// The airing log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Reports from the airing log.
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// The key with which this station signs its airing log, and the keys of those who may sign orders for it.
    #[command(subcommand)]
    Key(Box<key::KeyCommand>),
    /// Sign an order: that a station may let a recording sound. The station is not asked.
    Sign(Box<commands::SignArguments>),
    /// Copy a station's data, daemon running or not: database, recordings by hash, a manifest with hashes.
    Backup(BackupArguments),
    /// Put a backup back, while the daemon does not run. Everything is checked first; what was there is kept.
    Restore(RestoreArguments),
}

/// Which recording, to whom, and what is said of it.
#[derive(Args, Clone)]
pub struct PushArguments {
    /// The recording.
    pub file: PathBuf,
    /// The station: https://HOST:PORT, or http://127.0.0.1:PORT on its own board.
    #[arg(long)]
    pub to: String,
    /// A token with the scope segments:write (and schedule:write for --programme); `-` reads it from standard input.
    /// Absent: the variable LOAXA_TOKEN, which other people of this machine cannot see.
    #[arg(long)]
    pub token: Option<String>,
    /// Title, as people say it.
    #[arg(long)]
    pub title: String,
    /// Language of what is said.
    #[arg(long, default_value = "vi")]
    pub lang: String,
    /// normal, priority or emergency.
    #[arg(long, default_value = "normal")]
    pub class: String,
    /// Put it at the end of this programme.
    #[arg(long)]
    pub programme: Option<String>,
    /// SHA-256 of the station's key (or certificate), as it prints at its start: nobody else is spoken to. Absent: the
    /// certificate authorities of this machine.
    #[arg(long)]
    pub pin: Option<Pin>,
    /// Sign an order for it with this private key (`loaxa key new`), and send that, too.
    #[arg(long, requires_all = ["author", "approver", "expires"])]
    pub sign_with: Option<PathBuf>,
    /// The approver's own private key: the order has both signatures.
    #[arg(long, requires = "sign_with")]
    pub approved_with: Option<PathBuf>,
    /// Who wrote the order.
    #[arg(long, requires = "sign_with")]
    pub author: Option<String>,
    /// Who approved it; never the author.
    #[arg(long, requires = "sign_with")]
    pub approver: Option<String>,
    /// The order is in force until this instant, or for so long: 2026-12-31T17:00:00Z, 30d, 12h.
    #[arg(long, requires = "sign_with", value_parser = commands::expiry)]
    pub expires: Option<commands::Expiry>,
    /// One JSON object instead of a line.
    #[arg(long)]
    pub json: bool,
}

/// What is wanted of the amplifier.
#[derive(Args, Clone)]
pub struct AmpArguments {
    /// What.
    #[arg(value_enum)]
    pub verb: commands::AmpVerb,
    /// A zone to connect with `on`; may be repeated.
    #[arg(long = "zone")]
    pub zones: Vec<String>,
    /// After so many seconds `on` goes dark by itself, 1 to 600.
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// The daemon's address, for instance http://127.0.0.1:8080; as configured when absent.
    #[arg(long)]
    pub to: Option<String>,
    /// A token with the scope amplifier; one is made for this when absent.
    #[arg(long)]
    pub token: Option<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    place: Place,
}

/// What is simulated, for how long and with what trouble.
#[derive(Args, Clone)]
pub struct SimulateArguments {
    /// First day; 2026-01-01 for the standard station, today for one of your own.
    #[arg(long)]
    pub from: Option<jiff::civil::Date>,
    /// How many days.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3660))]
    pub days: i64,
    /// The first seed; the same seed gives the same airings.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: u64,
    /// What goes wrong: power, clock, trust, amplifier (lost, refuses, does not answer), audio, log, stop,
    /// edits, slow, emergency, button or none; may be repeated. All of them when absent.
    #[arg(long = "fault")]
    pub faults: Vec<String>,
    /// Configuration file, for the time zone of the station.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Simulate this station's windows, programmes and campaigns instead of the standard one; nothing in it changes.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

/// Which station.
#[derive(Args, Clone)]
pub struct Place {
    /// Configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Data folder; wins over the configuration.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Args)]
struct DemoArguments {
    /// Data folder of the demo.
    #[arg(long, default_value = "demo-data")]
    data: PathBuf,
    /// Address and port of the page.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: std::net::SocketAddr,
    /// Where the sound goes: the machine's device, or silence when it has none.
    #[arg(long, value_enum, default_value_t = DemoOutput::Auto)]
    output: DemoOutput,
}

/// Where the demo's sound goes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemoOutput {
    /// The machine's default device; where there is none, paced silence with a plain warning.
    Auto,
    /// The machine's default device.
    Device,
    /// Paced silence.
    Null,
    /// `capture.wav` in the data folder.
    Capture,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a person. Without --password-stdin a one-time password is printed.
    Add {
        /// Name to log in with.
        name: String,
        /// broadcaster, scheduler, approver, auditor, admin or emergency.
        #[arg(long)]
        role: Role,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Everybody, revoked ones too.
    List(Listing),
    /// Let a person in no more; their sessions end.
    Revoke(Named),
    /// Give a person a one-time password in place of theirs; their sessions end.
    Reset {
        /// Take their second factor away instead, when what shows their codes is lost.
        #[arg(long)]
        second_factor: bool,
        #[command(flatten)]
        it: Named,
    },
}

/// A list of the station's.
#[derive(Args)]
struct Listing {
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// One of them.
#[derive(Args)]
struct Named {
    /// The name of a person, or the id of a token.
    name: String,
    /// One JSON object instead of a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token; it is printed this once.
    Create {
        /// Name of the program or person that will use it.
        #[arg(long)]
        name: String,
        /// What it may do; may be repeated.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// For how long, for instance 90d, 12h or 30m; without end when absent.
        #[arg(long, value_parser = lifetime)]
        expires: Option<SignedDuration>,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Every token, revoked ones too: what it may do, since when, until when, last use.
    List(Listing),
    /// Let a token in no more.
    Revoke(Named),
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArgument {
    Ndjson,
    Csv,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Write the chain to standard output.
    Export {
        /// First day or instant.
        #[arg(long)]
        from: Option<String>,
        /// Day or instant after the last.
        #[arg(long)]
        to: Option<String>,
        /// Shape.
        #[arg(long, value_enum, default_value = "ndjson")]
        format: FormatArgument,
        /// Write the signed and countersigned heads of these rows to this file; the last row's is signed for it.
        #[arg(long)]
        heads: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Check an export offline: 0 intact; 1 altered, truncated, forked or re-sealed; 2 could not tell.
    Verify {
        /// The export.
        file: PathBuf,
        /// A key as text, or a file with one a line: the station's, a collector's; may be repeated.
        #[arg(long = "key")]
        keys: Vec<String>,
        /// A file of signed and countersigned heads, or an older export; may be repeated, older exports first.
        #[arg(long = "witness")]
        notes: Vec<PathBuf>,
        /// The file must begin with the first row, or with the boundary of what the rule of retention removed.
        #[arg(long)]
        whole: bool,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
    },
}

impl Place {
    /// The configuration, and the data folder.
    ///
    /// # Errors
    /// When the configuration is wrong, or no data folder is named anywhere.
    pub fn find(&self) -> Result<(Config, PathBuf)> {
        let config = match &self.config {
            Some(file) => Config::read(file)?,
            None => Config::default(),
        };
        let data = self.data.clone().or_else(|| config.storage.data.clone()).ok_or_else(|| {
            Error::new(
                ErrorKind::Unacceptable,
                "no_data_folder",
                "no data folder is named; give --data DIR, or storage.data in the configuration",
            )
        })?;
        Ok((config, data))
    }
}

/// Reads the arguments and does what they say.
pub fn run() -> ExitCode {
    crate::secrets::keep_to_ourselves();
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(place) => place.find().and_then(|(config, data)| {
            start_tracing(cli.verbose, &config.log.level);
            commands::serve(config, &data)
        }),
        Command::Demo(demo) => {
            start_tracing(cli.verbose, "info");
            commands::demo(demo.data, demo.listen, demo.output)
        }
        Command::CheckConfig { file } => commands::check_config(&file),
        Command::Doctor { place, json } => {
            place.find().and_then(|(config, data)| commands::doctor(&config, &data, json))
        }
        Command::Amp(arguments) => {
            arguments.place.find().and_then(|(config, data)| commands::amp(&config, &data, &arguments))
        }
        Command::Push(arguments) => commands::push(&arguments),
        Command::User(UserCommand::Add { name, role, password_stdin, json, place }) => place
            .find()
            .and_then(|(config, data)| commands::user_add(&config, &data, &name, role, password_stdin, json)),
        Command::Token(TokenCommand::Create { name, scopes, expires, json, place }) => place
            .find()
            .and_then(|(config, data)| commands::token_create(&config, &data, &name, scopes, expires, json)),
        Command::User(UserCommand::List(it)) => {
            it.place.find().and_then(|(config, data)| commands::user_list(&config, &data, it.json))
        }
        Command::User(UserCommand::Revoke(it)) => it
            .place
            .find()
            .and_then(|(config, data)| commands::user_revoke(&config, &data, &it.name, it.json)),
        Command::User(UserCommand::Reset { second_factor, it }) => {
            it.place.find().and_then(|(config, data)| {
                commands::user_reset(&config, &data, &it.name, second_factor, it.json)
            })
        }
        Command::Token(TokenCommand::List(it)) => {
            it.place.find().and_then(|(config, data)| commands::token_list(&config, &data, it.json))
        }
        Command::Token(TokenCommand::Revoke(it)) => it
            .place
            .find()
            .and_then(|(config, data)| commands::token_revoke(&config, &data, &it.name, it.json)),
        Command::Plan { place, from, days, json, lang } => {
            let shape = if json { None } else { Some(lang) };
            place.find().and_then(|(config, data)| commands::plan(&config, &data, from, days, shape))
        }
        Command::Backup(it) => it
            .place
            .find()
            .and_then(|(config, data)| commands::backup(&config, &data, &it.folder, it.with_key, it.json)),
        Command::Restore(it) => {
            it.place.find().and_then(|(config, data)| commands::restore(&config, &data, &it.from, it.json))
        }
        Command::Simulate(arguments) => commands::simulate(&arguments),
        Command::Key(command) => key::run(*command),
        Command::Report(command) => report::run(command),
        Command::Sign(arguments) => commands::sign(&arguments),
        Command::Log(LogCommand::Export { from, to, format, heads, place }) => {
            let format = match format {
                FormatArgument::Ndjson => Format::Ndjson,
                FormatArgument::Csv => Format::Csv,
            };
            place.find().and_then(|(config, data)| {
                commands::log_export(&config, &data, from, to, format, heads.as_deref())
            })
        }
        Command::Log(LogCommand::Verify { file, keys, notes, whole, json }) => {
            commands::log_verify(&file, &commands::Brought { keys, notes, whole }, json)
        }
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            commands::complain(&error);
            ExitCode::from(if error.kind == ErrorKind::Internal { 1 } else { 2 })
        }
    }
}

/// Lines for engineers on standard error; journald adds its own time.
fn start_tracing(verbose: u8, level: &str) {
    let wanted = match verbose {
        0 => level.to_owned(),
        1 => "loaxa=debug,loaxa_audio=debug,info".to_owned(),
        _ => "debug".to_owned(),
    };
    let filter = std::env::var("RUST_LOG").unwrap_or(wanted);
    // levels by target are all that is offered: filters by the content of spans would bring an engine for patterns
    let filter = filter
        .parse::<Targets>()
        .unwrap_or_else(|_| Targets::new().with_default(tracing_subscriber::filter::LevelFilter::INFO));
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(lines.without_time().with_ansi(false)).init();
    } else {
        let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
        registry.with(lines.with_ansi(colours)).init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
