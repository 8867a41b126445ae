//! Rehearsals over the simulator: what a failover would start is started in the standby, certified and given back, and the region
//! that serves is not written to.

use jiff::SignedDuration;
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::failover::rehearsal::{CapacityCertificate, StandingVerdict};
use watchkeeper_domain::failover::{Move, MovePhase};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::ServiceName;
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::{Operation, RecordedCall, RegionLoss, run_until_done_or_crash};

use crate::pair_scene::{
    AUTOMATIC, SIMULATOR, capacities, counts, ended, estates, home, never_double, stacks, standby, started, story,
};

/// A rehearsal each day, half an hour after the beginning of the scene.
const DAILY: (&str, &str) =
    ("{ every: 30d, at: \"03:00\", zone: America/Los_Angeles }", "{ every: 1d, at: \"03:30\", zone: UTC, for: 2m }");

/// What a move writes beside capacity.
const MOVES: [Operation; 8] = [
    Operation::LedgerPoint,
    Operation::PutObject,
    Operation::DeleteObject,
    Operation::UpdateRoutingControls,
    Operation::ChangeRecords,
    Operation::PromoteReadReplica,
    Operation::SwitchoverGlobalCluster,
    Operation::FailoverGlobalCluster,
];

fn rehearse(stacks: &InMemoryPair, more: &Value) -> FailoverRun {
    let mut input = json!({ "mode": "rehearse", "for": "2m" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stacks.by_hand(&standby(), "rehearsed", &input)
}

pub(crate) fn certificate(stacks: &InMemoryPair) -> Option<CapacityCertificate> {
    let (sim, id) = (stacks.pair.standby(), stacks.member(&standby()).id.clone());
    run_until_done_or_crash(&sim, sim.certificate(&id, &standby())).unwrap().unwrap()
}

fn record(stacks: &InMemoryPair, run: &FailoverRun) -> Move {
    let moves = stacks.pair.standby().moves(&stacks.member(&standby()).id).unwrap();
    moves.into_iter().find(|record| record.header.id == run.name).unwrap()
}

/// Up to a phase, and no further.
fn up_to(stacks: &mut InMemoryPair, run: &mut FailoverRun, phase: MovePhase) {
    while run.state == FailoverRunState::Running {
        stacks.step(run);
        if record(stacks, run).phase == phase {
            return;
        }
    }
    panic!("it never came to {phase}: {}", story(stacks, run));
}

fn service(stacks: &InMemoryPair, name: &str) -> ServiceId {
    stacks.member(&standby()).own[&ServiceName::new(name).unwrap()].clone()
}

/// Nothing of the pair has moved, and nothing was written to the region that serves.
pub(crate) fn untouched(stacks: &InMemoryPair, context: &str) {
    assert_eq!(stacks.pair.standby().pointer(&stacks.member(&standby()).id).unwrap(), None, "{context}: the pointer");
    let wrote = |call: &RecordedCall| call.operation.writes_capacity() || MOVES.contains(&call.operation);
    let written: Vec<_> = stacks.pair.home().calls().into_iter().filter(wrote).collect();
    assert!(written.is_empty(), "{context}: {written:?}");
    // Of the region that serves the standby asks nothing but its health paths.
    let asked = |call: &RecordedCall| call.abroad && call.operation != Operation::Probe;
    let abroad: Vec<_> = stacks.pair.standby().calls().into_iter().filter(asked).collect();
    assert!(abroad.is_empty(), "{context}: {abroad:?}");
    assert_eq!(stacks.pair.serving(), Some(home()), "{context}");
    never_double(stacks, context);
    let started = stacks.pair.standby().alive(&service(stacks, SIMULATOR));
    assert_eq!(started, 0, "{context}: no singleton is started");
}

#[test]
fn a_rehearsal_starts_what_a_failover_would_certifies_it_and_gives_it_back() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let mut run = rehearse(&stacks, &json!({}));
    up_to(&mut stacks, &mut run, MovePhase::Hold);
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 0], "all but the singleton");
    stacks.fly(&mut run);
    assert_eq!(ended(&run), ("done", None), "{}", story(&stacks, &run));
    assert_eq!(capacities(&stacks), before, "{}", story(&stacks, &run));
    untouched(&stacks, "a rehearsal");
    let certificate = certificate(&stacks).unwrap();
    assert!(certificate.is_green(), "{certificate:?}");
    let placed: Vec<(u32, u32)> = certificate.services.values().map(|it| (it.wanted, it.placed)).collect();
    assert_eq!(placed, [(0, 0), (2, 2), (2, 2), (2, 2)]);
    assert!(certificate.waves.iter().all(|wave| wave.took_ms().is_some()), "{certificate:?}");
    assert!(certificate.rto_ms.is_some_and(|rto| rto > 80_000), "{certificate:?}");
    let took = record(&stacks, &run);
    let held = took.spells.iter().find(|spell| spell.phase == MovePhase::Hold).unwrap();
    assert!(held.took(stacks.pair.now()) >= SignedDuration::from_mins(2), "{held:?}");
    let told = stacks.pair.standby().messages();
    let told: Vec<&str> = told.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(told.iter().filter(|it| it.contains("rehearsal in us-west-1: proved")).count(), 1, "{told:?}");
}

