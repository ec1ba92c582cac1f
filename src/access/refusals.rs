//! Refusals of changes, as rows for the log: told at once, and then at most once a minute with their number, so that whoever
//! is refused a thousand times a second neither fills the disk nor hides among their own rows.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// One row a minute for whoever is refused again for the same reason.
const EVERY: Duration = Duration::from_secs(60);
/// So many are told apart; whoever comes then is counted among the others.
const MOST: usize = 256;
/// So many rows a minute are about one each; what is beyond is counted among the others.
const ROWS: u32 = 10;
/// So many rows wait for a disk that refuses them; then the oldest are given up.
const WAITING: usize = 256;

/// A change that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable word of the refusal.
    pub code: String,
    /// Identity of whoever was refused, or for whom somebody tried to log in: id and name. None while nobody knows.
    pub identity: Option<(String, String)>,
    /// From where they came.
    pub address: String,
    /// The method.
    pub method: String,
    /// The endpoint, as it stands in the table of rights. None where there is none.
    pub path: Option<&'static str>,
}

#[derive(Debug)]
struct Tally {
    refusal: Refusal,
    /// When its last row was made, monotonic.
    told: Duration,
    /// Refused since, and since when.
    count: u64,
    since: Option<Timestamp>,
}

/// Who was refused and has not been told of yet.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    tallies: HashMap<(String, String), Tally>,
    /// Refused, and not told apart.
    others: u64,
    others_since: Option<Timestamp>,
    others_told: Option<Duration>,
    /// The minute that is counted, and the rows that were made in it.
    minute: u64,
    rows: u32,
    /// Rows that the disk refused.
    waiting: Vec<Value>,
}

impl Refusals {
    /// Counts a refusal; the row that is to be written now, where there is one.
    pub(super) fn note(&mut self, refusal: Refusal, wall: Timestamp, mono: Duration) -> Option<Value> {
        let who = refusal.identity.as_ref().map_or("", |(id, _)| id);
        let key = (format!("{who} {}", refusal.address), refusal.code.clone());
        let room = self.tallies.len() < MOST;
        let may = self.may_tell(mono);
        if let Some(tally) = self.tallies.get_mut(&key) {
            tally.count += 1;
            tally.since.get_or_insert(wall);
            tally.refusal = refusal;
            if mono < tally.told + EVERY || !may {
                return None;
            }
            self.rows += 1;
            return Some(tally.tell(mono));
        }
        if !room || !may {
            self.others += 1;
            self.others_since.get_or_insert(wall);
            return None;
        }
        self.rows += 1;
        let mut tally = Tally { refusal, told: mono, count: 1, since: Some(wall) };
        let row = tally.tell(mono);
        self.tallies.insert(key, tally);
        Some(row)
    }

    /// Rows of what was refused since and has waited for a minute; called every now and then.
    pub(super) fn due(&mut self, mono: Duration) -> Vec<Value> {
        let mut rows = std::mem::take(&mut self.waiting);
        self.tallies.retain(|_, tally| tally.count > 0 || mono < tally.told + EVERY);
        let keys: Vec<_> = self.tallies.keys().cloned().collect();
        for key in keys {
            if !self.may_tell(mono) {
                break;
            }
            if let Some(tally) =
                self.tallies.get_mut(&key).filter(|tally| tally.count > 0 && mono >= tally.told + EVERY)
            {
                self.rows += 1;
                rows.push(tally.tell(mono));
            }
        }
        if self.others > 0 && self.others_told.is_none_or(|told| mono >= told + EVERY) {
            rows.push(json!({
                "what": "refused", "code": "many", "count": self.others,
                "since": self.others_since.map(|at| at.to_string()),
            }));
            (self.others, self.others_since, self.others_told) = (0, None, Some(mono));
        }
        rows
    }

    /// Takes rows back that could not be written; they are due again.
    pub(super) fn put_back(&mut self, mut rows: Vec<Value>) {
        rows.append(&mut self.waiting);
        rows.drain(..rows.len().saturating_sub(WAITING));
        self.waiting = rows;
    }

