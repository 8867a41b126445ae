//! CloudWatch alarms: how they stand.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{AlarmMuteRuleStatus, AlarmType, CompositeAlarm, MetricAlarm, StateValue};
use aws_smithy_types::DateTime;
use watchkeeper_control::ports::{AlarmMutes, Alarms, AwsError, DESCRIBE_ALARMS_MAX, Fault};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates, AlarmStatus};
use watchkeeper_domain::value::AlarmName;

use crate::fault::{failed, odd};
use crate::time::timestamp;

mod figures;
mod usage;

const DESCRIBE: &str = "DescribeAlarms";
const LIST_MUTES: &str = "ListAlarmMuteRules";

/// The kinds of alarm that every region knows: without them, the answer would have metric alarms only.
const KINDS: [AlarmType; 2] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm];

/// CloudWatch in one region.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: aws_sdk_cloudwatch::Client,
}

impl CloudWatch {
    /// CloudWatch in the configuration's region.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_cloudwatch::Client::new(config) }
    }
}

impl Alarms for CloudWatch {
    async fn alarm_states(&self, names: &BTreeSet<AlarmName>) -> Result<AlarmStates, AwsError> {
        let mut found = AlarmStates::new();
        // Without names the API would answer with every alarm of the account; of an empty set there is no batch.
        for batch in batches(names) {
            let subject = format!("{} alarms, {} first", batch.len(), batch.first().map_or("", String::as_str));
            let call = self.client.describe_alarms().set_alarm_names(Some(batch));
            let mut pages = call.set_alarm_types(Some(KINDS.to_vec())).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| failed(DESCRIBE, &subject, error))?;
                read_alarms(&page, &mut found).map_err(|what| odd(DESCRIBE, &subject, what))?;
            }
        }
        Ok(found)
    }
}

impl AlarmMutes for CloudWatch {
    async fn is_muted(&self, alarm: &AlarmName) -> Result<bool, AwsError> {
        let call = self.client.list_alarm_mute_rules().alarm_name(alarm.as_str());
        // Pages may be empty and not the last.
        let mut pages = call.statuses(AlarmMuteRuleStatus::Active).into_paginator().send();
        while let Some(page) = pages.next().await {
            match page.map_err(|error| failed(LIST_MUTES, alarm, error)) {
                Ok(page) if page.alarm_mute_rule_summaries().is_empty() => {}
                Ok(_) => return Ok(true),
                // A region without mute rules, or an alarm without any.
                Err(error) if matches!(error.fault, Fault::Invalid | Fault::NotFound) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// The names, as many at a time as one call takes.
fn batches(names: &BTreeSet<AlarmName>) -> Vec<Vec<String>> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.chunks(DESCRIBE_ALARMS_MAX).map(<[String]>::to_vec).collect()
}

/// What both kinds of alarms have in common.
struct AlarmFields<'a> {
    name: Option<&'a str>,
    state: Option<&'a StateValue>,
    transitioned: Option<&'a DateTime>,
    updated: Option<&'a DateTime>,
    suppressed: bool,
}

impl<'a> From<&'a MetricAlarm> for AlarmFields<'a> {
    fn from(alarm: &'a MetricAlarm) -> Self {
        Self {
            name: alarm.alarm_name(),
            state: alarm.state_value(),
            transitioned: alarm.state_transitioned_timestamp(),
            updated: alarm.state_updated_timestamp(),
            suppressed: alarm.actions_enabled() == Some(false),
        }
    }
}

impl<'a> From<&'a CompositeAlarm> for AlarmFields<'a> {
    fn from(alarm: &'a CompositeAlarm) -> Self {
        Self {
            name: alarm.alarm_name(),
            state: alarm.state_value(),
            transitioned: alarm.state_transitioned_timestamp(),
            updated: alarm.state_updated_timestamp(),
            suppressed: alarm.actions_suppressed_by().is_some() || alarm.actions_enabled() == Some(false),
        }
    }
}

/// Adds the alarms of an answer. `Err` says what of the answer is not as it should be.
fn read_alarms(answer: &DescribeAlarmsOutput, into: &mut AlarmStates) -> Result<(), String> {
    let metric = answer.metric_alarms().iter().map(AlarmFields::from);
    let composite = answer.composite_alarms().iter().map(AlarmFields::from);
    for alarm in metric.chain(composite) {
        let (name, status) = read_alarm(&alarm)?;
        into.insert(name, status);
    }
    Ok(())
}

