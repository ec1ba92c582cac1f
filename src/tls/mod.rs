//! TLS without an authority: a key and a certificate that the station makes itself and its callers pin, or a
//! certificate of one's own.
//!
//! `own` makes and renews, `files` reads and guards, `pin` is what callers compare. rustls does the rest.

mod files;
mod own;
mod pin;

pub use pin::{Pin, Trust, client, refusal};

use crate::clock::Now;
use crate::config::{Tls, TlsVersion, Web};
use crate::error::{Error, Result};
use files::Identity;
use jiff::Timestamp;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// What callers of this station may know of its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// SHA-256 of the certificate, lower-case hexadecimal: what a browser shows. Another one after each renewal.
    pub fingerprint: String,
    /// SHA-256 of the public key (its `SubjectPublicKeyInfo`), lower-case hexadecimal. The same as long as the key.
    pub pin: String,
    /// The certificate is good until then.
    pub not_after: Timestamp,
    /// Whether the station made it itself.
    pub own: bool,
}

/// The station's side of TLS.
pub struct Server {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    settings: Tls,
    web: Web,
    data: PathBuf,
}

/// The certificate that is shown now; a renewed one takes its place without a restart.
#[derive(Debug)]
struct Current(RwLock<(Arc<CertifiedKey>, Facts)>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

impl Server {
    /// Opens the configured certificate, or makes the station's own where there is none or it must be renewed; None
    /// without `[web] tls`.
    ///
    /// # Errors
    /// Names the file, what is wrong with it, and the remedy.
    pub fn open(web: &Web, data: &Path, now: Now) -> Result<Option<Self>> {
        let Some(settings) = web.tls.clone() else {
            return Ok(None);
        };
        let identity = identity(&settings, web, data, now)?;
        let current = Arc::new(Current(RwLock::new(certified(identity)?)));
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(settings.min_version))
            .map_err(|error| Error::internal(format!("TLS: {error}")))?;
        let builder = match &settings.client_ca_file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots = Arc::new(files::authorities(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                    .build()
                    .map_err(|error| {
                        files::unusable(
                            file,
                            format!("{error}; name a file with your authority's certificate"),
                        )
                    })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self {
            config: Arc::new(config),
            current,
            settings,
            web: web.clone(),
            data: data.to_owned(),
        }))
    }

    /// What rustls needs for a connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What is shown now.
    pub fn facts(&self) -> Facts {
        self.current.0.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Reads the files again: what somebody exchanged, or what the station renewed, is shown from the next connection
    /// on. True when it is another certificate. Blocks on the disk.
    ///
    /// # Errors
    /// As `open`; the certificate that is shown stays.
    pub fn refresh(&self, now: Now) -> Result<bool> {
        let next = certified(identity(&self.settings, &self.web, &self.data, now)?)?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        let other = current.1 != next.1;
        if other {
            *current = next;
        }
        Ok(other)
    }
}

/// What a station's certificate says of itself, nothing made and nothing renewed; None where there is none yet.
///
/// # Errors
/// As `Server::open`.
pub fn look(web: &Web, data: &Path) -> Result<Option<Facts>> {
    let Some(settings) = &web.tls else {
        return Ok(None);
    };
    let identity = match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => Some(files::supplied(cert, key)?),
        _ => own::existing(data)?,
    };
    identity.map(|identity| certified(identity).map(|(_, facts)| facts)).transpose()
}

fn identity(settings: &Tls, web: &Web, data: &Path, now: Now) -> Result<Identity> {
    match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => files::supplied(cert, key),
        _ => own::current(data, &own::names(settings, web.listen.ip()), now),
    }
}

/// The key with its certificate, when they belong together.
fn certified(identity: Identity) -> Result<(Arc<CertifiedKey>, Facts)> {
    let facts = files::facts(&identity)?;
    let key = CertifiedKey::from_der(identity.chain, identity.key, &provider()).map_err(|error| {
        files::unusable(
            &identity.file,
            format!("it does not belong to its key, or the key cannot be used ({error}); name a certificate and its own key"),
        )
    })?;
    Ok((Arc::new(key), facts))
}

/// ring: a C compiler is all that it needs, also on 32-bit ARM, where aws-lc-rs asks for cmake and bindgen.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn versions(oldest: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static NEWEST: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
    static BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];
    match oldest {
        TlsVersion::V1_2 => &BOTH,
        TlsVersion::V1_3 => &NEWEST,
    }
}

/// A host name or an address, as certificates name them; None of anything else.
pub fn name(text: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(text.to_owned()).ok()
}

#[cfg(test)]
mod tests;
