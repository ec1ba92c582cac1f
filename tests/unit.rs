//! The systemd unit that is shipped, as systemd itself judges it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test may")]

use std::path::Path;
use std::process::Command;

/// 0 is a service that can do nothing, 10 one that can do everything.
const EXPOSURE: f64 = 1.5;

#[test]
fn the_unit_exposes_no_more_than_it_must() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/loaxa.service");
    let judged =
        Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(unit).output();
    let Ok(judged) = judged else {
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&judged.stdout);
    let complaint = String::from_utf8_lossy(&judged.stderr);
    if complaint.contains("unrecognized option") || complaint.contains("Unknown operation") {
        eprintln!("skipped: this systemd-analyze cannot judge a file");
        return;
    }
    let level = text.lines().find(|line| line.contains("Overall exposure level"));
    let level = level.unwrap_or_else(|| panic!("no figure in {text} {complaint}"));
    let figure = level.rsplit(": ").next().and_then(|rest| rest.split_whitespace().next());
    let figure: f64 = figure.unwrap().parse().unwrap();
    eprintln!("exposure {figure}");
    assert!(figure <= EXPOSURE, "{text}");
}

/// The child that decodes has the daemon's priority and may not give it back: it would be ahead of the whole board.
#[test]
fn nothing_of_the_unit_is_ahead_of_the_rest_of_the_board() {
    let unit = include_str!("../deploy/loaxa.service");
    let settings = unit.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    for (name, value) in settings {
        let ahead = ["Nice", "CPUSchedulingPolicy", "CPUSchedulingPriority", "IOSchedulingClass"];
        assert!(!ahead.contains(&name), "{name}={value}");
    }
}
