//! `[web]`: where page and API listen, how they are encrypted, and what one caller may take of the board.

use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The web endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Address and port. Beyond loopback only with `tls`.
    pub listen: SocketAddr,
    /// Encryption; None: plain HTTP, on loopback alone.
    pub tls: Option<Tls>,
    /// Connections at once; one more takes the place of the one that has been idle longest.
    pub connections: usize,
    /// Connections at once from one address (an IPv6 network of 64 bits counts as one). Loopback, where a proxy or a
    /// tunnel speaks for many, is bounded by `connections` alone.
    pub connections_per_address: usize,
    /// Changes a minute by one identity, and from one address; as many may come at once. Emergencies and STOP are not
    /// counted.
    pub writes_per_minute: u32,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            connections: 256,
            connections_per_address: 64,
            writes_per_minute: 600,
        }
    }
}

/// How the web endpoint is encrypted. Empty: with a key and a certificate that the station makes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Certificate chain in PEM, the station's own certificate first.
    pub cert_file: Option<PathBuf>,
    /// Its private key in PEM.
    pub key_file: Option<PathBuf>,
    /// Authorities in PEM; callers without a certificate from one of them are not let in.
    pub client_ca_file: Option<PathBuf>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// More names or addresses by which the station is reached, for the certificate that it makes itself.
    pub names: Vec<String>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum TlsVersion {
    /// RFC 5246, for callers that cannot speak newer.
    #[serde(rename = "1.2")]
    V1_2,
    /// RFC 8446.
    #[default]
    #[serde(rename = "1.3")]
    V1_3,
}

impl Web {
    /// Every rule that is broken, each with its remedy.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.listen.ip().is_loopback() && self.tls.is_none() {
            problems.push(format!(
                "web.listen = {} is not a loopback address, and plain HTTP is spoken on loopback only; write tls = {{}} in [web] to encrypt, or listen on 127.0.0.1",
                self.listen
            ));
        }
        if let Some(tls) = &self.tls {
            match (&tls.cert_file, &tls.key_file) {
                (Some(_), None) => {
                    problems.push("web.tls.cert_file needs web.tls.key_file; name both or neither".to_owned());
                }
                (None, Some(_)) => {
                    problems.push("web.tls.key_file needs web.tls.cert_file; name both or neither".to_owned());
                }
                (Some(_), Some(_)) if !tls.names.is_empty() => problems.push(
                    "web.tls.names is for the certificate that the station makes itself; take it out, your own names what it names"
                        .to_owned(),
                ),
                _ => {}
            }
            for name in &tls.names {
                if crate::tls::name(name).is_none() {
                    problems.push(format!(
                        "web.tls.names: {name:?} is neither a host name nor an address; write for instance \"loa-xa.lan\" or \"192.168.1.20\""
                    ));
                }
            }
        }
        if !(8..=10_000).contains(&self.connections) {
            problems.push("web.connections must lie between 8 and 10000; write 256".to_owned());
        }
        if !(4..=self.connections.max(4)).contains(&self.connections_per_address) {
            problems.push(
                "web.connections_per_address must lie between 4 and web.connections; write 64".to_owned(),
            );
        }
        if !(10..=1_000_000).contains(&self.writes_per_minute) {
            problems.push("web.writes_per_minute must lie between 10 and 1000000; write 600".to_owned());
        }
        problems
    }
}
