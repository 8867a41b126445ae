//! Alarms of an environment. What they measure is not the sandbox's business: a person moves them by hand.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{ComparisonOperator, MuteTargets, Rule, Schedule, StateValue, Statistic};
use jiff::Timestamp;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::value::AlarmName;

use super::{RegionFixtures, SiteError, awaited};

impl RegionFixtures {
    /// Make every alarm that the document of an environment names, and have them all quiet.
    ///
    /// # Errors
    /// [`SiteError`] when CloudWatch refuses. So for all here.
    pub async fn make_alarms(&self, environment: &Environment) -> Result<(), SiteError> {
        for alarm in alarms_of(environment) {
            self.make_alarm(&alarm, &[]).await?;
            self.set_alarm(&alarm, AlarmState::Ok).await?;
        }
        Ok(())
    }

    /// Make an alarm, or give the one that is there these actions; its state stays.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn make_alarm(&self, alarm: &AlarmName, actions: &[String]) -> Result<(), SiteError> {
        let call = self.cloudwatch.put_metric_alarm().alarm_name(alarm.as_str());
        let call = call.namespace("Sandbox").metric_name(alarm.as_str()).statistic(Statistic::Sum).period(60);
        let call = call.evaluation_periods(1).threshold(0.0);
        let call = call.comparison_operator(ComparisonOperator::GreaterThanThreshold);
        let call = call.set_alarm_actions((!actions.is_empty()).then(|| actions.to_vec()));
        call.send().await.map_err(SiteError::aws(format!("make alarm {alarm}")))?;
        Ok(())
    }

    /// Move an alarm, as CloudWatch would: a state that it is in already is no news.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn set_alarm(&self, alarm: &AlarmName, state: AlarmState) -> Result<(), SiteError> {
        let value = match state {
            AlarmState::Ok => StateValue::Ok,
            AlarmState::Alarm => StateValue::Alarm,
            AlarmState::InsufficientData => StateValue::InsufficientData,
        };
        let call = self.cloudwatch.set_alarm_state().alarm_name(alarm.as_str()).state_value(value);
        let call = call.state_reason(format!("the sandbox says {state}"));
        call.send().await.map_err(SiteError::aws(format!("move alarm {alarm} to {state}")))?;
        Ok(())
    }

    /// Mute alarms of this site from an instant on, to the minute, for so long.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn mute(&self, rule: &str, alarm: &AlarmName, from: Timestamp, minutes: u32) -> Result<(), SiteError> {
        let expression = from.strftime("at(%Y-%m-%dT%H:%M)").to_string();
        let schedule = Schedule::builder().expression(expression).duration(format!("PT{minutes}M")).build();
        let targets = MuteTargets::builder().alarm_names(alarm.as_str()).build();
        let call = self.cloudwatch.put_alarm_mute_rule().name(rule).mute_targets(targets);
        let call = call.rule(Rule::builder().schedule(schedule).build());
        call.send().await.map_err(SiteError::aws(format!("mute alarm {alarm}")))?;
        Ok(())
    }

    /// Disable the actions of an alarm, or enable them.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn disable_actions(&self, alarm: &AlarmName, disabled: bool) -> Result<(), SiteError> {
        let failed = SiteError::aws(format!("switch the actions of alarm {alarm}"));
        if disabled {
            let call = self.cloudwatch.disable_alarm_actions().alarm_names(alarm.as_str());
            call.send().await.map(drop).map_err(failed)
        } else {
            let call = self.cloudwatch.enable_alarm_actions().alarm_names(alarm.as_str());
            call.send().await.map(drop).map_err(SiteError::aws(format!("switch the actions of alarm {alarm}")))
        }
    }

    /// Wait until the alarm that looks at a metric of the stack's function is in ALARM: one that the template brings.
    ///
    /// # Errors
    /// [`SiteError`], also when it does not come on.
    pub async fn alarm_comes_on(&self, metric: &str) -> Result<(), SiteError> {
        awaited(&format!("the alarm on {metric}"), async || {
            let all = self.cloudwatch.describe_alarms().state_value(StateValue::Alarm).send().await;
            let all = all.map_err(SiteError::aws("describe the alarms"))?;
            let of_ours = |alarm: &aws_sdk_cloudwatch::types::MetricAlarm| {
                alarm.namespace() == Some(crate::harness::STACK) && alarm.metric_name() == Some(metric)
            };
            Ok(all.metric_alarms().iter().any(of_ours).then_some(()))
        })
        .await
    }
}

/// The alarms that a document lists, those that something of it answers to, and those that speak of the region's loss.
pub fn alarms_of(environment: &Environment) -> BTreeSet<AlarmName> {
    let document = environment.document();
    let evidence = document.failover.iter().flat_map(|failover| &failover.evidence);
    let mut found: BTreeSet<AlarmName> = document.alarms.iter().chain(evidence).cloned().collect();
    if let Some(emergency) = &document.emergency {
        let responses = emergency.responses.iter().flat_map(|response| response.veto.iter().chain([&response.alarm]));
        found.extend(responses.chain(emergency.rollback.iter().flat_map(|rollback| &rollback.alarms)).cloned());
    }
    found
}