#[test]
fn a_share_starts_a_part_of_each_service_and_proves_no_more() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut run = rehearse(&stacks, &json!({ "share": "50 %" }));
    up_to(&mut stacks, &mut run, MovePhase::Hold);
    assert_eq!(counts(&stacks, &standby()), [1, 1, 1, 0]);
    stacks.fly(&mut run);
    assert_eq!(ended(&run), ("done", None), "{}", story(&stacks, &run));
    stacks.minutes(31);
    let (sim, id) = (stacks.pair.standby(), stacks.member(&standby()).id.clone());
    let (watch, _) = run_until_done_or_crash(&sim, sim.watch(&id, &standby())).unwrap().unwrap();
    assert_eq!(watch.standing.map(|it| it.verdict), Some(StandingVerdict::Aging));
}

#[test]
fn a_service_that_does_not_start_makes_the_certificate_red_and_everything_is_given_back() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let dashboard = service(&stacks, "fleet-orchestration-dashboard");
    stacks.pair.standby().never_start(&dashboard, true);
    let mut run = rehearse(&stacks, &json!({}));
    stacks.fly(&mut run);
    assert_eq!(ended(&run), ("compensated", Some("Failover.Compensated")), "{}", story(&stacks, &run));
    assert_eq!(capacities(&stacks), before, "{}", story(&stacks, &run));
    untouched(&stacks, "a red rehearsal");
    let certificate = certificate(&stacks).unwrap();
    assert!(certificate.findings[0].contains("fleet-orchestration-dashboard"), "{:?}", certificate.findings);
    assert_eq!(certificate.rto_ms, None);
}

/// Something that a rehearsal makes way for.
type Hinder = fn(&mut InMemoryPair);

#[test]
fn a_rehearsal_makes_way_by_name_for_whatever_means_it() {
    let halt: Hinder = |stacks| {
        let halt = HaltSwitch { by: "ada".to_owned(), reason: "a migration".to_owned(), since: stacks.pair.now() };
        let (sim, scope) = (stacks.pair.standby(), stacks.member(&standby()).scope());
        run_until_done_or_crash(&sim, sim.set_halt(Some(&scope), Some(&halt))).unwrap().unwrap();
    };
    let other: Hinder = |stacks| {
        let mut first = stacks.by_hand(&standby(), "first", &json!({ "mode": "rehearse", "for": "30m" }));
        while stacks.pair.standby().remembered(&stacks.member(&standby()).scope()).unwrap().intents.is_empty() {
            stacks.step(&mut first);
        }
    };
    let moving: Hinder = |stacks| {
        let mut first = stacks.by_hand(&standby(), "first", &json!({ "mode": "graceful", "approve": ["data-loss"] }));
        while stacks.pointer(&standby()).moving.is_none() {
            stacks.step(&mut first);
        }
    };
    let cases: [(&str, Hinder); 3] =
        [("a migration", halt), ("another rehearsal is up, by first", other), ("is under way, by first", moving)];
    for (why, hinder) in cases {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        hinder(&mut stacks);
        let mut run = rehearse(&stacks, &json!({}));
        stacks.fly(&mut run);
        assert_eq!(ended(&run), ("refused", Some("Guardrail.Refused")), "{}", story(&stacks, &run));
        assert!(story(&stacks, &run).contains(why), "{why}: {}", story(&stacks, &run));
        assert_eq!(certificate(&stacks), None, "{why}: nothing was learnt");
    }
}

