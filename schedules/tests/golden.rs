//! Plain text in, as-run out: `tests/golden/*.txt`, one for each rule, readable by a district officer.
//!
//! The part above `=== as run` is the station and what happens to it; the part below is what the real planner and
//! playout made of it. `LOAXA_GOLDEN=write` writes that part anew; read it against the rules before you keep it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "golden/read.rs"]
mod read;
#[path = "golden/words.rs"]
mod words;

use jiff::Timestamp;
use jiff::civil::Date;
use loaxa_schedules::simulation::{ClosedRow, Faults, Simulation};
use loaxa_schedules::{Entry, account};
use read::{Event, Scene, scenes};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

const AS_RUN: &str = "=== as run\n";

#[test]
fn every_case_airs_as_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= 10, "the cases are missing: {files:?}");
    let mut wrong = String::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let (given, expected) = text.split_once(AS_RUN).unwrap_or((&text, ""));
        let aired = as_run(&name, given);
        if aired == expected {
            continue;
        }
        if std::env::var_os("LOAXA_GOLDEN").is_some_and(|how| how == "write") {
            std::fs::write(&file, format!("{}\n\n{AS_RUN}{aired}", given.trim_end())).unwrap();
        } else {
            let _ = writeln!(wrong, "{name}:\n--- expected\n{expected}--- aired\n{aired}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What became of every station of a file.
fn as_run(name: &str, given: &str) -> String {
    let scenes = scenes(name, given);
    let mut out = String::new();
    for scene in &scenes {
        if scenes.len() > 1 {
            let _ = writeln!(out, "station \"{}\"", scene.name);
        }
        let simulation = run(scene);
        let violations: Vec<String> = simulation.violations().iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "{name}: {violations:#?}");
        rows(scene, &simulation, &mut out);
        accounts(&simulation, &mut out);
    }
    out
}

fn run(scene: &Scene) -> Simulation {
    let mut simulation = Simulation::new(scene.snapshot.clone(), scene.from, 1, Faults::none())
        .keeping_rows()
        .noting_every(Duration::from_secs(1));
    let mut reached: Timestamp = scene.from;
    for (at, event) in &scene.events {
        // By the true time, whatever the station's clock was set to.
        simulation.run_for(at.duration_since(reached));
        reached = *at;
        match event {
            Event::PowerOff => simulation.cut_power(),
            Event::PowerOn => simulation.restore_power(),
            Event::Stop => simulation.press_stop(),
            Event::Resume => simulation.release_stop(),
            Event::Distrust => simulation.distrust_clock(),
            Event::Trust => simulation.trust_clock(),
            Event::SetClock(by) => simulation.set_clock(*by),
            Event::Standing(segment, standing) => simulation.edit(|snapshot| {
                let facts = snapshot.segments.iter_mut().find(|facts| facts.id == *segment).unwrap();
                facts.standing = *standing;
            }),
            Event::Emergency(segment, expires) => simulation.send_emergency(*segment, *expires),
        }
    }
    simulation.run_for(scene.until.duration_since(reached));
    simulation
}

/// One line a row, under its day.
fn rows(scene: &Scene, simulation: &Simulation, out: &mut String) {
    let mut days: BTreeMap<Date, Vec<(Timestamp, String)>> = BTreeMap::new();
    for row in simulation.closed_rows() {
        let date = row.entry.start().to_zoned(scene.snapshot.timezone.clone()).date();
        if scene.shows(date) {
            days.entry(date).or_default().push((row.entry.start(), line(scene, row)));
        }
    }
    for (date, mut lines) in days {
        lines.sort_by_key(|(start, _)| *start);
        let _ = writeln!(out, "{date} {}", date.strftime("%a"));
        for (_, line) in lines {
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

fn line(scene: &Scene, row: &ClosedRow) -> String {
    let time = |at: Timestamp| {
        let at = at.round(jiff::Unit::Second).unwrap();
        at.to_zoned(scene.snapshot.timezone.clone()).strftime("%H:%M:%S").to_string()
    };
    let (title, name, planned) = match &row.entry {
        Entry::Slot(slot) => (slot.title.clone(), slot.name.clone(), Some(slot.duration)),
        Entry::Refused(refusal) => {
            (refusal.title.clone().unwrap_or_else(|| "?".into()), refusal.name.clone(), refusal.duration)
        }
    };
    let planned = planned.map_or("-".to_owned(), |length| length.as_secs_f64().round().to_string());
    let started = row.started.map_or("-".to_owned(), time);
    let played = row.played.as_secs_f64().round();
    let why = row.reason.as_ref().map_or(String::new(), |why| format!("{}: {}", why.code, why.vi));
    let gain = match &row.entry {
        Entry::Slot(slot) if scene.shows_gain => format!("{} dB  ", slot.gain_db),
        _ => String::new(),
    };
    format!(
        "  {} {planned:>4} s  {:<10} {started:>8} {played:>4} s  \"{title}\" [{name}]  {gain}{why}",
        time(row.entry.start()),
        row.outcome.as_str(),
    )
}

/// What each campaign owed and had.
fn accounts(simulation: &Simulation, out: &mut String) {
    let mut snapshot = simulation.snapshot().clone();
    snapshot.as_of = Some(simulation.wall());
    for campaign in &snapshot.campaigns {
        let Some(account) = account(&snapshot, campaign.id) else { continue };
        let _ = writeln!(out, "=== account \"{}\"", account.name);
        for phase in account.phases {
            let _ = writeln!(
                out,
                "  \"{}\" {}..{}: owed {}, aired {} (made good {}), lost {}, planned {}, short {}, heard {} s",
                phase.name,
                phase.from,
                phase.to,
                phase.owed,
                phase.aired,
                phase.made_good,
                phase.lost,
                phase.planned,
                phase.short,
                phase.time_aired.as_secs(),
            );
        }
    }
}

/// The report of a directive's campaign, counted by hand from the calendar of 2026.
///
/// * Peak in the afternoon, two each working day: January has 22 working days (it begins on a Thursday), February 20
///   (on a Sunday), March 22 (on a Sunday): 64. Tết closes 16 to 20 February, five of them: 59 days, 118 airings.
/// * Peak on Monday mornings: 5, 12, 19, 26 January; 2, 9, 23 February (the 16th is closed); 2, 9, 16, 23, 30 March: 12.
/// * Maintenance, one a week: 1 to 5 April holds 3 of the week's 5 open days, 0.6, rounded to 1; the weeks that begin
///   on 6 April to 21 December are 38; 28 to 31 December holds 4 of 5, 0.8, rounded to 1: 40.
/// * Every airing is 120 s: 118 are 14,160 s, 12 are 1,440 s, 40 are 4,800 s.
/// * The power cut of Tuesday 10 March takes both airings of that afternoon in one commune; both are repaid.
#[test]
fn the_directive_adds_up() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/directive.txt");
    let scenes =
        scenes("directive.txt", std::fs::read_to_string(file).unwrap().split(AS_RUN).next().unwrap());
    assert_eq!(scenes.len(), 2);
    for (scene, lost) in scenes.iter().zip([0, 2]) {
        let simulation = run(scene);
        let mut snapshot = simulation.snapshot().clone();
        snapshot.as_of = Some(simulation.wall());
        let account = account(&snapshot, snapshot.campaigns[0].id).unwrap();
        let phases: Vec<_> = account
            .phases
            .iter()
            .map(|phase| {
                assert_eq!((phase.planned, phase.short), (0, 0), "{}", scene.name);
                (phase.owed, phase.aired, phase.lost, phase.made_good, phase.time_aired.as_secs())
            })
            .collect();
        let expected = [(118, 118, lost, lost, 14_160), (12, 12, 0, 0, 1_440), (40, 40, 0, 0, 4_800)];
        assert_eq!(phases, expected, "{}", scene.name);
        let heard =
            simulation.closed_rows().iter().filter(|row| row.played == jiff::SignedDuration::from_secs(120));
        assert_eq!(heard.count(), 118 + 12 + 40, "{}", scene.name);
    }
}
