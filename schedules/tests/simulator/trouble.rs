//! What each fault does to the model.

use super::*;

impl World {
    pub(super) fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::PowerCut => self.die(),
            Fault::PowerBack if self.playout.is_none() => self.boot(),
            Fault::PlanToggles => {
                self.demo.toggle();
                self.replan_anew();
            }
            Fault::Step => {
                let most = [1, 3, 30, 4000][self.dice.below(4) as usize] * 1000;
                let by = self.dice.below(2 * most) as i64 - most as i64;
                self.origin += SignedDuration::from_millis(by);
                self.tell(Input::Tick);
            }
            Fault::Distrust => {
                self.trusted = false;
                if self.dice.below(2) == 0 {
                    self.origin += SignedDuration::from_secs(self.dice.below(200_000) as i64 - 100_000);
                }
                self.tell(Input::Tick);
            }
            Fault::Trust if !self.trusted => {
                // Time is right again: it is what it would have been, give or take.
                let honest = self.began - SignedDuration::from_secs(1000);
                self.origin = honest + SignedDuration::from_millis(self.dice.below(2_000) as i64);
                self.trusted = true;
                self.tell(Input::Tick);
            }
            Fault::AmplifierLost => {
                let was_on = self.amplifier.zones.take().is_some();
                self.amplifier.unmuted = false;
                if was_on {
                    self.tell(Input::AmplifierFailed { why: "heartbeat lost".into() });
                }
            }
            Fault::AmplifierRefuses => self.amplifier.mood = Mood::Refuses,
            Fault::AmplifierSilent => self.amplifier.mood = Mood::Silent,
            Fault::AmplifierHeals => self.amplifier.mood = Mood::Well,
            Fault::OutputLost => {
                self.output.generation += 1;
                let was_open = std::mem::take(&mut self.output.open);
                let queued = std::mem::take(&mut self.output.queued);
                let at = self.wall();
                let why = "device not available".to_owned();
                match (self.output.sounding.take(), queued.first()) {
                    (Some((slot, began, _)), _) => {
                        let played = SignedDuration::try_from(self.mono - began).unwrap();
                        self.tell(Input::AudioLost { slot, played, at, why });
                    }
                    (None, Some((slot, _))) => {
                        let slot = slot.clone();
                        self.tell(Input::AudioLost { slot, played: SignedDuration::ZERO, at, why });
                    }
                    (None, None) if was_open => self.tell(Input::OutputFailed { why }),
                    (None, None) => {}
                }
            }
            Fault::OutputRefuses => self.output.mood = Mood::Refuses,
            Fault::OutputSilent => self.output.mood = Mood::Silent,
            Fault::OutputStalls => self.output.mood = Mood::Stalls,
            Fault::OutputHeals => self.output.mood = Mood::Well,
            Fault::LogFails => self.log.mood = Mood::Refuses,
            Fault::LogSilent => self.log.mood = Mood::Silent,
            Fault::LogHeals => self.log.mood = Mood::Well,
            Fault::Stop => {
                self.stopped = true;
                self.tell(Input::Stop { by: "technician".into() });
            }
            Fault::Resume => {
                self.stopped = false;
                self.tell(Input::Resume { by: "technician".into() });
            }
            Fault::Slow => self.slow = true,
            Fault::Swift => self.slow = false,
            Fault::PowerBack | Fault::Trust => {}
        }
    }
}
