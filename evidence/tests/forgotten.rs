//! Logs that forgot their first rows: what the rule of retention removed is told from what somebody took away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod lab;

use lab::opinions::{Case, both_say_so, notes};
use lab::{
    after, boundary, collector, head, key, log, pruned, rotated, seal_from, station, text, told, witnessed,
};
use loaxa_evidence::{Boundary, KeyKind, Note, Row, SigningKey, Trust, Verdict, rotation, verify};

/// Rows; the last that is gone; the row that tells of it.
const ROWS: i64 = 60;
const GONE: usize = 20;
const TOLD: usize = 45;

#[test]
fn what_the_rule_removed_is_told_from_what_was_taken_away() {
    let (boundary, all) = pruned(ROWS, GONE, TOLD);
    let (us, them) = (station(), collector());
    let thief = key(us.public().name(), KeyKind::Note, 9);
    let second = key("loaxa/ffffffffffffffffffffffffffffffff", KeyKind::Note, 5);
    let file = after(&boundary, &all[GONE..]);
    let both = || vec![&us, &them];
    let ours = || vec![&us];
    let end = || notes(&[witnessed(&all)]);
    let case = |what, verdict, file: String, keys, notes| Case {
        whole: true,
        ..Case::new(what, verdict, file, keys, notes)
    };
    let lie = |line: String| line.replace("pruned 1 400", "pruned 1 401");
    // whoever has a head that the station signed, and not its key
    let with_note = |note: &Note, size: usize| {
        let note = serde_json::json!({ "boundary": size, "note": note.to_string() }).to_string();
        format!("{note}\n{}", text(&all[size..]))
    };
    let by = |key: &SigningKey, last: usize| lab::boundary(&all[..last], key);
    let row_of = |boundary: &Boundary| {
        let body = loaxa_evidence::chain::canonical(&boundary.told("2026-11-30T10:00:20Z", 5, &[]));
        let last = all.last().unwrap();
        Row::sealed(last.row + 1, &last.at, "pruned", &body, &last.hash)
    };
    let mut unsaid = all.clone();
    unsaid.remove(TOLD - 1);
    seal_from(&mut unsaid, TOLD - 1);
    // what was taken away, with a row that says so written by whoever did
    let taken = by(&thief, 30);
    let forged = format!("{}{}\n", after(&taken, &all[30..]), row_of(&taken.boundary).line().unwrap());
    let mut cases = vec![
        Case {
            doubts: Some(vec!["removed", "nothing_after"]),
            ..case("everything", "intact", file.clone(), both(), end())
        },
        Case {
            doubts: Some(vec!["removed", "after_last_head", "nothing_after", "no_witness"]),
            ..case("the key alone", "intact", file.clone(), ours(), String::new())
        },
        case("no key", "cannot_tell", file.clone(), vec![], String::new()),
        case("a collector's key alone", "cannot_tell", file.clone(), vec![&them], end()),
        case("another station's key", "resealed", file.clone(), vec![&second], String::new()),
        case("another key under the name", "resealed", file.clone(), vec![&thief], String::new()),
        case("the boundary cut off", "truncated", text(&all[GONE..]), both(), end()),
        case("the row after it gone", "altered", after(&boundary, &all[GONE + 1..]), both(), end()),
        case("a row of before put in", "altered", after(&boundary, &all[GONE - 1..]), both(), end()),
        case("the end cut off", "truncated", after(&boundary, &all[GONE..50]), both(), end()),
        case(
            "cut off before it is told",
            "truncated",
            after(&boundary, &all[GONE..40]),
            ours(),
            String::new(),
        ),
        case("never told", "truncated", after(&boundary, &unsaid[GONE..]), ours(), String::new()),
        case("never told, and heads", "truncated", after(&boundary, &unsaid[GONE..]), both(), end()),
        case("nothing but the boundary", "truncated", after(&boundary, &[]), ours(), String::new()),
        case("another rule", "altered", lie(file.clone()), both(), end()),
        case("a head is no boundary", "altered", with_note(&witnessed(&all[..30]), 30), both(), end()),
        case("nor is that of the station", "altered", with_note(&head(&all[..30], &us), 30), both(), end()),
        case("by a thief", "resealed", after(&by(&thief, GONE), &all[GONE..]), ours(), String::new()),
        case("by a thief, and heads", "truncated", after(&by(&thief, GONE), &all[GONE..]), both(), end()),
        case("more taken away", "resealed", forged.clone(), ours(), String::new()),
        case("more taken away, and heads", "truncated", forged, both(), end()),
        case("signed, and of other rows", "truncated", after(&by(&us, 30), &all[30..]), both(), end()),
        case("two boundaries", "altered", format!("{}\n{file}", boundary.line()), both(), end()),
        case("the boundary in the middle", "altered", format!("{}{file}", text(&all[..GONE])), both(), end()),
        // rows that a row `pruned` speaks of may be there all the same: an export of before and one of after, put together
        case("all of it", "intact", text(&all), both(), end()),
        case("a head of what is gone", "intact", file.clone(), both(), notes(&[witnessed(&all[..9])])),
        case("another head of the last that is gone", "forked", file.clone(), both(), {
            let mut other = log(GONE as i64);
            other[3].body = "{}".to_owned();
            seal_from(&mut other, 3);
            notes(&[witnessed(&other)])
        }),
    ];
    // with what the auditor kept
    let older = text(&all[..30]);
    let mut others = all[..30].to_vec();
    others[25].body = "{}".to_owned();
    seal_from(&mut others, 25);
    let exact = text(&all[..GONE]);
    let with = |what, verdict, doubts, older: Vec<String>| Case {
        older,
        doubts,
        ..case(what, verdict, file.clone(), both(), end())
    };
    cases.extend([
        with("an older export", "intact", Some(vec!["nothing_after"]), vec![older.clone()]),
        with("one that meets the boundary", "intact", Some(vec!["nothing_after"]), vec![exact]),
        with("one that does not", "intact", Some(vec!["removed", "nothing_after"]), vec![text(&all[..9])]),
        with("one of another history", "resealed", None, vec![text(&others)]),
        with(
            "one that is longer",
            "truncated",
            None,
            vec![{
                let last = all.last().unwrap();
                text(
                    &[all.clone(), vec![Row::sealed(last.row + 1, &last.at, "end", "{}", &last.hash)]]
                        .concat(),
                )
            }],
        ),
    ]);
    both_say_so("forgotten", &cases);
}

