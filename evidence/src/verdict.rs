//! The verdict on a file: what the chain, the heads and the countersignatures say together.

use crate::bytes::{Hash, hex};
use crate::doubt::{self, Doubt};
use crate::removal::Removal;
use crate::scan::{End, Scanner};
use crate::trust::{Head, Trust};
use std::collections::BTreeSet;
use std::io::BufRead;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every row follows from the one before, and every head agrees.
    Intact,
    /// A row does not follow: changed, removed, inserted or moved.
    Altered {
        /// The first row that does not hold.
        row: i64,
        /// What is wrong with it.
        why: String,
    },
    /// Rows are missing at the end, or at the beginning of what must be the whole log.
    Truncated {
        /// The first row that is missing.
        row: i64,
        /// How that is known.
        why: String,
    },
    /// The station's key signed two histories.
    Forked {
        /// The first row that has two hashes by the same key.
        row: i64,
        /// The two histories part at a row from this one on.
        since: i64,
        /// How that is known.
        why: String,
    },
    /// The chain was written anew: it holds, and is not the one that was signed.
    Resealed {
        /// The first row that was signed or countersigned with another hash; 1 of another log or key.
        row: i64,
        /// It was written anew from this row on, or from a later one.
        since: i64,
        /// How that is known.
        why: String,
    },
    /// What was given does not let anything be said.
    CannotTell {
        /// What is wrong.
        why: String,
    },
}

impl Verdict {
    /// Stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Altered { .. } => "altered",
            Self::Truncated { .. } => "truncated",
            Self::Forked { .. } => "forked",
            Self::Resealed { .. } => "resealed",
            Self::CannotTell { .. } => "cannot_tell",
        }
    }

    /// Exit code of `loaxa log verify`: 0 intact, 2 could not tell, 1 everything else.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Intact => 0,
            Self::CannotTell { .. } => 2,
            _ => 1,
        }
    }

    /// The first bad row, where the verdict names one.
    pub const fn row(&self) -> Option<i64> {
        match self {
            Self::Altered { row, .. }
            | Self::Truncated { row, .. }
            | Self::Forked { row, .. }
            | Self::Resealed { row, .. } => Some(*row),
            Self::Intact | Self::CannotTell { .. } => None,
        }
    }

    /// For a chain that was written anew: the first row of which that may be said.
    pub const fn since(&self) -> Option<i64> {
        match self {
            Self::Forked { since, .. } | Self::Resealed { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// How it is known; None of what is intact.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Intact => None,
            Self::Altered { why, .. }
            | Self::Truncated { why, .. }
            | Self::Forked { why, .. }
            | Self::Resealed { why, .. }
            | Self::CannotTell { why } => Some(why),
        }
    }
}

/// The verdict with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was found.
    pub verdict: Verdict,
    /// First and last row that hold, and the hash of the last. None when there is none.
    pub rows: Option<(i64, i64, Hash)>,
    /// The log's origin, where the file says it.
    pub origin: Option<String>,
    /// The heads that were compared, and whether the file agrees with each.
    pub heads: Vec<(Head, bool)>,
    /// What the file says of the rows before it; None of a file that begins with a row.
    pub removal: Option<Removal>,
    /// What cannot be concluded from what was given.
    pub not_provable: Vec<Doubt>,
}

/// Reads a whole export and judges it.
pub fn verify(input: impl BufRead, trust: &Trust) -> Report {
    let mut scanner = Scanner::new(trust);
    let end = scanner.read(input);
    judge(&scanner, &end, trust)
}

