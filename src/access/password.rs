//! Passwords: Argon2id with the library's recommended parameters.

use super::MIN_PASSWORD;
use crate::error::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use zxcvbn::{Score, zxcvbn};

/// Longest password: Argon2 takes any, a request does not.
const LONGEST: usize = 256;
/// What people here would try first, beside the English lists that the library brings.
const WORDS: [&str; 16] = [
    "matkhau",
    "mật khẩu",
    "loaxa",
    "loa xã",
    "truyenthanh",
    "truyền thanh",
    "phatthanh",
    "phát thanh",
    "xinchao",
    "xin chào",
    "vietnam",
    "việt nam",
    "anhyeuem",
    "emyeuanh",
    "uybannhandan",
    "ủy ban nhân dân",
];

/// Refuses passwords that are too short or too long, and those that somebody would guess: lists of common ones, names, dates,
/// rows of keys, repetitions, and `about`: the person's own name and the station's. What kinds of characters it has is
/// nobody's business (NIST SP 800-63B, 5.1.1.2).
///
/// # Errors
/// `weak_password`, saying which.
pub(super) fn check(password: &str, about: &[&str]) -> Result<()> {
    let length = password.chars().count();
    if !(MIN_PASSWORD..=LONGEST).contains(&length) {
        return Err(Error::unacceptable(
            "weak_password",
            format!(
                "a password has {MIN_PASSWORD} to {LONGEST} characters; a sentence that only you would say is good"
            ),
        )
        .vi(format!(
            "Mật khẩu cần từ {MIN_PASSWORD} đến {LONGEST} ký tự; một câu dễ nhớ của riêng bạn là tốt nhất."
        )));
    }
    let words = about.iter().flat_map(|text| std::iter::once(*text).chain(text.split_whitespace()));
    let words: Vec<&str> = words.filter(|word| word.chars().count() > 2).chain(WORDS).collect();
    if zxcvbn(password, &words).score() >= Score::Four {
        return Ok(());
    }
    Err(Error::unacceptable(
        "weak_password",
        "this password is easy to guess: it is made of common words, names, dates, repetitions or rows of keys; choose a sentence that only you would say",
    )
    .vi("Mật khẩu này dễ đoán: nó gồm những từ thông dụng, tên, ngày tháng, ký tự lặp lại hoặc dãy phím liền nhau; hãy chọn một câu của riêng bạn."))
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
    fn length_is_bounded_and_kinds_of_characters_are_not_asked_for() {
        for wrong in ["", "short", "đủ khó mà ngắn", &"thuyền ".repeat(40)] {
            let error = check(wrong, &[]).unwrap_err();
            assert_eq!(error.code, "weak_password");
            assert!(error.detail.contains("15 to 256"), "{wrong}: {}", error.detail);
        }
        for good in [
            "chiều nay họp lúc năm giờ",
            "con trau nam ngu duoi goc da",
            "seven wet bicycles sang quietly",
            "kqzvtwmxjrplhdg",
            "sáng mai bác Ba đi chợ huyện",
        ] {
            check(good, &["admin", "Đài truyền thanh xã"]).unwrap();
        }
        check(&crate::ids::passphrase().unwrap(), &[]).unwrap();
    }

    #[test]
    fn what_somebody_would_guess_is_refused_with_the_reason() {
        for guessable in [
            "aaaaaaaaaaaaaaa",
            "123456789012345",
            "abcabcabcabcabcabc",
            "qwertyuiopasdfghjkl",
            "passwordpassword",
            "matkhaumatkhau123",
            "anhyeuem anhyeuem",
            "Nguyễn Thị Lan Hương",
            "thanhvinhthanhvinh",
        ] {
            let refused = check(guessable, &["Nguyễn Thị Lan Hương", "thanhvinh"]).err();
            let error = refused.unwrap_or_else(|| panic!("{guessable} is taken"));
            assert_eq!(error.code, "weak_password", "{guessable}");
            assert!(error.detail.contains("easy to guess"), "{guessable}: {}", error.detail);
            assert!(error.detail_vi.is_some_and(|vi| vi.contains("dễ đoán")), "{guessable}");
        }
    }
}
