//! Whether what comes near may sound, asked of the database once more: just before it is played, and whenever something may have
//! lost its approval. The database could have been changed without us.

use super::{Message, PlayoutHandle, PlayoutLoop};
use crate::error::{ErrorKind, Result};
use crate::store::{Emergency, Store, made_from};
use loaxa_schedules::{EmergencyId, Input, Origin, Reason, Slot, SlotKey, Standing};
use std::sync::Arc;

/// Why something that came due may not sound after all.
#[derive(Debug, Clone)]
pub(crate) enum Silenced {
    /// Somebody took back what it plays.
    TakenBack,
    /// Nobody vouches for what it plays, or not for exactly that.
    Unapproved(Reason),
}

impl Silenced {
    /// By what became of an emergency's segment.
    pub(super) fn new(it: &Emergency, standing: Standing) -> Self {
        match standing {
            Standing::Withdrawn | Standing::Rejected => Self::TakenBack,
            other => Self::Unapproved(Reason::standing(&it.title, other)),
        }
    }

    /// What the playout is told.
    pub(super) fn input(self, slot: SlotKey) -> Input {
        match self {
            Self::TakenBack => Input::EmergencyWithdrawn { slot },
            Self::Unapproved(reason) => Input::Unapproved { slot, reason },
        }
    }
}

/// Why prepared sound is not handed to the output.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It is not what the slot names, or cannot be read.
    Sound(String),
    /// It may not sound.
    Silenced(Silenced),
}

/// The emergency with this id as it is known now, be it kept or still waiting for the disk.
pub(crate) fn known(store: &Store, air: &PlayoutHandle, id: EmergencyId) -> Result<Option<Emergency>> {
    // first what waits for the disk: it is kept before it waits no more
    let (waiting, confirmation) = (air.unkept(id), air.unkept_confirmation(id));
    let kept = match store.emergency(id) {
        Ok(it) => Some(it),
        Err(error) if error.kind == ErrorKind::NotFound => waiting,
        Err(error) => return Err(error),
    };
    Ok(kept.map(|mut it| {
        if let (Some((by, at)), None) = (confirmation, it.confirmed_at) {
            (it.confirmed_by, it.confirmed_at) = (Some(by), Some(at));
        }
        it
    }))
}

/// Refuses what may not sound any more. What is planned stays silent when that cannot be read; an emergency, which was
/// asked after when it was sent, goes on.
pub(super) fn require(store: &Store, air: &PlayoutHandle, slot: &Slot) -> std::result::Result<(), Unfit> {
    if let Origin::Emergency(id) = slot.origin {
        return match silenced(store, air, slot, id) {
            Ok(None) => Ok(()),
            Ok(Some(why)) => Err(Unfit::Silenced(why)),
            Err(error) => {
                tracing::error!(%error, slot = slot.key.as_str(), "whether an emergency may sound cannot be read; it goes on");
                Ok(())
            }
        };
    }
    let record = store
        .segment(slot.segment)
        .map_err(|error| Unfit::Sound(format!("its approval cannot be read: {error}")))?;
    let leave = store
        .leave(&record)
        .map_err(|error| Unfit::Sound(format!("the orders for it cannot be read: {error}")))?;
    if leave.lacks_order() {
        tracing::error!(slot = slot.key.as_str(), segment = %slot.segment, "no order covers it any more");
        return Err(Unfit::Silenced(Silenced::Unapproved(Reason::no_order(&slot.title))));
    }
    let standing = match leave.standing {
        Standing::Approved if record.made_from() == made_from(&slot.original_sha256, slot.trim) => {
            return Ok(());
        }
        Standing::Approved => Standing::Altered,
        other => other,
    };
    tracing::error!(slot = slot.key.as_str(), segment = %slot.segment, %standing, "it may not sound any more");
    Err(Unfit::Silenced(Silenced::Unapproved(Reason::standing(&slot.title, standing))))
}

fn silenced(store: &Store, air: &PlayoutHandle, slot: &Slot, id: EmergencyId) -> Result<Option<Silenced>> {
    let Some(it) = known(store, air, id)? else {
        return Ok(Some(Silenced::Unapproved(Reason::approval_altered(&slot.title))));
    };
    if it.sha256 != *slot.original_sha256 {
        return Ok(Some(Silenced::Unapproved(Reason::approval_altered(&slot.title))));
    }
    match store.silences(&it) {
        Ok(Some(Standing::AwaitingApproval)) if store.leave(&store.segment(it.segment)?)?.lacks_order() => {
            Ok(Some(Silenced::Unapproved(Reason::no_order(&slot.title))))
        }
        Ok(standing) => Ok(standing.map(|standing| Silenced::new(&it, standing))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Some(Silenced::TakenBack)),
        Err(error) => Err(error),
    }
}

impl PlayoutLoop {
    /// Something may have lost its approval: an emergency that plays it falls silent.
    pub(super) fn check_approvals(&self) {
        let emergencies: Vec<(Slot, EmergencyId)> = self
            .due
            .values()
            .filter_map(|slot| match slot.origin {
                Origin::Emergency(id) => Some((slot.clone(), id)),
                Origin::Programme(_) | Origin::Campaign(_) => None,
            })
            .collect();
        if emergencies.is_empty() {
            return;
        }
        let (store, air, sender) = (Arc::clone(&self.store), self.handle.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            for (slot, id) in emergencies {
                // what sounds while its recording is trimmed goes on as it began; the next time asks again
                let trimmed =
                    || store.segment(slot.segment).is_ok_and(|record| record.is_trimmed_since(&slot));
                if air.status().sounds(&slot.key) && trimmed() {
                    continue;
                }
                match silenced(&store, &air, &slot, id) {
                    Ok(None) => {}
                    Ok(Some(why)) => {
                        let _ = sender.send(Message::Input(why.input(slot.key)));
                    }
                    Err(error) => {
                        tracing::error!(%error, "whether an emergency may still air cannot be read; it goes on");
                    }
                }
            }
        });
    }
}
