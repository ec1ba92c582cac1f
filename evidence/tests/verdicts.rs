//! Each verdict, and what it must not be taken for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod lab;

use lab::{collector, head, key, log, public, resealed, seal_from, station, text, witnessed};
use loaxa_evidence::{
    Checkpoint, KeyKind, Note, Report, Row, Scanner, Trust, Verdict, VerifierKey, hash_from_hex, verify,
};

fn trust(keys: &[VerifierKey], notes: &[Note]) -> Trust {
    let notes: Vec<_> = notes.iter().cloned().map(Ok).collect();
    Trust::new(keys, &notes)
}

fn both() -> Vec<VerifierKey> {
    public(&[&station(), &collector()])
}

fn check(rows: &[Row], trust: &Trust) -> Report {
    verify(text(rows).as_bytes(), trust)
}

/// The verdict's word, its row, and since which row.
fn short(report: &Report) -> (&'static str, Option<i64>, Option<i64>) {
    (report.verdict.word(), report.verdict.row(), report.verdict.since())
}

fn doubts(report: &Report) -> Vec<&'static str> {
    report.not_provable.iter().map(|doubt| doubt.code).collect()
}

#[test]
fn what_is_intact_says_what_it_does_not_prove() {
    let rows = log(40);
    let alone = check(&rows, &Trust::none());
    assert_eq!(short(&alone), ("intact", None, None));
    assert_eq!(alone.rows, Some((1, 40, hash_from_hex(&rows[39].hash).unwrap())));
    assert_eq!(doubts(&alone), ["no_head", "nothing_after"]);

    let signed = [head(&rows[..30], &station())];
    let report = check(&rows, &trust(&both(), &signed));
    assert_eq!(doubts(&report), ["after_last_head", "nothing_after", "no_witness"]);

    let report = check(&rows, &trust(&both(), &[witnessed(&rows[..30]), head(&rows, &station())]));
    assert_eq!(short(&report), ("intact", None, None));
    assert_eq!(doubts(&report), ["nothing_after", "after_last_witness"]);
    assert_eq!(report.heads.len(), 2);
    assert_eq!(report.heads[0].0.seen[0].time, lab::SEEN + 30 * 60);

    let report = check(&rows, &trust(&both(), &[witnessed(&rows)]));
    assert_eq!(doubts(&report), ["nothing_after"]);

    // a part: its beginning is vouched for by a head of the row before it
    let report = check(&rows[20..], &trust(&both(), &[witnessed(&rows[..20]), witnessed(&rows[..10])]));
    assert_eq!(short(&report), ("intact", None, None));
    assert_eq!(
        doubts(&report),
        ["starts_later", "after_last_head", "nothing_after", "after_last_witness", "heads_before"]
    );

    // who was promised the whole log is not content with a part
    let whole = trust(&both(), &[witnessed(&rows[..20])]).of_the_whole();
    assert_eq!(short(&check(&rows[20..], &whole)), ("truncated", Some(1), None));
    assert_eq!(check(&rows, &whole).verdict.word(), "intact");

    // a head that nobody signed whose key was given counts for nothing
    let report = check(&rows, &trust(&public(&[&collector()]), &[head(&rows, &station())]));
    assert_eq!(doubts(&report), ["no_head", "nothing_after", "unknown_signers"]);
    for doubt in &report.not_provable {
        assert!(!doubt.vi.is_empty() && doubt.en.ends_with(['.', 'y']), "{doubt:?}");
    }
}

#[test]
fn what_was_cut_off_is_truncated_where_a_head_lies_beyond() {
    let rows = log(40);
    let trust = trust(&both(), &[witnessed(&rows[..30])]);
    assert_eq!(short(&check(&rows[..29], &trust)), ("truncated", Some(30), None));
    assert_eq!(short(&check(&rows[..1], &trust)), ("truncated", Some(2), None));
    assert_eq!(short(&check(&[], &trust)), ("truncated", Some(1), None));
    assert_eq!(short(&verify(&text(&rows).as_bytes()[..70], &trust)), ("truncated", Some(1), None));
    assert_eq!(verify(&text(&rows).as_bytes()[..70], &Trust::none()).verdict.word(), "cannot_tell");
    assert_eq!(check(&rows[..30], &trust).verdict.word(), "intact");
    // inside a line, whatever was signed
    let all = text(&rows);
    for cut in [1, 2, 50] {
        let report = verify(&all.as_bytes()[..all.len() - cut], &Trust::none());
        assert_eq!(short(&report), ("truncated", Some(40), None), "{cut}");
    }
}

