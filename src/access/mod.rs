//! Who may do what: scopes, roles, tokens, passwords, sessions.
//!
//! Nothing here has a default account. Secrets are random, kept only as hashes, and compared in constant time.

mod password;
mod scope;
mod session;
mod token;

pub use scope::{Role, Scope};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Identity, IdentityKind, NewIdentity, Store};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

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
        if self.one_time {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "one_time_password",
                "this password was given for one use: choose your own first (PUT /api/v1/session/password)",
            )
            .vi("Mật khẩu này chỉ dùng một lần: hãy đặt mật khẩu của bạn trước."));
        }
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
    /// The value of the cookie, shown this once.
    pub cookie: String,
    /// Who it is.
    pub caller: Caller,
}

/// The door: everybody who talks to the station passes here.
pub struct Access {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// One password is hashed at a time: each costs tens of milliseconds and 19 MiB.
    logins: tokio::sync::Mutex<()>,
}

impl Access {
    /// A door over the station's identities.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, logins: tokio::sync::Mutex::new(()) }
    }

    /// Waits until this login is the only one at work, which bounds what strangers can cost the board.
    pub async fn login_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.logins.lock().await
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
            password::check(password)?;
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
        self.caller(identity, None)
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
            self.store.touch_session(&hash, now)?;
        }
        let identity = self.store.identity(&row.identity)?.ok_or_else(refused)?;
        self.caller(identity, Some(hash))
    }

    /// Opens a session for a person.
    ///
    /// # Errors
    /// `unauthenticated`, without saying whether the name or the password was wrong.
    pub fn log_in(&self, name: &str, password: &str) -> Result<Login> {
        let person = self.store.person(name)?;
        // an unknown name costs a hash too
        let kept = person.as_ref().map(|person| person.secret.as_str());
        let right = password::verify(password, kept);
        let person = person.filter(|_| right).ok_or_else(wrong_credentials)?;
        let cookie = crate::ids::hex(&crate::ids::random::<32>()?);
        let now = self.clock.now().wall;
        let expires_at = now + session::LONGEST;
        let hash = session::hash(&cookie);
        self.store.add_session(&hash, &person.id, now, expires_at)?;
        Ok(Login { cookie, caller: self.caller(person, Some(hash))? })
    }

    /// Whether somebody who was let in before still would be: not logged out, revoked or expired since.
    pub fn still_in(&self, caller: &Caller) -> Result<bool> {
        let Some(identity) = self.store.identity(&caller.id)? else { return Ok(false) };
        let open = match &caller.session {
            Some(hash) => self.store.session(hash)?.is_some_and(|row| self.clock.now().wall < row.expires_at),
            None => true,
        };
        Ok(open && self.caller(identity, None).is_ok())
    }

    /// Ends the caller's session.
    pub fn log_out(&self, caller: &Caller) -> Result<()> {
        caller.session.as_deref().map_or(Ok(()), |hash| self.store.end_session(hash))
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
        if !password::verify(old, Some(&identity.secret)) {
            return Err(wrong_credentials());
        }
        password::check(new)?;
        if old == new {
            return Err(Error::unacceptable(
                "weak_password",
                "the new password is the old one; choose another",
            ));
        }
        self.store.set_password(&identity.id, &password::hash(new)?, &caller.id, self.clock.now().wall)
    }

    fn caller(&self, identity: Identity, session: Option<String>) -> Result<Caller> {
        let now = self.clock.now().wall;
        let over = identity.revoked_at.is_some() || identity.expires_at.is_some_and(|expiry| now >= expiry);
        if over {
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
