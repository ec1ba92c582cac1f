//! Who may do what: scopes, roles, tokens, passwords, sessions.
//!
//! Nothing here has a default account. Secrets are random, kept only as hashes, and compared in constant time.

mod attempts;
mod gathered;
mod password;
mod people;
mod refusals;
mod scope;
mod second_factor;
mod session;
mod token;

pub use people::Wanted;
pub use refusals::Refusal;
pub use scope::{Role, Scope};
pub use second_factor::Enrolment;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Identity, IdentityKind, NewIdentity, NewSession, Store};
use attempts::{Attempts, Place};
use jiff::{SignedDuration, Timestamp};
use refusals::Refusals;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Shortest password a person may choose (NIST SP 800-63B: length, no composition rules).
pub const MIN_PASSWORD: usize = 15;

/// Somebody who showed who they are.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The identity's id, as it stands in the log.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do now. Empty while a one-time password waits to be replaced.
    pub scopes: Arc<BTreeSet<Scope>>,
    /// Hash of the session cookie, when it came by one.
    pub session: Option<String>,
    /// The password must be replaced before anything else.
    pub one_time: bool,
}

impl Caller {
    /// Refuses unless one of `scopes` is held.
    ///
    /// # Errors
    /// `missing_scope`, naming the scopes that would do, or `one_time_password`.
    pub fn require(&self, scopes: &[Scope]) -> Result<()> {
        if scopes.iter().any(|scope| self.scopes.contains(scope)) {
            return Ok(());
        }
        self.require_own_password()?;
        let wanted: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        Err(Error::new(
            ErrorKind::Forbidden,
            "missing_scope",
            format!(
                "{} may not do this: it needs the scope {}; ask an administrator for it",
                self.name,
                wanted.join(" or ")
            ),
        )
        .vi("Bạn không có quyền làm việc này; hãy liên hệ người quản trị."))
    }

    /// Refuses while a one-time password waits to be replaced.
    ///
    /// # Errors
    /// `one_time_password`.
    pub fn require_own_password(&self) -> Result<()> {
        if !self.one_time {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            "one_time_password",
            "this password was given for one use: choose your own first (PUT /api/v1/session/password)",
        )
        .vi("Mật khẩu này chỉ dùng một lần: hãy đặt mật khẩu của bạn trước."))
    }
}

/// A token just made; its secret is shown this once.
#[derive(Debug)]
pub struct NewToken {
    /// What goes behind `Bearer`.
    pub token: String,
    /// The identity's id.
    pub id: String,
}

/// A person who just logged in.
#[derive(Debug)]
pub struct Login {
    /// The value of the session's cookie, shown this once.
    pub cookie: String,
    /// The value of the cookie by which the browser is known again; it lets nobody in.
    pub browser: String,
    /// Who it is.
    pub caller: Caller,
    /// Whether it took a code.
    pub second_factor: bool,
}

/// From where somebody logs in.
#[derive(Debug, Clone)]
pub struct Whence {
    /// The other end of the connection.
    pub address: IpAddr,
    /// The cookie by which the browser may be known.
    pub browser: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// Who waits for whom with a password: browsers in which its person logged in before do not wait for strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A browser that is known for this name.
    Known,
    /// Anybody else.
    Strange,
}

/// Last uses that were not written down yet.
#[derive(Debug, Default)]
struct Uses {
    identities: HashMap<String, Timestamp>,
    /// By the hash of the cookie.
    sessions: HashMap<String, Timestamp>,
}

/// The door: everybody who talks to the station passes here.
pub struct Access {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// The station's name: nobody's password.
    station: String,
    /// One password is hashed at a time in each lane: each costs tens of milliseconds and 19 MiB.
    known_logins: tokio::sync::Mutex<()>,
    strange_logins: tokio::sync::Mutex<()>,
    attempts: Mutex<Attempts>,
    refusals: Mutex<Refusals>,
    uses: Mutex<Uses>,
    /// Told when somebody may be in no more.
    changed: watch::Sender<u64>,
}