#[test]
fn what_was_written_anew_is_resealed_and_where_is_narrowed_down() {
    let rows = log(40);
    let heads = [witnessed(&rows[..10]), witnessed(&rows[..20]), witnessed(&rows[..30])];
    let trust_all = trust(&both(), &heads);
    let anew = resealed(&rows, 14, |row| row.body = "{}".to_owned());
    assert_eq!(short(&check(&anew, &trust_all)), ("resealed", Some(20), Some(11)));
    assert_eq!(check(&anew, &Trust::none()).verdict.word(), "intact", "nothing but a head speaks against it");
    // removed, and all later rows numbered and sealed again
    let mut gone = rows.clone();
    gone.remove(4);
    seal_from(&mut gone, 4);
    assert_eq!(short(&check(&gone, &trust_all)), ("resealed", Some(10), Some(1)));
    // a whole new log under a new identifier, with a new key
    let mut other = rows.clone();
    other[0].body = other[0].body.replace(lab::LOG, "ffffffffffffffffffffffffffffffff");
    seal_from(&mut other, 0);
    assert_eq!(short(&check(&other, &trust_all)), ("resealed", Some(1), Some(1)));
    let only_key = trust(&public(&[&station()]), &[]);
    assert_eq!(short(&check(&other, &only_key)), ("resealed", Some(1), Some(1)));
    assert_eq!(check(&rows, &only_key).verdict.word(), "intact");
    // the same name, another key
    let thief = key(station().public().name(), KeyKind::Note, 9);
    let report = check(&rows, &trust(&both(), &[head(&rows, &thief)]));
    assert_eq!(short(&report), ("resealed", Some(1), Some(1)));
    // a part that does not follow what was signed before it
    assert_eq!(short(&check(&anew[20..], &trust_all)), ("resealed", Some(20), Some(20)));
}

#[test]
fn two_histories_by_one_key_are_a_fork() {
    let rows = log(40);
    let anew = resealed(&rows, 14, |row| row.kind = "else".to_owned());
    let notes = [witnessed(&rows[..10]), witnessed(&rows[..20]), head(&anew[..30], &station())];
    assert_eq!(short(&check(&anew, &trust(&both(), &notes))), ("forked", Some(20), Some(11)));
    // two heads of one length: forked, whichever of the two the file is, and although it ends before both
    let notes = [head(&rows[..30], &station()), head(&anew[..30], &station())];
    for file in [&rows, &anew] {
        assert_eq!(short(&check(file, &trust(&both(), &notes))), ("forked", Some(30), Some(1)));
    }
    assert_eq!(short(&check(&rows[..5], &trust(&both(), &notes))), ("forked", Some(30), Some(1)));
    // what only a collector vouches for is no second history by the station's key
    let witness_only = public(&[&collector()]);
    let notes = [witnessed(&rows[..20]), witnessed(&anew[..30])];
    assert_eq!(short(&check(&anew, &trust(&witness_only, &notes))), ("resealed", Some(20), Some(1)));
}

#[test]
fn what_is_wrong_first_in_the_file_is_said() {
    let rows = log(40);
    let mut both_wrong = resealed(&rows, 4, |row| row.body = "{}".to_owned());
    both_wrong[25].body = "{}".to_owned();
    let trust = trust(&both(), &[witnessed(&rows[..10])]);
    assert_eq!(short(&check(&both_wrong, &trust)), ("resealed", Some(10), Some(1)));
    let mut early = rows.clone();
    early[5].body = "{}".to_owned();
    let report = check(&early, &trust);
    assert_eq!(short(&report), ("altered", Some(6), None));
    assert_eq!(doubts(&report), ["rest_unknown"]);
    // the first row is damaged so that it cannot be read: the second one shows what the file is
    let whole = text(&rows);
    let damaged = whole.replacen("{\"row\"", "{\"rowe\"", 1);
    assert_eq!(short(&verify(damaged.as_bytes(), &trust)), ("altered", Some(1), None));
    let mut one = rows[3].clone();
    one.body = "{}".to_owned();
    assert_eq!(short(&check(&[one.clone()], &Trust::none())), ("altered", Some(4), None));
    one.row = 7;
    assert_eq!(short(&check(&[one, rows[4].clone()], &Trust::none())), ("altered", Some(4), None));
    let strange = format!("\n{whole}");
    assert_eq!(short(&verify(strange.as_bytes(), &trust)), ("altered", Some(1), None));
}

