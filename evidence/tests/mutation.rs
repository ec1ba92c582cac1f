//! Every bit flip, deletion, swap, insertion and truncation of a log of 200 rows, and every way to seal it anew, judged by
//! two programs that share nothing but the page that describes the format. The same of a log that forgot its first rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may"
)]

mod lab;

use lab::{after, collector, log, pruned, public, station, text, witnessed};
use loaxa_evidence::{Row, Scanner, Trust, chain, judge, verify};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROWS: usize = 200;
/// Rows whose head was signed and countersigned.
const HEADS: [usize; 4] = [50, 100, 150, ROWS];
/// The same of the log that forgot: its rows, the last that is gone, the row that tells of it.
const PRUNED_ROWS: usize = 72;
const PRUNED_HEADS: [usize; 4] = [20, 40, 60, PRUNED_ROWS];
const GONE: usize = 20;
const TOLD: usize = 50;
/// Every so many mutants one is judged from the first row on, too.
const EVERY: usize = 997;

/// Those of them that a boundary has, which is no row.
const OF_BYTES: usize = 6;
/// Families of mutants that are made at one line; `mutants.py` has them under the same names.
const FAMILIES: [&str; 11] = [
    "flips",
    "chops",
    "cut",
    "drop",
    "swaps",
    "doubles",
    "changed",
    "forge",
    "reseal_changed",
    "reseal_dropped",
    "reseal_forged",
];

/// Debian's own Python has Debian's packages; another one may come first on the path.
fn python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

struct Lab {
    /// The row of each line; of a boundary the last one that is gone.
    rows: Vec<Row>,
    lines: Vec<Vec<u8>>,
    heads: [usize; 4],
    trust: Trust,
    notes: String,
    /// What was verified before each line.
    states: Vec<Scanner>,
    judged: usize,
}

impl Lab {
    fn new() -> Self {
        let rows = log(i64::try_from(ROWS).unwrap());
        let file = text(&rows);
        Self::of(&rows, rows.clone(), &file, HEADS)
    }

    fn pruned() -> Self {
        let (boundary, all) = pruned(i64::try_from(PRUNED_ROWS).unwrap(), GONE, TOLD);
        let file = after(&boundary, &all[GONE..]);
        Self::of(&all, all[GONE - 1..].to_vec(), &file, PRUNED_HEADS)
    }

    fn of(all: &[Row], rows: Vec<Row>, file: &str, heads: [usize; 4]) -> Self {
        let lines: Vec<Vec<u8>> = file.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
        let notes: Vec<_> = heads.iter().map(|size| witnessed(&all[..*size])).collect();
        let text = notes.iter().fold(String::new(), |mut all, note| {
            writeln!(all, "{note}").unwrap();
            all
        });
        let notes: Vec<_> = notes.into_iter().map(Ok).collect();
        let trust = Trust::new(&public(&[&station(), &collector()]), &notes).of_the_whole();
        let mut states = vec![Scanner::new(&trust)];
        for line in &lines {
            let mut scanner = states.last().unwrap().clone();
            scanner.push(&line[..line.len() - 1]).unwrap();
            states.push(scanner);
        }
        assert!(states.last().unwrap().is_whole());
        Self { rows, lines, heads, trust, notes: text, states, judged: 0 }
    }

    /// The number of the row of this line.
    fn number(&self, place: usize) -> usize {
        usize::try_from(self.rows[place].row).unwrap()
    }

    fn begins_with_a_boundary(&self) -> bool {
        self.rows[0].row > 1
    }

    /// The verdict on the log whose bytes from line `place` on are these.
    fn judge(&mut self, place: usize, rest: &[u8]) -> String {
        let mut scanner = self.states[place].clone();
        let end = scanner.read(rest);
        let report = judge(&scanner, &end, &self.trust);
        self.judged += 1;
        if self.judged.is_multiple_of(EVERY) {
            let whole = [self.lines[..place].concat().as_slice(), rest].concat();
            assert_eq!(
                verify(whole.as_slice(), &self.trust),
                report,
                "from line {place}, and from the beginning"
            );
        }
        format!("{}@{}", report.verdict.word(), report.verdict.row().unwrap_or(0))
    }

    fn rest(&self, place: usize) -> Vec<u8> {
        self.lines[place..].concat()
    }

