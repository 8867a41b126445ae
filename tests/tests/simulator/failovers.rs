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
    AUTOMATIC, SIMULATOR, capacities, counts, duo, ended, estates, home, never_double, say_yes, standby, started, story,
};

#[test]
fn a_region_that_is_lost_is_taken_over_and_the_pair_goes_home_again_exactly() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    duo.pair.lose(&home(), RegionLoss::hanging().tasks_die());
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    let FailoverRunState::Asking(why) = &pilot.flight else { panic!("{pilot:?}") };
    assert!(why.contains("make sure that it has stopped in us-west-2"), "{why}");
    assert_eq!(counts(&duo, &standby()), [2, 2, 2, 0], "everything but the singleton waits for nobody");
    duo.answer(&mut pilot, json!({ "approved": true, "by": "Ada" }));
    assert_eq!(ended(&pilot), ("done", None), "{}", story(&duo, &pilot));
    assert_eq!(counts(&duo, &standby()), [2, 2, 2, 1]);
    let fleet = duo.pair.standby().capacity().services.into_values().find_map(|found| found.scaling).unwrap();
    assert_eq!((fleet.min, fleet.max), (2, 6), "with the bounds of the region it stands in for");
    duo.minutes(2);
    assert_eq!(duo.pair.serving(), Some(standby()));
    never_double(&duo, "there");
    duo.pair.regain(&home());
    duo.minutes(2);
    assert_eq!(counts(&duo, &home()), [0, 0, 0, 0], "it takes the standby target by itself");
    duo.minutes(10);
    assert!(duo.pilots.is_empty(), "and nobody fails over again");
    let mut back = duo.go_home("home-again", &json!({})).unwrap();
    duo.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&duo, &back));
    duo.minutes(6);
    assert_eq!(capacities(&duo), before);
    assert_eq!(duo.pair.serving(), Some(home()));
}

#[test]
fn a_singleton_that_a_person_stopped_by_hand_in_the_old_region_runs_there_again_after_the_way_home() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut pilot = duo.by_hand(&standby(), "fenced-by-hand", &json!({}));
    duo.fly(&mut pilot);
    let FailoverRunState::Asking(_) = &pilot.flight else { panic!("{pilot:?}") };
    // What a person does to be able to say yes: it is all that the home's stack finds when it comes back.
    let id = duo.half(&home()).own[&ServiceName::new(SIMULATOR).unwrap()].clone();
    duo.pair.home().change_count(&id, 0);
    say_yes(&mut duo, &mut pilot);
    assert_eq!(ended(&pilot), ("done", None), "{}", story(&duo, &pilot));
    duo.pair.regain(&home());
    duo.minutes(4);
    let mut back = duo.go_home("home-again", &json!({})).unwrap();
    duo.fly(&mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&duo, &back));
    duo.minutes(6);
    assert_eq!(capacities(&duo), before);
    never_double(&duo, "fenced by hand");
}

#[test]
fn a_region_that_only_its_probe_does_not_reach_is_not_failed_over() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    duo.pair.block(&home(), true);
    duo.minutes(4);
    let mut pilot = started(&mut duo);
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("false-alarm", None), "{}", story(&duo, &pilot));
    let told = duo.pair.standby().messages();
    assert!(told.iter().any(|message| message.subject.contains("false alarm")), "{told:?}");
    assert_eq!(capacities(&duo), before);
    duo.minutes(5);
    assert!(duo.pilots.is_empty(), "it is not started again each minute");
}

#[test]
fn a_planned_switchover_loses_nothing_and_never_stops_serving() {
    let mut duo = duo(&estates(&[]));
    let mut pilot = duo.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("done", None), "{}", story(&duo, &pilot));
    assert_eq!(counts(&duo, &standby()), [2, 2, 2, 1]);
    duo.minutes(2);
    assert_eq!(counts(&duo, &home()), [0, 0, 0, 0]);
    never_double(&duo, "planned");
}

