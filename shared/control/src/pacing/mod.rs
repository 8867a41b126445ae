//! Pacing: a run stays below its share of the published API budgets, which are the account's and not ours alone.

pub mod bucket;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::intent::Layer;

use self::bucket::TokenBucket;
use crate::ports::Clock;

/// The API buckets of one account and region that we draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiBucket {
    /// ECS `CreateService`, `UpdateService`, `DeleteService`.
    EcsWrite,
    /// ECS `DescribeServices`, `ListServices`.
    EcsRead,
    /// Application Auto Scaling, writes.
    ScalingWrite,
    /// Application Auto Scaling, reads.
    ScalingRead,
    /// RDS, everything.
    Rds,
}

/// A token bucket's figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketQuota {
    /// Calls at once.
    pub burst: f64,
    /// Calls a second, sustained.
    pub rate: f64,
}

impl ApiBucket {
    /// The quota of an account in one region. ECS: Amazon ECS API reference, "Request throttling". Application Auto
    /// Scaling and RDS publish none: a cautious assumption, which pacing corrects when AWS throttles.
    pub const fn quota(self) -> BucketQuota {
        match self {
            Self::EcsWrite => BucketQuota { burst: 50.0, rate: 5.0 },
            Self::EcsRead => BucketQuota { burst: 100.0, rate: 20.0 },
            Self::ScalingWrite | Self::ScalingRead => BucketQuota { burst: 20.0, rate: 10.0 },
            Self::Rds => BucketQuota { burst: 20.0, rate: 5.0 },
        }
    }
}

/// The part of a budget that a run takes: the more urgent, the more.
pub const fn share(layer: Layer) -> f64 {
    match layer {
        Layer::Schedule | Layer::Override => 0.5,
        Layer::Emergency => 0.9,
        Layer::Failover => 1.0,
    }
}

/// The smallest part of a share that throttling can slow a bucket down to.
const SLOWEST: f64 = 1.0 / 16.0;

/// By how much of the full share a call that went through speeds a slowed bucket up again.
const RECOVERY: f64 = 1.0 / 64.0;

/// Token buckets by API, shared by everything that one function instance does. Each layer has its share, and all of them
/// together have no more than the account's budget.
#[derive(Debug, Default)]
pub struct Pacer {
    lanes: Mutex<PacingLanes>,
}

#[derive(Debug, Default)]
struct PacingLanes {
    whole: BTreeMap<ApiBucket, TokenBucket>,
    of_layers: BTreeMap<(ApiBucket, Layer), PacingLane>,
}

impl PacingLanes {
    fn lane(&mut self, api: ApiBucket, layer: Layer) -> &mut PacingLane {
        self.of_layers.entry((api, layer)).or_insert_with(|| PacingLane::new(api, layer))
    }

    /// A token of the layer's share that the whole budget has, too.
    fn try_take(&mut self, api: ApiBucket, layer: Layer, now: Timestamp) -> Result<(), Duration> {
        let BucketQuota { burst, rate } = api.quota();
        let whole = self.whole.entry(api).or_insert_with(|| TokenBucket::new(burst, rate));
        let spare = whole.available(now) >= 1.0;
        if spare {
            self.lane(api, layer).bucket.try_take(now)?;
        }
        self.whole.get_mut(&api).map_or(Ok(()), |whole| whole.try_take(now))
    }
}

#[derive(Debug)]
struct PacingLane {
    bucket: TokenBucket,
    pace: f64,
}

impl PacingLane {
    fn new(api: ApiBucket, layer: Layer) -> Self {
        let BucketQuota { burst, rate } = api.quota();
        Self { bucket: TokenBucket::new((burst * share(layer)).max(1.0), rate * share(layer)), pace: 1.0 }
    }

    fn set_pace(&mut self, api: ApiBucket, layer: Layer, pace: f64, now: Timestamp) {
        self.pace = pace.clamp(SLOWEST, 1.0);
        self.bucket.set_rate(api.quota().rate * share(layer) * self.pace, now);
    }
}

