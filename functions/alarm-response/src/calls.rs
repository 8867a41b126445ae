//! What alarms call for: which environments of this stack, and what is done about it.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_control::place::StackIdentity;
use watchkeeper_domain::emergency::EmergencyRequest;
use watchkeeper_domain::emergency::alarm::AlarmChange;
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::{AlarmName, ProfileName};
use watchkeeper_estates::EstateFolder;

/// The name of a rollback among the things that an alarm calls for; a profile's name is its own.
const ROLLBACK: &str = "rollback";

/// How much of CloudWatch's own words a message repeats, in characters.
const REASON: usize = 200;

/// One thing that an alarm calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The profile; without one, a rollback.
    pub(crate) profile: Option<ProfileName>,
    /// The alarms that may forbid it.
    pub(crate) forbidding: Vec<AlarmName>,
}

impl Call {
    /// Its name: the same each time.
    pub(crate) fn what(&self) -> &str {
        self.profile.as_ref().map_or(ROLLBACK, ProfileName::as_str)
    }

    /// The input of the execution that answers a change.
    pub(crate) fn request(&self, scope: &Scope, change: &AlarmChange, ask: Option<String>) -> EmergencyRequest {
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
pub(crate) struct Callee<'a> {
    /// The environment.
    pub(crate) scope: Scope,
    /// What its document says of emergencies.
    pub(crate) emergency: &'a Emergency,
    /// What each alarm calls for.
    pub(crate) calls: BTreeMap<AlarmName, Vec<Call>>,
}

impl Callee<'_> {
    /// Every alarm that calls for something or may forbid it.
    pub(crate) fn alarms(&self) -> BTreeSet<AlarmName> {
        let forbidding = self.calls.values().flatten().flat_map(|call| &call.forbidding);
        self.calls.keys().chain(forbidding).cloned().collect()
    }
}

/// The environments of this stack whose documents answer alarms.
pub(crate) fn callees<'a>(estates: &'a EstateFolder, home: &StackIdentity) -> Vec<Callee<'a>> {
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    let ours = all.filter(|(_, environment)| home.has(environment));
    let callee = |(estate, environment): (&'a watchkeeper_domain::estate::Estate, &'a _)| {
        let environment: &'a watchkeeper_domain::estate::Environment = environment;
        let emergency = environment.document().emergency.as_ref()?;
        let scope = Scope {
            estate: estate.name().clone(),
            environment: environment.name().clone(),
            region: home.region.clone(),
        };
        Some(Callee { scope, emergency, calls: calls(emergency) })
    };
    ours.filter_map(callee).filter(|callee| !callee.calls.is_empty()).collect()
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
