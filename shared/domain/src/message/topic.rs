//! The topic for chats, and the commands that its messages offer.

use std::str::FromStr;

use serde_json::{Value, json};

use super::{MachineStart, MessageContext};
use crate::name::Region;
use crate::person::PLACEHOLDER;

/// What the name of a topic for chats ends with, after that of its stack.
const SUFFIX: &str = "-chat";

/// The topic that a channel listens to, and the stack that it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatTopic {
    arn: String,
    partition: String,
    region: String,
    account: String,
    stack: String,
}

/// A text that is no ARN of a topic for chats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found:?}, expected arn:PARTITION:sns:REGION:ACCOUNT:STACK-chat")]
pub struct ChatTopicError {
    /// What was found.
    pub found: String,
}

impl FromStr for ChatTopic {
    type Err = ChatTopicError;

    fn from_str(arn: &str) -> Result<Self, ChatTopicError> {
        let wrong = || ChatTopicError { found: arn.to_owned() };
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return Err(wrong()) };
        let stack = name.strip_suffix(SUFFIX).ok_or_else(wrong)?;
        if [partition, region, account, stack].contains(&"") {
            return Err(wrong());
        }
        let [partition, region, account, stack] = [partition, region, account, stack].map(str::to_owned);
        Ok(Self { arn: arn.to_owned(), partition, region, account, stack })
    }
}

impl ChatTopic {
    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The command that starts an execution.
    pub(super) fn start(&self, start: &MachineStart) -> String {
        let Self { partition, account, stack, .. } = self;
        let region = start.region.as_ref().map_or(self.region.as_str(), Region::as_str);
        let machine = format!("arn:{partition}:states:{region}:{account}:stateMachine:{stack}-{}", start.machine);
        let input = quoted(&start.input);
        format!("aws stepfunctions start-execution --region {region} --state-machine-arn {machine} --input {input}")
    }

    /// The command that answers a question by `window-act`, which finds the token itself.
    pub(super) fn answer(&self, context: &MessageContext, approved: bool) -> Option<String> {
        let Self { region, stack, .. } = self;
        let payload = quoted(&answer_event(context, approved)?.to_string());
        Some(format!(
            "aws lambda invoke --region {region} --function-name {stack}-window-act --cli-binary-format raw-in-base64-out \
             --payload {payload} /dev/stdout"
        ))
    }
}

/// The event by which `window-act` answers a question; nothing of a message that puts none.
fn answer_event(context: &MessageContext, approved: bool) -> Option<Value> {
    let (scope, run, question) = (context.scope.as_ref()?, context.run.as_ref()?, context.question.as_ref()?);
    Some(json!({
        "do": "answer",
        "estate": scope.estate,
        "environment": scope.environment,
        "id": run,
        "question": question.mark,
        "approved": approved,
        "widgetContext": { "forms": { "all": { "by": PLACEHOLDER } } },
    }))
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
