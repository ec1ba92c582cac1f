//! `loaxa user` and `loaxa token`: people and tokens from the board's own console, daemon running or not.

use super::print_line;
use crate::access::{Access, Role, Scope, Wanted};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::store::{Identity, IdentityKind};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Read at a time.
const PAGE: u32 = 500;

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
    let (store, clock) = super::open(config, data)?;
    let one_time = Access::new(store, clock, &config.station.name).add_person(
        name,
        role,
        password.as_deref(),
        "console",
    )?;
    if as_json {
        print_line(
            &json!({ "name": name, "role": role.as_str(), "one_time_password": one_time }).to_string(),
        )?;
    } else {
        print_line(&format!("added {name} as {}", role.as_str()))?;
        if let Some(one_time) = one_time {
            print_line(&format!("one-time password (shown this once): {one_time}"))?;
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
    let (store, clock) = super::open(config, data)?;
    let new = Access::new(store, clock, &config.station.name).add_token(
        name,
        scopes.into_iter().collect(),
        lifetime,
        "console",
    )?;
    if as_json {
        print_line(&json!({ "token": new.token, "id": new.id }).to_string())?;
    } else {
        print_line(&new.token)?;
        eprintln!("this token is shown this once; keep it like a key");
    }
    Ok(ExitCode::SUCCESS)
}

fn access(config: &Config, data: &Path) -> Result<Access> {
    let (store, clock) = super::open(config, data)?;
    Ok(Access::new(store, clock, &config.station.name))
}

/// `loaxa user list`.
pub fn user_list(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    list(config, data, IdentityKind::Person, as_json)
}

/// `loaxa token list`.
pub fn token_list(config: &Config, data: &Path, as_json: bool) -> Result<ExitCode> {
    list(config, data, IdentityKind::Token, as_json)
}

fn list(config: &Config, data: &Path, kind: IdentityKind, as_json: bool) -> Result<ExitCode> {
    let (store, clock) = super::open(config, data)?;
    let (now, timezone) = (clock.now().wall, config.timezone());
    let mut all: Vec<Identity> = Vec::new();
    loop {
        let page = store.identities(kind, all.last().map(|last| last.id.as_str()), PAGE)?;
        let more = page.len() == PAGE as usize;
        all.extend(page);
        if !more {
            break;
        }
    }
    if as_json {
        let items: Vec<Value> = all.iter().map(|it| crate::web::wire::identity(it, now, &timezone)).collect();
        print_line(&json!({ "items": items }).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    for it in &all {
        print_line(&line(it, now, &timezone))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One line about a person or token.
fn line(it: &Identity, now: jiff::Timestamp, timezone: &TimeZone) -> String {
    let day = |at: jiff::Timestamp| at.to_zoned(timezone.clone()).date().to_string();
    let may = match it.role {
        Some(role) => role.as_str().to_owned(),
        None => it.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
    };
    let mut words = vec![it.id.clone(), it.name.clone(), may];
    words.push(format!("since {}", day(it.created_at)));
    words.push(it.seen_at.map_or("never used".to_owned(), |at| format!("last used {}", day(at))));
    words.extend(it.expires_at.map(|at| format!("expires {}", day(at))));
    words.extend(it.second_factor.then(|| "second factor".to_owned()));
    words.extend(it.one_time.then(|| "one-time password".to_owned()));
    words.extend(it.revoked_at.map(|at| format!("REVOKED {}", day(at))));
    words.extend((it.revoked_at.is_none() && !it.valid(now)).then(|| "EXPIRED".to_owned()));
    words.join(" · ")
}

/// `loaxa user revoke NAME`.
pub fn user_revoke(config: &Config, data: &Path, name: &str, as_json: bool) -> Result<ExitCode> {
    let access = access(config, data)?;
    let person = access.person_named(name)?;
    revoked(&access.revoke(IdentityKind::Person, &person.id, "console")?, as_json)
}

/// `loaxa token revoke ID`.
pub fn token_revoke(config: &Config, data: &Path, id: &str, as_json: bool) -> Result<ExitCode> {
    revoked(&access(config, data)?.revoke(IdentityKind::Token, id, "console")?, as_json)
}

fn revoked(it: &Identity, as_json: bool) -> Result<ExitCode> {
    print_line(&if as_json {
        json!({ "id": it.id, "name": it.name, "revoked": true }).to_string()
    } else {
        format!("revoked {} ({})", it.name, it.id)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `loaxa user reset NAME [--second-factor]`: a one-time password, or no second factor any more.
pub fn user_reset(
    config: &Config,
    data: &Path,
    name: &str,
    second_factor: bool,
    as_json: bool,
) -> Result<ExitCode> {
    let access = access(config, data)?;
    let person = access.person_named(name)?;
    if second_factor {
        let wanted = Wanted { without_second_factor: true, ..Wanted::default() };
        let (person, _) = access.change_person(&person.id, wanted, None, "console")?;
        print_line(&if as_json {
            json!({ "id": person.id, "name": person.name, "second_factor": person.second_factor }).to_string()
        } else {
            format!("{} logs in with the password alone", person.name)
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let (person, passphrase) = {
        let wanted = Wanted { new_password: true, ..Wanted::default() };
        access.change_person(&person.id, wanted, None, "console")?
    };
    let passphrase = passphrase.ok_or_else(|| Error::internal("a reset gave no passphrase"))?;
    print_line(&if as_json {
        json!({ "id": person.id, "name": person.name, "one_time_password": passphrase }).to_string()
    } else {
        format!("one-time password of {} (shown this once): {passphrase}", person.name)
    })?;
    Ok(ExitCode::SUCCESS)
}
