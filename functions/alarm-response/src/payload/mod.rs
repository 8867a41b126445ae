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

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::emergency::alarm::AlarmChange;

pub use error::{Kind, PayloadError};
use field::Field;

/// The source that the tick of this function names.
pub const SWEEP_SOURCE: &str = "watchkeeper.schedule";

/// The shapes that an event may have.
const SHAPES: &str = "an EventBridge event (`detail-type`), an alarm's invocation (`alarmData`), SNS records (`Records`) \
    or the tick (`\"source\": \"watchkeeper.schedule\"`)";

/// What a raw event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Alarms changed: at least one entry. A record of SNS that tells of no change is an error in its own place.
    Changes(Vec<Result<AlarmChange, PayloadError>>),
    /// The tick that makes up for lost events, with the instant that it is for.
    Sweep(Timestamp),
}

impl Incoming {
    /// Reads a raw event.
    ///
    /// # Errors
    /// A [`PayloadError`] when nothing of the event can be used: it is about no alarm, or the only alarm in it has a field
    /// that is not as it must be.
    pub fn read(event: &Value) -> Result<Self, PayloadError> {
        let event = Field::root(event);
        if event.key("source").text() == Some(SWEEP_SOURCE) {
            return change::instant(&event.key("time")).map(Self::Sweep);
        }
        if sns::is_shape(&event) {
            return sns::changes(&event).map(Self::Changes);
        }
        let change = if direct::is_shape(&event) {
            direct::change(&event)?
        } else if eventbridge::is_shape(&event) {
            eventbridge::change(&event)?
        } else {
            return Err(event.wrong(SHAPES).of(Kind::NoAlarm));
        };
        Ok(Self::Changes(vec![Ok(change)]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tick_tells_its_instant_and_nothing_else_is_asked_of_it() {
        let event = json!({"source": "watchkeeper.schedule", "time": "2026-11-27T14:05:00Z", "more": [1]});
        assert_eq!(Incoming::read(&event), Ok(Incoming::Sweep("2026-11-27T14:05:00Z".parse().unwrap())));
    }

    #[test]
    fn a_tick_without_an_instant_is_an_error() {
        let error = Incoming::read(&json!({"source": "watchkeeper.schedule"})).unwrap_err();
        assert_eq!(error.field.to_string(), "time");
    }

    #[test]
    fn an_event_of_no_known_shape_is_told_by_its_keys() {
        let error = Incoming::read(&json!({"source": "aws.events", "hello": 1})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the event: found an object with \"source\", \"hello\", expected an EventBridge event (`detail-type`), an \
             alarm's invocation (`alarmData`), SNS records (`Records`) or the tick (`\"source\": \"watchkeeper.schedule\"`)"
        );
        assert_eq!(Incoming::read(&json!([1, 2])).unwrap_err().found, "a list of 2");
    }
}
