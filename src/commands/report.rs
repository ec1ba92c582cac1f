//! `loaxa report`: reports from the airing log, daemon running or not.

use super::log::moment_of;
use super::{open, print_line};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::report::{self, Airtime, By, Period, Tongue, Wanted};
use crate::web::reports;
use clap::ValueEnum;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The shape of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// A table for a terminal.
    Text,
    /// One JSON object, as the API has it.
    Json,
    /// A row for each line.
    Csv,
    /// A sheet for Excel and LibreOffice.
    Xlsx,
    /// The form of Vietnamese offices, to print.
    Html,
}

/// Which report, and where it goes.
#[derive(Debug)]
pub struct Reported {
    /// First day or instant.
    pub from: Option<String>,
    /// Day or instant after the last.
    pub to: Option<String>,
    /// What its lines are.
    pub by: By,
    /// Only this campaign's airings.
    pub campaign: Option<String>,
    /// Only recordings in this language.
    pub language: Option<String>,
    /// Its shape.
    pub form: ReportForm,
    /// Its language.
    pub lang: Tongue,
    /// Where it is signed.
    pub signed_at: Option<String>,
    /// None: standard output.
    pub out: Option<PathBuf>,
}

/// `loaxa report airtime`.
pub fn report_airtime(config: &Config, data: &Path, wanted: &Reported) -> Result<ExitCode> {
    let site = config.site();
    let instant =
        |text: &Option<String>| text.as_deref().map(|text| moment_of(text, &site.timezone)).transpose();
    let (from, to) = (instant(&wanted.from)?, instant(&wanted.to)?);
    let (store, clock) = open(config, data)?;
    let now = clock.now().wall;
    let period = Period::of(from, to, now, &site)?;
    let wanted_of = Wanted {
        period,
        by: wanted.by,
        campaign: wanted.campaign.clone(),
        language: wanted.language.clone(),
    };
    let report = Airtime::read(&store, &site, &wanted_of, now)?;
    let station = &config.station.name;
    let bytes = match wanted.form {
        ReportForm::Text => report::table(&report, wanted.lang).into_bytes(),
        ReportForm::Json => reports::shown(&report, &site.timezone).to_string().into_bytes(),
        ReportForm::Csv => reports::csv(&report, &site.timezone).into_bytes(),
        ReportForm::Xlsx => {
            let mut bytes = Vec::new();
            report::airtime_sheet(&report, wanted.lang, station, &std::env::temp_dir())?.write(&mut bytes)?;
            bytes
        }
        ReportForm::Html => {
            let heading = reports::heading(&store, &site, station, wanted.signed_at.clone(), now)?;
            report::form_alone(&report, &heading, wanted.lang).into_bytes()
        }
    };
    match &wanted.out {
        Some(file) => {
            std::fs::write(file, bytes).map_err(|error| Error::io(file.display(), &error))?;
        }
        None if wanted.form == ReportForm::Xlsx => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&bytes).and_then(|()| out.flush());
            written.map_err(|error| Error::io("standard output", &error))?;
        }
        None => print_line(String::from_utf8_lossy(&bytes).trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
