//! Event sources: schedules, rules, and event source mappings between a queue and a function of the stack. There are no clients
//! of Lambda and of Scheduler here, so those are asked by HTTP.

use aws_sdk_eventbridge::types::{RuleState, Tag};
use serde_json::{Value, json};
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::value::ResourceName;

use super::{RegionFixtures, SiteError};
use crate::sandbox::ACCESS_KEY;

/// The role with which the schedules of the sandbox call their targets.
pub(crate) fn schedule_role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/estate-schedules")
}

/// What is asked by HTTP.
struct Asked<'a> {
    service: &'a str,
    method: &'a str,
    path: String,
    body: Option<Value>,
}

impl RegionFixtures {
    /// Make an event source, on or off, with the tag that allows us to switch it; one that is there is put back.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses. So for all here.
    pub async fn make_source(&self, account: &str, source: &EventSource, on: bool) -> Result<(), SiteError> {
        match source {
            EventSource::Rule { bus, name } => self.make_rule_of_bus(bus, name, on).await,
            EventSource::Schedule { group, name } => {
                let body = self.new_schedule(account, group, on);
                let method = if self.schedule(group, name).await?.is_some() { "PUT" } else { "POST" };
                let path = format!("/schedules/{name}");
                self.asked(Asked { service: "scheduler", method, path, body: Some(body) }).await.map(drop)
            }
            EventSource::Mapping { function, reads } => self.make_mapping(account, (function, reads), on).await,
        }
    }

    fn new_schedule(&self, account: &str, group: &ResourceName, on: bool) -> Value {
        let queue = format!("arn:aws:sqs:{}:{account}:estate-work", self.region());
        json!({
            "GroupName": group, "ScheduleExpression": "cron(0 3 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
            "FlexibleTimeWindow": { "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5 }, "Description": "the nightly plan",
            "Target": {
                "Arn": queue, "RoleArn": schedule_role(account), "Input": "{\"plan\": \"night\"}",
                "RetryPolicy": { "MaximumRetryAttempts": 3 },
            },
            "State": if on { "ENABLED" } else { "DISABLED" },
        })
    }

    async fn make_rule_of_bus(&self, bus: &ResourceName, name: &ResourceName, on: bool) -> Result<(), SiteError> {
        let what = || format!("make rule {name} of {bus}");
        let events = aws_sdk_eventbridge::Client::new(&self.config);
        let tag = Tag::builder().key("watchkeeper:managed").value("true").build();
        let tag = tag.map_err(SiteError::aws(what()))?;
        let call = events.put_rule().name(name.as_str()).event_bus_name(bus.as_str()).tags(tag);
        let state = if on { RuleState::Enabled } else { RuleState::Disabled };
        let call = call.event_pattern(r#"{"source": ["estate.work"]}"#).state(state);
        call.send().await.map_err(SiteError::aws(what()))?;
        Ok(())
    }

    async fn make_mapping(
        &self,
        account: &str,
        (function, reads): (&ResourceName, &ResourceName),
        on: bool,
    ) -> Result<(), SiteError> {
        let path = "/2015-03-31/event-source-mappings";
        let arn = format!("arn:aws:sqs:{}:{account}:{reads}", self.region());
        let found = self.mapping(function, &arn).await?;
        let id = found.as_ref().and_then(|found| found["UUID"].as_str());
        let (method, path, body) = if let Some(id) = id {
            ("PUT", format!("{path}/{id}"), json!({ "Enabled": on }))
        } else {
            let sqs = aws_sdk_sqs::Client::new(&self.config);
            let call = sqs.create_queue().queue_name(reads.as_str());
            call.send().await.map_err(SiteError::aws(format!("make queue {reads}")))?;
            let tags = json!({ "watchkeeper:managed": "true" });
            let body = json!({ "FunctionName": function, "EventSourceArn": arn, "Enabled": on, "Tags": tags });
            ("POST", path.to_owned(), body)
        };
        self.asked(Asked { service: "lambda", method, path, body: Some(body) }).await.map(drop)
    }

    async fn mapping(&self, function: &ResourceName, arn: &str) -> Result<Option<Value>, SiteError> {
        let path = format!("/2015-03-31/event-source-mappings?FunctionName={function}");
        let found = self.asked(Asked { service: "lambda", method: "GET", path, body: None }).await?;
        let all = found.as_ref().and_then(|found| found["EventSourceMappings"].as_array());
        Ok(all.into_iter().flatten().find(|it| it["EventSourceArn"] == arn).cloned())
    }

    /// A schedule, as AWS has it; nothing where there is none of that name.
    pub async fn schedule(&self, group: &ResourceName, name: &ResourceName) -> Result<Option<Value>, SiteError> {
        let path = format!("/schedules/{name}?groupName={group}");
        self.asked(Asked { service: "scheduler", method: "GET", path, body: None }).await
    }

    /// The state of an event source, in the words of AWS; nothing where there is none of that name.
    pub async fn source_state(&self, account: &str, source: &EventSource) -> Result<Option<String>, SiteError> {
        let state = |found: Option<Value>| found.and_then(|found| found["State"].as_str().map(str::to_owned));
        match source {
            EventSource::Schedule { group, name } => Ok(state(self.schedule(group, name).await?)),
            EventSource::Mapping { function, reads } => {
                let arn = format!("arn:aws:sqs:{}:{account}:{reads}", self.region());
                Ok(state(self.mapping(function, &arn).await?))
            }
            EventSource::Rule { bus, name } => {
                let events = aws_sdk_eventbridge::Client::new(&self.config);
                let found = events.describe_rule().name(name.as_str()).event_bus_name(bus.as_str()).send().await;
                Ok(found.ok().and_then(|rule| rule.state().map(|state| state.as_str().to_owned())))
            }
        }
    }

    async fn asked(&self, asked: Asked<'_>) -> Result<Option<Value>, SiteError> {
        let Asked { service, method, path, body } = asked;
        let what = format!("{method} {path}");
        let failed = |why: &dyn std::fmt::Display| SiteError::new(what.clone(), why);
        let region = self.region();
        let url = format!("{}{path}", self.config.endpoint_url().unwrap_or_default());
        let scope = format!("{ACCESS_KEY}/20270101/{region}/{service}/aws4_request");
        let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        let request = ureq::http::Request::builder().method(method).uri(url).header("authorization", signed);
        let text = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let request = request.header("content-type", "application/json").body(text).map_err(|error| failed(&error))?;
        let answer = tokio::task::spawn_blocking(move || exchange(request)).await.map_err(|error| failed(&error))?;
        match answer.map_err(|error| failed(&error))? {
            (404, _) => Ok(None),
            (200..300, text) if text.is_empty() => Ok(Some(Value::Null)),
            (200..300, text) => serde_json::from_str(&text).map(Some).map_err(|error| failed(&error)),
            (status, text) => Err(failed(&format!("{status}: {text}"))),
        }
    }
}

fn exchange(request: ureq::http::Request<Vec<u8>>) -> Result<(u16, String), ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let mut answer = agent.run(request)?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}
