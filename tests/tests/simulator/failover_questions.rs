//! Questions of a failover: one at a time, about what is true now, withdrawn when the answer has become known; and fences that
//! count only on what they could do.

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::{ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::failover::SwitchArming;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss, run_until_done_or_crash};
use watchkeeper_tests::in_memory::{FailoverRun, FailoverRunState, InMemoryPair};

use crate::failover_documents::NO_SINGLETON;
use crate::pair_scene::{
    AUTOMATIC, SIMULATOR, capacities, counts, duo, ended, estates, home, never_double, say_yes, standby, started, story,
};

/// The singleton has a dead man's switch.
const DEAD_MAN: (&str, &str) = (
    "- { service: fleet-orchestration-car-simulator }",
    "- { service: fleet-orchestration-car-simulator, fence: dead-man, silence: 3m }",
);
const PROTECTED: (&str, &str) =
    ("    failover:\n", "    protected: [fleet-orchestration-car-simulator]\n    failover:\n");

fn simulator(duo: &InMemoryPair, region: &Region) -> ServiceId {
    duo.half(region).own[&ServiceName::new(SIMULATOR).unwrap()].clone()
}

fn asks(pilot: &FailoverRun) -> &str {
    let FailoverRunState::Asking(why) = &pilot.flight else { panic!("{:?}, {:?}", pilot.flight, pilot.said) };
    why
}

fn told(duo: &InMemoryPair, what: &str) -> usize {
    let messages = duo.pair.standby().messages();
    messages.iter().filter(|message| message.subject.contains(what) || message.text.contains(what)).count()
}

#[test]
fn a_fences_question_is_withdrawn_once_the_fence_is_proved_and_the_move_goes_on() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    duo.pair.lose(&home(), RegionLoss::failing());
    let mut pilot = duo.by_hand(&standby(), "asks", &json!({ "approve": ["not-ready", "data-loss"] }));
    duo.fly(&mut pilot);
    assert!(asks(&pilot).contains("make sure that it has stopped"));
    duo.minutes(3);
    assert!(duo.pilots.is_empty(), "while nobody knows, a person is waited for");
    duo.pair.regain(&home());
    for _ in 0..8 {
        if duo.pilots.is_empty() {
            duo.minutes(1);
        }
    }
    let mut heir = started(&mut duo);
    assert_eq!(told(&duo, "the question is withdrawn"), 1);
    duo.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&duo, &heir));
    assert_eq!(counts(&duo, &standby()), [2, 2, 2, 1]);
    duo.minutes(2);
    assert_eq!(counts(&duo, &home()), [0, 0, 0, 0]);
    never_double(&duo, "withdrawn");
}

#[test]
fn what_was_approved_for_a_planned_move_does_not_cover_a_loss_that_began_after_it() {
    for steps in [1, 3] {
        let mut duo = duo(&estates(&[AUTOMATIC]));
        let approved = json!({ "mode": "graceful", "approve": ["fence-unproved"] });
        let mut pilot = duo.by_hand(&standby(), "planned", &approved);
        for _ in 0..steps {
            duo.step(&mut pilot);
        }
        // Its tasks stay alive: only nobody sees them.
        duo.pair.lose(&home(), RegionLoss::failing());
        duo.fly(&mut pilot);
        if let FailoverRunState::Asking(why) = &pilot.flight {
            assert!(why.contains("make sure that it has stopped"), "{why}");
            assert_eq!(counts(&duo, &standby())[3], 0, "the singleton waits for a word about this loss");
        } else {
            assert_eq!(counts(&duo, &standby())[3], 0, "{steps}: {}", story(&duo, &pilot));
        }
        never_double(&duo, "approved beforehand");
    }
}

