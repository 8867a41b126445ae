//! The budget of an account and region, over interleavings: eight runs with clocks that differ, calls that take their time,
//! urgent ones among them, and one that dies in the middle.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::budget::{AccountBudget, ApiBucket, BucketQuota, Grant, LATE, Precedence, SlotRequest, share};
use watchkeeper_domain::intent::Layer;

const START: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// One run: how it is, and how far it has come. Times are milliseconds since [`START`].
#[derive(Debug, Clone)]
struct Run {
    layer: Layer,
    /// When it begins, by the true time.
    begins: i64,
    /// What its clock is ahead by.
    ahead: i64,
    /// What a call takes to arrive, and until it is answered.
    transit: (i64, i64),
    calls: usize,
    dies: Option<i64>,
    slots: VecDeque<Timestamp>,
    waits: Option<(Timestamp, Option<Timestamp>)>,
    made: Vec<i64>,
}

impl Run {
    fn routine(calls: usize) -> Self {
        Self {
            layer: Layer::Schedule,
            begins: 0,
            ahead: 0,
            transit: (20, 80),
            calls,
            dies: None,
            slots: VecDeque::new(),
            waits: None,
            made: Vec::new(),
        }
    }
}

fn at(millisecond: i64) -> Timestamp {
    START + SignedDuration::from_millis(millisecond)
}

fn since(instant: Timestamp) -> i64 {
    i64::try_from((instant.duration_since(START).as_nanos() + 999_999).div_euclid(1_000_000)).unwrap()
}

/// Plays the runs to their ends. What is written to the ledger is written in the order of the true time.
fn play(bucket: ApiBucket, runs: &mut [Run]) -> AccountBudget {
    let mut budget = AccountBudget::default();
    let mut schedule: BTreeSet<(i64, usize)> = runs.iter().enumerate().map(|(i, run)| (run.begins, i)).collect();
    while let Some((now, i)) = schedule.pop_first() {
        let run = &mut runs[i];
        if run.made.len() == run.calls || run.dies.is_some_and(|dies| dies <= now) {
            continue;
        }
        let clock = at(now + run.ahead);
        let next = if let Some(slot) = run.slots.front().copied() {
            if slot > clock {
                since(slot) - run.ahead
            } else {
                run.slots.pop_front();
                run.waits = None;
                if clock.duration_since(slot) <= LATE {
                    run.made.push(now + run.transit.0);
                    now + run.transit.1
                } else {
                    now
                }
            }
        } else {
            let (since_when, turn) = *run.waits.get_or_insert((clock, None));
            let wanted = run.calls - run.made.len();
            let request = SlotRequest { precedence: run.layer.into(), wanted, since: since_when, turn };
            match budget.reserve(bucket.quota(), &request, clock) {
                Grant::Slots(slots) => {
                    run.slots.extend(slots);
                    now + 5
                }
                Grant::Later { at, turn } => {
                    run.waits = Some((since_when, turn));
                    (since(at) - run.ahead).max(now + 5)
                }
            }
        };
        schedule.insert((next, i));
    }
    budget
}

/// The calls that arrive of layers up to this one, in order.
fn arrivals(runs: &[Run], up_to: Layer) -> Vec<i64> {
    let mut all: Vec<i64> = runs.iter().filter(|run| run.layer <= up_to).flat_map(|run| run.made.clone()).collect();
    all.sort_unstable();
    all
}

/// The window in which there are more calls than a part of the quota allows, if there is one.
fn exceeded(calls: &[i64], quota: BucketQuota, part: f64) -> Option<(i64, i64, usize)> {
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds of a test are small")]
    let over = |first: usize, last: usize| {
        let seconds = (calls[last] - calls[first]) as f64 / 1000.0;
        (last - first + 1) as f64 > part * (quota.burst + quota.rate * seconds) + 1e-6
    };
    (0..calls.len()).find_map(|first| {
        let last = (first..calls.len()).find(|last| over(first, *last))?;
        Some((calls[first], calls[last], last - first + 1))
    })
}

