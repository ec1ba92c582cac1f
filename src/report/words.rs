//! What stands above the columns of a report, in both languages.

use super::airtime::{Airtime, By, Figure, Label, Line, Sums};
use clap::ValueEnum;
use jiff::SignedDuration;

/// The language of what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Tongue {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Tongue {
    /// The words of this language.
    #[must_use]
    pub const fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    pub(super) fn label(self, label: &Label) -> &str {
        self.pick(&label.vi, &label.en)
    }

    /// What the lines are.
    #[must_use]
    pub const fn by(self, by: By) -> &'static str {
        match by {
            By::Campaign => self.pick("Đợt tuyên truyền", "Campaign"),
            By::Day => self.pick("Ngày", "Day"),
            By::Segment => self.pick("Bản ghi", "Recording"),
            By::Zone => self.pick("Cụm loa", "Zone"),
            By::Language => self.pick("Ngôn ngữ", "Language"),
            By::Source => self.pick("Nguồn tin", "Source"),
        }
    }

    /// What the report is called.
    #[must_use]
    pub const fn title(self, by: By) -> &'static str {
        match by {
            By::Campaign => self.pick("Thời lượng phát thanh theo đợt tuyên truyền", "Air time by campaign"),
            By::Day => self.pick("Thời lượng phát thanh theo ngày", "Air time by day"),
            By::Segment => self.pick("Thời lượng phát thanh theo bản ghi", "Air time by recording"),
            By::Zone => self.pick("Thời lượng phát thanh theo cụm loa", "Air time by zone"),
            By::Language => self.pick("Thời lượng phát thanh theo ngôn ngữ", "Air time by language"),
            By::Source => self.pick("Thời lượng phát thanh theo nguồn tin", "Air time by source"),
        }
    }

    /// What the numbers are.
    #[must_use]
    pub const fn remark(self) -> &'static str {
        self.pick(
            "Số lượt và thời lượng lấy từ nhật ký phát sóng, đo tại đầu ra âm thanh. \u{201c}Không phát đủ\u{201d} gồm mọi lượt đến giờ mà không phát trọn vẹn. \u{201c}Phải phát\u{201d} tính theo chỉ tiêu của đợt tuyên truyền.",
            "Counts and lengths are from the airing log, measured at the output. \u{201c}Missed\u{201d} is all that came due and was not heard to its end. \u{201c}Owed\u{201d} follows from the campaign's quotas.",
        )
    }
}

/// What the figures lack, in words; None where they lack nothing.
#[must_use]
pub(super) fn removed(report: &Airtime, tongue: Tongue) -> Option<String> {
    let day = report.removed_until?;
    Some(match tongue {
        Tongue::Vi => format!(
            "Số liệu đến ngày {} không đầy đủ: nhật ký của thời gian đó đã được xóa theo quy định thời hạn lưu.",
            day.strftime("%d/%m/%Y")
        ),
        Tongue::En => format!(
            "The figures up to {day} are not complete: the log of that time was removed by the rule of retention."
        ),
    })
}

/// A column of numbers: what it is called, and what stands in it.
pub(super) struct Column {
    pub(super) vi: &'static str,
    pub(super) en: &'static str,
    pub(super) figure: fn(&Sums) -> Option<Figure>,
}

/// The columns; what is owed only where somebody owes.
pub(super) fn columns(report: &Airtime) -> Vec<Column> {
    let column = |vi, en, figure| Column { vi, en, figure };
    let mut columns = vec![
        column("Đến giờ phát", "Planned", |sums: &Sums| Some(sums.planned)),
        column("Phát đủ", "Aired", |sums| Some(sums.aired)),
        column("Phát một phần", "Partly", |sums| Some(sums.partly)),
        column("Không phát đủ", "Missed", |sums| Some(sums.missed)),
    ];
    if report.total.owed.is_some() {
        columns.insert(0, column("Phải phát", "Owed", |sums| sums.owed));
    }
    columns
}

/// The lines, and all of them together.
pub(super) fn lines<'a>(
    report: &'a Airtime,
    tongue: Tongue,
) -> impl Iterator<Item = (&'a str, &'a Sums)> + use<'a> {
    let own = report.lines.iter().map(move |Line { label, sums, .. }| (tongue.label(label), sums));
    own.chain([(tongue.pick("Tổng cộng", "Total"), &report.total)])
}

/// A length as people write it: hours, minutes and seconds, rounded to the second.
#[must_use]
pub fn clock(length: SignedDuration) -> String {
    let seconds = (length.as_millis().max(0) + 500) / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A report as a table for a terminal.
#[must_use]
pub fn table(report: &Airtime, tongue: Tongue) -> String {
    let columns = columns(report);
    let mut rows = vec![vec![tongue.by(report.by).to_owned()]];
    for column in &columns {
        rows.iter_mut().for_each(|row| row.push(tongue.pick(column.vi, column.en).to_owned()));
    }
    rows.iter_mut().for_each(|row| row.push(tongue.pick("Đã phát", "Heard").to_owned()));
    for (name, sums) in lines(report, tongue) {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(|column| match (column.figure)(sums) {
            Some(figure) => format!("{} ({})", figure.count, clock(figure.length)),
            None => String::new(),
        }));
        row.push(clock(sums.heard()));
        rows.push(row);
    }
    let wide = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len() + 2).map(wide).collect();
    let mut text = format!("{}, {} - {}\n", tongue.title(report.by), report.period.first, report.period.last);
    for only in &report.only {
        text.push_str(tongue.label(only));
        text.push('\n');
    }
    if let Some(removed) = removed(report, tongue) {
        text.push_str(&removed);
        text.push('\n');
    }
    text.push('\n');
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(index, (cell, wide))| {
            let blanks = " ".repeat(wide.saturating_sub(cell.chars().count()));
            if index == 0 { format!("{cell}{blanks}") } else { format!("{blanks}{cell}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_people_write_them() {
        for (millis, text) in [
            (0, "0:00:00"),
            (499, "0:00:00"),
            (59_500, "0:01:00"),
            (3_599_499, "0:59:59"),
            (360_000_000, "100:00:00"),
            (-5, "0:00:00"),
        ] {
            assert_eq!(clock(SignedDuration::from_millis(millis)), text);
        }
    }
}
