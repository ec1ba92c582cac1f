//! What the status page is told.

use super::Playout;
use super::airing::Phase;
use super::chain::{Output, Power, Voice};
use super::messages::{Activity, AmplifierState, NextSlot, PlayoutView};
use crate::plan::Slot;

impl Playout {
    /// What the playout is doing, as far as it knows.
    #[must_use]
    pub fn view(&self) -> PlayoutView {
        let (amplifier, zones) = match (&self.chain.power, self.chain.voice) {
            _ if !self.chain.amplifier_present => (AmplifierState::Absent, Vec::new()),
            (Power::Dark, _) => (AmplifierState::Dark, Vec::new()),
            (Power::Energising { zones, .. }, _) => (AmplifierState::Energising, zones.clone()),
            (Power::On { zones }, Voice::Live) => (AmplifierState::Live, zones.clone()),
            (Power::On { zones }, _) => (AmplifierState::Muted, zones.clone()),
            (Power::Releasing { .. }, _) => (AmplifierState::Releasing, Vec::new()),
        };
        PlayoutView {
            activity: self.activity(),
            stopped: self.latches.who(),
            operator_stop: self.latches.operator.clone(),
            local_stop: self.latches.button,
            busy_until: self.busy_until(),
            amplifier,
            zones,
            output_open: self.chain.output == Output::Open,
            next: self.next_slot().map(|slot| NextSlot {
                slot: slot.key.clone(),
                start: slot.start,
                title: slot.title.to_string(),
            }),
        }
    }

    fn activity(&self) -> Activity {
        let sounding = self.airings.iter().find(|airing| airing.started.is_some());
        if let Some(airing) = sounding {
            return Activity::OnAir { slot: airing.slot.key.clone(), since: airing.started };
        }
        let arming = self
            .airings
            .iter()
            .find(|airing| airing.doom.is_none() && self.last.is_some_and(|now| self.active(airing, now)));
        match arming {
            Some(airing) => Activity::Arming { slot: airing.slot.key.clone() },
            None => Activity::Idle,
        }
    }

    fn next_slot(&self) -> Option<&Slot> {
        let prepared = self.airings.iter().filter(|airing| {
            airing.started.is_none()
                && airing.doom.is_none()
                && !matches!(airing.phase, Phase::Sounding { .. })
        });
        prepared.map(|airing| &airing.slot).chain(self.agenda.next_slot()).min_by_key(|slot| slot.start)
    }
}
