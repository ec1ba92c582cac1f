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
    let failed = |error: std::io::Error| Error::io("the export", &error);
    if format == Format::Csv {
        writeln!(out, "row,at,kind,body,prev,hash").map_err(failed)?;
    }
    let mut done = Exported::default();
    let mut after = 0;
    if let Some(removed) = store.removed()? {
        (done.removed, after) = (Some(removed.row), removed.row);
        if format == Format::Ndjson && from.is_none() && to.is_none() {
            writeln!(out, "{}", removed.boundary()?.line()).map_err(failed)?;
        }
    }
    loop {
        let rows = store.log_rows(after, PAGE)?;
        let Some(last) = rows.last().map(|row| row.row) else { return Ok(done) };
        if let Some(first) = rows.first().map(|row| row.row).filter(|first| *first != after + 1) {
            let now = store.removed()?.map(|removed| removed.row);
            if now != done.removed {
                let why = format!("rows {} to {} were removed meanwhile; export again", after + 1, first - 1);
                return Err(Error::new(ErrorKind::Conflict, "rows_removed", why));
            }
            done.lost_before.get_or_insert(first);
        }
        after = last;
        for row in rows {
            let at: Option<jiff::Timestamp> = row.at.parse().ok();
            let inside =
                at.is_none_or(|at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to));
            if !inside {
                continue;
            }
            done.rows += 1;
            done.range = Some((done.range.map_or(row.row, |(first, _)| first), row.row));
            match format {
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
