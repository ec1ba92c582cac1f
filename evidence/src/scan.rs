//! Follows the chain through an export, line by line, in memory that does not grow with it.
//!
//! A scanner is what was verified until now: its copy goes on from there, and [`Scanner::after`] from a row and hash that
//! somebody noted.

use crate::boundary::{PRUNED, SignedBoundary};
use crate::bytes::{Hash, hash_from_hex};
use crate::chain;
use crate::checkpoint::Checkpoint;
use crate::key::VerifierKey;
use crate::rotation;
use crate::row::Row;
use crate::trust::Trust;
use std::io::{BufRead, Read};
use std::sync::Arc;

/// No row is longer; a longer line is none, and is not read to its end.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The first row that does not hold, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its number: the one that it has where its content fits its hash, else that of its place.
    pub row: i64,
    /// What is wrong with it.
    pub why: String,
}

/// How reading a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// At the end of a line that holds.
    Whole,
    /// At a row that does not hold; what follows it was not looked at.
    Broken(Broken),
    /// Inside a line.
    CutOff,
    /// Without a row, but with a whole line: why it is no export. None of an empty file.
    NoRow(Option<String>),
    /// The file could not be read on.
    Unread(String),
}

/// A row's own hash, and that of the row before.
type Link = (Hash, Hash);

/// Lines before the first row that holds: damage, or a file of something else.
#[derive(Debug, Clone)]
struct Strange {
    count: i64,
    /// What is wrong with the first of them.
    why: String,
    /// The number that it has if it is a row.
    row: Option<i64>,
}

/// What was verified until now.
#[derive(Debug, Clone)]
pub struct Scanner {
    /// Numbers of the rows whose hash somebody signed, sorted.
    wanted: Arc<[i64]>,
    /// Stations' keys that were given.
    keys: Arc<[VerifierKey]>,
    /// Those that the log announced since, signed by one that was believed.
    announced: Vec<VerifierKey>,
    /// Hashes of those that were met.
    found: Vec<(i64, Hash)>,
    /// Lines before the first row that holds.
    strange: Option<Strange>,
    first: Option<i64>,
    last: i64,
    head: Hash,
    origin: Option<String>,
    forgotten: Option<Arc<Forgotten>>,
    /// The first row that tells of the boundary.
    told: Option<i64>,
}

/// What was removed before the file begins, and whether a station's key that was given signed that: None where it is another
/// key's name that stands there.
#[derive(Debug)]
pub(crate) struct Forgotten {
    pub(crate) signed: SignedBoundary,
    pub(crate) right: Option<bool>,
}

impl Scanner {
    /// Before the first line.
    pub fn new(trust: &Trust) -> Self {
        Self {
            wanted: trust.rows().into(),
            keys: trust.station_keys().into(),
            announced: Vec::new(),
            found: Vec::new(),
            strange: None,
            first: None,
            last: 0,
            head: [0; 32],
            origin: None,
            forgotten: None,
            told: None,
        }
    }

    /// After this row, which had this hash: the next line must be the next row. The rows before count as read.
    pub fn after(trust: &Trust, row: i64, hash: Hash) -> Self {
        let mut scanner = Self { first: Some(row.saturating_add(1)), ..Self::new(trust) };
        scanner.reach(row, hash);
        scanner
    }

    /// Number and hash of the last row that held, and the number of the first. None before the first.
    pub fn reached(&self) -> Option<(i64, i64, Hash)> {
        self.first.map(|first| (first, self.last, self.head))
    }

    /// The origin of this log's heads, where the file begins with the row that says which log it is.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// What was removed before the file begins, where it says so, and the row that tells of it.
    pub(crate) fn forgotten(&self) -> Option<(&Forgotten, Option<i64>)> {
        self.forgotten.as_deref().map(|forgotten| (forgotten, self.told))
    }

    /// Whether the chain was followed from the log's first row, or from a boundary that a row further down tells of. Who signed
    /// the boundary is not asked.
    pub fn is_whole(&self) -> bool {
        match &self.forgotten {
            Some(_) => self.told.is_some(),
            None => self.first == Some(1),
        }
    }

    /// The hash that the row of this number had, if it was wanted and met.
    pub(crate) fn hash_of(&self, row: i64) -> Option<Hash> {
        self.found.iter().find(|(number, _)| *number == row).map(|(_, hash)| *hash)
    }

