//! What the daemon gives up of the machine before it opens a port: whoever takes it over writes nowhere but where the station's
//! own data lie, starts no other program (but the voice), and reaches no other TCP port. Where the kernel has Landlock; what it lacks is done
//! without and said. None of it can be taken back. The child that decodes gives up the rest (`loaxa_audio::child`).

use crate::config::{Config, OutputForm};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use loaxa_firmware_bridge::AmplifierSettings;
use std::fmt;
use std::path::{Path, PathBuf};

/// The newest version of Landlock that is asked for; an older kernel gives what it has.
const NEWEST: ABI = ABI::V6;
/// From this version on it knows networks.
const WITH_NETWORK: u32 = 4;

/// What every program of the machine may read: libraries, settings, time zones, devices, what the kernel says of itself.
const SYSTEM: [&str; 11] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/dev",
    "/proc",
    "/sys",
    "/run",
    "/var/lib/alsa",
    "/nix/store",
];
/// From where libraries are loaded. Programs lie elsewhere: no shell is among them.
const LOADER: [&str; 6] = ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store"];
/// What the libraries of sound look for in a person's own folder.
const SOUND_AT_HOME: [&str; 6] =
    [".asoundrc", ".config/alsa", ".config/pulse", ".config/pipewire", ".pulse", ".pulse-cookie"];
/// Where the environment sends those who look for sound, libraries and time zones: paths, some of them lists.
const NAMED_BY_ENVIRONMENT: [&str; 10] = [
    "ALSA_CONFIG_PATH",
    "ALSA_CONFIG_DIR",
    "ALSA_CONFIG_UCM",
    "ALSA_CONFIG_UCM2",
    "ALSA_PLUGIN_DIR",
    "LD_LIBRARY_PATH",
    "PULSE_CLIENTCONFIG",
    "PULSE_COOKIE",
    "PULSE_RUNTIME_PATH",
    "TZDIR",
];

/// What the daemon keeps.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// Read, with everything below.
    read: Vec<PathBuf>,
    /// Read, written, made, renamed and removed, with everything below.
    own: Vec<PathBuf>,
    /// Opened for writing, never made or removed: devices.
    devices: Vec<PathBuf>,
    /// Started, or loaded by what is started.
    execute: Vec<PathBuf>,
    /// TCP ports to listen on.
    listen: Vec<u16>,
    /// TCP ports of others. None: any, because nobody can say which.
    connect: Option<Vec<u16>>,
}

/// What really holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Landlock's version. `None`: the kernel has none, or the configuration said not to.
    pub landlock: Option<u32>,
    /// The configuration wants it.
    pub wanted: bool,
}

impl Held {
    /// Whether files outside are out of reach.
    #[must_use]
    pub fn files(self) -> bool {
        self.landlock.is_some()
    }

    /// Whether other TCP ports are out of reach.
    #[must_use]
    pub fn network(self) -> bool {
        self.landlock.is_some_and(|version| version >= WITH_NETWORK)
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            Some(version) if self.network() => write!(f, "Landlock {version} holds: files and TCP ports"),
            Some(version) => write!(f, "Landlock {version} holds: files; TCP ports need Linux 6.7"),
            None if !self.wanted => write!(f, "switched off in [confinement]"),
            None => {
                write!(f, "the kernel has no Landlock: only the systemd unit and file modes hold the daemon")
            }
        }
    }
}

impl Fence {
    /// What a station of this configuration needs.
    pub fn of(config: &Config, data: &Path) -> Self {
        let mut fence = Self { connect: Some(Vec::new()), ..Self::default() };
        fence.read.extend(SYSTEM.map(PathBuf::from));
        fence.execute.extend(LOADER.map(PathBuf::from));
        fence.execute.extend(std::env::current_exe());
        fence.own.push(data.to_owned());
        fence.devices.extend(["/dev/null", "/dev/tty"].map(PathBuf::from));
        fence.web(config);
        fence.sound(config);
        fence.amplifier(config);
        fence.speech(config);
        fence.own.extend(config.backup.folder.iter().cloned());
        fence.read.extend(config.confinement.also_read.iter().cloned());
        fence.own.extend(config.confinement.also_write.iter().cloned());
        fence
    }

    fn web(&mut self, config: &Config) {
        self.listen.push(config.web.listen.port());
        // a renewed certificate is another file of the same name
        let tls = config.web.tls.iter();
        let files = tls.flat_map(|tls| [&tls.cert_file, &tls.key_file, &tls.client_ca_file]).flatten();
        self.read.extend(files.filter_map(|file| folder_of(file)));
    }

