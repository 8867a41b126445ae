//! Protected again after a move: the list of what it has cost stands until nothing is missing, in the record and in what people are
//! told; where the document says so the stack of the region that was left works it off, and nothing is ever deleted.

use std::collections::BTreeMap;

use serde_json::json;
use watchkeeper_domain::failover::DatabaseRole::{self, Changing, Follower, Writer};
use watchkeeper_domain::failover::protection::MoveProtection;
use watchkeeper_domain::name::Region;
use watchkeeper_in_memory::InMemoryPair;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, Operation, RegionLoss, SimRegion, replica};

use crate::pair_scene::{AUTOMATIC, capacities, counts, ended, estates, home, say_yes, stacks, standby, story};

const DATABASE: (&str, &str) = ("      traffic:\n", "      databases: [{ replica: fleet-db }]\n      traffic:\n");
const AGAIN: (&str, &str) =
    ("      traffic:\n", "      databases: [{ replica: fleet-db }]\n      protect-again: true\n      traffic:\n");

/// Both stacks with a read replica, of which the home has the source.
fn with_replica(document: (&str, &str)) -> InMemoryPair {
    let stacks = stacks(&estates(&[AUTOMATIC, document]));
    stacks.pair.home().set_role(&replica("fleet-db"), Some(Writer));
    stacks.pair.standby().set_role(&replica("fleet-db"), Some(Follower));
    stacks
}

/// The home is lost, and the pair moves.
fn moved(stacks: &mut InMemoryPair) {
    stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
    let mut forced =
        stacks.by_hand(&standby(), "forced", &json!({ "approve": ["fence-unproved", "data-loss", "not-ready"] }));
    say_yes(stacks, &mut forced);
    assert_eq!(ended(&forced), ("done", None), "{}", story(stacks, &forced));
}

/// The instances of a region, by name.
fn instances(sim: &SimRegion) -> BTreeMap<String, DatabaseRole> {
    let all = sim.pair_databases().into_iter();
    all.filter(|(database, _)| *database == replica(database.name().as_str()))
        .map(|(database, role)| (database.name().to_string(), role))
        .collect()
}

fn found(sim: &SimRegion) -> Vec<(String, DatabaseRole)> {
    instances(sim).into_iter().collect()
}

fn stopped() -> DatabaseRole {
    Changing("stopped".to_owned())
}

fn subjects(sim: &SimRegion) -> Vec<String> {
    let all = sim.messages().into_iter().map(|message| message.subject);
    all.filter(|subject| subject.contains("protected")).collect()
}

/// What the record of the newest move says, as a region has it.
fn record(stacks: &InMemoryPair, region: &Region) -> MoveProtection {
    let moves = stacks.pair.sim(region).moves(&stacks.member(region).id).unwrap();
    let done = moves.into_iter().filter(|record| record.protection.is_some());
    done.max_by_key(|record| record.epoch).unwrap().protection.unwrap()
}

/// Effects of calls of an operation.
fn made(sim: &SimRegion, operation: Operation) -> usize {
    let effect = |ending: &CallEnding| match ending {
        CallEnding::Answered => true,
        CallEnding::Troubled(trouble) => trouble.has_effect(),
        _ => false,
    };
    sim.calls().iter().filter(|call| call.operation == operation && effect(&call.ending)).count()
}

/// Whatever happened: the region that was left runs nothing, its old primary is there under one name, and one replica was made.
fn kept(stacks: &InMemoryPair, context: &str) {
    let sim = stacks.pair.home();
    assert_eq!(counts(stacks, &home()), [0, 0, 0, 0], "{context}");
    let is_old = |name: &str, role: &DatabaseRole| {
        name.contains("-left-") || *role == Writer || *role == Changing("renaming".to_owned())
    };
    let old = instances(&sim).iter().filter(|(name, role)| is_old(name, role)).count();
    assert_eq!(old, 1, "{context}: {:?}", instances(&sim));
    assert!(made(&sim, Operation::CreateReplica) <= 1, "{context}: made twice");
    assert_eq!(made(&sim, Operation::PromoteReadReplica), 0, "{context}: a second writer");
}

