//! The planner over a station of 1,000 segments and 32 programmes.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::lab;
use crate::stations::{self, timezone};
use crate::table::Table;

const FOR: Duration = Duration::from_secs(2);

pub(crate) fn measure(table: &mut Table) {
    let folder = lab::folder();
    let store = stations::fill(&folder.path().join("data"), 1_000, 0);
    let timezone = timezone();
    let each = |work: &dyn Fn()| {
        let (begun, mut count) = (Instant::now(), 0.0);
        while begun.elapsed() < FOR {
            work();
            count += 1.0;
        }
        begun.elapsed().as_secs_f64() / count * 1e3
    };
    let site = loaxa::planning::Site::new(timezone.clone());
    let now = Timestamp::now();
    let snapshot = loaxa::planning::snapshot(&store, &site, now).unwrap();
    let reading = each(&|| drop(loaxa::planning::snapshot(&store, &site, now).unwrap()));
    table.add("plan: read 1,000 segments, 32 programmes", Some(reading), "ms");
    let today = loaxa::planning::day_of(Timestamp::now(), &timezone);
    for days in [1, 2, 31, 366] {
        let slots: usize =
            loaxa::planning::days(&snapshot, today, days).unwrap().iter().map(|day| day.slots.len()).sum();
        let time = each(&|| drop(loaxa::planning::days(&snapshot, today, days).unwrap()));
        table.add(format!("plan: {days} days, {slots} slots"), Some(time), "ms");
    }
}
