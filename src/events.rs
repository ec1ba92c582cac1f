//! What the page and scripts are told as it happens, over server-sent events.

use crate::store::SegmentRecord;
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// `status`, `airing`, `segment`, `plan`, `progress`, `sound`, `output`, `amplifier`.
    pub name: &'static str,
    /// JSON.
    pub data: String,
}

/// Everybody who listens gets what happens from then on; a slow listener loses the oldest and is told so.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Events {
    /// Tells whoever listens.
    pub fn tell(&self, name: &'static str, data: &Value) {
        // nobody listening is no fault
        let _ = self.0.send(Event { name, data: data.to_string() });
    }

    /// Tells that a segment's state changed.
    pub fn segment(&self, record: &SegmentRecord) {
        let reason = record.reason.as_ref();
        self.tell(
            "segment",
            &json!({
                "id": record.pushed.id.to_string(), "title": record.pushed.title, "state": record.standing.as_str(),
                "reason_code": reason.map(|reason| &reason.code), "reason": reason.map(|reason| &reason.en),
                "reason_vi": reason.map(|reason| &reason.vi),
            }),
        );
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
