//! The model amplifier and output, and what may never be asked of them.

use super::*;

impl World {
    pub(super) fn carry_out(&mut self, command: Command) {
        match &command {
            Command::RecordDue(entry) => {
                let Entry::Slot(slot) = entry else { panic!("a refusal is never opened") };
                self.slots.insert(slot.key.clone(), slot.clone());
                let row = self.log.rows.entry(slot.key.clone()).or_default();
                assert!(!row.due && row.ends.is_empty(), "due twice: {}", slot.key);
                self.write(LogOp::Write(Box::new(command)));
            }
            Command::RecordStarted { .. }
            | Command::RecordProgress { .. }
            | Command::RecordEnded { .. }
            | Command::RecordHeard { .. }
            | Command::RecordUnaired { .. } => self.write(LogOp::Write(Box::new(command))),
            Command::VerifyPcm { slot } => {
                assert!(self.log.rows[slot].due, "read before it was due");
                let delay = self.latency(400);
                let slot = slot.clone();
                self.at(delay, Event::Tell(Input::PcmVerified { slot }));
            }
            Command::Energise { .. } | Command::Unmute | Command::Mute | Command::Release => {
                self.check_amplifier_order(&command);
                self.amplifier_commands += 1;
                let delay = self.latency(60);
                self.amplifier.free_at = self.amplifier.free_at.max(self.mono + delay);
                let wait = self.amplifier.free_at - self.mono;
                self.at(wait, Event::Amplifier(command));
            }
            Command::OpenOutput | Command::CloseOutput | Command::Play { .. } | Command::Cancel { .. } => {
                self.check_play(&command);
                let delay = if matches!(command, Command::OpenOutput) {
                    self.latency(250)
                } else {
                    self.latency(4).min(Duration::from_millis(200))
                };
                self.output.free_at = self.output.free_at.max(self.mono + delay);
                let wait = self.output.free_at - self.mono;
                let generation = self.output.generation;
                self.at(wait, Event::Output(command, generation));
            }
        }
    }

    fn check_amplifier_order(&mut self, command: &Command) {
        match command {
            Command::Energise { .. } => {
                assert!(!self.asked.unmuted, "power is switched while unmuted");
                self.asked.powered = true;
            }
            Command::Unmute => {
                assert!(self.asked.powered && self.asked.open, "unmuted without power or output");
                self.asked.unmuted = true;
            }
            Command::Mute => self.asked.unmuted = false,
            Command::Release => {
                assert!(!self.asked.unmuted, "released while unmuted");
                assert!(!self.asked.open, "released with the output open");
                self.asked.powered = false;
            }
            _ => {}
        }
    }

    /// What must be true whenever something is handed to the output.
    fn check_play(&mut self, command: &Command) {
        match command {
            Command::OpenOutput => self.asked.open = true,
            Command::CloseOutput => {
                assert!(!self.asked.unmuted, "the output is closed while unmuted");
                self.asked.open = false;
            }
            Command::Play { slot: key, at_mono } => {
                let slot = &self.slots[key];
                let row = &self.log.rows[key];
                assert!(row.due && row.ends.is_empty(), "played without a durable due row: {key}");
                assert!(self.trusted, "played by an untrusted clock");
                assert!(!self.stopped, "played while stopped");
                assert!(*at_mono >= self.mono, "played in the past");
                let at = self.wall() + SignedDuration::try_from(*at_mono - self.mono).unwrap();
                assert!(
                    slot.permitted.from <= at && at + slot.duration <= slot.permitted.until,
                    "outside its window"
                );
                let late = at.duration_since(slot.start);
                assert!(late >= SignedDuration::ZERO, "before its time: {late:?}");
                assert!(late <= SignedDuration::from_millis(2_300), "too late: {late:?}");
                let current =
                    self.demo.snapshot.segments.iter().find(|segment| segment.id == slot.segment).unwrap();
                assert_eq!(current.standing, loaxa_schedules::Standing::Approved, "played without approval");
            }
            _ => {}
        }
    }

