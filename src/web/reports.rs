//! `GET /reports/airtime`: what was due, heard, missed and owed; as JSON, CSV, a sheet, or a page to print.

use super::{App, Query, json, query, respond, wire, with, work};
use crate::airing_log::export::csv_field;
use crate::error::{Error, ErrorKind, Result};
use crate::planning::Site;
use crate::report::{self, Airtime, By, Figure, Heading, Line, Period, STYLE, Sums, Tongue, Wanted};
use crate::store::Store;
use bytes::Bytes;
use jiff::tz::TimeZone;
use loaxa_schedules::{Unit, Units};
use serde_json::{Value, json as value};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Where the look of a printed report lies.
const STYLE_FILE: &str = "report.css";
/// The type of a sheet.
pub(super) const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// One sheet is made at a time: it takes the disk and a core.
pub(super) const ONE_SHEET: &str = "a sheet";

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("reports")
        .and(warp::path("airtime"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .and(warp::header::optional::<String>("accept"))
        .then(|app, query, accept| respond(airtime(app, query, accept)))
        .boxed()
}

/// The look of a printed report; it holds no data.
pub(super) fn style() -> BoxedFilter<(Response,)> {
    warp::path(STYLE_FILE)
        .and(warp::path::end())
        .and(warp::get())
        .map(|| answer("text/css; charset=utf-8", None, Bytes::from_static(STYLE.as_bytes())))
        .boxed()
}

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Csv,
    Sheet,
    Page,
    Ndjson,
}

impl Form {
    /// By the word in the query, else by `Accept`; JSON where neither says anything.
    pub(super) fn of(query: &Query, accept: Option<&str>, among: &[(&str, Form)]) -> Result<Form> {
        if let Some(word) = query.get("format") {
            return among.iter().find(|(known, _)| *known == word).map(|(_, form)| *form).ok_or_else(|| {
                let words: Vec<&str> = among.iter().map(|(word, _)| *word).collect();
                bad(format!("format={word:?} is none; write {}", words.join(", ")))
            });
        }
        let accept = accept.unwrap_or_default();
        let kinds = [
            ("spreadsheetml", Form::Sheet),
            ("text/csv", Form::Csv),
            ("ndjson", Form::Ndjson),
            ("text/html", Form::Page),
        ];
        let wanted = kinds.into_iter().filter(|(kind, _)| accept.contains(kind)).map(|(_, form)| form);
        let mut served = wanted.filter(|form| among.iter().any(|(_, known)| known == form));
        Ok(served.next().unwrap_or(Form::Json))
    }
}

/// The language that the query names.
pub(super) fn tongue(query: &Query) -> Result<Tongue> {
    match query.get("lang") {
        None | Some("vi") => Ok(Tongue::Vi),
        Some("en") => Ok(Tongue::En),
        Some(other) => Err(bad(format!("lang={other:?} is none; write vi or en"))),
    }
}

fn bad(detail: String) -> Error {
    Error::new(ErrorKind::Malformed, "bad_parameter", detail)
}

async fn airtime(app: Arc<App>, query: Query, accept: Option<String>) -> Result<Response> {
    query.only(&["from", "to", "by", "campaign", "language", "format", "lang", "place"])?;
    let among = [("json", Form::Json), ("csv", Form::Csv), ("xlsx", Form::Sheet), ("html", Form::Page)];
    let form = Form::of(&query, accept.as_deref(), &among)?;
    let (by, tongue) = (By::read(query.get("by"))?, tongue(&query)?);
    let now = app.clock.now().wall;
    let bounds = (query.instant("from", &app.timezone)?, query.instant("to", &app.timezone)?);
    let period = Period::of(bounds.0, bounds.1, now, &app.site)?;
    let named = |name: &str| query.get(name).map(str::to_owned);
    let wanted = Wanted { period, by, campaign: named("campaign"), language: named("language") };
    let place = query.get("place").map(|place| place.chars().take(100).collect::<String>());
    let turn = match form {
        Form::Sheet => Some(app.turns.take(ONE_SHEET).await),
        _ => None,
    };
    work(&app, move |app| {
        let _turn = turn;
        let report = Airtime::read(&app.store, &app.site, &wanted, now)?;
        let name = format!("airtime-{}-{}-{}", by.as_str(), period.first, period.last);
        Ok(match form {
            Form::Csv => answer(
                "text/csv; charset=utf-8",
                Some(&format!("{name}.csv")),
                csv(&report, &app.timezone).into(),
            ),
            Form::Sheet => {
                let sheet =
                    report::airtime_sheet(&report, tongue, &app.about.name, &app.intake.folders().incoming)?;
                let mut bytes = Vec::new();
                sheet.write(&mut bytes)?;
                answer(SHEET, Some(&format!("{name}.xlsx")), bytes.into())
            }
            Form::Page => {
                let heading = heading(&app.store, &app.site, &app.about.name, place, now)?;
                let page = report::form(&report, &heading, tongue, &format!("/{STYLE_FILE}"));
                answer("text/html; charset=utf-8", None, page.into())
            }
            Form::Json | Form::Ndjson => json(StatusCode::OK, &shown(&report, &app.timezone))?,
        })
    })
    .await
}

