//! Reports and sheets from what a station really heard.

use crate::http::Answer;
use crate::sound;
use crate::station::{Heard, Station, number_of};
use crate::time::in_seconds;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The words of every cell of a sheet, by another program.
fn cells(file: &Path) -> Vec<String> {
    const READ: &str = "import re, sys, zipfile, html\n\
        book = zipfile.ZipFile(sys.argv[1])\n\
        text = ''.join(book.read(name).decode() for name in book.namelist() if 'sheet1' in name or 'shared' in name)\n\
        for cell in re.findall(r'<(?:t|v)[^>]*>([^<]*)</(?:t|v)>', text): print(html.unescape(cell))\n";
    let debian = "/usr/bin/python3";
    let mut python = Command::new(if Path::new(debian).exists() { debian } else { "python3" });
    let read = python.env("PYTHONIOENCODING", "utf-8").args(["-c", READ]).arg(file).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The same of an answer that is one.
pub(crate) fn sheet(station: &Station, answer: &Answer) -> Vec<String> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(answer.header("content-type"), Some(kind));
    assert!(answer.header("content-disposition").unwrap().contains(".xlsx"));
    let file = station.home().join("sheet.xlsx");
    std::fs::write(&file, &answer.body).unwrap();
    cells(&file)
}

#[test]
fn what_was_heard_is_reported_in_every_form() {
    let station = Station::open(Heard::ByNobody);
    let segment = station.push_and_approve("Bản tin & \"chiều\"", &sound::tone(1, 1.0));
    let at = in_seconds(10);
    let programme = station.programme_at("Chiều", &[&segment], &[at]);
    let row = station.outcomes(&programme, 1, Duration::from_secs(90)).remove(0);
    assert_eq!(row["outcome"], "aired", "{row}");
    let heard = number_of(&row["seconds_aired"]);
    let auditor = station.auditor();

    let report = auditor.get(&format!("/reports/airtime?by=segment&from={at}")).expect(200).json();
    assert_eq!(report["items"].as_array().unwrap().len(), 1, "{report}");
    let line = &report["items"][0];
    assert_eq!((&line["key"], &line["name_vi"]), (&json!(segment), &json!("Bản tin & \"chiều\"")));
    assert_eq!(line["aired"], json!({ "count": 1, "seconds": heard }), "as the log has it: {row}");
    assert_eq!((&line["planned"]["count"], &line["missed"]["count"]), (&json!(1), &json!(0)));
    assert_eq!((&line["owed"], &line["heard_seconds"]), (&Value::Null, &json!(heard)));
    assert_eq!(report["total"]["outcomes"]["aired"]["count"], 1);
    let far = auditor.get("/reports/airtime?from=2026-01-01&to=2026-01-02").expect(200).json();
    assert_eq!((&far["items"], &far["last_day"]), (&json!([]), &json!("2026-01-01")));

    // one language, one campaign
    for (language, rows) in [("vi", 1), ("tyz", 0)] {
        let of = format!("from={at}&language={language}");
        let listed = auditor.get(&format!("/airings?{of}")).expect(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), rows, "{listed}");
        let counted = auditor.get(&format!("/reports/airtime?{of}")).expect(200).json();
        assert_eq!(counted["total"]["aired"]["count"], rows, "{counted}");
    }
    let printed = auditor.get(&format!("/reports/airtime?format=html&language=vi&from={at}")).expect(200);
    assert!(printed.text().contains("Ngôn ngữ: vi"), "{}", printed.text());
    let none = auditor.get(&format!("/reports/airtime?campaign={segment}&from={at}")).expect(200).json();
    assert_eq!((&none["total"]["planned"]["count"], &none["removed"]), (&json!(0), &Value::Null));

    let csv = auditor.get(&format!("/reports/airtime?by=segment&format=csv&from={at}")).expect(200);
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    assert!(csv.text().lines().nth(1).unwrap().contains("\"Bản tin & \"\"chiều\"\"\""), "{}", csv.text());

    let accept = [("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    let path = format!("/reports/airtime?by=segment&from={at}&place=T%C3%A2n%20L%E1%BA%ADp");
    let page = auditor.send("GET", &path, &accept, crate::http::Body::None).expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().contains("style-src 'self'"));
    let text = page.text();
    for part in ["ĐÀI THỬ", "Tân Lập, ngày", "Bản tin &amp; &quot;chiều&quot;", "href=\"/report.css\""]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let style = station.stranger();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", style.port)).unwrap();
    std::io::Write::write_all(
        &mut stream,
        b"GET /report.css HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let mut raw = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut raw).unwrap();
    let style = crate::http::parse(&raw).unwrap().expect(200);
    assert!(style.header("content-type").unwrap().starts_with("text/css") && style.text().contains("@page"));

    let path = format!("/reports/airtime?by=segment&format=xlsx&from={at}");
    let words = sheet(&station, &auditor.get(&path).expect(200));
    for word in ["Thời lượng phát thanh theo bản ghi", "Bản tin & \"chiều\"", "Tổng cộng"] {
        assert!(words.iter().any(|cell| cell == word), "{word} is not among {words:?}");
    }
    let words = sheet(&station, &auditor.get("/airings?format=xlsx").expect(200));
    for word in ["phát đủ", "Chiều", &segment, row["slot"].as_str().unwrap()] {
        assert!(words.iter().any(|cell| cell == word), "{word} is not among {words:?}");
    }
    let kind = [("accept", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")];
    let english = auditor.send("GET", "/airings?lang=en", &kind, crate::http::Body::None).expect(200);
    assert!(sheet(&station, &english).iter().any(|cell| cell == "aired"));
    assert!(std::fs::read_dir(station.data().join("incoming")).unwrap().next().is_none());

    for (path, code) in [
        ("/reports/airtime?by=colour", "bad_parameter"),
        ("/reports/airtime?format=pdf", "bad_parameter"),
        ("/reports/airtime?lang=fr", "bad_parameter"),
        ("/reports/airtime?from=2026-02-01&to=2026-01-01", "bad_parameter"),
        ("/reports/airtime?limit=3", "unknown_parameter"),
        ("/airings?format=html", "bad_parameter"),
    ] {
        auditor.get(path).refuses(path, 400, code);
    }
    station.uploader().get("/reports/airtime").refuses("an uploader", 403, "missing_scope");

    // the command line says the same, with and without the daemon
    let told =
        station.command(&["report", "airtime", "--by", "segment", "--json", "--from", &at.to_string()]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["items"], report["items"]);
    let table = station.command(&["report", "airtime", "--by", "segment"]);
    assert!(String::from_utf8(table.stdout).unwrap().contains("Tổng cộng"));
    let file = station.home().join("report.xlsx");
    let out = file.to_str().unwrap();
    let made = station.command(&["report", "airtime", "--by", "day", "--format", "xlsx", "--out", out]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(cells(&file).iter().any(|cell| cell == "Thời lượng phát thanh theo ngày"));
    let page = station.command(&["report", "airtime", "--format", "html", "--signed-at", "Tân Lập"]);
    assert!(String::from_utf8(page.stdout).unwrap().contains("<style>"), "one file, with its look inside");
}
