//! Who may do what over HTTP: one table, which `serve` asks before any route is looked at.
//!
//! A path that is not in it is not served, whatever routes there are. `docs/roles.md` is written from it
//! (`LOAXA_WRITE=1 cargo test -p loaxa --lib rights`).

use crate::access::{Caller, Scope};
use crate::error::{Error, ErrorKind, Result};
use Needs::{Login, Nothing, OneOf, Settled};
use Scope::{
    Admin, AiringsRead, Amplifier, Emergency, ScheduleWrite, SegmentsApprove, SegmentsWrite, StatusRead,
};

/// What somebody must show before an endpoint answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody may ask.
    Nothing,
    /// Whoever is known, also with a password that was given for one use.
    Login,
    /// Whoever is known, with a password of their own.
    Settled,
    /// Whoever holds one of these scopes.
    OneOf(&'static [Scope]),
}

impl Needs {
    /// Refuses a caller who may not.
    ///
    /// # Errors
    /// `missing_scope`, naming the scopes that would do, or `one_time_password`.
    pub fn allow(self, caller: &Caller) -> Result<()> {
        match self {
            Nothing | Login => Ok(()),
            Settled => caller.require_own_password(),
            OneOf(scopes) => caller.require(scopes),
        }
    }

    /// Whether these scopes are enough, where who asks has a password of their own.
    #[must_use]
    pub fn met_by(self, held: &std::collections::BTreeSet<Scope>) -> bool {
        match self {
            Nothing | Login | Settled => true,
            OneOf(scopes) => scopes.iter().any(|scope| held.contains(scope)),
        }
    }
}

/// One endpoint and who may use it.
#[derive(Debug, Clone, Copy)]
pub struct Right {
    /// The method, in capitals. `HEAD` is `GET`.
    pub method: &'static str,
    /// The path below `/api/v1`; `{id}` stands for one part that is not empty.
    pub path: &'static str,
    /// What it takes.
    pub needs: Needs,
}

/// Looking at what the station holds.
const LOOK: Needs = OneOf(&[StatusRead, SegmentsWrite, SegmentsApprove, ScheduleWrite, AiringsRead]);
const PUSH: Needs = OneOf(&[SegmentsWrite]);
const APPROVE: Needs = OneOf(&[SegmentsApprove]);
const WITHDRAW: Needs = OneOf(&[SegmentsWrite, SegmentsApprove]);
const PLAN: Needs = OneOf(&[ScheduleWrite]);
const LOG: Needs = OneOf(&[AiringsRead]);
const ALARM: Needs = OneOf(&[Emergency]);
/// The second person of an emergency that nobody approved in advance.
const CONFIRM: Needs = OneOf(&[SegmentsApprove, Emergency]);
const ALARMS_SEEN: Needs = OneOf(&[Emergency, AiringsRead]);
const STATUS: Needs = OneOf(&[StatusRead, Admin]);
const EVENTS: Needs = OneOf(&[StatusRead]);
const AMPLIFIER_SEEN: Needs = OneOf(&[Amplifier, StatusRead, Admin]);
const AMPLIFIER: Needs = OneOf(&[Amplifier, Admin]);
const ADMIN: Needs = OneOf(&[Admin]);

const fn right(method: &'static str, path: &'static str, needs: Needs) -> Right {
    Right { method, path, needs }
}

