//! Questions of a failover: one at a time, about what is true now, withdrawn when the answer has become known; and fences that
//! count only on what they could do.

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::{ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::failover::SwitchArming;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_domain::reconcile::run::{RunOutcome, RunRecord};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss, run_until_done_or_crash};
use watchkeeper_tests::in_memory::{FailoverRun, FailoverRunState, InMemoryPair};

use crate::failover_documents::NO_SINGLETON;
use crate::pair_scene::{
    AUTOMATIC, SIMULATOR, capacities, counts, ended, estates, home, never_double, say_yes, stacks, standby, started,
    story,
};

/// The singleton has a dead man's switch.
const DEAD_MAN: (&str, &str) = (
    "- { service: fleet-orchestration-car-simulator }",
    "- { service: fleet-orchestration-car-simulator, fence: dead-man, silence: 3m }",
);
const PROTECTED: (&str, &str) =
    ("    failover:\n", "    protected: [fleet-orchestration-car-simulator]\n    failover:\n");

fn simulator(stacks: &InMemoryPair, region: &Region) -> ServiceId {
    stacks.member(region).own[&ServiceName::new(SIMULATOR).unwrap()].clone()
}

fn asks(failover_run: &FailoverRun) -> &str {
    let FailoverRunState::Asking(why) = &failover_run.state else {
        panic!("{:?}, {:?}", failover_run.state, failover_run.said)
    };
    why
}

fn told(stacks: &InMemoryPair, what: &str) -> usize {
    let messages = stacks.pair.standby().messages();
    messages.iter().filter(|message| message.subject.contains(what) || message.text.contains(what)).count()
}

#[test]
fn a_fences_question_is_withdrawn_once_the_fence_is_proved_and_the_move_goes_on() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    stacks.pair.lose(&home(), RegionLoss::failing());
    let mut failover_run = stacks.by_hand(&standby(), "asks", &json!({ "approve": ["not-ready", "data-loss"] }));
    stacks.fly(&mut failover_run);
    assert!(asks(&failover_run).contains("make sure that it has stopped"));
    stacks.minutes(3);
    assert!(stacks.failover_runs.is_empty(), "while nobody knows, a person is waited for");
    stacks.pair.regain(&home());
    for _ in 0..8 {
        if stacks.failover_runs.is_empty() {
            stacks.minutes(1);
        }
    }
    let mut heir = started(&mut stacks);
    assert_eq!(told(&stacks, "the question is withdrawn"), 1);
    stacks.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&stacks, &heir));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    stacks.minutes(2);
    assert_eq!(counts(&stacks, &home()), [0, 0, 0, 0]);
    never_double(&stacks, "withdrawn");
}

#[test]
fn what_was_approved_for_a_planned_move_does_not_cover_a_loss_that_began_after_it() {
    for steps in [1, 3] {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        let approved = json!({ "mode": "graceful", "approve": ["fence-unproved"] });
        let mut failover_run = stacks.by_hand(&standby(), "planned", &approved);
        for _ in 0..steps {
            stacks.step(&mut failover_run);
        }
        // Its tasks stay alive: only nobody sees them.
        stacks.pair.lose(&home(), RegionLoss::failing());
        stacks.fly(&mut failover_run);
        if let FailoverRunState::Asking(why) = &failover_run.state {
            assert!(why.contains("make sure that it has stopped"), "{why}");
            assert_eq!(counts(&stacks, &standby())[3], 0, "the singleton waits for a word about this loss");
        } else {
            assert_eq!(counts(&stacks, &standby())[3], 0, "{steps}: {}", story(&stacks, &failover_run));
        }
        never_double(&stacks, "approved beforehand");
    }
}

#[test]
fn a_person_who_takes_a_move_over_sees_how_it_stands_and_may_answer_beforehand() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut failover_run =
        stacks.by_hand(&standby(), "first", &json!({ "mode": "graceful", "approve": ["fence-unproved"] }));
    for _ in 0..3 {
        stacks.step(&mut failover_run);
    }
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks
        .pair
        .standby()
        .set_status("first", watchkeeper_domain::execution::ExecutionStatus::Dead("ABORTED".to_owned()));
    let mut heir = stacks.by_hand(&standby(), "heir", &json!({ "take-over": true, "approve": ["fence-unproved"] }));
    stacks.fly(&mut heir);
    assert_eq!(ended(&heir).0, "done", "{}", story(&stacks, &heir));
    never_double(&stacks, "taken over by hand");
}

#[test]
fn one_question_stands_at_a_time_and_a_no_counts_for_as_long_as_the_loss_lasts() {
    let mut stacks = stacks(&estates(&[]));
    let before = capacities(&stacks);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    assert!(asks(&failover_run).contains("the document asks before a failover"));
    stacks.minutes(45);
    assert!(stacks.failover_runs.is_empty(), "it is asking");
    stacks.answer(&mut failover_run, json!({ "approved": false, "by": "Ada" }));
    assert_eq!(ended(&failover_run), ("declined", Some("Failover.Declined")));
    stacks.minutes(90);
    assert!(stacks.failover_runs.is_empty(), "nobody is asked again");
    assert_eq!(told(&stacks, "refused by Ada"), 2, "by the move, and once by the watch");
    stacks.pair.regain(&home());
    stacks.minutes(5);
    assert_eq!(capacities(&stacks), before);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    assert_eq!(stacks.failover_runs.len(), 1, "another loss is another question");
}

