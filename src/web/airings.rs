//! `GET /airings`: what became of every slot; as a page of JSON, or whole as CSV, NDJSON or a sheet.

use super::reports::{Form, ONE_SHEET, SHEET, tongue};
use super::wire;
use super::{App, Query, json, query, respond, with, work};
use crate::airing_log::export::csv_field;
use crate::error::{Error, ErrorKind, Result};
use crate::report::{self, Tongue};
use crate::store::{Airing, AiringFilter, Removed};
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Rows read at a time while the whole log is streamed.
const PAGE: u32 = 500;
/// Bytes of a sheet sent at a time.
const PIECE: usize = 64 << 10;
/// Says of a stream up to which `seq` it lacks what the rule of retention removed.
const REMOVED: &str = "loaxa-removed-seq";
const OUTCOMES: [&str; 6] = ["aired", "partial", "missed", "suppressed", "preempted", "failed"];

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("airings")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .and(warp::header::optional::<String>("accept"))
        .then(|app, query, accept| respond(airings(app, query, accept)))
        .boxed()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Csv,
    Ndjson,
}

async fn airings(app: Arc<App>, query: Query, accept: Option<String>) -> Result<Response> {
    query.only(&[
        "from",
        "to",
        "outcome",
        "campaign",
        "segment",
        "programme",
        "language",
        "after_seq",
        "order",
        "limit",
        "cursor",
        "format",
        "lang",
    ])?;
    let among = [("json", Form::Json), ("csv", Form::Csv), ("ndjson", Form::Ndjson), ("xlsx", Form::Sheet)];
    let form = Form::of(&query, accept.as_deref(), &among)?;
    let tongue = tongue(&query)?;
    let outcome = query.get("outcome").map(str::to_owned);
    if let Some(outcome) = &outcome
        && !OUTCOMES.contains(&outcome.as_str())
    {
        return Err(Error::new(
            ErrorKind::Malformed,
            "bad_parameter",
            format!("outcome={outcome:?} is none; write {}", OUTCOMES.join(", ")),
        ));
    }
    let after = query.parse::<i64>("after_seq", "the seq of the last row that you have")?;
    let cursor = query.parse::<i64>("cursor", "the next of the page before")?;
    let limit = query.limit()?;
    let newest_first = query.newest_first()?;
    let filter = AiringFilter {
        from: query.instant("from", &app.timezone)?,
        to: query.instant("to", &app.timezone)?,
        outcome,
        segment: query.get("segment").map(str::to_owned),
        programme: query.get("programme").map(str::to_owned),
        campaign: query.get("campaign").map(str::to_owned),
        language: query.get("language").map(str::to_owned),
        after_seq: if newest_first { after } else { cursor.or(after) }.unwrap_or(0),
        before_seq: newest_first.then(|| cursor.unwrap_or(i64::MAX)),
        limit: limit + 1,
    };
    let shape = match form {
        Form::Csv => Some(Shape::Csv),
        Form::Ndjson => Some(Shape::Ndjson),
        Form::Sheet => return sheet(app, filter, tongue).await,
        Form::Json | Form::Page => None,
    };
    let wanted = filter.clone();
    if let Some(shape) = shape {
        let removed = work(&app, move |app| gone(app, &wanted)).await?;
        let mut response = stream(app, filter, shape)?;
        if let Some(removed) = removed {
            response.headers_mut().insert(REMOVED, HeaderValue::from(removed.seq));
        }
        return Ok(response);
    }
    let (mut found, removed) = work(&app, move |app| read(app, &wanted)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|airing| airing.seq.to_string());
    let items: Vec<Value> = found.iter().map(|airing| wire::airing(airing, &app.timezone)).collect();
    let removed = removed.map(|removed| wire::removed(&removed, &app.timezone));
    json(StatusCode::OK, &serde_json::json!({ "items": items, "next": next, "removed": removed }))
}

/// A page, and what of it is gone by the rule of retention, where the filter asks for such.
fn read(app: &App, filter: &AiringFilter) -> Result<(Vec<Airing>, Option<Removed>)> {
    let airings = app.store.airings(filter)?;
    // read behind the page: a removal in between must not go unsaid
    Ok((airings, gone(app, filter)?))
}

fn gone(app: &App, filter: &AiringFilter) -> Result<Option<Removed>> {
    let asked_for = |removed: &Removed| {
        filter.after_seq < removed.seq && filter.from.is_none_or(|from| from <= removed.until)
    };
    Ok(app.store.removed()?.filter(asked_for))
}