    /// These rows sealed one after the other from `place` on.
    fn chain(&self, place: usize, rows: &[Row]) -> Vec<u8> {
        let mut before = place.checked_sub(1).map(|before| self.rows[before].clone());
        let mut bytes = Vec::new();
        for row in rows {
            let (number, prev) = match &before {
                Some(before) => (before.row + 1, before.hash.as_str()),
                None => (1, chain::BEFORE_THE_FIRST),
            };
            let made = Row::sealed(number, &row.at, &row.kind, &row.body, prev);
            bytes.extend_from_slice(made.line().unwrap().as_bytes());
            bytes.push(b'\n');
            before = Some(made);
        }
        bytes
    }

    fn changed(&self, place: usize) -> Row {
        Row { body: "{}".to_owned(), ..self.rows[place].clone() }
    }

    fn forged(&self, place: usize) -> Row {
        let row = self.rows[place.min(self.rows.len() - 1)].clone();
        Row { kind: "ended".to_owned(), body: r#"{"outcome":"aired"}"#.to_owned(), ..row }
    }

    /// The bytes from line `place` on of every mutant of a family, each handed to `judge`.
    fn family(&mut self, family: &str, place: usize) -> Vec<String> {
        let mut verdicts = Vec::new();
        match family {
            "flips" => {
                let mut rest = self.rest(place);
                for index in 0..self.lines[place].len() {
                    for bit in 0..8 {
                        rest[index] ^= 1 << bit;
                        verdicts.push(self.judge(place, &rest));
                        rest[index] ^= 1 << bit;
                    }
                }
            }
            "chops" => {
                let line = self.lines[place].clone();
                verdicts.extend((1..line.len()).map(|length| self.judge(place, &line[..length])));
            }
            "cut" => verdicts.push(self.judge(place, b"")),
            "drop" => verdicts.push(self.judge(place, &self.rest(place + 1))),
            "swaps" => {
                for other in place + 1..self.lines.len() {
                    let mut lines = self.lines[place..].to_vec();
                    lines.swap(0, other - place);
                    verdicts.push(self.judge(place, &lines.concat()));
                }
            }
            "doubles" => {
                for line in 0..self.lines.len() {
                    let rest = [self.lines[line].as_slice(), &self.rest(place)].concat();
                    verdicts.push(self.judge(place, &rest));
                }
            }
            "changed" => {
                let rest = [self.chain(place, &[self.changed(place)]), self.rest(place + 1)].concat();
                verdicts.push(self.judge(place, &rest));
            }
            "forge" => {
                let rest = [self.chain(place, &[self.forged(place)]), self.rest(place)].concat();
                verdicts.push(self.judge(place, &rest));
            }
            "reseal_changed" => {
                let rows = [&[self.changed(place)], &self.rows[place + 1..]].concat();
                verdicts.push(self.judge(place, &self.chain(place, &rows)));
            }
            "reseal_dropped" => {
                verdicts.push(self.judge(place, &self.chain(place, &self.rows[place + 1..])));
            }
            "reseal_forged" => {
                let rows = [&[self.forged(place)], &self.rows[place..]].concat();
                verdicts.push(self.judge(place, &self.chain(place, &rows)));
            }
            other => panic!("no family {other}"),
        }
        verdicts
    }

    /// What a mutant at this line must be called, and which row is the first that is bad.
    fn is_found(&self, family: &str, place: usize, verdict: &str) -> bool {
        let (word, row) = verdict.split_once('@').unwrap();
        let row: usize = row.parse().unwrap();
        let (number, last) = (self.number(place), self.number(self.rows.len() - 1));
        if place == 0 && self.begins_with_a_boundary() {
            return match family {
                // it is no boundary any more (or two lines of something), not the station's, or that of other rows
                "flips" => {
                    (word == "altered" && (number - 1..=number + 1).contains(&row))
                        || verdict == "truncated@1"
                }
                "swaps" | "doubles" => word == "altered",
                _ => verdict == "truncated@1",
            };
        }
        let next_head = self.heads.into_iter().find(|head| *head >= number).unwrap_or(usize::MAX);
        match family {
            // a line feed that is none any more joins two lines, or takes the file's end
            "flips" => {
                (word == "altered" && (row == number || number == 1 && row == 2))
                    || (word == "truncated" && row == number && number == last)
            }
            "chops" | "cut" => (word, row) == ("truncated", number),
            "drop" if number == last => (word, row) == ("truncated", number),
            "drop" if number == 1 => (word, row) == ("truncated", 1),
            "drop" => (word, row) == ("altered", number + 1),
            "swaps" | "doubles" => word == "altered",
            // right by itself: what follows does not continue it, or a head of that very row speaks against it
            "changed" if self.heads.contains(&number) => (word, row) == ("resealed", number),
            "changed" => (word, row) == ("altered", number + 1),
            "forge" if self.heads.contains(&number) => (word, row) == ("resealed", number),
            "forge" => (word, row) == ("altered", number),
            "reseal_dropped" if number > self.heads[2] => (word, row) == ("truncated", last),
            "reseal_changed" | "reseal_dropped" | "reseal_forged" => (word, row) == ("resealed", next_head),
            _ => false,
        }
    }

    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("log.ndjson"), self.lines.concat()).unwrap();
        let keys = public(&[&station(), &collector()]);
        let keys: String = keys.iter().fold(String::new(), |all, key| all + &key.to_string() + "\n");
        std::fs::write(folder.join("keys"), keys).unwrap();
        std::fs::write(folder.join("notes"), &self.notes).unwrap();
    }
}