#[test]
fn a_person_who_takes_a_move_over_sees_how_it_stands_and_may_answer_beforehand() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let mut pilot = duo.by_hand(&standby(), "first", &json!({ "mode": "graceful", "approve": ["fence-unproved"] }));
    for _ in 0..3 {
        duo.step(&mut pilot);
    }
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.pair.standby().set_status("first", watchkeeper_domain::execution::ExecutionStatus::Dead("ABORTED".to_owned()));
    let mut heir = duo.by_hand(&standby(), "heir", &json!({ "take-over": true, "approve": ["fence-unproved"] }));
    duo.fly(&mut heir);
    assert_eq!(ended(&heir).0, "done", "{}", story(&duo, &heir));
    never_double(&duo, "taken over by hand");
}

#[test]
fn one_question_stands_at_a_time_and_a_no_counts_for_as_long_as_the_loss_lasts() {
    let mut duo = duo(&estates(&[]));
    let before = capacities(&duo);
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    assert!(asks(&pilot).contains("the document asks before a failover"));
    duo.minutes(45);
    assert!(duo.pilots.is_empty(), "it is asking");
    duo.answer(&mut pilot, json!({ "approved": false, "by": "Ada" }));
    assert_eq!(ended(&pilot), ("declined", Some("Failover.Declined")));
    duo.minutes(90);
    assert!(duo.pilots.is_empty(), "nobody is asked again");
    assert_eq!(told(&duo, "refused by Ada"), 2, "by the move, and once by the watch");
    duo.pair.regain(&home());
    duo.minutes(5);
    assert_eq!(capacities(&duo), before);
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    assert_eq!(duo.pilots.len(), 1, "another loss is another question");
}

#[test]
fn an_answer_that_nobody_signed_is_refused_and_the_question_put_once_more() {
    let mut duo = duo(&estates(&[]));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    duo.answer(&mut pilot, json!({ "approved": true }));
    assert!(asks(&pilot).contains("the document asks before a failover"));
    assert!(story(&duo, &pilot).contains("no answer was signed"), "{}", story(&duo, &pilot));
    duo.answer(&mut pilot, json!({ "approved": true, "by": "YOUR NAME" }));
    assert_eq!(ended(&pilot), ("declined", Some("Failover.Declined")));
}

#[test]
fn a_question_that_nobody_answered_is_asked_again_as_long_as_the_loss_lasts() {
    let mut duo = duo(&estates(&[]));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    duo.minutes(30);
    duo.answer(&mut pilot, json!({ "expired": true }));
    assert_eq!(ended(&pilot).0, "declined");
    duo.minutes(2);
    assert_eq!(duo.pilots.len(), 1);
}

#[test]
fn an_approval_acts_on_evidence_that_is_looked_at_again() {
    let mut duo = duo(&estates(&[]));
    let before = capacities(&duo);
    duo.pair.lose(&home(), RegionLoss::failing());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    asks(&pilot);
    duo.pair.regain(&home());
    duo.minutes(2);
    say_yes(&mut duo, &mut pilot);
    assert_eq!(ended(&pilot), ("false-alarm", None), "{}", story(&duo, &pilot));
    assert_eq!(capacities(&duo), before);
}

#[test]
fn an_approval_of_a_move_that_another_one_and_a_way_home_have_overtaken_moves_nothing() {
    let mut duo = duo(&estates(&[]));
    let before = capacities(&duo);
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut old = started(&mut duo);
    duo.fly(&mut old);
    asks(&old);
    // A person does not wait for that answer, and moves the pair by hand, and home again.
    let mut there = duo.by_hand(&standby(), "there", &json!({ "approve": ["not-ready", "data-loss"] }));
    say_yes(&mut duo, &mut there);
    assert_eq!(ended(&there), ("done", None), "{}", story(&duo, &there));
    duo.pair.regain(&home());
    duo.minutes(4);
    let mut back = duo.go_home("home-again", &json!({})).unwrap();
    say_yes(&mut duo, &mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&duo, &back));
    duo.minutes(10);
    assert_eq!(capacities(&duo), before);
    let pointer = duo.pointer(&standby());
    // The region is lost again, so that nothing but the pointer says that the old question is over.
    duo.pair.lose(&home(), RegionLoss::failing());
    duo.minutes(1);
    duo.answer(&mut old, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&old), ("refused", Some("Guardrail.Refused")), "{}", story(&duo, &old));
    assert!(story(&duo, &old).contains("the pair has moved since this was asked for"), "{}", story(&duo, &old));
    assert_eq!((duo.pointer(&standby()), counts(&duo, &standby())), (pointer, [0; 4]));
    never_double(&duo, "overtaken");
}

