//! What campaigns owe and have had, counted again.

use super::forward::Run;
use super::heard::{opens_on, stretch};
use super::*;
use std::collections::BTreeMap;

/// The phase, the first day of the period and the number that a campaign's key names.
fn parts(key: &SlotKey) -> (usize, Date, u32) {
    let mut parts = key.attempt().0.rsplitn(4, '/');
    let number = parts.next().unwrap().parse().unwrap();
    let period = parts.next().unwrap().parse().unwrap();
    (parts.next().unwrap().parse().unwrap(), period, number)
}

/// Whether for each zone of the campaign one of the phase's windows opens.
fn open(snapshot: &Snapshot, campaign: &Campaign, phase: &Phase, opens: impl Fn(&Window) -> bool) -> bool {
    let zones: Vec<ZoneId> = match campaign.zones.as_slice() {
        [] => snapshot.zones.iter().map(|zone| zone.id).collect(),
        named => named.to_vec(),
    };
    zones.iter().all(|&zone| {
        snapshot.windows.iter().any(|window| {
            let wanted = phase.windows.is_empty() || phase.windows.contains(&window.id);
            wanted && window.opens(zone) && opens(window)
        })
    })
}

/// What a phase owes in each of its periods.
fn owed(snapshot: &Snapshot, campaign: &Campaign, phase: &Phase) -> BTreeMap<Date, u32> {
    let calendar = Calendar::new(&snapshot.holidays);
    let mut open_days: BTreeMap<Date, u32> = BTreeMap::new();
    let mut date = phase.from;
    while date <= phase.to {
        let period = match phase.airings.per {
            Period::Day => date,
            Period::Week => date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days()),
            Period::Phase => phase.from,
        };
        let today = open(snapshot, campaign, phase, |window| opens_on(window, &calendar, date));
        *open_days.entry(period).or_default() += u32::from(today);
        date = date.saturating_add(1.day());
    }
    let ordinary = Weekday::ALL
        .iter()
        .filter(|day| open(snapshot, campaign, phase, |window| window.days.contains(day)))
        .count();
    let count = phase.airings.count;
    let share = |days: u32| match phase.airings.per {
        _ if days == 0 => 0,
        Period::Week if ordinary > 0 => {
            let part = f64::from(count) * f64::from(days) / ordinary as f64;
            ((part + 0.5).floor() as u32).min(count)
        }
        _ => count,
    };
    open_days.into_iter().map(|(period, days)| (period, share(days))).collect()
}

/// What is wrong with the campaigns of what was heard and of what is planned now.
pub(super) fn complaints(run: &Run) -> Vec<String> {
    let snapshot = &run.snapshot;
    let last = snapshot.campaigns.iter().flat_map(|campaign| &campaign.phases).map(|phase| phase.to).max();
    let Some(last) = last else { return Vec::new() };
    let today = run.date(run.now());
    let days = plan(snapshot, today, last.max(today).saturating_add(i64::from(GRACE_DAYS + 1).days()));
    let mut wrong = Vec::new();
    for campaign in &snapshot.campaigns {
        let of = Origin::Campaign(campaign.id);
        let rows: Vec<&PastAiring> = snapshot.history.iter().filter(|row| row.origin == of).collect();
        let ahead: Vec<&Slot> = days
            .iter()
            .flat_map(|day| &day.slots)
            .filter(|slot| slot.origin == of && run.now() <= slot.start && !run.closed(&slot.key))
            // What is to be cut is not heard to its end.
            .filter(|slot| slot.yields.is_none())
            .collect();
        let account = account_in(snapshot, campaign.id, &days).unwrap();
        for (number, phase) in campaign.phases.iter().enumerate() {
            let periods = owed(snapshot, campaign, phase);
            let mine = |key: &SlotKey| parts(key).0 == number;
            let rows: Vec<&&PastAiring> = rows.iter().filter(|row| mine(&row.key)).collect();
            let ahead: Vec<&&Slot> = ahead.iter().filter(|slot| mine(&slot.key)).collect();
            let aired = rows.iter().filter(|row| row.outcome == Outcome::Aired).map(|row| &row.key);
            let planned = ahead.iter().map(|slot| &slot.key);
            let mut had: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
            for key in aired.clone().chain(planned) {
                let (_, period, number) = parts(key);
                had.entry(period).or_default().push(number);
            }
            for (period, mut numbers) in had {
                let count = numbers.len();
                if count > periods.get(&period).map_or(0, |&owed| owed as usize) {
                    wrong.push(format!("{} {number} {period}: {count} airings", campaign.name));
                }
                numbers.sort_unstable();
                numbers.dedup();
                if numbers.len() < count {
                    wrong.push(format!("{} {number} {period}: a number twice", campaign.name));
                }
            }
            let told = &account.phases[number];
            let total: u64 = periods.values().map(|&owed| u64::from(owed)).sum();
            let (aired, planned) = (aired.count() as u64, ahead.len() as u64);
            let lost = rows.len() as u64 - aired;
            let short = total.saturating_sub(aired).saturating_sub(planned);
            let expect = (total, aired, lost, planned, short);
            let said = (told.owed, told.aired, told.lost, told.planned, told.short);
            if said != expect || told.still_possible < aired + planned {
                wrong.push(format!("{} {number}: the account says {said:?}, not {expect:?}", campaign.name));
            }
            for slot in ahead {
                let (day, again) = (run.date(slot.start), slot.key.attempt().1 > 0);
                let until = if again { phase.to.saturating_add(GRACE_DAYS.days()) } else { phase.to };
                if day < phase.from || until < day {
                    wrong.push(format!("{} on {day}", slot.key));
                }
                if slot.key.attempt().1 >= MOST_ATTEMPTS {
                    wrong.push(format!("{} is one attempt too many", slot.key));
                }
                let calendar = Calendar::new(&snapshot.holidays);
                if !open(snapshot, campaign, phase, |window| opens_on(window, &calendar, day)) {
                    wrong.push(format!("{} on a day on which nothing opens", slot.key));
                }
            }
        }
        wrong.extend(neighbours(campaign, &rows, &ahead));
    }
    wrong
}

/// Airings of one campaign that are too near to each other, or repeat a segment while another one could air.
fn neighbours(campaign: &Campaign, rows: &[&PastAiring], ahead: &[&Slot]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut all: Vec<(Timestamp, Timestamp, SegmentId, bool)> = rows
        .iter()
        .filter_map(|row| stretch(row).map(|(from, until)| (from, until, row.segment, false)))
        .collect();
    // The rest of what was cut is no turn of its own: it follows whatever was before it.
    let turn = |slot: &Slot| !slot.reason.is(ReasonCode::Resumes);
    all.extend(ahead.iter().map(|slot| (slot.start, slot.end(), slot.segment, turn(slot))));
    all.sort();
    let spacing = SignedDuration::from_mins(i64::from(campaign.min_spacing_minutes));
    for pair in all.windows(2) {
        let ((_, ended, one, _), (starts, _, other, turn)) = (pair[0], pair[1]);
        if starts.duration_since(ended) < spacing {
            wrong.push(format!("{}: {starts} is too near to {ended}", campaign.name));
        }
        // Whatever stands before and behind, a third one is there; all of them are as long as each other.
        if turn && one == other && campaign.segments.len() > 2 {
            wrong.push(format!("{}: the segment of {starts} is heard twice in a row", campaign.name));
        }
    }
    wrong
}
