//! When a request is retried, and how long the run waits before that.
//!
//! All connectors share one policy. A request is retried if it is known not to
//! have been processed, or if the provider says that a retry may succeed. A POST
//! whose connection was lost is not: it may have been processed and billed.

use std::time::{Duration, SystemTime};

use ureq::http::Method;

use crate::contract::{Failure, FailureKind};

/// The maximum pause, whatever the provider asks for. It is small enough to be
/// added to any instant and to be reported in milliseconds as a JSON number.
pub(super) const MAX_PAUSE: Duration = Duration::from_hours(24 * 365);

/// How often a run retries a request, and how long it waits in between.
#[derive(Clone, Debug, PartialEq)]
pub struct Retries {
    /// The maximum number of attempts, including the first. Default: 4.
    pub attempts: u32,
    /// The first pause. Each subsequent one is twice as long, up to `longest`. The
    /// actual pause is random: between half of it and all of it. Default: 500 ms.
    pub pause: Duration,
    /// The maximum pause. If a provider asks for a longer one with
    /// `Retry-After`, the run waits that long if its time limit allows.
    /// Default: 20 s.
    pub longest: Duration,
    /// Whether a run ends when the provider asks it to wait and has not
    /// processed any of its requests. The failure is
    /// [`repeatable`](crate::Failure::repeatable), so a queue can wait instead.
    /// Default: `false`.
    pub hand_back: bool,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            hand_back: false,
        }
    }
}

impl Retries {
    /// Makes each request once.
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The pause after the given number of attempts.
    pub(super) fn pause_after(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked;
        }
        let doublings = attempts.saturating_sub(1).min(16);
        let whole = self.pause.saturating_mul(1 << doublings).min(self.longest).min(MAX_PAUSE);
        whole.mul_f64(0.5 + 0.5 * random_fraction())
    }
}

/// A random number from 0 to 1, so that runs that failed together do not retry
/// together.
fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    // Without random bytes each pause has its full length, which is still correct.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

/// Whether a status means that the same request may succeed later
/// (RFC 9110 §15, RFC 6585 §4). 529 is in no RFC, but several providers use it
/// when they are overloaded.
pub(super) fn may_succeed_later(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500 | 502 | 503 | 504 | 529)
}

/// Whether a request that failed without a response may be retried.
pub(super) fn may_repeat(method: &Method, failure: &Failure) -> bool {
    let broken = matches!(failure.kind, FailureKind::Network | FailureKind::Timeout);
    broken && (!failure.request_sent || method.is_idempotent())
}

/// How long the provider asks to wait: `Retry-After` in seconds or as a date
/// (RFC 9110 §10.2.3), or `retry-after-ms`, which some providers send.
pub(super) fn requested_pause(
    header: impl Fn(&str) -> Option<String>,
    now: SystemTime,
) -> Option<Duration> {
    let asked = match header("retry-after-ms").and_then(|text| whole_number(text.trim())) {
        Some(milliseconds) => Duration::from_millis(milliseconds),
        None => {
            let text = header("retry-after")?;
            let text = text.trim();
            match whole_number(text) {
                Some(seconds) => Duration::from_secs(seconds),
                None => {
                    let date = httpdate::parse_http_date(text).ok()?;
                    date.duration_since(now).unwrap_or_default()
                }
            }
        }
    };
    Some(asked.min(MAX_PAUSE))
}

/// Parses digits only, without the sign that Rust would accept. Saturates.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_maximum_and_vary() {
        let retries = Retries {
            attempts: 9,
            pause: Duration::from_millis(100),
            longest: Duration::from_millis(350),
            hand_back: false,
        };
        for (attempts, whole) in [(1, 100), (2, 200), (3, 350), (40, 350)] {
            for _ in 0..50 {
                let pause = retries.pause_after(attempts, None).as_millis();
                assert!((whole / 2..=whole).contains(&pause), "{attempts}: {pause}");
            }
        }
    }

    #[test]
    fn waits_as_long_as_the_provider_asks() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let asked = |name: &'static str, value: &'static str| {
            requested_pause(|other| (other == name).then(|| value.to_owned()), now)
        };
        assert_eq!(asked("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("retry-after", " 0 "), Some(Duration::ZERO));
        assert_eq!(asked("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        let later = asked("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(later, Some(Duration::from_secs(30)));
        let past = asked("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        for odd in ["", "soon", "-1", "+1", "1.5"] {
            assert_eq!(asked("retry-after", odd), None, "{odd}");
        }
        assert_eq!(asked("retry-after", "99999999999999999999"), Some(MAX_PAUSE));
        assert_eq!(Retries::default().pause_after(1, later), Duration::from_secs(30));
    }

    #[test]
    fn does_not_repeat_what_may_have_been_processed() {
        let broken = |sent| Failure::new(FailureKind::Network, "broken").after_request(sent);
        assert!(may_repeat(&Method::POST, &broken(false)));
        assert!(!may_repeat(&Method::POST, &broken(true)));
        assert!(may_repeat(&Method::GET, &broken(true)));
        let wrong = Failure::new(FailureKind::InvalidInput, "wrong");
        assert!(!may_repeat(&Method::GET, &wrong));
    }
}
