//! Protected again: what a move has cost, from what is found of the region that is to stand by.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use rstest::rstest;
use watchkeeper_domain::failover::protection::{
    InstanceFacts, InstanceSettings, ProtectionFacts, ProtectionHand, ProtectionMemory, ProtectionStanding,
    ProtectionTold, ProtectionWork, ReplicaSituation, ReplicaStep, left_name, protection_mark, protection_work,
    unprotected_text,
};
use watchkeeper_domain::failover::readiness::{ImageFacts, Read, Readiness};
use watchkeeper_domain::failover::{DatabaseRole, Pointer};

use super::scene::{Night, VEHICLES, named, ready, region, table, three_at_night, with_replica};

const EPOCH: u64 = 3;

/// An instance of the region that is to stand by.
fn instance(status: &str, source: Option<&str>) -> InstanceFacts {
    let settings = InstanceSettings {
        class: "db.t4g.small".to_owned(),
        subnet_group: Some("orders".to_owned()),
        security_groups: vec!["sg-1".to_owned(), "sg-2".to_owned()],
        tags: [("watchkeeper:managed".to_owned(), "true".to_owned())].into(),
        ..InstanceSettings::default()
    };
    let arn = "arn:aws:rds:us-west-1:123456789012:db:orders".to_owned();
    InstanceFacts { arn, status: status.to_owned(), source: source.map(ToOwned::to_owned), managed: true, settings }
}

const SOURCE: &str = "arn:aws:rds:us-west-2:123456789012:db:orders";

#[expect(clippy::unnecessary_wraps, reason = "it is what a look has found")]
fn primary(status: &str) -> Read<Option<InstanceFacts>> {
    Ok(Some(instance(status, None)))
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a look has found")]
fn follower(status: &str, source: &str) -> Read<Option<InstanceFacts>> {
    Ok(Some(instance(status, Some(source))))
}

/// The standby of the scene with the replica `orders`, which the stack may replicate again.
fn night() -> Night {
    let mut night = ready();
    with_replica(&mut night, Some(DatabaseRole::Writer));
    night.failover.protect_again = true;
    night
}

struct Look<'a> {
    night: &'a Night,
    here: Read<Option<InstanceFacts>>,
    left: Read<Option<InstanceFacts>>,
    fenced: bool,
    halted: bool,
}

impl<'a> Look<'a> {
    fn at(night: &'a Night, here: Read<Option<InstanceFacts>>, left: Read<Option<InstanceFacts>>) -> Self {
        Self { night, here, left, fenced: true, halted: false }
    }

    fn work(self) -> Vec<ProtectionWork> {
        let readiness = Readiness::of(&self.night.facts, &self.night.failover);
        let replicas = BTreeMap::from([(named("orders"), ReplicaSituation { here: self.here, left: self.left })]);
        let facts = ProtectionFacts {
            epoch: EPOCH,
            active: &self.night.facts.active,
            readiness: &readiness,
            replicas: &replicas,
            resynchronizing: &BTreeMap::new(),
            fenced: self.fenced,
            halted: self.halted,
        };
        protection_work(&self.night.failover, facts)
    }
}

/// Who does each thing, and the step, if the stack could take it now.
fn told(work: &[ProtectionWork]) -> Vec<(ProtectionHand, Option<String>)> {
    work.iter().map(|it| (it.item.by, it.step.as_ref().map(ReplicaStep::key))).collect()
}

#[rstest]
#[case::an_old_primary(primary("available"), Ok(None), &[
    (ProtectionHand::Stack, Some("rename orders")), (ProtectionHand::Stack, None), (ProtectionHand::Stack, None),
])]
#[case::being_renamed(primary("renaming"), Ok(None), &[(ProtectionHand::Aws, None)])]
#[case::stopped_by_somebody(primary("stopped"), Ok(None), &[(ProtectionHand::Person, None)])]
#[case::set_aside(Ok(None), primary("available"), &[
    (ProtectionHand::Stack, Some("stop orders-left-3")), (ProtectionHand::Stack, Some("create orders")),
])]
#[case::being_stopped(Ok(None), primary("stopping"), &[(ProtectionHand::Stack, Some("create orders"))])]
#[case::set_aside_and_stopped(Ok(None), primary("stopped"), &[(ProtectionHand::Stack, Some("create orders"))])]
#[case::being_made(follower("creating", SOURCE), primary("stopped"), &[(ProtectionHand::Aws, None)])]
#[case::made_and_given_up(follower("incompatible-network", SOURCE), primary("stopped"), &[(ProtectionHand::Person, None)])]
#[case::a_replica_of_something_else(follower("available", "orders-old"), Ok(None), &[(ProtectionHand::Person, None)])]
#[case::the_name_is_taken(primary("available"), primary("stopped"), &[(ProtectionHand::Person, None)])]
#[case::nothing_at_all(Ok(None), Ok(None), &[(ProtectionHand::Person, None)])]
#[case::unread(Err("denied".to_owned()), Ok(None), &[(ProtectionHand::Person, None)])]
#[case::half_unread(Ok(None), Err("denied".to_owned()), &[(ProtectionHand::Person, None)])]
#[case::a_replica(follower("available", SOURCE), primary("stopped"), &[])]
fn a_replica_comes_back_step_by_step_and_what_is_unclear_is_a_persons(
    #[case] here: Read<Option<InstanceFacts>>,
    #[case] left: Read<Option<InstanceFacts>>,
    #[case] expected: &[(ProtectionHand, Option<&str>)],
) {
    let night = night();
    let work = Look::at(&night, here, left).work();
    let expected: Vec<_> = expected.iter().map(|(by, step)| (*by, step.map(ToOwned::to_owned))).collect();
    assert_eq!(told(&work), expected, "{work:?}");
    assert!(work.iter().all(|it| it.item.resource == "replica orders"));
}

