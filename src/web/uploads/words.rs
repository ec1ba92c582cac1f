//! `Upload-Metadata`: what is said of an upload when it is begun.
//!
//! Pairs of a key and its value in base64, separated by commas. Either `meta` holds the JSON of `POST /segments`, or its
//! fields come as keys of their own; `filename` and `filetype`, which clients send by themselves, are told again and never
//! believed.

use crate::error::{Error, ErrorKind, Result};
use crate::web::wire::SegmentMeta;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// The fields of `meta` that may be keys.
const FIELDS: [&str; 9] =
    ["title", "language", "class", "source", "valid_from", "valid_until", "campaign", "external_id", "music"];
/// What clients say of the file.
const OF_THE_FILE: [&str; 6] = ["filename", "filetype", "name", "type", "relativePath", "size"];
const LONGEST: usize = 16 * 1024;

/// What is said of a segment.
///
/// # Errors
/// `bad_metadata` when it cannot be read; what it says is checked as of `POST /segments`.
pub(super) fn read(said: &str) -> Result<SegmentMeta> {
    if said.len() > LONGEST {
        return Err(Error::new(
            ErrorKind::TooLarge,
            "too_large",
            "Upload-Metadata is over 16 KiB; send less",
        ));
    }
    let mut fields = Map::new();
    let mut meta = None;
    for (key, value) in pairs(said)? {
        if OF_THE_FILE.contains(&key) {
            continue;
        }
        if key == "meta" && meta.is_none() {
            meta = Some(value);
        } else if FIELDS.contains(&key) && !fields.contains_key(key) {
            fields.insert(key.to_owned(), one(key, value));
        } else {
            return Err(Error::unacceptable(
                "unknown_field",
                format!(
                    "Upload-Metadata: {key:?} is not expected (or came twice); send meta (JSON), or {}",
                    FIELDS.join(", ")
                ),
            ));
        }
    }
    match meta {
        Some(_) if !fields.is_empty() => Err(Error::unacceptable(
            "unknown_field",
            "Upload-Metadata has meta and single fields; send one of the two",
        )),
        Some(meta) => crate::web::read(meta.as_bytes()),
        None if !fields.contains_key("title") => Err(Error::unacceptable(
            "bad_field",
            "Upload-Metadata has no title; send title, or meta (JSON with at least a title)",
        )
        .vi("Chưa có tiêu đề cho bản ghi. Hãy nhập tiêu đề rồi tải lên.")),
        None => crate::web::read(Value::Object(fields).to_string().as_bytes()),
    }
}

/// The file's name, as it was said.
pub(super) fn filename(said: &str) -> Option<String> {
    let pairs = pairs(said).unwrap_or_default();
    pairs.into_iter().find(|(key, _)| matches!(*key, "filename" | "name")).map(|(_, value)| value)
}

/// A single field: words, but for `music`; nothing where nothing was said.
fn one(key: &str, value: String) -> Value {
    match (key, value.as_str()) {
        ("music", "true") => Value::Bool(true),
        ("music", "false" | "") => Value::Bool(false),
        ("title", _) => Value::String(value),
        (_, "") => Value::Null,
        _ => Value::String(value),
    }
}

fn pairs(said: &str) -> Result<Vec<(&str, String)>> {
    let bad = |what: &str| {
        Error::new(
            ErrorKind::Malformed,
            "bad_metadata",
            format!(
                "Upload-Metadata cannot be read ({what}); write a key, a blank and its value in base64 of UTF-8, separated by commas"
            ),
        )
    };
    let mut pairs = Vec::new();
    for pair in said.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).map_err(|_| bad("no base64"))?;
        pairs.push((key, String::from_utf8(value).map_err(|_| bad("no UTF-8"))?));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loaxa_schedules::Class;

    fn said(pairs: &[(&str, &str)]) -> String {
        let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
        pairs.collect::<Vec<_>>().join(",")
    }

    fn check(pairs: &[(&str, &str)], code: &str) {
        assert_eq!(read(&said(pairs)).unwrap_err().code, code, "{pairs:?}");
    }

    #[test]
    fn the_fields_come_in_one_key_or_each_in_its_own() {
        let meta = r#"{"title":"Tin chiều","language":"tyz","class":"priority","music":true,"valid_until":"2026-12-31"}"#;
        let whole = read(&said(&[("filename", "a.mp3"), ("meta", meta)])).unwrap();
        let single = [
            ("title", "Tin chiều"),
            ("filetype", "audio/mpeg"),
            ("language", "tyz"),
            ("class", "priority"),
            ("music", "true"),
            ("valid_until", "2026-12-31"),
            ("source", ""),
        ];
        let single = read(&said(&single)).unwrap();
        assert_eq!(format!("{whole:?}"), format!("{single:?}"));
        assert_eq!((whole.class, whole.music, whole.source), (Some(Class::Priority), true, None));
    }

    #[test]
    fn what_cannot_be_read_or_is_not_expected_is_named() {
        check(&[], "bad_field");
        check(&[("filename", "a.mp3")], "bad_field");
        check(&[("title", "a"), ("colour", "red")], "unknown_field");
        check(&[("title", "a"), ("title", "b")], "unknown_field");
        check(&[("title", "a"), ("meta", r#"{"title":"a"}"#)], "unknown_field");
        check(&[("meta", r#"{"title":"a","colour":1}"#)], "unknown_field");
        check(&[("meta", "title")], "bad_json");
        check(&[("title", "a"), ("class", "loud")], "bad_field");
        check(&[("title", "a"), ("music", "yes")], "bad_field");
        for bad in ["title ###", "title /w=="] {
            assert_eq!(read(bad).unwrap_err().code, "bad_metadata", "{bad}");
        }
        assert_eq!(read(&"x".repeat(20_000)).unwrap_err().kind, ErrorKind::TooLarge);
    }

    #[test]
    fn the_file_s_name_is_told_again() {
        assert_eq!(
            filename(&said(&[("title", "a"), ("filename", "bản tin.m4a")])).as_deref(),
            Some("bản tin.m4a")
        );
        assert_eq!(filename("title ###"), None);
    }
}
