//! The description of the interface says what the daemon serves: neither more nor less.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may")]

use serde_json::{Map, Value};
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../src/web/openapi.json");

/// The files of `src/web` in which routes are made.
const SOURCES: [&str; 24] = [
    include_str!("../src/web/airings.rs"),
    include_str!("../src/web/amplifier.rs"),
    include_str!("../src/web/audio.rs"),
    include_str!("../src/web/backups.rs"),
    include_str!("../src/web/campaigns.rs"),
    include_str!("../src/web/emergency.rs"),
    include_str!("../src/web/heads.rs"),
    include_str!("../src/web/metrics.rs"),
    include_str!("../src/web/mod.rs"),
    include_str!("../src/web/openapi.rs"),
    include_str!("../src/web/orders.rs"),
    include_str!("../src/web/people.rs"),
    include_str!("../src/web/plan.rs"),
    include_str!("../src/web/presets.rs"),
    include_str!("../src/web/preview.rs"),
    include_str!("../src/web/publishers.rs"),
    include_str!("../src/web/reports.rs"),
    include_str!("../src/web/resources.rs"),
    include_str!("../src/web/schedule.rs"),
    include_str!("../src/web/segments.rs"),
    include_str!("../src/web/session.rs"),
    include_str!("../src/web/spoken.rs"),
    include_str!("../src/web/station.rs"),
    include_str!("../src/web/uploads.rs"),
];

/// Everything that is served under `/api/v1`.
const SERVED: [(&str, &str); 95] = [
    ("get", "/health"),
    ("get", "/status"),
    ("get", "/events"),
    ("post", "/stop"),
    ("post", "/resume"),
    ("post", "/emergency"),
    ("get", "/emergency"),
    ("get", "/emergency/{id}"),
    ("delete", "/emergency/{id}"),
    ("post", "/emergency/{id}/confirmation"),
    ("post", "/clock/vouch"),
    ("get", "/amplifier"),
    ("post", "/amplifier/clear"),
    ("post", "/amplifier/test"),
    ("post", "/amplifier/on"),
    ("post", "/amplifier/off"),
    ("get", "/airings/checkpoint"),
    ("get", "/airings/chain"),
    ("post", "/airings/witness"),
    ("get", "/reports/airtime"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("post", "/session"),
    ("get", "/session"),
    ("delete", "/session"),
    ("put", "/session/password"),
    ("post", "/session/second-factor"),
    ("put", "/session/second-factor"),
    ("get", "/people"),
    ("post", "/people"),
    ("get", "/people/{id}"),
    ("put", "/people/{id}"),
    ("delete", "/people/{id}"),
    ("get", "/tokens"),
    ("post", "/tokens"),
    ("delete", "/tokens/{id}"),
    ("get", "/sessions"),
    ("delete", "/sessions/{id}"),
    ("get", "/publishers"),
    ("post", "/publishers"),
    ("get", "/publishers/{id}"),
    ("delete", "/publishers/{id}"),
    ("post", "/spoken"),
    ("get", "/backups"),
    ("post", "/backups"),
    ("post", "/orders"),
    ("get", "/orders"),
    ("get", "/orders/nonce"),
    ("post", "/segments"),
    ("get", "/segments"),
    ("get", "/segments/{id}"),
    ("patch", "/segments/{id}"),
    ("delete", "/segments/{id}"),
    ("post", "/segments/{id}/approval"),
    ("get", "/segments/{id}/audio"),
    ("options", "/uploads"),
    ("post", "/uploads"),
    ("get", "/uploads/{id}"),
    ("patch", "/uploads/{id}"),
    ("delete", "/uploads/{id}"),
    ("get", "/zones"),
    ("post", "/zones"),
    ("get", "/zones/{id}"),
    ("put", "/zones/{id}"),
    ("delete", "/zones/{id}"),
    ("get", "/windows"),
    ("post", "/windows"),
    ("get", "/windows/{id}"),
    ("put", "/windows/{id}"),
    ("delete", "/windows/{id}"),
    ("get", "/programmes"),
    ("post", "/programmes"),
    ("get", "/programmes/{id}"),
    ("put", "/programmes/{id}"),
    ("delete", "/programmes/{id}"),
    ("get", "/campaigns"),
    ("post", "/campaigns"),
    ("get", "/campaigns/{id}"),
    ("put", "/campaigns/{id}"),
    ("delete", "/campaigns/{id}"),
    ("get", "/campaigns/{id}/account"),
    ("get", "/holidays"),
    ("post", "/holidays"),
    ("get", "/holidays/{id}"),
    ("put", "/holidays/{id}"),
    ("delete", "/holidays/{id}"),
    ("get", "/units"),
    ("post", "/units"),
    ("get", "/units/{id}"),
    ("put", "/units/{id}"),
    ("delete", "/units/{id}"),
    ("get", "/presets"),
    ("get", "/plan"),
    ("post", "/plan/preview"),
    ("get", "/airings"),
];

/// What anybody may ask without saying who they are.
const OPEN: [(&str, &str); 2] = [("get", "/health"), ("post", "/session")];

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("src/web/openapi.json is JSON")
}

/// Every operation as method, path below `/api/v1`, and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, Map<String, Value>)> {
    let paths = document["paths"].as_object().expect("the document has paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        let below = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path} is not under /api/v1"));
        for (method, operation) in item.as_object().expect("a path is an object") {
            assert!(METHODS.contains(&method.as_str()), "{path} has {method:?}, which is no method");
            let operation = operation.as_object().expect("an operation is an object").clone();
            found.push((method.clone(), below.to_owned(), operation));
        }
    }
    found
}

