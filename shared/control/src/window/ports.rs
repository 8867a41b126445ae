//! What acting needs of the world beside starting machines.

use crate::ports::AwsError;

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// The execution has it.
    Given,
    /// Nothing waits for it: it was answered, its time is over, or the execution is unknown.
    Over,
}

/// Executions of our machines that wait for a person's answer.
pub trait QuestionAnswers {
    /// Answers what the execution of this name asks. `output` is JSON. What makes the answer count, a token, stays within.
    async fn answer(&self, execution: &str, output: &str) -> Result<AnswerOutcome, AwsError>;
}
