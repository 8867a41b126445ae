//! Which alarms a step has to know.

use std::collections::BTreeSet;

use watchkeeper_domain::emergency::EmergencyRequest;
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::{GuardrailCode, Severity, Violation};
use watchkeeper_domain::intent::{DesiredState, Intent};
use watchkeeper_domain::value::AlarmName;

/// The alarms that a request names, and those that may forbid it.
pub(crate) fn watched(request: &EmergencyRequest, emergency: &Emergency) -> BTreeSet<AlarmName> {
    let vetoes = request.profile.iter().filter(|_| !request.give_back).flat_map(|profile| emergency.vetoes(profile));
    vetoes.chain(&request.alarm).cloned().collect()
}

/// The alarms that hold an intent.
pub(crate) fn holding(intent: Option<&Intent>) -> BTreeSet<AlarmName> {
    match intent.map(|intent| &intent.want) {
        Some(DesiredState::Scaled(demand)) => demand.alarms.clone(),
        _ => BTreeSet::new(),
    }
}

/// The input that a person may start in spite of a veto; nothing where something else forbids it.
pub(crate) fn forbidding(request: &EmergencyRequest, violations: &[Violation]) -> Option<String> {
    let mut stopping = violations.iter().filter(|violation| violation.severity > Severity::Warn).peekable();
    stopping.peek()?;
    if stopping.any(|violation| violation.code != GuardrailCode::DependencyVeto) {
        return None;
    }
    let mut by_hand = EmergencyRequest { alarm: None, since: None, ask: None, ..request.clone() };
    by_hand.approve.insert(GuardrailCode::DependencyVeto);
    Some(by_hand.to_string())
}
