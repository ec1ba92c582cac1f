//! Whether a programme reaches the windows of its zones at all.

use super::hours::{Hours, holding};
use super::station::{Running, Show, Station};
use super::types::{Permit, Snapshot};
use crate::vocabulary::OnHolidays;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// How many occurrences of a programme lie inside the windows of its zones, and how many do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// So many lie inside as a whole.
    pub inside: usize,
    /// Of so many at least one item lies outside.
    pub outside: usize,
    /// The start of the first of those.
    pub first_outside: Option<Timestamp>,
    /// Whether counting ended before the last day, because there were enough.
    pub cut_short: bool,
}

/// Counts the occurrences from `since` to the end of the civil day before `to` of the one programme of a snapshot: a
/// day at a time, and no further once one lies inside and more than `enough` are counted.
///
/// Items are taken to follow each other without a wait. What a holiday closes or the programme skips is no matter of
/// windows and not counted, nor is an item whose recording the snapshot does not hold.
#[must_use]
pub fn reach(snapshot: &Snapshot, since: Timestamp, to: Date, enough: usize) -> Reach {
    let mut reach = Reach::default();
    let station = Station::new(snapshot);
    let Some((show, running)) = station.shows.iter().find_map(|show| Some((show, show.running()?))) else {
        return reach;
    };
    let Some(set) = show.zones else { return reach };
    let mut hours = Hours::new(snapshot, &station.zone_sets);
    let mut date = snapshot.timezone.to_datetime(since).date();
    while date < to {
        if reach.inside > 0 && reach.inside + reach.outside > enough {
            reach.cut_short = true;
            break;
        }
        hours.enter(date);
        let next = date.saturating_add(1.day());
        let (from, until) = (hours.midnight(date).max(since), hours.midnight(next));
        let day = hours.today().map(|today| &today.day);
        let holiday = day.is_some_and(|day| day.holiday.is_some());
        let closed = day.is_some_and(|day| day.closed_by.is_some());
        let airs = match Show::on_holidays(show) {
            OnHolidays::Air => true,
            OnHolidays::Skip => !holiday,
            OnHolidays::Only => holiday,
        };
        if airs {
            let permits = hours.permits(set).to_vec();
            for at in running.occurrences(from, until, snapshot) {
                let inside = inside(&station, running, &permits, at);
                if inside || !closed {
                    reach.count(at, inside);
                }
            }
        }
        if next == date {
            break;
        }
        date = next;
    }
    reach
}

impl Reach {
    fn count(&mut self, at: Timestamp, inside: bool) {
        if inside {
            self.inside += 1;
        } else {
            self.outside += 1;
            self.first_outside.get_or_insert(at);
        }
    }
}

/// Whether every item of an occurrence lies in a window.
fn inside(station: &Station<'_>, running: &Running<'_>, permits: &[Permit], at: Timestamp) -> bool {
    let mut due = at;
    running.items.iter().all(|(_, recording)| {
        let Some(held) = recording.and_then(|index| station.recordings.get(index)) else { return true };
        let end = due.saturating_add(held.duration).unwrap_or(Timestamp::MAX);
        let fits = holding(permits, due).is_some_and(|permit| end <= permit.until);
        due = end.saturating_add(running.gap).unwrap_or(Timestamp::MAX);
        fits
    })
}
