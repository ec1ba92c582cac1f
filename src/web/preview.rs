//! `POST /plan/preview`: what a draft would do to the air, before anybody keeps it.

use super::plan::Range;
use super::resources::Resource;
use super::{App, body, instant, json, problem, read, respond, wire, with, work};
use crate::error::{Error, ErrorKind, Result};
use crate::planning::{self, Notice};
use loaxa_schedules::{Campaign, Holiday, Programme, Snapshot, Window, Zone};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// Days that are looked at when nobody says how many.
const DAYS: i32 = 14;
/// What a draft is refused for whose times cannot be read.
const UNREADABLE: &str = "bad_cron";

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("plan")
        .and(warp::path("preview"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(body())
        .then(|app, body| respond(preview(app, body)))
        .boxed()
}

/// A draft as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preview {
    kind: Kind,
    /// As in the POST of its kind; with `id`, in place of the object that has it.
    draft: Map<String, Value>,
    /// Whether that object would go instead.
    #[serde(default)]
    delete: bool,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Programme,
    Campaign,
    Window,
    Holiday,
    Zone,
}

async fn preview(app: Arc<App>, body: bytes::Bytes) -> Result<Response> {
    let asked: Preview = read(&body)?;
    let now = app.clock.now().wall;
    let time = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| instant(name, text, &app.timezone)).transpose()
    };
    // what has passed today will not be heard anew
    let from = time("from", &asked.from)?.unwrap_or(now);
    let range = Range::of(&app, now, Some(from), time("to", &asked.to)?, DAYS)?;
    let answer = work(&app, move |app| {
        let before = planning::snapshot(&app.store, &app.site, now)?;
        let changed = match asked.kind {
            Kind::Programme => change::<Programme>(app, &before, asked),
            Kind::Campaign => change::<Campaign>(app, &before, asked),
            Kind::Window => change::<Window>(app, &before, asked),
            Kind::Holiday => change::<Holiday>(app, &before, asked),
            Kind::Zone => change::<Zone>(app, &before, asked),
        }?;
        tell(app, &range, &before, &changed)
    })
    .await?;
    json(StatusCode::OK, &answer)
}

/// What would be kept, and what saving it would answer. A draft that cannot even be read changes nothing.
struct Changed {
    after: Option<Snapshot>,
    problem: Option<Error>,
    notices: Vec<Notice>,
}

fn change<T: Resource>(app: &App, before: &Snapshot, mut asked: Preview) -> Result<Changed> {
    let named = match asked.draft.remove("id") {
        None | Some(Value::Null) => None,
        Some(id) => {
            let text = id.as_str().unwrap_or_default();
            let id: Uuid = text.parse().map_err(|_| Error::not_found(T::KIND.as_str(), text))?;
            Some(app.store.document::<T>(id)?.value.id())
        }
    };
    if asked.delete {
        let id = named.ok_or_else(|| {
            Error::new(
                ErrorKind::Unacceptable,
                "bad_field",
                "delete needs the id of the object that would go, in draft",
            )
        })?;
        let after = planning::without::<T>(before.clone(), id);
        return Ok(Changed { after: Some(after), problem: T::may_go(id, app).err(), notices: Vec::new() });
    }
    let id = named.unwrap_or_else(|| crate::ids::new_id(app.clock.now().wall));
    let draft = match T::draft(id, Value::Object(asked.draft).to_string().as_bytes()) {
        Ok(draft) => draft,
        Err(problem) => return Ok(Changed { after: None, problem: Some(problem), notices: Vec::new() }),
    };
    let (value, problem, notices) = match draft.clone().check(app) {
        Ok((value, notices)) => (value, None, notices),
        Err(error) if error.kind == ErrorKind::Internal => return Err(error),
        // nobody knows what it would air: to plan without it would show all of it going
        Err(error) if error.code == UNREADABLE => {
            return Ok(Changed { after: None, problem: Some(error), notices: Vec::new() });
        }
        Err(error) => (draft, Some(error), Vec::new()),
    };
    let after = planning::with(&app.store, before.clone(), value)?;
    Ok(Changed { after: Some(after), problem, notices })
}

fn tell(app: &App, range: &Range, before: &Snapshot, changed: &Changed) -> Result<Value> {
    let found = match &changed.after {
        Some(after) => range.difference(before, after)?,
        None => Default::default(),
    };
    let timezone = &app.timezone;
    let slots = |slots: &[loaxa_schedules::Slot]| -> Vec<Value> {
        slots.iter().map(|slot| wire::slot(slot, timezone)).collect()
    };
    let displaced = found.displaced.iter().map(|(refusal, was)| {
        let mut value = wire::refusal(refusal, timezone);
        value["was_planned"] = json!(was.as_ref().map(|slot| wire::local(slot.start, timezone)));
        value
    });
    Ok(json!({
        "from": wire::local(range.from, timezone),
        "to": wire::local(range.to, timezone),
        "appears": slots(&found.appears),
        "disappears": slots(&found.disappears),
        "moves": found.moves.iter().map(|it| wire::moved(it, timezone)).collect::<Vec<_>>(),
        "displaced": displaced.collect::<Vec<_>>(),
        "problem": changed.problem.as_ref().map(problem::body),
        "warnings": changed.notices,
    }))
}