/// Judges what a scanner found. What is wrong earliest in the file is what is said.
pub fn judge(scanner: &Scanner, end: &End, trust: &Trust) -> Report {
    let removal = Removal::of(scanner);
    let trust = &*Trust::with_removal(trust.with_announced(scanner.announced()), removal.as_ref());
    let heads: Vec<&Head> = trust
        .heads()
        .iter()
        .filter(|head| scanner.origin().is_none_or(|origin| head.origin == origin))
        .collect();
    // a part of a log does not say of which: of heads of several, none can be held against it
    let comparable = if origins(&heads).len() > 1 { &[] } else { heads.as_slice() };
    let compared: Vec<(&Head, bool)> = comparable
        .iter()
        .filter_map(|head| scanner.hash_of(head.size).map(|hash| (*head, hash == head.hash)))
        .collect();
    let verdict = removal
        .as_ref()
        .and_then(Removal::is_a_lie)
        .unwrap_or_else(|| verdict(scanner, end, trust, &heads, &compared));
    let verdict = match (verdict, &removal) {
        (Verdict::Intact, Some(removal)) => removal.is_unproven(trust).unwrap_or(Verdict::Intact),
        (verdict, _) => verdict,
    };
    let not_provable = match verdict {
        Verdict::Intact => doubt::of_intact(scanner, &heads, trust, removal.as_ref()),
        _ => doubt::of_bad(scanner),
    };
    Report {
        verdict,
        rows: scanner.reached(),
        origin: scanner.origin().map(str::to_owned),
        heads: compared.into_iter().map(|(head, agrees)| (head.clone(), agrees)).collect(),
        removal,
        not_provable,
    }
}

fn verdict(
    scanner: &Scanner,
    end: &End,
    trust: &Trust,
    heads: &[&Head],
    compared: &[(&Head, bool)],
) -> Verdict {
    if let Some(verdict) = contradicted(scanner, compared) {
        return verdict;
    }
    let last = match end {
        End::Broken(broken) => return Verdict::Altered { row: broken.row, why: broken.why.clone() },
        End::NoRow(None) if !heads.is_empty() => {
            return Verdict::Truncated {
                row: 1,
                why: "the file is empty, and heads of it were signed".to_owned(),
            };
        }
        End::NoRow(why) => {
            let why = why.as_deref().unwrap_or("the file holds no row");
            return Verdict::CannotTell { why: format!("{why}; make an export with `loaxa log export`") };
        }
        End::CutOff if heads.is_empty() && scanner.reached().is_none() => {
            return Verdict::CannotTell { why: "the file ends inside its first line".to_owned() };
        }
        End::Unread(why) => return Verdict::CannotTell { why: format!("the file cannot be read on: {why}") },
        End::Whole | End::CutOff => scanner.reached().map_or(0, |(_, last, _)| last),
    };
    let origins = origins(heads);
    if origins.len() > 1 {
        let names = origins.into_iter().collect::<Vec<_>>().join(", ");
        let why = format!(
            "the notes are of several logs ({names}), and a part of a log does not say of which it is; give those of one"
        );
        return Verdict::CannotTell { why };
    }
    if let Some(why) = of_another_log(scanner, trust, heads, compared) {
        return Verdict::Resealed { row: 1, since: 1, why };
    }
    if let Some(row) = two_at_once(heads) {
        let why = format!("the station's key signed two hashes of row {row}");
        return Verdict::Forked { row, since: 1, why };
    }
    if let Some((first @ 2.., _, _)) = scanner.reached()
        && scanner.forgotten().is_none()
        && trust.wants_the_whole()
    {
        let why = format!("the file begins with row {first}, and the whole log was asked for");
        return Verdict::Truncated { row: 1, why };
    }
    let missing = last.saturating_add(1);
    if *end == End::CutOff {
        return Verdict::Truncated { row: missing, why: "the file ends inside a line".to_owned() };
    }
    if let Some(beyond) = heads.iter().map(|head| head.size).filter(|size| *size > last).max() {
        let why = format!("a head of row {beyond} was given, and the file ends with row {last}");
        return Verdict::Truncated { row: missing, why };
    }
    if let Some(why) = trust.damaged().first() {
        return Verdict::CannotTell { why: format!("{why}; get the notes again, or leave this one out") };
    }
    Verdict::Intact
}

fn origins<'a>(heads: &[&'a Head]) -> BTreeSet<&'a str> {
    heads.iter().map(|head| head.origin.as_str()).collect()
}

