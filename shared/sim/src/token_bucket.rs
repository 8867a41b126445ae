//! A token bucket: what AWS throttles with.

use std::time::Duration;

use jiff::Timestamp;

/// How far a sum of fractions may be off, in tokens: a token that is due is not refused for it.
const SLACK: f64 = 1e-9;

/// Tokens that come back at a steady rate, up to a burst. It is pure: time is told to it, and never runs backwards in it.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenBucket {
    burst: f64,
    rate: f64,
    tokens: f64,
    filled: Option<Timestamp>,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens (at least one, or nothing would ever pass) that gets back `rate` tokens a second
    /// (at least none).
    pub fn new(burst: f64, rate: f64) -> Self {
        let burst = burst.max(1.0);
        Self { burst, rate: rate.max(0.0), tokens: burst, filled: None }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// How long it is until a token is there; nothing is taken then. [`Duration::MAX`] when none will ever come.
    pub fn try_take(&mut self, now: Timestamp) -> Result<(), Duration> {
        self.refill(now);
        if self.tokens >= 1.0 - SLACK {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(self.wait())
        }
    }

    /// Adds what has come back since the last look.
    fn refill(&mut self, now: Timestamp) {
        let since = *self.filled.get_or_insert(now);
        if now > since {
            let back = now.duration_since(since).as_secs_f64() * self.rate;
            self.tokens = (self.tokens + back).min(self.burst);
            self.filled = Some(now);
        }
    }

    /// The time until a whole token is there; a nanosecond more than the nearest, so that it is never too short.
    fn wait(&self) -> Duration {
        Duration::try_from_secs_f64((1.0 - self.tokens) / self.rate)
            .map_or(Duration::MAX, |wait| wait.saturating_add(Duration::from_nanos(1)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_000_000_000 + millisecond).unwrap()
    }

    fn taken(bucket: &mut TokenBucket, now: Timestamp) -> usize {
        std::iter::from_fn(|| bucket.try_take(now).ok()).count()
    }

    #[test]
    fn the_burst_passes_at_once_and_then_the_rate_does() {
        let mut bucket = TokenBucket::new(50.0, 5.0);
        assert_eq!(taken(&mut bucket, at(0)), 50);
        assert_eq!(taken(&mut bucket, at(199)), 0);
        assert_eq!(taken(&mut bucket, at(200)), 1);
        assert_eq!(taken(&mut bucket, at(1200)), 5);
    }

    #[test]
    fn it_never_holds_more_than_its_burst() {
        let mut bucket = TokenBucket::new(3.0, 5.0);
        assert_eq!(taken(&mut bucket, at(0)), 3);
        assert_eq!(taken(&mut bucket, at(3_600_000)), 3);
    }

    #[test]
    fn the_wait_it_names_is_long_enough_for_one_token_and_no_more_than_one() {
        let mut bucket = TokenBucket::new(1.0, 0.3);
        bucket.try_take(at(0)).unwrap();
        let wait = bucket.try_take(at(0)).unwrap_err();
        assert!(wait > Duration::from_millis(3333) && wait < Duration::from_millis(3334), "{wait:?}");
        assert_eq!(taken(&mut bucket, at(0).checked_add(wait).unwrap()), 1);
    }

    #[test]
    fn time_that_runs_backwards_gives_nothing_and_costs_nothing() {
        let mut bucket = TokenBucket::new(1.0, 1.0);
        bucket.try_take(at(5000)).unwrap();
        assert!(bucket.try_take(at(0)).is_err());
        assert!(bucket.try_take(at(5999)).is_err());
        bucket.try_take(at(6000)).unwrap();
    }

    #[test]
    fn without_a_rate_the_wait_has_no_end() {
        let mut bucket = TokenBucket::new(f64::NAN, f64::NAN);
        bucket.try_take(at(0)).unwrap();
        assert_eq!(bucket.try_take(at(0)), Err(Duration::MAX));
    }
}
