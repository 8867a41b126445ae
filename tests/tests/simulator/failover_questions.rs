//! Questions of a failover: one at a time, about what is true now, withdrawn when the answer has become known; and fences that
//! count only on what they could do.

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::failover::SwitchArming;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_sim::{RegionLoss, run_until_done_or_crash};
use watchkeeper_tests::in_memory::{FailoverRun, FailoverRunState, InMemoryPair};

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
    let FailoverRunState::Asking(why) = &pilot.flight else { panic!("{:?}, {:?}", pilot.flight, pilot.last) };
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
    assert_eq!(ended(&pilot), ("false alarm", None), "{}", story(&duo, &pilot));
    assert_eq!(capacities(&duo), before);
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

#[test]
fn a_switch_whose_stop_would_be_refused_is_not_armed_and_readiness_says_so() {
    for (change, why) in [(Some(PROTECTED), "protected"), (None, "not-managed")] {
        let mut changes = vec![AUTOMATIC, DEAD_MAN];
        changes.extend(change);
        let mut duo = duo(&estates(&changes));
        if change.is_none() {
            duo.pair.home().change_service_tag(&simulator(&duo, &home()), false);
        }
        duo.minutes(35);
        let pair = duo.pair.standby().remembered_of(&duo.half(&standby()).id).unwrap();
        let beat = &pair.heartbeats[&home()];
        assert_eq!(beat.heard, None, "{why}");
        let SwitchArming::Hindered { why: found } = &beat.switches[&ServiceName::new(SIMULATOR).unwrap()] else {
            panic!("{beat:?}")
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
fn a_message_that_cannot_be_sent_keeps_no_failover_from_starting() {
    use watchkeeper_sim::{CallTrouble, FaultPlan, Operation};
    let mut duo = duo(&estates(&[AUTOMATIC]));
    duo.pair.standby().set_faults(FaultPlan::none().always(Operation::Publish, CallTrouble::Denied));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    duo.answer(&mut pilot, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&pilot), ("done", None), "what was done counts, told or not: {}", story(&duo, &pilot));
    assert!(pilot.last.unwrap().summary.contains("nobody was told of it"));
    assert_eq!(duo.pair.serving(), Some(standby()));
}
