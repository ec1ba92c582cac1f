//! Commands whose disk refuses: what they printed holds, and what they could not do they say.

use super::disk::{Disk, Library, Refusal};
use crate::kills::from_environment;
use crate::sound;
use crate::station::{Heard, PROGRAM, Station};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// So many places of each command in `make test`; all of them with `LOAXA_FAULTS` of a hundred.
const FEW: u64 = 6;

fn run(station: &Station, disk: &Disk<'_>, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--config").arg(station.configuration());
    disk.under(&mut command);
    command.output().unwrap()
}

/// Runs a command while each of its calls to the disk below `folder` is refused, once and from there on.
fn check(
    station: &Station,
    library: &Library,
    folder: &Path,
    arguments: &[&str],
    mut begin: impl FnMut(),
    mut done: impl FnMut(&str, &Output),
) {
    begin();
    let disk = Disk::new(library, station.home(), folder.to_owned());
    assert!(run(station, &disk, arguments).status.success());
    let asked = disk.asked();
    let every = if from_environment("LOAXA_FAULTS", FEW) >= 100 { 1 } else { (asked / FEW).max(1) };
    let mut refused = 0;
    for call in (1..=asked).step_by(usize::try_from(every).unwrap()) {
        for (to, refusal) in
            [(call + 1, Refusal::Failing), (u64::MAX, Refusal::Full), (u64::MAX, Refusal::ReadOnly)]
        {
            begin();
            let disk = Disk::new(library, station.home(), folder.to_owned());
            disk.refuse(call, to, refusal);
            let output = run(station, &disk, arguments);
            let (_, first) = disk.refused();
            disk.heal();
            let what = format!("{arguments:?}, {refusal:?} from {call}, {first}");
            let why = String::from_utf8_lossy(&output.stderr);
            assert!(!why.contains("panicked"), "{what}: {why}");
            if !output.status.success() {
                refused += 1;
                assert!(output.status.code().is_some(), "{what} was killed");
                assert!(why.contains("loaxa: ") && why.len() > 20, "{what} does not say why: {why}");
            }
            done(&what, &output);
        }
    }
    eprintln!("{arguments:?} asks the disk {asked} times; refused {refused} times");
    assert!(refused > 0);
}

#[test]
fn commands_whose_disk_refuses_say_so_and_do_nothing_by_halves() {
    let library = Library::build();
    let mut station = Station::open(Heard::ByNobody);
    let segment = station.push_and_approve("Bản ghi", &sound::tone(1, 0.3));
    assert_eq!(station.terminate().code(), Some(0));

    let token = ["token", "create", "--json", "--name", "thêm", "--scope", "status:read"];
    let mut printed = Vec::new();
    check(
        &station,
        &library,
        &station.data(),
        &token,
        || {},
        |what, output| {
            if output.status.success() {
                let made: Value = serde_json::from_slice(&output.stdout).unwrap();
                printed.push((what.to_owned(), made["token"].as_str().unwrap().to_owned()));
            } else {
                assert!(output.stdout.is_empty(), "{what}: a token was printed and is none");
            }
        },
    );

    let to: PathBuf = station.home().join("backup");
    let backup = ["backup", to.to_str().unwrap(), "--json"];
    let clear = || {
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir(&to).unwrap();
    };
    let mut number = 0;
    check(&station, &library, &to, &backup, clear, |what, output| {
        number += 1;
        let other = Station::configured(Heard::ByNobody, "");
        let restored = other.command(&["restore", to.to_str().unwrap()]);
        let good = restored.status.code() == Some(0);
        let why = String::from_utf8_lossy(&restored.stderr);
        assert!(good || !output.status.success(), "{what}: called a backup, and is none: {why}");
        if good {
            assert!(other.data().join("originals").read_dir().unwrap().next().is_some(), "{what}");
        }
    });
    assert!(number > 0);

    station.start_again();
    for (what, token) in printed {
        let status = station.with(&token).get("/status").status;
        assert_eq!(status, 200, "{what}: it was printed");
    }
    station.auditor().get(&format!("/segments/{segment}")).expect(200);
    assert_eq!(station.terminate().code(), Some(0));
}
