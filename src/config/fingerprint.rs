//! What the configuration file says, as hashes: the airing log tells that something changed and which keys, never a value.

use crate::ids::hex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Hashes of a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of the file; None where the station runs without one.
    pub sha256: Option<String>,
    /// SHA-256 of each value, by the key's path.
    keys: BTreeMap<String, String>,
}

impl Fingerprint {
    /// Of this file with these values.
    pub(super) fn of(text: &str, table: &toml::Table) -> Self {
        let mut keys = BTreeMap::new();
        gather("", table, &mut keys);
        Self { sha256: Some(hash(text)), keys }
    }

    /// What the airing log says of it, given what was known before (as [`Fingerprint::to_text`] wrote it). None when nothing
    /// changed, not even a comment.
    pub fn changes(&self, before: Option<&str>) -> Option<Value> {
        let known: Option<Self> = before.and_then(|text| serde_json::from_str(text).ok());
        if known.as_ref() == Some(self) {
            return None;
        }
        let first = known.is_none();
        let known = known.unwrap_or_default();
        let names = |of: &Self| of.keys.keys().cloned().collect::<BTreeSet<String>>();
        let (old, new) = (names(&known), names(self));
        let changed: Vec<&String> =
            old.intersection(&new).filter(|key| known.keys[*key] != self.keys[*key]).collect();
        Some(json!({
            "what": if first { "first" } else { "changed" }, "sha256": self.sha256, "before": known.sha256,
            "added": new.difference(&old).collect::<Vec<_>>(), "removed": old.difference(&new).collect::<Vec<_>>(),
            "changed": changed,
        }))
    }

    /// As it is kept.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn gather(path: &str, table: &toml::Table, keys: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            toml::Value::Table(inner) => gather(&path, inner, keys),
            other => drop(keys.insert(path, hash(&other.to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(text, &toml::from_str(text).unwrap())
    }

    #[test]
    fn it_tells_which_keys_changed_and_never_a_value() {
        let old = of("[a]\nkey = \"secret\"\nsame = 1\n[b.c]\nlist = [1, 2]\n");
        assert_eq!(old.changes(Some(&old.to_text())), None);
        let new = of("[a]\nkey = \"other\"\nsame = 1\n[d]\nx = true\n");
        let told = new.changes(Some(&old.to_text())).unwrap();
        assert_eq!(
            (&told["changed"], &told["added"], &told["removed"]),
            (&json!(["a.key"]), &json!(["d.x"]), &json!(["b.c.list"]))
        );
        let first = old.changes(None).unwrap();
        assert_eq!(
            (&first["what"], &first["added"]),
            (&json!("first"), &json!(["a.key", "a.same", "b.c.list"]))
        );
        let comment = of("# hello\n[a]\nkey = \"secret\"\nsame = 1\n[b.c]\nlist = [1, 2]\n");
        let told = comment.changes(Some(&old.to_text())).unwrap();
        assert_eq!((&told["changed"], &told["added"]), (&json!([]), &json!([])));
        for text in [told.to_string(), first.to_string(), old.to_text()] {
            assert!(!text.contains("secret"), "{text}");
        }
        // without a file before and now
        let none = Fingerprint::default();
        assert_eq!(none.changes(Some(&none.to_text())), None);
        assert_eq!(none.changes(None).unwrap()["sha256"], Value::Null);
    }
}
