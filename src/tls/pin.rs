//! The caller's side: whom it trusts to be the station.

use super::{files, provider};
use crate::error::{Error, ErrorKind, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// SHA-256 of a station's public key, or of its certificate: 64 hexadecimal digits. Both are shown by the station; the
/// key's outlives renewals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(String);

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let plain = text.trim();
        let plain = plain
            .get(..7)
            .filter(|it| it.eq_ignore_ascii_case("sha256:"))
            .map_or(plain, |it| &plain[it.len()..]);
        let digits: String = plain.chars().filter(|&it| it != ':' && it != ' ').collect();
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(digits.to_ascii_lowercase()))
        } else {
            Err(format!(
                "{text:?} is no pin: 64 hexadecimal digits, as the station prints at its start, `loaxa doctor` and its page"
            ))
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a caller takes for the station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Whoever holds this key or certificate, whatever it is called and however old it is.
    Pinned(Pin),
    /// Whoever an authority of this machine vouches for.
    Authorities,
}

/// The configuration of a caller.
///
/// # Errors
/// When this machine has no authorities to ask.
pub fn client(trust: Trust) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(format!("TLS: {error}")))?;
    let mut config = match trust {
        Trust::Pinned(pin) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned { pin, provider: provider() }))
            .with_no_client_auth(),
        Trust::Authorities => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(Error::new(
                    ErrorKind::Unacceptable,
                    "no_authorities",
                    "this machine has no certificate authorities (package ca-certificates); install them, or give --pin",
                ));
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Lets in whoever proves to hold the pinned key; names and dates of the certificate say nothing then.
#[derive(Debug)]
struct Pinned {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

/// Somebody else answers than the one that was pinned.
#[derive(Debug, Clone)]
struct NotPinned {
    shown: String,
    pin: Pin,
}

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "who answers shows the key {}, and {} is pinned; read the pin at the station itself (`loaxa doctor`), and send nothing until it agrees",
            self.shown, self.pin
        )
    }
}

impl std::error::Error for NotPinned {}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let key = files::key_pin(end_entity)?;
        if key == self.pin.0 || files::fingerprint(end_entity) == self.pin.0 {
            return Ok(ServerCertVerified::assertion());
        }
        let other = NotPinned { shown: key, pin: self.pin.clone() };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(other)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why a handshake ended, when it ended over who answers: to be said, and not to be tried again.
pub fn refusal(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            Some(other.to_string())
        }
        rustls::Error::InvalidCertificate(why) => Some(format!(
            "the certificate of who answers is not to be trusted ({why}); for a station's own certificate give --pin with the value that the station prints"
        )),
        rustls::Error::AlertReceived(why) => Some(format!(
            "the station broke the handshake off ({why:?}); it may ask for a certificate of yours"
        )),
        _ => None,
    }
}
