#![allow(clippy::unwrap_used)]

use std::error::Error;

use watchkeeper_domain::capacity::{
    Baseline, Capacity, DatabaseId, DatabasePower, ReachedTargets, ScalingState, ServiceCapacity, ServiceId,
    Suspensions,
};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_domain::name::{EnvironmentName, EstateName};

use super::*;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn scope() -> Scope {
    let (estate, environment) = (EstateName::new("clos-v2").unwrap(), EnvironmentName::new("dev").unwrap());
    Scope { estate, environment, region: Region::new("us-east-1").unwrap() }
}

fn pair() -> PairId {
    let Scope { estate, environment, .. } = scope();
    PairId { estate, environment }
}

fn west(number: u8) -> Region {
    Region::new(format!("us-west-{number}")).unwrap()
}

fn baseline() -> Baseline {
    let suspended = Suspensions { scale_in: true, ..Suspensions::NONE };
    let scaling = Some(ScalingState { min: 1, max: 4, suspended });
    let service = ServiceId::try_from("clos-v2-cluster/clos-v2-core-api-service".to_owned()).unwrap();
    let database = DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap();
    let capacity = Capacity {
        services: [(service, ServiceCapacity { desired: 1, scaling })].into(),
        databases: [(database, DatabasePower::On)].into(),
        ..Capacity::default()
    };
    Baseline { capacity, taken: T0 }
}

fn intent(layer: Layer, expires: Option<Timestamp>) -> Intent {
    let (reason, by) = ("19:00 New York".to_owned(), "run".to_owned());
    Intent {
        layer,
        want: DesiredState::Asleep,
        reason,
        by,
        declared: T0,
        expires,
        approved: [].into(),
        for_release: None,
    }
}

fn halt(reason: &str) -> HaltSwitch {
    HaltSwitch { by: "run".to_owned(), reason: reason.to_owned(), since: T0 }
}

fn pointer(revision: u64) -> Pointer {
    Pointer {
        home: Some(west(2)),
        active: west(2),
        epoch: 1,
        revision,
        moving: None,
        serving: BTreeMap::new(),
        by: "fleet-1".to_owned(),
        since: T0,
        approved: [].into(),
    }
}

/// What a draft leaves behind.
fn put(draft: Result<Draft, LedgerError>) -> Entry {
    let Draft { key, text, form, number, .. } = draft.unwrap();
    Entry { key, text: Ok(text), form, number: number.map(|raised| raised.to) }
}

/// A document with this text, as somebody else wrote it.
fn there(key: Key, text: &str) -> Entry {
    Entry { key, text: Ok(text.to_owned()), form: 1, number: None }
}

#[test]
fn what_was_committed_is_what_is_remembered() {
    let settled = Some(SettledTarget {
        target: "00ff".to_owned(),
        at: T0,
        epoch: Some(3),
        placement: Some("opening".to_owned()),
    });
    let reached = Some(ReachedTargets::all(&baseline().capacity, T0));
    let standing = ScopeStanding {
        settled,
        reached,
        told: Some("drift".to_owned()),
        followed: Some(3),
        ..ScopeStanding::default()
    };
    let lease = Lease {
        holder: "run".to_owned(),
        layer: Layer::Schedule,
        generation: 1,
        usable: T0,
        expires: T0,
        at_work: false,
    };
    let intents = vec![intent(Layer::Schedule, None), intent(Layer::Override, None)];
    let mut writes = vec![
        LedgerWrite::PutBaseline(baseline()),
        LedgerWrite::PutStanding(standing.clone()),
        LedgerWrite::PutLease(lease.clone()),
    ];
    writes.extend(intents.iter().rev().cloned().map(LedgerWrite::PutIntent));
    let entries = writes.iter().map(|write| match write.change(&scope(), 1).unwrap() {
        Change::Put(draft) => put(Ok(draft)),
        Change::Delete(key) => panic!("{key} is removed"),
    });
    let expected = ScopeState {
        baseline: Some(baseline()),
        intents,
        lease: Some(lease),
        standing,
        halt: None,
        history: KeptHistory::default(),
    };
    assert_eq!(ScopeState::read(entries.collect(), None).unwrap(), expected);
}