fn halted(duo: &InMemoryPair) {
    let scope = duo.half(&home()).scope();
    let halt = HaltSwitch { by: "ada".to_owned(), reason: "migration".to_owned(), since: duo.pair.now() };
    let world = duo.pair.home();
    run_until_done_or_crash(&world, world.set_halt(Some(&scope), Some(&halt))).unwrap().unwrap();
}

#[test]
fn a_dead_mans_switch_stops_its_singleton_although_its_home_is_halted() {
    let mut duo = duo(&estates(&[AUTOMATIC, DEAD_MAN]));
    duo.minutes(2);
    let at_home = simulator(&duo, &home());
    let before = counts(&duo, &home());
    duo.pair.lose(&home(), RegionLoss::failing().runs_inside());
    halted(&duo);
    let mut pilot = duo.by_hand(&standby(), "cut-off", &json!({ "approve": ["not-ready", "data-loss"] }));
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("done", None), "{}", story(&duo, &pilot));
    assert_eq!(duo.pair.home().alive(&at_home), 0);
    assert_eq!(counts(&duo, &home())[..3], before[..3], "and nothing else is changed under the halt");
    never_double(&duo, "halted");
}

/// What would refuse the stop of a dead man's switch, and the word by which it is told.
const HINDRANCES: [(&str, fn(&InMemoryPair, &ServiceId)); 4] = [
    ("protected", |_, _| ()),
    ("not-managed", |duo, id| duo.pair.home().change_service_tag(id, false)),
    ("scalable target lacks the tag", |duo, id| {
        with_target(duo, id);
        duo.pair.home().untag_target(id, true);
    }),
    ("ListTagsForResource", |duo, id| {
        with_target(duo, id);
        let faults = FaultPlan::none().always(Operation::ListTargetTags, CallTrouble::Denied);
        duo.pair.home().set_faults(faults);
    }),
];

fn with_target(duo: &InMemoryPair, id: &ServiceId) {
    duo.pair.home().change_scaling(id, Some(ScalingState { min: 1, max: 1, suspended: Suspensions::NONE }));
}

#[test]
fn a_switch_whose_stop_would_be_refused_is_not_armed_and_readiness_says_so() {
    for (why, hinder) in HINDRANCES {
        let mut changes = vec![AUTOMATIC, DEAD_MAN];
        changes.extend((why == "protected").then_some(PROTECTED));
        let mut duo = duo(&estates(&changes));
        hinder(&duo, &simulator(&duo, &home()));
        duo.minutes(35);
        let pair = duo.pair.standby().remembered_of(&duo.half(&standby()).id).unwrap();
        let beat = &pair.heartbeats[&home()];
        assert_eq!(beat.heard, None, "{why}");
        let SwitchArming::Hindered { why: found } = &beat.switches[&ServiceName::new(SIMULATOR).unwrap()] else {
            panic!("{why}: {beat:?}")
        };
        assert!(found.contains(why), "{found}");
        assert!(told(&duo, "switch-unarmed") > 0, "{why}");
        duo.pair.lose(&home(), RegionLoss::failing().runs_inside());
        let mut pilot = duo.by_hand(&standby(), "cut-off", &json!({ "approve": ["not-ready", "data-loss"] }));
        duo.fly(&mut pilot);
        assert!(asks(&pilot).contains("its dead man's switch is not armed"), "{why}: {}", story(&duo, &pilot));
        never_double(&duo, why);
    }
}

