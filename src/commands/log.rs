//! `loaxa log`: the chain as a file, and the verdict on a file. The verdict needs no station.

use super::open;
use crate::airing_log::export::{self, Format};
use crate::airing_log::{Heads, read_key};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use loaxa_evidence::{Checkpoint, Report, Trust, VerifierKey, read_notes, verify};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What an auditor brings beside the file.
#[derive(Debug, Default)]
pub struct Brought {
    /// Keys as text, or files with one a line: the station's, collectors'.
    pub keys: Vec<String>,
    /// Files of notes (signed and countersigned heads), and older exports, the oldest first.
    pub notes: Vec<PathBuf>,
    /// The file must begin with the first row.
    pub whole: bool,
}

/// `loaxa log export`.
pub fn log_export(
    config: &Config,
    data: &Path,
    from: Option<String>,
    to: Option<String>,
    format: Format,
    heads: Option<&Path>,
) -> Result<ExitCode> {
    let timezone = config.timezone();
    let instant = |text: Option<String>| text.map(|text| moment_of(&text, &timezone)).transpose();
    let (from, to) = (instant(from)?, instant(to)?);
    let (store, _) = open(config, data)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    // before anything is written: a key that cannot be used must not leave half of an export
    let signer = heads.map(|_| signer(&store, data)).transpose()?;
    let done = export::export(&store, from, to, format, &mut out)?;
    out.flush().map_err(|error| Error::io("standard output", &error))?;
    eprintln!("{} rows", done.rows);
    if let Some(last) = done.removed {
        eprintln!("rows 1 to {last} were removed by the rule of retention");
    }
    if let Some(first) = done.lost_before {
        eprintln!(
            "rows before row {first} are missing, and no rule removed them: the database was damaged or altered; keep it, and look for a backup"
        );
    }
    if let (Some(file), Some(signer), Some((first, last))) = (heads, signer, done.range) {
        // the head of the row before the first vouches for where the file begins
        let mut notes = store.kept_heads(first - 1, last - 1)?;
        notes.push(signer.sign_at(last)?.note.to_string());
        std::fs::write(file, notes.join("\n")).map_err(|error| Error::io(file.display(), &error))?;
        eprintln!("{} heads", notes.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// An instant, or the start of a day in the station's zone.
pub(super) fn moment_of(text: &str, timezone: &TimeZone) -> Result<Timestamp> {
    let day = || Some(text.parse::<Date>().ok()?.to_zoned(timezone.clone()).ok()?.timestamp());
    text.parse::<Timestamp>().ok().or_else(day).ok_or_else(|| {
        Error::new(
            ErrorKind::Malformed,
            "bad_time",
            format!("{text:?} is no time; write 2026-11-30 or 2026-11-30T17:00:00+07:00"),
        )
    })
}

fn signer(store: &Arc<Store>, data: &Path) -> Result<Heads> {
    let origin = Checkpoint::origin_of(&store.log_identifier()?);
    let key = read_key(data, &origin)?.ok_or_else(|| super::key::missing(data))?;
    Ok(Heads::with_key(Arc::clone(store), key, Vec::new()))
}

/// `loaxa log verify FILE`.
pub fn log_verify(file: &Path, brought: &Brought, as_json: bool) -> Result<ExitCode> {
    let trust = brought.trust()?;
    let opened = std::fs::File::open(file).map_err(|error| {
        Error::unacceptable("unreadable", format!("{}: {error}; name an export", file.display()))
    })?;
    let report = verify(BufReader::new(opened), &trust);
    if as_json {
        println!("{}", report.to_json());
    } else {
        show(&report);
    }
    Ok(ExitCode::from(report.verdict.exit_code()))
}

impl Brought {
    fn trust(&self) -> Result<Trust> {
        let mut keys = Vec::new();
        for text in &self.keys {
            keys.extend(read_keys(text)?);
        }
        let (mut notes, mut older) = (Vec::new(), Vec::new());
        for path in &self.notes {
            let refuse = |why: String| {
                let help = "name a file of notes (`loaxa log export --heads FILE`), or an older export";
                Error::unacceptable("unreadable", format!("{}: {why}; {help}", path.display()))
            };
            let failed = |error: std::io::Error| refuse(error.to_string());
            let mut file = BufReader::new(std::fs::File::open(path).map_err(failed)?);
            if file.fill_buf().map_err(failed)?.starts_with(b"{") {
                older.push((file, refuse));
                continue;
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(failed)?;
            // a damaged letter damages its note, not the file
            notes.extend(read_notes(&String::from_utf8_lossy(&bytes)));
        }
        let mut trust = Trust::new(&keys, &notes);
        for (file, refuse) in older {
            trust = trust.and_older(file).map_err(refuse)?;
        }
        Ok(if self.whole { trust.of_the_whole() } else { trust })
    }
}

/// A key as text, or a file with one a line.
fn read_keys(text: &str) -> Result<Vec<VerifierKey>> {
    let refuse = |what: &str, why: String| {
        let detail =
            format!("key {what:?}: {why}; `loaxa key show` prints the station's, a collector has its own");
        Error::unacceptable("bad_key", detail)
    };
    let one = |line: &str| line.parse::<VerifierKey>().map_err(|why| refuse(line, why.to_string()));
    let path = Path::new(text);
    if !path.exists() {
        return Ok(vec![one(text.trim())?]);
    }
    let lines = std::fs::read_to_string(path).map_err(|error| refuse(text, error.to_string()))?;
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(one).collect()
}

/// The report for a person: Vietnamese first, then English.
fn show(report: &Report) {
    let (vi, en) = match report.verdict.word() {
        "intact" => ("NGUYÊN VẸN", "intact"),
        "altered" => ("ĐÃ BỊ SỬA", "ALTERED"),
        "truncated" => ("ĐÃ BỊ CẮT BỚT", "TRUNCATED"),
        "forked" => ("CÓ HAI BẢN KHÁC NHAU CÙNG ĐƯỢC KÝ", "FORKED"),
        "resealed" => ("ĐÃ BỊ VIẾT LẠI RỒI NIÊM PHONG LẠI", "RE-SEALED"),
        _ => ("KHÔNG KẾT LUẬN ĐƯỢC", "cannot tell"),
    };
    let place = match (report.verdict.row(), report.verdict.since()) {
        (Some(row), Some(since)) if since < row => {
            (format!(" (dòng {since} đến {row})"), format!(" in rows {since} to {row}"))
        }
        (Some(row), _) => (format!(" (dòng {row})"), format!(" at row {row}")),
        (None, _) => (String::new(), String::new()),
    };
    println!("{vi}{}", place.0);
    let why = report.verdict.why().map(|why| format!(": {why}")).unwrap_or_default();
    match report.rows.filter(|_| report.verdict.row().is_none() && why.is_empty()) {
        Some((first, last, head)) => {
            let head = loaxa_evidence::hex(&head);
            println!("{en}: rows {first} to {last} follow from one another; head {head}");
        }
        None => println!("{en}{}{why}", place.1),
    }
    if let (Some(removal), None) = (&report.removal, report.verdict.row()) {
        let (last, days) = (removal.last(), removal.boundary.keep_days);
        println!(
            "  Nguyên vẹn từ dòng {}; các dòng 1 đến {last} đã xóa theo quy định lưu {days} ngày",
            last + 1
        );
        println!(
            "  intact from row {}; rows 1 to {last} were removed by the rule of retention ({days} days)",
            last + 1
        );
    }
    for (head, agrees) in &report.heads {
        let who = match (head.by_station, head.held) {
            (true, _) => "signed by the station",
            (false, true) => "the last row of an older export",
            (false, false) => "not signed by a known station's key",
        };
        let seen: String = head
            .seen
            .iter()
            .map(|seen| format!(", countersigned by {} at {}", seen.by, moment(seen.time)))
            .collect();
        println!("  row {}: {who}{seen}: {}", head.size, if *agrees { "agrees" } else { "DOES NOT AGREE" });
    }
    for doubt in &report.not_provable {
        println!("- {}\n  {}", doubt.vi, doubt.en);
    }
}

fn moment(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("second {seconds}"), |time| time.to_string())
}
