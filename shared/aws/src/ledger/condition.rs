//! The condition of a write: that the number beside the document is still the one before.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{ConditionCheck, Put};
use watchkeeper_control::ledger::{Draft, Entry, Key, LedgerError, Number};
use watchkeeper_control::ports::{AwsError, Fault};

use super::item::{Item, attributes, item, number};

const UNCHANGED: &str = "#number = :number";
const NEVER_PUT: &str = "attribute_not_exists(#number)";

/// A write of a document, with its condition if it has one.
pub(super) fn put(table: &str, draft: &Draft) -> Result<Put, LedgerError> {
    let put = Put::builder().table_name(table).set_item(Some(item(draft)?));
    let put = match draft.number {
        None => put,
        Some(raised) => put
            .condition_expression(expression(raised.from))
            .set_expression_attribute_names(Some(names(raised)))
            .set_expression_attribute_values(values(raised.from)),
    };
    put.build().map_err(|flaw| draft.key.corrupt(flaw.into()))
}

/// A check that a number is still this one.
pub(super) fn check(table: &str, key: &Key, raised: Number) -> Result<ConditionCheck, LedgerError> {
    let check = ConditionCheck::builder().table_name(table).set_key(Some(attributes(key)));
    let check = check.condition_expression(expression(raised.from));
    let check = check.set_expression_attribute_names(Some(names(raised)));
    let check = check.set_expression_attribute_values(values(raised.from)).build();
    check.map_err(|flaw| key.corrupt(flaw.into()))
}

fn expression(from: u64) -> &'static str {
    if from == 0 { NEVER_PUT } else { UNCHANGED }
}

fn names(raised: Number) -> HashMap<String, String> {
    [("#number".to_owned(), raised.name.to_owned())].into()
}

fn values(from: u64) -> Option<Item> {
    (from > 0).then(|| [(":number".to_owned(), number(from))].into())
}

/// Whether an item may have been written in spite of this error: the answer was lost, or an earlier attempt of the
/// same call was written without an answer and made the next one fail its own condition.
pub(super) fn may_be_written(error: &AwsError) -> bool {
    matches!(error.fault, Fault::Conflict | Fault::Unavailable)
}

/// What became of a write that ended with `error`, from what is there now.
pub(super) fn judge(draft: &Draft, raised: Number, current: Option<Entry>, error: AwsError) -> Result<(), LedgerError> {
    let number = current.as_ref().and_then(|found| found.number).unwrap_or(0);
    if number == raised.to && current.is_some_and(|found| says(&found, &draft.text)) {
        Ok(())
    } else if number == raised.from {
        Err(error.into())
    } else {
        Err(draft.key.conflict())
    }
}

/// Whether a document says just this.
fn says(found: &Entry, text: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    found.text.as_ref().is_ok_and(|found| value(found) == value(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::super::item::tests::{draft, scope};
    use super::*;

    fn over(from: u64) -> Draft {
        let number = Some(Number { name: "version", from, to: from + 1 });
        Draft { number, ..draft(Key::standing(&scope()), r#"{"told":"drift"}"#) }
    }

    fn lost_answer(fault: Fault) -> AwsError {
        AwsError { operation: "PutItem", subject: "standing".to_owned(), fault, source: None }
    }

    fn judged(current: Option<(&str, u64)>) -> Result<(), LedgerError> {
        let draft = over(6);
        let current = current.map(|(text, number)| Entry {
            key: draft.key.clone(),
            text: Ok(text.to_owned()),
            form: 1,
            number: Some(number),
        });
        judge(&draft, draft.number.unwrap(), current, lost_answer(Fault::Unavailable))
    }

    #[test]
    fn the_condition_is_on_the_number_before() {
        let next = put("ledger", &over(6)).unwrap();
        assert_eq!(next.item["version"], number(7));
        assert_eq!(next.condition_expression.as_deref(), Some(UNCHANGED));
        assert_eq!(next.expression_attribute_names.unwrap()["#number"], "version");
        assert_eq!(next.expression_attribute_values.unwrap()[":number"], number(6));
    }

    #[test]
    fn the_first_write_counts_only_where_nothing_is() {
        let first = put("ledger", &over(0)).unwrap();
        assert_eq!(first.item["version"], number(1));
        assert_eq!(first.condition_expression.as_deref(), Some(NEVER_PUT));
        assert_eq!(first.expression_attribute_values, None);
    }

    #[test]
    fn what_nobody_else_writes_has_no_condition() {
        let put = put("ledger", &draft(Key::standing(&scope()), "{}")).unwrap();
        assert_eq!(put.condition_expression, None);
    }

    #[test]
    fn exactly_ours_there_means_that_it_was_written() {
        assert!(judged(Some((r#"{ "told": "drift" }"#, 7))).is_ok());
    }

    #[rstest]
    #[case(Some(("{}", 7)))]
    #[case(Some((r#"{"told":"drift"}"#, 8)))]
    #[case(None)]
    fn another_one_there_is_a_conflict_even_with_our_number(#[case] current: Option<(&str, u64)>) {
        let judged = judged(current);
        assert!(matches!(judged, Err(LedgerError::Conflict { .. })), "{judged:?}");
    }

    #[test]
    fn the_number_before_still_there_means_that_nothing_was_written() {
        let judged = judged(Some(("{}", 6)));
        assert!(matches!(judged, Err(LedgerError::Aws(_))), "{judged:?}");
    }

    #[rstest]
    #[case(Fault::Conflict, true)]
    #[case(Fault::Unavailable, true)]
    #[case(Fault::Throttled, false)]
    #[case(Fault::Denied, false)]
    #[case(Fault::NotFound, false)]
    #[case(Fault::Invalid, false)]
    fn only_an_unclear_end_is_read_again(#[case] fault: Fault, #[case] again: bool) {
        assert_eq!(may_be_written(&lost_answer(fault)), again);
    }
}
