//! What people ask of the amplifier beside the programme, and the quiet self-test on schedule.

use super::{PlayoutLoop, amplifier};
use crate::error::{Error, ErrorKind};
use jiff::{SignedDuration, Timestamp};
use loaxa_firmware_bridge::SelfTest;
use loaxa_schedules::{Activity, Now};
use std::time::Duration;
use tokio::sync::oneshot;

/// Nothing that makes the amplifier busy is begun when something is due so soon.
const FREE_FOR: SignedDuration = SignedDuration::from_mins(2);
/// A scheduled self-test that found no free moment for so long waits for the next day.
const WAITS: SignedDuration = SignedDuration::from_hours(6);
/// A technician's amplifier goes dark by itself after at most so many seconds.
pub(crate) const LONGEST_ON: u64 = 600;
/// The longest self-test, and some.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(75);

/// What a person wants of the amplifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Forget the faults that it keeps: they were seen.
    Clear,
    /// Move every relay and read it back, without sound.
    Test,
    /// Power for these zones, muted, for so many seconds.
    On {
        /// By the names that the driver knows.
        zones: Vec<String>,
        /// At most `LONGEST_ON`.
        seconds: u64,
    },
    /// Dark again.
    Off,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It was done.
    Done,
    /// It was tested.
    Tested(SelfTest),
}

/// Why a person does not get what they want of the amplifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    code: &'static str,
    en: String,
    vi: &'static str,
}

pub(super) type Answer = Result<Given, Refused>;

impl Refused {
    fn new(code: &'static str, vi: &'static str, en: impl Into<String>) -> Self {
        Self { code, en: en.into(), vi }
    }

    fn failed(why: String) -> Self {
        Self::new("amplifier_failed", "Bộ khuếch đại không làm được; xem mục lỗi của bộ khuếch đại.", why)
    }

    /// As the web and the command line say it.
    pub(super) fn into_error(self) -> Error {
        Error::new(ErrorKind::Conflict, self.code, self.en).vi(self.vi)
    }
}

impl PlayoutLoop {
    pub(super) fn serve(&mut self, what: Service, by: String, done: oneshot::Sender<Answer>, now: Now) {
        if let Err(refused) = self.may_serve(&what, now) {
            let _ = done.send(Err(refused));
            return;
        }
        tracing::warn!(by, ?what, "somebody uses the amplifier");
        match what {
            Service::Clear => {
                let (give, take) = oneshot::channel();
                self.order(amplifier::Order::Clear { by, done: give });
                self.pass(take, done);
            }
            Service::Off => {
                let (give, take) = oneshot::channel();
                self.order(amplifier::Order::ManualOff { by, done: give });
                self.pass(take, done);
            }
            Service::On { zones, seconds } => {
                let (give, take) = oneshot::channel();
                let until = tokio::time::Instant::now() + Duration::from_secs(seconds.clamp(1, LONGEST_ON));
                self.order(amplifier::Order::Manual { by, zones, until, done: give });
                self.pass(take, done);
            }
            Service::Test => {
                let (give, take) = oneshot::channel();
                self.order(amplifier::Order::Test { done: give });
                let sender = self.sender.clone();
                tokio::spawn(async move {
                    let answer = match take.await {
                        Ok(Some(test)) if test.steps.is_empty() => Err(stopped()),
                        Ok(Some(test)) => Ok(Given::Tested(test)),
                        Ok(None) => Err(taken()),
                        Err(_) => Err(gone()),
                    };
                    let _ = sender.send(super::Message::Served { answer, done });
                });
            }
        }
    }

