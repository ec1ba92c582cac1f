//! The key and the certificate that the station makes itself.
//!
//! The key is made once and kept: its pin is what callers hold on to. Certificates come and go around it: another one is
//! made before the old one ends, or when a name is missing in it.

use super::files::{self, Identity};
use crate::clock::Now;
use crate::config::Tls;
use crate::error::{Error, Result};
use crate::ids;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber};
use rustls::server::ParsedCertificate;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A certificate that the station makes is good for so many years: nobody climbs the hill to renew one.
const YEARS: i64 = 10;
/// So long before its end another one is made.
const RENEW: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Nothing is good from an earlier day on: a board whose clock stands at 1970 when it is switched on first must not
/// make a certificate that is over when the clock is set.
const EARLIEST: Date = jiff::civil::date(2026, 1, 1);
/// Nobody else may read it.
const KEY_MODE: u32 = 0o600;

fn folder(data: &Path) -> PathBuf {
    data.join("tls")
}

fn key_file(data: &Path) -> PathBuf {
    folder(data).join("key.pem")
}

fn cert_file(data: &Path) -> PathBuf {
    folder(data).join("certificate.pem")
}

/// Names that a certificate must have, and such as are good to have when one is made.
pub(super) struct Names {
    must: BTreeSet<String>,
    may: BTreeSet<String>,
}

/// What this station is called: its host's name, `localhost`, where it listens, and what the configuration adds.
pub(super) fn names(settings: &Tls, listen: IpAddr) -> Names {
    let mut must: BTreeSet<String> = settings.names.iter().cloned().collect();
    let mut may = BTreeSet::new();
    must.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let machine = rustix::system::uname();
    let host = machine.nodename().to_string_lossy().to_lowercase();
    if super::name(&host).is_some() {
        may.extend((!host.contains('.')).then(|| format!("{host}.local")));
        must.insert(host);
    }
    if listen.is_unspecified() {
        // the address may change with every lease: no reason for another certificate
        may.extend(["192.0.2.1:9", "[2001:db8::1]:9"].into_iter().filter_map(outward));
    } else {
        must.insert(listen.to_string());
    }
    Names { must, may }
}

/// The address from which this machine would speak to that one. Nothing is sent.
fn outward(to: &str) -> Option<String> {
    let any = if to.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(to).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then(|| address.to_string())
}

/// What was made before; None on a new station.
pub(super) fn existing(data: &Path) -> Result<Option<Identity>> {
    if !key_file(data).exists() || !cert_file(data).exists() {
        return Ok(None);
    }
    files::read(&cert_file(data), &key_file(data), 0o077, true).map(Some)
}

/// What was made before, or, where it is missing, over or of other names, a new certificate. The key stays.
pub(super) fn current(data: &Path, names: &Names, now: Now) -> Result<Identity> {
    match existing(data)? {
        Some(identity) if good(&identity, names, now)? => Ok(identity),
        // a full disk must not close the station: an emergency has to come in
        Some(old) => make(data, names, now).or_else(|error| {
            tracing::error!(%error, "no other certificate could be made; the old one is shown");
            Ok(old)
        }),
        None => make(data, names, now),
    }
}

/// Whether a certificate serves on. A clock that nobody trusts ends none.
fn good(identity: &Identity, names: &Names, now: Now) -> Result<bool> {
    let facts = files::facts(identity)?;
    let begun = files::not_before(identity).is_some_and(|from| from <= now.wall);
    let in_time =
        !now.trusted || (begun && now.wall.saturating_add(RENEW).is_ok_and(|soon| soon < facts.not_after));
    let Some(Ok(parsed)) = identity.chain.first().map(ParsedCertificate::try_from) else {
        return Ok(false);
    };
    let named = |name: &String| {
        super::name(name).is_some_and(|name| rustls::client::verify_server_name(&parsed, &name).is_ok())
    };
    Ok(in_time && names.must.iter().all(named))
}

fn make(data: &Path, names: &Names, now: Now) -> Result<Identity> {
    let failed = |error: rcgen::Error| Error::internal(format!("a certificate could not be made: {error}"));
    let place = folder(data);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&place)
        .map_err(|error| Error::io(place.display(), &error))?;
    let key = if key_file(data).exists() {
        let known = files::read_key(&key_file(data), 0o077)?;
        KeyPair::try_from(&known).map_err(|error| {
            files::unusable(
                &key_file(data),
                format!("{error}; take it away and start again: a new key is made, with a new pin"),
            )
        })?
    } else {
        let key = KeyPair::generate().map_err(failed)?;
        write(&key_file(data), &key.serialize_pem(), KEY_MODE)?;
        key
    };
    let all: Vec<String> = names.must.union(&names.may).cloned().collect();
    let mut parameters = CertificateParams::new(all).map_err(failed)?;
    parameters.distinguished_name.push(DnType::CommonName, "Loaxa");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // browsers refuse two certificates of one issuer with the same number
    parameters.serial_number = Some(SerialNumber::from_slice(&serial()?));
    let (from, until) = validity(now);
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    let midnight =
        |day: Date| rcgen::date_time_ymd(i32::from(day.year()), part(day.month()), part(day.day()));
    parameters.not_before = midnight(from);
    parameters.not_after = midnight(until);
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    write(&cert_file(data), &certificate.pem(), 0o644)?;
    tracing::info!(file = %cert_file(data).display(), "a certificate was made");
    files::read(&cert_file(data), &key_file(data), 0o077, true)
}

/// A positive number of 127 bits.
fn serial() -> Result<[u8; 16]> {
    let mut serial = ids::random::<16>()?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

/// From the day before now, for callers whose clocks are late.
fn validity(now: Now) -> (Date, Date) {
    let today = if now.trusted { now.wall } else { Timestamp::UNIX_EPOCH };
    let today = today.to_zoned(TimeZone::UTC).date();
    let from = today.saturating_sub(1.day()).max(EARLIEST);
    (from, from.saturating_add(YEARS.years()))
}

/// Written aside, made durable, then put in place: a power cut leaves the old file or the new one.
fn write(file: &Path, text: &str, mode: u32) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(file.display(), &error);
    let aside = file.with_extension("new");
    let _ = std::fs::remove_file(&aside);
    let mut out =
        std::fs::OpenOptions::new().create_new(true).write(true).mode(mode).open(&aside).map_err(failed)?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
    std::fs::rename(&aside, file).map_err(failed)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}
