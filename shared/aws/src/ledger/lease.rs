//! The lease's item: plain attributes, so that a write can have a condition on its generation.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put};
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::name::Scope;

use super::item::{Item, corrupt};
use super::key::ItemKey;

const HELD: &str = "#generation = :generation";
const NEVER_TAKEN: &str = "attribute_not_exists(#generation)";

/// The lease in an item.
pub(super) fn read(key: &ItemKey, scope: &Scope, item: Item) -> Result<Lease, LedgerError> {
    serde_dynamo::from_item(item).map_err(|flaw| corrupt(key, scope, flaw.into()))
}

/// A write of the lease that counts only while the generation there is `expected`; 0: while there is none.
pub(super) fn put(table: &str, scope: &Scope, lease: &Lease, expected: u64) -> Result<Put, LedgerError> {
    let key = ItemKey::lease(scope);
    let mut item: Item = serde_dynamo::to_item(lease).map_err(|flaw| corrupt(&key, scope, flaw.into()))?;
    item.extend(key.attributes());
    let (condition, values) = condition(expected);
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    let put = put.set_expression_attribute_names(Some(names())).set_expression_attribute_values(values);
    put.build().map_err(|flaw| corrupt(&key, scope, flaw.into()))
}

/// A check that the generation is still this one.
pub(super) fn check(table: &str, scope: &Scope, generation: u64) -> Result<ConditionCheck, LedgerError> {
    let key = ItemKey::lease(scope);
    let (condition, values) = condition(generation);
    let check = ConditionCheck::builder().table_name(table).set_key(Some(key.attributes()));
    let check = check.condition_expression(condition).set_expression_attribute_names(Some(names()));
    check.set_expression_attribute_values(values).build().map_err(|flaw| corrupt(&key, scope, flaw.into()))
}

fn condition(expected: u64) -> (&'static str, Option<Item>) {
    match expected {
        0 => (NEVER_TAKEN, None),
        held => (HELD, Some([(":generation".to_owned(), AttributeValue::N(held.to_string()))].into())),
    }
}

fn names() -> HashMap<String, String> {
    [("#generation".to_owned(), "generation".to_owned())].into()
}

/// Whether an item may have been written in spite of this error: the answer was lost, or an earlier attempt of the
/// same call was written without an answer and made the next one fail its own condition.
pub(super) fn may_be_written(error: &AwsError) -> bool {
    matches!(error.fault, Fault::Conflict | Fault::Unavailable)
}

/// What became of a lease whose write ended with `error`, from what is there now.
pub(super) fn judge(
    scope: &Scope,
    current: Option<&Lease>,
    wanted: &Lease,
    expected: u64,
    error: AwsError,
) -> Result<(), LedgerError> {
    if current == Some(wanted) {
        Ok(())
    } else if Lease::generation_of(current) == expected {
        Err(error.into())
    } else {
        Err(LedgerError::Conflict { scope: scope.to_string() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;
    use watchkeeper_domain::intent::Layer;

    use super::super::key::tests::scope;
    use super::*;

    fn lease(holder: &str, generation: u64) -> Lease {
        let usable = Timestamp::constant(1_795_000_000, 123_456_789);
        let expires = Timestamp::constant(1_795_000_180, 0);
        Lease {
            holder: holder.to_owned(),
            layer: Layer::Schedule,
            generation,
            usable,
            expires,
            at_work: generation == 7,
        }
    }

    fn lost_answer() -> AwsError {
        AwsError { operation: "PutItem", subject: "lease".to_owned(), fault: Fault::Unavailable, source: None }
    }

    #[test]
    fn a_lease_reads_as_it_was_written_and_its_generation_is_a_number() {
        let put = put("ledger", &scope(), &lease("run", 7), 6).unwrap();
        assert_eq!(put.item["generation"], AttributeValue::N("7".to_owned()));
        assert_eq!(put.item["holder"], AttributeValue::S("run".to_owned()));
        assert_eq!(put.item["sk"], AttributeValue::S("LEASE".to_owned()));
        let read = read(&ItemKey::lease(&scope()), &scope(), put.item).unwrap();
        assert_eq!(read, lease("run", 7));
    }

    #[test]
    fn the_condition_is_on_the_generation_before() {
        let next = put("ledger", &scope(), &lease("run", 7), 6).unwrap();
        assert_eq!(next.condition_expression.as_deref(), Some(HELD));
        let values = next.expression_attribute_values.unwrap();
        assert_eq!(values[":generation"], AttributeValue::N("6".to_owned()));
        let first = put("ledger", &scope(), &lease("run", 1), 0).unwrap();
        assert_eq!(first.condition_expression.as_deref(), Some(NEVER_TAKEN));
        assert_eq!(first.expression_attribute_values, None);
    }

    #[test]
    fn a_broken_lease_is_corrupt() {
        let mut item = ItemKey::lease(&scope()).attributes();
        item.insert("generation".to_owned(), AttributeValue::S("many".to_owned()));
        let error = read(&ItemKey::lease(&scope()), &scope(), item).unwrap_err();
        assert!(matches!(&error, LedgerError::Corrupt { item, .. } if item == "LEASE"), "{error}");
    }

    #[test]
    fn exactly_our_lease_there_means_that_it_was_written() {
        assert!(judge(&scope(), Some(&lease("run", 7)), &lease("run", 7), 6, lost_answer()).is_ok());
    }

    #[test]
    fn somebody_elses_lease_there_is_a_conflict_even_of_our_generation() {
        let judged = judge(&scope(), Some(&lease("other", 7)), &lease("run", 7), 6, lost_answer());
        assert!(matches!(judged, Err(LedgerError::Conflict { .. })), "{judged:?}");
    }

    #[test]
    fn the_lease_before_still_there_means_that_nothing_was_written() {
        let judged = judge(&scope(), Some(&lease("old", 6)), &lease("run", 7), 6, lost_answer());
        assert!(matches!(judged, Err(LedgerError::Aws(_))), "{judged:?}");
        let never = judge(&scope(), None, &lease("run", 1), 0, lost_answer());
        assert!(matches!(never, Err(LedgerError::Aws(_))), "{never:?}");
    }

    #[test]
    fn only_an_unclear_end_is_read_again() {
        for (fault, again) in [
            (Fault::Conflict, true),
            (Fault::Unavailable, true),
            (Fault::Throttled, false),
            (Fault::Denied, false),
            (Fault::NotFound, false),
            (Fault::Invalid, false),
        ] {
            assert_eq!(may_be_written(&AwsError { fault, ..lost_answer() }), again, "{fault}");
        }
    }
}
