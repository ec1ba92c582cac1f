//! What goes wrong, how often, by a seed.

use std::time::Duration;

/// Mean seconds between two faults of a kind; 0 is never.
#[derive(Clone)]
pub(crate) struct Faults {
    pub(crate) steps: u64,
    pub(crate) distrust: u64,
    pub(crate) amplifier: u64,
    pub(crate) output: u64,
    pub(crate) log: u64,
    pub(crate) stop: u64,
    pub(crate) plan: u64,
    pub(crate) power: u64,
    pub(crate) slow: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Step,
    Distrust,
    Trust,
    AmplifierLost,
    AmplifierRefuses,
    AmplifierSilent,
    AmplifierHeals,
    OutputLost,
    OutputRefuses,
    OutputSilent,
    OutputStalls,
    OutputHeals,
    LogFails,
    LogSilent,
    LogHeals,
    Stop,
    Resume,
    PlanToggles,
    PowerCut,
    PowerBack,
    Slow,
    Swift,
}

impl Faults {
    pub(crate) fn none() -> Faults {
        Faults { steps: 0, distrust: 0, amplifier: 0, output: 0, log: 0, stop: 0, plan: 0, power: 0, slow: 0 }
    }

    /// What goes wrong over so many seconds, and when it heals.
    pub(crate) fn schedule(&self, seconds: u64, dice: &mut Dice) -> Vec<(Duration, Fault)> {
        use Fault::*;
        let mut faults = Vec::new();
        let mut each = |mean: u64, kinds: &[Fault], heals: Option<Fault>, longest: u64| {
            let mut at = 0;
            if mean == 0 {
                return;
            }
            loop {
                at += dice.below(2 * mean * 1000) + 1;
                if at >= seconds * 1000 {
                    break;
                }
                faults.push((Duration::from_millis(at), kinds[dice.below(kinds.len() as u64) as usize]));
                if let Some(heals) = heals {
                    at += dice.below(longest * 1000) + 1;
                    faults.push((Duration::from_millis(at), heals));
                }
            }
        };
        each(self.steps, &[Step], None, 0);
        each(self.distrust, &[Distrust], Some(Trust), 300);
        each(self.amplifier, &[AmplifierLost, AmplifierRefuses, AmplifierSilent], Some(AmplifierHeals), 40);
        each(self.output, &[OutputLost, OutputRefuses, OutputSilent, OutputStalls], Some(OutputHeals), 40);
        each(self.log, &[LogFails, LogSilent], Some(LogHeals), 40);
        each(self.stop, &[Stop], Some(Resume), 60);
        each(self.plan, &[PlanToggles], None, 0);
        each(self.power, &[PowerCut], Some(PowerBack), 400);
        each(self.slow, &[Slow], Some(Swift), 120);
        faults.sort();
        faults
    }
}

/// SplitMix64: small, seeded, good enough to shake a state machine.
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }
}
