//! Air time by campaign, day, segment, zone, language or source.
//!
//! Everything but `owed` is counted from the airing log: slots that were due and have their outcome, and seconds that the
//! output measured. Of a slot that is due again (a make-good), each attempt counts. `owed` is what the quotas of a campaign
//! spread over the days of the report, by the same arithmetic as its account.

use crate::error::{Error, ErrorKind, Result};
use crate::planning::{self, Site};
use crate::store::{AirtimeFilter, AirtimeRow, Removed, Store, Whose};
use clap::ValueEnum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::{Campaign, Outcome, Zone, owed_between};
use std::collections::{BTreeMap, HashMap};

/// Outcomes in the order in which reports name them.
pub const OUTCOMES: [Outcome; 6] = [
    Outcome::Aired,
    Outcome::Partial,
    Outcome::Missed,
    Outcome::Suppressed,
    Outcome::Preempted,
    Outcome::Failed,
];
/// A report reaches over so many days at most.
const MOST_DAYS: i64 = 3_660;

/// What the lines of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Campaigns; programmes and emergencies in a line of their own each.
    Campaign,
    /// Days.
    Day,
    /// Recordings.
    Segment,
    /// Zones: what is heard in several counts in each.
    Zone,
    /// Languages.
    Language,
    /// Where recordings come from, in the words of who pushed them.
    Source,
}

impl By {
    const ALL: [Self; 6] =
        [Self::Campaign, Self::Day, Self::Segment, Self::Zone, Self::Language, Self::Source];

    /// The word in queries and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Day => "day",
            Self::Segment => "segment",
            Self::Zone => "zone",
            Self::Language => "language",
            Self::Source => "source",
        }
    }

    /// What a word means; campaigns where there is none.
    ///
    /// # Errors
    /// `bad_parameter`, with the words that there are.
    pub fn read(word: Option<&str>) -> Result<Self> {
        let Some(word) = word else { return Ok(Self::Campaign) };
        Self::ALL.into_iter().find(|by| by.as_str() == word).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|by| by.as_str()).collect();
            bad(format!("by={word:?} is none; write {}", words.join(", ")))
        })
    }
}

/// The stretch of time of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Slots due from then on.
    pub from: Timestamp,
    /// Slots due before then.
    pub to: Timestamp,
    /// The civil day in which it begins.
    pub first: Date,
    /// The civil day of its last moment.
    pub last: Date,
}

impl Period {
    /// From the first of this month, and to the end of today, where nothing else is said.
    ///
    /// # Errors
    /// `bad_parameter` when it ends before it begins, or is longer than ten years.
    pub fn of(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp, site: &Site) -> Result<Self> {
        let today = planning::day_of(now, &site.timezone);
        let midnight = |date: Date| {
            date.to_zoned(site.timezone.clone())
                .map(|zoned| zoned.timestamp())
                .map_err(|error| bad(format!("{date} cannot be reckoned with: {error}")))
        };
        let from = from.map_or_else(|| midnight(today.first_of_month()), Ok)?;
        let to = to.map_or_else(|| midnight(today.saturating_add(1.day())), Ok)?;
        let days = to.duration_since(from).as_secs() / 86_400;
        if to <= from || days > MOST_DAYS {
            return Err(bad(format!(
                "a report is of up to {MOST_DAYS} days, and ends after it begins; from={from} to={to} does not"
            )));
        }
        let before_the_end = to.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(to);
        let (first, last) =
            (planning::day_of(from, &site.timezone), planning::day_of(before_the_end, &site.timezone));
        Ok(Self { from, to, first, last })
    }
}

fn bad(detail: String) -> Error {
    Error::new(ErrorKind::Malformed, "bad_parameter", detail)
}

/// What a report is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of when.
    pub period: Period,
    /// What its lines are.
    pub by: By,
    /// Only this campaign's airings; an id.
    pub campaign: Option<String>,
    /// Only recordings in this language; a tag.
    pub language: Option<String>,
}

/// A number of airings and their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figure {
    /// How many.
    pub count: u64,
    /// How long together.
    pub length: SignedDuration,
}

impl Figure {
    fn add(&mut self, length: SignedDuration) {
        self.count += 1;
        self.length = self.length.saturating_add(length);
    }
}

/// What a line is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Label {
    fn name(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { vi: name.clone(), en: name }
    }

    fn words(vi: &str, en: &str) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }
}

