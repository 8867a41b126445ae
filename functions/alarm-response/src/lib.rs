//! Alarm state changes in, executions out: reads what an event says, in whichever form it came, and says what its metrics are.

pub mod payload;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::emergency::{AlarmOutcome, Handled, Incoming, Unread};
use watchkeeper_lambda::{AlarmFigure, Metrics};

use payload::{Kind, PayloadError};

/// What a raw event says.
pub fn read(event: &Value) -> Incoming {
    match payload::Incoming::read(event) {
        Ok(payload::Incoming::Changes(changes)) => {
            Incoming::Changes(changes.into_iter().map(|change| change.map_err(Unread::from)).collect())
        }
        Ok(payload::Incoming::Sweep(_)) => Incoming::Sweep,
        Err(error) => Incoming::Changes(vec![Err(error.into())]),
    }
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

/// Counts what was answered and what led to nothing.
pub fn count(metrics: &Metrics, handled: &Handled, now: Timestamp) {
    for line in &handled.lines {
        let figure = match &line.did {
            AlarmOutcome::Started { .. } => AlarmFigure::Answered,
            AlarmOutcome::Ignored { why, .. } => AlarmFigure::Ignored(*why),
            // The execution was counted when it was started.
            AlarmOutcome::Doubled { .. } => continue,
        };
        metrics.alarm(&line.scope, figure, now);
    }
    for passed in &handled.passed {
        metrics.passed(passed.why.name(), now);
    }
}
