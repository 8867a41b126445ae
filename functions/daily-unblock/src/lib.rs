//! The daily unblock: starts what is due, and takes one step of the `daily-unblock` machine. Here is what its logs say.

use watchkeeper_control::unblock::Answer;

/// Logs what a step did.
pub fn log(answer: &Answer) {
    match answer {
        Answer::Ticked(_) => {}
        Answer::Taken(taken) => tracing::info!(run = taken.run.id, next = ?taken.next, "{}", taken.summary),
        Answer::Told(told) => tracing::warn!(?told, "the run could not be made"),
    }
}
