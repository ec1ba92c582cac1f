//! `/metrics`: the station in numbers, as Prometheus reads them (text format 0.0.4).

use super::{App, respond, with, work};
use crate::amplifier::Trouble;
use crate::error::Result;
use loaxa_firmware_bridge::Reading;
use std::fmt::{Display, Write};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, header};
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("metrics")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|app| respond(metrics(app)))
        .boxed()
}

async fn metrics(app: Arc<App>) -> Result<Response> {
    let text = work(&app, |app| Ok(told(app))).await?;
    let mut response = Response::new(text.into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// The text, a family after the other.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {}\n# TYPE {name} {kind}", help.replace('\\', "\\\\"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<String> =
            labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        let _ = match labels.is_empty() {
            true => writeln!(self.0, "{name} {value}"),
            false => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")),
        };
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// Nothing is said of what is not known.
    fn known(&mut self, name: &str, help: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.gauge(name, help, value);
        }
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }
}

fn told(app: &App) -> String {
    let (now, air) = (app.clock.now(), app.playout.status());
    let mut page = Page::default();
    page.family("loaxa_info", "gauge", "The program that runs here.");
    page.sample("loaxa_info", &[("version", app.about.version), ("amplifier", air.driver)], 1);
    page.gauge("loaxa_clock_trusted", "1 while the wall clock can be believed.", u8::from(now.trusted));
    let seconds = now.wall.as_millisecond() as f64 / 1000.0;
    page.gauge("loaxa_clock_wall_seconds", "The station's wall clock, seconds since 1970.", seconds);
    page.gauge(
        "loaxa_playout_turns",
        "1 while the playout's loop turns.",
        u8::from(app.playout.alive(now.mono)),
    );
    page.gauge("loaxa_on_air", "1 while something sounds.", u8::from(air.on_air.is_some()));
    let stopped = air.view.as_ref().is_some_and(|view| view.stopped.is_some());
    page.gauge("loaxa_stopped", "1 while somebody holds the station silent.", u8::from(stopped));
    page.known("loaxa_output_level_dbfs", "Level of what leaves, in dB of full scale.", air.level_dbfs);
    page.gauge("loaxa_output_fault", "1 while the output is lost.", u8::from(air.output_fault.is_some()));
    amplifier(&mut page, &air);
    let preparation = app.preparing.summary();
    page.family("loaxa_preparation_recordings", "gauge", "Planned recordings, by how ready they are.");
    for (state, count) in
        [("ready", preparation.ready), ("waiting", preparation.waiting), ("failed", preparation.failed.len())]
    {
        page.sample("loaxa_preparation_recordings", &[("state", state)], count);
    }
    let left = app.preparing.shelf().space().left().ok().map(|bytes| bytes as f64);
    page.known("loaxa_storage_left_bytes", "Room for sound beyond the airing log's reserve.", left);
    log(&mut page, app);
    page.0
}

fn log(page: &mut Page, app: &App) {
    if let Ok(Some((row, at))) = app.store.first_kept() {
        page.gauge("loaxa_log_first_row", "First row of the airing log that is kept.", row);
        let since = at.as_second();
        page.gauge("loaxa_log_kept_since_seconds", "When that row was written, seconds since 1970.", since);
    }
    if let Ok((row, _)) = app.store.log_head() {
        page.gauge("loaxa_log_last_row", "Last row of the airing log.", row);
    }
    if let Ok(rows) = app.store.rows_to_delete() {
        let help = "Rows that retention removed and that are being deleted.";
        page.gauge("loaxa_log_rows_to_delete", help, rows);
    }
    let waits = u8::from(app.keeping.waits().is_some());
    page.gauge(
        "loaxa_log_retention_waits",
        "1 while what is old in the airing log cannot be removed.",
        waits,
    );
}

fn amplifier(page: &mut Page, air: &crate::playout_loop::AirStatus) {
    let seen = &air.amplifier;
    page.family("loaxa_amplifier_fault", "gauge", "1 while this is wrong with the amplifier.");
    for trouble in Trouble::all() {
        let code = trouble.code();
        let is = seen.faults.iter().any(|fault| fault.code == code);
        page.sample("loaxa_amplifier_fault", &[("code", code)], u8::from(is));
    }
    if let Some((status, _)) = &seen.read {
        let flag = |read: Option<Reading>| read.and_then(Reading::value).map(|is| f64::from(u8::from(is)));
        let power = status.power.value().map(|on| f64::from(u8::from(on)));
        let sound = status.muted.value().map(|muted| f64::from(u8::from(!muted)));
        page.known("loaxa_amplifier_power", "1 while its power reads on.", power);
        page.known("loaxa_amplifier_sound", "1 while it reads as letting sound through.", sound);
        if !status.zones.is_empty() {
            page.family("loaxa_amplifier_zone", "gauge", "1 while the relay of this zone reads on.");
            for (zone, on) in &status.zones {
                if let Some(on) = on.value() {
                    page.sample("loaxa_amplifier_zone", &[("zone", zone)], u8::from(on));
                }
            }
        }
        let signals = &status.signals;
        page.known("loaxa_amplifier_stop", "1 while STOP is pressed at the station.", flag(signals.stop));
        page.known("loaxa_amplifier_mains", "1 while there is mains voltage.", flag(signals.mains));
        page.known(
            "loaxa_amplifier_ready",
            "1 while its own contact says that it works.",
            flag(signals.ready),
        );
        let temperature = signals.temperature.and_then(Reading::value).map(|tenths| f64::from(tenths) / 10.0);
        page.known("loaxa_amplifier_temperature_celsius", "Temperature.", temperature);
        let supply = signals.supply.and_then(Reading::value).map(|milli| f64::from(milli) / 1000.0);
        page.known("loaxa_amplifier_supply_volts", "Supply of its controller.", supply);
    }
    if air.driver == "none" {
        return;
    }
    let line = &seen.about.line;
    page.counter("loaxa_amplifier_exchanges_total", "Exchanges that were begun.", line.exchanges);
    page.counter("loaxa_amplifier_no_answer_total", "Exchanges without an answer in time.", line.no_answer);
    page.counter("loaxa_amplifier_garbled_total", "Frames with a wrong check sum, or none.", line.garbled);
    page.counter("loaxa_amplifier_refused_total", "Answers that refused (exceptions).", line.refused);
    page.counter("loaxa_amplifier_foreign_total", "Answers to something else.", line.foreign);
    page.counter("loaxa_amplifier_repeated_total", "Exchanges that were repeated.", line.repeated);
    page.counter("loaxa_amplifier_reopened_total", "How often the line was opened anew.", line.reopened);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.family("a", "gauge", "b\\c");
        page.sample("a", &[("zone", "Thôn \"1\"\\\n")], 1);
        assert_eq!(page.0, "# HELP a b\\\\c\n# TYPE a gauge\na{zone=\"Thôn \\\"1\\\"\\\\\\n\"} 1\n");
    }
}