/// How many calls AWS would throttle, which adds its tokens once a second.
fn throttled(calls: &[i64], quota: BucketQuota) -> usize {
    let (mut tokens, mut second, mut over) = (quota.burst, 0, 0);
    for call in calls {
        while second < call.div_euclid(1000) {
            second += 1;
            tokens = (tokens + quota.rate).min(quota.burst);
        }
        if tokens >= 1.0 {
            tokens -= 1.0;
        } else {
            over += 1;
        }
    }
    over
}

fn run() -> impl Strategy<Value = Run> {
    let layer = prop_oneof![
        4 => Just(Layer::Schedule),
        1 => Just(Layer::Override),
        1 => Just(Layer::Emergency),
        1 => Just(Layer::Failover)
    ];
    (layer, 0_i64..20_000, -125_i64..=125, 0_i64..=250, 0_i64..=600, 1_usize..60).prop_map(
        |(layer, begins, ahead, transit, answer, calls)| Run {
            layer,
            begins,
            ahead,
            transit: (transit, transit + answer),
            ..Run::routine(calls)
        },
    )
}

fn bucket() -> impl Strategy<Value = ApiBucket> {
    prop::sample::select(ApiBucket::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// However eight runs take turns, each layer and all of it stay within their parts, AWS throttles none of them, and all but
    /// the one that dies get to their end.
    #[test]
    fn all_runs_together_stay_within_their_share(
        bucket in bucket(),
        mut runs in prop::collection::vec(run(), 8),
        (dead, dies) in (0_usize..8, 0_i64..30_000),
    ) {
        runs[dead].dies = Some(dies);
        play(bucket, &mut runs);
        for layer in [Layer::Override, Layer::Emergency, Layer::Failover] {
            let found = exceeded(&arrivals(&runs, layer), bucket.quota(), share(layer));
            prop_assert_eq!(found, None, "{}", layer);
        }
        prop_assert_eq!(throttled(&arrivals(&runs, Layer::Failover), bucket.quota()), 0);
        for (i, run) in runs.iter().enumerate().filter(|(i, _)| *i != dead) {
            prop_assert_eq!(run.made.len(), run.calls, "run {}", i);
        }
    }

    /// Of runs that all want the same, none is at any time behind by more than half of what another has, and a few grants.
    #[test]
    fn each_gets_its_part(lateness in prop::collection::vec((0_i64..=100, 0_i64..=300), 8), dies in 0_i64..60_000) {
        let mut runs: Vec<Run> = lateness
            .iter()
            .map(|(transit, answer)| Run { transit: (*transit, transit + answer), ..Run::routine(60) })
            .collect();
        runs[7].dies = Some(dies);
        play(ApiBucket::EcsServiceWrite, &mut runs);
        let ends = runs[..7].iter().map(|run| *run.made.last().unwrap()).min().unwrap();
        for now in (0..=ends).step_by(1000) {
            let made: Vec<usize> = runs[..7].iter().map(|run| run.made.iter().filter(|call| **call <= now).count()).collect();
            let (least, most) = (made.iter().min().unwrap(), made.iter().max().unwrap());
            prop_assert!(2 * least + 6 >= *most, "after {} ms: {:?}", now, made);
        }
    }
}

#[rstest]
#[case(Layer::Schedule, 190.0)]
#[case(Layer::Emergency, 101.1)]
#[case(Layer::Failover, 90.0)]
fn one_run_alone_loses_little_of_its_share(#[case] layer: Layer, #[case] floor: f64) {
    // ECS allows 50 at once and 5 a second: 500 writes take at least (500 - 50) / 5 = 90 s of the whole budget.
    let mut runs = [Run { layer, ..Run::routine(500) }];
    play(ApiBucket::EcsServiceWrite, &mut runs);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a test are small")]
    let took = *runs[0].made.last().unwrap() as f64 / 1000.0;
    assert!(took >= floor && took <= floor * 1.035, "{layer}: {took} s, the floor is {floor} s");
}

#[test]
fn an_emergency_finds_the_budget_free_at_once_and_the_schedule_goes_on_after_it() {
    let crowd = (0..7).map(|_| Run::routine(60));
    let emergency = Run { layer: Layer::Emergency, begins: 30_000, ..Run::routine(40) };
    let mut runs: Vec<Run> = crowd.chain([emergency]).collect();
    play(ApiBucket::EcsServiceWrite, &mut runs);
    let urgent = &runs[7].made;
    assert!(urgent[0] < 30_200, "{urgent:?}");
    let (first, last) = (urgent[0], *urgent.last().unwrap());
    let meanwhile = arrivals(&runs, Layer::Schedule).iter().filter(|call| (first + 1500..last).contains(*call)).count();
    assert_eq!(meanwhile, 0, "routine calls while the emergency went on");
    assert!(runs[..7].iter().all(|run| run.made.len() == 60));
}

#[test]
fn urgent_ones_that_never_end_do_not_keep_the_others_for_ever() {
    let routine = Run { begins: 10_000, ..Run::routine(5) };
    let emergency = Run { layer: Layer::Emergency, ..Run::routine(400) };
    let mut runs = [routine, emergency];
    play(ApiBucket::EcsServiceWrite, &mut runs);
    assert!(runs[0].made[0] < 33_000, "{:?}", runs[0].made);
    assert_eq!(exceeded(&arrivals(&runs, Layer::Emergency), ApiBucket::EcsServiceWrite.quota(), 0.9), None);
}

fn request(layer: Layer) -> SlotRequest {
    SlotRequest { precedence: Precedence::from(layer), wanted: 1, since: START, turn: None }
}

#[test]
fn a_throttled_call_slows_everybody_down_and_the_pace_comes_back_in_a_minute() {
    let quota = ApiBucket::EcsServiceWrite.quota();
    let mut budget = AccountBudget::default();
    // Eight functions tell of one crowd: it counts once.
    (0..8).for_each(|_| budget.throttled(quota, START));
    let mut slots = Vec::new();
    let (mut now, mut turn) = (START, None);
    while slots.len() < 4 {
        match budget.reserve(quota, &SlotRequest { since: now, turn, ..request(Layer::Schedule) }, now) {
            Grant::Slots(granted) => {
                turn = None;
                slots.extend(granted);
            }
            Grant::Later { at, turn: given } => (now, turn) = (at, given),
        }
    }
    let gaps: Vec<i64> = slots.windows(2).map(|pair| since(pair[1]) - since(pair[0])).collect();
    assert!(gaps.iter().all(|gap| (700..=810).contains(gap)), "no burst, and about twice the distance: {gaps:?}");
    let mut later = START + SignedDuration::from_secs(70);
    let fresh = SlotRequest { wanted: 9, since: later, ..request(Layer::Schedule) };
    let Grant::Slots(granted) = budget.reserve(quota, &fresh, later) else { panic!("nothing granted") };
    assert_eq!(granted, [later, later, later], "the burst is there again");
    later += SignedDuration::from_secs(1);
    let Grant::Slots(_) = budget.reserve(quota, &SlotRequest { since: later, ..fresh }, later) else { panic!() };
}

#[test]
fn a_turn_reserves_nothing() {
    let quota = ApiBucket::EcsServiceWrite.quota();
    let mut budget = AccountBudget::default();
    while let Grant::Slots(_) = budget.reserve(quota, &request(Layer::Schedule), START) {}
    // A hundred come, are given turns as far as those go, and die.
    (0..100).for_each(|_| _ = budget.reserve(quota, &request(Layer::Schedule), START));
    let now = START + SignedDuration::from_secs(60);
    let asked = SlotRequest { wanted: 3, since: now, ..request(Layer::Schedule) };
    assert_eq!(budget.reserve(quota, &asked, now), Grant::Slots(vec![now; 3]));
    // And an emergency never waited for them.
    let now = START + SignedDuration::from_secs(1);
    let mut budget = AccountBudget::default();
    while let Grant::Slots(_) = budget.reserve(quota, &request(Layer::Schedule), START) {}
    (0..100).for_each(|_| _ = budget.reserve(quota, &request(Layer::Schedule), START));
    let urgent = SlotRequest { since: now, ..request(Layer::Emergency) };
    assert_eq!(budget.reserve(quota, &urgent, now), Grant::Slots(vec![now]));
}
