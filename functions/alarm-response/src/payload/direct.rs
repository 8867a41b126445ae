//! The payload with which an alarm invokes a function.
//!
//! Source: CloudWatch user guide, "Invoke a Lambda function from an alarm".

use watchkeeper_domain::emergency::alarm::AlarmChange;

use super::PayloadError;
use super::change::of_detail;
use super::field::Field;
use super::origin::Origin;

/// Whether an event is an invocation by an alarm.
pub(super) fn is_shape(event: &Field<'_>) -> bool {
    event.key("alarmData").is_there()
}

/// The change that an invocation tells of.
///
/// # Errors
/// The first field that is not as it must be.
pub(super) fn change(event: &Field<'_>) -> Result<AlarmChange, PayloadError> {
    let origin = match Origin::of_arn(&event.key("alarmArn"))? {
        Some(origin) => origin,
        None => Origin::of_fields(&event.key("accountId"), &event.key("region"))?,
    };
    of_detail(event.key("alarmData"), origin)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Value {
        json!({
            "accountId": "210987654321",
            "region": "us-east-1",
            "alarmData": {
                "alarmName": "clos-v2-alb-5xx-errors",
                "state": {"value": "OK", "timestamp": "2026-11-27T14:02:11.312+0000"},
                "previousState": {"value": "ALARM"},
            },
        })
    }

    #[test]
    fn the_envelope_tells_the_origin_where_no_arn_does() {
        let change = change(&Field::root(&event())).unwrap();
        assert_eq!(change.account.unwrap().as_str(), "210987654321");
        assert_eq!(change.region.unwrap().as_str(), "us-east-1");
    }

    #[test]
    fn an_arn_that_cannot_be_read_is_an_error_and_not_passed_over() {
        let mut event = event();
        event["alarmArn"] = json!("arn:aws:cloudwatch:us-east-1:someone:alarm:clos-v2-alb-5xx-errors");
        assert_eq!(change(&Field::root(&event)).unwrap_err().field.to_string(), "alarmArn");
    }

    #[test]
    fn a_change_of_one_time_series_is_refused() {
        let mut event = event();
        event["alarmData"]["alarmContributor"] = json!({"id": "6d442278dba546f6"});
        assert_eq!(change(&Field::root(&event)).unwrap_err().field.to_string(), "alarmData.alarmContributor");
    }
}
