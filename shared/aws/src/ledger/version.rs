//! Numbers beside a payload: each write raises its item's, and counts only while the one before is there.

use std::fmt::Display;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::AwsError;

use super::item::{Item, corrupt};
use super::key::ItemKey;

const UNCHANGED: &str = "#number = :number";
const NEVER_PUT: &str = "attribute_not_exists(#number)";

/// A number that a write raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VersionRaise {
    attribute: &'static str,
    from: u64,
    to: u64,
}

impl VersionRaise {
    /// The version of an item, to the one after `from`; 0: there is no item yet.
    pub(super) fn version(from: u64) -> Self {
        Self { attribute: "version", from, to: from + 1 }
    }

    /// The revision of a pointer; `from` 0: there is no pointer yet.
    pub(super) fn revision(from: u64, to: u64) -> Self {
        Self { attribute: "revision", from, to }
    }

    /// A write of `item` that counts only while the number there is still the one before.
    pub(super) fn put(
        self,
        table: &str,
        key: &ItemKey,
        scope: &impl Display,
        mut item: Item,
    ) -> Result<Put, LedgerError> {
        item.insert(self.attribute.to_owned(), number(self.to));
        let (condition, values) = match self.from {
            0 => (NEVER_PUT, None),
            from => (UNCHANGED, Some([(":number".to_owned(), number(from))].into())),
        };
        let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
        let put = put.expression_attribute_names("#number", self.attribute).set_expression_attribute_values(values);
        put.build().map_err(|flaw| corrupt(key, scope, flaw.into()))
    }

    /// What became of a write of `wanted` that ended with `error`, from what is there now and its number.
    pub(super) fn judge<T: PartialEq>(
        self,
        scope: &impl Display,
        (found, number): (&T, u64),
        wanted: &T,
        error: AwsError,
    ) -> Result<(), LedgerError> {
        if number == self.to && found == wanted {
            Ok(())
        } else if number == self.from {
            Err(error.into())
        } else {
            Err(LedgerError::Conflict { scope: scope.to_string() })
        }
    }
}

/// The version of an item.
pub(super) fn version(key: &ItemKey, scope: &impl Display, item: &Item) -> Result<u64, LedgerError> {
    read("version", key, scope, item)
}

/// The revision of a pointer.
pub(super) fn revision(key: &ItemKey, scope: &impl Display, item: &Item) -> Result<u64, LedgerError> {
    read("revision", key, scope, item)
}

fn read(attribute: &str, key: &ItemKey, scope: &impl Display, item: &Item) -> Result<u64, LedgerError> {
    let found = item.get(attribute);
    let value = found.and_then(|value| value.as_n().ok()?.parse().ok());
    let expected = || format!("{attribute}: found {found:?}, expected a number, 1 or more");
    value.ok_or_else(|| corrupt(key, scope, expected().into()))
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_control::ports::Fault;

    use super::super::key::tests::{alarm, scope};
    use super::*;

    fn key() -> ItemKey {
        ItemKey::alarm(&scope(), &alarm())
    }

    fn lost_answer() -> AwsError {
        AwsError { operation: "PutItem", subject: "alarm".to_owned(), fault: Fault::Unavailable, source: None }
    }

    fn put(raise: VersionRaise) -> Put {
        raise.put("ledger", &key(), &scope(), key().attributes()).unwrap()
    }

    #[test]
    fn the_condition_is_on_the_number_before() {
        let next = put(VersionRaise::version(6));
        assert_eq!(next.item["version"], number(7));
        assert_eq!(next.condition_expression.as_deref(), Some(UNCHANGED));
        assert_eq!(next.expression_attribute_names.unwrap()["#number"], "version");
        assert_eq!(next.expression_attribute_values.unwrap()[":number"], number(6));
    }

    #[test]
    fn the_first_write_counts_only_where_nothing_is() {
        let first = put(VersionRaise::revision(0, 1));
        assert_eq!(first.item["revision"], number(1));
        assert_eq!(first.condition_expression.as_deref(), Some(NEVER_PUT));
        assert_eq!(first.expression_attribute_names.unwrap()["#number"], "revision");
        assert_eq!(first.expression_attribute_values, None);
    }

    #[test]
    fn an_item_without_its_number_is_corrupt() {
        let mut item = key().attributes();
        for broken in [None, Some(AttributeValue::S("first".to_owned()))] {
            item.extend(broken.map(|value| ("version".to_owned(), value)));
            let error = version(&key(), &scope(), &item).unwrap_err();
            assert!(matches!(&error, LedgerError::Corrupt { item, .. } if *item == key().sk), "{error}");
        }
        assert_eq!(version(&key(), &scope(), &put(VersionRaise::version(6)).item).unwrap(), 7);
    }

    #[test]
    fn exactly_ours_there_means_that_it_was_written() {
        assert!(VersionRaise::version(6).judge(&scope(), (&"ours", 7), &"ours", lost_answer()).is_ok());
    }

    #[test]
    fn another_one_there_is_a_conflict_even_with_our_number() {
        for found in [(&"another", 7), (&"ours", 8), (&"", 0)] {
            let judged = VersionRaise::version(6).judge(&scope(), found, &"ours", lost_answer());
            assert!(matches!(judged, Err(LedgerError::Conflict { .. })), "{judged:?}");
        }
    }

    #[test]
    fn the_number_before_still_there_means_that_nothing_was_written() {
        let judged = VersionRaise::version(6).judge(&scope(), (&"before", 6), &"ours", lost_answer());
        assert!(matches!(judged, Err(LedgerError::Aws(_))), "{judged:?}");
    }
}