#[test]
fn a_switch_whose_scalable_target_has_the_tag_is_armed_without_a_write_ever() {
    let mut duo = duo(&estates(&[AUTOMATIC, DEAD_MAN]));
    with_target(&duo, &simulator(&duo, &home()));
    duo.minutes(35);
    let pair = duo.pair.standby().remembered_of(&duo.half(&standby()).id).unwrap();
    let switch = &pair.heartbeats[&home()].switches[&ServiceName::new(SIMULATOR).unwrap()];
    assert!(matches!(switch, SwitchArming::Armed { .. }), "{switch:?}");
    assert_eq!(told(&duo, "switch-unarmed"), 0);
}

/// The standby's topic takes no message, and the home is lost.
fn unheard(changes: &[(&str, &str)]) -> (InMemoryPair, FailoverRun) {
    let mut duo = duo(&estates(changes));
    duo.pair.standby().set_faults(FaultPlan::none().always(Operation::Publish, CallTrouble::Denied));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    (duo, pilot)
}

#[test]
fn a_message_that_cannot_be_sent_keeps_no_failover_from_starting_nor_from_being_done() {
    let changes: Vec<_> = std::iter::once(AUTOMATIC).chain(NO_SINGLETON.iter().copied()).collect();
    let (mut duo, pilot) = unheard(&changes);
    assert_eq!(ended(&pilot), ("done", None), "what was done counts, told or not: {}", story(&duo, &pilot));
    assert!(pilot.said.contains("nobody was told of it"));
    duo.minutes(1);
    assert_eq!(duo.pair.serving(), Some(standby()));
}

#[test]
fn a_question_that_cannot_be_put_to_anybody_is_no_yes() {
    let (duo, pilot) = unheard(&[AUTOMATIC]);
    assert_eq!(ended(&pilot), ("compensated", Some("Failover.Compensated")), "{}", story(&duo, &pilot));
    assert!(pilot.said.contains("approve a failover?: denied"), "{}", pilot.said);
    never_double(&duo, "unasked");
}

#[test]
fn a_switch_whose_stop_aws_has_refused_is_not_armed_until_a_write_goes_through() {
    let mut duo = duo(&estates(&[AUTOMATIC, DEAD_MAN]));
    let (at_home, name) = (simulator(&duo, &home()), ServiceName::new(SIMULATOR).unwrap());
    let armed = |duo: &InMemoryPair| {
        let pair = duo.pair.standby().remembered_of(&duo.half(&standby()).id).unwrap();
        pair.heartbeats[&home()].switches[&name].clone()
    };
    assert!(matches!(armed(&duo), SwitchArming::Armed { .. }), "{:?}", armed(&duo));
    // A planned move is to stop it, and somebody's policy forbids that.
    duo.pair.home().deny_count(&at_home, true);
    let mut pilot = duo.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    duo.fly(&mut pilot);
    if let FailoverRunState::Asking(_) = pilot.flight {
        duo.answer(&mut pilot, json!({ "approved": false, "by": "Ada" }));
    }
    assert_eq!(ended(&pilot).0, "compensated", "{}", story(&duo, &pilot));
    duo.minutes(3);
    let SwitchArming::Hindered { why } = armed(&duo) else { panic!("{}", story(&duo, &pilot)) };
    assert!(why.contains("AWS refused to change it"), "{why}");
    duo.pair.home().deny_count(&at_home, false);
    let mut pilot = duo.by_hand(&standby(), "again", &json!({ "mode": "graceful" }));
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("done", None), "{}", story(&duo, &pilot));
    duo.minutes(2);
    assert!(matches!(armed(&duo), SwitchArming::Armed { .. }), "{:?}", armed(&duo));
    never_double(&duo, "refused");
}
