//! Trouble that comes again and again is said a few times, not a thousand: what was kept back is counted.

use std::time::Duration;

/// Says one kind of trouble at once, and then at most once in a while.
#[derive(Debug)]
pub(super) struct Quiet {
    every: Duration,
    said: Option<Duration>,
    held: u64,
}

impl Quiet {
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, said: None, held: 0 }
    }

    /// Whether to say it now, and if so how often it was kept back since the last time. `now` is monotonic.
    pub(super) fn say(&mut self, now: Duration) -> Option<u64> {
        if self.said.is_some_and(|said| now.saturating_sub(said) < self.every) {
            self.held = self.held.saturating_add(1);
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_gives_a_handful_of_lines_and_none_is_lost_count_of() {
        let mut quiet = Quiet::new(Duration::from_secs(10));
        // A hundred a second for half a minute, then calm, then one more.
        let storm = (0..3_000).map(|number| Duration::from_millis(number * 10));
        let said: Vec<u64> =
            storm.chain([Duration::from_secs(100)]).filter_map(|now| quiet.say(now)).collect();
        assert_eq!(said, [0, 999, 999, 999]);
    }
}