/// Everything that matches, a page at a time, so that years of log never lie in memory.
fn stream(app: Arc<App>, filter: AiringFilter, shape: Shape) -> Result<Response> {
    let first = match shape {
        Shape::Csv => wire::AIRING_COLUMNS.join(",") + "\r\n",
        Shape::Ndjson => String::new(),
    };
    let state = Some((app, filter, first));
    let pages = futures_util::stream::unfold(state, move |state| async move {
        let (app, mut filter, mut text) = state?;
        filter.limit = PAGE;
        let wanted = filter.clone();
        let (page, removed) = match work(&app, move |app| read(app, &wanted)).await {
            Ok(page) => page,
            Err(error) => return Some((Err(error), None)),
        };
        let begins = filter.before_seq.is_none_or(|before| before == i64::MAX);
        if let Some(removed) = removed.filter(|_| shape == Shape::Ndjson && begins) {
            let line = serde_json::json!({ "removed": wire::removed(&removed, &app.timezone) });
            text.push_str(&line.to_string());
            text.push('\n');
        }
        for airing in &page {
            let value = wire::airing(airing, &app.timezone);
            match shape {
                Shape::Csv => text.push_str(&csv_line(&value)),
                Shape::Ndjson => {
                    text.push_str(&value.to_string());
                    text.push('\n');
                }
            }
        }
        let rest = page.last().filter(|_| page.len() == PAGE as usize).map(|last| {
            match &mut filter.before_seq {
                Some(before) => *before = last.seq,
                None => filter.after_seq = last.seq,
            }
            (app, filter, String::new())
        });
        Some((Ok(Bytes::from(text)), rest))
    });
    let mut response = warp::reply::Reply::into_response(warp::reply::stream(pages));
    let (kind, disposition) = match shape {
        Shape::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"airings.csv\""),
        Shape::Ndjson => ("application/x-ndjson", "attachment; filename=\"airings.ndjson\""),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    Ok(response)
}

/// Everything that matches as a sheet. It is made in a file without a name, so that years of log never lie in memory.
async fn sheet(app: Arc<App>, filter: AiringFilter, tongue: Tongue) -> Result<Response> {
    let turn = app.turns.take(ONE_SHEET).await;
    let file = work(&app, move |app| {
        let _turn = turn;
        let folders = app.intake.folders();
        let sheet = report::airings(&app.store, filter, tongue, &app.timezone, &folders.incoming)?;
        let failed = |error: std::io::Error| Error::io("the sheet", &error);
        let name = crate::ids::hex(&crate::ids::random::<16>()?);
        let path = folders.incoming(&format!("{name}.xlsx"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.and_then(|file| std::fs::remove_file(&path).map(|()| file));
        let mut file = file.map_err(failed)?;
        sheet.write(&mut file)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(file)
    })
    .await?;
    let pieces = futures_util::stream::unfold(Some(tokio::fs::File::from_std(file)), |file| async move {
        let mut file = file?;
        let mut piece = BytesMut::with_capacity(PIECE);
        match file.read_buf(&mut piece).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(piece.freeze()), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    });
    let mut response = warp::reply::Reply::into_response(warp::reply::stream(pieces));
    let disposition = HeaderValue::from_static("attachment; filename=\"airings.xlsx\"");
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(SHEET));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

fn csv_line(airing: &Value) -> String {
    let value = |column: &str| match column {
        "trim_start" => &airing["trim"]["start"],
        "trim_end" => &airing["trim"]["end"],
        other => &airing[other],
    };
    let fields = wire::AIRING_COLUMNS.iter().map(|column| match value(column) {
        Value::Null => String::new(),
        Value::String(text) => csv_field(text),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            csv_field(&items.join(" "))
        }
        other => other.to_string(),
    });
    fields.collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_every_column_in_its_order() {
        let described = include_str!("openapi.json");
        let header = format!("header line: {}. ", wire::AIRING_COLUMNS.join(","));
        assert!(described.contains(&header), "{header}");
    }

    #[test]
    fn a_part_has_two_columns_and_all_of_it_none() {
        let line = |trim: Value| csv_line(&serde_json::json!({ "seq": 7, "trim": trim }));
        let empty = ",".repeat(wire::AIRING_COLUMNS.len() - 3);
        assert_eq!(line(Value::Null), format!("7{empty},,\r\n"));
        assert_eq!(
            line(serde_json::json!({ "start": 1.234, "end": 58.0 })),
            format!("7{empty},1.234,58.0\r\n")
        );
    }
}
