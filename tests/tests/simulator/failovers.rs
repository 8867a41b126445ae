//! Failover and failback over the simulator: both stacks, both regions, every tick.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::backup::{BackupMemory, CopyVerdict, KnownCopy};
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::name::ServiceName;
use watchkeeper_in_memory::{FailoverRunState, InMemoryPair};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, RegionLoss, run_until_done_or_crash};

use crate::pair_scene::{
    AUTOMATIC, SIMULATOR, capacities, ended, estates, home, never_double, say_yes, stacks, standby, started, story,
};

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
fn a_loss_is_known_within_a_tick_and_what_is_over_in_seconds_is_none() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let paths = 3;
    let asked =
        u64::try_from(stacks.pair.standby().calls().iter().filter(|call| call.operation == Operation::Probe).count())
            .unwrap();
    let blip = (1..=2 * paths).map(|nth| asked + nth);
    let faults = blip.fold(FaultPlan::none(), |plan, nth| plan.on(Operation::Probe, nth, CallTrouble::Error));
    stacks.pair.standby().set_faults(faults);
    stacks.minutes(2);
    assert!(stacks.failover_runs.is_empty(), "{:?}", stacks.failover_runs);
    stacks.pair.lose(&home(), RegionLoss::failing());
    stacks.minutes(1);
    started(&mut stacks);
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