impl Access {
    /// A door over the station's identities. `station` is its name, which is no good password.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, station: &str) -> Self {
        Self {
            store,
            clock,
            station: station.to_owned(),
            known_logins: tokio::sync::Mutex::default(),
            strange_logins: tokio::sync::Mutex::default(),
            attempts: Mutex::default(),
            refusals: Mutex::default(),
            uses: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Turns when somebody was revoked, reset, given another role, or logged out: whoever holds a line open asks
    /// [`Self::still_in`] then.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn somebody_may_be_out(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Waits until this login is the only one at work, which bounds what strangers can cost the board.
    pub async fn login_turn(&self, lane: Lane) -> tokio::sync::MutexGuard<'_, ()> {
        match lane {
            Lane::Known => self.known_logins.lock().await,
            Lane::Strange => self.strange_logins.lock().await,
        }
    }

    /// Makes a person. Without a password of their own they get a one-time passphrase, which is returned.
    ///
    /// # Errors
    /// `name_taken`, `bad_name`, or `weak_password`.
    pub fn add_person(
        &self,
        name: &str,
        role: Role,
        password: Option<&str>,
        by: &str,
    ) -> Result<Option<String>> {
        check_name(name)?;
        let generated = if password.is_none() { Some(crate::ids::passphrase()?) } else { None };
        if let Some(password) = password {
            password::check(password, &[name, &self.station])?;
        }
        let secret = password::hash(password.or(generated.as_deref()).unwrap_or_default())?;
        let now = self.clock.now().wall;
        let new = NewIdentity {
            id: crate::ids::new_id(now).to_string(),
            kind: IdentityKind::Person,
            name,
            role: Some(role),
            scopes: role.scopes(),
            secret,
            one_time: generated.is_some(),
            expires_at: None,
        };
        self.store.add_identity(&new, by, now)?;
        Ok(generated)
    }

    /// Makes a token, an identity of its own.
    ///
    /// # Errors
    /// `bad_name`, or `no_scope` when it could do nothing.
    pub fn add_token(
        &self,
        name: &str,
        scopes: BTreeSet<Scope>,
        lifetime: Option<SignedDuration>,
        by: &str,
    ) -> Result<NewToken> {
        check_name(name)?;
        if scopes.is_empty() {
            return Err(Error::unacceptable(
                "no_scope",
                "a token without a scope can do nothing; give at least one --scope",
            ));
        }
        let now = self.clock.now().wall;
        let id = crate::ids::new_id(now).to_string();
        let secret = token::Secret::generate()?;
        let expires_at = lifetime.map(|lifetime| now.checked_add(lifetime)).transpose().map_err(|_| {
            Error::unacceptable("bad_expiry", "the token's lifetime is too long; give at most some years")
        })?;
        let new = NewIdentity {
            id: id.clone(),
            kind: IdentityKind::Token,
            name,
            role: None,
            scopes,
            secret: secret.hash(),
            one_time: false,
            expires_at,
        };
        self.store.add_identity(&new, by, now)?;
        Ok(NewToken { token: secret.print(&id), id })
    }

    /// Who holds this bearer token.
    ///
    /// # Errors
    /// `unauthenticated`, without saying which part was wrong.
    pub fn by_token(&self, text: &str) -> Result<Caller> {
        let (id, secret) = token::parse(text).ok_or_else(refused)?;
        let identity = self.store.identity(&id)?;
        // an unknown id is compared too, so that the answer takes as long
        let kept = identity.as_ref().map_or("", |identity| identity.secret.as_str());
        let same = secret.matches(kept);
        let identity =
            identity.filter(|identity| same && identity.kind == IdentityKind::Token).ok_or_else(refused)?;
        let (seen, now) = (identity.seen_at, self.clock.now().wall);
        let caller = self.caller(identity, None)?;
        if seen.is_none_or(|seen| now.duration_since(seen).abs() >= token::NOTED_EVERY) {
            lock(&self.uses).identities.insert(caller.id.clone(), now);
        }
        Ok(caller)
    }

