//! `loaxa key`: the key with which this station signs its airing log, and the keys of publishers who may sign orders.

use super::{open, print_line};
use crate::airing_log::{finish_rotation, key_file, next_key, read_key, sign_boundary};
use crate::config::Config;
use crate::daemon::hold_now;
use crate::error::{Error, Result};
use crate::ids;
use crate::orders::{OrderBook, read_public_key};
use crate::store::{NewPublisher, Publisher};
use crate::web::publishers::shown;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loaxa_evidence::{Checkpoint, KeyKind, SigningKey, hash_from_hex, rotation};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use zeroize::Zeroizing;

/// No key's text is longer.
const LONGEST: u64 = 1_024;

/// `loaxa key show`: the public half, for auditors and collectors.
pub fn key_show(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    let (store, _) = open(config, data)?;
    let origin = Checkpoint::origin_of(&store.log_identifier()?);
    let key = read_key(data, &origin)?.ok_or_else(|| missing(data))?;
    let public = key.public().to_string();
    if as_json {
        println!("{}", json!({ "key": public, "origin": origin }));
    } else {
        println!("{public}");
    }
    Ok(ExitCode::SUCCESS)
}

/// `loaxa key rotate`: another key takes the place of the station's. The log announces it by a row that both keys signed, so
/// that whoever has the first key goes on verifying.
pub fn key_rotate(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    let Some(_lock) = hold_now(data)? else {
        let why = "the daemon runs, and signs with the key; end it, rotate, and start it again";
        return Err(Error::unacceptable("already_running", why));
    };
    let (store, clock) = open(config, data)?;
    let origin = Checkpoint::origin_of(&store.log_identifier()?);
    finish_rotation(data, &origin, store.noted_key()?.as_deref())?;
    let old = read_key(data, &origin)?.ok_or_else(|| missing(data))?;
    let now = clock.now().wall;
    // a key that the log does not know yet is told first: what announces the next one must be believed
    store.note_key(&old.public().to_string(), now)?;
    let new = next_key(data, &origin)?;
    let names = (old.public().to_string(), new.public().to_string());
    let row = store.rotate_key((&names.0, &names.1), now, |row, hash| {
        let hash = hash_from_hex(hash)
            .ok_or_else(|| Error::internal("the log's head is no hash; restore a backup"))?;
        let head = Checkpoint { origin: origin.clone(), size: row, hash };
        let note = rotation(&head, &old, &new);
        note.map(|note| note.to_string()).map_err(|why| Error::internal(format!("the new key: {why}")))
    })?;
    finish_rotation(data, &origin, Some(&names.1))?;
    sign_boundary(&store, &new)?;
    if as_json {
        print_line(&json!({ "key": names.1, "before": names.0, "row": row }).to_string())?;
    } else {
        print_line(&names.1)?;
        eprintln!("announced in row {row} of the log; auditors may go on with the key that they have");
    }
    Ok(ExitCode::SUCCESS)
}

/// What to say where there is no key yet.
pub(super) fn missing(data: &Path) -> Error {
    let path = key_file(data);
    let detail = format!("{} does not exist; the daemon makes it at its first start", path.display());
    Error::unacceptable("no_station_key", detail)
}

/// `loaxa key new FILE`: a publisher's key; the private half goes into the file, the public one is printed.
pub fn key_new(file: &Path, name: &str, as_json: bool) -> Result<ExitCode> {
    let seed = Zeroizing::new(ids::random::<32>()?);
    let key = SigningKey::from_seed(name, KeyKind::Note, &seed).map_err(|why| {
        Error::unacceptable(
            "bad_name",
            format!("--name {name:?}: {why}; write for instance huyen-a.example/an"),
        )
    })?;
    let failed = |error: std::io::Error| {
        Error::unacceptable(
            "no_file",
            format!("{}: {error}; name a file that is not there yet", file.display()),
        )
    };
    // never over a key that is there
    let mut options = std::fs::OpenOptions::new();
    let mut out = options.write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    out.write_all(key.to_secret_text().as_bytes()).map_err(failed)?;
    out.write_all(b"\n").map_err(failed)?;
    out.sync_all().map_err(failed)?;
    let public = key.public().to_string();
    print_line(&if as_json { json!({ "key": public }).to_string() } else { public })?;
    Ok(ExitCode::SUCCESS)
}

