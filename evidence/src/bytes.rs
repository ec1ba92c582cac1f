//! Bytes as text: hexadecimal of hashes, base64 of keys and signatures. Each has one way to be written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A hash from 64 lower-case hexadecimal digits; None of anything else.
pub fn hash_from_hex(text: &str) -> Option<Hash> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64 with padding, written in the one way that there is; None of anything else.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_one_way_to_be_written() {
        let text = hex(&[0xa5; 32]);
        assert_eq!(hash_from_hex(&text), Some([0xa5; 32]));
        assert_eq!(hash_from_hex(&text.to_uppercase()), None);
        assert_eq!(hash_from_hex(&text[1..]), None);
        assert_eq!(hash_from_hex(&format!("{text}0")), None);
        assert_eq!(hash_from_hex(&text.replace('a', "g")), None);
    }

    #[test]
    fn base64_has_one_way_to_be_written() {
        assert_eq!(from_base64("AQ=="), Some(vec![1]));
        for wrong in ["AQ", "AQ=", "AR==", "AQ==\n", " AQ==", "A-==", "AQ==AQ=="] {
            assert_eq!(from_base64(wrong), None, "{wrong:?}");
        }
    }
}
