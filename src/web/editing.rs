//! What people see of a segment, checked when it is pushed and when it is changed.

use super::wire::{self, SegmentMeta};
use super::{App, changed_segment, if_match, object, read, work};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::store::NewSegment;
use bytes::Bytes;
use loaxa_schedules::{Bound, Class, SegmentId};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;
use warp::http::StatusCode;
use warp::reply::Response;

/// What is to be changed: what is not named stays, what is null goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentChange {
    title: Option<String>,
    language: Option<String>,
    class: Option<Class>,
    music: Option<bool>,
    #[serde(default, deserialize_with = "named")]
    source: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    valid_from: Option<Option<Bound>>,
    #[serde(default, deserialize_with = "named")]
    valid_until: Option<Option<Bound>>,
}

/// Tells what is null from what is not there.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl SegmentChange {
    /// What becomes of a segment by it.
    fn of(self, before: &NewSegment) -> Result<NewSegment> {
        let words = SegmentMeta {
            title: self.title.unwrap_or_else(|| before.title.clone()),
            language: self.language.or_else(|| Some(before.language.clone())),
            class: self.class.or(Some(before.class)),
            source: self.source.unwrap_or_else(|| before.source.clone()),
            valid_from: self.valid_from.unwrap_or_else(|| before.valid_from.clone()),
            valid_until: self.valid_until.unwrap_or_else(|| before.valid_until.clone()),
            campaign: before.campaign.clone(),
            external_id: before.external_id.clone(),
            music: self.music.unwrap_or(before.music),
        };
        described(before.id, words, before.sha256.clone(), before.bytes)
    }
}

/// `PATCH /segments/{id}`.
pub(super) async fn edit(
    app: Arc<App>,
    caller: Caller,
    id: SegmentId,
    tag: Option<String>,
    body: Bytes,
) -> Result<Response> {
    let change: SegmentChange = read(&body)?;
    let (before, record) = work(&app, move |app| {
        let before = app.store.segment(id)?;
        let version = if_match(tag.as_deref())?;
        let at = app.clock.now().wall;
        let record = app.store.edit_segment(id, version, (&caller.id, at), |before| change.of(before))?;
        Ok((before, record))
    })
    .await?;
    if record.version != before.version {
        tracing::info!(segment = %id, state = record.standing.as_str(), "a segment was changed");
        changed_segment(&app, &record);
    }
    object(StatusCode::OK, record.version, &wire::segment(&record, &app.timezone))
}

/// A segment by what was said of it.
pub(super) fn described(id: SegmentId, meta: SegmentMeta, sha256: String, bytes: u64) -> Result<NewSegment> {
    let language = meta.language.unwrap_or_else(|| "vi".to_owned());
    let plausible = (2..=35).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plausible {
        return Err(Error::unacceptable(
            "bad_language",
            format!("language {language:?} is no BCP 47 tag; write vi, en, tyz, hmn, …"),
        ));
    }
    for text in [&meta.source, &meta.campaign, &meta.external_id].into_iter().flatten() {
        if text.chars().count() > 200 {
            return Err(Error::unacceptable(
                "bad_field",
                "source, campaign and external_id have at most 200 characters each",
            ));
        }
    }
    Ok(NewSegment {
        id,
        sha256,
        bytes,
        title: wire::name("segment", meta.title)?,
        language,
        class: meta.class.unwrap_or(Class::Normal),
        music: meta.music,
        source: meta.source,
        valid_from: meta.valid_from,
        valid_until: meta.valid_until,
        campaign: meta.campaign,
        external_id: meta.external_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed() -> NewSegment {
        NewSegment {
            id: SegmentId(uuid::Uuid::from_u128(1)),
            sha256: "aa".to_owned(),
            bytes: 1,
            title: "Tin".to_owned(),
            language: "vi".to_owned(),
            class: Class::Normal,
            music: false,
            source: Some("xã".to_owned()),
            valid_from: None,
            valid_until: Some("2026-12-31".parse().unwrap()),
            campaign: Some("c".to_owned()),
            external_id: Some("7".to_owned()),
        }
    }

    fn change(body: &str) -> std::result::Result<NewSegment, String> {
        read::<SegmentChange>(body.as_bytes())
            .and_then(|change| change.of(&pushed()))
            .map_err(|error| error.code.to_string())
    }

    #[test]
    fn what_is_not_named_stays_and_what_is_null_goes() {
        let same = |a: &NewSegment, b: &NewSegment| format!("{a:?}") == format!("{b:?}");
        assert!(same(&change("{}").unwrap(), &pushed()));
        let gone = change(r#"{"valid_until":null,"source":null,"title":" Tin mới "}"#).unwrap();
        let wanted =
            NewSegment { valid_until: None, source: None, title: "Tin mới".to_owned(), ..pushed() };
        assert!(same(&gone, &wanted), "{gone:?}");
    }

    #[test]
    fn it_is_checked_as_when_it_is_pushed() {
        for (body, code) in [
            (r#"{"title":""}"#, "bad_name"),
            (r#"{"language":"tiếng Việt"}"#, "bad_language"),
            (r#"{"class":"urgent"}"#, "bad_field"),
            (r#"{"valid_until":"mai"}"#, "bad_field"),
            (r#"{"sha256":"bb"}"#, "unknown_field"),
            (r#"{"campaign":"other"}"#, "unknown_field"),
        ] {
            assert_eq!(change(body).unwrap_err(), code, "{body}");
        }
        let long = format!(r#"{{"source":"{}"}}"#, "x".repeat(201));
        assert_eq!(change(&long).unwrap_err(), "bad_field");
    }
}
