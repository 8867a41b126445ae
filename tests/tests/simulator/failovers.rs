//! Failover and failback over the simulator: both stacks, both regions, every tick.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::backup::{BackupMemory, CopyVerdict, KnownCopy};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::name::ServiceName;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss, run_until_done_or_crash};
use watchkeeper_tests::in_memory::{FailoverRunState, InMemoryPair};

use crate::pair_scene::{
    AUTOMATIC, SIMULATOR, capacities, counts, ended, estates, home, never_double, say_yes, stacks, standby, started,
    story,
};

#[test]
fn a_region_that_is_lost_is_taken_over_and_the_pair_goes_home_again_exactly() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    stacks.pair.lose(&home(), RegionLoss::hanging().tasks_die());
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    let FailoverRunState::Asking(why) = &failover_run.state else { panic!("{failover_run:?}") };
    assert!(why.contains("make sure that it has stopped in us-west-2"), "{why}");
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 0], "everything but the singleton waits for nobody");
    stacks.answer(&mut failover_run, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    let fleet = stacks.pair.standby().capacity().services.into_values().find_map(|found| found.scaling).unwrap();
    assert_eq!((fleet.min, fleet.max), (2, 6), "with the bounds of the region it stands in for");
    stacks.minutes(2);
    assert_eq!(stacks.pair.serving(), Some(standby()));
    never_double(&stacks, "there");
    stacks.pair.regain(&home());
    stacks.minutes(2);
    assert_eq!(counts(&stacks, &home()), [0, 0, 0, 0], "it takes the standby target by itself");
    stacks.minutes(10);
    assert!(stacks.failover_runs.is_empty(), "and nobody fails over again");
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(6);
    assert_eq!(capacities(&stacks), before);
    assert_eq!(stacks.pair.serving(), Some(home()));
}

#[test]
fn a_singleton_that_a_person_stopped_by_hand_in_the_old_region_runs_there_again_after_the_way_home() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut failover_run = stacks.by_hand(&standby(), "fenced-by-hand", &json!({}));
    stacks.fly(&mut failover_run);
    let FailoverRunState::Asking(_) = &failover_run.state else { panic!("{failover_run:?}") };
    // What a person does to be able to say yes: it is all that the home's stack finds when it comes back.
    let id = stacks.member(&home()).own[&ServiceName::new(SIMULATOR).unwrap()].clone();
    stacks.pair.home().change_count(&id, 0);
    say_yes(&mut stacks, &mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    stacks.pair.regain(&home());
    stacks.minutes(4);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    stacks.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(6);
    assert_eq!(capacities(&stacks), before);
    never_double(&stacks, "fenced by hand");
}

#[test]
fn a_region_that_only_its_probe_does_not_reach_is_not_failed_over() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    stacks.pair.block(&home(), true);
    stacks.minutes(4);
    let mut failover_run = started(&mut stacks);
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("false-alarm", None), "{}", story(&stacks, &failover_run));
    let told = stacks.pair.standby().messages();
    assert!(told.iter().any(|message| message.subject.contains("false alarm")), "{told:?}");
    assert_eq!(capacities(&stacks), before);
    stacks.minutes(5);
    assert!(stacks.failover_runs.is_empty(), "it is not started again each minute");
}

#[test]
fn a_planned_switchover_loses_nothing_and_never_stops_serving() {
    let mut stacks = stacks(&estates(&[]));
    let mut failover_run = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("done", None), "{}", story(&stacks, &failover_run));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    stacks.minutes(2);
    assert_eq!(counts(&stacks, &home()), [0, 0, 0, 0]);
    never_double(&stacks, "planned");
}

#[test]
fn a_plan_shows_every_step_and_changes_nothing() {
    let mut stacks = stacks(&estates(&[]));
    let before = capacities(&stacks);
    let mut failover_run = stacks.by_hand(&standby(), "plan", &json!({ "mode": "plan" }));
    stacks.fly(&mut failover_run);
    assert_eq!(ended(&failover_run), ("planned", None), "{}", story(&stacks, &failover_run));
    let summary = &failover_run.said;
    for step in ["begin", "fence", "scale", "verify", "traffic", "outside", "settle"] {
        assert!(summary.contains(&format!("\n  {step}")), "{step}: {summary}");
    }
    assert_eq!(capacities(&stacks), before);
    assert_eq!(stacks.pointer(&standby()).revision, 0);
}

#[test]
fn a_plan_notes_the_backups_that_are_not_fresh_as_the_home_has_written_them_down() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let (home, member) = (stacks.pair.home(), stacks.member(&home()).clone());
    let (vehicles, jobs) = (member.backups[0].subject.source.clone(), member.backups[1].subject.source.clone());
    let taken = KnownCopy {
        id: "arn:backup".to_owned(),
        name: "backup".to_owned(),
        region: member.region.clone(),
        due: stacks.pair.now() - SignedDuration::from_hours(18),
        noted: stacks.pair.now() - SignedDuration::from_hours(18),
        bytes: None,
        verified: Some(CopyVerdict { at: stacks.pair.now(), flaws: Vec::new() }),
        gone: None,
        removed: false,
    };
    let memory = BackupMemory { copies: vec![taken], ..BackupMemory::default() };
    let scope = member.scope();
    run_until_done_or_crash(&home, home.put_backup(&scope, &vehicles, &memory, 0)).unwrap().unwrap();
    stacks.minutes(1);
    let mut failover_run = stacks.by_hand(&standby(), "plan", &json!({ "mode": "plan" }));
    stacks.fly(&mut failover_run);
    let story = story(&stacks, &failover_run);
    assert!(story.contains(&format!("[note] backup-stale: backup of {jobs}\n  found:      none\n")), "{story}");
    assert!(!story.contains(&format!("backup of {vehicles}")), "{story}");
}

