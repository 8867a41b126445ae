//! The memory of an alarm: a payload with a version beside it, so that a write can have a condition on it.

use aws_sdk_dynamodb::types::Put;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::AlarmName;

use super::item::{ALARM_KEPT, Item, after, pack, unpack, with_ttl};
use super::key::ItemKey;
use super::version::{VersionRaise, version};

/// The memory in an item, and its version.
pub(super) fn read(key: &ItemKey, scope: &Scope, item: &Item) -> Result<(AlarmMemory, u64), LedgerError> {
    Ok((unpack(key, scope, item)?, version(key, scope, item)?))
}

/// A write of the memory that raises its version.
pub(super) fn put(
    table: &str,
    scope: &Scope,
    alarm: &AlarmName,
    memory: &AlarmMemory,
    raise: VersionRaise,
) -> Result<Put, LedgerError> {
    let key = ItemKey::alarm(scope, alarm);
    let ends = memory.newest.map(|(at, _)| at).max(memory.missed).map(|at| after(at, ALARM_KEPT));
    let item = with_ttl(pack(&key, "memory of the alarm", scope, memory)?, ends);
    raise.put(table, &key, scope, item)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::AttributeValue;
    use jiff::Timestamp;
    use watchkeeper_domain::emergency::alarm::{AlarmState, NotedMessage};

    use super::super::key::tests::{alarm, scope};
    use super::*;

    const AT: Timestamp = Timestamp::constant(1_795_000_000, 123_000_000);

    fn memory() -> AlarmMemory {
        let noted = NotedMessage { at: AT, state: AlarmState::Alarm, what: "answered".to_owned() };
        AlarmMemory {
            newest: Some((AT, AlarmState::Alarm)),
            changes: vec![AT],
            notes: vec![noted],
            ..AlarmMemory::default()
        }
    }

    fn written(expected: u64) -> Item {
        put("ledger", &scope(), &alarm(), &memory(), VersionRaise::version(expected)).unwrap().item
    }

    #[test]
    fn a_memory_reads_as_it_was_written_and_its_version_is_the_next_one() {
        let item = written(6);
        assert_eq!(item["version"], AttributeValue::N("7".to_owned()));
        assert_eq!(item["sk"], AttributeValue::S("ALARM#clos-v2-alb-5xx-errors".to_owned()));
        let key = ItemKey::alarm(&scope(), &alarm());
        assert_eq!(read(&key, &scope(), &item).unwrap(), (memory(), 7));
    }

    #[test]
    fn a_memory_is_kept_for_thirty_days_after_the_newest_change() {
        let ttl = (AT.as_second() + 30 * 86_400).to_string();
        assert_eq!(written(0)["ttl"], AttributeValue::N(ttl));
    }
}
