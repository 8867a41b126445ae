//! What people and pipelines start the machines with.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use watchkeeper_control::runbook::read_input;
use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::emergency::EmergencyRequest;
use watchkeeper_domain::failover::FailoverRequest;
use watchkeeper_domain::request::RunRequest;
use watchkeeper_domain::unblock::UnblockRequest;

use crate::entry::{EntryPoint, Input, Refusal};

/// The requests of all machines.
pub fn entry_points() -> Vec<EntryPoint> {
    let of = |more: Value| {
        let mut all = json!({ "estate": "clos-v2", "environment": "dev" });
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        Input::Json(all)
    };
    let runs = vec![
        of(json!({ "want": "awake", "until": "22:00", "reason": "a migration", "by": "Ada" })),
        of(json!({ "want": "asleep", "until": "2026-11-23T08:00", "mode": "plan" })),
        of(json!({ "want": "awake", "until": "45m", "for-release": "octo/shop-1234-1", "approve": ["blast-radius"] })),
        of(json!({ "halt": true, "reason": "a migration", "by": "Ada" })),
        Input::Json(json!({ "halt": false, "by": "Ada" })),
    ];
    let emergencies = vec![
        of(json!({ "profile": "surge", "for": "2h", "reason": "a test", "approve": ["quota"] })),
        of(json!({ "profile": "surge", "give-back": true, "mode": "plan" })),
        of(json!({ "roll-back": true, "services": ["core-api"], "report": true })),
    ];
    let moves = vec![
        of(json!({ "mode": "plan" })),
        of(json!({ "mode": "graceful", "reason": "a drill", "approve": ["not-ready"] })),
        of(json!({ "back": true })),
    ];
    let backups =
        vec![of(json!({ "resource": "aurora:clos-v2-db-cluster", "mode": "plan" })), of(json!({ "report": true }))];
    let restores = vec![
        of(
            json!({ "resource": "aurora:clos-v2-db-cluster", "into": "clos-v2-restored", "to": "2026-11-23T08:00:00Z" }),
        ),
        of(json!({ "resource": "rds:reports" })),
    ];
    let unblocks = vec![
        of(json!({ "mode": "plan" })),
        of(json!({ "undo": "unblock-clos-v2-dev-20261121", "lock": "pod-1/IDEA-1" })),
    ];
    let entry = |name, examples, read| EntryPoint { name, examples, read };
    vec![
        entry("request of reconcile", runs, request::<RunRequest>),
        entry("request of emergency-scale", emergencies, request::<EmergencyRequest>),
        entry("request of failover", moves, request::<FailoverRequest>),
        entry("request of backup", backups, request::<BackupRequest>),
        entry("request of restore", restores, request::<RestoreRequest>),
        entry("request of daily-unblock", unblocks, request::<UnblockRequest>),
    ]
}

fn request<R: DeserializeOwned>(input: &Input) -> Result<(), Refusal> {
    let Input::Json(value) = input else { return Ok(()) };
    let refused = read_input::<R>(value.clone()).err();
    refused.map_or(Ok(()), |error| Err(refusal(error.to_string(), value)))
}

/// What is told of a value; it says where once it names a field of it, one that is missing, or what the whole should be.
pub fn refusal(text: String, value: &Value) -> Refusal {
    let mut keys = BTreeSet::new();
    collect(value, &mut keys);
    let named = keys.iter().any(|key| !key.is_empty() && text.contains(key.as_str()));
    let names_place =
        named || text.contains("missing field `") || text.contains("unknown field `") || !value.is_object();
    Refusal { text, names_place }
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, field)| {
            keys.insert(key.clone());
            collect(field, keys);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}
