//! Quiet hours are hard: a programme that could never sound is refused when it is saved, not only when it is due.

use super::{Notice, Site, day_of};
use crate::error::{Error, Result};
use crate::store::Store;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{
    Limits, Overlong, PreparedFacts, Programme, SegmentFacts, SegmentId, Snapshot, Standing, Window,
    overlong, reach,
};
use std::collections::BTreeSet;

/// So far ahead is looked, in days.
const AHEAD: i32 = 366;
/// When one start is inside a window, counting ends at so many.
const ENOUGH: usize = 20_000;

/// Compares a programme with the windows of its zones. Some starts outside are said; so are a station without any
/// window, and a programme that is longer than the time until it starts again.
///
/// # Errors
/// `outside_windows` when not one start of the next 366 days lies inside a window.
pub(super) fn look(store: &Store, site: &Site, programme: &Programme, now: Timestamp) -> Result<Vec<Notice>> {
    let windows: Vec<Window> = store.all_documents()?;
    if windows.is_empty() {
        return Ok(vec![Notice::no_window_defined()]);
    }
    let alone = alone(store, site, windows, programme)?;
    let waits = overlong(programme, &alone.segments, &site.timezone, now);
    let mut notices: Vec<Notice> = waits.map(waits_behind_itself).into_iter().collect();
    let last = day_of(now, &site.timezone).saturating_add(AHEAD.days());
    let found = reach(&alone, now, last, ENOUGH);
    let Some(first) = found.first_outside else { return Ok(notices) };
    let (outside, all) = (found.outside, found.inside + found.outside);
    let (vi_first, first) = moment(first, site);
    if found.inside == 0 {
        let name = &programme.name;
        return Err(Error::unacceptable(
            "outside_windows",
            format!(
                "programme \"{name}\": not one of its {all} starts in the next {AHEAD} days lies inside a window of its zones (the first is {first}), and outside windows nothing but emergencies sounds; change its time, or make a window first"
            ),
        )
        .vi(format!(
            "Chương trình “{name}”: cả {all} lần phát trong {AHEAD} ngày tới đều nằm ngoài khung giờ phát của các cụm loa (lần đầu {vi_first}). Ngoài khung giờ chỉ phát tin khẩn cấp; hãy đổi giờ hoặc tạo khung giờ trước."
        )));
    }
    let (least_vi, least) = if found.cut_short { ("ít nhất ", "at least ") } else { ("", "") };
    notices.push(Notice {
        code: "outside_windows",
        vi: format!(
            "{least_vi}{outside} trong {all} lần phát sắp tới nằm ngoài khung giờ phát và sẽ không phát; lần đầu {vi_first}."
        ),
        en: format!(
            "{least}{outside} of {all} starts to come lie outside the windows of its zones and will not air; the first is {first}."
        ),
    });
    Ok(notices)
}

/// That each occurrence begins later than the one before it.
fn waits_behind_itself(found: Overlong) -> Notice {
    let (length, every) = (found.length.as_secs(), found.every.as_secs());
    Notice {
        code: "waits_behind_itself",
        vi: format!(
            "Một lần phát dài {length} giây, nhưng lần sau bắt đầu chỉ {every} giây sau lần trước: các lần phát sẽ dồn lại và bắt đầu muộn dần cho đến hết khung giờ."
        ),
        en: format!(
            "One occurrence lasts {length} s, but the next starts {every} s after it at the shortest: each waits behind the one before it and begins later, until the window closes."
        ),
    }
}

/// The programme alone with its windows: nothing but the hours can refuse it.
fn alone(store: &Store, site: &Site, windows: Vec<Window>, programme: &Programme) -> Result<Snapshot> {
    let named: BTreeSet<SegmentId> = programme.running_order().collect();
    let segments = store.segments_named(&named)?;
    let eased = segments.iter().map(|record| SegmentFacts {
        id: record.pushed.id,
        title: record.pushed.title.clone(),
        class: loaxa_schedules::Class::Normal,
        language: record.pushed.language.clone(),
        music: false,
        original_sha256: String::new(),
        trim: None,
        standing: Standing::Approved,
        // one that is not prepared yet counts as a moment
        prepared: Some(PreparedFacts {
            hash: String::new(),
            duration: record.duration.unwrap_or(SignedDuration::from_millis(1)),
        }),
        valid_from: None,
        valid_until: None,
        approved_by: None,
        ordered: None,
    });
    Ok(Snapshot {
        zones: store.all_documents()?,
        windows: windows.into_iter().map(|window| Window { limits: Limits::default(), ..window }).collect(),
        holidays: store.all_documents()?,
        segments: eased.collect(),
        programmes: vec![Programme { owner: None, ..programme.clone() }],
        ..Snapshot::empty(site.timezone.clone())
    })
}

fn moment(at: Timestamp, site: &Site) -> (String, String) {
    let civil = at.to_zoned(site.timezone.clone());
    (civil.strftime("%H:%M:%S ngày %d/%m/%Y").to_string(), civil.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
