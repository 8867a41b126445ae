//! Dead man's switches: fences that count only on what they could do.

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::{ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::failover::SwitchArming;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_in_memory::{FailoverRunState, InMemoryPair};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss, run_until_done_or_crash};

use crate::failover_questions::{asks, told};
use crate::pair_scene::{AUTOMATIC, SIMULATOR, counts, ended, estates, home, never_double, stacks, standby, story};

/// The singleton has a dead man's switch.
const DEAD_MAN: (&str, &str) = (
    "- { service: fleet-orchestration-car-simulator }",
    "- { service: fleet-orchestration-car-simulator, fence: dead-man, silence: 3m }",
);
/// It may not be stopped.
const PROTECTED: (&str, &str) =
    ("    failover:\n", "    protected: [fleet-orchestration-car-simulator]\n    failover:\n");

fn simulator(stacks: &InMemoryPair, region: &Region) -> ServiceId {
    stacks.member(region).own[&ServiceName::new(SIMULATOR).unwrap()].clone()
}

fn halted(stacks: &InMemoryPair) {
    let scope = stacks.member(&home()).scope();
    let halt = HaltSwitch { by: "ada".to_owned(), reason: "migration".to_owned(), since: stacks.pair.now() };
    let sim = stacks.pair.home();
    run_until_done_or_crash(&sim, sim.set_halt(Some(&scope), Some(&halt))).unwrap().unwrap();
}

#[test]
fn a_dead_mans_switch_stops_its_singleton_although_its_home_is_halted() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, DEAD_MAN]));
    stacks.minutes(2);
    let at_home = simulator(&stacks, &home());
    let before = counts(&stacks, &home());
    stacks.pair.lose(&home(), RegionLoss::failing().runs_inside());
    halted(&stacks);
    let mut failover_run = stacks.by_hand(&standby(), "cut-off", &json!({ "approve": ["not-ready", "data-loss"] }));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    assert_eq!(stacks.pair.home().alive(&at_home), 0);
    assert_eq!(counts(&stacks, &home())[..3], before[..3], "and nothing else is changed under the halt");
    never_double(&stacks, "halted");
}

/// What is done to the singleton of the home before its switch would have to act.
type Hindrance = fn(&InMemoryPair, &ServiceId);

/// What would refuse the stop of a dead man's switch, and the word by which it is told.
const HINDRANCES: [(&str, Hindrance); 4] = [
    ("protected", |_, _| ()),
    ("not-managed", |stacks, id| stacks.pair.home().change_service_tag(id, false)),
    ("scalable target lacks the tag", |stacks, id| {
        with_target(stacks, id);
        stacks.pair.home().untag_target(id, true);
    }),
    ("ListTagsForResource", |stacks, id| {
        with_target(stacks, id);
        let faults = FaultPlan::none().always(Operation::ListTargetTags, CallTrouble::Denied);
        stacks.pair.home().set_faults(faults);
    }),
];

fn with_target(stacks: &InMemoryPair, id: &ServiceId) {
    stacks.pair.home().change_scaling(id, Some(ScalingState { min: 1, max: 1, suspended: Suspensions::NONE }));
}

#[test]
fn a_switch_whose_stop_would_be_refused_is_not_armed_and_readiness_says_so() {
    for (why, hinder) in HINDRANCES {
        let mut changes = vec![AUTOMATIC, DEAD_MAN];
        changes.extend((why == "protected").then_some(PROTECTED));
        let mut stacks = stacks(&estates(&changes));
        hinder(&stacks, &simulator(&stacks, &home()));
        stacks.minutes(35);
        let pair = stacks.pair.standby().remembered_of(&stacks.member(&standby()).id).unwrap();
        let beat = &pair.heartbeats[&home()];
        assert_eq!(beat.heard, None, "{why}");
        let SwitchArming::Hindered { why: found } = &beat.switches[&ServiceName::new(SIMULATOR).unwrap()] else {
            panic!("{why}: {beat:?}")
        };
        assert!(found.contains(why), "{found}");
        assert!(told(&stacks, "switch-unarmed") > 0, "{why}");
        stacks.pair.lose(&home(), RegionLoss::failing().runs_inside());
        let mut failover_run = stacks.by_hand(&standby(), "cut-off", &json!({ "approve": ["not-ready", "data-loss"] }));
        stacks.fly(&mut failover_run);
        assert!(
            asks(&failover_run).contains("its dead man's switch is not armed"),
            "{why}: {}",
            story(&stacks, &failover_run)
        );
        never_double(&stacks, why);
    }
}

