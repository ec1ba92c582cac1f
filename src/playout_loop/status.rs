//! What the rest of the daemon sees of the air, and the way to stop it.

use crate::error::{Error, Result};
use crate::store::{Emergency, LogJob};
use jiff::Timestamp;
use loaxa_audio::output::Silence;
use loaxa_schedules::{Activity, EmergencyId, Input, Origin, PlayoutView, Slot, SlotKey, ZoneId};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The loop turns at least once a second; silent for so long, it hangs.
const HANGS_AFTER: Duration = Duration::from_secs(15);

/// The air as it is now.
#[derive(Debug, Clone, Default)]
pub struct AirStatus {
    /// What the playout believes.
    pub view: Option<PlayoutView>,
    /// What sounds.
    pub on_air: Option<OnAir>,
    /// Name of the amplifier's driver.
    pub driver: &'static str,
    /// What the amplifier last did wrong, until it does something right.
    pub amplifier_fault: Option<String>,
    /// What the amplifier's task found last.
    pub amplifier: super::AmplifierSeen,
    /// `device`, `capture` or `null`.
    pub output_form: &'static str,
    /// Name of the output while it is open.
    pub output_device: Option<String>,
    /// What the output last did wrong, until it does something right.
    pub output_fault: Option<String>,
    /// Level of what leaves while something sounds, in dB of full scale.
    pub level_dbfs: Option<f64>,
    /// Silence where sound was planned, until sound is heard again.
    pub sound_fault: Option<SoundFault>,
    /// Emergencies that sound or wait for the air, in the order in which they came.
    pub emergencies: Vec<Urgent>,
    /// Emergencies that the disk has refused to keep so far, in the order in which they came.
    pub unkept: Vec<Emergency>,
    /// Who confirmed an emergency and when, which the disk has refused to keep so far.
    pub unkept_confirmations: Vec<(EmergencyId, (String, String), Timestamp)>,
    /// How often the station was stopped or released, and the disk has refused to keep that so far.
    pub unkept_switches: usize,
}

impl AirStatus {
    /// Shows an emergency as soon as the playout has taken it; other slots show when they sound.
    pub(super) fn announce(&mut self, slot: &Slot) {
        if let Origin::Emergency(id) = slot.origin
            && !self.emergencies.iter().any(|urgent| urgent.slot == slot.key)
        {
            self.emergencies.push(Urgent {
                id,
                slot: slot.key.clone(),
                title: slot.title.to_string(),
                zones: slot.zones.to_vec(),
                expires: slot.permitted.until,
            });
        }
    }

    /// Whether something sounds, or is about to.
    pub fn busy(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.activity != Activity::Idle)
    }

    /// Whether this slot sounds, be it written down or not.
    pub fn sounds(&self, slot: &SlotKey) -> bool {
        let activity = self.view.as_ref().map(|view| &view.activity);
        matches!(activity, Some(Activity::OnAir { slot: sounding, .. }) if sounding == slot)
    }
}

/// One time of an emergency that sounds or waits for the air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgent {
    /// Which emergency.
    pub id: EmergencyId,
    /// Which slot.
    pub slot: SlotKey,
    /// Its title.
    pub title: String,
    /// Where it is heard.
    pub zones: Vec<ZoneId>,
    /// It is not begun after this.
    pub expires: Timestamp,
}

/// What sounds.
#[derive(Debug, Clone, PartialEq)]
pub struct OnAir {
    /// The slot.
    pub slot: String,
    /// Its title.
    pub title: String,
    /// Its segment.
    pub segment: String,
    /// Planned seconds.
    pub seconds: f64,
    /// Seconds heard so far.
    pub played: f64,
    /// First frame.
    pub started: Option<Timestamp>,
}

/// Five seconds of silence while something should be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundFault {
    /// `recording_silent`: the recording itself has nothing there. `output_silent`: it has, and nothing leaves.
    pub code: &'static str,
    /// The slot that was silent.
    pub slot: String,
    /// When it was noticed.
    pub since: Timestamp,
    /// For people, in Vietnamese.
    pub vi: String,
    /// For people, in English.
    pub en: String,
}

impl SoundFault {
    pub(super) fn new(why: Silence, slot: &str, title: &str, since: Timestamp) -> Self {
        let (code, vi, en) = match why {
            Silence::Recording => (
                "recording_silent",
                format!(
                    "Bản ghi “{title}” im lặng đã 5 giây: hãy nghe lại bản ghi, cắt bỏ đoạn lặng hoặc thay bản khác."
                ),
                format!(
                    "Recording “{title}” has been silent for 5 s: listen to it, cut the silence out or replace it."
                ),
            ),
            Silence::Output => (
                "output_silent",
                format!(
                    "“{title}” đang phát nhưng 5 giây qua không có âm thanh ra loa: hãy kiểm tra mức âm lượng của khung giờ và cụm loa."
                ),
                format!(
                    "“{title}” is playing, and no sound has left the station for 5 s: check the volume of its window and zones."
                ),
            ),
        };
        Self { code, slot: slot.to_owned(), since, vi, en }
    }
}

/// The way to the playout's loop.
#[derive(Clone)]
pub struct PlayoutHandle {
    messages: mpsc::UnboundedSender<super::Message>,
    status: Arc<Mutex<AirStatus>>,
    turned: Arc<AtomicU64>,
}

