//! Requests whose answer may still come.
//!
//! A slave answers in the order in which it was asked, each request at most once. So whoever hears the answer to a
//! request knows that no answer to an older one is still on its way; and an answer can be believed when only one
//! request that it would fit was not answered yet.

use std::time::Duration;

use tokio::time::Instant;
use tokio_modbus::{Request, Response};

/// An answer that has not come after so long never comes.
pub(crate) const NEVER: Duration = Duration::from_secs(5);
/// More than can be asked within [`NEVER`].
const AT_MOST: usize = 64;

/// What the answers to a request look like; requests of one shape cannot be told apart by their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    function: u8,
    /// Bytes of data for reading, the number of what is written for writing.
    detail: u16,
    value: u16,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    asked: Vec<(Shape, Instant)>,
}

impl Shape {
    /// The shape of the answers to `request`.
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let function = request.function_code().value();
        let (detail, value) = match request {
            Request::ReadCoils(_, count) | Request::ReadDiscreteInputs(_, count) => (count.div_ceil(8), 0),
            Request::ReadHoldingRegisters(_, count) | Request::ReadInputRegisters(_, count) => (*count, 0),
            Request::WriteSingleCoil(at, value) => (*at, u16::from(*value)),
            Request::WriteSingleRegister(at, value) => (*at, *value),
            Request::WriteMultipleCoils(at, values) => (*at, u16::try_from(values.len()).unwrap_or(0)),
            Request::WriteMultipleRegisters(at, values) => (*at, u16::try_from(values.len()).unwrap_or(0)),
            _ => (0, 0),
        };
        Self { function, detail, value }
    }
}

impl Pending {
    /// Notes that a request goes out.
    pub(crate) fn ask(&mut self, shape: Shape, now: Instant) {
        if self.asked.len() >= AT_MOST {
            self.asked.remove(0);
        }
        self.asked.push((shape, now));
    }

    /// An answer to a request of `shape` was heard. Whether it can only be that of the newest one.
    pub(crate) fn heard(&mut self, shape: Shape, refusal: bool) -> bool {
        // A refusal says the function alone.
        let fits = |asked: &Shape| *asked == shape || (refusal && asked.function == shape.function);
        let fitting = self.asked.iter().filter(|(asked, _)| fits(asked)).count();
        if let Some(oldest) = self.asked.iter().position(|(asked, _)| fits(asked)) {
            self.asked.drain(..=oldest);
        }
        fitting == 1
    }

    /// Forgets what was asked `never` ago or earlier.
    pub(crate) fn forget(&mut self, now: Instant, never: Duration) {
        self.asked.retain(|(_, at)| now.saturating_duration_since(*at) < never);
    }

    /// Whether a late answer could be taken for the answer to a request of this shape.
    pub(crate) fn confuses(&self, shape: Shape) -> bool {
        self.asked.iter().any(|(asked, _)| asked.function == shape.function)
    }

    /// Whether a request of this very shape was not answered yet.
    pub(crate) fn holds(&self, shape: Shape) -> bool {
        self.asked.iter().any(|(asked, _)| *asked == shape)
    }

    /// Whether every answer came.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// When the newest was asked that an answer of this shape could be confused with.
    pub(crate) fn last_of(&self, shape: Shape) -> Option<Instant> {
        self.asked.iter().filter(|(asked, _)| asked.function == shape.function).map(|(_, at)| *at).max()
    }
}

/// Whether `response` has the form that the answer to `request` must have, written values included.
pub(crate) fn fits(request: &Request<'_>, response: &Response) -> bool {
    let bits = |count: &u16| usize::from(*count).div_ceil(8).saturating_mul(8);
    match (request, response) {
        (Request::ReadCoils(_, count), Response::ReadCoils(values))
        | (Request::ReadDiscreteInputs(_, count), Response::ReadDiscreteInputs(values)) => {
            values.len() == bits(count) || values.len() == usize::from(*count)
        }
        (Request::ReadHoldingRegisters(_, count), Response::ReadHoldingRegisters(values))
        | (Request::ReadInputRegisters(_, count), Response::ReadInputRegisters(values)) => {
            values.len() == usize::from(*count)
        }
        (Request::WriteSingleCoil(at, value), Response::WriteSingleCoil(said_at, said)) => {
            at == said_at && value == said
        }
        (Request::WriteSingleRegister(at, value), Response::WriteSingleRegister(said_at, said)) => {
            at == said_at && value == said
        }
        (Request::WriteMultipleCoils(at, values), Response::WriteMultipleCoils(said_at, said)) => {
            at == said_at && values.len() == usize::from(*said)
        }
        (Request::WriteMultipleRegisters(at, values), Response::WriteMultipleRegisters(said_at, said)) => {
            at == said_at && values.len() == usize::from(*said)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_believed_only_when_nothing_else_it_fits_is_open() {
        let now = Instant::now();
        let mut pending = Pending::default();
        let read = Shape::of(&Request::ReadCoils(0, 8));
        let fence = Shape::of(&Request::ReadDiscreteInputs(0, 1));
        pending.ask(read, now);
        assert!(pending.heard(read, false));
        assert!(pending.is_empty());

        pending.ask(read, now); // given up
        assert!(pending.confuses(read));
        pending.ask(fence, now);
        assert!(pending.heard(fence, false), "no other fence is open");
        assert!(pending.is_empty(), "the read is older: its answer came, or never will");

        pending.ask(read, now);
        pending.ask(read, now);
        assert!(!pending.heard(read, false), "it may be the first one's");
        assert!(pending.confuses(read), "then the second one's is still to come");
        assert!(!pending.heard(Shape::of(&Request::ReadCoils(0, 16)), true) || pending.is_empty());
    }
}