/// One line, or all of them together.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Due, with the lengths that were planned.
    pub planned: Figure,
    /// Heard to their end, with the seconds that were heard.
    pub aired: Figure,
    /// Heard, but not to their end; they are among the missed too.
    pub partly: Figure,
    /// Due and not heard to their end, with the planned seconds that were not heard.
    pub missed: Figure,
    /// What the campaign's quotas wanted on these days; None where there are no quotas. Its length is reckoned from the mean
    /// length of the campaign's recordings.
    pub owed: Option<Figure>,
    /// Heard without the amplifier's word.
    pub unconfirmed: u64,
    /// By outcome, as `OUTCOMES` names them, with the seconds that were heard.
    pub outcomes: [Figure; 6],
}

impl Sums {
    fn add(&mut self, row: &AirtimeRow) {
        let heard = row.played.max(SignedDuration::ZERO);
        self.planned.add(row.planned.unwrap_or_default());
        if row.outcome == Outcome::Aired {
            self.aired.add(heard);
        } else {
            let rest = row.planned.unwrap_or_default().saturating_sub(heard);
            self.missed.add(rest.max(SignedDuration::ZERO));
            if heard > SignedDuration::ZERO {
                self.partly.add(heard);
            }
        }
        self.unconfirmed += u64::from(heard > SignedDuration::ZERO && !row.confirmed);
        let place = OUTCOMES.iter().position(|outcome| *outcome == row.outcome);
        if let Some(figure) = place.and_then(|place| self.outcomes.get_mut(place)) {
            figure.add(heard);
        }
    }

    /// Everything that was heard, to its end or not.
    #[must_use]
    pub fn heard(&self) -> SignedDuration {
        self.aired.length.saturating_add(self.partly.length)
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// The id, day, tag or word that it is about; None of what has none.
    pub key: Option<String>,
    /// What it is called.
    pub label: Label,
    /// Its figures.
    pub sums: Sums,
}

/// A report.
#[derive(Debug, Clone)]
pub struct Airtime {
    /// Of when.
    pub period: Period,
    /// When it was made.
    pub made: Timestamp,
    /// What its lines are.
    pub by: By,
    /// The lines: days in their order, everything else by its name.
    pub lines: Vec<Line>,
    /// Each slot once, whatever the lines are.
    pub total: Sums,
    /// What the rule of retention removed of this time: the figures lack it.
    pub removed: Option<Removed>,
    /// The last civil day of which something is gone.
    pub removed_until: Option<Date>,
    /// What alone was counted, as people call it; empty where everything was.
    pub only: Vec<Label>,
}

/// Where a line stands among the others: campaigns before programmes before emergencies, what has a name before what has none.
type Place = (u8, String, Option<String>);

impl Airtime {
    /// Reads the log.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read(store: &Store, site: &Site, wanted: &Wanted, made: Timestamp) -> Result<Self> {
        let Wanted { period, by, campaign, language } = wanted.clone();
        let zones: Vec<Zone> = store.all_documents()?;
        let zones: HashMap<String, String> =
            zones.into_iter().map(|zone| (zone.id.to_string(), zone.name)).collect();
        let mut total = Sums::default();
        let mut lines: BTreeMap<Place, Line> = BTreeMap::new();
        let filter = AirtimeFilter {
            from: period.from,
            to: period.to,
            campaign: campaign.clone(),
            language: language.clone(),
        };
        let removed = store.airtime(&filter, |row| {
            total.add(&row);
            for (rank, key, label) in places(&row, by, site, &zones) {
                // what was renamed meanwhile is one line, under its last name
                let place = match by {
                    By::Day => (rank, key.clone().unwrap_or_default(), None),
                    _ => (rank, String::new(), key.clone()),
                };
                let line = lines.entry(place).or_insert_with(|| Line {
                    key,
                    label: label.clone(),
                    sums: Sums::default(),
                });
                line.label = label;
                line.sums.add(&row);
            }
        })?;
        // a quota is owed in whatever language
        if by == By::Campaign && language.is_none() {
            owed(store, site, wanted, made, &mut lines)?;
            let figures = lines.values().filter_map(|line| line.sums.owed);
            total.owed = figures.reduce(|a, b| Figure {
                count: a.count + b.count,
                length: a.length.saturating_add(b.length),
            });
        }
        let only = only(store, campaign.as_deref(), language.as_deref())?;
        let removed_until = removed.as_ref().map(|removed| planning::day_of(removed.until, &site.timezone));
        let mut lines: Vec<(Place, Line)> = lines.into_iter().collect();
        lines.sort_by(|(a, one), (b, other)| (a.0, &a.1, &one.label).cmp(&(b.0, &b.1, &other.label)));
        let lines = lines.into_iter().map(|(_, line)| line).collect();
        Ok(Self { period, made, by, lines, total, removed, removed_until, only })
    }
}

