//! Vetoes: alarms that more tasks would make worse.

use super::{AlarmState, AlarmStates};
use crate::estate::MissingVeto;
use crate::value::AlarmName;
use crate::violation::{GuardrailCode, Severity, Violation};

/// What the alarms that forbid a profile say. One in ALARM forbids it with `severity`; one that cannot be read is told, and
/// one that does not exist counts as the document says.
pub fn vetoes<'a>(
    forbidding: impl IntoIterator<Item = &'a AlarmName>,
    states: &AlarmStates,
    severity: Severity,
    missing: MissingVeto,
) -> Vec<Violation> {
    let veto = |alarm: &AlarmName| match states.get(alarm).map(|status| status.state) {
        Some(AlarmState::Ok) => None,
        Some(AlarmState::Alarm) => Some(Violation::new(
            GuardrailCode::DependencyVeto,
            severity,
            format!("{alarm} is in ALARM, and more tasks would make that worse"),
            "Look after what that alarm is about first; a person may go on with \"approve\": [\"dependency-veto\"]",
        )),
        Some(AlarmState::InsufficientData) => Some(Violation::new(
            GuardrailCode::DependencyVeto,
            Severity::Warn,
            format!("{alarm} has too little data to tell"),
            "Look at it yourself; it forbids only in ALARM",
        )),
        None => Some(Violation::new(
            GuardrailCode::DependencyVeto,
            match missing {
                MissingVeto::Tell => Severity::Warn,
                MissingVeto::Ask => Severity::Ask,
                MissingVeto::Veto => severity,
            },
            format!("{alarm}, which would forbid it, does not exist here, so nobody knows"),
            "Correct its name in the estate document, or create it in this region",
        )),
    };
    forbidding.into_iter().filter_map(veto).collect()
}

/// Those of `alarms` that are in ALARM.
pub fn standing<'a>(alarms: impl IntoIterator<Item = &'a AlarmName>, states: &AlarmStates) -> Vec<&'a AlarmName> {
    let in_alarm = |alarm: &&AlarmName| states.get(*alarm).is_some_and(|status| status.state == AlarmState::Alarm);
    alarms.into_iter().filter(in_alarm).collect()
}
