//! What administrators do with people, tokens and sessions. Each change is a row of the log, with who did it.

use super::{Access, Caller, Role, Scope, password, session};
use crate::error::Result;
use crate::store::{Identity, IdentityKind, ListedSession, PersonChange};

/// What is to become of a person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Another role.
    pub role: Option<Role>,
    /// A one-time passphrase in place of their password.
    pub new_password: bool,
    /// They lost what shows their codes: the password alone lets them in until they set another up.
    pub without_second_factor: bool,
}

impl Access {
    /// People or tokens, revoked ones too, in the order in which they were made.
    pub fn list(&self, kind: IdentityKind, after: Option<&str>, limit: u32) -> Result<Vec<Identity>> {
        self.store.identities(kind, after, limit)
    }

    /// One person or token.
    ///
    /// # Errors
    /// `not_found`.
    pub fn one(&self, kind: IdentityKind, id: &str) -> Result<Identity> {
        let found = self.store.identity(id)?.filter(|found| found.kind == kind);
        found.ok_or_else(|| crate::error::Error::not_found(kind.as_str(), id))
    }

    /// The person with this name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn person_named(&self, name: &str) -> Result<Identity> {
        self.store
            .person(name)?
            .ok_or_else(|| crate::error::Error::not_found("person", format_args!("{name:?}")))
    }

    /// Gives a person another role, a one-time passphrase in place of their password, which is returned, or takes their second
    /// factor away. In each case their sessions end.
    ///
    /// # Errors
    /// `not_found`, `changed_meanwhile`, `revoked` or `last_administrator`.
    pub fn change_person(
        &self,
        id: &str,
        wanted: Wanted,
        version: Option<i64>,
        by: &str,
    ) -> Result<(Identity, Option<String>)> {
        let passphrase = if wanted.new_password { Some(crate::ids::passphrase()?) } else { None };
        let secret = passphrase.as_deref().map(password::hash).transpose()?;
        let change = PersonChange {
            role: wanted.role,
            one_time: secret.as_deref(),
            without_second_factor: wanted.without_second_factor,
            version,
        };
        let person = self.store.change_person(id, &change, by, self.clock.now().wall)?;
        self.somebody_may_be_out();
        Ok((person, passphrase))
    }

    /// Lets a person or token in no more; their sessions and what they listen to end.
    ///
    /// # Errors
    /// `not_found` or `last_administrator`.
    pub fn revoke(&self, kind: IdentityKind, id: &str, by: &str) -> Result<Identity> {
        let revoked = self.store.revoke(kind, id, by, self.clock.now().wall)?;
        self.somebody_may_be_out();
        Ok(revoked)
    }

    /// Open sessions: the caller's own, or everybody's for an administrator.
    pub fn sessions(&self, caller: &Caller, after: Option<&str>, limit: u32) -> Result<Vec<ListedSession>> {
        let now = self.clock.now().wall;
        self.store.sessions(whose(caller), after, limit, (now, now - session::IDLE))
    }

    /// Ends a session of the caller's own, or anybody's for an administrator.
    ///
    /// # Errors
    /// `not_found`, also of sessions that are none of the caller's business.
    pub fn end_session(&self, caller: &Caller, id: &str) -> Result<()> {
        self.store.end_session_by_id(id, whose(caller), &caller.id, self.clock.now().wall)?;
        self.somebody_may_be_out();
        Ok(())
    }
}

/// Whose sessions a caller sees. `None`: everybody's.
fn whose(caller: &Caller) -> Option<&str> {
    (!caller.scopes.contains(&Scope::Admin)).then_some(caller.id.as_str())
}
