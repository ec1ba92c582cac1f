//! A log of a test's own, with keys that everybody knows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, reason = "a test may")]

pub(crate) mod opinions;

use loaxa_evidence::{
    Boundary, Checkpoint, KeyKind, Note, PRUNED, Row, SignedBoundary, SigningKey, VerifierKey, chain, cosign,
    hash_from_hex, rotation,
};

/// Identifier of the log of these tests.
pub(crate) const LOG: &str = "00112233445566778899aabbccddeeff";
/// When the first countersignature was made; each further row is a minute later.
pub(crate) const SEEN: u64 = 1_796_000_000;

pub(crate) fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, kind, &[seed; 32].into()).unwrap()
}

/// The station's key.
pub(crate) fn station() -> SigningKey {
    key(&Checkpoint::origin_of(LOG), KeyKind::Note, 1)
}

/// A collector's key.
pub(crate) fn collector() -> SigningKey {
    key("huyen.example/loaxa", KeyKind::Cosignature, 2)
}

pub(crate) fn public(keys: &[&SigningKey]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.public().clone()).collect()
}

/// A log of so many rows, with letters of several bytes, quotes and control characters in its bodies.
pub(crate) fn log(rows: i64) -> Vec<Row> {
    let mut made: Vec<Row> = Vec::new();
    for row in 1..=rows {
        let at = format!("2026-11-30T{:02}:{:02}:{:02}Z", 10 + row / 3600, row / 60 % 60, row % 60);
        let boot = "6f1c3d6e-2c5b-4a43-9a0d-5f7f6f6f1a11";
        let (kind, body) = match row % 4 {
            1 if row == 1 => ("log_begins", format!(r#"{{"format":"{}","log":"{LOG}"}}"#, chain::FORMAT)),
            1 => (
                "due",
                format!(
                    r#"{{"boot":"{boot}","clock":"rtc_agrees","slot":"p/{row}","title":"Tin \"sáng\" thôn {row}"}}"#
                ),
            ),
            2 => ("started", format!(r#"{{"boot":"{boot}","clock":"rtc_agrees","slot":"p/{row}"}}"#)),
            3 => (
                "ended",
                format!(
                    r#"{{"boot":"{boot}","clock":"rtc_agrees","outcome":"aired","played_ms":{row}000,"why":null}}"#
                ),
            ),
            _ => ("approval", format!(r#"{{"boot":"{boot}","by":"Bà Lò\tThị\\Nga","n":{row}}}"#)),
        };
        let prev = made.last().map_or(chain::BEFORE_THE_FIRST, |row| &row.hash).to_owned();
        made.push(Row::sealed(row, &at, kind, &body, &prev));
    }
    made
}

/// The same rows with one of them changed, and every later one sealed again: what somebody with the board can do.
pub(crate) fn resealed(rows: &[Row], from: usize, change: impl FnOnce(&mut Row)) -> Vec<Row> {
    let mut made = rows.to_vec();
    change(&mut made[from]);
    seal_from(&mut made, from);
    made
}

/// Gives every row from this place on the number, the row before and the hash that fit it.
pub(crate) fn seal_from(rows: &mut [Row], from: usize) {
    for index in from..rows.len() {
        let (number, prev) = match index.checked_sub(1) {
            Some(before) => (rows[before].row + 1, rows[before].hash.clone()),
            None => (1, chain::BEFORE_THE_FIRST.to_owned()),
        };
        let row = &rows[index];
        rows[index] = Row::sealed(number, &row.at, &row.kind, &row.body, &prev);
    }
}

pub(crate) fn text(rows: &[Row]) -> String {
    rows.iter().map(|row| row.line().unwrap() + "\n").collect()
}

/// The head of these rows, signed by this station.
pub(crate) fn head(rows: &[Row], station: &SigningKey) -> Note {
    let last = rows.last().unwrap();
    let head = Checkpoint {
        origin: station.public().name().to_owned(),
        size: last.row,
        hash: hash_from_hex(&last.hash).unwrap(),
    };
    Note::signed(head.text(), station).unwrap()
}

/// The same, countersigned.
pub(crate) fn witnessed(rows: &[Row]) -> Note {
    let mut note = head(rows, &station());
    cosign(&mut note, &collector(), SEEN + 60 * u64::try_from(rows.len()).unwrap());
    note
}

/// A log in which one key of the station gives way to another after so many rows; `signer` says which key announces it.
pub(crate) fn rotated(rows: i64, after: usize, signer: &SigningKey, new: &SigningKey) -> Vec<Row> {
    let mut made = log(rows);
    let last = &made[after - 1];
    let head = Checkpoint {
        origin: new.public().name().to_owned(),
        size: last.row,
        hash: hash_from_hex(&last.hash).unwrap(),
    };
    let note = rotation(&head, signer, new).unwrap().to_string();
    let body = serde_json::json!({ "before": signer.public().to_string(), "key": new.public().to_string(), "note": note, "what": "rotated" });
    let row = Row { kind: "key".to_owned(), body: chain::canonical(&body), ..made[after].clone() };
    made.insert(after, row);
    seal_from(&mut made, after);
    made
}

/// Rows are kept for so many days in these tests.
pub(crate) const KEEP_DAYS: u32 = 400;

/// The boundary behind these rows.
pub(crate) fn boundary(rows: &[Row], station: &SigningKey) -> SignedBoundary {
    let last = rows.last().unwrap();
    let origin = station.public().name().to_owned();
    let head = Checkpoint { origin, size: last.row, hash: hash_from_hex(&last.hash).unwrap() };
    Boundary { head, first: 1, keep_days: KEEP_DAYS }.sign(station).unwrap()
}

/// The log with one row more at this place, which tells that the rows up to the boundary were removed, and of the keys that they
/// announced; every later row sealed again.
pub(crate) fn told(rows: &[Row], place: usize, boundary: &Boundary, keys: &[String]) -> Vec<Row> {
    let mut made = rows.to_vec();
    let body = chain::canonical(&boundary.told("2026-11-30T10:00:20Z", 5, keys));
    made.insert(place, Row { kind: PRUNED.to_owned(), body, ..rows[place].clone() });
    seal_from(&mut made, place);
    made
}

/// A log of so many rows that forgot the first `last` of them; its row `told` says so. The boundary, and all rows.
pub(crate) fn pruned(rows: i64, last: usize, place: usize) -> (SignedBoundary, Vec<Row>) {
    let all = log(rows - 1);
    let boundary = boundary(&all[..last], &station());
    let all = told(&all, place - 1, &boundary.boundary, &[]);
    (boundary, all)
}

/// An export that begins with this boundary.
pub(crate) fn after(boundary: &SignedBoundary, rows: &[Row]) -> String {
    format!("{}\n{}", boundary.line(), text(rows))
}
