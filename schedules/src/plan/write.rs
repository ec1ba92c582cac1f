//! Decisions made into slots and refusals, with their sentences.

use super::item::{Chance, Decided, Holder, Item, Met, Spot, Waited, Why};
use super::station::{Show, Unairable, What};
use super::sweep::Sweep;
use super::types::{DayPlan, Origin, Refusal, Resumption, Slot, SlotKey, Yield};
use crate::reason::{Reason, ReasonCode};
use crate::vocabulary::HolidayId;
use jiff::Timestamp;
use jiff::civil::Date;
use std::borrow::Cow;
use std::sync::Arc;

impl Sweep<'_, '_> {
    /// What is wanted of the plan of a day of which everything is decided.
    pub(super) fn day_plan(
        &self,
        date: Date,
        decided: &[Decided],
        wanted: &mut dyn FnMut(Timestamp) -> bool,
    ) -> DayPlan {
        let mut sorted: Vec<&Decided> = decided.iter().collect();
        sorted.sort_by_cached_key(|decided| {
            let item = &decided.item;
            (decided.start, self.show(item).map(|show| show.origin), self.position(item), item.attempt, *item)
        });
        sorted.retain(|decided| wanted(decided.start));
        // Exactly as much as is needed: a year of days is kept together.
        let slots = sorted.iter().filter(|decided| decided.verdict.is_ok()).count();
        let refusals = Vec::with_capacity(sorted.len().saturating_sub(slots));
        let mut plan = DayPlan { date, slots: Vec::with_capacity(slots), refusals };
        for decided in sorted {
            let Some(show) = self.show(&decided.item) else { continue };
            match &decided.verdict {
                Ok(spot) => plan.slots.push(self.slot(show, decided, spot)),
                Err(why) => plan.refusals.push(self.refusal(show, decided, why)),
            }
        }
        plan
    }

    fn slot(&self, show: &Show<'_>, decided: &Decided, spot: &Spot) -> Slot {
        let item = &decided.item;
        let held = decided.recording.and_then(|index| self.station.recordings.get(index));
        Slot {
            key: self.key(show, item),
            origin: show.origin,
            name: Arc::clone(&show.name),
            occurrence: item.occurrence,
            position: self.position(item),
            segment: decided.segment,
            title: held.map(|held| Arc::clone(&held.title)).unwrap_or_default(),
            class: item.class,
            start: decided.start,
            latest_start: spot.latest_start,
            offset: item.offset,
            duration: spot.length,
            yields: spot.yields.as_ref().and_then(|(to, _)| {
                let winner = self.show(to)?;
                let (key, name) = (self.key(winner, to), Arc::clone(&winner.name));
                Some(Yield { to: key, name, then: self.then(item) })
            }),
            zones: self.station.zones(show),
            gain_db: self.gain_db(show, item, spot),
            permitted: spot.permit,
            pcm: held.map(|held| Arc::clone(&held.pcm)).unwrap_or_default(),
            original_sha256: held.map(|held| Arc::clone(&held.original_sha256)).unwrap_or_default(),
            trim: held.and_then(|held| held.facts.trim),
            approved_by: held.and_then(|held| held.approved_by.clone()),
            reason: trimmed(self.placed(show, item, spot)),
        }
    }

    fn refusal(&self, show: &Show<'_>, decided: &Decided, why: &Why) -> Refusal {
        let item = &decided.item;
        let held = decided.recording.and_then(|index| self.station.recordings.get(index));
        let title = held.map(|held| Arc::clone(&held.title));
        Refusal {
            key: self.key(show, item),
            origin: show.origin,
            name: Arc::clone(&show.name),
            occurrence: item.occurrence,
            position: self.position(item),
            segment: decided.segment,
            reason: trimmed(self.refused(show, decided, title.as_deref().unwrap_or_default(), why)),
            title,
            class: item.class,
            start: decided.start,
            duration: held.and_then(|held| held.facts.prepared.as_ref()).map(|prepared| prepared.duration),
            zones: self.station.zones(show),
        }
    }

    /// What becomes of something that is cut.
    fn then(&self, item: &Item) -> Resumption {
        self.resumption(item.class)
    }

    fn key(&self, show: &Show<'_>, item: &Item) -> SlotKey {
        match (show.origin, &show.what) {
            (Origin::Programme(id), _) => {
                let first = SlotKey::new(id, item.occurrence, item.position);
                if item.attempt == 0 { first } else { first.with_attempt(item.attempt) }
            }
            // The want has its own attempt; what is cut and goes on is another one after it.
            _ => self.want_of(item).map_or_else(
                || SlotKey(String::new()),
                |want| want.key.with_attempt(want.key.attempt().1 + item.attempt),
            ),
        }
    }

    fn position(&self, item: &Item) -> u32 {
        match self.show(item).map(|show| &show.what) {
            Some(What::Campaign(_)) => self.want_of(item).map_or(0, |want| want.number),
            _ => item.position,
        }
    }

    fn want_of(&self, item: &Item) -> Option<&crate::campaigns::Want> {
        self.wants.get(usize::try_from(item.position).ok()?)
    }

    /// How loud a slot is, by its class, its zones and the windows that it touches.
    fn gain_db(&self, show: &Show<'_>, item: &Item, spot: &Spot) -> f64 {
        let snapshot = self.station.snapshot;
        let heard_in = self.station.zones(show);
        let zones = snapshot.zones.iter().filter(|zone| heard_in.contains(&zone.id));
        let windows = spot.touched.iter().filter_map(|opening| self.hours.windows.get(opening.window));
        let ceilings = windows.filter_map(|window| window.volume_ceiling_db);
        snapshot.volume.gain_db(item.class, zones.map(|zone| zone.volume_db), ceilings)
    }