impl PlayoutHandle {
    pub(super) fn new(messages: mpsc::UnboundedSender<super::Message>, status: AirStatus) -> Self {
        Self { messages, status: Arc::new(Mutex::new(status)), turned: Arc::new(AtomicU64::new(0)) }
    }

    /// The air as it is now.
    pub fn status(&self) -> AirStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut AirStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn turned(&self, mono: Duration) {
        self.turned.store(u64::try_from(mono.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether the loop still turns.
    pub fn alive(&self, mono: Duration) -> bool {
        mono.saturating_sub(Duration::from_millis(self.turned.load(Ordering::Relaxed))) < HANGS_AFTER
    }

    /// Has an emergency heard at once; `slot.permitted` ends when it expires. The same key is heard once.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn emergency(&self, slot: Slot) -> Result<()> {
        self.input(Input::Emergency(Box::new(slot)))
    }

    /// Takes an emergency back: it is cut, or not begun.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn withdraw_emergency(&self, slot: SlotKey) -> Result<()> {
        self.input(Input::EmergencyWithdrawn { slot })
    }

    /// Tells the state of the STOP button at the station, as often as it is read.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn local_stop(&self, pressed: bool) -> Result<()> {
        self.input(Input::LocalStop { pressed })
    }

    /// Keeps an emergency as soon as the disk lets us, behind what waits for it already.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn keep_later(&self, it: Emergency) -> Result<()> {
        self.update(|status| status.unkept.push(it.clone()));
        self.send(super::Message::Write(LogJob::Emergency(Box::new(it))))
    }

    /// Writes something down as soon as the disk lets us, behind what waits for it already.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn write_later(&self, job: LogJob) -> Result<()> {
        self.send(super::Message::Write(job))
    }

    /// Keeps that somebody stopped or released the station, as soon as the disk lets us.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn switched_later(&self, (by, name): (String, String), stopped: bool) -> Result<()> {
        self.update(|status| status.unkept_switches += 1);
        self.write_later(LogJob::Switched { by, name, stopped })
    }

    /// Keeps that an emergency was taken back, as soon as the disk lets us.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn withdraw_later(&self, id: EmergencyId, by: (String, String), at: Timestamp) -> Result<()> {
        let job = LogJob::EmergencyWithdrawn { id, by: by.0.clone() };
        self.update(|status| {
            for it in status.unkept.iter_mut().filter(|it| it.id == id) {
                (it.withdrawn_by, it.withdrawn_at) = (Some(by.clone()), Some(at));
            }
        });
        self.send(super::Message::Write(job))
    }

    /// Keeps that a second person confirmed an emergency, as soon as the disk lets us.
    ///
    /// # Errors
    /// When the loop is gone.
    pub fn confirm_later(&self, id: EmergencyId, by: (String, String), at: Timestamp) -> Result<()> {
        let job = LogJob::EmergencyConfirmed { id, by: by.0.clone() };
        self.update(|status| {
            for it in status.unkept.iter_mut().filter(|it| it.id == id) {
                (it.confirmed_by, it.confirmed_at) = (Some(by.clone()), Some(at));
            }
            status.unkept_confirmations.push((id, by, at));
        });
        self.send(super::Message::Write(job))
    }

    /// Who confirmed this emergency and when, if the disk has refused to keep that so far.
    pub fn unkept_confirmation(&self, id: EmergencyId) -> Option<((String, String), Timestamp)> {
        let kept = self.status().unkept_confirmations;
        kept.into_iter().find(|(of, ..)| *of == id).map(|(_, by, at)| (by, at))
    }

    /// The emergency with this id, if the disk has refused to keep it so far.
    pub fn unkept(&self, id: EmergencyId) -> Option<Emergency> {
        self.status().unkept.into_iter().find(|it| it.id == id)
    }

    fn input(&self, input: Input) -> Result<()> {
        self.send(super::Message::Input(input))
    }

    fn send(&self, message: super::Message) -> Result<()> {
        let gone = |_| Error::internal("the playout does not turn; restart the daemon");
        self.messages.send(message).map_err(gone)
    }

    /// Asks something of the amplifier for a person; refused while the air needs it.
    ///
    /// # Errors
    /// Why not, for the person; or that the loop is gone.
    pub async fn service(&self, what: super::Service, by: String) -> Result<super::attended::Given> {
        let gone = || Error::internal("the playout does not turn; restart the daemon");
        let (done, answer) = oneshot::channel();
        self.messages.send(super::Message::Service { what, by, done }).map_err(|_| gone())?;
        match tokio::time::timeout(super::attended::ANSWERED_WITHIN, answer).await {
            Ok(Ok(given)) => given.map_err(super::Refused::into_error),
            _ => Err(gone()),
        }
    }

    /// Silences the station until it is released, or releases it; done when this returns.
    ///
    /// # Errors
    /// When the loop is gone or does not turn.
    pub async fn switch(&self, by: String, stop: bool) -> Result<()> {
        let gone = || Error::internal("the playout does not turn; restart the daemon");
        let (done, answer) = oneshot::channel();
        self.messages.send(super::Message::Switch { by, stop, done }).map_err(|_| gone())?;
        match tokio::time::timeout(Duration::from_secs(5), answer).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(gone()),
        }
    }
}
