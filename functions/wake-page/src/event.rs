//! The events of an Application Load Balancer, and its answers (Application Load Balancers user guide, "Lambda functions as
//! targets").
//!
//! These types are our own, for headers are text here: those of `aws_lambda_events` refuse a header that HTTP allows and `http`
//! does not write, such as one with a letter beyond ASCII, and a stranger could make the function fail.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use serde::{Deserialize, Serialize};
use watchkeeper_control::wake_page::{WebAnswer, WebRequest};

/// What a load balancer sends. It sends the members with `multi` exactly where its target group has the attribute
/// `lambda.multi_value_headers.enabled`, and then wants them in the answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbRequest {
    request_context: RequestContext,
    http_method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct RequestContext {
    elb: ElbContext,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ElbContext {
    target_group_arn: String,
}

/// What a load balancer is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbAnswer {
    status_code: u16,
    status_description: String,
    is_base64_encoded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'static str, Vec<String>>>,
    body: String,
}

impl AlbRequest {
    /// Whether headers come, and are answered, with all their values.
    pub fn has_many_values(&self) -> bool {
        self.multi_value_headers.is_some()
    }
}

impl From<AlbRequest> for WebRequest {
    fn from(event: AlbRequest) -> Self {
        let text = event.body.unwrap_or_default();
        let body = if event.is_base64_encoded { base64::decode(text).ok() } else { Some(text.into_bytes()) };
        Self {
            target_group: event.request_context.elb.target_group_arn,
            method: event.http_method.to_ascii_uppercase(),
            path: event.path,
            query: query(&all(event.multi_value_query_string_parameters, event.query_string_parameters)),
            headers: lower(all(event.multi_value_headers, event.headers)),
            body,
        }
    }
}

/// All values of each name, whichever way they came.
fn all(
    many: Option<BTreeMap<String, Vec<String>>>,
    one: Option<BTreeMap<String, String>>,
) -> BTreeMap<String, Vec<String>> {
    many.unwrap_or_else(|| one.unwrap_or_default().into_iter().map(|(name, value)| (name, vec![value])).collect())
}

fn lower(headers: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    headers.into_iter().map(|(name, values)| (name.to_ascii_lowercase(), values)).collect()
}

/// The query as it was sent: a load balancer decodes none of it. Names may have changed their order.
fn query(parameters: &BTreeMap<String, Vec<String>>) -> String {
    let pairs = parameters.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}")));
    pairs.collect::<Vec<_>>().join("&")
}

impl AlbAnswer {
    /// An answer; with all values of each header where the load balancer wants them.
    pub(crate) fn of(answer: WebAnswer, many: bool) -> Self {
        let WebAnswer { status, headers, body } = answer;
        let (mut single, mut multi) = (None, None);
        if many {
            multi = Some(headers.into_iter().map(|(name, value)| (name, vec![value])).collect());
        } else {
            single = Some(headers.into_iter().collect());
        }
        Self {
            status_code: status,
            status_description: format!("{status} {}", reason(status)),
            is_base64_encoded: false,
            headers: single,
            multi_value_headers: multi,
            body,
        }
    }
}

