//! Event sources: rules by their client; event source mappings and schedules, of which two calls each are needed, signed by hand.

use std::future::Future;
use std::time::UNIX_EPOCH;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::operation::describe_rule::{DescribeRuleError, DescribeRuleOutput};
use aws_sdk_eventbridge::types::RuleState;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::{Value, json};
use watchkeeper_control::failover::ports::EventSources;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::SourceState;
use watchkeeper_domain::value::ResourceName;

use crate::AwsRegionReader;
use crate::backup::encoded;
use crate::clients::OPERATION;
use crate::fault::{failed, odd};
use crate::signed::{HttpCall, send};

const LIST: &str = "ListEventSourceMappings";
const UPDATE_MAPPING: &str = "UpdateEventSourceMapping";
const GET: &str = "GetSchedule";
const UPDATE_SCHEDULE: &str = "UpdateSchedule";

/// What `UpdateSchedule` does not take of what `GetSchedule` gives (Amazon `EventBridge` Scheduler API reference).
const GIVEN_ONLY: [&str; 4] = ["Arn", "CreationDate", "LastModificationDate", "Name"];

/// The state of a rule or a schedule that starts work.
const ENABLED: &str = "ENABLED";

/// The state of one that starts none.
const DISABLED: &str = "DISABLED";

impl EventSources for AwsRegionReader {
    async fn source(&self, source: &EventSource) -> Result<Option<SourceState>, AwsError> {
        match source {
            EventSource::Mapping { function, reads } => {
                let found = self.mappings(function, reads).await?;
                Ok(state_of_mappings(&found))
            }
            EventSource::Schedule { group, name } => {
                let Some(schedule) = self.schedule(group, name).await? else { return Ok(None) };
                state_of_schedule(&schedule).map(Some).map_err(|what| odd(GET, name, what))
            }
            EventSource::Rule { bus, name } => {
                let call = self.events.describe_rule().event_bus_name(bus.as_str()).name(name.as_str());
                match call.send().await {
                    Ok(rule) => Ok(Some(state_of_rule(&rule))),
                    Err(error)
                        if error.as_service_error().is_some_and(DescribeRuleError::is_resource_not_found_exception) =>
                    {
                        Ok(None)
                    }
                    Err(error) => Err(failed("DescribeRule", name, error)),
                }
            }
        }
    }

    async fn switch_source(&self, source: &EventSource, on: bool) -> Result<(), AwsError> {
        let missing = |operation, fault| AwsError { operation, subject: source.to_string(), fault, source: None };
        match source {
            EventSource::Mapping { function, reads } => {
                let found = self.mappings(function, reads).await?;
                let id = found.first().and_then(|mapping| mapping["UUID"].as_str());
                let id = id.ok_or_else(|| missing(UPDATE_MAPPING, Fault::NotFound))?;
                let url = format!("{}/2015-03-31/event-source-mappings/{}", self.base("lambda"), encoded(id));
                // What is not named stays as it is (AWS Lambda API reference, UpdateEventSourceMapping).
                let body = json!({ "Enabled": on });
                let answer = self.call("lambda", UPDATE_MAPPING, "PUT", &url, Some(body)).await?;
                answer.map(drop).ok_or_else(|| missing(UPDATE_MAPPING, Fault::NotFound))
            }
            EventSource::Schedule { group, name } => {
                let found = self.schedule(group, name).await?;
                let found = found.ok_or_else(|| missing(UPDATE_SCHEDULE, Fault::NotFound))?;
                let body = switched(found, on, now(&self.sdk));
                let url = format!("{}/schedules/{}", self.base("scheduler"), encoded(name.as_str()));
                let answer = self.call("scheduler", UPDATE_SCHEDULE, "PUT", &url, Some(body)).await?;
                answer.map(drop).ok_or_else(|| missing(UPDATE_SCHEDULE, Fault::NotFound))
            }
            EventSource::Rule { bus, name } if on => {
                let call = self.events.enable_rule().event_bus_name(bus.as_str()).name(name.as_str());
                call.send().await.map(drop).map_err(|error| failed("EnableRule", name, error))
            }
            EventSource::Rule { bus, name } => {
                let call = self.events.disable_rule().event_bus_name(bus.as_str()).name(name.as_str());
                call.send().await.map(drop).map_err(|error| failed("DisableRule", name, error))
            }
        }
    }
}

