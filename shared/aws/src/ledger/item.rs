//! Items with a payload: JSON as text, or compressed when it is long.

use std::collections::HashMap;
use std::io::{Read, Write};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::{LedgerError, RunRecord};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;

use super::key::ItemKey;
use super::notes::OUTCOME;

/// The longest payload that is kept as text, in bytes: it stays readable in the console, and costs at most 64 write units.
pub const TEXT_MAX: usize = 64 * 1024;

/// The longest payload of an item, in bytes: DynamoDB's 400 KB (DynamoDB quotas) less keys, names and some room.
pub const ITEM_MAX: usize = 390 * 1024;

/// How long an intent is kept after its expiry: long enough to answer for it after a long weekend.
pub const INTENT_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the record of a run is kept: as long as its execution's name stays taken (90 days, Step Functions quotas).
pub const RUN_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long an alarm is remembered after its newest change: longer than anybody looks back for what was made of it.
pub const ALARM_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long the record of a move is kept after its start: two years, so that a yearly test has the one before beside it.
pub const MOVE_KEPT: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

const JSON: &str = "json";
const GZIP: &str = "gzip";
const TTL: &str = "ttl";

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// What is wrong with an item.
type Flaw = Box<dyn std::error::Error + Send + Sync>;

/// An intent as an item.
pub(super) fn intent(scope: &Scope, intent: &Intent) -> Result<Item, LedgerError> {
    let key = ItemKey::intent(scope, &intent.slot());
    let ends = intent.expires.map(|expires| after(expires, INTENT_KEPT));
    Ok(with_ttl(pack(&key, "intent", scope, intent)?, ends))
}

/// The record of a run as an item.
pub(super) fn run(scope: &Scope, run: &RunRecord) -> Result<Item, LedgerError> {
    let mut item = pack(&ItemKey::run(scope, &run.id), "record of the run", scope, run)?;
    // Beside the payload, so that a query finds the runs without one.
    item.extend(run.outcome.map(|outcome| (OUTCOME.to_owned(), AttributeValue::S(outcome.to_string()))));
    Ok(with_ttl(item, Some(after(run.started, RUN_KEPT))))
}

/// The halt switch of a scope, or of everything, as an item.
pub(super) fn halt(key: &ItemKey, scope: Option<&Scope>, halt: &HaltSwitch) -> Result<Item, LedgerError> {
    match scope {
        Some(scope) => pack(key, "halt switch", scope, halt),
        None => pack(key, "halt switch", &"every scope", halt),
    }
}

/// An item with `value` as its payload.
pub(super) fn pack<T: Serialize>(
    key: &ItemKey,
    what: &'static str,
    scope: &impl ToString,
    value: &T,
) -> Result<Item, LedgerError> {
    let (name, payload, bytes) = encode(value).map_err(|flaw| corrupt(key, scope, flaw))?;
    if bytes > ITEM_MAX {
        return Err(LedgerError::TooLarge { item: what, scope: scope.to_string(), bytes, limit: ITEM_MAX });
    }
    let mut item = key.attributes();
    item.insert(name.to_owned(), payload);
    Ok(item)
}

/// The payload of an item.
pub(super) fn unpack<T: DeserializeOwned>(key: &ItemKey, scope: &impl ToString, item: &Item) -> Result<T, LedgerError> {
    decode(item).map_err(|flaw| corrupt(key, scope, flaw))
}

/// An item that does not read.
pub(super) fn corrupt(key: &ItemKey, scope: &impl ToString, source: Flaw) -> LedgerError {
    LedgerError::Corrupt { item: key.sk.clone(), scope: scope.to_string(), source }
}

fn encode<T: Serialize>(value: &T) -> Result<(&'static str, AttributeValue, usize), Flaw> {
    let json = serde_json::to_string(value)?;
    if json.len() <= TEXT_MAX {
        let bytes = json.len();
        return Ok((JSON, AttributeValue::S(json), bytes));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes())?;
    let packed = encoder.finish()?;
    let bytes = packed.len();
    Ok((GZIP, AttributeValue::B(Blob::new(packed)), bytes))
}

