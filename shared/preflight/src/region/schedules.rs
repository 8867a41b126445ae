//! Schedules of EventBridge Scheduler that call something by themselves.

use aws_sdk_scheduler::types::ScheduleState;
use watchkeeper_aws::failed;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::ScheduledCall;

use super::RegionClients;

impl RegionClients {
    /// Those that are enabled and call an operation that moves what we look after; what else they call is asked of none.
    pub(crate) async fn schedules(&self) -> Result<Vec<ScheduledCall>, AwsError> {
        let call = self.scheduler.list_schedules().state(ScheduleState::Enabled);
        let all = call.into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("scheduler:ListSchedules", "the account", error))?;
        let mut calls = Vec::new();
        for schedule in all {
            let target = schedule.target().map(aws_sdk_scheduler::types::TargetSummary::arn);
            let Some(operation) = target.and_then(ScheduledCall::operation_of) else { continue };
            let group = schedule.group_name().unwrap_or_default().to_owned();
            let name = schedule.name().unwrap_or_default().to_owned();
            let answer = self.scheduler.get_schedule().group_name(&group).name(&name).send().await;
            let answer = answer.map_err(|error| failed("scheduler:GetSchedule", &name, error))?;
            let input = answer.target().and_then(|target| target.input()).unwrap_or_default().to_owned();
            calls.push(ScheduledCall { group, name, operation: operation.to_owned(), input });
        }
        Ok(calls)
    }
}
