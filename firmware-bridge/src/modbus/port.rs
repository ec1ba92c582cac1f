//! Opening the line: a serial port for this program alone, or a network socket.

use std::{fmt::Debug, io::ErrorKind, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_modbus::{Slave, client::Context};
use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream};

use super::{
    gate::{Gate, Noise},
    timed::{Framing, Timed},
};
use crate::{BridgeError, Parity};

/// How long a line must have been silent before anything is asked on it.
const QUIET: Duration = Duration::from_millis(100);
/// A line that is not silent for [`QUIET`] within this is spoken on by somebody else.
const NEVER_QUIET: Duration = Duration::from_millis(1_500);
const CONNECTED_WITHIN: Duration = Duration::from_millis(1_000);

/// Where the line is, and how it is set.
#[derive(Debug, Clone)]
pub(crate) enum Port {
    /// A serial port.
    Serial { path: String, baud: u32, parity: Parity, stop_bits: u8 },
    /// A network socket.
    Network { host: String },
    /// A board of the tests, which is given the other end.
    #[cfg(test)]
    Memory(tokio::sync::mpsc::UnboundedSender<tokio::io::DuplexStream>),
}

impl Port {
    /// Its name for messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Serial { path, .. } => path,
            Self::Network { host } => host,
            #[cfg(test)]
            Self::Memory(_) => "memory",
        }
    }

    /// Between the end of an answer and the next request: the silence of 3.5 characters that ends a frame, as the
    /// specification of Modbus over serial lines wants it (1.75 ms above 19200 baud).
    pub(crate) fn gap(&self) -> Duration {
        match self {
            Self::Serial { baud, .. } if *baud <= 19_200 => {
                Duration::from_micros(38_500_000_u64.checked_div(u64::from(*baud)).unwrap_or(0))
            }
            Self::Serial { .. } => Duration::from_micros(1_750),
            Self::Network { .. } => Duration::ZERO,
            #[cfg(test)]
            Self::Memory(_) => Duration::from_millis(2),
        }
    }

    /// Opens it, waits until it is silent, and throws away what was still on its way. `timed_coils`: function 6 is to go
    /// out as function 5; see [`timed`](super::timed).
    pub(crate) async fn open(
        &self,
        address: u8,
        timed_coils: bool,
        noise: &Noise,
        partial: &Noise,
    ) -> Result<Context, BridgeError> {
        let slave = Slave(address);
        match self {
            #[cfg(test)]
            Self::Memory(board) => {
                let (mut line, far) = tokio::io::duplex(4_096);
                if board.send(far).is_err() {
                    return Err(self.unusable("is not there".to_owned(), GONE));
                }
                self.drain(&mut line).await?;
                let gate = Gate::new(line, Arc::clone(noise), Arc::clone(partial));
                Ok(serial(gate, slave, timed_coils))
            }
            Self::Serial { path, baud, parity, stop_bits } => {
                let mut line = open_serial(path, *baud, *parity, *stop_bits)?;
                self.drain(&mut line).await?;
                let gate = Gate::new(line, Arc::clone(noise), Arc::clone(partial));
                Ok(serial(gate, slave, timed_coils))
            }
            Self::Network { host } => {
                let connected = timeout(CONNECTED_WITHIN, TcpStream::connect(host)).await;
                let mut line = match connected {
                    Ok(Ok(line)) => line,
                    Ok(Err(error)) => {
                        return Err(self.unusable(format!("cannot be reached ({error})"), NETWORK));
                    }
                    Err(_) => return Err(self.unusable("does not answer".to_owned(), NETWORK)),
                };
                // Small frames at once; without it the answer to the second of two waits for a timer.
                drop(line.set_nodelay(true));
                self.drain(&mut line).await?;
                Ok(if timed_coils {
                    tokio_modbus::client::tcp::attach_slave(Timed::new(line, Framing::Network), slave)
                } else {
                    tokio_modbus::client::tcp::attach_slave(line, slave)
                })
            }
        }
    }

    async fn drain(&self, line: &mut (impl AsyncReadExt + Unpin)) -> Result<(), BridgeError> {
        let opened = Instant::now();
        let mut late = [0; 256];
        loop {
            match timeout(QUIET, line.read(&mut late)).await {
                Err(_) => return Ok(()),
                Ok(Ok(0)) => return Err(self.unusable("was closed at the other end".to_owned(), GONE)),
                Ok(Ok(bytes)) => tracing::debug!(bytes, line = self.name(), "late bytes were thrown away"),
                Ok(Err(error)) => return Err(self.unusable(format!("cannot be read ({error})"), GONE)),
            }
            if Instant::now().saturating_duration_since(opened) > NEVER_QUIET {
                return Err(
                    self.unusable("is never silent".to_owned(), "look for a second master on the line")
                );
            }
        }
    }

    fn unusable(&self, problem: String, remedy: &'static str) -> BridgeError {
        BridgeError::Line { line: self.name().to_owned(), problem, remedy }
    }
}

fn serial<T>(gate: Gate<T>, slave: Slave, timed_coils: bool) -> Context
where
    T: AsyncRead + AsyncWrite + Debug + Unpin + Send + 'static,
{
    if timed_coils {
        tokio_modbus::client::rtu::attach_slave(Timed::new(gate, Framing::Serial), slave)
    } else {
        tokio_modbus::client::rtu::attach_slave(gate, slave)
    }
}

const NETWORK: &str = "check the gateway's power, its cable and amplifier.host";
const GONE: &str = "plug the adapter in; it is tried again";

/// Opens a serial port for this program alone.
pub(crate) fn open_serial(
    path: &str,
    baud: u32,
    parity: Parity,
    stop_bits: u8,
) -> Result<SerialStream, BridgeError> {
    let parity = match parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = if stop_bits == 2 { tokio_serial::StopBits::Two } else { tokio_serial::StopBits::One };
    let opened = tokio_serial::new(path, baud)
        .data_bits(tokio_serial::DataBits::Eight)
        .flow_control(tokio_serial::FlowControl::None)
        .parity(parity)
        .stop_bits(stop_bits)
        .exclusive(true)
        .open_native_async();
    let line = opened.map_err(|error| cannot_open(path, &error))?;
    // What arrived at another speed before.
    drop(line.clear(tokio_serial::ClearBuffer::Input));
    Ok(line)
}

fn cannot_open(path: &str, error: &tokio_serial::Error) -> BridgeError {
    let said = error.to_string();
    let (problem, remedy) = if said.contains("exclusive lock") || said.contains("busy") {
        ("is used by another program".to_owned(), "end that program: a line has one master")
    } else if matches!(error.kind(), tokio_serial::ErrorKind::Io(ErrorKind::PermissionDenied)) {
        (
            "may not be opened by this program".to_owned(),
            "put the user of the service into the group of the port, usually dialout",
        )
    } else if std::fs::metadata(path).is_err() {
        ("is not there".to_owned(), GONE)
    } else {
        (
            format!("cannot be opened ({said})"),
            "check amplifier.port; `ls /dev/serial/by-id` names the adapters",
        )
    };
    BridgeError::Line { line: path.to_owned(), problem, remedy }
}