fn read_alarm(alarm: &AlarmFields<'_>) -> Result<(AlarmName, AlarmStatus), String> {
    let name = alarm.name.unwrap_or_default();
    let name: AlarmName = name.parse().map_err(|bad| format!("AlarmName: {bad}"))?;
    let state = match alarm.state {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::InsufficientData) => AlarmState::InsufficientData,
        other => {
            let found = other.map_or("nothing", StateValue::as_str);
            return Err(format!("StateValue of {name}: found {found}, expected OK, ALARM or INSUFFICIENT_DATA"));
        }
    };
    // A state may be updated without a change of it, when only its reason differs.
    let since = alarm.transitioned.or(alarm.updated).and_then(timestamp);
    Ok((name, AlarmStatus { state, since, suppressed: alarm.suppressed }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_cloudwatch::types::ActionsSuppressedBy;
    use aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder;
    use jiff::Timestamp;

    use super::*;

    const T0: i64 = 1_795_000_000;

    fn metric(name: &str, state: &str) -> MetricAlarmBuilder {
        MetricAlarm::builder()
            .alarm_name(name)
            .state_value(StateValue::from(state))
            .state_updated_timestamp(DateTime::from_secs(T0 + 60))
    }

    fn read(answer: &DescribeAlarmsOutput) -> Result<AlarmStates, String> {
        let mut found = AlarmStates::new();
        read_alarms(answer, &mut found).map(|()| found)
    }

    fn name(text: &str) -> AlarmName {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_alarm_is_read_with_its_state() {
        let composite = CompositeAlarm::builder().alarm_name("all").state_value(StateValue::Ok).build();
        let answer = DescribeAlarmsOutput::builder().metric_alarms(metric("5xx", "ALARM").build());
        let found = read(&answer.composite_alarms(composite).build()).unwrap();
        let states: Vec<_> = found.iter().map(|(name, status)| (name.as_str(), status.state)).collect();
        let expected = [("5xx", AlarmState::Alarm), ("all", AlarmState::Ok)];
        assert_eq!(states, expected);
        assert_eq!(found[&name("all")].since, None);
    }

    #[test]
    fn a_composite_alarm_whose_actions_are_suppressed_says_so() {
        let composite = CompositeAlarm::builder().alarm_name("all").state_value(StateValue::Alarm);
        let suppressed = composite.actions_suppressed_by(ActionsSuppressedBy::Alarm).build();
        let found = read(&DescribeAlarmsOutput::builder().composite_alarms(suppressed).build()).unwrap();
        assert!(found[&name("all")].suppressed);
    }

    #[test]
    fn an_alarm_whose_actions_are_disabled_says_so_and_one_that_says_nothing_has_them() {
        for (enabled, suppressed) in [(Some(false), true), (Some(true), false), (None, false)] {
            let composite = CompositeAlarm::builder().alarm_name("all").state_value(StateValue::Alarm);
            let answer = DescribeAlarmsOutput::builder()
                .metric_alarms(metric("5xx", "ALARM").set_actions_enabled(enabled).build())
                .composite_alarms(composite.set_actions_enabled(enabled).build());
            let found = read(&answer.build()).unwrap();
            assert!(found.values().all(|status| status.suppressed == suppressed), "{enabled:?}");
        }
    }

    #[test]
    fn the_change_of_state_counts_and_not_a_later_word_about_it() {
        let since = |alarm: MetricAlarm| {
            let answer = DescribeAlarmsOutput::builder().metric_alarms(alarm).build();
            read(&answer).unwrap()[&name("5xx")].since
        };
        let changed = metric("5xx", "ALARM").state_transitioned_timestamp(DateTime::from_secs(T0)).build();
        assert_eq!(since(changed), Timestamp::from_second(T0).ok());
        assert_eq!(since(metric("5xx", "ALARM").build()), Timestamp::from_second(T0 + 60).ok());
    }

    #[test]
    fn an_unknown_state_says_what_was_found() {
        let answer = DescribeAlarmsOutput::builder().metric_alarms(metric("5xx", "MUTED").build()).build();
        let error = read(&answer).unwrap_err();
        assert_eq!(error, "StateValue of 5xx: found MUTED, expected OK, ALARM or INSUFFICIENT_DATA");
    }

    #[test]
    fn a_hundred_names_go_into_one_call_and_none_into_none() {
        let names: BTreeSet<AlarmName> = (0..101).map(|n| name(&format!("alarm-{n:03}"))).collect();
        let batches = batches(&names);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 1]);
        assert_eq!(batches.concat().len(), names.len());
        assert!(super::batches(&BTreeSet::new()).is_empty());
    }
}
