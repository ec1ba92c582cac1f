//! The offline verifier: reads an export and says whether its chain holds.

use super::chain;
use super::export::ExportedRow;
use std::io::BufRead;

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every row follows from the one before.
    Intact {
        /// First row of the file.
        first: i64,
        /// Last row of the file.
        last: i64,
        /// Hash of the last row.
        head: String,
    },
    /// A row does not follow.
    Altered {
        /// The first row that does not hold.
        row: i64,
        /// What is wrong with it.
        why: String,
    },
    /// The file is not an export, or is empty.
    CannotTell {
        /// What is wrong.
        why: String,
    },
}

impl Verdict {
    /// Exit code of `loaxa log verify`.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Intact { .. } => 0,
            Self::Altered { .. } => 1,
            Self::CannotTell { .. } => 2,
        }
    }
}

/// Reads an NDJSON export line by line.
pub fn verify(input: impl BufRead) -> Verdict {
    let mut before: Option<ExportedRow> = None;
    let mut first = 0;
    for (number, line) in input.lines().enumerate() {
        let line = match line {
            Ok(line) => line,
            // a flipped bit inside a letter: as any other damaged line among good ones
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData && before.is_some() => {
                return Verdict::Altered {
                    row: before.map_or(1, |good| good.row + 1),
                    why: format!("line {} is not text: {error}", number + 1),
                };
            }
            Err(error) => {
                return Verdict::CannotTell { why: format!("line {} cannot be read: {error}", number + 1) };
            }
        };
        if line.trim().is_empty() {
            continue;
        }
        let row: ExportedRow = match serde_json::from_str(&line) {
            Ok(row) => row,
            Err(error) => match &before {
                // a damaged line among good ones is an alteration; a file of something else is none of ours
                Some(good) => {
                    return Verdict::Altered {
                        row: good.row + 1,
                        why: format!("line {} is not a row: {error}", number + 1),
                    };
                }
                None => {
                    return Verdict::CannotTell {
                        why: format!(
                            "line {} is not a row of an export: {error}; make one with `loaxa log export`",
                            number + 1
                        ),
                    };
                }
            },
        };
        if let Some(why) = broken(&row, before.as_ref()) {
            return Verdict::Altered { row: row.row, why };
        }
        if before.is_none() {
            first = row.row;
        }
        before = Some(row);
    }
    match before {
        Some(last) => Verdict::Intact { first, last: last.row, head: last.hash },
        None => Verdict::CannotTell {
            why: "the file holds no row; make an export with `loaxa log export`".to_owned(),
        },
    }
}

fn broken(row: &ExportedRow, before: Option<&ExportedRow>) -> Option<String> {
    if chain::link(row.row, &row.at, &row.kind, &row.prev, &row.body) != row.hash {
        return Some("its content does not match its hash".to_owned());
    }
    match before {
        Some(before) if row.row != before.row + 1 => {
            Some(format!("it follows row {}: rows are missing, doubled or swapped", before.row))
        }
        Some(before) if row.prev != before.hash => Some(format!("it does not continue row {}", before.row)),
        None if row.row == 1 && row.prev != chain::BEFORE_THE_FIRST => {
            Some("the first row names a row before it".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: i64) -> Vec<ExportedRow> {
        let mut prev = chain::BEFORE_THE_FIRST.to_owned();
        (1..=count)
            .map(|row| {
                let (at, body) = (format!("2026-11-30T10:00:{row:02}Z"), format!(r#"{{"n":{row}}}"#));
                let hash = chain::link(row, &at, "due", &prev, &body);
                let made = ExportedRow {
                    row,
                    at,
                    kind: "due".to_owned(),
                    body,
                    prev: prev.clone(),
                    hash: hash.clone(),
                };
                prev = hash;
                made
            })
            .collect()
    }

    fn check(rows: &[ExportedRow]) -> Verdict {
        let text: String = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
        verify(text.as_bytes())
    }

    #[test]
    fn a_letter_that_is_none_any_more_is_an_alteration() {
        let text: String = rows(3).iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
        let mut bytes = text.into_bytes();
        let second = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 3;
        bytes[second] = 0xff;
        assert!(matches!(verify(bytes.as_slice()), Verdict::Altered { row: 2, .. }));
    }

    #[test]
    fn an_untouched_export_is_intact_and_any_part_of_it_too() {
        let all = rows(20);
        assert!(matches!(check(&all), Verdict::Intact { first: 1, last: 20, .. }));
        assert!(matches!(check(&all[5..]), Verdict::Intact { first: 6, last: 20, .. }));
    }

    #[test]
    fn every_edit_is_found_and_the_first_bad_row_named() {
        let all = rows(20);
        let altered = |change: fn(&mut Vec<ExportedRow>)| {
            let mut copy = all.clone();
            change(&mut copy);
            match check(&copy) {
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
                let row = &mut rows[6];
                row.body = "{}".to_owned();
                row.hash = chain::link(row.row, &row.at, &row.kind, &row.prev, &row.body);
            }),
            8
        );
    }

    #[test]
    fn what_is_no_export_cannot_be_told() {
        for text in ["", "\n\n", "hello", "{\"row\":1}"] {
            assert!(matches!(verify(text.as_bytes()), Verdict::CannotTell { .. }), "{text:?}");
        }
    }
}
