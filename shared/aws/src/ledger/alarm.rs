//! The memory of an alarm: a payload with a version beside it, so that a write can have a condition on it.

use aws_sdk_dynamodb::types::Put;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::alarm::AlarmMemory;
use watchkeeper_domain::estate::AlarmName;
use watchkeeper_domain::name::Scope;

use super::item::{ALARM_KEPT, after};
use super::key::Key;
use super::versioned;

pub(super) use super::versioned::{judge, read};

/// A write of the memory as the version after `expected`, which counts only while that is the version there; 0: while
/// there is none.
pub(super) fn put(
    table: &str,
    scope: &Scope,
    alarm: &AlarmName,
    memory: &AlarmMemory,
    expected: u64,
) -> Result<Put, LedgerError> {
    let ends = memory.newest.map(|(at, _)| after(at, ALARM_KEPT));
    versioned::put(table, scope, (&Key::alarm(scope, alarm), "memory of the alarm"), memory, ends, expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::AttributeValue;
    use jiff::Timestamp;
    use watchkeeper_control::ports::{AwsError, Fault};
    use watchkeeper_domain::alarm::{AlarmState, Noted};

    use super::super::key::tests::{alarm, scope};
    use super::super::versioned::{NEVER_PUT, UNCHANGED};
    use super::*;

    const AT: Timestamp = Timestamp::constant(1_795_000_000, 123_000_000);

    fn memory(what: &str) -> AlarmMemory {
        let noted = Noted { at: AT, state: AlarmState::Alarm, what: what.to_owned() };
        AlarmMemory {
            newest: Some((AT, AlarmState::Alarm)),
            changes: vec![AT],
            notes: vec![noted],
            ..AlarmMemory::default()
        }
    }

    fn written(memory: &AlarmMemory, expected: u64) -> Put {
        put("ledger", &scope(), &alarm(), memory, expected).unwrap()
    }

    fn lost_answer() -> AwsError {
        AwsError { operation: "PutItem", subject: "alarm".to_owned(), fault: Fault::Unavailable, source: None }
    }

    #[test]
    fn a_memory_reads_as_it_was_written_and_its_version_is_the_next_one() {
        let item = written(&memory("answered"), 6).item;
        assert_eq!(item["version"], AttributeValue::N("7".to_owned()));
        assert_eq!(item["sk"], AttributeValue::S("ALARM#clos-v2-alb-5xx-errors".to_owned()));
        let key = Key::alarm(&scope(), &alarm());
        assert_eq!(read::<AlarmMemory>(&key, &scope(), &item).unwrap(), (memory("answered"), 7));
    }

    #[test]
    fn the_condition_is_on_the_version_before() {
        let next = written(&memory("answered"), 6);
        assert_eq!(next.condition_expression.as_deref(), Some(UNCHANGED));
        assert_eq!(next.expression_attribute_values.unwrap()[":version"], AttributeValue::N("6".to_owned()));
        let first = written(&memory("answered"), 0);
        assert_eq!(first.condition_expression.as_deref(), Some(NEVER_PUT));
        assert_eq!(first.expression_attribute_values, None);
    }

    #[test]
    fn a_memory_is_kept_for_thirty_days_after_the_newest_change() {
        let ttl = (AT.as_second() + 30 * 86_400).to_string();
        assert_eq!(written(&memory("answered"), 0).item["ttl"], AttributeValue::N(ttl));
    }

    #[test]
    fn an_item_without_a_version_is_corrupt() {
        let mut item = written(&memory("answered"), 0).item;
        item.insert("version".to_owned(), AttributeValue::S("first".to_owned()));
        let error = read::<AlarmMemory>(&Key::alarm(&scope(), &alarm()), &scope(), &item).unwrap_err();
        assert!(
            matches!(&error, LedgerError::Corrupt { item, .. } if item == "ALARM#clos-v2-alb-5xx-errors"),
            "{error}"
        );
    }

    #[test]
    fn exactly_our_memory_there_means_that_it_was_written() {
        let current = (memory("answered"), 7);
        assert!(judge(&scope(), &current, &memory("answered"), 6, lost_answer()).is_ok());
    }

    #[test]
    fn another_memory_there_is_a_conflict_even_of_our_version() {
        for current in [(memory("ignored"), 7), (memory("answered"), 8), (AlarmMemory::default(), 0)] {
            let judged = judge(&scope(), &current, &memory("answered"), 6, lost_answer());
            assert!(matches!(judged, Err(LedgerError::Conflict { .. })), "{judged:?}");
        }
    }

    #[test]
    fn the_version_before_still_there_means_that_nothing_was_written() {
        let judged = judge(&scope(), &(memory("ignored"), 6), &memory("answered"), 6, lost_answer());
        assert!(matches!(judged, Err(LedgerError::Aws(_))), "{judged:?}");
    }
}
