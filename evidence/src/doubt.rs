//! What cannot be concluded from what was given: said with every verdict, so that nobody reads more into it.

use crate::removal::Removal;
use crate::scan::Scanner;
use crate::trust::{Head, Trust};

/// One thing that is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Stable word.
    pub code: &'static str,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

const fn doubt(code: &'static str, vi: String, en: String) -> Doubt {
    Doubt { code, vi, en }
}

/// What is not proven of a chain that holds from its first row to its last. `heads` are those of this log, all of which agree
/// with it or lie before the file.
pub(crate) fn of_intact(
    scanner: &Scanner,
    heads: &[&Head],
    trust: &Trust,
    removal: Option<&Removal>,
) -> Vec<Doubt> {
    let Some((first, last, _)) = scanner.reached() else { return Vec::new() };
    let mut doubts = Vec::new();
    if let Some(removal) = removal {
        doubts.extend(of_removed(removal, trust));
    } else if first > 1 {
        doubts.push(doubt(
            "starts_later",
            format!(
                "Tệp bắt đầu từ dòng {first}: các dòng trước đó không có trong tệp nên chưa được kiểm tra."
            ),
            format!("The file begins with row {first}: the rows before are not in it and were not checked."),
        ));
    }
    let inside = || heads.iter().filter(|head| scanner.hash_of(head.size).is_some());
    let signed = inside().filter(|head| head.is_signed()).map(|head| head.size).max();
    let witnessed = inside().filter(|head| !head.seen.is_empty()).map(|head| head.size).max();
    doubts.push(match signed {
        None => doubt(
            "no_head",
            "Không có đầu chuỗi nào được ký cho các dòng này: chủ tệp có thể đã viết lại toàn bộ chuỗi.".to_owned(),
            "No signed head was given for these rows: whoever had the file could have written the whole chain anew."
                .to_owned(),
        ),
        Some(row) if row < last => doubt(
            "after_last_head",
            format!("Sau dòng {row} không có đầu chuỗi nào được ký: các dòng từ {} có thể đã bị viết lại.", row + 1),
            format!("Nothing after row {row} was signed: rows {} to {last} could have been written anew.", row + 1),
        ),
        Some(_) => doubt("nothing_after", nothing_after_vi(last), nothing_after(last)),
    });
    if signed != Some(last) {
        doubts.push(doubt("nothing_after", nothing_after_vi(last), nothing_after(last)));
    }
    if signed.is_some() && witnessed.is_none() {
        doubts.push(doubt(
            "no_witness",
            "Không có chữ ký xác nhận của bên thứ ba: người giữ khóa của đài có thể đã viết lại toàn bộ chuỗi rồi ký lại."
                .to_owned(),
            "No countersignature was given: whoever holds the station's key could have written the chain anew and signed it again."
                .to_owned(),
        ));
    }
    if let Some(row) = witnessed
        && row < last
    {
        doubts.push(doubt(
            "after_last_witness",
            format!("Sau dòng {row} chưa có bên thứ ba xác nhận: người giữ khóa của đài có thể đã viết lại các dòng từ {}.", row + 1),
            format!("Nobody countersigned after row {row}: whoever holds the station's key could have written rows {} to {last} anew.", row + 1),
        ));
    }
    let before = heads.iter().filter(|head| head.is_signed() && scanner.hash_of(head.size).is_none()).count();
    if before > 0 {
        doubts.push(doubt(
            "heads_before",
            format!("{before} đầu chuỗi thuộc phần trước tệp này nên không đối chiếu được."),
            format!("Signed heads that lie before this file and were not compared: {before}."),
        ));
    }
    if trust.unknown() > 0 {
        doubts.push(doubt(
            "unknown_signers",
            format!("{} phiếu không có chữ ký của khóa nào đã đưa vào nên không được tính; hãy đưa khóa bằng --key.", trust.unknown()),
            format!("Notes that no given key signed, and that count for nothing: {}; give their keys with --key.", trust.unknown()),
        ));
    }
    doubts
}

/// What was removed and is in no older export either.
fn of_removed(removal: &Removal, trust: &Trust) -> Option<Doubt> {
    let (last, days) = (removal.last(), removal.boundary.keep_days);
    (trust.read_until(&removal.boundary.head.origin) < last).then(|| {
        doubt(
            "removed",
            format!(
                "Đài đã xóa các dòng 1 đến {last} theo quy định thời hạn lưu ({days} ngày), không xem lại được; nếu còn tệp xuất cũ, hãy đưa vào bằng --witness."
            ),
            format!(
                "The station removed rows 1 to {last} by the rule of retention ({days} days), and they cannot be looked at; where an older export has them, give it with --witness."
            ),
        )
    })
}

fn nothing_after(last: i64) -> String {
    format!("That no rows followed row {last} cannot be known from a file that ends there.")
}

fn nothing_after_vi(last: i64) -> String {
    format!("Không thể biết sau dòng {last} còn dòng nào khác hay không, vì tệp kết thúc ở đó.")
}

/// What is not proven when the verdict is not "intact".
pub(crate) fn of_bad(scanner: &Scanner) -> Vec<Doubt> {
    let last = scanner.reached().map_or(0, |(_, last, _)| last);
    vec![doubt(
        "rest_unknown",
        format!("Chuỗi chỉ nối liền đến dòng {last}; phần còn lại chưa được kiểm tra."),
        format!("The chain was followed to row {last}; nothing is said about the rest."),
    )]
}
