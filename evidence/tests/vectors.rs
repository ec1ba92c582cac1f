//! The vectors of docs/airing-log.md: what is printed there is what comes out here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use loaxa_evidence::{
    Boundary, Checkpoint, KeyKind, Note, PRUNED, Row, SigningKey, Trust, chain, cosign, hash_from_hex, verify,
};
use std::path::Path;

#[test]
fn the_published_vectors_hold() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/airing-log.md");
    let page = std::fs::read_to_string(page).unwrap();
    let row =
        Row::sealed(1, "2026-11-30T10:00:00Z", "log_begins", r#"{"log":"00"}"#, chain::BEFORE_THE_FIRST);
    let station = SigningKey::from_seed("loaxa/00", KeyKind::Note, &[1; 32].into()).unwrap();
    let collector =
        SigningKey::from_seed("collector.example", KeyKind::Cosignature, &[2; 32].into()).unwrap();
    let head = Checkpoint { origin: "loaxa/00".to_owned(), size: 1, hash: hash_from_hex(&row.hash).unwrap() };
    let mut note = Note::signed(head.text(), &station).unwrap();
    let signed = note.to_string();
    cosign(&mut note, &collector, 1_796_000_000);
    let line = row.line().unwrap();
    // the same log after its only row was removed
    let boundary = Boundary { head, first: 1, keep_days: 400 };
    let body = chain::canonical(&boundary.told(&row.at, 0, &[]));
    let told = Row::sealed(2, "2028-01-05T10:00:00Z", PRUNED, &body, &row.hash).line().unwrap();
    let begins = boundary.sign(&station).unwrap().line();
    let texts = [
        begins.clone(),
        told.clone(),
        row.hash.clone(),
        line.clone(),
        station.public().to_string(),
        collector.public().to_string(),
        signed,
        note.to_string(),
    ];
    for text in texts {
        assert!(page.contains(&text), "docs/airing-log.md does not print:\n{text}");
    }
    let keys = [station.public().clone(), collector.public().clone()];
    let report = verify(format!("{line}\n").as_bytes(), &Trust::new(&keys, &[Ok(note)]));
    assert_eq!(report.verdict.word(), "intact");
    assert_eq!(report.heads[0].0.seen[0].time, 1_796_000_000);
    let trust = Trust::new(&keys, &[]).of_the_whole();
    let report = verify(format!("{begins}\n{told}\n").as_bytes(), &trust);
    assert_eq!(report.verdict.word(), "intact");
    assert_eq!(report.removal.unwrap().told, Some(2));
}