/// The private key in a file that nobody else reads.
///
/// # Errors
/// When others can read it, or it holds something else.
pub(super) fn secret_key(file: &Path) -> Result<SigningKey> {
    let refuse = |why: String| Error::unacceptable("bad_key", format!("the key {}: {why}", file.display()));
    let opened = std::fs::File::open(file);
    let mut opened = opened.map_err(|error| refuse(format!("{error}; `loaxa key new` makes one")))?;
    let about = opened.metadata().map_err(|error| refuse(error.to_string()))?;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refuse(format!(
            "others can read or change it (mode {mode:o}); chmod 600 it, or make a new one"
        )));
    }
    // long enough from the start: a string that grows leaves copies behind
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    (&mut opened).take(LONGEST).read_to_string(&mut text).map_err(|error| refuse(error.to_string()))?;
    let key = SigningKey::from_secret_text(text.trim_end()).map_err(|why| refuse(why.to_string()))?;
    if key.public().kind() == KeyKind::Note {
        Ok(key)
    } else {
        Err(refuse("it is for countersignatures; `loaxa key new` makes one for orders".to_owned()))
    }
}

/// `loaxa key add`.
pub fn key_add(config: &Config, data: &Path, new: NewKey, as_json: bool) -> Result<ExitCode> {
    let (store, clock) = open(config, data)?;
    let key = match std::fs::read_to_string(&new.key) {
        Ok(text) => read_public_key(&text)?,
        Err(_) => read_public_key(&new.key)?,
    };
    let class = |word: &String| {
        serde_json::from_value(json!(word)).map_err(|_| {
            let detail = format!("--class {word:?} is none; the classes are normal, priority, emergency");
            Error::unacceptable("bad_class", detail)
        })
    };
    let publisher = NewPublisher {
        name: new.name,
        tier: new.tier,
        holder: new.holder,
        key,
        classes: new.classes.iter().map(class).collect::<Result<_>>()?,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
    };
    if read_key(data, &Checkpoint::origin_of(&store.log_identifier()?))
        .ok()
        .flatten()
        .is_some_and(|own| own.public().public() == publisher.key.public())
    {
        return Err(Error::unacceptable(
            "own_key",
            "this is the station's own key; a publisher has another one",
        ));
    }
    let book = OrderBook::open(Arc::clone(&store), clock, data)?;
    let made = book.add(&publisher, "console")?;
    tell(&made, &config.timezone(), as_json)
}

/// A publisher's key as it is given on the command line.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The public key, or a file with it.
    pub key: String,
    /// Whose.
    pub name: String,
    /// Of the administration.
    pub tier: Option<String>,
    /// The person whose name its orders must have.
    pub holder: Option<String>,
    /// What it may order.
    pub classes: Vec<String>,
    /// Signs nothing before.
    pub valid_from: Option<Timestamp>,
    /// Nothing that it signed counts after.
    pub valid_until: Option<Timestamp>,
}

/// `loaxa key list`.
pub fn key_list(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    let (store, _) = open(config, data)?;
    let (all, timezone) = (store.publishers(None, u32::MAX)?, config.timezone());
    if as_json {
        let items: Vec<Value> = all.iter().map(|it| shown(it, &timezone)).collect();
        print_line(&json!({ "items": items }).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    for it in &all {
        tell(it, &timezone, false)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `loaxa key revoke ID`.
pub fn key_revoke(config: &Config, data: &Path, id: &str, as_json: bool) -> Result<ExitCode> {
    let (store, clock) = open(config, data)?;
    let revoked = store.revoke_publisher(id, "console", clock.now().wall)?;
    tell(&revoked, &config.timezone(), as_json)
}

fn tell(it: &Publisher, timezone: &TimeZone, as_json: bool) -> Result<ExitCode> {
    if as_json {
        print_line(&shown(it, timezone).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let day = |at: Timestamp| at.to_zoned(timezone.clone()).date().to_string();
    let classes: Vec<&str> = it.classes.iter().map(|class| class.as_str()).collect();
    let mut words = vec![it.id.clone(), it.name.clone(), it.key.to_string(), classes.join(" ")];
    words.extend(it.holder.clone());
    words.extend(it.valid_until.map(|at| format!("until {}", day(at))));
    words.extend(it.replaced.as_ref().map(|(_, at)| format!("replaced {}", day(*at))));
    words.extend(it.revoked.as_ref().map(|(_, at)| format!("REVOKED {}", day(*at))));
    print_line(&words.join(" · "))?;
    Ok(ExitCode::SUCCESS)
}
