//! The airing log as a sheet: a row for each airing, for people who filter and sum.

use super::sheet::{Cell, Sheet};
use super::words::Tongue;
use crate::error::Result;
use crate::store::{Airing, AiringFilter, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loaxa_schedules::{Entry, Trim};
use std::path::Path;

/// Rows read at a time.
const PAGE: u32 = 500;
/// The columns, in both languages.
const COLUMNS: [(&str, &str); 23] = [
    ("Số", "seq"),
    ("Giờ theo lịch", "planned start"),
    ("Bắt đầu", "started"),
    ("Kết thúc", "ended"),
    ("Thời lượng theo lịch", "planned length"),
    ("Thời lượng đã phát", "heard length"),
    ("Kết quả", "outcome"),
    ("Lý do", "reason"),
    ("Ampli xác nhận", "confirmed by the amplifier"),
    ("Chương trình", "programme"),
    ("Bản ghi", "title"),
    ("Người duyệt", "approved by"),
    ("Cụm loa", "zones"),
    ("Đồng hồ", "clock"),
    ("Đợt tuyên truyền", "campaign"),
    ("Mã ngoài", "external id"),
    ("Mã bản ghi", "segment"),
    ("SHA-256", "sha256"),
    ("Lượt phát", "slot"),
    ("Khoảng lặng", "gap length"),
    ("Độ to (LUFS)", "loudness (LUFS)"),
    ("Phần phát, từ giây", "trim start (s)"),
    ("Phần phát, đến giây", "trim end (s)"),
];

/// Every airing that matches.
///
/// # Errors
/// `too_many_rows`; or when the database or the disk fails us.
pub fn airings(
    store: &Store,
    mut filter: AiringFilter,
    tongue: Tongue,
    timezone: &TimeZone,
    folder: &Path,
) -> Result<Sheet> {
    let mut sheet = Sheet::new(tongue.pick("Nhật ký phát sóng", "Airings"), folder)?;
    sheet.columns(&COLUMNS.map(|(vi, en)| tongue.pick(vi, en)))?;
    filter.limit = PAGE;
    loop {
        let page = store.airings(&filter)?;
        for airing in &page {
            sheet.row(&cells(airing, tongue, timezone))?;
        }
        match page.last().filter(|_| page.len() == PAGE as usize) {
            Some(last) => filter.after_seq = last.seq,
            None => return Ok(sheet),
        }
    }
}

fn cells(airing: &Airing, tongue: Tongue, timezone: &TimeZone) -> Vec<Cell> {
    let moment = |at: Timestamp| Cell::Moment(at.to_zoned(timezone.clone()).datetime());
    let maybe = |text: Option<&str>| text.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
    let (name, zones, trim) = match &airing.entry {
        Entry::Slot(slot) => (&slot.name, &slot.zones, slot.trim),
        Entry::Refused(refusal) => (&refusal.name, &refusal.zones, None),
    };
    // exact to the millisecond: a cell of hours, minutes and seconds would not show it
    let edge = |ms: fn(Trim) -> u64| trim.map_or(Cell::Empty, |it| Cell::Number(ms(it) as f64 / 1000.0));
    let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
    let reason = airing.reason.as_ref().map(|reason| tongue.pick(&reason.vi, &reason.en));
    let proof = airing.evidence.as_ref();
    vec![
        Cell::Number(airing.seq as f64),
        moment(airing.planned_start),
        airing.started.map_or(Cell::Empty, moment),
        airing.ended.map_or(Cell::Empty, moment),
        airing.planned.map_or(Cell::Empty, |length| Cell::Length(length.as_secs_f64())),
        Cell::Length(airing.played.as_secs_f64()),
        Cell::Text(outcome(&airing.outcome, tongue).to_owned()),
        maybe(reason),
        Cell::Text(
            if airing.confirmed { tongue.pick("có", "yes") } else { tongue.pick("không", "no") }.to_owned(),
        ),
        maybe(Some(name)),
        maybe(airing.title.as_deref()),
        maybe(airing.approved_by.as_deref()),
        Cell::Text(zones.join(" ")),
        Cell::Text(airing.clock.clone()),
        maybe(airing.campaign.as_deref()),
        maybe(airing.external_id.as_deref()),
        Cell::Text(airing.segment.clone()),
        maybe(airing.sha256.as_deref()),
        Cell::Text(airing.slot.clone()),
        proof.map_or(Cell::Empty, |proof| Cell::Length(proof.gap_ms as f64 / 1000.0)),
        proof.and_then(|proof| proof.lufs).map_or(Cell::Empty, Cell::Number),
        edge(|trim| trim.start_ms),
        edge(|trim| trim.end_ms),
    ]
}

/// What became of it, in words.
fn outcome(word: &str, tongue: Tongue) -> &str {
    let vi = match word {
        "aired" => "phát đủ",
        "partial" => "phát một phần",
        "missed" => "bỏ lỡ",
        "suppressed" => "không được phát",
        "preempted" => "bị ngắt",
        "failed" => "lỗi",
        other => other,
    };
    tongue.pick(vi, word)
}
