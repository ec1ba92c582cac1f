//! The safety case points at what is there: every file and every test that `SECURITY.md` and the checklists name exists.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::{Path, PathBuf};

const PAGES: [&str; 4] = [
    "SECURITY.md",
    "docs/checklists/en-303-645.md",
    "docs/checklists/asvs-5-level-2.md",
    "docs/checklists/iec-62443-4-2-sl2.md",
];

/// What a page names and is not there; on lines that say that something is still being brought in, links may lead nowhere yet.
fn missing(root: &Path, page: &str, text: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let mut file: Option<PathBuf> = None;
        for word in words {
            let is_path = word.contains('/') && !word.contains([' ', '{', '(']) && !word.starts_with('/');
            if is_path {
                let path = root.join(word);
                // served paths and settings look alike: what begins like one of our folders is one
                let ours =
                    ["src", "audio", "evidence", "schedules", "firmware-bridge", "tests", "deploy", "fuzz"];
                if ours.iter().any(|folder| word.starts_with(&format!("{folder}/"))) {
                    if !path.exists() {
                        missing.push(format!("{page}: {word}"));
                    }
                    file = path.is_file().then_some(path);
                }
            } else if word.len() > 12
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                // the name of a test, behind its file
                let Some(file) = &file else { continue };
                let text = std::fs::read_to_string(file).unwrap();
                if !text.contains(&format!("fn {word}(")) {
                    missing.push(format!("{page}: {word} in {}", file.display()));
                }
            }
        }
        for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = root.join(page).parent().unwrap().join(link);
            let soon = line.contains("(landing)");
            if !link.contains("://") && !target.exists() && !soon {
                missing.push(format!("{page}: {link}"));
            }
        }
    }
    missing
}

#[test]
fn what_the_safety_case_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        all.extend(missing(root, page, &text));
    }
    assert!(all.is_empty(), "named and not there:\n  {}", all.join("\n  "));
}

#[test]
fn what_is_not_there_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let check = |line: &str| missing(root, "SECURITY.md", line).len();
    assert_eq!(check("| `src/fence.rs` | `tests/safety_case.rs`: `what_is_not_there_is_found` |"), 0);
    assert_eq!(check("| `src/no-such-file.rs` |"), 1);
    assert_eq!(check("| `tests/safety_case.rs`: `no_such_test_is_in_it` |"), 1);
    assert_eq!(check("[tls](docs/no-such-page.md)"), 1);
    assert_eq!(check("[tls](docs/no-such-page.md) `(landing)`"), 0);
}
