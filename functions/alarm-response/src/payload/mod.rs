//! What a raw event of this function says, whichever way it came.
//!
//! The types are ours: `aws_lambda_events` refuses alarms that AWS documents (a null description, a period above
//! 65,535 seconds, anomaly detection). Only the fields that decide something are read; every other one may be missing,
//! null, of another type, or new.

mod change;
mod direct;
mod error;
mod eventbridge;
mod field;
mod origin;
mod sns;

use serde_json::Value;
use watchkeeper_domain::emergency::alarm::AlarmChange;

pub use error::{Kind, PayloadError};
use field::Field;

/// The shapes that an event may have.
const SHAPES: &str =
    "an EventBridge event (`detail-type`), an alarm's invocation (`alarmData`) or SNS records (`Records`)";

/// The alarms that changed, as a raw event says: at least one entry. A record of SNS that tells of no change is an error in
/// its own place.
///
/// # Errors
/// A [`PayloadError`] when nothing of the event can be used: it is about no alarm, or the only alarm in it has a field that
/// is not as it must be.
pub fn changes(event: &Value) -> Result<Vec<Result<AlarmChange, PayloadError>>, PayloadError> {
    let event = Field::root(event);
    if sns::is_shape(&event) {
        return sns::changes(&event);
    }
    let change = if direct::is_shape(&event) {
        direct::change(&event)?
    } else if eventbridge::is_shape(&event) {
        eventbridge::change(&event)?
    } else {
        return Err(event.wrong(SHAPES).of(Kind::NoAlarm));
    };
    Ok(vec![Ok(change)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_of_no_known_shape_is_told_by_its_keys() {
        let error = changes(&json!({"source": "aws.events", "hello": 1})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the event: found an object with \"source\", \"hello\", expected an EventBridge event (`detail-type`), an \
             alarm's invocation (`alarmData`) or SNS records (`Records`)"
        );
        assert_eq!(changes(&json!([1, 2])).unwrap_err().found, "a list of 2");
    }
}
