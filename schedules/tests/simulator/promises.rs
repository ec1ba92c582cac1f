//! What must have happened at the end.

use super::*;

impl World {
    /// Every entry that the station planned from its first day to now has exactly one outcome.
    pub(crate) fn assert_every_key_has_one_outcome(&self) {
        let until = self.wall() - SignedDuration::from_mins(1);
        let zone = self.demo.snapshot.timezone.clone();
        let last = until.to_zoned(zone.clone()).date().saturating_add(1.day());
        let days = plan(&self.demo.snapshot, self.began.to_zoned(zone).date(), last);
        let mut count = 0;
        for entry in days.iter().flat_map(DayPlan::entries) {
            if entry.start() < self.began + SignedDuration::from_secs(10) || entry.start() >= until {
                continue;
            }
            let ends = self.log.rows.get(entry.key()).map_or(0, |row| row.ends.len());
            assert_eq!(ends, 1, "{} at {} has {ends} outcomes", entry.key(), entry.start());
            count += 1;
        }
        assert!(count > 0);
        assert!(self.log.rows.values().all(|row| row.ends.len() <= 1));
    }

    /// After everything was healed, it airs again.
    pub(crate) fn assert_recovered(&self) {
        let aired = self.log.outcomes(Outcome::Aired) - self.aired_before_heal;
        assert!(aired >= 10, "only {aired} aired in the half hour after healing:\n{:#?}", self.playout);
    }

    pub(crate) fn assert_dark(&self) {
        assert!(
            self.amplifier.zones.is_none() && !self.amplifier.unmuted,
            "the amplifier is on: {:#?}",
            self.playout
        );
        assert!(!self.output.open, "the output is open");
    }
}