impl Pacer {
    /// Waits until a call of this API may be made.
    pub async fn wait<K: Clock>(&self, api: ApiBucket, layer: Layer, clock: &K) {
        loop {
            let taken = self.lock().try_take(api, layer, clock.now());
            match taken {
                Ok(()) => return,
                Err(wait) => clock.sleep(wait).await,
            }
        }
    }

    /// AWS throttled a call although we stayed below our share: somebody else is busy, so halve the pace and forget the
    /// burst.
    pub fn throttled(&self, api: ApiBucket, layer: Layer, now: Timestamp) {
        let mut lanes = self.lock();
        let lane = lanes.lane(api, layer);
        lane.set_pace(api, layer, lane.pace / 2.0, now);
        lane.bucket.empty(now);
    }

    /// A call went through.
    pub fn passed(&self, api: ApiBucket, layer: Layer, now: Timestamp) {
        let mut lanes = self.lock();
        let lane = lanes.lane(api, layer);
        if lane.pace < 1.0 {
            lane.set_pace(api, layer, lane.pace + RECOVERY, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, PacingLanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// A clock whose sleeps pass at once, and count.
    struct Manual(Cell<Timestamp>);

    impl Clock for Manual {
        fn now(&self) -> Timestamp {
            self.0.get()
        }

        async fn sleep(&self, duration: Duration) {
            self.0.set(self.0.get().saturating_add(duration).unwrap_or(Timestamp::MAX));
        }
    }

    fn manual() -> Manual {
        Manual(Cell::new(Timestamp::constant(1_795_000_000, 0)))
    }

    /// The seconds that so many calls take, none of which is throttled.
    fn seconds(pacer: &Pacer, clock: &Manual, layer: Layer, calls: usize) -> f64 {
        let start = clock.now();
        for _ in 0..calls {
            let waited =
                pin!(pacer.wait(ApiBucket::EcsWrite, layer, clock)).poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(waited, Poll::Ready(())));
        }
        clock.now().duration_since(start).as_secs_f64()
    }

    #[test]
    fn the_share_of_a_run_grows_with_its_urgency() {
        // ECS allows 50 at once and 5 a second: 500 writes take at least (500 - 50) / 5 = 90 s of the whole budget.
        for (layer, expected) in [(Layer::Schedule, 190.0), (Layer::Emergency, 101.1), (Layer::Failover, 90.0)] {
            let took = seconds(&Pacer::default(), &manual(), layer, 500);
            assert!((took - expected).abs() < 1.0, "{layer}: {took} s");
        }
    }

    #[test]
    fn all_layers_together_take_no_more_than_the_budget() {
        let (pacer, clock) = (Pacer::default(), manual());
        let took: f64 = Layer::ALL.iter().map(|layer| seconds(&pacer, &clock, *layer, 60)).sum();
        // 240 writes of a budget of 50 at once and 5 a second.
        assert!(took >= 38.0 - 0.1, "{took} s");
    }

    #[test]
    fn a_throttle_halves_the_pace_and_takes_the_burst_away() {
        let (pacer, clock) = (Pacer::default(), manual());
        pacer.throttled(ApiBucket::EcsWrite, Layer::Schedule, clock.now());
        let took = seconds(&pacer, &clock, Layer::Schedule, 10);
        assert!((took - 10.0 / 1.25).abs() < 0.1, "{took} s");
    }

    #[test]
    fn calls_that_pass_bring_the_pace_back() {
        let (pacer, clock) = (Pacer::default(), manual());
        for _ in 0..10 {
            pacer.throttled(ApiBucket::EcsWrite, Layer::Schedule, clock.now());
        }
        let slow = seconds(&pacer, &clock, Layer::Schedule, 1);
        (0..64).for_each(|_| pacer.passed(ApiBucket::EcsWrite, Layer::Schedule, clock.now()));
        let fast = seconds(&pacer, &clock, Layer::Schedule, 1);
        assert!(slow > 6.0 && fast < 0.5, "{slow} s, then {fast} s");
    }
}