impl AwsRegionReader {
    /// The event source mappings between a function and what it reads, page after page.
    async fn mappings(&self, function: &ResourceName, reads: &ResourceName) -> Result<Vec<Value>, AwsError> {
        let base = format!(
            "{}/2015-03-31/event-source-mappings?FunctionName={}",
            self.base("lambda"),
            encoded(function.as_str())
        );
        let pages = async {
            let (mut found, mut url) = (Vec::new(), base.clone());
            loop {
                // A function that does not exist has none.
                let Some(page) = self.call("lambda", LIST, "GET", &url, None).await? else { return Ok(found) };
                let all = page["EventSourceMappings"].as_array().cloned().unwrap_or_default();
                let joins = |it: &Value| it["EventSourceArn"].as_str().is_some_and(|arn| names(arn, reads.as_str()));
                found.extend(all.into_iter().filter(joins));
                match page["NextMarker"].as_str().filter(|marker| !marker.is_empty()) {
                    Some(marker) => url = format!("{base}&Marker={}", encoded(marker)),
                    None => return Ok(found),
                }
            }
        };
        self.within(LIST, function.as_str(), pages).await
    }

    /// A schedule, as AWS has it; `None` where the region has none of that name.
    async fn schedule(&self, group: &ResourceName, name: &ResourceName) -> Result<Option<Value>, AwsError> {
        let (base, name, group) = (self.base("scheduler"), encoded(name.as_str()), encoded(group.as_str()));
        let url = format!("{base}/schedules/{name}?groupName={group}");
        self.call("scheduler", GET, "GET", &url, None).await
    }

    async fn call(
        &self,
        service: &'static str,
        operation: &'static str,
        method: &'static str,
        url: &str,
        body: Option<Value>,
    ) -> Result<Option<Value>, AwsError> {
        let asked = HttpCall { service, operation, method, url, target: None, body };
        self.within(operation, url, send(&self.sdk, &asked)).await
    }

    /// As long as the configuration lets a call take: one to the other region of a pair is bounded more tightly.
    async fn within<T>(
        &self,
        operation: &'static str,
        subject: &str,
        call: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        let bound = self.sdk.timeout_config().and_then(TimeoutConfig::operation_timeout).unwrap_or(OPERATION);
        let late = |_| AwsError {
            operation,
            subject: subject.to_owned(),
            fault: Fault::Unavailable,
            source: Some(format!("no answer came within {bound:?}").into()),
        };
        tokio::time::timeout(bound, call).await.map_err(late)?
    }

    fn base(&self, service: &str) -> String {
        let region = self.sdk.region().map(ToString::to_string).unwrap_or_default();
        let host = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        self.sdk.endpoint_url().map_or_else(|| format!("https://{service}.{region}.{host}"), ToOwned::to_owned)
    }
}

