//! A relay board with eight coils at the other end of a pseudo terminal or of a socket.

use std::{
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep},
};

#[derive(Default)]
struct State {
    coils: [bool; 8],
    /// When each relay that was closed for a time falls.
    falls: [Option<Instant>; 8],
    functions: Vec<u8>,
    late_once: Option<Duration>,
    silent: bool,
}

impl State {
    fn pass(&mut self) {
        for (coil, falls) in self.coils.iter_mut().zip(&mut self.falls) {
            if falls.is_some_and(|at| at <= Instant::now()) {
                (*coil, *falls) = (false, None);
            }
        }
    }
}

#[derive(Clone, Default)]
pub(crate) struct Slave(Arc<Mutex<State>>);

impl Slave {
    pub(crate) fn silent() -> Self {
        Self(Arc::new(Mutex::new(State { silent: true, ..State::default() })))
    }

    pub(crate) fn on(&self) -> Vec<usize> {
        let mut state = self.0.lock().unwrap();
        state.pass();
        state.coils.iter().enumerate().filter(|(_, on)| **on).map(|(coil, _)| coil + 1).collect()
    }

    pub(crate) fn flip(&self, relay: usize) {
        self.0.lock().unwrap().coils[relay - 1] ^= true;
    }

    pub(crate) fn late_once(&self, delay: Duration) {
        self.0.lock().unwrap().late_once = Some(delay);
    }

    pub(crate) fn functions(&self) -> Vec<u8> {
        self.0.lock().unwrap().functions.clone()
    }

    /// The answer to a request without its address and check sum.
    fn obey(&self, pdu: &[u8]) -> (Option<Vec<u8>>, Duration) {
        let mut state = self.0.lock().unwrap();
        state.pass();
        state.functions.push(pdu[0]);
        if state.silent {
            return (None, Duration::ZERO);
        }
        let delay = state.late_once.take().unwrap_or_default();
        let coil = usize::from(pdu[2]);
        let said = match pdu[0] {
            1 => {
                let bits = state.coils.iter().enumerate();
                vec![1, 1, bits.fold(0, |sum, (bit, on)| sum | u8::from(*on) << bit)]
            }
            // flash-on: closed for so many tenths of a second
            5 if pdu[1] == 2 => {
                let tenths = u64::from(u16::from_be_bytes([pdu[3], pdu[4]]));
                state.coils[coil] = true;
                state.falls[coil] = Some(Instant::now() + Duration::from_millis(tenths * 100));
                pdu.to_vec()
            }
            5 => {
                state.coils[coil] = pdu[3] == 0xFF;
                pdu.to_vec()
            }
            15 => {
                for coil in 0..8 {
                    state.coils[coil] = pdu[6] >> coil & 1 == 1;
                }
                pdu[..5].to_vec()
            }
            other => vec![other | 0x80, 1],
        };
        (Some(said), delay)
    }
}

/// A serial port with the slave at its other end. Dropped, it is unplugged.
pub(crate) struct Serial {
    pub(crate) path: PathBuf,
    serving: JoinHandle<()>,
}

impl Serial {
    pub(crate) fn plug(slave: &Slave) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        rustix::io::ioctl_fionbio(&master, true).unwrap();
        let serving = tokio::spawn(serve_serial(master, slave.clone()));
        Self { path, serving }
    }
}

impl Drop for Serial {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve_serial(master: OwnedFd, slave: Slave) {
    let mut heard = Vec::new();
    loop {
        let mut bytes = [0; 64];
        match rustix::io::read(&master, &mut bytes) {
            Ok(0) => {}
            Ok(read) => heard.extend_from_slice(&bytes[..read]),
            Err(error) => {
                // nothing was sent, or nobody has the other end open
                if error != rustix::io::Errno::AGAIN {
                    heard.clear();
                }
                sleep(Duration::from_millis(1)).await;
                continue;
            }
        }
        while let Some(length) = heard.get(1).and_then(|function| match function {
            15 => heard.get(6).map(|bytes| 9 + usize::from(*bytes)),
            _ => Some(8),
        }) {
            if heard.len() < length {
                break;
            }
            let request: Vec<u8> = heard.drain(..length).collect();
            // a board hears what is for others too, and keeps silent
            if request[0] != 1 {
                continue;
            }
            let (said, delay) = slave.obey(&request[1..length - 2]);
            if let Some(said) = said {
                sleep(delay).await;
                let mut frame = [&[1], said.as_slice()].concat();
                frame.extend(crc(&frame).to_le_bytes());
                let _unplugged = rustix::io::write(&master, &frame);
            }
        }
    }
}

fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 })
    })
}

pub(crate) async fn listen(host: Option<&str>) -> (TcpListener, String) {
    let listener = TcpListener::bind(host.unwrap_or("127.0.0.1:0")).await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    (listener, host)
}

pub(crate) async fn serve_tcp(listener: TcpListener, slave: Slave) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((mut line, _)) = listener.accept().await else { return };
        let slave = slave.clone();
        connections.spawn(async move {
            loop {
                let mut header = [0; 7];
                if line.read_exact(&mut header).await.is_err() {
                    return;
                }
                let mut pdu = vec![0; usize::from(u16::from_be_bytes([header[4], header[5]])) - 1];
                line.read_exact(&mut pdu).await.unwrap();
                let (Some(said), delay) = slave.obey(&pdu) else { continue };
                sleep(delay).await;
                header[5] = said.len() as u8 + 1;
                drop(line.write_all(&[&header, said.as_slice()].concat()).await);
            }
        });
    }
}
