//! Releases beside the nights: whenever one is made, no count, bound or task definition of it is lost.

use jiff::Timestamp;
use rstest::rstest;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{Rollout, ScalingState, ServiceId, Suspensions};
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::SimRegion;
use watchkeeper_sim::machine::{Execution, Standing};

use crate::scene::{API, ENGINE, afternoon, asleep, evening, minutes, morning};

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(name.to_owned()).unwrap()
}

/// What a pipeline, or somebody, does to a service of one task.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// A new task definition, and no word of a count.
    Definition,
    /// A template with a new task definition and three tasks.
    WithCount,
    /// Three tasks, by hand.
    CountAlone,
}
use What::{CountAlone, Definition, WithCount};

/// When it is done.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    /// Asleep, a minute before a tick: its deployment goes on then.
    Asleep,
    /// Asleep, and its deployment has ended before the next tick.
    AsleepUnseen,
    /// Asleep, right before the morning's tick.
    BeforeTheMorning,
    /// In the run that puts it to sleep, after its writes.
    FallingAsleep,
    /// In the run that wakes it, while its database starts.
    Waking,
    /// In the run that wakes it, after its writes.
    Woken,
    /// While a pipeline keeps it awake.
    KeptAwake,
}

fn happens(sim: &SimRegion, what: What) {
    match what {
        Definition => sim.release(&id(ENGINE), "engine:2", Rollout::InProgress),
        WithCount => sim.release_with_count(&id(ENGINE), "engine:2", 3),
        CountAlone => sim.change_count(&id(ENGINE), 3),
    }
}

/// A tick whose run is interrupted by something right before it enters a state for the so-manieth time.
fn tick_with(harness: &InMemoryHarness, at: Timestamp, (state, time): (&str, usize), what: What) {
    harness.fire(&["schedule"], at);
    let started = harness.sim.take_started();
    let input = serde_json::from_str(&started[0].input).unwrap();
    let mut host = harness.host();
    let mut execution = Execution::start("Reconcile", &started[0].name, input, &mut host);
    let mut entered = 0;
    while let Standing::Due(at) = execution.standing() {
        harness.sim.set_now(at.max(harness.sim.now()));
        entered += usize::from(execution.state() == state);
        if execution.state() == state && entered == time {
            happens(&harness.sim, what);
        }
        execution.step(&mut host);
    }
    assert!(entered >= time, "{state} was entered {entered} times");
}

/// Every tick from here to there.
fn ticks(harness: &mut InMemoryHarness, from: i64, to: i64) {
    for minute in (from..=to).step_by(5) {
        harness.tick(evening() + minutes(minute));
    }
}

/// A night and a morning with it, and a night and a morning more.
fn played(when: When, what: What) -> InMemoryHarness {
    let mut harness = afternoon();
    let early = |before: i64| morning() - minutes(before);
    match when {
        When::FallingAsleep => tick_with(&harness, evening(), ("Verify", 1), what),
        _ => _ = harness.tick(evening()),
    }
    let at = match when {
        When::Asleep => evening() + minutes(34),
        When::AsleepUnseen => evening() + minutes(31),
        When::BeforeTheMorning => early(1),
        When::KeptAwake => evening() + minutes(45),
        _ => early(30),
    };
    if when == When::KeptAwake {
        harness.sim.set_now(evening() + minutes(30));
        let wish = serde_json::json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "45m",
            "for-release": "shop-1"});
        assert_eq!(harness.execute("pipeline", &wish).outcome(), "done");
    } else {
        let last = (at.duration_since(evening()).as_mins() - 1).div_euclid(5) * 5;
        ticks(&mut harness, 5, last);
    }
    harness.sim.set_now(at);
    if matches!(when, When::Asleep | When::AsleepUnseen | When::BeforeTheMorning | When::KeptAwake) {
        happens(&harness.sim, what);
    }
    let next = at.duration_since(evening()).as_mins().div_euclid(5) * 5 + 5;
    ticks(&mut harness, next, morning().duration_since(evening()).as_mins() - 5);
    match when {
        When::Waking => tick_with(&harness, morning(), ("Apply", 2), what),
        When::Woken => tick_with(&harness, morning(), ("Verify", 1), what),
        _ => _ = harness.tick(morning()),
    }
    harness
}

