//! Each error that AWS's models have for what we call has been decided on, and is taken for what was decided.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::fault::tests::answer;

/// Service, error, and what it means.
type Decided = BTreeMap<(String, String), Fault>;

const FAULTS: [Fault; 6] =
    [Fault::Throttled, Fault::NotFound, Fault::Conflict, Fault::Denied, Fault::Unavailable, Fault::Invalid];

fn models() -> Value {
    serde_json::from_str(include_str!("models.json")).unwrap()
}

fn decided() -> Decided {
    let mut decided = Decided::new();
    let mut service = String::new();
    let lines = include_str!("decided.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        if let Some(name) = line.strip_prefix('[') {
            name.strip_suffix(']').unwrap().clone_into(&mut service);
            continue;
        }
        let (fault, codes) = line.split_once(": ").unwrap();
        let fault = *FAULTS.iter().find(|it| it.to_string().replace(' ', "-") == fault).unwrap();
        for code in codes.split(' ') {
            assert!(decided.insert((service.clone(), code.to_owned()), fault).is_none(), "{service} {code}: twice");
        }
    }
    decided
}

/// Every error of every operation, with the status that it comes with.
fn errors(models: &Value) -> impl Iterator<Item = (&str, &str, &str, u16)> {
    let services = models.as_object().unwrap().iter();
    let operations = services.flat_map(|(service, its)| its.as_object().unwrap().iter().map(move |it| (service, it)));
    operations.flat_map(|(service, (operation, errors))| {
        let errors = errors.as_object().unwrap().iter();
        errors.map(move |(code, status)| {
            let status = u16::try_from(status.as_u64().unwrap()).unwrap();
            (service.as_str(), operation.as_str(), code.as_str(), status)
        })
    })
}

/// What is wrong: an error that nobody has decided on, or one that is taken for something else.
fn wrong(models: &Value, decided: &Decided) -> BTreeSet<String> {
    let judged = errors(models).filter_map(|(service, operation, code, status)| {
        let Some(expected) = decided.get(&(service.to_owned(), code.to_owned())) else {
            return Some(format!("{service} {code}: not decided"));
        };
        let name: &'static str = operation.to_owned().leak();
        let found = failed(name, "it", answer(status, code)).fault;
        (found != *expected).then(|| format!("{service} {operation} {code} ({status}): {found}, decided: {expected}"))
    });
    judged.collect()
}

#[test]
fn each_error_of_each_operation_is_taken_for_what_was_decided() {
    assert_eq!(wrong(&models(), &decided()), BTreeSet::new());
}

#[test]
fn nothing_is_decided_that_no_model_has() {
    let models = models();
    let known: BTreeSet<_> =
        errors(&models).map(|(service, _, code, _)| (service.to_owned(), code.to_owned())).collect();
    let stale: Vec<_> = decided().into_keys().filter(|it| !known.contains(it)).collect();
    assert_eq!(stale, []);
}

#[test]
fn an_error_that_a_newer_model_brings_waits_for_a_decision() {
    let mut models = models();
    models["rds"]["StopDBInstance"]["DBInstanceHauntedFault"] = 400.into();
    let mut decided = decided();
    decided.insert(("ecs".into(), "ServiceNotFoundException".into()), Fault::Throttled);
    let found = wrong(&models, &decided);
    assert!(found.contains("rds DBInstanceHauntedFault: not decided"), "{found:?}");
    let other = "ecs UpdateService ServiceNotFoundException (400): not found, decided: throttled";
    assert!(found.contains(other), "{found:?}");
}
