//! The airing log: rows a second that survive a power cut when this returns.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use loaxa::store::LogJob;

use crate::lab;
use crate::stations;
use crate::table::Table;

const FOR: Duration = Duration::from_secs(3);
const TOGETHER: usize = 100;

pub(crate) fn measure(table: &mut Table) {
    let folder = lab::folder();
    let store = stations::fill(&folder.path().join("data"), 100, 0);
    let now = Timestamp::now();
    let jobs = stations::history(&store, now, 20_000);
    let mut rest: &[LogJob] = &jobs;
    for (name, size) in [("one by one", 1), ("100 together", TOGETHER)] {
        let (begun, mut rows) = (Instant::now(), 0);
        while begun.elapsed() < FOR && rest.len() >= size {
            let (batch, later) = rest.split_at(size);
            store.log(now, batch).unwrap();
            rows += size;
            rest = later;
        }
        let speed = rows as f64 / begun.elapsed().as_secs_f64();
        table.add(format!("log: append, durable, {name}"), Some(speed), "rows a second");
    }
}