#[test]
fn nothing_there_is_nothing_remembered() {
    assert_eq!(ScopeState::read(Vec::new(), None).unwrap(), ScopeState::default());
    assert_eq!(PairReplica::read(Vec::new()).unwrap(), PairReplica::default());
}

#[test]
fn a_history_that_does_not_read_keeps_no_run_from_its_work_and_is_left_as_it_is() {
    let newer = Entry { form: 2, number: Some(7), ..there(Key::history(&scope()), "{}") };
    for entry in [newer, there(Key::history(&scope()), r#"{"endings": 3}"#)] {
        let seen = ScopeState::read(vec![entry], None).unwrap();
        assert!(matches!(&seen.history, KeptHistory::Unread(_)), "{:?}", seen.history);
        assert_eq!(seen.history.with(|_| unreachable!("nothing is added to it")), None);
    }
}

#[test]
fn a_standing_without_a_pair_reads_as_it_did_before_there_were_any() {
    let json = r#"{"settled":{"target":"00ff","at":"2026-11-18T11:06:40Z"}}"#;
    let standing = ScopeState::read(vec![there(Key::standing(&scope()), json)], None).unwrap().standing;
    assert_eq!(standing.settled.unwrap().epoch, None);
    assert_eq!(standing.followed, None);
}

#[test]
fn documents_of_before_each_resource_was_by_itself_read_as_they_were_meant() {
    let capacity = r#"{"services":{"c/api":{"desired":2,"scaling":{"min":1,"max":3,"suspended":
        {"scale-in":false,"scale-out":false,"scheduled":false}}}},"databases":{"rds:Shop-DB":"on"}}"#;
    let kept = format!(r#"{{"capacity":{capacity},"taken":"2026-11-18T11:06:40Z"}}"#);
    let found = ScopeState::read(vec![there(Key::baseline(&scope()), &kept)], None).unwrap().baseline.unwrap();
    let database = DatabaseId::try_from("rds:shop-db".to_owned()).unwrap();
    assert_eq!(found.capacity.databases[&database], DatabasePower::On, "RDS tells no cases apart");
    // What was reached as a whole was reached by each.
    let (target, at) = (found.capacity.fingerprint(), "2026-11-18T11:06:40Z");
    let standing = format!(r#"{{"settled":{{"target":"{target}","at":"{at}"}}}}"#);
    let standing = ScopeState::read(vec![there(Key::standing(&scope()), &standing)], None).unwrap().standing;
    assert_eq!(standing.reached(&found.capacity), ReachedTargets::all(&found.capacity, at.parse().unwrap()));
    assert_eq!(standing.reached(&Capacity::default()), ReachedTargets::default(), "of another target nothing is known");
}

#[test]
fn the_scopes_own_halt_comes_before_everythings() {
    let all = || put(Draft::of(Key::halt(None), &halt("all")));
    let own = put(Draft::of(Key::halt(Some(&scope())), &halt("own")));
    assert_eq!(ScopeState::read(vec![own], Some(all())).unwrap().halt, Some(halt("own")));
    assert_eq!(ScopeState::read(Vec::new(), Some(all())).unwrap().halt, Some(halt("all")));
}

#[test]
fn a_document_that_does_not_read_is_named_and_leaves_what_is_wrong_to_its_source() {
    let broken = there(Key::intent(&scope(), &IntentKey::of(Layer::Schedule)), "{}");
    let error = ScopeState::read(vec![broken], None).unwrap_err();
    let expected = "item INTENT#schedule of clos-v2 dev in us-east-1 in the ledger does not read";
    assert_eq!(error.to_string(), expected);
    assert!(error.source().unwrap().to_string().contains("missing field"));
    let error = PairReplica::read(vec![there(Key::heartbeat(&pair(), &west(1)), "{}")]).unwrap_err();
    assert_eq!(error.to_string(), "item HEARTBEAT#us-west-1 of clos-v2 dev in the ledger does not read");
    let error = there(Key::moved(&pair(), "fleet-1"), "{}").numbered::<Move>().unwrap_err();
    assert!(error.source().unwrap().to_string().contains("expected one, 1 or more"));
}

#[test]
fn a_document_of_a_newer_release_is_refused_by_its_name() {
    let mut newer = put(Draft::of(Key::baseline(&scope()), &baseline()));
    newer.form = 2;
    let error = ScopeState::read(vec![newer], None).unwrap_err();
    let expected =
        "item BASELINE of clos-v2 dev in us-east-1 in the ledger is of form 2, and this release reads up to 1";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_this_release_does_not_know_is_left_alone() {
    let tomorrow = Entry { form: 2, ..there(Partition::scope(&scope()).key(Kind::Standing, "TOMORROW"), "{}") };
    let memory = put(Draft::over(Key::alarm(&scope(), &"5xx".parse().unwrap()), &AlarmMemory::default(), 0));
    assert_eq!(ScopeState::read(vec![tomorrow, memory], None).unwrap(), ScopeState::default());
    let treaty = there(Partition::pair(&pair()).key(Kind::Sample, "TREATY#us-west-1"), "{}");
    assert_eq!(PairReplica::read(vec![treaty]).unwrap(), PairReplica::default());
}

#[test]
fn a_pair_reads_as_both_regions_wrote_it() {
    let beat = Heartbeat { at: T0, epoch: 1, heard: None, granted: Some(T0), switches: BTreeMap::new() };
    let taken = RegionSample {
        at: T0,
        services: BTreeMap::new(),
        lag_ms: BTreeMap::new(),
        vcpu: Some(40),
        figures_at: None,
        alarms: None,
        sources_off: std::collections::BTreeSet::new(),
    };
    let entries = vec![
        put(Draft::over(Key::pointer(&pair()), &pointer(4), 3)),
        put(Draft::of(Key::heartbeat(&pair(), &west(1)), &beat)),
        put(Draft::of(Key::sample(&pair(), &west(2)), &taken)),
    ];
    let expected = PairReplica {
        pointer: Some(pointer(4)),
        heartbeats: [(west(1), beat)].into(),
        samples: [(west(2), taken)].into(),
    };
    assert_eq!(PairReplica::read(entries).unwrap(), expected);
}

#[test]
fn the_conditions_of_a_pointer_are_on_the_revision_that_it_bears() {
    let mut entry = put(Draft::over(Key::pointer(&pair()), &pointer(4), 3));
    assert_eq!(entry.number, Some(4));
    entry.number = Some(5);
    let error = PairReplica::read(vec![entry]).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Corrupt { item, scope, .. } if item == "POINTER" && scope == "clos-v2 dev"),
        "{error}"
    );
}

