//! Alarms and what mutes them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{AlarmMuteRuleStatus, AlarmType};
use watchkeeper_aws::failed;
use watchkeeper_control::ports::{AwsError, DESCRIBE_ALARMS_MAX};
use watchkeeper_domain::preflight::AlarmFacts;
use watchkeeper_domain::value::AlarmName;

use super::RegionClients;
use crate::unread::{found, read};

/// The kinds of alarm that every region knows: without them, the answer would have metric alarms only.
const KINDS: [AlarmType; 2] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm];

impl RegionClients {
    /// Alarms by name, each with whether something is done when it goes off; those that do not exist are left out.
    pub(crate) async fn alarms(
        &self,
        names: &BTreeMap<AlarmName, bool>,
    ) -> Result<BTreeMap<AlarmName, AlarmFacts>, AwsError> {
        let all: Vec<String> = names.keys().map(ToString::to_string).collect();
        let mut there = BTreeMap::new();
        for some in all.chunks(DESCRIBE_ALARMS_MAX) {
            let call = self.cloudwatch.describe_alarms().set_alarm_names(Some(some.to_vec()));
            let mut pages = call.set_alarm_types(Some(KINDS.to_vec())).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| failed("cloudwatch:DescribeAlarms", some.join(", "), error))?;
                let metric =
                    page.metric_alarms().iter().map(|it| (it.alarm_name(), it.state_value(), it.actions_enabled()));
                let composite =
                    page.composite_alarms().iter().map(|it| (it.alarm_name(), it.state_value(), it.actions_enabled()));
                for (name, state, enabled) in metric.chain(composite) {
                    let Some(name) = name.and_then(|name| name.parse::<AlarmName>().ok()) else { continue };
                    let muted_by = match names.get(&name) {
                        Some(true) => read(self.mutes(&name).await),
                        _ => Ok(BTreeSet::new()),
                    };
                    let state = state.map_or("UNKNOWN", |state| state.as_str()).to_owned();
                    there.insert(name, AlarmFacts { state, actions_enabled: enabled.unwrap_or(true), muted_by });
                }
            }
        }
        Ok(there)
    }

    /// The names of the rules that mute an alarm now.
    async fn mutes(&self, alarm: &AlarmName) -> Result<BTreeSet<String>, AwsError> {
        let call = self.cloudwatch.list_alarm_mute_rules().alarm_name(alarm.as_str());
        let rules = call.statuses(AlarmMuteRuleStatus::Active).into_paginator().items().send().try_collect().await;
        // A region without mute rules says that there is nothing.
        let rules = found(rules.map_err(|error| failed("cloudwatch:ListAlarmMuteRules", alarm, error)))?;
        let rules = rules.unwrap_or_default();
        let name = |arn: &str| arn.rsplit(':').next().map(str::to_owned);
        Ok(rules.iter().filter_map(|rule| name(rule.alarm_mute_rule_arn()?)).collect())
    }
}
