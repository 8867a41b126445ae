//! The table of changing documents, for pairs: each part of a document, changed while the pair is at home, in a move, or away.
//! Nothing that is held is lost; what cannot be followed is refused by name and left as it was.

use serde_json::json;
use watchkeeper_domain::capacity::{ScalingState, Suspensions};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::DatabaseRole;
use watchkeeper_domain::name::ServiceName;
use watchkeeper_in_memory::{ExecutionEnd, FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::{aurora_global, service};

use crate::pair_scene::{
    AUTOMATIC, GLOBAL, capacities, counts, ended, estates, home, never_double, stacks, standby, story,
};

pub(crate) type Changes = &'static [(&'static str, &'static str)];

/// What becomes of a pair whose document has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The way home is open, and everything is as it was before the move.
    GoesHome,
    /// Nothing moves, and it is said why; what runs goes on.
    Refused(&'static str),
}

const SWAPPED: Changes =
    &[("{ primary: us-west-2, standby: us-west-1 }", "{ primary: us-west-1, standby: us-west-2 }")];
pub(crate) const NO_SINGLETON: Changes = &[
    ("        - { service: fleet-orchestration-car-simulator }\n", ""),
    ("      singletons:\n", "      singletons: []\n"),
];
const MORE_SINGLETONS: Changes = &[
    (
        "        - { service: fleet-orchestration-car-simulator }\n",
        "        - { service: fleet-orchestration-car-simulator }\n        - { service: fleet-orchestration-dashboard }\n",
    ),
    (
        "        fleet-orchestration-dashboard: 2\n        fleet-orchestration-car",
        "        fleet-orchestration-dashboard: 1\n        fleet-orchestration-car",
    ),
];
const MORE_CAPACITY: Changes = &[(
    "        fleet-orchestration-dashboard: 2\n        fleet-orchestration-car-simulator: 1\n",
    "        fleet-orchestration-dashboard: 4\n        fleet-orchestration-car-simulator: 1\n",
)];
const DEVELOPMENT: Changes = &[("kind: production", "kind: staging")];
const FENCED: Changes = &[(
    "- { service: fleet-orchestration-car-simulator }",
    "- { service: fleet-orchestration-car-simulator, fence: prove }",
)];
const OTHER_WAVES: Changes = &[("      - [fleet-orchestration-dashboard]\n", "")];
const RETENTION: Changes =
    &[("retention: { daily: 14, minimum: 3 }\n        - dynamodb", "retention: { daily: 2 }\n        - dynamodb")];

const PROTECTED_SINGLETON: Changes =
    &[("    failover:\n", "    protected: [fleet-orchestration-car-simulator]\n    failover:\n")];
const PROTECTED_SERVICE: Changes =
    &[("    failover:\n", "    protected: [fleet-orchestration-dashboard]\n    failover:\n")];
/// A freeze that is open on the day of these tests.
const FREEZE: Changes = &[(
    "guardrails: { floor: 1, blast-radius: 50 % }",
    "guardrails: { floor: 1, blast-radius: 50 %, freeze: [{ from: 2026-11-01, to: 2026-12-31, reason: sale }] }",
)];

/// Each part of the document, and what happens when it changes while the pair is away.
const AWAY: [(&str, Changes, Then); 11] = [
    ("regions swapped", SWAPPED, Then::Refused("us-west-2 as its home")),
    ("singletons removed", NO_SINGLETON, Then::GoesHome),
    ("singletons added", MORE_SINGLETONS, Then::GoesHome),
    ("failover.capacity", MORE_CAPACITY, Then::GoesHome),
    ("kind", DEVELOPMENT, Then::GoesHome),
    ("fence", FENCED, Then::GoesHome),
    ("waves", OTHER_WAVES, Then::GoesHome),
    ("backups' retention", RETENTION, Then::GoesHome),
    ("protected: the singleton", PROTECTED_SINGLETON, Then::GoesHome),
    ("protected: a service", PROTECTED_SERVICE, Then::GoesHome),
    ("freeze", FREEZE, Then::GoesHome),
];

fn with(changes: Changes) -> Vec<(&'static str, &'static str)> {
    std::iter::once(AUTOMATIC).chain(changes.iter().copied()).collect()
}

fn away(stacks: &mut InMemoryPair) {
    let mut there = stacks.by_hand(&standby(), "there", &json!({ "mode": "graceful" }));
    stacks.fly(&mut there);
    assert_eq!(ended(&there), ("done", None), "{}", story(stacks, &there));
    stacks.minutes(3);
    assert_eq!((counts(stacks, &home()), counts(stacks, &standby())), ([0; 4], [2, 2, 2, 1]));
}

fn refused_by_name(stacks: &mut InMemoryPair, region: &watchkeeper_domain::name::Region, what: &str, context: &str) {
    let mut failover_run =
        stacks.by_hand(region, &format!("refused-{}", stacks.pair.now().as_second()), &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    let FailoverRunState::Failed(why) = &failover_run.state else { panic!("{context}: {:?}", failover_run.state) };
    assert!(why.contains("go home") || why.contains("cannot be told"), "{context}: {why}");
    let told = stacks.pair.sim(region).messages();
    let by_watch = |subject: &str| !subject.starts_with("Failed: ");
    let told = told.iter().filter(|it| it.text.contains(what) && by_watch(&it.subject)).count();
    assert_eq!(told, 1, "{context}: beside the execution that was started in vain, it is told once");
}

#[test]
fn a_document_that_changes_while_the_pair_is_away_loses_nothing_and_runs_no_singleton_twice() {
    for (part, changes, then) in AWAY {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        let before = capacities(&stacks);
        away(&mut stacks);
        let there = capacities(&stacks);
        stacks.redocument(&estates(&with(changes)));
        stacks.minutes(12);
        assert_eq!(capacities(&stacks), there, "{part}: what runs goes on");
        if let Then::Refused(what) = then {
            refused_by_name(&mut stacks, &home(), what, part);
            assert_eq!(capacities(&stacks), there, "{part}");
            stacks.redocument(&estates(&[AUTOMATIC]));
            stacks.minutes(2);
        }
        let mut back = stacks.go_home("home-again", &json!({})).unwrap_or_else(|why| panic!("{part}: {why}"));
        stacks.fly(&mut back);
        assert_eq!(ended(&back), ("done", None), "{part}: {}", story(&stacks, &back));
        stacks.minutes(12);
        assert_eq!(capacities(&stacks), before, "{part}");
        // What the document calls a singleton no more may run in both regions on its way.
        if part != "singletons removed" {
            never_double(&stacks, part);
        }
    }
}

/// The pair as no pair: without its standby region, or without what to do about it.
fn unpaired() -> Vec<(&'static str, &'static str)> {
    vec![AUTOMATIC, ("{ primary: us-west-2, standby: us-west-1 }", "{ primary: us-west-2 }")]
}

#[test]
fn a_document_that_loses_its_pair_while_away_is_refused_and_everything_stays() {
    let own = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates/fleet-orchestration.yaml"),
    )
    .unwrap();
    let (start, end) = (own.find("    failover:\n").unwrap(), own.find("    backups:\n").unwrap());
    let section: &'static str = Box::leak(own[start..end].to_owned().into_boxed_str());
    let section: &'static str = Box::leak(section.replace("approve: true", "approve: false").into_boxed_str());
    let mut changes = unpaired();
    changes.push((section, ""));
    let (start, end) =
        (own.find("      us-west-1:").unwrap(), own.find("    # The estate declares no autoscaler").unwrap());
    changes.push((Box::leak(own[start..end].to_owned().into_boxed_str()), ""));
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    away(&mut stacks);
    let there = capacities(&stacks);
    stacks.redocument(&estates(&changes));
    stacks.minutes(12);
    let end = stacks.run(&home(), "by-hand", &json!({ "estate": "fleet-orchestration", "environment": "prod" }));
    assert!(matches!(end, ExecutionEnd::Failed { .. }), "{end:?}");
    assert_eq!(capacities(&stacks), there);
    never_double(&stacks, "unpaired");
    stacks.redocument(&estates(&[AUTOMATIC]));
    stacks.minutes(3);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
}

/// Everything that the document says of the singleton.
const NO_SIMULATOR: Changes = &[
    ("          - fleet-orchestration-car-simulator\n      us-west-1:", "      us-west-1:"),
    ("          - fleet-orchestration-car-simulator\n", ""),
    ("      fleet-orchestration-car-simulator: { desired: 1 }\n", ""),
    ("        fleet-orchestration-car-simulator: 1\n", ""),
    ("      - [fleet-orchestration-car-simulator]\n", ""),
    ("        - { service: fleet-orchestration-car-simulator }\n", ""),
    ("      singletons:\n", "      singletons: []\n"),
    ("        - fleet-orchestration-car-simulator\n", ""),
];

#[test]
fn a_service_that_leaves_the_document_while_the_pair_is_away_starts_nowhere_else() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    away(&mut stacks);
    let there = capacities(&stacks);
    stacks.redocument(&estates(&with(NO_SIMULATOR)));
    stacks.minutes(12);
    assert_eq!(capacities(&stacks), there);
    let mut failover_run = stacks.by_hand(&home(), "refused", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    let FailoverRunState::Failed(why) = &failover_run.state else { panic!("{:?}", failover_run.state) };
    assert!(why.contains("cannot be told") || why.contains("put them back"), "{why}");
    stacks.redocument(&estates(&[AUTOMATIC]));
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    stacks.minutes(12);
    assert_eq!(capacities(&stacks), before);
    never_double(&stacks, "a service less");
}

/// Changes in the middle of a move, at every step of it: the move ends, taken over if it has to be.
#[test]
fn a_document_that_changes_in_the_middle_of_a_move_runs_no_singleton_twice() {
    for (part, changes) in [
        ("singletons removed", NO_SINGLETON),
        ("singletons added", MORE_SINGLETONS),
        ("failover.capacity", MORE_CAPACITY),
        ("waves", OTHER_WAVES),
        ("regions swapped", SWAPPED),
        ("protected: the singleton", PROTECTED_SINGLETON),
        ("protected: a service", PROTECTED_SERVICE),
        ("freeze", FREEZE),
    ] {
        for steps in [1, 3, 5, 7, 9, 11] {
            let context = format!("{part} after {steps} steps");
            let mut stacks = stacks(&estates(&[AUTOMATIC]));
            let mut failover_run = stacks.by_hand(&standby(), "moving", &json!({ "mode": "graceful" }));
            for _ in 0..steps {
                if failover_run.state == FailoverRunState::Running {
                    stacks.step(&mut failover_run);
                }
            }
            stacks.redocument(&estates(&with(changes)));
            if failover_run.state == FailoverRunState::Running {
                stacks.fly(&mut failover_run);
            }
            never_double(&stacks, &context);
            if let FailoverRunState::Asking(_) = failover_run.state {
                // The home may not stop it any more.
                stacks.answer(&mut failover_run, json!({ "approved": false, "by": "Ada" }));
            }
            if matches!(failover_run.state, FailoverRunState::Failed(_)) {
                // What cannot be followed stands still until the document is as it was.
                stacks.minutes(5);
                never_double(&stacks, &context);
                stacks.redocument(&estates(&[AUTOMATIC]));
                stacks.pair.standby().set_status(&failover_run.name, ExecutionStatus::Dead("FAILED".to_owned()));
                stacks.minutes(2);
                if let Some(heir) = stacks.failover_runs.pop() {
                    failover_run = heir;
                    stacks.fly(&mut failover_run);
                }
            }
            ends(&mut stacks, &failover_run, &context);
        }
    }
}

/// A freeze lets nothing new in; a move that goes on is none, there and home again, with and without a singleton.
#[test]
fn a_freeze_that_opens_in_the_middle_of_a_move_holds_up_neither_it_nor_the_way_home() {
    for (pair, own) in [("a singleton", &[] as Changes), ("no singleton", NO_SINGLETON)] {
        for steps in [1, 3, 5, 7, 9, 11] {
            let context = format!("{pair}, after {steps} steps");
            let mut stacks = stacks(&estates(&with(own)));
            let before = capacities(&stacks);
            let mut failover_run = stacks.by_hand(&standby(), "moving", &json!({ "mode": "graceful" }));
            for _ in 0..steps {
                if failover_run.state == FailoverRunState::Running {
                    stacks.step(&mut failover_run);
                }
            }
            let frozen: Vec<_> = with(own).into_iter().chain(FREEZE.iter().copied()).collect();
            stacks.redocument(&estates(&frozen));
            stacks.fly(&mut failover_run);
            assert_eq!(ended(&failover_run), ("done", None), "{context}: {}", story(&stacks, &failover_run));
            stacks.minutes(3);
            assert_eq!((counts(&stacks, &home()), counts(&stacks, &standby())), ([0; 4], [2, 2, 2, 1]), "{context}");
            let mut back = stacks.go_home("home-again", &json!({})).unwrap_or_else(|why| panic!("{context}: {why}"));
            stacks.fly(&mut back);
            assert_eq!(ended(&back), ("done", None), "{context}: {}", story(&stacks, &back));
            stacks.minutes(6);
            assert_eq!(capacities(&stacks), before, "{context}");
        }
    }
}

fn ends(stacks: &mut InMemoryPair, failover_run: &FailoverRun, context: &str) {
    assert!(
        matches!(failover_run.state, FailoverRunState::Ended(..)),
        "{context}: {:?}\n{}",
        failover_run.state,
        story(stacks, failover_run)
    );
    stacks.minutes(4);
    let pointer = stacks.pointer(&standby());
    assert_eq!(pointer.moving, None, "{context}: {pointer}");
    assert_eq!(stacks.pair.serving(), Some(pointer.active), "{context}");
    never_double(stacks, context);
}

#[test]
fn a_warm_standby_with_the_homes_own_bounds_is_scaled_to_what_the_home_ran() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let name = ServiceName::new("fleet-orchestration-fleet-service").unwrap();
    let at_home = stacks.member(&home()).own[&name].clone();
    let there = stacks.member(&standby()).own[&name].clone();
    stacks.pair.home().change_count(&at_home, 6);
    let scaling = ScalingState { min: 2, max: 6, suspended: Suspensions::NONE };
    stacks.pair.standby().change_scaling(&there, Some(scaling));
    stacks.pair.standby().change_count(&there, 2);
    stacks.minutes(2);
    let mut failover_run = stacks.by_hand(&standby(), "warm", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    assert_eq!(counts(&stacks, &standby())[0], 6);
}

/// A planned move that has begun.
fn moving(stacks: &mut InMemoryPair) -> FailoverRun {
    let mut failover_run = stacks.by_hand(&standby(), "moving", &json!({ "mode": "graceful" }));
    while stacks.pointer(&standby()).moving.is_none() {
        assert_eq!(failover_run.state, FailoverRunState::Running, "{}", story(stacks, &failover_run));
        stacks.step(&mut failover_run);
    }
    failover_run
}

#[test]
fn a_move_that_goes_on_keeps_its_figures_and_the_next_one_has_the_new_ones() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let mut failover_run = moving(&mut stacks);
    stacks.redocument(&estates(&with(MORE_CAPACITY)));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1], "what it began with");
    stacks.minutes(3);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(6);
    assert_eq!(capacities(&stacks), before);
    let mut again = stacks.by_hand(&standby(), "again", &json!({ "mode": "graceful" }));
    stacks.fly(&mut again);
    assert_eq!(ended(&again), ("done", None), "{}", story(&stacks, &again));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 4, 1]);
}