/// The reason phrase of a status (RFC 9110, 15).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Service Unavailable",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/page/6d0ecf831eec9f09";

    /// The example of the user guide, with one value a header.
    fn one() -> Value {
        json!({
            "requestContext": {"elb": {"targetGroupArn": GROUP}},
            "httpMethod": "GET",
            "path": "/",
            "queryStringParameters": {"q": "a%20b"},
            "headers": {
                "accept": "text/html,application/xhtml+xml", "accept-language": "en-US,en;q=0.8", "content-type": "text/plain",
                "cookie": "cookies", "host": "lambda-846800462-us-east-2.elb.amazonaws.com",
                "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6)",
                "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520", "x-forwarded-for": "72.21.198.66",
                "x-forwarded-port": "443", "x-forwarded-proto": "https"
            },
            "isBase64Encoded": false,
            "body": "request_body"
        })
    }

    /// The same with all values of each.
    fn many() -> Value {
        let mut event = one();
        let headers = event["headers"].as_object().unwrap().clone();
        let headers = headers.into_iter().map(|(name, value)| (name, json!([value])));
        event["multiValueHeaders"] = Value::Object(headers.collect());
        event["multiValueHeaders"]["cookie"] = json!(["one", "two"]);
        event["multiValueQueryStringParameters"] = json!({"q": ["a%20b", "c"]});
        for gone in ["headers", "queryStringParameters"] {
            event.as_object_mut().unwrap().remove(gone);
        }
        event
    }

    fn read(event: Value) -> WebRequest {
        serde_json::from_value::<AlbRequest>(event).unwrap().into()
    }

    #[test]
    fn a_request_reads_with_one_value_a_header_and_with_many() {
        for (event, query, cookies) in
            [(one(), "q=a%20b", vec!["cookies"]), (many(), "q=a%20b&q=c", vec!["one", "two"])]
        {
            let request = read(event);
            assert_eq!((request.target_group.as_str(), request.method.as_str()), (GROUP, "GET"));
            assert_eq!((request.path.as_str(), request.query.as_str()), ("/", query));
            assert_eq!(request.headers["cookie"], cookies);
            assert_eq!(request.header("x-forwarded-proto"), Some("https"));
            assert_eq!(request.body.as_deref(), Some(b"request_body".as_slice()));
        }
    }

    /// The health check of the user guide has a user agent and nothing else.
    #[test]
    fn a_health_check_reads() {
        let request = read(json!({
            "requestContext": {"elb": {"targetGroupArn": GROUP}}, "httpMethod": "GET", "path": "/", "queryStringParameters": {},
            "headers": {"user-agent": "ELB-HealthChecker/2.0"}, "body": "", "isBase64Encoded": false
        }));
        assert!(request.is_health_check());
    }

    #[rstest]
    #[case::decoded("d2F0Y2hrZWVwZXItd2FrZT1h", Some(b"watchkeeper-wake=a".as_slice()))]
    #[case::of_no_text("//79", Some([0xff, 0xfe, 0xfd].as_slice()))]
    #[case::of_no_base64("%%%", None)]
    fn a_body_in_base64_is_decoded(#[case] body: &str, #[case] expected: Option<&[u8]>) {
        let mut event = one();
        (event["body"], event["isBase64Encoded"]) = (json!(body), json!(true));
        assert_eq!(read(event).body.as_deref(), expected);
    }

    #[rstest]
    #[case::letters_beyond_ascii("headers", json!({"x-name": "Grüße \u{1f319}"}))]
    #[case::no_headers("headers", Value::Null)]
    #[case::another_method("httpMethod", json!("BREW"))]
    #[case::no_body("body", Value::Null)]
    fn whatever_a_client_sends_reads(#[case] field: &str, #[case] value: Value) {
        let mut event = one();
        event[field] = value;
        assert!(!read(event).is_button());
    }

    #[test]
    fn what_no_load_balancer_sends_names_the_field() {
        let error = serde_json::from_value::<AlbRequest>(json!({"httpMethod": "GET"})).unwrap_err().to_string();
        assert!(error.contains("missing field `requestContext`"), "{error}");
    }

    #[test]
    fn an_answer_has_its_headers_as_the_load_balancer_wants_them() {
        let answer =
            || WebAnswer { status: 503, headers: vec![("Retry-After", "60".to_owned())], body: "x".to_owned() };
        let always = json!({"statusCode": 503, "statusDescription": "503 Service Unavailable", "isBase64Encoded": false, "body": "x"});
        for (many, field, value) in [(false, "headers", json!("60")), (true, "multiValueHeaders", json!(["60"]))] {
            let mut expected = always.clone();
            expected[field] = json!({"Retry-After": value});
            assert_eq!(serde_json::to_value(AlbAnswer::of(answer(), many)).unwrap(), expected);
        }
    }
}
