//! Alarms: what hears of them, and what holds while they last. CloudWatch describes composite ones only to who may describe all.

use crate::preflight::{PreflightCase, SimulatedCalls};

pub(super) fn add(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    let document = case.environment.document();
    if document.emergency.is_none() || *case.region() != *document.regions.primary.as_str() {
        return;
    }
    let (look, mutes) = ("cloudwatch:DescribeAlarms", "cloudwatch:ListAlarmMuteRules");
    calls.push(case.call("AlarmResponse", &[look, mutes], "alarms", "*"));
    calls.push(case.call("EmergencyScale", &[look], "alarms", "*"));
}