    /// Who came with this session cookie.
    ///
    /// # Errors
    /// `unauthenticated` when it is unknown, idle too long, or over.
    pub fn by_session(&self, cookie: &str) -> Result<Caller> {
        let now = self.clock.now().wall;
        let hash = session::hash(cookie);
        let row = self.store.session(&hash)?.ok_or_else(refused)?;
        if now >= row.expires_at || now.duration_since(row.seen_at) > session::IDLE {
            self.store.end_session(&hash)?;
            return Err(refused());
        }
        if now.duration_since(row.seen_at) > session::NOTED_EVERY {
            lock(&self.uses).sessions.insert(hash.clone(), now);
        }
        let identity = self.store.identity(&row.identity)?.ok_or_else(refused)?;
        self.caller(identity, Some(hash))
    }

    /// In which lane somebody logs in.
    ///
    /// # Errors
    /// `too_many_attempts`, before anything was spent on their password.
    pub fn lane(&self, name: &str, from: &Whence) -> Result<Lane> {
        let person = self.store.person(name)?;
        let place = self.place(name, person.as_ref(), from)?;
        self.require_patience(&place)?;
        Ok(if place.address.is_none() { Lane::Known } else { Lane::Strange })
    }

    fn place(&self, name: &str, person: Option<&Identity>, from: &Whence) -> Result<Place> {
        if let (Some(person), Some(browser)) = (person, &from.browser) {
            let hash = session::hash(browser);
            if self.store.knows_browser(&hash, Some(&person.id))? {
                return Ok(Place::known(&person.id, &hash));
            }
        }
        Ok(Place::strange(name, from.address))
    }

    fn require_patience(&self, place: &Place) -> Result<()> {
        let Some(wait) = lock(&self.attempts).wait(place, self.clock.now().mono) else { return Ok(()) };
        let seconds = wait.as_secs_f64().ceil();
        let mut error = Error::new(
            ErrorKind::TooManyRequests,
            "too_many_attempts",
            format!("too many wrong passwords from here: wait {seconds} s, then try again; an administrator can give you a new one"),
        )
        .vi(format!("Nhập sai mật khẩu quá nhiều lần: hãy đợi {seconds} giây rồi thử lại, hoặc nhờ người quản trị cấp lại."));
        error.retry_after = Some(wait);
        Err(error)
    }

    fn wrong_password(&self, place: &Place) -> Error {
        lock(&self.attempts).wrong(place, self.clock.now().mono);
        wrong_credentials()
    }

    /// Opens a session for a person.
    ///
    /// # Errors
    /// `wrong_credentials`, without saying whether the name or the password was wrong, `second_factor_required` or
    /// `wrong_code` where the password was right, or `too_many_attempts`.
    pub fn log_in(&self, name: &str, password: &str, code: Option<&str>, from: &Whence) -> Result<Login> {
        let now = self.clock.now().wall;
        let person = self.store.person(name)?;
        let place = self.place(name, person.as_ref(), from)?;
        // once more: others from there had their turn meanwhile
        self.require_patience(&place)?;
        // an unknown name costs a hash too
        let kept = person.as_ref().map(|person| person.secret.as_str());
        let right = password::verify(password, kept);
        let person =
            person.filter(|person| right && person.valid(now)).ok_or_else(|| self.wrong_password(&place))?;
        self.require_code(&person, code, &place)?;
        lock(&self.attempts).right(&place);
        let fresh = || Ok::<_, Error>(crate::ids::hex(&crate::ids::random::<32>()?));
        let cookie = fresh()?;
        // a name that somebody else chose for this browser is not taken over
        let ours =
            |browser: &&String| self.store.knows_browser(&session::hash(browser), None).unwrap_or(false);
        let browser = match from.browser.as_ref().filter(ours) {
            Some(browser) => browser.clone(),
            None => fresh()?,
        };
        let hash = session::hash(&cookie);
        let agent: Option<String> = from
            .agent
            .as_ref()
            .map(|agent| agent.chars().filter(|letter| !letter.is_control()).take(200).collect());
        let session = NewSession {
            hash: &hash,
            id: &crate::ids::new_id(now).to_string(),
            identity: &person.id,
            expires_at: now + session::LONGEST,
            address: &from.address.to_canonical().to_string(),
            browser: agent.as_deref(),
            known_as: &session::hash(&browser),
        };
        self.store.add_session(&session, now)?;
        let second_factor = person.second_factor;
        Ok(Login { cookie, browser, second_factor, caller: self.caller(person, Some(hash))? })
    }