#[test]
fn an_answer_that_nobody_signed_is_refused_and_the_question_put_once_more() {
    let mut stacks = stacks(&estates(&[]));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    stacks.answer(&mut failover_run, json!({ "approved": true }));
    assert!(asks(&failover_run).contains("the document asks before a failover"));
    assert!(story(&stacks, &failover_run).contains("no answer was signed"), "{}", story(&stacks, &failover_run));
    stacks.answer(&mut failover_run, json!({ "approved": true, "by": "YOUR NAME" }));
    assert_eq!(ended(&failover_run), ("declined", Some("Failover.Declined")));
}

#[test]
fn a_question_that_nobody_answered_is_asked_again_as_long_as_the_loss_lasts() {
    let mut stacks = stacks(&estates(&[]));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    stacks.minutes(30);
    stacks.answer(&mut failover_run, json!({ "expired": true }));
    assert_eq!(ended(&failover_run).0, "declined");
    stacks.minutes(2);
    assert_eq!(stacks.failover_runs.len(), 1);
}

#[test]
fn an_approval_acts_on_evidence_that_is_looked_at_again() {
    let mut stacks = stacks(&estates(&[]));
    let before = capacities(&stacks);
    stacks.pair.lose(&home(), RegionLoss::failing());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    asks(&failover_run);
    stacks.pair.regain(&home());
    stacks.minutes(2);
    say_yes(&mut stacks, &mut failover_run);
    assert_eq!(ended(&failover_run), ("false-alarm", None), "{}", story(&stacks, &failover_run));
    assert_eq!(capacities(&stacks), before);
}

#[test]
fn an_approval_of_a_move_that_another_one_and_a_way_home_have_overtaken_moves_nothing() {
    let mut stacks = stacks(&estates(&[]));
    let before = capacities(&stacks);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    let mut old = started(&mut stacks);
    stacks.fly(&mut old);
    asks(&old);
    // A person does not wait for that answer, and moves the pair by hand, and home again.
    let mut there = stacks.by_hand(&standby(), "there", &json!({ "approve": ["not-ready", "data-loss"] }));
    say_yes(&mut stacks, &mut there);
    assert_eq!(ended(&there), ("done", None), "{}", story(&stacks, &there));
    stacks.pair.regain(&home());
    stacks.minutes(4);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    say_yes(&mut stacks, &mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(10);
    assert_eq!(capacities(&stacks), before);
    let pointer = stacks.pointer(&standby());
    // The region is lost again, so that nothing but the pointer says that the old question is over.
    stacks.pair.lose(&home(), RegionLoss::failing());
    stacks.minutes(1);
    stacks.answer(&mut old, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&old), ("refused", Some("Guardrail.Refused")), "{}", story(&stacks, &old));
    assert!(story(&stacks, &old).contains("the pair has moved since this was asked for"), "{}", story(&stacks, &old));
    assert_eq!((stacks.pointer(&standby()), counts(&stacks, &standby())), (pointer, [0; 4]));
    never_double(&stacks, "overtaken");
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

/// The standby's topic takes no message, and the home is lost.
fn unheard(changes: &[(&str, &str)]) -> (InMemoryPair, FailoverRun) {
    let mut stacks = stacks(&estates(changes));
    stacks.pair.standby().set_faults(FaultPlan::none().always(Operation::Publish, CallTrouble::Denied));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    (stacks, failover_run)
}

#[test]
fn a_message_that_cannot_be_sent_keeps_no_failover_from_starting_nor_from_being_done() {
    let changes: Vec<_> = std::iter::once(AUTOMATIC).chain(NO_SINGLETON.iter().copied()).collect();
    let (mut stacks, failover_run) = unheard(&changes);
    assert_eq!(
        ended(&failover_run),
        ("done", None),
        "what was done counts, told or not: {}",
        story(&stacks, &failover_run)
    );
    assert!(failover_run.said.contains("nobody was told of it"));
    let story = story(&stacks, &failover_run);
    assert!(!story.contains("it is tried again"), "a child that has done its work is done: {story}");
    let runs = stacks.pair.standby().runs(&stacks.member(&standby()).scope()).unwrap();
    assert!(runs.iter().all(|run| run.outcome == Some(RunOutcome::Done)), "{runs:?}");
    let noted = |run: &RunRecord| run.header.timeline.iter().any(|it| it.what.starts_with("nobody was told of it"));
    assert!(runs.iter().any(noted), "{runs:?}");
    stacks.minutes(1);
    assert_eq!(stacks.pair.serving(), Some(standby()));
}

#[test]
fn a_question_that_cannot_be_put_to_anybody_is_no_yes() {
    let (stacks, failover_run) = unheard(&[AUTOMATIC]);
    assert_eq!(
        ended(&failover_run),
        ("compensated", Some("Failover.Compensated")),
        "{}",
        story(&stacks, &failover_run)
    );
    assert!(failover_run.said.contains("approve a failover?: denied"), "{}", failover_run.said);
    never_double(&stacks, "unasked");
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
