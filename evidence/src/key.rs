//! Named Ed25519 keys, as text: <https://c2sp.org/signed-note>.
//!
//! A key's name and its identifier (the first four bytes of SHA-256 over name, line feed, kind and public key) say whose
//! signature a line is; that the signature is good says only the public key itself.

use crate::bytes::{base64, from_base64, hex};
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize, Zeroizing};

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Notes: the station's key.
    Note,
    /// Countersignatures with a time: a collector's key (<https://c2sp.org/tlog-cosignature>).
    Cosignature,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Note, Self::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Not `name+identifier+base64`.
    #[error("it is not of the form NAME+IDENTIFIER+BASE64")]
    Form,
    /// A name with white space, control characters or a plus sign, or none.
    #[error("its name is empty or has white space or a plus sign")]
    Name,
    /// Neither a note's nor a cosignature's key.
    #[error("it is a key of another kind than Ed25519 for notes (1) or for cosignatures (4)")]
    Kind,
    /// Its bytes are no Ed25519 key.
    #[error("its bytes are no Ed25519 public key")]
    Bytes,
    /// The identifier is not that of the rest: a letter was lost or changed.
    #[error("its identifier does not fit the rest; a letter was lost or changed")]
    Identifier,
}

/// Whether this can be a key's name.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '+')
}

fn identifier(name: &str, kind: KeyKind, public: &[u8; 32]) -> [u8; 4] {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update([b'\n', kind.byte()]);
    hash.update(public);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

/// The public half of a named key; its text is the `vkey` that is given to auditors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: [u8; 4],
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, kind: KeyKind, public: &[u8; 32]) -> Result<Self, KeyProblem> {
        if !is_name(name) {
            return Err(KeyProblem::Name);
        }
        let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| KeyProblem::Bytes)?;
        Ok(Self { name: name.to_owned(), kind, id: identifier(name, kind, public), public: key })
    }

    /// Its name; a station's is the origin of its heads.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The four bytes by which a signature names it.
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The public key itself: two keys that differ in their names alone are one.
    pub fn public(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Whether a signature line with this name and identifier says that this key made it.
    pub fn is_named(&self, name: &str, id: [u8; 4]) -> bool {
        self.name == name && self.id == id
    }

    /// Whether this key signed these bytes. Small-order keys and signatures that several messages share are refused.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.public.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.public.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(&self.id), base64(&bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyProblem;

    fn from_str(text: &str) -> Result<Self, KeyProblem> {
        // base64 has plus signs of its own: only the first two divide
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyProblem::Form);
        };
        let bytes = from_base64(bytes).ok_or(KeyProblem::Form)?;
        let (kind, public) = bytes.split_first().ok_or(KeyProblem::Form)?;
        let kind = KeyKind::of(*kind).ok_or(KeyProblem::Kind)?;
        let public: &[u8; 32] = public.try_into().map_err(|_| KeyProblem::Bytes)?;
        let key = Self::new(name, kind, public)?;
        if hex(&key.id) == id { Ok(key) } else { Err(KeyProblem::Identifier) }
    }
}

/// A named key with its private half, which is wiped from memory when this is dropped.
pub struct SigningKey {
    public: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

/// Before the text of a private key, so that nobody takes it for a public one.
const PRIVATE: &str = "PRIVATE+KEY+";

impl SigningKey {
    /// The key that 32 random bytes make.
    ///
    /// # Errors
    /// When the name is none.
    pub fn from_seed(name: &str, kind: KeyKind, seed: &Zeroizing<[u8; 32]>) -> Result<Self, KeyProblem> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = VerifierKey::new(name, kind, secret.verifying_key().as_bytes())?;
        Ok(Self { public, secret })
    }

    /// The public half.
    pub const fn public(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    /// The private half as one line of text, for a file that nobody else reads.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([self.public.kind.byte(); 33]);
        bytes[1..].copy_from_slice(self.secret.as_bytes());
        let coded = Zeroizing::new(base64(bytes.as_slice()));
        Zeroizing::new(format!("{PRIVATE}{}+{}+{}", self.public.name, hex(&self.public.id), *coded))
    }

    /// Reads what [`SigningKey::to_secret_text`] wrote.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_secret_text(text: &str) -> Result<Self, KeyProblem> {
        let mut parts = text.strip_prefix(PRIVATE).ok_or(KeyProblem::Form)?.splitn(3, '+');
        let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyProblem::Form);
        };
        let mut bytes = Zeroizing::new(from_base64(bytes).ok_or(KeyProblem::Form)?);
        let (kind, secret) = bytes.split_first_mut().ok_or(KeyProblem::Form)?;
        let kind = KeyKind::of(*kind).ok_or(KeyProblem::Kind)?;
        let mut seed = Zeroizing::new([0; 32]);
        if secret.len() != seed.len() {
            return Err(KeyProblem::Bytes);
        }
        seed.copy_from_slice(secret);
        secret.zeroize();
        let key = Self::from_seed(name, kind, &seed)?;
        if hex(&key.public.id) == id { Ok(key) } else { Err(KeyProblem::Identifier) }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key, identifier and signature that the specification prints.
    #[test]
    fn the_identifier_is_that_of_the_specification() {
        let key: VerifierKey =
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
        assert_eq!(
            (key.name(), key.kind(), hex(&key.id()).as_str()),
            ("example.com/foo", KeyKind::Note, "530d903a")
        );
        let signature = from_base64(
            "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=",
        )
        .unwrap();
        assert_eq!(signature[..4], key.id());
        let signature: [u8; 64] = signature[4..].try_into().unwrap();
        assert!(key.signed(b"This is an example message.\n", &signature));
        assert!(!key.signed(b"This is an example message,\n", &signature));
    }

    #[test]
    fn keys_are_read_as_they_are_written_and_nothing_else_is() {
        let seed = Zeroizing::new([7; 32]);
        for kind in [KeyKind::Note, KeyKind::Cosignature] {
            let key = SigningKey::from_seed("loaxa/00", kind, &seed).unwrap();
            let public = key.public().to_string();
            assert_eq!(public.parse::<VerifierKey>().as_ref(), Ok(key.public()));
            let secret = key.to_secret_text();
            assert_eq!(SigningKey::from_secret_text(&secret).unwrap().public(), key.public());
            assert_eq!(
                public.replace("loaxa/00", "loaxa/01").parse::<VerifierKey>(),
                Err(KeyProblem::Identifier)
            );
            assert!(!format!("{key:?}").contains(&secret[secret.len() - 20..]), "a secret is never shown");
            assert!(secret.parse::<VerifierKey>().is_err(), "a private key is taken for no public one");
        }
        for wrong in ["", "a", "a+b", "a+00000000+", "a+00000000+AQ==", "a b+00000000+AQ==", "+00000000+AQ=="]
        {
            assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong:?}");
        }
        for name in ["", "a b", "a+b", "a\u{2003}b", "a\n"] {
            assert_eq!(
                SigningKey::from_seed(name, KeyKind::Note, &seed).err(),
                Some(KeyProblem::Name),
                "{name:?}"
            );
        }
    }
}
