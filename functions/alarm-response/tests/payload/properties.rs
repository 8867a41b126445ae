//! Damaged payloads and arbitrary JSON: an error or a decision, never a panic.

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};

use super::damage::damage;
use super::fixtures;
use super::invariants::{Outcome, check, emergency};

/// How many damaged payloads are tried.
const DAMAGED: u32 = 10_000;

/// How many arbitrary values are tried.
const ARBITRARY: u32 = 2_000;

/// The keys that lead deeper into a payload.
const KEYS: &str = "source|time|Records|Sns|Message|alarmData|detail|detail-type|resources|account|region|alarmArn|\
    alarmName|state|previousState|value|timestamp|reason|[a-z]{0,3}";

/// The texts that a payload may be made of.
const TEXTS: &str = "aws\\.cloudwatch|watchkeeper\\.schedule|CloudWatch Alarm State Change|ALARM|OK|5xx-errors|\
    2026-11-27T14:02:11\\.312\\+0000|\\{\"AlarmName\":\"5xx-errors\",\"NewStateValue\":\"ALARM\"\\}|\\PC{0,8}";

#[test]
fn a_damaged_payload_gives_an_error_or_a_decision_and_never_a_panic() {
    let payloads: Vec<Value> = fixtures::all().into_values().collect();
    let emergency = emergency();
    let outcomes = RefCell::new(Vec::new());
    let mut runner = TestRunner::new(Config { cases: DAMAGED, failure_persistence: None, ..Config::default() });
    let strategy = (any::<Index>(), vec(damage(), 1..4));
    let result = runner.run(&strategy, |(place, damages)| {
        let mut event = place.get(&payloads).clone();
        for damage in &damages {
            damage.hit(&mut event);
        }
        let outcome = check(&event, &emergency)?;
        outcomes.borrow_mut().push(outcome);
        Ok(())
    });
    result.unwrap();
    let outcomes = outcomes.into_inner();
    assert_eq!(outcomes.len(), usize::try_from(DAMAGED).unwrap());
    // Damage that always breaks, or never does, would prove nothing.
    for outcome in [Outcome::Refused, Outcome::Considered] {
        let count = outcomes.iter().filter(|it| **it == outcome).count();
        assert!(count > outcomes.len() / 10, "only {count} were {outcome:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        TEXTS.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((KEYS, inner), 0..8).prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(Config { cases: ARBITRARY, ..Config::default() })]

    #[test]
    fn arbitrary_json_gives_an_error_or_a_decision_and_never_a_panic(event in any_json()) {
        check(&event, &emergency())?;
    }
}
