#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rstest::rstest;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{LedgerWrite, ScopeStanding};
use watchkeeper_control::ports::Fault;
use watchkeeper_domain::capacity::{Baseline, Capacity};
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};

use super::super::item::Item;
use super::super::item::tests::scope;
use super::*;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn baseline() -> LedgerWrite {
    LedgerWrite::PutBaseline(Baseline { capacity: Capacity::default(), taken: T0 })
}

fn lease() -> Lease {
    Lease { holder: "run".to_owned(), layer: Layer::Schedule, generation: 4, usable: T0, expires: T0, at_work: false }
}

fn intent(reason: &str) -> LedgerWrite {
    let (layer, want) = (Layer::Override, DesiredState::Awake);
    let (reason, by) = (reason.to_owned(), "run".to_owned());
    LedgerWrite::PutIntent(Intent {
        layer,
        want,
        reason,
        by,
        declared: T0,
        expires: None,
        approved: [].into(),
        for_release: None,
    })
}

fn changed(writes: &[LedgerWrite]) -> Vec<TransactWriteItem> {
    let changes = writes.iter().map(|write| write.change(&scope(), 4).unwrap()).collect();
    transaction("ledger", &scope(), 4, changes).unwrap()
}

fn keys(items: &[TransactWriteItem]) -> Vec<String> {
    let sk = |item: &Item| item["sk"].as_s().unwrap().clone();
    let key = |item: &TransactWriteItem| {
        let put = item.put().map(|put| format!("put {}", sk(put.item())));
        let delete = item.delete().map(|delete| format!("delete {}", sk(delete.key())));
        let check = item.condition_check().map(|check| format!("check {}", sk(check.key())));
        put.or(delete).or(check).unwrap()
    };
    items.iter().map(key).collect()
}

#[test]
fn every_write_is_in_one_transaction_behind_the_check_of_the_lease() {
    let drop = LedgerWrite::DropIntent(IntentKey::of(Layer::Schedule));
    let writes = [baseline(), LedgerWrite::PutStanding(ScopeStanding::default()), intent("x"), drop];
    let items = changed(&writes);
    let expected = ["check LEASE", "put BASELINE", "delete INTENT#schedule", "put INTENT#override", "put STANDING"];
    let mut found = keys(&items);
    assert_eq!(found.remove(0), expected[0]);
    found.sort();
    let mut rest = expected[1..].to_vec();
    rest.sort_unstable();
    assert_eq!(found, rest);
    let check = items[0].condition_check().unwrap();
    let generation = check.expression_attribute_values().unwrap()[":number"].clone();
    assert_eq!(generation, AttributeValue::N("4".to_owned()));
}

#[test]
fn a_lease_that_is_written_carries_the_condition_itself() {
    let items = changed(&[LedgerWrite::PutLease(lease()), LedgerWrite::DropBaseline]);
    assert_eq!(keys(&items), ["put LEASE", "delete BASELINE"]);
    let values = items[0].put().unwrap().expression_attribute_values().unwrap();
    assert_eq!(values[":number"], AttributeValue::N("4".to_owned()));
}

#[test]
fn of_two_writes_to_one_item_the_last_counts() {
    let drop = LedgerWrite::DropIntent(IntentKey::of(Layer::Override));
    let writes = [intent("first"), drop, intent("last"), baseline(), LedgerWrite::DropBaseline];
    let items = changed(&writes);
    assert_eq!(keys(&items), ["check LEASE", "delete BASELINE", "put INTENT#override"]);
    let json = items[2].put().unwrap().item()["json"].as_s().unwrap().clone();
    assert!(json.contains("last"), "{json}");
}

#[test]
fn two_profiles_of_the_emergency_layer_lie_beside_each_other() {
    let intent_key = |profile: &str| IntentKey::emergency(profile.parse().unwrap());
    let writes = [LedgerWrite::DropIntent(intent_key("surge")), LedgerWrite::DropIntent(intent_key("minimum"))];
    let items = changed(&writes);
    assert_eq!(keys(&items), ["check LEASE", "delete INTENT#emergency#minimum", "delete INTENT#emergency#surge"]);
}

fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
    codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
}

fn cancelled() -> AwsError {
    AwsError { operation: OPERATION, subject: scope().to_string(), fault: Fault::Invalid, source: None }
}

#[test]
fn a_failed_check_of_the_lease_means_that_it_is_lost() {
    let verdict = verdict(&scope(), &reasons(&["ConditionalCheckFailed", "None"]), cancelled());
    assert!(matches!(verdict, LedgerError::LeaseLost { .. }), "{verdict}");
}

#[test]
fn a_failed_condition_of_another_item_means_that_somebody_else_wrote_it() {
    let verdict = verdict(&scope(), &reasons(&["None", "ConditionalCheckFailed"]), cancelled());
    assert!(matches!(verdict, LedgerError::Conflict { .. }), "{verdict}");
}

#[rstest]
#[case(&["None", "TransactionConflict"], Fault::Throttled)]
#[case(&["TransactionConflict"], Fault::Throttled)]
#[case(&["None", "ThrottlingError"], Fault::Throttled)]
#[case(&["None", "ProvisionedThroughputExceeded"], Fault::Throttled)]
#[case(&["None", "ValidationError"], Fault::Invalid)]
#[case(&[], Fault::Invalid)]
fn any_other_reason_is_a_fault_of_the_call(#[case] codes: &[&str], #[case] fault: Fault) {
    let verdict = verdict(&scope(), &reasons(codes), cancelled());
    assert!(matches!(&verdict, LedgerError::Aws(error) if error.fault == fault), "{verdict:?}");
}
