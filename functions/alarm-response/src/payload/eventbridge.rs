//! The event `CloudWatch Alarm State Change` of EventBridge.
//!
//! Source: CloudWatch user guide, "Alarm events and EventBridge".

use watchkeeper_domain::emergency::alarm::AlarmChange;

use super::change::of_detail;
use super::field::Field;
use super::origin::Origin;
use super::{Kind, PayloadError};

/// What CloudWatch's events name as their source.
const SOURCE: &str = "aws.cloudwatch";

/// What the only event that tells an alarm's state names as its type; those about an alarm's configuration or about
/// one of its contributors have names of their own.
const DETAIL_TYPE: &str = "CloudWatch Alarm State Change";

/// Whether an event is one of EventBridge.
pub(super) fn is_shape(event: &Field<'_>) -> bool {
    event.key("detail-type").is_there() || event.key("detail").is_there()
}

/// The change that an event tells of.
///
/// # Errors
/// The first field that is not as it must be.
pub(super) fn change(event: &Field<'_>) -> Result<AlarmChange, PayloadError> {
    exactly(&event.key("source"), SOURCE)?;
    exactly(&event.key("detail-type"), DETAIL_TYPE)?;
    let origin = match Origin::of_any(&event.key("resources")) {
        Some(origin) => origin,
        None => Origin::of_fields(&event.key("account"), &event.key("region"))?,
    };
    of_detail(event.key("detail"), origin)
}

fn exactly(field: &Field<'_>, text: &str) -> Result<(), PayloadError> {
    let read = field.need(&format!("{text:?}"), |found| (found == text).then_some(()));
    read.map_err(|error| error.of(Kind::NoAlarm))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Value {
        json!({
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "account": "210987654321",
            "region": "us-east-1",
            "detail": {
                "alarmName": "clos-v2-alb-5xx-errors",
                "state": {"value": "ALARM", "timestamp": "2026-11-27T14:02:11.312+0000"},
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
    fn the_arn_of_the_alarm_comes_before_the_envelope() {
        let mut event = event();
        event["resources"] = json!(["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:clos-v2-alb-5xx-errors"]);
        let change = change(&Field::root(&event)).unwrap();
        assert_eq!(change.account.unwrap().as_str(), "123456789012");
        assert_eq!(change.region.unwrap().as_str(), "eu-west-1");
    }

    #[test]
    fn an_event_of_another_type_or_source_is_refused_by_name() {
        for (key, found) in [("detail-type", "CloudWatch Alarm Configuration Change"), ("source", "my.application")] {
            let mut event = event();
            event[key] = json!(found);
            let error = change(&Field::root(&event)).unwrap_err();
            assert_eq!((error.field.to_string(), error.found), (key.to_owned(), format!("{found:?}")));
        }
    }
}
