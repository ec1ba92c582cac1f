//! What people see of a segment, checked when it is pushed and when it is changed.

use super::wire::{self, SegmentMeta};
use super::{App, changed_segment, if_match, object, read, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{NewSegment, PreparedSound, SegmentRecord, require_editable};
use bytes::Bytes;
use jiff::SignedDuration;
use loaxa_schedules::{Bound, Class, SegmentId, Trim};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;
use warp::http::StatusCode;
use warp::reply::Response;

/// What is to be changed: what is not named stays, what is null goes.
#[derive(Debug, Clone, Deserialize)]
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
    #[serde(default, deserialize_with = "named")]
    trim: Option<Option<TrimBody>>,
}

/// The part of the original that is to be heard, in seconds from its beginning; to the millisecond.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrimBody {
    start: f64,
    /// The first that is heard no more.
    end: f64,
}

/// So much must be left, in milliseconds: less is a slip of the finger.
const LEAST_MS: u64 = 1000;

impl TrimBody {
    /// The part of an original of this length; None where that is all of it.
    fn part(self, length: SignedDuration) -> Result<Option<Trim>> {
        let length_ms = u64::try_from(length.as_nanos().max(0).div_euclid(1_000_000)).unwrap_or(u64::MAX);
        // the page knows the length rounded to a millisecond
        let rounded_ms = length_ms.saturating_add(1);
        let seconds = length_ms as f64 / 1000.0;
        let ms = |at: f64| (at * 1000.0).round();
        let (start, end) = (ms(self.start), ms(self.end));
        if !(start >= 0.0 && start < end && end <= rounded_ms as f64) {
            return Err(Error::unacceptable(
                "trim_outside",
                format!("trim from {} s to {} s does not lie in the recording; write 0 ≤ start < end ≤ {seconds} s", self.start, self.end),
            )
            .vi(format!(
                "Phần giữ lại phải nằm trong bản ghi: bắt đầu trước khi kết thúc, từ 0 đến {} giây.",
                seconds.to_string().replace('.', ",")
            )));
        }
        // both are whole, not negative, and no more than a length in milliseconds
        let (start_ms, end_ms) = (start as u64, end as u64);
        if start_ms == 0 && end_ms >= length_ms {
            return Ok(None);
        }
        if end_ms - start_ms < LEAST_MS {
            return Err(Error::unacceptable(
                "trim_too_short",
                "at least one second of the recording must be left; move start and end apart",
            )
            .vi("Phần giữ lại phải dài ít nhất một giây."));
        }
        Ok(Some(Trim { start_ms, end_ms }))
    }
}

/// Tells what is null from what is not there.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl SegmentChange {
    /// What becomes of a segment by it.
    fn of(self, record: &SegmentRecord) -> Result<NewSegment> {
        self.applied(&record.pushed, record.length().filter(|_| record.prepared.is_some()))
    }

    /// The same, of words and of the original's length where it is known.
    fn applied(self, before: &NewSegment, length: Option<SignedDuration>) -> Result<NewSegment> {
        let trim = match self.trim {
            None => before.trim,
            Some(wanted) => {
                let length = length.ok_or_else(|| not_prepared(&before.title))?;
                wanted.map(|wanted| wanted.part(length)).transpose()?.flatten()
            }
        };
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
        let segment = described(before.id, words, before.sha256.clone(), before.bytes)?;
        Ok(NewSegment { trim, spoken: before.spoken.clone(), ..segment })
    }
}

/// Nobody knows yet how long it is.
fn not_prepared(title: &str) -> Error {
    let detail = format!("segment {title:?} is still being looked at; trim it when it awaits approval");
    Error::new(ErrorKind::Conflict, "not_prepared", detail)
        .vi(format!("Bản ghi “{title}” chưa được xử lý xong; hãy cắt khi bản ghi đang chờ duyệt."))
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
    let asked = change.clone();
    let (before, new, version) = work(&app, move |app| {
        let before = app.store.segment(id)?;
        let version = if_match(tag.as_deref())?;
        require_editable(&before, version)?;
        let new = asked.of(&before)?;
        Ok((before, new, version))
    })
    .await?;
    let keep = {
        let app = Arc::clone(&app);
        move |sound: Option<&PreparedSound>| {
            let at = app.clock.now().wall;
            app.store.edit_segment(id, version, (&caller.id, at), sound, |before| change.of(before))
        }
    };
    let record = if new.trim == before.pushed.trim {
        work(&app, move |_| keep(None)).await?
    } else {
        app.intake.trim(before.clone(), new.trim, move |sound| keep(Some(sound))).await?
    };
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
        trim: None,
        spoken: None,
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
            trim: None,
            spoken: None,
        }
    }

    fn change(body: &str) -> std::result::Result<NewSegment, String> {
        read::<SegmentChange>(body.as_bytes())
            .and_then(|change| change.applied(&pushed(), Some(SignedDuration::from_millis(12_345))))
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
            (r#"{"trim":{"start":1}}"#, "bad_field"),
            (r#"{"trim":{"start":1,"end":2,"fade":3}}"#, "unknown_field"),
            (r#"{"trim":{"start":-0.1,"end":2}}"#, "trim_outside"),
            (r#"{"trim":{"start":3,"end":3}}"#, "trim_outside"),
            (r#"{"trim":{"start":5,"end":3}}"#, "trim_outside"),
            (r#"{"trim":{"start":5,"end":12.347}}"#, "trim_outside"),
            (r#"{"trim":{"start":1e300,"end":1e301}}"#, "trim_outside"),
            (r#"{"trim":{"start":5,"end":5.999}}"#, "trim_too_short"),
        ] {
            assert_eq!(change(body).unwrap_err(), code, "{body}");
        }
        let long = format!(r#"{{"source":"{}"}}"#, "x".repeat(201));
        assert_eq!(change(&long).unwrap_err(), "bad_field");
    }

    #[test]
    fn a_part_is_told_to_the_millisecond_and_all_of_it_is_no_part() {
        for (body, wanted) in [
            ("null", None),
            (r#"{"start":2.3,"end":9}"#, Some((2300, 9000))),
            (r#"{"start":0.0004,"end":1.0006}"#, Some((0, 1001))),
            (r#"{"start":0,"end":12.345}"#, None),
            (r#"{"start":0,"end":12.346}"#, None),
            (r#"{"start":1,"end":12.346}"#, Some((1000, 12_346))),
            (r#"{"start":0,"end":12.344}"#, Some((0, 12_344))),
        ] {
            let new = change(&format!(r#"{{"trim":{body}}}"#)).unwrap();
            assert_eq!(new.trim.map(|it| (it.start_ms, it.end_ms)), wanted, "{body}");
        }
    }

    #[test]
    fn what_is_not_prepared_yet_cannot_be_trimmed_and_keeps_its_trim() {
        let trim = Some(Trim { start_ms: 1, end_ms: 2000 });
        let before = NewSegment { trim, ..pushed() };
        let read = |body: &str| read::<SegmentChange>(body.as_bytes()).unwrap();
        assert_eq!(read(r#"{"title":"Tin"}"#).applied(&before, None).unwrap().trim, trim);
        let body = r#"{"trim":{"start":1,"end":3}}"#;
        assert_eq!(read(body).applied(&before, None).unwrap_err().code, "not_prepared");
    }
}
