//! What the metrics say of an event.

use jiff::Timestamp;
use watchkeeper_lambda::{AlarmFigure, Metrics};

use crate::{Did, Handled};

/// Counts what was answered and what led to nothing.
pub fn count(metrics: &Metrics, handled: &Handled, now: Timestamp) {
    for line in &handled.lines {
        let figure = match &line.did {
            Did::Started { .. } => AlarmFigure::Answered,
            Did::Ignored { why, .. } => AlarmFigure::Ignored(*why),
            // The execution was counted when it was started.
            Did::Doubled { .. } => continue,
        };
        metrics.alarm(&line.scope, figure, now);
    }
    for passed in &handled.passed {
        metrics.passed(passed.why.name(), now);
    }
}
