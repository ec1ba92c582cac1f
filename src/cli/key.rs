//! `loaxa key`: its arguments, and which command does what.

use super::{Listing, Named, Place};
use crate::commands;
use crate::error::Result;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Print the public half, for auditors and collectors.
    Show {
        /// One JSON object instead of a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Put another key in the place of this station's, and announce it in the log; while no daemon runs.
    Rotate {
        /// One JSON object instead of a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Make a publisher's key: the private half goes into FILE, the public one is printed.
    New {
        /// A file that is not there yet.
        file: PathBuf,
        /// Name of the key, for instance huyen-a.example/an: no white space, no plus sign.
        #[arg(long)]
        name: String,
        /// One JSON object instead of a line.
        #[arg(long)]
        json: bool,
    },
    /// Let a publisher's key sign orders for this station.
    Add {
        /// The public key, as `loaxa key new` printed it, or a file with it.
        key: String,
        /// Whose key it is; several keys may be of one publisher.
        #[arg(long)]
        name: String,
        /// What it may order; may be repeated.
        #[arg(long = "class", required = true)]
        classes: Vec<String>,
        /// Tier of the administration.
        #[arg(long)]
        tier: Option<String>,
        /// The person who holds it: its orders must have this name.
        #[arg(long)]
        holder: Option<String>,
        /// It signs nothing before this instant.
        #[arg(long)]
        valid_from: Option<jiff::Timestamp>,
        /// Nothing that it signed counts after this instant.
        #[arg(long)]
        valid_until: Option<jiff::Timestamp>,
        /// One JSON object instead of a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Every publisher's key, revoked ones too.
    List(Listing),
    /// Revoke a publisher's key, by its id: nothing that it signed sounds any more.
    Revoke(Named),
}

/// Does what the arguments say.
pub(super) fn run(command: KeyCommand) -> Result<ExitCode> {
    match command {
        KeyCommand::Show { json, place } => {
            place.find().and_then(|(config, data)| commands::key_show(&config, &data, json))
        }
        KeyCommand::Rotate { json, place } => {
            place.find().and_then(|(config, data)| commands::key_rotate(&config, &data, json))
        }
        KeyCommand::New { file, name, json } => commands::key_new(&file, &name, json),
        KeyCommand::Add { key, name, classes, tier, holder, valid_from, valid_until, json, place } => {
            let new = commands::NewKey { key, name, tier, holder, classes, valid_from, valid_until };
            place.find().and_then(|(config, data)| commands::key_add(&config, &data, new, json))
        }
        KeyCommand::List(it) => {
            it.place.find().and_then(|(config, data)| commands::key_list(&config, &data, it.json))
        }
        KeyCommand::Revoke(it) => {
            it.place.find().and_then(|(config, data)| commands::key_revoke(&config, &data, &it.name, it.json))
        }
    }
}