/// The attribute that holds the payload of an item, and the payload as it is stored.
pub(super) fn payload(item: &Item) -> Option<(&'static str, &AttributeValue)> {
    [JSON, GZIP].into_iter().find_map(|name| Some((name, item.get(name)?)))
}

fn decode<T: DeserializeOwned>(item: &Item) -> Result<T, Flaw> {
    match (item.get(JSON), item.get(GZIP)) {
        (Some(AttributeValue::S(json)), _) => Ok(serde_json::from_str(json)?),
        (None, Some(AttributeValue::B(packed))) => {
            let mut json = String::new();
            GzDecoder::new(packed.as_ref()).read_to_string(&mut json)?;
            Ok(serde_json::from_str(&json)?)
        }
        _ => Err("found no payload, expected the text `json` or the binary `gzip`".into()),
    }
}

pub(super) fn with_ttl(mut item: Item, ends: Option<Timestamp>) -> Item {
    if let Some(ends) = ends {
        item.insert(TTL.to_owned(), AttributeValue::N(ends.as_second().to_string()));
    }
    item
}

pub(super) fn after(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::error::Error;

    use watchkeeper_domain::intent::{DesiredState, Layer};

    use super::super::key::BASELINE;
    use super::super::key::tests::scope;
    use super::*;

    fn key() -> ItemKey {
        ItemKey::of(&scope(), BASELINE)
    }

    /// Text that gzip cannot make much smaller.
    fn noise(bytes: usize) -> String {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn a_short_payload_is_text() {
        let item = pack(&key(), "baseline", &scope(), &"short").unwrap();
        assert_eq!(item["json"], AttributeValue::S("\"short\"".to_owned()));
        assert_eq!(item["sk"], AttributeValue::S("BASELINE".to_owned()));
        assert_eq!(unpack::<String>(&key(), &scope(), &item).unwrap(), "short");
    }

    #[test]
    fn a_long_payload_is_compressed_and_reads_as_it_was() {
        let long = "clos-v2-core-api-service ".repeat(10_000);
        let item = pack(&key(), "baseline", &scope(), &long).unwrap();
        assert!(!item.contains_key("json"));
        assert!(item["gzip"].as_b().unwrap().as_ref().len() < 10_000);
        assert_eq!(unpack::<String>(&key(), &scope(), &item).unwrap(), long);
    }

    #[test]
    fn a_payload_that_does_not_fit_names_itself_and_its_size() {
        let error = pack(&key(), "baseline", &scope(), &noise(600_000)).unwrap_err();
        let LedgerError::TooLarge { item, bytes, limit, .. } = error else { panic!("{error}") };
        assert_eq!((item, limit), ("baseline", ITEM_MAX));
        assert!(bytes > ITEM_MAX);
    }

    #[test]
    fn a_broken_item_names_itself_and_leaves_what_is_wrong_to_its_source() {
        let mut item = key().attributes();
        let error = unpack::<Intent>(&key(), &scope(), &item).unwrap_err();
        assert_eq!(error.to_string(), "item BASELINE of clos-v2 dev in us-east-1 in the ledger does not read");
        assert!(error.source().unwrap().to_string().contains("no payload"));
        item.insert("json".to_owned(), AttributeValue::S("{}".to_owned()));
        let error = unpack::<Intent>(&key(), &scope(), &item).unwrap_err();
        assert!(error.source().unwrap().to_string().contains("missing field"));
    }

    #[test]
    fn an_intent_outlives_its_expiry_by_some_days_and_one_without_expiry_stays() {
        let declared = Timestamp::constant(1_795_000_000, 0);
        let mut wanted = Intent {
            layer: Layer::Override,
            want: DesiredState::Awake,
            reason: "release night".to_owned(),
            by: "run".to_owned(),
            declared,
            expires: Some(declared),
            approved: [].into(),
        };
        let item = intent(&scope(), &wanted).unwrap();
        assert_eq!(item["ttl"], AttributeValue::N((1_795_000_000 + 7 * 86_400).to_string()));
        wanted.expires = None;
        assert!(!intent(&scope(), &wanted).unwrap().contains_key("ttl"));
    }
}
