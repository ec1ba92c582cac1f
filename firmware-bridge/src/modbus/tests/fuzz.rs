//! Frames that no board should send, against everything between the line and the driver. Ten million of them:
//! `LOAXA_FUZZ_FRAMES=10000000 cargo test -p loaxa-firmware-bridge --release fuzz`.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_modbus::{Request, Response, Slave, client::Client};

use super::{board::framed, late::Dice};
use crate::modbus::{
    gate::{Gate, Noise},
    pending::fits,
};

/// Says what it was given, in pieces, and then nothing more for ever: the line closes.
#[derive(Debug)]
struct Says {
    bytes: Vec<u8>,
    said: usize,
    piece: usize,
    asked: bool,
}

impl AsyncRead for Says {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            return Poll::Pending;
        }
        let end = self.bytes.len().min(self.said + self.piece.min(buffer.remaining()));
        buffer.put_slice(&self.bytes[self.said..end]);
        self.said = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Says {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn request(dice: &mut Dice) -> (Request<'static>, Vec<u8>) {
    let count = 1 + dice.below(16) as u16;
    match dice.below(6) {
        0 => (Request::ReadCoils(0, count), vec![1, 1, 0, 0, 0, count as u8]),
        1 => (Request::ReadDiscreteInputs(0, count), vec![1, 2, 0, 0, 0, count as u8]),
        2 => (Request::ReadInputRegisters(0, count), vec![1, 4, 0, 0, 0, count as u8]),
        3 => (Request::WriteSingleCoil(count, true), vec![1, 5, 0, count as u8, 0xFF, 0]),
        4 => (Request::WriteSingleRegister(1, count), vec![1, 6, 0, 1, 0, count as u8]),
        _ => (Request::WriteMultipleCoils(0, vec![true; 8].into()), vec![1, 15, 0, 0, 0, 8]),
    }
}

/// What a board that is well answers.
fn right_answer(dice: &mut Dice, asked: &[u8]) -> Vec<u8> {
    let data = match asked[1] {
        1 | 2 => usize::from(asked[5]).div_ceil(8),
        4 => 2 * usize::from(asked[5]),
        _ => return asked.to_vec(),
    };
    let mut body = vec![1, asked[1], data as u8];
    body.extend((0..data).map(|_| dice.below(256) as u8));
    body
}

fn mutated(dice: &mut Dice, asked: &[u8]) -> Vec<u8> {
    let mut body = right_answer(dice, asked);
    if dice.below(8) == 0 {
        return (0..dice.below(40)).map(|_| dice.below(256) as u8).collect();
    }
    if dice.below(2) == 0 {
        // a right check sum over something wrong
        for _ in 0..=dice.below(3) {
            change(dice, &mut body);
        }
        return framed(&body);
    }
    let mut frame = framed(&body);
    for _ in 0..dice.below(4) {
        change(dice, &mut frame);
    }
    frame
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = dice.below(bytes.len() as u64) as usize;
    match dice.below(5) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.below(256) as u8,
        2 => bytes.truncate(at),
        3 => bytes.insert(at, dice.below(256) as u8),
        _ => {
            let again = bytes.clone();
            bytes.extend(again);
        }
    }
}

/// The frame in which a board would have said this, by another way than the driver's.
fn spelled(response: &Response) -> Vec<u8> {
    let packed = |bits: &Vec<bool>| -> Vec<u8> {
        bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |sum, bit| sum * 2 + u8::from(*bit))).collect()
    };
    let mut body = vec![1];
    match response {
        Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits) => {
            body.push(if matches!(response, Response::ReadCoils(_)) { 1 } else { 2 });
            body.push(packed(bits).len() as u8);
            body.extend(packed(bits));
        }
        Response::ReadInputRegisters(words) => {
            body.extend([4, 2 * words.len() as u8]);
            body.extend(words.iter().flat_map(|word| [(word / 256) as u8, (word % 256) as u8]));
        }
        Response::WriteSingleCoil(at, on) => body.extend([5, 0, *at as u8, if *on { 0xFF } else { 0 }, 0]),
        Response::WriteSingleRegister(at, value) => body.extend([6, 0, *at as u8, 0, *value as u8]),
        Response::WriteMultipleCoils(at, count) => body.extend([15, 0, *at as u8, 0, *count as u8]),
        other => panic!("never asked for: {other:?}"),
    }
    framed(&body)
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the figure of a long run")]
async fn fuzzed_frames_confirm_nothing_that_was_not_said() {
    let frames =
        std::env::var("LOAXA_FUZZ_FRAMES").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000_u64);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut believed, mut refused) = (0_u64, 0_u64);
    for _ in 0..frames {
        let (request, asked) = request(&mut dice);
        let bytes = mutated(&mut dice, &asked);
        let piece = 1 + dice.below(64) as usize;
        let line = Says { bytes: bytes.clone(), said: 0, piece, asked: false };
        let gate = Gate::new(line, Noise::default(), Noise::default());
        let mut context = tokio_modbus::client::rtu::attach_slave(gate, Slave(1));
        match context.call(request.clone()).await {
            Ok(Ok(response)) if fits(&request, &response) => {
                believed += 1;
                let frame = spelled(&response);
                // all of what was heard at that moment, or behind at most four bytes of noise
                let found =
                    (0..=4).any(|skipped| bytes.get(skipped..).is_some_and(|rest| rest.starts_with(&frame)));
                let echo = framed(&asked);
                let behind_echo = bytes.starts_with(&echo)
                    && (0..=4).any(|skipped| {
                        bytes.get(echo.len() + skipped..).is_some_and(|rest| rest.starts_with(&frame))
                    });
                assert!(found || behind_echo, "{request:?} was answered {response:?} by {bytes:02x?}");
                // and it is an answer to what was asked
                assert_eq!(frame[..2], asked[..2], "{request:?}: {bytes:02x?}");
                if asked[1] >= 5 {
                    assert_eq!(frame[..6], asked[..6], "{request:?}: {bytes:02x?}");
                } else {
                    assert_eq!(frame.len(), framed(&right_answer(&mut dice, &asked)).len(), "{request:?}");
                }
            }
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(_)) => {
                refused += 1;
                let refusal = |at: usize| {
                    bytes
                        .get(at..at + 5)
                        .is_some_and(|five| five[..2] == [1, asked[1] | 0x80] && framed(&five[..3]) == five)
                };
                assert!((0..=12).any(refusal), "{request:?} was refused by {bytes:02x?}");
            }
        }
    }
    println!("{frames} frames: {believed} believed, {refused} refusals");
    assert!(believed > frames / 50 && believed < frames / 2, "{believed} of {frames} were believed");
}