/// Everything that is served under `/api/v1`.
pub const TABLE: &[Right] = &[
    right("GET", "/health", Nothing),
    right("GET", "/openapi.json", Login),
    right("POST", "/session", Nothing),
    right("GET", "/session", Login),
    right("DELETE", "/session", Login),
    right("PUT", "/session/password", Login),
    right("POST", "/session/second-factor", Settled),
    right("PUT", "/session/second-factor", Settled),
    right("GET", "/status", STATUS),
    right("GET", "/events", EVENTS),
    right("GET", "/metrics", STATUS),
    right("POST", "/segments", PUSH),
    right("GET", "/segments", LOOK),
    right("GET", "/segments/{id}", LOOK),
    right("PATCH", "/segments/{id}", PUSH),
    right("DELETE", "/segments/{id}", WITHDRAW),
    right("POST", "/segments/{id}/approval", APPROVE),
    right("GET", "/segments/{id}/audio", LOOK),
    right("POST", "/spoken", PUSH),
    right("OPTIONS", "/uploads", Login),
    right("POST", "/uploads", PUSH),
    right("GET", "/uploads/{id}", PUSH),
    right("PATCH", "/uploads/{id}", PUSH),
    right("DELETE", "/uploads/{id}", PUSH),
    right("GET", "/zones", LOOK),
    right("POST", "/zones", PLAN),
    right("GET", "/zones/{id}", LOOK),
    right("PUT", "/zones/{id}", PLAN),
    right("DELETE", "/zones/{id}", PLAN),
    right("GET", "/windows", LOOK),
    right("POST", "/windows", PLAN),
    right("GET", "/windows/{id}", LOOK),
    right("PUT", "/windows/{id}", PLAN),
    right("DELETE", "/windows/{id}", PLAN),
    right("GET", "/programmes", LOOK),
    right("POST", "/programmes", PLAN),
    right("GET", "/programmes/{id}", LOOK),
    right("PUT", "/programmes/{id}", PLAN),
    right("DELETE", "/programmes/{id}", PLAN),
    right("GET", "/campaigns", LOOK),
    right("POST", "/campaigns", PLAN),
    right("GET", "/campaigns/{id}", LOOK),
    right("PUT", "/campaigns/{id}", PLAN),
    right("DELETE", "/campaigns/{id}", PLAN),
    right("GET", "/campaigns/{id}/account", LOOK),
    right("GET", "/holidays", LOOK),
    right("POST", "/holidays", PLAN),
    right("GET", "/holidays/{id}", LOOK),
    right("PUT", "/holidays/{id}", PLAN),
    right("DELETE", "/holidays/{id}", PLAN),
    right("GET", "/units", LOOK),
    right("POST", "/units", PLAN),
    right("GET", "/units/{id}", LOOK),
    right("PUT", "/units/{id}", PLAN),
    right("DELETE", "/units/{id}", PLAN),
    right("GET", "/presets", LOOK),
    right("GET", "/plan", LOOK),
    right("POST", "/plan/preview", PLAN),
    right("GET", "/airings", LOG),
    right("GET", "/airings/checkpoint", LOG),
    right("GET", "/airings/chain", LOG),
    right("POST", "/airings/witness", LOG),
    right("GET", "/reports/airtime", LOG),
    right("POST", "/orders", PUSH),
    right("GET", "/orders", LOOK),
    right("GET", "/orders/nonce", PUSH),
    right("GET", "/publishers", ADMIN),
    right("POST", "/publishers", ADMIN),
    right("GET", "/publishers/{id}", ADMIN),
    right("DELETE", "/publishers/{id}", ADMIN),
    right("POST", "/emergency", ALARM),
    right("GET", "/emergency", ALARMS_SEEN),
    right("GET", "/emergency/{id}", ALARMS_SEEN),
    right("DELETE", "/emergency/{id}", ALARM),
    right("POST", "/emergency/{id}/confirmation", CONFIRM),
    right("POST", "/stop", ALARM),
    right("POST", "/resume", ALARM),
    right("GET", "/people", ADMIN),
    right("POST", "/people", ADMIN),
    right("GET", "/people/{id}", ADMIN),
    right("PUT", "/people/{id}", ADMIN),
    right("DELETE", "/people/{id}", ADMIN),
    right("GET", "/tokens", ADMIN),
    right("POST", "/tokens", ADMIN),
    right("DELETE", "/tokens/{id}", ADMIN),
    // one's own; everybody's for an administrator
    right("GET", "/sessions", Settled),
    right("DELETE", "/sessions/{id}", Settled),
    right("POST", "/clock/vouch", ADMIN),
    right("GET", "/backups", ADMIN),
    right("POST", "/backups", ADMIN),
    right("GET", "/amplifier", AMPLIFIER_SEEN),
    right("POST", "/amplifier/clear", AMPLIFIER),
    right("POST", "/amplifier/test", AMPLIFIER),
    right("POST", "/amplifier/on", AMPLIFIER),
    right("POST", "/amplifier/off", AMPLIFIER),
];

/// What is never answered from memory of an `Idempotency-Key`. Stopping and releasing are the same however often they are said; an
/// emergency's own id says whether it was sent or confirmed before; a preview keeps nothing and tells of the plan as it is
/// now; a secret that is shown once is not kept for another time.
pub(super) const ANEW: [&str; 8] = [
    "/stop",
    "/resume",
    "/emergency",
    "/emergency/{id}/confirmation",
    "/plan/preview",
    "/people",
    "/tokens",
    "/session/second-factor",
];

/// The endpoint that a request means; `None` for what lies outside `/api`, where the page is.
///
/// # Errors
/// `no_such_path`, or `method_not_allowed` where the path has other methods.
pub fn find(method: &str, path: &str) -> Result<Option<&'static Right>> {
    if path != "/api" && !path.starts_with("/api/") {
        return Ok(None);
    }
    let below = path.strip_prefix("/api/v1").unwrap_or_default();
    let mut here = TABLE.iter().filter(|right| is(right.path, below)).peekable();
    let known = here.peek().is_some();
    let method = if method == "HEAD" { "GET" } else { method };
    match here.find(|right| right.method == method) {
        Some(right) => Ok(Some(right)),
        None if known => Err(method_not_allowed()),
        None => Err(no_such_path()),
    }
}

/// The methods of a path, as the header `Allow` names them; the page's files are read only.
pub(super) fn allowed(path: &str) -> String {
    let below = path.strip_prefix("/api/v1").filter(|_| path.starts_with("/api/"));
    let here = TABLE.iter().filter(|right| below.is_some_and(|below| is(right.path, below)));
    let mut methods: Vec<&str> = here.map(|right| right.method).collect();
    if methods.is_empty() {
        methods.push("GET");
    }
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}

/// Whether a path is the one that a pattern describes; one slash may end it.
fn is(pattern: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some("{id}"), Some(part)) if !part.is_empty() => {}
            (Some(word), Some(part)) if word == part => {}
            _ => return false,
        }
    }
}

pub(super) fn no_such_path() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "no_such_path",
        "there is nothing at this path; /api/v1/openapi.json lists what there is",
    )
}

pub(super) fn method_not_allowed() -> Error {
    Error::new(
        ErrorKind::MethodNotAllowed,
        "method_not_allowed",
        "this path exists, but not for this method; /api/v1/openapi.json lists what there is",
    )
}

#[cfg(test)]
#[path = "rights/tests.rs"]
mod tests;
