//! Plants a violation of each rule. A rule that cannot find one holds nothing.

use super::*;

fn package(name: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        inherits_lints: false,
        roots: Vec::new(),
    }
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn found(broken: &[String], expect: &str) {
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].contains(expect), "expected \"{expect}\" in {broken:?}");
}

#[test]
fn a_member_that_depends_on_another_is_found() {
    let root = package(ROOT, &["loaxa-audio", PURE]);
    let fine = [root.clone(), package("loaxa-audio", &["rodio"]), package(PURE, &["jiff"])];
    assert_kept(no_member_depends_on_another_in(&fine));
    let wrong = [root, package("loaxa-audio", &["rodio", PURE]), package(PURE, &["jiff"])];
    found(&no_member_depends_on_another_in(&wrong), "loaxa-audio depends on loaxa-schedules");
    let backwards = [package(ROOT, &[]), package(PURE, &[ROOT])];
    found(&no_member_depends_on_another_in(&backwards), "loaxa-schedules depends on loaxa");
}

#[test]
fn a_library_in_the_wrong_package_is_found() {
    found(&each_library_has_one_owner_in(&[package(ROOT, &["symphonia"])]), "loaxa depends on symphonia");
    found(&each_library_has_one_owner_in(&[package("loaxa-audio", &["rusqlite"])]), "belongs to loaxa");
    found(
        &each_library_has_one_owner_in(&[package(ROOT, &["serialport"])]),
        "belongs to loaxa-firmware-bridge",
    );
    assert_kept(each_library_has_one_owner_in(&[package(ROOT, &["rusqlite", "warp"])]));
}

#[test]
fn a_library_named_in_the_wrong_room_is_found() {
    let check = |path: &str, text: &str, expect: &str| {
        found(&each_library_is_named_in_one_room_in(&[source(path, text)]), expect);
    };
    check("src/web/routes.rs", "use rusqlite::Connection;", "names rusqlite, which belongs in src/store");
    check("src/storehouse.rs", "fn a(c: &rusqlite::Connection) {}", "names rusqlite");
    check("src/daemon.rs", "use {warp::Filter, std::fmt};", "names warp");
    check("audio/src/inspect/mod.rs", "use rodio as r;", "names rodio");
    check("src/playout_loop.rs", "let x = tokio_serial::new();", "names tokio_serial");
    check("audio/src/lib.rs", "unsafe { x() }", "names unsafe, which belongs in board-sys/src");
    assert_kept(each_library_is_named_in_one_room_in(&[
        source("src/store/mod.rs", "use rusqlite::Connection;"),
        source("src/web.rs", "use warp::Filter;"),
        source("audio/src/output.rs", "use rodio::cpal;"),
        source("src/daemon.rs", "// rusqlite is in the store\nlet said = \"warp\";"),
        source("src/lib.rs", "#![forbid(unsafe_code)]"),
    ]));
}

#[test]
fn a_pure_package_that_reaches_the_world_is_found() {
    let edge =
        |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect());
    let graph = BTreeMap::from([edge(PURE, &["jiff", "helper"]), edge("helper", &["tokio"])]);
    found(&reaches(&graph, PURE, PURE_REACHES_NO), "loaxa-schedules -> helper -> tokio");
    assert_kept(reaches(&BTreeMap::from([edge(PURE, &["jiff"])]), PURE, PURE_REACHES_NO));
}

#[test]
fn pure_sources_that_ask_the_world_are_found() {
    let check =
        |text: &str, expect: &str| found(&pure_sources(&[source("schedules/src/plan.rs", text)]), expect);
    check("fn f(now: std::time::SystemTime) {}", "uses std::time::SystemTime");
    check("use std::time::{Duration, Instant};", "uses std::time::Instant");
    check("use std::{collections::BTreeMap, fs::{File}};", "uses std::fs::File");
    check("let tz = std::env::var(\"TZ\");", "uses std::env");
    check("async fn f() { tokio::task::yield_now().await }", "names tokio");
    assert_kept(pure_sources(&[
        source(
            "schedules/src/plan.rs",
            "/// Not `std::fs`.\nuse std::{collections::BTreeMap, time::Duration};\nenum Bound { Instant }",
        ),
        source("src/clock.rs", "use std::time::SystemTime;"),
    ]));
}

#[test]
fn a_crate_root_that_allows_unsafe_is_found() {
    let house = |forbids_unsafe, inherits_lints, text: &str| Workspace {
        packages: vec![Package {
            inherits_lints,
            roots: vec![source("x/src/lib.rs", text)],
            ..package("x", &[])
        }],
        forbids_unsafe,
        graph: BTreeMap::new(),
        sources: Vec::new(),
    };
    assert_kept(unsafe_is_forbidden_in(&house(true, true, "")));
    assert_kept(unsafe_is_forbidden_in(&house(false, false, "#![forbid(unsafe_code)]")));
    found(&unsafe_is_forbidden_in(&house(true, false, "")), "x/src/lib.rs");
    found(&unsafe_is_forbidden_in(&house(false, true, "")), "x/src/lib.rs");
}