#[test]
fn the_watch_and_the_moves_are_not_in_the_partition_that_every_run_reads() {
    for apart in [Key::watch(&pair(), &west(1)), Key::moved(&pair(), "fleet-1"), Key::standing(&scope())] {
        assert_ne!(apart.partition, Partition::pair(&pair()), "{apart}");
    }
}

#[test]
fn what_was_remembered_under_another_spelling_is_found() {
    let memory = || Ok(backup::BackupMemory::default());
    let old = |source: &str| {
        let key = Partition::backups(&scope()).key(Kind::Backup, format!("JOB#{source}"));
        put(memory().and_then(|memory| Draft::over(key, &memory, 2)))
    };
    let found = memories(&scope(), vec![old("rds:Shop-DB"), old("dynamodb:Ideas")]).unwrap();
    let expected: Vec<BackupSource> = vec!["rds:shop-db".parse().unwrap(), "dynamodb:Ideas".parse().unwrap()];
    assert_eq!(found.into_keys().collect::<std::collections::BTreeSet<_>>(), expected.into_iter().collect());
}

#[test]
fn documents_are_kept_as_long_as_somebody_asks_for_them() {
    let after = |days: i64| Some(T0 + jiff::SignedDuration::from_hours(24 * days));
    assert_eq!(intent(Layer::Override, Some(T0)).expiry(), after(7));
    assert_eq!(intent(Layer::Override, None).expiry(), None, "one without an end stays");
    let memory = AlarmMemory { newest: Some((T0, AlarmState::Alarm)), ..AlarmMemory::default() };
    assert_eq!(memory.expiry(), after(30));
    assert_eq!(Move::new("fleet-1", &west(2), &west(1), MovePhase::Confirm, T0).expiry(), after(2 * 365));
    assert_eq!(baseline().expiry(), None);
}
