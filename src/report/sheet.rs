//! Sheets for Excel and LibreOffice. Rows go to a file as they come: years of them take no memory.

use super::airtime::Airtime;
use super::words::{self, Tongue};
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::DateTime;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use std::io::Write;
use std::path::Path;

/// Rows that a sheet takes: what a board writes in a minute, and an office PC still opens.
pub const MOST_ROWS: u32 = 200_000;
/// Width of a column, in letters.
const WIDTH: f64 = 16.0;
/// The longest text that a cell of a sheet may hold.
const LONGEST: usize = 32_767;

/// What stands in a cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
    /// A moment in the station's zone.
    Moment(DateTime),
    /// A length, in seconds; shown in hours, minutes and seconds.
    Length(f64),
}

/// A workbook of one sheet, written from above to below.
pub struct Sheet {
    book: Workbook,
    row: u32,
    bold: Format,
    head: Format,
    moment: Format,
    length: Format,
}

impl Sheet {
    /// An empty one; what does not fit into memory goes to nameless files in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(name: &str, folder: &Path) -> Result<Self> {
        let mut book = Workbook::new();
        book.set_tempdir(folder).map_err(failed)?;
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Center)
            .set_border_bottom(FormatBorder::Thin);
        Ok(Self {
            book,
            row: 0,
            bold: Format::new().set_bold(),
            head,
            moment: Format::new().set_num_format("dd/mm/yyyy hh:mm:ss"),
            length: Format::new().set_num_format("[h]:mm:ss"),
        })
    }

    /// The names of the columns; they stay in sight.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn columns(&mut self, names: &[&str]) -> Result<()> {
        let (row, head) = (self.row, self.head.clone());
        let sheet = self.sheet()?;
        for (column, name) in (0_u16..).zip(names) {
            sheet.set_column_width(column, WIDTH).map_err(failed)?;
            sheet.write_string_with_format(row, column, *name, &head).map_err(failed)?;
        }
        sheet.set_freeze_panes(row + 1, 1).map_err(failed)?;
        sheet.set_repeat_rows(row, row).map_err(failed)?;
        self.row += 1;
        Ok(())
    }

    /// A line of words above the table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn heading(&mut self, text: &str) -> Result<()> {
        let (row, bold) = (self.row, self.bold.clone());
        self.sheet()?.write_string_with_format(row, 0, text, &bold).map_err(failed)?;
        self.row += 1;
        Ok(())
    }

    /// The next row.
    ///
    /// # Errors
    /// `too_many_rows`; or when it cannot be written.
    pub fn row(&mut self, cells: &[Cell]) -> Result<()> {
        if self.row > MOST_ROWS {
            return Err(Error::new(
                ErrorKind::Unacceptable,
                "too_many_rows",
                format!("a sheet takes {MOST_ROWS} rows; narrow from and to, or ask for text/csv"),
            )
            .vi(format!("Bảng tính chỉ chứa tối đa {MOST_ROWS} dòng. Hãy chọn khoảng thời gian ngắn hơn.")));
        }
        let (row, moment, length) = (self.row, self.moment.clone(), self.length.clone());
        let sheet = self.sheet()?;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => {
                    let text: String = text.chars().take(LONGEST).collect();
                    sheet.write_string(row, column, text)
                }
                Cell::Number(number) => sheet.write_number(row, column, *number),
                Cell::Moment(at) => match excel(*at) {
                    Some(when) => sheet.write_datetime_with_format(row, column, when, &moment),
                    None => sheet.write_string(row, column, at.to_string()),
                },
                Cell::Length(seconds) => {
                    sheet.write_number_with_format(row, column, seconds / 86_400.0, &length)
                }
            }
            .map_err(failed)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Writes it all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(mut self, to: impl Write + Send) -> Result<()> {
        self.book.save_to_writer(to).map_err(failed)
    }

    fn sheet(&mut self) -> Result<&mut Worksheet> {
        self.book.worksheet_from_index(0).map_err(failed)
    }
}

/// The sheet of a report.
///
/// # Errors
/// As `Sheet`.
pub fn airtime(report: &Airtime, tongue: Tongue, station: &str, folder: &Path) -> Result<Sheet> {
    let mut sheet = Sheet::new(tongue.by(report.by), folder)?;
    let (first, last) = (report.period.first.strftime("%d/%m/%Y"), report.period.last.strftime("%d/%m/%Y"));
    sheet.heading(station)?;
    sheet.heading(tongue.title(report.by))?;
    sheet.heading(&match tongue {
        Tongue::Vi => format!("Từ ngày {first} đến ngày {last}"),
        Tongue::En => format!("From {first} to {last}"),
    })?;
    for only in &report.only {
        sheet.heading(tongue.label(only))?;
    }
    if let Some(removed) = words::removed(report, tongue) {
        sheet.heading(&removed)?;
    }
    sheet.heading("")?;
    let columns = words::columns(report);
    let (count, length) = (tongue.pick("số lượt", "airings"), tongue.pick("thời lượng", "length"));
    let mut names = vec![tongue.by(report.by).to_owned()];
    for column in &columns {
        let name = tongue.pick(column.vi, column.en);
        names.extend([format!("{name}: {count}"), format!("{name}: {length}")]);
    }
    names.push(tongue.pick("Tổng thời lượng đã phát", "Heard in all").to_owned());
    names.push(tongue.pick("Chưa được ampli xác nhận: số lượt", "Not confirmed by the amplifier").to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sheet.columns(&names)?;
    for (name, sums) in words::lines(report, tongue) {
        let mut cells = vec![Cell::Text(name.to_owned())];
        for column in &columns {
            match (column.figure)(sums) {
                Some(figure) => {
                    cells.push(Cell::Number(figure.count as f64));
                    cells.push(Cell::Length(figure.length.as_secs_f64()));
                }
                None => cells.extend([Cell::Empty, Cell::Empty]),
            }
        }
        cells.push(Cell::Length(sums.heard().as_secs_f64()));
        cells.push(Cell::Number(sums.unconfirmed as f64));
        sheet.row(&cells)?;
    }
    Ok(sheet)
}

fn excel(at: DateTime) -> Option<ExcelDateTime> {
    let part = |number: i8| u8::try_from(number).ok();
    let date =
        ExcelDateTime::from_ymd(u16::try_from(at.year()).ok()?, part(at.month())?, part(at.day())?).ok()?;
    let hour = u16::try_from(at.hour()).ok()?;
    date.and_hms(hour, part(at.minute())?, f64::from(at.second())).ok()
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => Error::io("the sheet", &error),
        other => Error::internal(format!("the sheet: {other}")),
    }
}
