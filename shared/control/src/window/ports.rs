//! What the window needs of the world beside what runs need: the windows of other stacks, and a way to answer questions.

use serde_json::Value;
use watchkeeper_window::facts::FunctionArn;

use crate::ports::AwsError;

/// The windows of other stacks, whose rows stand on the same page.
pub trait PeerWindows {
    /// Which ones.
    fn peers(&self) -> &[FunctionArn];

    /// What one of them answers to an event.
    async fn ask(&self, peer: &FunctionArn, event: &Value) -> Result<Value, AwsError>;
}

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// The execution has it.
    Given,
    /// Nothing waits for it: it was answered, its time is over, or the execution is unknown.
    Over,
    /// The execution asks something else by now: nothing was answered.
    Another,
}

/// Executions of our machines that wait for a person's answer.
pub trait QuestionAnswers {
    /// Answers the question with this mark ([`watchkeeper_domain::emergency::question_mark`]) that the execution of this name
    /// asks. `output` is JSON. What makes the answer count, a token, stays within.
    async fn answer(&self, execution: &str, mark: &str, output: &str) -> Result<AnswerOutcome, AwsError>;
}
