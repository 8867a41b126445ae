//! What the task of a check has said: the end of its container's log, where that is in CloudWatch Logs.

use aws_sdk_ecs::types::{ContainerDefinition, LogDriver, TaskDefinition};
use serde_json::{Value, json};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::CHECK_LOG_LINES;
use watchkeeper_domain::value::ResourceName;

use super::BackupClients;
use crate::signed::{HttpCall, send};

/// Where a container's log is.
#[derive(Debug, PartialEq, Eq)]
struct LogPlace {
    group: String,
    stream: String,
    region: Option<String>,
}

/// The last lines of the log of a task's container; a line that says so, where it has none that can be read.
pub(super) async fn lines(
    clients: &BackupClients,
    definition: &TaskDefinition,
    container: Option<&ResourceName>,
    task: &str,
) -> Result<Vec<String>, AwsError> {
    let mut all = definition.container_definitions().iter();
    let found = all.find(|it| container.is_none_or(|name| it.name() == Some(name.as_str())));
    let place = match found.map(|found| place(found, task)) {
        Some(Ok(place)) => place,
        Some(Err(why)) => return Ok(vec![why.to_owned()]),
        None => return Ok(Vec::new()),
    };
    let region = place.region.as_deref().unwrap_or(clients.region.as_str());
    let sdk = clients.sdk.to_builder().region(aws_config::Region::new(region.to_owned())).build();
    let host = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let url = sdk.endpoint_url().map_or_else(|| format!("https://logs.{region}.{host}/"), |url| format!("{url}/"));
    // The newest come first in the log's order: without a word, the page is the last one (Amazon CloudWatch Logs API reference,
    // GetLogEvents).
    let body = json!({ "logGroupName": place.group, "logStreamName": place.stream, "limit": CHECK_LOG_LINES });
    let target = Some("Logs_20140328.GetLogEvents");
    let asked =
        HttpCall { service: "logs", operation: "GetLogEvents", method: "POST", url: &url, target, body: Some(body) };
    let answer = send(&sdk, &asked).await?;
    let missing = || vec![format!("no log: there is no stream {} in {}", place.stream, place.group)];
    Ok(answer.map_or_else(missing, |answer| messages(&answer)))
}

/// `prefix/container/task`, by the log driver awslogs (Amazon ECS developer guide, using the awslogs log driver). `Err` says why
/// it is not to be found.
fn place(container: &ContainerDefinition, task: &str) -> Result<LogPlace, &'static str> {
    let logs = container.log_configuration().filter(|logs| *logs.log_driver() == LogDriver::Awslogs);
    let logs = logs.ok_or("no log: the container has another log driver than awslogs")?;
    let option = |name: &str| logs.options().and_then(|options| options.get(name)).cloned();
    let group = option("awslogs-group").ok_or("no log: the container names no awslogs-group")?;
    let prefix = option("awslogs-stream-prefix").ok_or("no log: the container names no awslogs-stream-prefix")?;
    let id = task.rsplit('/').next().unwrap_or(task);
    let stream = format!("{prefix}/{}/{id}", container.name().unwrap_or_default());
    Ok(LogPlace { group, stream, region: option("awslogs-region") })
}

fn messages(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().into_iter().flatten();
    events.filter_map(|event| event["message"].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecs::types::LogConfiguration;

    use super::*;

    fn container(driver: LogDriver, options: &[(&str, &str)]) -> ContainerDefinition {
        let logs = options
            .iter()
            .fold(LogConfiguration::builder().log_driver(driver), |logs, (key, value)| logs.options(*key, *value));
        ContainerDefinition::builder().name("check").log_configuration(logs.build().unwrap()).build()
    }

    #[test]
    fn the_stream_is_named_by_prefix_container_and_task() {
        let task = "arn:aws:ecs:us-east-1:123456789012:task/shop/0123";
        let whole = [("awslogs-group", "/shop/check"), ("awslogs-stream-prefix", "check")];
        let found = place(&container(LogDriver::Awslogs, &whole), task).unwrap();
        assert_eq!((found.group.as_str(), found.stream.as_str()), ("/shop/check", "check/check/0123"));
        for (driver, options, why) in [
            (LogDriver::Splunk, &whole[..], "another log driver"),
            (LogDriver::Awslogs, &whole[..1], "awslogs-stream-prefix"),
            (LogDriver::Awslogs, &whole[1..], "awslogs-group"),
        ] {
            assert!(place(&container(driver, options), task).unwrap_err().contains(why));
        }
    }

    #[test]
    fn what_is_no_event_is_no_line() {
        let answer = json!({"events": [{"message": "rows: 5", "timestamp": 1}, {"timestamp": 2}]});
        assert_eq!(messages(&answer), ["rows: 5"]);
        assert_eq!(messages(&json!({})), Vec::<String>::new());
    }
}
