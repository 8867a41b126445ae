#![allow(clippy::unwrap_used)]

use std::error::Error;

use watchkeeper_control::ledger::{Number, ScopeState};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};

use super::*;

pub(in super::super) fn scope() -> Scope {
    let (estate, environment) = (EstateName::new("clos-v2").unwrap(), EnvironmentName::new("dev").unwrap());
    Scope { estate, environment, region: Region::new("us-east-1").unwrap() }
}

pub(in super::super) fn draft(key: Key, text: &str) -> Draft {
    Draft { key, text: text.to_owned(), form: 1, number: None, mark: None, expires: None }
}

fn baseline(text: &str) -> Draft {
    draft(Key::baseline(&scope()), text)
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
    let item = item(&baseline("\"short\"")).unwrap();
    assert_eq!(item["json"], text("\"short\""));
    assert_eq!(item["sk"], text("BASELINE"));
    assert_eq!(entry(&Key::scope(&scope()), item).text.unwrap(), "\"short\"");
}

#[test]
fn a_long_payload_is_compressed_and_reads_as_it_was() {
    let long = "clos-v2-core-api-service ".repeat(10_000);
    let item = item(&baseline(&long)).unwrap();
    assert!(!item.contains_key("json"));
    assert!(item["gzip"].as_b().unwrap().as_ref().len() < 10_000);
    assert_eq!(entry(&Key::scope(&scope()), item).text.unwrap(), long);
}

#[test]
fn a_payload_that_does_not_fit_names_itself_and_its_size() {
    let error = item(&baseline(&noise(600_000))).unwrap_err();
    let LedgerError::TooLarge { item, bytes, limit, .. } = error else { panic!("{error}") };
    assert_eq!((item, limit), ("baseline", ITEM_MAX));
    assert!(bytes > ITEM_MAX);
}

#[test]
fn an_item_without_a_payload_says_so_when_it_is_read() {
    let found = entry(&Key::scope(&scope()), attributes(&Key::baseline(&scope())));
    let error = ScopeState::read(vec![found], None).unwrap_err();
    assert!(error.source().unwrap().to_string().contains("no payload"), "{error}");
}

#[test]
fn what_is_beside_a_payload_are_attributes_that_a_condition_a_query_and_the_time_to_live_can_be_on() {
    let number = Some(Number { name: "version", from: 6, to: 7 });
    let expires = Some(Timestamp::constant(1_795_000_000, 0));
    let draft = Draft { number, expires, mark: Some(("outcome", "done".to_owned())), form: 2, ..baseline("{}") };
    let item = item(&draft).unwrap();
    for (name, expected) in [("version", "7"), ("ttl", "1795000000"), ("form", "2")] {
        assert_eq!(item[name], AttributeValue::N(expected.to_owned()), "{name}");
    }
    assert_eq!(item["outcome"], text("done"));
    let found = entry(&Key::scope(&scope()), item);
    assert_eq!((found.number, found.form), (Some(7), 2));
}

#[test]
fn a_lease_has_attributes_of_its_own_and_its_generation_is_a_number() {
    let lease = r#"{"expires":"2026-11-18T11:09:40Z","generation":7,"holder":"run"}"#;
    let item = item(&draft(Key::lease(&scope()), lease)).unwrap();
    assert_eq!(item["generation"], AttributeValue::N("7".to_owned()));
    assert_eq!(item["holder"], text("run"));
    assert!(!item.contains_key("json"));
    let found = entry(&Key::scope(&scope()), item);
    assert_eq!((found.text.unwrap().as_str(), found.number), (lease, Some(7)));
}

#[test]
fn a_broken_lease_is_corrupt() {
    let mut item = attributes(&Key::lease(&scope()));
    item.insert("generation".to_owned(), text("many"));
    let error = ScopeState::read(vec![entry(&Key::scope(&scope()), item)], None).unwrap_err();
    assert!(matches!(&error, LedgerError::Corrupt { item, .. } if item == "LEASE"), "{error}");
}
