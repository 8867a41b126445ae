//! A document as an item: JSON as text, or compressed when it is long. The lease has attributes of its own instead.

use std::collections::HashMap;
use std::io::{Read, Write};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use watchkeeper_control::ledger::{Draft, Entry, Flaw, Key, LedgerError};

/// The longest payload that is kept as text, in bytes: it stays readable in the console, and costs at most 64 write units.
pub const TEXT_MAX: usize = 64 * 1024;

/// The longest payload of an item, in bytes: DynamoDB's 400 KB (DynamoDB quotas) less keys, names and some room.
pub const ITEM_MAX: usize = 390 * 1024;

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
const JSON: &str = "json";
const GZIP: &str = "gzip";
const TTL: &str = "ttl";
const FORM: &str = "form";
/// What the numbers are called that a write raises.
const NUMBERS: [&str; 3] = ["version", "revision", "generation"];

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A key as an item has it.
pub(super) fn attributes(key: &Key) -> Item {
    [(PK.to_owned(), text(&key.partition.key)), (SK.to_owned(), text(&key.sort))].into()
}

/// A document as an item.
pub(super) fn item(draft: &Draft) -> Result<Item, LedgerError> {
    let mut item = payload_of(draft)?;
    item.extend(attributes(&draft.key));
    item.extend(draft.number.map(|raised| (raised.name.to_owned(), number(raised.to))));
    item.extend(draft.mark.iter().map(|(name, mark)| ((*name).to_owned(), text(mark))));
    item.extend(draft.expires.map(|ends| (TTL.to_owned(), seconds(ends))));
    // The first form has no attribute: releases of before there were any wrote none.
    item.extend((draft.form > 1).then(|| (FORM.to_owned(), number(draft.form))));
    Ok(item)
}

fn payload_of(draft: &Draft) -> Result<Item, LedgerError> {
    let corrupt = |flaw: Flaw| draft.key.corrupt(flaw);
    if draft.key.is_lease() {
        let lease: serde_json::Value = serde_json::from_str(&draft.text).map_err(|flaw| corrupt(flaw.into()))?;
        return serde_dynamo::to_item(lease).map_err(|flaw| corrupt(flaw.into()));
    }
    let (name, payload, bytes) = encode(&draft.text).map_err(|flaw| corrupt(flaw.into()))?;
    if bytes > ITEM_MAX {
        let scope = draft.key.partition.owner.clone();
        return Err(LedgerError::TooLarge { item: draft.key.kind.name(), scope, bytes, limit: ITEM_MAX });
    }
    Ok([(name.to_owned(), payload)].into())
}

/// The document in an item; `like` is its key, or what that begins with.
pub(super) fn entry(like: &Key, item: Item) -> Entry {
    let sort = item.get(SK).and_then(|sort| sort.as_s().ok()).cloned().unwrap_or_default();
    let of = |name: &str| item.get(name)?.as_n().ok()?.parse().ok();
    let (number, form) = (NUMBERS.into_iter().find_map(of), of(FORM).unwrap_or(1));
    let key = Key { sort, ..like.clone() };
    let text = if key.is_lease() { plain(item) } else { decode(&item) };
    Entry { key, text, form, number }
}

/// The attributes of a lease, as JSON.
fn plain(mut item: Item) -> Result<String, Flaw> {
    item.retain(|name, _| name != PK && name != SK);
    // Attributes have no order: sorted, the same item always reads alike.
    let mut fields: serde_json::Value = serde_dynamo::from_item(item)?;
    fields.sort_all_objects();
    Ok(fields.to_string())
}

fn encode(json: &str) -> std::io::Result<(&'static str, AttributeValue, usize)> {
    if json.len() <= TEXT_MAX {
        return Ok((JSON, text(json), json.len()));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes())?;
    let packed = encoder.finish()?;
    let bytes = packed.len();
    Ok((GZIP, AttributeValue::B(Blob::new(packed)), bytes))
}

fn decode(item: &Item) -> Result<String, Flaw> {
    match (item.get(JSON), item.get(GZIP)) {
        (Some(AttributeValue::S(json)), _) => Ok(json.clone()),
        (None, Some(AttributeValue::B(packed))) => {
            let mut json = String::new();
            GzDecoder::new(packed.as_ref()).read_to_string(&mut json)?;
            Ok(json)
        }
        _ => Err("found no payload, expected the text `json` or the binary `gzip`".into()),
    }
}

/// The attribute that holds the payload of an item, and the payload as it is stored.
pub(super) fn payload(item: &Item) -> Option<(&'static str, &AttributeValue)> {
    [JSON, GZIP].into_iter().find_map(|name| Some((name, item.get(name)?)))
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn seconds(instant: Timestamp) -> AttributeValue {
    AttributeValue::N(instant.as_second().to_string())
}

#[cfg(test)]
#[path = "item_tests.rs"]
pub(super) mod tests;