/// Equal verdicts in a row, counted.
fn counted(verdicts: &[String]) -> String {
    let runs = verdicts.chunk_by(|a, b| a == b).map(|run| format!("{}*{}", run[0], run.len()));
    runs.collect::<Vec<_>>().join(",")
}

#[test]
fn every_mutant_of_a_log_is_found_by_two_programs() {
    let mut lab = Lab::new();
    every_mutant_is_found("log", &mut lab);
    assert!(lab.judged > 600_000, "{}", lab.judged);
}

#[test]
fn every_mutant_of_a_log_that_forgot_is_found_by_two_programs() {
    let mut lab = Lab::pruned();
    every_mutant_is_found("pruned", &mut lab);
    assert!(lab.judged > 100_000, "{}", lab.judged);
}

fn every_mutant_is_found(name: &str, lab: &mut Lab) {
    let folder = std::env::temp_dir().join(format!("loaxa-mutants-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    lab.write(&folder);
    let lines = lab.lines.len();
    let mut plan: Vec<(&str, usize)> =
        FAMILIES.iter().flat_map(|family| (0..lines).map(move |place| (*family, place))).collect();
    if lab.begins_with_a_boundary() {
        plan.retain(|(family, place)| *place > 0 || FAMILIES[..OF_BYTES].contains(family));
    }
    let mut other = Command::new(python())
        .arg(script("mutants.py"))
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(std::fs::File::create(folder.join("answers")).unwrap()))
        .spawn()
        .expect("python3 can be run (Debian: python3, python3-cryptography)");
    let mut orders = other.stdin.take().unwrap();
    for (family, place) in &plan {
        writeln!(orders, "{family} {place}").unwrap();
    }
    drop(orders);
    // the other program works meanwhile
    let mut mine = Vec::new();
    let mut missed = Vec::new();
    for (family, place) in &plan {
        let verdicts = lab.family(family, *place);
        let bad = verdicts.iter().filter(|verdict| !lab.is_found(family, *place, verdict));
        missed.extend(bad.map(|verdict| format!("{family} at line {}: {verdict}", place + 1)));
        mine.push(counted(&verdicts));
    }
    let first: Vec<_> = missed.iter().take(20).collect();
    assert!(missed.is_empty(), "{} mutants are not found as they should be: {first:#?}", missed.len());
    assert!(other.wait().unwrap().success(), "mutants.py needs python3-cryptography (make packages-to-test)");
    let answers = std::fs::read_to_string(folder.join("answers")).unwrap();
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), plan.len());
    for ((order, mine), answer) in plan.iter().zip(&mine).zip(answers) {
        assert_eq!(mine, answer, "{order:?}: this program, and the other");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    eprintln!("{} mutants of {lines} lines, all found by both programs", lab.judged);
}

/// The one thing that can be added unseen, and both say so.
#[test]
fn what_comes_after_the_last_head_is_not_provable() {
    let mut lab = Lab::new();
    let forged = lab.forged(ROWS);
    let rest = lab.chain(ROWS, &[forged]);
    assert_eq!(lab.judge(ROWS, &rest), "intact@0");
    let mut scanner = lab.states[ROWS].clone();
    let end = scanner.read(rest.as_slice());
    let report = judge(&scanner, &end, &lab.trust);
    let codes: Vec<_> = report.not_provable.iter().map(|doubt| doubt.code).collect();
    assert_eq!(codes, ["after_last_head", "nothing_after", "after_last_witness"]);
}
