//! Items with a version beside their payload, so that a write can have a condition on it: of two that read the same version
//! one writes the next.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::Scope;

use super::item::{Item, corrupt, pack, unpack, with_ttl};
use super::key::Key;

pub(super) const VERSION: &str = "version";
pub(super) const UNCHANGED: &str = "#version = :version";
pub(super) const NEVER_PUT: &str = "attribute_not_exists(#version)";

/// The payload of an item, and its version.
pub(super) fn read<T: DeserializeOwned>(key: &Key, scope: &Scope, item: &Item) -> Result<(T, u64), LedgerError> {
    let found = item.get(VERSION);
    let version = found.and_then(|version| version.as_n().ok()?.parse().ok());
    let version = version.ok_or_else(|| {
        corrupt(key, scope, format!("{VERSION}: found {found:?}, expected a number, 1 or more").into())
    })?;
    Ok((unpack(key, scope, item)?, version))
}

/// A write of a payload as the version after `expected`, which counts only while that is the version there; 0: while there
/// is none.
pub(super) fn put<T: Serialize>(
    table: &str,
    scope: &Scope,
    (key, what): (&Key, &'static str),
    value: &T,
    ends: Option<Timestamp>,
    expected: u64,
) -> Result<Put, LedgerError> {
    let mut item = with_ttl(pack(key, what, scope, value)?, ends);
    item.insert(VERSION.to_owned(), number(expected + 1));
    let (condition, values) = match expected {
        0 => (NEVER_PUT, None),
        version => (UNCHANGED, Some([(":version".to_owned(), number(version))].into())),
    };
    let names: HashMap<String, String> = [("#version".to_owned(), VERSION.to_owned())].into();
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    let put = put.set_expression_attribute_names(Some(names)).set_expression_attribute_values(values);
    put.build().map_err(|flaw| corrupt(key, scope, flaw.into()))
}

/// What became of a payload whose write ended with `error`, from what is there now.
pub(super) fn judge<T: PartialEq>(
    scope: &Scope,
    (current, version): &(T, u64),
    wanted: &T,
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
