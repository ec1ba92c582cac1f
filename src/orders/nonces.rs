//! Fresh numbers for emergencies: random, for five minutes, for one order, and gone when the station starts anew. Whoever
//! recorded an order of yesterday cannot have signed one of them.

use crate::error::Result;
use crate::ids;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// For how long a number is good.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);
/// So many are good at a time; each caller may have a few.
const MOST: usize = 256;
const EACH: usize = 8;

/// A number that was given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    nonce: String,
    caller: String,
    /// Monotonic.
    until: Duration,
}

/// Those that are good.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<VecDeque<Given>>);

impl Nonces {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Given>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one; of one caller the oldest goes for it, so that nobody takes those of others.
    pub(super) fn give(&self, caller: &str, now: Duration) -> Result<String> {
        let nonce = ids::hex(&ids::random::<16>()?);
        let mut given = self.lock();
        given.retain(|it| now < it.until);
        let own = given.iter().filter(|it| it.caller == caller).count();
        let first = given.iter().position(|it| own < EACH || it.caller == caller);
        if own >= EACH || given.len() >= MOST {
            first.map(|at| given.remove(at));
        }
        given.push_back(Given { nonce: nonce.clone(), caller: caller.to_owned(), until: now + NONCE_LIFE });
        Ok(nonce)
    }

    /// Takes one that is good; it is good no more.
    pub(super) fn take(&self, nonce: &str, now: Duration) -> Option<Given> {
        let mut given = self.lock();
        let at = given.iter().position(|it| it.nonce == nonce && now < it.until)?;
        given.remove(at)
    }

    /// Gives one back for which nothing was kept.
    pub(super) fn put_back(&self, nonce: Given) {
        self.lock().push_back(nonce);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_good_once_and_for_a_while() {
        let (nonces, begun) = (Nonces::default(), Duration::from_secs(1_000));
        let one = nonces.give("a", begun).unwrap();
        assert_eq!(one.len(), 32);
        assert!(nonces.take("0", begun).is_none());
        let taken = nonces.take(&one, begun).unwrap();
        assert!(nonces.take(&one, begun).is_none());
        nonces.put_back(taken);
        assert!(nonces.take(&one, begun + NONCE_LIFE).is_none(), "too late");
        assert!(nonces.take(&one, begun + NONCE_LIFE - Duration::from_secs(1)).is_some());
    }

    #[test]
    fn who_asks_for_many_takes_their_own() {
        let (nonces, now) = (Nonces::default(), Duration::ZERO);
        let mine = nonces.give("a", now).unwrap();
        let others: Vec<String> = (0..100).map(|_| nonces.give("b", now).unwrap()).collect();
        assert_eq!(nonces.lock().len(), 1 + EACH);
        assert!(nonces.take(&mine, now).is_some());
        assert!(nonces.take(&others[91], now).is_none() && nonces.take(&others[99], now).is_some());
        for caller in 0..1_000 {
            nonces.give(&caller.to_string(), now).unwrap();
        }
        assert_eq!(nonces.lock().len(), MOST);
    }
}