/// Whose report it is: the unit that the configuration names, as it is called on that day, and the one above it.
pub(crate) fn heading(
    store: &Store,
    site: &Site,
    station: &str,
    place: Option<String>,
    now: jiff::Timestamp,
) -> Result<Heading> {
    let day = crate::planning::day_of(now, &site.timezone);
    let units: Vec<Unit> = store.all_documents()?;
    let known = Units::new(&units);
    let own = known.with_code(&site.code, day);
    let above = own.and_then(|unit| unit.parent).and_then(|id| known.get(id));
    let unit = own.map_or_else(|| station.to_owned(), |unit| unit.name.clone());
    Ok(Heading {
        above: above.map(|unit| unit.name.clone()),
        place: place.unwrap_or_else(|| unit.clone()),
        unit,
        day,
    })
}

/// A report as it is shown.
pub(crate) fn shown(report: &Airtime, timezone: &TimeZone) -> Value {
    let items = report.lines.iter().map(|Line { key, label, sums: figures }| {
        let mut line = sums(figures);
        line["key"] = value!(key);
        line["name"] = value!(label.en);
        line["name_vi"] = value!(label.vi);
        line
    });
    value!({
        "from": wire::local(report.period.from, timezone),
        "to": wire::local(report.period.to, timezone),
        "first_day": report.period.first.to_string(),
        "last_day": report.period.last.to_string(),
        "made_at": wire::local(report.made, timezone),
        "by": report.by.as_str(),
        "items": items.collect::<Vec<_>>(),
        "total": sums(&report.total),
        "removed": report.removed.as_ref().map(|removed| wire::removed(removed, timezone)),
    })
}

fn sums(it: &Sums) -> Value {
    let figure = |it: Figure| value!({ "count": it.count, "seconds": wire::seconds(it.length) });
    let outcomes = report::airtime::OUTCOMES.iter().zip(&it.outcomes);
    let outcomes: serde_json::Map<String, Value> =
        outcomes.map(|(outcome, it)| (outcome.as_str().to_owned(), figure(*it))).collect();
    value!({
        "planned": figure(it.planned),
        "aired": figure(it.aired),
        "partly": figure(it.partly),
        "missed": figure(it.missed),
        "owed": it.owed.map(figure),
        "heard_seconds": wire::seconds(it.heard()),
        "unconfirmed": it.unconfirmed,
        "outcomes": outcomes,
    })
}

/// A report for programs that read tables: a row for each line, without the total. Where the rule of retention removed some of
/// it, every row says until when.
pub(crate) fn csv(report: &Airtime, timezone: &TimeZone) -> String {
    let removed = report.removed.as_ref().map(|removed| wire::local(removed.until, timezone).to_string());
    let mut text = String::from(
        "key,name,name_vi,planned_count,planned_seconds,aired_count,aired_seconds,partly_count,partly_seconds,\
         missed_count,missed_seconds,owed_count,owed_seconds,heard_seconds,unconfirmed,\
         removed_until\r\n",
    );
    for Line { key, label, sums } in &report.lines {
        let mut fields =
            vec![csv_field(key.as_deref().unwrap_or_default()), csv_field(&label.en), csv_field(&label.vi)];
        for figure in [Some(sums.planned), Some(sums.aired), Some(sums.partly), Some(sums.missed), sums.owed]
        {
            fields.push(figure.map(|it| it.count.to_string()).unwrap_or_default());
            fields.push(figure.map(|it| wire::seconds(it.length).to_string()).unwrap_or_default());
        }
        fields.extend([wire::seconds(sums.heard()).to_string(), sums.unconfirmed.to_string()]);
        fields.push(removed.clone().unwrap_or_default());
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// An answer of this type, as a file to keep where it has a name.
fn answer(kind: &'static str, file: Option<&str>, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(file) = file
        && let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\""))
    {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
