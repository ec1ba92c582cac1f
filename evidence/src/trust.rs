//! What an auditor brings: the keys that are believed, and the notes that those keys signed.

use crate::bytes::Hash;
use crate::checkpoint::Checkpoint;
use crate::cosignature::verify_cosignature;
use crate::key::{KeyKind, VerifierKey};
use crate::note::{Note, NoteProblem, Signature};
use crate::removal::Removal;
use crate::scan::Scanner;
use crate::verdict::{Verdict, judge};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// Somebody countersigned a head.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Name of the collector's key.
    pub by: String,
    /// When, by the collector's clock, in seconds since 1970.
    pub time: u64,
}

/// A head that somebody believed signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which log.
    pub origin: String,
    /// Number of the row that it names.
    pub size: i64,
    /// The hash that this row had.
    pub hash: Hash,
    /// Whether the station's key signed it.
    pub by_station: bool,
    /// Who countersigned it, and when.
    pub seen: Vec<Seen>,
    /// Whether an older export that the auditor has ends with this row.
    pub held: bool,
}

impl Head {
    /// Whether anybody signed it.
    pub fn is_signed(&self) -> bool {
        self.by_station || !self.seen.is_empty()
    }
}

/// Keys and notes, checked against each other.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    heads: Vec<Head>,
    stations: BTreeSet<String>,
    /// The stations' keys that were given.
    station_keys: Vec<VerifierKey>,
    /// Notes that a key signed which is not known, under the name of one that is: the log may announce it. Whether they count
    /// already.
    later: Vec<(Note, bool)>,
    damaged: Vec<String>,
    unknown: usize,
    other_key: BTreeSet<String>,
    whole: bool,
    /// By the log's origin: the row up to which older exports were read from the first row on.
    read_until: BTreeMap<String, i64>,
}

impl Trust {
    /// Nothing is brought: only the chain itself can be checked.
    pub fn none() -> Self {
        Self::default()
    }

    /// Checks every note with every key. What no key signed counts for nothing; what a key is said to have signed and did
    /// not is damaged, and is said.
    pub fn new(keys: &[VerifierKey], notes: &[Result<Note, NoteProblem>]) -> Self {
        let station_keys: Vec<VerifierKey> =
            keys.iter().filter(|key| key.kind() == KeyKind::Note).cloned().collect();
        let stations = station_keys.iter().map(|key| key.name().to_owned()).collect();
        let mut trust = Self { stations, station_keys, ..Self::default() };
        for (index, note) in notes.iter().enumerate() {
            let checked = match note {
                Ok(note) => trust.check(keys, note),
                Err(problem) => Err(problem.to_string()),
            };
            if let Err(why) = checked {
                trust.damaged.push(format!("note {}: {why}", index + 1));
            }
        }
        trust.sort();
        trust
    }

    /// The same, and the file must begin with the first row: whoever was given all of a log must not be content with a part.
    #[must_use]
    pub fn of_the_whole(self) -> Self {
        Self { whole: true, ..self }
    }

    fn check(&mut self, keys: &[VerifierKey], note: &Note) -> Result<(), String> {
        let head = Checkpoint::read(&note.text);
        let (mut by_station, mut seen) = (false, Vec::new());
        for key in keys {
            let lies = || format!("the signature that names {} is not by that key", key.name());
            match key.kind() {
                KeyKind::Note => match note.signed_by(key) {
                    Some(false) => return Err(lies()),
                    // a station speaks for its own log and for no other
                    Some(true) => by_station |= head.as_ref().is_none_or(|head| head.origin == key.name()),
                    None => {}
                },
                KeyKind::Cosignature => {
                    let time = verify_cosignature(note, key).map_err(|()| lies())?;
                    seen.extend(time.map(|time| Seen { by: key.name().to_owned(), time }));
                }
            }
        }
        let known = |line: &Signature| keys.iter().any(|key| key.is_named(&line.name, line.id));
        let same_name =
            note.signatures.iter().find(|line| self.stations.contains(&line.name) && !known(line));
        if same_name.is_some() {
            self.later.push((note.clone(), by_station || !seen.is_empty()));
        }
        if !by_station && seen.is_empty() {
            match same_name {
                Some(line) => drop(self.other_key.insert(line.name.clone())),
                None => self.unknown += 1,
            }
            return Ok(());
        }
        let Checkpoint { origin, size, hash } = head.ok_or("its text is not the head of a log")?;
        self.add(Head { origin, size, hash, by_station, seen, held: false });
        Ok(())
    }

