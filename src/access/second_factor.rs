//! Codes of a person's authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 s, as every authenticator speaks it).
//!
//! Each code is taken once. A wrong one counts as a wrong password does. What shows the codes may be lost: an administrator
//! takes the second factor away, at the page or at the board, and the log says so. There are no other ways around it.

use super::{Access, Caller, Place, lock, password, refused};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Identity, IdentityKind};
use jiff::Timestamp;
use totp_rs::{Secret, Totp};
use zeroize::Zeroizing;

/// Steps before and after now in which a code is taken: clocks differ.
const SKEW: u16 = 1;
/// Digits of a code.
const DIGITS: usize = 6;

/// A second factor that was begun: what goes into the authenticator, shown this once.
pub struct Enrolment {
    /// To be typed: base 32.
    pub secret: Zeroizing<String>,
    /// The same as a link, for a QR code.
    pub uri: Zeroizing<String>,
}

impl Access {
    /// Makes a secret for the caller's authenticator. It counts for nothing before [`Self::confirm_second_factor`].
    ///
    /// # Errors
    /// `wrong_credentials` when the password is wrong, `too_many_attempts`, `second_factor_exists`, or `not_a_person`.
    pub fn begin_second_factor(&self, caller: &Caller, password: &str) -> Result<Enrolment> {
        let person = self.person_behind(caller)?;
        let place = Place::session(caller.session.as_deref().unwrap_or(&caller.id));
        self.require_patience(&place)?;
        if !password::verify(password, Some(&person.secret)) {
            return Err(self.wrong_password(&place));
        }
        let bytes = Zeroizing::new(crate::ids::random::<20>()?);
        self.store.begin_second_factor(&person.id, bytes.as_slice(), self.clock.now().wall)?;
        let secret = Zeroizing::new(Secret::new_stack(*bytes).to_base32());
        let (issuer, name) = (escaped(&self.station), escaped(&person.name));
        let uri = format!("otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}", *secret);
        Ok(Enrolment { secret, uri: Zeroizing::new(uri) })
    }

    /// Takes the first code: from now on one is asked for at each login.
    ///
    /// # Errors
    /// `wrong_code`, `no_second_factor` when none was begun, `second_factor_exists`, `too_many_attempts`, or `not_a_person`.
    pub fn confirm_second_factor(&self, caller: &Caller, code: &str) -> Result<()> {
        let person = self.person_behind(caller)?;
        let place = Place::session(caller.session.as_deref().unwrap_or(&caller.id));
        self.require_patience(&place)?;
        let factor = self.store.second_factor(&person.id)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Conflict,
                "no_second_factor",
                "there is none to confirm; begin with POST /api/v1/session/second-factor",
            )
            .vi("Chưa thiết lập xác thực hai lớp; hãy bắt đầu lại từ đầu.")
        })?;
        let now = self.clock.now().wall;
        let taken = match step_of(&factor.secret, code, now)? {
            Some(step) => self.store.confirm_second_factor(&person.id, step, now)?,
            None => false,
        };
        if taken { Ok(()) } else { Err(self.wrong_code(&place)) }
    }

    /// Refuses a person whose password was right, and who shows no code that is good now.
    pub(super) fn require_code(&self, person: &Identity, code: Option<&str>, place: &Place) -> Result<()> {
        let Some(factor) = self.store.second_factor(&person.id)?.filter(|factor| factor.confirmed) else {
            return Ok(());
        };
        let Some(code) = code else {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "second_factor_required",
                "this login takes a code besides the password: send it as \"code\"; who lost their authenticator asks an administrator",
            )
            .vi("Hãy nhập mã xác thực gồm 6 chữ số. Nếu mất thiết bị tạo mã, hãy liên hệ người quản trị."));
        };
        let taken = match step_of(&factor.secret, code, self.clock.now().wall)? {
            Some(step) => self.store.use_code(&person.id, step)?,
            None => false,
        };
        if taken { Ok(()) } else { Err(self.wrong_code(place)) }
    }

    fn wrong_code(&self, place: &Place) -> Error {
        lock(&self.attempts).wrong(place, self.clock.now().mono);
        Error::new(
            ErrorKind::Unauthenticated,
            "wrong_code",
            "the code is wrong, over, or was used before: wait for the next one; if none is taken, compare the clocks of the station and of what shows the codes",
        )
        .vi("Mã xác thực sai, hết hạn hoặc đã dùng; hãy đợi mã tiếp theo. Nếu vẫn không được, hãy so đồng hồ của đài với thiết bị tạo mã.")
    }

    fn person_behind(&self, caller: &Caller) -> Result<Identity> {
        let identity = self.store.identity(&caller.id)?.ok_or_else(refused)?;
        if identity.kind == IdentityKind::Person {
            return Ok(identity);
        }
        Err(Error::unacceptable("not_a_person", "a token has no second factor; make a new token instead"))
    }
}

/// The time step whose code this is, among those that are good now. Blanks within a code, as authenticators show them,
/// count for nothing.
fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|letter| *letter != ' ').collect();
    if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let totp = authenticator(secret)?;
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    Ok(totp.check(&digits, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn authenticator(secret: &[u8]) -> Result<Totp> {
    totp_rs::Builder::new()
        .with_secret(secret.to_vec())
        .with_skew(SKEW)
        .build()
        .map_err(|error| Error::internal(format!("a second factor in the database: {error}; reset it")))
}

/// For a link: everything but letters and digits of ASCII as `%` and two digits.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
#[path = "second_factor/tests.rs"]
mod tests;
