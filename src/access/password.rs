//! Passwords: Argon2id with the library's recommended parameters.

use super::MIN_PASSWORD;
use crate::error::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Refuses passwords that are too short or too long.
pub(super) fn check(password: &str) -> Result<()> {
    let length = password.chars().count();
    if (MIN_PASSWORD..=256).contains(&length) {
        return Ok(());
    }
    Err(Error::unacceptable(
        "weak_password",
        format!(
            "a password has {MIN_PASSWORD} to 256 characters; a sentence that only you would say is good"
        ),
    )
    .vi(format!("Mật khẩu cần từ {MIN_PASSWORD} đến 256 ký tự; một câu dễ nhớ của riêng bạn là tốt nhất.")))
}

/// The PHC string to keep.
pub(super) fn hash(password: &str) -> Result<String> {
    let salt = crate::ids::random::<16>()?;
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| Error::internal(format!("the password cannot be hashed: {error}")))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was kept. Takes as long when nothing was kept.
pub(super) fn verify(password: &str, kept: Option<&str>) -> bool {
    // the hash of nothing that anybody can type: its cost is what counts
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(hash) = PasswordHash::new(kept.unwrap_or(NOBODY)) else {
        return false;
    };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_is_right() {
        let kept = hash("chiều nay họp lúc năm giờ").unwrap();
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert!(verify("chiều nay họp lúc năm giờ", Some(&kept)));
        assert!(!verify("chiều nay họp lúc sáu giờ", Some(&kept)));
        assert!(!verify("", None));
        assert!(!verify("anything", Some("not a hash")));
    }

    #[test]
    fn length_is_the_only_rule() {
        assert!(check("short").is_err());
        assert!(check("aaaaaaaaaaaaaaa").is_ok());
        assert!(check(&"a".repeat(257)).is_err());
    }
}
