//! Wall time of a run: what came with the event, and what has passed since.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use watchkeeper_control::ports::Clock;

/// A clock that was set by an event.
#[derive(Debug, Clone, Copy)]
pub struct EventClock {
    start: Timestamp,
    since: Instant,
}

impl EventClock {
    /// A clock that shows `start` now.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the adapter of the clock; it measures what passes, monotonically"
    )]
    pub fn set_to(start: Timestamp) -> Self {
        Self { start, since: Instant::now() }
    }
}

impl Clock for EventClock {
    fn now(&self) -> Timestamp {
        self.start.saturating_add(self.since.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// The machine's clock: what came with an event has been on its way, with a retry for long.
    #[allow(clippy::disallowed_methods, reason = "this is the adapter of the clock")]
    fn shared(&self) -> Timestamp {
        Timestamp::now()
    }

    #[allow(clippy::disallowed_methods, reason = "this is the adapter of the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    const START: Timestamp = Timestamp::constant(1_795_000_000, 0);

    #[test]
    fn it_begins_with_the_events_time_and_never_goes_back() {
        let clock = EventClock::set_to(START);
        let first = clock.now();
        assert!(first >= START);
        assert!(clock.now() >= first);
    }

    #[test]
    fn what_has_passed_is_added() {
        let passed = Duration::from_millis(1500);
        let clock = EventClock { start: START, since: Instant::now() - passed };
        assert!(clock.now() >= START.saturating_add(passed).unwrap_or(Timestamp::MAX));
    }

    #[tokio::test]
    async fn sleeping_takes_its_time() {
        let clock = EventClock::set_to(START);
        clock.sleep(Duration::from_millis(2)).await;
        assert!(clock.now() >= START.saturating_add(Duration::from_millis(2)).unwrap_or(Timestamp::MAX));
    }
}