#[test]
fn damaged_evidence_is_no_evidence_and_is_said() {
    let rows = log(40);
    let mut forged = witnessed(&rows);
    forged.signatures[1].bytes[20] ^= 1;
    let report = check(&rows, &trust(&both(), &[forged.clone()]));
    assert_eq!(report.verdict.word(), "cannot_tell");
    assert!(report.verdict.why().unwrap().contains("huyen.example/loaxa"), "{:?}", report.verdict);
    // what else was brought still speaks
    let report = check(&rows[..9], &trust(&both(), &[forged, witnessed(&rows[..10])]));
    assert_eq!(short(&report), ("truncated", Some(10), None));
    // a station speaks for its own log only
    let foreign =
        Checkpoint { origin: "loaxa/ffffffffffffffffffffffffffffffff".to_owned(), size: 40, hash: [0; 32] };
    let foreign = Note::signed(foreign.text(), &station()).unwrap();
    let report = check(&rows, &trust(&both(), &[foreign]));
    assert_eq!(report.heads, []);
    assert_eq!((report.verdict.word(), doubts(&report).last()), ("intact", Some(&"unknown_signers")));
    // notes of several stations serve each its own
    let second = key("loaxa/ffffffffffffffffffffffffffffffff", KeyKind::Note, 5);
    let keys = public(&[&station(), &second, &collector()]);
    let notes = [head(&log(7)[..6], &second), witnessed(&rows)];
    assert_eq!(check(&rows, &trust(&keys, &notes)).verdict.word(), "intact");
    assert_eq!(
        check(&rows[3..], &trust(&keys, &notes)).verdict.word(),
        "cannot_tell",
        "a part may be of either"
    );
    assert_eq!(check(&rows[3..], &trust(&both(), &notes)).verdict.word(), "intact");
}

#[test]
fn a_scanner_goes_on_from_where_it_was() {
    let rows = log(40);
    let trust = trust(&both(), &[witnessed(&rows[..10]), witnessed(&rows[..30])]);
    let mut scanner = Scanner::new(&trust);
    assert_eq!(scanner.read(text(&rows[..20]).as_bytes()), scanner.end(true));
    let mut copy = scanner.clone();
    let rest = text(&rows[20..]);
    let end = copy.read(rest.as_bytes());
    assert_eq!(loaxa_evidence::judge(&copy, &end, &trust), check(&rows, &trust));
    // from a row and a hash that somebody noted
    let mut noted = Scanner::after(&trust, 20, hash_from_hex(&rows[19].hash).unwrap());
    let end = noted.read(rest.as_bytes());
    let report = loaxa_evidence::judge(&noted, &end, &trust);
    assert_eq!(
        (report.verdict.word(), report.rows.map(|(first, last, _)| (first, last))),
        ("intact", Some((21, 40)))
    );
    let mut wrong = Scanner::after(&trust, 20, [0; 32]);
    let end = wrong.read(rest.as_bytes());
    assert_eq!(short(&loaxa_evidence::judge(&wrong, &end, &trust)), ("altered", Some(21), None));
}

#[test]
fn a_letter_that_is_none_any_more_is_an_alteration() {
    let mut bytes = text(&log(3)).into_bytes();
    let second = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 3;
    bytes[second] = 0xff;
    assert_eq!(short(&verify(bytes.as_slice(), &Trust::none())), ("altered", Some(2), None));
}

#[test]
fn an_untouched_export_is_intact_and_any_part_of_it_too() {
    let all = log(20);
    for (from, first) in [(0, 1), (5, 6)] {
        let report = check(&all[from..], &Trust::none());
        assert_eq!(report.verdict, Verdict::Intact);
        assert_eq!(report.rows.map(|(first, last, _)| (first, last)), Some((first, 20)));
    }
}

#[test]
fn every_edit_is_found_and_the_first_bad_row_named() {
    let all = log(20);
    let altered = |change: fn(&mut Vec<Row>)| {
        let mut copy = all.clone();
        change(&mut copy);
        match check(&copy, &Trust::none()).verdict {
            Verdict::Altered { row, .. } => row,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(altered(|rows| rows[6].body = r#"{"n":70}"#.to_owned()), 7);
    assert_eq!(altered(|rows| rows[6].at.push(' ')), 7);
    assert_eq!(altered(|rows| drop(rows.remove(6))), 8);
    assert_eq!(altered(|rows| rows.swap(6, 7)), 8);
    assert_eq!(altered(|rows| rows.insert(6, rows[5].clone())), 6);
    // a row sealed again with a right hash of its own does not continue the chain
    assert_eq!(
        altered(|rows| {
            let row = &rows[6];
            rows[6] = Row::sealed(row.row, &row.at, &row.kind, "{}", &row.prev);
        }),
        8
    );
}

#[test]
fn what_is_no_export_cannot_be_told() {
    for text in ["", "\n\n", "hello", "{\"row\":1}"] {
        let report = verify(text.as_bytes(), &Trust::none());
        assert!(matches!(report.verdict, Verdict::CannotTell { .. }), "{text:?}");
    }
}
