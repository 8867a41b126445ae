//! Who answers about keys and policies here: a small evaluator of the statements that the template has, so that what the
//! sandbox cannot judge is judged by IAM's own rules: an action, a resource, and every condition of a statement.

use serde_json::Value;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::{KeyFacts, PolicyFinding, SimulatedAction, SimulatedCalls};
use watchkeeper_preflight::PolicyJudge;

pub(super) struct Evaluator;

impl PolicyJudge for Evaluator {
    async fn key(&self, _key: &str) -> Result<Option<KeyFacts>, AwsError> {
        Ok(Some(KeyFacts { state: "Enabled".to_owned() }))
    }

    async fn validate(&self, policy: &str) -> Result<Vec<PolicyFinding>, AwsError> {
        let policy: Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let whole = |it: &&Value| {
            // Whatever was not filled in is still an object somewhere.
            let texts =
                |it: &Value| it.is_string() || it.as_array().is_some_and(|all| all.iter().all(Value::is_string));
            texts(&it["Action"]) && texts(&it["Resource"]) && it["Effect"].is_string()
        };
        let odd = statements.iter().filter(|it| !whole(it));
        let finding = |it: &Value| PolicyFinding { kind: "ERROR".into(), code: "ODD".into(), text: it.to_string() };
        Ok(odd.map(finding).collect())
    }

    async fn simulate(&self, policies: &[String], call: &SimulatedCalls) -> Result<Vec<SimulatedAction>, AwsError> {
        let policies: Vec<Value> = policies.iter().map(|policy| serde_json::from_str(policy).unwrap()).collect();
        let statements = || policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap());
        let decide = |action: &&str| {
            let allowed = statements().filter(|it| it["Effect"] == "Allow").any(|it| admits(it, action, call));
            let denied = statements().filter(|it| it["Effect"] == "Deny").any(|it| admits(it, action, call));
            let decision = if denied {
                "explicitDeny"
            } else if allowed {
                "allowed"
            } else {
                "implicitDeny"
            };
            SimulatedAction { action: (*action).to_owned(), decision: decision.to_owned(), missing: Vec::new() }
        };
        Ok(call.actions.iter().map(decide).collect())
    }
}

fn admits(statement: &Value, action: &str, call: &SimulatedCalls) -> bool {
    any(&statement["Action"], action) && any(&statement["Resource"], &call.resource) && holds(statement, call)
}

/// A statement with a condition on a key that the call does not have does not apply.
fn holds(statement: &Value, call: &SimulatedCalls) -> bool {
    let value = |key: &str| match key.strip_prefix("aws:ResourceTag/") {
        Some(tag) => call.tags.get(tag).map(String::as_str),
        None if key == "aws:RequestedRegion" => Some(call.region.as_str()),
        None => call.keys.iter().find(|(known, _)| *known == key).map(|(_, value)| *value),
    };
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    conditions
        .flat_map(|(_, keys)| keys.as_object().unwrap())
        .all(|(key, wanted)| value(key).is_some_and(|it| any(wanted, it)))
}

fn any(patterns: &Value, text: &str) -> bool {
    let all = patterns.as_array().map_or_else(|| std::slice::from_ref(patterns), Vec::as_slice);
    all.iter().any(|pattern| matches(pattern.as_str().unwrap(), text))
}

/// `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(after, &rest[at..]))
        }),
    }
}
