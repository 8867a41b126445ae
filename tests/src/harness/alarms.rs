//! Alarms as the stack hears of them, and what it says that it made of them.

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ledger::{Ledger as _, LedgerError};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState, IgnoreReason};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::AlarmName;

use super::{DeployedStack, HarnessError};
use crate::estate::{SiteError, awaited};
use crate::sandbox::Sandbox;
use watchkeeper_sim::alarm_event;

/// Make the topic that a stack may be told of, and return its ARN.
pub(super) async fn make_topic(sandbox: &Sandbox, region: &Region) -> Result<String, HarnessError> {
    let config: SdkConfig = sandbox.sdk_config(region.as_str());
    let call = aws_sdk_sns::Client::new(&config).create_topic().name("sandbox-alarms");
    let made = call.send().await.map_err(SiteError::aws("make a topic of alarms"))?;
    Ok(made.topic_arn.unwrap_or_default())
}

impl DeployedStack {
    /// Deliver an event about an alarm through the deployed rule, whatever the alarm and the clock say.
    ///
    /// # Errors
    /// [`HarnessError`] when the emulator is gone. So below.
    pub async fn hears(&self, alarm: &AlarmName, state: AlarmState, at: Timestamp) -> Result<(), HarnessError> {
        let home = (self.account.as_str(), self.region.as_str());
        let event = alarm_event(alarm.as_str(), home, &state.to_string(), at);
        self.control.post_event(&event).await?;
        Ok(())
    }

    /// Turn the deployed rule that brings changes of alarms on or off.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn turn_rule(&self, on: bool) -> Result<(), HarnessError> {
        let rule = self.outputs.get("AlarmRule")?;
        if on {
            let call = self.events.enable_rule().name(rule);
            call.send().await.map_err(SiteError::aws(format!("turn {rule} on")))?;
        } else {
            let call = self.events.disable_rule().name(rule);
            call.send().await.map_err(SiteError::aws(format!("turn {rule} off")))?;
        }
        Ok(())
    }

    /// Fire the deployed schedule for a look at the alarms themselves, for now.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn sweep(&self) -> Result<(), HarnessError> {
        let now = self.control.now().await?;
        // Scheduler knows whole seconds only.
        self.fire_part("emergency", Timestamp::from_second(now.as_second()).unwrap_or(now)).await
    }

    /// What the functions that answer alarms, by their changes and by the look at themselves, have logged so far, in its order;
    /// in all regions together, for their logs share a name.
    pub fn alarm_log(&self) -> Vec<Value> {
        // A log is not there before the first invocation.
        let logs = [&self.alarm_log, &self.tick_log].map(|log| std::fs::read_to_string(log).unwrap_or_default());
        let lines = logs.iter().flat_map(|log| log.lines());
        let read = lines.filter_map(|line| serde_json::from_str(line.split_once(' ')?.1).ok());
        let mut lines: Vec<Value> = read.filter(|line: &Value| line["timestamp"].is_string()).collect();
        lines.sort_by(|a, b| a["timestamp"].as_str().cmp(&b["timestamp"].as_str()));
        lines
    }

    /// Wait until the function that answers alarms has written a line that fits, beyond its first `since` ones.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not. So below.
    pub async fn logged(&self, since: usize, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value, HarnessError> {
        awaited(&format!("{what} in the log"), async || Ok(self.alarm_log().into_iter().skip(since).find(&fits))).await
    }

    /// Wait until it has said in the log that it ignored an alarm for this reason, and return how it said it.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn ignored(
        &self,
        since: usize,
        (scope, alarm): (&Scope, &AlarmName),
        why: IgnoreReason,
    ) -> Result<String, HarnessError> {
        let what = format!("{alarm} ignored as {}", why.name());
        let of_ours =
            |line: &Value| line["estate"] == scope.estate.as_str() && line["environment"] == scope.environment.as_str();
        let did = |line: &Value| line["did"].as_str().unwrap_or_default().to_owned();
        let says = |line: &Value| line["alarm"] == alarm.as_str() && line["ignored"] == why.name() && of_ours(line);
        let line = self.logged(since, &what, says).await?;
        Ok(did(&line))
    }

    /// What the ledger remembers of an alarm.
    ///
    /// # Errors
    /// [`HarnessError`] when the ledger does not answer.
    pub async fn remembered(&self, scope: &Scope, alarm: &AlarmName) -> Result<AlarmMemory, HarnessError> {
        let failed = |error: LedgerError| SiteError::new(format!("recall {alarm}"), error);
        let (memory, _) = self.ledger().recall(scope, alarm).await.map_err(failed)?;
        Ok(memory)
    }
}
