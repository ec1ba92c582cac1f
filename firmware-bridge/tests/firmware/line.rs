//! A serial port as raw bytes: what is written is on the line, what arrives is an answer when its check sum says so.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// An open port.
#[derive(Debug)]
pub struct Line {
    port: File,
    heard: Receiver<u8>,
}

impl Line {
    pub(super) fn open(path: &str) -> Self {
        let port = OpenOptions::new().read(true).write(true).open(path).expect("the port opens");
        let mut ear = port.try_clone().expect("a second handle");
        let (tell, heard) = channel();
        thread::spawn(move || {
            let mut byte = [0];
            while matches!(ear.read(&mut byte), Ok(1)) && tell.send(byte[0]).is_ok() {}
        });
        Self { port, heard }
    }

    /// Writes bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.port.write_all(bytes).expect("the line takes it");
    }

    /// Writes bytes as they are, and waits for a frame.
    pub fn ask(&mut self, bytes: &[u8]) -> Vec<u8> {
        assert_eq!(self.heard_so_far(), [0; 0], "something was said unasked");
        self.send(bytes);
        let mut answer = Vec::new();
        while !is_frame(&answer) {
            match self.heard.recv_timeout(Duration::from_secs(20)) {
                Ok(byte) => answer.push(byte),
                Err(error) => panic!("no answer to {bytes:02x?}: {error}; so far {answer:02x?}"),
            }
        }
        answer
    }

    /// What arrived since the last look.
    pub fn heard_so_far(&self) -> Vec<u8> {
        self.heard.try_iter().collect()
    }

    /// Sends a request without its check sum, wants no refusal, and answers without address and check sum.
    pub fn order(&mut self, request: &[u8]) -> Vec<u8> {
        let answer = self.ask(&frame(request));
        assert_eq!(answer[..2], request[..2], "{request:02x?} was refused: {answer:02x?}");
        answer[1..answer.len() - 2].to_vec()
    }

    /// Switches one coil.
    pub fn coil(&mut self, number: u8, on: bool) {
        self.order(&[1, 5, 0, number, if on { 0xFF } else { 0 }, 0]);
    }

    /// Writes one holding register.
    pub fn write(&mut self, number: u16, value: u16) {
        let ([a, b], [c, d]) = (number.to_be_bytes(), value.to_be_bytes());
        self.order(&[1, 6, a, b, c, d]);
    }

    /// Reads one input register.
    pub fn input(&mut self, number: u16) -> u16 {
        let [a, b] = number.to_be_bytes();
        let answer = self.order(&[1, 4, a, b, 0, 1]);
        u16::from_be_bytes([answer[2], answer[3]])
    }
}

/// A request with its check sum.
pub fn frame(request: &[u8]) -> Vec<u8> {
    let mut bytes = request.to_vec();
    bytes.extend(check_sum(request).to_le_bytes());
    bytes
}

fn is_frame(bytes: &[u8]) -> bool {
    bytes.len() >= 5 && check_sum(&bytes[..bytes.len() - 2]).to_le_bytes() == bytes[bytes.len() - 2..]
}

fn check_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 })
    })
}
