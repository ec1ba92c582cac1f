//! What three minutes of air cost, on the virtual card, which is paced by the clock as a real one is.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::lab::card::{self, Card};
use crate::lab::{self, sound, station::Station};
use crate::table::Table;

const SECONDS: u32 = 180;

pub(crate) fn measure(table: &mut Table) {
    let folder = lab::folder();
    let path = folder.path();
    let names = [
        ("air: resident, at most", "MiB"),
        ("air: proportional, at most", "MiB"),
        ("air: processor", "ms a minute"),
        ("air: threads", ""),
    ];
    let made = std::panic::catch_unwind(|| Card::new(path));
    let Ok(card) = made else {
        names.iter().for_each(|(name, unit)| table.add(*name, None, unit));
        return;
    };
    let file = sound::mp3(path, SECONDS);
    let station = Station::start(path, card::AUDIO, Some(&card.alsa()));
    let start = Timestamp::from_second(Timestamp::now().as_second() + 45).unwrap();
    station.plan(&file, &[start]);
    // from 5 s after its start until 5 s before its end
    while Timestamp::now() < start + SignedDuration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let (before, begun) = (station.processor(), Instant::now());
    let (mut resident, mut proportional) = (0.0_f64, 0.0_f64);
    while begun.elapsed() < Duration::from_secs(u64::from(SECONDS) - 10) {
        let memory = station.memory();
        (resident, proportional) = (resident.max(memory.0), proportional.max(memory.1));
        std::thread::sleep(Duration::from_secs(10));
    }
    let spent = (station.processor() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    let threads = station.threads() as f64;
    let row = &station.airings(1, start + SignedDuration::from_secs(i64::from(SECONDS) + 30))[0];
    assert_eq!(row["outcome"], "aired", "{row}: {:#?}", station.said());
    station.stop();
    let figures = [resident, proportional, spent * 60e3, threads];
    for ((name, unit), figure) in names.into_iter().zip(figures) {
        table.add(name, Some(figure), unit);
    }
}