#[test]
fn of_two_failovers_at_once_one_acts_and_the_other_says_who() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut one = stacks.by_hand(&standby(), "one", &json!({}));
    let mut other = stacks.by_hand(&standby(), "other", &json!({}));
    for _ in 0..400 {
        if one.state == FailoverRunState::Running {
            stacks.step(&mut one);
        }
        if other.state == FailoverRunState::Running {
            stacks.step(&mut other);
        }
    }
    let asks =
        [&one, &other].iter().filter(|failover_run| matches!(failover_run.state, FailoverRunState::Asking(_))).count();
    assert_eq!(asks, 1, "{one:?}\n{other:?}");
    let (winner, loser) =
        if matches!(one.state, FailoverRunState::Asking(_)) { (&mut one, &other) } else { (&mut other, &one) };
    assert_eq!(ended(loser), ("refused", Some("Guardrail.Refused")));
    say_yes(&mut stacks, winner);
    assert_eq!(ended(winner), ("done", None));
    never_double(&stacks, "two at once");
}

#[test]
fn a_move_whose_execution_is_dead_is_taken_over_by_the_watch() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut dead = stacks.by_hand(&standby(), "dead", &json!({ "approve": ["fence-unproved"] }));
    for _ in 0..3 {
        stacks.step(&mut dead);
    }
    assert!(stacks.pointer(&standby()).is_moving_to(&standby()), "{}", dead.said);
    stacks.pair.standby().set_status("dead", ExecutionStatus::Dead("ABORTED".to_owned()));
    stacks.minutes(1);
    let mut heir = stacks.failover_runs.remove(0);
    stacks.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&stacks, &heir));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    never_double(&stacks, "taken over");
}

#[test]
fn a_failure_after_traffic_stops_and_tells_a_person_what_to_do() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut failover_run = stacks.by_hand(&standby(), "held", &json!({ "mode": "graceful" }));
    let standing = stacks.pair.standby();
    standing.set_faults(FaultPlan::none().always(Operation::PutObject, CallTrouble::Denied));
    stacks.fly(&mut failover_run);
    standing.set_faults(FaultPlan::none());
    assert_eq!(ended(&failover_run), ("held", Some("Failover.Held")), "{}", story(&stacks, &failover_run));
    let told = stacks.pair.standby().messages();
    let message = told.iter().find(|message| message.subject.contains("held")).unwrap();
    assert!(message.text.contains("\"take-over\":true"), "{}", message.text);
    stacks.minutes(5);
    assert!(stacks.failover_runs.is_empty(), "what is held is nobody's but a person's");
    let mut on = stacks.by_hand(&standby(), "on", &json!({ "take-over": true }));
    stacks.fly(&mut on);
    assert_eq!(ended(&on), ("done", None), "{}", story(&stacks, &on));
    stacks.minutes(2);
    assert_eq!(counts(&stacks, &home()), [0, 0, 0, 0]);
    never_double(&stacks, "held and gone on");
}

#[test]
fn a_standby_that_does_not_get_healthy_is_given_up_and_everything_is_as_before() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    stacks.pair.block(&standby(), true);
    let mut failover_run = stacks.by_hand(&standby(), "unhealthy", &json!({ "mode": "graceful" }));
    stacks.fly(&mut failover_run);
    assert_eq!(
        ended(&failover_run),
        ("compensated", Some("Failover.Compensated")),
        "{}",
        story(&stacks, &failover_run)
    );
    stacks.minutes(6);
    assert_eq!(capacities(&stacks), before);
    assert_eq!(stacks.pair.serving(), Some(home()));
    never_double(&stacks, "given up");
}

/// Something that gets in the way, or goes out of it again.
type Hinder<'a> = &'a dyn Fn(&InMemoryPair, bool);

#[test]
fn capacity_that_the_document_names_and_aws_refuses_is_no_wave_to_wait_for() {
    let named = |stacks: &InMemoryPair| {
        stacks.member(&standby()).own[&ServiceName::new("fleet-orchestration-dashboard").unwrap()].clone()
    };
    let refuse = |stacks: &InMemoryPair, on: bool| stacks.pair.standby().deny_count(&named(stacks), on);
    let untag = |stacks: &InMemoryPair, on: bool| stacks.pair.standby().change_service_tag(&named(stacks), !on);
    let cases: [(Hinder<'_>, &str); 2] = [(&refuse, "AWS refused to change it"), (&untag, "it lacks the tag")];
    for (hinder, why) in cases {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        let before = capacities(&stacks);
        hinder(&stacks, true);
        let approved = json!({ "approve": ["not-ready", "data-loss", "unconfirmed", "fence-unproved"] });
        let mut failover_run = stacks.by_hand(&standby(), "refused", &approved);
        stacks.fly(&mut failover_run);
        let story = story(&stacks, &failover_run);
        assert_eq!(ended(&failover_run), ("compensated", Some("Failover.Compensated")), "{story}");
        assert!(story.contains(&format!("cannot start: {}: {why}", named(&stacks))), "{story}");
        let moves = stacks.pair.standby().moves(&stacks.member(&standby()).id).unwrap();
        assert!(moves[0].spells.iter().all(|spell| spell.phase != MovePhase::Verify), "{story}");
        hinder(&stacks, false);
        stacks.minutes(6);
        assert_eq!(capacities(&stacks), before, "{why}");
        never_double(&stacks, why);
    }
}

#[test]
fn without_a_pointer_and_without_a_loss_nothing_is_ever_started() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    stacks.minutes(45);
    assert!(stacks.failover_runs.is_empty());
    assert_eq!(capacities(&stacks), before);
}