    /// The same when these keys are believed, too, which the log announced.
    pub(crate) fn with_announced(&self, keys: &[VerifierKey]) -> Cow<'_, Self> {
        if keys.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut trust = Self { other_key: BTreeSet::new(), ..self.clone() };
        for (note, counts) in &self.later {
            let head = Checkpoint::read(&note.text);
            let named = keys.iter().filter(|key| head.as_ref().is_some_and(|head| head.origin == key.name()));
            let signed: Vec<bool> = named.filter_map(|key| note.signed_by(key)).collect();
            match head {
                Some(Checkpoint { origin, size, hash })
                    if signed.contains(&true) && !signed.contains(&false) =>
                {
                    trust.add(Head { origin, size, hash, by_station: true, seen: Vec::new(), held: false });
                }
                _ if signed.contains(&false) => {
                    trust
                        .damaged
                        .push("a signature that names an announced key is not by that key".to_owned());
                }
                _ if !counts => {
                    let names = note.signatures.iter().map(|line| &line.name);
                    trust.other_key.extend(names.filter(|name| self.stations.contains(*name)).cloned());
                }
                _ => {}
            }
        }
        trust.sort();
        Cow::Owned(trust)
    }

    /// The same with an older export of the log that the auditor kept: its last row must be in the file with the same hash. It is
    /// judged by what is trusted already, older ones included.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn and_older(mut self, input: impl BufRead) -> Result<Self, String> {
        let mut scanner = Scanner::new(&self);
        let end = scanner.read(input);
        let last = scanner.reached().map_or(0, |(_, last, _)| last);
        let report = judge(&scanner, &end, &self.until(last));
        if report.verdict != Verdict::Intact {
            let why = report.verdict.why().unwrap_or_default();
            return Err(format!("it is {}: {why}", report.verdict.word()));
        }
        let (Some((first, size, hash)), Some(origin)) = (report.rows, report.origin) else {
            return Err("it does not say of which log it is; it must begin with the first row or a boundary"
                .to_owned());
        };
        let until = self.read_until.entry(origin.clone()).or_default();
        if first <= until.saturating_add(1) && size > *until {
            *until = size;
        }
        self.add(Head { origin, size, hash, by_station: false, seen: Vec::new(), held: true });
        self.sort();
        Ok(self)
    }

    /// The same without what was signed of later rows, for a part of the log that ends there.
    fn until(&self, row: i64) -> Self {
        let mut trust = Self { whole: false, other_key: BTreeSet::new(), ..self.clone() };
        trust.heads.retain(|head| head.size <= row);
        trust.later.retain(|(note, _)| Checkpoint::read(&note.text).is_none_or(|head| head.size <= row));
        let notes = trust.later.iter().filter(|(_, counts)| !counts).map(|(note, _)| note);
        let names = notes.flat_map(|note| &note.signatures).map(|line| &line.name);
        trust.other_key = names.filter(|name| self.stations.contains(*name)).cloned().collect();
        trust
    }

    /// The same with what a file says of its beginning: a head like any other where the station signed it.
    pub(crate) fn with_removal<'x>(trust: Cow<'x, Self>, removal: Option<&Removal>) -> Cow<'x, Self> {
        let Some(removal) = removal.filter(|removal| removal.signed != Some(false)) else { return trust };
        let mut trust = trust.into_owned();
        let Checkpoint { origin, size, hash } = removal.boundary.head.clone();
        if removal.signed == Some(true) {
            trust.add(Head { origin, size, hash, by_station: true, seen: Vec::new(), held: false });
            trust.sort();
        } else if trust.stations.contains(&origin) {
            trust.other_key.insert(origin);
        }
        Cow::Owned(trust)
    }

    /// Up to this row older exports of this log were read from the first row on.
    pub(crate) fn read_until(&self, origin: &str) -> i64 {
        self.read_until.get(origin).copied().unwrap_or(0)
    }

    fn sort(&mut self) {
        self.heads.sort_by(|a, b| (&a.origin, a.size, a.hash).cmp(&(&b.origin, b.size, b.hash)));
    }

    /// The stations' keys that were given.
    pub(crate) fn station_keys(&self) -> &[VerifierKey] {
        &self.station_keys
    }

    /// Numbers of the rows that somebody signed, or may have.
    pub(crate) fn rows(&self) -> Vec<i64> {
        let later = self.later.iter().filter_map(|(note, _)| Checkpoint::read(&note.text));
        let mut rows: Vec<i64> =
            self.heads.iter().map(|head| head.size).chain(later.map(|head| head.size)).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn add(&mut self, new: Head) {
        let same =
            |head: &&mut Head| (&head.origin, head.size, head.hash) == (&new.origin, new.size, new.hash);
        let Some(known) = self.heads.iter_mut().find(same) else {
            self.heads.push(new);
            return;
        };
        known.by_station |= new.by_station;
        known.held |= new.held;
        known.seen.extend(new.seen);
        known.seen.sort();
        known.seen.dedup();
    }

    /// The heads that count, by origin and size.
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Names of the stations' keys that were given.
    pub(crate) const fn stations(&self) -> &BTreeSet<String> {
        &self.stations
    }

    /// Whether a part of a log is too little.
    pub(crate) const fn wants_the_whole(&self) -> bool {
        self.whole
    }

    /// Notes that prove nothing because they are damaged, and why.
    pub fn damaged(&self) -> &[String] {
        &self.damaged
    }

    /// How many notes nobody signed whose key was given.
    pub const fn unknown(&self) -> usize {
        self.unknown
    }

    /// Names under which another key than the one given signed.
    pub(crate) const fn other_key(&self) -> &BTreeSet<String> {
        &self.other_key
    }
}