    fn window_names(&self, spot: &Spot) -> Cow<'_, str> {
        if let [opening] = spot.touched.as_slice() {
            return self
                .hours
                .windows
                .get(opening.window)
                .map_or(Cow::default(), |window| window.name.as_str().into());
        }
        let mut windows: Vec<usize> = spot.touched.iter().map(|opening| opening.window).collect();
        windows.dedup();
        let names: Vec<&str> = windows
            .iter()
            .filter_map(|&index| self.hours.windows.get(index))
            .map(|window| window.name.as_str())
            .collect();
        names.join("\", \"").into()
    }

    fn placed(&self, show: &Show<'_>, item: &Item, spot: &Spot) -> Reason {
        let tz = &self.station.snapshot.timezone;
        let repays = |code, missed| Reason::repays(code, &show.name, item.position, missed, tz);
        let mut reason = match (&show.what, item.chance) {
            (What::Campaign(index), _) => {
                let want = self.want_of(item);
                let campaign = self.station.snapshot.campaigns.get(*index);
                let phase = want.and_then(|want| campaign?.phases.get(want.phase));
                Reason::campaign_airing(
                    &show.name,
                    phase.map_or("", |phase| &phase.name),
                    want.map_or(0, |want| want.number),
                    want.is_some_and(|want| want.make_good),
                    &self.window_names(spot),
                )
            }
            (_, Chance::First) => Reason::planned(&show.name, item.position, &self.window_names(spot)),
            (_, Chance::Resumed { cut } | Chance::Recovered { cut }) => {
                Reason::resumes(&show.name, item.position, cut, item.offset.is_zero(), tz)
            }
            (_, Chance::Within { missed }) => repays(ReasonCode::RepeatedSoon, missed),
            (_, Chance::NextSession { missed }) => repays(ReasonCode::RepeatedNextSession, missed),
            (_, Chance::MakeGood { missed }) => repays(ReasonCode::MakeGood, missed),
        };
        reason = match spot.met {
            Met::Nothing => reason,
            Met::Waited { holder, until } => reason.and_waits(self.holder(holder), until, tz),
            Met::Cut { show } => reason.and_cuts(self.name(show)),
        };
        match &spot.yields {
            Some((to, at)) => reason.and_yields(self.name(to.show), *at, self.then(item), tz),
            None => reason,
        }
    }

    fn refused(&self, show: &Show<'_>, decided: &Decided, title: &str, why: &Why) -> Reason {
        let tz = &self.station.snapshot.timezone;
        match *why {
            Why::Unairable(Unairable::Unknown) => Reason::unknown_segment(decided.segment),
            Why::Unairable(Unairable::Emergency) => Reason::emergency_class(title),
            Why::Unairable(Unairable::Standing(standing)) => Reason::standing(title, standing),
            Why::Unairable(Unairable::NotPrepared) => Reason::not_prepared(title),
            Why::Unairable(Unairable::NotYetValid) => Reason::not_yet_valid(title),
            Why::Unairable(Unairable::Expired) => Reason::expired(title),
            Why::Unairable(Unairable::NoOrder) => Reason::no_order(title),
            Why::NoMusic { holiday } => Reason::no_music(title, self.holiday(holiday)),
            Why::SkipsHoliday { holiday } => Reason::skips_holiday(&show.name, self.holiday(holiday)),
            Why::Closed { holiday, date } => Reason::closed_day(self.holiday(holiday), date),
            Why::UnknownZone => Reason::unknown_zone(&show.name),
            Why::NoWindowDefined => Reason::no_window_defined(),
            Why::OutsideWindow => Reason::outside_window(decided.start, tz),
            Why::BeyondWindowEnd { until } => Reason::beyond_window_end(until, tz),
            Why::Taken { holder, waited } => self.taken_by(decided.item.show, holder, waited),
            Why::Limit(exceeded) => {
                let window = self.hours.windows.get(exceeded.window);
                Reason::limit(exceeded.code, window.map_or("", |window| &window.name), exceeded.limit)
            }
            Why::NoRoom => Reason::no_room(&show.name),
        }
    }

    fn taken_by(&self, refused: usize, holder: Holder, waited: Option<Waited>) -> Reason {
        let tz = &self.station.snapshot.timezone;
        match (holder, waited) {
            // There is one output: what has it in other zones is the reason, however long somebody waits.
            (Holder::Show { show, start }, _) if self.station.disjoint(refused, show) => {
                Reason::one_output(self.name(show), start, tz)
            }
            (holder, Some(Waited::Minutes(minutes))) => Reason::waited_minutes(minutes, self.holder(holder)),
            (holder, Some(Waited::Until(until))) => Reason::waited_until(until, self.holder(holder), tz),
            (Holder::Show { show, start }, None) => Reason::overlap(self.name(show), start, tz),
            (Holder::Emergency { until }, None) => Reason::emergency_on_air(until, tz),
        }
    }

    fn holder(&self, holder: Holder) -> Option<&str> {
        match holder {
            Holder::Show { show, .. } => Some(self.name(show)),
            Holder::Emergency { .. } => None,
        }
    }

    fn name(&self, show: usize) -> &str {
        self.station.shows.get(show).map_or("", |show| &show.name)
    }

    fn holiday(&self, id: HolidayId) -> &str {
        self.hours.calendar.name(id).unwrap_or_default()
    }
}

/// Without spare room: a year of sentences is kept together.
fn trimmed(mut reason: Reason) -> Reason {
    reason.vi.shrink_to_fit();
    reason.en.shrink_to_fit();
    reason
}
