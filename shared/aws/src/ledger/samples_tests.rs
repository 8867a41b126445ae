//! Items as the release before the document store wrote them, one of each kind (`samples.json`): they are read, and what is
//! written of what was read has the same fields again. So the layout stays, and a release beside this one reads it.

#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Document, Draft, Entry, Kind, LedgerError, Partition, RunRecord, ScopeStanding};
use watchkeeper_domain::backup::{BackupMemory, BackupRun};
use watchkeeper_domain::capacity::Baseline;
use watchkeeper_domain::emergency::LastQuestion;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::reconcile::trouble::RunTrouble;
use watchkeeper_domain::unblock::{LockRelease, UnblockMemory, UnblockRecord};

use super::item::{Item, entry, item, number};

/// Every item, by its sort key.
fn samples() -> Vec<(String, Item)> {
    let items: Vec<Value> = serde_json::from_str(include_str!("samples.json")).unwrap();
    let attribute = |value: &Value| match (value["S"].as_str(), value["N"].as_str()) {
        (Some(found), _) => AttributeValue::S(found.to_owned()),
        (_, Some(found)) => AttributeValue::N(found.to_owned()),
        _ => panic!("{value}"),
    };
    let item = |item: &Value| -> Item {
        item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
    };
    items.iter().map(item).map(|item| (item["sk"].as_s().unwrap().clone(), item)).collect()
}

/// What is there, in the words of the store. Whose it is, the tests do not look at.
fn found(item: &Item) -> Entry {
    let partition = Partition { key: item["pk"].as_s().unwrap().clone(), owner: "clos-v2 dev".to_owned() };
    entry(&partition.key(Kind::Standing, ""), item.clone())
}

/// What is written of what was read.
fn again<D: Document>(found: Entry) -> Item {
    let key = found.key.clone();
    let draft = if found.number.is_none() {
        Draft::of(key, &found.read::<D>().unwrap())
    } else {
        let (document, number) = found.numbered::<D>().unwrap();
        Draft::over(key, &document, number - 1)
    };
    item(&draft.unwrap()).unwrap()
}

/// The same of a note, whose writer says how long it is kept.
fn note_again<T: Serialize + DeserializeOwned>(found: Entry, until: Timestamp) -> Item {
    let key = found.key.clone();
    let (note, number) = found.note::<T>().unwrap();
    item(&Draft::note(key, &note, number - 1, until).unwrap()).unwrap()
}

fn rewritten(sort: &str, sample: &Item) -> Item {
    let kept = sample.get("ttl").and_then(|ttl| Timestamp::from_second(ttl.as_n().unwrap().parse().unwrap()).ok());
    let until = kept.unwrap_or(Timestamp::MAX);
    let (found, backups) = (found(sample), sample["pk"].as_s().unwrap().starts_with("BACKUPS#"));
    match sort.split('#').collect::<Vec<_>>().as_slice() {
        ["BASELINE"] => again::<Baseline>(found),
        ["STANDING"] => again::<ScopeStanding>(found),
        ["LEASE"] => again::<Lease>(found),
        ["HALT" | "ALL"] => again::<HaltSwitch>(found),
        ["INTENT", ..] => again::<Intent>(found),
        ["ALARM", _] => again::<AlarmMemory>(found),
        ["JOB", _] => again::<BackupMemory>(found),
        ["RUN", _] if backups => again::<BackupRun>(found),
        ["RUN", _] => again::<RunRecord>(found),
        ["UNBLOCK"] => note_again::<UnblockMemory>(found, until),
        ["UNBLOCK", _] => note_again::<UnblockRecord>(found, until),
        ["UNBLOCK", _, _] => note_again::<Vec<LockRelease>>(found, until),
        ["QUESTION", _] => note_again::<LastQuestion>(found, until),
        ["TROUBLE", _] => note_again::<RunTrouble>(found, until),
        ["POINTER"] => again::<Pointer>(found),
        ["HEARTBEAT", _] => again::<Heartbeat>(found),
        ["SAMPLE", _] => again::<RegionSample>(found),
        ["WATCH", _] => again::<WatchState>(found),
        ["CERTIFICATE", _] => again::<CapacityCertificate>(found),
        ["MOVE", _] => again::<Move>(found),
        other => panic!("{other:?} is no kind of item"),
    }
}

#[test]
fn an_item_of_the_release_before_is_read_and_written_as_it_was() {
    let samples = samples();
    assert_eq!(samples.len(), 22, "one of each kind");
    for (sort, sample) in samples {
        let (mut again, mut sample) = (rewritten(&sort, &sample), sample);
        let (mut kept, before) =
            (again.remove("json").as_ref().map(document), sample.remove("json").as_ref().map(document));
        for field in SINCE {
            if let (Some(Value::Object(kept)), Some(Value::Object(before))) = (&mut kept, &before)
                && !before.contains_key(field)
            {
                kept.remove(field);
            }
        }
        assert_eq!((again, kept), (sample, before), "{sort}");
    }
}

/// What every record of a run has by now, and had not when the samples were taken: a release of then does not look at it.
const SINCE: [&str; 2] = ["timeline", "trigger"];

/// The document of an item; the order of its fields means nothing.
fn document(json: &AttributeValue) -> Value {
    serde_json::from_str(json.as_s().unwrap()).unwrap()
}

#[test]
fn an_item_of_a_newer_release_is_refused_by_its_name() {
    for (sort, mut sample) in samples() {
        sample.insert("form".to_owned(), number(2));
        let refused = found(&sample).read::<Baseline>();
        assert!(
            matches!(&refused, Err(LedgerError::Newer { item, found: 2, known: 1, .. }) if *item == sort),
            "{refused:?}"
        );
    }
}
