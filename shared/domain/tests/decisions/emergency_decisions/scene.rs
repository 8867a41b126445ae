//! One environment with two profiles, its alarms, and a decision about them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates, AlarmStatus};
use watchkeeper_domain::emergency::{DecisionInputs, EmergencyDecision, EmergencyRequest, PersonReply, decide};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::request::RequestError;

pub(crate) const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

pub(crate) fn emergency() -> Emergency {
    serde_json::from_value(json!({
        "profiles": {
            "surge": {"desired": 4, "max": 10, "for": "2h"},
            "minimum": {"desired": 1, "max": 2, "for": "8h", "ask": true, "answer-within": "20m"},
        },
        "precedence": ["surge", "minimum"],
        "responses": [
            {"alarm": "5xx", "run": "surge", "veto": ["connections"]},
            {"alarm": "slow", "run": "surge", "confirm": "5m"},
        ],
        "rollback": {"alarms": ["errors"], "within": "30m"},
    }))
    .unwrap()
}

pub(crate) fn scope() -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

pub(crate) fn request(fields: Value) -> EmergencyRequest {
    let mut request = json!({"estate": "clos-v2", "environment": "prod"});
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    request.as_object_mut().unwrap().extend(fields);
    serde_json::from_value(request).unwrap()
}

pub(crate) fn states(alarms: &[(&str, AlarmState, i64)]) -> AlarmStates {
    let status = |(name, state, minute): &(&str, AlarmState, i64)| {
        let since = Some(T0 + SignedDuration::from_mins(*minute));
        (name.parse().unwrap(), AlarmStatus { state: *state, since, suppressed: false })
    };
    alarms.iter().map(status).collect()
}

pub(crate) fn decided(
    fields: Value,
    alarms: &[(&str, AlarmState, i64)],
    reply: Option<&PersonReply>,
) -> Result<EmergencyDecision, RequestError> {
    let (scope, emergency, states) = (scope(), emergency(), states(alarms));
    let known = DecisionInputs {
        scope: &scope,
        emergency: &emergency,
        intents: &[],
        states: &states,
        execution: "e-1",
        started: T0,
        reply,
        asked: None,
        now: T0,
    };
    decide(&request(fields), &known)
}

pub(crate) fn by_alarm(alarm: &str) -> Value {
    json!({"profile": "surge", "alarm": alarm, "since": T0.to_string()})
}

pub(crate) const QUIET: [(&str, AlarmState, i64); 1] = [("connections", AlarmState::Ok, -60)];
pub(crate) const BUSY: [(&str, AlarmState, i64); 1] = [("connections", AlarmState::Alarm, -1)];
