//! Why: one constructor for each rule, in both languages, side by side.
//!
//! A reason carries a stable code for programs and a sentence for people that names the rule and the
//! object. Nothing else in this crate writes sentences for people.

mod campaigns;
mod codes;
mod outcomes;
mod plan;
mod refusals;
mod words;

pub use codes::ReasonCode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Why something is as it is: a stable code and a sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// One of [`ReasonCode`], as text, so that old rows keep codes that no longer exist.
    pub code: Cow<'static, str>,
    /// The sentence in Vietnamese.
    pub vi: String,
    /// The sentence in English.
    pub en: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.en)
    }
}

fn reason(code: ReasonCode, vi: String, en: String) -> Reason {
    Reason { code: Cow::Borrowed(code.as_str()), vi, en }
}

impl Reason {
    /// Whether this reason carries that code.
    #[must_use]
    pub fn is(&self, code: ReasonCode) -> bool {
        self.code == code.as_str()
    }
}
