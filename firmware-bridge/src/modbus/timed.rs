//! Function 5 with a time for its value, which Modbus does not know and the library refuses to say or to hear.
//!
//! Function 6 has the very same form: a number, a value, and both once more as the answer. So the driver says 6, and
//! this says 5 on the line; on the way back it is the reverse. For boards with this order alone, which are never asked
//! for a real function 6.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame::crc;

const SINGLE_COIL: u8 = 5;
const SINGLE_REGISTER: u8 = 6;
const REFUSED: u8 = 0x80;

/// How frames look on this line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Address before, check sum behind.
    Serial,
    /// Seven bytes before.
    Network,
}

impl Framing {
    const fn function(self) -> usize {
        match self {
            Self::Serial => 1,
            Self::Network => 7,
        }
    }

    /// The whole length of an answer to function 5, once its function was heard.
    const fn answer(self, function: u8) -> usize {
        let body = if function & REFUSED == 0 { 5 } else { 2 };
        let around = match self {
            Self::Serial => 3,
            Self::Network => 7,
        };
        body + around
    }

    /// Puts another function into a whole frame.
    fn put(self, function: u8, frame: &mut [u8]) {
        if let Some(place) = frame.get_mut(self.function()) {
            *place = function;
        }
        if self == Self::Serial
            && let Some((body, sum)) = frame.split_last_chunk_mut::<2>()
        {
            *sum = crc(body);
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Timed<T> {
    line: T,
    framing: Framing,
    /// The request that is being sent, as it goes out, and how much of it went.
    request: Vec<u8>,
    sent: usize,
    sending: bool,
    /// Whether the last request was translated.
    translated: bool,
    /// What was heard of its answer, and how much of that was taken.
    answer: Vec<u8>,
    taken: usize,
}

impl<T> Timed<T> {
    pub(crate) fn new(line: T, framing: Framing) -> Self {
        Self {
            line,
            framing,
            request: Vec::new(),
            sent: 0,
            sending: false,
            translated: false,
            answer: Vec::new(),
            taken: 0,
        }
    }

    /// `frame` is whole: the library sends one request at a time.
    fn begin(&mut self, frame: &[u8]) {
        (self.sending, self.sent, self.taken) = (true, 0, 0);
        self.answer.clear();
        self.request = frame.to_vec();
        self.translated = frame.get(self.framing.function()) == Some(&SINGLE_REGISTER);
        if self.translated {
            self.framing.put(SINGLE_COIL, &mut self.request);
        }
    }

    /// The whole answer, turned back; false: more is to come.
    fn turn_back(&mut self) -> bool {
        let Some(function) = self.answer.get(self.framing.function()).copied() else { return false };
        if self.answer.len() < self.framing.answer(function) {
            return false;
        }
        if function & !REFUSED == SINGLE_COIL {
            self.framing.put(function & REFUSED | SINGLE_REGISTER, &mut self.answer);
        }
        true
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Timed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.sending = false;
        if !self.translated {
            return Pin::new(&mut self.line).poll_read(context, buffer);
        }
        loop {
            if self.taken > 0 || self.turn_back() {
                let left = self.answer.get(self.taken..).unwrap_or_default();
                let part = left.get(..left.len().min(buffer.remaining())).unwrap_or_default();
                buffer.put_slice(part);
                self.taken = self.taken.saturating_add(part.len());
                self.translated = self.taken < self.answer.len();
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; 64];
            let mut fresh = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.line).poll_read(context, &mut fresh))?;
            if fresh.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.answer.extend_from_slice(fresh.filled());
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Timed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.sending {
            self.begin(bytes);
        }
        let this = &mut *self;
        let rest = this.request.get(this.sent..).unwrap_or_default();
        let written = ready!(Pin::new(&mut this.line).poll_write(context, rest))?;
        this.sent = this.sent.saturating_add(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_modbus::{ExceptionCode, Request, Response, Slave, client::Client};

    use super::*;

    /// The request of the maker's manual goes out, and its answer, whole or in pieces, is understood.
    #[tokio::test]
    async fn the_frame_of_the_manual_goes_out_and_its_answer_is_understood() {
        // "Relay 0 flash on: 01 05 02 00 00 07 8D B0, 700 ms"
        let serial = (Framing::Serial, vec![1, 5, 2, 0, 0, 7, 0x8D, 0xB0], vec![1, 0x85, 3, 0x02, 0x91]);
        let network =
            (Framing::Network, vec![0, 0, 0, 0, 0, 6, 1, 5, 2, 0, 0, 7], vec![0, 0, 0, 0, 0, 3, 1, 0x85, 3]);
        for (framing, request, refusal) in [serial, network] {
            for (answer, piece) in [(&request, 1), (&request, 64), (&refusal, 1), (&refusal, 64)] {
                let (near, mut far) = duplex(64);
                let line = Timed::new(near, framing);
                let mut client = match framing {
                    Framing::Serial => tokio_modbus::client::rtu::attach_slave(line, Slave(1)),
                    Framing::Network => tokio_modbus::client::tcp::attach_slave(line, Slave(1)),
                };
                let board = async {
                    let mut heard = vec![0; request.len()];
                    far.read_exact(&mut heard).await.unwrap();
                    assert_eq!(heard, request);
                    for part in answer.chunks(piece) {
                        far.write_all(part).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                };
                let (said, ()) = tokio::join!(client.call(Request::WriteSingleRegister(0x0200, 7)), board);
                match said.unwrap() {
                    Ok(said) => assert_eq!(said, Response::WriteSingleRegister(0x0200, 7)),
                    Err(refused) => {
                        assert_eq!((refused, answer), (ExceptionCode::IllegalDataValue, &refusal));
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn everything_else_passes_as_it_is() {
        let (near, mut far) = duplex(64);
        let mut client = tokio_modbus::client::rtu::attach_slave(Timed::new(near, Framing::Serial), Slave(1));
        let frame = [1, 5, 0, 0, 0xFF, 0, 0x8C, 0x3A];
        let board = async {
            let mut heard = [0; 8];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, frame);
            far.write_all(&frame).await.unwrap();
        };
        let (said, ()) = tokio::join!(client.call(Request::WriteSingleCoil(0, true)), board);
        assert_eq!(said.unwrap().unwrap(), Response::WriteSingleCoil(0, true));
    }
}
