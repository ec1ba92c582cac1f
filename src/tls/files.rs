//! Keys and certificates as they lie on the disk: read, guarded, and asked what they say.

use super::Facts;
use crate::error::{Error, ErrorKind, Result};
use crate::ids;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use x509_cert::der::Decode;

/// A key with its certificate.
pub(super) struct Identity {
    /// The station's own certificate first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    /// Where the certificate lies, for whoever has to mend it.
    pub(super) file: PathBuf,
    /// Whether the station made it itself.
    pub(super) own: bool,
}

pub(super) fn unusable(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unacceptable, "tls_unusable", format!("TLS: {}: {why}", file.display()))
}

/// The certificate and key that somebody supplied. Their group may read the key: that is how others hand it over.
pub(super) fn supplied(cert: &Path, key: &Path) -> Result<Identity> {
    read(cert, key, 0o007, false)
}

/// A key and its certificate; the key must not have any of the `forbidden` bits of its mode.
pub(super) fn read(cert: &Path, key: &Path, forbidden: u32, own: bool) -> Result<Identity> {
    let key = read_key(key, forbidden)?;
    Ok(Identity { chain: certificates(cert)?, key, file: cert.to_owned(), own })
}

/// A private key that nobody else can read.
pub(super) fn read_key(file: &Path, forbidden: u32) -> Result<PrivateKeyDer<'static>> {
    let mode = std::fs::metadata(file)
        .map_err(|error| unusable(file, format!("{error}; name the key's file")))?
        .permissions()
        .mode();
    if mode & forbidden != 0 {
        return Err(unusable(
            file,
            format!(
                "others on this machine can read this private key (mode {:03o}); run chmod 600 on it, and make a new key if strangers could have read it",
                mode & 0o777
            ),
        ));
    }
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        unusable(file, format!("{error}; a private key in PEM is needed (\"BEGIN PRIVATE KEY\")"))
    })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |why: String| {
        unusable(file, format!("{why}; certificates in PEM are needed (\"BEGIN CERTIFICATE\")"))
    };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(found) }
}

/// The authorities whose certificates callers must show.
pub(super) fn authorities(file: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| {
            unusable(file, format!("{error}; name a file with your authority's certificate"))
        })?;
    }
    Ok(roots)
}

/// What an identity's certificate says.
pub(super) fn facts(identity: &Identity) -> Result<Facts> {
    let wrong = |why: String| unusable(&identity.file, format!("no certificate that can be read: {why}"));
    let first = identity.chain.first().ok_or_else(|| wrong("there is none".to_owned()))?;
    let parsed = x509_cert::Certificate::from_der(first).map_err(|error| wrong(error.to_string()))?;
    let until = parsed.tbs_certificate.validity.not_after.to_unix_duration();
    let not_after =
        i64::try_from(until.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok());
    let not_after = not_after.ok_or_else(|| wrong("it has no end".to_owned()))?;
    Ok(Facts {
        fingerprint: fingerprint(first),
        pin: key_pin(first).map_err(|error| wrong(error.to_string()))?,
        not_after,
        own: identity.own,
    })
}

/// From when on an identity's certificate is good.
pub(super) fn not_before(identity: &Identity) -> Option<Timestamp> {
    let parsed = x509_cert::Certificate::from_der(identity.chain.first()?).ok()?;
    let from = parsed.tbs_certificate.validity.not_before.to_unix_duration();
    Timestamp::from_second(i64::try_from(from.as_secs()).ok()?).ok()
}

/// SHA-256 of a certificate.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    ids::hex(&Sha256::digest(certificate.as_ref()))
}

/// SHA-256 of a certificate's public key.
pub(super) fn key_pin(certificate: &CertificateDer<'_>) -> std::result::Result<String, rustls::Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    Ok(ids::hex(&Sha256::digest(key.as_ref())))
}
