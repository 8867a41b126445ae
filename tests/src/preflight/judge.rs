//! Keys and policies, asked of the sandbox as the command asks AWS; but by hand, for these tests have no SDK for them. Who
//! answers there is the judge of permissions: an IAM evaluator of others.

use aws_config::SdkConfig;
use serde_json::{Value, json};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::preflight::{KeyFacts, PolicyFinding, SimulatedAction, SimulatedCalls};
use watchkeeper_preflight::PolicyJudge;

/// The sandbox, in one region.
#[derive(Debug)]
pub struct Asked {
    endpoint: String,
    region: String,
}

impl Asked {
    /// Where the configuration's calls go.
    pub fn new(config: &SdkConfig) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Self { endpoint: config.endpoint_url().unwrap_or_default().to_owned(), region }
    }

    /// A call that is signed for a service, and its answer.
    async fn send(
        &self,
        operation: &'static str,
        (service, path): (&str, &str),
        headers: [(&str, &str); 2],
        body: String,
    ) -> Result<String, AwsError> {
        let failed =
            |fault, why: String| AwsError { operation, subject: String::new(), fault, source: Some(why.into()) };
        let scope = format!("AWS4-HMAC-SHA256 Credential=root/20261120/{}/{service}/aws4_request", self.region);
        let request = ureq::http::Request::post(format!("{}{path}", self.endpoint)).header("authorization", scope);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.header("user-agent", "app/preflight").body(body);
        let request = request.map_err(|error| failed(Fault::Invalid, error.to_string()))?;
        let answer = tokio::task::spawn_blocking(move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
            let mut answer = ureq::Agent::from(config).run(request)?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        });
        let answer = answer.await.map_err(|error| failed(Fault::Unavailable, error.to_string()))?;
        match answer.map_err(|error| failed(Fault::Unavailable, error.to_string()))? {
            (200, text) => Ok(text),
            (_, text) if text.contains("NotFound") => Err(failed(Fault::NotFound, text)),
            (_, text) => Err(failed(Fault::Invalid, text)),
        }
    }
}

const JSON: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded";

impl PolicyJudge for Asked {
    async fn key(&self, key: &str) -> Result<Option<KeyFacts>, AwsError> {
        let headers = [("content-type", JSON), ("x-amz-target", "TrentService.DescribeKey")];
        let answer = self.send("kms:DescribeKey", ("kms", "/"), headers, json!({ "KeyId": key }).to_string()).await;
        let answer: Value = match answer {
            Err(error) if error.fault == Fault::NotFound => return Ok(None),
            answer => serde_json::from_str(&answer?).unwrap(),
        };
        let text = |field: &str| answer["KeyMetadata"][field].as_str().unwrap().to_owned();
        Ok(Some(KeyFacts { arn: text("Arn"), state: text("KeyState") }))
    }

    async fn validate(&self, policy: &str) -> Result<Vec<PolicyFinding>, AwsError> {
        let body = json!({ "policyDocument": policy, "policyType": "IDENTITY_POLICY" }).to_string();
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        let operation = "access-analyzer:ValidatePolicy";
        let answer = self.send(operation, ("access-analyzer", "/policy/validation"), headers, body).await?;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let finding = |it: &Value| {
            let text = |field: &str| it[field].as_str().unwrap().to_owned();
            PolicyFinding { kind: text("findingType"), code: text("issueCode"), text: text("findingDetails") }
        };
        Ok(answer["findings"].as_array().unwrap().iter().map(finding).collect())
    }

    async fn simulate(&self, policies: &[String], call: &SimulatedCalls) -> Result<Vec<SimulatedAction>, AwsError> {
        let mut fields = vec![
            ("Action".to_owned(), "SimulateCustomPolicy".to_owned()),
            ("Version".to_owned(), "2010-05-08".to_owned()),
            ("ResourceArns.member.1".to_owned(), call.resource.clone()),
        ];
        fields.extend((1..).zip(policies).map(|(at, policy)| (format!("PolicyInputList.member.{at}"), policy.clone())));
        let actions = (1..).zip(&call.actions);
        fields.extend(actions.map(|(at, action)| (format!("ActionNames.member.{at}"), (*action).to_owned())));
        let region = ("aws:RequestedRegion".to_owned(), call.region.as_str(), "string");
        for (at, (key, value, kind)) in (1..).zip(std::iter::once(region).chain(call.context())) {
            let start = format!("ContextEntries.member.{at}");
            fields.push((format!("{start}.ContextKeyName"), key));
            fields.push((format!("{start}.ContextKeyValues.member.1"), value.to_owned()));
            fields.push((format!("{start}.ContextKeyType"), kind.to_owned()));
        }
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = [("content-type", FORM), ("accept", "*/*")];
        let answer = self.send("iam:SimulateCustomPolicy", ("iam", "/"), headers, body.join("&")).await?;
        let results = answer.split("<EvalActionName>").skip(1);
        Ok(results.map(simulated).collect())
    }
}

/// One result, from the name of its action on.
fn simulated(result: &str) -> SimulatedAction {
    let between = |start: &str, end: &str| {
        let (_, rest) = result.split_once(start).unwrap();
        rest.split_once(end).unwrap().0.to_owned()
    };
    let missing = between("<MissingContextValues>", "</MissingContextValues>");
    let missing = missing.split("<member>").skip(1).map(|key| key.trim_end_matches("</member>").to_owned());
    SimulatedAction {
        action: result.split_once('<').unwrap().0.to_owned(),
        decision: between("<EvalDecision>", "</EvalDecision>"),
        missing: missing.collect(),
    }
}
