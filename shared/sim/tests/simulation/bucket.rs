//! Properties of the token bucket.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use watchkeeper_sim::token_bucket::TokenBucket;

const START: Timestamp = Timestamp::constant(1_795_176_000, 0);

proptest! {
    /// Whoever asks as greedily as can be gets the burst and the rate, and no more.
    #[test]
    fn no_more_passes_than_burst_and_rate_allow(
        burst in 1.0..100.0_f64,
        rate in 0.1..50.0_f64,
        gaps in prop::collection::vec(0_u64..3_000, 1..60),
    ) {
        let mut bucket = TokenBucket::new(burst, rate);
        let (mut now, mut passed) = (START, 0.0);
        for gap in gaps {
            now += Duration::from_millis(gap);
            while bucket.try_take(now).is_ok() {
                passed += 1.0;
            }
            let allowed = burst + rate * now.duration_since(START).as_secs_f64();
            prop_assert!(passed <= allowed + 1e-6, "{passed} passed, {allowed} allowed");
        }
    }

    /// Whoever waits as long as is said gets a token, and a millisecond less would have been too short.
    #[test]
    fn the_wait_is_exact(burst in 1.0..100.0_f64, rate in 0.1..50.0_f64, rounds in 1_usize..40) {
        let mut bucket = TokenBucket::new(burst, rate);
        let mut now = START;
        for _ in 0..rounds {
            let Err(wait) = bucket.try_take(now) else { continue };
            if let Some(early) = wait.checked_sub(Duration::from_millis(1)) {
                prop_assert!(bucket.clone().try_take(now + early).is_err());
            }
            now += wait;
            prop_assert_eq!(bucket.try_take(now), Ok(()));
        }
    }
}
