//! A report as Vietnamese offices write it (Nghị định 30/2020/NĐ-CP): the country's name and motto, the unit, place and date,
//! title, period, table, signatures. One page of HTML without a script; the browser prints it, also to PDF.

use super::airtime::Airtime;
use super::words::{self, Tongue};
use jiff::civil::Date;
use std::fmt::Write;

/// How the page looks, on a screen and on A4. It is a file of its own: the station's policy takes no style inside a page.
pub const STYLE: &str = include_str!("form.css");

/// What stands above a report.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// The unit above, where the station knows it.
    pub above: Option<String>,
    /// The unit whose report it is.
    pub unit: String,
    /// Where it is signed.
    pub place: String,
    /// When.
    pub day: Date,
}

/// The page. `style` is where [`STYLE`] lies.
#[must_use]
pub fn form(report: &Airtime, heading: &Heading, tongue: Tongue, style: &str) -> String {
    page(report, heading, tongue, &format!("<link rel=\"stylesheet\" href=\"{}\">", escaped(style)))
}

/// The page as one file, with its look inside.
#[must_use]
pub fn form_alone(report: &Airtime, heading: &Heading, tongue: Tongue) -> String {
    page(report, heading, tongue, &format!("<style>\n{STYLE}</style>"))
}

fn page(report: &Airtime, heading: &Heading, tongue: Tongue, look: &str) -> String {
    let mut page = String::with_capacity(16 * 1024);
    let title = tongue.title(report.by);
    let language = tongue.pick("vi", "en");
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title>{look}</head><body>\n<main>\n",
        escaped(title)
    );
    head(&mut page, heading);
    let (first, last) = (report.period.first, report.period.last);
    let period = match tongue {
        Tongue::Vi => format!("Từ ngày {} đến ngày {}", day(first), day(last)),
        Tongue::En => format!("From {first} to {last}"),
    };
    let _ = writeln!(
        page,
        "<h1>{}<br>{}</h1>\n<p class=\"period\">{period}</p>",
        tongue.pick("BÁO CÁO", "REPORT"),
        escaped(title)
    );
    for only in &report.only {
        let _ = writeln!(page, "<p class=\"period\">{}</p>", escaped(tongue.label(only)));
    }
    table(&mut page, report, tongue);
    if let Some(removed) = words::removed(report, tongue) {
        let _ = writeln!(page, "<p class=\"remark lacks\">{}</p>", escaped(&removed));
    }
    let _ = writeln!(page, "<p class=\"remark\">{}</p>", escaped(tongue.remark()));
    signatures(&mut page, tongue);
    page.push_str("</main>\n</body></html>\n");
    page
}

/// The block above: it is Vietnamese in whatever language the table is.
fn head(page: &mut String, heading: &Heading) {
    let above = heading.above.as_deref().map(|above| format!("<p>{}</p>", escaped(&above.to_uppercase())));
    let date = heading.day;
    // the decree writes days below ten, and the months one and two, with a zero
    let month = if date.month() < 3 { format!("{:02}", date.month()) } else { date.month().to_string() };
    let _ = writeln!(
        page,
        "<header lang=\"vi\">\n<div>{}<p class=\"unit\">{}</p><p>Số: ......../BC</p></div>\n\
         <div><p class=\"nation\">CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</p><p class=\"motto\">Độc lập - Tự do - Hạnh phúc</p>\
         <p class=\"place\">{}, ngày {:02} tháng {month} năm {}</p></div>\n</header>",
        above.unwrap_or_default(),
        escaped(&heading.unit.to_uppercase()),
        escaped(&heading.place),
        date.day(),
        date.year()
    );
}

fn table(page: &mut String, report: &Airtime, tongue: Tongue) {
    let columns = words::columns(report);
    let (number, by) = (tongue.pick("TT", "No."), tongue.by(report.by));
    let _ = write!(
        page,
        "<table>\n<thead><tr><th rowspan=\"2\" scope=\"col\">{number}</th><th rowspan=\"2\" scope=\"col\">{by}</th>"
    );
    for column in &columns {
        let name = tongue.pick(column.vi, column.en);
        let _ = write!(page, "<th colspan=\"2\" scope=\"colgroup\">{name}</th>");
    }
    let heard = tongue.pick("Tổng thời lượng đã phát", "Heard in all");
    let _ = write!(page, "<th rowspan=\"2\" scope=\"col\">{heard}</th></tr>\n<tr>");
    for _ in &columns {
        let (count, length) = (tongue.pick("Số lượt", "Airings"), tongue.pick("Thời lượng", "Length"));
        let _ = write!(page, "<th scope=\"col\">{count}</th><th scope=\"col\">{length}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    let last = report.lines.len();
    for (index, (name, sums)) in words::lines(report, tongue).enumerate() {
        let total = index == last;
        let row = if total {
            "<tr class=\"total\"><td></td>".to_owned()
        } else {
            format!("<tr><td>{}</td>", index + 1)
        };
        let _ = write!(page, "{row}<th scope=\"row\">{}</th>", escaped(name));
        for column in &columns {
            match (column.figure)(sums) {
                Some(figure) => {
                    let _ = write!(page, "<td>{}</td><td>{}</td>", figure.count, words::clock(figure.length));
                }
                None => page.push_str("<td></td><td></td>"),
            }
        }
        let _ = writeln!(page, "<td>{}</td></tr>", words::clock(sums.heard()));
    }
    page.push_str("</tbody>\n</table>\n");
}

fn signatures(page: &mut String, tongue: Tongue) {
    let (maker, head) =
        (tongue.pick("NGƯỜI LẬP BIỂU", "PREPARED BY"), tongue.pick("THỦ TRƯỞNG ĐƠN VỊ", "HEAD OF UNIT"));
    let (sign, seal) = (
        tongue.pick("(Ký, ghi rõ họ tên)", "(signature, full name)"),
        tongue.pick("(Ký, ghi rõ họ tên, đóng dấu)", "(signature, full name, seal)"),
    );
    let _ = writeln!(
        page,
        "<footer>\n<div><p class=\"who\">{maker}</p><p>{sign}</p></div>\n<div><p class=\"who\">{head}</p><p>{seal}</p></div>\n</footer>"
    );
}

fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

/// Words that people typed, as text of a page.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_stays_text() {
        assert_eq!(escaped("<img src=x> & \"'"), "&lt;img src=x&gt; &amp; &quot;&#39;");
    }

    #[test]
    fn the_heading_is_written_as_the_decree_has_it() {
        for (date, written) in [
            ("2026-01-05", "Tân Lập, ngày 05 tháng 01 năm 2026"),
            ("2026-03-31", "Tân Lập, ngày 31 tháng 3 năm 2026"),
            ("2026-11-09", "Tân Lập, ngày 09 tháng 11 năm 2026"),
        ] {
            let heading = Heading {
                above: None,
                unit: "Ủy ban nhân dân xã Tân Lập".to_owned(),
                place: "Tân Lập".to_owned(),
                day: date.parse().unwrap(),
            };
            let mut page = String::new();
            head(&mut page, &heading);
            assert!(page.contains(written), "{page}");
            assert!(page.contains("ỦY BAN NHÂN DÂN XÃ TÂN LẬP"), "{page}");
        }
    }
}
