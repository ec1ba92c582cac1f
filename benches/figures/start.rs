//! From the start of the process until "ready", and what it holds when nothing airs.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::lab::{self, station::Station};
use crate::stations;
use crate::table::Table;

const SILENT: &str = "output = \"null\"";
const TIMES: usize = 10;
const IDLE: Duration = Duration::from_secs(30);

pub(crate) fn measure(table: &mut Table) {
    let folder = lab::folder();
    let first = Station::start(folder.path(), SILENT, None);
    table.add("start: on an empty folder, once", Some(milliseconds(first.ready_after)), "ms");
    first.stop();
    table.add("start: empty station", Some(again(folder.path())), "ms (median of 10)");
    idle(folder.path(), "empty", table);

    let folder = lab::folder();
    drop(stations::fill(&folder.path().join("data"), 1_000, 10_000));
    // the first start accounts for what passed while nobody aired
    Station::start(folder.path(), SILENT, None).stop();
    let name = "start: 1,000 segments, 10,000 airings";
    table.add(name, Some(again(folder.path())), "ms (median of 10)");
    idle(folder.path(), "1,000 segments", table);
    export(folder.path(), table);
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn again(folder: &Path) -> f64 {
    let times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let station = Station::start(folder, SILENT, None);
            let time = milliseconds(station.ready_after);
            station.stop();
            time
        })
        .collect();
    lab::median_and_worst(&times).0
}

fn idle(folder: &Path, name: &str, table: &mut Table) {
    let station = Station::start(folder, SILENT, None);
    std::thread::sleep(Duration::from_secs(5));
    let (before, begun) = (station.processor(), Instant::now());
    std::thread::sleep(IDLE);
    let spent = (station.processor() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    let (resident, proportional) = station.memory();
    table.add(format!("idle, {name}: resident"), Some(resident), "MiB");
    table.add(format!("idle, {name}: proportional"), Some(proportional), "MiB");
    table.add(format!("idle, {name}: processor"), Some(spent * 60e3), "ms a minute");
    table.add(format!("idle, {name}: threads"), Some(station.threads() as f64), "");
    table.add(format!("stop, {name}"), Some(milliseconds(station.stop())), "ms");
}

/// Export and verification of the whole chain.
fn export(folder: &Path, table: &mut Table) {
    let (data, file) = (folder.join("data"), folder.join("log.ndjson"));
    let run = |words: &[&str]| {
        let begun = Instant::now();
        let output = std::process::Command::new(lab::station::PROGRAM).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        (begun.elapsed(), output.stdout)
    };
    let (time, text) = run(&["log", "export", "--data", data.to_str().unwrap()]);
    let rows = text.iter().filter(|&&byte| byte == b'\n').count() as f64;
    std::fs::write(&file, &text).unwrap();
    table.add("log: export", Some(rows / time.as_secs_f64()), "rows a second");
    let (time, _) = run(&["log", "verify", file.to_str().unwrap()]);
    table.add("log: verification", Some(rows / time.as_secs_f64()), "rows a second");
}