    pub(super) fn amplifier_does(&mut self, command: Command) {
        let mood = self.amplifier.mood;
        let answer = match (&command, mood) {
            (Command::Mute, _) => {
                self.amplifier.unmuted = false;
                None
            }
            (Command::Energise { .. } | Command::Unmute, Mood::Refuses) => {
                let why = "exception 4".to_owned();
                let energise = matches!(command, Command::Energise { .. });
                Some(if energise { Input::AmplifierFailed { why } } else { Input::UnmuteFailed { why } })
            }
            // It may or may not have done it.
            (Command::Energise { zones }, Mood::Silent) => {
                if self.dice.below(2) == 0 {
                    self.amplifier.zones = Some(zones.clone());
                }
                None
            }
            (Command::Unmute, Mood::Silent) => {
                self.amplifier.unmuted = self.amplifier.zones.is_some() && self.dice.below(2) == 0;
                None
            }
            (Command::Release, Mood::Silent | Mood::Refuses) => None,
            (Command::Energise { zones }, _) => {
                assert!(!self.amplifier.unmuted, "zones are switched with sound on");
                self.amplifier.zones = Some(zones.clone());
                Some(Input::AmplifierConfirmed)
            }
            (Command::Unmute, _) if self.amplifier.zones.is_some() => {
                self.amplifier.unmuted = true;
                Some(Input::Unmuted)
            }
            (Command::Unmute, _) => Some(Input::UnmuteFailed { why: "no power".into() }),
            (Command::Release, _) => {
                self.amplifier.zones = None;
                self.amplifier.unmuted = false;
                Some(Input::Released)
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.tell(answer);
        }
    }

    pub(super) fn output_does(&mut self, command: Command) {
        let wall = self.wall();
        match command {
            Command::OpenOutput => match self.output.mood {
                Mood::Well | Mood::Stalls => {
                    self.output.open = true;
                    self.tell(Input::OutputReady);
                }
                Mood::Refuses => self.tell(Input::OutputFailed { why: "device busy".into() }),
                Mood::Silent => {}
            },
            Command::CloseOutput => {
                assert!(self.output.sounding.is_none(), "closed over a sounding clip");
                self.output.open = false;
                self.output.queued.clear();
            }
            Command::Play { slot, at_mono } if self.output.open => {
                self.output.queued.push((slot, at_mono));
                let wait = at_mono.saturating_sub(self.mono);
                let generation = self.output.generation;
                self.at(wait, Event::FrameEdge(generation));
            }
            Command::Cancel { slot } => {
                self.output.queued.retain(|(queued, _)| *queued != slot);
                let mut played = SignedDuration::ZERO;
                if self.output.sounding.as_ref().is_some_and(|(key, ..)| *key == slot) {
                    let (_, began, _) = self.output.sounding.take().unwrap();
                    played = SignedDuration::try_from(self.mono - began).unwrap();
                }
                self.tell(Input::AudioCut { slot, played, at: wall });
            }
            _ => {}
        }
    }

    /// A clip may end or begin now.
    pub(super) fn frame_edge(&mut self) {
        let wall = self.wall();
        let generation = self.output.generation;
        if let Some((key, began, length)) = self.output.sounding.clone() {
            let played = SignedDuration::try_from(self.mono - began).unwrap();
            if played < length || self.output.mood == Mood::Stalls {
                if played < length {
                    self.tell(Input::AudioProgress { slot: key, played });
                    let more = Duration::try_from(length - played).unwrap().min(Duration::from_secs(4));
                    self.at(more, Event::FrameEdge(generation));
                }
                return;
            }
            self.output.sounding = None;
            self.tell(Input::AudioEnded { slot: key, played, at: wall });
        }
        let next = self.output.queued.iter().position(|(_, at)| *at <= self.mono);
        if let Some(index) =
            next.filter(|_| self.output.sounding.is_none() && generation == self.output.generation)
        {
            let (key, _) = self.output.queued.remove(index);
            let slot = self.slots[&key].clone();
            if self.settings.amplifier_present && self.amplifier.unmuted {
                assert_eq!(self.amplifier.zones.as_ref(), Some(&slot.zones), "heard in the wrong zones");
            }
            self.output.sounding = Some((key.clone(), self.mono, slot.duration));
            self.at(Duration::from_millis(1), Event::FrameEdge(generation));
            self.tell(Input::AudioStarted { slot: key, at: wall });
        }
    }
}
