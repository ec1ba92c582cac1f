//! `loaxa backup` and `loaxa restore`.

use super::print_line;
use crate::backup;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::error::{Error, Result};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// `loaxa backup DIR`. Exit code 1 when the station could not give every recording.
pub fn backup(
    config: &Config,
    data: &Path,
    folder: &Path,
    with_key: bool,
    as_json: bool,
) -> Result<ExitCode> {
    let now = SystemClock::new(config.clock.trust).now().wall;
    let manifest = backup::take(data, folder, with_key, now)?;
    if as_json {
        let value = serde_json::to_value(&manifest).map_err(|error| Error::internal(error.to_string()))?;
        print_line(&value.to_string())?;
    } else {
        let (rows, count) = (manifest.rows, manifest.originals.len());
        print_line(&format!("Đã sao lưu: {rows} dòng nhật ký, {count} bản ghi."))?;
        print_line(&format!(
            "backup in {}: {rows} rows of the airing log (head {}), {count} recordings{}",
            folder.display(),
            manifest.head,
            if manifest.key { ", with the station's key: keep it under lock" } else { "" },
        ))?;
        missing(manifest.missing.iter().map(|original| original.title.as_str()))?;
    }
    Ok(ExitCode::from(u8::from(!manifest.missing.is_empty())))
}

/// `loaxa restore FROM`. Exit code 1 when recordings are missing.
pub fn restore(config: &Config, data: &Path, from: &Path, as_json: bool) -> Result<ExitCode> {
    let now = SystemClock::new(config.clock.trust).now().wall;
    let restored = backup::restore(from, data, now)?;
    if as_json {
        print_line(
            &json!({
                "rows": restored.rows, "row": restored.row, "originals": restored.originals, "missing": restored.missing,
                "replaced": restored.replaced, "key": restored.key,
            })
            .to_string(),
        )?;
    } else {
        print_line(&format!(
            "Đã khôi phục: nhật ký đến dòng {}, {} bản ghi. Các dòng sau đó không còn; nơi đã xác nhận nhật ký sẽ thấy điều này.",
            restored.rows, restored.originals
        ))?;
        print_line(&format!(
            "restored: the airing log to row {}, {} recordings; row {} says so. What was logged after row {} is not in this \
             log: collectors that countersigned it will call it forked or truncated, and are right",
            restored.rows, restored.originals, restored.row, restored.rows
        ))?;
        if let Some(replaced) = &restored.replaced {
            print_line(&format!("what was there before lies in {}", replaced.display()))?;
        }
        if !restored.key {
            print_line(
                "the station's key is not there: the next start makes another one, and writes that down",
            )?;
        }
        missing(restored.missing.iter().map(String::as_str))?;
    }
    Ok(ExitCode::from(u8::from(!restored.missing.is_empty())))
}

/// Which recordings must be pushed again.
fn missing<'a>(titles: impl Iterator<Item = &'a str>) -> Result<()> {
    for title in titles {
        print_line(&format!(
            "- Thiếu bản ghi gốc, cần gửi lại: {title}\n  the original is gone or damaged; push it again: {title}"
        ))?;
    }
    Ok(())
}