    /// The answer goes through the loop: whoever gets it then sees what was read for it.
    fn pass(&self, take: oneshot::Receiver<Result<(), String>>, done: oneshot::Sender<Answer>) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let answer = match take.await {
                Ok(Ok(())) => Ok(Given::Done),
                Ok(Err(why)) => Err(Refused::failed(why)),
                Err(_) => Err(gone()),
            };
            let _ = sender.send(super::Message::Served { answer, done });
        });
    }

    fn may_serve(&self, what: &Service, now: Now) -> Result<(), Refused> {
        if self.orders.is_none() {
            return Err(Refused::new(
                "no_amplifier",
                "Trạm không điều khiển bộ khuếch đại nào.",
                "no amplifier is controlled here; name its driver in [amplifier]",
            ));
        }
        if matches!(what, Service::Clear | Service::Off) {
            return Ok(());
        }
        self.free(now)
    }

    /// Whether nothing is on air, armed, or due within two minutes, and nobody pressed STOP.
    fn free(&self, now: Now) -> Result<(), Refused> {
        let view = self.playout.view();
        if view.stopped.is_some() {
            return Err(stopped());
        }
        if view.activity != Activity::Idle {
            return Err(Refused::new(
                "on_air",
                "Đang phát hoặc sắp phát; hãy thử lại sau.",
                "something is on air, or about to be; try again when it is over",
            ));
        }
        match view.next {
            Some(next) if next.start.duration_since(now.wall) < FREE_FOR => Err(Refused::new(
                "due_soon",
                "Có chương trình trong vòng 2 phút; hãy thử lại sau.",
                format!("“{}” is due within two minutes; try again after it", next.title),
            )),
            _ => Ok(()),
        }
    }

    /// The self-test of the day, as soon after its time as the air is free.
    pub(super) fn test_on_schedule(&mut self, now: Now) {
        let Some(at) = self.supervised.self_test.filter(|_| now.trusted && self.orders.is_some()) else {
            self.supervised.looked = now.wall;
            return;
        };
        let looked = std::mem::replace(&mut self.supervised.looked, now.wall);
        if came(&self.site.timezone, at, looked, now.wall) {
            self.supervised.test_due = Some(now.wall);
        }
        let Some(due) = self.supervised.test_due else { return };
        if now.wall.duration_since(due) > WAITS {
            self.supervised.test_due = None;
            tracing::warn!("the air was never free for the self-test; the next one is tomorrow");
        } else if self.free(now).is_ok() {
            self.supervised.test_due = None;
            let (done, _) = oneshot::channel();
            self.order(amplifier::Order::Test { done });
        }
    }
}

/// Whether this time of day lies in `(from, to]`. A clock that was set over hours counts as one.
fn came(timezone: &jiff::tz::TimeZone, at: jiff::civil::Time, from: Timestamp, to: Timestamp) -> bool {
    let today = to.to_zoned(timezone.clone()).date();
    let on = |day: jiff::civil::Date| {
        day.to_datetime(at)
            .to_zoned(timezone.clone())
            .is_ok_and(|at| from < at.timestamp() && at.timestamp() <= to)
    };
    on(today) || today.yesterday().is_ok_and(on)
}

fn stopped() -> Refused {
    Refused::new(
        "stopped",
        "Trạm đang bị DỪNG; hãy nhả DỪNG trước.",
        "the station is stopped, or STOP is pressed at it; release it first",
    )
}

fn taken() -> Refused {
    Refused::new(
        "on_air",
        "Bộ khuếch đại vừa được dùng cho chương trình; hãy thử lại sau.",
        "the amplifier was needed for a programme meanwhile; try again when it is over",
    )
}

fn gone() -> Refused {
    Refused::new("amplifier_gone", "Trạm đang tắt.", "the amplifier's task is gone; restart the daemon")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_comes_once_a_day() {
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let at = jiff::civil::time(3, 40, 0, 0);
        let check = |from: &str, to: &str, expect: bool| {
            assert_eq!(came(&zone, at, from.parse().unwrap(), to.parse().unwrap()), expect, "{from} {to}");
        };
        check("2026-11-30T03:39:59+07:00", "2026-11-30T03:40:00+07:00", true);
        check("2026-11-30T03:40:00+07:00", "2026-11-30T03:40:01+07:00", false);
        check("2026-11-29T23:59:59+07:00", "2026-11-30T00:00:01+07:00", false);
        check("2026-11-29T03:39:59+07:00", "2026-11-30T00:00:01+07:00", true);
        check("2026-11-30T03:41:00+07:00", "2026-11-30T03:39:00+07:00", false);
    }
}
