//! Many runs at once over one account, its ledger and its buckets: who gets how much, and what becomes of the rest when one dies.
#![allow(clippy::unwrap_used)]

mod crowd;
mod pipeline;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_sim::{CallEnding, Operation, RecordedCall, SimRegion};

use crowd::{Crowd, Member};

/// How many services each environment has.
const EACH: usize = 60;

fn evening() -> Timestamp {
    "2026-11-19T23:00:00Z".parse().unwrap()
}

fn seconds(instant: Timestamp) -> f64 {
    instant.duration_since(evening()).as_secs_f64()
}

/// The counts that were set, each with the environment that it was set for.
fn counts(sim: &SimRegion) -> Vec<RecordedCall> {
    sim.calls().into_iter().filter(|call| call.operation == Operation::UpdateService).collect()
}

fn throttled(sim: &SimRegion) -> usize {
    sim.calls().iter().filter(|call| call.ending == CallEnding::OverQuota).count()
}

/// Whether in some window there were more calls than this part of the published bucket of writes allows.
fn exceeds(calls: &[RecordedCall], part: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
    let over = |first: usize, last: usize| {
        let window = calls[last].at.duration_since(calls[first].at).as_secs_f64();
        (last - first + 1) as f64 > part * (50.0 + 5.0 * window) + 1e-6
    };
    (0..calls.len()).any(|first| (first..calls.len()).any(|last| over(first, last)))
}

/// How many counts each environment has set until an instant.
fn of_each(calls: &[RecordedCall], until: Timestamp) -> BTreeMap<String, usize> {
    let mut made = BTreeMap::new();
    for call in calls.iter().filter(|call| call.at <= until) {
        *made.entry(call.subject.split('/').next().unwrap().to_owned()).or_default() += 1;
    }
    made
}

#[test]
fn eight_environments_that_fall_asleep_at_one_tick_stay_within_the_share() {
    let mut crowd = Crowd::of(8, EACH, evening());
    for environment in 0..8 {
        crowd.calendar(environment, true);
        crowd.start(
            environment,
            Member {
                ahead: SignedDuration::from_millis(10 * i64::try_from(environment).unwrap()),
                ..Member::default()
            },
        );
    }
    // A function dies in the middle of it, and its execution with it. The next tick comes five minutes later.
    crowd.kill(3, evening() + SignedDuration::from_secs(40));
    crowd.play();

    let calls = counts(&crowd.sim);
    assert_eq!(throttled(&crowd.sim), 0);
    assert!(!exceeds(&calls, 0.5), "together they took more than half of the bucket");
    let survivors = 7 * EACH;
    assert!(calls.len() >= survivors, "{} counts", calls.len());

    // In order: once the burst is spent, which here goes to whoever is first, for calls take no time, nobody gets less than half
    // of what another gets, and one grant.
    let ends: BTreeMap<String, Timestamp> = calls.iter().map(|call| (environment_of(call), call.at)).collect();
    let first_end = ends.iter().filter(|(of, _)| *of != "shop-3").map(|(_, at)| *at).min().unwrap();
    let begun = of_each(&calls, evening() + SignedDuration::from_secs(45));
    for second in (60..).step_by(15).take_while(|second| f64::from(*second) < seconds(first_end)) {
        let made = of_each(&calls, evening() + SignedDuration::from_secs(second.into()));
        let since: Vec<usize> = made
            .iter()
            .filter(|(of, _)| *of != "shop-3")
            .map(|(of, made)| made - begun.get(of).unwrap_or(&0))
            .collect();
        let (least, most) = (since.iter().min().unwrap(), since.iter().max().unwrap());
        assert_eq!(since.len(), 7, "after {second} s: {made:?}");
        assert!(2 * least + 6 >= *most, "after {second} s: {since:?}");
    }
    // And nothing of the share is left lying: what seven write takes little longer than their share makes necessary: a slice that ends, and a function that dies, leave theirs.
    let last = ends.iter().filter(|(of, _)| *of != "shop-3").map(|(_, at)| seconds(*at)).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
    let floor = (calls.len() as f64 - 25.0) / 2.5;
    assert!(last <= floor * 1.25, "{last} s for {} counts, of which the floor is {floor} s", calls.len());

    crowd.sim.set_now(evening() + SignedDuration::from_mins(10));
    crowd.start(3, Member::default());
    crowd.play();
    assert_eq!(throttled(&crowd.sim), 0);
    assert!(!exceeds(&counts(&crowd.sim), 0.5));
    assert!(crowd.sim.capacity().services.values().all(|service| service.desired == 0), "everybody ends asleep");
    assert_eq!(counts(&crowd.sim).len(), 8 * EACH);
}

fn environment_of(call: &RecordedCall) -> String {
    call.subject.split('/').next().unwrap().to_owned()
}

#[test]
fn an_emergency_in_the_middle_of_a_night_goes_first_and_the_night_goes_on() {
    let mut crowd = Crowd::of(4, EACH, evening());
    for environment in 0..3 {
        crowd.calendar(environment, true);
        crowd.start(environment, Member::default());
    }
    let begins = evening() + SignedDuration::from_secs(20);
    crowd.start(3, Member { alarm: true, begins: Some(begins), ..Member::default() });
    crowd.play();
    let calls = counts(&crowd.sim);
    assert_eq!(throttled(&crowd.sim), 0);
    let (routine, all): (Vec<_>, Vec<_>) =
        (calls.iter().filter(|call| environment_of(call) != "shop-3").cloned().collect(), calls);
    assert!(!exceeds(&routine, 0.5) && !exceeds(&all, 0.9));
    let urgent = all.iter().filter(|call| environment_of(call) == "shop-3").map(|call| call.at);
    let (first, last) = (urgent.clone().min().unwrap(), urgent.max().unwrap());
    assert!(first.duration_since(begins) <= SignedDuration::from_millis(1500), "{first}");
    // (60 - 38) / 4.5 = 5 s of an emergency's share, with what the night had taken before it: half a minute at half the share.
    assert!(last.duration_since(begins) <= SignedDuration::from_secs(15), "{last}");
    for (id, service) in &crowd.sim.capacity().services {
        let expected = if id.cluster.as_str() == "shop-3" { 4 } else { 0 };
        assert_eq!(service.desired, expected, "{id}");
    }
}