    /// Takes the next line, without its end.
    ///
    /// # Errors
    /// When it does not hold; the scanner stays where it was.
    pub fn push(&mut self, line: &[u8]) -> Result<(), Broken> {
        if self.first.is_none()
            && self.strange.is_none()
            && let Some(boundary) = SignedBoundary::read(line)
        {
            self.begin_after(boundary);
            return Ok(());
        }
        let (row, (hash, prev)) = match Self::look(line) {
            Ok(good) => good,
            Err((_, why)) if self.first.is_some() => {
                return Err(Broken { row: self.last.saturating_add(1), why });
            }
            Err((row, why)) => {
                // the number of a damaged first line proves nothing: the next row that holds will tell
                let strange = self.strange.get_or_insert(Strange { count: 0, why, row });
                strange.count = strange.count.saturating_add(1);
                return Ok(());
            }
        };
        if let Some(strange) = &self.strange {
            return Err(Broken {
                row: row.row.saturating_sub(strange.count).max(1),
                why: strange.why.clone(),
            });
        }
        if self.first.is_none() {
            self.begin(&row, prev)?;
        } else if row.row != self.last.saturating_add(1) {
            let why = format!("it follows row {}: rows are missing, doubled or swapped", self.last);
            return Err(Broken { row: row.row, why });
        } else if prev != self.head {
            return Err(Broken { row: row.row, why: format!("it does not continue row {}", self.last) });
        }
        if row.kind == "key" || row.kind == PRUNED {
            let known = [&self.keys[..], &self.announced[..]].concat();
            self.announced.extend(rotation::announced(&row, prev, &known));
        }
        if let Some(forgotten) = &self.forgotten
            && self.told.is_none()
            && forgotten.signed.boundary.is_told_by(&row)
        {
            self.told = Some(row.row);
        }
        self.reach(row.row, hash);
        Ok(())
    }

    /// Keys that the log announced, signed by one that was believed.
    pub(crate) fn announced(&self) -> &[VerifierKey] {
        &self.announced
    }

    /// The row of a line with its hash and the one before; or what is wrong with it, and the number that it claims.
    fn look(line: &[u8]) -> Result<(Row, Link), (Option<i64>, String)> {
        let row = Row::read(line).map_err(|why| (None, why))?;
        match row.checked() {
            Some(hashes) => Ok((row, hashes)),
            None => Err((Some(row.row), "its content does not match its hash".to_owned())),
        }
    }

    fn begin(&mut self, row: &Row, prev: Hash) -> Result<(), Broken> {
        if row.row == 1 && Some(prev) != hash_from_hex(chain::BEFORE_THE_FIRST) {
            return Err(Broken { row: 1, why: "the first row names a row before it".to_owned() });
        }
        self.first = Some(row.row);
        self.reach(row.row - 1, prev);
        if row.row == 1 && row.kind == "log_begins" {
            let body: Option<serde_json::Value> = serde_json::from_str(&row.body).ok();
            let log = body.as_ref().and_then(|body| body["log"].as_str());
            self.origin = log.map(Checkpoint::origin_of);
        }
        Ok(())
    }

    fn begin_after(&mut self, signed: SignedBoundary) {
        let head = &signed.boundary.head;
        // looked at once: copies of the scanner share it
        let right = signed.is_signed_by(&self.keys);
        self.first = Some(head.size.saturating_add(1));
        self.origin = Some(head.origin.clone());
        self.reach(head.size, head.hash);
        if self.hash_of(head.size).is_none() {
            self.found.push((head.size, head.hash));
        }
        self.forgotten = Some(Arc::new(Forgotten { signed, right }));
    }

    fn reach(&mut self, row: i64, hash: Hash) {
        self.last = row;
        self.head = hash;
        if self.wanted.binary_search(&row).is_ok() {
            self.found.push((row, hash));
        }
    }

    /// Reads lines until the end, or until one does not hold.
    pub fn read(&mut self, mut input: impl BufRead) -> End {
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut input).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) => return self.end(true),
                Ok(_) => {}
                Err(error) => return End::Unread(error.to_string()),
            }
            let Some((b'\n', content)) = line.split_last() else {
                return if u64::try_from(line.len()) == Ok(LONGEST) {
                    self.too_long()
                } else {
                    self.end(false)
                };
            };
            if let Err(broken) = self.push(content) {
                return End::Broken(broken);
            }
        }
    }

    fn too_long(&self) -> End {
        let why = "it is longer than any row".to_owned();
        match self.first {
            Some(_) => End::Broken(Broken { row: self.last.saturating_add(1), why }),
            None => End::NoRow(Some(format!("its first line is no row: {why}"))),
        }
    }

    /// What it means that the lines are over. `whole`: the last one had its end.
    pub fn end(&self, whole: bool) -> End {
        match (&self.strange, self.first) {
            (_, Some(_)) if whole => End::Whole,
            (Some(Strange { why, row: Some(row), .. }), None) => {
                End::Broken(Broken { row: (*row).max(1), why: why.clone() })
            }
            (Some(Strange { why, .. }), None) => End::NoRow(Some(format!("its first line is no row: {why}"))),
            (None, None) if whole => End::NoRow(None),
            _ => End::CutOff,
        }
    }
}
