//! A question to a person, as it comes with a message, and the answer to it.

use aws_sdk_sfn::error::ProvideErrorMetadata as _;

use super::{DeployedStack, HarnessError, NotificationMessage};
use crate::estate::SiteError;

/// The line before the command that says yes.
const YES: &str = "To approve:";
/// The line before the command that says no.
const NO: &str = "To refuse:";
/// What a person replaces by their own name.
const NAME: &str = "YOUR NAME";

/// A question with the commands that answer it.
#[derive(Debug, Clone)]
pub struct AskedQuestion {
    /// The message that asks.
    pub letter: NotificationMessage,
    /// The command that says yes.
    pub approve: AnswerCommand,
    /// The command that says no.
    pub refuse: AnswerCommand,
}

/// A command of the AWS CLI: `stepfunctions send-task-success`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCommand {
    /// Of the task that waits.
    pub token: String,
    /// What it is answered, as JSON.
    pub output: String,
}

impl AskedQuestion {
    /// Reads a message: its commands must be whole, for a person copies them as they are.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] with the message.
    pub fn read(letter: &NotificationMessage) -> Result<Self, HarnessError> {
        let unreadable = || HarnessError::Unknown(format!("no question with its two commands: {}", letter.text));
        let command = |title: &str| {
            let mut lines = letter.text.lines().skip_while(|line| *line != title);
            AnswerCommand::read(lines.nth(1)?)
        };
        let (approve, refuse) = command(YES).zip(command(NO)).ok_or_else(unreadable)?;
        Ok(Self { letter: letter.clone(), approve, refuse })
    }
}

impl AnswerCommand {
    fn read(line: &str) -> Option<Self> {
        let line = line.strip_prefix("aws stepfunctions send-task-success ")?;
        let quoted = |option: &str| {
            let (_, rest) = line.split_once(&format!("{option} '"))?;
            rest.split_once('\'').map(|(value, _)| value.to_owned())
        };
        Some(Self { token: quoted("--task-token")?, output: quoted("--task-output")? })
    }

    /// The same as somebody's answer.
    #[must_use]
    pub fn by(&self, name: &str) -> Self {
        Self { output: self.output.replace(NAME, name), ..self.clone() }
    }
}

impl DeployedStack {
    /// Wait for the message that asks about something, and return it with all that came before it.
    ///
    /// # Errors
    /// [`HarnessError`] when nobody asks.
    pub async fn asked(&self) -> Result<(AskedQuestion, Vec<NotificationMessage>), HarnessError> {
        let letters = self.notifications().letters_until(|letter| letter.subject.contains(": approve ")).await?;
        let question = AskedQuestion::read(&letters[letters.len() - 1])?;
        Ok((question, letters))
    }

    /// Send an answer. Where Step Functions refuses it, the code of its error is returned.
    ///
    /// # Errors
    /// [`HarnessError`] when there is no answer at all.
    pub async fn answer(&self, command: &AnswerCommand) -> Result<Option<String>, HarnessError> {
        let call = self.sfn.send_task_success().task_token(&command.token).output(&command.output);
        match call.send().await {
            Ok(_) => Ok(None),
            Err(error) => match error.code() {
                Some(code) => Ok(Some(code.to_owned())),
                None => Err(SiteError::aws("answer a question")(error).into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::emergency::ask;
    use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
    use watchkeeper_domain::run::RunRef;

    use super::*;

    #[test]
    fn the_commands_of_a_question_are_read_as_they_would_be_copied() {
        let scope = Scope {
            estate: EstateName::new("clos-v2").unwrap(),
            environment: EnvironmentName::new("prod").unwrap(),
            region: Region::new("us-east-1").unwrap(),
        };
        let run = RunRef::new(scope, "clos-v2-prod-minimum-20261120T180000Z");
        let message = ask(&run, "minimum", "to save cost", "a plan", "AQC+/=", jiff::Timestamp::UNIX_EPOCH);
        let question =
            AskedQuestion::read(&NotificationMessage { subject: message.subject, text: message.text }).unwrap();
        assert_eq!((question.approve.token.as_str(), question.refuse.token.as_str()), ("AQC+/=", "AQC+/="));
        assert_eq!(question.approve.by("Anna").output, r#"{"approved":true,"by":"Anna"}"#);
        assert_eq!(question.refuse.by("Anna").output, r#"{"approved":false,"by":"Anna"}"#);
    }

    #[test]
    fn a_message_without_commands_is_no_question() {
        let letter = NotificationMessage {
            subject: "clos-v2 prod: approve minimum?".to_owned(),
            text: "To approve:\n\n".to_owned(),
        };
        assert!(AskedQuestion::read(&letter).is_err());
    }
}
