//! The quiet self-test: every relay is moved and read back, and nobody hears anything.

use crate::{Amplifier, AmplifierStatus, BridgeError};

/// What came of a self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTest {
    /// What was tried, in order. Empty when STOP is pressed at the station: nothing may be switched on then.
    pub steps: Vec<SelfTestStep>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTestStep {
    /// `read`, `dark`, `zone NAME`, `power` or `sense`.
    pub what: String,
    /// Why it failed; None when it read back as ordered.
    pub error: Option<BridgeError>,
}

impl SelfTest {
    /// Whether something was tried, and all of it read back as ordered.
    pub fn passed(&self) -> bool {
        !self.steps.is_empty() && self.failures().next().is_none()
    }

    /// What failed, and why.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &BridgeError)> {
        self.steps.iter().filter_map(|step| Some((step.what.as_str(), step.error.as_ref()?)))
    }

    fn note(&mut self, what: impl Into<String>, answer: Result<(), BridgeError>) -> bool {
        let good = answer.is_ok();
        self.steps.push(SelfTestStep { what: what.into(), error: answer.err() });
        good
    }
}

/// Switches power on, muted, connects each zone alone, reads everything back, and leaves it dark. Never unmutes.
///
/// Whoever calls it sees to it that nothing is on air or about to be. Dropping it half-way is as dropping any answer of
/// the amplifier: the next order is [`release`](Amplifier::release). What fails is noted and the rest is tried; without
/// an answer at the beginning nothing is.
pub async fn self_test(amplifier: &mut dyn Amplifier) -> SelfTest {
    let mut test = SelfTest { steps: Vec::new() };
    let before = match amplifier.status().await {
        Ok(status) => status,
        Err(error) => {
            test.note("read", Err(error));
            return test;
        }
    };
    if stopped(&before) {
        return test;
    }
    test.note("read", Ok(()));
    if !dark(amplifier, &mut test).await {
        return test;
    }
    let zones: Vec<String> = before.zones.into_iter().map(|(name, _)| name).collect();
    if zones.is_empty() {
        on(amplifier, "power", &[], &mut test).await;
    }
    for zone in zones {
        on(amplifier, &format!("zone {zone}"), std::slice::from_ref(&zone), &mut test).await;
    }
    dark(amplifier, &mut test).await;
    test
}

fn stopped(status: &AmplifierStatus) -> bool {
    status.signals.stop.and_then(crate::Reading::value) == Some(true)
}

/// Everything off, and the amplifier's own contact says so where it has one.
async fn dark(amplifier: &mut dyn Amplifier, test: &mut SelfTest) -> bool {
    let answer = amplifier.release().await;
    let read = answer.and_then(|status| {
        status.confirm_dark()?;
        sense(&status, false)
    });
    test.note("dark", read)
}

/// Power and these zones, muted.
async fn on(amplifier: &mut dyn Amplifier, what: &str, zones: &[String], test: &mut SelfTest) {
    // muted, as far as its hardware can be: the driver has confirmed that
    let answer =
        amplifier.energise(zones).await.and_then(|status| status.confirm_energised(zones).map(|()| status));
    match answer {
        Ok(status) => {
            test.note(what, Ok(()));
            if let Err(error) = sense(&status, true) {
                test.note("sense", Err(error));
            }
        }
        Err(error) => {
            test.note(what, Err(error));
            // what it did is unknown: dark again before the next one
            if let Err(error) = amplifier.release().await {
                tracing::warn!(%error, "the self-test could not switch the amplifier off after a failure");
            }
        }
    }
}

/// The amplifier's own contact must agree with its power, where there is one.
fn sense(status: &AmplifierStatus, on: bool) -> Result<(), BridgeError> {
    match status.signals.ready {
        Some(read) if read.value() != Some(on) => Err(BridgeError::Mismatch {
            what: "the amplifier's own contact".to_owned(),
            wanted: if on { "on" } else { "off" },
            read: read.word(),
        }),
        _ => Ok(()),
    }
}
