//! Wrong passwords slow down whoever types them, and nobody else.
//!
//! Each wrong password counts for the pair of name and address, and for the address. In a browser in which its person
//! logged in well before, it counts for that browser alone: whoever guesses at a name elsewhere delays its owner there only
//! where they never were. After some tries each next one waits twice as long, up to a bound; nothing is ever shut for good.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// What is counted for: a hash, because a name can be anything that somebody typed.
pub(super) type Key = [u8; 32];

/// After this time without a try, wrong ones are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// One kind of counters.
#[derive(Debug)]
struct Counters {
    /// So many wrong tries cost no time.
    free: u32,
    /// No wait is longer.
    longest: Duration,
    /// So many are kept; beyond, the one that was touched the longest ago is forgotten.
    most: usize,
    kept: HashMap<Key, Counter>,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    wrong: u32,
    /// The next try may come then.
    until: Duration,
    last: Duration,
}

impl Counters {
    fn new(free: u32, longest: Duration, most: usize) -> Self {
        Self { free, longest, most, kept: HashMap::new() }
    }

    fn wait(&self, key: &Key, now: Duration) -> Option<Duration> {
        let counter = self.kept.get(key)?;
        counter.until.checked_sub(now).filter(|left| !left.is_zero())
    }

    fn wrong(&mut self, key: Key, now: Duration) {
        let forgotten = |counter: &Counter| now >= counter.until.max(counter.last) + FORGOTTEN;
        if self.kept.len() >= self.most && !self.kept.contains_key(&key) {
            self.kept.retain(|_, counter| !forgotten(counter));
            if self.kept.len() >= self.most {
                let oldest = self.kept.iter().min_by_key(|(_, counter)| counter.last).map(|(key, _)| *key);
                oldest.and_then(|key| self.kept.remove(&key));
            }
        }
        let fresh = Counter { wrong: 0, until: now, last: now };
        let counter = self.kept.entry(key).or_insert(fresh);
        if forgotten(counter) {
            *counter = fresh;
        }
        counter.wrong = counter.wrong.saturating_add(1);
        counter.last = now;
        if let Some(doublings) = counter.wrong.checked_sub(self.free) {
            let seconds = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
            counter.until = now + Duration::from_secs(seconds).min(self.longest);
        }
    }
}

/// Where somebody tries to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// What alone is counted for: the pair of name and address, or the known browser.
    pub(super) own: Key,
    /// The address, for whoever is not known there.
    pub(super) address: Option<Key>,
}

impl Place {
    /// A browser in which this person logged in well before, by the hash of its cookie.
    pub(super) fn known(person: &str, browser: &str) -> Self {
        Self { own: key(&["browser", person, browser]), address: None }
    }

    /// Anybody else.
    pub(super) fn strange(name: &str, address: IpAddr) -> Self {
        let address = net(address);
        Self { own: key(&["pair", name, &address]), address: Some(key(&["address", &address])) }
    }

    /// A session whose holder says the password again.
    pub(super) fn session(hash: &str) -> Self {
        Self { own: key(&["session", hash]), address: None }
    }
}

fn key(parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The address; of an IPv6 address the half that a provider gives out, for the rest is free to choose.
pub(super) fn net(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Who typed how many wrong passwords. Time is monotonic.
#[derive(Debug)]
pub(super) struct Attempts {
    own: Counters,
    addresses: Counters,
}

impl Default for Attempts {
    fn default() -> Self {
        // some hundred kilobytes at most; an office behind one address has room for everybody's slips
        Self {
            own: Counters::new(5, Duration::from_secs(15 * 60), 4096),
            addresses: Counters::new(20, Duration::from_secs(60), 1024),
        }
    }
}

impl Attempts {
    /// How long the next try from there must wait. `None` when it may come now.
    pub(super) fn wait(&self, place: &Place, now: Duration) -> Option<Duration> {
        let address = place.address.and_then(|address| self.addresses.wait(&address, now));
        self.own.wait(&place.own, now).max(address)
    }

    /// A wrong password came from there.
    pub(super) fn wrong(&mut self, place: &Place, now: Duration) {
        self.own.wrong(place.own, now);
        if let Some(address) = place.address {
            self.addresses.wrong(address, now);
        }
    }

    /// The right one came. What the address is guilty of stays: whoever has an account could clear it for others.
    pub(super) fn right(&mut self, place: &Place) {
        self.own.kept.remove(&place.own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn waits_grow_to_a_bound_and_are_forgotten() {
        let (mut attempts, place, mut now) =
            (Attempts::default(), Place::strange("lan", address(1)), seconds(9));
        let mut waits = Vec::new();
        for _ in 0..18 {
            attempts.wrong(&place, now);
            let wait = attempts.wait(&place, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(attempts.wait(&place, now), None, "a try is let through when the wait is over");
        }
        assert_eq!(waits[..9], [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(*waits.iter().max().unwrap(), 15 * 60);
        now += FORGOTTEN + seconds(1);
        attempts.wrong(&Place::strange("another", address(2)), now);
        attempts.wrong(&place, now);
        assert_eq!(attempts.wait(&place, now), None, "forgotten: the first try again");
    }

    #[test]
    fn whoever_guesses_at_a_name_delays_nobody_elsewhere() {
        let (mut attempts, now) = (Attempts::default(), seconds(9));
        for _ in 0..1000 {
            attempts.wrong(&Place::strange("lan", address(1)), now);
        }
        let wait = |place: Place| attempts.wait(&place, now);
        assert!(wait(Place::strange("lan", address(1))).is_some());
        assert!(wait(Place::strange("minh", address(1))).is_some(), "the address itself waits too");
        assert_eq!(wait(Place::strange("lan", address(2))), None);
        assert_eq!(wait(Place::known("lan", "her browser")), None, "even at the guesser's own address");
        assert_eq!(wait(Place::session("her session")), None);
    }

    #[test]
    fn one_address_with_many_names_waits_a_minute_at_most() {
        let (mut attempts, now) = (Attempts::default(), seconds(9));
        for name in 0..100 {
            attempts.wrong(&Place::strange(&name.to_string(), address(1)), now);
        }
        assert_eq!(attempts.wait(&Place::strange("anybody", address(1)), now), Some(seconds(60)));
        let six = |text: &str| Place::strange("x", text.parse::<Ipv6Addr>().unwrap().into());
        assert_eq!(six("2001:db8::1"), six("2001:db8::ffff:2"), "one customer, one address");
        assert_ne!(six("2001:db8::1"), six("2001:db8:0:1::1"));
        assert_eq!(six("::ffff:10.0.0.1"), Place::strange("x", address(1)));
    }

    #[test]
    fn the_right_password_clears_its_own_and_not_the_address() {
        let (mut attempts, now) = (Attempts::default(), seconds(9));
        let place = Place::strange("lan", address(1));
        for _ in 0..30 {
            attempts.wrong(&place, now);
        }
        attempts.right(&place);
        assert_eq!(attempts.wait(&place, now), Some(seconds(60)), "the address");
        assert_eq!(attempts.wait(&Place { address: None, ..place }, now), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut attempts, now) = (Attempts::default(), seconds(9));
        for n in 0..6_000_u32 {
            attempts.wrong(
                &Place::strange(&n.to_string(), Ipv4Addr::from(n).into()),
                now + Duration::from_millis(n.into()),
            );
        }
        assert_eq!((attempts.own.kept.len(), attempts.addresses.kept.len()), (4096, 1024));
    }
}
