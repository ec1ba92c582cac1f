//! What `/status` says of the disk and of what lies on it.

use super::{App, Warning};
use crate::store::{FAILING, FULL};

/// What a person looking at the station must know of its disk.
pub(super) fn warnings(app: &App) -> Vec<Warning> {
    let found = app.soundness.found().into_iter();
    let damaged = found.map(|damage| Warning { code: damage.code, vi: damage.vi, en: damage.en });
    refusal(app.store.refusal()).into_iter().chain(damaged).collect()
}

/// That the disk refused the last change.
fn refusal(code: Option<&str>) -> Option<Warning> {
    match code? {
        FULL => Some(Warning {
            code: "disk_full",
            vi: "Bộ nhớ của đài đã đầy: chương trình theo lịch không phát được cho đến khi ghi lại được nhật ký. Hãy gỡ bớt bản ghi cũ hoặc thêm dung lượng."
                .to_owned(),
            en: "The disk is full: nothing scheduled airs until the log can be written again. Withdraw old segments or add space."
                .to_owned(),
        }),
        FAILING => Some(Warning {
            code: "disk_failing",
            vi: "Bộ nhớ của đài không ghi được (chỉ đọc hoặc sắp hỏng): chương trình theo lịch không phát. Hãy sao lưu ngay và báo kỹ thuật viên."
                .to_owned(),
            en: "The disk takes no change (read-only, or dying): nothing scheduled airs. Take a backup now and call the technician."
                .to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refused_is_said() {
        let code = |code| refusal(code).map(|warning| warning.code);
        assert_eq!(code(Some(FULL)), Some("disk_full"));
        assert_eq!(code(Some(FAILING)), Some("disk_failing"));
        assert_eq!(code(None), None);
    }
}