#[rstest]
fn whenever_a_release_is_made_its_definition_runs_and_a_count_that_came_with_it_stays(
    #[values(
        When::Asleep,
        When::AsleepUnseen,
        When::BeforeTheMorning,
        When::FallingAsleep,
        When::Waking,
        When::Woken,
        When::KeptAwake
    )]
    when: When,
    #[values(Definition, WithCount, CountAlone)] what: What,
) {
    let mut harness = played(when, what);
    // What is done to it while nothing of ours is in it is its owner's, however it is done.
    let tasks = match what {
        WithCount => 3,
        CountAlone if when == When::KeptAwake => 3,
        CountAlone | Definition => 1,
    };
    let definition = if what == CountAlone { "clos-v2-workflow-engine-service:1" } else { "engine:2" };
    // Friday's night and Monday's.
    for (day, evenings) in [1, 4].into_iter().enumerate() {
        let found = harness.sim.service(&id(ENGINE)).unwrap();
        assert_eq!(found.capacity.desired, tasks, "{when:?} {what:?}, day {day}");
        assert!(found.task_definition.unwrap().to_string().ends_with(definition), "{when:?} {what:?}, day {day}");
        assert_eq!(harness.sim.service(&id(API)).unwrap().capacity.desired, 2, "the other one is as it was");
        harness.tick(evening() + minutes(evenings * 24 * 60));
        assert!(asleep(&harness.sim.capacity()), "{when:?} {what:?}");
        harness.tick(morning() + minutes((3 + i64::from(day > 0)) * 24 * 60));
    }
}

#[test]
fn what_a_release_has_started_at_night_is_told_once_and_sleeps_again_once_it_has_ended() {
    let mut harness = afternoon();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(9));
    let before = harness.sim.messages().len();
    happens(&harness.sim, WithCount);
    harness.tick(evening() + minutes(10));
    assert_eq!(harness.sim.service(&id(ENGINE)).unwrap().capacity.desired, 3, "its release goes on");
    let told = harness.sim.messages().last().unwrap().text.clone();
    let joined = format!("released: {ENGINE}: a release came with 3 tasks: that is its baseline now");
    assert!(told.contains(&joined) && told.contains("release-under-way"), "{told}");
    ticks(&mut harness, 15, 60);
    assert!(asleep(&harness.sim.capacity()));
    let subjects: Vec<String> = harness
        .sim
        .messages()
        .into_iter()
        .skip(before)
        .map(|it| it.subject)
        .filter(|it| it.starts_with("clos-v2 dev"))
        .collect();
    assert_eq!(subjects, ["clos-v2 dev is asleep, but for 1 resource", "clos-v2 dev is asleep"]);
}

#[test]
fn bounds_that_a_template_sets_with_its_release_are_the_baseline_and_our_suspensions_are_not() {
    let mut harness = afternoon();
    let original = harness.sim.service(&id(API)).unwrap().capacity.scaling.unwrap();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(9));
    let bounds = ScalingState { min: 2, max: 8, suspended: Suspensions::ALL };
    harness.sim.change_scaling(&id(API), Some(bounds));
    harness.sim.release_with_count(&id(API), "api:2", 4);
    ticks(&mut harness, 10, 60);
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(morning());
    let found = harness.sim.service(&id(API)).unwrap().capacity;
    assert_eq!((found.desired, found.scaling), (4, Some(ScalingState { suspended: original.suspended, ..bounds })));
}

#[test]
fn a_count_that_was_seen_as_drift_is_none_of_a_release_that_comes_after_it() {
    let mut harness = afternoon();
    harness.tick(evening());
    happens(&harness.sim, CountAlone);
    ticks(&mut harness, 5, 25);
    harness.sim.set_now(evening() + minutes(29));
    happens(&harness.sim, Definition);
    ticks(&mut harness, 30, 60);
    assert_eq!(harness.sim.service(&id(ENGINE)).unwrap().capacity.desired, 3, "it is left alone as before");
    harness.tick(morning());
    let found = harness.sim.service(&id(ENGINE)).unwrap();
    assert_eq!((found.capacity.desired, found.task_definition.unwrap().to_string().as_str()), (1, "engine:2"));
}

#[test]
fn a_count_outside_of_its_bounds_is_the_nearest_one_that_an_autoscaler_leaves_alone() {
    let mut harness = afternoon();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(9));
    harness.sim.release_with_count(&id(API), "api:2", 5);
    ticks(&mut harness, 10, 60);
    assert!(asleep(&harness.sim.capacity()));
    let woken = harness.tick(morning());
    assert!(woken.iter().any(|run| run.said() == "clos-v2 dev is awake"), "{woken:?}");
    assert_eq!(harness.sim.service(&id(API)).unwrap().capacity.desired, 3);
}