#[test]
fn a_region_that_comes_back_is_a_standby_again_and_the_way_home_works() {
    let mut stacks = with_replica(AGAIN);
    let before = capacities(&stacks);
    moved(&mut stacks);
    stacks.minutes(20);
    assert_eq!(subjects(&stacks.pair.standby()), ["fleet-orchestration prod: not protected"]);
    let text = stacks.pair.standby().messages().last().unwrap().text.clone();
    assert!(text.contains("us-west-2: its stack, last heard of"), "{text}");
    assert_eq!(record(&stacks, &standby()), MoveProtection { missing: vec!["us-west-2".to_owned()], protected: None });

    stacks.pair.regain(&home());
    for minute in 0..30 {
        stacks.minutes(1);
        if minute > 3 {
            kept(&stacks, &format!("minute {minute}"));
        }
    }
    let left = ("fleet-db-left-1".to_owned(), stopped());
    assert_eq!(found(&stacks.pair.home()), [("fleet-db".to_owned(), Follower), left.clone()]);
    assert_eq!(subjects(&stacks.pair.standby()).last().unwrap(), "fleet-orchestration prod: protected again");
    let text = stacks.pair.standby().messages().last().unwrap().text.clone();
    assert!(text.contains("--db-instance-identifier fleet-db-left-1 --final-db-snapshot-identifier"), "{text}");
    assert!(record(&stacks, &standby()).protected.is_some());

    // And the same the other way round.
    let mut back = stacks.go_home("home-again", &json!({ "approve": ["data-loss"] })).unwrap();
    say_yes(&mut stacks, &mut back);
    assert_eq!(ended(&back), ("done", None), "{}", story(&stacks, &back));
    stacks.minutes(40);
    assert_eq!(capacities(&stacks), before);
    assert_eq!(found(&stacks.pair.home()), [("fleet-db".to_owned(), Writer), left]);
    let set_aside = ("fleet-db-left-2".to_owned(), stopped());
    assert_eq!(found(&stacks.pair.standby()), [("fleet-db".to_owned(), Follower), set_aside]);
    assert!(record(&stacks, &home()).protected.is_some());
}

#[test]
fn without_the_documents_word_the_list_stands_until_a_person_has_done_it() {
    let mut stacks = with_replica(DATABASE);
    moved(&mut stacks);
    stacks.pair.regain(&home());
    stacks.minutes(60);
    let sim = stacks.pair.home();
    assert_eq!(found(&sim), [("fleet-db".to_owned(), Writer)], "nothing is touched");
    assert_eq!(record(&stacks, &standby()).missing, ["replica fleet-db"]);
    let told = stacks.pair.standby().messages();
    let text = &told.iter().rfind(|it| it.subject.ends_with("not protected")).unwrap().text;
    assert!(text.contains("command:    aws rds modify-db-instance --region us-west-2"), "{text}");
    assert!(stacks.go_home("too-early", &json!({})).is_err());
    let many = subjects(&stacks.pair.standby()).len();
    stacks.minutes(25 * 60);
    assert_eq!(subjects(&stacks.pair.standby()).len(), many + 1, "once a day");

    sim.set_role(&replica("fleet-db"), Some(Follower));
    stacks.minutes(7);
    assert!(record(&stacks, &standby()).protected.is_some());
    assert_eq!(subjects(&stacks.pair.standby()).last().unwrap(), "fleet-orchestration prod: protected again");
}

#[test]
fn a_planned_move_that_costs_nothing_says_nothing() {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut planned = stacks.by_hand(&standby(), "planned", &json!({ "mode": "graceful" }));
    stacks.fly(&mut planned);
    assert_eq!(ended(&planned), ("done", None), "{}", story(&stacks, &planned));
    stacks.minutes(60);
    assert!(record(&stacks, &standby()).protected.is_some());
    assert_eq!(subjects(&stacks.pair.standby()), Vec::<String>::new());
    assert_eq!(subjects(&stacks.pair.home()), Vec::<String>::new());
}