/// What a report is narrowed to, in words.
fn only(store: &Store, campaign: Option<&str>, language: Option<&str>) -> Result<Vec<Label>> {
    let mut only = Vec::new();
    if let Some(id) = campaign {
        let known: Vec<Campaign> = store.all_documents()?;
        let found = known.into_iter().find(|campaign| campaign.id.to_string() == id);
        let name = found.map_or_else(|| id.to_owned(), |campaign| campaign.name);
        only.push(Label { vi: format!("Đợt tuyên truyền: {name}"), en: format!("Campaign: {name}") });
    }
    if let Some(tag) = language {
        only.push(Label { vi: format!("Ngôn ngữ: {tag}"), en: format!("Language: {tag}") });
    }
    Ok(only)
}

/// The lines in which a row counts.
fn places(
    row: &AirtimeRow,
    by: By,
    site: &Site,
    zones: &HashMap<String, String>,
) -> Vec<(u8, Option<String>, Label)> {
    let nothing = Label::words("(không ghi)", "(not said)");
    let named = |key: &Option<String>| match key {
        Some(key) => (0, Some(key.clone()), Label::name(key.clone())),
        None => (1, None, nothing.clone()),
    };
    let one = match by {
        By::Campaign => match row.whose {
            Whose::Campaign => {
                let name = row.name.clone().or_else(|| row.of.clone()).unwrap_or_default();
                (0, row.of.clone(), Label::name(name))
            }
            Whose::Programme => (1, None, Label::words("Chương trình thường xuyên", "Programmes")),
            Whose::Emergency => (2, None, Label::words("Tin khẩn cấp", "Emergencies")),
        },
        By::Day => {
            let day = planning::day_of(row.planned_start, &site.timezone);
            let label = Label { vi: day.strftime("%d/%m/%Y").to_string(), en: day.to_string() };
            (0, Some(day.to_string()), label)
        }
        By::Segment => {
            let title = row.title.clone().unwrap_or_else(|| row.segment.clone());
            (0, Some(row.segment.clone()), Label::name(title))
        }
        By::Language => named(&row.language),
        By::Source => named(&row.source.clone().filter(|source| !source.trim().is_empty())),
        By::Zone if row.zones.is_empty() => (1, None, Label::words("Toàn bộ các cụm loa", "All zones")),
        By::Zone => {
            let name = |id: &String| zones.get(id).cloned().unwrap_or_else(|| id.clone());
            return row.zones.iter().map(|id| (0, Some(id.clone()), Label::name(name(id)))).collect();
        }
    };
    vec![one]
}

/// Adds what campaigns owe: also of those of which nothing came due.
fn owed(
    store: &Store,
    site: &Site,
    wanted: &Wanted,
    now: Timestamp,
    lines: &mut BTreeMap<Place, Line>,
) -> Result<()> {
    let Wanted { period, campaign: only, .. } = wanted;
    let snapshot = planning::snapshot(store, site, now)?;
    let end = period.last.saturating_add(1.day());
    let asked_for = |campaign: &&Campaign| only.as_ref().is_none_or(|only| *only == campaign.id.to_string());
    for campaign in snapshot.campaigns.iter().filter(asked_for) {
        let count = owed_between(&snapshot, campaign.id, period.first, end).unwrap_or(0);
        let place = (0, String::new(), Some(campaign.id.to_string()));
        if count == 0 && !lines.contains_key(&place) {
            continue;
        }
        let length = mean_length(store, campaign)?.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX));
        let line = lines.entry(place).or_insert_with(|| Line {
            key: Some(campaign.id.to_string()),
            label: Label::name(campaign.name.clone()),
            sums: Sums::default(),
        });
        line.label = Label::name(campaign.name.clone());
        line.sums.owed = Some(Figure { count, length });
    }
    Ok(())
}

/// The mean length of a campaign's recordings, by their weights.
fn mean_length(store: &Store, campaign: &Campaign) -> Result<SignedDuration> {
    let ids = campaign.segments.iter().map(|share| share.id).collect();
    let lengths: HashMap<_, _> = store
        .segments_named(&ids)?
        .into_iter()
        .filter_map(|record| Some((record.pushed.id, record.duration?)))
        .collect();
    let known = campaign.segments.iter().filter_map(|share| {
        let weight = i64::from(share.weight.max(1));
        Some((weight, lengths.get(&share.id)?.as_millis() * i128::from(weight)))
    });
    let (weights, millis) = known.fold((0_i64, 0_i128), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let mean = millis.checked_div(i128::from(weights)).unwrap_or(0);
    Ok(SignedDuration::from_millis(i64::try_from(mean).unwrap_or(0)))
}

#[cfg(test)]
#[path = "airtime/tests.rs"]
mod tests;