/// The present by the SDK's own source of time, in seconds since 1970.
fn now(sdk: &SdkConfig) -> f64 {
    let now = sdk.time_source().map_or(UNIX_EPOCH, |time| time.now());
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Whether an ARN is of something of this name: its last part, or, as for the stream of a table or a cluster of brokers, the
/// name before what AWS adds to it.
fn names(arn: &str, name: &str) -> bool {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    resource.split([':', '/']).any(|part| part == name)
}

/// The states of a mapping (AWS Lambda API reference, `EventSourceMappingConfiguration`).
fn state_of_mappings(found: &[Value]) -> Option<SourceState> {
    let [mapping] = found else {
        let several = || SourceState::Unfit(format!("{} event source mappings between the two", found.len()));
        return (!found.is_empty()).then(several);
    };
    Some(match mapping["State"].as_str().unwrap_or_default() {
        "Enabled" => SourceState::On,
        "Disabled" => SourceState::Off,
        other => SourceState::Changing(other.to_owned()),
    })
}

fn state_of_schedule(schedule: &Value) -> Result<SourceState, String> {
    match schedule["State"].as_str() {
        Some(ENABLED) => Ok(SourceState::On),
        Some(DISABLED) => Ok(SourceState::Off),
        other => Err(format!("State: found {other:?}, expected {ENABLED} or {DISABLED}")),
    }
}

/// A rule of an AWS service is that service's to switch, and `EnableRule` does not bring back the third state of a rule (Amazon
/// `EventBridge` API reference, `DescribeRule`, `EnableRule` and `PutRule`).
fn state_of_rule(rule: &DescribeRuleOutput) -> SourceState {
    match (rule.managed_by(), rule.state()) {
        (Some(service), _) if !service.is_empty() => SourceState::Unfit(format!("a rule that {service} manages")),
        (_, Some(RuleState::Disabled)) => SourceState::Off,
        (_, None | Some(RuleState::Enabled)) => SourceState::On,
        (_, Some(other)) => SourceState::Unfit(format!("the state {other}, which EnableRule does not bring back")),
    }
}

/// The whole of a schedule with another state: what an update does not name gets AWS's default (Amazon `EventBridge` Scheduler
/// API reference, `UpdateSchedule`). A start that is over is left out: AWS takes none that is more than five minutes ago.
fn switched(mut schedule: Value, on: bool, now: f64) -> Value {
    if let Some(fields) = schedule.as_object_mut() {
        for field in GIVEN_ONLY {
            fields.remove(field);
        }
        if fields.get("StartDate").and_then(Value::as_f64).is_some_and(|start| start <= now) {
            fields.remove("StartDate");
        }
        fields.insert("State".to_owned(), json!(if on { ENABLED } else { DISABLED }));
    }
    schedule
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("arn:aws:sqs:us-west-2:123456789012:fleet-orders", "fleet-orders", true)]
    #[case("arn:aws:sqs:us-west-2:123456789012:fleet-orders-dlq", "fleet-orders", false)]
    #[case("arn:aws:kinesis:us-west-2:123456789012:stream/fleet-telemetry", "fleet-telemetry", true)]
    #[case(
        "arn:aws:dynamodb:us-west-2:123456789012:table/fleet-jobs/stream/2026-11-20T03:00:00.000",
        "fleet-jobs",
        true
    )]
    #[case("arn:aws:kafka:us-west-2:123456789012:cluster/fleet-events/6357e0b2-0e6a", "fleet-events", true)]
    #[case("arn:aws:mq:us-west-2:123456789012:broker:fleet-broker:b-1234a5b6", "fleet-broker", true)]
    #[case("arn:aws:sqs:fleet-orders:123456789012:other", "fleet-orders", false)]
    fn what_a_mapping_reads_goes_by_its_name(#[case] arn: &str, #[case] name: &str, #[case] is_it: bool) {
        assert_eq!(names(arn, name), is_it);
    }

    #[test]
    fn a_mapping_is_on_off_or_on_its_way_and_of_two_neither_is_meant() {
        let mapping = |state: &str| json!({ "UUID": "1", "State": state });
        let of = |states: &[&str]| state_of_mappings(&states.iter().map(|state| mapping(state)).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["Enabled"]), Some(SourceState::On));
        assert_eq!(of(&["Disabled"]), Some(SourceState::Off));
        for state in ["Creating", "Enabling", "Disabling", "Updating", "Deleting"] {
            assert_eq!(of(&[state]), Some(SourceState::Changing(state.to_owned())));
        }
        assert!(matches!(of(&["Enabled", "Disabled"]), Some(SourceState::Unfit(_))));
    }

    #[test]
    fn a_rule_that_could_not_be_switched_back_is_unfit() {
        let rule = |state: RuleState| DescribeRuleOutput::builder().state(state);
        assert_eq!(state_of_rule(&rule(RuleState::Enabled).build()), SourceState::On);
        assert_eq!(state_of_rule(&rule(RuleState::Disabled).build()), SourceState::Off);
        let managed = rule(RuleState::Enabled).managed_by("autoscaling.amazonaws.com").build();
        assert!(matches!(state_of_rule(&managed), SourceState::Unfit(_)));
        let all = rule(RuleState::EnabledWithAllCloudtrailManagementEvents).build();
        assert!(matches!(state_of_rule(&all), SourceState::Unfit(_)));
    }

    #[test]
    fn everything_of_a_schedule_is_sent_back_but_its_state_and_what_aws_does_not_take() {
        let target =
            json!({ "Arn": "arn:aws:sqs:us-west-2:123456789012:q", "RoleArn": "arn:aws:iam::1:role/r", "Input": "{}" });
        let found = json!({
            "Arn": "arn", "Name": "nightly", "GroupName": "fleet", "State": "ENABLED", "CreationDate": 1.0, "Description": "d",
            "LastModificationDate": 2.0, "ScheduleExpression": "cron(0 3 * * ? *)", "ScheduleExpressionTimezone": "Etc/UTC",
            "FlexibleTimeWindow": { "Mode": "OFF" }, "ActionAfterCompletion": "NONE", "Target": target, "StartDate": 10.5,
            "EndDate": 99.0,
        });
        let expected = json!({
            "GroupName": "fleet", "State": "DISABLED", "Description": "d", "ScheduleExpression": "cron(0 3 * * ? *)",
            "ScheduleExpressionTimezone": "Etc/UTC", "FlexibleTimeWindow": { "Mode": "OFF" }, "ActionAfterCompletion": "NONE",
            "Target": target, "StartDate": 10.5, "EndDate": 99.0,
        });
        assert_eq!(switched(found.clone(), false, 10.0), expected);
        let late = switched(found, true, 11.0);
        assert_eq!((late["StartDate"].clone(), late["State"].clone()), (Value::Null, json!("ENABLED")));
    }

    #[test]
    fn a_state_that_a_schedule_cannot_have_is_an_error_that_names_the_field() {
        assert_eq!(state_of_schedule(&json!({ "State": "ENABLED" })), Ok(SourceState::On));
        assert!(state_of_schedule(&json!({})).unwrap_err().starts_with("State: found None"));
    }
}
