//! What the alarms of an environment call for.

use std::collections::{BTreeMap, BTreeSet};

use super::EmergencyRequest;
use crate::emergency::alarm::AlarmChange;
use crate::estate::Emergency;
use crate::name::Scope;
use crate::value::{AlarmName, ProfileName};

/// The name of a rollback among the things that an alarm calls for; a profile's name is its own.
const ROLLBACK: &str = "rollback";

/// How much of CloudWatch's own words a message repeats, in characters.
const REASON: usize = 200;

/// One thing that an alarm calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The profile; without one, a rollback.
    pub profile: Option<ProfileName>,
    /// The alarms that may forbid it.
    pub forbidding: Vec<AlarmName>,
}

impl Call {
    /// Its name: the same each time.
    pub fn what(&self) -> &str {
        self.profile.as_ref().map_or(ROLLBACK, ProfileName::as_str)
    }

    /// The input of the execution that answers a change.
    pub fn request(&self, scope: &Scope, change: &AlarmChange, ask: Option<String>) -> EmergencyRequest {
        let reason: String = change.reason.chars().take(REASON).collect();
        let words = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        EmergencyRequest {
            profile: self.profile.clone(),
            roll_back: self.profile.is_none(),
            reason: Some(format!("{} is in ALARM{words}", change.alarm)),
            alarm: Some(change.alarm.clone()),
            since: Some(change.at),
            ask,
            ..EmergencyRequest::about(scope.estate.clone(), scope.environment.clone())
        }
    }
}

/// What the alarms of one environment call for.
#[derive(Debug, Clone)]
pub struct AlarmCalls<'a> {
    /// The environment.
    pub scope: Scope,
    /// What its document says of emergencies.
    pub emergency: &'a Emergency,
    /// What each alarm calls for.
    pub calls: BTreeMap<AlarmName, Vec<Call>>,
}

impl<'a> AlarmCalls<'a> {
    /// What the document of a scope calls for; nothing where no alarm does.
    pub fn of(scope: Scope, emergency: &'a Emergency) -> Option<Self> {
        let calls = calls(emergency);
        (!calls.is_empty()).then_some(Self { scope, emergency, calls })
    }

    /// Every alarm that calls for something or may forbid it.
    pub fn alarms(&self) -> BTreeSet<AlarmName> {
        let forbidding = self.calls.values().flatten().flat_map(|call| &call.forbidding);
        self.calls.keys().chain(forbidding).cloned().collect()
    }
}

fn calls(emergency: &Emergency) -> BTreeMap<AlarmName, Vec<Call>> {
    let mut calls: BTreeMap<AlarmName, Vec<Call>> = BTreeMap::new();
    for response in &emergency.responses {
        let call = Call { profile: Some(response.run.clone()), forbidding: response.veto.clone() };
        calls.entry(response.alarm.clone()).or_default().push(call);
    }
    for alarm in emergency.rollback.iter().flat_map(|rollback| &rollback.alarms) {
        calls.entry(alarm.clone()).or_default().push(Call { profile: None, forbidding: Vec::new() });
    }
    calls
}
