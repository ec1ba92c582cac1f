//! How many changes one identity, and one address, may make. What may save lives is never counted.

use super::crowd::network;
use crate::error::{Error, ErrorKind};
use hyper::Method;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// More buckets than this are looked through for such as are full again.
const MANY: usize = 4096;

/// Whose changes are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Identity(String),
    Address(IpAddr),
}

/// Counts changes; a bucket for each who makes some.
#[derive(Debug)]
pub(super) struct Rates {
    a_minute: f64,
    buckets: Mutex<HashMap<Who, Bucket>>,
}

/// Fills by itself, up to a minute's worth.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    pub(super) fn new(a_minute: u32) -> Self {
        Self { a_minute: f64::from(a_minute), buckets: Mutex::default() }
    }

    /// Counts one more change; how long to wait first when there were too many.
    pub(super) fn take(&self, who: Who, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| self.filled(bucket, now) < self.a_minute);
        }
        if buckets.len() >= 2 * MANY {
            // a crowd of addresses: nobody is remembered rather than everybody
            buckets.clear();
        }
        let bucket = buckets.entry(who).or_insert(Bucket { left: self.a_minute, at: now });
        let left = self.filled(bucket, now);
        *bucket = Bucket { left, at: now };
        if left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left) * 60.0 / self.a_minute));
        }
        bucket.left -= 1.0;
        Ok(())
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.left + since * self.a_minute / 60.0).min(self.a_minute)
    }
}

/// Whether a request is a change that counts. Emergencies, STOP, its release and a dark amplifier never wait; logging in
/// is bounded where passwords are checked; the pieces of an upload were counted when it was begun.
pub(super) fn counts(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let urgent = ["/stop", "/resume", "/amplifier/off", "/session"].contains(&path)
        || path == "/emergency"
        || path.starts_with("/emergency/");
    let piece = *method == Method::PATCH && path.starts_with("/uploads/");
    !reads && !urgent && !piece
}

/// The address that is counted; None for loopback, where a proxy or a tunnel speaks for many.
pub(super) fn counted(address: IpAddr) -> Option<Who> {
    let network = network(address);
    (!network.is_loopback()).then_some(Who::Address(network))
}

/// Too many changes.
pub(super) fn refused(wait: Duration) -> Error {
    let seconds = wait.as_secs() + 1;
    let error = Error::new(
        ErrorKind::TooManyRequests,
        "too_many_requests",
        format!(
            "too many changes at once; go on after {seconds} s, as Retry-After says (web.writes_per_minute in the configuration sets how many; emergencies and STOP are never held up)"
        ),
    )
    .vi(format!("Quá nhiều thay đổi trong một lúc. Hãy thử lại sau {seconds} giây."));
    Error { retry_after: Some(wait), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minutes_worth_at_once_then_as_time_goes() {
        let rates = Rates::new(60);
        let take = |who: &str| rates.take(Who::Identity(who.to_owned()), Instant::now());
        assert!((0..60).all(|_| take("one").is_ok()));
        let wait = take("one").unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(take("other").is_ok(), "nobody pays for another");
        tokio::time::advance(wait).await;
        assert!(take("one").is_ok());
        assert!(take("one").is_err());
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!((0..100).filter(|_| take("one").is_ok()).count(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let rates = Rates::new(10);
        for address in 0..u32::try_from(5 * MANY).unwrap() {
            let _ = rates.take(Who::Address(IpAddr::V4(address.into())), Instant::now());
        }
        assert!(rates.buckets.lock().unwrap().len() <= 2 * MANY);
    }

    #[test]
    fn what_may_save_lives_is_never_counted() {
        for (method, path) in [
            (Method::POST, "/api/v1/emergency"),
            (Method::DELETE, "/api/v1/emergency/0197"),
            (Method::POST, "/api/v1/stop"),
            (Method::POST, "/api/v1/resume"),
            (Method::POST, "/api/v1/amplifier/off"),
            (Method::GET, "/api/v1/segments"),
        ] {
            assert!(!counts(&method, path), "{method} {path}");
        }
        for (method, path) in [
            (Method::POST, "/api/v1/segments"),
            (Method::POST, "/api/v1/segments/1/approval"),
            (Method::PUT, "/api/v1/windows/1"),
            (Method::DELETE, "/api/v1/emergency-presets/1"),
            (Method::POST, "/api/v1/amplifier/on"),
        ] {
            assert!(counts(&method, path), "{method} {path}");
        }
        assert!(counted("127.0.0.1".parse().unwrap()).is_none());
        assert!(counted("::ffff:127.0.0.1".parse().unwrap()).is_none());
        assert!(counted("192.168.1.7".parse().unwrap()).is_some());
    }
}
