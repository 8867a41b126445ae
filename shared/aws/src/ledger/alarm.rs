//! The memory of an alarm: a payload with a version beside it, so that a write can have a condition on it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::alarm::AlarmMemory;
use watchkeeper_domain::estate::AlarmName;
use watchkeeper_domain::name::Scope;

use super::item::{ALARM_KEPT, Item, after, corrupt, pack, unpack, with_ttl};
use super::key::Key;

const VERSION: &str = "version";
const UNCHANGED: &str = "#version = :version";
const NEVER_PUT: &str = "attribute_not_exists(#version)";

/// The memory in an item, and its version.
pub(super) fn read(key: &Key, scope: &Scope, item: &Item) -> Result<(AlarmMemory, u64), LedgerError> {
    let found = item.get(VERSION);
    let version = found.and_then(|version| version.as_n().ok()?.parse().ok());
    let version = version.ok_or_else(|| {
        corrupt(key, scope, format!("{VERSION}: found {found:?}, expected a number, 1 or more").into())
    })?;
    Ok((unpack(key, scope, item)?, version))
}

/// A write of the memory as the version after `expected`, which counts only while that is the version there; 0: while
/// there is none.
pub(super) fn put(
    table: &str,
    scope: &Scope,
    alarm: &AlarmName,
    memory: &AlarmMemory,
    expected: u64,
) -> Result<Put, LedgerError> {
    let key = Key::alarm(scope, alarm);
    let ends = memory.newest.map(|(at, _)| after(at, ALARM_KEPT));
    let mut item = with_ttl(pack(&key, "memory of the alarm", scope, memory)?, ends);
    item.insert(VERSION.to_owned(), number(expected + 1));
    let (condition, values) = match expected {
        0 => (NEVER_PUT, None),
        version => (UNCHANGED, Some([(":version".to_owned(), number(version))].into())),
    };
    let names: HashMap<String, String> = [("#version".to_owned(), VERSION.to_owned())].into();
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    let put = put.set_expression_attribute_names(Some(names)).set_expression_attribute_values(values);
    put.build().map_err(|flaw| corrupt(&key, scope, flaw.into()))
}

/// What became of a memory whose write ended with `error`, from what is there now.
pub(super) fn judge(
    scope: &Scope,
    (current, version): &(AlarmMemory, u64),
    wanted: &AlarmMemory,
    expected: u64,
    error: AwsError,
) -> Result<(), LedgerError> {
    if *version == expected + 1 && current == wanted {
        Ok(())
    } else if *version == expected {
        Err(error.into())
    } else {
        Err(LedgerError::Conflict { scope: scope.to_string() })
    }
}

fn number(version: u64) -> AttributeValue {
    AttributeValue::N(version.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;
    use watchkeeper_control::ports::Fault;
    use watchkeeper_domain::alarm::{AlarmState, Noted};

    use super::super::key::tests::{alarm, scope};
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
        assert_eq!(read(&key, &scope(), &item).unwrap(), (memory("answered"), 7));
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
        let error = read(&Key::alarm(&scope(), &alarm()), &scope(), &item).unwrap_err();
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
