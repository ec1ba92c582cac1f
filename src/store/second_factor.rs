//! What a person's authenticator shares with the station, and which of its codes are over.

use super::{Store, col, nanos, storage};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use zeroize::Zeroizing;

const FIND: &str =
    "SELECT secret, confirmed_at IS NOT NULL, used FROM second_factors WHERE identity = :identity";
/// Another one takes the place of one that was never confirmed, and of no other.
const BEGIN: &str =
    "INSERT INTO second_factors (identity, secret, made_at) VALUES (:identity, :secret, :at)
    ON CONFLICT (identity) DO UPDATE SET secret = :secret, made_at = :at, used = NULL WHERE confirmed_at IS NULL";
const USE: &str =
    "UPDATE second_factors SET used = :step WHERE identity = :identity AND (used IS NULL OR used < :step)";
const CONFIRM: &str =
    "UPDATE second_factors SET confirmed_at = :at WHERE identity = :identity AND confirmed_at IS NULL";
const REMOVE: &str = "DELETE FROM second_factors WHERE identity = :identity";

/// A person's second factor.
pub struct SecondFactor {
    /// What codes are made from.
    pub secret: Zeroizing<Vec<u8>>,
    /// Whether a code was shown: from then on one is asked for.
    pub confirmed: bool,
    /// The newest time step whose code was taken.
    pub used: Option<i64>,
}

impl Store {
    /// A person's second factor, confirmed or not.
    pub fn second_factor(&self, identity: &str) -> Result<Option<SecondFactor>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(FIND).map_err(storage)?;
            let found = statement.query_row(named_params! { ":identity": identity }, |row| {
                Ok((|| {
                    Ok(SecondFactor {
                        secret: Zeroizing::new(col(row, 0)?),
                        confirmed: col(row, 1)?,
                        used: col(row, 2)?,
                    })
                })())
            });
            found.optional().map_err(storage)?.transpose()
        })
    }

    /// Keeps a secret that is not confirmed yet.
    ///
    /// # Errors
    /// `second_factor_exists` where one is in use.
    pub fn begin_second_factor(&self, identity: &str, secret: &[u8], at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let parameters = named_params! { ":identity": identity, ":secret": secret, ":at": nanos(at) };
            if transaction.execute(BEGIN, parameters).map_err(storage)? == 1 {
                return Ok(());
            }
            Err(exists())
        })
    }

    /// Takes the code of a time step, once: it and all before it are over. Whether it was taken.
    pub fn use_code(&self, identity: &str, step: i64) -> Result<bool> {
        self.write(|transaction| take(transaction, identity, step))
    }

    /// Takes the first code: from now on one is asked for. With its row in the airing log. Whether it was taken.
    ///
    /// # Errors
    /// `second_factor_exists` where one is in use.
    pub fn confirm_second_factor(&self, identity: &str, step: i64, at: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let parameters = named_params! { ":identity": identity, ":at": nanos(at) };
            if transaction.execute(CONFIRM, parameters).map_err(storage)? != 1 {
                return Err(exists());
            }
            let body = serde_json::json!({ "what": "second_factor_set_up", "id": identity, "by": identity });
            super::chain::append(transaction, at, "access", &body)?;
            take(transaction, identity, step)
        })
    }
}

fn take(connection: &Connection, identity: &str, step: i64) -> Result<bool> {
    let changed =
        connection.execute(USE, named_params! { ":identity": identity, ":step": step }).map_err(storage)?;
    Ok(changed == 1)
}

/// Takes a person's second factor away.
pub(super) fn remove(connection: &Connection, identity: &str) -> Result<()> {
    connection.execute(REMOVE, named_params! { ":identity": identity }).map_err(storage)?;
    Ok(())
}

fn exists() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "second_factor_exists",
        "you have a second factor already; an administrator can take it away (PUT /api/v1/people/{id}), then set up another",
    )
    .vi("Bạn đã bật xác thực hai lớp; nhờ người quản trị gỡ bỏ rồi thiết lập lại.")
}