    fn sound(&mut self, config: &Config) {
        let audio = &config.audio;
        let chimes = [&audio.chime.opening, &audio.chime.closing].into_iter().flatten();
        self.read.extend(chimes.map(PathBuf::from).filter(|path| path.is_absolute()));
        match audio.output {
            OutputForm::Null => {}
            // a full one is continued in another beside it
            OutputForm::Capture => self.own.extend(audio.capture_file.as_deref().and_then(folder_of)),
            OutputForm::Device => {
                // a card that is plugged in again is another file
                self.devices.push("/dev/snd".into());
                // the blocks that a sound server shares
                self.own.push("/dev/shm".into());
                let home = std::env::var_os("HOME").map(PathBuf::from);
                self.read.extend(home.iter().flat_map(|home| SOUND_AT_HOME.map(|name| home.join(name))));
                let server = std::env::var("PULSE_SERVER").unwrap_or_default();
                if server.contains("tcp") || server.contains('.') {
                    self.connect = None;
                }
            }
        }
        let named = NAMED_BY_ENVIRONMENT.into_iter().filter_map(std::env::var_os);
        self.read.extend(named.flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>()));
    }

    fn amplifier(&mut self, config: &Config) {
        match &config.amplifier.bridge {
            // an adapter that is plugged in again is another file, often of another number
            AmplifierSettings::ModbusRtu(line) => {
                self.devices.push("/dev".into());
                self.devices.extend(std::fs::canonicalize(&line.port).ok().as_deref().and_then(folder_of));
                self.read.extend(folder_of(Path::new(&line.port)));
            }
            AmplifierSettings::Gpio(_) => self.devices.push("/dev".into()),
            AmplifierSettings::ModbusTcp(line) => {
                let port = line.host.rsplit(':').next().and_then(|port| port.parse().ok());
                match (&mut self.connect, port) {
                    (Some(ports), Some(port)) => ports.push(port),
                    (connect, _) => *connect = None,
                }
            }
            AmplifierSettings::None | AmplifierSettings::Simulated(_) => {}
        }
    }

    fn speech(&mut self, config: &Config) {
        let speech = &config.speech;
        if let Some(program) = crate::speech::program(speech) {
            self.execute.push(program);
            self.execute.extend(speech.starts.iter().cloned());
            self.read.extend(speech.reads.iter().cloned());
        }
    }

    /// Gives up everything else, for this thread and all that it starts: to be called before there are others. A kernel that
    /// cannot is said to be so: a station airs without.
    pub fn raise(&self) -> Held {
        let landlock = self.restrict().unwrap_or_else(|error| {
            tracing::warn!(%error, "Landlock refused the daemon's fence");
            None
        });
        Held { landlock, wanted: true }
    }

    fn restrict(&self) -> Result<Option<u32>, RulesetError> {
        let look: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let all = AccessFs::from_all(NEWEST);
        let device = look | AccessFs::WriteFile | AccessFs::IoctlDev;
        // what lies in the data folder is data
        let own = all & !(AccessFs::Execute | AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::IoctlDev);
        let mut ports = BitFlags::from(AccessNet::BindTcp);
        if self.connect.is_some() {
            ports |= AccessNet::ConnectTcp;
        }
        let listen = self.listen.iter().map(|port| (*port, AccessNet::BindTcp));
        let connect = self.connect.iter().flatten().map(|port| (*port, AccessNet::ConnectTcp));
        let network =
            listen.chain(connect).map(|(port, access)| Ok::<_, RulesetError>(NetPort::new(port, access)));
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(ports)?
            .scope(Scope::Signal)?
            .create()?
            .add_rules(path_beneath_rules(&self.read, look))?
            .add_rules(path_beneath_rules(&self.execute, look | AccessFs::Execute))?
            .add_rules(path_beneath_rules(&self.devices, device))?
            .add_rules(path_beneath_rules(&self.own, own))?
            .add_rules(network)?
            .restrict_self()?;
        Ok(match status.landlock {
            LandlockStatus::Available { effective_abi, .. }
                if status.ruleset != RulesetStatus::NotEnforced =>
            {
                (1..=9)
                    .find(|&version| ABI::from(version) == effective_abi.min(NEWEST))
                    .map(i32::unsigned_abs)
            }
            _ => None,
        })
    }
}

/// Raises the fence of a station, as far as the kernel and the configuration let it.
pub fn raise(config: &Config, data: &Path) -> Held {
    if !config.confinement.landlock {
        tracing::warn!("the daemon is not confined: [confinement] landlock = false");
        return Held::default();
    }
    let held = Fence::of(config, data).raise();
    if held.files() {
        tracing::info!(%held, "the daemon is confined");
    } else {
        tracing::warn!(%held, "the daemon is not confined");
    }
    held
}

/// What would hold here, found out by a thread that ends at once.
pub fn probe() -> Held {
    let tried = std::thread::spawn(|| Fence::default().raise()).join();
    tried.unwrap_or(Held { landlock: None, wanted: true })
}

/// The folder of a file, made absolute.
fn folder_of(file: &Path) -> Option<PathBuf> {
    std::path::absolute(file).ok()?.parent().map(Path::to_owned)
}

#[cfg(test)]
#[path = "fence/tests.rs"]
mod tests;
