//! Attributes as DynamoDB has them, and as the domain has them; and cursors, as text.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use watchkeeper_domain::unblock::ItemAttribute;

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// An attribute of an item.
pub(super) fn field(item: &Item, name: &str) -> ItemAttribute {
    match item.get(name) {
        None => ItemAttribute::Absent,
        Some(AttributeValue::S(text)) => ItemAttribute::Text(text.clone()),
        Some(AttributeValue::N(number)) => ItemAttribute::Number(number.clone()),
        Some(other) => ItemAttribute::Other(kind(other).to_owned()),
    }
}

/// An attribute for a request; only texts and numbers are ever written or compared.
pub(super) fn value(field: &ItemAttribute) -> Option<AttributeValue> {
    match field {
        ItemAttribute::Text(text) => Some(AttributeValue::S(text.clone())),
        ItemAttribute::Number(number) => Some(AttributeValue::N(number.clone())),
        ItemAttribute::Absent | ItemAttribute::Other(_) => None,
    }
}

fn kind(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::B(_) => "binary",
        AttributeValue::Bool(_) => "boolean",
        AttributeValue::L(_) => "list",
        AttributeValue::M(_) => "map",
        AttributeValue::Null(_) => "null",
        AttributeValue::Bs(_) | AttributeValue::Ns(_) | AttributeValue::Ss(_) => "set",
        _ => "unknown",
    }
}

/// Where the next page begins, as text. `Err` says what of the key cannot be written down.
pub(super) fn cursor(key: Option<Item>) -> Result<Option<String>, String> {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(None) };
    let fields: BTreeMap<&String, ItemAttribute> = key.keys().map(|name| (name, field(&key, name))).collect();
    if fields.values().any(|field| value(field).is_none()) {
        return Err("a key of another type than text or number".to_owned());
    }
    serde_json::to_string(&fields).map(Some).map_err(|error| error.to_string())
}

/// The key in a cursor.
pub(super) fn start(cursor: Option<&str>) -> Result<Option<Item>, String> {
    let Some(cursor) = cursor else { return Ok(None) };
    let fields: BTreeMap<String, ItemAttribute> = serde_json::from_str(cursor).map_err(|error| error.to_string())?;
    Ok(Some(fields.into_iter().filter_map(|(name, field)| Some((name, value(&field)?))).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_and_numbers_keep_their_type_and_the_rest_its_name() {
        let item = Item::from([
            ("t".to_owned(), AttributeValue::S("x".to_owned())),
            ("n".to_owned(), AttributeValue::N("1.50".to_owned())),
            ("m".to_owned(), AttributeValue::M(HashMap::new())),
        ]);
        assert_eq!(field(&item, "t"), ItemAttribute::Text("x".to_owned()));
        assert_eq!(field(&item, "n"), ItemAttribute::Number("1.50".to_owned()));
        assert_eq!(field(&item, "m"), ItemAttribute::Other("map".to_owned()));
        assert_eq!(field(&item, "absent"), ItemAttribute::Absent);
        assert_eq!(value(&ItemAttribute::Number("1.50".to_owned())), Some(AttributeValue::N("1.50".to_owned())));
    }

    #[test]
    fn a_cursor_reads_as_it_was_written() {
        let key = Item::from([
            ("pod_id".to_owned(), AttributeValue::S("Ratio".to_owned())),
            ("n".to_owned(), AttributeValue::N("7".to_owned())),
        ]);
        let text = cursor(Some(key.clone())).unwrap().unwrap();
        assert_eq!(start(Some(&text)).unwrap(), Some(key));
        assert_eq!((cursor(None).unwrap(), cursor(Some(Item::new())).unwrap()), (None, None));
        assert!(start(Some("{")).is_err());
    }
}
