//! How long an item waits for the air, and why it did not get it.

use super::item::{Holder, Item, Waited, Why};
use super::station::Show;
use super::sweep::{Fit, Sweep};
use crate::vocabulary::StartRule;
use jiff::{SignedDuration, Timestamp};

impl<'s, 'a> Sweep<'s, 'a> {
    /// Until when an item may start: by its start rule, and by what it is and where, if that is known.
    pub(super) fn latest(&self, item: &Item, fit: Option<&Fit>) -> Timestamp {
        let mut latest = item.until.unwrap_or(Timestamp::MAX).min(self.last_second());
        if let (0, Some(StartRule::WaitUpTo { minutes })) =
            (item.attempt, self.show(item).map(Show::start_rule))
        {
            let since = match self.air.run(item) {
                Some(run) if !run.begun => run.first_due,
                _ => item.due,
            };
            let patience = SignedDuration::from_mins(i64::from(minutes));
            latest = latest.min(since.saturating_add(patience).unwrap_or(Timestamp::MAX));
        }
        if let Some(fit) = fit {
            let closes = fit.permit.until.saturating_sub(fit.length).unwrap_or(Timestamp::MIN);
            latest = latest.min(closes);
            if let Some(recording) = self.station.recordings.get(fit.recording) {
                latest = latest.min(recording.latest_start(fit.length));
            }
        }
        latest
    }

    /// Refuses what waited in vain; what follows it is due at the end of its patience.
    pub(super) fn give_up(&mut self, item: &Item) -> Timestamp {
        let fit = self.fit(item, item.due).ok();
        let latest = self.latest(item, fit.as_ref());
        let why = self.taken(item, fit.as_ref());
        self.refuse(item, why);
        self.air.follow(item, latest);
        latest
    }

    /// Why an item did not get the air from whoever has it; with what it would have played if it waited.
    pub(super) fn taken(&self, item: &Item, waited: Option<&Fit>) -> Why {
        let holder = self.air.holder.unwrap_or(Holder::Emergency { until: self.air.free_at });
        let waited = waited.map(|fit| {
            let latest = self.latest(item, Some(fit));
            match self.show(item).map(Show::start_rule) {
                Some(StartRule::WaitUpTo { minutes })
                    if item.attempt == 0 && latest < self.latest_without_rule(item, fit) =>
                {
                    Waited::Minutes(minutes)
                }
                _ => Waited::Until(latest),
            }
        });
        Why::Taken { holder, waited }
    }

    pub(super) fn latest_without_rule(&self, item: &Item, fit: &Fit) -> Timestamp {
        // A second attempt has no patience of its own.
        self.latest(&Item { attempt: u32::MAX, ..*item }, Some(fit))
    }
}