/// Follows a `$ref` inside the document.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        None => value,
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("references stay inside the document");
            document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
    }
}

fn is_problem(document: &Value, response: &Value) -> bool {
    let schema = &resolve(document, response)["content"]["application/problem+json"]["schema"];
    schema["$ref"] == "#/components/schemas/Problem"
}

fn every_reference<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference);
            }
            fields.values().for_each(|value| every_reference(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| every_reference(value, found)),
        _ => {}
    }
}

/// The literal after each `before` in `source`.
fn literals<'a>(source: &'a str, before: &str) -> Vec<&'a str> {
    source.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn the_document_says_what_it_is() {
    let document = document();
    let version = document["openapi"].as_str().unwrap_or_default();
    assert!(version.starts_with("3.1."), "openapi is {version:?}");
    assert_eq!(document["security"], serde_json::json!([{ "token": [] }, { "cookie": [] }]));
}

#[test]
fn what_is_served_is_described_and_what_is_described_is_served() {
    let described: BTreeSet<(String, String)> =
        operations(&document()).into_iter().map(|(method, path, _)| (method, path)).collect();
    let served: BTreeSet<(String, String)> =
        SERVED.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(served.len(), SERVED.len(), "an operation is named twice");
    let silent: Vec<_> = served.difference(&described).collect();
    let invented: Vec<_> = described.difference(&served).collect();
    assert!(silent.is_empty(), "served, but not described: {silent:?}");
    assert!(invented.is_empty(), "described, but not served: {invented:?}");
}

#[test]
fn every_word_of_a_route_is_in_the_document() {
    let described: BTreeSet<String> = operations(&document())
        .iter()
        .flat_map(|(_, path, _)| path.split('/').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut routed = BTreeSet::from(["openapi.json"]);
    for source in SOURCES {
        routed.extend(literals(source, "warp::path(\""));
        routed.extend(literals(source, "const PATH: &'static str = \""));
    }
    // the way to everything, put before each path
    let prefix: BTreeSet<&str> = ["api", "v1"].into();
    assert!(routed.is_superset(&prefix), "the prefix is no longer routed: {routed:?}");
    for word in routed.difference(&prefix) {
        assert!(described.contains(*word), "a route has {word:?}, and no path of the document has");
    }
    for word in described.iter().filter(|word| !word.is_empty() && !word.starts_with('{')) {
        assert!(routed.contains(word.as_str()), "the document has {word:?}, and no route has");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut seen = BTreeSet::new();
    for (method, path, operation) in operations(&document()) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        assert!(!id.is_empty(), "{method} {path} has no operationId");
        assert!(seen.insert(id.to_owned()), "{method} {path}: the operationId {id} is taken");
    }
}

#[test]
fn whoever_must_say_who_they_are_learns_how_it_fails() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let open = OPEN.contains(&(method.as_str(), path.as_str()));
        let no_login = operation.get("security") == Some(&serde_json::json!([]));
        assert_eq!(open, no_login, "{method} {path}: its security is not what the daemon asks");
        assert!(operation["x-required-scopes"].is_array(), "{method} {path} does not name its scopes");
        if !open {
            let refused = &operation["responses"]["401"];
            assert!(is_problem(&document, refused), "{method} {path} needs a caller and has no 401");
        }
    }
}

#[test]
fn every_refusal_is_a_problem() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("an operation has responses");
        assert!(responses.contains_key("default"), "{method} {path} has no default response");
        for (status, response) in responses {
            // health says it in one word
            let excepted = path == "/health" && status == "503";
            if !status.starts_with('2') && !excepted {
                assert!(is_problem(&document, response), "{method} {path}: {status} is no problem");
            }
        }
    }
}

#[test]
fn changes_say_of_which_version_and_posts_may_be_repeated() {
    for (method, path, operation) in operations(&document()) {
        let none = Vec::new();
        let parameters = operation.get("parameters").and_then(Value::as_array).unwrap_or(&none);
        let has = |name: &str| {
            parameters.iter().any(|it| it["$ref"] == format!("#/components/parameters/{name}").as_str())
        };
        let document_kind = ["/zones/", "/windows/", "/programmes/", "/campaigns/", "/holidays/", "/units/"]
            .iter()
            .any(|it| path.starts_with(it));
        // nobody stays in because they were changed meanwhile: a revocation is of no version
        let changes = (document_kind && ["put", "delete"].contains(&method.as_str()))
            || [("put", "/people/{id}"), ("patch", "/segments/{id}")].contains(&(&*method, &*path));
        assert_eq!(has("IfMatch"), changes, "{method} {path}: If-Match");
        // stopping and releasing are never answered from memory, and neither is a preview: each word counts anew; an
        // emergency is known by its own id, its confirmation too; a secret that is shown once is not kept to be shown again
        let anew = [
            "/session",
            "/session/second-factor",
            "/stop",
            "/resume",
            "/emergency",
            "/emergency/{id}/confirmation",
            "/plan/preview",
            "/people",
            "/tokens",
        ]
        .contains(&path.as_str());
        let repeatable = method == "post" && !anew;
        assert_eq!(has("IdempotencyKey"), repeatable, "{method} {path}: Idempotency-Key");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    every_reference(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        resolve(&document, &serde_json::json!({ "$ref": reference }));
    }
}
