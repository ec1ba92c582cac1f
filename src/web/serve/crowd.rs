//! Who is connected, and who goes when there is no room: never somebody who is being served, and the newcomer last.

use super::pulse::Pulse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Nobody gives the place away before there was time to ask.
const CHANCE: Duration = Duration::from_millis(50);

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Crowd {
    total: usize,
    per_address: usize,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    there: HashMap<u64, (IpAddr, Arc<Pulse>)>,
}

/// A place among the connections; free when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    crowd: Arc<Crowd>,
    pub(super) pulse: Arc<Pulse>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.members().there.remove(&self.number);
    }
}

/// What became of a newcomer.
#[derive(Debug)]
pub(super) enum Entry {
    /// There is a place.
    In(Place),
    /// One will be free then, if not before.
    Wait(Instant),
    /// Everybody is being served, or the address has all that it may have.
    Full,
}

impl Crowd {
    pub(super) fn new(total: usize, per_address: usize) -> Arc<Self> {
        Arc::new(Self { total, per_address, members: Mutex::default() })
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are connected.
    pub(super) fn count(&self) -> usize {
        self.members().there.len()
    }

    /// Lets a newcomer in, instead of the one that has waited longest where it is full: of the same address where that
    /// has its share.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Entry {
        let network = network(address);
        let mut members = self.members();
        if !network.is_loopback() {
            let same = |it: &IpAddr| *it == network;
            let count = members.there.values().filter(|(it, _)| same(it)).count();
            if count >= self.per_address && !members.displace(same) {
                return Entry::Full;
            }
        }
        if members.there.len() >= self.total {
            match members.longest(|_| true) {
                None => return Entry::Full,
                Some((_, since)) if now < since + CHANCE => return Entry::Wait(since + CHANCE),
                Some(_) if !members.displace(|_| true) => return Entry::Full,
                Some(_) => {}
            }
        }
        let number = members.next;
        members.next += 1;
        let pulse = Arc::new(Pulse::new());
        members.there.insert(number, (network, Arc::clone(&pulse)));
        Entry::In(Place { number, crowd: Arc::clone(self), pulse })
    }
}

impl Members {
    /// Who has waited longest, among these addresses, and since when.
    fn longest(&self, of: impl Fn(&IpAddr) -> bool) -> Option<(u64, Instant)> {
        let waiting = self.there.iter().filter(|(_, (address, _))| of(address));
        let waiting = waiting.filter_map(|(number, (_, pulse))| Some((*number, pulse.waiting_since()?)));
        waiting.min_by_key(|(number, since)| (*since, *number))
    }

    fn displace(&mut self, of: impl Fn(&IpAddr) -> bool) -> bool {
        while let Some((number, _)) = self.longest(&of) {
            let gone = self.there.get(&number).is_some_and(|(_, pulse)| pulse.displace());
            if gone {
                self.there.remove(&number);
                return true;
            }
        }
        false
    }
}

/// What counts as one address: whoever has an IPv6 address has 2^64 of them.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(crowd: &Arc<Crowd>, address: &str) -> Option<Place> {
        match crowd.enter(address.parse().unwrap(), Instant::now()) {
            Entry::In(place) => Some(place),
            Entry::Wait(_) | Entry::Full => None,
        }
    }

    async fn later() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_newcomer_takes_the_place_of_who_waited_longest() {
        let crowd = Crowd::new(3, 3);
        let first = enter(&crowd, "127.0.0.1").unwrap();
        later().await;
        let second = enter(&crowd, "127.0.0.1").unwrap();
        first.pulse.served();
        let _third = enter(&crowd, "127.0.0.1").unwrap();
        later().await;
        let _fourth = enter(&crowd, "127.0.0.1").unwrap();
        assert!(first.pulse.waiting_since().is_none(), "who is served stays");
        assert_eq!(second.pulse.over().await, super::super::pulse::Close::Displaced);
        assert_eq!(crowd.count(), 3);
        drop(second);
        assert_eq!(crowd.count(), 3, "a place is given back once");
        drop(first);
        assert_eq!(crowd.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_has_a_chance_to_ask() {
        let crowd = Crowd::new(1, 1);
        let _first = enter(&crowd, "127.0.0.1").unwrap();
        let Entry::Wait(until) = crowd.enter("127.0.0.1".parse().unwrap(), Instant::now()) else {
            panic!("it must wait");
        };
        assert_eq!(until, Instant::now() + CHANCE);
        tokio::time::sleep_until(until).await;
        assert!(enter(&crowd, "127.0.0.1").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_is_served_goes() {
        let crowd = Crowd::new(1, 1);
        let first = enter(&crowd, "127.0.0.1").unwrap();
        first.pulse.served();
        later().await;
        assert!(matches!(crowd.enter("127.0.0.1".parse().unwrap(), Instant::now()), Entry::Full));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_takes_no_more_than_its_share() {
        let crowd = Crowd::new(10, 2);
        let other = enter(&crowd, "192.168.1.7").unwrap();
        later().await;
        let mine = [enter(&crowd, "192.168.1.8").unwrap(), enter(&crowd, "192.168.1.8").unwrap()];
        let _third = enter(&crowd, "192.168.1.8").unwrap();
        assert_eq!(crowd.count(), 3);
        assert!(other.pulse.waiting_since().is_some(), "nobody else pays for it");
        assert!(mine.iter().any(|place| place.pulse.waiting_since().is_none()));
        // one network, many addresses
        let places: Vec<_> = (1..=5).filter_map(|host| enter(&crowd, &format!("2001:db8::{host}"))).collect();
        assert_eq!((places.len(), crowd.count()), (5, 5));
        places.iter().for_each(|place| place.pulse.served());
        assert!(matches!(crowd.enter("2001:db8::9".parse().unwrap(), Instant::now()), Entry::Full));
        // through loopback a proxy speaks for everybody
        let many: Vec<_> = (0..4).filter_map(|_| enter(&crowd, "127.0.0.1")).collect();
        assert_eq!(many.len(), 4);
    }
}
