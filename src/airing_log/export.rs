//! The chain as text: one row a line, for auditors and for the verifier.

use crate::error::{Error, Result};
use crate::store::{LogRow, Store};
use serde::{Deserialize, Serialize};
use std::io::Write;

/// Shape of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line; what `loaxa log verify` reads.
    Ndjson,
    /// For spreadsheets.
    Csv,
}

/// One exported row. The body stays text, byte for byte as it was hashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRow {
    /// Number of the row.
    pub row: i64,
    /// When it was written.
    pub at: String,
    /// What it is about.
    pub kind: String,
    /// Canonical JSON, as text.
    pub body: String,
    /// Hash of the row before.
    pub prev: String,
    /// Hash of this row.
    pub hash: String,
}

impl From<LogRow> for ExportedRow {
    fn from(row: LogRow) -> Self {
        Self { row: row.row, at: row.at, kind: row.kind, body: row.body, prev: row.prev, hash: row.hash }
    }
}

/// Rows read at a time: the whole log never lies in memory.
const PAGE: u32 = 1_000;

/// Writes every row whose time lies in `[from, to)` (RFC 3339 in UTC compares as text does).
///
/// # Errors
/// When the database cannot be read or `out` not written.
pub fn export(
    store: &Store,
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    format: Format,
    out: &mut impl Write,
) -> Result<u64> {
    let failed = |error: std::io::Error| Error::io("the export", &error);
    if format == Format::Csv {
        writeln!(out, "row,at,kind,body,prev,hash").map_err(failed)?;
    }
    let (mut after, mut written) = (0, 0);
    loop {
        let rows = store.log_rows(after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(written);
        };
        after = last.row;
        for row in rows {
            let at: Option<jiff::Timestamp> = row.at.parse().ok();
            let inside =
                at.is_none_or(|at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to));
            if !inside {
                continue;
            }
            written += 1;
            match format {
                Format::Ndjson => {
                    let line = serde_json::to_string(&ExportedRow::from(row))
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
