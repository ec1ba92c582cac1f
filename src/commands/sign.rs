//! `loaxa sign`: a publisher signs an order, wherever the key is; the station is not asked.
//!
//! An order's counter is the time in milliseconds, or one more than the last that is noted beside the key, whichever is
//! greater: it rises also when the note is lost, and when the clock is set back.

use super::key::secret_key;
use super::print_line;
use crate::clock::{Clock, SystemClock, Trust};
use crate::error::{Error, Result};
use crate::ids;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use loaxa_evidence::{Airing, Matter, Order, OrderFor, SignedOrder, SigningKey};
use loaxa_schedules::Bound;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// An order's words, and who signs it.
#[derive(Args, Clone)]
pub struct SignArguments {
    /// The recording that may sound; absent with --new-key.
    #[arg(required_unless_present = "new_key")]
    pub file: Option<PathBuf>,
    /// The publisher's private key, as `loaxa key new` wrote it.
    #[arg(long)]
    pub key: PathBuf,
    /// The approver's own private key: the order has both signatures.
    #[arg(long)]
    pub approved_with: Option<PathBuf>,
    /// This private key takes the place of --key at the station; nothing sounds by it.
    #[arg(long, conflicts_with_all = ["file", "approved_with", "title", "nonce", "programme", "campaign"])]
    pub new_key: Option<PathBuf>,
    /// The station, as `loaxa key show` (the part before the first plus sign) or GET /orders/nonce names it.
    #[arg(long)]
    pub station: String,
    /// The recording's title, as the station has it.
    #[arg(long, required_unless_present = "new_key")]
    pub title: Option<String>,
    /// Its language.
    #[arg(long, default_value = "vi")]
    pub lang: String,
    /// normal, priority or emergency.
    #[arg(long, default_value = "normal")]
    pub class: String,
    /// Its validity, as the station has it.
    #[arg(long)]
    pub valid_from: Option<Bound>,
    /// The same.
    #[arg(long)]
    pub valid_until: Option<Bound>,
    /// Only in this programme.
    #[arg(long, conflicts_with = "campaign")]
    pub programme: Option<String>,
    /// Only in this campaign.
    #[arg(long)]
    pub campaign: Option<String>,
    /// The station's fresh number, for emergencies: GET /orders/nonce.
    #[arg(long)]
    pub nonce: Option<String>,
    /// Who stands behind it.
    #[command(flatten)]
    pub people: People,
}

/// Who stands behind an order, and for how long it is in force.
#[derive(Args, Clone)]
pub struct People {
    /// Who wrote the order.
    #[arg(long)]
    pub author: String,
    /// Who approved it; never the author.
    #[arg(long)]
    pub approver: String,
    /// The order is in force from this instant on; from now on when absent.
    #[arg(long)]
    pub not_before: Option<Timestamp>,
    /// Until this instant, or for so long: 2026-12-31T17:00:00Z, 30d, 12h.
    #[arg(long, value_parser = expiry)]
    pub expires: Expiry,
}

/// When an order is in force no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// At an instant.
    At(Timestamp),
    /// After so long.
    After(SignedDuration),
}

/// An instant, or for how long.
pub(crate) fn expiry(text: &str) -> std::result::Result<Expiry, String> {
    if let Ok(at) = text.parse() {
        return Ok(Expiry::At(at));
    }
    crate::cli::lifetime(text).map(Expiry::After)
}

/// `loaxa sign`: the order on standard output.
pub fn sign(arguments: &SignArguments) -> Result<ExitCode> {
    let key = secret_key(&arguments.key)?;
    let signed = match (&arguments.new_key, &arguments.file) {
        (Some(new), _) => {
            let new = secret_key(new)?;
            let matter = Matter::Key(new.public().clone());
            make(&arguments.station, matter, &arguments.people, (&arguments.key, &key), Some(&new))?
        }
        (None, Some(file)) => {
            let second = arguments.approved_with.as_deref().map(secret_key).transpose()?;
            let only = match (arguments.class.as_str(), &arguments.programme, &arguments.campaign) {
                ("emergency", _, _) => OrderFor::Emergency,
                (_, Some(id), _) => OrderFor::Programme(id.clone()),
                (_, None, Some(id)) => OrderFor::Campaign(id.clone()),
                (_, None, None) => OrderFor::Any,
            };
            let airing = Airing {
                class: arguments.class.clone(),
                segment: hash_of(file)?,
                title: arguments.title.clone().unwrap_or_default(),
                language: arguments.lang.clone(),
                valid_from: arguments.valid_from.as_ref().map(ToString::to_string),
                valid_until: arguments.valid_until.as_ref().map(ToString::to_string),
                only,
                nonce: arguments.nonce.clone(),
            };
            let people = &arguments.people;
            make(&arguments.station, Matter::Air(airing), people, (&arguments.key, &key), second.as_ref())?
        }
        (None, None) => return Err(Error::unacceptable("no_file", "name the recording that may sound")),
    };
    print_line(signed.note.to_string().trim_end_matches('\n'))?;
    Ok(ExitCode::SUCCESS)
}