#[test]
fn a_plan_shows_every_step_and_changes_nothing() {
    let mut duo = duo(&estates(&[]));
    let before = capacities(&duo);
    let mut pilot = duo.by_hand(&standby(), "plan", &json!({ "mode": "plan" }));
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("planned", None), "{}", story(&duo, &pilot));
    let summary = &pilot.said;
    for step in ["begin", "fence", "scale", "verify", "traffic", "outside", "settle"] {
        assert!(summary.contains(&format!("\n  {step}")), "{step}: {summary}");
    }
    assert_eq!(capacities(&duo), before);
    assert_eq!(duo.pointer(&standby()).revision, 0);
}

#[test]
fn a_plan_notes_the_backups_that_are_not_fresh_as_the_home_has_written_them_down() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let (home, half) = (duo.pair.home(), duo.half(&home()).clone());
    let (vehicles, jobs) = (half.backups[0].subject.source.clone(), half.backups[1].subject.source.clone());
    let taken = KnownCopy {
        id: "arn:backup".to_owned(),
        name: "backup".to_owned(),
        region: half.region.clone(),
        due: duo.pair.now() - SignedDuration::from_hours(18),
        noted: duo.pair.now() - SignedDuration::from_hours(18),
        bytes: None,
        verified: Some(CopyVerdict { at: duo.pair.now(), flaws: Vec::new() }),
        gone: None,
        removed: false,
    };
    let memory = BackupMemory { copies: vec![taken], ..BackupMemory::default() };
    let scope = half.scope();
    run_until_done_or_crash(&home, home.put_backup(&scope, &vehicles, &memory, 0)).unwrap().unwrap();
    duo.minutes(1);
    let mut pilot = duo.by_hand(&standby(), "plan", &json!({ "mode": "plan" }));
    duo.fly(&mut pilot);
    let story = story(&duo, &pilot);
    assert!(story.contains(&format!("[note] backup-stale: backup of {jobs}\n  found:      none\n")), "{story}");
    assert!(!story.contains(&format!("backup of {vehicles}")), "{story}");
}

#[test]
fn of_two_failovers_at_once_one_acts_and_the_other_says_who() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut one = duo.by_hand(&standby(), "one", &json!({}));
    let mut other = duo.by_hand(&standby(), "other", &json!({}));
    for _ in 0..400 {
        if one.flight == FailoverRunState::Flying {
            duo.step(&mut one);
        }
        if other.flight == FailoverRunState::Flying {
            duo.step(&mut other);
        }
    }
    let asks = [&one, &other].iter().filter(|pilot| matches!(pilot.flight, FailoverRunState::Asking(_))).count();
    assert_eq!(asks, 1, "{one:?}\n{other:?}");
    let (winner, loser) =
        if matches!(one.flight, FailoverRunState::Asking(_)) { (&mut one, &other) } else { (&mut other, &one) };
    assert_eq!(ended(loser), ("refused", Some("Guardrail.Refused")));
    say_yes(&mut duo, winner);
    assert_eq!(ended(winner), ("done", None));
    never_double(&duo, "two at once");
}

#[test]
fn a_move_whose_execution_is_dead_is_taken_over_by_the_watch() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    duo.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut dead = duo.by_hand(&standby(), "dead", &json!({ "approve": ["fence-unproved"] }));
    for _ in 0..3 {
        duo.step(&mut dead);
    }
    assert!(duo.pointer(&standby()).is_moving_to(&standby()), "{}", dead.said);
    duo.pair.standby().set_status("dead", ExecutionStatus::Dead("ABORTED".to_owned()));
    duo.minutes(1);
    let mut heir = duo.pilots.remove(0);
    duo.fly(&mut heir);
    assert_eq!(ended(&heir), ("done", None), "{}", story(&duo, &heir));
    assert_eq!(counts(&duo, &standby()), [2, 2, 2, 1]);
    never_double(&duo, "taken over");
}