const DATABASE: Changes = &[(
    "      minimum-delay: 1h\n",
    "      minimum-delay: 1h\n      databases: [{ aurora-global: fleet-orchestration-db }]\n",
)];

#[test]
fn what_a_move_has_promoted_goes_back_with_it_although_the_document_names_it_no_more() {
    let mut stacks = stacks(&estates(&with(DATABASE)));
    let (before, database) = (capacities(&stacks), aurora_global(GLOBAL));
    let role = |stacks: &InMemoryPair| stacks.pair.standby().database_role(&database);
    stacks.pair.block(&standby(), true);
    let mut failover_run = moving(&mut stacks);
    while role(&stacks) != Some(DatabaseRole::Writer) {
        assert_eq!(failover_run.state, FailoverRunState::Running, "{}", story(&stacks, &failover_run));
        stacks.step(&mut failover_run);
    }
    stacks.redocument(&estates(&[AUTOMATIC]));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run).0, "compensated", "{}", story(&stacks, &failover_run));
    stacks.minutes(6);
    assert_eq!((role(&stacks), capacities(&stacks)), (Some(DatabaseRole::Follower), before));
}

/// Another service in both regions.
const ONE_MORE: Changes = &[(
    "          - fleet-orchestration-dashboard\n          - fleet-orchestration-car-simulator\n",
    "          - fleet-orchestration-dashboard\n          - fleet-orchestration-car-simulator\n          - fleet-orchestration-new\n",
)];

#[test]
fn a_service_that_joins_while_the_pair_is_away_is_down_at_home_and_elsewhere_as_it_is() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    away(&mut stacks);
    stacks.pair.home().add(service("fleet-orchestration-cluster/fleet-orchestration-new").desired(3));
    stacks.pair.standby().add(service("fleet-orchestration-cluster-west1/fleet-orchestration-new").desired(1));
    stacks.redocument(&estates(&with(ONE_MORE)));
    stacks.minutes(6);
    let new = |stacks: &InMemoryPair| {
        [home(), standby()].map(|region| {
            let id = stacks.member(&region).own[&ServiceName::new("fleet-orchestration-new").unwrap()].clone();
            stacks.pair.sim(&region).service(&id).unwrap().capacity.desired
        })
    };
    assert_eq!(new(&stacks), [0, 1]);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(6);
    assert_eq!(new(&stacks), [3, 1], "as its owner made it");
}
