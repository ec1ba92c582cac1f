//! The verdicts of two programs on the same case.

use super::public;
use loaxa_evidence::{Note, SigningKey, Trust, read_notes, verify};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What an auditor has, and what it must be called.
pub(crate) struct Case<'a> {
    pub(crate) what: &'a str,
    pub(crate) verdict: &'a str,
    pub(crate) file: String,
    pub(crate) keys: Vec<&'a SigningKey>,
    pub(crate) notes: String,
    pub(crate) whole: bool,
    /// Older exports, the oldest first.
    pub(crate) older: Vec<String>,
    /// What must not be proven, where the case is about that.
    pub(crate) doubts: Option<Vec<&'a str>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        what: &'a str,
        verdict: &'a str,
        file: String,
        keys: Vec<&'a SigningKey>,
        notes: String,
    ) -> Self {
        Self { what, verdict, file, keys, notes, whole: false, older: Vec::new(), doubts: None }
    }
}

pub(crate) fn notes(notes: &[Note]) -> String {
    notes.iter().map(|note| format!("{note}\n")).collect()
}

fn theirs(folder: &Path, case: &Case<'_>) -> (Value, i32) {
    let (file, notes) = (folder.join("log.ndjson"), folder.join("notes"));
    std::fs::write(&file, &case.file).unwrap();
    std::fs::write(&notes, &case.notes).unwrap();
    let debian = "/usr/bin/python3";
    let mut command = Command::new(if Path::new(debian).exists() { debian } else { "python3" });
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_log.py"));
    command.arg(&file).arg("--witness").arg(&notes).arg("--json").args(case.whole.then_some("--whole"));
    for (place, older) in case.older.iter().enumerate() {
        let file = folder.join(format!("older-{place}"));
        std::fs::write(&file, older).unwrap();
        command.arg("--witness").arg(file);
    }
    for key in &case.keys {
        command.arg("--key").arg(key.public().to_string());
    }
    let output = command.output().expect("python3 can be run (Debian: python3, python3-cryptography)");
    let said = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}; {said}", case.what));
    (report, output.status.code().unwrap())
}

fn mine(case: &Case<'_>) -> (Value, i32) {
    let trust = Trust::new(&public(&case.keys), &read_notes(&case.notes));
    let trust = if case.whole { trust.of_the_whole() } else { trust };
    let older = |trust: Trust, older: &String| trust.and_older(older.as_bytes()).unwrap();
    let trust = case.older.iter().fold(trust, older);
    let report = verify(case.file.as_bytes(), &trust);
    let mut value = report.to_json();
    let codes: Vec<_> = report.not_provable.iter().map(|doubt| doubt.code).collect();
    value["not_provable"] = json!(codes);
    (value, report.verdict.exit_code().into())
}

/// Both programs say of each case what it must be called, and the same besides.
pub(crate) fn both_say_so(name: &str, cases: &[Case<'_>]) {
    let folder = std::env::temp_dir().join(format!("loaxa-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for case in cases {
        let (mine, theirs) = (mine(case), theirs(&folder, case));
        assert_eq!(mine.0["verdict"], case.verdict, "{}: {}", case.what, mine.0);
        for member in
            ["verdict", "row", "since", "first", "last", "head", "origin", "removed", "not_provable"]
        {
            assert_eq!(mine.0[member], theirs.0[member], "{}: {member}", case.what);
        }
        if let Some(doubts) = &case.doubts {
            assert_eq!(mine.0["not_provable"], json!(doubts), "{}", case.what);
        }
        assert_eq!(mine.1, theirs.1, "{}: exit code", case.what);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