#[test]
fn the_commands_are_whole_and_none_of_them_deletes() {
    let night = night();
    let work = Look::at(&night, primary("available"), Ok(None)).work();
    let commands: Vec<&str> = work.iter().filter_map(|it| it.item.command.as_deref()).collect();
    assert_eq!(
        commands,
        [
            "aws rds modify-db-instance --region us-west-1 --db-instance-identifier orders --new-db-instance-identifier \
             orders-left-3 --apply-immediately",
            "aws rds stop-db-instance --region us-west-1 --db-instance-identifier orders-left-3",
            "aws rds create-db-instance-read-replica --region us-west-1 --source-region us-west-2 --db-instance-identifier \
             orders --source-db-instance-identifier arn:aws:rds:us-west-2:123456789012:db:orders --db-instance-class \
             db.t4g.small --db-subnet-group-name 'orders' --vpc-security-group-ids sg-1 sg-2 --no-multi-az \
             --no-publicly-accessible --no-enable-iam-database-authentication --tags \
             '[{\"Key\":\"watchkeeper:managed\",\"Value\":\"true\"}]'",
        ]
    );
}

#[test]
fn without_the_documents_word_everything_is_a_persons() {
    let mut night = night();
    night.failover.protect_again = false;
    let work = Look::at(&night, primary("available"), Ok(None)).work();
    assert_eq!(work.len(), 3);
    assert!(work.iter().all(|it| it.item.by == ProtectionHand::Person && it.item.hindrance.is_none()));
    assert!(work.iter().all(|it| it.item.command.is_some()));
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_done() {
    let night = night();
    let untagged = Ok(Some(InstanceFacts { managed: false, ..instance("available", None) }));
    let halted = Look { halted: true, ..Look::at(&night, primary("available"), Ok(None)) };
    let arn = "arn:aws-cn:rds:us-west-1:123456789012:db:orders".to_owned();
    let china = Ok(Some(InstanceFacts { arn, ..instance("stopped", None) }));
    for (look, expected) in [
        (Look::at(&night, untagged, Ok(None)), "it lacks the tag watchkeeper:managed = true"),
        (halted, "the halt switch is on"),
        (Look::at(&night, Ok(None), china), "AWS takes a presigned URL for it here"),
    ] {
        let first = look.work().remove(0).item;
        assert_eq!((first.by, first.hindrance.as_deref()), (ProtectionHand::Person, Some(expected)));
    }
}

#[test]
fn the_same_readiness_says_what_else_is_missing_with_its_command() {
    let mut night = night();
    table(&mut night, VEHICLES).replicas.remove(&region("us-west-1"));
    night.facts.streams.insert(named(super::scene::EVENTS), Ok(None));
    night.facts.images.insert(named(super::scene::FLEET), Ok(ImageFacts::default()));
    let work = Look::at(&night, follower("available", SOURCE), Ok(None)).work();
    let commands: BTreeSet<&str> = work.iter().filter_map(|it| it.item.command.as_deref()).collect();
    let expected = [
        "aws dynamodb update-table --region us-west-2 --table-name fleet-orchestration-vehicles --replica-updates \
         '[{\"Create\":{\"RegionName\":\"us-west-1\"}}]'",
        "aws kinesis create-stream --region us-west-1 --stream-name fleet-orchestration-job-events --shard-count 1",
        "aws ecr create-repository --region us-west-1 --repository-name fleet-orchestration-fleet-service",
    ];
    assert_eq!(commands, BTreeSet::from(expected));
    // Only what the document lets the stack do is the stack's.
    assert!(work.iter().all(|it| it.step.is_none() && it.item.by == ProtectionHand::Person), "{work:?}");
}

#[test]
fn a_region_that_is_ready_and_fenced_protects_again() {
    let night = night();
    let look = || Look::at(&night, follower("available", SOURCE), Ok(None));
    assert_eq!(look().work(), []);
    let unfenced = Look { fenced: false, ..look() }.work();
    assert_eq!(told(&unfenced), [(ProtectionHand::Stack, None)]);
}

#[test]
fn a_name_that_would_be_too_long_is_a_persons() {
    assert_eq!(left_name(&named(&"a".repeat(56)), 3), named(&format!("{}-left-3", "a".repeat(56))).into());
    assert_eq!(left_name(&named(&"a".repeat(57)), 3), None);
}

fn later(minutes: i64) -> jiff::Timestamp {
    three_at_night() + SignedDuration::from_mins(minutes)
}

#[test]
fn a_step_is_tried_three_times_in_a_row_then_once_a_day_and_says_why() {
    let night = night();
    let mut memory = ProtectionMemory::of(None, EPOCH, three_at_night());
    let mut look = |minutes: i64, fenced: bool| {
        let work = Look { fenced, ..Look::at(&night, primary("available"), Ok(None)) }.work();
        let step = memory.look(work, BTreeSet::new(), fenced, later(minutes));
        if let Some(step) = &step {
            memory.failed(step, "denied".to_owned());
        }
        let hindrance = memory.items.iter().find_map(|item| item.hindrance.clone());
        (step.map(|it| it.key()), hindrance)
    };
    assert_eq!(look(0, false).0, None, "never before the fence");
    for minutes in [5, 10, 15] {
        assert_eq!(look(minutes, true), (Some("rename orders".to_owned()), None));
    }
    let (step, hindrance) = look(20, true);
    let expected = "it was tried 3 times, last at 2026-11-20T03:15:00Z: denied; it is tried again after a day";
    assert_eq!((step, hindrance.as_deref()), (None, Some(expected)));
    assert_eq!(look(15 + 24 * 60, true).0, Some("rename orders".to_owned()));
    assert_eq!(look(20 + 24 * 60, true).0, None);
}

#[test]
fn a_stop_that_fails_does_not_keep_the_replica_from_being_made() {
    let night = night();
    let mut memory = ProtectionMemory::of(None, EPOCH, three_at_night());
    let steps: Vec<String> = (0..5)
        .filter_map(|nth| {
            let work = Look::at(&night, Ok(None), primary("available")).work();
            memory.look(work, BTreeSet::new(), true, later(5 * nth)).map(|step| step.key())
        })
        .collect();
    assert_eq!(
        steps,
        ["stop orders-left-3", "stop orders-left-3", "stop orders-left-3", "create orders", "create orders"]
    );
}

#[test]
fn a_pair_is_looked_at_until_it_is_protected_and_anew_after_the_next_move() {
    let mut memory = ProtectionMemory::of(None, EPOCH, three_at_night());
    let due = |memory: &ProtectionMemory, epoch, minutes| ProtectionMemory::is_due(Some(memory), epoch, later(minutes));
    assert!(ProtectionMemory::is_due(None, EPOCH, three_at_night()));
    assert!(!due(&memory, EPOCH, 4) && due(&memory, EPOCH, 5));
    assert_eq!(memory.look(Vec::new(), BTreeSet::new(), true, later(5)), None);
    assert_eq!(memory.protected, Some(later(5)));
    assert!(!due(&memory, EPOCH, 500) && due(&memory, EPOCH + 1, 6));
    assert_eq!(ProtectionMemory::of(Some(memory), EPOCH + 1, later(6)).protected, None);
}

#[test]
fn the_region_that_serves_tells_what_the_other_one_says_or_that_it_says_nothing() {
    let pointer = Pointer { epoch: EPOCH, revision: 7, ..Pointer::at_home(&region("us-west-2")) };
    let standing = |theirs| ProtectionStanding::of(theirs, &pointer, &region("us-west-1"), Some(later(-9)));
    let old = ProtectionMemory { protected: Some(later(0)), ..ProtectionMemory::of(None, EPOCH - 1, later(0)) };
    for silent in [None, Some(&old)] {
        let ProtectionStanding::Missing(items) = standing(silent) else { panic!("nobody has looked") };
        let text = unprotected_text(&region("us-west-2"), &region("us-west-1"), later(-20), &items);
        assert!(
            text.contains("its stack, last heard of at 2026-11-20T02:51:00Z, has not looked since the move"),
            "{text}"
        );
    }
    let protected = ProtectionMemory { epoch: EPOCH, ..old.clone() };
    assert_eq!(standing(Some(&protected)), ProtectionStanding::Protected(later(0)));
}

#[test]
fn people_are_told_when_it_is_news_and_once_a_day_but_not_while_a_move_settles() {
    let night = night();
    let items: Vec<_> = Look::at(&night, primary("available"), Ok(None)).work().into_iter().map(|it| it.item).collect();
    let mark = protection_mark(&items);
    assert_eq!(mark, "replica orders");
    let moved = later(0);
    let mut told = ProtectionTold::of(None, EPOCH);
    assert!(!told.is_due(&mark, moved, later(14)) && told.is_due(&mark, moved, later(15)));
    (told.mark, told.at) = (Some(mark.clone()), Some(later(15)));
    assert!(!told.is_due(&mark, moved, later(60)) && told.is_due("replica orders!", moved, later(60)));
    assert!(told.is_due(&mark, moved, later(15 + 24 * 60)));
}