#[test]
fn a_failure_after_traffic_stops_and_tells_a_person_what_to_do() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let mut pilot = duo.by_hand(&standby(), "held", &json!({ "mode": "graceful" }));
    let standing = duo.pair.standby();
    standing.set_faults(FaultPlan::none().always(Operation::PutObject, CallTrouble::Denied));
    duo.fly(&mut pilot);
    standing.set_faults(FaultPlan::none());
    assert_eq!(ended(&pilot), ("held", Some("Failover.Held")), "{}", story(&duo, &pilot));
    let told = duo.pair.standby().messages();
    let message = told.iter().find(|message| message.subject.contains("held")).unwrap();
    assert!(message.text.contains("\"take-over\":true"), "{}", message.text);
    duo.minutes(5);
    assert!(duo.pilots.is_empty(), "what is held is nobody's but a person's");
    let mut on = duo.by_hand(&standby(), "on", &json!({ "take-over": true }));
    duo.fly(&mut on);
    assert_eq!(ended(&on), ("done", None), "{}", story(&duo, &on));
    duo.minutes(2);
    assert_eq!(counts(&duo, &home()), [0, 0, 0, 0]);
    never_double(&duo, "held and gone on");
}

#[test]
fn a_standby_that_does_not_get_healthy_is_given_up_and_everything_is_as_before() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    duo.pair.block(&standby(), true);
    let mut pilot = duo.by_hand(&standby(), "unhealthy", &json!({ "mode": "graceful" }));
    duo.fly(&mut pilot);
    assert_eq!(ended(&pilot), ("compensated", Some("Failover.Compensated")), "{}", story(&duo, &pilot));
    duo.minutes(6);
    assert_eq!(capacities(&duo), before);
    assert_eq!(duo.pair.serving(), Some(home()));
    never_double(&duo, "given up");
}

/// Something that gets in the way, or goes out of it again.
type Hinder<'a> = &'a dyn Fn(&InMemoryPair, bool);

#[test]
fn capacity_that_the_document_names_and_aws_refuses_is_no_wave_to_wait_for() {
    let named = |duo: &InMemoryPair| {
        duo.half(&standby()).own[&ServiceName::new("fleet-orchestration-dashboard").unwrap()].clone()
    };
    let refuse = |duo: &InMemoryPair, on: bool| duo.pair.standby().deny_count(&named(duo), on);
    let untag = |duo: &InMemoryPair, on: bool| duo.pair.standby().change_service_tag(&named(duo), !on);
    let cases: [(Hinder<'_>, &str); 2] = [(&refuse, "AWS refused to change it"), (&untag, "it lacks the tag")];
    for (hinder, why) in cases {
        let mut duo = duo(&estates(&[AUTOMATIC]));
        let before = capacities(&duo);
        hinder(&duo, true);
        let approved = json!({ "approve": ["not-ready", "data-loss", "unconfirmed", "fence-unproved"] });
        let mut pilot = duo.by_hand(&standby(), "refused", &approved);
        duo.fly(&mut pilot);
        let story = story(&duo, &pilot);
        assert_eq!(ended(&pilot), ("compensated", Some("Failover.Compensated")), "{story}");
        assert!(story.contains(&format!("cannot start: {}: {why}", named(&duo))), "{story}");
        let moves = duo.pair.standby().moves(&duo.half(&standby()).id).unwrap();
        assert!(moves[0].spells.iter().all(|spell| spell.phase != MovePhase::Verify), "{story}");
        hinder(&duo, false);
        duo.minutes(6);
        assert_eq!(capacities(&duo), before, "{why}");
        never_double(&duo, why);
    }
}

#[test]
fn without_a_pointer_and_without_a_loss_nothing_is_ever_started() {
    let mut duo = duo(&estates(&[AUTOMATIC]));
    let before = capacities(&duo);
    duo.minutes(45);
    assert!(duo.pilots.is_empty());
    assert_eq!(capacities(&duo), before);
}
