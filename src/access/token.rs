//! API tokens: `loaxa_<id>_<secret>`, 256 random bits of which only a hash is kept.

use crate::error::Result;
use crate::ids;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Use is noted at most so often.
pub(super) const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// The secret half of a token.
pub(super) struct Secret(String);

impl Secret {
    /// 256 bits from the kernel.
    pub(super) fn generate() -> Result<Self> {
        Ok(Self(ids::hex(&ids::random::<32>()?)))
    }

    /// What is kept.
    pub(super) fn hash(&self) -> String {
        ids::hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// Whether `kept` is the hash of this secret, in constant time.
    pub(super) fn matches(&self, kept: &str) -> bool {
        self.hash().as_bytes().ct_eq(kept.as_bytes()).into()
    }

    /// The whole token, to be shown once.
    pub(super) fn print(&self, id: &str) -> String {
        format!("loaxa_{}_{}", id.replace('-', ""), self.0)
    }
}

/// Splits a token into its identity and its secret.
pub(super) fn parse(text: &str) -> Option<(String, Secret)> {
    let (id, secret) = text.strip_prefix("loaxa_")?.split_once('_')?;
    let plausible =
        id.len() == 32 && secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = Uuid::try_parse(id).ok().filter(|_| plausible)?;
    Some((id.to_string(), Secret(secret.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_its_neighbours_do_not() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let secret = Secret::generate().unwrap();
        let kept = secret.hash();
        let token = secret.print(id);
        let (found, read) = parse(&token).unwrap();
        assert_eq!(found, id);
        assert!(read.matches(&kept));
        assert!(!Secret::generate().unwrap().matches(&kept));
        assert!(!read.matches(""));
        for bad in ["", "loaxa_", "loaxa_x_y", &token[..token.len() - 1], &token.replace("loaxa_", "other_")]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
