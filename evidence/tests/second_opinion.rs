//! The auditor's Python program and ours, run as an auditor runs them, over every kind of file and evidence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod lab;

use lab::opinions::{Case, both_say_so, notes};
use lab::{SEEN, collector, head, key, log, resealed, rotated, station, text, witnessed};
use loaxa_evidence::{Checkpoint, KeyKind, Note, Row, cosign};

#[test]
fn both_programs_say_the_same_of_every_kind_of_file() {
    let rows = log(60);
    let (us, them) = (station(), collector());
    let thief = key(us.public().name(), KeyKind::Note, 9);
    let second = key("loaxa/ffffffffffffffffffffffffffffffff", KeyKind::Note, 5);
    let anew = resealed(&rows, 24, |row| row.body = "{}".to_owned());
    let mut changed = rows.clone();
    changed[30].at.push('0');
    let mut lie = witnessed(&rows);
    lie.signatures[0].bytes[3] ^= 1;
    let mut early = witnessed(&rows);
    early.signatures[1].bytes[7] ^= 1;
    let foreign = Checkpoint { origin: second.public().name().to_owned(), size: 60, hash: [0; 32] };
    let foreign = Note::signed(foreign.text(), &us).unwrap();
    let both = || vec![&us, &them];
    let case = |what, verdict, rows: &[Row], keys, notes| Case::new(what, verdict, text(rows), keys, notes);
    let mut cases = vec![
        case("nothing but the file", "intact", &rows, vec![], String::new()),
        case("everything", "intact", &rows, both(), notes(&[witnessed(&rows[..20]), witnessed(&rows)])),
        case("a head in the middle", "intact", &rows, both(), notes(&[head(&rows[..20], &us)])),
        case("notes and no key", "intact", &rows, vec![], notes(&[witnessed(&rows)])),
        case("the collector's key alone", "intact", &rows, vec![&them], notes(&[witnessed(&rows)])),
        case(
            "a part",
            "intact",
            &rows[10..],
            both(),
            notes(&[witnessed(&rows[..10]), witnessed(&rows[..5])]),
        ),
        case("changed", "altered", &changed, both(), notes(&[witnessed(&rows)])),
        case("cut", "truncated", &rows[..40], both(), notes(&[witnessed(&rows[..50])])),
        case("nothing left", "truncated", &[], both(), notes(&[witnessed(&rows[..50])])),
        case("nothing at all", "cannot_tell", &[], vec![], String::new()),
        case("anew", "resealed", &anew, both(), notes(&[witnessed(&rows[..20]), witnessed(&rows[..50])])),
        case("anew and unseen", "intact", &anew, both(), notes(&[witnessed(&rows[..20])])),
        case("forked", "forked", &anew, both(), notes(&[witnessed(&rows[..30]), head(&anew, &us)])),
        case("forked elsewhere", "forked", &rows[..9], both(), notes(&[witnessed(&rows), head(&anew, &us)])),
        case("another key", "resealed", &rows, both(), notes(&[head(&rows, &thief)])),
        case("another log", "resealed", &rows, vec![&second], String::new()),
        case("two stations", "intact", &rows, vec![&second, &us], notes(&[head(&rows, &us)])),
        case(
            "a part of which of two",
            "cannot_tell",
            &rows[3..],
            vec![&second, &us],
            notes(&[head(&rows[..9], &second), head(&rows, &us)]),
        ),
        case("a station of another log", "intact", &rows, both(), notes(&[foreign])),
        case("a lie", "cannot_tell", &rows, both(), notes(&[lie])),
        case("another time", "cannot_tell", &rows, both(), notes(&[early])),
        case("half a note", "cannot_tell", &rows, both(), witnessed(&rows).to_string()[..150].to_owned()),
        case("no note", "cannot_tell", &rows, both(), "hello\n".to_owned()),
    ];
    // one key gave way to another, and the auditor has the first
    let new = key(us.public().name(), KeyKind::Note, 6);
    let (turned, usurped) = (rotated(60, 20, &us, &new), rotated(60, 20, &thief, &new));
    let again = key(us.public().name(), KeyKind::Note, 7);
    let mut damaged = head(&turned, &new);
    damaged.signatures[0].bytes[9] ^= 1;
    let other = resealed(&turned, 40, |row| row.body = "{}".to_owned());
    let of_both = notes(&[head(&turned[..20], &us), head(&turned, &new)]);
    cases.extend([
        case("a new key", "intact", &turned, both(), of_both.clone()),
        case("a new key alone", "intact", &turned, vec![&us], notes(&[head(&turned, &new)])),
        case("a new key, countersigned", "intact", &turned, both(), {
            let mut note = head(&turned, &new);
            cosign(&mut note, &them, SEEN);
            notes(&[note])
        }),
        case("a new key and the last one known", "intact", &turned, vec![&new], of_both.clone()),
        case("a new key, and cut off", "truncated", &turned[..50], both(), of_both.clone()),
        case(
            "a new key that signed another history",
            "resealed",
            &other,
            both(),
            notes(&[head(&turned, &new)]),
        ),
        case(
            "a new key that signed two",
            "forked",
            &other,
            both(),
            notes(&[head(&turned[..45], &new), head(&other, &new)]),
        ),
        case("a new key that nobody announced", "resealed", &rows, both(), notes(&[head(&rows, &new)])),
        case(
            "a new key that a thief announced",
            "resealed",
            &usurped,
            both(),
            notes(&[head(&usurped, &new)]),
        ),
        case(
            "a new key after the announced one",
            "resealed",
            &turned,
            both(),
            notes(&[head(&turned, &again)]),
        ),
        case(
            "a new key, announced before the part",
            "resealed",
            &turned[30..],
            both(),
            notes(&[head(&turned, &new)]),
        ),
        case("a new key that did not sign", "cannot_tell", &turned, both(), notes(&[damaged])),
    ]);
    let texts = [
        ("no export", "cannot_tell", "hello\n".to_owned()),
        ("half a line", "cannot_tell", text(&rows)[..50].to_owned()),
        ("a line too many", "altered", format!("{{}}\n{}", text(&rows))),
        ("an empty line", "altered", text(&rows).replacen('\n', "\n\n", 1)),
        ("other line ends", "cannot_tell", text(&rows).replace('\n', "\r\n")),
        ("no end", "truncated", text(&rows).trim_end().to_owned()),
    ];
    cases.extend(texts.map(|(what, verdict, file)| Case::new(what, verdict, file, vec![], String::new())));
    let part = case("a part of what must be whole", "truncated", &rows[1..], vec![], String::new());
    cases.push(Case { whole: true, ..part });
    both_say_so("opinions", &cases);
}
