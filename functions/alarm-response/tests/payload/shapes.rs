//! One row for each payload: what it says, or why it is refused.

use std::collections::BTreeSet;

use alarm_response::payload::{PayloadError, changes};
use rstest::rstest;
use watchkeeper_domain::emergency::alarm::AlarmChange;

use super::fixtures;

/// Payload, and for each of its changes: alarm, state before, state, instant, account and region.
const TOLD: &[(&str, &[&str])] = &[
    ("direct-anomaly", &[CONNECTIONS]),
    ("direct-composite", &[HEALTH]),
    ("direct-daily-period", &[STORAGE]),
    ("direct-math", &[ERROR_RATE]),
    ("direct-metric", &[ERRORS]),
    ("direct-missing-data", &[TARGETS]),
    ("direct-null-description", &[ERRORS]),
    ("eventbridge-anomaly", &[CONNECTIONS]),
    ("eventbridge-china", &["clos-v2-alb-5xx-errors OK ALARM 2026-11-27T14:02:11.312Z 210987654321 cn-north-1"]),
    ("eventbridge-composite", &[HEALTH]),
    ("eventbridge-composite-suppressed", &[HEALTH]),
    ("eventbridge-daily-period", &[STORAGE]),
    ("eventbridge-math", &[ERROR_RATE]),
    ("eventbridge-metric", &[ERRORS]),
    ("eventbridge-missing-data", &[TARGETS]),
    ("eventbridge-no-description", &[ERROR_RATE]),
    (
        "eventbridge-no-previous-state",
        &["clos-v2-alb-5xx-errors - ALARM 2026-11-27T14:02:11.312Z 210987654321 us-east-1"],
    ),
    ("eventbridge-null-description", &[ERRORS]),
    ("eventbridge-tags", &["clos-v2-alb-5xx-errors ALARM OK 2026-11-27T14:32:11.318Z 210987654321 us-east-1"]),
    (
        "eventbridge-time-series",
        &["clos-v2-dynamodb-throttles OK ALARM 2026-11-27T18:22:04.919Z 210987654321 us-east-1"],
    ),
    ("eventbridge-weekly-period", &[STORAGE]),
    ("sns-anomaly", &[CONNECTIONS]),
    ("sns-composite", &[HEALTH]),
    ("sns-daily-period", &[STORAGE]),
    ("sns-govcloud", &["clos-v2-alb-5xx-errors ALARM OK 2026-11-27T14:32:11.318Z 210987654321 us-gov-west-1"]),
    ("sns-math", &[ERROR_RATE]),
    ("sns-metric", &[ERRORS]),
    ("sns-missing-data", &[TARGETS]),
    ("sns-no-arn", &["clos-v2-alb-5xx-errors OK ALARM 2026-11-27T14:02:11.312Z 210987654321 -"]),
    ("sns-null-description", &[ERRORS]),
    ("sns-several", &[ERRORS, A_BUDGET, CHATTER, HEALTH]),
    (
        "refused-direct-contributor",
        &["alarmData.alarmContributor: found an object with \"id\", \"attributes\", expected \
        nothing: the state of one time series is not the alarm's"],
    ),
    (
        "refused-eventbridge-configuration",
        &["detail-type: found \"CloudWatch Alarm Configuration Change\", expected \
        \"CloudWatch Alarm State Change\""],
    ),
    (
        "refused-eventbridge-contributor",
        &["detail-type: found \"CloudWatch Alarm Contributor State Change\", expected \
        \"CloudWatch Alarm State Change\""],
    ),
    ("refused-s3", &["Records[0].Sns: found nothing, expected the object of an SNS record"]),
    (
        "refused-sns-contributor",
        &["Records[0].Sns.Message.AlarmContributorId: found \"6d442278dba546f6\", expected \
        nothing: the state of one time series is not the alarm's"],
    ),
    (
        "refused-unknown",
        &["the event: found an object with \"version\", \"routeKey\", \"rawPath\", \"headers\", \
        \"requestContext\", expected an EventBridge event (`detail-type`), an alarm's invocation (`alarmData`) or SNS records \
        (`Records`)"],
    ),
];

const ERRORS: &str = "clos-v2-alb-5xx-errors OK ALARM 2026-11-27T14:02:11.312Z 210987654321 us-east-1";
const HEALTH: &str = "clos-v2-system-health OK ALARM 2026-11-27T14:02:12.004Z 210987654321 us-east-1";
const CONNECTIONS: &str =
    "coldchain-production-rds-connections-high OK ALARM 2026-11-27T02:45:20.661Z 345678901234 ap-northeast-2";
const ERROR_RATE: &str =
    "h2o-prod-error-rate-high INSUFFICIENT_DATA ALARM 2026-11-27T16:36:48.554Z 456789012345 us-east-1";
const TARGETS: &str = "coldchain-production-healthy-targets-low ALARM INSUFFICIENT_DATA 2026-11-27T03:10:29.595Z \
    345678901234 ap-northeast-2";
const STORAGE: &str =
    "coldchain-production-rds-storage-low OK ALARM 2026-11-27T00:05:04.653Z 345678901234 ap-northeast-2";
const A_BUDGET: &str = "Records[1].Sns.Message: found \"AWS Budget Notification November 27, 2026\\nAWS Account \
    210987654321\\n\\nYour budget …\", expected the JSON of an alarm's message, with `AlarmName` and `NewStateValue`";
const CHATTER: &str = "Records[2].Sns.Message: found an object with \"Type\", \"TopicArn\", \"SubscribeURL\", expected the \
    JSON of an alarm's message, with `AlarmName` and `NewStateValue`";

fn line(change: &Result<AlarmChange, PayloadError>) -> String {
    let change = match change {
        Ok(change) => change,
        Err(error) => return error.to_string(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {} {} {} {}",
        change.alarm,
        or_none(change.previous.map(|state| state.to_string())),
        change.state,
        change.at,
        or_none(change.account.as_ref().map(ToString::to_string)),
        or_none(change.region.as_ref().map(ToString::to_string)),
    )
}

fn told(name: &str) -> Vec<String> {
    match changes(&fixtures::named(name)) {
        Ok(changes) => changes.iter().map(line).collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn every_payload_says_what_its_row_says() {
    for (name, expected) in TOLD {
        assert_eq!(told(name), *expected, "{name}");
    }
}

#[test]
fn every_payload_has_a_row() {
    let rows: BTreeSet<String> = TOLD.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rows, fixtures::all().into_keys().collect());
}

#[rstest]
#[case("metric")]
#[case("composite")]
#[case("anomaly")]
#[case("math")]
#[case("missing-data")]
#[case("daily-period")]
#[case("null-description")]
fn one_change_is_the_same_whichever_way_it_came(#[case] kind: &str) {
    let read = |transport: &str| changes(&fixtures::named(&format!("{transport}-{kind}"))).unwrap();
    let event = read("eventbridge");
    assert_eq!(event, read("direct"));
    assert_eq!(event, read("sns"));
}

#[test]
fn the_reason_is_in_cloudwatchs_own_words() {
    let changes = changes(&fixtures::named("eventbridge-metric")).unwrap();
    assert_eq!(
        changes[0].as_ref().unwrap().reason,
        "Threshold Crossed: 1 datapoint [37.0 (27/11/26 13:57:00)] was greater than the threshold (10.0)."
    );
}