#[test]
fn a_rehearsal_that_dies_leaves_nothing_up() {
    for phase in [MovePhase::Scale, MovePhase::Hold] {
        let mut stacks = stacks(&estates(&[AUTOMATIC]));
        let before = capacities(&stacks);
        let mut run = rehearse(&stacks, &json!({}));
        up_to(&mut stacks, &mut run, phase);
        stacks.step(&mut run);
        stacks.stop(&mut run);
        stacks.minutes(6);
        assert_eq!(capacities(&stacks), before, "{phase}: {}", story(&stacks, &run));
        let left = stacks.pair.standby().remembered(&stacks.member(&standby()).scope()).unwrap();
        assert!(left.intents.iter().all(|intent| intent.layer != Layer::Rehearsal), "{phase}: {:?}", left.intents);
        assert_eq!(left.baseline, None, "{phase}");
        untouched(&stacks, "a rehearsal that died");
    }
}

/// The time to recover of a loss that begins while the standby is in this state.
fn recovered(rehearsing: bool) -> (i64, String) {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut rehearsal = rehearse(&stacks, &json!({ "for": "30m" }));
    let mut changes = 0;
    if rehearsing {
        up_to(&mut stacks, &mut rehearsal, MovePhase::Hold);
        changes = stacks.pair.standby().capacity_changes();
    }
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    stacks.minutes(2);
    let mut run = started(&mut stacks);
    stacks.fly(&mut run);
    while matches!(run.state, FailoverRunState::Asking(_)) {
        stacks.answer(&mut run, json!({ "approved": true, "by": "Ada" }));
    }
    assert_eq!(ended(&run), ("done", None), "{}", story(&stacks, &run));
    assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1]);
    never_double(&stacks, "handed over");
    let story = story(&stacks, &run);
    if rehearsing {
        stacks.fly(&mut rehearsal);
        assert_eq!(ended(&rehearsal), ("done", None));
        let handed = record(&stacks, &rehearsal).rehearsal.unwrap().handed_over;
        assert_eq!(handed.as_ref(), Some(&run.name), "{}", crate::pair_scene::story(&stacks, &rehearsal));
        stacks.minutes(6);
        assert_eq!(counts(&stacks, &standby()), [2, 2, 2, 1], "nothing of it is given back");
        let torn = stacks.pair.standby().capacity_changes() - changes;
        assert!(torn <= 6, "what was up was not started again: {torn} changes\n{story}");
    }
    let certificate = certificate(&stacks).unwrap();
    assert!(certificate.is_green(), "a move leaves one, too: {certificate:?}");
    (record(&stacks, &run).rto_ms().unwrap(), story)
}

#[test]
fn a_loss_during_a_rehearsal_takes_its_capacity_over_and_recovers_sooner() {
    let (with, story) = recovered(true);
    let (without, _) = recovered(false);
    assert!(with < without, "{with} ms with a rehearsal up, {without} ms without\n{story}");
}

#[test]
fn what_is_due_is_started_once_by_the_watch() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, DAILY]));
    let before = capacities(&stacks);
    stacks.minutes(20);
    assert!(stacks.failover_runs.is_empty(), "it is not due yet: {:?}", stacks.failover_runs);
    stacks.minutes(9);
    let mut run = started(&mut stacks);
    assert!(run.name.contains("rehearse"), "{}", run.name);
    stacks.fly(&mut run);
    assert_eq!(ended(&run), ("done", None), "{}", story(&stacks, &run));
    stacks.minutes(60);
    assert!(stacks.failover_runs.is_empty(), "once: {:?}", stacks.failover_runs);
    assert_eq!(capacities(&stacks), before);
    untouched(&stacks, "a rehearsal that was due");
}