#[test]
fn a_halt_holds_it_up_and_says_so() {
    let mut stacks = with_replica(AGAIN);
    moved(&mut stacks);
    stacks.pair.regain(&home());
    stacks.minutes(4);
    let scope = stacks.member(&home()).scope();
    let halt =
        serde_json::from_value(json!({ "reason": "look first", "by": "Ada", "since": stacks.pair.now() })).unwrap();
    stacks.pair.home().halt(&scope, &halt);
    let renames = made(&stacks.pair.home(), Operation::RenameInstance);
    stacks.minutes(30);
    let sim = stacks.pair.home();
    let changes = [Operation::RenameInstance, Operation::CreateReplica].map(|operation| made(&sim, operation));
    assert_eq!(changes, [renames, 0]);
    let text = stacks.pair.standby().messages().last().unwrap().text.clone();
    assert!(text.contains("in the way: the halt switch is on"), "{text}");
}

/// What the region that came back asks and writes for its protection alone; the rest of its watch is struck elsewhere.
const OWN: [Operation; 7] = [
    Operation::DescribeInstance,
    Operation::DescribeRole,
    Operation::RenameInstance,
    Operation::StopLeftInstance,
    Operation::CreateReplica,
    Operation::LedgerWatch,
    Operation::LedgerKeepWatch,
];

/// A region that has just come back, and how many calls it has made.
fn back() -> (InMemoryPair, u64) {
    let mut stacks = with_replica(AGAIN);
    moved(&mut stacks);
    stacks.pair.regain(&home());
    stacks.minutes(3);
    let made = stacks.pair.home().calls_made();
    (stacks, made)
}

/// Half an hour passes, and the pair is protected again: it has to be by then.
fn recovers(stacks: &mut InMemoryPair, context: &str) {
    let sim = stacks.pair.home();
    for _ in 0..60 {
        stacks.minutes(1);
        kept(stacks, context);
        if sim.pair_databases().get(&replica("fleet-db")) == Some(&Follower) {
            break;
        }
    }
    // A look that was struck is made again five minutes later.
    stacks.minutes(12);
    let expected = [("fleet-db".to_owned(), Follower), ("fleet-db-left-1".to_owned(), stopped())];
    assert_eq!(found(&sim), expected, "{context}");
    assert!(record(stacks, &standby()).protected.is_some(), "{context}: {:?}", record(stacks, &standby()));
}

fn every_call(trouble: CallTrouble) {
    let (mut stacks, made) = back();
    recovers(&mut stacks, "without a fault");
    let calls =
        stacks.pair.home().calls().into_iter().filter(|call| call.index >= made && OWN.contains(&call.operation));
    let calls: Vec<_> = calls.collect();
    let written = calls.iter().filter(|call| call.operation == Operation::CreateReplica).count();
    assert!(written == 1 && calls.len() > 20, "{calls:?}");
    for call in calls {
        let (mut stacks, again) = back();
        assert_eq!(again, made, "a play is always the same");
        stacks.pair.home().set_faults(FaultPlan::none().at(call.index, trouble));
        recovers(&mut stacks, &format!("{trouble:?} at {call}"));
    }
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            every_call(CallTrouble::$trouble);
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_ends_protected_again: CrashBefore;
    a_crash_after_any_call_ends_protected_again: CrashAfter;
    a_throttle_at_any_call_ends_protected_again: Throttle;
    an_error_at_any_call_ends_protected_again: Error;
    a_time_out_before_any_effect_ends_protected_again: TimeoutBefore;
    a_time_out_after_any_effect_ends_protected_again: TimeoutAfter;
    a_denial_at_any_call_ends_protected_again: Denied;
}