/// One boundary after the other, each export the witness of the next.
#[test]
fn exports_reach_back_over_several_removals() {
    let (first, all) = pruned(ROWS, GONE, TOLD);
    let us = station();
    let second = lab::boundary(&all[..50], &us);
    let second = Boundary { first: 21, ..second.boundary }.sign(&us).unwrap();
    let longer = told(&all, 58, &second.boundary, &[]);
    let files = [text(&all[..30]), after(&first, &all[GONE..55]), after(&second, &longer[50..])];
    let case = |what, doubts: &[&'static str], older: &[&String]| Case {
        whole: true,
        older: older.iter().map(|file| (*file).clone()).collect(),
        doubts: Some(doubts.to_vec()),
        ..Case::new(what, "intact", files[2].clone(), vec![&us], notes(&[head(&longer, &us)]))
    };
    let removed = ["removed", "nothing_after", "no_witness"];
    both_say_so(
        "several",
        &[
            case("nothing older", &removed, &[]),
            case("the last one", &removed, &[&files[1]]),
            case("both", &removed[1..], &[&files[0], &files[1]]),
            case("the first one, which ends too early", &removed, &[&files[0]]),
        ],
    );
}

/// The row that announced another key is gone, and the auditor has the first.
#[test]
fn keys_that_removed_rows_announced_are_believed() {
    let us = station();
    let (new, thief) = (key(us.public().name(), KeyKind::Note, 6), key(us.public().name(), KeyKind::Note, 9));
    let all = rotated(ROWS - 1, 10, &us, &new);
    let boundary = boundary(&all[..GONE], &new);
    let announced = |old: &SigningKey| {
        let head = lab::boundary(&all[..10], &us).boundary.head;
        rotation(&head, old, &new).unwrap().to_string()
    };
    let case = |what, verdict, keys: &[String]| {
        let all = told(&all, TOLD, &boundary.boundary, keys);
        let notes = notes(&[head(&all[..50], &new)]);
        Case::new(what, verdict, after(&boundary, &all[GONE..]), vec![&us], notes)
    };
    let (right, wrong) = (announced(&us), announced(&thief));
    both_say_so(
        "announced",
        &[
            case("as it was", "intact", std::slice::from_ref(&right)),
            case("beside others", "intact", &[wrong.clone(), right, "no note".to_owned()]),
            case("not said", "resealed", &[]),
            case("by a thief", "resealed", &[wrong]),
        ],
    );
}

#[test]
fn an_older_export_that_does_not_hold_is_refused() {
    let all = log(40);
    let trust = || Trust::new(&lab::public(&[&station()]), &[Ok(head(&all, &station()))]);
    let mut changed = all[..30].to_vec();
    changed[4].body = "{}".to_owned();
    let why = trust().and_older(text(&changed).as_bytes()).unwrap_err();
    assert!(why.contains("altered"), "{why}");
    let why = trust().and_older(text(&all[5..30]).as_bytes()).unwrap_err();
    assert!(why.contains("which log"), "{why}");
    let whole = trust().and_older(text(&all[..30]).as_bytes()).unwrap();
    assert_eq!(verify(text(&all).as_bytes(), &whole).verdict, Verdict::Intact);
    assert_eq!(verify(text(&all[..29]).as_bytes(), &whole).verdict.word(), "truncated");
}
