//! The hash chain of the airing log: what is hashed, byte for byte.
//!
//! The hash of a row is SHA-256, in lower-case hexadecimal, over these lines, each ended by one line feed except the
//! last: the format's name, the row's number in decimal, its time, its kind, the hash of the row before (64 zeroes before
//! the first), its body in canonical JSON (keys sorted by code point, no white space) as the very text that is stored.

use crate::bytes::{Hash, hex};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Name of the format; stands in the first line of what is hashed.
pub const FORMAT: &str = "loaxa-airing-log/1";
/// What the first row names as the row before it.
pub const BEFORE_THE_FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a row, as it is written.
pub fn link(row: i64, at: &str, kind: &str, prev: &str, body: &str) -> String {
    hex(&hash(row, at, kind, prev, body))
}

/// The hash of a row.
pub fn hash(row: i64, at: &str, kind: &str, prev: &str, body: &str) -> Hash {
    let mut hash = Sha256::new();
    for part in [FORMAT, &row.to_string(), at, kind, prev] {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.update(body.as_bytes());
    hash.finalize().into()
}

/// A value as canonical JSON.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            text.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_scalar(text, &Value::String(key.clone()));
                text.push(':');
                write_value(text, &map[key]);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        scalar => write_scalar(text, scalar),
    }
}

fn write_scalar(text: &mut String, value: &Value) {
    // writing to a String cannot fail
    let _ = write!(text, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth_and_nothing_is_padded() {
        let value = json!({ "b": [1, { "z": null, "a": "Đài \"xã\"\n" }], "a": true });
        assert_eq!(canonical(&value), r#"{"a":true,"b":[1,{"a":"Đài \"xã\"\n","z":null}]}"#);
    }

    /// The vector that stands in docs/airing-log.md.
    #[test]
    fn the_published_vector_holds() {
        let hash = link(1, "2026-11-30T10:00:00Z", "log_begins", BEFORE_THE_FIRST, r#"{"log":"00"}"#);
        assert_eq!(hash, "881494b52405b9cc5ac7c974677a39300882d242fb23ff0c2847b52c8555d925");
    }
}
