//! `GET /campaigns/{id}/account`: what a campaign owes, has had, is planned to have and can still have.

use super::{App, json, respond, wire, with, work};
use crate::error::{Error, Result};
use crate::planning;
use loaxa_schedules::{CampaignId, PhaseAccount, account};
use serde_json::{Value, json};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("campaigns")
        .and(warp::path::param::<String>())
        .and(warp::path("account"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|id, app| respond(tell(app, id)))
        .boxed()
}

async fn tell(app: Arc<App>, id: String) -> Result<Response> {
    let id: CampaignId = id.parse().map_err(|_| Error::not_found("campaign", &id))?;
    let value = work(&app, move |app| {
        let now = app.clock.now().wall;
        let snapshot = planning::snapshot_for(&app.store, &app.site, now, id)?;
        let account = account(&snapshot, id).ok_or_else(|| Error::not_found("campaign", id))?;
        Ok(json!({
            "campaign": account.campaign,
            "name": account.name,
            "as_of": wire::local(now, &app.timezone),
            "phases": account.phases.iter().map(phase).collect::<Vec<_>>(),
        }))
    })
    .await?;
    json(StatusCode::OK, &value)
}

fn phase(it: &PhaseAccount) -> Value {
    json!({
        "name": it.name,
        "from": it.from,
        "to": it.to,
        "owed": it.owed,
        "owed_so_far": it.owed_so_far,
        "aired": it.aired,
        "made_good": it.made_good,
        "lost": it.lost,
        "planned": it.planned,
        "planned_make_goods": it.planned_make_goods,
        "short": it.short,
        "still_possible": it.still_possible,
        "seconds_aired": wire::seconds(it.time_aired),
        "seconds_planned": wire::seconds(it.time_planned),
    })
}
