//! The directions of the house: who may depend on whom, and which library may be named where.
//!
//! Each rule is a function from data to a list of broken rules. This file gives them the real workspace and
//! wants an empty list; `planted` gives them a violation of each and wants it found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "house/code.rs"]
mod code;
#[path = "house/planted.rs"]
mod planted;
#[path = "house/workspace.rs"]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use workspace::{Package, Source, Workspace};

/// The only package that may depend on members.
const ROOT: &str = "loaxa";
/// The only package that may contain `unsafe`.
const UNSAFE_ROOM: &str = "loaxa-board-sys";

/// Libraries that one package alone may depend on, directly.
const OWNED: &[(&str, &str)] = &[
    ("rusqlite", ROOT),
    ("warp", ROOT),
    ("rodio", "loaxa-audio"),
    ("cpal", "loaxa-audio"),
    ("symphonia", "loaxa-audio"),
    ("symphonia-adapter-libopus", "loaxa-audio"),
    ("rubato", "loaxa-audio"),
    ("tokio-modbus", "loaxa-firmware-bridge"),
    ("tokio-serial", "loaxa-firmware-bridge"),
    ("serialport", "loaxa-firmware-bridge"),
    ("gpiocdev", "loaxa-firmware-bridge"),
    ("gpio-cdev", "loaxa-firmware-bridge"),
    ("rust_xlsxwriter", ROOT),
    ("libc", UNSAFE_ROOM),
];

/// Words that may stand in the code of one folder only (or in the one file of that name).
const NAMED_ONLY_IN: &[(&str, &str)] = &[
    ("rusqlite", "src/store"),
    ("warp", "src/web"),
    ("rust_xlsxwriter", "src/report"),
    ("rodio", "audio/src/output"),
    ("cpal", "audio/src/output"),
    ("tokio_modbus", "firmware-bridge/src"),
    ("tokio_serial", "firmware-bridge/src"),
    ("serialport", "firmware-bridge/src"),
    ("gpiocdev", "firmware-bridge/src"),
    ("unsafe", "board-sys/src"),
    ("libc", "board-sys/src"),
];

/// The pure package, and what it must not reach: directly or through anything that it depends on.
const PURE: &str = "loaxa-schedules";
const PURE_FOLDER: &str = "schedules/src";
const PURE_REACHES_NO: &[&str] =
    &["tokio", "mio", "rusqlite", "libsqlite3-sys", "rodio", "cpal", "symphonia", "warp", "hyper", "rustix"];
const PURE_NAMES_NO: &[&str] = &["tokio", "rusqlite"];
/// Each with everything below it.
const PURE_USES_NO: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::*",
    "std::time::Instant",
    "std::time::SystemTime",
];

#[test]
fn no_member_depends_on_another() {
    assert_kept(no_member_depends_on_another_in(&workspace::read().packages));
}

#[test]
fn each_library_has_one_owner() {
    assert_kept(each_library_has_one_owner_in(&workspace::read().packages));
}

#[test]
fn each_library_is_named_in_one_room() {
    assert_kept(each_library_is_named_in_one_room_in(&workspace::read().sources));
}

#[test]
fn schedules_is_pure() {
    let house = workspace::read();
    assert_kept(reaches(&house.graph, PURE, PURE_REACHES_NO));
    assert_kept(pure_sources(&house.sources));
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate_root() {
    assert_kept(unsafe_is_forbidden_in(&workspace::read()));
}

#[test]
fn every_dependency_of_the_members_is_seen() {
    let house = workspace::read();
    let names: BTreeSet<_> = house.packages.iter().map(|package| package.name.as_str()).collect();
    for expected in [ROOT, PURE, UNSAFE_ROOM, "loaxa-audio", "loaxa-firmware-bridge"] {
        assert!(names.contains(expected), "{expected} is not among {names:?}");
    }
    let folders = ["src/main.rs", "schedules/src/lib.rs", "audio/src/lib.rs", "firmware-bridge/src/lib.rs"];
    for expected in folders {
        assert!(house.sources.iter().any(|source| source.path == expected), "{expected} was not read");
    }
    assert!(house.graph.get(PURE).is_some_and(|deps| deps.contains("jiff")), "the dependency graph is empty");
}

fn assert_kept(broken: Vec<String>) {
    assert!(broken.is_empty(), "the house rules are broken:\n  {}", broken.join("\n  "));
}

fn no_member_depends_on_another_in(packages: &[Package]) -> Vec<String> {
    let members: BTreeSet<_> = packages.iter().map(|package| &package.name).collect();
    let mut broken = Vec::new();
    for package in packages.iter().filter(|package| package.name != ROOT) {
        for dependency in package.dependencies.iter().filter(|name| members.contains(name)) {
            broken.push(format!(
                "{} depends on {dependency}; let {ROOT} carry what passes between them",
                package.name
            ));
        }
    }
    broken
}

fn each_library_has_one_owner_in(packages: &[Package]) -> Vec<String> {
    let mut broken = Vec::new();
    for package in packages {
        for (library, owner) in OWNED {
            if package.name != *owner && package.dependencies.iter().any(|name| name == library) {
                broken.push(format!("{} depends on {library}, which belongs to {owner}", package.name));
            }
        }
    }
    broken
}

fn each_library_is_named_in_one_room_in(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let words = code::words(&source.text);
        for (word, room) in NAMED_ONLY_IN {
            if !is_inside(&source.path, room) && words.iter().any(|w| w == word) {
                broken.push(format!("{} names {word}, which belongs in {room}", source.path));
            }
        }
    }
    broken
}

fn is_inside(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

/// Follows ordinary and build dependencies of `from`, transitively.
fn reaches(graph: &BTreeMap<String, BTreeSet<String>>, from: &str, forbidden: &[&str]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::from([from]);
    let mut ways = vec![vec![from]];
    while let Some(way) = ways.pop() {
        let here = way.last().copied().unwrap_or(from);
        for next in graph.get(here).into_iter().flatten() {
            let longer: Vec<_> = way.iter().copied().chain([next.as_str()]).collect();
            if forbidden.contains(&next.as_str()) {
                broken.push(format!("{from} reaches {next}: {}", longer.join(" -> ")));
            } else if seen.insert(next) {
                ways.push(longer);
            }
        }
    }
    broken
}

fn pure_sources(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| is_inside(&source.path, PURE_FOLDER)) {
        let words = code::words(&source.text);
        let named = PURE_NAMES_NO.iter().filter(|name| words.iter().any(|w| w == *name));
        broken.extend(named.map(|name| format!("{} names {name}; it is given what it needs", source.path)));
        for path in code::std_paths(&words) {
            if PURE_USES_NO.iter().any(|no| path == *no || path.starts_with(&format!("{no}::"))) {
                broken.push(format!("{} uses {path}; it has no world", source.path));
            }
        }
    }
    broken
}

fn unsafe_is_forbidden_in(house: &Workspace) -> Vec<String> {
    let mut broken = Vec::new();
    for package in house.packages.iter().filter(|package| package.name != UNSAFE_ROOM) {
        if package.inherits_lints && house.forbids_unsafe {
            continue;
        }
        for root in &package.roots {
            if !root.text.contains("#![forbid(unsafe_code)]") {
                broken.push(format!(
                    "{} neither forbids unsafe code nor inherits the workspace's lints",
                    root.path
                ));
            }
        }
    }
    broken
}
