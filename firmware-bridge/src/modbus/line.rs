//! One exchange after another on one line, and what is done when one fails.

use std::{io, sync::atomic::Ordering, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_modbus::{
    Request, Response,
    client::{Client, Context},
};

use super::{
    gate::{Noise, Shut},
    pending::{NEVER, Pending, Shape, fits},
    port::Port,
};
use crate::{BridgeError, LineCounters, bounded};

/// How often something is asked again after it failed.
const REPEATS: u32 = 2;
/// The controller's "busy"; asked again after [`BUSY`].
const EXCEPTION_BUSY: u8 = 5;
const BUSY: Duration = Duration::from_millis(50);
/// On a board that answers no fence, an answer that has not come after so long never comes.
const NEVER_WITHOUT_FENCE: Duration = Duration::from_secs(2);

/// The line to one board. Whatever is asked is answered by that board, to that question, or it is an error.
///
/// After a time-out, a garbled or a foreign answer the context is dropped; before the next request the port is opened
/// anew, drained until it is silent, and a *fence* is read: something whose answer cannot be confused with any that
/// may still come. Its answer proves that nothing older is on its way.
pub(crate) struct Line {
    port: Port,
    address: u8,
    limit: Duration,
    context: Option<Context>,
    pending: Pending,
    /// What can be read as a fence, in the order in which it is tried.
    fences: &'static [(u8, u16)],
    /// Function 6 means this board's function 5 with a time; see [`timed`](super::timed).
    timed_coils: bool,
    /// Some fence was answered at some time; on a board that answers none, time alone separates.
    fenced: bool,
    opened: bool,
    counters: LineCounters,
    noise: Noise,
    partial: Noise,
}

impl Line {
    /// A line that is opened by the first request. `fences` are functions 2, 3 or 4, each with a count, that the
    /// driver itself does not use for anything else.
    pub(crate) fn new(port: Port, address: u8, limit: Duration, fences: &'static [(u8, u16)]) -> Self {
        Self {
            port,
            address,
            limit,
            context: None,
            pending: Pending::default(),
            fences,
            timed_coils: false,
            fenced: false,
            opened: false,
            counters: LineCounters::default(),
            noise: Noise::default(),
            partial: Noise::default(),
        }
    }

    /// For a board whose function 5 takes a time; function 6 then says that.
    pub(crate) fn with_timed_coils(mut self) -> Self {
        self.timed_coils = true;
        self
    }

    /// What happened so far.
    pub(crate) fn counters(&self) -> LineCounters {
        let mut counters = self.counters;
        counters.garbled = counters.garbled.saturating_add(self.noise.load(Ordering::Relaxed));
        counters
    }

    /// Asks, again if need be; everything that is asked here may be asked twice. Bounded.
    pub(crate) async fn ask(
        &mut self,
        asked: &str,
        request: Request<'static>,
    ) -> Result<Response, BridgeError> {
        let mut repeats = 0;
        loop {
            // A line that cannot be opened or fenced is not asked again: that was already more than one try.
            self.make_ready(&request).await?;
            let error = match self.exchange(asked, request.clone()).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let again = match &error {
                BridgeError::Refused(code) => *code == EXCEPTION_BUSY,
                _ => true,
            };
            if !again || repeats == REPEATS {
                return Err(error);
            }
            if matches!(error, BridgeError::Refused(_)) {
                sleep(BUSY).await;
            }
            repeats += 1;
            self.counters.repeated = self.counters.repeated.saturating_add(1);
        }
    }

    /// Asks once, without a fence before it: for looking around on a line that nothing is driven on.
    pub(crate) async fn once(
        &mut self,
        asked: &str,
        request: Request<'static>,
    ) -> Result<Response, BridgeError> {
        if self.context.is_none() {
            self.open().await?;
        }
        self.exchange(asked, request).await
    }

    async fn make_ready(&mut self, request: &Request<'static>) -> Result<(), BridgeError> {
        if !self.pending.is_empty() {
            // An exchange that failed, or was dropped half-way.
            self.context = None;
        }
        if self.context.is_none() {
            self.open().await?;
            self.fence().await?;
        }
        let shape = Shape::of(request);
        if self.pending.confuses(shape) {
            self.context = None;
            if self.fenced {
                return Err(self.silent("an answer after the line was opened anew"));
            }
            // A board that answers no fence: so long after the last request nothing comes any more.
            sleep_until(self.pending.last_of(shape).unwrap_or_else(Instant::now) + NEVER_WITHOUT_FENCE).await;
            self.pending.forget(Instant::now(), NEVER_WITHOUT_FENCE);
            self.open().await?;
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<(), BridgeError> {
        if self.opened {
            self.counters.reopened = self.counters.reopened.saturating_add(1);
        }
        self.opened = true;
        let line = self.port.open(self.address, self.timed_coils, &self.noise, &self.partial).await?;
        self.context = Some(line);
        Ok(())
    }

    /// Reads something whose answer cannot be an older one's.
    async fn fence(&mut self) -> Result<(), BridgeError> {
        let mut silent = 0;
        let mut last = Ok(());
        for _ in 0..4 {
            self.pending.forget(Instant::now(), NEVER);
            if self.context.is_none() {
                self.open().await?;
            }
            let before = self.counters.no_answer;
            match self.exchange("a first word", self.next_fence()).await {
                // A refusal is as good: it was sent after everything older.
                Ok(_) | Err(BridgeError::Refused(_)) => {
                    self.fenced = true;
                    return Ok(());
                }
                Err(error) => last = Err(error),
            }
            silent += u32::from(self.counters.no_answer > before);
            if silent == 2 {
                break;
            }
        }
        if !self.fenced {
            return self.open().await;
        }
        last
    }

    /// The first that nothing still open could be confused with; otherwise the first.
    fn next_fence(&self) -> Request<'static> {
        let all = self.fences.iter().map(|(function, count)| match function {
            2 => Request::ReadDiscreteInputs(0, *count),
            3 => Request::ReadHoldingRegisters(0, *count),
            _ => Request::ReadInputRegisters(0, *count),
        });
        let clear = all.clone().find(|fence| !self.pending.confuses(Shape::of(fence)));
        let clear = clear.or_else(|| all.clone().find(|fence| !self.pending.holds(Shape::of(fence))));
        clear.or_else(|| all.clone().next()).unwrap_or(Request::ReadDiscreteInputs(0, 1))
    }

    async fn exchange(&mut self, asked: &str, request: Request<'static>) -> Result<Response, BridgeError> {
        let shape = Shape::of(&request);
        let gap = self.port.gap();
        let limit = self.limit;
        if let Some(at) = self.counters.last_answer {
            sleep_until(at + gap).await;
        }
        let Some(context) = self.context.as_mut() else {
            return Err(self.silent(asked));
        };
        self.counters.exchanges = self.counters.exchanges.saturating_add(1);
        self.partial.store(0, Ordering::Relaxed);
        // Before the first byte goes out: this future may be dropped at any await.
        self.pending.ask(shape, Instant::now());
        let call = async { Ok(context.call(request.clone()).await) };
        let answer = match bounded(asked, limit, call).await {
            Ok(answer) => answer,
            Err(error) => {
                self.context = None;
                if self.partial.load(Ordering::Relaxed) > 0 {
                    self.counters.garbled = self.counters.garbled.saturating_add(1);
                } else {
                    self.counters.no_answer = self.counters.no_answer.saturating_add(1);
                }
                return Err(error);
            }
        };
        match answer {
            Ok(Ok(response)) if fits(&request, &response) && self.pending.heard(shape, false) => {
                self.counters.last_answer = Some(Instant::now());
                Ok(response)
            }
            Ok(Err(exception)) if self.pending.heard(shape, true) => {
                self.counters.last_answer = Some(Instant::now());
                self.counters.refused = self.counters.refused.saturating_add(1);
                Err(BridgeError::Refused(exception.into()))
            }
            Ok(_) => {
                self.context = None;
                self.counters.foreign = self.counters.foreign.saturating_add(1);
                Err(self.silent(asked))
            }
            Err(error) => {
                self.context = None;
                Err(self.broken(asked, &error))
            }
        }
    }

    /// Counts what closed the line, and says it.
    fn broken(&mut self, asked: &str, error: &tokio_modbus::Error) -> BridgeError {
        let counters = &mut self.counters;
        match error {
            tokio_modbus::Error::Protocol(_) => counters.foreign = counters.foreign.saturating_add(1),
            tokio_modbus::Error::Transport(error) => match shut(error) {
                Some(Shut::Foreign) => counters.foreign = counters.foreign.saturating_add(1),
                Some(Shut::Garbled) => counters.garbled = counters.garbled.saturating_add(1),
                None if error.kind() == io::ErrorKind::InvalidData => {
                    counters.garbled = counters.garbled.saturating_add(1);
                }
                None => {
                    return BridgeError::Line {
                        line: self.port.name().to_owned(),
                        problem: format!("broke off ({error})"),
                        remedy: "check its plug and its cable; it is opened again by itself",
                    };
                }
            },
        }
        self.silent(asked)
    }

    fn silent(&self, asked: &str) -> BridgeError {
        BridgeError::NoAnswer { asked: asked.to_owned(), after: self.limit }
    }
}

fn shut(error: &io::Error) -> Option<Shut> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Shut>()).copied()
}
