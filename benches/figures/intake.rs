//! How fast recordings come in: through the door, in the child, and again before they air.

use std::path::Path;
use std::time::{Duration, Instant};

use loaxa_audio::child::{self, ChildLimits};
use loaxa_audio::inspect::InspectRequest;
use loaxa_audio::loudness::Correction;
use loaxa_audio::prepared::{Prepared, to_hex};
use sha2::{Digest, Sha256};

use crate::lab::{self, sound, station::Station};
use crate::table::Table;

/// A year of evenings would not fit; three are enough for a median.
const TIMES: usize = 3;

pub(crate) fn measure(table: &mut Table) {
    let folder = lab::folder();
    let station = Station::start(folder.path(), "output = \"null\"", None);
    let uploader = station.token("uploader", &["segments:write", "status:read"]);
    for (minutes, times) in [(3_u32, TIMES), (30, 1)] {
        let seconds = minutes * 60;
        let file = sound::mp3(folder.path(), seconds);
        let pushes: Vec<f64> = (0..times)
            .map(|nth| station.push(&uploader, &file, &format!("Bản tin {minutes}.{nth}")).1.as_secs_f64())
            .collect();
        let push = lab::median_and_worst(&pushes).0;
        let speed = f64::from(seconds) / push;
        table.add(format!("intake: MP3 of {minutes} min, push until answer"), Some(push), "s");
        table.add(format!("intake: MP3 of {minutes} min, speed"), Some(speed), "x real time");
        if minutes == 3 {
            child_and_verification(folder.path(), &file, table);
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    let (resident, proportional) = station.memory();
    table.add("after intake: resident", Some(resident), "MiB");
    table.add("after intake: proportional", Some(proportional), "MiB");
    station.stop();
}

fn child_and_verification(folder: &Path, file: &Path, table: &mut Table) {
    let request = InspectRequest {
        original: file.into(),
        original_sha256: to_hex(&Sha256::digest(std::fs::read(file).unwrap())),
        part: None,
        output: folder.join("prepared.pcm"),
        sample_rate: 48_000,
        max_duration: Duration::from_secs(3_600),
        max_output_bytes: 1 << 30,
        correction: Correction::default(),
    };
    let begun = Instant::now();
    let report = child::inspect(lab::station::PROGRAM.as_ref(), &request, &ChildLimits::default()).unwrap();
    let decoding = begun.elapsed().as_secs_f64();
    let seconds = report.duration().as_secs_f64();
    table.add("decode and prepare in the child", Some(seconds / decoding), "x real time");
    let begun = Instant::now();
    let prepared = Prepared::open(&request.output, &report.root).unwrap();
    prepared.verify_all().unwrap();
    let verifying = begun.elapsed().as_secs_f64();
    table.add("verify before the air", Some(seconds / verifying), "x real time");
}
