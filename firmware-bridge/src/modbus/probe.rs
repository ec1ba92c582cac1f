//! Looking for a board at the serial ports of this computer. Only reads are sent, never a write.

use std::time::Duration;

use tokio_modbus::{Request, Response};

use super::{line::Line, port::Port};
use crate::{
    BridgeError, Parity, Profile,
    registers::{FIRMWARE, MODEL, MODEL_ID, PROTOCOL},
};

/// How and where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSettings {
    /// The ports; empty: every serial port of this computer.
    pub ports: Vec<String>,
    /// The speeds that are tried, in bits a second.
    pub bauds: Vec<u32>,
    /// The addresses that are tried.
    pub addresses: Vec<u8>,
    /// How long one answer is waited for.
    pub answer_limit: Duration,
    /// The whole search ends by then.
    pub total_limit: Duration,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self {
            ports: Vec::new(),
            bauds: vec![19_200, 9_600, 115_200, 38_400, 57_600, 4_800],
            addresses: vec![1, 2, 3],
            answer_limit: Duration::from_millis(200),
            total_limit: Duration::from_secs(60),
        }
    }
}

/// What the search came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probed {
    /// The serial ports that were looked at.
    pub ports: Vec<String>,
    /// What answered.
    pub found: Vec<Found>,
    /// Ports that could not be used, each with the reason and a remedy.
    pub problems: Vec<BridgeError>,
    /// Time ran out before everything was tried.
    pub incomplete: bool,
}

/// A board that answered, and what to write for it into `[amplifier]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `port`.
    pub port: String,
    /// `baud`.
    pub baud: u32,
    /// `address`.
    pub address: u8,
    /// `profile`.
    pub profile: Profile,
    /// The version of its program, where it says.
    pub firmware: Option<String>,
}

impl Found {
    /// The lines for the configuration, zones left to the technician.
    pub fn configuration(&self) -> String {
        let Self { port, baud, address, profile, .. } = self;
        let dead_man = match profile {
            Profile::LoaxaController => "",
            // reading alone does not tell whose board it is
            _ => {
                "# nothing switches this board off when the computer dies, unless it has flash-on: by Waveshare, write profile = \
                 \"waveshare-8\" and see dead_man_ms in docs/bridge.md\n"
            }
        };
        format!(
            "[amplifier]\ndriver = \"modbus-rtu\"\nport = {port:?}\nbaud = {baud}\naddress = {address}\nprofile = \"{}\"\nzones = {{ \"thon-1\" = 1 }}\n{dead_man}",
            profile.name()
        )
    }
}

/// Looks for boards; see [`ProbeSettings`]. Sends reads only. A port that another program holds is left alone and
/// listed among the problems. Ends within `total_limit`; at the first board that answers on a port it goes on to the
/// next port.
pub async fn probe(settings: &ProbeSettings) -> Probed {
    let ports = if settings.ports.is_empty() { serial_ports() } else { settings.ports.clone() };
    let mut probed = Probed { ports, ..Probed::default() };
    let search = async {
        for path in probed.ports.clone() {
            match look(settings, &path).await {
                Ok(found) => probed.found.extend(found),
                // Linux lists built-in ports that no computer has, and says so only when they are opened.
                Err(_) if settings.ports.is_empty() && path.starts_with("/dev/ttyS") => {}
                Err(problem) => probed.problems.push(problem),
            }
        }
    };
    let incomplete = tokio::time::timeout(settings.total_limit, search).await.is_err();
    probed.incomplete = incomplete;
    probed
}

/// Serial ports that may have an adapter behind them: those by name first, since their names stay.
fn serial_ports() -> Vec<String> {
    let listed = |folder: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let mut named = listed("/dev/serial/by-id");
    let known: Vec<_> = named.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let adapters = ["ttyUSB", "ttyACM", "ttyAMA", "ttyS"];
    let is_adapter = |path: &std::path::PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        adapters.iter().any(|adapter| name.starts_with(adapter))
    };
    named.extend(listed("/dev").into_iter().filter(|path| is_adapter(path) && !known.contains(path)));
    named.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

async fn look(settings: &ProbeSettings, path: &str) -> Result<Option<Found>, BridgeError> {
    for baud in &settings.bauds {
        for address in &settings.addresses {
            let port =
                Port::Serial { path: path.to_owned(), baud: *baud, parity: Parity::None, stop_bits: 1 };
            // Functions that are not asked for below.
            let mut line = Line::new(port, *address, settings.answer_limit, &[]);
            if let Some((profile, firmware)) = recognise(&mut line).await? {
                return Ok(Some(Found {
                    port: path.to_owned(),
                    baud: *baud,
                    address: *address,
                    profile,
                    firmware,
                }));
            }
        }
    }
    Ok(None)
}

/// Who answers, by reading alone; `None`: nobody that is known.
async fn recognise(line: &mut Line) -> Result<Option<(Profile, Option<String>)>, BridgeError> {
    match line.once("who are you", Request::ReadInputRegisters(PROTOCOL.address, 3)).await {
        Ok(Response::ReadInputRegisters(words))
            if words.get(usize::from(MODEL.address)) == Some(&MODEL_ID) =>
        {
            let firmware =
                words.get(usize::from(FIRMWARE.address)).copied().unwrap_or_default().to_be_bytes();
            return Ok(Some((Profile::LoaxaController, Some(format!("{}.{}", firmware[0], firmware[1])))));
        }
        // Something is there; or a board that does not answer functions unknown to it.
        Ok(_) | Err(BridgeError::Refused(_) | BridgeError::NoAnswer { .. }) => {}
        Err(error) => return Err(error),
    }
    match line.once("read coils", Request::ReadCoils(0, 8)).await {
        Ok(Response::ReadCoils(_)) => Ok(Some((Profile::Relay8, None))),
        Ok(_) | Err(BridgeError::Refused(_) | BridgeError::NoAnswer { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