    /// Whether somebody who was let in before still would be: not logged out, revoked, expired or given less since.
    pub fn still_in(&self, caller: &Caller) -> Result<bool> {
        let Some(identity) = self.store.identity(&caller.id)? else { return Ok(false) };
        let open = match &caller.session {
            Some(hash) => self.store.session(hash)?.is_some_and(|row| self.clock.now().wall < row.expires_at),
            None => true,
        };
        Ok(open && self.caller(identity, None).is_ok_and(|now| now.scopes.is_superset(&caller.scopes)))
    }

    /// Ends the caller's session.
    pub fn log_out(&self, caller: &Caller) -> Result<()> {
        let ended = caller.session.as_deref().map_or(Ok(()), |hash| self.store.end_session(hash));
        self.somebody_may_be_out();
        ended
    }

    /// Replaces the caller's own password; every session of theirs ends.
    ///
    /// # Errors
    /// `unauthenticated` when the old one is wrong, `weak_password`, or `not_a_person` for tokens.
    pub fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<()> {
        let identity = self.store.identity(&caller.id)?.ok_or_else(refused)?;
        if identity.kind != IdentityKind::Person {
            return Err(Error::unacceptable(
                "not_a_person",
                "a token has no password; make a new token instead",
            ));
        }
        let place = Place::session(caller.session.as_deref().unwrap_or(&caller.id));
        self.require_patience(&place)?;
        if !password::verify(old, Some(&identity.secret)) {
            return Err(self.wrong_password(&place));
        }
        lock(&self.attempts).right(&place);
        password::check(new, &[&identity.name, &self.station])?;
        if old == new {
            return Err(Error::unacceptable(
                "weak_password",
                "the new password is the old one; choose another",
            ));
        }
        let at = self.clock.now().wall;
        self.store.set_password(&identity.id, &password::hash(new)?, &caller.id, at)?;
        self.somebody_may_be_out();
        Ok(())
    }

    fn caller(&self, identity: Identity, session: Option<String>) -> Result<Caller> {
        let now = self.clock.now().wall;
        if !identity.valid(now) {
            return Err(refused());
        }
        let scopes = if identity.one_time { BTreeSet::new() } else { identity.scopes };
        Ok(Caller {
            id: identity.id,
            name: identity.name,
            scopes: Arc::new(scopes),
            session,
            one_time: identity.one_time,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // what was counted when another request died is still right
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    if (1..=100).contains(&length) && name.trim() == name && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::unacceptable(
        "bad_name",
        "a name has 1 to 100 characters, no control characters, and no blanks at its ends",
    ))
}

/// One answer for a wrong name and a wrong password.
fn wrong_credentials() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "wrong_credentials",
        "the name or the password is wrong; try again, or ask an administrator for a new one",
    )
    .vi("Tên hoặc mật khẩu không đúng.")
}

/// One answer for every way of not being known.
pub fn refused() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "unauthenticated",
        "show who you are: a valid bearer token or a session; this one is missing, unknown, expired or revoked",
    )
}
