//! The daily unblock: starts what is due, and takes one step of the `daily-unblock` machine. Here is what its logs say.

use watchkeeper_control::unblock::Answer;
use watchkeeper_lambda::telemetry;

/// Logs what a step came to.
pub fn log(answer: &Answer) {
    if let Answer::Stepped(outcome) = answer {
        telemetry::stepped(outcome);
    }
}