    /// Everything that is left, when the station ends.
    pub(super) fn rest(&mut self, mono: Duration) -> Vec<Value> {
        let mut rows: Vec<Value> =
            self.tallies.values_mut().filter(|tally| tally.count > 0).map(|tally| tally.tell(mono)).collect();
        self.others_told = None;
        self.tallies.clear();
        rows.extend(self.due(mono));
        rows
    }

    fn may_tell(&mut self, mono: Duration) -> bool {
        let minute = mono.as_secs() / EVERY.as_secs();
        if minute != self.minute {
            (self.minute, self.rows) = (minute, 0);
        }
        self.rows < ROWS
    }
}

impl Tally {
    fn tell(&mut self, mono: Duration) -> Value {
        let it = &self.refusal;
        let row = json!({
            "what": "refused", "code": it.code, "id": it.identity.as_ref().map(|(id, _)| id),
            "name": it.identity.as_ref().map(|(_, name)| name), "address": it.address, "method": it.method,
            "path": it.path, "count": self.count, "since": self.since.map(|at| at.to_string()),
        });
        (self.told, self.count, self.since) = (mono, 0, None);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str, code: &str) -> Refusal {
        Refusal {
            code: code.to_owned(),
            identity: None,
            address: address.to_owned(),
            method: "POST".to_owned(),
            path: Some("/stop"),
        }
    }

    fn at(seconds: u64) -> (Timestamp, Duration) {
        (Timestamp::from_second(seconds.try_into().unwrap()).unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_once_a_minute_with_their_number() {
        let mut refusals = Refusals::default();
        let mut note = |seconds, address: &str, code: &str| {
            let (wall, mono) = at(seconds);
            refusals.note(refusal(address, code), wall, mono)
        };
        assert_eq!(note(600, "a", "missing_scope").unwrap()["count"], 1);
        assert_eq!(note(601, "a", "missing_scope"), None);
        assert_eq!(note(602, "a", "missing_scope"), None);
        assert_eq!(note(603, "a", "unauthenticated").unwrap()["count"], 1, "another reason");
        assert_eq!(note(604, "b", "missing_scope").unwrap()["count"], 1, "another address");
        assert_eq!(refusals.due(at(659).1), Vec::<Value>::new());
        let rows = refusals.due(at(660).1);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((&rows[0]["count"], &rows[0]["since"]), (&json!(2), &json!("1970-01-01T00:10:01Z")));
        assert_eq!(refusals.due(at(720).1), Vec::<Value>::new());
        assert!(refusals.tallies.is_empty(), "who is refused no more is forgotten");
    }

    #[test]
    fn what_a_full_disk_refuses_is_due_again_and_bounded() {
        let mut refusals = Refusals::default();
        let (wall, mono) = at(600);
        let row = refusals.note(refusal("a", "missing_scope"), wall, mono).unwrap();
        refusals.put_back(vec![row.clone()]);
        assert_eq!(refusals.due(mono), vec![row.clone()]);
        assert_eq!(refusals.due(mono), Vec::<Value>::new());
        refusals.put_back(vec![row; 1000]);
        assert_eq!(refusals.due(mono).len(), WAITING);
    }

    #[test]
    fn a_flood_makes_a_bounded_number_of_rows_and_none_is_lost() {
        let mut refusals = Refusals::default();
        let (mut rows, mut sent) = (Vec::new(), 0);
        for second in 0..600_u64 {
            let (wall, mono) = at(6000 + second);
            for n in 0..200 {
                sent += 1;
                rows.extend(refusals.note(refusal(&format!("{second}-{n}"), "unauthenticated"), wall, mono));
            }
            rows.extend(refusals.due(mono));
            assert!(refusals.tallies.len() <= MOST);
        }
        rows.extend(refusals.rest(at(6600).1));
        assert!(rows.len() <= 11 * (ROWS as usize + 1) + MOST, "{}", rows.len());
        let told: u64 = rows.iter().map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!(told, sent);
    }
}
