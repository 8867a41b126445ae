//! What EventBridge sends of an alarm.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The event of EventBridge about an alarm that changed its state at an instant, to the millisecond.
pub fn alarm_event(alarm: &str, (account, region): (&str, &str), state: &str, at: Timestamp) -> Value {
    let time = at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    json!({
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": account,
        "region": region,
        "resources": [format!("arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}")],
        "detail": {"alarmName": alarm, "state": {"value": state, "reason": "test", "timestamp": time}},
    })
}
