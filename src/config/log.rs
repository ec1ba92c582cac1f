//! `[log]`: what is printed for engineers, who countersigns the airing log, and how long it is kept.

use loaxa_evidence::{KeyKind, VerifierKey};
use serde::Deserialize;

/// What the daemon prints for engineers, and whose countersignatures of the airing log are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A `tracing` filter, for instance `info` or `loaxa=debug`.
    pub level: String,
    /// Keys of those who collect and countersign heads of the airing log, as text.
    pub witnesses: Vec<String>,
    /// Rows of the airing log that are older than so many days are removed; absent: none ever is.
    pub keep_days: Option<u32>,
}

/// A whole year, and a month in which somebody may ask about it.
const KEPT_AT_LEAST: u32 = 400;

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), witnesses: Vec::new(), keep_days: None }
    }
}

impl Log {
    /// Every rule that is broken, each with its remedy.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(days) = self.keep_days.filter(|days| *days < KEPT_AT_LEAST) {
            problems.push(format!(
                "log.keep_days: {days} days are too few for auditors, who come months later; write {KEPT_AT_LEAST} or more, or remove \
                 the line to keep everything"
            ));
        }
        let mut seen: Vec<VerifierKey> = Vec::new();
        for text in &self.witnesses {
            match text.parse::<VerifierKey>() {
                Err(why) => problems.push(format!(
                    "log.witnesses: {text:?} is no key: {why}; copy the collector's key as it was given, NAME+IDENTIFIER+BASE64"
                )),
                Ok(key) if key.kind() != KeyKind::Cosignature => problems.push(format!(
                    "log.witnesses: {text:?} is a key for notes, not for countersignatures; ask the collector for the other one"
                )),
                Ok(key) if seen.iter().any(|known| known.is_named(key.name(), key.id())) => {
                    problems.push(format!("log.witnesses: {} stands there twice; remove one", key.name()));
                }
                Ok(key) => seen.push(key),
            }
        }
        problems
    }

    /// The keys; a configuration that was checked has no other.
    pub fn witness_keys(&self) -> Vec<VerifierKey> {
        self.witnesses.iter().filter_map(|text| text.parse().ok()).collect()
    }
}
