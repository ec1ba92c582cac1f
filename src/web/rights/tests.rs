use super::*;
use crate::access::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const DOCUMENT: &str = include_str!("../openapi.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/roles.md");

/// Every operation of the interface's description: method in capitals, path below `/api/v1`, and what is said of it.
fn described() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let below = path.strip_prefix("/api/v1").unwrap().to_owned();
            found.push((method.to_uppercase(), below, operation.clone()));
        }
    }
    found
}

#[test]
fn the_description_and_the_table_name_the_same_endpoints_and_scopes() {
    let described = described();
    assert_eq!(described.len(), TABLE.len(), "as many endpoints in the one as in the other");
    for (method, path, operation) in described {
        let right = TABLE.iter().find(|right| (right.method, right.path) == (&*method, &*path));
        let right = right.unwrap_or_else(|| panic!("{method} {path} is described, and not in the table"));
        let mut told: Vec<Value> = operation["x-required-scopes"].as_array().unwrap().clone();
        let scopes: &[Scope] = if let OneOf(scopes) = right.needs { scopes } else { &[] };
        let mut asked: Vec<Value> = scopes.iter().map(|scope| json!(scope)).collect();
        told.sort_by_key(Value::to_string);
        asked.sort_by_key(Value::to_string);
        assert_eq!(told, asked, "{method} {path}");
        let open = operation.get("security") == Some(&json!([]));
        assert_eq!(open, right.needs == Nothing, "{method} {path}");
    }
}

#[test]
fn what_is_not_in_the_table_is_not_served() {
    for right in TABLE {
        let path = format!("/api/v1{}", right.path.replace("{id}", "x"));
        let found = find(right.method, &path).unwrap().unwrap();
        assert_eq!((found.method, found.path), (right.method, right.path), "the only one for its requests");
        assert!(
            TABLE.iter().filter(|other| is(other.path, right.path)).all(|other| other.path == right.path)
        );
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"] {
            let wanted = if method == "HEAD" { "GET" } else { method };
            let known = TABLE.iter().any(|other| other.path == right.path && other.method == wanted);
            match find(method, &path) {
                Ok(found) => assert!(known && found.is_some(), "{method} {path}"),
                Err(error) => {
                    assert_eq!((known, &*error.code), (false, "method_not_allowed"), "{method} {path}")
                }
            }
        }
    }
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/status",
        "/api/v1/nonsense",
        "/api/v1//status",
        "/api/v1/status//",
        "/api/v1/segments//",
        "/api/v1/segments//audio",
        "/api/v1/segments/x/y/z",
        "/api/v1/Status",
        "/api/v1/%73tatus",
        "/api/status",
        "/api/v1/health/x",
        "/api/v1status",
    ] {
        assert_eq!(find("GET", path).unwrap_err().code, "no_such_path", "{path}");
    }
    // the page's own files are nobody's secret
    assert!(find("GET", "/").unwrap().is_none() && find("GET", "/apis").unwrap().is_none());
    assert!(find("GET", "/api/v1/segments/").unwrap().is_some(), "as the routes take it");
}

#[test]
fn an_administrator_reaches_nothing_that_makes_sound() {
    let changes_what_airs = |right: &Right| {
        let planning = ["zones", "windows", "programmes", "campaigns", "holidays", "units", "segments"];
        let first = right.path.split('/').nth(1).unwrap();
        right.method != "GET"
            && (planning.contains(&first) || ["emergency", "stop", "resume"].contains(&first))
    };
    let sounding: Vec<&Right> = TABLE.iter().filter(|right| changes_what_airs(right)).collect();
    assert!(sounding.len() >= 20, "{}", sounding.len());
    for right in sounding {
        assert!(!right.needs.met_by(&Role::Admin.scopes()), "{} {}", right.method, right.path);
        assert!(!right.needs.met_by(&BTreeSet::from([Admin, Amplifier])), "{} {}", right.method, right.path);
    }
}

#[test]
fn nobody_may_both_push_and_approve_by_role() {
    for role in Role::ALL {
        let scopes = role.scopes();
        assert!(!(scopes.contains(&SegmentsWrite) && scopes.contains(&SegmentsApprove)), "{role:?}");
    }
}

/// The page of the documentation, from the table.
fn page() -> String {
    let mut page = String::from(
        "# Who may do what\n\nStatus: current. Written from `src/web/rights.rs`, the table that the daemon itself asks before it looks at any\n\
         route; change it there, then `LOAXA_WRITE=1 cargo test -p loaxa --lib rights`. Paths are below `/api/v1`.\n\n\
         `●` may · `○` only whoever is known, with a password of their own · `◌` also with a one-time password · `∗` anybody ·\n\
         empty: 403 `missing_scope`. Whoever is not known, expired or revoked is told 401 `unauthenticated` at everything\n\
         but `∗`. People have a [role](people.md), programs a token with scopes.\n\n",
    );
    let roles: Vec<_> = Role::ALL.into_iter().map(|role| (role.as_str(), role.scopes())).collect();
    let scopes: Vec<_> =
        Scope::ALL.into_iter().map(|scope| (scope.as_str(), BTreeSet::from([scope]))).collect();
    page += "## The scopes of a role\n\n";
    table(
        &mut page,
        "scope",
        &roles,
        Scope::ALL.into_iter().map(|scope| (scope.to_string(), OneOf(one(scope)))),
    );
    for (title, columns) in [("Role and endpoint", roles), ("Scope and endpoint", scopes)] {
        let _ = write!(page, "\n## {title}\n\n");
        let rows = TABLE.iter().map(|right| (format!("{} {}", right.method, right.path), right.needs));
        table(&mut page, "endpoint", &columns, rows);
    }
    page
}

/// A list of this one.
fn one(scope: Scope) -> &'static [Scope] {
    let at = Scope::ALL.iter().position(|known| *known == scope).unwrap();
    const { &Scope::ALL }.get(at..=at).unwrap()
}

fn table(
    page: &mut String,
    first: &str,
    columns: &[(&str, BTreeSet<Scope>)],
    rows: impl Iterator<Item = (String, Needs)>,
) {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("`{name}`")).collect();
    let _ = writeln!(page, "| {first} | {} |\n|---|{}", names.join(" | "), ":-:|".repeat(names.len()));
    for (name, needs) in rows {
        let _ = write!(page, "| `{name}` |");
        for (_, held) in columns {
            let cell = match needs {
                Nothing => "∗",
                Login => "◌",
                Settled => "○",
                OneOf(_) if needs.met_by(held) => "●",
                OneOf(_) => "",
            };
            let _ = write!(page, " {cell} |");
        }
        page.push('\n');
    }
}

#[test]
fn the_page_of_roles_says_what_is_enforced() {
    let wanted = page();
    if std::env::var_os("LOAXA_WRITE").is_some() {
        std::fs::write(PAGE, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == wanted, "docs/roles.md is not what the table says; write it with LOAXA_WRITE=1");
}
