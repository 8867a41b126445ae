//! Alarm state changes in, executions out: reads what an event says, in whichever form it came.

pub mod payload;

use serde_json::Value;
use watchkeeper_control::emergency::{Incoming, Unread};

use payload::{Kind, PayloadError};

/// What a raw event says.
pub fn read(event: &Value) -> Incoming {
    Incoming::Changes(match payload::changes(event) {
        Ok(changes) => changes.into_iter().map(|change| change.map_err(Unread::from)).collect(),
        Err(error) => vec![Err(error.into())],
    })
}

impl From<PayloadError> for Unread {
    fn from(error: PayloadError) -> Self {
        let text = error.to_string();
        match error.kind {
            Kind::Damaged(alarm) => Self::Damaged(alarm, text),
            Kind::Contributor => Self::Contributor(text),
            Kind::NoAlarm => Self::NoAlarm(text),
        }
    }
}
