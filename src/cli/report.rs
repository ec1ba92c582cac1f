//! `loaxa report`: its arguments, and which command does what.

use super::Place;
use crate::commands::{self, ReportForm, Reported};
use crate::error::Result;
use crate::report::{By, Tongue};
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum ReportCommand {
    /// What was due, heard, missed and owed.
    Airtime {
        /// First day or instant; the first of this month when absent.
        #[arg(long)]
        from: Option<String>,
        /// Day or instant after the last; tomorrow when absent.
        #[arg(long)]
        to: Option<String>,
        /// What its lines are.
        #[arg(long, value_enum, default_value = "campaign")]
        by: By,
        /// Only the airings of this campaign (its id).
        #[arg(long)]
        campaign: Option<String>,
        /// Only recordings in this language (its tag, for example vi).
        #[arg(long)]
        language: Option<String>,
        /// Shape.
        #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
        format: ReportForm,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
        /// The language of the table.
        #[arg(long, value_enum, default_value = "vi")]
        lang: Tongue,
        /// Where it is signed, for the printed form; the unit's name when absent.
        #[arg(long)]
        signed_at: Option<String>,
        /// Write it to this file; standard output when absent.
        #[arg(long)]
        out: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

pub(super) fn run(command: ReportCommand) -> Result<ExitCode> {
    let ReportCommand::Airtime {
        from,
        to,
        by,
        campaign,
        language,
        format,
        json,
        lang,
        signed_at,
        out,
        place,
    } = command;
    let form = if json { ReportForm::Json } else { format };
    let (config, data) = place.find()?;
    commands::report_airtime(
        &config,
        &data,
        &Reported { from, to, by, campaign, language, form, lang, signed_at, out },
    )
}
