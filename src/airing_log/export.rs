//! The chain as text: one row a line, for auditors and for the verifier.

use crate::error::{Error, ErrorKind, Result};
use crate::store::{LogRow, Store};
use loaxa_evidence::Row;
use std::io::Write;

/// Shape of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line; what `loaxa log verify` reads.
    Ndjson,
    /// For spreadsheets.
    Csv,
}

impl From<LogRow> for Row {
    fn from(row: LogRow) -> Self {
        Self { row: row.row, at: row.at, kind: row.kind, body: row.body, prev: row.prev, hash: row.hash }
    }
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// How many rows.
    pub rows: u64,
    /// Numbers of the first and the last; None when there was none.
    pub range: Option<(i64, i64)>,
    /// The last row that is gone by the rule of retention.
    pub removed: Option<i64>,
    /// Rows are missing that no rule removed: the first one that is there.
    pub lost_before: Option<i64>,
}

/// Rows read at a time: the whole log never lies in memory.
const PAGE: u32 = 1_000;

/// Writes every row whose time lies in `[from, to)` (RFC 3339 in UTC compares as text does). All of a log that forgot what was older
/// begins with the boundary.
///
/// # Errors
/// When the database cannot be read or `out` not written; `rows_removed` when rows went meanwhile.
pub fn export(
    store: &Store,
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    format: Format,
    out: &mut impl Write,
) -> Result<Exported> {
    let mut export = Export::new(from, to, format);
    while export.page(store, out)? {}
    Ok(export.done)
}

/// An export on its way, a page at a time: whoever sends it over a line waits between two.
#[derive(Debug)]
pub struct Export {
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    format: Format,
    /// The last row that was looked at; None before the first page.
    after: Option<i64>,
    /// What was written so far.
    done: Exported,
}

impl Export {
    /// Nothing is written yet.
    pub fn new(from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>, format: Format) -> Self {
        Self { from, to, format, after: None, done: Exported::default() }
    }

    /// Writes the next rows. False when there were no more.
    ///
    /// # Errors
    /// As [`export`].
    pub fn page(&mut self, store: &Store, out: &mut impl Write) -> Result<bool> {
        let failed = |error: std::io::Error| Error::io("the export", &error);
        let after = match self.after {
            Some(after) => after,
            None => self.begin(store, out)?,
        };
        self.after = Some(after);
        let done = &mut self.done;
        let rows = store.log_rows(after, PAGE)?;
        let Some(last) = rows.last().map(|row| row.row) else { return Ok(false) };
        if let Some(first) = rows.first().map(|row| row.row).filter(|first| *first != after + 1) {
            let now = store.removed()?.map(|removed| removed.row);
            if now != done.removed {
                let why = format!("rows {} to {} were removed meanwhile; export again", after + 1, first - 1);
                return Err(Error::new(ErrorKind::Conflict, "rows_removed", why));
            }
            done.lost_before.get_or_insert(first);
        }
        self.after = Some(last);
        for row in rows {
            let at: Option<jiff::Timestamp> = row.at.parse().ok();
            let inside = at
                .is_none_or(|at| self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to));
            if !inside {
                continue;
            }
            done.rows += 1;
            done.range = Some((done.range.map_or(row.row, |(first, _)| first), row.row));
            match self.format {
                Format::Ndjson => {
                    let line = Row::from(row)
                        .line()
                        .map_err(|error| Error::internal(format!("a row cannot be written: {error}")))?;
                    writeln!(out, "{line}").map_err(failed)?;
                }
                Format::Csv => {
                    let body = csv_field(&row.body);
                    writeln!(out, "{},{},{},{body},{},{}", row.row, row.at, row.kind, row.prev, row.hash)
                        .map_err(failed)?;
                }
            }
        }
        Ok(true)
    }

    /// What stands before the first row; the row behind which it begins.
    fn begin(&mut self, store: &Store, out: &mut impl Write) -> Result<i64> {
        let failed = |error: std::io::Error| Error::io("the export", &error);
        if self.format == Format::Csv {
            writeln!(out, "row,at,kind,body,prev,hash").map_err(failed)?;
        }
        let Some(removed) = store.removed()? else { return Ok(0) };
        self.done.removed = Some(removed.row);
        if self.format == Format::Ndjson && self.from.is_none() && self.to.is_none() {
            writeln!(out, "{}", removed.boundary()?.line()).map_err(failed)?;
        }
        Ok(removed.row)
    }
}

/// A CSV field as RFC 4180 has it; a text that a spreadsheet would run as a formula is defused with an apostrophe.
pub fn csv_field(text: &str) -> String {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if dangerous { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn fields_survive_commas_quotes_and_formulas() {
        assert_eq!(csv_field("Đài xã"), "Đài xã");
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    }
}
