#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use watchkeeper_domain::failover::MovePhase;

use super::super::key::tests::{pair, scope, west1};
use super::*;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn west2() -> Region {
    Region::new("us-west-2").unwrap()
}

fn pointer(revision: u64) -> Pointer {
    Pointer {
        home: Some(west2()),
        active: west2(),
        epoch: 1,
        revision,
        moving: None,
        serving: BTreeMap::new(),
        by: "fleet-1".to_owned(),
        since: T0,
        approved: [].into(),
    }
}

fn pointer_item(pointer: &Pointer) -> Item {
    let key = ItemKey::of_pair(&pair(), POINTER);
    let item = pack(&key, "pointer", &pair(), pointer).unwrap();
    VersionRaise::revision(pointer.revision - 1, pointer.revision).put("ledger", &key, &pair(), item).unwrap().item
}

fn heartbeat() -> Heartbeat {
    Heartbeat { at: T0, epoch: 1, heard: None, granted: Some(T0), switches: BTreeMap::new() }
}

fn sample() -> RegionSample {
    RegionSample { at: T0, services: BTreeMap::new(), lag_ms: BTreeMap::new(), vcpu: Some(40), alarms: None }
}

#[test]
fn a_pair_reads_as_both_regions_wrote_it() {
    let (beat, taken) = (ItemKey::heartbeat(&pair(), &west1()), ItemKey::sample(&pair(), &west2()));
    let items = vec![
        pointer_item(&pointer(4)),
        pack(&beat, "heartbeat", &pair(), &heartbeat()).unwrap(),
        pack(&taken, "sample", &pair(), &sample()).unwrap(),
    ];
    let found = read(&pair(), items).unwrap();
    assert_eq!(found.pointer, Some(pointer(4)));
    assert_eq!(found.heartbeats, [(west1(), heartbeat())].into());
    assert_eq!(found.samples, [(west2(), sample())].into());
}

#[test]
fn a_pair_that_never_moved_and_never_beat_is_empty() {
    assert_eq!(read(&pair(), Vec::new()).unwrap(), PairReplica::default());
}

#[test]
fn the_conditions_of_a_pointer_are_on_the_revision_that_it_bears() {
    assert_eq!(pointer_item(&pointer(4))["revision"], AttributeValue::N("4".to_owned()));
    let mut item = pointer_item(&pointer(4));
    item.insert("revision".to_owned(), AttributeValue::N("5".to_owned()));
    let error = read(&pair(), vec![item]).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Corrupt { item, scope, .. }
        if item == "POINTER" && scope == "fleet-orchestration prod"),
        "{error}"
    );
}

#[test]
fn a_broken_heartbeat_is_named() {
    let mut item = ItemKey::heartbeat(&pair(), &west1()).attributes();
    item.insert("json".to_owned(), AttributeValue::S("{}".to_owned()));
    let error = read(&pair(), vec![item]).unwrap_err();
    assert_eq!(error.to_string(), "item HEARTBEAT#us-west-1 of fleet-orchestration prod in the ledger does not read");
}

#[test]
fn an_item_of_a_later_version_is_left_alone() {
    let unknown = ItemKey::of_pair(&pair(), "TREATY#us-west-1").attributes();
    assert_eq!(read(&pair(), vec![unknown]).unwrap(), PairReplica::default());
}

#[test]
fn the_watch_and_the_moves_are_not_in_the_partition_that_every_run_reads() {
    let partition = AttributeValue::S(pair_partition(&pair()));
    assert_eq!(ItemKey::heartbeat(&pair(), &west1()).attributes()["pk"], partition);
    for apart in [ItemKey::watch(&pair(), &west1()), ItemKey::moved(&pair(), "fleet-1"), ItemKey::of(&scope(), POINTER)]
    {
        assert_ne!(apart.attributes()["pk"], partition, "{apart}");
    }
}

#[test]
fn the_record_of_a_move_is_kept_for_two_years_and_compressed_when_it_is_long() {
    let key = ItemKey::moved(&pair(), "fleet-1");
    let mut record = Move::new("fleet-1", &west2(), &west1(), MovePhase::Confirm, T0);
    let item = move_item(&key, &pair(), &record).unwrap();
    let ttl = (T0.as_second() + 2 * 365 * 86_400).to_string();
    assert_eq!(item["ttl"], AttributeValue::N(ttl));
    assert!(item.contains_key("json"));
    for _ in 0..2_000 {
        record.note(T0, "the old region does not answer, and its tasks are looked at again in a moment");
    }
    let item = move_item(&key, &pair(), &record).unwrap();
    assert!(item.contains_key("gzip") && !item.contains_key("json"));
    assert_eq!(unpack::<Move>(&key, &pair(), &item).unwrap(), record);
}