/// Two singletons, each with a switch of its own.
const TWO_SWITCHES: [(&str, &str); 2] = [
    (
        "        - { service: fleet-orchestration-car-simulator }\n",
        "        - { service: fleet-orchestration-car-simulator, fence: dead-man, silence: 3m }\n        \
         - { service: fleet-orchestration-dashboard, fence: dead-man, silence: 3m }\n",
    ),
    (
        "        fleet-orchestration-dashboard: 2\n        fleet-orchestration-car",
        "        fleet-orchestration-dashboard: 1\n        fleet-orchestration-car",
    ),
];

#[test]
fn what_hinders_one_switch_leaves_the_other_armed_as_far_as_its_stop_goes_through() {
    let dashboard = ServiceName::new("fleet-orchestration-dashboard").unwrap();
    for (why, hinder) in HINDRANCES {
        let mut changes = vec![AUTOMATIC];
        changes.extend(TWO_SWITCHES);
        changes.extend((why == "protected").then_some(PROTECTED));
        let mut stacks = stacks(&estates(&changes));
        hinder(&stacks, &simulator(&stacks, &home()));
        stacks.minutes(35);
        let pair = stacks.pair.standby().remembered_of(&stacks.member(&standby()).id).unwrap();
        let beat = &pair.heartbeats[&home()];
        let switch = |name: &ServiceName| beat.switches[name].clone();
        assert!(
            matches!(switch(&ServiceName::new(SIMULATOR).unwrap()), SwitchArming::Hindered { .. }),
            "{why}: {beat:?}"
        );
        let armed = matches!(switch(&dashboard), SwitchArming::Armed { .. });
        assert!(armed || why == "protected", "{why}: {beat:?}");
        assert_eq!(beat.heard.is_some(), armed, "{why}");
        stacks.pair.lose(&home(), RegionLoss::failing().runs_inside());
        let mut failover_run = stacks.by_hand(&standby(), "cut-off", &json!({ "approve": ["not-ready", "data-loss"] }));
        stacks.fly(&mut failover_run);
        let asked = asks(&failover_run);
        assert!(asked.contains("car-simulator"), "{why}: {asked}");
        assert_eq!(asked.contains("dashboard"), !armed, "{why}: {asked}");
        let there = stacks.member(&home()).own[&dashboard].clone();
        assert!(!armed || stacks.pair.home().alive(&there) == 0, "{why}: what is armed has stopped");
        never_double(&stacks, why);
    }
}

#[test]
fn a_switch_whose_scalable_target_has_the_tag_is_armed_without_a_write_ever() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, DEAD_MAN]));
    with_target(&stacks, &simulator(&stacks, &home()));
    stacks.minutes(35);
    let pair = stacks.pair.standby().remembered_of(&stacks.member(&standby()).id).unwrap();
    let switch = &pair.heartbeats[&home()].switches[&ServiceName::new(SIMULATOR).unwrap()];
    assert!(matches!(switch, SwitchArming::Armed { .. }), "{switch:?}");
    assert_eq!(told(&stacks, "switch-unarmed"), 0);
}

#[test]
fn a_switch_whose_stop_aws_has_refused_is_not_armed_until_a_write_goes_through() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, DEAD_MAN]));
    let (at_home, name) = (simulator(&stacks, &home()), ServiceName::new(SIMULATOR).unwrap());
    let armed = |stacks: &InMemoryPair| {
        let pair = stacks.pair.standby().remembered_of(&stacks.member(&standby()).id).unwrap();
        pair.heartbeats[&home()].switches[&name].clone()
    };
    assert!(matches!(armed(&stacks), SwitchArming::Armed { .. }), "{:?}", armed(&stacks));
    // A planned move is to stop it, and somebody's policy forbids that.
    stacks.pair.home().deny_count(&at_home, true);
    let mut failover_run = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    if let FailoverRunState::Asking(_) = failover_run.state {
        stacks.answer(&mut failover_run, json!({ "approved": false, "by": "Ada" }));
    }
    assert_eq!(ended(&failover_run).0, "compensated", "{}", story(&stacks, &failover_run));
    stacks.minutes(3);
    let SwitchArming::Hindered { why } = armed(&stacks) else { panic!("{}", story(&stacks, &failover_run)) };
    assert!(why.contains("AWS refused to change it"), "{why}");
    stacks.pair.home().deny_count(&at_home, false);
    let mut failover_run = stacks.by_hand(&standby(), "again", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    stacks.minutes(2);
    assert!(matches!(armed(&stacks), SwitchArming::Armed { .. }), "{:?}", armed(&stacks));
    never_double(&stacks, "refused");
}
