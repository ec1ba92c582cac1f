//! The task that talks to the amplifier: one order at a time, each bounded, silence before everything else.

use loaxa_firmware_bridge::{Amplifier, AmplifierStatus, BridgeError};
use loaxa_schedules::Input;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// The amplifier's word is asked for again so often while it has power.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// No order takes longer, whatever the driver promises.
const LONGEST: Duration = Duration::from_secs(10);

/// What the amplifier is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Power for exactly these zones, muted.
    Energise(Vec<String>),
    /// Let sound through.
    Unmute,
    /// Let none through.
    Mute,
    /// Power off.
    Release,
}

/// Carries orders out until nobody can give any more, then leaves the amplifier dark.
pub(super) async fn run(
    mut amplifier: Box<dyn Amplifier>,
    mut orders: UnboundedReceiver<Order>,
    answers: UnboundedSender<super::Message>,
) {
    let tell = |input: Input| {
        // the loop is gone only when the daemon goes down
        let _ = answers.send(super::Message::Input(input));
    };
    if let Err(error) = release(amplifier.as_mut()).await {
        tracing::error!(%error, "the amplifier does not confirm that it is dark at start-up");
    }
    let mut zones: Vec<String> = Vec::new();
    let mut powered = false;
    let mut waiting: Option<Order> = None;
    loop {
        let order = match waiting.take() {
            Some(order) => Some(order),
            None => tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => Some(order),
                    None => break,
                },
                () = tokio::time::sleep(HEARTBEAT), if powered => None,
            },
        };
        match order {
            Some(Order::Energise(wanted)) => {
                zones.clone_from(&wanted);
                let answer = tokio::select! {
                    answer = bounded(amplifier.energise(&wanted)) => Some(answer),
                    () = overruled(&mut orders, &mut waiting) => None,
                };
                match answer {
                    Some(Ok(status)) => {
                        powered = true;
                        tracing::debug!(?status, "the amplifier has power");
                        tell(Input::AmplifierConfirmed);
                    }
                    Some(Err(error)) => {
                        powered = false;
                        tell(Input::AmplifierFailed { why: error.to_string() });
                    }
                    // what it did is unknown; the order that came next sets it right
                    None => powered = false,
                }
            }
            Some(Order::Unmute) => match bounded(amplifier.unmute()).await {
                Ok(_) => tell(Input::Unmuted),
                Err(error) => tell(Input::UnmuteFailed { why: error.to_string() }),
            },
            Some(Order::Mute) => {
                if let Err(error) = bounded(amplifier.mute()).await {
                    tracing::warn!(%error, "the amplifier did not confirm that it is muted");
                }
            }
            Some(Order::Release) => {
                powered = false;
                match release(amplifier.as_mut()).await {
                    Ok(()) => tell(Input::Released),
                    Err(error) => {
                        tracing::error!(%error, "the amplifier does not confirm that it is dark; it is told again");
                    }
                }
            }
            None => {
                let read =
                    bounded(amplifier.status()).await.and_then(|status| status.confirm_energised(&zones));
                if let Err(error) = read {
                    powered = false;
                    tell(Input::AmplifierFailed { why: error.to_string() });
                }
            }
        }
    }
    if let Err(error) = release(amplifier.as_mut()).await {
        tracing::error!(%error, "the amplifier does not confirm that it is dark at the end");
    }
}

/// Waits for an order that makes the power-up at work pointless: silence, or other zones.
async fn overruled(orders: &mut UnboundedReceiver<Order>, waiting: &mut Option<Order>) {
    loop {
        match orders.recv().await {
            // cannot be carried out before the power is confirmed: the playout never asks for it
            Some(Order::Unmute) => {}
            Some(order) => {
                *waiting = Some(order);
                return;
            }
            None => {
                *waiting = Some(Order::Release);
                return;
            }
        }
    }
}

async fn release(amplifier: &mut dyn Amplifier) -> Result<(), BridgeError> {
    bounded(amplifier.release()).await.and_then(|status| status.confirm_dark())
}

async fn bounded(
    answer: impl Future<Output = Result<AmplifierStatus, BridgeError>>,
) -> Result<AmplifierStatus, BridgeError> {
    loaxa_firmware_bridge::bounded("the amplifier", LONGEST, answer).await
}