/// The file has a row that was signed with another hash.
fn contradicted(scanner: &Scanner, compared: &[(&Head, bool)]) -> Option<Verdict> {
    let agreeing = || compared.iter().filter(|(_, agrees)| *agrees).map(|(head, _)| *head);
    let against = || compared.iter().filter(|(_, agrees)| !*agrees).map(|(head, _)| *head);
    let since = |row: i64| {
        let before = agreeing().map(|head| head.size).filter(|size| *size < row).max();
        before.or(scanner.reached().map(|(first, _, _)| first - 1)).map_or(1, |size| (size + 1).min(row))
    };
    let forked = against()
        .filter(|head| head.by_station)
        .filter(|head| agreeing().any(|other| other.by_station && other.size >= head.size))
        .min_by_key(|head| head.size);
    if let Some(head) = forked {
        let (row, since) = (head.size, since(head.size));
        let why = format!(
            "the station's key signed another history, in which row {row} has another hash, and this one"
        );
        return Some(Verdict::Forked { row, since, why });
    }
    let head = against().min_by_key(|head| head.size)?;
    let (row, since) = (head.size, since(head.size));
    let who = match head.seen.first() {
        Some(seen) => format!("{} countersigned", seen.by),
        None if head.by_station => "the station's key signed".to_owned(),
        None => "the older export has".to_owned(),
    };
    let why = format!(
        "{who} row {row} with another hash: the chain was written anew from row {since} on, or from a later one"
    );
    Some(Verdict::Resealed { row, since, why })
}

/// Nothing that was brought speaks of this log, or another key signs under the station's name.
fn of_another_log(
    scanner: &Scanner,
    trust: &Trust,
    heads: &[&Head],
    compared: &[(&Head, bool)],
) -> Option<String> {
    if let Some(origin) = scanner.origin()
        && heads.is_empty()
        && !trust.stations().contains(origin)
    {
        let others = trust.heads().iter().map(|head| &head.origin).chain(trust.stations());
        let others: BTreeSet<&str> = others.map(String::as_str).collect();
        if !others.is_empty() {
            let others = others.into_iter().collect::<Vec<_>>().join(", ");
            return Some(format!(
                "this is {origin}, and what was given is of {others}: a new log, or one of another station"
            ));
        }
    }
    let another =
        trust.other_key().iter().find(|name| scanner.origin().is_none_or(|origin| origin == *name))?;
    (compared.is_empty())
        .then(|| format!("the heads are signed as {another} by another key than the one that was given"))
}

/// Two heads of the same length by the station's key, with different hashes.
fn two_at_once(heads: &[&Head]) -> Option<i64> {
    let mut signed: Vec<&Head> = heads.iter().copied().filter(|head| head.by_station).collect();
    signed.sort_by(|a, b| (&a.origin, a.size).cmp(&(&b.origin, b.size)));
    signed
        .windows(2)
        .find(|pair| {
            pair[0].origin == pair[1].origin && pair[0].size == pair[1].size && pair[0].hash != pair[1].hash
        })
        .map(|pair| pair[0].size)
}

impl Report {
    /// The report as `loaxa log verify --json` prints it.
    pub fn to_json(&self) -> serde_json::Value {
        let heads: Vec<_> = self
            .heads
            .iter()
            .map(|(head, agrees)| {
                let seen: Vec<_> = head
                    .seen
                    .iter()
                    .map(|seen| serde_json::json!({ "by": seen.by, "time": seen.time }))
                    .collect();
                serde_json::json!({
                    "row": head.size, "hash": hex(&head.hash), "agrees": agrees,
                    "signed_by_station": head.by_station, "countersigned": seen, "older_export": head.held,
                })
            })
            .collect();
        let doubts: Vec<_> = self
            .not_provable
            .iter()
            .map(|doubt| serde_json::json!({ "code": doubt.code, "vi": doubt.vi, "en": doubt.en }))
            .collect();
        serde_json::json!({
            "verdict": self.verdict.word(), "row": self.verdict.row(), "since": self.verdict.since(),
            "why": self.verdict.why(), "first": self.rows.map(|(first, _, _)| first),
            "last": self.rows.map(|(_, last, _)| last), "head": self.rows.map(|(_, _, head)| hex(&head)),
            "origin": self.origin, "heads": heads, "not_provable": doubts,
            "removed": self.removal.as_ref().map(|removal| serde_json::json!({
                "last": removal.last(), "keep_days": removal.boundary.keep_days, "signed": removal.signed, "told": removal.told,
            })),
        })
    }
}
