//! What gathers at the door and is written down every few seconds: refusals that wait for their row, and last uses.

use super::{Access, Refusal, lock};
use crate::store::LogJob;
use serde_json::Value;

impl Access {
    /// Counts a refusal of a change, and writes it down unless that was done within the last minute.
    pub fn note_refusal(&self, refusal: Refusal) {
        let now = self.clock.now();
        let row = lock(&self.refusals).note(refusal, now.wall, now.mono);
        self.write_refusals(row.into_iter().collect());
    }

    /// Writes down what has gathered: refusals that wait for their row, and last uses. Called every few seconds.
    pub fn settle(&self) {
        let rows = lock(&self.refusals).due(self.clock.now().mono);
        self.write_refusals(rows);
        self.write_uses();
    }

    /// The same when the station ends, with all that is left.
    pub fn settle_all(&self) {
        let rows = lock(&self.refusals).rest(self.clock.now().mono);
        self.write_refusals(rows);
        self.write_uses();
    }

    fn write_refusals(&self, rows: Vec<Value>) {
        let note = |body: &Value| LogJob::Note { kind: "access", body: body.clone() };
        let jobs: Vec<LogJob> = rows.iter().map(note).collect();
        if jobs.is_empty() {
            return;
        }
        if let Err(error) = self.store.log(self.clock.now().wall, &jobs) {
            tracing::error!(%error, rows = jobs.len(), "refusals could not be written down yet");
            lock(&self.refusals).put_back(rows);
        }
    }

    fn write_uses(&self) {
        let uses = std::mem::take(&mut *lock(&self.uses));
        if uses.identities.is_empty() && uses.sessions.is_empty() {
            return;
        }
        let (identities, sessions) =
            (uses.identities.into_iter().collect(), uses.sessions.into_iter().collect());
        let (identities, sessions): (Vec<_>, Vec<_>) = (identities, sessions);
        if let Err(error) = self.store.note_uses(&identities, &sessions) {
            // nobody is refused because the disk is full
            tracing::warn!(%error, "last uses could not be noted");
        }
    }
}
