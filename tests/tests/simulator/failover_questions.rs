//! Questions of a failover: one at a time, about what is true now, withdrawn when the answer has become known.

use serde_json::json;
use watchkeeper_domain::reconcile::run::{RunOutcome, RunRecord};
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss};

use crate::failover_documents::NO_SINGLETON;
use crate::pair_scene::{
    AUTOMATIC, capacities, counts, ended, estates, home, never_double, say_yes, stacks, standby, started, story,
};

pub(crate) fn asks(failover_run: &FailoverRun) -> &str {
    let FailoverRunState::Asking(why) = &failover_run.state else {
        panic!("{:?}, {:?}", failover_run.state, failover_run.said)
    };
    why
}

pub(crate) fn told(stacks: &InMemoryPair, what: &str) -> usize {
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