/// An order, signed. The counter is noted beside the key before anything is signed with it.
pub(super) fn make(
    station: &str,
    matter: Matter,
    people: &People,
    (file, key): (&Path, &SigningKey),
    second: Option<&SigningKey>,
) -> Result<SignedOrder> {
    let now = SystemClock::new(Trust::Always).now().wall;
    let expires = match people.expires {
        Expiry::At(at) => at,
        Expiry::After(lifetime) => now + lifetime,
    };
    if second.is_some_and(|second| second.public().public() == key.public().public()) {
        return Err(Error::unacceptable(
            "own_approval",
            "both signatures would be by one key; the approver signs with a key of their own",
        ));
    }
    let order = Order {
        station: station.to_owned(),
        id: ids::new_id(now).to_string(),
        counter: next_counter(file, now)?,
        matter,
        // a station's clock may be a little behind
        not_before: people.not_before.unwrap_or(now - SignedDuration::from_mins(5)).as_second(),
        expires: expires.as_second(),
        author: people.author.clone(),
        approver: people.approver.clone(),
    };
    let keys: Vec<&SigningKey> = std::iter::once(key).chain(second).collect();
    order.signed(&keys).map_err(|why| {
        Error::unacceptable("bad_order", format!("this would be no order: {why}; correct what was given"))
    })
}

/// SHA-256 of a recording.
pub(super) fn hash_of(file: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        let detail = format!("{}: {error}; name a recording that can be read", file.display());
        Error::unacceptable("unreadable", detail)
    };
    let mut opened = std::fs::File::open(file).map_err(unreadable)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match opened.read(&mut piece).map_err(unreadable)? {
            0 => return Ok(ids::hex(&hash.finalize())),
            count => hash.update(piece.get(..count).unwrap_or_default()),
        }
    }
}

/// The counter of the next order, noted durably.
fn next_counter(key: &Path, now: Timestamp) -> Result<i64> {
    let mut name = key.as_os_str().to_owned();
    name.push(".counter");
    let path = PathBuf::from(name);
    let failed = |error: std::io::Error| {
        let why = format!(
            "{}: {error}; the counter is kept beside the key, in a folder that can be written",
            path.display()
        );
        Error::unacceptable("no_counter", why)
    };
    let last: i64 = match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            let why = format!("{} holds no number; remove it: counters go on from the time", path.display());
            Error::unacceptable("no_counter", why)
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed(error)),
    };
    let next = now.as_millisecond().max(last.saturating_add(1));
    let new = path.with_extension("counter.new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(format!("{next}\n").as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&new, &path).map_err(failed)?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_rise_when_the_clock_is_set_back_and_when_the_note_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("huyen.key");
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(next_counter(&key, at(100)).unwrap(), 100_000);
        assert_eq!(next_counter(&key, at(100)).unwrap(), 100_001);
        assert_eq!(next_counter(&key, at(50)).unwrap(), 100_002);
        let note = folder.path().join("huyen.key.counter");
        std::fs::remove_file(&note).unwrap();
        assert_eq!(next_counter(&key, at(101)).unwrap(), 101_000);
        std::fs::write(&note, "x").unwrap();
        assert_eq!(next_counter(&key, at(102)).unwrap_err().code, "no_counter");
    }

    #[test]
    fn an_order_ends_at_an_instant_or_after_a_while() {
        assert_eq!(expiry("30d"), Ok(Expiry::After(SignedDuration::from_hours(720))));
        assert!(matches!(expiry("2026-12-31T17:00:00+07:00"), Ok(Expiry::At(_))));
        assert!(expiry("soon").is_err());
    }
}
